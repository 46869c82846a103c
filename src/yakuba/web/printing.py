"""印刷: leave to print a screen, what the page tells when it prints, and the papers that are not yet disposed of."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, path, resolve
from django.views.decorators.http import require_http_methods, require_POST

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access import menu
from yakuba.platform.access.desk import AccessDenied
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.printing import services
from yakuba.platform.protection.exits import hands_out_nothing

from . import errors


def _screen(request: HttpRequest) -> tuple[str, tuple[int, ...]]:
    """The screen's path, and the 宛名番号 that it names. Raises Refused for what is no screen of the house."""
    screen = request.POST.get("screen", "")[:300]
    try:
        match = resolve(screen)
    except Resolver404:
        raise Refused(
            [Finding("PRT-E-007", "screen", "この画面はありません。", "画面を開き直してください。")]
        ) from None
    number = match.kwargs.get("number")
    is_person = isinstance(number, int) and "households/" not in match.route
    return screen, (number,) if is_person and isinstance(number, int) else ()


def _told(findings: tuple[Finding, ...], status: int) -> HttpResponse:
    return JsonResponse({"findings": [errors.finding_json(finding) for finding in findings]}, status=status)


@require_POST
@hands_out_nothing("leave to print what is on the screen already")
def ask(request: StaffRequest) -> HttpResponse:
    """JSON: 200 with number and stamp, 202 when it waits for a decision, 422 or 403 with what is wrong."""
    try:
        screen, subjects = _screen(request)
        leave = services.ask(request.desk, screen, subjects, request.POST.get("reason", ""))
    except AccessDenied as denial:
        return _told((denial.finding,), 403)
    except Refused as refusal:
        return _told(refusal.findings, 422)
    if not leave.number:
        message = "セキュリティ責任者の決裁を申請しました。承認の後、この画面でもう一度「印刷」を押してください。"
        return JsonResponse({"message": message}, status=202)
    return JsonResponse({"number": leave.number, "stamp": leave.stamp})


@require_POST
@hands_out_nothing("a record of printing")
def printed(request: StaffRequest, number: int) -> HttpResponse:
    """The page prints by its leave."""
    services.printed(request.desk, number)
    return HttpResponse(status=204)


@require_POST
@hands_out_nothing("a record of printing")
def attempted(request: StaffRequest) -> HttpResponse:
    """The page prints without leave: a notice."""
    services.attempted(request.desk, *_screen(request))
    return HttpResponse(status=204)


@require_http_methods(["GET", "POST"])
@hands_out_nothing("paths of screens and reasons; whom they were about stands there as a number only")
def prints(request: StaffRequest) -> HttpResponse:
    """Papers that are not yet disposed of (or all), and their disposal."""
    desk, findings = request.desk, ()
    if request.method == "POST":
        number = request.POST.get("print", "")
        try:
            is_number = number.isascii() and number.isdigit() and len(number) <= 18
            services.dispose(desk, int(number) if is_number else 0, request.POST.get("how", ""))
            return HttpResponseRedirect("/prints")
        except Refused as refusal:
            findings = refusal.findings
    only_open = not request.GET.get("all")
    context = {"papers": services.papers(desk, only_open=only_open), "only_open": only_open, "findings": findings}
    return render(request, "web/prints.html", context, status=422 if findings else 200)


urlpatterns = [
    path("print", ask),
    path("print/<int:number>/printed", printed),
    path("print/attempted", attempted),
    path("prints", prints),
]
menu.add("/prints", "印刷の記録", {Duty.INQUIRY, Duty.SECURITY}, order=850)
