"""承認: what waits for one's decision, one's own applications, approvals that can be taken back. The same for every kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access import menu
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Purpose
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.approvals import kinds, services
from yakuba.platform.approvals.kinds import Kind, Lines, Step
from yakuba.platform.approvals.models import Application, Decision
from yakuba.platform.protection.exits import hands_out_nothing


@dataclass(frozen=True, slots=True)
class Row:
    """An application in words."""

    application: Application
    kind: Kind
    step: Step
    lines: Lines
    decisions: tuple[Decision, ...] = ()


def desk_of(request: StaffRequest) -> Desk:
    """Applying and deciding is a purpose of its own: whoever decides need not open anybody's record."""
    return request.desk.for_purpose(Purpose.SYSTEM)


def _row(application: Application, decisions: Iterable[Decision] = ()) -> Row:
    kind = kinds.kind_of(application.kind)
    return Row(application, kind, kind.steps[application.step], kind.describe(application.payload), tuple(decisions))


@require_http_methods(["GET", "POST"])
@hands_out_nothing("applications carry no personal content")
def approvals(request: StaffRequest) -> HttpResponse:
    """Lists of applications; `act` grants, refuses, withdraws or revokes one."""
    desk = desk_of(request)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        try:
            _act(desk, request.POST.get("act", ""), request.POST.get("application", ""), request.POST.get("reason", ""))
            return HttpResponseRedirect("/approvals")
        except Refused as refusal:
            findings = refusal.findings
    context = {
        "waiting": services.waiting_for(desk),
        "approved": [_row(row) for row in services.revocable_by(desk)],
        "mine": [_row(row, row.decisions.all()) for row in services.applied_by(desk)],
        "findings": findings,
    }
    return render(request, "web/approvals.html", context, status=422 if findings else 200)


def _act(desk: Desk, act: str, number: str, reason: str) -> None:
    """Raises Refused, AccessDenied."""
    application_id = int(number) if number.isascii() and number.isdigit() and len(number) <= 18 else 0
    if act in {"grant", "refuse"}:
        services.decide(desk, application_id, grant=act == "grant", reason=reason)
    elif act == "withdraw":
        services.withdraw(desk, application_id, reason)
    elif act == "revoke":
        services.revoke(desk, application_id, reason)
    else:
        raise Refused([Finding("WEB-E-011", "act", "操作が選ばれていません。", "画面を開き直してください。")])


urlpatterns = [path("approvals", approvals)]
menu.add(
    "/approvals",
    "承認",
    {duty for kind in kinds.kinds() for duty in (*kind.applicant, *(step.duty for step in kind.steps))},
    order=800,
)
