"""The log of acts: written by everybody at once, changed by nobody."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction

from yakuba.platform.audit import log
from yakuba.platform.audit.models import Entry


def act(clock, **more) -> log.Act:
    return log.Act(
        **{
            "at": clock.now(), "account": "madoguchi1", "terminal": "T01", "office": "100", "purpose": "certificate",
            "operation": log.Operation.VIEW, "result": log.Result.DONE, "subjects": (1, 2), "target": "person",
            "detail": {"b": 1, "a": "見本"}, **more,
        }
    )  # fmt: skip


@pytest.mark.req("LOG-001", "LOG-003")
@pytest.mark.django_db
def test_entries_say_everything_and_chain(clock):
    for _ in range(5):
        log.append(act(clock))
    entry = Entry.objects.order_by("id").first()
    assert (entry.account, entry.subjects, entry.operation, entry.result) == ("madoguchi1", [1, 2], "view", "done")
    assert log.breaches() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_entry SET account = 'somebody' WHERE sequence = 2",
        "UPDATE audit_entry SET subjects = '{}' WHERE sequence = 2",
        "UPDATE audit_entry SET at = at + interval '1 second' WHERE sequence = 2",
        "DELETE FROM audit_entry WHERE sequence = 2",
        "DELETE FROM audit_entry WHERE sequence = 5",
        "UPDATE audit_lane SET length = 4, head = (SELECT hash FROM audit_entry WHERE sequence = 4) WHERE length = 5",
    ],
)
def test_whoever_gets_past_the_triggers_is_found(clock, tampering):
    for _ in range(5):
        log.append(act(clock))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        cursor.execute(tampering)
    assert log.breaches()


def test_many_clerks_write_at_once(fresh_database, clock):
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(20):
                with transaction.atomic():
                    log.append(act(clock, account=f"clerk{number}"))
                    log.append(act(clock, account=f"clerk{number}"))
        except BaseException as error:  # noqa: BLE001 -- shown by the assertion below
            failures.append(error)
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert Entry.objects.count() == 320
    assert log.breaches() == []
    assert Entry.objects.values("lane").distinct().count() > 1, "clerks do not queue for one chain"


@pytest.mark.django_db
def test_what_is_rolled_back_leaves_no_gap(clock):
    log.append(act(clock))
    with pytest.raises(RuntimeError), transaction.atomic():
        log.append(act(clock))
        raise RuntimeError
    log.append(act(clock))
    assert Entry.objects.count() == 2
    assert log.breaches() == []


@pytest.mark.django_db
def test_many_entries_are_written_as_one_by_one(clock):
    acts = [
        act(clock, account=f"clerk{number}", subjects=(number,) * (number % 3), detail={"n": number})
        for number in range(2_500)
    ]
    assert log.append_many(acts) == 2_500
    assert log.append_many([]) == 0
    written = Entry.objects.order_by("id")
    assert [entry.account for entry in written] == [one.account for one in acts]
    assert [tuple(entry.subjects) for entry in written] == [one.subjects for one in acts]
    assert [entry.detail for entry in written] == [one.detail for one in acts]
    assert {entry.at for entry in written} == {clock.now()}
    assert written.values("lane").distinct().count() == 1
    assert log.breaches() == []


@pytest.mark.django_db
def test_a_batch_that_fails_leaves_nothing(clock):
    def acts():
        yield act(clock)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        log.append_many(acts())
    assert Entry.objects.count() == 0


def test_every_operation_and_result_has_a_word():
    assert all(operation.label for operation in log.Operation)
    assert all(result.label for result in log.Result)
