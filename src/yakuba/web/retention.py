"""保存と廃棄: requests, lists, approvals that are missing, what was erased and what stayed; holds."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access import menu
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.protection.exits import hands_out_nothing
from yakuba.platform.retention import services
from yakuba.platform.retention.kinds import kinds

menu.add("/retention", "保存と廃棄", {Duty.RETENTION}, order=700)


def _day(request: StaffRequest, name: str, findings: Findings) -> date | None:
    text = request.POST.get(name, "").strip()
    if not text:
        return None
    try:
        return UncertainDate.parse(text).date
    except ValueError:
        findings.error(
            "RTN-E-020", name, f"「{text[:20]}」は年月日として読めません。", "暦にある日付を入力してください。"
        )
        return None


@require_http_methods(["GET", "POST"])
@hands_out_nothing("periods and runs, by counts")
def overview(request: StaffRequest) -> HttpResponse:
    """All kinds of record, the newest runs, the holds; a POST requests a run or places a hold."""
    desk = request.desk.for_purpose(Purpose.SYSTEM)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        try:
            if request.POST.get("act") == "hold":
                _place_hold(request)
                return HttpResponseRedirect("/retention")
            return HttpResponseRedirect(f"/retention/{_request(request).pk}")
        except Refused as refusal:
            findings = refusal.findings
    context: dict[str, Any] = {
        "kinds": kinds(),
        "unset": {kind.name for kind in services.unset(desk.today)},
        "runs": services.look(desk),
        "holds": services.holds(desk),
        "today": desk.today,
        "given": request.POST,
        "findings": findings,
    }
    return render(request, "web/retention.html", context, status=422 if findings else 200)


def _request(request: StaffRequest) -> services.Run:
    desk = request.desk.for_purpose(Purpose.SYSTEM)
    findings = Findings()
    base, disposal = _day(request, "base_date", findings), _day(request, "disposal_date", findings)
    findings.raise_if_blocking()
    return services.request(desk, request.POST.get("kind", ""), base or desk.today, disposal or desk.today)


def _place_hold(request: StaffRequest) -> None:
    findings = Findings()
    until = _day(request, "until", findings)
    key = request.POST.get("key", "").strip()
    if not (key.isascii() and key.isdigit() and len(key) <= 18):
        findings.error("RTN-E-021", "key", "番号として読めません。", "宛名番号などを数字で入力してください。")
    findings.raise_if_blocking()
    desk = request.desk.for_purpose(Purpose.SYSTEM)
    services.place_hold(desk, request.POST.get("kind", ""), int(key), until, request.POST.get("reason", ""))


@require_http_methods(["GET", "POST"])
@hands_out_nothing("counts of a run")
def run(request: StaffRequest, run_id: int) -> HttpResponse:
    """One run: its counts, the next step."""
    desk = request.desk.for_purpose(Purpose.SYSTEM)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        steps = {"extract": services.extract, "dispose": services.dispose, "cancel": services.cancel}
        try:
            step = steps.get(request.POST.get("act", ""))
            if step is None:
                raise Http404
            step(desk, run_id)
            return HttpResponseRedirect(f"/retention/{run_id}")
        except Refused as refusal:
            findings = refusal.findings
    found = services.look(desk, run_id)
    if not found:
        raise Http404
    context = {"view": found[0], "today": desk.today, "findings": findings, "results": services.Result}
    return render(request, "web/retention_run.html", context, status=422 if findings else 200)


@require_GET
@hands_out_nothing("keys of what is past its period, no record")
def listed(request: StaffRequest, run_id: int) -> HttpResponse:
    """廃棄対象一覧."""
    rows = services.items(request.desk.for_purpose(Purpose.SYSTEM), run_id)
    return render(request, "web/retention_list.html", {"rows": rows, "run_id": run_id})


@require_POST
@hands_out_nothing("an act on a hold")
def lift(request: StaffRequest, hold_id: int) -> HttpResponse:
    services.lift_hold(request.desk.for_purpose(Purpose.SYSTEM), hold_id)
    return HttpResponseRedirect("/retention")


urlpatterns: list[URLPattern] = [
    path("", overview),
    path("/<int:run_id>", run),
    path("/<int:run_id>/list", listed),
    path("/holds/<int:hold_id>/lift", lift),
]
