"""Decisions of the registry: from a filing and what the register knows, to the changes that follow or the findings.

Pure: no database, no clock. `plan` runs when a filing is entered (仮登録) and again when it is registered (本登録), so what
the reviewer approves is what the rules still say. What may be filed about whom at all stands in `filing_table`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import corrections, entries, filings, identity, leaving, moves
from .leaving import plan_due_move_out
from .planning import (
    HOUSEHOLDER,
    Cancelled,
    Candidate,
    Change,
    Items,
    Known,
    Plan,
    View,
    check_common,
    check_reasons,
    settle_households,
)

__all__ = [
    "HOUSEHOLDER", "Cancelled", "Candidate", "Change", "Items", "Known", "Plan", "View", "plan", "plan_due_move_out",
]  # fmt: skip


def plan(filing: filings.Filing, view: View) -> Plan:
    """The changes that a filing leads to, with all findings. Changes are complete only if there is no error."""
    result = Plan()
    check_common(filing, view, result.findings)
    PLANNERS[type(filing)](filing, view, result)
    if result.changes and not result.findings.errors:
        settle_households(view, result)
        check_reasons(view, result)
    return result


PLANNERS: dict[type[filings.Filing], Callable[[Any, View, Plan], None]] = {
    filings.MoveIn: entries.plan_move_in,
    filings.Birth: entries.plan_birth,
    filings.ExOfficioEntry: entries.plan_ex_officio_entry,
    filings.ForeignerSettles: entries.plan_foreigner_settles,
    filings.ForeignerQualifies: entries.plan_foreigner_qualifies,
    filings.Restoration: entries.plan_restoration,
    filings.MoveOutWithdrawal: entries.plan_move_out_withdrawal,
    filings.MoveWithin: moves.plan_move_within,
    filings.HouseholdSplit: moves.plan_household_split,
    filings.HouseholdMerge: moves.plan_household_merge,
    filings.HouseholdTransfer: moves.plan_household_transfer,
    filings.HouseholderChange: moves.plan_householder_change,
    filings.RelationshipChange: moves.plan_relationship_change,
    filings.MoveOut: leaving.plan_move_out,
    filings.MoveInNotice: leaving.plan_move_in_notice,
    filings.Death: leaving.plan_death,
    filings.Disappearance: leaving.plan_disappearance,
    filings.ExOfficioClosing: leaving.plan_ex_officio_closing,
    filings.FormerSurnameEntry: identity.plan_former_surname_entry,
    filings.FormerSurnameChange: identity.plan_former_surname_change,
    filings.FormerSurnameRemoval: identity.plan_former_surname_removal,
    filings.AliasEntry: identity.plan_alias_entry,
    filings.AliasRemoval: identity.plan_alias_removal,
    filings.FuriganaEntry: identity.plan_furigana_entry,
    filings.ResidenceUpdate: identity.plan_residence_update,
    filings.Naturalization: identity.plan_becoming_japanese,
    filings.NationalityAcquisition: identity.plan_becoming_japanese,
    filings.NationalityLoss: identity.plan_nationality_loss,
    filings.MinorCorrection: corrections.plan_minor_correction,
    filings.ExOfficioChange: corrections.plan_ex_officio_change,
    filings.ErrorCorrection: corrections.plan_error_correction,
    filings.NumberRequest: corrections.plan_number_request,
    filings.NumberCorrection: corrections.plan_number_correction,
    filings.NumberEntry: corrections.plan_number_entry,
    filings.CodeRequest: corrections.plan_code_request,
    filings.CodeEntry: corrections.plan_code_entry,
    filings.Recreation: corrections.plan_recreation,
    filings.Reproduction: corrections.plan_reproduction,
    filings.Cancellation: corrections.plan_cancellation,
}
