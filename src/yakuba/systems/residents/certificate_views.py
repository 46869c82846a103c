"""Screens of the papers: request, trial print, issue, hand-over."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.request import StaffRequest, is_fragment, with_purpose
from yakuba.platform.protection.exits import exit_of

from . import certificates, enquiries, exits, filing_form
from .models import ResidentVersion
from .papers import CertificateOptions, CertifiedItem
from .pictures import png_pages

_OPTION_LABELS = {
    "show_kana": "氏名の振り仮名",
    "show_household_head": "世帯主の氏名・続柄",
    "show_domicile": "本籍・筆頭者",
    "show_resident_code": "住民票コード",
    "show_individual_number": "個人番号",
    "show_nationality": "国籍・地域",
    "show_residence_status": "在留資格等",
    "show_card_number": "在留カード等の番号",
    "show_history": "異動履歴",
    "show_remarks": "備考",
}
assert set(_OPTION_LABELS) == {field.name for field in dataclasses.fields(CertificateOptions)}
_LISTS = ("persons", "items", "identity_documents")
_SINGLE = ("kind", "key", "requester_kind", "requester_name", "requester_person", "use_purpose", "destination", "attorney_letter")  # fmt: skip


def _data(form: QueryDict) -> dict[str, Any]:
    """The JSON that `certificates.parse` takes, of the browser's flat form."""
    data: dict[str, Any] = {name: form.getlist(name) for name in _LISTS if form.getlist(name)}
    data |= {name: form[name] for name in _SINGLE if form.get(name)}
    data["options"] = {name: f"options.{name}" in form for name in _OPTION_LABELS}
    return data


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 15 else None


@require_http_methods(["GET", "POST"])
@exit_of(exits.REQUEST_SCREEN, exits.PREVIEW_SCREEN, *certificates.PAPERS.values())
def request_paper(request: StaffRequest) -> HttpResponse:
    """The request form: opened for a person or a household, tried (`act=preview`), issued (`act=issue`)."""
    desk = with_purpose(request, Purpose.CERTIFICATE)
    desk.require(Duty.CERTIFICATE)
    if request.method == "GET":
        form = QueryDict(mutable=True)
        form["key"] = str(uuid.uuid4())
        form["options.show_kana"] = "1"
        form["_household"], form["_person"] = request.GET.get("household", ""), request.GET.get("person", "")
        return _page(request, form)
    try:
        wanted = certificates.parse(_data(request.POST))
        if request.POST.get("act") == "preview":
            return _page(request, request.POST, pictures=png_pages(certificates.preview(desk, wanted).pdf))
        issued = certificates.issue(desk, wanted)
    except Refused as refusal:
        return _page(request, request.POST, errors=refusal.findings)
    return _page(request, request.POST, issued=issued)


def _people(desk: Desk, form: QueryDict) -> tuple[list[ResidentVersion], set[int]]:
    """Whom the form offers, and who is chosen. A closed record stands alone."""
    person, household = _number(form.get("_person")), _number(form.get("_household"))
    chosen = {number for text in form.getlist("persons") if (number := _number(text)) is not None}
    if person is not None:
        page = enquiries.person(desk, person, exits.REQUEST_SCREEN)
        members = list(page.household) or [page.version]
        if person not in {member.person_id for member in members}:
            members.append(page.version)
        return members, chosen or {person}
    if household is not None:
        members = list(enquiries.household(desk, household, exits.REQUEST_SCREEN))
        if not members:
            raise Refused([enquiries.nobody_to_show()])
        return members, chosen or {member.person_id for member in members}
    raise Refused([Finding("CER-E-003", "persons", "証明する方が選ばれていません。", "住民を検索して選んでください。")])


def _page(
    request: StaffRequest,
    form: QueryDict,
    *,
    errors: Sequence[Finding] = (),
    pictures: Sequence[str] = (),
    issued: certificates.Issued | None = None,
) -> HttpResponse:
    desk = request.desk
    members, chosen = _people(desk, form)
    requester = _number(form.get("requester_person"))
    context = {
        "form": {
            **{name: form.get(name, "") for name in _SINGLE},
            "household": form.get("_household", ""),
            "person": form.get("_person", ""),
            "kind": form.get("kind") or certificates.PaperKind.HOUSEHOLD_COPY.value,
            "options": {name for name in _OPTION_LABELS if f"options.{name}" in form},
            "items": form.getlist("items"),
            "identity_documents": form.getlist("identity_documents"),
        },
        "members": members,
        "chosen": chosen,
        "first_person": min(chosen) if chosen else members[0].person_id,
        "requester": requester,
        "kinds": [(kind.value, kind.label) for kind in certificates.PaperKind],
        "requesters": list(certificates.REQUESTERS.items()),
        "options": [
            (name, label)
            for name, label in _OPTION_LABELS.items()
            if name != "show_individual_number" or desk.may(Duty.INDIVIDUAL_NUMBER)
        ],
        "items": [item.value for item in CertifiedItem],
        "documents": filing_form.choices_on("identity_documents", desk.today),
        "errors": errors,
        "pictures": pictures,
        "issued": issued,
        "sent": [
            (name, value)
            for name, values in form.lists()
            if name not in {"csrfmiddlewaretoken", "act"}
            for value in values
        ],
    }
    template = "residents/certificate_form.html" if is_fragment(request) else "residents/certificate.html"
    response = render(request, template, context, status=422 if errors else 200)
    response["X-Yakuba-Fragment"] = "1"
    return response


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


@require_POST
@exit_of(exits.PREVIEW_SCREEN)
def preview_pdf(request: StaffRequest) -> HttpResponse:
    """The trial print as PDF."""
    desk = with_purpose(request, Purpose.CERTIFICATE)
    return _pdf(certificates.preview(desk, certificates.parse(_data(request.POST))).pdf, "preview")


@require_POST
@exit_of(*certificates.PAPERS.values())
def issue_pdf(request: StaffRequest) -> HttpResponse:
    """The paper itself. The same request gives the same paper, so this opens one that was just issued."""
    desk = with_purpose(request, Purpose.CERTIFICATE)
    issued = certificates.issue(desk, certificates.parse(_data(request.POST)))
    return _pdf(issued.pdf, issued.number)


@require_POST
@exit_of(exits.DELIVERY)
def deliver(request: StaffRequest) -> HttpResponse:
    """交付: the paper went to the requester."""
    desk = with_purpose(request, Purpose.CERTIFICATE)
    certificates.deliver(desk, request.POST.get("number", "")[:60])
    back = _number(request.POST.get("back"))
    return HttpResponseRedirect(f"/residents/{back:015d}" if back is not None else "/")
