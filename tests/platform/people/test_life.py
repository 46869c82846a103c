"""An account's life in any order: at no moment does somebody act whose post, pledge, training or right doesn't hold."""

from __future__ import annotations

import contextlib
import hashlib
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from yakuba.core.findings import Refused
from yakuba.platform.access import conditions, sign_in
from yakuba.platform.access.desk import Desk, system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, DutyAssignment, Session, Stage
from yakuba.platform.clock import JAPAN, FixedClock, midnight, today
from yakuba.platform.people import grants, records, review
from yakuba.platform.people.models import Employment, OfficeAffair, Person
from yakuba.platform.people.records import Engagement

BEGIN = datetime(2026, 11, 20, 9, 0, tzinfo=JAPAN)
AFFAIRS = {Duty.INQUIRY: "certificates", Duty.CERTIFICATE: "certificates", Duty.REVIEW: "resident_registration"}


class Life(RuleBasedStateMachine):
    """What the house does, beside what plain Python says must hold."""

    @initialize()
    def begin(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.clock = FixedClock(BEGIN)
        self.account = Account.objects.create(login="jinsei1", name="見本　人生", office_id="100")
        Person.objects.create(number="7001", name="見本　人生", account=self.account)
        for affair in ("certificates", "resident_registration"):
            OfficeAffair.objects.create(
                office_id="100", affair=affair, period=(date(2020, 4, 1), None), changed_by="tests", changed_at=BEGIN
            )
        self.posts: list[tuple[date, date]] = []
        self.pledged = False
        self.training_ends: date | None = None
        self.rights: list[tuple[Duty, datetime, datetime]] = []
        self.active = True

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def desk(self, *duties: Duty) -> Desk:
        return system_desk("tests", set(duties), self.clock)

    @property
    def day(self) -> date:
        return today(self.clock)

    # -- what happens -------------------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 5, 15, 24, 24 * 9, 24 * 40, 24 * 170]))
    def time_passes(self, hours: int) -> None:
        self.clock.advance(timedelta(hours=hours))

    @rule(until=st.sampled_from(["midnight", "fiscal_year"]))
    def until_a_boundary(self, until: str) -> None:
        day = self.day + timedelta(days=1)
        if until == "fiscal_year":
            day = date(self.day.year + (self.day >= date(self.day.year, 4, 1)), 4, 1)
        self.clock.moment = midnight(day)

    @rule(starts_in=st.integers(0, 20), lasts=st.integers(1, 200))
    def is_engaged(self, starts_in: int, lasts: int) -> None:
        start = self.day + timedelta(days=starts_in)
        end = start + timedelta(days=lasts)
        wanted = Engagement("7001", "見本　人生", Employment.REGULAR, "100", start, end - timedelta(days=1))
        if any(start < other_end and other_start < end for other_start, other_end in self.posts):
            with pytest.raises(Refused):
                records.engage(self.desk(Duty.PERSONNEL), wanted)
            return
        records.engage(self.desk(Duty.PERSONNEL), wanted)
        self.posts.append((start, end))

    @rule(in_days=st.integers(-3, 15))
    def leaves(self, in_days: int) -> None:
        day = self.day + timedelta(days=in_days)
        desk = self.desk(Duty.PERSONNEL)
        with desk.acting(Duty.PERSONNEL):
            records.end_service(desk.at_one_moment(), Person.objects.get(pk="7001"), day, "退職")
        self.posts = [(start, min(end, day)) for start, end in self.posts if start < day]
        self._end_rights(max(midnight(day), self.clock.now()))

    @rule()
    def pledges(self) -> None:
        desk = self.desk(Duty.PERSONNEL)
        if any(end > self.day for _, end in self.posts):
            records.record_pledge(desk, "7001", self.day)
            self.pledged = True
        else:
            with pytest.raises(Refused):
                records.record_pledge(desk, "7001", self.day)

    @rule()
    def is_trained(self) -> None:
        records.record_training(self.desk(Duty.PERSONNEL), ["7001"], "研修", self.day)
        year = self.day.year - (self.day.month < 4) + 1
        self.training_ends = max(self.training_ends or date.min, date(year, 4, 1) + timedelta(days=30))

    @rule(duty=st.sampled_from(sorted(AFFAIRS)), starts_in=st.integers(0, 100), hours=st.none() | st.integers(1, 2000))
    def is_given(self, duty: Duty, starts_in: int, hours: int | None) -> None:
        start = self.clock.now() + timedelta(hours=starts_in)
        end = start + timedelta(hours=hours) if hours else None
        wanted = grants.Wanted("7001", AFFAIRS[duty], frozenset({duty}), start, end, "見本")
        desk = self.desk(Duty.INFORMATION_MANAGEMENT)
        with desk.acting(Duty.INFORMATION_MANAGEMENT):
            person = Person.objects.get(pk="7001")
            findings, until = grants.check(desk, person, wanted, asked_by="100")
            post = next((p for p in self.posts if p[0] <= start.astimezone(JAPAN).date() < p[1]), None)
            year = start.astimezone(JAPAN).year + (start.astimezone(JAPAN).month >= 4)
            latest = midnight(date(year, 4, 1))
            fits = (
                post is not None
                and (end is None or end <= min(latest, midnight(post[1])))
                and not any(
                    held == duty and start < ends and begins < (end or min(latest, midnight(post[1])))
                    for held, begins, ends in self.rights
                )
            )
            assert bool(findings.errors) != fits, findings.items
            if not fits:
                return
            assert post is not None
            assert until == (end or min(latest, midnight(post[1])))
            grants.give(
                desk, person, [duty], office="100", affair=AFFAIRS[duty], period=(start, until), reason="見本"
            )  # fmt: skip
        self.rights.append((duty, start, until))

    @precondition(lambda self: self.rights)
    @rule(data=st.data())
    def is_revoked(self, data: st.DataObject) -> None:
        duty = data.draw(st.sampled_from(sorted({right[0] for right in self.rights})))
        now = self.clock.now()
        keys = [
            row.pk
            for row in DutyAssignment.objects.filter(account=self.account, duty=duty, period__isempty=False)
            if row.period.upper > now
        ]
        if keys:
            grants.revoke(self.desk(Duty.INFORMATION_MANAGEMENT), "7001", keys, "見本")
        self.rights = [
            (held, begins, min(ends, now) if held == duty else ends)
            for held, begins, ends in self.rights
            if held != duty or begins < now
        ]

    @rule(active=st.booleans())
    def is_suspended_or_opened(self, active: bool) -> None:
        review.set_active(self.desk(Duty.ADMINISTRATION), "7001", active=active, reason="見本")
        self.active = active

    @rule(days=st.integers(1, 30))
    def is_reviewed(self, days: int) -> None:
        """A review opens (after the last one was closed, if it can be), and nobody answers."""
        desk = self.desk(Duty.INFORMATION_MANAGEMENT)
        with contextlib.suppress(Refused):
            review.close_review(desk)
        deadline = self.day + timedelta(days=days)
        try:
            review.open_review(desk, deadline)
        except Refused:
            return
        ends, now = midnight(deadline + timedelta(days=1)), self.clock.now()
        self.rights = [
            (duty, begins, min(until, ends) if begins <= now < until else until) for duty, begins, until in self.rights
        ]

    def _end_rights(self, moment: datetime) -> None:
        self.rights = [(duty, begins, min(ends, moment)) for duty, begins, ends in self.rights if begins < moment]

    # -- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def nobody_acts_who_may_not(self) -> None:
        if not hasattr(self, "clock"):
            return
        now = self.clock.now()
        in_post = any(start <= self.day < end for start, end in self.posts)
        trained = self.training_ends is not None and self.day < self.training_ends
        duties = {duty for duty, begins, ends in self.rights if begins <= now < ends}
        may_act = self.active and in_post and self.pledged and trained
        token = "0" * 64
        Session.objects.filter(account=self.account).delete()
        Session.objects.create(
            key_hash=hashlib.sha256(token.encode()).digest(), account=self.account, terminal_id="T01", stage=Stage.OPEN,
            started_at=now, seen_at=now, confirmed_at=now,
        )  # fmt: skip
        signed = sign_in.current(token, address="127.0.0.1", clock=self.clock)
        assert (signed is not None) == may_act
        assert signed is None or signed.desk.duties == duties
        unmet = {finding.code for finding in conditions.unmet(self.account.pk, self.clock)}
        assert ("PPL-E-001" in unmet) == (not in_post)
        assert ("PPL-E-003" in unmet) == (not trained)
        assert ("PPL-E-005" in unmet) == (not duties)
        # The ledger's last word on each right is the right.
        for row in DutyAssignment.objects.filter(account=self.account):
            assert row.entries.latest("pk").period == row.period


@pytest.mark.req("SEC-017", "SEC-T-011", "SEC-012")
def test_an_accounts_life_in_any_order(house: None) -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=20,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
