"""支援措置等: flags of a person, what ends soon, releases for a moment, and asking for one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.codes import CodeList
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access import menu
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.protection import flags, policy, releases
from yakuba.platform.protection.exits import Way, exit_of, hands_out_nothing
from yakuba.platform.protection.flags import FlagOrder
from yakuba.platform.protection.releases import ReleaseRequest
from yakuba.systems.residents import enquiries
from yakuba.systems.residents.display import person_name

from .exits import FLAGS_LIST, FLAGS_SCREEN, RELEASES_LIST

_WAYS = [(way.value, way.label) for way in Way]


def desk_of(request: StaffRequest) -> Desk:
    """The care of flags is an affair of its own."""
    return request.desk.for_purpose(Purpose.PROTECTION)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _day(findings: Findings, data: Mapping[str, Any], name: str) -> date | None:
    """A day of the form; None for an empty field, and with a finding for one that can't be read."""
    text = str(data.get(name, "")).strip()
    if not text:
        return None
    try:
        found = UncertainDate.parse(text).date
    except ValueError:
        found = None
    if found is None:
        findings.error(
            "PRO-E-030", name, f"「{text[:20]}」は年月日として読めません。", "暦にある日付を入力してください。"
        )
    return found


# -- flags ------------------------------------------------------------------------------------------------------------


@require_GET
@exit_of(FLAGS_LIST)
def overview(request: StaffRequest) -> HttpResponse:
    """Flags that hold today, those that end within the time of notice apart; the way to a person."""
    desk = desk_of(request)
    asked = request.GET.get("person", "").strip()
    findings: tuple[Finding, ...] = ()
    number = _number(asked)
    if number is not None:
        return HttpResponseRedirect(f"/protection/{number:015d}")
    if asked:
        findings = (Finding("PRO-E-031", "person", "宛名番号として読めません。", "15桁以内の数字を入力してください。"),)
    soon, held = flags.holding(desk, ending_soon=True), flags.holding(desk)
    names = enquiries.names(desk, sorted({line.flag.subject for line in held}), FLAGS_LIST)
    context = {
        "soon": [(line, names.get(line.flag.subject, "")) for line in soon],
        "held": [(line, names.get(line.flag.subject, "")) for line in held],
        "notice_days": releases.SETTINGS.value("notice_days", int, on=desk.today),
        "findings": findings,
        "asked": asked[:15],
    }
    return render(request, "web/protection.html", context, status=422 if findings else 200)


@require_http_methods(["GET", "POST"])
@exit_of(FLAGS_SCREEN)
def person(request: StaffRequest, number: int) -> HttpResponse:
    """The flags of a person with their history; `act` sets some or ends one."""
    desk = desk_of(request)
    desk.require(Duty.PROTECTION)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        try:
            if request.POST.get("act") == "end":
                _end(desk, request.POST)
            else:
                flags.set_flags(desk, _order(desk, number, request.POST))
            return HttpResponseRedirect(f"/protection/{number:015d}")
        except Refused as refusal:
            findings = refusal.findings
    page = enquiries.person(desk, number, FLAGS_SCREEN)
    months = releases.SETTINGS.value("support_months", int, on=desk.today)
    context = {
        "number": number,
        "name": person_name(page.version),
        "page": page,
        "lines": flags.flags_of(desk, number),
        "releases": [
            (row, Way(row.way).label if row.way in set(Way) else row.way) for row in flags.releases_of(desk, number)
        ],
        "members": [member for member in page.household if member.person_id != number],
        "kinds": CodeList.load(policy.CODES).at(desk.today),
        "ways": _WAYS,
        "given": request.POST,
        "together": request.POST.getlist("together"),
        "chosen_ways": request.POST.getlist("ways"),
        "today": desk.today,
        "last_day": flags.months_later(desk.today, months) - timedelta(days=1),
        "months": months,
        "findings": findings,
    }
    return render(request, "web/protection_person.html", context, status=422 if findings else 200)


def _order(desk: Desk, number: int, data: Any) -> FlagOrder:
    """What the form wants to set. No way ticked: all that the kind can cover. Raises Refused for what can't be read."""
    findings = Findings()
    starts_on = _day(findings, data, "starts_on")
    last_day = _day(findings, data, "last_day")
    together = [_number(text) for text in data.getlist("together")]
    if None in together:
        findings.error("PRO-E-031", "together", "宛名番号として読めません。", "画面を開き直してください。")
    findings.raise_if_blocking()
    kind, starts_on = data.get("kind", ""), starts_on or desk.today
    ways = tuple(data.getlist("ways"))
    if not ways and kind in set(policy.FlagKind):
        ways = tuple(policy.coverable(policy.FlagKind(kind), starts_on))
    return FlagOrder(
        subjects=(number, *(other for other in together if other is not None)),
        kind=kind,
        ways=ways,
        starts_on=starts_on,
        last_day=last_day,
        reason=data.get("reason", ""),
        case=data.get("case", ""),
    )


def _end(desk: Desk, data: Any) -> None:
    findings = Findings()
    day = _day(findings, data, "ends_before")
    findings.raise_if_blocking()
    flags.end_flag(desk, _number(data.get("flag", "")) or 0, day or desk.today, data.get("end_reason", ""))


# -- releases ---------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@exit_of(RELEASES_LIST)
def releasing(request: StaffRequest) -> HttpResponse:
    """Releases that hold now; `act` opens one or takes one back."""
    desk = desk_of(request)
    desk.require(Duty.PROTECTION_RELEASE)
    findings: tuple[Finding, ...] = ()
    if request.method == "POST":
        try:
            if request.POST.get("act") == "take_back":
                release = _number(request.POST.get("release", "")) or 0
                releases.take_back(desk, release, request.POST.get("end_reason", ""))
            else:
                releases.release(desk, _release(request.POST))
            return HttpResponseRedirect("/protection/releases")
        except Refused as refusal:
            findings = refusal.findings
    context = {
        "releases": [(row, Way(row.way).label) for row in releases.open_releases(desk)],
        "ways": _WAYS,
        "given": request.POST,
        "minutes": releases.SETTINGS.value("release_minutes", int, on=desk.today),
        "findings": findings,
    }
    return render(request, "web/protection_releases.html", context, status=422 if findings else 200)


def _release(data: Any) -> ReleaseRequest:
    findings = Findings()
    numbers: dict[str, int | None] = {}
    for name, label in (("subject", "宛名番号"), ("minutes", "時間"), ("uses", "回数")):
        text = data.get(name, "").strip()
        numbers[name] = _number(text)
        if (text and numbers[name] is None) or (not text and name == "subject"):
            findings.error("PRO-E-031", name, f"{label}として読めません。", "数字を入力してください。")
    findings.raise_if_blocking()
    return ReleaseRequest(
        subject=numbers["subject"] or 0,
        way=data.get("way", ""),
        account=data.get("account", "").strip()[:40],
        reason=data.get("reason", ""),
        case=data.get("case", ""),
        minutes=numbers["minutes"],
        uses=numbers["uses"],
    )


@require_http_methods(["GET", "POST"])
@hands_out_nothing("a form about a number that the person at the desk already has")
def apply(request: StaffRequest) -> HttpResponse:
    """Ask that somebody else releases a record for oneself."""
    data = request.POST if request.method == "POST" else request.GET
    findings: tuple[Finding, ...] = ()
    number = _number(data.get("person", "").strip())
    if request.method == "POST":
        try:
            if number is None or data.get("way", "") not in set(Way):
                raise Refused(
                    [
                        Finding(
                            "PRO-E-032",
                            "way",
                            "対象の方又は操作が選ばれていません。",
                            "住民の画面から申請してください。",
                        )
                    ]
                )
            releases.apply(desk_of(request), number, Way(data["way"]), data.get("reason", ""), data.get("case", ""))
            return HttpResponseRedirect("/approvals")
        except Refused as refusal:
            findings = refusal.findings
    context = {"number": number, "ways": _WAYS, "given": data, "findings": findings}
    return render(request, "web/protection_apply.html", context, status=422 if findings else 200)


urlpatterns = [
    path("protection", overview),
    path("protection/<int:number>", person),
    path("protection/releases", releasing),
    path("protection/apply", apply),
]
menu.add("/protection", "支援措置等", {Duty.PROTECTION}, order=500)
menu.add("/protection/releases", "一時解除", {Duty.PROTECTION_RELEASE}, order=510)
