"""Screens of the filings: entry, queue, review."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import SimpleNamespace
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yakuba.core.findings import Finding, Refused, Severity
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.request import StaffRequest, is_fragment, with_purpose
from yakuba.platform.protection.exits import exit_of, hands_out_nothing
from yakuba.platform.protection.passing import Passing

from . import enquiries, exits, filing_form, rules, services
from .display import labels, person_name, show_date
from .filings import KINDS, Group, Subjects
from .items import NAMES
from .models import FilingState, ResidentVersion
from .reasons import Channel, ResidentKind, reason_label
from .register import town

_SHORT_LIST = (
    "世帯主",
    "夫",
    "妻",
    "夫（未届）",
    "妻（未届）",
    "子",
    "父",
    "母",
    "兄",
    "姉",
    "弟",
    "妹",
    "縁故者",
    "同居人",
)
_CHAINS = ("子の子", "子の妻", "子の夫", "妻の子", "夫の子", "父の父", "父の母", "母の父", "母の母", "妻の母", "妻の父", "夫の母", "夫の父", "兄の子", "姉の子", "弟の子", "妹の子")  # fmt: skip
RELATIONSHIPS = _SHORT_LIST + _CHAINS


def _asks(kind: str, field: str) -> bool:
    """Whether forms of this kind have a field."""
    return any(f.name == field for f in fields(KINDS[kind]))


def _shows_members(kind: str) -> bool:
    """Whether the household stands on the form: to choose from, or because others get another 続柄."""
    return KINDS[kind].subjects is Subjects.MEMBERS or _asks(kind, "relationships")


# -- entry ------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@exit_of(exits.ENTRY_SCREEN)
def enter(request: StaffRequest, kind: str) -> HttpResponse:
    """The entry form of a kind: opened, checked (`act=check`) or filed (`act=file`)."""
    if kind not in KINDS:
        raise Http404
    desk = with_purpose(request, Purpose.MOVE_FILING)
    desk.require(Duty.REGISTRATION)
    if request.method == "GET":
        return _entry_page(request, kind, _initial(desk, kind, request.GET), (), None)
    data = filing_form.to_json(kind, request.POST)
    check: services.Check | None = None
    findings: Sequence[Finding] = ()
    try:
        if request.POST.get("act") == "check":
            check = services.check(desk, kind, data)
            findings = check.findings
        else:
            receipt = services.file(desk, kind, data)
            return _go(request, f"/residents/filings/{receipt.filing}")
    except Refused as refusal:
        findings = refusal.findings
    return _entry_page(request, kind, request.POST, findings, check)


def _go(request: StaffRequest, address: str) -> HttpResponse:
    if is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _initial(desk: Desk, kind: str, asked: QueryDict) -> QueryDict:
    """A fresh form: its key, today, and what is known of the person or household that it is opened for."""
    form = QueryDict(mutable=True)
    form["key"] = str(uuid.uuid4())
    form["opened_on"] = desk.today.isoformat()
    cls = KINDS[kind]
    if cls.by_notification:
        form["notified_on"] = show_date(desk.today)
        form["channel"] = Channel.COUNTER.value
    for field in fields(cls):  # what a form says unless it is changed
        if isinstance(field.default, (str, bool)) and field.default and field.name != "channel":
            form[field.name] = "1" if field.default is True else str(field.default)
    for prefix in {Subjects.ENTERING: ("persons.0",), Subjects.CHILD: ("child",)}.get(cls.subjects, ()):
        is_foreign = cls.group is Group.FOREIGN
        form[f"{prefix}.resident_kind"] = (ResidentKind.FOREIGN if is_foreign else ResidentKind.JAPANESE).value
    if cls.subjects is Subjects.FILING and _number(asked.get("filing", "")):
        form["filing"] = asked["filing"]
    household = _number(asked.get("household", ""))
    person = _number(asked.get("person", ""))
    if person is not None:
        page = enquiries.person(desk, person, exits.ENTRY_SCREEN)
        _require_all_of(page)
        household = page.household_number if page.head.is_open else None
        form["_person"] = str(person)
        form[f"seen.{person}"] = str(page.head.version_no)
        if cls.subjects is Subjects.PERSON:
            form["person"] = str(person)
        elif cls.subjects is Subjects.MEMBERS:
            form["persons"] = str(person)
    if household is None:
        return form
    form["_household"] = str(household)
    members = enquiries.household(desk, household, exits.ENTRY_SCREEN)
    for member in members:
        form[f"seen.{member.person_id}"] = str(member.version_no)
    if members and cls.subjects in {Subjects.ENTERING, Subjects.CHILD}:
        form["household_number"] = f"{household:015d}"
    if members and cls.subjects is Subjects.ENTERING:
        for part in ("code", "banchi", "katagaki"):
            form[f"address.{part}"] = getattr(members[0], f"address_{part}") or ""
    if cls.subjects is Subjects.HOUSEHOLD:
        form["household_number"] = f"{household:015d}"
    if cls.subjects is Subjects.MEMBERS and person is None:
        form.setlist("persons", [str(member.person_id) for member in members])
    return form


def _require_all_of(page: enquiries.PersonPage) -> None:
    """A form starts from all of a record. Raises ProtectionRefused where some of it is masked."""
    if not page.verdict.is_open:
        number = page.head.number
        gate = Passing(exits.ENTRY_SCREEN, {number: page.verdict})
        gate.require_open("person", lambda _: f"{person_name(page.version)}さん")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the household on an entry form."""

    version: ResidentVersion
    number: str  # 15 digits: the key of `relationships`
    chosen: bool
    relationship: filing_form.Field


def _entry_page(
    request: StaffRequest, kind: str, form: QueryDict, findings: Sequence[Finding], check: services.Check | None
) -> HttpResponse:
    desk = request.desk
    house = town()
    cls = KINDS[kind]
    shown = _shown(desk, form)
    subject = next((version for version in shown if str(version.person_id) == form.get("_person", "")), None)
    screen = filing_form.Screen(kind, desk.today, house, form, findings, subject or next(iter(shown), None))
    members = _members(kind, shown, form, screen)
    context: dict[str, Any] = {
        "kind": kind,
        "label": KINDS[kind].label,
        "article": KINDS[kind].article,
        "needs_household": not _is_opened(cls.subjects, shown, subject),
        "form": form,
        "hidden": _hidden(kind, form),
        "sections": screen.sections(),
        "persons": _persons(kind, form, screen),
        "members": members,
        "chooses_members": cls.subjects is Subjects.MEMBERS,
        "asks_relationships": _asks(kind, "relationships"),
        "may_add_persons": cls.subjects is Subjects.ENTERING,
        "householder_after": _householder_after(kind, members, form, screen),
        "subject": subject if cls.subjects is Subjects.PERSON else None,
        "notifier": screen.notifier() if cls.by_notification else screen.ground(),
        "relationships": RELATIONSHIPS,
    }
    linked = screen.linked()
    confirmed = set(form.getlist("confirmed"))
    doubts = {
        f"{row.finding.code}{row.finding.message}": row for row in linked if row.finding.severity is Severity.WARNING
    }
    context |= {
        "errors": [row for row in linked if row.finding.severity is Severity.ERROR],
        "doubts": [(row.finding, row.finding.code in confirmed) for row in doubts.values()],
        "check": check,
        "changes": changes_of(check) if check and not any(f.severity is Severity.ERROR for f in findings) else [],
        "notes": dict.fromkeys(check.plan.notes) if check else (),
    }
    template = "residents/entry_form.html" if is_fragment(request) else "residents/entry.html"
    response = render(request, template, context, status=422 if context["errors"] or (findings and not check) else 200)
    response["X-Yakuba-Fragment"] = "1"
    return response


def _is_opened(subjects: Subjects, shown: Sequence[ResidentVersion], subject: ResidentVersion | None) -> bool:
    """Whether it is known whom the form is for."""
    if subjects is Subjects.PERSON:
        return subject is not None
    return bool(shown) or subjects in {Subjects.ENTERING, Subjects.FILING}


def _shown(desk: Desk, form: QueryDict) -> list[ResidentVersion]:
    """The members of the household that the form was opened for, or the one person whose record is closed."""
    household, person = _number(form.get("_household", "")), _number(form.get("_person", ""))
    if household is not None:
        return list(enquiries.household(desk, household, exits.ENTRY_SCREEN))
    if person is None:
        return []
    page = enquiries.person(desk, person, exits.ENTRY_SCREEN)
    _require_all_of(page)
    return [page.version]


def _hidden(kind: str, form: QueryDict) -> list[tuple[str, str]]:
    names = ["key", "opened_on", "_household", "_person"]
    if KINDS[kind].subjects is Subjects.PERSON:
        names.append("person")
    if KINDS[kind].subjects is Subjects.HOUSEHOLD:
        names.append("household_number")
    names += [name for name in form if name.startswith("seen.")]
    return [(name, form[name]) for name in names if form.get(name)]


@dataclass(frozen=True, slots=True)
class PersonBlock:
    index: int
    title: str
    sections: list[filing_form.Section]
    removable: bool


def _persons(kind: str, form: QueryDict, screen: filing_form.Screen) -> list[PersonBlock]:
    subjects = KINDS[kind].subjects
    if subjects is Subjects.CHILD:
        return [PersonBlock(0, "出生した子", screen.person("child", newborn=True), removable=False)]
    if subjects is not Subjects.ENTERING:
        return []
    # The rows as `to_json` counted them, so that findings meet their rows after one was taken away.
    indexes = sorted(
        {name.split(".")[1] for name in form if name.startswith("persons.") and name.count(".") >= 2},
        key=lambda index: (not index.isdecimal(), len(index), index),
    )
    if [str(place) for place in range(len(indexes))] != indexes:
        _renumber(form, indexes)
    count = max(1, len(indexes))
    return [
        PersonBlock(index, f"{index + 1}人目", screen.person(f"persons.{index}"), removable=index > 0)
        for index in range(min(count, filing_form.MAX_ROWS))
    ]


def _renumber(form: QueryDict, indexes: list[str]) -> None:
    place_of = {index: str(place) for place, index in enumerate(indexes)}
    moved = {}
    for name in list(form):
        for prefix in ("persons.", "_q.persons."):
            if name.startswith(prefix):
                index, _, rest = name.removeprefix(prefix).partition(".")
                moved[f"{prefix}{place_of.get(index, index)}.{rest}"] = form.getlist(name)
                del form[name]
    for name, values in moved.items():
        form.setlist(name, values)


def _members(kind: str, shown: Sequence[ResidentVersion], form: QueryDict, screen: filing_form.Screen) -> list[Member]:
    if not _shows_members(kind):
        return []
    spec = filing_form.FieldSpec("relationship", "異動後の続柄", "relationship")
    chosen = set(form.getlist("persons"))
    rows = []
    for version in shown:
        number = f"{version.person_id:015d}"
        rows.append(
            Member(
                version,
                number,
                str(version.person_id) in chosen or number in chosen,
                screen.field(f"relationships.{number}", spec),
            )
        )
    return rows


def _householder_after(
    kind: str, members: list[Member], form: QueryDict, screen: filing_form.Screen
) -> filing_form.Field | None:
    if not _asks(kind, "householder_after"):
        return None
    needed = KINDS[kind].subjects is Subjects.HOUSEHOLD
    label = "新しい世帯主" if needed else "残る世帯の新しい世帯主"
    field = screen.field(
        "householder_after", filing_form.FieldSpec("householder_after", label, "select", required=needed)
    )
    choices = tuple(
        filing_form.Choice(str(member.version.person_id), person_name(member.version))
        for member in members
        if str(member.version.person_id) != form.get("person", "")
        and not (needed and member.version.relationship == rules.HOUSEHOLDER)
    )
    return replace(field, choices=choices)


@require_GET
@hands_out_nothing("an empty part of a form")
def person_block(request: StaffRequest) -> HttpResponse:
    """One more empty person for the move-in form."""
    request.desk.require(Duty.REGISTRATION)
    index = _number(request.GET.get("count", "1")) or 1
    if index >= filing_form.MAX_ROWS:
        raise Refused(
            [
                Finding(
                    "FIL-E-008",
                    "persons",
                    f"一度に入力できるのは{filing_form.MAX_ROWS}人までです。",
                    "届出を分けて入力してください。",
                )
            ]
        )
    form = QueryDict(mutable=True)
    form[f"persons.{index}.resident_kind"] = ResidentKind.JAPANESE.value
    screen = filing_form.Screen("move_in", request.desk.today, town(), form, ())
    block = PersonBlock(index, f"{index + 1}人目", screen.person(f"persons.{index}"), removable=True)
    return render(request, "residents/person_block.html", {"block": block, "is_new": True})


@require_GET
@hands_out_nothing("names of towns")
def town_picker(request: StaffRequest) -> HttpResponse:
    """Towns of the municipality that fit what was typed."""
    return _picker(request, filing_form.town_choices(town(), _typed(request)))


@require_GET
@hands_out_nothing("names of municipalities and towns")
def place_picker(request: StaffRequest) -> HttpResponse:
    """Places all over the country that fit what was typed."""
    return _picker(request, filing_form.place_choices(_typed(request)))


def _typed(request: StaffRequest) -> str:
    return request.GET.get(f"_q.{request.GET.get('field', '')}", "")[:60]


def _picker(request: StaffRequest, choices: list[filing_form.Choice]) -> HttpResponse:
    field = request.GET.get("field", "")[:80]
    context = {"path": field, "id": filing_form.element_id(field), "choices": choices, "typed": _typed(request)}
    return render(request, "residents/picker.html", context)


# -- queue and review -------------------------------------------------------------------------------------------------


@require_GET
@exit_of(exits.QUEUE_SCREEN)
def queue(request: StaffRequest) -> HttpResponse:
    """What waits for review, and what came of one's own entries."""
    desk = request.desk
    waiting = enquiries.review_queue(desk, exits.QUEUE_SCREEN)
    return render(
        request,
        "residents/queue.html",
        {"waiting": waiting, "mine": enquiries.own_filings(desk, exits.QUEUE_SCREEN), "account": desk.account},
    )


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One person's change, in words: side by side before and after."""

    name: str
    number: int | None
    reason: str
    steps: tuple[enquiries.Step, ...]


def _full(items: Mapping[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(**{name: items.get(name) for name in NAMES})


def changes_of(check: services.Check) -> list[ChangeView]:
    """What a plan would change, person by person."""
    rows = []
    for change in check.plan.changes:
        before = check.view.persons.get(change.person) if change.person is not None else None
        after = _full(change.items)
        steps = enquiries.differences(_full(before.items) if before else None, after)
        rows.append(ChangeView(person_name(after), change.person, reason_label(change.reason), tuple(steps)))
    return rows


def _written(opened: services.OpenFiling) -> list[ChangeView]:
    """What a registered filing changed, person by person."""
    return [
        ChangeView(
            person_name(version),
            version.person_id,
            reason_label(version.reason),
            tuple(enquiries.differences(before, version)),
        )
        for before, version in opened.written
    ]


@require_GET
@exit_of(exits.FILING_SCREEN)
def open_filing(request: StaffRequest, filing_id: int) -> HttpResponse:
    """One filing: what was entered, what it changes, and the decision."""
    return _filing_page(request, filing_id, ())


def _filing_page(request: StaffRequest, filing_id: int, findings: Sequence[Finding]) -> HttpResponse:
    desk = request.desk
    opened = services.open_filing(desk, filing_id, exits.FILING_SCREEN)
    row = opened.row
    is_waiting = row.state == FilingState.PROVISIONAL
    context = {
        "filing": row,
        "label": KINDS[row.kind].label,
        "by_notification": KINDS[row.kind].by_notification,
        "channel": labels("filing_channels").get(row.channel, "職権"),
        "notifier": labels("notifier_kinds").get(row.notifier_kind, ""),
        "documents": [labels("identity_documents").get(code, code) for code in row.identity_documents],
        "steps": opened.steps,
        "states": FilingState,
        "is_waiting": is_waiting,
        "is_mine": row.account == desk.account,
        "refusal": opened.refusal,
        "warnings": [f for f in opened.check.findings if f.severity is Severity.WARNING] if opened.check else [],
        "blocking": [f for f in opened.check.findings if f.severity is Severity.ERROR] if opened.check else [],
        "notes": list(dict.fromkeys(opened.check.plan.notes)) if opened.check else [],
        "changes": changes_of(opened.check) if opened.check else _written(opened),
        "findings": findings,
        "flag_warnings": opened.warnings,
        "is_masked": opened.is_masked,
        "may_cancel": row.state == FilingState.REGISTERED and row.kind != "cancellation",
    }
    return render(request, "residents/filing.html", context, status=422 if findings else 200)


def _decide(request: StaffRequest, filing_id: int, act: Any) -> HttpResponse:
    try:
        act(with_purpose(request, Purpose.MOVE_FILING), filing_id, request.POST.get("comment", "")[:400])
    except Refused as refusal:
        return _filing_page(request, filing_id, refusal.findings)
    return HttpResponseRedirect(f"/residents/filings/{filing_id}")


@require_POST
@exit_of(exits.FILING_SCREEN)
def approve(request: StaffRequest, filing_id: int) -> HttpResponse:
    """審査・本登録."""
    return _decide(request, filing_id, services.approve)


@require_POST
@exit_of(exits.FILING_SCREEN)
def send_back(request: StaffRequest, filing_id: int) -> HttpResponse:
    """差戻し."""
    return _decide(request, filing_id, services.send_back)


@require_POST
@exit_of(exits.FILING_SCREEN)
def withdraw(request: StaffRequest, filing_id: int) -> HttpResponse:
    """取下げ by whoever entered it."""
    return _decide(request, filing_id, services.withdraw)
