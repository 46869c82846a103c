"""The book of media: what comes in, what still holds data, and how a medium ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.platform.handover.conftest import new_medium, order, written

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.approvals import services as approvals
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.handover import media, outgoing
from yakuba.platform.handover.models import Medium, MediumAct, Way


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refused.value.findings}


def later(desk: Desk, days: int) -> Desk:
    return replace(desk, clock=FixedClock(desk.now + timedelta(days=days)))


def test_an_application_says_everything_at_once(clerk: Desk, medium: Medium):
    wrong = new_medium(
        has_security=False, accounts=("dareka",), terminals=(), end=new_medium().start - timedelta(days=1)
    )
    with pytest.raises(Refused) as refused:
        media.apply_for(clerk, wrong)
    assert codes(refused) == {"HND-E-002", "HND-E-003", "HND-E-004", "HND-E-005", "HND-E-006", "HND-E-007"}


@pytest.mark.req("SEC-T-019")
def test_a_medium_exists_when_information_management_approved(clerk: Desk, head: Desk, information: Desk):
    application = media.apply_for(clerk, new_medium())
    assert not Medium.objects.exists()
    with pytest.raises(AccessDenied):
        approvals.decide(head, application.pk, grant=True)
    approvals.decide(information, application.pk, grant=True)
    assert [line.state for line in media.book(clerk)] == ["使用できます"]
    assert [line.state for line in media.book(later(clerk, 200))] == ["期間満了"]


@pytest.mark.req("SEC-031", "MYNA-018")
def test_data_left_on_a_medium_is_told_until_its_erasure_is_confirmed(clerk: Desk, filled: Medium):
    (line,) = media.book(clerk)
    assert line.erase_by == clerk.today + timedelta(days=14)
    assert not media.book(later(clerk, 14))[0].is_overdue
    assert media.book(later(clerk, 15))[0].is_overdue
    with pytest.raises(Refused) as refused:
        media.confirm_erasure(replace(clerk, account="juju2"), filled.pk, "")
    assert codes(refused) == {"HND-E-013", "HND-E-018"}
    media.confirm_erasure(clerk, filled.pk, "全領域の上書き")
    (line,) = media.book(later(clerk, 15))
    assert (line.erase_by, line.is_overdue) == (None, False)
    assert [(act.act, act.method) for act in line.acts] == [("written", ""), ("erased", "全領域の上書き")]
    with pytest.raises(Refused) as refused:
        media.confirm_erasure(clerk, filled.pk, "もう一度")
    assert codes(refused) == {"HND-E-017"}


@pytest.mark.req("LOG-016", "RET-T-012")
def test_nothing_is_disposed_of_without_permission_and_method(clerk: Desk, security: Desk, filled: Medium):
    with pytest.raises(Refused, match="APR-E-009"):
        media.dispose(clerk, filled.pk, "磁気消去の後、物理破壊")
    with pytest.raises(Refused) as refused:
        media.apply_for_disposal(clerk, filled.pk, "", "")
    assert codes(refused) == {"HND-E-019"}
    application = media.apply_for_disposal(clerk, filled.pk, "磁気消去の後、物理破壊", "故障のため")
    with pytest.raises(AccessDenied):
        approvals.decide(replace(security, account="juju1"), application.pk, grant=True)
    approvals.decide(security, application.pk, grant=True)
    with pytest.raises(Refused) as refused:
        media.dispose(clerk, filled.pk, " ")
    assert codes(refused) == {"HND-E-018"}
    media.dispose(clerk, filled.pk, "磁気消去の後、物理破壊", "証明書 見本-1")
    act = MediumAct.objects.get(act="disposed")
    assert (act.method, act.application_id) == ("磁気消去の後、物理破壊", application.pk)
    assert Entry.objects.filter(operation="hand_over", detail__act="disposed").count() == 1
    (line,) = media.book(clerk)
    assert (line.state, line.erase_by) == ("廃棄済み", None)
    with pytest.raises(Refused) as refused:
        outgoing.prepare(clerk, order(way=Way.MEDIUM, medium="SN0001"), written())
    assert codes(refused) == {"HND-E-015"}


def test_the_book_is_read_by_its_duties(make_desk: Any, medium: Medium):
    from yakuba.platform.access.duties import Duty

    assert media.book(make_desk({Duty.AUDIT}))
    with pytest.raises(AccessDenied):
        media.book(make_desk({Duty.INQUIRY}))
