"""The registry's screens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.request import StaffRequest, is_fragment
from yakuba.platform.access.sign_in import remember_search
from yakuba.platform.protection.exits import exit_of
from yakuba.platform.protection.policy import Concealed

from . import drawing, enquiries, exits, filing_table, result_rows, search_text
from .display import labels, show
from .filings import KINDS, Subjects
from .interfaces import SEARCH_TASKS, individual_entries
from .items import ITEMS, Kind
from .models import FilingState, ResidentVersion
from .reasons import Effect, Reason, ResidentKind, reason_label
from .result_rows import age_text

_TASKS = {"certificate": "証明書の発行"} | {kind: cls.label for kind, cls in KINDS.items()}
_SHORT = 2  # typing searches from two characters on; pressing the button from one


# -- search -----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@exit_of(exits.SEARCH_SCREEN)
def search(request: StaffRequest) -> HttpResponse:
    """Search as one types, or by every key. Keys travel in the body: an address would keep people's names."""
    if request.method == "GET":
        request.desk.require(Duty.INQUIRY)
    task = (request.POST.get("for") or request.GET.get("for") or "")[:20]
    found, findings = _results(request, task) if request.method == "POST" else ("", ())
    status = 422 if findings else 200
    if findings:
        found = render_to_string("web/findings.html", {"findings": findings, "heading": "検索できませんでした"})
    if is_fragment(request):
        response = HttpResponse(found, status=status)
    else:
        context = {
            "for": task,
            "task": _TASKS.get(task) or SEARCH_TASKS.get(task, ("", ""))[0],
            "q": (request.POST.get("q") or "")[:100],
            "sexes": labels("sexes"),
            "reasons": [(reason.value, reason.label) for reason in Reason if reason.effect is Effect.CLOSING],
            "results": found,
        }
        response = render(request, "residents/search.html", context, status=status)
    response["X-Yakuba-Fragment"] = "1"
    return response


def _results(request: StaffRequest, task: str) -> tuple[str, Sequence[Finding]]:
    """The answer as HTML, empty where there is nothing to ask yet; or why there is none."""
    data = request.POST
    text = (data.get("q") or "").strip()[: search_text.MAX_TEXT]
    is_typing = request.headers.get("HX-Trigger-Name") == "q"
    if "q" in data and (not text or (is_typing and len(text) < _SHORT)):
        request.desk.require(Duty.INQUIRY)  # else the search itself does
        return "", ()
    keep = None
    try:
        if text:
            keep = partial(remember_search, request.signed, text)
            understood = search_text.understand(text)
            query = replace(understood.query, offset=search_text.bounded_offset(data.get("offset", "")))
            meaning = understood.meaning
        else:
            query, meaning = search_text.from_form(data), ()
        found = enquiries.search(request.desk, query, exits.SEARCH_SCREEN, first=keep)
    except Refused as refusal:
        return "", refusal.findings
    again = {key: value for key, value in data.items() if key not in {"csrfmiddlewaretoken", "offset"} and value}
    if not is_fragment(request):  # a page without JavaScript has no other place for it
        again["csrfmiddlewaretoken"] = get_token(request)
    return result_rows.results(found, query, meaning, request.desk.today, task, again), ()


# -- a person ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    rows: tuple[tuple[str, str], ...]
    empty: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """One version on the timeline, in words."""

    version: ResidentVersion
    reason: str
    effect: str
    is_closing: bool
    steps: tuple[enquiries.Step, ...]


def _groups(version: ResidentVersion, hidden: frozenset[Concealed]) -> list[Group]:
    """Every item that this kind of resident can have, grouped; empty ones by name only, hidden ones by what they tell."""
    foreign = version.resident_kind == ResidentKind.FOREIGN
    rows: dict[str, list[tuple[str, str]]] = {}
    empty: dict[str, list[str]] = {}
    for item in ITEMS:
        concealed = exits.CONCEALED.get(item.name)
        if concealed in hidden:
            row = (concealed.label, exits.MASKED_TEXT)
            if row not in rows.setdefault(item.group, []):
                rows[item.group].append(row)
            continue
        value = show(item.name, getattr(version, item.name), foreign=foreign)
        if item.kind is Kind.VAULT:
            continue
        if value:
            rows.setdefault(item.group, []).append((item.label, value))
        elif item.subject.value in {"both", "foreign" if foreign else "japanese"}:
            empty.setdefault(item.group, []).append(item.label)
    order = dict.fromkeys(item.group for item in ITEMS)
    return [Group(name, tuple(rows[name]), tuple(empty.get(name, ()))) for name in order if name in rows]


def _timeline(history: tuple[ResidentVersion, ...]) -> list[Moment]:
    moments = []
    for index, version in enumerate(history):
        before = history[index + 1] if index + 1 < len(history) else None
        steps = () if before is None else tuple(enquiries.differences(before, version))
        effect = Effect(version.effect)
        moments.append(Moment(version, reason_label(version.reason), effect.label, effect is Effect.CLOSING, steps))
    return moments


def _warnings(page: enquiries.PersonPage) -> list[tuple[str, str]]:
    """What nobody may overlook: (weight, text)."""
    version = page.version
    masked = "住所など、居所の手掛かりになる事項は表示していません。" if not page.verdict.is_open else ""
    found = [("bad", f"⚠ {warning}　{masked}") for warning in page.verdict.warnings]
    if not page.head.is_open:
        day = show("closed_on", version.closed_on)
        found.append(("bad", f"この住民票は消除されています（{reason_label(version.closing_reason or '')}　{day}）。"))
    if version.issue_prohibited:
        found.append(("bad", "発行禁止です。証明書を発行できません。"))
    if version.processing_stopped_on:
        found.append(("bad", f"処理停止中です（{show('processing_stopped_on', version.processing_stopped_on)}から）。"))
    if page.head.pending_filing is not None:
        found.append(("warn", f"仮登録中の異動（受付番号{page.head.pending_filing}）があり、審査を待っています。"))
    if page.head.is_open and version.move_out_planned_on:
        found.append(("warn", f"{show('move_out_planned_on', version.move_out_planned_on)}に転出の予定です。"))
    if version.adult_ward:
        found.append(("warn", "成年被後見人です。"))
    return found


_AT_HAND = ("move_within", "move_out", "death", "householder_change", "birth", "restoration", "move_out_withdrawal")
"""Kinds that stand on a person's page at once; the others unfold."""


def _acts(page: enquiries.PersonPage) -> tuple[list[tuple[str, str]], dict[str, list[tuple[str, str]]]]:
    """What can be filed about somebody as they stand: (kind, label) at hand, and the others by heading."""
    if page.head.pending_filing is not None:
        return [], {}
    allowed = filing_table.allowed(filing_table.state_of(page.version.items(), is_open=page.head.is_open))
    by_itself = {Subjects.ENTERING, Subjects.FILING}
    kinds = [KINDS[kind] for kind in allowed if KINDS[kind].subjects not in by_itself]
    if page.head.is_open:
        kinds.append(KINDS["birth"])
    at_hand = [(cls.kind, cls.label) for kind in _AT_HAND for cls in kinds if cls.kind == kind]
    others: dict[str, list[tuple[str, str]]] = {}
    for cls in kinds:
        if cls.kind not in _AT_HAND:
            others.setdefault(cls.group.value, []).append((cls.kind, cls.label))
    return at_hand, others


@require_GET
@exit_of(exits.PERSON_SCREEN)
def person(request: StaffRequest, number: int) -> HttpResponse:
    """Everything of one person."""
    page = enquiries.person(request.desk, number, exits.PERSON_SCREEN)
    version = page.version
    foreign = version.resident_kind == ResidentKind.FOREIGN
    at_hand, others = _acts(page)
    context = {
        "page": page,
        "acts": at_hand,
        "other_acts": others.items(),
        "version": version,
        "kind": show("resident_kind", version.resident_kind),
        "birth": show("birth", version.birth, foreign=foreign),
        "age": age_text(version.birth, request.desk.today) if page.head.is_open else "",
        "groups": _groups(version, page.verdict.hidden),
        "is_masked": not page.verdict.is_open,
        "timeline": _timeline(page.history),
        "warnings": _warnings(page),
        "states": FilingState,
        "entries": individual_entries(request.desk, page.head.number),
    }
    return render(request, "residents/person.html", context)


@require_POST
@exit_of(exits.NUMBER_SCREEN)
def individual_number(request: StaffRequest, number: int) -> HttpResponse:
    """個人番号 in clear, into the page. The look is logged by the vault."""
    digits = enquiries.individual_number(request.desk, number, exits.NUMBER_SCREEN)
    return render(request, "residents/individual_number.html", {"digits": f"{digits[:4]} {digits[4:8]} {digits[8:]}"})


@require_GET
@exit_of(exits.HOUSEHOLD_SCREEN)
def household(request: StaffRequest, number: int) -> HttpResponse:
    """The members of a household, and who is what to whom."""
    members = enquiries.household(request.desk, number, exits.HOUSEHOLD_SCREEN)
    if not members:
        raise Refused([enquiries.nobody_to_show()])
    rows = [
        {
            "version": member,
            "age": age_text(member.birth, request.desk.today),
            "sex": show("sex", member.sex),
        }
        for member in members
    ]
    return render(
        request,
        "residents/household.html",
        {"number": number, "members": rows, "first": members[0], "drawing": drawing.draw(members)},
    )
