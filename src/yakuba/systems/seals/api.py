"""The seal registry as JSON: the same services, duties and findings as the screens, under `/api/seals`.

Sessions, CSRF and refusals are the house's API's, to which the web adds this router.
"""

from __future__ import annotations

import base64
import binascii
from datetime import date
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Body, Field, Path, Router, Schema, Status

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.duties import Purpose
from yakuba.platform.access.request import StaffRequest
from yakuba.platform.protection.exits import exit_of, hands_out_nothing

from . import certificates, enquiries, exits, imprints, services

router = Router()

AnyForm = Annotated[dict[str, Any], Body(...)]
"""A form whose shape its own module checks, so that every finding comes at once."""
Number = Annotated[int, Path(..., ge=0, lt=10**15)]
Application = Annotated[int, Path(..., ge=1, lt=2**62)]
_LARGEST_BASE64 = imprints.MAX_BYTES * 4 // 3 + 4


class ReceiptOut(Schema):
    application: int
    person: int
    state: str
    answer_due_on: date | None = Field(description="照会書の回答期限")
    repeated: bool


class RegisteredOut(Schema):
    number: int
    card: int
    former_number: int | None


class RegistrationOut(Schema):
    number: int
    engraving_text: str
    engraving_kind: str
    imprint_sequence: int
    former_number: int | None
    registered_on: date
    ended_on: date | None
    end_reason: str
    stopped_on: date | None
    cards: dict[str, str] = Field(description="登録証の番号 -> 状態")


class PersonOut(Schema):
    person: int
    name: str
    warnings: list[str] = Field(description="支援措置等の表示")
    registrations: list[RegistrationOut]
    application: int | None = Field(description="処理中の申請")


class CommentIn(Schema):
    comment: str = Field("", max_length=400)


class StopIn(CommentIn):
    reason: str = Field(max_length=20)


@router.get("/persons/{number}", response=PersonOut, summary="印鑑登録一人")
@exit_of(exits.RECORD_API)
def person(request: StaffRequest, number: Number) -> PersonOut:
    page = enquiries.seal_page(request.desk, number, exits.RECORD_API)
    return PersonOut(
        person=number,
        name=page.person.label,
        warnings=list(page.warnings),
        registrations=[
            RegistrationOut(
                number=row.number, engraving_text=row.engraving_text, engraving_kind=row.engraving_kind,
                imprint_sequence=row.imprint_sequence, former_number=row.former_number, registered_on=row.registered_on,
                ended_on=row.ended_on, end_reason=row.end_reason, stopped_on=row.stopped_on,
                cards={f"{card.number:08d}": card.state for card in row.cards.all()},
            )
            for row in page.registrations
        ],
        application=None if page.application is None else page.application.pk,
    )  # fmt: skip


@router.post("/applications", response={201: ReceiptOut, 200: ReceiptOut}, summary="印鑑登録の申請")
@exit_of(exits.ENTRY_API)
def apply(request: StaffRequest, body: AnyForm) -> Status[ReceiptOut]:
    """The form of `filings.read_seal_form`; `picture` is the scan (PNG) in base64. The same `key` again answers 200."""
    form = dict(body)
    receipt = services.apply(request.desk.for_purpose(Purpose.SEALS), form, _picture(form.pop("picture", "")))
    answer = ReceiptOut(
        application=receipt.application, person=receipt.person, state=receipt.state.value,
        answer_due_on=receipt.answer_due_on, repeated=receipt.repeated,
    )  # fmt: skip
    return Status(200 if receipt.repeated else 201, answer)


def _picture(text: object) -> bytes:
    try:
        if not isinstance(text, str) or len(text) > _LARGEST_BASE64:
            raise ValueError
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise Refused([Finding("SEAL-E-032", "picture", "画像（PNG、base64、2MBまで）として読めません。", "読み取ったPNG画像を送ってください。")]) from error  # fmt: skip


@router.post("/applications/{application_id}/answer", response={204: None}, summary="照会書への回答")
@hands_out_nothing("an empty answer")
def answer(request: StaffRequest, body: AnyForm, application_id: Application) -> Status[None]:
    services.record_answer(request.desk.for_purpose(Purpose.SEALS), application_id, body)
    return Status(204, None)


@router.post("/applications/{application_id}/approve", response=RegisteredOut, summary="審査・登録")
@exit_of(exits.ENTRY_API)
def approve(request: StaffRequest, body: CommentIn, application_id: Application) -> RegisteredOut:
    done = services.approve(request.desk.for_purpose(Purpose.SEALS), application_id, body.comment)
    return RegisteredOut(number=done.number, card=done.card, former_number=done.former_number)


@router.post("/applications/{application_id}/return", response={204: None}, summary="差戻し")
@hands_out_nothing("an empty answer")
def send_back(request: StaffRequest, body: CommentIn, application_id: Application) -> Status[None]:
    services.send_back(request.desk.for_purpose(Purpose.SEALS), application_id, body.comment)
    return Status(204, None)


@router.post("/applications/{application_id}/withdraw", response={204: None}, summary="取下げ")
@hands_out_nothing("an empty answer")
def withdraw(request: StaffRequest, body: CommentIn, application_id: Application) -> Status[None]:
    services.withdraw(request.desk.for_purpose(Purpose.SEALS), application_id, body.comment)
    return Status(204, None)


@router.post("/abolitions", response={204: None}, summary="廃止の申請")
@hands_out_nothing("an empty answer")
def abolish(request: StaffRequest, body: AnyForm) -> Status[None]:
    services.abolish(request.desk.for_purpose(Purpose.SEALS), body)
    return Status(204, None)


@router.post("/persons/{number}/stop", response={204: None}, summary="証明書の発行停止")
@hands_out_nothing("an empty answer")
def stop(request: StaffRequest, body: StopIn, number: Number) -> Status[None]:
    services.stop(request.desk.for_purpose(Purpose.SEALS), number, body.reason, body.comment)
    return Status(204, None)


@router.post("/persons/{number}/release", response={204: None}, summary="発行停止の解除")
@hands_out_nothing("an empty answer")
def release(request: StaffRequest, body: CommentIn, number: Number) -> Status[None]:
    services.release(request.desk.for_purpose(Purpose.SEALS), number, body.comment)
    return Status(204, None)


@router.post("/certificates", summary="印鑑登録証明書の発行（PDF）")
@exit_of(exits.CERTIFICATE_PAPER)
def issue(request: StaffRequest, body: AnyForm) -> HttpResponse:
    """The request of `certificates.parse`. The paper as PDF; its number in `X-Issue-Number`."""
    desk = request.desk.for_purpose(Purpose.CERTIFICATE)
    issued = certificates.issue(desk, certificates.parse(body))
    response = HttpResponse(issued.pdf, content_type="application/pdf", status=200 if issued.repeated else 201)
    response["X-Issue-Number"] = issued.number
    return response
