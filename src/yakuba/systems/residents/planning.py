"""What the rules of every filing share: what they may know, what they plan, and the questions that all of them ask.

Pure: no database, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Protocol

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import check_repertoire
from yakuba.core.codes import CodeList, check_identity_documents, check_relationship
from yakuba.core.findings import Finding, Findings

from .filing_table import Refusal, State, refusal, state_of
from .filings import Filing, Place, Subjects, affected, legal_date
from .items import ITEMS, Subject
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
    valid_from: date = date.min  # of the current version

    @property
    def label(self) -> str:
        return str(self.items.get("name") or self.items.get("name_latin") or "氏名未定")

    @property
    def household(self) -> int:
        return int(self.items["household_number"])

    @property
    def is_householder(self) -> bool:
        return self.items.get("relationship") == HOUSEHOLDER

    @property
    def is_foreign(self) -> bool:
        return bool(self.items.get("resident_kind") == ResidentKind.FOREIGN)

    @property
    def state(self) -> State:
        return state_of(self.items, is_open=self.is_open)


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

    @property
    def household_before(self) -> int | None:
        return int(self.before["household_number"]) if self.before else None


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
    municipality_name: str = ""
    numbers: frozenset[int] = frozenset()  # places in the form where an 個人番号 was stated
    number_holders: frozenset[int] = frozenset()  # others who have or had that number
    is_review: bool = False  # 本登録: what could wait at the counter can't any more

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
    is_new_record: bool = False  # a 住民票 of its own number begins (再転入, 帰化, 改製 …)


@dataclass(slots=True)
class Plan:
    changes: list[Change] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    new_household: bool = False
    notes: list[str] = field(default_factory=list)  # guidance for the clerk, e.g. the number is still to come

    def change(
        self,
        person: Known,
        reason: Reason,
        day: date,
        changed: Items,
        *,
        effect: Effect | None = None,
        entry: int | None = None,
        is_new_record: bool = False,
    ) -> None:
        """One more version of `person`: what the last version of this plan, or the register, says, and `changed`."""
        before = next((c.items for c in reversed(self.changes) if c.person == person.number), person.items)
        self.changes.append(
            Change(
                person.number,
                reason,
                day,
                {**before, **changed},
                entry=entry,
                effect=effect,
                is_new_record=is_new_record,
            )
        )


class Departure(Protocol):
    """A form that may take the householder away from others."""

    @property
    def householder_after(self) -> int | None: ...
    @property
    def relationships(self) -> Mapping[str, str]: ...


# -- what every filing is asked ---------------------------------------------------------------------------------------


def check_common(filing: Filing, view: View, findings: Findings) -> None:
    if filing.by_notification:
        check_notification(filing, view, findings)
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
    named = affected(filing)
    if filing.needs_seen and not view.is_review and any(str(number) not in filing.seen for number in named):
        findings.error(
            "RES-E-015", "seen", "どの版を見て入力したかが示されていません。", "今の記録の画面から入力してください。"
        )
    if filing.start is not None and filing.day and legal_date(filing) < filing.start:
        findings.error(
            "RES-E-021", filing.day, f"{filing.label}は{filing.start.isoformat()}より前にはない手続です。",
            "日付を確認してください。", article=filing.article,
        )  # fmt: skip
    for person in view.persons.values():
        if person.number in named and person.items.get("processing_stopped_on") and not _lifts_stop(filing):
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


def _lifts_stop(filing: Filing) -> bool:
    """A stop is lifted by the one act that a stopped record takes."""
    return "processing_stopped_on" in getattr(filing, "cleared", ())


def check_notification(filing: Filing, view: View, findings: Findings) -> None:
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


def check_day(day: date, field_name: str, filing: Filing, view: View, findings: Findings) -> None:
    """異動日: only up to the day of processing (4.0.3); later than fourteen days is an alert."""
    if day > view.today:
        findings.error(
            "RES-E-020", field_name, "異動日が未来の日付です。", "転出以外は、本日以前の日付を入力してください。"
        )
    notified = filing.notified_on or view.today
    within = filing.notified_within_days
    if within is not None and notified - day > timedelta(days=within):
        findings.warn(
            "RES-W-020", field_name, f"届出が異動日から{within}日を過ぎています。",
            "遅れた理由を聞き取り、届出期間経過の扱い（通知書）を確認してください。", article=filing.article,
        )  # fmt: skip


_SUBJECT_FIELDS = {Subjects.PERSON: "person", Subjects.MEMBERS: "persons", Subjects.HOUSEHOLD: "householder_after"}


def subjects(filing: Filing, view: View, findings: Findings) -> list[Known]:
    """The persons whom the form names, as far as `filing_table` allows it for each."""
    rows = []
    field_name = _SUBJECT_FIELDS[filing.subjects]
    for number in affected(filing):
        person = view.persons.get(number)
        if person is None:
            findings.error(
                "RES-E-030", field_name, f"宛名番号{number:015d}の方は台帳にいません。", "宛名番号を確認してください。"
            )
            continue
        refused = refusal(filing.kind, person.state)
        if refused is None:
            rows.append(person)
        else:
            findings.items.append(refused_finding(refused, person, field_name, filing))
    if filing.subjects is Subjects.MEMBERS and not affected(filing):
        findings.error("RES-E-070", "persons", "届出の対象となる方が選ばれていません。", "一人以上選んでください。")
    return rows


def refused_finding(refused: Refusal, person: Known, field_name: str, filing: Filing) -> Finding:
    """A refusal of the table, about one person."""
    closed = reason_label(person.items.get("closing_reason") or "")
    message = refused.message.format(name=person.label, closed=closed)
    return Finding(refused.code, field_name, message, refused.remedy, article=filing.article)


def check_place(place: Place, field_name: str, view: View, findings: Findings) -> None:
    """An address inside the town."""
    if place.code not in view.towns:
        findings.error(
            "RES-E-040", f"{field_name}.code", "町名が選ばれていません。", "市内の町名を一覧から選んでください。"
        )
    if not place.banchi:
        findings.error("RES-E-041", f"{field_name}.banchi", "番地が入力されていません。", "番地を入力してください。")
    for part in ("banchi", "katagaki"):
        findings.extend(check_repertoire(getattr(place, part), f"{field_name}.{part}"))


def address_items(place: Place, view: View) -> Items:
    return {**place.items("address"), "address_town": view.towns.get(place.code)}


def since(day: date, reason: Reason, notified: date | None) -> Items:
    return {
        "address_since": UncertainDate.exact(day),
        "address_since_reason": reason.value,
        "address_notified_on": notified,
    }


def householder_name(items: Items) -> str | None:
    priority = items.get("name_priority")
    if priority == "alias" and items.get("alias"):
        return str(items["alias"])
    return items.get("name") or items.get("name_latin")


def after_departure(
    leavers: list[Known],
    filing: Departure,
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
        make_householder(household, after, filing.relationships, staying, valid_from, out, findings)


def make_householder(
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
    name = householder_name(head.items)
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


def one_household(persons: list[Known], findings: Findings, field_name: str) -> bool:
    if len({person.household for person in persons}) > 1:
        findings.error(
            "RES-E-093", field_name, "異なる世帯の方が含まれています。", "届出は世帯ごとに分けて入力してください。"
        )
        return False
    return bool(persons)


def check_after(day: date, person: Known, field_name: str, findings: Findings) -> None:
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


def closed(
    status: Status, reason: Reason, day: UncertainDate | date, notified: date | None, ground: str | None
) -> Items:
    """What a record says when it closes (消除)."""
    return {
        "status": status.value,
        "closing_reason": reason.value,
        "closing_ground": ground,
        "closed_on": day if isinstance(day, UncertainDate) else UncertainDate.exact(day),
        "closing_notified_on": notified,
    }


CLOSING = ("closing_reason", "closing_ground", "closed_on", "closing_notified_on", "moved_to_closed_store")
PLANNED = (
    "planned_code", "planned_postal", "planned_town", "planned_banchi", "planned_katagaki", "move_out_planned_on",
    "move_out_special", "move_out_abroad",
)  # fmt: skip
CONFIRMED = (
    "confirmed_code", "confirmed_postal", "confirmed_town", "confirmed_banchi", "confirmed_katagaki", "move_out_on",
    "move_in_notice_on", "move_in_notice_notified_on",
)  # fmt: skip


def of_the_other_kind(kind: str) -> Items:
    """The items that a resident of this kind can't have, empty."""
    other = Subject.JAPANESE if kind == ResidentKind.FOREIGN else Subject.FOREIGN
    names = [item.name for item in ITEMS if item.subject is other]
    return emptied(*names, *(DOMICILE if kind == ResidentKind.FOREIGN else ()))


DOMICILE = ("domicile_code", "domicile_postal", "domicile_town", "domicile_banchi", "domicile_katagaki")


def emptied(*names: str) -> Items:
    return dict.fromkeys(names)


# -- after every plan -------------------------------------------------------------------------------------------------


def settle_households(view: View, out: Plan) -> None:
    """Whoever stays in a household follows its householder: a new name of the householder stands in every member's record.

    A plan that would leave a household with two householders, or take the only one away from others, is an error.
    """
    after: dict[object, Items] = {p.number: p.items for p in view.persons.values() if p.is_open}
    touched: set[int | None] = set()
    for index, change in enumerate(out.changes):
        key = change.person if change.person is not None else f"new {index}"
        if key in after:
            touched.add(after[key]["household_number"])
        after.pop(key, None)
        if change.items.get("closing_reason") is None:
            after[key] = change.items
            touched.add(change.items["household_number"])
    for household in sorted(touched, key=lambda number: number or 0):
        _settle(
            household, {key: items for key, items in after.items() if items["household_number"] == household}, view, out
        )


def _settle(household: int | None, members: dict[object, Items], view: View, out: Plan) -> None:
    heads = [(key, items) for key, items in members.items() if items.get("relationship") == HOUSEHOLDER]
    before = [p for p in view.persons.values() if p.is_open and p.household == household and p.is_householder]
    if len(heads) > 1 and len(heads) > len(before):
        findings = out.findings
        findings.error(
            "RES-E-161", "relationships", "世帯主が二人以上になります。", "今の世帯主と、各人の続柄を確認してください。"
        )
        return
    if not heads:
        if before and any(items.get("householder_name") for items in members.values()):
            out.findings.error(
                "RES-E-162", "householder_after", "世帯主のいない世帯が残ります。", "世帯主の変更を先に入力してください。",
                article="住民基本台帳法 第25条",
            )  # fmt: skip
        elif not before:  # a household whose householder left lives on without one (1.1.10), whoever joins it
            planned = {key for key in members if not isinstance(key, int) or any(c.person == key for c in out.changes)}
            _follow(None, {key: items for key, items in members.items() if key in planned}, view, out)
        return
    ((head, items),) = heads[:1]
    name = householder_name(items)
    if before and before[0].number == head and householder_name(before[0].items) == name:
        return
    _follow(name, members, view, out)


def _follow(name: str | None, members: dict[object, Items], view: View, out: Plan) -> None:
    """Write the householder's name into the last planned version of each member, or into a new one."""
    last = {c.person if c.person is not None else f"new {i}": i for i, c in enumerate(out.changes)}
    day = max(c.valid_from for c in out.changes)
    for key, items in members.items():
        if items.get("householder_name") == name:
            continue
        if key in last:
            change = out.changes[last[key]]
            out.changes[last[key]] = replace(change, items={**change.items, "householder_name": name})
        elif isinstance(key, int):
            out.change(view.persons[key], Reason.EX_OFFICIO_CHANGE, day, {"householder_name": name})


def check_reasons(view: View, out: Plan) -> None:
    """Each 異動事由 exists on its day, and for that kind of resident (list `change_reasons`). Law is dated."""
    reasons = CodeList.load("change_reasons")
    for reason, day in sorted({(c.reason.value, c.valid_from) for c in out.changes}):
        wrong = reasons.check(reason, day, "reason")
        if wrong is not None:
            out.findings.items.append(wrong)
