"""Erasing what is past its period: content goes, proofs stay, and nobody erases a day too soon."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from yakuba.core.findings import Refused
from yakuba.platform.audit import bundles, checkpoints, log, retention, signing, verification, verifier
from yakuba.platform.audit.models import Entry, ErasedRange, Leaf
from yakuba.platform.clock import JAPAN, FixedClock
from yakuba.platform.profiles import NoSetting, Profile

GROUND = "保存期間の満了"


def day(text: str) -> datetime:
    """Nine o'clock of a day."""
    return midnight(text).replace(hour=9)


def midnight(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JAPAN)


@pytest.fixture
def years(signed_log: Path, act: Callable[..., log.Act], clock: FixedClock) -> FixedClock:
    """A hundred entries on each of these days, each day sealed at its end. The clock stands at the last."""
    for text in ("2021-11-19", "2021-11-20", "2021-11-21", "2024-02-29", "2026-11-20"):
        clock.moment = day(text)
        log.append_many(act(account=text) for _ in range(100))
        clock.advance(timedelta(hours=9))
        checkpoints.seal(clock)
    return clock


def left() -> dict[str, int]:
    days = Entry.objects.exclude(operation="erase").values_list("account", flat=True)
    return {name: list(days).count(name) for name in sorted(set(days))}


@pytest.mark.req("LOG-006", "RET-T-003", "LOG-004", "PLOG-002")
@pytest.mark.parametrize(
    ("profile", "now", "first_kept"),
    [
        (Profile.CHIBA, "2026-11-20", "2021-11-20"),  # 5 years and a day goes, 5 years to the day stays
        (Profile.CHIBA, "2026-11-21", "2021-11-21"),
        (Profile.TSUKUBA, "2025-11-20", "2021-11-20"),
        (Profile.TSUKUBA, "2025-11-21", "2021-11-21"),
        (Profile.YAMAGUCHI, "2028-11-20", "2021-11-20"),
        (Profile.YAMAGUCHI, "2028-11-21", "2021-11-21"),
        (Profile.KANAZAWA, "2029-11-20", "2021-11-20"),
        (Profile.CHIBA, "2029-02-28", "2024-02-29"),
        (Profile.CHIBA, "2029-03-01", "2026-11-20"),
    ],
)
def test_each_profile_keeps_its_years_to_the_day(
    years: FixedClock, monkeypatch: pytest.MonkeyPatch, profile: Profile, now: str, first_kept: str
):
    monkeypatch.setattr("yakuba.platform.profiles.settings.house_profile", lambda: profile)
    years.moment = day(now)
    before = dict(left())
    erasure = retention.erase_before(retention.latest_cutoff(years.now()), clock=years, account="x", ground=GROUND)
    assert left() == {name: count for name, count in before.items() if name >= first_kept}
    assert (erasure.entries if erasure else 0) == sum(count for name, count in before.items() if name < first_kept)
    assert verification.verify().breaches == []


def test_nothing_younger_is_erased_by_anybody(years: FixedClock):
    with pytest.raises(Refused, match="満了前"):
        retention.erase_before(midnight("2021-11-22"), clock=years, account="x", ground=GROUND)
    with pytest.raises(DatabaseError, match="3か月"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT audit_erase(%s, %s, 'x', 'y')", [years.now() - timedelta(days=80), years.now()])
    assert sum(left().values()) == 500


def test_the_proofs_of_before_and_after_hold(years: FixedClock):
    """A bundle taken before goes on to verify; one taken later proves the growth from the head that somebody kept."""
    question = bundles.Question(day("2021-11-19") - timedelta(days=1), years.now() + timedelta(days=1))
    stream = io.StringIO()
    bundles.write(question, stream)
    early = json.loads(stream.getvalue())
    kept = early["checkpoints"][-1]
    erasure = retention.erase_before(midnight("2021-11-20"), clock=years, account="system:night", ground=GROUND)
    assert erasure is not None
    assert (erasure.entries, erasure.account, erasure.ground) == (100, "system:night", GROUND)
    keys = signing.verification_keys()
    assert verifier.check_bundle(early, keys) == ([], 500)
    years.advance(timedelta(minutes=1))
    checkpoints.seal(years)
    stream = io.StringIO()
    size = verifier.open_checkpoint(kept, keys).size
    bundles.write(question, stream, since=size)
    late = json.loads(stream.getvalue())
    assert verifier.check_bundle(late, keys, [kept]) == ([], 401)
    assert Leaf.objects.count() == 501
    report = verification.verify()
    assert (report.breaches, report.erased, report.entries) == ([], 100, 401)


def test_the_erasure_is_itself_an_entry_and_a_record(years: FixedClock):
    erasure = retention.erase_before(midnight("2021-11-20"), clock=years, account="x", ground=GROUND)
    assert erasure is not None
    entry = Entry.objects.get(operation="erase")
    assert entry.target == f"audit_erasure:{erasure.pk}"
    assert entry.detail["entries"] == 100
    assert entry.detail["digest"] == bytes(erasure.digest).hex()
    assert retention.erase_before(midnight("2021-11-20"), clock=years, account="x", ground=GROUND) is None
    (taken,) = ErasedRange.objects.all()
    assert taken.last - taken.first + 1 == 100


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_erased_range SET last = last + 1",
        "UPDATE audit_erased_range SET first = first + 1",
        "DELETE FROM audit_erased_range",
        "DELETE FROM audit_erasure",
        "UPDATE audit_erasure SET entries = entries - 1",
        "UPDATE audit_erasure SET digest = sha256('x')",
        "UPDATE audit_erasure SET before = before + interval '1 year'",
        "UPDATE audit_erasure SET at = at - interval '1 year'",
        "DELETE FROM audit_entry WHERE operation = 'erase'",
    ],
)
def test_an_erasure_cannot_be_changed_afterwards(years: FixedClock, statement: str):
    retention.erase_before(midnight("2021-11-20"), clock=years, account="x", ground=GROUND)
    assert verification.verify().breaches == []
    with connection.cursor() as cursor:
        for table in ("audit_entry", "audit_erasure", "audit_erased_range"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
    assert verification.verify().breaches


def test_an_erasure_may_one_day_be_forgotten_itself(years: FixedClock):
    retention.erase_before(midnight("2021-11-20"), clock=years, account="x", ground=GROUND)
    years.moment = day("2033-01-01")
    retention.erase_before(midnight("2027-01-01"), clock=years, account="x", ground=GROUND)
    assert left() == {}
    assert verification.verify().breaches == []


@pytest.mark.django_db
def test_the_application_cannot_erase(years: FixedClock):
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE erasing_application")
        cursor.execute("GRANT USAGE ON SCHEMA public TO erasing_application")
        cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO erasing_application")
        cursor.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO erasing_application")
        cursor.execute("GRANT erasing_application TO CURRENT_USER")
        cursor.execute("SET LOCAL ROLE erasing_application")
    with pytest.raises(Refused, match="所有者だけ"):
        retention.erase_before(midnight("2021-11-20"), clock=years, account="x", ground=GROUND)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL yakuba.erasing = 'x'")
        cursor.execute("DELETE FROM audit_entry")


def test_an_undecided_period_refuses(years: FixedClock, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(NoSetting):
        retention.latest_cutoff(day("2014-01-01"))


def test_a_year_earlier_of_a_leap_day_is_never_too_late():
    assert retention.years_earlier(day("2024-02-29").date(), 5).isoformat() == "2019-02-28"
    assert retention.years_earlier(day("2024-02-29").date(), 4).isoformat() == "2020-02-29"


@pytest.mark.req("RET-C-002", "SEC-C-007")
def test_after_a_year_at_hand_entries_lie_in_the_archive_and_go_after_seven_more(
    years: FixedClock, monkeypatch: pytest.MonkeyPatch
):
    """Kanazawa's year on disk and seven on media, to the day; moved entries are found and proved like the others."""
    monkeypatch.setattr("yakuba.platform.profiles.settings.house_profile", lambda: Profile.KANAZAWA)
    found, archived = left(), "SELECT account, count(*) FROM audit_archive GROUP BY 1 ORDER BY 1"
    assert retention.archive(clock=at(years, "2027-11-20"), account="x") == 400
    assert retention.archive(clock=years, account="x") == 0
    with connection.cursor() as cursor:
        cursor.execute(archived)
        assert dict(cursor.fetchall()) == {name: count for name, count in found.items() if name < "2026"}
        cursor.execute("SELECT count(*) FROM ONLY audit_entry WHERE account < '2026'")
        assert cursor.fetchone() == (0,)
    assert retention.archive(clock=at(years, "2027-11-21"), account="x") == 100, "a year and a day old"
    assert left() == found | {"x": 2}
    assert Entry.objects.filter(subjects__contains=[1], account="2021-11-19").exists()
    assert verification.verify().breaches == []

    with (
        pytest.raises(DatabaseError, match="履歴は変更できません"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM audit_archive")
    with pytest.raises(Refused, match="AUD-E-010"):
        retention.erase_before(midnight("2021-11-20"), clock=at(years, "2029-11-19"), account="x", ground=GROUND)
    assert left() == found | {"x": 2}
    retention.erase_before(midnight("2021-11-20"), clock=at(years, "2029-11-20"), account="x", ground=GROUND)
    assert left() == {name: count for name, count in found.items() if name != "2021-11-19"} | {"x": 2}
    assert verification.verify().breaches == []


def test_a_change_in_the_archive_is_found(years: FixedClock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yakuba.platform.profiles.settings.house_profile", lambda: Profile.KANAZAWA)
    retention.archive(clock=years, account="x")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_archive DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_archive SET account = 'y' WHERE id = (SELECT min(id) FROM audit_archive)")
        assert cursor.rowcount
        cursor.execute("ALTER TABLE audit_archive ENABLE TRIGGER USER")
    assert {breach.kind for breach in verification.verify().breaches} == {"changed"}


def at(clock: FixedClock, text: str) -> FixedClock:
    clock.moment = day(text)
    return clock
