"""印鑑登録証明書, and the registry's letters.

A certificate is made only while its seal stands still: the person's record and the seal are held, so whoever ends, stops or
changes one of them waits for the paper, or the paper waits and is refused. Nothing is taken from an earlier look.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.db import connection

from yakuba.core.calendar import UncertainDate, to_wareki
from yakuba.core.codes import CodeList, check_identity_documents
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import JAPAN
from yakuba.platform.documents import IssueNumber, Rendered, render
from yakuba.platform.documents import preview as preview_pictures
from yakuba.platform.documents.certified import Closing
from yakuba.platform.protection.exits import Exit
from yakuba.platform.protection.passing import passing
from yakuba.platform.transactions import use_case
from yakuba.systems.residents import interfaces as residents

from . import exits, imprints, papers, register, rules
from .filings import Reader
from .models import Act, ApplicationState, Card, CardState, LapseNotice, Registration, SealApplication, SealIssue
from .retention import SETTINGS
from .rules import GUIDE, Applicant

_PREVIEW_PPI = 110


class Shown(StrEnum):
    """How the holder's card was brought forward."""

    CARD = "card"
    NUMBER = "number"

    @property
    def label(self) -> str:
        return {"card": "登録証の提示", "number": "登録証の番号の申出（本人・写真付きの証明書）"}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRequest:
    """交付申請書: the card's number and the holder's birth as the applicant wrote it down."""

    key: uuid.UUID
    card_number: int
    shown: Shown
    holder_birth: UncertainDate | None
    requester_kind: Applicant
    requester_name: str
    identity_documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Issued:
    number: str
    person: int
    pdf: bytes
    pages: int
    findings: tuple[Finding, ...]
    repeated: bool = False


_FIELDS = ("key", "card_number", "shown", "holder_birth", "requester_kind", "requester_name", "identity_documents")


def parse(data: Mapping[str, Any]) -> CertificateRequest:
    """The request of a form. Raises Refused with every finding of its shape."""
    reader = Reader(data, _FIELDS)
    number = reader.number("card_number", "登録証の番号として読めません。")
    if number is None or not rules.is_number(number):
        reader.findings.error(
            "SEAL-E-070", "card_number", "登録証の番号が正しくありません。", "登録証の番号を一桁ずつ確かめてください。"
        )
    try:
        birth = UncertainDate.parse(str(data.get("holder_birth") or "").strip())
    except ValueError:
        birth = None
    request = CertificateRequest(
        key=reader.key(),
        card_number=number or 0,
        shown=reader.choice("shown", Shown, "登録証の提示"),
        holder_birth=birth,
        requester_kind=reader.choice("requester_kind", Applicant, "請求者"),
        requester_name=reader.text("requester_name", 100),
        identity_documents=reader.codes("identity_documents"),
    )
    findings = reader.findings
    if birth is None:
        findings.error(
            "SEAL-E-071",
            "holder_birth",
            "登録者の生年月日が入力されていません。",
            "交付申請書のとおりに入力してください。",
        )
    if not request.requester_name:
        findings.error(
            "SEAL-E-072", "requester_name", "請求者の氏名が入力されていません。", "交付申請書を確かめてください。"
        )
    findings.raise_if_blocking()
    return request


@use_case(Operation.PREVIEW)
def preview(desk: Desk, request: CertificateRequest) -> bytes:
    """The certificate as it would be issued (PNG), with 見本 across it and no number. Same refusals as `issue`."""
    desk.require(Duty.CERTIFICATE)
    registration, person = _certifiable(desk, request, exits.PREVIEW_SCREEN)
    number = IssueNumber(desk.today, residents.house().name, desk.terminal or "-", "見本", 1)
    sheet = _sheet(registration, person, number)
    (picture,) = preview_pictures(papers.CERTIFICATE, sheet, issue=number, specimen=True, resolution_ppi=_PREVIEW_PPI)
    desk.log(Operation.PREVIEW, subjects=(person.number,), target=f"seal:{registration.number:08d}")
    return picture


@use_case(Operation.ISSUE)
def issue(desk: Desk, request: CertificateRequest) -> Issued:
    """Issue a certificate. Raises Refused with every finding.

    The same request again gets the same paper, as long as the seal may still be certified.
    """
    desk.require(Duty.CERTIFICATE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 3))", [str(request.key)])
    registration, person = _certifiable(desk, request, exits.CERTIFICATE_PAPER)
    earlier = SealIssue.objects.filter(request_key=request.key).first()
    if earlier is not None:
        return _again(desk, request, earlier, registration)
    number, issued_at = residents.next_issue_number(desk), desk.now
    rendered = _draw(registration, person, number, issued_at, specimen=residents.house().is_sandbox)
    row = SealIssue.objects.create(
        number=str(number),
        serial=number.serial,
        registration=registration,
        card=request.card_number,
        person=person.number,
        version_no=person.version_no,
        shown=request.shown.value,
        requester_kind=request.requester_kind.value,
        requester_name=request.requester_name,
        identity_documents=list(request.identity_documents),
        content_hash=rendered.content_hash,
        pages=rendered.page_count,
        issued_at=issued_at,
        account=desk.account,
        office=desk.office,
        terminal=desk.terminal,
        printer=desk.printer,
        request_key=request.key,
    )
    desk.log(
        Operation.ISSUE, subjects=(person.number,), target=row.number, kind="seal_certificate", pages=row.pages,
        content_hash=row.content_hash, registration=registration.number,
    )  # fmt: skip
    return Issued(row.number, person.number, rendered.pdf, rendered.page_count, tuple(rendered.findings()))


def _again(desk: Desk, request: CertificateRequest, earlier: SealIssue, registration: Registration) -> Issued:
    person = residents.person_at(earlier.person, earlier.version_no)
    if earlier.registration_id != registration.number or earlier.card != request.card_number or person is None:
        raise Refused([Finding("SEAL-E-073", "key", "この請求は、別の内容で既に発行済みです。", "画面を開き直して、請求し直してください。")])  # fmt: skip
    day = earlier.issued_at.astimezone(JAPAN).date()
    number = IssueNumber(day, residents.house().name, earlier.terminal or "-", earlier.printer or "-", earlier.serial)
    rendered = _draw(registration, person, number, earlier.issued_at, specimen=residents.house().is_sandbox)
    if rendered.content_hash != earlier.content_hash:
        raise Refused([Finding("SEAL-E-073", "key", "発行済みの証明書と同じ内容を作れませんでした。", "先に出た証明書を廃棄し、新しく請求し直してください。")])  # fmt: skip
    desk.log(Operation.ISSUE, subjects=(earlier.person,), target=earlier.number, repeated=True)
    return Issued(
        earlier.number, earlier.person, rendered.pdf, rendered.page_count, tuple(rendered.findings()), repeated=True
    )


def _certifiable(
    desk: Desk, request: CertificateRequest, through: Exit
) -> tuple[Registration, residents.RegisteredPerson]:
    """The registration and the record as they stand, held until the transaction ends. Raises Refused."""
    findings = Findings()
    if request.requester_kind is Applicant.AGENT:
        findings.extend(check_identity_documents(request.identity_documents, desk.today, "identity_documents"))
    if request.shown is Shown.NUMBER:
        findings.extend(_check_without_card(desk, request))
    card = Card.objects.select_related("registration").filter(pk=request.card_number).first()
    if card is None:
        findings.error(
            "SEAL-E-075", "card_number", "この番号の登録証はありません。", "登録証の番号を一桁ずつ確かめてください。"
        )
        raise Refused(findings)
    number = card.registration.person
    passing(desk, through, [number], reference=str(request.key)).require_open("card_number", lambda _: "登録者")
    residents.hold([number])
    register.hold_shared(number)
    # Read anew: whoever was changing it has been waited for.
    card = Card.objects.select_related("registration").get(pk=request.card_number)
    registration: Registration = card.registration
    findings.extend(check_usable(registration, card))
    person = residents.persons([number]).get(number)
    findings.extend(check_record(person, registration, register.added_words(desk.today)))
    if person is not None and request.holder_birth != person.birth:
        findings.error(
            "SEAL-E-074",
            "holder_birth",
            "生年月日が、登録証の番号の登録者と一致しません。",
            "交付申請書と登録証を確かめてください。",
        )
    findings.raise_if_blocking()
    assert person is not None
    return registration, person


def _check_without_card(desk: Desk, request: CertificateRequest) -> Findings:
    findings = Findings()
    if not SETTINGS.value("certificate_without_card", bool, on=desk.today):
        findings.error(
            "SEAL-E-076",
            "shown",
            "登録証の提示がないときは交付できません。",
            "登録証を提示してもらってください。",
            article=GUIDE,
        )
    if request.requester_kind is not Applicant.SELF:
        findings.error("SEAL-E-077", "requester_kind", "登録証の提示がないときに請求できるのは、本人だけです。", "登録証を提示してもらってください。", article=GUIDE)  # fmt: skip
    documents = CodeList.load("identity_documents")
    valid = [code for code in request.identity_documents if documents.check(code, desk.today, "x") is None]
    if not any(documents.get(code, desk.today).attributes["photo"] == "yes" for code in valid):
        findings.error("SEAL-E-078", "identity_documents", "本人の写真付きの証明書の確認が入力されていません。", "写真付きの証明書を確かめてください。")  # fmt: skip
    return findings


def check_usable(registration: Registration, card: Card | None) -> Findings:
    """What of the seal's own state stands against a certificate."""
    findings = Findings()
    if registration.ended_on is not None:
        reason = end_reason_label(registration.end_reason)
        findings.error(
            "SEAL-E-080",
            "card_number",
            f"この印鑑登録は終わっています（{reason}）。",
            "新しい登録の申請を案内してください。",
        )
    elif card is not None and card.state != CardState.VALID:
        findings.error(
            "SEAL-E-081",
            "card_number",
            f"この登録証は使えません（{CardState(card.state).label}）。",
            "登録証の経過を確かめてください。",
        )
    if registration.stopped_on is not None:
        findings.error(
            "SEAL-E-082", "card_number", "証明書の発行を停止しています。", "停止の理由を担当者に確認してください。"
        )
    return findings


def check_record(
    person: residents.RegisteredPerson | None, registration: Registration, added_words: list[str]
) -> Findings:
    """What of the record stands against a certificate, whether or not the register's event has arrived yet."""
    findings = Findings()
    if person is None or not person.is_open:
        findings.error(
            "SEAL-E-083",
            "card_number",
            "登録者の住民票は消除されています。",
            "転出・死亡等により印鑑登録は抹消されます。",
            article=GUIDE,
        )
        return findings
    if person.is_busy:
        findings.error(
            "SEAL-E-084",
            "card_number",
            "登録者に審査を待っている異動があります。",
            "審査が終わってから交付してください。",
        )
    if person.is_stopped:
        findings.error(
            "SEAL-E-085", "card_number", "登録者は発行禁止又は処理停止中です。", "理由を担当者に確認してください。"
        )
    if rules.read_engraving(registration.engraving_text, register.names_of(person), added_words) is None:
        findings.error(
            "SEAL-E-086",
            "card_number",
            "登録印鑑が、登録者の今の氏名等を表していません。",
            "新しい登録の申請を案内してください。",
            article=GUIDE,
        )
    return findings


def end_reason_label(code: str) -> str:
    """「転出」."""
    return next((entry.name for entry in CodeList.load("seal_end_reasons").entries if entry.code == code), code)


def _draw(
    registration: Registration, person: residents.RegisteredPerson, number: IssueNumber, at: datetime, *, specimen: bool
) -> Rendered:
    sheet = _sheet(registration, person, number)
    return render(papers.CERTIFICATE, sheet, issue=number, created_at=at.astimezone(UTC), specimen=specimen)


def _sheet(
    registration: Registration, person: residents.RegisteredPerson, number: IssueNumber
) -> papers.CertificateSheet:
    imprint = registration.imprint
    return papers.CertificateSheet(
        title=papers.CERTIFICATE.title,
        imprint=papers.Picture(
            imprints.svg(bytes(imprint.picture), imprint.picture_width_um, imprint.picture_height_um),
            imprint.picture_width_um,
            imprint.picture_height_um,
        ),
        name=person.label,
        second_label="旧氏" if person.former_surname else "通称" if person.alias else "",
        second_name=person.former_surname or person.alias,
        birth_date=person.birth.display_seireki() if person.is_foreign else person.birth.display_wareki(),
        address=_home(person),
        closing=_closing(papers.STATEMENT, number),
    )


def _home(person: residents.RegisteredPerson) -> str:
    house = residents.house()
    return f"{house.prefecture}{house.name}{person.address}"


def _closing(statement: str, number: IssueNumber) -> Closing:
    authority = residents.authority(number.issued_on)
    return Closing(
        statement=statement,
        certified_on=str(to_wareki(number.issued_on)),
        title=authority.title,
        name=authority.name,
        seal=authority.seal,
        seal_note=authority.seal_note,
        notes=(),
    )


# -- letters ----------------------------------------------------------------------------------------------------------------


@use_case(Operation.ISSUE)
def inquiry_letter(desk: Desk, application_id: int) -> Rendered:
    """照会書・回答書, to the registered address; drawn as often as the post wants it."""
    desk.require(Duty.REGISTRATION)
    row = SealApplication.objects.filter(pk=application_id, state=ApplicationState.INQUIRED).first()
    if row is None:
        raise Refused([Finding("SEAL-E-056", "application", f"受付番号{application_id}の照会中の申請はありません。", "一覧で状態を確かめてください。")])  # fmt: skip
    passing(desk, exits.INQUIRY_PAPER, [row.person]).require_open("application", lambda _: "申請の対象の方")
    person = residents.persons([row.person])[row.person]
    number = _letter_number(desk, row.pk)
    assert row.answer_due_on is not None
    sheet = papers.InquirySheet(
        title=papers.INQUIRY.title,
        postal=person.postal,
        address=_home(person),
        name=person.label,
        inquiry_number=row.inquiry_number or "",
        received_on=str(to_wareki(row.received_on)),
        applicant=row.applicant_name,
        answer_due_on=str(to_wareki(row.answer_due_on)),
        closing=_closing("", number),
    )
    rendered = render(
        papers.INQUIRY, sheet, issue=number, created_at=desk.now.astimezone(UTC), specimen=residents.house().is_sandbox
    )
    desk.log(Operation.ISSUE, subjects=(row.person,), target=f"seal_inquiry:{row.inquiry_number}", kind="seal_inquiry")
    return rendered


@use_case(Operation.ISSUE)
def lapse_notice(desk: Desk, registration_number: int) -> Rendered:
    """印鑑登録抹消通知書, to the address of the record that ended the registration; printing it marks it as sent."""
    desk.require(Duty.REGISTRATION)
    notice = LapseNotice.objects.select_related("registration").filter(registration=registration_number).first()
    if notice is None:
        raise Refused([Finding("SEAL-E-067", "number", "通知する抹消がありません。", "一覧を開き直してください。")])
    passing(desk, exits.NOTICE_PAPER, [notice.person]).require_open("number", lambda _: "通知する方")
    person = residents.person_at(notice.person, notice.version_no)
    assert person is not None
    registration = notice.registration
    assert registration.ended_on is not None
    number = _letter_number(desk, registration.number)
    sheet = papers.NoticeSheet(
        title=papers.NOTICE.title,
        postal=person.postal,
        address=_home(person),
        name=person.label,
        number=f"{registration.number:08d}",
        ended_on=str(to_wareki(registration.ended_on)),
        reason=end_reason_label(notice.reason),
        closing=_closing("", number),
    )
    rendered = render(
        papers.NOTICE, sheet, issue=number, created_at=desk.now.astimezone(UTC), specimen=residents.house().is_sandbox
    )
    if notice.printed_at is None:
        LapseNotice.objects.filter(pk=notice.pk).update(printed_at=desk.now, printed_by=desk.account)
        register.step(desk, Act.NOTICE_PRINTED, person=notice.person, registration=registration, reason=notice.reason)
    desk.log(Operation.ISSUE, subjects=(notice.person,), target=f"seal:{registration.number:08d}", kind="seal_notice")
    return rendered


def _letter_number(desk: Desk, serial: int) -> IssueNumber:
    """A letter is no certificate: it bears the number of what it is about, not one of the series."""
    return IssueNumber(desk.today, residents.house().name, "印鑑", "通知", serial)
