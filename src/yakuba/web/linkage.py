"""庁内連携: grants with their end, applications for data use and own affairs, records, owners and recipients, the matrix."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access import menu
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Office
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.linkage import applications, provisions, reading, views
from yakuba.platform.linkage.applications import OwnAffair, Use
from yakuba.platform.linkage.connections import connections as matrix_of
from yakuba.platform.linkage.models import Role
from yakuba.platform.linkage.provisions import Method
from yakuba.platform.protection.exits import hands_out_nothing
from yakuba.platform.transactions import Operation, use_case

from .forms import day_of

_NOBODY = "Grants, rules and figures; no item of anybody's record."
_RECORDS_DAYS = 31
_MAY_SETTLE = (Duty.INFORMATION_MANAGEMENT,)
_MAY_SEE_RECORDS = (Duty.DISCLOSURE, Duty.AUDIT, Duty.INFORMATION_MANAGEMENT)


def desk_of(request: StaffRequest) -> Desk:
    """Applying for data, deciding and settling who may is a purpose of its own."""
    return request.desk.for_purpose(Purpose.LINKED_AFFAIR)


@hands_out_nothing(_NOBODY)
@require_GET
def overview(request: StaffRequest) -> HttpResponse:
    """The grants that concern this desk, with their end."""
    desk = desk_of(request)
    including_ended = request.GET.get("ended") == "1"
    return render(
        request,
        "web/linkage.html",
        {
            "lines": applications.grants(desk, including_ended=including_ended),
            "including_ended": including_ended,
            "offices": _office_names(),
            "may_apply": desk.may(Duty.LINKAGE),
            "may_settle": any(desk.may(duty) for duty in _MAY_SETTLE),
            "may_see_records": any(desk.may(duty) for duty in _MAY_SEE_RECORDS),
            "office": desk.office,
        },
    )


def _office_names() -> dict[str, str]:
    return dict(Office.objects.values_list("code", "name"))


@hands_out_nothing(_NOBODY)
@require_http_methods(["GET", "POST"])
def apply(request: StaffRequest) -> HttpResponse:
    """データ利用申請."""
    desk = desk_of(request)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        try:
            application = applications.apply_for(desk, _use(request.POST))
            return HttpResponseRedirect(f"/approvals?applied={application.pk}")
        except Refused as refusal:
            findings = refusal.findings
    context = {
        "findings": findings,
        "given": request.POST,
        "chosen": request.POST.getlist("items"),
        "views": views.views(),
        "provisions": _offered(desk),
        "systems": [(system.name, system.label) for system in matrix_of(desk.today).systems.values()],
        "methods": [(method.value, method.label) for method in Method if method in provisions.INSIDE],
        "today": desk.today,
    }
    return render(request, "web/linkage_apply.html", context, status=422 if findings else 200)


@use_case(Operation.VIEW)
def _offered(desk: Desk) -> list[provisions.Provision]:
    desk.require(Duty.LINKAGE)
    return applications.provisions_for(desk.office, desk.today)


def _use(data: Any) -> Use:
    """The form as a use. Raises Refused for days that can't be read and for an unknown method."""
    findings = Findings()
    start, end = day_of(findings, data, "start", "期間の始まり"), day_of(findings, data, "end", "期間の終わり")
    method = _method(findings, data)
    findings.raise_if_blocking()
    return Use(
        view=data.get("view", ""),
        items=tuple(data.getlist("items")),
        provision=data.get("provision", ""),
        system=data.get("system", ""),
        purpose=data.get("purpose", ""),
        method=method,
        start=start,
        end=end,
    )


def _method(findings: Findings, data: Any) -> Method:
    if data.get("method") not in set(Method):
        findings.error("WEB-E-021", "method", "方法が選ばれていません。", "一覧から選んでください。")
        return Method.IN_HOUSE
    return Method(data["method"])


@hands_out_nothing(_NOBODY)
@require_http_methods(["GET", "POST"])
def affair(request: StaffRequest) -> HttpResponse:
    """独自利用事務の登録の申請."""
    desk = desk_of(request)
    desk.require(Duty.LINKAGE)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        try:
            application = applications.apply_for_affair(desk, _affair(request.POST))
            return HttpResponseRedirect(f"/approvals?applied={application.pk}")
        except Refused as refusal:
            findings = refusal.findings
    context = {
        "findings": findings,
        "given": request.POST,
        "chosen": request.POST.getlist("items"),
        "views": views.views(),
        "datasets": sorted({view.dataset for view in views.views()}),
        "methods": [(method.value, method.label) for method in Method if method in provisions.INSIDE],
        "today": desk.today,
    }
    return render(request, "web/linkage_affair.html", context, status=422 if findings else 200)


def _affair(data: Any) -> OwnAffair:
    findings = Findings()
    start = day_of(findings, data, "start", "効力の始まり")
    end = day_of(findings, data, "end", "効力の終わり") if data.get("end", "").strip() else None
    method = _method(findings, data)
    findings.raise_if_blocking()
    return OwnAffair(
        dataset=data.get("dataset", ""),
        ordinance=data.get("ordinance", ""),
        affair=data.get("affair", ""),
        items=tuple(dict.fromkeys(data.getlist("items"))),
        method=method,
        start=start,
        end=end,
    )


@hands_out_nothing(_NOBODY)
@require_POST
def end(request: StaffRequest, grant_id: int) -> HttpResponse:
    """Give one's own grant up, or take another office's back."""
    desk, reason = desk_of(request), request.POST.get("reason", "")
    if request.POST.get("act") == "revoke":
        applications.revoke(desk, grant_id, reason)
    else:
        applications.give_up(desk, grant_id, reason)
    return HttpResponseRedirect("/linkage")


@hands_out_nothing("Who read which items for what; the person is named by the number that was asked for.")
@require_GET
def records(request: StaffRequest) -> HttpResponse:
    """提供・移転の記録: of one person, or of a span of days."""
    desk = desk_of(request)
    findings = Findings()
    number = request.GET.get("subject", "").strip()
    first = last = desk.today
    rows: list[Any] = []
    try:
        if number and not (number.isascii() and number.isdigit() and len(number) <= 18):
            findings.error("WEB-E-022", "subject", "番号として読めません。", "宛名番号を数字で入力してください。")
        if request.GET.get("first", "").strip():
            first = day_of(findings, request.GET, "first", "いつから")
        else:
            first = desk.today - timedelta(days=_RECORDS_DAYS)
        if request.GET.get("last", "").strip():
            last = day_of(findings, request.GET, "last", "いつまで")
        findings.raise_if_blocking()
        rows = reading.records_of(desk, int(number)) if number else reading.records_between(desk, first, last)
    except Refused as refusal:
        findings = Findings(list(refusal.findings))
    titles = {view.name: view for view in views.views()}
    lines = [
        {
            "record": row,
            "view": titles[row.view].title if row.view in titles else row.view,
            "items": [titles[row.view].items.get(item, item) for item in row.items]
            if row.view in titles
            else row.items,
            "flow": provisions.Flow(row.flow).label if row.flow else "",
            "method": Method(row.method).label if row.method else "",
        }
        for row in rows
    ]
    context = {
        "lines": lines, "given": request.GET, "findings": tuple(findings), "offices": _office_names(),
        "default_first": first.isoformat(), "default_last": last.isoformat(),
    }  # fmt: skip
    return render(request, "web/linkage_records.html", context, status=422 if findings.errors else 200)


@hands_out_nothing(_NOBODY)
@require_http_methods(["GET", "POST"])
def offices(request: StaffRequest) -> HttpResponse:
    """所管課・利用課の登録."""
    desk = desk_of(request)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        try:
            _assign(desk, request.POST)
            return HttpResponseRedirect("/linkage/offices")
        except Refused as refusal:
            findings = refusal.findings
    lines, keys = _assignments(desk)
    context = {
        "findings": findings, "given": request.POST, "lines": lines, "keys": keys, "offices": _office_names(),
        "views": views.views(), "today": desk.today,
        "warnings": sorted({finding.code for finding in findings if finding.severity == "warning"}),
    }  # fmt: skip
    return render(request, "web/linkage_offices.html", context, status=422 if findings else 200)


def _assign(desk: Desk, data: Any) -> None:
    findings = Findings()
    start = day_of(findings, data, "start", "いつから")
    role = data.get("role", "")
    if role not in set(Role):
        findings.error("WEB-E-023", "role", "所管課か利用課かが選ばれていません。", "一覧から選んでください。")
    findings.raise_if_blocking()
    key = data.get("view" if role == Role.OWNER else "provision", "")
    applications.assign(
        desk, Role(role), key, data.get("office", ""), start,
        holding=data.get("holds") != "0", confirmed=data.getlist("confirmed"),
    )  # fmt: skip


@use_case(Operation.VIEW)
def _assignments(desk: Desk) -> tuple[list[dict[str, Any]], list[provisions.Provision]]:
    """Every switch of an owner or recipient, newest first, and what recipients can be named for."""
    desk.require(Duty.INFORMATION_MANAGEMENT)
    titles = {view.name: view.title for view in views.views()}
    lines = []
    for row in applications.Assignment.objects.order_by("-start", "-pk")[:500]:
        law = applications.provision_of(row.key) if row.role == Role.RECIPIENT else None
        lines.append(
            {"row": row, "what": titles.get(row.key, row.key) if law is None else f"{law.citation} {law.affair}"}
        )
    keys = [
        row for row in provisions.of_profile(applications.house_profile()).values()
        if row.holds_on(desk.today) and row.method in provisions.INSIDE
    ]  # fmt: skip
    return lines, sorted(keys, key=lambda row: (row.dataset, len(row.item), row.item, row.key))


@hands_out_nothing(_NOBODY)
@require_GET
def connections(request: StaffRequest) -> HttpResponse:
    """システム間接続の表: which system may exchange with which, and what only one side states."""
    desk = desk_of(request)
    desk.require(
        next((d for d in (Duty.LINKAGE, Duty.APPROVAL, Duty.AUDIT) if desk.may(d)), Duty.INFORMATION_MANAGEMENT)
    )
    matrix = matrix_of(desk.today)
    names = list(matrix.systems)
    rows = [(matrix.label(one), [(matrix.label(other), one == other, matrix.permitted(one, other)) for other in names])
            for one in names]  # fmt: skip
    context = {
        "rows": rows,
        "labels": [matrix.label(name) for name in names],
        "one_sided": [(matrix.label(one), matrix.label(other)) for one, other in matrix.one_sided()],
    }
    return render(request, "web/linkage_connections.html", context)


urlpatterns = [
    path("linkage", overview),
    path("linkage/apply", apply),
    path("linkage/affair", affair),
    path("linkage/grants/<int:grant_id>/end", end),
    path("linkage/records", records),
    path("linkage/offices", offices),
    path("linkage/connections", connections),
]
menu.add(
    "/linkage",
    "庁内連携",
    {Duty.LINKAGE, Duty.APPROVAL, Duty.INFORMATION_MANAGEMENT, Duty.AUDIT},
    order=600,
)
