"""The shell's own screens: signing in, home, purpose of use, security keys, operation history, jobs."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access import sign_in
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Account, SecurityKey, Stage
from yakuba.platform.access.request import StaffRequest, public
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import JAPAN
from yakuba.platform.jobs import runner
from yakuba.platform.jobs.models import Job
from yakuba.platform.protection.exits import exit_of, hands_out_nothing
from yakuba.systems.residents import enquiries
from yakuba.systems.residents.filings import KINDS

from . import audit_log, errors, exits
from .context import purposes
from .middleware import the_clock

_POPULATION_HOLDS_S = 60.0


@public
@require_GET
@hands_out_nothing("whether the database answers")
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers; for the supervisor. Says nothing about anybody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


# -- signing in -------------------------------------------------------------------------------------------------------


def _origin(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def _next(request: HttpRequest) -> str:
    """Where to go after signing in: only to a path of this house."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    parts = urlsplit(wanted)
    is_ours = not parts.scheme and not parts.netloc and wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_ours and "\\" not in wanted and len(wanted) < 500 else "/"


def _nowhere(request: HttpRequest) -> HttpResponse:
    sign_in.log_unregistered(request.META["REMOTE_ADDR"], the_clock())
    finding = Finding(
        "SIGN-E-011",
        "terminal",
        "この端末は登録されていません。",
        "登録された端末からサインインするか、システム担当者に端末の登録を依頼してください。",
    )
    return errors.answer(request, 403, "この端末からは利用できません", [finding])


def _keep(response: HttpResponse, token: str, request: HttpRequest) -> HttpResponse:
    response.set_cookie(
        settings.SIGN_IN_COOKIE, token, httponly=True, samesite="Strict", secure=request.is_secure(), path="/"
    )
    return response


@public
@never_cache
@require_http_methods(["GET", "POST"])
@hands_out_nothing("nobody is signed in yet")
def first_step(request: HttpRequest) -> HttpResponse:
    """利用者ID and password."""
    place = sign_in.place_of(request.META["REMOTE_ADDR"])
    if place is None:
        return _nowhere(request)
    context: dict[str, Any] = {"place": place, "next": _next(request)}
    if request.method == "GET":
        return render(request, "web/sign_in.html", context)
    try:
        token = sign_in.password(
            request.POST.get("login", "").strip(),
            request.POST.get("password", ""),
            place=place,
            address=request.META["REMOTE_ADDR"],
            clock=the_clock(),
        )
    except sign_in.SignInRefused as refusal:
        context |= {"findings": refusal.findings, "login": request.POST.get("login", "")[:40]}
        return render(request, "web/sign_in.html", context, status=422)
    response = HttpResponseRedirect(
        f"/sign-in/second?next={_next(request)}" if _next(request) != "/" else "/sign-in/second"
    )
    return _keep(response, token, request)


@public
@never_cache
@require_http_methods(["GET", "POST"])
@hands_out_nothing("nobody is signed in yet")
def second_step(request: HttpRequest) -> HttpResponse:
    """A one-time code, or a security key."""
    clock = the_clock()
    token = request.COOKIES.get(settings.SIGN_IN_COOKIE, "")
    signed = sign_in.current(token, address=request.META["REMOTE_ADDR"], clock=clock)
    if signed is None:
        return HttpResponseRedirect("/sign-in")
    if signed.stage == Stage.OPEN:
        return HttpResponseRedirect(_next(request))
    context: dict[str, Any] = {"next": _next(request), "has_key": sign_in.has_security_key(token)}
    if request.method == "GET":
        return render(request, "web/second_step.html", context)
    try:
        if request.POST.get("response"):
            fresh = sign_in.security_key(token, request.POST["response"], origin=_origin(request), clock=clock)
        else:
            fresh = sign_in.one_time_code(token, request.POST.get("code", "")[:20], clock=clock)
    except sign_in.SignInRefused as refusal:
        context["findings"] = refusal.findings
        if sign_in.current(token, address=request.META["REMOTE_ADDR"], clock=clock) is None:
            context["place"] = sign_in.place_of(request.META["REMOTE_ADDR"])
            return render(request, "web/sign_in.html", context, status=422)
        return render(request, "web/second_step.html", context, status=422)
    return _keep(HttpResponseRedirect(_next(request)), fresh, request)


@public
@require_POST
@hands_out_nothing("a challenge")
def key_options(request: HttpRequest) -> HttpResponse:
    """The challenge for a key, at the second step or when confirming."""
    token = request.COOKIES.get(settings.SIGN_IN_COOKIE, "")
    if sign_in.current(token, address=request.META["REMOTE_ADDR"], clock=the_clock()) is None:
        return JsonResponse({"findings": []}, status=401)
    return JsonResponse(sign_in.key_challenge(token))


@require_POST
@hands_out_nothing("the end of a session")
def sign_out(request: StaffRequest) -> HttpResponse:
    sign_in.sign_out(request.signed)
    response = HttpResponseRedirect("/sign-in")
    response.delete_cookie(settings.SIGN_IN_COOKIE, path="/", samesite="Strict")
    return response


# -- home -------------------------------------------------------------------------------------------------------------


@require_GET
@hands_out_nothing("ways into the work")
def home(request: StaffRequest) -> HttpResponse:
    """Today's work and the ways into it."""
    desk = request.desk
    # Names only: a template would call a class.
    kinds = [(kind.kind, kind.label, kind.article) for kind in KINDS.values() if desk.may(Duty.REGISTRATION)]
    return render(request, "web/home.html", {"kinds": kinds, "today": desk.today})


_population: dict[str, tuple[float, enquiries.TodaysWork]] = {}


@require_GET
@hands_out_nothing("counts of the whole town")
def todays_figures(request: StaffRequest) -> HttpResponse:
    """The figures of the home screen, put into it after it stands. Counting a million people is done once a minute."""
    desk = request.desk
    if not desk.duties & set(enquiries.COUNTING):
        return HttpResponse("")
    since = datetime.combine(desk.today, datetime.min.time(), JAPAN)
    counted_at, work = _population.get(desk.account, (float("-inf"), None))
    if work is None or time.monotonic() - counted_at > _POPULATION_HOLDS_S:
        work = enquiries.todays_work(desk, since)
        _population[desk.account] = (time.monotonic(), work)
    return render(request, "web/figures.html", {"work": work})


@require_POST
@hands_out_nothing("one's own choice")
def choose_purpose(request: StaffRequest) -> HttpResponse:
    """Keep the purpose of use for the session. Raises Refused for one that the person's duties don't hold."""
    wanted = request.POST.get("purpose", "")
    if wanted not in {purpose.value for purpose in purposes(request.desk.duties)}:
        raise Refused(
            [Finding("WEB-E-010", "purpose", "利用目的が選ばれていません。", "一覧から利用目的を選んでください。")]
        )
    sign_in.choose_purpose(request.signed, Purpose(wanted))
    return HttpResponseRedirect(_next(request))


# -- one's own keys ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@hands_out_nothing("one's own keys")
def keys(request: StaffRequest) -> HttpResponse:
    """Security keys of one's own: confirm, register, remove."""
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        act = request.POST.get("act", "")
        response = request.POST.get("response", "")
        try:
            if act == "confirm":
                sign_in.confirm(
                    request.signed, code=request.POST.get("code", "")[:20], response=response, origin=_origin(request)
                )
            elif act == "enrol":
                sign_in.enrol_key(request.signed, response, request.POST.get("name", ""), origin=_origin(request))
            elif act == "remove":
                sign_in.remove_key(request.signed, int(request.POST.get("key") or 0))
            return HttpResponseRedirect("/settings/keys")
        except Refused as refusal:
            findings = refusal.findings
        except ValueError:
            findings = (Finding("SIGN-E-008", "key", "そのキーは登録されていません。", "画面を開き直してください。"),)
    account = Account.objects.get(pk=request.signed.account_id)
    context = {
        "keys": SecurityKey.objects.filter(account=account).order_by("pk"),
        "has_totp": account.totp_sealed is not None,
        "confirmed": request.signed.is_confirmed(),
        "findings": findings,
    }
    return render(request, "web/keys.html", context, status=422 if findings else 200)


@require_POST
@hands_out_nothing("a challenge")
def enrolment_options(request: StaffRequest) -> HttpResponse:
    return JsonResponse(sign_in.enrolment_options(request.signed))


# -- operation history ------------------------------------------------------------------------------------------------


@require_GET
@exit_of(exits.AUDIT_LIST)
def audit(request: StaffRequest) -> HttpResponse:
    """Who did what to whose record. Looking is itself logged."""
    desk = request.desk.for_purpose(Purpose.AUDIT)
    try:
        question = audit_log.parse(request.GET, desk.today)
        page = audit_log.search(desk, question)
        findings: tuple[Finding, ...] = ()
    except Refused as refusal:
        page, findings = None, refusal.findings
    context = {
        "page": page,
        "findings": findings,
        "given": request.GET,
        "operations": [(operation.value, operation.label) for operation in Operation],
        "export_fields": ("first", "last", "subject", "account", "operation"),
        "default_from": (desk.today - timedelta(days=7)).isoformat(),
        "default_to": desk.today.isoformat(),
    }
    return render(request, "web/audit.html", context, status=422 if findings else 200)


# -- jobs -------------------------------------------------------------------------------------------------------------


def _require_jobs(request: StaffRequest) -> None:
    if not request.desk.duties & {Duty.BULK, Duty.ADMINISTRATION}:
        request.desk.for_purpose(Purpose.SYSTEM).require(Duty.BULK)


@require_GET
@hands_out_nothing("names and progress of jobs")
def jobs(request: StaffRequest) -> HttpResponse:
    """Long work with its progress."""
    _require_jobs(request)
    rows = list(Job.objects.order_by("-id")[:100])
    template = "web/jobs_rows.html" if request.headers.get("HX-Request") else "web/jobs.html"
    return render(request, template, {"jobs": rows, "active": any(job.state in {"queued", "running"} for job in rows)})


@require_POST
@hands_out_nothing("an act on a job")
def cancel_job(request: StaffRequest, job_id: int) -> HttpResponse:
    """Ask a job to stop at its next checkpoint."""
    _require_jobs(request)
    done = runner.request_cancel(job_id)
    request.desk.log(Operation.SETTINGS, target=f"job:{job_id}", act="cancel", done=done)
    return HttpResponseRedirect("/jobs")
