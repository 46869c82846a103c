"""Reviews: every right is confirmed or ends; and the comparison of rights with the staff in place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from tests.platform.people.conftest import Door, MakeDesk, account_of
from tests.staff import employ, give

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Account, DutyAssignment, DutyEntry
from yakuba.platform.clock import JAPAN, FixedClock, midnight
from yakuba.platform.people import records, review
from yakuba.platform.people.models import Person, Post, ReviewDecision, ReviewItem

DEADLINE = date(2026, 12, 4)


@pytest.fixture
def information(make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.INFORMATION_MANAGEMENT}, account="joho1", purpose=Purpose.SYSTEM)


@pytest.fixture
def head(make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.APPROVAL}, account="kacho1", purpose=Purpose.SYSTEM)


@pytest.fixture
def staff() -> tuple[Account, Account]:
    one, other = account_of("shokuin1"), account_of("shokuin2", "110")
    for account in (one, other):
        employ(account)
        give(account, [Duty.INQUIRY, Duty.CERTIFICATE])
        DutyAssignment.objects.filter(account=account).update(affair="certificates")
    return one, other


def held(account: Account, at: datetime) -> set[str]:
    return set(DutyAssignment.objects.filter(account=account, period__contains=at).values_list("duty", flat=True))


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


@pytest.mark.req("SEC-012", "SEC-015", "SEC-016")
def test_each_right_is_confirmed_or_returned_or_lapses(
    staff: tuple[Account, Account], information: Desk, head: Desk, clock: FixedClock, door: Door
):
    one, other = staff
    token = door.enter("shokuin1")
    opened = review.open_review(information, DEADLINE)
    every = review.items_for(information)
    assert {(item.login, item.assignment.duty, item.office_id) for item in every} == {
        ("shokuin1", "inquiry", "100"), ("shokuin1", "certificate", "100"),
        ("shokuin2", "inquiry", "110"), ("shokuin2", "certificate", "110"),
    }  # fmt: skip
    assert next(item for item in every if item.login == "shokuin1").last_used_at is not None
    mine = review.items_for(head)
    assert {item.office_id for item in mine} == {"100"}
    assert all("所属が今は行っていない事務の権限です" in item.marks for item in mine)
    with pytest.raises(Refused) as refusal:
        review.close_review(information)
    assert codes(refusal) == {"PPL-E-094"}
    keep = next(item.pk for item in mine if item.assignment.duty == "inquiry")
    back = next(item.pk for item in mine if item.assignment.duty == "certificate")
    assert review.decide(head, [keep], [back]) == 2
    desk = door.desk(token)
    assert desk is not None
    assert desk.duties == {Duty.INQUIRY}
    last = midnight(DEADLINE + timedelta(days=1))
    assert held(other, last - timedelta(seconds=1)) == {"inquiry", "certificate"}
    assert held(other, last) == set()  # nobody has answered for them; no job has run
    assert held(one, last + timedelta(days=300)) == {"inquiry"}
    clock.moment = last
    closed = review.close_review(information)
    assert closed.pk == opened.pk
    assert sorted(ReviewItem.objects.values_list("decision", flat=True)) == [
        "confirmed",
        "lapsed",
        "lapsed",
        "returned",
    ]
    assert "定期点検で返還" in set(DutyEntry.objects.filter(account=one).values_list("reason", flat=True))


def test_who_answers_for_what(staff: tuple[Account, Account], information: Desk, head: Desk, clock: FixedClock):
    review.open_review(information, DEADLINE)
    items = {item.office_id: item.pk for item in review.items_for(information)}
    for confirmed, returned in (([items["110"]], []), ([items["100"]], [items["100"]]), ([], []), ([0], [])):
        with pytest.raises(Refused) as refusal:
            review.decide(head, confirmed, returned)
        assert codes(refusal) == {"PPL-E-092"}
    with pytest.raises(Refused) as refusal:
        review.decide(replace(head, account="shokuin1"), [items["100"]], [])
    assert codes(refusal) == {"PPL-E-044"}
    with pytest.raises(AccessDenied):
        review.decide(information, [items["100"]], [])
    with pytest.raises(AccessDenied):
        review.open_review(head, DEADLINE)
    with pytest.raises(Refused) as refusal:
        review.open_review(information, DEADLINE)
    assert codes(refusal) == {"PPL-E-091"}
    clock.moment = midnight(DEADLINE + timedelta(days=1))
    with pytest.raises(Refused) as refusal:
        review.decide(head, [items["100"]], [])
    assert codes(refusal) == {"PPL-E-092"}
    review.close_review(information)
    with pytest.raises(Refused) as refusal:
        review.close_review(information)
    assert codes(refusal) == {"PPL-E-093"}
    with pytest.raises(Refused) as refusal:
        review.open_review(information, DEADLINE)
    assert codes(refusal) == {"PPL-E-090"}
    assert review.next_review_due(information) == date(2027, 5, 20)


@pytest.mark.req("PSEC-006", "SEC-010", "SEC-017")
def test_what_does_not_fit_the_staff_in_place_is_told_and_taken_away(
    staff: tuple[Account, Account], information: Desk, personnel: Desk, clock: FixedClock
):
    one, other = staff
    nobody = account_of("nobody")
    give(nobody, [Duty.AUDIT])
    records.end_posts(personnel, Person.objects.get(account=one), date(2026, 11, 1), "退職")
    Post.objects.filter(person__account=other).update(office_id="900")
    Account.objects.filter(pk=other.pk).update(name="見本　旧姓", last_login=datetime(2026, 1, 5, tzinfo=JAPAN))
    told = {(row.login, row.duty, row.why) for row in review.compare(information)}
    assert told == {
        ("nobody", "", "職員・作業者の記録がない利用者です"),
        ("nobody", "操作履歴の閲覧", "権限の管理表にない権限です"),
        ("shokuin1", "", "在職していない人の利用者IDです"),
        ("shokuin1", "照会", "所属が今は行っていない事務の権限です"),
        ("shokuin1", "証明発行", "所属が今は行っていない事務の権限です"),
        ("shokuin2", "", "職員の記録では「見本　shokuin2」さんです"),
        ("shokuin2", "", "長い間使われていません"),
        ("shokuin2", "照会", "今の所属と違う所属の権限です"),
        ("shokuin2", "証明発行", "今の所属と違う所属の権限です"),
    }


@pytest.mark.req("PSEC-006")
def test_a_list_of_the_staff_is_compared(staff: tuple[Account, Account], information: Desk):
    one, other = (Person.objects.get(account=account) for account in staff)
    listed = [(one.number, "見本 shokuin1", "110"), ("9999", "見本　不明", "100")]
    told = {(row.number, row.why) for row in review.compare_with_list(information, listed)}
    assert told == {
        (one.number, "名簿の所属は「110」です"),
        ("9999", "名簿にあり、在職の記録がありません"),
        (other.number, "在職の記録があり、名簿にありません"),
    }


def test_unused_accounts_are_suspended_and_opened_again(
    staff: tuple[Account, Account], information: Desk, make_desk: MakeDesk, door: Door, clock: FixedClock
):
    token = door.enter("shokuin1")
    assert review.suspend_dormant(information) == []
    clock.advance(timedelta(days=91))
    assert review.suspend_dormant(information) == ["shokuin1"]
    assert door.desk(token) is None
    assert door.refusal("shokuin1") == {"SIGN-E-001"}
    administrator = make_desk({Duty.ADMINISTRATION}, account="kanri1", purpose=Purpose.SYSTEM)
    number = Person.objects.get(account=staff[0]).number
    with pytest.raises(Refused):
        review.set_active(administrator, number, active=True, reason=" ")
    with pytest.raises(Refused) as refusal:
        review.set_active(replace(administrator, account="shokuin1"), number, active=True, reason="見本")
    assert codes(refusal) == {"PPL-E-081"}
    review.set_active(administrator, number, active=True, reason="復帰した")
    assert review.suspend_dormant(information) == []
    assert door.refusal("shokuin1") == set()
    review.set_active(administrator, number, active=False, reason="不審な操作")
    assert door.refusal("shokuin1") == {"SIGN-E-001"}


def test_accounts_follow_transfers(staff: tuple[Account, Account], information: Desk):
    Post.objects.filter(person__account=staff[0]).update(office_id="110")
    assert review.settle_offices(information) == 1
    assert Account.objects.get(pk=staff[0].pk).office_id == "110"
    assert review.settle_offices(information) == 0


def test_decisions_have_words():
    assert [choice.label for choice in ReviewDecision] == ["未回答", "引き続き必要", "返還", "期限までに回答がなく失効"]
