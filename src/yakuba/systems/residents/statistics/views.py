"""Screens of 人口統計: asking for a count, its tables, the population as a pyramid, files of figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Purpose
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.protection.exits import hands_out_nothing

from . import services
from .services import Bar

_COUNTS = "counts of persons and households; nobody's record"
_ROW, _HALF, _MIDDLE = 20, 260, 90
"""Of the pyramid in SVG units: height of a class, width of the longest bar, width of the labels between."""


def _desk(request: StaffRequest) -> Desk:
    return request.desk.for_purpose(Purpose.STATISTICS)


@require_http_methods(["GET", "POST"])
@hands_out_nothing(_COUNTS)
def overview(request: StaffRequest) -> HttpResponse:
    """The counts there are; a POST asks for another one."""
    desk = _desk(request)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        try:
            services.request(desk, *_period(request))
            return HttpResponseRedirect("/jobs")
        except Refused as refusal:
            findings = refusal.findings
    month, year = services.month_due(desk.today), services.year_due(desk.today)
    context = {"rows": services.made(desk), "month": month, "year": year, "given": request.POST, "findings": findings}
    return render(request, "residents/statistics.html", context, status=422 if findings else 200)


def _period(request: StaffRequest) -> tuple[date, date]:
    findings, days = Findings(), []
    for name, label in (("first", "いつから"), ("last", "いつまで")):
        text = request.POST.get(name, "").strip()
        try:
            found = UncertainDate.parse(text).date
        except ValueError:
            found = None
        if found is None:
            findings.error("RES-E-703", name, f"{label}を年月日として読めません。", "暦にある日付を入力してください。")
        days.append(found)
    findings.raise_if_blocking()
    first, last = days
    assert first is not None
    assert last is not None
    return first, last


@dataclass(frozen=True, slots=True)
class Row:
    """A class of the pyramid as drawn."""

    bar: Bar
    y: int
    men_x: str
    men_width: str
    women_width: str


def _picture(bars: tuple[Bar, ...]) -> dict[str, Any]:
    most = max((max(bar.men, bar.women) for bar in bars), default=0) or 1

    def width(persons: int) -> float:
        return _HALF * persons / most

    return {
        "bars": [
            Row(
                bar,
                24 + place * _ROW,
                f"{_HALF - width(bar.men):.1f}",
                f"{width(bar.men):.1f}",
                f"{width(bar.women):.1f}",
            )
            for place, bar in enumerate(bars)
        ],
        "women_x": _HALF + _MIDDLE,
        "middle_x": _HALF + _MIDDLE // 2,
        "width": 2 * _HALF + _MIDDLE,
        "height": 30 + len(bars) * _ROW,
    }


@require_GET
@hands_out_nothing(_COUNTS)
def report(request: StaffRequest, number: int) -> HttpResponse:
    """One count: the pyramid and every table."""
    found = _read(request, number)
    context = {"report": found, "picture": _picture(found.pyramid)}
    return render(request, "residents/statistics_report.html", context)


@require_GET
@hands_out_nothing(_COUNTS)
def file(request: StaffRequest, number: int, table: int) -> HttpResponse:
    """A table as CSV, for the public page of the municipality."""
    found = _read(request, number)
    wanted = found.table(table)
    if wanted is None:
        raise Http404
    response = HttpResponse("\ufeff" + wanted.csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="statistics-{found.made.last:%Y%m%d}-{table}.csv"'
    return response


def _read(request: StaffRequest, number: int) -> services.Report:
    try:
        return services.read(_desk(request), number)
    except Refused as refusal:
        raise Http404 from refusal
