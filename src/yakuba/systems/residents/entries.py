"""Rules of 記載: persons who enter the register, and records that open again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import check_repertoire
from yakuba.core.codes import CodeList, check_relationship
from yakuba.core.findings import Finding, Findings
from yakuba.core.names import PersonName, check_alias, check_former_surname, check_furigana, check_name, check_romanized

from .filing_table import refusal
from .filings import (
    Birth,
    ExOfficioEntry,
    Filing,
    ForeignerQualifies,
    ForeignerSettles,
    MoveIn,
    MoveOutWithdrawal,
    NewPerson,
    Place,
    Restoration,
    Subjects,
)
from .planning import (
    CLOSING,
    CONFIRMED,
    HOUSEHOLDER,
    PLANNED,
    Change,
    Items,
    Known,
    Plan,
    View,
    address_items,
    check_day,
    check_place,
    emptied,
    householder_name,
    of_the_other_kind,
    one_household,
    refused_finding,
    since,
    subjects,
)
from .reasons import Effect, Reason, ResidentKind, Status


def _check_new_person(filing: Filing, person: NewPerson, path: str, view: View, findings: Findings) -> None:
    newborn = filing.subjects is Subjects.CHILD
    foreign = person.resident_kind == ResidentKind.FOREIGN
    if foreign:
        if not person.name and not person.name_latin:
            findings.error(
                "RES-E-050", f"{path}.name_latin", "氏名が入力されていません。", "在留カードの氏名を入力してください。"
            )
        for name, label in (("nationality", "国籍・地域"), ("article_30_45", "法第30条の45の区分")):
            if not getattr(person, name):
                findings.error(
                    "RES-E-051", f"{path}.{name}", f"{label}が選ばれていません。", "在留カード等を確認してください。",
                    article="住民基本台帳法 第30条の45",
                )  # fmt: skip
        if person.former_surname:
            findings.error(
                "RES-E-052", f"{path}.former_surname", "旧氏は日本人住民だけの項目です。", "通称の欄を使ってください。"
            )
    else:
        if not person.name and not newborn:
            findings.error(
                "RES-E-050", f"{path}.name", "氏名が入力されていません。", "届出書の氏名を入力してください。"
            )
        if not person.domicile or not person.register_head:
            findings.error(
                "RES-E-053", f"{path}.domicile", "本籍又は筆頭者が入力されていません。",
                "転出証明書で確認し、ない場合は「なし」、分からない場合は「不明」と入力してください。", article="住民基本台帳法 第7条第5号",
            )  # fmt: skip
        if person.alias or person.nationality or person.article_30_45 or person.residence_card:
            findings.error(
                "RES-E-054", f"{path}.alias", "通称・国籍・在留に関する項目は外国人住民だけのものです。", "住民種別を確認してください。"
            )  # fmt: skip
    findings.extend(_check_names(person, path, foreign=foreign))
    if person.name and not person.name_kana and not foreign:
        findings.warn(
            "RES-W-050", f"{path}.name_kana", "氏名の振り仮名がありません。", "本人に確認し、分からないまま登録するときは確認してください。",
            article="住民基本台帳法 第7条第1号の2",
        )  # fmt: skip
    if person.birth is None:
        findings.error("RES-E-055", f"{path}.birth", "生年月日が入力されていません。", "生年月日を入力してください。")
    elif person.birth.earliest > view.today:
        findings.error("RES-E-056", f"{path}.birth", "生年月日が未来の日付です。", "生年月日を確認してください。")
    findings.extend(_check_codes(person, path, view.today))
    if foreign:
        check_residence(person, path, view.today, findings)
    findings.extend(filter(None, [check_relationship(person.relationship, f"{path}.relationship")]))
    if person.former_number is not None:
        former = view.persons.get(person.former_number)
        if former is None:
            findings.error(
                "RES-E-059",
                f"{path}.former_number",
                "再転入の元になる除票がありません。",
                "除票を検索して選び直してください。",
            )
        elif (refused := refusal(filing.kind, former.state)) is not None:
            findings.items.append(refused_finding(refused, former, f"{path}.former_number", filing))


class Residence(Protocol):
    """What a form may state of 法30条の45の表: a class, and what the table asks of it."""

    @property
    def article_30_45(self) -> str: ...
    @property
    def residence_status(self) -> str: ...
    @property
    def residence_period(self) -> str: ...
    @property
    def residence_until(self) -> date | None: ...
    @property
    def residence_card(self) -> str: ...


def check_residence(stated: Residence, path: str, day: date, findings: Findings) -> None:
    """法30条の45の表: what must stand in the record of each class of foreign resident, and what can't."""
    dotted = f"{path}." if path else ""
    article = "住民基本台帳法 第30条の45"
    kind = stated.article_30_45
    if kind in {MID_TO_LONG_TERM, SPECIAL_PERMANENT} and not stated.residence_card:
        findings.error(
            "RES-E-063", f"{dotted}residence_card", "在留カード等の番号が入力されていません。",
            "在留カード又は特別永住者証明書の番号を入力してください。", article=article,
        )  # fmt: skip
    if kind in {LANDED_REFUGEE, PROVISIONAL_STAY} and getattr(stated, "landing_until", None) is None:
        findings.error(
            "RES-E-064", f"{dotted}landing_until", "上陸期間又は仮滞在期間の満了の日が入力されていません。",
            "許可書の期間を入力してください。", article=article,
        )  # fmt: skip
    if kind and kind != MID_TO_LONG_TERM and (stated.residence_status or stated.residence_period):
        findings.error(
            "RES-E-065", f"{dotted}residence_status", "在留資格・在留期間は中長期在留者だけの項目です。",
            "法第30条の45の区分を確認してください。", article=article,
        )  # fmt: skip
    if stated.residence_until is not None and stated.residence_until < day:
        findings.warn(
            "RES-W-065", f"{dotted}residence_until", "在留期間の満了の日を過ぎています。",
            "更新の申請中か、新しい在留カードがあるかを確認してください。", article=article,
        )  # fmt: skip


def _check_names(person: NewPerson, path: str, *, foreign: bool) -> list[Finding]:
    findings = check_name(PersonName(person.name), f"{path}.name") if person.name else []
    kana = PersonName(person.name_kana)
    if person.name_kana:
        name = PersonName(person.name) if person.name and not foreign else None
        findings += check_furigana(kana, f"{path}.name_kana", name=name, in_family_register=not foreign)
    if person.name_latin:
        findings += check_romanized(person.name_latin, f"{path}.name_latin")
    if person.former_surname:
        findings += check_former_surname(person.former_surname, f"{path}.former_surname")
    if person.former_surname_kana:
        findings += check_furigana(PersonName(person.former_surname_kana), f"{path}.former_surname_kana")
    if person.alias:
        findings += check_alias(PersonName(person.alias), f"{path}.alias")
    if person.alias_kana:
        findings += check_furigana(PersonName(person.alias_kana), f"{path}.alias_kana", in_family_register=False)
    if person.register_head:
        findings += check_name(PersonName(person.register_head), f"{path}.register_head")
    return findings


MID_TO_LONG_TERM, SPECIAL_PERMANENT, LANDED_REFUGEE, PROVISIONAL_STAY, BORN_HERE, LOST_NATIONALITY = "123456"
"""法30条の45の表の区分 (list `article_30_45_classes`)."""

_CODED = {
    "resident_kind": "resident_kinds",
    "sex": "sexes",
    "nationality": "nationalities",
    "article_30_45": "article_30_45_classes",
    "residence_status": "residence_statuses",
    "name_priority": "name_priorities",
}


def _check_codes(person: NewPerson, path: str, day: date) -> list[Finding]:
    found = [
        CodeList.load(codes).check(getattr(person, name), day, f"{path}.{name}")
        for name, codes in _CODED.items()
        if getattr(person, name) or name == "sex"
    ]
    return [finding for finding in found if finding is not None]


def _check_candidates(persons: tuple[NewPerson, ...], field_name: str, view: View, findings: Findings) -> None:
    for candidate in view.candidates:
        path = f"{field_name}.{candidate.entry}"
        if persons[candidate.entry].former_number == candidate.number:
            continue
        number = f"{candidate.label}さん（宛名番号{candidate.number:015d}）"
        if candidate.matched == "name_birth_sex":
            findings.warn(
                "RES-W-060", f"{path}.name", f"氏名・生年月日・性別が同じ方がいます: {number}。",
                "同じ方なら再転入として入力し、別の方ならこの警告を確認してください。",
            )  # fmt: skip
        elif candidate.is_open:
            findings.error(
                "RES-E-060",
                f"{path}.name",
                f"既にこの市区町村の住民です: {number}。",
                "二重登録になります。届出の内容を確認してください。",
            )
        else:
            findings.error(
                "RES-E-061", f"{path}.former_number", f"同じ番号を持つ除票があります: {number}。",
                "新規では登録できません。この除票からの再転入として入力してください。",
            )  # fmt: skip


def _entry_items(person: NewPerson, before: Items | None) -> Items:
    """The person's own items on entry; a former resident keeps what the form does not state (番号, 振り仮名の確認 …)."""
    stated: Items = {
        "resident_kind": person.resident_kind,
        "status": Status.RESIDENT.value,
        "name": person.name or None,
        "name_kana": person.name_kana or None,
        "name_latin": person.name_latin or None,
        "former_surname": person.former_surname or None,
        "former_surname_kana": person.former_surname_kana or None,
        "alias": person.alias or None,
        "alias_kana": person.alias_kana or None,
        "name_priority": person.name_priority or None,
        "birth": person.birth,
        "sex": person.sex,
        "relationship": person.relationship,
        "register_head": person.register_head or None,
        "resident_code": person.resident_code.reveal() if person.resident_code else None,
        "nationality": person.nationality or None,
        "article_30_45": person.article_30_45 or None,
        "residence_status": person.residence_status or None,
        "residence_period": person.residence_period or None,
        "residence_until": person.residence_until,
        "residence_card": person.residence_card or None,
        "landing_until": person.landing_until,
        **person.domicile.items("domicile"),
    }
    if before is None:
        return stated
    kept = {name: value for name, value in before.items() if name not in _ENDED_BY_REENTRY}
    if before.get("resident_kind") != person.resident_kind:
        kept |= of_the_other_kind(person.resident_kind)
    return {**kept, **{name: value for name, value in stated.items() if value is not None}}


# What belongs to the former stay ends with it.
_ENDED_BY_REENTRY = frozenset(
    {
        *(f"{prefix}_{part}" for prefix in ("planned", "confirmed", "address", "previous", "last_registered")
          for part in ("code", "postal", "town", "banchi", "katagaki")),
        "move_out_planned_on", "move_out_special", "move_out_abroad", "move_out_on", "move_in_notice_on", "move_in_notice_notified_on", "closing_reason",
        "closing_ground", "closed_on", "closing_notified_on", "moved_to_closed_store", "previous_householder",
        "previous_unregistered", "householder_name", "relationship", "household_order", "remark", "remark_on",
        "remark_printed",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Arrival:
    """What the kinds of entry differ in."""

    day: date
    day_field: str
    reason: Reason
    address: Place
    household: int | None
    persons: tuple[NewPerson, ...]
    living_since: date | None = None  # 住所を定めた年月日, where it isn't the day
    has_code: bool = False  # comes from another municipality with 住民票コード and 個人番号
    stated: Items = field(default_factory=dict)  # of the former place


def plan_move_in(filing: MoveIn, view: View, out: Plan) -> None:
    findings = out.findings
    reason = Reason.MOVE_IN_ABROAD if filing.from_abroad else Reason.MOVE_IN
    if not filing.from_abroad and not filing.previous:
        findings.error(
            "RES-E-071", "previous.town", "転入前の住所が入力されていません。", "転出証明書の住所を入力してください。",
            article="住民基本台帳法 第22条第1項第4号",
        )  # fmt: skip
    stated = {
        "previous_householder": filing.previous_householder or None,
        **_former_place(filing.previous, filing.last_registered, findings, unregistered=filing.previous_unregistered),
    }
    arrival = _Arrival(
        filing.moved_on, "moved_on", reason, filing.address, filing.household_number, filing.persons,
        has_code=not filing.from_abroad, stated=stated,
    )  # fmt: skip
    _plan_arrival(filing, arrival, view, out)


def plan_ex_officio_entry(filing: ExOfficioEntry, view: View, out: Plan) -> None:
    stated = _former_place(
        filing.previous, filing.last_registered, out.findings, unregistered=filing.previous_unregistered
    )
    arrival = _Arrival(
        filing.entered_on, "entered_on", Reason.EX_OFFICIO_ENTRY, filing.address, filing.household_number,
        filing.persons, stated=stated,
    )  # fmt: skip
    _plan_arrival(filing, arrival, view, out)


def plan_foreigner_settles(filing: ForeignerSettles, view: View, out: Plan) -> None:
    _only_foreigners(filing.persons, filing, out.findings)
    arrival = _Arrival(
        filing.settled_on, "settled_on", Reason.MOVE_IN_ABROAD, filing.address, filing.household_number, filing.persons
    )
    _plan_arrival(filing, arrival, view, out)


def plan_foreigner_qualifies(filing: ForeignerQualifies, view: View, out: Plan) -> None:
    findings = out.findings
    _only_foreigners(filing.persons, filing, findings)
    if filing.living_since is not None and filing.living_since > filing.qualified_on:
        findings.error(
            "RES-E-066", "living_since", "住所を定めた日が、中長期在留者等となった日より後です。",
            "中長期在留者等となった後に住所を定めたときは、法第30条の46の届出を入力してください。",
        )  # fmt: skip
    arrival = _Arrival(
        filing.qualified_on, "qualified_on", Reason.MOVE_IN_ABROAD, filing.address, filing.household_number,
        filing.persons, living_since=filing.living_since,
    )  # fmt: skip
    _plan_arrival(filing, arrival, view, out)


def _only_foreigners(persons: tuple[NewPerson, ...], filing: Filing, findings: Findings) -> None:
    for index, person in enumerate(persons):
        if person.resident_kind != ResidentKind.FOREIGN:
            findings.error(
                "RES-E-067", f"persons.{index}.resident_kind", "外国人住民だけの届出です。", "日本人は転入届で入力してください。",
                article=filing.article,
            )  # fmt: skip


def _former_place(previous: Place, last_registered: Place, findings: Findings, *, unregistered: bool) -> Items:
    for prefix, place in (("previous", previous), ("last_registered", last_registered)):
        for name in ("town", "banchi", "katagaki"):
            findings.extend(check_repertoire(getattr(place, name), f"{prefix}.{name}"))
    return {
        "previous_unregistered": unregistered or None,
        **previous.items("previous"),
        **last_registered.items("last_registered"),
    }


def _plan_arrival(filing: Filing, arrival: _Arrival, view: View, out: Plan) -> None:
    findings, persons = out.findings, arrival.persons
    check_day(arrival.day, arrival.day_field, filing, view, findings)
    check_place(arrival.address, "address", view, findings)
    if not persons:
        findings.error("RES-E-070", "persons", "届出の対象となる方が選ばれていません。", "一人以上選んでください。")
    returning = [person.former_number for person in persons if person.former_number is not None]
    for index, person in enumerate(persons):
        path = f"persons.{index}"
        _check_new_person(filing, person, path, view, findings)
        if person.birth and person.birth.earliest > arrival.day:
            findings.error(
                "RES-E-072", f"{path}.birth", "生年月日が異動日より後です。", "どちらかの日付を確認してください。"
            )
        if person.former_number is not None and returning.count(person.former_number) > 1:
            findings.error(
                "RES-E-062", f"{path}.former_number", "同じ除票が二人に使われています。", "除票を選び直してください。"
            )
        if person.resident_code is None and arrival.has_code and person.former_number is None:
            findings.error(
                "RES-E-073", f"{path}.resident_code", "住民票コードが入力されていません。", "転出証明書の住民票コードを入力してください。",
                article="住民基本台帳法 第30条の3",
            )  # fmt: skip
        if person.individual_number is None and arrival.has_code:
            out.notes.append("個人番号が提示されていません。住民票コードから照会して確認します。")
    _check_candidates(persons, "persons", view, findings)
    householder = _arrival_householder(arrival, view, findings)
    if findings.errors:
        return
    out.new_household = arrival.household is None
    for index, person in enumerate(persons):
        before = view.persons[person.former_number].items if person.former_number is not None else None
        items = _entry_items(person, before)
        items |= address_items(arrival.address, view)
        items |= since(arrival.living_since or arrival.day, arrival.reason, filing.notified_on)
        items |= {
            "resident_since": UncertainDate.exact(arrival.day),
            "resident_since_reason": arrival.reason.value,
            "resident_notified_on": filing.notified_on,
            "household_number": arrival.household,
            "householder_name": householder,
            **arrival.stated,
        }
        if person.resident_kind == ResidentKind.FOREIGN:
            was_foreign = before is not None and before.get("resident_kind") == ResidentKind.FOREIGN
            kept = items.get("foreign_resident_since") if was_foreign else None
            if kept is None:
                items |= {
                    "foreign_resident_since": items["resident_since"],
                    "foreign_resident_since_reason": arrival.reason.value,
                }
        out.changes.append(
            Change(person.former_number, arrival.reason, arrival.day, items, entry=index, is_new_record=True)
        )


def _arrival_householder(arrival: _Arrival, view: View, findings: Findings) -> str | None:
    """世帯主の氏名 of the household that they form or join."""
    persons = arrival.persons
    heads = [p for p in persons if p.relationship == HOUSEHOLDER]
    if arrival.household is None:
        if persons and len(heads) != 1:
            findings.error(
                "RES-E-074",
                "persons",
                "新しい世帯には世帯主がちょうど一人要ります。",
                "続柄「世帯主」の方を一人にしてください。",
            )
        return householder_name(_entry_items(heads[0], None)) if heads else None
    members = view.members(arrival.household)
    if not members:
        findings.error(
            "RES-E-075",
            "household_number",
            "その世帯番号の世帯に、現在の住民がいません。",
            "世帯を検索して選び直してください。",
        )
    if heads:
        findings.error(
            "RES-E-076",
            "persons",
            "入る世帯には既に世帯主がいます。",
            "続柄を、その世帯の世帯主から見たものにしてください。",
        )
    if members and members[0].items.get("address_code") != arrival.address.code:
        findings.warn(
            "RES-W-076",
            "address",
            "入る世帯の住所と異なる住所です。",
            "同じ世帯の住所か、別世帯かを確認してください。",
        )
    return members[0].items.get("householder_name") if members else None


def plan_birth(filing: Birth, view: View, out: Plan) -> None:
    child, findings = filing.child, out.findings
    _check_new_person(filing, child, "child", view, findings)
    members = view.members(filing.household_number)
    if not members:
        findings.error(
            "RES-E-075",
            "household_number",
            "その世帯番号の世帯に、現在の住民がいません。",
            "世帯を選び直してください。",
        )
    if child.birth is not None:
        check_day(child.birth.earliest, "child.birth", filing, view, findings)
    if child.relationship == HOUSEHOLDER:
        findings.error(
            "RES-E-080", "child.relationship", "出生した子を世帯主にはできません。", "続柄を選び直してください。"
        )
    if child.resident_code or child.individual_number:
        findings.error(
            "RES-E-081",
            "child.resident_code",
            "出生の届出では番号を入力しません。",
            "住民票コードは自動で付番し、個人番号は機構の指定を待ちます。",
        )
    _check_candidates((child,), "child", view, findings)
    if findings.errors or child.birth is None:
        return
    head, day = members[0].items, child.birth
    items = _entry_items(child, None)
    items |= {name: head.get(name) for name in ADDRESS_ITEMS}
    items |= {
        "address_since": day,
        "address_since_reason": Reason.BIRTH.value,
        "address_notified_on": filing.notified_on,
        "resident_since": day,
        "resident_since_reason": Reason.BIRTH.value,
        "resident_notified_on": filing.notified_on,
        "household_number": filing.household_number,
        "householder_name": head.get("householder_name"),
    }
    if child.resident_kind == ResidentKind.FOREIGN:
        items |= {"foreign_resident_since": day, "foreign_resident_since_reason": Reason.BIRTH.value}
    out.notes.append("住民票コードを付番し、個人番号の生成を要求します。番号が届くまで個人番号は空欄です。")
    if child.resident_kind == ResidentKind.FOREIGN and child.article_30_45 == BORN_HERE:
        out.notes.append("出生による経過滞在者です。出生の日から60日を過ぎて在留するには、在留資格の取得が要ります。")
    out.changes.append(Change(None, Reason.BIRTH, day.sort_date, items, entry=0))


ADDRESS_ITEMS = (
    "address_code", "address_postal", "address_town", "address_banchi", "address_katagaki", "district_admin",
    "district_neighbourhood", "district_elementary", "district_junior_high", "district_voting",
)  # fmt: skip


# -- records that open again ------------------------------------------------------------------------------------------


def plan_restoration(filing: Restoration, view: View, out: Plan) -> None:
    check_day(filing.restored_on, "restored_on", filing, view, out.findings)
    persons = subjects(filing, view, out.findings)
    stated = {filing.person: filing.relationship} if filing.relationship else {}
    relationships = _rejoining(persons, stated, "relationship", view, out.findings)
    if out.findings.errors:
        return
    for person in persons:
        changed = _opened(person, relationships, view)
        out.change(person, Reason.EX_OFFICIO_ENTRY, filing.restored_on, changed)


def plan_move_out_withdrawal(filing: MoveOutWithdrawal, view: View, out: Plan) -> None:
    findings, day = out.findings, filing.withdrawn_on
    check_day(day, "withdrawn_on", filing, view, findings)
    persons = subjects(filing, view, findings)
    if not one_household(persons, findings, "persons"):
        return
    closed = [person for person in persons if not person.is_open]
    for person in closed:
        if person.items.get("move_in_notice_on"):
            findings.error(
                "RES-E-105", "persons", f"{person.label}さんは転入先で転入を届け出ています。", "転出は取り消せません。転入届で入力してください。"
            )  # fmt: skip
    stated = {person.number: filing.relationships.get(f"{person.number:015d}", "") for person in closed}
    relationships = _rejoining(closed, stated, "relationships", view, findings)
    if findings.errors:
        return
    out.notes.append("転出証明書を交付しているときは、返してもらってください。")
    for person in persons:
        if person.is_open:
            changed = emptied(*PLANNED, "closing_notified_on")
            out.change(person, Reason.CANCEL_CHANGE, day, changed, effect=Effect.CHANGE)
        else:
            out.change(person, Reason.CANCEL_CLOSING, day, _opened(person, relationships, view), effect=Effect.ENTRY)


def _opened(person: Known, relationships: Mapping[int, str], view: View) -> Items:
    """What a closed record says when it is open again."""
    members = view.members(person.household)
    name = members[0].items.get("householder_name") if members else person.items.get("householder_name")
    return {
        **emptied(*CLOSING, *PLANNED, *CONFIRMED),
        "status": Status.RESIDENT.value,
        "relationship": relationships[person.number],
        "householder_name": name,
    }


def _rejoining(
    persons: list[Known], stated: Mapping[int, str], field_name: str, view: View, findings: Findings
) -> dict[int, str]:
    """続柄 of persons whose records open again, in the household as it is now.

    Who was householder is so again where nobody is left; where others are, the form must say what they are to them.
    """
    result = {}
    for person in persons:
        members = view.members(person.household)
        old = str(person.items.get("relationship") or "")
        same = bool(members) and members[0].items.get("householder_name") == person.items.get("householder_name")
        relationship = stated.get(person.number) or (old if not members or (same and old != HOUSEHOLDER) else "")
        path = field_name if field_name == "relationship" else f"{field_name}.{person.number:015d}"
        if check_relationship(relationship) is not None or (members and relationship == HOUSEHOLDER):
            findings.error(
                "RES-E-092", path, f"{person.label}さんの続柄が選ばれていません。", "今の世帯主から見た続柄を選んでください。"
            )  # fmt: skip
        result[person.number] = relationship
    alone = [person for person in persons if not view.members(person.household)]
    heads = sum(result[person.number] == HOUSEHOLDER for person in alone)
    if alone and heads != 1:
        findings.error(
            "RES-E-074",
            field_name,
            "世帯には世帯主がちょうど一人要ります。",
            "続柄「世帯主」の方を一人にしてください。",
        )
    return result
