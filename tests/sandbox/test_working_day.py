"""A small town is built, a day is played in it, and what is planted as a fault is found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction
from psycopg import sql

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.nodes.embedded_postgres import OWNER, SUPERUSER, Server
from yakuba.nodes.town import point_django_at
from yakuba.platform.clock import FixedClock

from ..django_fixtures import NOON

RESIDENTS = 600
_databases = count()


def silent(_stage: str, _done: int, _total: int | None = None) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def built(
    postgres_server: Server, django_template: str, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Any]:
    """A built town and its first day; tests undo what they do to it."""
    from yakuba.sandbox import building
    from yakuba.systems.residents import register

    name = f"django_town_{os.getpid()}_{next(_databases)}"
    before = dict(connections.settings["default"])
    with psycopg.connect(postgres_server.url("postgres", SUPERUSER), autocommit=True) as administrator:
        parts = map(sql.Identifier, (name, OWNER, django_template))
        administrator.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*parts))
        with django_db_blocker.unblock():
            point_django_at(postgres_server.url(name))
            register.town.cache_clear()
            try:
                yield building.build(FixedClock(NOON), silent, code="27223", residents=RESIDENTS)
            finally:
                register.town.cache_clear()
                connections["default"].close()
                connections.settings["default"].update(before)
        administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def undone(built: Any, django_db_blocker: Any) -> Iterator[Any]:
    """Whatever the test does, the register's guards switched off, is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        with connection.cursor() as cursor:
            for table in ("residents_version", "residents_resident", "events_event", "audit_entry", "vault_number"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield built
        transaction.set_rollback(True)


def run(statement: str, *parameters: object) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else None


def rules() -> set[str]:
    from yakuba.sandbox import invariants

    return {breach.rule for breach in invariants.check(sample=10_000)}


@pytest.mark.req("RES-001")
def test_the_first_day_finds_nothing_wrong(built):
    balance = built.balance
    assert balance["breaches"] == []
    assert balance["before"] == RESIDENTS
    assert balance["before"] + balance["entered"] - balance["left"] == balance["after"]
    assert balance["entered"] > 5 < balance["left"] + 5
    kinds = {"move_in", "move_within", "move_out", "death", "householder_change", "cancellation"}
    assert all(
        balance["filings"][kind].get("registered", 0) + balance["filings"][kind].get("waiting", 0) for kind in kinds
    )
    assert balance["mistakes"] > 70
    assert balance["certificates"] > 0 < balance["searches"]


def test_a_whole_register_breaks_no_rule(undone):
    assert rules() == set()


def test_building_again_changes_nothing(built, django_db_blocker):
    from yakuba.sandbox import building
    from yakuba.systems.residents.models import Resident

    with django_db_blocker.unblock():
        before = Resident.objects.count()
        again = building.build(FixedClock(NOON + timedelta(days=3)), silent, code="131016", residents=5)
        assert again.repeated
        assert (again.code, again.residents, again.balance) == ("272230", RESIDENTS, built.balance)
        assert Resident.objects.count() == before


def test_days_follow_each_other(built, django_db_blocker):
    """The next days, with what the days before left waiting, and departures that have come meanwhile; one seed twice.

    Over these days every kind of filing is registered. Two may be missing: everybody
    here has a code, and a town this small may have no foreign family.
    """
    from yakuba.sandbox import day
    from yakuba.systems.residents.filings import KINDS

    days = [built.balance["filings"]]
    with django_db_blocker.unblock():
        clock = FixedClock(NOON + timedelta(days=3))
        for seed in (2, 3, 3):
            balance = day.play(seed, clock)
            assert balance.breaches == [], balance.breaches
            days.append(balance.filings)
            if seed == 2:
                clock.advance(timedelta(days=1))
        assert balance.as_json()["seed"] == 3
    registered = {kind for filings in days for kind, outcomes in filings.items() if outcomes.get("registered")}
    assert set(KINDS) - registered <= {"code_entry", "relationship_change"}


def test_equal_seeds_make_equal_days_of_equal_registers(built, django_db_blocker):
    from yakuba.sandbox import day

    outcomes = []
    for _ in range(2):
        with django_db_blocker.unblock(), transaction.atomic():
            balance = day.play(9, FixedClock(NOON + timedelta(days=5))).as_json()
            last = run("SELECT coalesce(max(id), 0) FROM residents_filing")[0][0]
            forms = run(
                "SELECT kind, state, entries - 'key', legal_date FROM residents_filing ORDER BY id DESC LIMIT 40"
            )
            transaction.set_rollback(True)
        balance.pop("seconds")
        outcomes.append((balance["filings"], balance["entered"], balance["left"], balance["breaches"]))
        assert last
        assert forms
    assert outcomes[0] == outcomes[1]


_SOMEBODY = "(SELECT min(number) FROM residents_resident WHERE is_open)"
_A_FAMILY = (
    "(SELECT household_number FROM residents_resident WHERE is_open AND version_no = 1"
    " GROUP BY 1 HAVING count(*) > 2 ORDER BY 1 LIMIT 1)"
)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (f"DELETE FROM residents_search_name WHERE person = {_SOMEBODY}", {"searchable", "search-keys-recomputed"}),
        (f"DELETE FROM residents_search_address WHERE person = {_SOMEBODY}", {"searchable", "search-keys-recomputed"}),
        (f"UPDATE residents_search_name SET kana = 'チガウ' WHERE person = {_SOMEBODY}", {"search-keys-recomputed"}),
        ("INSERT INTO residents_search_address (person, place, is_current, is_open, town_code, address) VALUES (4, 1, true, true, '', '')",
         {"search-keys-of-nobody"}),
        (f"UPDATE residents_version SET household_number = 999999999999996 WHERE person = {_SOMEBODY}",
         {"household-exists", "head-equals-version"}),
        (f"UPDATE residents_resident SET version_no = version_no + 1 WHERE number = {_SOMEBODY}",
         {"head-is-last-version"}),
        (f"UPDATE residents_version SET version_no = 3 WHERE person = {_SOMEBODY} AND version_no = 1",
         {"head-is-last-version"}),
        (f"DELETE FROM residents_resident WHERE number = {_SOMEBODY}", {"head-is-last-version"}),
        (f"UPDATE residents_resident SET is_open = false WHERE number = {_SOMEBODY}", {"head-equals-version"}),
        (f"UPDATE residents_version SET status = '2' WHERE person = {_SOMEBODY}", {"state-fits-closing"}),
        (f"UPDATE residents_version SET relationship = '世帯主' WHERE household_number = {_A_FAMILY}",
         {"one-householder"}),
        (f"UPDATE residents_version SET relationship = '子' WHERE household_number = {_A_FAMILY}", {"one-householder"}),
        (f"UPDATE residents_version SET householder_name = '違　人' WHERE household_number = {_A_FAMILY}",
         {"householder-is-named"}),
        ("UPDATE residents_version SET resident_code = (SELECT resident_code FROM residents_version ORDER BY person LIMIT 1)"
         " WHERE version_no = 1 AND person = (SELECT max(person) FROM residents_version)", {"resident-code-once"}),
        (f"UPDATE residents_version SET resident_code = NULL WHERE person = {_SOMEBODY}", {"open-has-resident-code"}),
        ("UPDATE residents_version SET individual_number = (SELECT individual_number FROM residents_version ORDER BY person"
         " LIMIT 1) WHERE person = (SELECT max(person) FROM residents_version WHERE individual_number IS NOT NULL)",
         {"individual-number-once"}),
        ("DELETE FROM vault_number WHERE id = (SELECT max(individual_number) FROM residents_version)",
         {"individual-number-in-vault"}),
        ("UPDATE residents_code_pool SET assigned_on = current_date WHERE id = (SELECT min(id) FROM residents_code_pool"
         " WHERE assigned_on IS NULL)", {"code-pool"}),
        ("UPDATE residents_code_pool SET assigned_on = NULL", {"code-pool"}),
        (f"UPDATE residents_resident SET pending_filing = 999999 WHERE number = {_SOMEBODY}", {"locks"}),
        ("UPDATE residents_filing SET state = 'withdrawn' WHERE id = (SELECT min(id) FROM residents_filing"
         " WHERE state = 'registered')", {"filings-and-versions"}),
        ("UPDATE residents_filing SET reviewer = account WHERE id = (SELECT min(id) FROM residents_filing"
         " WHERE state = 'registered')", {"two-people-decide"}),
        ("DELETE FROM residents_population_day", {"population-day"}),
        ("UPDATE residents_population_day SET entered = entered + 1", {"population-day"}),
        ("UPDATE events_delivery SET done_at = NULL WHERE id = (SELECT min(id) FROM events_delivery)", {"outbox-empty"}),
        ("UPDATE events_delivery SET done_at = NULL, attempts = 5, error = 'x' WHERE id = (SELECT min(id) FROM events_delivery)",
         {"outbox-empty", "outbox-failures"}),
        ("UPDATE events_event SET subject = 4 WHERE id = (SELECT max(id) FROM events_event WHERE name = 'residents:record:changed')",
         {"versions-and-events"}),
        ("UPDATE seals_registration SET ended_on = current_date WHERE number ="
         " (SELECT min(registration_id) FROM seals_card WHERE state = 'valid')",
         {"seal-and-card", "seal-and-steps"}),
        ("UPDATE audit_entry SET account = 'nobody' WHERE id = (SELECT min(id) FROM audit_entry)", {"audit-chain"}),
        ("UPDATE residents_version SET recorded_at = recorded_at - interval '1 year' WHERE version_no = 2",
         {"recorded-in-order"}),
        (f"UPDATE residents_version SET nationality = 'USA' WHERE resident_kind = '1' AND person = {_SOMEBODY}",
         {"items-fit-kind"}),
        ("UPDATE residents_version SET register_head = '違　人' WHERE resident_kind = '2'", {"items-fit-kind"}),
        ("UPDATE residents_version SET closing_ground = NULL WHERE filing IS NOT NULL AND reason = '203'",
         {"closing-has-ground"}),
        ("UPDATE residents_version SET record_number = 4", {"record-number-once"}),
        ("UPDATE residents_version SET effect = 'entry' WHERE effect = 'closing'", {"effect-fits-version"}),
        ("UPDATE residents_version SET closing_reason = NULL WHERE effect = 'closing'", {"effect-fits-version"}),
        ("UPDATE residents_version SET record_number = former_record_number WHERE reason IN ('107', '108')", {"succession"}),
        ("UPDATE residents_version SET filing = NULL WHERE reason = '107'", {"succession"}),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(undone, fault, expected):
    run(fault)
    assert expected <= rules()


def test_a_version_with_a_household_of_nobody_is_found(undone):
    """What the owner could insert with the guards switched off."""
    (person,) = run(f"SELECT {_SOMEBODY}")[0]
    columns = ", ".join(name for (name,) in run(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'residents_version'"
        " AND column_name NOT IN ('id', 'version_no', 'household_number')"
    ))  # fmt: skip
    run(
        f"INSERT INTO residents_version ({columns}, version_no, household_number)"
        f" SELECT {columns}, version_no + 1, 123456789012347 FROM residents_version WHERE person = %s", person,
    )  # fmt: skip
    assert {"household-exists", "head-is-last-version", "versions-and-events"} <= rules()


def test_a_rule_that_lets_mistakes_pass_is_noticed(undone, monkeypatch):
    from yakuba.sandbox import day
    from yakuba.systems.residents import planning as registry_rules

    monkeypatch.setattr(registry_rules, "check_identity_documents", lambda *_: [])
    balance = day.play(4, FixedClock(NOON + timedelta(days=4)))
    found = {breach["rule"] for breach in balance.breaches}
    assert found == {"wrong-but-accepted"}
    assert any("本人確認" in breach["message"] for breach in balance.breaches)


def test_a_rule_that_refuses_right_filings_is_noticed(undone, monkeypatch):
    from yakuba.sandbox import day
    from yakuba.systems.residents import planning as registry_rules

    def refuse(*_: object) -> list[Finding]:
        return Findings([Finding("identity-not-verified", "identity_documents", "本人確認書類が足りません。")]).items

    monkeypatch.setattr(registry_rules, "check_identity_documents", refuse)
    balance = day.play(4, FixedClock(NOON + timedelta(days=4)))
    assert "right-but-refused" in {breach["rule"] for breach in balance.breaches}


def test_a_search_that_finds_nobody_is_noticed(undone, monkeypatch):
    from yakuba.sandbox import day
    from yakuba.systems.residents import register

    monkeypatch.setattr(register, "rebuild_search", lambda _numbers: None)
    balance = day.play(4, FixedClock(NOON + timedelta(days=4)))
    found = {breach["rule"] for breach in balance.breaches}
    assert {"registered-but-not-found", "searchable", "search-keys-recomputed"} <= found


def test_a_count_that_is_lost_is_noticed(undone, monkeypatch):
    from yakuba.sandbox import day
    from yakuba.systems.residents import services

    approve = services.approve

    def forget(desk: Any, filing: int, comment: str = "") -> Any:
        receipt = approve(desk, filing, comment)
        run("DELETE FROM residents_resident WHERE number = ANY(%s)", list(receipt.persons[:1]))
        monkeypatch.setattr(services, "approve", approve)
        return receipt

    monkeypatch.setattr(services, "approve", forget)
    balance = day.play(4, FixedClock(NOON + timedelta(days=4)))
    assert {"population", "head-is-last-version"} <= {breach["rule"] for breach in balance.breaches}


def test_a_town_that_was_interrupted_is_finished(fresh_database, monkeypatch):
    """Stopped in each stage; every later call goes on with the first one's arguments and doubles nothing."""
    from yakuba.platform.jobs.models import Job
    from yakuba.sandbox import building, day
    from yakuba.systems.residents.models import Resident, Town
    from yakuba.systems.residents.transfer import loading

    clock = FixedClock(NOON)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for module, name in ((building.town_setup, "create_house"), (loading, "load"), (day, "play")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, stop)
            with pytest.raises(KeyboardInterrupt):
                building.build(clock, silent, code="27223", residents=120)
        clock.advance(timedelta(days=1))
    assert Resident.objects.filter(is_open=True).count() == 120
    built = building.build(clock, silent, code="131016", residents=999, seed=8)
    assert (built.code, built.residents, built.repeated) == ("272230", 120, False)
    assert built.balance is not None
    assert built.balance["breaches"] == []
    assert built.balance["before"] == 120
    assert Town.objects.count() == 1
    assert Job.objects.filter(kind=building.KIND).count() == 1


def test_a_house_with_a_register_of_its_own_is_left_alone(fresh_database):
    from yakuba.sandbox import building
    from yakuba.systems.residents.models import Town

    Town.objects.create(code="272230", name="門真市", prefecture="大阪府", is_sandbox=False, channels=["1"])
    with pytest.raises(Refused) as refusal:
        building.build(FixedClock(NOON), silent, code="27223", residents=10)
    assert {finding.code for finding in refusal.value.findings} == {"SBX-E-010"}
