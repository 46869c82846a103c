"""The registry as JSON, for programs and for measurements: the same services, duties and findings as the screens.

Signed in by the same session cookie; what changes something needs the CSRF header. Refusals are
`{"findings": [{code, field, message, remedy, severity, article}]}`: 401 not signed in, 403 not allowed, 409 somebody was
faster, 422 wrong input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Body, Field, NinjaAPI, Path, Schema, Status
from ninja.errors import HttpError, ValidationError
from ninja.security import APIKeyCookie

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import AccessDenied
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.audit.log import Operation
from yakuba.platform.protection.exits import exit_of, hands_out_nothing
from yakuba.platform.transactions import log_denial

from . import certificates, enquiries, exits, search_text, services
from .display import person_name, show
from .items import ITEMS, Kind

_CONFLICTS = frozenset({"RES-E-012", "RES-E-013", "RES-E-154", "RES-E-155", "RES-E-156", "CER-E-022", "CER-E-032"})
"""Findings that say: not wrong, but overtaken by another act."""


class StaffSession(APIKeyCookie):
    """The browser's session; the web's middleware has made the desk of it. Checks the CSRF header of unsafe methods."""

    param_name = settings.SIGN_IN_COOKIE

    def authenticate(self, request: HttpRequest, key: str | None) -> object | None:
        return getattr(request, "desk", None)


def _for_administrators(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view, assigned=())
    @hands_out_nothing("the description of the API")
    def shown(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.desk.for_purpose(Purpose.SYSTEM).require(Duty.ADMINISTRATION)
        return view(request, *args, **kwargs)

    return shown


api = NinjaAPI(
    title="役場 API",
    version="1",
    description=__doc__,
    auth=StaffSession(),
    docs_decorator=_for_administrators,
)


def _refusal(request: HttpRequest, status: int, findings: Iterable[Finding]) -> HttpResponse:
    rows = [
        {
            "code": finding.code,
            "field": finding.field,
            "message": finding.message,
            "remedy": finding.remedy,
            "severity": finding.severity.value,
            "article": finding.article,
        }
        for finding in findings
    ]
    return api.create_response(request, {"findings": rows}, status=status)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    conflict = all(finding.code in _CONFLICTS for finding in refusal.findings)
    return _refusal(request, 409 if conflict else 422, refusal.findings)


@api.exception_handler(AccessDenied)
def _denied(request: StaffRequest, denial: AccessDenied) -> HttpResponse:
    log_denial(request.desk, Operation.VIEW, denial)
    return _refusal(request, 403, [denial.finding])


@api.exception_handler(ValidationError)
def _malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    findings = [
        Finding(
            "API-E-001",
            ".".join(str(step) for step in problem["loc"][1:]) or "body",
            "この項目の形式が正しくありません。",
            "APIの説明を確かめてください。",
        )
        for problem in error.errors
    ]
    return _refusal(request, 422, findings)


@api.exception_handler(HttpError)
def _unanswerable(request: HttpRequest, error: HttpError) -> HttpResponse:
    message, remedy = "要求を受け付けられません。", "要求の形式と、X-CSRFToken を確かめてください。"
    return _refusal(request, error.status_code, [Finding("API-E-002", "request", message, remedy)])


# -- what goes in and out ---------------------------------------------------------------------------------------------


AnyForm = Annotated[dict[str, Any], Body(...)]
"""A form whose shape its own module checks, so that every finding comes at once."""


class PurposeIn(Schema):
    purpose: Purpose | None = Field(None, description="利用目的。省くと画面で選んだ目的")


class SearchIn(PurposeIn):
    """`text` as in the one field of the screen, or the keys of the detailed form."""

    text: str = Field("", max_length=search_text.MAX_TEXT)
    keys: dict[str, str | bool] = Field(default_factory=dict, max_length=20)


class HitOut(Schema):
    number: int
    version_no: int
    is_open: bool
    name: str
    kana: str
    birth: str
    sex: str
    address: str
    household: int | None = Field(description="支援措置等で表示できないときは null")
    relationship: str
    former_match: str
    warned: bool
    warnings: list[str] = Field(description="支援措置等の表示")


class FoundOut(Schema):
    hits: list[HitOut]
    more: bool


class PersonOut(Schema):
    number: int
    version_no: int
    is_open: bool
    name: str
    household_number: int | None = Field(description="支援措置等で表示できないときは null")
    pending_filing: int | None
    warnings: list[str] = Field(description="支援措置等の表示")
    masked: list[str] = Field(description="支援措置等で省いた項目名")
    items: dict[str, str] = Field(description="項目名 -> 読める値。個人番号は含まない")


class ReceiptOut(Schema):
    filing: int
    persons: list[int]
    notes: list[str]
    repeated: bool


class CommentIn(Schema):
    comment: str = Field("", max_length=400)


# -- the acts ---------------------------------------------------------------------------------------------------------


@api.post("/residents/search", response=FoundOut, summary="住民の検索")
@exit_of(exits.SEARCH_API)
def search(request: StaffRequest, body: SearchIn) -> FoundOut:
    desk = request.desk.for_purpose(body.purpose) if body.purpose else request.desk
    query = search_text.understand(body.text).query if body.text.strip() else search_text.from_form(body.keys)
    found = enquiries.search(desk, query, exits.SEARCH_API)
    hits = [
        HitOut(
            number=hit.number, version_no=hit.version_no, is_open=hit.is_open, name=hit.name, kana=hit.kana,
            birth=hit.birth.stored, sex=hit.sex, address=hit.address, household=hit.household,
            relationship=hit.relationship, former_match=hit.former_match, warned=hit.warned,
            warnings=list(hit.warnings),
        )
        for hit in found.hits
    ]  # fmt: skip
    return FoundOut(hits=hits, more=found.more)


@api.get("/residents/{number}", response=PersonOut, summary="住民一人")
@exit_of(exits.PERSON_API)
def person(request: StaffRequest, number: int = Path(..., ge=0, lt=10**15)) -> PersonOut:
    page = enquiries.person(request.desk, number, exits.PERSON_API)
    foreign = page.version.resident_kind == "2"
    return PersonOut(
        number=page.head.number,
        version_no=page.head.version_no,
        is_open=page.head.is_open,
        name=person_name(page.version),
        household_number=page.household_number,
        pending_filing=page.head.pending_filing,
        warnings=list(page.verdict.warnings),
        masked=[name for name, kind in exits.CONCEALED.items() if kind in page.verdict.hidden],
        items={
            item.name: text
            for item in ITEMS
            if item.kind is not Kind.VAULT
            and (text := show(item.name, getattr(page.version, item.name), foreign=foreign))
        },
    )


@api.post("/filings/{kind}", response={201: ReceiptOut, 200: ReceiptOut}, summary="異動の仮登録")
@exit_of(exits.ENTRY_API)
def file(request: StaffRequest, body: AnyForm, kind: str = Path(..., max_length=40)) -> Status[ReceiptOut]:
    """The form of `filings`, field by field. The same `key` again answers 200 with the first receipt."""
    receipt = services.file(request.desk.for_purpose(Purpose.MOVE_FILING), kind, body)
    return Status(200 if receipt.repeated else 201, _receipt(receipt))


@api.post("/filings/{filing_id}/approve", response=ReceiptOut, summary="審査・本登録")
@exit_of(exits.ENTRY_API)
def approve(request: StaffRequest, body: CommentIn, filing_id: int = Path(..., ge=1, lt=2**62)) -> ReceiptOut:
    desk = request.desk.for_purpose(Purpose.MOVE_FILING)
    return _receipt(services.approve(desk, filing_id, body.comment))


@api.post("/filings/{filing_id}/return", response={204: None}, summary="差戻し")
@hands_out_nothing("an empty answer")
def send_back(request: StaffRequest, body: CommentIn, filing_id: int = Path(..., ge=1, lt=2**62)) -> Status[None]:
    services.send_back(request.desk.for_purpose(Purpose.MOVE_FILING), filing_id, body.comment)
    return Status(204, None)


@api.post("/certificates", summary="証明書の発行（PDF）")
@exit_of(*certificates.PAPERS.values())
def issue(request: StaffRequest, body: AnyForm) -> HttpResponse:
    """The request of `certificates.parse`. The paper as PDF; its number in `X-Issue-Number`."""
    desk = request.desk.for_purpose(Purpose.CERTIFICATE)
    issued = certificates.issue(desk, certificates.parse(body))
    response = HttpResponse(issued.pdf, content_type="application/pdf", status=200 if issued.repeated else 201)
    response["X-Issue-Number"] = issued.number
    return response


def _receipt(receipt: services.Receipt) -> ReceiptOut:
    return ReceiptOut(
        filing=receipt.filing,
        persons=list(receipt.persons),
        notes=list(dict.fromkeys(receipt.notes)),
        repeated=receipt.repeated,
    )
