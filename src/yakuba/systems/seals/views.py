"""The seal registry's screens."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yakuba.core.codes import CodeList
from yakuba.core.findings import Finding, Refused, Severity
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.request import StaffRequest, with_purpose
from yakuba.platform.protection.exits import exit_of, hands_out_nothing

from . import certificates, enquiries, exits, imprints, rules, services
from .models import Act, ApplicationState, CardState, Imprint

_LISTS = frozenset({"identity_documents", "confirmed"})
_NOT_FIELDS = frozenset({"csrfmiddlewaretoken", "act", "picture"})


def _data(form: QueryDict, *, without: Sequence[str] = ()) -> dict[str, Any]:
    """The fields of a browser's form as the services take them."""
    left_out = _NOT_FIELDS | set(without)
    return {
        name: form.getlist(name) if name in _LISTS else form[name]
        for name in form
        if name not in left_out and form[name]
    }


def _picture(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _choices(codes: str, desk: Desk) -> list[tuple[str, str]]:
    return [(entry.code, entry.name) for entry in CodeList.load(codes).at(desk.today)]


def _label(codes: str, code: str) -> str:
    return next((entry.name for entry in CodeList.load(codes).entries if entry.code == code), code)


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


# -- lists ------------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@exit_of(exits.QUEUE_SCREEN)
def overview(request: StaffRequest) -> HttpResponse:
    """What waits, and the way to a person by a number."""
    findings: Sequence[Finding] = ()
    if request.method == "POST":
        try:
            return HttpResponseRedirect(
                f"/seals/persons/{enquiries.find(request.desk, request.POST.get('number', '')[:40]):015d}"
            )
        except Refused as refusal:
            findings = refusal.findings
    work = enquiries.work(request.desk, exits.QUEUE_SCREEN)
    context = {"work": work, "findings": findings, "today": request.desk.today, "account": request.desk.account}
    return render(request, "seals/overview.html", context, status=422 if findings else 200)


@require_GET
@hands_out_nothing("counts of registrations")
def statistics(request: StaffRequest) -> HttpResponse:
    """Registrations, and what happened in each of the last twelve months."""
    return render(request, "seals/statistics.html", {"found": enquiries.statistics(request.desk)})


# -- a person's seals ---------------------------------------------------------------------------------------------------------


_ACTS = {
    "abolish": "廃止できません",
    "card_loss": "亡失の届出を受け付けられません",
    "reissue": "登録証を交付できません",
    "stop": "停止できません",
    "release": "解除できません",
    "restore": "回復できません",
}


@require_http_methods(["GET", "POST"])
@exit_of(exits.RECORD_SCREEN)
def person(request: StaffRequest, number: int) -> HttpResponse:
    """One person's seals with their history, and what can be done about them."""
    findings: Sequence[Finding] = ()
    act = request.POST.get("act", "")
    if request.method == "POST":
        try:
            _do(with_purpose(request, Purpose.SEALS), act, number, request.POST)
            return HttpResponseRedirect(f"/seals/persons/{number:015d}")
        except Refused as refusal:
            findings = refusal.findings
    page = enquiries.seal_page(request.desk, number, exits.RECORD_SCREEN)
    registrations = [
        {
            "row": row,
            "picture": _picture(bytes(row.imprint.picture)),
            "kind": _label("seal_engraving_kinds", row.engraving_kind),
            "material": _label("seal_materials", row.material),
            "method": _label("seal_identity_methods", row.identity_method),
            "applicant": _label("seal_applicants", row.applicant_kind),
            "reason": _label("seal_end_reasons", row.end_reason) if row.end_reason else "",
            "stopped": _label("seal_stop_reasons", row.stop_reason) if row.stop_reason else "",
            "size": _size(row.imprint),
            "cards": [
                (card, CardState(card.state).label) for card in sorted(row.cards.all(), key=lambda card: card.number)
            ],
        }
        for row in page.registrations
    ]
    active = page.active
    context = {
        "page": page,
        "registrations": registrations,
        "active": active,
        "card": None if active is None else next((c for c in active.cards.all() if c.state == CardState.VALID), None),
        "steps": [(step, Act(step.act).label, _reason(step.act, step.reason)) for step in page.steps],
        "findings": findings,
        "heading": _ACTS.get(act, "受け付けられません"),
        "documents": _choices("identity_documents", request.desk),
        "applicants": _choices("seal_applicants", request.desk),
        "stop_reasons": _choices("seal_stop_reasons", request.desk),
        "end_reasons": [(reason.value, _label("seal_end_reasons", reason.value)) for reason in rules.FILED],
    }
    return render(request, "seals/person.html", context, status=422 if findings else 200)


def _do(desk: Desk, act: str, number: int, form: QueryDict) -> None:
    comment = form.get("comment", "")[:1000]
    match act:
        case "abolish":
            services.abolish(desk, _data(form) | {"person": number})
        case "card_loss":
            services.report_card_loss(desk, _data(form) | {"person": number})
        case "reissue":
            services.reissue_card(desk, _data(form) | {"person": number})
        case "stop":
            services.stop(desk, number, form.get("reason", "")[:20], comment)
        case "release":
            services.release(desk, number, comment)
        case "restore":
            text = form.get("registration", "")
            services.restore(desk, int(text) if text.isascii() and text.isdigit() and len(text) <= 8 else 0, comment)
        case _:
            raise Refused([Finding("SEAL-E-001", "act", "この画面にない操作です。", "画面を開き直してください。")])


def _size(imprint: Imprint) -> str:
    return f"縦{imprint.height_um / 1000:.1f}mm　横{imprint.width_um / 1000:.1f}mm"


def _reason(act: str, reason: str) -> str:
    if not reason:
        return ""
    return _label("seal_stop_reasons" if act == Act.STOPPED else "seal_end_reasons", reason)


# -- applications ---------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@exit_of(exits.ENTRY_SCREEN)
def apply(request: StaffRequest) -> HttpResponse:
    """登録申請: the form with the scan."""
    desk = with_purpose(request, Purpose.SEALS)
    desk.require(Duty.REGISTRATION)
    findings: Sequence[Finding] = ()
    if request.method == "POST":
        sent = request.FILES.get("picture")
        try:
            if sent is None or sent.size > imprints.MAX_BYTES:
                raise Refused([Finding("SEAL-E-032", "picture", "印影の画像（2MBまで）が選ばれていません。", "読み取ったPNG画像を選んでください。")])  # fmt: skip
            receipt = services.apply(desk, _data(request.POST), sent.read())
            return HttpResponseRedirect(f"/seals/applications/{receipt.application}")
        except Refused as refusal:
            findings = refusal.findings
        form: Mapping[str, Any] = _data(request.POST)
    else:
        form = {
            "key": str(uuid.uuid4()),
            "person": request.GET.get("person", "")[:15],
            "applicant_kind": "1",
            "identity_method": "1",
        }
    text = str(form.get("person", ""))
    chosen = int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else -1
    page = enquiries.seal_page(desk, chosen, exits.ENTRY_SCREEN)
    if request.method == "GET":
        form = {**form, "replaces": "1" if page.active is not None else "", "applicant_name": page.person.label}
    context = {
        "page": page,
        "form": form,
        "findings": findings,
        "errors": [finding for finding in findings if finding.severity is Severity.ERROR],
        "warnings": [finding for finding in findings if finding.severity is Severity.WARNING],
        "materials": _choices("seal_materials", desk),
        "applicants": _choices("seal_applicants", desk),
        "methods": _choices("seal_identity_methods", desk),
        "documents": _choices("identity_documents", desk),
    }
    return render(request, "seals/apply.html", context, status=422 if findings else 200)


@require_http_methods(["GET", "POST"])
@exit_of(exits.ENTRY_SCREEN)
def application(request: StaffRequest, application_id: int) -> HttpResponse:
    """One application: its imprint, what was checked, and what can be done now."""
    findings: Sequence[Finding] = ()
    if request.method == "POST":
        desk = with_purpose(request, Purpose.SEALS)
        try:
            _decide(desk, application_id, request.POST)
            return HttpResponseRedirect(f"/seals/applications/{application_id}")
        except Refused as refusal:
            findings = refusal.findings
    opened = enquiries.application(request.desk, application_id, exits.ENTRY_SCREEN)
    row = opened.row
    context = {
        "opened": opened,
        "row": row,
        "state": ApplicationState(row.state).label,
        "picture": _picture(bytes(row.imprint.picture)),
        "size": _size(row.imprint),
        "kind": _label("seal_engraving_kinds", row.engraving_kind),
        "material": _label("seal_materials", row.material),
        "method": _label("seal_identity_methods", row.identity_method),
        "applicant": _label("seal_applicants", row.applicant_kind),
        "shown": [_label("identity_documents", code) for code in row.identity_documents],
        "steps": [(step, Act(step.act).label) for step in opened.steps],
        "findings": findings,
        "documents": _choices("identity_documents", request.desk),
        "is_own": row.account == request.desk.account,
        "is_waiting": row.state == ApplicationState.WAITING,
        "is_inquired": row.state == ApplicationState.INQUIRED,
        "today": request.desk.today,
    }
    return render(request, "seals/application.html", context, status=422 if findings else 200)


def _decide(desk: Desk, application_id: int, form: QueryDict) -> None:
    comment = form.get("comment", "")[:1000]
    match form.get("act", ""):
        case "answer":
            services.record_answer(desk, application_id, _data(form, without=("comment",)))
        case "approve":
            services.approve(desk, application_id, comment)
        case "return":
            services.send_back(desk, application_id, comment)
        case "withdraw":
            services.withdraw(desk, application_id, comment)
        case _:
            raise Refused([Finding("SEAL-E-001", "act", "この画面にない操作です。", "画面を開き直してください。")])


@require_POST
@exit_of(exits.INQUIRY_PAPER)
def inquiry_pdf(request: StaffRequest, application_id: int) -> HttpResponse:
    """照会書・回答書."""
    return _pdf(certificates.inquiry_letter(with_purpose(request, Purpose.SEALS), application_id).pdf, "inquiry")


@require_POST
@exit_of(exits.NOTICE_PAPER)
def notice_pdf(request: StaffRequest, number: int) -> HttpResponse:
    """印鑑登録抹消通知書."""
    return _pdf(certificates.lapse_notice(with_purpose(request, Purpose.SEALS), number).pdf, "notice")


# -- certificates -----------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@exit_of(exits.CERTIFICATE_SCREEN, exits.PREVIEW_SCREEN, exits.CERTIFICATE_PAPER)
def certificate(request: StaffRequest) -> HttpResponse:
    """印鑑登録証明書: the request, a trial print (`act=preview`), the issue (`act=issue`)."""
    desk = with_purpose(request, Purpose.CERTIFICATE)
    desk.require(Duty.CERTIFICATE)
    findings: Sequence[Finding] = ()
    picture, issued = "", None
    form: Mapping[str, Any] = {"key": str(uuid.uuid4()), "shown": "card", "requester_kind": "1"}
    if request.method == "POST":
        form = _data(request.POST)
        try:
            wanted = certificates.parse(form)
            if request.POST.get("act") == "preview":
                picture = _picture(certificates.preview(desk, wanted))
            else:
                issued = certificates.issue(desk, wanted)
        except Refused as refusal:
            findings = refusal.findings
    context = {
        "form": form,
        "findings": findings,
        "picture": picture,
        "issued": issued,
        "sent": [(name, value) for name, values in request.POST.lists() if name not in _NOT_FIELDS for value in values],
        "ways": [(shown.value, shown.label) for shown in certificates.Shown],
        "applicants": _choices("seal_applicants", desk),
        "documents": _choices("identity_documents", desk),
    }
    return render(request, "seals/certificate.html", context, status=422 if findings else 200)


@require_POST
@exit_of(exits.CERTIFICATE_PAPER)
def certificate_pdf(request: StaffRequest) -> HttpResponse:
    """The paper itself: the same request gives the same paper."""
    desk = with_purpose(request, Purpose.CERTIFICATE)
    issued = certificates.issue(desk, certificates.parse(_data(request.POST)))
    return _pdf(issued.pdf, issued.number)
