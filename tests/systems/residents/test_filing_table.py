"""The table of what may be filed about whom: complete, and the same as what the lists of codes say."""

from __future__ import annotations

import pytest

from yakuba.core.codes import CodeList
from yakuba.systems.residents import filing_form, filing_table, filings, rules
from yakuba.systems.residents.filing_table import ALLOWED, NOBODY, REFUSALS, TABLE, State
from yakuba.systems.residents.filings import Subjects
from yakuba.systems.residents.reasons import Reason, ResidentKind, Status

NAMING_NOBODY = {Subjects.CHILD, Subjects.FILING}


def test_every_kind_stands_in_the_table_with_every_state():
    assert set(TABLE) == set(filings.KINDS)
    for kind, row in TABLE.items():
        marks = row.split()
        assert len(marks) == len(State), kind
        nobody = filings.KINDS[kind].subjects in NAMING_NOBODY
        assert (set(marks) == {NOBODY}) is nobody, kind
        assert nobody or set(marks) <= {ALLOWED, *REFUSALS}, kind
        assert nobody or ALLOWED in marks, f"{kind} can be filed about nobody"


def test_every_refusal_is_used_and_says_what_to_do():
    marks = {mark for row in TABLE.values() for mark in row.split()}
    assert set(REFUSALS) <= marks
    codes = [refusal.code for refusal in REFUSALS.values()]
    assert len(set(codes)) == len(codes)
    assert all(refusal.message and refusal.remedy for refusal in REFUSALS.values())


def test_every_kind_has_its_rule_and_its_screen():
    assert set(rules.PLANNERS) == set(filings.KINDS.values())
    assert set(filing_form.LAYOUT) == set(filings.KINDS)
    for kind, cls in filings.KINDS.items():
        assert cls.label, kind
        assert cls.article, kind
        assert isinstance(cls.group, filings.Group), kind


@pytest.mark.parametrize("kind", list(TABLE))
def test_nobody_in_a_closed_record_marries_moves_or_dies(kind):
    """Only what reopens, confirms or corrects touches a closed record."""
    touching = {"move_in", "ex_officio_entry", "foreigner_settles", "foreigner_qualifies", "move_out_withdrawal",
                "move_in_notice", "restoration", "ex_officio_change", "error_correction"}  # fmt: skip
    closed = TABLE[kind].split()[4:]
    assert (ALLOWED in closed) is (kind in touching)


def test_states_of_the_register():
    def state(status: Status, kind: ResidentKind = ResidentKind.JAPANESE, *, is_open: bool = False, **items: object):
        return filing_table.state_of({"status": status, "resident_kind": kind, **items}, is_open=is_open)

    assert state(Status.RESIDENT, is_open=True) is State.JAPANESE
    assert state(Status.RESIDENT, ResidentKind.FOREIGN, is_open=True) is State.FOREIGN
    assert state(Status.RESIDENT, is_open=True, move_out_planned_on="x") is State.JAPANESE_LEAVING
    assert state(Status.RESIDENT, ResidentKind.FOREIGN, is_open=True, move_out_planned_on="x") is State.FOREIGN_LEAVING
    closed = {status: state(status) for status in Status if status is not Status.RESIDENT}
    assert set(closed.values()) == set(State) - {s for s in State if "住民（" in s or "転出予定" in s}


def test_kinds_for_one_sort_of_residents_are_so_in_the_list_of_reasons_too():
    """`change_reasons` says for whom a reason is; the table agrees for each kind that writes such a reason."""
    reasons = {entry.code: entry.attributes["subject"] for entry in CodeList.load("change_reasons").entries}
    for kind, reason in {
        "former_surname_entry": Reason.FORMER_SURNAME_ENTRY, "former_surname_change": Reason.FORMER_SURNAME_CHANGE,
        "former_surname_removal": Reason.FORMER_SURNAME_REMOVAL, "nationality_loss": Reason.NO_LONGER_JAPANESE,
        "alias_entry": Reason.ALIAS_ENTRY, "alias_removal": Reason.ALIAS_REMOVAL,
        "naturalization": Reason.NO_LONGER_FOREIGN, "nationality_acquisition": Reason.NO_LONGER_FOREIGN,
    }.items():  # fmt: skip
        marks = dict(zip(State, TABLE[kind].split(), strict=True))
        assert (marks[State.JAPANESE] == ALLOWED) is ("日本人" in reasons[reason]), kind
        assert (marks[State.FOREIGN] == ALLOWED) is ("外国人" in reasons[reason]), kind


def test_every_reason_of_the_specification_has_a_kind_that_writes_it():
    """All 37 異動事由, and our own for a loaded register."""
    assert {reason.value for reason in Reason} == {e.code for e in CodeList.load("change_reasons").entries} | {"900"}
    assert len(Reason) == 38
