"""From items to a paper: what is omitted, what is certified, which template draws it.

Every function returns a `Paper`, ready to be drawn. Omission happens here, so that no caller can forget it: a text
that the applicant did not ask for never reaches the template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from yakuba.core.calendar import to_wareki
from yakuba.core.findings import Findings
from yakuba.platform.documents import IssueNumber, Rendered, Substitution, Template, preview, render
from yakuba.platform.documents.certified import Closing
from yakuba.systems.residents.papers.forms import (
    Authority,
    CertificateOptions,
    CertifiedItem,
    HouseholdPaper,
    Item,
    ItemsPaper,
    MoveOutPaper,
    MovingPerson,
    Names,
    PersonEntry,
    PersonItems,
    RemovedPaper,
)
from yakuba.systems.residents.papers.sheets import (
    CopyPersonSheet,
    CopySheet,
    ItemsPersonSheet,
    ItemsSheet,
    MoveOutSheet,
    MovingPersonSheet,
    PersonSheet,
    RemovalSheet,
    RemovedSheet,
    Row,
)

OMITTED = "省略"
NOTHING = "＊＊＊"
OMISSION_NOTE = f"「{OMITTED}」の欄は記載を省略しています。「{NOTHING}」の欄には記載がありません。"

_TEMPLATES = "systems/residents/papers/templates"
INDIVIDUAL_COPY = Template(f"{_TEMPLATES}/individual_copy.typ", CopySheet, "住民票の写し")
HOUSEHOLD_COPY = Template(f"{_TEMPLATES}/household_copy.typ", CopySheet, "住民票の写し（世帯連記式）")
REMOVED_COPY = Template(f"{_TEMPLATES}/removed_copy.typ", RemovedSheet, "住民票の除票の写し")
ITEMS_CERTIFICATE = Template(f"{_TEMPLATES}/items_certificate.typ", ItemsSheet, "住民票記載事項証明書")
MOVE_OUT_CERTIFICATE = Template(f"{_TEMPLATES}/move_out_certificate.typ", MoveOutSheet, "転出証明書")
MOVE_OUT_EQUIVALENT = Template(f"{_TEMPLATES}/move_out_certificate.typ", MoveOutSheet, "転出証明書に準ずる証明書")

EVERYTHING_BUT_THE_NUMBER = CertificateOptions(
    show_household_head=True,
    show_domicile=True,
    show_resident_code=True,
    show_nationality=True,
    show_residence_status=True,
    show_card_number=True,
)


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper after omission: the template and exactly the texts that it prints."""

    template: Template
    sheet: object
    certified_on: date

    def render(
        self,
        *,
        issue: IssueNumber,
        created_at: datetime,
        specimen: bool,
        substitutions: Iterable[Substitution] = (),
    ) -> Rendered:
        """As `documents.render`. Raises `ValueError` if the paper is not certified on the day of its issue."""
        self._require_same_day(issue)
        return render(
            self.template,
            self.sheet,
            issue=issue,
            created_at=created_at,
            specimen=specimen,
            substitutions=substitutions,
        )

    def preview(
        self,
        *,
        issue: IssueNumber,
        specimen: bool,
        image_format: Literal["png", "svg"] = "png",
        resolution_ppi: float = 96,
        substitutions: Iterable[Substitution] = (),
    ) -> tuple[bytes, ...]:
        """As `documents.preview`."""
        self._require_same_day(issue)
        return preview(
            self.template,
            self.sheet,
            issue=issue,
            specimen=specimen,
            image_format=image_format,
            resolution_ppi=resolution_ppi,
            substitutions=substitutions,
        )

    def _require_same_day(self, issue: IssueNumber) -> None:
        if issue.issued_on != self.certified_on:
            raise ValueError(f"certified on {self.certified_on}, but issued on {issue.issued_on}")


def individual_copy(
    paper: HouseholdPaper, options: CertificateOptions, authority: Authority, certified_on: date
) -> Paper:
    """住民票の写し（個人票）: one page or more for each person. Raises `Refused` with every finding."""
    return _resident_copy(INDIVIDUAL_COPY, paper, options, authority, certified_on)


def household_copy(
    paper: HouseholdPaper, options: CertificateOptions, authority: Authority, certified_on: date
) -> Paper:
    """住民票の写し（世帯連記式）: four persons on a page. Raises `Refused` with every finding."""
    return _resident_copy(HOUSEHOLD_COPY, paper, options, authority, certified_on)


def removed_copy(paper: RemovedPaper, options: CertificateOptions, authority: Authority, certified_on: date) -> Paper:
    """住民票の除票の写し (住民基本台帳法 15条の4). It has no 個人番号. Raises `Refused` with every finding."""
    findings = Findings()
    if options.show_individual_number:
        _refuse_individual_number(findings)
    _check_person(findings, paper.person, "")
    _check_names(findings, paper.household_head, "世帯主")
    _check_authority(findings, authority)
    findings.raise_if_blocking()
    sheet = RemovedSheet(
        title="住民票の除票の写し",
        address=paper.address,
        household_head=_head(paper.household_head, options),
        person=_person(1, paper.person, options),
        removal=RemovalSheet(
            reason=paper.removal.reason,
            happened_on=paper.removal.happened_on or NOTHING,
            planned_address=paper.removal.planned_address or NOTHING,
            confirmed_address=paper.removal.confirmed_address or NOTHING,
            filed_on=paper.removal.filed_on or NOTHING,
            notified_on=paper.removal.notified_on or NOTHING,
            moved_out_on=paper.removal.moved_out_on or NOTHING,
        ),
        closing=_closing(
            "この写しは、住民票の除票の原本と相違ないことを証明する。", certified_on, authority, (OMISSION_NOTE,)
        ),
    )
    return Paper(REMOVED_COPY, sheet, certified_on)


def items_certificate(paper: ItemsPaper, authority: Authority, certified_on: date) -> Paper:
    """住民票記載事項証明書 (住民基本台帳法 12条1項): the chosen items only. Raises `Refused` with every finding."""
    findings = Findings()
    _check_people(findings, paper.people, paper.household_head)
    _check_authority(findings, authority)
    findings.raise_if_blocking()
    register = "住民票の除票" if paper.is_removed else "住民票"
    sheet = ItemsSheet(
        title="住民票除票記載事項証明書" if paper.is_removed else "住民票記載事項証明書",
        people=tuple(
            ItemsPersonSheet(
                name=_legal_name(person.names),
                rows=tuple(
                    Row(item.value, _certified_value(item, person, paper))
                    for item in CertifiedItem
                    if item in paper.items and _belongs(item, person)
                ),
            )
            for person in paper.people
        ),
        closing=_closing(
            f"上記の事項は、{register}に記載されていることを証明する。",
            certified_on,
            authority,
            (f"「{NOTHING}」の欄には記載がありません。",),
        ),
    )
    return Paper(ITEMS_CERTIFICATE, sheet, certified_on)


def move_out_certificate(paper: MoveOutPaper, authority: Authority, certified_on: date) -> Paper:
    """転出証明書 (住民基本台帳法施行令 23条・24条). A reissue says so (4.1.3). Raises `Refused` with every finding."""
    title = "転出証明書（再交付）" if paper.is_reissue else "転出証明書"
    notes = ("新しい住所に住み始めた日から14日以内に、この証明書を添えて転入先の市区町村へ転入届を出してください。",)
    return _move_out(
        MOVE_OUT_CERTIFICATE, title, "上記のとおり転出することを証明する。", notes, paper, authority, certified_on
    )


def move_out_equivalent(paper: MoveOutPaper, authority: Authority, certified_on: date) -> Paper:
    """転出証明書に準ずる証明書, for a record removed ex officio (4.1.3). Raises `Refused` with every finding."""
    title = "転出証明書に準ずる証明書" + ("（再交付）" if paper.is_reissue else "")
    notes = ("転出証明書に代わるものです。転入先の市区町村へ転入届を出すときに添えてください。",)
    return _move_out(
        MOVE_OUT_EQUIVALENT,
        title,
        "上記の者は、転出したものとして住民票を消除したことを証明する。",
        notes,
        paper,
        authority,
        certified_on,
    )


def _resident_copy(
    template: Template, paper: HouseholdPaper, options: CertificateOptions, authority: Authority, certified_on: date
) -> Paper:
    findings = Findings()
    _check_people(findings, [entry.items for entry in paper.people], paper.household_head)
    for position, entry in enumerate(paper.people, 1):
        _check_digits(findings, "個人番号", entry.individual_number, 12, f"{position}人目の")
    _check_authority(findings, authority)
    findings.raise_if_blocking()
    whole = "世帯全員" if paper.is_whole_household else "世帯の一部の者"
    sheet = CopySheet(
        title="住民票の写し",
        address=paper.address,
        household_head=_head(paper.household_head, options),
        people=tuple(_copy_person(number, entry, options) for number, entry in enumerate(paper.people, 1)),
        closing=_closing(
            f"この写しは、{whole}の住民票の原本と相違ないことを証明する。", certified_on, authority, (OMISSION_NOTE,)
        ),
    )
    return Paper(template, sheet, certified_on)


def _move_out(
    template: Template,
    title: str,
    statement: str,
    notes: tuple[str, ...],
    paper: MoveOutPaper,
    authority: Authority,
    certified_on: date,
) -> Paper:
    findings = Findings()
    _check_people(findings, [moving.items for moving in paper.people], paper.household_head)
    _check_authority(findings, authority)
    findings.raise_if_blocking()
    sheet = MoveOutSheet(
        title=title,
        address=paper.address,
        household_head=paper.household_head.preferred or NOTHING,
        next_address=paper.next_address,
        next_household_head=paper.next_household_head or NOTHING,
        moves_on=paper.moves_on,
        filed_on=paper.filed_on or NOTHING,
        people=tuple(_moving_person(number, moving) for number, moving in enumerate(paper.people, 1)),
        closing=_closing(statement, certified_on, authority, notes),
    )
    return Paper(template, sheet, certified_on)


def _head(names: Names, options: CertificateOptions) -> str:
    if not options.show_household_head:
        return OMITTED
    return names.preferred or NOTHING


def _legal_name(names: Names) -> str:
    """The name box: of a foreign resident the letters and, where recorded, the kanji; never the alias."""
    return "　".join(name for name in (names.alphabet, names.kanji) if name) or NOTHING


def _person(number: int, items: PersonItems, options: CertificateOptions) -> PersonSheet:
    def shown(item: Item, text: str | None) -> str:
        return (text or NOTHING) if options.shows(item) else OMITTED

    def kana(text: str | None) -> str:
        return (text or NOTHING) if options.show_kana else OMITTED

    second = (items.names.alias, items.names.alias_kana)
    if not items.is_foreign:
        second = (items.former_surname, items.former_surname_kana)
    return PersonSheet(
        number=number,
        is_foreign=items.is_foreign,
        name=_legal_name(items.names),
        name_kana=kana(items.names.kana),
        second_name=second[0] or NOTHING,
        second_name_kana=kana(second[1]),
        birth_date=items.birth_date,
        sex=items.sex or NOTHING,
        relationship=shown(Item.HOUSEHOLD_HEAD, items.relationship),
        resident_since=items.resident_since,
        address_since=items.address_since or NOTHING,
        filed_on=items.filed_on or NOTHING,
        previous_address=items.previous_address or NOTHING,
        domicile=shown(Item.DOMICILE, items.domicile),
        domicile_head=shown(Item.DOMICILE, items.domicile_head),
        resident_code=shown(Item.RESIDENT_CODE, items.resident_code),
        nationality=shown(Item.NATIONALITY, items.nationality),
        residence_class=shown(Item.RESIDENCE_STATUS, items.residence_class),
        residence_status=shown(Item.RESIDENCE_STATUS, items.residence_status),
        residence_period=shown(Item.RESIDENCE_STATUS, items.residence_period),
        residence_expires_on=shown(Item.RESIDENCE_STATUS, items.residence_expires_on),
        card_number=shown(Item.CARD_NUMBER, items.card_number),
        lines=_lines(items, options),
    )


def _lines(items: PersonItems, options: CertificateOptions) -> tuple[str, ...]:
    """History and remarks. A line about an omitted item is left out, since it would tell what the box hides."""
    if not (options.show_history or options.show_remarks):
        return (OMITTED,)
    candidates = [(line.text, line.concerns) for line in items.history if options.show_history]
    candidates += [
        (f"{remark.entered_on}　{remark.text}", remark.concerns)
        for remark in items.remarks
        if options.show_remarks and remark.is_printed
    ]
    shown = [text for text, concerns in candidates if all(map(options.shows, concerns))]
    if len(shown) < len(candidates):
        shown.append("省略した欄に関する記載は省略しています。")
    return tuple(shown) or (NOTHING,)


def _copy_person(number: int, entry: PersonEntry, options: CertificateOptions) -> CopyPersonSheet:
    individual_number = (entry.individual_number or NOTHING) if options.show_individual_number else OMITTED
    return CopyPersonSheet(_person(number, entry.items, options), individual_number)


def _moving_person(number: int, moving: MovingPerson) -> MovingPersonSheet:
    return MovingPersonSheet(
        person=_person(number, moving.items, EVERYTHING_BUT_THE_NUMBER),
        national_health_insurance=moving.national_health_insurance or NOTHING,
        late_elderly_care=moving.late_elderly_care or NOTHING,
        long_term_care=moving.long_term_care or NOTHING,
        national_pension=moving.national_pension or NOTHING,
        child_allowance=moving.child_allowance or NOTHING,
    )


_OF_JAPANESE = {CertifiedItem.FORMER_SURNAME, CertifiedItem.DOMICILE, CertifiedItem.DOMICILE_HEAD}
_OF_FOREIGNERS = {
    CertifiedItem.ALIAS,
    CertifiedItem.NATIONALITY,
    CertifiedItem.RESIDENCE_CLASS,
    CertifiedItem.RESIDENCE_STATUS,
    CertifiedItem.RESIDENCE_PERIOD,
    CertifiedItem.RESIDENCE_EXPIRES_ON,
    CertifiedItem.CARD_NUMBER,
}


def _belongs(item: CertifiedItem, person: PersonItems) -> bool:
    return item not in (_OF_JAPANESE if person.is_foreign else _OF_FOREIGNERS)


_VALUES: dict[CertifiedItem, Callable[[PersonItems], str | None]] = {
    CertifiedItem.KANA: lambda person: person.names.kana,
    CertifiedItem.BIRTH_DATE: lambda person: person.birth_date,
    CertifiedItem.SEX: lambda person: person.sex,
    CertifiedItem.RELATIONSHIP: lambda person: person.relationship,
    CertifiedItem.FORMER_SURNAME: lambda person: person.former_surname,
    CertifiedItem.ALIAS: lambda person: person.names.alias,
    CertifiedItem.DOMICILE: lambda person: person.domicile,
    CertifiedItem.DOMICILE_HEAD: lambda person: person.domicile_head,
    CertifiedItem.RESIDENT_SINCE: lambda person: person.resident_since,
    CertifiedItem.ADDRESS_SINCE: lambda person: person.address_since,
    CertifiedItem.FILED_ON: lambda person: person.filed_on,
    CertifiedItem.PREVIOUS_ADDRESS: lambda person: person.previous_address,
    CertifiedItem.RESIDENT_CODE: lambda person: person.resident_code,
    CertifiedItem.NATIONALITY: lambda person: person.nationality,
    CertifiedItem.RESIDENCE_CLASS: lambda person: person.residence_class,
    CertifiedItem.RESIDENCE_STATUS: lambda person: person.residence_status,
    CertifiedItem.RESIDENCE_PERIOD: lambda person: person.residence_period,
    CertifiedItem.RESIDENCE_EXPIRES_ON: lambda person: person.residence_expires_on,
    CertifiedItem.CARD_NUMBER: lambda person: person.card_number,
}


def _certified_value(item: CertifiedItem, person: PersonItems, paper: ItemsPaper) -> str:
    if item is CertifiedItem.ADDRESS:
        return paper.address
    if item is CertifiedItem.HOUSEHOLD_HEAD:
        return paper.household_head.preferred or NOTHING
    return _VALUES[item](person) or NOTHING


def _closing(statement: str, certified_on: date, authority: Authority, notes: tuple[str, ...]) -> Closing:
    return Closing(
        statement=statement,
        certified_on=str(to_wareki(certified_on)),
        title=authority.title,
        name=authority.name,
        seal=authority.seal,
        seal_note=authority.seal_note,
        notes=notes,
    )


def _check_people(findings: Findings, people: Iterable[PersonItems], household_head: Names) -> None:
    people = list(people)
    if not people:
        findings.error("paper-empty", "対象者", "対象者がいません。", "証明する人を選んでください。")
    for position, person in enumerate(people, 1):
        _check_person(findings, person, f"{position}人目の")
    _check_names(findings, household_head, "世帯主")


def _check_person(findings: Findings, person: PersonItems, prefix: str) -> None:
    _check_names(findings, person.names, f"{prefix}氏名")
    _check_digits(findings, "住民票コード", person.resident_code, 11, prefix)


def _check_names(findings: Findings, names: Names, field: str) -> None:
    if names.preferred is None and (names.kanji or names.alphabet or names.alias):
        findings.error(
            "name-priority",
            field,
            f"氏名優先区分（{names.priority.value}）の名が記録されていません。",
            "氏名優先区分を、記録のある名に直してください。",
        )


def _check_digits(findings: Findings, field: str, text: str | None, length: int, prefix: str) -> None:
    if text is not None and not re.fullmatch(rf"[0-9]{{{length}}}", text):
        findings.error(
            "digits", f"{prefix}{field}", f"{length}桁の数字ではありません。", "住民記録の値を確認してください。"
        )


def _check_authority(findings: Findings, authority: Authority) -> None:
    if authority.seal is None and not authority.seal_note:
        findings.error(
            "seal-absent",
            "電子公印",
            "公印がなく、公印を省略する旨の文言もありません。",
            "公印を登録するか、「公印省略」などの文言を設定してください。",
            article="住民記録システム標準仕様書 5.6",
        )


def _refuse_individual_number(findings: Findings) -> None:
    findings.error(
        "individual-number-refused",
        "個人番号",
        "この証明書には個人番号を記載できません。",
        "個人番号の記載が必要なときは、住民票の写しを交付してください。",
        article="住民基本台帳法 12条5項",
    )
