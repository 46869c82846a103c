"""Rules of 修正 by which people live elsewhere or otherwise together: 転居, and the changes of households (法25条)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from yakuba.core.codes import check_relationship
from yakuba.core.findings import Findings

from .filings import (
    HouseholderChange,
    HouseholdMerge,
    HouseholdSplit,
    HouseholdTransfer,
    MoveWithin,
    RelationshipChange,
)
from .planning import (
    HOUSEHOLDER,
    Items,
    Known,
    Plan,
    View,
    address_items,
    after_departure,
    check_after,
    check_day,
    check_place,
    householder_name,
    make_householder,
    one_household,
    since,
    subjects,
)
from .reasons import Reason


def plan_move_within(filing: MoveWithin, view: View, out: Plan) -> None:
    findings = out.findings
    check_day(filing.moved_on, "moved_on", filing, view, findings)
    check_place(filing.address, "address", view, findings)
    movers = subjects(filing, view, findings)
    if not one_household(movers, findings, "persons"):
        return
    for person in movers:
        check_after(filing.moved_on, person, "moved_on", findings)
    place = filing.address
    if all(_lives_at(person, place.code, place.banchi, place.katagaki) for person in movers):
        findings.error("RES-E-095", "address", "今の住所と同じです。", "転居後の住所を確認してください。")
    joined = _joined(filing.household_number, movers, view, findings)
    if joined and joined[0].items.get("address_code") != place.code:
        findings.warn("RES-W-076", "address", "入る世帯の住所と異なる住所です。", "同じ世帯か確認してください。")
    moved = {
        **address_items(place, view),
        **since(filing.moved_on, Reason.MOVE_WITHIN, filing.notified_on),
    }
    _regroup(filing, filing.moved_on, Reason.MOVE_WITHIN, movers, joined, moved, view, out)


def plan_household_split(filing: HouseholdSplit, view: View, out: Plan) -> None:
    findings = out.findings
    movers = _same_roof(filing, filing.changed_on, view, out)
    if movers and len(movers) == len(view.members(movers[0].household)):
        findings.error("RES-E-121", "persons", "世帯の全員が選ばれています。", "分離する方だけを選んでください。")
    if movers:
        _regroup(filing, filing.changed_on, Reason.HOUSEHOLD_SPLIT, movers, [], {}, view, out)


def plan_household_merge(filing: HouseholdMerge, view: View, out: Plan) -> None:
    _plan_joining(filing, Reason.HOUSEHOLD_MERGE, view, out)


def plan_household_transfer(filing: HouseholdTransfer, view: View, out: Plan) -> None:
    _plan_joining(filing, Reason.HOUSEHOLD_CHANGE, view, out)


def _plan_joining(filing: HouseholdMerge | HouseholdTransfer, reason: Reason, view: View, out: Plan) -> None:
    """Members join another household where they live already: all of theirs (合併), or some (世帯変更)."""
    findings = out.findings
    movers = _same_roof(filing, filing.changed_on, view, out)
    if not movers:
        return
    joined = _joined(filing.household_number, movers, view, findings)
    everybody = len(movers) == len(view.members(movers[0].household))
    if joined and not all(_lives_at(person, *_home_of(joined[0])) for person in movers):
        findings.error(
            "RES-E-122",
            "household_number",
            "入る世帯と住所が異なります。",
            "住所も変わるときは、転居届で入力してください。",
        )
    if everybody != isinstance(filing, HouseholdMerge):
        findings.error(
            "RES-E-123", "persons", "世帯合併は世帯の全員、世帯変更は世帯の一部の異動です。",
            "全員が移るときは世帯合併届、一部が移るときは世帯変更届で入力してください。", article="住民基本台帳法 第25条",
        )  # fmt: skip
    _regroup(filing, filing.changed_on, reason, movers, joined, {}, view, out)


def plan_relationship_change(filing: RelationshipChange, view: View, out: Plan) -> None:
    findings = out.findings
    check_day(filing.changed_on, "changed_on", filing, view, findings)
    for person in subjects(filing, view, findings):
        check_after(filing.changed_on, person, "changed_on", findings)
        head = next((p for p in view.members(person.household) if p.is_householder), None)
        if person.is_householder:
            findings.error(
                "RES-E-124", "person", f"{person.label}さんは世帯主です。", "世帯主が変わるときは、世帯主変更届で入力してください。"
            )  # fmt: skip
        if head is not None and not head.is_foreign:
            findings.error(
                "RES-E-125", "person", "世帯主が日本人の世帯です。", "続柄の変更は、戸籍の届出等により職権修正で入力してください。",
                article=filing.article,
            )  # fmt: skip
        findings.extend(filter(None, [check_relationship(filing.relationship, "relationship")]))
        if filing.relationship == HOUSEHOLDER:
            findings.error(
                "RES-E-076", "relationship", "世帯には既に世帯主がいます。", "世帯主から見た続柄を選んでください。"
            )
        elif filing.relationship == person.items.get("relationship"):
            findings.error("RES-E-171", "relationship", "今の続柄と同じです。", "変更後の続柄を選んでください。")
        if not findings.errors:
            out.change(person, Reason.HOUSEHOLD_CHANGE, filing.changed_on, {"relationship": filing.relationship})


Regrouping = MoveWithin | HouseholdSplit | HouseholdMerge | HouseholdTransfer


def _home_of(person: Known) -> tuple[str, str, str]:
    items = person.items
    return (items.get("address_code") or "", items.get("address_banchi") or "", items.get("address_katagaki") or "")


def _lives_at(person: Known, code: str, banchi: str, katagaki: str) -> bool:
    return _home_of(person) == (code, banchi, katagaki)


def _same_roof(filing: Regrouping, day: date, view: View, out: Plan) -> list[Known]:
    """The movers of a change of household without a change of address; empty after findings about whom to choose."""
    check_day(day, "changed_on", filing, view, out.findings)
    movers = subjects(filing, view, out.findings)
    for person in movers:
        check_after(day, person, "changed_on", out.findings)
    return movers if one_household(movers, out.findings, "persons") else []


def _joined(household: int | None, movers: list[Known], view: View, findings: Findings) -> list[Known]:
    """Members of the household that the movers join; none where they form one of their own."""
    if household is None:
        return []
    if household == movers[0].household:
        findings.error("RES-E-096", "household_number", "今いる世帯です。", "移る先の世帯を選び直してください。")
        return []
    joined = view.members(household)
    if not joined:
        findings.error(
            "RES-E-075",
            "household_number",
            "その世帯番号の世帯に、現在の住民がいません。",
            "世帯を選び直してください。",
        )
    return joined


def _regroup(
    filing: Regrouping,
    day: date,
    reason: Reason,
    movers: list[Known],
    joined: list[Known],
    moved: Items,
    view: View,
    out: Plan,
) -> None:
    """The movers in the household where they end up: their own as it is, one that they join, or a new one."""
    findings = out.findings
    home = movers[0].household
    keeps = len(movers) == len(view.members(home)) and not joined
    relationships = _relationships_after(movers, joined, keeps, filing.relationships, findings)
    if not keeps:
        after_departure(movers, filing, day, view, out, findings)
    if findings.errors:
        return
    household: int | None
    if joined:
        householder, household = joined[0].items.get("householder_name"), joined[0].household
    elif keeps:
        householder, household = movers[0].items.get("householder_name"), home
    else:
        head = next(person for person in movers if relationships[person.number] == HOUSEHOLDER)
        householder, household = householder_name(head.items), None
        out.new_household = True
    for person in movers:
        changed = {
            **moved,
            "household_number": household,
            "householder_name": householder,
            "relationship": relationships[person.number],
        }
        out.change(person, reason, day, changed)


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


def plan_householder_change(filing: HouseholderChange, view: View, out: Plan) -> None:
    findings = out.findings
    check_day(filing.changed_on, "changed_on", filing, view, findings)
    members = view.members(filing.household_number)
    if not members:
        findings.error(
            "RES-E-075",
            "household_number",
            "その世帯番号の世帯に、現在の住民がいません。",
            "世帯を選び直してください。",
        )
        return
    subjects(filing, view, findings)
    for person in members:
        check_after(filing.changed_on, person, "changed_on", findings)
        if person.number == filing.householder_after and person.is_householder:
            findings.error("RES-E-120", "householder_after", "既に世帯主です。", "新しい世帯主を選び直してください。")
    make_householder(
        filing.household_number,
        filing.householder_after,
        filing.relationships,
        members,
        filing.changed_on,
        out,
        findings,
    )
