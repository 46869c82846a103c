"""A real log is changed behind its triggers' back in every way that its owner could: each one is found, and named."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yakuba.platform.audit import checkpoints, log, signing, sql, verification
from yakuba.platform.audit.models import Checkpoint, Entry, Leaf
from yakuba.platform.clock import FixedClock

SEALED, LOOSE = 600, 5
"""More than two tiles of the tree; then some entries that no checkpoint has reached."""


@dataclass(frozen=True)
class Place:
    """Where a change is made: two different entries of a lane by rank, and which field."""

    lane: int
    first: int
    second: int
    field: str


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def ask(statement: str, *values: object) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()


@contextmanager
def behind_the_triggers() -> Iterator[None]:
    """What is changed here is undone afterwards."""
    with transaction.atomic():
        run("SET CONSTRAINTS ALL IMMEDIATE")
        for table in (
            "audit_entry",
            "audit_leaf",
            "audit_node",
            "audit_checkpoint",
            "audit_erasure",
            "audit_erased_range",
        ):
            run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        transaction.set_rollback(True)


@pytest.fixture
def log_of_605(signed_log: Path, act: Callable[..., log.Act], clock: FixedClock) -> Path:
    """Entries in three lanes with checkpoints in between, and some that are not sealed yet."""
    for batch in range(6):
        for lane in (3, 7, 11):
            write_into(lane, [act(account=f"clerk{batch}", subjects=(number,)) for number in range(SEALED // 18)])
        if batch in {1, 2, 5}:
            clock.advance(timedelta(minutes=1))
            checkpoints.seal(clock)
    rest = SEALED - Entry.objects.filter(lane__in=(3, 7, 11)).count()
    write_into(7, [act(account="rest") for _ in range(rest)])
    clock.advance(timedelta(minutes=1))
    checkpoints.seal(clock)
    write_into(7, [act(account="loose", subjects=(number,)) for number in range(LOOSE)])
    assert verification.verify().breaches == []
    return signed_log


def write_into(lane: int, acts: list[log.Act]) -> None:
    """Append to a lane as another connection would: one backend has one lane, and a test one backend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('audit_append_many'::regproc)")
        (source,) = cursor.fetchone()
        cursor.execute(
            source.replace("public.audit_append_many", "pg_temp.append_into").replace("pg_backend_pid()", str(lane))
            .replace("SECURITY DEFINER", "")
        )  # fmt: skip
        cursor.execute(
            "SELECT pg_temp.append_into(%s::jsonb)", [json.dumps([log._as_json(a) for a in acts], default=str)]
        )


FIELDS = {
    "account": "account || 'x'", "terminal": "terminal || 'x'", "office": "office || '1'", "purpose": "'audit'",
    "operation": "'search'", "subjects": "subjects || 99::bigint", "target": "target || '!'", "result": "'denied'",
    "detail": "detail || '{\"case\": \"1\"}'", "at": "at + interval '1 microsecond'", "salt": "gen_random_uuid()",
    "leaf": "sha256('x')", "hash": "sha256('x')", "id": "id + 1000000",
}  # fmt: skip


def change(place: Place) -> set[tuple[int, int]]:
    run(
        f"UPDATE audit_entry SET {place.field} = {FIELDS[place.field]} WHERE lane = %s AND sequence = %s",
        place.lane,
        place.first,
    )
    return {(place.lane, place.first)}


def remove(place: Place) -> set[tuple[int, int]]:
    run("DELETE FROM audit_entry WHERE lane = %s AND sequence = %s", place.lane, place.first)
    return {(place.lane, place.first)}


def remove_with_leaf(place: Place) -> set[tuple[int, int]]:
    run("DELETE FROM audit_leaf WHERE lane = %s AND sequence = %s", place.lane, place.first)
    return remove(place)


def reorder(place: Place) -> set[tuple[int, int]]:
    for old, new in ((place.first, -1), (place.second, place.first), (-1, place.second)):
        run("UPDATE audit_entry SET sequence = %s WHERE lane = %s AND sequence = %s", new, place.lane, old)
    return {(place.lane, place.first), (place.lane, place.second)}


def reorder_with_chain(place: Place) -> set[tuple[int, int]]:
    """Contents change places; leaf and hash stay where the chain wants them."""
    names = ["at", "account", "subjects", "detail", "salt", "target"]
    pairs = ", ".join(f"{name} = o.{name}" for name in names)
    run("CREATE TEMP TABLE IF NOT EXISTS two AS TABLE audit_entry WITH NO DATA")
    run("DELETE FROM two")
    run(
        "INSERT INTO two SELECT * FROM audit_entry WHERE lane = %s AND sequence = ANY(%s)",
        place.lane,
        [place.first, place.second],
    )
    run(
        f"UPDATE audit_entry e SET {pairs} FROM two o WHERE e.lane = %s AND e.sequence + o.sequence = %s"
        " AND e.sequence <> o.sequence AND e.sequence = ANY(%s)",
        place.lane, place.first + place.second, [place.first, place.second],
    )  # fmt: skip
    return {(place.lane, place.first), (place.lane, place.second)}


def insert_between(place: Place) -> set[tuple[int, int]]:
    """A forged entry takes a number; all later ones move up, with their leaves."""
    for table in ("audit_entry", "audit_leaf"):
        run(f"UPDATE {table} SET sequence = -sequence - 1 WHERE lane = %s AND sequence >= %s", place.lane, place.first)
        run(f"UPDATE {table} SET sequence = -sequence WHERE lane = %s AND sequence < 0", place.lane)
    forge(place.lane, place.first)
    run("UPDATE audit_lane SET length = length + 1 WHERE number = %s", place.lane)
    return {(place.lane, place.first)}


def insert_at_end(place: Place) -> set[tuple[int, int]]:
    """A forged entry behind the last one, chained rightly, but the lane's head does not know it."""
    (length,) = ask("SELECT length FROM audit_lane WHERE number = %s", place.lane)
    forge(place.lane, length + 1)
    rechain(place.lane, length + 1, heads=False)
    return {(place.lane, length + 1)}


def forge(lane: int, sequence: int) -> None:
    run(
        """INSERT INTO audit_entry (lane, sequence, at, account, terminal, office, purpose, operation, subjects, target,
               result, detail, salt, leaf, hash)
           SELECT lane, %s, at, 'forger', terminal, office, purpose, operation, subjects, target, result, detail,
               gen_random_uuid(), leaf, hash FROM audit_entry WHERE lane = %s ORDER BY sequence LIMIT 1""",
        sequence, lane,
    )  # fmt: skip


def rechain(lane: int, since: int, *, heads: bool = True) -> None:
    """Compute leaf and chain anew from some entry on, as the log itself would."""
    run(
        f"UPDATE audit_entry SET leaf = {sql.leaf('salt', sql.canonical(''))} WHERE lane = %s AND sequence >= %s",
        lane,
        since,
    )
    before = (ask("SELECT hash FROM audit_entry WHERE lane = %s AND sequence = %s", lane, since - 1) or [b""])[0]
    for entry in Entry.objects.filter(lane=lane, sequence__gte=since).order_by("sequence"):
        run("UPDATE audit_entry SET hash = sha256(%s::bytea || leaf) WHERE id = %s", before, entry.pk)
        (before,) = ask("SELECT hash FROM audit_entry WHERE id = %s", entry.pk)
    if heads:
        run("UPDATE audit_lane SET head = %s WHERE number = %s", before, lane)


def rewrite(place: Place) -> set[tuple[int, int]]:
    """The perfect crime without the key: content, chain, leaves, nodes and head all fit each other again."""
    change(Place(place.lane, place.first, place.second, "account"))
    rechain(place.lane, place.first)
    run(
        "UPDATE audit_leaf l SET leaf = e.leaf, hash = e.hash FROM audit_entry e WHERE e.lane = l.lane AND e.sequence = l.sequence"
    )
    run("DELETE FROM audit_node")
    checkpoints.add_nodes(0, Leaf.objects.count())
    return {(place.lane, place.first)}


def change_leaf(place: Place) -> set[tuple[int, int]]:
    run("UPDATE audit_leaf SET leaf = sha256('x') WHERE lane = %s AND sequence = %s", place.lane, place.first)
    return {(place.lane, place.first)}


def swap_leaves(place: Place) -> set[tuple[int, int]]:
    """Two places of the tree are exchanged."""
    (one,), (other,) = (
        ask("SELECT position FROM audit_leaf WHERE lane = %s AND sequence = %s", place.lane, sequence)
        for sequence in (place.first, place.second)
    )
    for old, new in ((one, -1), (other, one), (-1, other)):
        run("UPDATE audit_leaf SET position = %s WHERE position = %s", new, old)
    return {(place.lane, place.first)}


def pretend_erasure(place: Place) -> set[tuple[int, int]]:
    """A young entry is removed, and a record claims that its time had come."""
    (number,) = ask(
        """INSERT INTO audit_erasure (at, before, account, ground, entries, digest, lane, sequence)
           SELECT now(), now() - interval '1 year', 'forger', '', 1, sha256(leaf), lane, sequence FROM audit_leaf
           WHERE lane = %s AND sequence = %s RETURNING id""",
        place.lane, place.first,
    )  # fmt: skip
    run(
        "INSERT INTO audit_erased_range (erasure_id, lane, first, last) VALUES (%s, %s, %s, %s)",
        number,
        place.lane,
        place.first,
        place.first,
    )
    return remove(place)


MUTATIONS = {
    function.__name__: function
    for function in (
        change, remove, remove_with_leaf, reorder, reorder_with_chain, insert_between, insert_at_end, rewrite, change_leaf,
        swap_leaves, pretend_erasure,
    )
}  # fmt: skip
ONLY_SEALED = {"change_leaf", "swap_leaves", "pretend_erasure", "rewrite", "remove_with_leaf"}


def is_named(found: list[verification.Breach], lane: int, sequence: int) -> bool:
    """By its own number, or as one of the entries between two heads."""
    if any((breach.lane, breach.sequence) == (lane, sequence) for breach in found):
        return True
    leaf = Leaf.objects.filter(lane=lane, sequence=sequence).first()
    return leaf is not None and any(
        breach.kind == "root" and breach.position is not None and breach.position <= leaf.position for breach in found
    )


@pytest.mark.req("LOG-012", "SEC-T-016", "LOG-008")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_changed_is_found_and_named(log_of_605: Path, data: st.DataObject):
    name = data.draw(st.sampled_from(sorted(MUTATIONS)))
    lane = data.draw(st.sampled_from([3, 7, 11]))
    sealed = Leaf.objects.filter(lane=lane).count()
    top = sealed if name in ONLY_SEALED else Entry.objects.filter(lane=lane).count()
    first = data.draw(st.integers(1, top))
    second = data.draw(st.integers(1, top).filter(lambda n: n != first))
    field = data.draw(st.sampled_from(sorted(FIELDS)))
    with behind_the_triggers():
        victims = MUTATIONS[name](Place(lane, first, second, field))
        found = verification.verify().breaches
        assert found
        for at in victims:
            assert is_named(found, *at), (name, at, found[:5])
    assert verification.verify().breaches == []


@pytest.mark.parametrize("mutation", sorted(MUTATIONS))
def test_each_kind_of_change_is_found(log_of_605: Path, mutation: str):
    """The same once for each, so that none depends on what hypothesis draws."""
    with behind_the_triggers():
        victims = MUTATIONS[mutation](Place(7, 41, 44, "account"))
        found = verification.verify().breaches
        assert all(is_named(found, *at) for at in victims), found[:5]


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_each_field_of_an_entry_is_guarded(log_of_605: Path, field: str):
    with behind_the_triggers():
        change(Place(3, 17, 18, field))
        assert (3, 17) in log.breaches()


def test_a_cut_off_end_is_seen_from_outside(log_of_605: Path, clock: FixedClock):
    """Everything since some moment is gone: entries, leaves, nodes, heads, checkpoints. The kept checkpoint knows better."""
    with behind_the_triggers():
        before = Checkpoint.objects.get(number=2)
        run("DELETE FROM audit_checkpoint WHERE number > 2")
        run("DELETE FROM audit_leaf WHERE position >= %s", before.size)
        run("DELETE FROM audit_node WHERE (index + 1) << level > %s", before.size)
        run(
            "DELETE FROM audit_entry e WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.lane = e.lane AND l.sequence = e.sequence)"
        )
        run("""UPDATE audit_lane n SET length = coalesce((SELECT max(sequence) FROM audit_entry WHERE lane = n.number), 0),
                   head = coalesce((SELECT hash FROM audit_entry WHERE lane = n.number ORDER BY sequence DESC LIMIT 1), '')""")
        assert verification.verify(places=[]).breaches == [], "the database alone can't know"
        (found,) = [b for b in verification.verify().breaches if b.kind == "truncated"]
        assert found.position == before.size
        # Going on as if nothing had happened does not help either.
        run("ALTER TABLE audit_leaf ENABLE TRIGGER USER")
        log.append_many([log.Act(clock.now(), "a", "t", "o", "audit", log.Operation.VIEW, log.Result.DONE)] * 600)
        checkpoints.seal(clock)
        kinds = {b.kind for b in verification.verify().breaches}
        assert {"kept", "checkpoint_removed"} & kinds or "root" in kinds


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE audit_checkpoint SET size = size + 1000 WHERE number = 2", "checkpoint"),
        ("UPDATE audit_checkpoint SET root = sha256('x') WHERE number = 2", "checkpoint"),
        ("UPDATE audit_checkpoint SET at = at - interval '1 hour' WHERE number = 2", "checkpoint"),
        ("UPDATE audit_checkpoint SET note = replace(note, 'time 2', 'time 1') WHERE number = 2", "checkpoint"),
        ("DELETE FROM audit_checkpoint WHERE number = 2", "checkpoint_removed"),
        ("DELETE FROM audit_checkpoint WHERE number = (SELECT max(number) FROM audit_checkpoint)", "checkpoint_removed"),
        ("DELETE FROM audit_checkpoint", "checkpoint_removed"),
        ("UPDATE audit_node SET hash = sha256('x') WHERE index = 1", "node"),
        ("INSERT INTO audit_node (level, index, hash) VALUES (8, 99, sha256('x'))", "node"),
        ("UPDATE audit_lane SET head = sha256('x') WHERE number = 7", "head"),
        ("UPDATE audit_lane SET length = length + 2 WHERE number = 7", "tail"),
        ("DELETE FROM audit_lane WHERE number = 7", "lane"),
        ("INSERT INTO audit_erased_range (erasure_id, lane, first, last) VALUES (9, 3, 4, 4)", "erasure"),
        ("DELETE FROM audit_leaf WHERE position = (SELECT max(position) FROM audit_leaf)", "truncated"),
    ],
)  # fmt: skip
def test_what_stands_around_the_entries_is_guarded_too(log_of_605: Path, statement: str, kind: str):
    with behind_the_triggers():
        run(statement)
        assert kind in {breach.kind for breach in verification.verify().breaches}


def test_a_kept_checkpoint_that_differs_or_cannot_be_read_is_told(log_of_605: Path):
    place = checkpoints.places()[1]
    lines = place.read_text(encoding="utf-8").splitlines()
    place.write_text("\n".join([*lines[:-1], "{}", ""]), encoding="utf-8")
    assert [b.kind for b in verification.verify().breaches] == ["kept"]
    place.write_text("\n".join([*lines[:-1], lines[-1].replace("time 2", "time 1"), ""]), encoding="utf-8")
    assert [b.kind for b in verification.verify().breaches] == ["kept"]
    place.unlink()
    report = verification.verify()
    assert report.is_whole
    assert any("保管先がありません" in notice for notice in report.notices)


def test_a_house_at_work_raises_no_false_alarm(fresh_database: str, audit_data: Path, clock: FixedClock):
    """Clerks write and the worker seals while the whole log is verified, again and again."""
    signing.create_if_missing()
    stop = threading.Event()
    failures: list[BaseException] = []

    def until_stopped(work: Callable[[], object]) -> None:
        try:
            while not stop.is_set():
                work()
        except BaseException as error:  # noqa: BLE001 -- shown by the assertion below
            failures.append(error)
        finally:
            connections["default"].close()

    one = log.Act(clock.now(), "clerk", "T01", "100", "audit", log.Operation.VIEW, log.Result.DONE, (1,))
    works = [lambda: log.append(one), lambda: log.append_many([one] * 50), lambda: checkpoints.seal(clock)]
    threads = [threading.Thread(target=until_stopped, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        reports = [verification.verify() for _ in range(12)]
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert failures == []
    assert [breach for report in reports for breach in report.breaches] == []
    assert reports[-1].checkpoints > reports[0].checkpoints, "it was sealed meanwhile"
