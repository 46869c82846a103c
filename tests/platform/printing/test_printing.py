"""Hard copies of screens: leave, decision, record, disposal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from tests.platform.access.test_factors import UseProfile, use_profile

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.models import Application
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.printing import services
from yakuba.platform.printing.models import Print
from yakuba.platform.profiles import Profile

__all__ = ["use_profile"]  # a fixture
MakeDesk = Callable[..., Desk]
SCREEN = "/residents/101"


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


def steps() -> list[str]:
    found = Entry.objects.filter(operation="print", result="done").order_by("id")
    return [entry.detail["step"] for entry in found]


@pytest.mark.req("SEC-021", "SEC-T-021")
def test_a_screen_is_printed_with_a_reason_and_the_log_has_it(town: None, make_desk: MakeDesk) -> None:
    desk = make_desk({Duty.INQUIRY})
    with pytest.raises(Refused) as refusal:
        services.ask(desk, SCREEN, (101,), " ")
    assert codes(refusal) == {"PRT-E-002"}
    leave = services.ask(desk, SCREEN, (101,), "窓口で本人に渡す説明のため")
    assert leave.stamp == f"印刷番号{leave.number}　見本　madoguchi1（madoguchi1）　2026/11/20 12:00　端末T01"
    services.printed(desk, leave.number)
    entry = Entry.objects.latest("id")
    assert (entry.operation, entry.target, entry.subjects) == ("print", SCREEN, [101])
    assert steps() == ["leave", "printed"]
    with pytest.raises(Refused) as refusal:
        services.printed(desk, leave.number)  # leave is for one time
    assert codes(refusal) == {"PRT-E-003"}
    with pytest.raises(Refused):
        services.printed(make_desk({Duty.INQUIRY}, account="other"), leave.number)


@pytest.mark.req("SEC-021", "PSEC-010")
def test_without_a_purpose_or_a_duty_that_prints_nobody_prints(town: None, make_desk: MakeDesk) -> None:
    for desk in (make_desk({Duty.INQUIRY}, purpose=""), make_desk({Duty.BULK})):
        with pytest.raises(AccessDenied):
            services.ask(desk, SCREEN, (101,), "理由")
    assert set(Entry.objects.values_list("result", flat=True)) == {"denied"}
    assert not Print.objects.exists()


@pytest.mark.req("PSEC-010")
def test_yamaguchi_prints_by_the_security_officers_decision_only(
    use_profile: UseProfile, make_desk: MakeDesk, clock: FixedClock
) -> None:
    use_profile(Profile.YAMAGUCHI)
    desk = make_desk({Duty.INQUIRY})
    officer = make_desk({Duty.SECURITY, Duty.INQUIRY}, account="sekyuriti1", purpose=Purpose.SYSTEM)
    assert services.ask(desk, SCREEN, (101,), "裁判所への回答").number == 0
    assert not Print.objects.exists()
    application = Application.objects.get()
    assert application.payload == {"screen": SCREEN, "reason": "裁判所への回答", "purpose": "move_filing"}
    with pytest.raises(Refused):
        services.ask(desk, SCREEN, (101,), "裁判所への回答")  # waits
    with pytest.raises(AccessDenied):
        approvals.decide(make_desk({Duty.SECURITY}), application.pk, grant=True)  # nobody decides his own act
    approvals.decide(officer, application.pk, grant=True)
    assert services.ask(desk, "/residents/102", (102,), "別の人").number == 0  # another screen
    leave = services.ask(desk, SCREEN, (101,), "裁判所への回答")
    assert Print.objects.get(pk=leave.number).application == application.pk
    assert services.ask(desk, SCREEN, (101,), "もう一度").number == 0  # once

    later = Application.objects.latest("id")
    approvals.decide(officer, later.pk, grant=True)
    clock.advance(timedelta(days=1, seconds=1))
    assert services.ask(desk, SCREEN, (101,), "遅れて").number == 0  # the decision has expired


@pytest.mark.req("PSEC-013", "PRET-005")
def test_papers_stand_in_the_list_until_their_disposal(town: None, make_desk: MakeDesk, clock: FixedClock) -> None:
    desk, other = make_desk({Duty.INQUIRY}), make_desk({Duty.INQUIRY}, account="other")
    officer = make_desk({Duty.SECURITY}, account="sekyuriti1")
    leave = services.ask(desk, SCREEN, (101,), "説明")
    assert services.papers(desk) == []  # not printed
    services.printed(desk, leave.number)
    (paper,) = services.papers(desk)
    assert (paper.is_open, paper.is_late) == (True, False)
    assert services.papers(other) == []
    clock.advance(timedelta(days=8))
    (paper,) = services.papers(officer)
    assert paper.is_late
    with pytest.raises(Refused):
        services.dispose(other, leave.number, "裁断")
    with pytest.raises(Refused) as refusal:
        services.dispose(desk, leave.number, "")
    assert codes(refusal) == {"PRT-E-004"}
    services.dispose(desk, leave.number, "裁断")
    assert services.papers(officer) == []
    (paper,) = services.papers(desk, only_open=False)
    assert not paper.is_open
    with pytest.raises(Refused) as refusal:
        services.dispose(officer, leave.number, "裁断")
    assert codes(refusal) == {"PRT-E-006"}
    assert steps() == ["leave", "printed", "disposed"]


def test_records_of_printing_stay(town: None, make_desk: MakeDesk) -> None:
    services.ask(make_desk({Duty.INQUIRY}), SCREEN, (101,), "説明")
    with pytest.raises(DatabaseError), transaction.atomic():
        Print.objects.update(reason="")
    with pytest.raises(DatabaseError), transaction.atomic():
        Print.objects.all().delete()


def test_printing_without_leave_is_logged(town: None, make_desk: MakeDesk) -> None:
    services.attempted(make_desk({Duty.INQUIRY}), SCREEN, (101,))
    entry = Entry.objects.latest("id")
    assert (entry.operation, entry.result, entry.subjects) == ("print", "refused", [101])
