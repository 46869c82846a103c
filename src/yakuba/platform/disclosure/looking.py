"""Looking at requests: what waits and is overdue, one case with its way. Where a protected person lives isn't shown."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.protection.exits import Exit
from yakuba.platform.protection.passing import Passed, Verdict, passing
from yakuba.platform.transactions import use_case

from . import rules, services, sources
from .models import Case, Decision, Step

MASKED = "（表示できません）"
_TELLS_WHERE = ("requester_address", "requester_phone", "subject_address", "matter", "claim", "reason")
_MOST = 300


@dataclass(frozen=True, slots=True)
class Line:
    """A case as the list shows it."""

    case: Case
    is_overdue: bool
    is_soon: bool


def _require(desk: Desk) -> None:
    """Who handles requests, and who decides about them."""
    desk.require(Duty.DISCLOSURE if desk.may(Duty.DISCLOSURE) else Duty.APPROVAL)


@use_case(Operation.VIEW)
def overview(desk: Desk, through: Exit, *, only_open: bool = True) -> Passed[Line]:
    """Cases, what is overdue first, then by their last day; at most 300."""
    _require(desk)
    rows = Case.objects.order_by(F("due").asc(nulls_last=True), "-pk")
    if only_open:
        rows = rows.exclude(state__in=rules.ENDS)
    soon = desk.today + timedelta(days=services.SETTINGS.value("notice_days", int, on=desk.today))
    lines = [_line(case, desk.today, soon) for case in rows[:_MOST]]
    gate = passing(desk, through, [line.case.subject for line in lines])
    shown = gate.filter(
        lines,
        lambda line: (line.case.subject,),
        lambda line, verdict: Line(_concealed(line.case, verdict), line.is_overdue, line.is_soon),
    )
    desk.log(Operation.VIEW, subjects=tuple(line.case.subject for line in shown), target="disclosure")
    return shown


def _line(case: Case, today: date, soon: date) -> Line:
    return Line(case, case.due is not None and case.due < today, case.due is not None and today <= case.due <= soon)


def _concealed(case: Case, verdict: Verdict) -> Case:
    if not verdict.hidden:
        return case
    shown = copy.copy(case)
    for name in _TELLS_WHERE:
        setattr(shown, name, MASKED if getattr(case, name) else "")
    return shown


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case. `decision` holds, `proposed` waits for it. `held`: for the proposal, each source with (title, lines, places about others, lines kept back)."""

    case: Case
    line: Line
    steps: tuple[Step, ...]
    decision: Decision | None
    proposed: Decision | None
    decision_due: date
    actions: tuple[rules.Action, ...]
    waiting: tuple[Step, ...]
    held: tuple[tuple[str, str, int, int, int], ...]
    warnings: tuple[str, ...]
    is_masked: bool

    @property
    def masked(self) -> int:
        return sum(row[3] for row in self.held)

    @property
    def kept_back(self) -> int:
        return sum(row[4] for row in self.held)

    @property
    def open(self) -> frozenset[str]:
        """Names of the actions that are open now."""
        return frozenset(action.value for action in self.actions)


@use_case(Operation.VIEW)
def look(desk: Desk, case_id: int, through: Exit) -> CaseView:
    """One case with its way. Figures of what is held are given to who handles it. Raises Refused for an unknown number."""
    _require(desk)
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise Refused([Finding("DSC-E-033", "case", "請求が見つかりません。", "番号を確かめてください。")])
    gate = passing(desk, through, [case.subject])
    gate.require_shown("case")
    verdict = gate[case.subject]
    steps = list(case.steps.order_by("pk"))
    answered = {step.detail["heard"] for step in steps if step.action == rules.Action.OPINION}
    actions = rules.open_actions(case.kind_of, rules.State(case.state))
    held: tuple[tuple[str, str, int, int, int], ...] = ()
    if rules.Action.PROPOSE in actions and desk.may(Duty.DISCLOSURE) and case.kind_of is rules.Kind.DISCLOSURE:
        collected = sources.collect(desk, case.subject, case.sources, services.known_until(desk.today))
        held = tuple(
            (
                source.name, source.title, sum(len(section.lines) for section in part),
                sum(section.masked for section in part), sum(section.kept_back for section in part),
            )
            for source, part in collected.parts
        )  # fmt: skip
    if verdict.hidden:
        steps = [_without_text(step) for step in steps]
    desk.log(
        Operation.VIEW, subjects=(case.subject,), target=services.reference(case), case=services.reference(case)
    )  # fmt: skip
    return CaseView(
        case=_concealed(case, verdict),
        line=_line(case, desk.today, desk.today),
        steps=tuple(steps),
        decision=services.decision_of(case),
        proposed=(
            Decision.objects.select_related("case").filter(case=case).order_by("-pk").first()
            if case.state == rules.State.PROPOSED
            else None
        ),
        decision_due=services.decision_due(case),
        actions=actions,
        waiting=tuple(step for step in steps if step.action == rules.Action.HEAR and step.pk not in answered),
        held=held,
        warnings=verdict.warnings,
        is_masked=bool(verdict.hidden),
    )


def _without_text(step: Step) -> Step:
    shown = copy.copy(step)
    shown.text = MASKED if step.text else ""
    return shown
