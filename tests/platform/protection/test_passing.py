"""What a flag does at every way, at the borders of its period, and from which moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count, product

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.django_fixtures import NOON, set_up_town

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account
from yakuba.platform.approvals import services as approvals
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.protection import exits, flags, passing, policy, releases
from yakuba.platform.protection.exits import Exit, ExitKind, UnknownExit, Way
from yakuba.platform.protection.flags import FlagOrder
from yakuba.platform.protection.models import Flag, FlagEnd, Release, ReleaseUse
from yakuba.platform.protection.policy import WHEREABOUTS, Concealed, FlagKind, Outcome
from yakuba.platform.protection.releases import ReleaseRequest

MakeDesk = Callable[..., Desk]
TODAY = NOON.date()
SOMEBODY, OTHER = 100_000_000_000_011, 100_000_000_000_022
_KIND_OF = {
    Way.DISPLAY: ExitKind.SCREEN,
    Way.LISTING: ExitKind.LIST,
    Way.ISSUE: ExitKind.PAPER,
    Way.FILE: ExitKind.FILE,
    Way.LINKAGE: ExitKind.MESSAGE,
    Way.AUTOMATIC_ANSWER: ExitKind.MESSAGE,
}


@pytest.fixture(scope="module")
def ways() -> Iterator[dict[Way, Exit]]:
    """An exit of each way."""
    declared = {
        way: exits.declare(Exit(f"sample:{way}:{kind}", kind, way, "見本の出口", "見本"))
        for way, kind in _KIND_OF.items()
    }
    yield declared
    for exit_ in declared.values():
        exits._exits.pop(exit_.name)


@pytest.fixture
def carer(town: None, make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.PROTECTION, Duty.INQUIRY}, account="hogo1")


@pytest.fixture
def releaser(town: None, make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.PROTECTION_RELEASE}, account="kengen1")


@pytest.fixture
def clerk(town: None, make_desk: MakeDesk) -> Desk:
    Account.objects.create(login="madoguchi1", name="見本　窓口", office_id="100")
    return make_desk({Duty.INQUIRY, Duty.CERTIFICATE}, account="madoguchi1")


def order(*subjects: int, kind: FlagKind = FlagKind.SUPPORT, **more: object) -> FlagOrder:
    given = {
        "subjects": subjects or (SOMEBODY,),
        "kind": kind.value,
        "ways": tuple(policy.coverable(kind, TODAY)),
        "starts_on": TODAY,
        "last_day": TODAY + timedelta(days=90),
        "reason": "相談機関の意見を確認した",
        "case": "申出第1号",
    }
    return FlagOrder(**{**given, **more})  # type: ignore[arg-type]


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


def asked(desk: Desk, exit_: Exit, *subjects: int, reference: str = "") -> passing.Passing:
    with transaction.atomic():
        return passing.passing(desk, exit_, subjects or (SOMEBODY,), reference=reference)


# -- the table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("way", "kind"), list(product(Way, FlagKind)), ids=str)
def test_a_flag_does_what_the_table_says(
    carer: Desk, clerk: Desk, ways: dict[Way, Exit], way: Way, kind: FlagKind
) -> None:
    flags.set_flags(carer, order(kind=kind))
    verdict = asked(clerk, ways[way])[SOMEBODY]
    covered = way in policy.coverable(kind, TODAY)
    assert verdict.outcome is (policy.POLICY[way][kind] if covered else Outcome.OPEN)
    assert verdict.hidden == (frozenset() if verdict.is_open else WHEREABOUTS)
    assert verdict.warnings == (kind.warning,)
    opener = policy.OPENED_BY[way]
    assert asked(carer, ways[way])[SOMEBODY].is_open == (opener is Duty.PROTECTION or verdict.is_open)


def test_every_way_that_a_kind_covers_closes_something() -> None:
    for kind in FlagKind:
        for way in policy.coverable(kind, TODAY):
            assert policy.POLICY[way][kind] is not Outcome.OPEN, (kind, way)


def test_what_the_table_does_not_list_is_refused(town: None, clerk: Desk, ways: dict[Way, Exit]) -> None:
    assert policy.outcome("fax", FlagKind.SUPPORT) is Outcome.REFUSED
    assert policy.outcome(Way.DISPLAY, "99") is Outcome.REFUSED
    Flag.objects.create(
        subject=SOMEBODY, kind="99", ways=["display"], starts_on=TODAY, set_at=NOON, account="x", office="100"
    )
    assert asked(clerk, ways[Way.DISPLAY])[SOMEBODY].outcome is Outcome.REFUSED


def test_the_strictest_of_several_flags_decides(carer: Desk, clerk: Desk, ways: dict[Way, Exit]) -> None:
    flags.set_flags(carer, order(kind=FlagKind.DISPUTE))
    flags.set_flags(carer, order(kind=FlagKind.SUPPORT, ways=("display",)))
    assert asked(clerk, ways[Way.ISSUE])[SOMEBODY].outcome is Outcome.REFUSED
    shown = asked(clerk, ways[Way.DISPLAY])[SOMEBODY]
    assert shown.outcome is Outcome.MASKED
    assert shown.warnings == (FlagKind.SUPPORT.warning, FlagKind.DISPUTE.warning)
    assert asked(clerk, ways[Way.FILE])[SOMEBODY].is_open  # the flag doesn't cover files


def test_an_exit_that_nobody_declared_hands_out_nothing(town: None, clerk: Desk, ways: dict[Way, Exit]) -> None:
    rogue = Exit("sample:rogue:screen", ExitKind.SCREEN, Way.DISPLAY, "無届の画面", "見本")
    with pytest.raises(UnknownExit):
        asked(clerk, rogue)
    with pytest.raises(UnknownExit):
        exits.exit_of(rogue)
    with pytest.raises(UnknownExit):
        asked(clerk, replace(ways[Way.DISPLAY], way=Way.LISTING))  # another under a known name
    with pytest.raises(ValueError, match="twice"):
        exits.declare(replace(ways[Way.DISPLAY], title="別の出口"))
    with pytest.raises(ValueError, match="no paper hands out by file"):
        exits.declare(Exit("sample:list:paper", ExitKind.PAPER, Way.FILE, "x", "x"))
    with pytest.raises(ValueError, match="say why"):
        exits.hands_out_nothing(" ")


def test_who_was_not_asked_about_is_refused(town: None, clerk: Desk, ways: dict[Way, Exit]) -> None:
    answer = asked(clerk, ways[Way.DISPLAY], SOMEBODY)
    assert answer[SOMEBODY].is_open
    assert answer[OTHER].outcome is Outcome.REFUSED
    assert answer.filter([OTHER], lambda row: (row,), lambda row, verdict: row) == ()


def test_outside_a_transaction_nothing_is_asked(
    fresh_database: str, make_desk: MakeDesk, ways: dict[Way, Exit]
) -> None:
    with pytest.raises(RuntimeError):
        passing.passing(make_desk(), ways[Way.DISPLAY], [SOMEBODY])


@dataclass(frozen=True)
class Row:
    person: int
    name: str
    address: str | None


def test_filter_masks_counts_and_leaves_out(carer: Desk, clerk: Desk, ways: dict[Way, Exit]) -> None:
    flags.set_flags(carer, order(SOMEBODY))
    rows = [Row(SOMEBODY, "見本　花子", "中町1"), Row(OTHER, "見本　次郎", "中町2")]

    def mask(row: Row, verdict: passing.Verdict) -> Row:
        return replace(row, address=None) if Concealed.ADDRESS in verdict.hidden else row

    listed = asked(clerk, ways[Way.LISTING], SOMEBODY, OTHER).filter(rows, lambda row: (row.person,), mask)
    assert listed == (Row(SOMEBODY, "見本　花子", None), rows[1])
    assert (listed.masked, listed.refused) == (1, 0)
    filed = asked(clerk, ways[Way.FILE], SOMEBODY, OTHER).filter(rows, lambda row: (row.person,), mask)
    assert filed == (rows[1],)
    assert (filed.masked, filed.refused) == (0, 1)


def test_a_refusal_says_what_to_do(carer: Desk, clerk: Desk, ways: dict[Way, Exit]) -> None:
    flags.set_flags(carer, order(SOMEBODY))
    with pytest.raises(Refused) as refusal:
        asked(clerk, ways[Way.ISSUE], SOMEBODY, OTHER).require_open("persons", lambda _: "見本　花子さん")
    (finding,) = refusal.value.findings
    assert finding.code == "PRO-E-001"
    assert "見本　花子さん" in finding.message
    assert "支援措置対象者" in finding.message
    assert "一時解除" in finding.remedy


# -- periods ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset_days", "holds"),
    [(-1, False), (0, True), (9, True), (10, False)],
    ids=["前日", "開始日", "満了日", "満了の翌日"],
)
def test_a_flag_holds_from_its_first_to_its_last_day(
    carer: Desk, make_desk: MakeDesk, ways: dict[Way, Exit], offset_days: int, holds: bool
) -> None:
    flags.set_flags(carer, order(last_day=TODAY + timedelta(days=9)))
    desk = make_desk({Duty.INQUIRY}, at=NOON + timedelta(days=offset_days))
    assert asked(desk, ways[Way.DISPLAY])[SOMEBODY].is_open != holds


def test_midnight_is_japans(carer: Desk, make_desk: MakeDesk, ways: dict[Way, Exit]) -> None:
    flags.set_flags(carer, order(last_day=TODAY))
    last_minute = NOON.replace(hour=23, minute=59)
    assert not asked(make_desk(at=last_minute, duties=set()), ways[Way.DISPLAY])[SOMEBODY].is_open
    assert asked(make_desk(at=last_minute + timedelta(minutes=1), duties=set()), ways[Way.DISPLAY])[SOMEBODY].is_open


def test_an_ended_flag_holds_until_the_day_before(carer: Desk, make_desk: MakeDesk, ways: dict[Way, Exit]) -> None:
    (flag,) = flags.set_flags(carer, order())
    flags.end_flag(carer, flag, TODAY + timedelta(days=5), "本人の申出")
    for days, holds in ((4, True), (5, False)):
        desk = make_desk(set(), at=NOON + timedelta(days=days))
        assert asked(desk, ways[Way.DISPLAY])[SOMEBODY].is_open != holds
    with pytest.raises(Refused) as again:
        flags.end_flag(carer, flag, TODAY + timedelta(days=3), "もう一度")
    assert codes(again) == {"PRO-E-018"}
    # What was ended makes room for the next.
    flags.set_flags(carer, order(starts_on=TODAY + timedelta(days=5), last_day=TODAY + timedelta(days=30)))


@st.composite
def _periods(draw: st.DrawFn) -> list[tuple[int, int, int | None]]:
    """(first day, last day, day before which it was ended) of a few flags, in days from today."""
    found = []
    for _ in range(draw(st.integers(1, 5))):
        first = draw(st.integers(0, 40))
        last = draw(st.integers(first, first + 40))
        found.append((first, last, draw(st.none() | st.integers(first, last + 1))))
    return found


_subjects = count(500_000_000_000_000)


@given(_periods())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_periods_never_overlap_and_hold_exactly(
    carer: Desk, make_desk: MakeDesk, ways: dict[Way, Exit], periods: list[tuple[int, int, int | None]]
) -> None:
    """Against a plain set of days."""
    subject, days = next(_subjects), set[int]()
    for first, last, ended in periods:
        wanted = set(range(first, last + 1))
        make = order(subject, starts_on=TODAY + timedelta(days=first), last_day=TODAY + timedelta(days=last))
        if wanted & days:
            with pytest.raises(Refused) as refusal:
                flags.set_flags(carer, make)
            assert codes(refusal) == {"PRO-E-016"}
            continue
        (flag,) = flags.set_flags(carer, make)
        if ended is not None:
            flags.end_flag(carer, flag, TODAY + timedelta(days=ended), "見本")
            wanted = {day for day in wanted if day < ended}
        days |= wanted
    for day in range(-1, 83):
        desk = make_desk(set(), at=NOON + timedelta(days=day))
        assert asked(desk, ways[Way.DISPLAY], subject)[subject].is_open == (day not in days), day


def test_the_database_itself_refuses_an_overlap_and_every_change(carer: Desk) -> None:
    (flag,) = flags.set_flags(carer, order())

    def refused(statement: str, *values: object) -> str:
        with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
        return str(error.value.__cause__.sqlstate)  # type: ignore[union-attr]

    twin = (
        "INSERT INTO protection_flag (subject, kind, ways, starts_on, set_at, account, office)"
        " VALUES (%s, '1', '{display}', %s, now(), 'x', '100')"
    )
    assert refused(twin, SOMEBODY, TODAY + timedelta(days=90)) == "23P01"
    end = "INSERT INTO protection_flag_end (flag_id, ends_before, ended_at, account, reason) VALUES (%s, %s, now(), 'x', 'x')"
    assert refused(end, flag, TODAY - timedelta(days=1)) == "23514"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE would complain of pending checks before all else
    for table in ("flag", "flag_reason"):
        assert refused(f"DELETE FROM protection_{table}") == "23001"
        assert refused(f"TRUNCATE protection_{table} CASCADE") == "23001"


# -- setting ----------------------------------------------------------------------------------------------------------


def test_every_finding_of_an_order_at_once(carer: Desk) -> None:
    with pytest.raises(Refused) as refusal:
        flags.set_flags(carer, order(subjects=(), ways=("fax",), last_day=TODAY - timedelta(days=1), reason=" "))
    assert codes(refusal) == {"PRO-E-010", "PRO-E-013", "PRO-E-014", "PRO-E-017"}
    with pytest.raises(Refused) as refusal:
        flags.set_flags(carer, order(last_day=None))
    assert codes(refusal) == {"PRO-E-015"}
    with pytest.raises(Refused) as refusal:
        flags.set_flags(carer, order(starts_on=date(2004, 6, 30), last_day=date(2004, 7, 30)))
    assert codes(refusal) == {"code-not-in-force"}
    with pytest.raises(Refused) as refusal:
        flags.set_flags(carer, order(kind=FlagKind.DISPUTE, ways=("display",)))
    assert codes(refusal) == {"PRO-E-013"}
    assert not Flag.objects.exists()


@pytest.mark.parametrize(
    ("start", "latest"),
    [
        (date(2026, 11, 20), date(2027, 11, 19)),
        (date(2028, 2, 29), date(2029, 2, 27)),
        (date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_support_lasts_a_year_at_most(carer: Desk, start: date, latest: date) -> None:
    with pytest.raises(Refused) as refusal:
        flags.set_flags(carer, order(starts_on=start, last_day=latest + timedelta(days=1)))
    assert latest.isoformat() in str(refusal.value)
    flags.set_flags(carer, order(starts_on=start, last_day=latest))


def test_a_household_is_protected_together_or_not_at_all(carer: Desk, clerk: Desk, ways: dict[Way, Exit]) -> None:
    flags.set_flags(carer, order(OTHER))
    with pytest.raises(Refused) as refusal:
        flags.set_flags(carer, order(SOMEBODY, OTHER))
    assert codes(refusal) == {"PRO-E-016"}
    assert asked(clerk, ways[Way.DISPLAY])[SOMEBODY].is_open
    third = OTHER + 11
    flags.set_flags(carer, order(SOMEBODY, third))
    assert asked(clerk, ways[Way.DISPLAY], SOMEBODY, OTHER, third).masked == (SOMEBODY, OTHER, third)


@pytest.mark.parametrize("duty", sorted(set(Duty) - {Duty.PROTECTION}), ids=str)
def test_only_who_cares_for_flags_sets_ends_and_reads_them(carer: Desk, make_desk: MakeDesk, duty: Duty) -> None:
    (flag,) = flags.set_flags(carer, order())
    desk = make_desk({duty}, account="other")
    for act in (
        lambda: flags.set_flags(desk, order(OTHER)),
        lambda: flags.end_flag(desk, flag, TODAY, "見本"),
        lambda: flags.flags_of(desk, SOMEBODY),
        lambda: flags.releases_of(desk, SOMEBODY),
        lambda: flags.holding(desk),
    ):
        with pytest.raises(AccessDenied):
            act()
    assert Entry.objects.filter(account="other", result="denied").count() == 5


def test_the_list_of_what_ends_soon(carer: Desk) -> None:
    for number, days in enumerate((5, 31, 32, 90)):
        flags.set_flags(carer, order(SOMEBODY + number, last_day=TODAY + timedelta(days=days - 1)))
    flags.set_flags(carer, order(OTHER, kind=FlagKind.DISPUTE, last_day=None))
    assert [line.flag.subject - SOMEBODY for line in flags.holding(carer, ending_soon=True)] == [0, 1]
    everything = flags.holding(carer)
    assert [line.last_day for line in everything][-1] is None
    assert len(everything) == 5


def test_setting_and_ending_are_logged_and_the_reason_is_kept_apart(carer: Desk) -> None:
    (flag,) = flags.set_flags(carer, order())
    flags.end_flag(carer, flag, TODAY, "取下げの申出")
    acts = [entry.detail["act"] for entry in Entry.objects.filter(operation="protect").order_by("pk")]
    assert acts == ["set", "ended"]
    assert all(entry.subjects == [SOMEBODY] for entry in Entry.objects.filter(operation="protect"))
    assert "相談機関" not in str(list(Entry.objects.values_list("detail", flat=True)))
    (line,) = flags.flags_of(carer, SOMEBODY)
    assert line.flag.reason.reason == "相談機関の意見を確認した"
    assert line.is_ended
    assert not line.is_holding


# -- releases ---------------------------------------------------------------------------------------------------------


def wanted(way: Way | str = Way.ISSUE, **more: object) -> ReleaseRequest:
    given = {"subject": SOMEBODY, "way": str(way), "account": "madoguchi1", "reason": "本人が来庁し本人確認をした"}
    return ReleaseRequest(**{**given, **more})  # type: ignore[arg-type]


@pytest.mark.req("RES-056")
def test_one_release_is_one_issue(carer: Desk, releaser: Desk, clerk: Desk, ways: dict[Way, Exit]) -> None:
    flags.set_flags(carer, order())
    exit_ = ways[Way.ISSUE]
    assert not asked(clerk, exit_)[SOMEBODY].is_open
    releases.release(releaser, wanted())
    first = asked(clerk, exit_, reference="request-1")
    assert first[SOMEBODY].is_open
    assert first[SOMEBODY].warnings == (FlagKind.SUPPORT.warning,), "the warning stays"
    assert asked(clerk, exit_, reference="request-1")[SOMEBODY].is_open, "the same request sent again is the same use"
    assert not asked(clerk, exit_, reference="request-2")[SOMEBODY].is_open
    assert not asked(clerk, exit_)[SOMEBODY].is_open
    released, *used = Entry.objects.filter(operation="release").order_by("pk")
    assert released.account == "kengen1"
    assert released.detail["reason"] == "本人が来庁し本人確認をした"
    assert {entry.account for entry in used} == {"madoguchi1"}


@pytest.mark.parametrize(
    "change",
    [{"account": "madoguchi2"}, {"subject": OTHER}, {"way": Way.DISPLAY.value}],
    ids=["other clerk", "other person", "other way"],
)
def test_a_release_opens_nothing_else(
    carer: Desk, releaser: Desk, clerk: Desk, ways: dict[Way, Exit], change: dict[str, object]
) -> None:
    Account.objects.create(login="madoguchi2", name="見本　別人", office_id="100")
    flags.set_flags(carer, order())
    releases.release(releaser, wanted(**change))
    assert not asked(clerk, ways[Way.ISSUE])[SOMEBODY].is_open


def test_a_release_returns_by_itself(
    carer: Desk, releaser: Desk, clerk: Desk, clock: FixedClock, ways: dict[Way, Exit]
) -> None:
    flags.set_flags(carer, order())
    releases.release(releaser, wanted(Way.DISPLAY, minutes=10))
    clock.advance(timedelta(minutes=9, seconds=59))
    assert asked(clerk, ways[Way.DISPLAY])[SOMEBODY].is_open
    clock.advance(timedelta(seconds=1))
    assert not asked(clerk, ways[Way.DISPLAY])[SOMEBODY].is_open


def test_a_release_is_taken_back_at_once(carer: Desk, releaser: Desk, clerk: Desk, ways: dict[Way, Exit]) -> None:
    flags.set_flags(carer, order())
    opened = releases.release(releaser, wanted(Way.DISPLAY))
    assert [row.pk for row in releases.open_releases(releaser)] == [opened.pk]
    releases.take_back(releaser, opened.pk, "誤って解除した")
    assert not asked(clerk, ways[Way.DISPLAY])[SOMEBODY].is_open
    assert releases.open_releases(releaser) == []
    with pytest.raises(Refused) as refusal:
        releases.take_back(releaser, opened.pk, "")
    assert codes(refusal) == {"PRO-E-024", "PRO-E-026"}


def test_nobody_releases_for_himself(carer: Desk, make_desk: MakeDesk, clerk: Desk) -> None:
    both = make_desk({Duty.PROTECTION_RELEASE, Duty.CERTIFICATE}, account="madoguchi1")
    with pytest.raises(AccessDenied):
        releases.release(both, wanted())
    with pytest.raises(DatabaseError), transaction.atomic():
        Release.objects.create(
            subject=SOMEBODY, way="issue", account="a", starts_at=NOON, until=NOON + timedelta(minutes=1),
            released_by="a", office="100", reason="x", case="",
        )  # fmt: skip


def test_every_finding_of_a_release_at_once(releaser: Desk, make_desk: MakeDesk, clerk: Desk) -> None:
    with pytest.raises(Refused) as refusal:
        releases.release(releaser, wanted(account="nobody", minutes=31, uses=0, reason="", way="fax"))
    assert codes(refusal) == {"PRO-E-021", "PRO-E-022", "PRO-E-023", "PRO-E-024", "PRO-E-025"}
    with pytest.raises(AccessDenied):
        releases.release(make_desk(set(Duty) - {Duty.PROTECTION_RELEASE}, account="hogo1"), wanted())


def test_a_clerk_applies_and_another_person_opens(
    carer: Desk, releaser: Desk, clerk: Desk, ways: dict[Way, Exit]
) -> None:
    flags.set_flags(carer, order())
    application = releases.apply(clerk, SOMEBODY, Way.ISSUE, "本人が来庁した", "受付12")
    assert not asked(clerk, ways[Way.ISSUE])[SOMEBODY].is_open
    (waiting,) = approvals.waiting_for(releaser)
    assert ("解除する操作", "証明発行") in waiting.lines
    approvals.decide(releaser, application.pk, grant=True)
    assert asked(clerk, ways[Way.ISSUE], reference="r")[SOMEBODY].is_open
    opened = Release.objects.get()
    assert (opened.released_by, opened.account, opened.reason) == ("kengen1", "madoguchi1", "本人が来庁した")
    with pytest.raises(Refused):
        releases.apply(clerk, SOMEBODY, Way.ISSUE, "  ")


def test_the_database_counts_uses_too(carer: Desk, releaser: Desk, clerk: Desk) -> None:
    opened = releases.release(releaser, wanted(uses=2))
    for number in range(2):
        ReleaseUse.objects.create(release=opened, exit="x", reference=str(number), at=NOON)
    with pytest.raises(DatabaseError), transaction.atomic():
        ReleaseUse.objects.create(release=opened, exit="x", reference="3", at=NOON)


# -- at the same time -------------------------------------------------------------------------------------------------


def test_a_flag_of_another_connection_holds_in_the_next_statement(
    fresh_database: str, make_desk: MakeDesk, ways: dict[Way, Exit]
) -> None:
    set_up_town()
    desk = make_desk(set())
    with transaction.atomic(), psycopg.connect(fresh_database) as other:
        assert passing.passing(desk, ways[Way.DISPLAY], [SOMEBODY])[SOMEBODY].is_open
        other.execute(
            "INSERT INTO protection_flag (subject, kind, ways, starts_on, set_at, account, office)"
            " VALUES (%s, '1', '{display}', %s, now(), 'x', '100')",
            [SOMEBODY, TODAY],
        )
        assert passing.passing(desk, ways[Way.DISPLAY], [SOMEBODY])[SOMEBODY].is_open, "not committed yet"
        other.commit()
        assert passing.passing(desk, ways[Way.DISPLAY], [SOMEBODY])[SOMEBODY].outcome is Outcome.MASKED


def test_no_flag_is_set_while_a_paper_goes_out(fresh_database: str, make_desk: MakeDesk, ways: dict[Way, Exit]) -> None:
    """What passed is true until it is committed; the flag comes after, and then nothing passes."""
    set_up_town()
    carer = make_desk({Duty.PROTECTION}, account="hogo1")
    clerk = make_desk(set())

    def set_it() -> None:
        try:
            flags.set_flags(carer, order())
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            assert passing.passing(clerk, ways[Way.ISSUE], [SOMEBODY])[SOMEBODY].is_open
            setting = other.submit(set_it)
            with psycopg.connect(fresh_database, autocommit=True) as watcher:
                waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                while not watcher.execute(waits).fetchone()[0]:  # type: ignore[index]
                    assert not setting.done()
            assert not Flag.objects.exists()
        setting.result(timeout=10)
    assert not asked(clerk, ways[Way.ISSUE])[SOMEBODY].is_open


def test_two_papers_at_once_find_one_release(fresh_database: str, make_desk: MakeDesk, ways: dict[Way, Exit]) -> None:
    set_up_town()
    clerk = make_desk(set(), account="madoguchi1")
    Account.objects.create(login="madoguchi1", name="見本", office_id="100")
    flags.set_flags(make_desk({Duty.PROTECTION}, account="hogo1"), order())
    releases.release(make_desk({Duty.PROTECTION_RELEASE}, account="kengen1"), wanted())

    def go(number: int) -> bool:
        try:
            return asked(clerk, ways[Way.ISSUE], reference=f"request-{number}")[SOMEBODY].is_open
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(go, range(8))) == 1
    assert ReleaseUse.objects.count() == 1
    assert FlagEnd.objects.count() == 0
