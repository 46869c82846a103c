"""Changing keys: the new one writes at once, everything stays findable, nothing is lost, and an old key goes when it is empty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yakuba.core.findings import Refused
from yakuba.core.numbers import IndividualNumber
from yakuba.platform.access.desk import AccessDenied, Desk, system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, Office
from yakuba.platform.access.sign_in import totp_context
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.jobs import runner
from yakuba.platform.jobs.models import Job, State
from yakuba.platform.vault import columns, keys, keyset, rotation, sealing, store
from yakuba.platform.vault.keyset import VaultShut

pytestmark = pytest.mark.django_db


def number(serial: int) -> IndividualNumber:
    payload = f"{serial:011d}"
    return IndividualNumber(payload + IndividualNumber.check_digit(payload))


@pytest.fixture
def officer(clock: FixedClock, own_keys: Path) -> Desk:
    """Whoever changes keys, with keys of the test's own."""
    return system_desk("test", {Duty.SECURITY}, clock)


def finish(job: Job, clock: FixedClock) -> Job:
    return runner.execute(job.pk, clock)


def held() -> dict[int, int]:
    """Key -> how many 個人番号 it holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key_id, held FROM vault_counts() WHERE place = 'vault_number.sealed'")
        return dict(cursor.fetchall())


def account_with_secret(login: str, secret: bytes) -> Account:
    office, _ = Office.objects.get_or_create(code="100", defaults={"name": "市民課"})
    return Account.objects.create(
        login=login, name="見本　太郎", office=office, totp_sealed=sealing.seal(totp_context(login), secret)
    )


@pytest.mark.parametrize("sealing_only", [True, False])
def test_a_whole_rotation(officer: Desk, clock: FixedClock, make_desk: Callable[..., Desk], sealing_only: bool):
    numbers = [number(serial) for serial in range(40)]
    ids = store.put(numbers[:30], clock.now())
    account = account_with_secret("madoguchi1", b"seed")
    old_index = store.blind_index(keys.get(1), numbers[0].reveal())

    key, job = rotation.rotate(officer, sealing_only=sealing_only)
    assert key == 2
    assert store.put(numbers[:31], clock.now())[:30] == ids, "known under the old key, asked under the new one"
    assert held() == {1: 30, 2: 1}
    assert [store.find(each) for each in numbers[:30]] == ids

    with pytest.raises(Refused, match="VLT-E-013"):
        rotation.retire(officer, 1)
    done = finish(job, clock)
    assert done.result == {"key": 2, "done": 31, "unopened": 0, "named": None}
    assert held() == {2: 31}
    assert [store.find(each) for each in numbers[:30]] == ids
    assert store.reveal(make_desk(), ids[0], 7) == numbers[0]
    account.refresh_from_db()
    assert sealing.unseal(totp_context("madoguchi1"), bytes(account.totp_sealed)) == b"seed"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_number WHERE blind_index = %s", [old_index])
        assert cursor.fetchone() == (1 if sealing_only else 0,)

    rotation.retire(officer, 1)
    assert set(keyset.read().keys) == {2}
    told = {key.id: (key.state, key.in_file, sum(key.held.values())) for key in rotation.status(officer)}
    assert told == {1: ("retired", False, 0), 2: ("primary", True, 32)}
    keys.forget()
    assert [store.find(each) for each in numbers[:30]] == ids
    acts = [entry.detail["act"] for entry in Entry.objects.filter(target="vault_key", result="done").order_by("id")]
    assert acts == ["rotate", "retire"]


def test_only_the_security_officer_changes_keys(officer: Desk, make_desk: Callable[..., Desk]):
    clerk = make_desk(duties=set(Duty) - {Duty.SECURITY})
    for act in (rotation.rotate, rotation.status, rotation.resume, lambda desk: rotation.retire(desk, 1)):
        with pytest.raises(AccessDenied):
            act(clerk)
    assert [key.id for key in rotation.status(officer)] == [1]


def test_the_writing_key_and_an_unknown_one_are_not_retired(officer: Desk):
    for key, words in ((1, "使用中"), (9, "ありません")):
        with pytest.raises(Refused, match=words):
            rotation.retire(officer, key)
    assert set(keyset.read().keys) == {1}


def test_what_was_sealed_ahead_of_a_rotation_comes_in_under_the_new_key(officer: Desk, clock: FixedClock):
    (known,) = store.put([number(1)], clock.now())
    store.learn_key()
    digits = [number(serial).reveal() for serial in (1, 2, 3)]
    sealed = store.seal_many([1001, 1002, 1003], digits, clock.now())
    rotation.rotate(officer)
    assert store.put_many(sealed) == {1001: known}
    assert held() == {1: 1, 2: 2}
    assert store.find(number(3)) == 1003
    assert store.known_of(sealed) == {1001: known, 1002: 1002, 1003: 1003}


def test_a_secret_under_a_retired_key_is_refused(officer: Desk, clock: FixedClock):
    """A process that slept through a rotation does not lock somebody out: what it wrote would open no more."""
    account = account_with_secret("madoguchi1", b"seed")
    asleep = keys.get(1)
    _, job = rotation.rotate(officer)
    finish(job, clock)
    rotation.retire(officer, 1)
    account.totp_sealed = sealing.seal_under(asleep, totp_context("madoguchi1"), b"other")
    with pytest.raises(IntegrityError, match="retired"), transaction.atomic():
        account.save(update_fields=["totp_sealed"])
    account.totp_sealed = sealing.seal(totp_context("madoguchi1"), b"other")
    account.save(update_fields=["totp_sealed"])


def test_the_job_leaves_alone_what_does_not_open_and_tells_of_it(officer: Desk, clock: FixedClock):
    ids = store.put([number(serial) for serial in range(5)], clock.now())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE vault_number DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE vault_number SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) WHERE id = %s", [ids[2]]
        )
        cursor.execute("ALTER TABLE vault_number ENABLE TRIGGER USER")
    _, job = rotation.rotate(officer)
    result = finish(job, clock).result
    assert result == {"key": 2, "done": 4, "unopened": 1, "named": [f"vault_number.sealed {ids[2]}: VLT-E-009"]}
    with pytest.raises(Refused, match=r"vault_number\.sealed 1件"):
        rotation.retire(officer, 1)


def test_a_cancelled_job_goes_on_where_it_stopped(officer: Desk, clock: FixedClock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rotation, "CHUNK_ROWS", 10)
    store.put([number(serial) for serial in range(35)], clock.now())
    _, job = rotation.rotate(officer)
    seen = []

    def cancel(running: Job) -> None:
        seen.append(running.done)
        if running.done == 20:
            runner.request_cancel(running.pk)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transaction, "on_commit", lambda act: act())
        ended = runner.execute(job.pk, clock, cancel)
    assert ended.state == State.CANCELLED
    assert held() == {1: 15, 2: 20}
    again = rotation.resume(officer)
    assert finish(again, clock).result["done"] == 15
    assert held() == {2: 35}


def test_a_rotation_on_the_way_takes_everything_to_the_last_key(
    officer: Desk, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rotation, "CHUNK_ROWS", 10)
    numbers = [number(serial) for serial in range(35)]
    ids = store.put(numbers, clock.now())
    _, job = rotation.rotate(officer)
    real, chunks = rotation._chunk, []

    def chunk(*arguments: object) -> bool:
        more = real(*arguments)
        chunks.append(more)
        if len(chunks) == 2:
            rotation.rotate(officer)
        return more

    monkeypatch.setattr(rotation, "_chunk", chunk)
    finish(job, clock)
    assert held() == {3: 35}
    assert [store.find(each) for each in numbers] == ids


def test_rows_change_in_no_other_way(clock: FixedClock):
    (id_, other) = store.put([number(1), number(2)], clock.now())
    for statement in (
        "UPDATE vault_number SET sealed = ''",
        f"UPDATE vault_number SET id = {other + 100} WHERE id = {other}",
        f"UPDATE vault_number SET blind_index = sha256('') WHERE id = {id_}",
        "UPDATE vault_number SET created_at = now()",
        f"UPDATE vault_number SET sealed = (SELECT sealed FROM vault_number WHERE id = {other}) WHERE id = {id_}",
        f"DELETE FROM vault_number WHERE id = {id_}",
        "TRUNCATE vault_number",
        "DELETE FROM vault_key",
        "SELECT vault_put(7, '{99}', decode(repeat('00', 77), 'hex'), '', now())",
        "SELECT vault_put(1, '{99}', 'short', '', now())",
        "SELECT vault_reseal(7, '{}', '')",
        "SELECT vault_retire(1, now())",
    ):
        with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert getattr(refused.value.__cause__, "sqlstate", None) in {"23001", "22023"}, statement


def test_every_sealed_column_is_declared():
    """A column that a rotation does not know would stay behind, and be lost with the old key."""
    found = {
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.BinaryField) and "sealed" in field.column
    }
    assert found - {"vault_number.sealed"} == {column.place for column in columns.declared()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT place FROM vault_columns()")
        assert {place for (place,) in cursor.fetchall()} == {column.place for column in columns.declared()}


def test_a_column_is_declared_once():
    column = columns.declared()[0]
    columns.declare(column.table, column.name, context=column.context)
    with pytest.raises(ValueError, match="declared twice"):
        columns.declare(column.table, column.name, context="'other'")


def test_a_house_without_keys_says_what_to_do(own_keys: Path):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE vault_key DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM vault_key")
    keys.forget()
    for act in (lambda: store.find(number(1)), keys.ask):
        with pytest.raises(VaultShut, match="VLT-E-007"):
            act()


_ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.integers(0, 30), min_size=1, max_size=8)),
        st.tuples(st.just("put_ahead"), st.sets(st.integers(0, 30), min_size=1, max_size=8)),
        st.tuples(st.just("rotate"), st.booleans()),
        st.tuples(st.just("reseal"), st.none()),
        st.tuples(st.just("retire"), st.none()),
        st.tuples(st.just("restart"), st.none()),
    ),
    max_size=14,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=_ACTS)
def test_whatever_becomes_of_the_keys_each_number_keeps_its_id_and_opens(
    officer: Desk, clock: FixedClock, make_desk: Callable[..., Desk], acts: list[tuple[str, object]]
):
    expected: dict[str, int] = {}
    with transaction.atomic():
        file = keyset.path().read_bytes()
        for act, what in acts:
            clock.advance(timedelta(seconds=1))
            match act:
                case "put":
                    numbers = [number(serial) for serial in what]
                    for each, id_ in zip(numbers, store.put(numbers, clock.now()), strict=True):
                        assert expected.setdefault(each.reveal(), id_) == id_
                case "put_ahead":
                    digits = [number(serial).reveal() for serial in sorted(what)]
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT vault_reserve(%s)", [len(digits)])
                        (base,) = cursor.fetchone()
                    ids = [base + place for place in range(len(digits))]
                    known = store.put_many(store.seal_many(ids, digits, clock.now()))
                    for clear, id_ in zip(digits, ids, strict=True):
                        assert expected.setdefault(clear, known.get(id_, id_)) == known.get(id_, id_)
                case "rotate":
                    rotation.rotate(officer, sealing_only=bool(what))
                case "reseal":
                    finish(rotation.resume(officer), clock)
                case "retire":
                    for key in rotation.status(officer):
                        if key.state == "active" and not key.held:
                            rotation.retire(officer, key.id)
                case "restart":
                    keys.forget()
        assert store.find_many(list(expected)) == expected
        system = make_desk()
        assert store.unseal_many(system, list(expected.values())) == list(expected)
        in_use = {key.id for key in rotation.status(officer) if key.state != "retired"}
        assert set(keyset.read().keys) == in_use
        transaction.set_rollback(True)
    keyset.path().write_bytes(file)
    keys.forget()
