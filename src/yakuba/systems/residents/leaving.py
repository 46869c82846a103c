"""Rules of 消除: those who leave, die or are found not to live here, and what becomes of those who stay."""

from __future__ import annotations

from datetime import date, timedelta

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import check_repertoire
from yakuba.core.codes import CodeList
from yakuba.core.findings import Findings

from .filings import Death, Disappearance, ExOfficioClosing, MoveInNotice, MoveOut
from .planning import (
    CLOSING_GROUND_ORDER_8,
    NOTIFICATION_DAYS,
    Change,
    Items,
    Known,
    Plan,
    View,
    after_departure,
    check_after,
    check_day,
    closed,
    make_householder,
    one_household,
    subjects,
)
from .reasons import Effect, Reason, Status


def plan_move_out(filing: MoveOut, view: View, out: Plan) -> None:
    findings = out.findings
    movers = subjects(filing, view, findings)
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
    if not one_household(movers, findings, "persons"):
        return
    for person in movers:
        check_after(filing.planned_on, person, "planned_on", findings)
    closes_now = filing.planned_on <= view.today
    if closes_now:
        after_departure(movers, filing, filing.planned_on, view, out, findings)
    elif any(p.is_householder for p in movers) and len(movers) < len(view.members(movers[0].household)):
        out.notes.append("転出予定日に世帯主がいなくなります。残る世帯員の世帯主変更届を案内してください。")
    if filing.special and filing.abroad:
        findings.error(
            "RES-E-106", "special", "転出届の特例は、国外への転出にはありません。", "特例の印を外してください。",
            article="住民基本台帳法 第24条の2",
        )  # fmt: skip
    if findings.errors:
        return
    if filing.special:
        out.notes.append("転出届の特例です。転出証明書は交付せず、転出証明書情報を住基ネットで送ります。")
    reason = Reason.MOVE_OUT_ABROAD if filing.abroad else Reason.MOVE_OUT
    for person in movers:
        items = {
            **person.items,
            **filing.destination.items("planned"),
            "move_out_planned_on": filing.planned_on,
            "move_out_special": filing.special or None,
            "move_out_abroad": filing.abroad,
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
        abroad = person.items.get("move_out_abroad")
        if abroad is None:  # a loaded register doesn't say; places in Japan have a code
            abroad = not str(person.items.get("planned_code") or "")[:5].isdigit()
        reason = Reason.MOVE_OUT_ABROAD if abroad else Reason.MOVE_OUT
        day = person.items["move_out_planned_on"]
        out.changes.append(Change(person.number, reason, day, moved_out(person.items, reason)))
    if leavers:
        day = max(person.items["move_out_planned_on"] for person in leavers)
        _leave_without_householder(leavers, view, day, out)
    return out


def plan_move_in_notice(filing: MoveInNotice, view: View, out: Plan) -> None:
    """転入通知: the confirmed place and day stand beside the planned ones; the earlier day has closed, or closes, the record."""
    findings, day = out.findings, filing.moved_in_on
    check_day(day, "moved_in_on", filing, view, findings)
    check_day(filing.notice_on, "notice_on", filing, view, findings)
    persons = subjects(filing, view, findings)
    if not filing.destination:
        findings.error(
            "RES-E-102", "destination.town", "転入した住所が入力されていません。", "転入通知の住所を入力してください。"
        )
    if filing.destination.code[:5] == view.municipality:
        findings.error(
            "RES-E-103", "destination.code", "転入先がこの市区町村の中です。", "転入通知の宛先を確認してください。"
        )
    if not one_household(persons, findings, "persons"):
        return
    for person in persons:
        check_after(day, person, "moved_in_on", findings)
        if person.items.get("move_in_notice_on"):
            findings.error(
                "RES-E-107", "persons", f"{person.label}さんの転入通知は既に記載されています。", "先の通知と見比べてください。"
            )  # fmt: skip
        if person.is_open and not person.items.get("move_out_planned_on"):
            findings.warn(
                "RES-W-107", "persons", f"{person.label}さんの転出は届け出られていません。", "転入通知により消除してよいか確認してください。"
            )  # fmt: skip
    leavers = [person for person in persons if person.is_open]
    if leavers and filing.householder_after is not None:
        after_departure(leavers, filing, day, view, out, findings)
    if findings.errors:
        return
    for person in persons:
        notice = {
            **filing.destination.items("confirmed"),
            "move_out_on": day,
            "move_in_notice_on": filing.notice_on,
            "move_in_notice_notified_on": filing.accepted_on,
        }
        if not person.is_open:
            out.change(person, Reason.EX_OFFICIO_CHANGE, filing.notice_on, notice)
            continue
        planned = person.items.get("move_out_planned_on")
        closes_on = min(day, planned) if planned else day
        notified = person.items.get("closing_notified_on")
        closing = closed(Status.MOVED_OUT, Reason.MOVE_OUT, closes_on, notified, CLOSING_GROUND_ORDER_8)
        out.change(person, Reason.MOVE_OUT, closes_on, notice | closing)
    if leavers and filing.householder_after is None:
        _leave_without_householder(leavers, view, day, out)


def _leave_without_householder(leavers: list[Known], view: View, day: date, out: Plan) -> None:
    """Nobody is there to say who becomes householder: one who stays does, more stay without one until they say (1.1.10)."""
    leaving = {person.number for person in leavers}
    for household in sorted({person.household for person in leavers if person.is_householder}):
        staying = [person for person in view.members(household) if person.number not in leaving]
        if len(staying) == 1:
            make_householder(household, staying[0].number, {}, staying, day, out, out.findings)
        else:
            for person in staying:
                out.change(person, Reason.EX_OFFICIO_CHANGE, day, {"householder_name": None})


def _check_end(day: UncertainDate, field_name: str, person: Known, view: View, what: str, findings: Findings) -> None:
    """A day that may be 不詳 on which a record ends: not to come, and not before birth."""
    if day.earliest > view.today:
        findings.error("RES-E-110", field_name, f"{what}が未来の日付です。", "日付を確認してください。")
    birth = person.items.get("birth")
    if birth is not None and day.latest < birth.earliest:
        findings.error("RES-E-111", field_name, f"{what}が生年月日より前です。", "日付を確認してください。")


def plan_death(filing: Death, view: View, out: Plan) -> None:
    findings, day = out.findings, filing.died_on
    dead = subjects(filing, view, findings)
    for person in dead:
        _check_end(day, "died_on", person, view, "死亡の日", findings)
    if not dead:
        if day.earliest > view.today:
            findings.error("RES-E-110", "died_on", "死亡の日が未来の日付です。", "日付を確認してください。")
        return
    closing = closed(Status.DEAD, Reason.DEATH, day, filing.notified_on, CLOSING_GROUND_ORDER_8)
    _end(dead, filing, Reason.DEATH, day.sort_date, closing, view, out)


def plan_disappearance(filing: Disappearance, view: View, out: Plan) -> None:
    findings, day = out.findings, filing.deemed_dead_on
    missing = subjects(filing, view, findings)
    for person in missing:
        _check_end(day, "deemed_dead_on", person, view, "死亡したとみなされる日", findings)
    closing = closed(Status.CLOSED, Reason.EX_OFFICIO_CLOSING, day, filing.notified_on, CLOSING_GROUND_ORDER_8)
    _end(missing, filing, Reason.EX_OFFICIO_CLOSING, day.sort_date, closing, view, out)


def plan_ex_officio_closing(filing: ExOfficioClosing, view: View, out: Plan) -> None:
    findings, day = out.findings, filing.closed_on
    persons = subjects(filing, view, findings)
    wrong = CodeList.load("closing_grounds").check(filing.closing_ground, view.today, "closing_ground")
    findings.extend([wrong] if wrong else [])
    if not one_household(persons, findings, "persons"):
        return
    for person in persons:
        _check_end(day, "closed_on", person, view, "消除の日", findings)
        if not day.latest < person.items["birth"].earliest:
            check_after(day.latest, person, "closed_on", findings)
    closing = closed(Status.CLOSED, Reason.EX_OFFICIO_CLOSING, day, None, filing.closing_ground)
    _end(persons, filing, Reason.EX_OFFICIO_CLOSING, day.sort_date, closing, view, out)


def _end(
    persons: list[Known],
    filing: Death | Disappearance | ExOfficioClosing,
    reason: Reason,
    day: date,
    closing: Items,
    view: View,
    out: Plan,
) -> None:
    """The records close first, then those who stay get their householder."""
    staying = Plan(findings=out.findings, notes=out.notes)
    if persons:
        after_departure(persons, filing, day, view, staying, out.findings)
    if out.findings.errors:
        return
    for person in persons:
        out.change(person, reason, day, closing)
    out.changes += staying.changes
