"""運用管理: what is due and late, and the cases of each kind with their forms, steps and end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Finding, Refused
from yakuba.nodes import backup
from yakuba.nodes.paths import DataFolder
from yakuba.platform.access import menu
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Office
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.ledgers import services
from yakuba.platform.ledgers.kinds import CLOSE, Act, Field, kinds
from yakuba.platform.ledgers.services import CaseView, Document, DueLine
from yakuba.platform.protection.exits import hands_out_nothing

_DUTIES = frozenset(duty for kind in kinds().values() for duty in (*kind.handled_by, *kind.answered_by))
_NO_PERSON = (
    "Duties of operation and their days; persons of an incident stand as a number, the log names them by its own exit."
)


def desk_of(request: StaffRequest) -> Desk:
    return request.desk.for_purpose(Purpose.SYSTEM)


def waiting(desk: Desk) -> list[DueLine]:
    """What the home screen shows to whom it concerns: the late first."""
    return services.due(desk.for_purpose(Purpose.SYSTEM)) if desk.duties & _DUTIES else []


def _given(data: QueryDict) -> dict[str, Any]:
    return {name: values if len(values) > 1 else values[0] for name, values in data.lists()}


@dataclass(frozen=True, slots=True)
class _Input:
    """A field of a form with what was typed; its id is the page's own."""

    field: Field
    id: str
    value: Any
    chosen: tuple[str, ...]

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        return [(value, label, value in self.chosen) for value, label in self.field.choices.items()]


def _inputs(fields: tuple[Field, ...], prefix: str, given: Mapping[str, Any]) -> list[_Input]:
    found = []
    for each in fields:
        value = given.get(each.name, "")
        chosen = tuple(value) if isinstance(value, list) else (str(value),)
        found.append(_Input(each, f"{prefix}-{each.name}", value, chosen))
    return found


@require_GET
@hands_out_nothing(_NO_PERSON)
def overview(request: StaffRequest) -> HttpResponse:
    """What is due, late first; the kinds."""
    desk = desk_of(request)
    if not desk.duties & _DUTIES:
        desk.require(Duty.SECURITY)
    seen = services.seen_kinds(desk)
    rows = [(kind, services.may_handle(desk, kind)) for kind in seen]
    context = {
        "lines": services.due(desk), "kinds": rows, "may_compare": desk.may(Duty.AUDIT),
        "backups": _backups(desk) if desk.duties & {Duty.INFORMATION_MANAGEMENT, Duty.SECURITY} else None,
    }  # fmt: skip
    return render(request, "web/ledgers.html", context)


def _backups(desk: Desk) -> dict[str, Any]:
    """How the backups stand, from their places."""
    try:
        config = backup.configuration(DataFolder(Path(settings.DATA).absolute()))
    except Refused as refusal:
        return {"findings": refusal.findings}
    verified = backup.verified_at(config)
    rows = [
        {
            "name": one.name, "place": backup.PLACES[one.place.name], "age": (desk.now - one.manifest.taken_at).days,
            "bytes": one.manifest.sealed_bytes, "verified": verified.get(one.name, "")[:10],
        }
        for one in backup.sets(config)
    ]  # fmt: skip
    return {"rows": rows, "late": backup.is_late(config, desk.now)}


@require_GET
@hands_out_nothing("days on which a contractor's account acted")
def contractors(request: StaffRequest) -> HttpResponse:
    """A contractor's reports against the log."""
    desk = request.desk.for_purpose(Purpose.AUDIT)
    findings: tuple[Finding, ...] = ()
    found = None
    if "account" in request.GET:
        try:
            first, last = (_day(request.GET.get(name, ""), name) for name in ("first", "last"))
            found = services.compare_work(desk, request.GET["account"].strip(), first or desk.today, last or desk.today)
        except Refused as refusal:
            findings = refusal.findings
    else:
        desk.require(Duty.AUDIT)
    context = {"found": found, "findings": findings, "given": request.GET}
    return render(request, "web/ledgers_contractors.html", context, status=422 if findings else 200)


@require_GET
@hands_out_nothing(_NO_PERSON)
def of_kind(request: StaffRequest, name: str) -> HttpResponse:
    """Cases of a kind; `all`: those that ended too."""
    desk = desk_of(request)
    everything = request.GET.get("all") == "1"
    rows = services.look(desk, name, only_open=not everything)
    kind = kinds()[name]
    context = {"kind": kind, "rows": rows, "all": everything, "may_open": services.may_handle(desk, kind)}
    return render(request, "web/ledgers_kind.html", context)


@require_http_methods(["GET", "POST"])
@hands_out_nothing(_NO_PERSON)
def new(request: StaffRequest, name: str) -> HttpResponse:
    """The form that opens a case."""
    desk = desk_of(request)
    findings: tuple[Finding, ...] = ()
    given = _given(request.POST)
    if request.method == "POST":
        try:
            parent = request.POST.get("parent", "")
            case = services.open_case(
                desk, name, request.POST.get("title", ""), given, parent_id=int(parent) if parent.isdecimal() else None
            )
            return HttpResponseRedirect(f"/ledgers/{case.pk}")
        except Refused as refusal:
            findings = refusal.findings
    kind = kinds().get(name)
    if kind is None or kind.per_office:
        return HttpResponseRedirect("/ledgers" if kind is None else "/ledgers/self-check")
    context = {
        "kind": kind, "inputs": _inputs(kind.fields, "new", given), "findings": findings, "given": request.POST,
        "parent": request.POST.get("parent") or request.GET.get("parent", ""),
    }  # fmt: skip
    return render(request, "web/ledgers_new.html", context, status=422 if findings else 200)


@require_http_methods(["GET", "POST"])
@hands_out_nothing(_NO_PERSON)
def self_check(request: StaffRequest) -> HttpResponse:
    """Asking offices to check themselves."""
    desk = desk_of(request)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        try:
            case = services.open_self_check(
                desk, request.POST.getlist("offices"), _day(request.POST.get("until", ""), "until")
            )
            return HttpResponseRedirect(f"/ledgers/{case.pk}")
        except Refused as refusal:
            findings = refusal.findings
    offices = list(Office.objects.order_by("code").values_list("code", "name"))
    context = {
        "offices": [(code, name, code in request.POST.getlist("offices")) for code, name in offices],
        "items": services.checklist(), "findings": findings, "given": request.POST,
    }  # fmt: skip
    return render(request, "web/ledgers_self_check.html", context, status=422 if findings else 200)


def _day(text: str, name: str) -> date | None:
    """None where nothing was given. Raises Refused."""
    if not text.strip():
        return None
    try:
        day = UncertainDate.parse(text.strip()).date
    except ValueError:
        day = None
    if day is None:
        raise Refused(
            [Finding("LED-E-050", name, "日付として読めません。", "暦にある日付を入力してください（例: 2026-11-20）。")]
        )
    return day


@require_http_methods(["GET", "POST"])
@hands_out_nothing(_NO_PERSON)
def case(request: StaffRequest, case_id: int) -> HttpResponse:
    """One case: what is due, what was done, the forms of what can be done next."""
    desk = desk_of(request)
    findings: tuple[Finding, ...] = ()
    given = _given(request.POST)
    act = request.POST.get("act", "")
    if request.method == "POST":
        try:
            if act == CLOSE:
                services.apply_to_close(desk, case_id, request.POST.get("note", ""))
            else:
                services.record(desk, case_id, act, given, _documents(request.POST))
            return HttpResponseRedirect(f"/ledgers/{case_id}")
        except Refused as refusal:
            findings = refusal.findings
    view = services.view(desk, case_id)
    context = {
        "view": view, "findings": findings, "act": act, "given": request.POST, "today": desk.today,
        "values": _shown(view.kind.fields, view.values), "steps": _steps(view), "closes": CLOSE,
        "forms": [(each, _inputs(each.fields, each.name, given if each.name == act else {})) for each in _possible(desk, view)],
        "answers": [(item, given.get(f"result:{item['key']}", ""), given.get(f"note:{item['key']}", "")) for item in view.case.checklist],
        "results": services.RESULTS.items(), "may_handle": services.may_handle(desk, view.kind),
        "may_ask_closing": view.kind.ends_by_approval and not view.is_closed and not view.waiting,
        "offers_finding": "finding" in kinds() and services.may_handle(desk, kinds()["finding"]) and view.kind.name in {"audit", "self_check", "incident", "drill"},
    }  # fmt: skip
    return render(request, "web/ledgers_case.html", context, status=422 if findings else 200)


def _documents(data: QueryDict) -> list[Document]:
    name, place, digest = (data.get(each, "").strip()[:200] for each in ("document", "place", "sha256"))
    return [Document(name, place, digest)] if name or place or digest else []


def _possible(desk: Desk, view: CaseView) -> list[Act]:
    """Acts that this desk can do now: not those whose task is done."""
    if view.is_closed:
        return []
    names = {task.name for task in view.waiting if not view.kind.per_office or task.office == desk.office}
    handles = services.may_handle(desk, view.kind)
    return [
        act
        for act in view.kind.acts.values()
        if (not act.completes or act.completes in names) and (handles or act.checklist)
    ]


def _shown(fields: tuple[Field, ...], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(each.label, each.shown(values[each.name])) for each in fields if each.name in values]


def _steps(view: CaseView) -> list[dict[str, Any]]:
    steps = []
    for entry in view.entries:
        act = view.kind.acts.get(entry.act)
        answers = entry.fields.get("answers", {})
        labels = {item["key"]: item["label"] for item in view.case.checklist}
        steps.append(
            {
                "entry": entry,
                "label": act.label if act else "事案を終えた",
                "values": _shown(act.fields, entry.fields) if act else [("申し出", entry.fields.get("note", ""))],
                "counts": [(label, sum(result == key for result, _ in answers.values())) for key, label in services.RESULTS.items()]
                if answers else [],
                "notes": [
                    (labels.get(key, key), services.RESULTS[result], note) for key, (result, note) in answers.items() if result != "good"
                ],
            }
        )  # fmt: skip
    return steps


menu.add("/ledgers", "運用管理", _DUTIES, order=720)

urlpatterns = [
    path("ledgers", overview),
    path("ledgers/self-check", self_check),
    path("ledgers/contractors", contractors),
    path("ledgers/kinds/<slug:name>", of_kind),
    path("ledgers/new/<slug:name>", new),
    path("ledgers/<int:case_id>", case),
]
