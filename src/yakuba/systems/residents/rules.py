"""Decisions of the registry: from a filing and what the register knows, to the changes that follow or the findings.

Pure: no database, no clock. `plan` runs when a filing is entered (仮登録) and again when it is registered (本登録), so what
the reviewer approves is what the rules still say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import check_repertoire
from yakuba.core.codes import CodeList, check_identity_documents, check_relationship
from yakuba.core.findings import Finding, Findings
from yakuba.core.names import PersonName, check_alias, check_former_surname, check_furigana, check_name, check_romanized

from .filings import (
    Birth,
    Cancellation,
    Death,
    Filing,
    HouseholderChange,
    MoveIn,
    MoveOut,
    MoveWithin,
    NewPerson,
    Place,
)
from .reasons import Effect, Notifier, Reason, ResidentKind, Status, reason_label

HOUSEHOLDER = "世帯主"
CLOSING_GROUND_ORDER_8 = "1"  # 住基法施行令 第8条
NOTIFICATION_DAYS = 14  # 住基法22条〜25条: within fourteen days
Items = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A person as the register knows them now."""

    number: int
    version_no: int
    is_open: bool
    items: Items
    pending_filing: int | None = None

    @property
    def label(self) -> str:
        return str(self.items.get("name") or self.items.get("name_latin") or "氏名未定")

    @property
    def household(self) -> int:
        return int(self.items["household_number"])

    @property
    def is_householder(self) -> bool:
        return self.items.get("relationship") == HOUSEHOLDER


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person of the register who may be the same as one on the form."""

    number: int
    is_open: bool
    label: str
    matched: str  # "resident_code" | "individual_number" | "residence_card" | "name_birth_sex"
    entry: int  # index in the form's list of persons


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a cancellation undoes: one version of one person, and the items before it (None: the record began with it)."""

    person: int
    version_no: int
    reason: str
    effect: str
    before: Items | None
    before_was_open: bool
    is_current: bool


@dataclass(frozen=True, slots=True)
class View:
    """What the rules may know: persons named in the filing, everybody in their households, candidates, the town."""

    today: date
    municipality: str  # 団体コード, 5 digits (JIS)
    channels: frozenset[str]
    towns: Mapping[str, str]  # town code -> name up to 町, of this municipality
    persons: Mapping[int, Known] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    cancelled: tuple[Cancelled, ...] = ()
    cancelled_date: date | None = None
    cancelled_kind: str = ""

    def members(self, household: int) -> list[Known]:
        """Open members of a household, householder first, then by 宛名番号."""
        rows = [p for p in self.persons.values() if p.is_open and p.household == household]
        return sorted(rows, key=lambda p: (not p.is_householder, p.number))


@dataclass(frozen=True, slots=True)
class Change:
    """A new version of one record. `person` is None for somebody who gets a 宛名番号 on registration."""

    person: int | None
    reason: Reason
    valid_from: date
    items: Items
    entry: int | None = None  # index in the form's list of persons, for new records
    cancels: int | None = None
    effect: Effect | None = None  # only where the reason does not say it (取消し)


@dataclass(slots=True)
class Plan:
    changes: list[Change] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    new_household: bool = False
    notes: list[str] = field(default_factory=list)  # guidance for the clerk, e.g. the number is still to come


def plan(filing: Filing, view: View) -> Plan:
    """The changes that a filing leads to, with all findings. Changes are complete only if there is no error."""
    result = Plan()
    _check_common(filing, view, result.findings)
    _PLANNERS[type(filing)](filing, view, result)
    return result


def affected(filing: Filing) -> tuple[int, ...]:
    """宛名番号 that the form itself names as subjects."""
    match filing:
        case MoveWithin(persons=persons) | MoveOut(persons=persons):
            return persons
        case Death(person=person):
            return (person,)
        case HouseholderChange(householder_after=person):
            return (person,)
        case MoveIn(persons=persons):
            return tuple(p.former_number for p in persons if p.former_number is not None)
        case _:
            return ()


def legal_date(filing: Filing) -> date:
    """異動日 as an internal date value (1.1.8)."""
    match filing:
        case MoveIn(moved_on=day) | MoveWithin(moved_on=day):
            return day
        case MoveOut(planned_on=day):
            return day
        case HouseholderChange(changed_on=day):
            return day
        case Birth(child=child):
            return child.birth.sort_date if child.birth else date.min
        case Death(died_on=day):
            return day.sort_date
        case _:
            raise TypeError(f"{filing.kind} has no legal date of its own")


# -- what every filing is asked ---------------------------------------------------------------------------------------


def _check_common(filing: Filing, view: View, findings: Findings) -> None:
    if filing.by_notification:
        _check_notification(filing, view, findings)
    elif not filing.ground:
        findings.error(
            "RES-E-010", "ground", "職権で行う根拠が入力されていません。", "根拠（調査結果、戸籍届出など）を入力してください。",
            article="住民基本台帳法 第8条",
        )  # fmt: skip
    if filing.opened_on is not None and filing.opened_on != view.today:
        findings.error(
            "RES-E-014",
            "opened_on",
            "昨日までに開いた入力画面です。処理日が変わりました。",
            "画面を開き直し、日付を確かめて入力してください。",
        )
    for name in ("notifier_name", "notifier_address", "ground", "caution"):
        findings.extend(check_repertoire(getattr(filing, name), name))
    for person in view.persons.values():
        if person.number in affected(filing) and person.items.get("processing_stopped_on"):
            findings.error(
                "RES-E-011", "persons", f"{person.label}さんは処理停止中です。", "停止の理由を確認し、解除してから入力してください。"
            )  # fmt: skip
        if person.pending_filing is not None:
            findings.error(
                "RES-E-012", "persons", f"{person.label}さんには仮登録中の異動（受付番号{person.pending_filing}）があります。",
                "審査が終わるのを待つか、その異動を差し戻してから入力してください。",
            )  # fmt: skip
        seen = filing.seen.get(str(person.number))
        if seen is not None and seen != person.version_no:
            findings.error(
                "RES-E-013", "seen", f"{person.label}さんの記録は、画面を開いた後に他の処理で変わりました。",
                "画面を開き直し、新しい内容を確かめてから入力してください。",
            )  # fmt: skip


def _check_notification(filing: Filing, view: View, findings: Findings) -> None:
    if filing.channel not in view.channels:
        findings.error(
            "RES-E-001", "channel", "この団体では、この方法による届出を受け付けていません。", "受付方法を確認してください。",
            article="住民基本台帳法 第27条",
        )  # fmt: skip
    if filing.notified_on is None:
        findings.error("RES-E-002", "notified_on", "届出日が入力されていません。", "届出日を入力してください。")
    elif filing.notified_on > view.today:
        findings.error("RES-E-003", "notified_on", "届出日が未来の日付です。", "本日以前の日付を入力してください。")
    if not filing.notifier_kind or not filing.notifier_name:
        findings.error(
            "RES-E-004", "notifier_name", "届出人の区分又は氏名が入力されていません。", "届出書の届出人欄を入力してください。",
            article="住民基本台帳法 第27条",
        )  # fmt: skip
    findings.extend(check_identity_documents(filing.identity_documents, view.today, "identity_documents"))
    if filing.notifier_kind in {Notifier.AGENT, Notifier.MESSENGER} and not filing.attorney_letter:
        findings.error(
            "RES-E-006", "attorney_letter", "代理人による届出ですが、委任状の確認が入力されていません。",
            "委任状を確認し、確認済みとしてください。", article="住民基本台帳法 第27条第3項",
        )  # fmt: skip


def _check_day(day: date, field_name: str, filing: Filing, view: View, findings: Findings) -> None:
    """異動日: only up to the day of processing (4.0.3); later than fourteen days is an alert."""
    if day > view.today:
        findings.error(
            "RES-E-020", field_name, "異動日が未来の日付です。", "転出以外は、本日以前の日付を入力してください。"
        )
    notified = filing.notified_on or view.today
    if notified - day > timedelta(days=NOTIFICATION_DAYS):
        findings.warn(
            "RES-W-020", field_name, "届出が異動日から14日を過ぎています。",
            "遅れた理由を聞き取り、届出期間経過の扱い（通知書）を確認してください。", article=filing.article,
        )  # fmt: skip


def _named(numbers: Iterable[int], view: View, findings: Findings, field_name: str) -> list[Known]:
    """The persons named, who must be residents now."""
    rows = []
    for number in numbers:
        person = view.persons.get(number)
        if person is None:
            findings.error(
                "RES-E-030", field_name, f"宛名番号{number:015d}の方は台帳にいません。", "宛名番号を確認してください。"
            )
        elif not person.is_open:
            closed = reason_label(person.items.get("closing_reason") or "")
            findings.error(
                "RES-E-031", field_name, f"{person.label}さんの住民票は既に消除されています（{closed}）。",
                "除票の内容を確認してください。二重の届出なら受理しないでください。",
            )  # fmt: skip
        else:
            rows.append(person)
    return rows


def _check_place(place: Place, field_name: str, view: View, findings: Findings) -> None:
    """An address inside the town."""
    if place.code not in view.towns:
        findings.error(
            "RES-E-040", f"{field_name}.code", "町名が選ばれていません。", "市内の町名を一覧から選んでください。"
        )
    if not place.banchi:
        findings.error("RES-E-041", f"{field_name}.banchi", "番地が入力されていません。", "番地を入力してください。")
    for part in ("banchi", "katagaki"):
        findings.extend(check_repertoire(getattr(place, part), f"{field_name}.{part}"))


def _address_items(place: Place, view: View) -> Items:
    return {**place.items("address"), "address_town": view.towns.get(place.code)}


def _since(day: date, reason: Reason, notified: date | None) -> Items:
    return {
        "address_since": UncertainDate.exact(day),
        "address_since_reason": reason.value,
        "address_notified_on": notified,
    }


# -- persons who enter ------------------------------------------------------------------------------------------------


def _check_new_person(person: NewPerson, path: str, view: View, findings: Findings, *, newborn: bool) -> None:
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
    findings.extend(filter(None, [check_relationship(person.relationship, f"{path}.relationship")]))
    if person.former_number is not None:
        former = view.persons.get(person.former_number)
        if former is None or former.is_open:
            findings.error(
                "RES-E-059",
                f"{path}.former_number",
                "再転入の元になる除票がありません。",
                "除票を検索して選び直してください。",
            )


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
        **person.domicile.items("domicile"),
    }
    if before is None:
        return stated
    kept = {name: value for name, value in before.items() if name not in _ENDED_BY_REENTRY}
    return {**kept, **{name: value for name, value in stated.items() if value is not None}}


# What belongs to the former stay ends with it.
_ENDED_BY_REENTRY = frozenset(
    {
        *(f"{prefix}_{part}" for prefix in ("planned", "confirmed", "address", "previous", "last_registered")
          for part in ("code", "postal", "town", "banchi", "katagaki")),
        "move_out_planned_on", "move_out_on", "move_in_notice_on", "move_in_notice_notified_on", "closing_reason",
        "closing_ground", "closed_on", "closing_notified_on", "moved_to_closed_store", "previous_householder",
        "previous_unregistered", "householder_name", "relationship", "household_order", "remark", "remark_on",
        "remark_printed",
    }
)  # fmt: skip


def _householder_name(items: Items) -> str | None:
    priority = items.get("name_priority")
    if priority == "alias" and items.get("alias"):
        return str(items["alias"])
    return items.get("name") or items.get("name_latin")


def _plan_move_in(filing: MoveIn, view: View, out: Plan) -> None:
    findings = out.findings
    _check_day(filing.moved_on, "moved_on", filing, view, findings)
    _check_place(filing.address, "address", view, findings)
    reason = Reason.MOVE_IN_ABROAD if filing.from_abroad else Reason.MOVE_IN
    if not filing.persons:
        findings.error("RES-E-070", "persons", "届出の対象となる方が選ばれていません。", "一人以上選んでください。")
    if not filing.from_abroad and not filing.previous:
        findings.error(
            "RES-E-071", "previous.town", "転入前の住所が入力されていません。", "転出証明書の住所を入力してください。",
            article="住民基本台帳法 第22条第1項第4号",
        )  # fmt: skip
    for name in ("town", "banchi", "katagaki"):
        findings.extend(check_repertoire(getattr(filing.previous, name), f"previous.{name}"))
    for index, person in enumerate(filing.persons):
        path = f"persons.{index}"
        _check_new_person(person, path, view, findings, newborn=False)
        if person.birth and person.birth.earliest > filing.moved_on:
            findings.error(
                "RES-E-072", f"{path}.birth", "生年月日が異動日より後です。", "どちらかの日付を確認してください。"
            )
        if person.resident_code is None and not filing.from_abroad and person.former_number is None:
            findings.error(
                "RES-E-073", f"{path}.resident_code", "住民票コードが入力されていません。", "転出証明書の住民票コードを入力してください。",
                article="住民基本台帳法 第30条の3",
            )  # fmt: skip
        if person.individual_number is None and not filing.from_abroad:
            out.notes.append("個人番号が提示されていません。住民票コードから照会して確認します。")
    _check_candidates(filing.persons, "persons", view, findings)

    heads = [p for p in filing.persons if p.relationship == HOUSEHOLDER]
    if filing.household_number is None:
        if filing.persons and len(heads) != 1:
            findings.error(
                "RES-E-074",
                "persons",
                "新しい世帯には世帯主がちょうど一人要ります。",
                "続柄「世帯主」の方を一人にしてください。",
            )
        householder = _householder_name(_entry_items(heads[0], None)) if heads else None
    else:
        members = view.members(filing.household_number)
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
        householder = members[0].items.get("householder_name") if members else None
        if members and members[0].items.get("address_code") != filing.address.code:
            findings.warn(
                "RES-W-076",
                "address",
                "入る世帯の住所と異なる住所です。",
                "同じ世帯の住所か、別世帯かを確認してください。",
            )
    if findings.errors:
        return
    out.new_household = filing.household_number is None
    for index, person in enumerate(filing.persons):
        before = view.persons[person.former_number].items if person.former_number is not None else None
        items = _entry_items(person, before)
        items |= _address_items(filing.address, view) | _since(filing.moved_on, reason, filing.notified_on)
        items |= {
            "resident_since": UncertainDate.exact(filing.moved_on),
            "resident_since_reason": reason.value,
            "resident_notified_on": filing.notified_on,
            "household_number": filing.household_number,
            "householder_name": householder,
            "previous_householder": filing.previous_householder or None,
            "previous_unregistered": filing.previous_unregistered or None,
            **filing.previous.items("previous"),
            **filing.last_registered.items("last_registered"),
        }
        if person.resident_kind == ResidentKind.FOREIGN:
            items["foreign_resident_since"] = items.get("foreign_resident_since") or items["resident_since"]
            items["foreign_resident_since_reason"] = items.get("foreign_resident_since_reason") or reason.value
        out.changes.append(Change(person.former_number, reason, filing.moved_on, items, entry=index))


def _plan_birth(filing: Birth, view: View, out: Plan) -> None:
    child, findings = filing.child, out.findings
    _check_new_person(child, "child", view, findings, newborn=True)
    members = view.members(filing.household_number)
    if not members:
        findings.error(
            "RES-E-075",
            "household_number",
            "その世帯番号の世帯に、現在の住民がいません。",
            "世帯を選び直してください。",
        )
    if child.birth is not None:
        _check_day(child.birth.earliest, "child.birth", filing, view, findings)
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
    items |= {name: head.get(name) for name in _ADDRESS_ITEMS}
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
    out.changes.append(Change(None, Reason.BIRTH, day.sort_date, items, entry=0))


_ADDRESS_ITEMS = (
    "address_code", "address_postal", "address_town", "address_banchi", "address_katagaki", "district_admin",
    "district_neighbourhood", "district_elementary", "district_junior_high", "district_voting",
)  # fmt: skip


# -- persons who stay -------------------------------------------------------------------------------------------------


def _after_departure(
    leavers: list[Known],
    filing: MoveWithin | MoveOut | Death,
    valid_from: date,
    view: View,
    out: Plan,
    findings: Findings,
) -> None:
    """What becomes of those who stay: when the householder leaves, one person becomes householder by 職権, more are asked."""
    for household in sorted({person.household for person in leavers}):
        leaving = {person.number for person in leavers}
        staying = [p for p in view.members(household) if p.number not in leaving]
        if not staying or not any(p.is_householder for p in leavers if p.household == household):
            continue
        after = filing.householder_after
        if after is None and len(staying) == 1:
            after = staying[0].number
            out.notes.append(f"残る{staying[0].label}さんを職権で世帯主にします。")
        if after is None:
            findings.error(
                "RES-E-090", "householder_after", "世帯主がいなくなり、二人以上が残ります。", "新しい世帯主と、各人の続柄を選んでください。",
                article="住民基本台帳法 第25条",
            )  # fmt: skip
            continue
        _make_householder(household, after, filing.relationships, staying, valid_from, out, findings)


def _make_householder(
    household: int,
    after: int,
    relationships: Mapping[str, str],
    members: list[Known],
    valid_from: date,
    out: Plan,
    findings: Findings,
) -> None:
    head = next((person for person in members if person.number == after), None)
    if head is None:
        findings.error(
            "RES-E-091",
            "householder_after",
            "新しい世帯主が、残る世帯員の中にいません。",
            "世帯員の中から選んでください。",
        )
        return
    name = _householder_name(head.items)
    for person in members:
        relationship = HOUSEHOLDER if person is head else relationships.get(f"{person.number:015d}", "")
        if check_relationship(relationship) is not None or (person is not head and relationship == HOUSEHOLDER):
            findings.error(
                "RES-E-092", f"relationships.{person.number:015d}", f"{person.label}さんの新しい続柄が選ばれていません。",
                "新しい世帯主から見た続柄を選んでください。",
            )  # fmt: skip
            continue
        items = {**person.items, "relationship": relationship, "householder_name": name}
        out.changes.append(Change(person.number, Reason.HOUSEHOLDER_CHANGE, valid_from, items))


def _one_household(persons: list[Known], findings: Findings, field_name: str) -> bool:
    if len({person.household for person in persons}) > 1:
        findings.error(
            "RES-E-093", field_name, "異なる世帯の方が含まれています。", "届出は世帯ごとに分けて入力してください。"
        )
        return False
    return bool(persons)


def _plan_move_within(filing: MoveWithin, view: View, out: Plan) -> None:
    findings = out.findings
    _check_day(filing.moved_on, "moved_on", filing, view, findings)
    _check_place(filing.address, "address", view, findings)
    movers = _named(dict.fromkeys(filing.persons), view, findings, "persons")
    if not filing.persons:
        findings.error("RES-E-070", "persons", "届出の対象となる方が選ばれていません。", "一人以上選んでください。")
    if not _one_household(movers, findings, "persons"):
        return
    home = movers[0].household
    for person in movers:
        if person.items.get("move_out_planned_on"):
            findings.error(
                "RES-E-094",
                "persons",
                f"{person.label}さんは転出の届出中です。",
                "転出を取り消してから転居を入力してください。",
            )
        _check_after(filing.moved_on, person, "moved_on", findings)
    place = filing.address
    if all(
        (p.items.get("address_code"), p.items.get("address_banchi"), p.items.get("address_katagaki") or "")
        == (place.code, place.banchi, place.katagaki)
        for p in movers
    ):
        findings.error("RES-E-095", "address", "今の住所と同じです。", "転居後の住所を確認してください。")
    everybody = len(movers) == len(view.members(home))
    joined = view.members(filing.household_number) if filing.household_number is not None else []
    if filing.household_number == home:
        findings.error("RES-E-096", "household_number", "今いる世帯です。", "転居先の世帯を選び直してください。")
    elif filing.household_number is not None and not joined:
        findings.error(
            "RES-E-075",
            "household_number",
            "その世帯番号の世帯に、現在の住民がいません。",
            "世帯を選び直してください。",
        )
    if joined and joined[0].items.get("address_code") != place.code:
        findings.warn("RES-W-076", "address", "入る世帯の住所と異なる住所です。", "同じ世帯か確認してください。")
    keeps = everybody and not joined
    relationships = _relationships_after(movers, joined, keeps, filing.relationships, findings)
    if not keeps:
        _after_departure(movers, filing, filing.moved_on, view, out, findings)
    if findings.errors:
        return
    if joined:
        householder, household = joined[0].items.get("householder_name"), filing.household_number
    elif keeps:
        householder, household = movers[0].items.get("householder_name"), home
    else:
        head = next(person for person in movers if relationships[person.number] == HOUSEHOLDER)
        householder, household = _householder_name(head.items), None
        out.new_household = True
    for person in movers:
        items = {**person.items, **_address_items(place, view)}
        items |= _since(filing.moved_on, Reason.MOVE_WITHIN, filing.notified_on)
        items |= {
            "household_number": household,
            "householder_name": householder,
            "relationship": relationships[person.number],
        }
        out.changes.append(Change(person.number, Reason.MOVE_WITHIN, filing.moved_on, items))


def _relationships_after(
    movers: list[Known], joined: list[Known], keeps: bool, stated: Mapping[str, str], findings: Findings
) -> dict[int, str]:
    """続柄 of the movers in the household where they end up."""
    if keeps:
        return {person.number: str(person.items.get("relationship") or "") for person in movers}
    if not joined and len(movers) == 1:
        return {movers[0].number: HOUSEHOLDER}
    result = {person.number: stated.get(f"{person.number:015d}", "") for person in movers}
    for person in movers:
        if check_relationship(result[person.number]) is not None:
            findings.error(
                "RES-E-092", f"relationships.{person.number:015d}", f"{person.label}さんの新しい続柄が選ばれていません。",
                "移る先の世帯主から見た続柄を選んでください。",
            )  # fmt: skip
    heads = sum(relationship == HOUSEHOLDER for relationship in result.values())
    if joined and heads:
        findings.error("RES-E-076", "relationships", "入る世帯には既に世帯主がいます。", "続柄を選び直してください。")
    if not joined and heads != 1:
        findings.error(
            "RES-E-074", "relationships", "新しい世帯には世帯主がちょうど一人要ります。", "続柄を選び直してください。"
        )
    return result


def _check_after(day: date, person: Known, field_name: str, findings: Findings) -> None:
    """An event can't come before the person lived here, nor before birth."""
    since = person.items.get("resident_since")
    birth = person.items.get("birth")
    if (since is not None and day < since.earliest) or (birth is not None and day < birth.earliest):
        findings.error(
            "RES-E-097",
            field_name,
            f"{person.label}さんが住民となった日（又は生年月日）より前の日付です。",
            "日付を確認してください。",
        )


def _plan_move_out(filing: MoveOut, view: View, out: Plan) -> None:
    findings = out.findings
    movers = _named(dict.fromkeys(filing.persons), view, findings, "persons")
    if not filing.persons:
        findings.error("RES-E-070", "persons", "届出の対象となる方が選ばれていません。", "一人以上選んでください。")
    if filing.planned_on > view.today + timedelta(days=365):
        findings.error("RES-E-100", "planned_on", "転出予定日が一年より先です。", "日付を確認してください。")
    if filing.notified_on and filing.notified_on - filing.planned_on > timedelta(days=NOTIFICATION_DAYS):
        findings.warn(
            "RES-W-101", "planned_on", "届出が転出の日から14日を過ぎています。",
            "職権で消除し、転出証明書に準ずる証明書を交付する扱いになります。", article="住民基本台帳法 第24条",
        )  # fmt: skip
    if not filing.destination:
        findings.error(
            "RES-E-102", "destination.town", "転出先の住所が入力されていません。", "市区町村名まででも入力してください。",
            article="住民基本台帳法 第24条",
        )  # fmt: skip
    for name in ("town", "banchi", "katagaki"):
        findings.extend(check_repertoire(getattr(filing.destination, name), f"destination.{name}"))
    if filing.destination.code[:5] == view.municipality:
        findings.error(
            "RES-E-103", "destination.code", "転出先がこの市区町村の中です。", "市内の移動は転居届で入力してください。"
        )
    if not _one_household(movers, findings, "persons"):
        return
    for person in movers:
        _check_after(filing.planned_on, person, "planned_on", findings)
        if person.items.get("move_out_planned_on"):
            findings.error(
                "RES-E-104",
                "persons",
                f"{person.label}さんの転出は既に届け出られています。",
                "先の届出を確認してください。",
            )
    closes_now = filing.planned_on <= view.today
    if closes_now:
        _after_departure(movers, filing, filing.planned_on, view, out, findings)
    elif any(p.is_householder for p in movers) and len(movers) < len(view.members(movers[0].household)):
        out.notes.append("転出予定日に世帯主がいなくなります。残る世帯員の世帯主変更届を案内してください。")
    if findings.errors:
        return
    reason = Reason.MOVE_OUT_ABROAD if filing.abroad else Reason.MOVE_OUT
    for person in movers:
        items = {
            **person.items,
            **filing.destination.items("planned"),
            "move_out_planned_on": filing.planned_on,
            "closing_notified_on": filing.notified_on,
        }
        if closes_now:
            out.changes.append(Change(person.number, reason, filing.planned_on, moved_out(items, reason)))
        else:
            # The record stays a current one until the day comes (1.1.5); what we know of it, we know from today.
            out.changes.append(Change(person.number, reason, view.today, items, effect=Effect.CHANGE))


def moved_out(items: Items, reason: Reason) -> Items:
    """The items of a record that closes by 転出 on its planned day."""
    day = items["move_out_planned_on"]
    return {
        **items,
        "status": (Status.MOVED_ABROAD if reason is Reason.MOVE_OUT_ABROAD else Status.MOVED_OUT).value,
        "closing_reason": reason.value,
        "closing_ground": CLOSING_GROUND_ORDER_8,
        "closed_on": UncertainDate.exact(day),
        "move_out_on": day,
    }


def plan_due_move_out(leavers: list[Known], view: View) -> Plan:
    """転出予定日 has come: the records close; a single person who stays becomes householder, more stay without one (1.1.10)."""
    out = Plan()
    for person in leavers:
        abroad = not str(person.items.get("planned_code") or "")[:5].isdigit()
        reason = Reason.MOVE_OUT_ABROAD if abroad else Reason.MOVE_OUT
        day = person.items["move_out_planned_on"]
        out.changes.append(Change(person.number, reason, day, moved_out(person.items, reason)))
    leaving = {person.number for person in leavers}
    for household in sorted({person.household for person in leavers if person.is_householder}):
        staying = [person for person in view.members(household) if person.number not in leaving]
        day = max(person.items["move_out_planned_on"] for person in leavers if person.household == household)
        if len(staying) == 1:
            _make_householder(household, staying[0].number, {}, staying, day, out, out.findings)
        else:
            for person in staying:
                items = {**person.items, "householder_name": None}
                out.changes.append(Change(person.number, Reason.EX_OFFICIO_CHANGE, day, items))
    return out


def _plan_death(filing: Death, view: View, out: Plan) -> None:
    findings, day = out.findings, filing.died_on
    dead = _named((filing.person,), view, findings, "person")
    if day.earliest > view.today:
        findings.error("RES-E-110", "died_on", "死亡の日が未来の日付です。", "日付を確認してください。")
    if not dead:
        return
    person = dead[0]
    birth = person.items.get("birth")
    if birth is not None and day.latest < birth.earliest:
        findings.error("RES-E-111", "died_on", "死亡の日が生年月日より前です。", "日付を確認してください。")
    _after_departure(dead, filing, day.sort_date, view, out, findings)
    if findings.errors:
        return
    items = {
        **person.items,
        "status": Status.DEAD.value,
        "closing_reason": Reason.DEATH.value,
        "closing_ground": CLOSING_GROUND_ORDER_8,
        "closed_on": day,
        "closing_notified_on": filing.notified_on,
    }
    out.changes.insert(0, Change(person.number, Reason.DEATH, day.sort_date, items))


def _plan_householder_change(filing: HouseholderChange, view: View, out: Plan) -> None:
    findings = out.findings
    _check_day(filing.changed_on, "changed_on", filing, view, findings)
    members = view.members(filing.household_number)
    if not members:
        findings.error(
            "RES-E-075",
            "household_number",
            "その世帯番号の世帯に、現在の住民がいません。",
            "世帯を選び直してください。",
        )
        return
    for person in members:
        _check_after(filing.changed_on, person, "changed_on", findings)
        if person.number == filing.householder_after and person.is_householder:
            findings.error("RES-E-120", "householder_after", "既に世帯主です。", "新しい世帯主を選び直してください。")
    _make_householder(
        filing.household_number,
        filing.householder_after,
        filing.relationships,
        members,
        filing.changed_on,
        out,
        findings,
    )


def _plan_cancellation(filing: Cancellation, view: View, out: Plan) -> None:
    findings = out.findings
    if not view.cancelled or view.cancelled_date is None:
        findings.error(
            "RES-E-130", "filing", "取り消せる異動がありません。", "本登録済みの異動の受付番号を確認してください。"
        )
        return
    if view.cancelled_kind == Cancellation.kind:
        findings.error("RES-E-131", "filing", "取消しの取消しはできません。", "正しい異動を改めて入力してください。")
        return
    for undone in view.cancelled:
        person = view.persons[undone.person]
        if not undone.is_current:
            findings.error(
                "RES-E-132",
                "filing",
                f"{person.label}さんには、その後の異動があります。",
                "後の異動から順に取り消してください。",
            )
            continue
        if undone.before is None or (undone.effect == Effect.ENTRY and not undone.before_was_open):
            items = {
                **person.items,
                "status": Status.CANCELLED.value,
                "closing_reason": Reason.CANCEL_ENTRY.value,
                "closed_on": UncertainDate.exact(view.cancelled_date),
            }
            reason, effect = Reason.CANCEL_ENTRY, Effect.CLOSING
        else:
            items = dict(undone.before)
            if undone.effect == Effect.CLOSING:
                reason, effect = Reason.CANCEL_CLOSING, Effect.ENTRY
            else:
                reason, effect = Reason.CANCEL_CHANGE, Effect.CHANGE
        out.changes.append(
            Change(undone.person, reason, view.cancelled_date, items, cancels=undone.version_no, effect=effect)
        )


_PLANNERS: dict[type[Filing], Callable[[Any, View, Plan], None]] = {
    MoveIn: _plan_move_in,
    Birth: _plan_birth,
    MoveWithin: _plan_move_within,
    MoveOut: _plan_move_out,
    Death: _plan_death,
    HouseholderChange: _plan_householder_change,
    Cancellation: _plan_cancellation,
}
