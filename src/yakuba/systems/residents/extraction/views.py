"""The screen of データ抽出: choose, count, keep, and ask for the file."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.http.request import QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Purpose
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.handover import outgoing
from yakuba.platform.handover.models import Way
from yakuba.platform.handover.outgoing import Order
from yakuba.platform.protection.exits import hands_out_nothing

from . import services
from .definition import OFFERED, Definition, How, Source

_ROWS = 6
"""Conditions that the screen has places for."""

_GROUPS = tuple(dict.fromkeys(item.group for item in OFFERED))


@require_http_methods(["GET", "POST"])
@hands_out_nothing("definitions and counts; the file passes its own exit when it is made")
def extract(request: StaffRequest) -> HttpResponse:
    """The form; a POST counts (`count`), keeps (`save`) or asks for the file (`extract`)."""
    desk = request.desk.for_purpose(Purpose.HAND_OVER)
    findings: tuple[Finding, ...] = ()
    counted = None
    kept = services.saved(desk)
    given = _given(request.POST) if request.method == "POST" else _of_saved(kept, request.GET.get("saved", ""))
    if request.method == "POST":
        try:
            definition = Definition.parse(given)
            act = request.POST.get("act", "count")
            if act == "extract":
                services.request(desk, definition, _order(request.POST))
                return HttpResponseRedirect("/jobs")
            if act == "save":
                row = services.save(desk, request.POST.get("save_as", ""), definition)
                return HttpResponseRedirect(f"/residents/extraction?saved={row.pk}")
            counted = services.preview(desk, definition)
        except Refused as refusal:
            findings = refusal.findings
    return render(
        request,
        "residents/extraction.html",
        _context(desk, given, request.POST) | {"findings": findings, "counted": counted, "kept": kept},
        status=422 if findings else 200,
    )


def _given(data: QueryDict) -> dict[str, Any]:
    """The form in the shape of a definition; places without an item are left out."""
    rows = [(data.get(f"item{n}", ""), data.get(f"how{n}", ""), data.get(f"value{n}", "")) for n in range(_ROWS)]
    return {
        "source": data.get("source", ""),
        "columns": data.getlist("columns"),
        "conditions": [row for row in rows if row[0]],
    }


def _of_saved(kept: list[Any], number: str) -> dict[str, Any]:
    found = next((row.definition for row in kept if str(row.pk) == number), None)
    return found or {"source": Source.CURRENT.value, "columns": ["name", "name_kana", "birth", "sex"], "conditions": []}


def _order(data: QueryDict) -> Order:
    findings = Findings()
    way = data.get("way", Way.NETWORK)
    if way not in set(Way):
        findings.error("RES-E-731", "way", "渡し方が選ばれていません。", "一覧から選んでください。")
    findings.raise_if_blocking()
    return Order(
        source="", name=data.get("name", ""), correspondent=data.get("correspondent", ""),
        purpose=data.get("purpose", ""), law=data.get("law", ""), way=Way(way), medium=data.get("medium", ""),
    )  # fmt: skip


def _context(desk: Desk, given: dict[str, Any], data: QueryDict) -> dict[str, Any]:
    places = [*given["conditions"], *[("", "", "")] * _ROWS][:_ROWS]
    return {
        "groups": [(group, [item for item in OFFERED if item.group == group]) for group in _GROUPS],
        "sources": [(source.value, source.label) for source in Source],
        "hows": [(how.value, how.label) for how in How],
        "places": list(enumerate(places)),
        "chosen": set(given["columns"]),
        "source": given["source"],
        "correspondents": outgoing.correspondents(),
        "ways": [(way.value, way.label) for way in Way],
        "given": data,
    }
