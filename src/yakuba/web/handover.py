"""授受: the hand-over book with what waits and what is overdue, media, and the books of forms, material and disks."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access import menu
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.request import StaffRequest, takes_files
from yakuba.platform.handover import incoming, ledgers, media, opener, outgoing
from yakuba.platform.handover.incoming import Arrival
from yakuba.platform.handover.ledgers import NewItem
from yakuba.platform.handover.media import NewMedium
from yakuba.platform.handover.models import Ledger, Outcome, Step, Way
from yakuba.platform.protection.exits import hands_out_nothing

from .forms import day_of

_BOOKS = "Files by name and figures; their content passed its own exit when it was prepared, and is sealed."
_SEES = frozenset({Duty.HANDOVER, Duty.INFORMATION_MANAGEMENT, Duty.SECURITY, Duty.AUDIT})


def desk_of(request: StaffRequest) -> Desk:
    return request.desk.for_purpose(Purpose.HAND_OVER)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _way(data: Any) -> Way:
    return Way.MEDIUM if data.get("way") == Way.MEDIUM else Way.NETWORK


def _page(request: HttpRequest, template: str, context: dict[str, Any], findings: tuple[Finding, ...]) -> HttpResponse:
    context |= {"findings": findings, "given": request.POST, "may_hand_over": Duty.HANDOVER in context["desk_duties"]}
    return render(request, template, context, status=422 if findings else 200)


# -- the hand-over book ------------------------------------------------------------------------------------------------


@hands_out_nothing(_BOOKS)
@require_GET
def overview(request: StaffRequest) -> HttpResponse:
    """What waits to be handed out, whose receipt is open, what came, and the book of a span of days."""
    return _overview(request, ())


def _overview(request: StaffRequest, findings: tuple[Finding, ...]) -> HttpResponse:
    desk, wrong = desk_of(request), Findings()
    first = day_of(wrong, request.GET, "first", "いつから") if request.GET.get("first", "").strip() else None
    last = day_of(wrong, request.GET, "last", "いつまで") if request.GET.get("last", "").strip() else None
    releases = [] if wrong.errors else outgoing.book(desk, first=first, last=last)
    may_receive = bool(desk.duties & _SEES)
    context = {
        "desk_duties": desk.duties,
        "drafts": outgoing.waiting(desk) if desk.may(Duty.HANDOVER) else [],
        "releases": releases,
        "overdue": sum(line.is_overdue for line in releases),
        "inbound": incoming.book(desk) if may_receive else [],
        "asked": request.GET,
        "outcomes": [(outcome.value, outcome.label) for outcome in Outcome],
        "ways": [(way.value, way.label) for way in Way],
        "correspondents": outgoing.correspondents(),
        "ledgers": [(ledger.value, ledger.label) for ledger in Ledger],
        "office": desk.office,
    }
    return _page(request, "web/handover.html", context, (*findings, *wrong))


@hands_out_nothing(_BOOKS)
@require_POST
def draft(request: StaffRequest, draft_id: int) -> HttpResponse:
    """Hand a prepared file out, apply for its approval again, or throw it away."""
    desk, act = desk_of(request), request.POST.get("act", "")
    try:
        if act == "release":
            outgoing.release(
                desk, draft_id, passphrase=request.POST.get("passphrase", ""), witness=request.POST.get("witness", "")
            )
        elif act == "apply":
            outgoing.apply_for_release(desk, draft_id)
        else:
            outgoing.discard(desk, draft_id, request.POST.get("reason", ""))
    except Refused as refusal:
        return _overview(request, refusal.findings)
    return HttpResponseRedirect("/handover")


@hands_out_nothing(_BOOKS)
@require_GET
def file(request: StaffRequest, release_id: int) -> FileResponse:
    """The sealed file of a release, until its receipt."""
    sealed = outgoing.fetch(desk_of(request), release_id)
    return FileResponse(
        sealed.open("rb"), as_attachment=True, filename=f"{release_id}.ykh", content_type="application/octet-stream"
    )


@hands_out_nothing(_BOOKS)
@require_POST
def receipt(request: StaffRequest, release_id: int) -> HttpResponse:
    """Write down what the recipient said."""
    data, findings = request.POST, Findings()
    if data.get("outcome") not in set(Outcome):
        findings.error("WEB-E-024", "outcome", "結果が選ばれていません。", "一覧から選んでください。")
    try:
        findings.raise_if_blocking()
        outgoing.confirm(
            desk_of(request), release_id, Outcome(data["outcome"]), data.get("person", ""),
            sha256=data.get("sha256", ""), note=data.get("note", ""),
        )  # fmt: skip
    except Refused as refusal:
        return _overview(request, refusal.findings)
    return HttpResponseRedirect("/handover")


@takes_files(2_100_000_000)
@hands_out_nothing(_BOOKS)
@require_POST
def receive(request: StaffRequest) -> HttpResponse:
    """Take in a sealed file that the browser sends, under its passphrase."""
    data, sent = request.POST, request.FILES.get("file")
    desk = desk_of(request)
    try:
        if sent is None:
            raise Refused(
                [Finding("WEB-E-025", "file", "ファイルが選ばれていません。", "受け取ったファイルを選んでください。")]
            )
        arrival = Arrival(
            name=str(sent.name), correspondent=data.get("correspondent", ""), purpose=data.get("purpose", ""),
            way=_way(data), medium=data.get("medium", ""),
        )  # fmt: skip
        with tempfile.NamedTemporaryFile(dir=settings.DATA) as kept:
            for chunk in sent.chunks():
                kept.write(chunk)
            kept.flush()
            incoming.receive(desk, arrival, Path(kept.name), opener.with_passphrase(data.get("passphrase", "")))
    except Refused as refusal:
        return _overview(request, refusal.findings)
    return HttpResponseRedirect("/handover")


@hands_out_nothing(_BOOKS)
@require_POST
def refuse(request: StaffRequest, inbound_id: int) -> HttpResponse:
    """Refuse a received file."""
    try:
        incoming.refuse(desk_of(request), inbound_id, request.POST.get("reason", ""))
    except Refused as refusal:
        return _overview(request, refusal.findings)
    return HttpResponseRedirect("/handover")


# -- recipients --------------------------------------------------------------------------------------------------------


@hands_out_nothing("Names and public keys of offices.")
@require_http_methods(["GET", "POST"])
def correspondents(request: StaffRequest) -> HttpResponse:
    """授受の相手方."""
    desk, findings = desk_of(request), ()
    if request.method == "POST":
        data = request.POST
        try:
            outgoing.name_correspondent(
                desk, data.get("code", ""), data.get("name", ""), data.get("certificate", ""),
                is_active=data.get("act") != "close",
            )  # fmt: skip
            return HttpResponseRedirect("/handover/correspondents")
        except Refused as refusal:
            findings = refusal.findings
    else:
        desk.require(Duty.INFORMATION_MANAGEMENT)
    context = {"desk_duties": desk.duties, "rows": outgoing.correspondents()}
    return _page(request, "web/handover_correspondents.html", context, findings)


# -- media -------------------------------------------------------------------------------------------------------------


@hands_out_nothing("Media by their numbers.")
@require_http_methods(["GET", "POST"])
def media_book(request: StaffRequest) -> HttpResponse:
    """媒体管理簿: apply for a medium, confirm its erasure, apply for and record its disposal."""
    desk, findings = desk_of(request), ()
    if request.method == "POST":
        try:
            _act_on_media(desk, request.POST)
            return HttpResponseRedirect("/handover/media")
        except Refused as refusal:
            findings = refusal.findings
    context = {"desk_duties": desk.duties, "lines": media.book(desk), "today": desk.today}
    return _page(request, "web/handover_media.html", context, findings)


def _act_on_media(desk: Desk, data: Any) -> None:
    act, number = data.get("act", ""), _number(data.get("medium", ""))
    if act == "apply":
        findings = Findings()
        start, end = day_of(findings, data, "start", "使用の始まり"), day_of(findings, data, "end", "使用の終わり")
        findings.raise_if_blocking()
        media.apply_for(
            desk,
            NewMedium(
                label=data.get("label", ""),
                serial=data.get("serial", ""),
                kind=data.get("kind", ""),
                has_security=data.get("has_security") == "1",
                accounts=tuple(data.get("accounts", "").replace("、", " ").replace(",", " ").split()),
                terminals=tuple(data.get("terminals", "").replace("、", " ").replace(",", " ").split()),
                start=start,
                end=end,
                purpose=data.get("purpose", ""),
            ),
        )
    elif act == "erase":
        media.confirm_erasure(desk, number, data.get("method", ""))
    elif act == "apply_disposal":
        media.apply_for_disposal(desk, number, data.get("method", ""), data.get("reason", ""))
    else:
        media.dispose(desk, number, data.get("method", ""), data.get("reason", ""))


# -- ledgers -----------------------------------------------------------------------------------------------------------


@hands_out_nothing("Bundles of forms, material and disks by their numbers.")
@require_http_methods(["GET", "POST"])
def ledger(request: StaffRequest, name: str) -> HttpResponse:
    """帳票管理簿, 委託先への提供資料, 磁気ディスク管理簿."""
    desk, findings, which = desk_of(request), (), Ledger(name)
    if request.method == "POST":
        try:
            _act_on_item(desk, which, request.POST)
            return HttpResponseRedirect(f"/handover/ledgers/{name}")
        except Refused as refusal:
            findings = refusal.findings
    only_open = request.GET.get("ended") != "1"
    context = {
        "desk_duties": desk.duties, "ledger": which, "label": which.label, "only_open": only_open,
        "lines": ledgers.book(desk, which, only_open=only_open), "steps": [(step.value, step.label) for step in Step],
    }  # fmt: skip
    return _page(request, "web/handover_ledger.html", context, findings)


def _act_on_item(desk: Desk, which: Ledger, data: Any) -> None:
    act, number, count = data.get("act", ""), _number(data.get("item", "")), _number(data.get("count", ""))
    if act == "enter":
        findings, until = Findings(), None
        if data.get("keep_until", "").strip():
            until = day_of(findings, data, "keep_until", "保存期間の終わり")
        findings.raise_if_blocking()
        ledgers.enter(
            desk,
            NewItem(
                which, data.get("number", ""), data.get("title", ""), count, data.get("holder", ""),
                data.get("place", ""), until,
            ),
        )  # fmt: skip
    elif act == "apply_disposal":
        ledgers.apply_for_disposal(desk, number, data.get("method", ""), data.get("note", ""))
    elif data.get("step") in set(Step):
        ledgers.record(
            desk, number, Step(data["step"]), count, holder=data.get("holder", ""), place=data.get("place", ""),
            method=data.get("method", ""), note=data.get("note", ""),
        )  # fmt: skip
    else:
        raise Refused([Finding("WEB-E-026", "step", "記録の種類が選ばれていません。", "一覧から選んでください。")])


urlpatterns = [
    path("handover", overview),
    path("handover/drafts/<int:draft_id>", draft),
    path("handover/releases/<int:release_id>/file", file),
    path("handover/releases/<int:release_id>/receipt", receipt),
    path("handover/inbound", receive),
    path("handover/inbound/<int:inbound_id>/refuse", refuse),
    path("handover/correspondents", correspondents),
    path("handover/media", media_book),
    *(path(f"handover/ledgers/{which.value}", ledger, {"name": which.value}) for which in Ledger),
]
menu.add("/handover", "授受簿", _SEES, order=610)
