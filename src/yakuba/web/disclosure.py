"""開示請求等: requests with their days, inquiries, changes of a number, the register of files, and the public page of forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access import menu
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.request import StaffRequest, public
from yakuba.platform.clock import today
from yakuba.platform.disclosure import (
    blank_forms,
    files,
    inquiries,
    letters,
    looking,
    number_changes,
    rules,
    services,
    sources,
)
from yakuba.platform.disclosure.rules import Channel, Document, FormType, Kind, Method, Outcome, Payment, Requester
from yakuba.platform.disclosure.services import DOCUMENT, PREVIEW, SETTINGS, Proposal
from yakuba.platform.protection.exits import exit_of, hands_out_nothing

from .exits import CASE_SCREEN, CASES_LIST
from .forms import day_of
from .middleware import the_clock

_HANDLES = frozenset({Duty.DISCLOSURE})


def desk_of(request: StaffRequest) -> Desk:
    return request.desk.for_purpose(Purpose.DISCLOSURE)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], findings: tuple[Finding, ...] = ()
) -> HttpResponse:
    context |= {"findings": findings, "given": request.POST}
    return render(request, template, context, status=422 if findings else 200)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0


def _choice(findings: Findings, data: Mapping[str, Any], name: str, label: str, kinds: Any) -> Any:
    """A value of one of our lists; with a finding, and the first one, where there is none."""
    try:
        return kinds(data.get(name, ""))
    except ValueError:
        findings.error("WEB-E-030", name, f"{label}が選ばれていません。", "一覧から選んでください。")
        return next(iter(kinds))


def _day(findings: Findings, data: Mapping[str, Any], name: str, label: str) -> date | None:
    """A day that may be left out."""
    return day_of(findings, data, name, label) if str(data.get(name, "")).strip() else None


def _choices(kinds: Any) -> list[tuple[str, str]]:
    return [(kind.value, kind.label) for kind in kinds]


def _shown(findings: Findings, data: Any) -> tuple[rules.Shown, ...]:
    chosen = set(data.getlist("documents"))
    return tuple(
        rules.Shown(document, _day(findings, data, f"issued_{document.value}", f"{document.label}の作成日"))
        for document in Document
        if document.value in chosen
    )


# -- requests ---------------------------------------------------------------------------------------------------------


@require_GET
@exit_of(CASES_LIST)
def overview(request: StaffRequest) -> HttpResponse:
    """What is open, by its last day; what is overdue first."""
    desk = desk_of(request)
    only_open = request.GET.get("ended") != "1"
    lines = looking.overview(desk, CASES_LIST, only_open=only_open)
    context = {
        "lines": lines,
        "overdue": sum(line.is_overdue for line in lines),
        "soon": sum(line.is_soon for line in lines),
        "only_open": only_open,
        "kinds": _choices(Kind),
        "may_handle": desk.may(Duty.DISCLOSURE),
    }
    return _page(request, "web/disclosure.html", context)


@require_http_methods(["GET", "POST"])
@hands_out_nothing("What the clerk typed; of the person only whether the name is the record's.")
def receive(request: StaffRequest, kind: str) -> HttpResponse:
    """Take a request in; everything that is missing comes at once, to be given back to the requester."""
    desk, findings, which = desk_of(request), (), Kind(kind)
    desk.require(Duty.DISCLOSURE)
    if request.method == "POST":
        try:
            case = services.receive(desk, _request(which, request.POST))
            return HttpResponseRedirect(f"/disclosure/{case.pk}")
        except Refused as refusal:
            findings = refusal.findings
    context = {
        "kind": which.value, "label": which.label, "article": which.articles.request_article,
        "is_disclosure": which is Kind.DISCLOSURE, "requesters": _choices(Requester), "channels": _choices(Channel),
        "form_types": _choices(FormType), "today": desk.today,
        "documents": [(document.value, document.label, document in rules.DATED) for document in Document],
        "chosen": request.POST.getlist("documents"), "sources": sources.sources(),
        "chosen_sources": request.POST.getlist("sources"),
        "evidence": [
            (requester.label, channel.label, [need.what for need in rules.evidence(requester, channel)])
            for requester in Requester
            for channel in Channel
        ],
        "warnings": [finding for finding in findings if finding.severity == "warning"],
    }  # fmt: skip
    return _page(request, "web/disclosure_receive.html", context, findings)


def _request(kind: Kind, data: Any) -> rules.Request:
    findings = Findings()
    made = rules.Request(
        kind=kind,
        requester=_choice(findings, data, "requester", "請求者の区分", Requester),
        channel=_choice(findings, data, "channel", "受付の方法", Channel),
        form_type=_choice(findings, data, "form_type", "様式", FormType),
        received_on=day_of(findings, data, "received_on", "受付日"),
        subject=_number(data.get("subject", "").strip()),
        requester_name=data.get("requester_name", ""),
        requester_address=data.get("requester_address", ""),
        requester_phone=data.get("requester_phone", ""),
        subject_name=data.get("subject_name", ""),
        subject_address=data.get("subject_address", ""),
        matter=data.get("matter", ""),
        sources=tuple(data.getlist("sources")),
        with_number=data.get("with_number") == "1",
        claim=data.get("claim", ""),
        reason=data.get("reason", ""),
        disclosed_on=_day(findings, data, "disclosed_on", "開示を受けた日"),
        shown=_shown(findings, data),
        confirmed=tuple(data.getlist("confirmed")),
    )
    findings.raise_if_blocking()
    return made


@require_GET
@exit_of(CASE_SCREEN)
def case(request: StaffRequest, case_id: int) -> HttpResponse:
    """One request with its way and what may be done next."""
    return _case(request, case_id, ())


def _case(request: StaffRequest, case_id: int, findings: tuple[Finding, ...]) -> HttpResponse:
    desk = desk_of(request)
    try:
        view = looking.look(desk, case_id, CASE_SCREEN)
    except Refused as refusal:
        return _page(request, "web/disclosure_refused.html", {}, refusal.findings)
    kind = view.case.kind_of
    context = {
        "view": view, "case": view.case, "kind": kind, "may_handle": desk.may(Duty.DISCLOSURE), "today": desk.today,
        "article": kind.articles.request_article, "is_disclosure": kind is Kind.DISCLOSURE,
        "form_type": FormType(view.case.form_type).label, "channel": Channel(view.case.channel).label,
        "shown": [(Document(name).label, issued or "") for name, issued in view.case.shown],
        "outcomes": [(outcome.value, outcome.label(kind)) for outcome in Outcome], "grounds": rules.grounds_of(kind),
        "chosen": request.POST.getlist("grounds"), "chosen_withheld": request.POST.getlist("withheld"),
        "methods": _choices(Method), "channels": _choices(Channel), "payments": _choices(Payment),
        "carriers": [source for source in sources.sources() if source.carried is not None],
        "letters": _letters(view),
        "ordered": next((step for step in reversed(view.steps) if step.action == "order"), None),
    }  # fmt: skip
    return _page(request, "web/disclosure_case.html", context, findings)


def _letters(view: looking.CaseView) -> list[tuple[str, str]]:
    """The notices that there is something to say in."""
    done = {step.action for step in view.steps}
    return [
        (notice.value, label)
        for notice, label, is_there in (
            (letters.Notice.AMENDMENT, "補正の求め", "ask_amendment" in done),
            (letters.Notice.EXTENSION, "期限の延長通知書", bool(done & {"extend", "extend_specially"})),
            (letters.Notice.DECISION, "決定通知書", view.decision is not None),
        )
        if is_there
    ]


Act = Callable[[Desk, int, Any, Findings], object]
_ACTS: dict[str, Act] = {
    "ask_amendment": lambda desk, pk, data, found: services.ask_amendment(
        desk, pk, data.get("text", ""), _until(found, data, "補正の期限")
    ),
    "amend": lambda desk, pk, data, _: services.amend(desk, pk, data.get("text", "")),
    "extend": lambda desk, pk, data, _: services.extend(desk, pk, data.get("text", "")),
    "extend_specially": lambda desk, pk, data, found: services.extend_specially(
        desk, pk, data.get("text", ""), _until(found, data, "残りの部分の期限")
    ),
    "hear": lambda desk, pk, data, found: services.hear(
        desk, pk, data.get("text", ""), _until(found, data, "意見書の期限"), is_required=data.get("is_required") == "1"
    ),
    "opinion": lambda desk, pk, data, _: services.record_opinion(
        desk, pk, _number(data.get("heard", "")), data.get("text", ""), is_opposed=data.get("is_opposed") == "1"
    ),
    "investigate": lambda desk, pk, data, _: services.investigate(desk, pk, data.get("text", "")),
    "propose": lambda desk, pk, data, found: services.propose(desk, pk, _proposal(found, data)),
    "take_back": lambda desk, pk, data, _: services.take_back(desk, pk, data.get("text", "")),
    "revoke": lambda desk, pk, data, _: services.revoke(desk, pk, data.get("text", "")),
    "notify": lambda desk, pk, _data, _: services.notify(desk, pk),
    "order": lambda desk, pk, data, found: _order(desk, pk, data, found),
    "pay": lambda desk, pk, data, found: services.pay(
        desk, pk, _number(data.get("amount_yen", "")), _payment(found, data)
    ),
    "execute": lambda desk, pk, data, _: services.hand_over(desk, pk, data.get("text", "")),
    "carry_out": lambda desk, pk, data, _: services.carry_out(desk, pk, data.get("text", ""), _references(data)),
    "finish": lambda desk, pk, data, _: services.finish(desk, pk, data.get("text", "")),
    "continue": lambda desk, pk, _data, _: services.continue_rest(desk, pk),
    "withdraw": lambda desk, pk, data, _: services.withdraw(desk, pk, data.get("text", "")),
    "transfer": lambda desk, pk, data, _: services.transfer(desk, pk, data.get("text", "")),
}


def _until(findings: Findings, data: Mapping[str, Any], label: str) -> date:
    found = day_of(findings, data, "by", label)
    findings.raise_if_blocking()
    return found


def _proposal(findings: Findings, data: Any) -> Proposal:
    outcome: Outcome = _choice(findings, data, "outcome", "決定の内容", Outcome)
    findings.raise_if_blocking()
    return Proposal(
        outcome=outcome, grounds=tuple(data.getlist("grounds")), reason=data.get("reason", ""),
        withheld=tuple(data.getlist("withheld")),
    )  # fmt: skip


def _order(desk: Desk, case_id: int, data: Any, findings: Findings) -> object:
    method: Method = _choice(findings, data, "method", "方法", Method)
    delivery: Channel = _choice(findings, data, "delivery", "受取り", Channel)
    findings.raise_if_blocking()
    sides, postage_yen = _number(data.get("sides", "")), _number(data.get("postage_yen", ""))
    return services.order(desk, case_id, method, delivery, sides=sides, postage_yen=postage_yen)


def _payment(findings: Findings, data: Any) -> Payment:
    payment: Payment = _choice(findings, data, "payment", "納付方法", Payment)
    findings.raise_if_blocking()
    return payment


def _references(data: Any) -> tuple[tuple[str, str], ...]:
    carriers = [source.name for source in sources.sources() if source.carried is not None]
    return tuple((name, text) for name in carriers if (text := data.get(f"reference_{name}", "").strip()))


@require_POST
@exit_of(CASE_SCREEN)
def act(request: StaffRequest, case_id: int, name: str) -> HttpResponse:
    """One act of a request's way."""
    if name not in _ACTS:
        raise Http404
    try:
        _ACTS[name](desk_of(request), case_id, request.POST, Findings())
    except Refused as refusal:
        return _case(request, case_id, refusal.findings)
    return HttpResponseRedirect(f"/disclosure/{case_id}")


@require_POST
@exit_of(PREVIEW, DOCUMENT)
def paper(request: StaffRequest, case_id: int, name: str) -> HttpResponse:
    """The paper as PDF: a specimen, or the one that is handed over."""
    try:
        drawn = (services.preview if name == "preview" else services.draw)(desk_of(request), case_id)
    except Refused as refusal:
        return _case(request, case_id, refusal.findings)
    response = HttpResponse(drawn.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="disclosure-{case_id}-{name}.pdf"'
    return response


@require_POST
@exit_of(CASE_SCREEN)
def letter(request: StaffRequest, case_id: int, notice: str) -> HttpResponse:
    """A notice to the requester as PDF."""
    try:
        drawn = letters.draw(desk_of(request), case_id, letters.Notice(notice), CASE_SCREEN)
    except Refused as refusal:
        return _case(request, case_id, refusal.findings)
    response = HttpResponse(drawn.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="disclosure-{case_id}-{notice}.pdf"'
    return response


# -- inquiries --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@hands_out_nothing("What was asked about the handling of files, by whoever asked; nothing of any record.")
def slips(request: StaffRequest) -> HttpResponse:
    """受付票: open ones with their time, serious ones first."""
    desk, findings, data = desk_of(request), (), request.POST
    if request.method == "POST":
        try:
            wrong = Findings()
            if data.get("act") == "receive":
                channel = _choice(wrong, data, "channel", "受付の方法", inquiries.Channel)
                wrong.raise_if_blocking()
                inquiries.receive(
                    desk,
                    data.get("text", ""),
                    channel,
                    inquirer=data.get("inquirer", ""),
                    contact=data.get("contact", ""),
                )
            else:
                action = _choice(wrong, data, "act", "記録の種類", inquiries.Action)
                wrong.raise_if_blocking()
                inquiries.act(desk, _number(data.get("slip", "")), action, data.get("text", ""))
            return HttpResponseRedirect("/disclosure/inquiries")
        except Refused as refusal:
            findings = refusal.findings
    only_open = request.GET.get("ended") != "1"
    lines = inquiries.look(desk, only_open=only_open)
    context = {
        "lines": [(line, int(line.elapsed.total_seconds()) // 3600) for line in lines],
        "overdue": sum(line.is_overdue for line in lines), "only_open": only_open,
        "channels": _choices(inquiries.Channel), "may_handle": desk.may(Duty.DISCLOSURE),
        "may_take": desk.may(Duty.SECURITY),
    }  # fmt: skip
    return _page(request, "web/disclosure_inquiries.html", context, findings)


# -- changes of a number ----------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@exit_of(CASES_LIST)
def numbers(request: StaffRequest) -> HttpResponse:
    """個人番号の変更の請求. No number is shown or typed here."""
    desk, findings, data = desk_of(request), (), request.POST
    if request.method == "POST":
        try:
            which = _number(data.get("change", ""))
            if data.get("act") == "apply":
                wrong = Findings()
                requester = _choice(wrong, data, "requester", "請求者の区分", Requester)
                shown = _shown(wrong, data)
                wrong.raise_if_blocking()
                number_changes.apply(
                    desk, _number(data.get("subject", "").strip()), data.get("name", ""), data.get("reason", ""), shown,
                    requester, is_ex_officio=data.get("is_ex_officio") == "1",
                )  # fmt: skip
            elif data.get("act") == "refuse":
                number_changes.close_refused(desk, which, data.get("reason", ""))
            else:
                number_changes.record_executed(desk, which, data.get("reference", "").strip())
            return HttpResponseRedirect("/disclosure/numbers")
        except Refused as refusal:
            findings = refusal.findings
    rows = number_changes.look(desk, CASES_LIST)
    context = {
        "rows": [
            (row, number_changes.State(row.state).label, [(step, number_changes.State(step.state).label) for step in row.steps.all()])
            for row in rows
        ],
        "requesters": _choices(Requester), "chosen": data.getlist("documents"), "may_handle": desk.may(Duty.DISCLOSURE),
        "documents": [(document.value, document.label, document in rules.DATED) for document in Document],
    }  # fmt: skip
    return _page(request, "web/disclosure_numbers.html", context, findings)


# -- the register of files, and the public page -----------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@hands_out_nothing("Files by name; nothing of anybody's record.")
def register(request: StaffRequest) -> HttpResponse:
    """個人情報ファイル簿: what is held, what is left out and why."""
    desk, findings, data = desk_of(request), (), request.POST
    desk.require(Duty.DISCLOSURE)
    if request.method == "POST":
        try:
            wrong = Findings()
            start = day_of(wrong, data, "start", "いつから")
            wrong.raise_if_blocking()
            files.withhold(
                desk, data.get("file", ""), data.get("item", ""), data.get("reason", ""), start,
                is_withheld=data.get("act") != "list",
            )  # fmt: skip
            return HttpResponseRedirect("/disclosure/files")
        except Refused as refusal:
            findings = refusal.findings
    out = files.withheld(desk.today)
    context = {
        "rows": [
            (file, out.get((file.name, ""), ""), [(item, out.get((file.name, item), "")) for item in file.items])
            for file in files.held()
        ],
        "is_published": files.published(desk.today) is not None,
        "today": desk.today,
    }
    return _page(request, "web/disclosure_files.html", context, findings)


@public
@require_GET
@hands_out_nothing("How to ask, blank forms, and the register of files.")
def public_page(request: HttpRequest) -> HttpResponse:
    """請求の方法・様式・個人情報ファイル簿, for everybody."""
    day = today(the_clock())
    context = {
        "forms": list(blank_forms.names().items()),
        "files": files.published(day),
        "section": SETTINGS.value("receiving_section", str, on=day),
        "side_yen": SETTINGS.value("copy_side_yen", int, on=day),
        "payments": [
            (channel.label, [Payment(name).label for name in SETTINGS.value(f"payments_{channel.value}", list, on=day)])
            for channel in Channel
        ],
        "days": SETTINGS.value("decision_days", int, on=day),
        "takes_free_form": SETTINGS.value("takes_free_form", bool, on=day),
        "articles": [(kind.label, kind.articles.request_article) for kind in Kind],
    }
    return render(request, "web/public_disclosure.html", context)


@public
@require_GET
@hands_out_nothing("a blank form")
def public_form(request: HttpRequest, name: str) -> HttpResponse:
    """A blank form as PDF."""
    if name not in blank_forms.names():
        raise Http404
    drawn = blank_forms.draw(name, the_clock().now())
    response = HttpResponse(drawn.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


urlpatterns = [
    path("disclosure", overview),
    *(path(f"disclosure/new/{kind.value}", receive, {"kind": kind.value}) for kind in Kind),
    path("disclosure/inquiries", slips),
    path("disclosure/numbers", numbers),
    path("disclosure/files", register),
    path("disclosure/<int:case_id>", case),
    *(path(f"disclosure/<int:case_id>/{name}.pdf", paper, {"name": name}) for name in ("preview", "document")),
    *(
        path(f"disclosure/<int:case_id>/letters/{notice.value}.pdf", letter, {"notice": notice.value})
        for notice in letters.Notice
    ),
    path("disclosure/<int:case_id>/<str:name>", act),
    path("public/personal-data", public_page),
    path("public/personal-data/forms/<str:name>.pdf", public_form),
]
menu.add("/disclosure", "開示請求等", {Duty.DISCLOSURE, Duty.APPROVAL}, order=620)
menu.add("/disclosure/inquiries", "問合せ受付票", {Duty.DISCLOSURE, Duty.SECURITY}, order=625)
