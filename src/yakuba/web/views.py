"""The shell's own screens: home, purpose of use, operation history, jobs."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access import sign_in
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.request import StaffRequest, public
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import JAPAN
from yakuba.platform.jobs import runner
from yakuba.platform.jobs.models import Job
from yakuba.platform.protection.exits import exit_of, hands_out_nothing
from yakuba.systems.residents import enquiries
from yakuba.systems.residents.filings import KINDS

from . import audit_log, exits, ledgers
from .context import purposes
from .signing_in import next_path

_POPULATION_HOLDS_S = 60.0


@public
@require_GET
@hands_out_nothing("whether the database answers")
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers; for the supervisor. Says nothing about anybody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


# -- home -------------------------------------------------------------------------------------------------------------


@require_GET
@hands_out_nothing("ways into the work")
def home(request: StaffRequest) -> HttpResponse:
    """Today's work and the ways into it."""
    desk = request.desk
    # Names only: a template would call a class.
    kinds: dict[str, list[tuple[str, str, str]]] = {}
    for kind in KINDS.values() if desk.may(Duty.REGISTRATION) else ():
        kinds.setdefault(kind.group.value, []).append((kind.kind, kind.label, kind.article))
    context = {"kinds": kinds.items(), "today": desk.today, "lines": ledgers.waiting(desk)}
    return render(request, "web/home.html", context)


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
    return HttpResponseRedirect(next_path(request))


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
