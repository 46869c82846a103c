"""Showing the second factor again, before an 個人番号 is shown."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access import sign_in
from yakuba.platform.access.desk import CONFIRMATION_HOLDS
from yakuba.platform.access.models import Account, SecurityKey
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.protection.exits import hands_out_nothing


@require_http_methods(["GET", "POST"])
@hands_out_nothing("one's own second factor")
def confirm(request: StaffRequest) -> HttpResponse:
    """A one-time code or a key's answer; the act that asked for it waits in its own tab."""
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        origin = f"{request.scheme}://{request.get_host()}"
        code, response = request.POST.get("code", "")[:20], request.POST.get("response", "")
        try:
            sign_in.confirm(request.signed, code=code, response=response, origin=origin)
        except Refused as refusal:
            findings = refusal.findings
        else:
            return HttpResponseRedirect("/confirm")
    account = Account.objects.get(pk=request.signed.account_id)
    context = {
        "keys": SecurityKey.objects.filter(account=account).exists(),
        "has_totp": account.totp_sealed is not None,
        "confirmed": request.desk.is_confirmed,
        "minutes": int(CONFIRMATION_HOLDS.total_seconds()) // 60,
        "findings": findings,
    }
    return render(request, "web/confirm.html", context, status=422 if findings else 200)


urlpatterns = [path("confirm", confirm)]
