"""Showing the second factor again: before an 個人番号 is shown, and where the profile wants it when the business begins."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access import sign_in
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.protection.exits import hands_out_nothing

from .signing_in import factors, next_path, origin


@require_http_methods(["GET", "POST"])
@hands_out_nothing("one's own second factor")
def confirm(request: StaffRequest) -> HttpResponse:
    """A one-time code or a key's answer; the act that asked for it waits in its own tab, or behind `next`."""
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        code, response = request.POST.get("code", "")[:20], request.POST.get("response", "")
        try:
            sign_in.confirm(request.signed, code=code, response=response, origin=origin(request))
        except Refused as refusal:
            findings = refusal.findings
        else:
            wanted = next_path(request)
            return HttpResponseRedirect("/confirm" if wanted == "/" else wanted)
    context = {
        **factors(request.signed),
        "confirmed": request.desk.is_confirmed and not request.signed.needs_system_factor,
        "is_start": request.signed.needs_system_factor,
        "minutes": int(request.desk.confirmation_holds.total_seconds()) // 60,
        "next": next_path(request),
        "findings": findings,
    }
    return render(request, "web/confirm.html", context, status=422 if findings else 200)


urlpatterns = [path("confirm", confirm)]
