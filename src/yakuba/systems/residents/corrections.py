"""Rules of 修正 and 職権: single items, numbers, records written anew, and acts that are cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from yakuba.core.calendar.uncertain import UncertainDate

from .filings import (
    Cancellation,
    CodeEntry,
    CodeRequest,
    ErrorCorrection,
    ExOfficioChange,
    Filing,
    MinorCorrection,
    NumberCorrection,
    NumberEntry,
    NumberRequest,
    Recreation,
    Reproduction,
)
from .item_values import CORRECTABLE, ENTERED_BY_NOTICE, MINOR, read_values
from .planning import (
    HOUSEHOLDER,
    PLANNED,
    Cancelled,
    Change,
    Items,
    Known,
    Plan,
    View,
    check_day,
    closed,
    emptied,
    one_household,
    subjects,
)
from .reasons import Effect, Reason, Status

# -- items ------------------------------------------------------------------------------------------------------------


def plan_minor_correction(filing: MinorCorrection, view: View, out: Plan) -> None:
    check_day(filing.corrected_on, "corrected_on", filing, view, out.findings)
    persons = subjects(filing, view, out.findings)
    if one_household(persons, out.findings, "persons"):
        _write(
            persons, filing, MINOR, Reason.MINOR_CORRECTION, {p.number: filing.corrected_on for p in persons}, view, out
        )


def plan_ex_officio_change(filing: ExOfficioChange, view: View, out: Plan) -> None:
    check_day(filing.changed_on, "changed_on", filing, view, out.findings)
    persons = subjects(filing, view, out.findings)
    days = {person.number: filing.changed_on for person in persons}
    _write(persons, filing, ENTERED_BY_NOTICE, Reason.EX_OFFICIO_CHANGE, days, view, out)


def plan_error_correction(filing: ErrorCorrection, view: View, out: Plan) -> None:
    """The right value holds from the day from which the wrong one held: that of the version it is corrected in."""
    check_day(filing.corrected_on, "corrected_on", filing, view, out.findings)
    persons = subjects(filing, view, out.findings)
    days = {person.number: min(person.valid_from, filing.corrected_on) for person in persons}
    _write(persons, filing, CORRECTABLE, Reason.ERROR_CORRECTION, days, view, out)


Correction = MinorCorrection | ExOfficioChange | ErrorCorrection


def _write(
    persons: list[Known],
    filing: Correction,
    allowed: frozenset[str],
    reason: Reason,
    days: Mapping[int, date],
    view: View,
    out: Plan,
) -> None:
    findings = out.findings
    if not filing.values and not filing.cleared:
        findings.error("RES-E-170", "values", "直す項目がありません。", "直す項目に、正しい値を入力してください。")
    changed = {
        person.number: read_values(filing.values, filing.cleared, person.items, allowed, view, findings)
        for person in persons[:1]
    }
    for person in persons[1:]:
        # The form is one: what is wrong with a value is said once. Whether it fits is asked of each.
        changed[person.number] = read_values(
            filing.values, filing.cleared, person.items, allowed, view, findings, again=True
        )
    for person in persons:
        new = changed[person.number]
        if person.is_householder and new.get("relationship", HOUSEHOLDER) != HOUSEHOLDER:
            findings.error(
                "RES-E-172", "values.relationship", f"{person.label}さんは世帯主です。", "世帯主が変わるときは、世帯主変更を入力してください。"
            )  # fmt: skip
        if not person.is_householder and new.get("relationship") == HOUSEHOLDER:
            findings.error(
                "RES-E-172",
                "values.relationship",
                "続柄の修正では世帯主にできません。",
                "世帯主変更を入力してください。",
            )
        if new and not any(person.items.get(name) != value for name, value in new.items()):
            findings.error(
                "RES-E-171",
                "values",
                f"{person.label}さんの記録は、入力された値と同じです。",
                "今の記載と見比べてください。",
            )
    if findings.errors:
        return
    for person in persons:
        out.change(person, reason, days[person.number], changed[person.number])


# -- numbers ----------------------------------------------------------------------------------------------------------


def plan_number_request(filing: NumberRequest, view: View, out: Plan) -> None:
    _plan_number(filing, filing.changed_on, "changed_on", Reason.NUMBER_REQUEST, view, out)


def plan_number_correction(filing: NumberCorrection, view: View, out: Plan) -> None:
    _plan_number(filing, filing.changed_on, "changed_on", Reason.NUMBER_CORRECTION, view, out)


def plan_number_entry(filing: NumberEntry, view: View, out: Plan) -> None:
    _plan_number(filing, filing.entered_on, "entered_on", Reason.NUMBER_ENTRY, view, out)


def _plan_number(filing: Filing, day: date, day_field: str, reason: Reason, view: View, out: Plan) -> None:
    """The number itself goes from the form to the vault; the version points there, as the former ones go on doing."""
    findings = out.findings
    check_day(day, day_field, filing, view, findings)
    persons = subjects(filing, view, findings)
    if 0 not in view.numbers:
        findings.error(
            "RES-E-180",
            "individual_number",
            "個人番号が入力されていません。",
            "機構から通知された個人番号を入力してください。",
        )
    for person in persons:
        has_one = person.items.get("individual_number") is not None
        if has_one and reason is Reason.NUMBER_ENTRY:
            findings.error(
                "RES-E-181", "person", f"{person.label}さんには既に個人番号が記載されています。", "変更するときは、個人番号の変更請求又は職権修正を入力してください。"
            )  # fmt: skip
        if not has_one and reason is not Reason.NUMBER_ENTRY:
            findings.error(
                "RES-E-182",
                "person",
                f"{person.label}さんには個人番号が記載されていません。",
                "個人番号の職権記載を入力してください。",
            )
        if person.items.get("resident_code") is None:
            findings.error(
                "RES-E-183",
                "person",
                f"{person.label}さんには住民票コードがありません。",
                "住民票コードの職権記載を先に入力してください。",
            )
        if person.number in view.number_holders:
            findings.error(
                "RES-E-185",
                "individual_number",
                "この方の今又は以前の個人番号です。",
                "新しい個人番号を確認してください。",
            )
        elif view.number_holders:
            findings.error(
                "RES-E-184",
                "individual_number",
                "この個人番号は別の方のものです。",
                "番号と対象の方を確認してください。",
            )
        if not findings.errors:
            out.change(person, reason, day, {}, entry=0)


def plan_code_request(filing: CodeRequest, view: View, out: Plan) -> None:
    _plan_code(filing, filing.requested_on, "requested_on", Reason.CODE_REQUEST, view, out)


def plan_code_entry(filing: CodeEntry, view: View, out: Plan) -> None:
    _plan_code(filing, filing.entered_on, "entered_on", Reason.CODE_ENTRY, view, out)


def _plan_code(filing: Filing, day: date, day_field: str, reason: Reason, view: View, out: Plan) -> None:
    findings = out.findings
    check_day(day, day_field, filing, view, findings)
    for person in subjects(filing, view, findings):
        has_one = person.items.get("resident_code") is not None
        if has_one and reason is Reason.CODE_ENTRY:
            findings.error(
                "RES-E-186", "person", f"{person.label}さんには既に住民票コードが記載されています。", "変更するときは、住民票コードの変更請求を入力してください。"
            )  # fmt: skip
        if not has_one and reason is Reason.CODE_REQUEST:
            findings.error(
                "RES-E-183",
                "person",
                f"{person.label}さんには住民票コードがありません。",
                "住民票コードの職権記載を入力してください。",
            )
        if not findings.errors:
            out.notes.append(
                "新しい住民票コードは、本登録のときに無作為に付きます。住民票コード通知書を交付してください。"
            )
            out.change(person, reason, day, {"resident_code": None})


# -- records written anew ---------------------------------------------------------------------------------------------


def plan_recreation(filing: Recreation, view: View, out: Plan) -> None:
    _write_anew(filing, filing.recreated_on, "recreated_on", Reason.CLOSED_TO_RECREATE, Reason.RECREATED, view, out)


def plan_reproduction(filing: Reproduction, view: View, out: Plan) -> None:
    _write_anew(filing, filing.reproduced_on, "reproduced_on", Reason.CLOSED_TO_REPRODUCE, Reason.REPRODUCED, view, out)


def _write_anew(
    filing: Filing, day: date, day_field: str, closing: Reason, opening: Reason, view: View, out: Plan
) -> None:
    """The former record closes and keeps its number; the new one says which it follows. What is printed only once ends."""
    findings = out.findings
    check_day(day, day_field, filing, view, findings)
    for person in subjects(filing, view, findings):
        if findings.errors:
            return
        succeed(
            person, day, closing, opening, Status.WRITTEN_ANEW, None,
            {"former_record_number": person.items.get("record_number"), "recreated_on": day}, out,
        )  # fmt: skip


def succeed(
    person: Known,
    day: date,
    closing: Reason,
    opening: Reason,
    status: Status,
    ground: str | None,
    changed: Items,
    out: Plan,
    notified: date | None = None,
) -> None:
    """One record of a person ends and another begins on the same day; numbers and household go over."""
    former = {name: person.items.get(name) for name in ("status", *CLOSED_ITEMS)}
    out.change(person, closing, day, closed(status, closing, day, notified, ground), effect=Effect.CLOSING)
    out.change(person, opening, day, former | changed, effect=Effect.ENTRY, is_new_record=True)


CLOSED_ITEMS = ("closing_reason", "closing_ground", "closed_on", "closing_notified_on")


# -- 取消し -----------------------------------------------------------------------------------------------------------


def plan_cancellation(filing: Cancellation, view: View, out: Plan) -> None:
    findings, day = out.findings, view.cancelled_date
    if not view.cancelled or day is None:
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
        out.changes.append(_undo(undone, person, day))


def _undo(undone: Cancelled, person: Known, day: date) -> Change:
    """The version that puts a person back to what stood before; a 住民票 that began with the act closes as cancelled."""
    before = undone.before
    began = before is None or before.get("record_number") != person.items.get("record_number")
    if before is None or (began and not undone.before_was_open):
        items = {**person.items, **emptied(*PLANNED)}
        items |= {
            "status": Status.CANCELLED.value,
            "closing_reason": Reason.CANCEL_ENTRY.value,
            "closed_on": UncertainDate.exact(day),
        }
        reason, effect = Reason.CANCEL_ENTRY, Effect.CLOSING
    else:
        items = dict(before)
        reason, effect = {
            (False, True): (Reason.CANCEL_CLOSING, Effect.ENTRY),
            (True, False): (Reason.CANCEL_ENTRY, Effect.CLOSING),
        }.get((person.is_open, undone.before_was_open), (Reason.CANCEL_CHANGE, Effect.CHANGE))
    return Change(person.number, reason, day, items, cancels=undone.version_no, effect=effect)
