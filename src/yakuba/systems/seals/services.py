"""What a clerk does with the seal registry. Each function is one transaction, named after the act."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from yakuba.core.codes import CodeList, check_identity_documents
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.protection.passing import passing
from yakuba.platform.transactions import use_case
from yakuba.systems.residents import interfaces as residents

from . import exits, filings, imprints, register, rules
from .filings import Reader, SealForm
from .models import (
    OPEN_STATES,
    Act,
    ApplicationState,
    Card,
    CardState,
    Imprint,
    Registration,
    SealApplication,
    Step,
)
from .retention import SETTINGS
from .rules import GUIDE, EndReason, IdentityMethod

_LARGER_PERCENT = 8
"""Seals whose sides differ by more are different seals, however alike."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """受付: the application, and the warnings that were confirmed."""

    application: int
    person: int
    state: ApplicationState
    findings: tuple[Finding, ...]
    answer_due_on: date | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """登録: the number, and that of the card to hand over."""

    number: int
    card: int
    former_number: int | None


# -- applying -----------------------------------------------------------------------------------------------------------


@use_case(Operation.FILE)
def apply(desk: Desk, data: Mapping[str, Any], picture: bytes) -> Receipt:
    """登録申請: take an application and its imprint in. Raises Refused with every finding.

    With an inquiry (照会書) it waits for the answer until the day of the profile, else for the review. The same form sent
    again gets the first one's receipt.
    """
    desk.require(Duty.REGISTRATION)
    form, findings = filings.read_seal_form(data, picture, desk.today)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", [str(form.key)])
    earlier = SealApplication.objects.filter(key=form.key).first()
    if earlier is not None:
        return Receipt(earlier.pk, earlier.person, ApplicationState(earlier.state), (), earlier.answer_due_on, True)
    person = _person(form.person, findings)
    passing(desk, exits.ENTRY_SCREEN, [form.person]).require_shown("person")
    residents.hold([form.person])
    register.hold(form.person)
    findings.extend(
        _check_person(desk, person, with_guardian=form.with_guardian, by_agent=form.applicant_kind.value == "2")
    )
    reading, of_text = rules.check_engraving(
        form.engraving_text, register.names_of(person), register.added_words(desk.today)
    )
    findings.extend(of_text)
    imprint, of_picture = imprints.measure(form.picture)
    findings.extend(of_picture)
    if SealApplication.objects.filter(person=form.person, state__in=OPEN_STATES).exists():
        findings.error(
            "SEAL-E-041", "person", "この方の申請は既に受け付けています。", "一覧で今の状態を確認してください。"
        )
    findings.extend(_check_present(form))
    if imprint is not None:
        findings.extend(_check_likeness(desk, form.person, form.engraving_text, imprint))
    findings.raise_if_blocking(form.confirmed)
    assert imprint is not None
    assert reading is not None
    row = _store(desk, form, person, imprint, reading.kind)
    register.step(desk, Act.APPLIED, person=row.person, application=row)
    if row.inquiry_number is not None:
        register.step(desk, Act.INQUIRED, person=row.person, application=row, comment=row.inquiry_number)
    desk.log(Operation.FILE, subjects=(row.person,), target=f"seal_application:{row.pk}", method=row.identity_method)
    return Receipt(row.pk, row.person, ApplicationState(row.state), tuple(findings), row.answer_due_on)


def _person(number: int, findings: Findings) -> residents.RegisteredPerson:
    found = residents.persons([number]).get(number)
    if found is None:
        findings.error(
            "SEAL-E-042", "person", f"宛名番号{number:015d}の方は台帳にいません。", "検索から選び直してください。"
        )
        raise Refused(findings)
    return found


def _check_person(desk: Desk, person: residents.RegisteredPerson, *, with_guardian: bool, by_agent: bool) -> Findings:
    """Who may have a seal registered: residents of the age, not against a stop; 成年被後見人 with the guardian beside them."""
    findings = Findings()
    if not person.is_open:
        findings.error(
            "SEAL-E-043", "person", "住民基本台帳に記録されている方ではありません。", "登録を受けられるのは、この団体の住民だけです。",
            article=GUIDE,
        )  # fmt: skip
    if person.is_busy:
        findings.error(
            "SEAL-E-044", "person", "審査を待っている異動があります。", "異動の審査が終わってから受け付けてください。"
        )
    if person.is_stopped:
        findings.error("SEAL-E-045", "person", "発行禁止又は処理停止中の方です。", "理由を担当者に確認してください。")
    if not (person.name or person.name_latin):
        findings.error("SEAL-E-046", "person", "氏名が記載されていません。", "氏名の届出を先に受け付けてください。")
    findings.extend(rules.check_age(person.birth, desk.today, SETTINGS.value("minimum_age", int, on=desk.today)))
    if person.adult_ward and (by_agent or not with_guardian):
        findings.error(
            "SEAL-E-018", "with_guardian", "成年被後見人は、法定代理人が同行し、本人が自ら申請するときに限り登録できます。",
            "法定代理人の同行と、本人の意思能力を確かめてください。", article=GUIDE,
        )  # fmt: skip
    return findings


def _check_present(form: SealForm) -> Findings:
    """Whether there is a registration already; and the guarantor's."""
    findings = Findings()
    has_one = Registration.objects.filter(person=form.person, ended_on=None).exists()
    if has_one and not form.replaces:
        findings.error("SEAL-E-047", "replaces", "既に印鑑の登録を受けています。一人が登録できる印鑑は一個です。", "改印として受け付けてください。", article=GUIDE)  # fmt: skip
    if form.replaces and not has_one:
        findings.error(
            "SEAL-E-048", "replaces", "改印の対象となる登録がありません。", "新規の登録として受け付けてください。"
        )
    if form.identity_method is IdentityMethod.GUARANTOR and form.guarantor_number is not None:
        guarantor = Registration.objects.filter(number=form.guarantor_number, ended_on=None, stopped_on=None).first()
        if guarantor is None or guarantor.person == form.person:
            findings.error(
                "SEAL-E-019", "guarantor_number", "保証人は、この団体で現に印鑑の登録を受けている他の方でなければなりません。",
                "保証人の印鑑登録証を確かめてください。", article=GUIDE,
            )  # fmt: skip
    return findings


_ALIKE = """
SELECT least_bits, is_same_text FROM (
    SELECT (SELECT min(bit_count(i.fingerprint # p::bit(1024))) FROM unnest(%(prints)s::text[]) p) AS least_bits,
        s.engraving_key = %(key)s AS is_same_text
    FROM (
        SELECT imprint_id, engraving_key, person FROM seals_registration WHERE ended_on IS NULL
        UNION ALL SELECT imprint_id, engraving_key, person FROM seals_application WHERE state IN ('inquired', 'waiting')
    ) s JOIN seals_imprint i ON i.id = s.imprint_id
    WHERE s.person <> %(person)s AND (s.engraving_key = %(key)s) = %(same)s
      AND greatest(i.width_um, i.height_um) BETWEEN %(least)s AND %(most)s
) alike WHERE least_bits <= %(bits)s ORDER BY least_bits LIMIT 1
"""


def _check_likeness(desk: Desk, person: int, text: str, imprint: imprints.Imprint) -> Findings:
    """Findings where another person's seal is the same, or so like that a clerk must compare the two.

    Seals with the same text are compared at several angles, all others from four sides. Whose seal it is isn't told.
    """
    findings = Findings()
    prints = imprints.likenesses(imprints.box_of(imprint.picture))
    largest = max(imprint.width_um, imprint.height_um)
    identical = SETTINGS.value("identical_bits", int, on=desk.today)
    values = {
        "key": rules.engraving_key(text),
        "person": person,
        "least": largest * (100 - _LARGER_PERCENT) // 100,
        "most": largest * (100 + _LARGER_PERCENT) // 100,
    }
    asked: tuple[tuple[bool, tuple[str, ...], int], ...] = (
        (True, prints, SETTINGS.value("similar_bits", int, on=desk.today)),
        (False, prints[:4], identical),
    )
    for same, compared, bits in asked:
        with connection.cursor() as cursor:
            cursor.execute(_ALIKE, {**values, "same": same, "prints": list(compared), "bits": bits})
            row = cursor.fetchone()
        if row is None:
            continue
        if same and row[0] <= identical:
            findings.error(
                "SEAL-E-038", "picture", "他の方の登録印鑑と同一又は著しく類似した印影です。", "別の印鑑を持参してもらってください。",
                article=GUIDE,
            )  # fmt: skip
            return findings
        findings.warn(
            "SEAL-W-039", "picture", "他の方の登録印鑑と似た印影です。", "二つの印影を見比べ、別の印鑑であることを確かめてください。",
            article=GUIDE,
        )  # fmt: skip
        return findings
    return findings


def _store(
    desk: Desk, form: SealForm, person: residents.RegisteredPerson, imprint: imprints.Imprint, kind: rules.EngravingKind
) -> SealApplication:
    picture = Imprint.objects.create(
        picture=imprint.picture,
        picture_width_um=imprint.picture_width_um,
        picture_height_um=imprint.picture_height_um,
        width_um=imprint.width_um,
        height_um=imprint.height_um,
        fingerprint=imprint.fingerprint,
        content_hash=hashlib.sha256(imprint.picture).hexdigest(),
        taken_at=desk.now,
    )
    is_inquiry = form.identity_method is IdentityMethod.INQUIRY
    days = SETTINGS.value("answer_days", int, on=desk.today)
    return SealApplication.objects.create(
        key=form.key,
        person=form.person,
        version_no=person.version_no,
        state=(ApplicationState.INQUIRED if is_inquiry else ApplicationState.WAITING).value,
        imprint=picture,
        engraving_text=form.engraving_text,
        engraving_key=rules.engraving_key(form.engraving_text),
        engraving_kind=kind.value,
        material=form.material,
        applicant_kind=form.applicant_kind.value,
        applicant_name=form.applicant_name,
        attorney_letter=form.attorney_letter,
        with_guardian=form.with_guardian,
        identity_method=form.identity_method.value,
        identity_documents=list(form.identity_documents),
        guarantor_number=form.guarantor_number,
        replaces=form.replaces,
        remark=form.remark,
        confirmed=list(form.confirmed),
        received_on=desk.today,
        created_at=desk.now,
        account=desk.account,
        office=desk.office,
        terminal=desk.terminal,
        inquiry_number=_inquiry_number(desk) if is_inquiry else None,
        inquired_on=desk.today if is_inquiry else None,
        answer_due_on=imprints.answer_due(desk.today, days) if is_inquiry else None,
    )


def _inquiry_number(desk: Desk) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('seals_inquiry_serial')")
        return f"{desk.today.year}-{cursor.fetchone()[0]:06d}"


# -- what becomes of an application ---------------------------------------------------------------------------------------


@use_case(Operation.FILE)
def record_answer(desk: Desk, application_id: int, data: Mapping[str, Any]) -> None:
    """回答: the answer to the letter came, and who brought it showed who they are. Late answers are refused."""
    desk.require(Duty.REGISTRATION)
    reader = Reader(data, ("answered_on", "identity_documents", "seal_matches"))
    answered_on = reader.day("answered_on", "回答日", desk.today)
    documents, matches = reader.codes("identity_documents"), reader.flag("seal_matches")
    findings = reader.findings
    row = _application(application_id, ApplicationState.INQUIRED)
    passing(desk, exits.ENTRY_SCREEN, [row.person]).require_shown("person")
    assert row.answer_due_on is not None
    assert row.inquired_on is not None
    if answered_on > row.answer_due_on:
        findings.error(
            "SEAL-E-050", "answered_on", f"回答期限（{row.answer_due_on:%Y-%m-%d}）を過ぎています。", "新しい申請を受け付けてください。",
            article=GUIDE,
        )  # fmt: skip
    if answered_on < row.inquired_on:
        findings.error("SEAL-E-051", "answered_on", "回答日が照会日より前です。", "日付を確かめてください。")
    if not matches:
        findings.error(
            "SEAL-E-052", "seal_matches", "回答書の印影と申請の印影の照合が入力されていません。", "照合してください。"
        )
    findings.extend(check_identity_documents(documents, desk.today, "identity_documents"))
    findings.raise_if_blocking()
    row.state, row.answered_on, row.answer_documents = ApplicationState.WAITING.value, answered_on, list(documents)
    row.save(update_fields=["state", "answered_on", "answer_documents"])
    register.step(desk, Act.ANSWERED, person=row.person, application=row, on=answered_on)
    desk.log(Operation.FILE, subjects=(row.person,), target=f"seal_application:{row.pk}", state="answered")


@use_case(Operation.REGISTER)
def approve(desk: Desk, application_id: int, comment: str = "") -> Registered:
    """審査・登録: another person looks at seal and papers; only now the seal is registered and its card made.

    Raises Refused with every finding: what was right at the application may not be so any more.
    """
    desk.require(Duty.REVIEW)
    row = _application(application_id, ApplicationState.WAITING)
    if row.account == desk.account:
        raise Refused([Finding("SEAL-E-053", "reviewer", "自分が受け付けた申請を、自分で審査することはできません。", "他の審査担当者に依頼してください。")])  # fmt: skip
    passing(desk, exits.ENTRY_SCREEN, [row.person]).require_shown("person")
    residents.hold([row.person])
    register.hold(row.person)
    findings = Findings()
    person = _person(row.person, findings)
    findings.extend(
        _check_person(
            desk, person, with_guardian=row.with_guardian, by_agent=row.applicant_kind == rules.Applicant.AGENT
        )
    )
    reading, of_text = rules.check_engraving(
        row.engraving_text, register.names_of(person), register.added_words(desk.today)
    )
    findings.extend(of_text)
    # One seal at a time becomes registered: of two that are the same, the second must see the first.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('seals:imprints', 0))")
    findings.extend(_check_likeness(desk, row.person, row.engraving_text, _measured(row.imprint)))
    former = register.active(row.person)
    if (former is not None) != row.replaces:
        findings.error(
            "SEAL-E-054",
            "replaces",
            "申請の後に、この方の登録の有無が変わりました。",
            "差し戻して、申請し直してもらってください。",
        )
    findings.raise_if_blocking(row.confirmed)
    assert reading is not None
    if former is not None:
        card = register.end(former, EndReason.CHANGED, desk.today)
        register.step(
            desk, Act.ABOLISHED, person=row.person, registration=former, card=card, reason=EndReason.CHANGED.value
        )
        register.announce(desk, former, Act.ABOLISHED)
    last = Registration.objects.filter(person=row.person).order_by("-imprint_sequence").first()
    registration = Registration.objects.create(
        number=register.next_numbers()[0],
        person=row.person,
        version_no=person.version_no,
        application=row,
        imprint=row.imprint,
        imprint_sequence=1 if last is None else last.imprint_sequence + 1,
        former_number=None if last is None else last.number,
        engraving_text=row.engraving_text,
        engraving_key=row.engraving_key,
        engraving_kind=reading.kind.value,
        material=row.material,
        applicant_kind=row.applicant_kind,
        applicant_name=row.applicant_name,
        identity_method=row.identity_method,
        remark=row.remark,
        receiving_office=row.office,
        keeping_office=desk.office,
        registered_on=desk.today,
    )
    card = register.new_card(registration, desk.today)
    _close(desk, row, ApplicationState.REGISTERED, comment)
    register.step(
        desk, Act.REGISTERED, person=row.person, application=row, registration=registration, card=card, comment=comment
    )
    register.announce(desk, registration, Act.REGISTERED)
    desk.log(
        Operation.REGISTER, subjects=(row.person,), target=f"seal:{registration.number:08d}", entered_by=row.account,
        former=registration.former_number,
    )  # fmt: skip
    return Registered(registration.number, card.number, registration.former_number)


def _measured(row: Imprint) -> imprints.Imprint:
    return imprints.Imprint(
        bytes(row.picture), row.picture_width_um, row.picture_height_um, row.width_um, row.height_um, row.fingerprint
    )


@use_case(Operation.REVIEW)
def send_back(desk: Desk, application_id: int, comment: str) -> None:
    """差戻し: the reviewer gives an application back with a reason."""
    desk.require(Duty.REVIEW)
    text = comment.strip()[: filings.MAX_TEXT]
    if not text:
        raise Refused(
            [Finding("SEAL-E-055", "comment", "差戻しの理由が入力されていません。", "理由を入力してください。")]
        )
    row = _application(application_id, ApplicationState.WAITING)
    _close(desk, row, ApplicationState.RETURNED, text)
    register.step(desk, Act.RETURNED, person=row.person, application=row, comment=text)
    desk.log(Operation.REVIEW, subjects=(row.person,), target=f"seal_application:{row.pk}", state="returned")


@use_case(Operation.FILE)
def withdraw(desk: Desk, application_id: int, comment: str = "") -> None:
    """取下げ: the applicant takes it back before it is registered."""
    desk.require(Duty.REGISTRATION)
    row = _application(application_id, ApplicationState.INQUIRED, ApplicationState.WAITING)
    text = comment.strip()[: filings.MAX_TEXT]
    _close(desk, row, ApplicationState.WITHDRAWN, text)
    register.step(desk, Act.WITHDRAWN, person=row.person, application=row, comment=text)
    desk.log(Operation.FILE, subjects=(row.person,), target=f"seal_application:{row.pk}", state="withdrawn")


@use_case(Operation.BATCH)
def lapse_unanswered(desk: Desk) -> int:
    """The night's work: letters whose 回答期限 has passed without an answer. How many."""
    desk.require(Duty.REGISTRATION)
    due = SealApplication.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        state=ApplicationState.INQUIRED, answer_due_on__lt=desk.today
    )
    rows = list(due.order_by("pk"))
    for row in rows:
        _close(desk, row, ApplicationState.LAPSED, "")
        register.step(desk, Act.UNANSWERED, person=row.person, application=row)
    if rows:
        desk.log(Operation.BATCH, subjects=tuple(row.person for row in rows), target="seal_inquiries", lapsed=len(rows))
    return len(rows)


def _application(application_id: int, *states: ApplicationState) -> SealApplication:
    """The application, locked. Raises Refused unless it is in one of the states."""
    row = (
        SealApplication.objects.select_for_update(of=("self",))
        .select_related("imprint")
        .filter(pk=application_id)
        .first()
    )
    if row is None:
        raise Refused(
            [
                Finding(
                    "SEAL-E-056",
                    "application",
                    f"受付番号{application_id}の申請はありません。",
                    "番号を確認してください。",
                )
            ]
        )
    if row.state not in states:
        raise Refused(
            [
                Finding(
                    "SEAL-E-057",
                    "application",
                    f"受付番号{application_id}は「{ApplicationState(row.state).label}」です。",
                    "一覧を開き直して、今の状態を確認してください。",
                )
            ]
        )
    return row


def _close(desk: Desk, row: SealApplication, state: ApplicationState, comment: str) -> None:
    row.state, row.closed_at, row.reviewer, row.review_comment = state.value, desk.now, desk.account, comment
    row.save(update_fields=["state", "closed_at", "reviewer", "review_comment"])


# -- what happens to a registration ---------------------------------------------------------------------------------------


@use_case(Operation.FILE)
def abolish(desk: Desk, data: Mapping[str, Any]) -> None:
    """廃止申請, 印鑑の亡失届: the registration ends at once; its card is returned or void."""
    desk.require(Duty.REGISTRATION)
    filing, findings = filings.read_holder_filing(data, desk.today)
    findings.raise_if_blocking()
    registration = _held(desk, filing.person)
    card = register.end(
        registration, filing.reason, desk.today, CardState.RETURNED if filing.card_returned else CardState.VOID
    )
    register.step(
        desk, Act.ABOLISHED, person=filing.person, registration=registration, card=card, reason=filing.reason.value,
        comment=f"届出人 {filing.applicant_name}　{filing.comment}".rstrip("　"),
    )  # fmt: skip
    if filing.card_returned and card is not None:
        register.step(desk, Act.CARD_RETURNED, person=filing.person, registration=registration, card=card)
    register.announce(desk, registration, Act.ABOLISHED)
    desk.log(
        Operation.FILE, subjects=(filing.person,), target=f"seal:{registration.number:08d}", state="abolished",
        reason=filing.reason.value,
    )  # fmt: skip


@use_case(Operation.FILE)
def report_card_loss(desk: Desk, data: Mapping[str, Any]) -> bool:
    """登録証の亡失届: the card is dead at once. By profile the registration ends with it; whether it did."""
    desk.require(Duty.REGISTRATION)
    filing, findings = filings.read_holder_filing(data, desk.today)
    findings.raise_if_blocking()
    registration = _held(desk, filing.person)
    card = register.valid_card(registration)
    if card is None:
        raise Refused([_no_card()])
    register.close_card(card, CardState.LOST, desk.today)
    register.step(
        desk, Act.CARD_LOST, person=filing.person, registration=registration, card=card,
        comment=f"届出人 {filing.applicant_name}　{filing.comment}".rstrip("　"),
    )  # fmt: skip
    ends = SETTINGS.value("lost_card_ends_registration", bool, on=desk.today)
    if ends:
        register.end(registration, EndReason.CARD_LOST, desk.today)
        register.step(
            desk, Act.ABOLISHED, person=filing.person, registration=registration, reason=EndReason.CARD_LOST.value
        )
        register.announce(desk, registration, Act.ABOLISHED)
    desk.log(Operation.FILE, subjects=(filing.person,), target=f"seal_card:{card.number:08d}", state="lost", ended=ends)
    return ends


@use_case(Operation.REGISTER)
def reissue_card(desk: Desk, data: Mapping[str, Any]) -> int:
    """引替交付・再交付: another card for the same registration, for a damaged one that is returned or one that was lost."""
    desk.require(Duty.REVIEW)
    filing, findings = filings.read_holder_filing(data, desk.today)
    findings.raise_if_blocking()
    registration = _held(desk, filing.person)
    old = register.valid_card(registration)
    if old is not None:
        if not filing.card_returned:
            raise Refused(
                [
                    Finding(
                        "SEAL-E-058",
                        "card_returned",
                        "有効な登録証が返納されていません。",
                        "登録証と引き替えるか、先に亡失届を受け付けてください。",
                    )
                ]
            )
        register.close_card(old, CardState.REPLACED, desk.today)
    card = register.new_card(registration, desk.today)
    register.step(desk, Act.CARD_REISSUED, person=filing.person, registration=registration, card=card)
    desk.log(
        Operation.REGISTER, subjects=(filing.person,), target=f"seal_card:{card.number:08d}",
        replaced=None if old is None else old.number,
    )  # fmt: skip
    return card.number


def _no_card() -> Finding:
    return Finding("SEAL-E-059", "card", "有効な印鑑登録証がありません。", "登録証の経過を確かめてください。")


@use_case(Operation.FILE)
def stop(desk: Desk, person: int, reason: str, comment: str = "") -> None:
    """証明書の発行停止: from the commit on no certificate is made anywhere."""
    desk.require(Duty.REGISTRATION)
    finding = CodeList.load("seal_stop_reasons").check(reason, desk.today, "reason")
    if finding is not None:
        raise Refused([finding])
    registration = _held(desk, person)
    if registration.stopped_on is not None:
        raise Refused([Finding("SEAL-E-060", "person", "既に発行を停止しています。", "停止の理由を確かめてください。")])
    text = comment.strip()[: filings.MAX_TEXT]
    Registration.objects.filter(pk=registration.pk).update(stopped_on=desk.today, stop_reason=reason)
    registration.stopped_on = desk.today
    register.step(desk, Act.STOPPED, person=person, registration=registration, reason=reason, comment=text)
    register.announce(desk, registration, Act.STOPPED)
    desk.log(
        Operation.FILE, subjects=(person,), target=f"seal:{registration.number:08d}", state="stopped", reason=reason
    )


@use_case(Operation.REGISTER)
def release(desk: Desk, person: int, comment: str) -> None:
    """発行停止の解除, by another person than who stopped it."""
    desk.require(Duty.REVIEW)
    text = comment.strip()[: filings.MAX_TEXT]
    if not text:
        raise Refused(
            [Finding("SEAL-E-061", "comment", "解除の理由が入力されていません。", "理由を入力してください。")]
        )
    registration = _held(desk, person)
    if registration.stopped_on is None:
        raise Refused([Finding("SEAL-E-062", "person", "発行を停止していません。", "今の状態を確かめてください。")])
    stopped = Step.objects.filter(registration=registration, act=Act.STOPPED).order_by("-id").first()
    if stopped is not None and stopped.account == desk.account:
        raise Refused([Finding("SEAL-E-063", "reviewer", "自分が停止したものを、自分で解除することはできません。", "他の審査担当者に依頼してください。")])  # fmt: skip
    Registration.objects.filter(pk=registration.pk).update(stopped_on=None, stop_reason="")
    registration.stopped_on = None
    register.step(desk, Act.RELEASED, person=person, registration=registration, comment=text)
    register.announce(desk, registration, Act.RELEASED)
    desk.log(Operation.REGISTER, subjects=(person,), target=f"seal:{registration.number:08d}", state="released")


@use_case(Operation.REGISTER)
def restore(desk: Desk, number: int, comment: str) -> None:
    """職権回復: a registration that lapsed by an event of the register which was cancelled goes on, with its card."""
    desk.require(Duty.REVIEW)
    text = comment.strip()[: filings.MAX_TEXT]
    if not text:
        raise Refused(
            [Finding("SEAL-E-064", "comment", "回復の理由が入力されていません。", "理由を入力してください。")]
        )
    registration = Registration.objects.filter(pk=number).first()
    if registration is None:
        raise Refused(
            [Finding("SEAL-E-065", "number", "その登録番号の印鑑登録はありません。", "番号を確かめてください。")]
        )
    passing(desk, exits.ENTRY_SCREEN, [registration.person]).require_shown("person")
    residents.hold([registration.person])
    register.hold(registration.person)
    registration.refresh_from_db()
    findings = Findings()
    person = _person(registration.person, findings)
    last = Registration.objects.filter(person=registration.person).order_by("-imprint_sequence").first()
    ended_by = (Act.LAPSED, Act.ABOLISHED)
    ending = Step.objects.filter(registration=registration, act__in=ended_by).order_by("-id").first()
    lapsed = ending if ending is not None and ending.act == Act.LAPSED else None
    if registration.ended_on is None or lapsed is None or last is None or last.pk != registration.pk:
        findings.error(
            "SEAL-E-066",
            "number",
            "職権で抹消した、この方の最後の登録ではありません。",
            "新しい申請を受け付けてください。",
        )
        raise Refused(findings)
    if not person.is_open:
        findings.error(
            "SEAL-E-043",
            "person",
            "住民基本台帳に記録されている方ではありません。",
            "住民票の回復を先に確かめてください。",
        )
    if (
        rules.read_engraving(registration.engraving_text, register.names_of(person), register.added_words(desk.today))
        is None
    ):
        findings.error("SEAL-E-022", "engraving_text", "登録印鑑が今の氏名等を表していません。", "新しい申請を受け付けてください。", article=GUIDE)  # fmt: skip
    findings.raise_if_blocking()
    Registration.objects.filter(pk=registration.pk).update(ended_on=None, end_reason="")
    registration.ended_on = None
    card = None if lapsed.card is None else Card.objects.filter(pk=lapsed.card, state=CardState.VOID).first()
    if card is not None:
        Card.objects.filter(pk=card.pk).update(state=CardState.VALID, closed_on=None)
    register.step(desk, Act.RESTORED, person=registration.person, registration=registration, card=card, comment=text)
    register.announce(desk, registration, Act.RESTORED)
    desk.log(
        Operation.REGISTER, subjects=(registration.person,), target=f"seal:{registration.number:08d}", state="restored"
    )


def _held(desk: Desk, person: int) -> Registration:
    """The registration that hasn't ended, held until the act's end. Raises Refused."""
    passing(desk, exits.ENTRY_SCREEN, [person]).require_shown("person")
    register.hold(person)
    return register.require_active(person)
