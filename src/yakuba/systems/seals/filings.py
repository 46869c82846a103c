"""What can be filed about a seal, and how its form is read: every finding of the form's shape at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from yakuba.core.calendar import UncertainDate
from yakuba.core.characters import check_repertoire, normalize
from yakuba.core.codes import CodeList, check_identity_documents
from yakuba.core.findings import Finding, Findings

from .rules import FILED, GUIDE, Applicant, EndReason, IdentityMethod, is_number

MAX_NAME, MAX_TEXT, MAX_CONFIRMED = 100, 400, 40
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealForm:
    """印鑑登録申請書 with the scan of the seal."""

    key: uuid.UUID
    person: int
    picture: bytes
    engraving_text: str
    material: str
    applicant_kind: Applicant
    applicant_name: str
    attorney_letter: bool = False
    with_guardian: bool = False
    identity_method: IdentityMethod
    identity_documents: tuple[str, ...] = ()
    guarantor_number: int | None = None
    guarantor_seal_checked: bool = False
    replaces: bool = False
    remark: str = ""
    confirmed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderFiling:
    """A 廃止申請, 亡失届 or 引替交付申請: who files it about a person's registration, and what was shown."""

    person: int
    applicant_kind: Applicant
    applicant_name: str
    attorney_letter: bool
    identity_documents: tuple[str, ...]
    reason: EndReason
    card_returned: bool
    comment: str


class Reader:
    """Reads a form's fields, each problem into `findings`, and something of the right type in its place."""

    def __init__(self, data: Mapping[str, Any], known: Sequence[str]) -> None:
        self.data, self.findings = data, Findings()
        for name in sorted(set(data) - set(known)):
            self.findings.error("SEAL-E-001", name[:80], "この申請にない項目です。", "項目を除いてください。")

    def text(self, name: str, longest: int = MAX_TEXT) -> str:
        value = normalize(str(self.data.get(name) or "").strip())
        if len(value) > longest:
            self.findings.error("SEAL-E-002", name, f"{longest}字を超えています。", "短くしてください。")
            return ""
        self.findings.extend(check_repertoire(value, name))
        return value

    def flag(self, name: str) -> bool:
        return self.data.get(name) in (True, "1", "on", "true")

    def codes(self, name: str) -> tuple[str, ...]:
        value = self.data.get(name) or ()
        if isinstance(value, str):
            value = (value,)
        if not isinstance(value, (list, tuple)) or len(value) > MAX_CONFIRMED:
            self.findings.error("SEAL-E-003", name, "選択を読めません。", "画面を開き直してください。")
            return ()
        return tuple(dict.fromkeys(str(code)[:80] for code in value))

    def number(self, name: str, message: str) -> int | None:
        text = str(self.data.get(name) if self.data.get(name) is not None else "").strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 15):
            self.findings.error("SEAL-E-004", name, message, "数字で入力してください。")
            return None
        return int(text)

    def person(self, name: str = "person") -> int:
        found = self.number(name, "宛名番号として読めません。")
        if found is None and not self.findings.errors:
            self.findings.error("SEAL-E-005", name, "対象の方が選ばれていません。", "住民を検索して選んでください。")
        return found or 0

    def key(self) -> uuid.UUID:
        try:
            return uuid.UUID(str(self.data.get("key", "")))
        except ValueError:
            self.findings.error("SEAL-E-006", "key", "申請の識別子がありません。", "画面を開き直してください。")
            return uuid.UUID(int=0)

    def choice(self, name: str, kind: type[T], label: str) -> T:
        value = str(self.data.get(name) or "")
        try:
            return kind(value)  # type: ignore[call-arg]
        except ValueError:
            self.findings.error("SEAL-E-007", name, f"{label}が選ばれていません。", f"{label}を選んでください。")
            return next(iter(kind))  # type: ignore[call-overload, no-any-return]

    def day(self, name: str, label: str, today: date) -> date:
        """A full date that isn't in the future."""
        try:
            found = UncertainDate.parse(str(self.data.get(name) or "").strip()).date
        except ValueError:
            found = None
        if found is None:
            self.findings.error(
                "SEAL-E-008", name, f"{label}を年月日として読めません。", "暦にある日付を入力してください。"
            )
            return today
        if found > today:
            self.findings.error("SEAL-E-009", name, f"{label}が将来の日付です。", "日付を確かめてください。")
        return found


_SEAL_FIELDS = (
    "key", "person", "engraving_text", "material", "applicant_kind", "applicant_name", "attorney_letter", "with_guardian",
    "identity_method", "identity_documents", "guarantor_number", "guarantor_seal_checked", "replaces", "remark", "confirmed",
)  # fmt: skip


def read_seal_form(data: Mapping[str, Any], picture: bytes, today: date) -> tuple[SealForm, Findings]:
    """The application, and everything that is wrong with it in itself."""
    reader = Reader(data, _SEAL_FIELDS)
    form = SealForm(
        key=reader.key(),
        person=reader.person(),
        picture=picture,
        engraving_text=reader.text("engraving_text", 200),
        material=str(reader.data.get("material") or ""),
        applicant_kind=reader.choice("applicant_kind", Applicant, "申請者"),
        applicant_name=reader.text("applicant_name", MAX_NAME),
        attorney_letter=reader.flag("attorney_letter"),
        with_guardian=reader.flag("with_guardian"),
        identity_method=reader.choice("identity_method", IdentityMethod, "本人確認の方法"),
        identity_documents=reader.codes("identity_documents"),
        guarantor_number=reader.number("guarantor_number", "保証人の登録番号として読めません。"),
        guarantor_seal_checked=reader.flag("guarantor_seal_checked"),
        replaces=reader.flag("replaces"),
        remark=reader.text("remark"),
        confirmed=reader.codes("confirmed"),
    )
    findings = reader.findings
    if not form.applicant_name:
        findings.error(
            "SEAL-E-012", "applicant_name", "申請者の氏名が入力されていません。", "申請書の申請者欄を入力してください。"
        )
    findings.extend(_check_material(form.material, today))
    findings.extend(check_applicant(form.applicant_kind, form.attorney_letter))
    findings.extend(_check_identity(form, today))
    return form, findings


def _check_material(code: str, today: date) -> Findings:
    findings = Findings()
    materials = CodeList.load("seal_materials")
    finding = materials.check(code, today, "material")
    if finding is not None:
        findings.extend((finding,))
    elif materials.get(code, today).attributes["registrable"] != "yes":
        findings.error(
            "SEAL-E-024", "material", "ゴム印その他の変形しやすい印鑑は登録できません。", "変形しない材質の印鑑を持参してもらってください。",
            article=GUIDE,
        )  # fmt: skip
    return findings


def check_applicant(kind: Applicant, attorney_letter: bool) -> list[Finding]:
    """An agent shows that the holder wants it."""
    if kind is Applicant.AGENT and not attorney_letter:
        return [
            Finding(
                "SEAL-E-013",
                "attorney_letter",
                "代理権を証する書面（委任状）の確認が入力されていません。",
                "委任状を確認してください。",
                article=GUIDE,
            )
        ]
    return []


def _check_identity(form: SealForm, today: date) -> Findings:
    """On the spot only oneself, by a document with a photograph or a guarantor; everybody else by letter."""
    findings = Findings()
    method = form.identity_method
    if form.applicant_kind is Applicant.AGENT and method is not IdentityMethod.INQUIRY:
        findings.error(
            "SEAL-E-014", "identity_method", "代理人による申請は、照会書により本人の意思を確認します。", "照会書を選んでください。",
            article=GUIDE,
        )  # fmt: skip
    documents = CodeList.load("identity_documents")
    if method is IdentityMethod.DOCUMENT:
        valid = [code for code in form.identity_documents if documents.check(code, today, "identity_documents") is None]
        if not any(documents.get(code, today).attributes["photo"] == "yes" for code in valid):
            findings.error(
                "SEAL-E-015", "identity_documents", "官公署の発行した写真付きの証明書の確認が入力されていません。",
                "写真付きの証明書がないときは、保証人又は照会書によってください。", article=GUIDE,
            )  # fmt: skip
    if method is IdentityMethod.GUARANTOR:
        if form.guarantor_number is None or not is_number(form.guarantor_number):
            findings.error(
                "SEAL-E-016", "guarantor_number", "保証人の登録番号が正しくありません。", "保証人の印鑑登録証を確かめてください。",
                article=GUIDE,
            )  # fmt: skip
        if not form.guarantor_seal_checked:
            findings.error(
                "SEAL-E-017", "guarantor_seal_checked", "保証書の印影と保証人の登録印鑑の照合が入力されていません。", "照合してください。",
                article=GUIDE,
            )  # fmt: skip
    return findings


_HOLDER_FIELDS = ("person", "applicant_kind", "applicant_name", "attorney_letter", "identity_documents", "reason", "card_returned", "comment")  # fmt: skip


def read_holder_filing(data: Mapping[str, Any], today: date) -> tuple[HolderFiling, Findings]:
    """A filing about a registration that there is. `reason` is one of `rules.FILED` where it ends by request."""
    reader = Reader(data, _HOLDER_FIELDS)
    filing = HolderFiling(
        person=reader.person(),
        applicant_kind=reader.choice("applicant_kind", Applicant, "届出人"),
        applicant_name=reader.text("applicant_name", MAX_NAME),
        attorney_letter=reader.flag("attorney_letter"),
        identity_documents=reader.codes("identity_documents"),
        reason=reader.choice("reason", EndReason, "事由") if reader.data.get("reason") else EndReason.REQUEST,
        card_returned=reader.flag("card_returned"),
        comment=reader.text("comment"),
    )
    findings = reader.findings
    if filing.reason not in FILED:
        findings.error("SEAL-E-007", "reason", "届出による廃止の事由ではありません。", "事由を選んでください。")
    if not filing.applicant_name:
        findings.error(
            "SEAL-E-012", "applicant_name", "届出人の氏名が入力されていません。", "届出書を確かめてください。"
        )
    findings.extend(check_applicant(filing.applicant_kind, filing.attorney_letter))
    findings.extend(check_identity_documents(filing.identity_documents, today, "identity_documents"))
    return filing, findings
