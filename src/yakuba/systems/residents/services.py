"""What a clerk does with the registry. Each function is one transaction, named after the act."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.protection.exits import Exit
from yakuba.platform.protection.passing import Passing, ProtectionRefused, passing
from yakuba.platform.protection.policy import Outcome
from yakuba.platform.transactions import use_case

from . import exits, filings, register, rules
from .models import Filing, FilingState, FilingStep, Resident, ResidentVersion


@dataclass(frozen=True, slots=True)
class Receipt:
    """受付: the filing's number, whom it concerns, what the clerk should say, and warnings that were confirmed."""

    filing: int
    persons: tuple[int, ...]
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """What a form would lead to: findings, the changes per person, notes. Nothing is stored."""

    findings: tuple[Finding, ...]
    plan: rules.Plan
    view: rules.View


@use_case(Operation.VIEW)
def check(desk: Desk, kind: str, data: Mapping[str, Any]) -> Check:
    """Try a form without storing it: what the entry screen shows while it is filled in. Raises Refused for its shape."""
    desk.require(Duty.REGISTRATION)
    filing, findings = filings.read(kind, data, desk.today)
    subjects = filings.affected(filing)
    view = register.load_view(filing, desk, subjects, lock=False)
    _require_open(desk, view, subjects)
    plan = _plan(filing, view, findings)
    desk.log(Operation.VIEW, subjects=tuple(view.persons), target=f"check:{kind}")
    return Check(tuple(plan.findings), plan, view)


@use_case(Operation.FILE)
def file(desk: Desk, kind: str, data: Mapping[str, Any]) -> Receipt:
    """仮登録: take a filing in. Raises Refused with every finding; warnings must be in the form's `confirmed`.

    The same form sent again (double click, retry after a lost answer) gets the first one's receipt.
    """
    desk.require(Duty.REGISTRATION)
    filing, findings = filings.read(kind, data, desk.today)
    with connection.cursor() as cursor:
        # Two requests with one form wait for each other here; the second then finds the first one's filing.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(filing.key)])
    repeated = _receipt_of(filing)
    if repeated:
        return repeated
    subjects = filings.affected(filing)
    view = register.load_view(filing, desk, subjects, lock=True)
    _require_open(desk, view, subjects)
    plan = _plan(filing, view, findings)
    plan.findings.raise_if_blocking(filing.confirmed)
    persons = sorted({c.person for c in plan.changes if c.person is not None} | set(subjects))
    row = Filing.objects.create(
        kind=filing.kind,
        key=filing.key,
        entries=_storable(data),
        confirmed=list(filing.confirmed),
        persons=persons,
        base_versions={f"{number:015d}": view.persons[number].version_no for number in persons},
        individual_numbers=register.put_numbers(filing, desk),
        legal_date=view.cancelled_date or filings.legal_date(filing),
        notified_on=filing.notified_on,
        channel=filing.channel if filing.by_notification else "",
        ground=filing.ground,
        notifier_kind=filing.notifier_kind,
        notifier_name=filing.notifier_name,
        notifier_address=filing.notifier_address,
        notifier_phone=filing.notifier_phone,
        identity_documents=list(filing.identity_documents),
        attorney_letter=filing.attorney_letter,
        caution=filing.caution,
        created_at=desk.now,
        account=desk.account,
        office=desk.office,
        terminal=desk.terminal,
    )
    _step(row, desk, FilingState.PROVISIONAL)
    Resident.objects.filter(number__in=persons).update(pending_filing=row.pk)
    desk.log(Operation.FILE, subjects=tuple(persons), target=f"filing:{row.pk}", kind=filing.kind)
    return Receipt(row.pk, tuple(persons), tuple(plan.notes), tuple(plan.findings))


@dataclass(frozen=True, slots=True)
class OpenFiling:
    """A filing as its reviewer sees it, with the steps of its way. While it waits: what it would change (`check`), or why
    it can't be any more; afterwards the versions that it wrote, each with the one before.
    """

    row: Filing
    check: Check | None
    refusal: tuple[Finding, ...] = ()
    steps: tuple[FilingStep, ...] = ()
    written: tuple[tuple[ResidentVersion | None, ResidentVersion], ...] = ()
    warnings: tuple[str, ...] = ()
    is_masked: bool = False


@use_case(Operation.VIEW)
def open_filing(desk: Desk, filing_id: int, through: Exit) -> OpenFiling:
    """One filing with what it would change if it were approved now. Raises Refused for an unknown number."""
    desk.require(Duty.INQUIRY)
    row = Filing.objects.filter(pk=filing_id).first()
    if row is None:
        raise Refused([_no_such_filing(filing_id)])
    desk.log(Operation.VIEW, subjects=tuple(row.persons), target=f"filing:{row.pk}")
    steps = tuple(row.steps.order_by("id"))
    if row.state != FilingState.PROVISIONAL:
        written = _written(filing_id)
        gate = passing(desk, through, [*row.persons, *(after.person_id for _, after in written)])
        shown = OpenFiling(row, None, steps=steps, written=written)
        return _conceal(shown, gate, row.persons)
    try:
        filing = filings.parse(row.kind, row.entries)
        view = register.load_view(filing, desk, row.persons, lock=False, numbers_in_vault=_in_vault(row))
        _refuse_if_moved_on(row, view)
    except Refused as refusal:
        gate = passing(desk, through, row.persons)
        return _conceal(OpenFiling(row, None, refusal.findings, steps), gate, row.persons)
    gate = passing(desk, through, [*row.persons, *view.persons])
    view = _without_pending(view, row.pk)
    plan = rules.plan(_as_of_entry(filing), view)
    shown = OpenFiling(row, Check(tuple(plan.findings), plan, view), steps=steps)
    return _conceal(shown, gate, [*row.persons, *view.persons])


def _conceal(opened: OpenFiling, gate: Passing, persons: Iterable[int]) -> OpenFiling:
    """The filing as it may be shown. One person masked masks all of it: a form says where people live, and who together."""
    verdict = gate.of(persons)
    if verdict.outcome is Outcome.REFUSED:
        gate.require_shown("filing")
    row = exits.conceal_filing(opened.row, verdict)
    if not verdict.hidden:
        return replace(opened, row=row, warnings=verdict.warnings)
    steps = tuple(exits.conceal_step(step) for step in opened.steps)
    return OpenFiling(row, None, steps=steps, warnings=verdict.warnings, is_masked=True)


def _require_open(desk: Desk, view: rules.View, subjects: Iterable[int]) -> None:
    """What a filing would lead to tells of its persons and of their households: it is taken in where all of it may be seen.

    Raises ProtectionRefused. Of the filing's own persons it says who; of others in a household not even that.
    """
    own = set(subjects)
    gate = passing(desk, exits.ENTRY_SCREEN, sorted({*own, *view.persons}))
    closed = [number for number in gate if not gate[number].is_open]
    if not closed:
        return
    findings = [
        gate.finding(number, "persons", f"{view.persons[number].label}さん" if number in view.persons else "この方")
        for number in closed
        if number in own
    ]
    if not findings:
        findings = [
            Finding(
                "RES-E-157",
                "household_number",
                "この届出は、この画面では受け付けられません。",
                "支援措置等の担当者に処理を依頼してください。",
            )
        ]
    raise ProtectionRefused(findings, closed)


def _written(filing_id: int) -> tuple[tuple[ResidentVersion | None, ResidentVersion], ...]:
    versions = (
        ResidentVersion.objects.filter(filing=filing_id)
        .select_related("person")
        .order_by("event_id", "person", "version_no")
    )
    return tuple(
        (ResidentVersion.objects.filter(person=version.person_id, version_no=version.version_no - 1).first(), version)
        for version in versions
    )


@use_case(Operation.REGISTER)
def approve(desk: Desk, filing_id: int, comment: str = "") -> Receipt:
    """審査・本登録: another person approves; only now the register changes. Raises Refused with every finding."""
    desk.require(Duty.REVIEW)
    row = _provisional(filing_id, desk)
    if row.account == desk.account:
        raise Refused(
            [
                Finding(
                    "RES-E-150",
                    "reviewer",
                    "自分が入力した異動を、自分で審査することはできません。",
                    "他の審査担当者に依頼してください。",
                )
            ]
        )
    filing = filings.parse(row.kind, row.entries)
    numbers = _in_vault(row)
    view = register.load_view(filing, desk, row.persons, lock=True, numbers_in_vault=numbers)
    _refuse_if_moved_on(row, view)
    _require_open(desk, view, row.persons)
    view = _without_pending(view, row.pk)
    plan = rules.plan(_as_of_entry(filing), view)
    plan.findings.raise_if_blocking(row.confirmed)
    written = register.write(
        desk,
        plan,
        filing=row.pk,
        individual_numbers=numbers,
    )
    persons = tuple(sorted({*row.persons, *written.numbers}))
    _close(row, desk, FilingState.REGISTERED, comment, persons)
    desk.log(Operation.REGISTER, subjects=persons, target=f"filing:{row.pk}", kind=row.kind, entered_by=row.account)
    return Receipt(row.pk, written.numbers, tuple(plan.notes), tuple(plan.findings))


@use_case(Operation.REVIEW)
def send_back(desk: Desk, filing_id: int, comment: str) -> None:
    """差戻し: the reviewer gives it back with a reason; the register stays as it was."""
    desk.require(Duty.REVIEW)
    if not comment.strip():
        raise Refused(
            [Finding("RES-E-151", "comment", "差戻しの理由が入力されていません。", "理由を入力してください。")]
        )
    row = _provisional(filing_id, desk)
    _close(row, desk, FilingState.RETURNED, comment.strip()[: filings.MAX_TEXT], tuple(row.persons))
    desk.log(Operation.REVIEW, subjects=tuple(row.persons), target=f"filing:{row.pk}", state="returned")


@use_case(Operation.FILE)
def withdraw(desk: Desk, filing_id: int, comment: str = "") -> None:
    """取下げ: who entered it takes it back before it is reviewed."""
    desk.require(Duty.REGISTRATION)
    row = _provisional(filing_id, desk)
    if row.account != desk.account:
        raise Refused(
            [
                Finding(
                    "RES-E-152",
                    "filing",
                    "取り下げられるのは、入力した本人だけです。",
                    "審査担当者に差戻しを依頼してください。",
                )
            ]
        )
    _close(row, desk, FilingState.WITHDRAWN, comment[: filings.MAX_TEXT], tuple(row.persons))
    desk.log(Operation.FILE, subjects=tuple(row.persons), target=f"filing:{row.pk}", state="withdrawn")


@use_case(Operation.REGISTER)
def close_due_move_outs(desk: Desk) -> int:
    """The night's work: records whose 転出予定日 has come are closed (1.1.5). Returns how many.

    It writes the register, on filings that were reviewed: the duty is the reviewer's.
    """
    desk.require(Duty.REVIEW)
    due = ResidentVersion.objects.filter(
        person__is_open=True, person__pending_filing=None, move_out_planned_on__lte=desk.today
    )
    numbers = [
        version.person_id for version in due.select_related("person") if version.version_no == version.person.version_no
    ]
    closed = 0
    for household in sorted(
        set(Resident.objects.filter(number__in=numbers).values_list("household_number", flat=True))
    ):
        with transaction.atomic():
            heads = list(
                Resident.objects.select_for_update().filter(household_number=household, is_open=True).order_by("number")
            )
            persons = {v.person_id: register.known(v) for v in register.current_versions(h.number for h in heads)}
            view = rules.View(desk.today, register.town().code[:5], frozenset(), {}, persons)
            leavers = [persons[number] for number in numbers if number in persons and persons[number].is_open]
            by_filing: dict[int | None, list[rules.Known]] = {}
            for leaver in leavers:
                by_filing.setdefault(_filing_of(leaver), []).append(leaver)
            plan = rules.plan_due_move_out(leavers, view)
            filing_of = {leaver.number: key for key, group in by_filing.items() for leaver in group}
            for key in dict.fromkeys(filing_of.get(change.person or 0) for change in plan.changes):
                part = rules.Plan([c for c in plan.changes if filing_of.get(c.person or 0) == key], plan.findings)
                register.write(desk, part, filing=key)
            desk.log(Operation.REGISTER, subjects=tuple(persons), target="move_out_due")
            closed += len(leavers)
    return closed


def _in_vault(row: Filing) -> dict[int, int]:
    """Place in the form -> vault id of the 個人番号 stated there."""
    return {int(place): id_ for place, id_ in row.individual_numbers.items()}


def _plan(filing: filings.Filing, view: rules.View, findings: Findings) -> rules.Plan:
    """The plan with the findings of the form's shape before those of the rules. A field has its first finding only
    where its shape is wrong: the rules saw something else in its place."""
    plan = rules.plan(filing, view)
    misread = tuple(finding.field for finding in findings)
    ruled = [
        finding
        for finding in plan.findings
        if not any(finding.field == field or finding.field.startswith(f"{field}.") for field in misread)
    ]
    plan.findings.items[:] = [*findings, *ruled]
    return plan


def _filing_of(person: rules.Known) -> int | None:
    version = ResidentVersion.objects.filter(person=person.number, version_no=person.version_no).first()
    return version.filing if version else None


def _provisional(filing_id: int, desk: Desk) -> Filing:
    row = Filing.objects.select_for_update().filter(pk=filing_id).first()
    if row is None:
        raise Refused([_no_such_filing(filing_id)])
    if row.state != FilingState.PROVISIONAL:
        raise Refused(
            [
                Finding(
                    "RES-E-154", "filing", f"受付番号{filing_id}は既に「{FilingState(row.state).label}」です。",
                    "異動の一覧を開き直して、今の状態を確認してください。",
                )
            ]
        )  # fmt: skip
    return row


def _no_such_filing(filing_id: int) -> Finding:
    return Finding("RES-E-153", "filing", f"受付番号{filing_id}の異動はありません。", "番号を確認してください。")


def _refuse_if_moved_on(row: Filing, view: rules.View) -> None:
    """The reviewer approves what the clerk saw: a record that changed meanwhile sends the filing back."""
    findings = Findings()
    for number, version_no in row.base_versions.items():
        person = view.persons.get(int(number))
        if person is None or person.version_no != version_no:
            findings.error(
                "RES-E-155",
                "persons",
                f"宛名番号{number}の記録は、仮登録の後に変わりました。",
                "差し戻して、新しい記録から入力し直してください。",
            )
    findings.raise_if_blocking()


def _without_pending(view: rules.View, filing_id: int) -> rules.View:
    """The filing under review does not stand in its own way."""
    persons = {
        number: replace(person, pending_filing=None) if person.pending_filing == filing_id else person
        for number, person in view.persons.items()
    }
    return replace(view, persons=persons)


def _as_of_entry(filing: filings.Filing) -> filings.Filing:
    """At review the screen's own checks (which day, which versions) were answered at entry."""
    return replace(filing, opened_on=None, seen={})


def _receipt_of(filing: filings.Filing) -> Receipt | None:
    row = Filing.objects.filter(key=filing.key).first()
    if row is None:
        return None
    if row.kind != filing.kind:
        raise Refused(
            [Finding("RES-E-156", "key", "この識別子は別の届出で使われています。", "画面を開き直してください。")]
        )
    return Receipt(row.pk, tuple(row.persons), (), (), repeated=True)


def _storable(data: Mapping[str, Any]) -> dict[str, Any]:
    """The form as it came, without any 個人番号: those are in the vault."""

    def strip(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: strip(inner) for key, inner in value.items() if key != "individual_number"}
        if isinstance(value, (list, tuple)):
            return [strip(inner) for inner in value]
        return value

    stripped: dict[str, Any] = json.loads(json.dumps(strip(data), ensure_ascii=False, default=str))
    return stripped


def _step(row: Filing, desk: Desk, state: FilingState, comment: str = "") -> None:
    FilingStep.objects.create(filing=row, state=state, at=desk.now, account=desk.account, comment=comment)


def _close(row: Filing, desk: Desk, state: FilingState, comment: str, persons: tuple[int, ...]) -> None:
    row.state, row.review_comment, row.persons = state, comment, list(persons)
    row.reviewed_at, row.reviewer = desk.now, desk.account
    row.save(update_fields=["state", "review_comment", "persons", "reviewed_at", "reviewer"])
    _step(row, desk, state, comment)
    Resident.objects.filter(number__in=persons, pending_filing=row.pk).update(pending_filing=None)
