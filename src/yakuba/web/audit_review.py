"""点検: pictures of the log, concerns and what becomes of them, reports to sections, the 使用簿."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access import menu
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.audit import monitoring, rules, usage
from yakuba.platform.audit.log import Operation
from yakuba.platform.audit.models import Concern
from yakuba.platform.audit.monitoring import Dossier, State
from yakuba.platform.protection.exits import exit_of, hands_out_nothing

from . import audit_log, exits

_CELL, _ROW, _LEFT, _TOP = 30, 26, 190, 26
_NUMBERS_ONLY = "clerks' acts; whom they were about stands there as a number only"


def _desk(request: StaffRequest) -> Desk:
    return request.desk.for_purpose(Purpose.AUDIT)


def _number(text: str) -> int:
    """0, which nothing has, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _back_to(address: str, act: Callable[[], object]) -> tuple[HttpResponse | None, tuple[Finding, ...]]:
    """Do an act: the way back to the page, or what was wrong with it."""
    try:
        act()
    except Refused as refusal:
        return None, refusal.findings
    return HttpResponseRedirect(address), ()


# -- the log as file and as picture -----------------------------------------------------------------------------------


@require_POST
@exit_of(exits.AUDIT_FILE)
def export(request: StaffRequest) -> HttpResponse:
    """The entries of the question as CSV."""
    desk = _desk(request)
    content = audit_log.export(desk, audit_log.parse(request.POST, desk.today))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{desk.today:%Y%m%d}.csv"'
    return response


@dataclass(frozen=True, slots=True)
class Cell:
    x: int
    count: int
    opacity: str
    is_dark: bool


@dataclass(frozen=True, slots=True)
class Row:
    clerk: audit_log.Clerk
    y: int
    cells: tuple[Cell, ...]


def _picture(clerks: tuple[audit_log.Clerk, ...], desk: Desk) -> dict[str, Any]:
    """Places of the picture's parts in SVG units; the darkest cell is the busiest hour of anybody."""
    most = max((count for clerk in clerks for count in clerk.hours), default=1) or 1
    limits = monitoring.limits(desk.today)
    rows = tuple(
        Row(
            clerk,
            _TOP + number * _ROW,
            tuple(
                Cell(_LEFT + hour * _CELL, count, f"{0.12 + 0.88 * count / most:.2f}", count / most > 0.45)
                for hour, count in enumerate(clerk.hours)
                if count
            ),
        )
        for number, clerk in enumerate(clerks)
    )
    return {
        "rows": rows,
        "hours": [(hour, _LEFT + hour * _CELL) for hour in range(24)],
        "width": _LEFT + 24 * _CELL + 2,
        "height": _TOP + max(1, len(rows)) * _ROW + 2,
        "day_x": _LEFT + limits.day_starts_hour * _CELL,
        "day_width": (limits.day_ends_hour - limits.day_starts_hour) * _CELL,
        "limits": limits,
    }


@require_GET
@hands_out_nothing("counts of acts by clerk and hour")
def activity(request: StaffRequest) -> HttpResponse:
    """Who worked when."""
    desk = _desk(request)
    context: dict[str, Any] = {
        "given": request.GET,
        "default_from": (desk.today - timedelta(days=7)).isoformat(),
        "default_to": desk.today.isoformat(),
        "operations": [(operation.value, operation.label) for operation in Operation],
        "findings": (),
    }
    try:
        context |= _picture(audit_log.activity(desk, audit_log.parse(request.GET, desk.today)), desk)
    except Refused as refusal:
        context["findings"] = refusal.findings
    return render(request, "web/audit_activity.html", context, status=422 if context["findings"] else 200)


# -- concerns ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConcernRow:
    concern: Concern
    rule: str
    state: State


@require_GET
@hands_out_nothing(_NUMBERS_ONLY)
def concerns(request: StaffRequest) -> HttpResponse:
    """What waits for the officer; with `all` also what is closed."""
    desk = _desk(request)
    account = request.GET.get("account", "").strip()[:40]
    found = monitoring.concerns(desk, unfinished="all" not in request.GET, account=account)
    rows = [ConcernRow(row, rules.label(row.rule), monitoring.state_of(row)) for row in found]
    return render(request, "web/audit_concerns.html", {"rows": rows, "given": request.GET, "findings": ()})


@require_http_methods(["GET", "POST"])
@hands_out_nothing(_NUMBERS_ONLY)
def concern(request: StaffRequest, number: int) -> HttpResponse:
    """One concern: its entries, what they rest on, its steps; a POST takes the next one."""
    desk = _desk(request)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        answer, findings = _back_to(
            f"/audit/concerns/{number}",
            lambda: monitoring.take_step(
                desk, number, _state(request), request.POST.get("text", ""), request.POST.get("case", "")
            ),
        )
        if answer is not None:
            return answer
    found = monitoring.dossier(desk, number)
    context = {
        **_described(found),
        "lines": [(line, line.act.operation.label, line.act.result.label) for line in found.lines],
        "given": request.POST,
        "findings": findings,
    }
    return render(request, "web/audit_concern.html", context, status=422 if findings else 200)


def _described(found: Dossier) -> dict[str, Any]:
    return {
        "dossier": found,
        "rule": rules.label(found.concern.rule),
        "steps": [(step, State(step.state).label) for step in found.steps],
        "choices": [(state.value, state.label) for state in found.next_states if state is not State.ANSWERED],
    }


def _state(request: StaffRequest) -> State:
    wanted = request.POST.get("state", "")
    if wanted not in set(State):
        raise Refused([Finding("AUD-E-029", "state", "どうするかが選ばれていません。", "処理の一つを選んでください。")])
    return State(wanted)


@require_POST
@hands_out_nothing("an act on entries of the log")
def raise_concern(request: StaffRequest) -> HttpResponse:
    """Open a concern over chosen entries."""
    entries = [_number(text) for text in request.POST.getlist("entry")]
    made = monitoring.raise_concern(_desk(request), entries, request.POST.get("text", ""))
    return HttpResponseRedirect(f"/audit/concerns/{made.pk}")


# -- reports ----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@hands_out_nothing("counts of clerks' acts")
def inspections(request: StaffRequest) -> HttpResponse:
    """The days that were inspected; a POST marks one as seen."""
    desk = _desk(request)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        number, text = _number(request.POST.get("inspection", "")), request.POST.get("text", "")
        answer, findings = _back_to("/audit/inspections", lambda: monitoring.mark(desk, number, text, of_section=False))
        if answer is not None:
            return answer
    context = {"inspections": monitoring.inspections(desk), "findings": findings}
    return render(request, "web/audit_inspections.html", context, status=422 if findings else 200)


@require_http_methods(["GET", "POST"])
@hands_out_nothing(_NUMBERS_ONLY)
def section(request: StaffRequest) -> HttpResponse:
    """For the head of a section: what was asked of him, and his office's days; a POST answers or marks."""
    desk = _desk(request)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        number, text = _number(request.POST.get("number", "")), request.POST.get("text", "")
        acts: dict[str, Callable[[], object]] = {
            "answer": lambda: monitoring.take_step(desk, number, State.ANSWERED, text),
            "mark": lambda: monitoring.mark(desk, number, text, of_section=True),
        }
        answer, findings = _back_to("/section", acts.get(request.POST.get("act", ""), _nothing_chosen))
        if answer is not None:
            return answer
    found = monitoring.section(desk)
    context = {
        "section": found,
        "asked": [_described(dossier) for dossier in found.asked],
        "closed": [(dossier, rules.label(dossier.concern.rule)) for dossier in found.closed],
        "findings": findings,
    }
    return render(request, "web/audit_section.html", context, status=422 if findings else 200)


def _nothing_chosen() -> object:
    raise Refused([Finding("WEB-E-011", "act", "操作が選ばれていません。", "画面を開き直してください。")])


# -- 使用簿 -----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@hands_out_nothing("who used which terminal when")
def terminal_usage(request: StaffRequest) -> HttpResponse:
    """The 使用簿 of a period; a POST approves lines."""
    desk = _desk(request)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        chosen = [_number(text) for text in request.POST.getlist("usage")]
        answer, findings = _back_to(request.get_full_path(), lambda: usage.approve(desk, chosen))
        if answer is not None:
            return answer
    rows = []
    try:
        question = audit_log.parse(request.GET, desk.today)
        rows = usage.register(desk, question.first, question.last, unapproved="unapproved" in request.GET)
    except Refused as refusal:
        findings = (*findings, *refusal.findings)
    context = {
        "rows": rows,
        "given": request.GET,
        "default_from": (desk.today - timedelta(days=7)).isoformat(),
        "default_to": desk.today.isoformat(),
        "findings": findings,
        "may_approve": desk.may(Duty.SECURITY),
        "page": usage.PAGE,
    }
    return render(request, "web/audit_usage.html", context, status=422 if findings else 200)


urlpatterns: list[URLPattern] = [
    path("audit/export", export),
    path("audit/activity", activity),
    path("audit/concerns", concerns),
    path("audit/concerns/raise", raise_concern),
    path("audit/concerns/<int:number>", concern),
    path("audit/inspections", inspections),
    path("section", section),
    path("usage", terminal_usage),
]
menu.add("/section", "所属の点検", {Duty.APPROVAL}, order=890)
menu.add("/usage", "使用簿", {Duty.AUDIT, Duty.SECURITY}, order=905)
