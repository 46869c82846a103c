"""Tests of the seams: what one room declares, another one really takes up."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from yakuba.core.codes import CodeList
from yakuba.platform.access import rights
from yakuba.systems.residents.items import ITEMS, Kind

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "yakuba"
RULES = SOURCE / "systems" / "residents" / "rules.py"

AS_A_WORKER_STARTS = """
import json, sys
import django
django.setup()
from procrastinate.contrib.django import app
from yakuba.platform.events import registry
from yakuba.platform.jobs import runner, tasks
print(json.dumps({
    "events": {e.name: [e.unheard, [s.name for s in registry.subscribers(e.name)]] for e in registry.event_types()},
    "kinds": sorted(set(runner._kinds) - set(runner._foreground)),
    "tasks": {name: task.queue for name, task in app.tasks.items() if name.startswith("yakuba.")},
}))
"""


def _calls(name: str) -> Iterator[tuple[Path, ast.Call]]:
    """Calls of a function of that name anywhere in the source."""
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name:
                yield file, node


@pytest.fixture(scope="module")
def fresh() -> dict[str, Any]:
    """What a process knows that has only started as the worker does: other tests' imports don't count."""
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "yakuba.nodes.settings", "PYTHONPATH": str(ROOT / "src")}
    told = subprocess.run(
        [sys.executable, "-c", AS_A_WORKER_STARTS], env=environ, capture_output=True, text=True, check=True
    )
    known: dict[str, Any] = json.loads(told.stdout)
    return known


def test_every_declared_event_is_known_where_it_is_delivered(fresh: dict[str, Any]):
    names = {argument.value for _, call in _calls("declare") if isinstance(argument := call.args[0], ast.Constant)}
    assert set(fresh["events"]) == {name for name in names if name.count(":") == 2}


def test_every_event_is_heard_or_says_why_not(fresh: dict[str, Any]):
    assert fresh["events"]
    for name, (unheard, subscribers) in fresh["events"].items():
        assert bool(unheard) != bool(subscribers), (
            f"{name}: wants a subscriber or an `unheard` reason, not both or neither"
        )


def test_every_kind_of_job_runs_in_a_worker(fresh: dict[str, Any]):
    """A kind is registered by importing its module: the worker must have done so by itself. Or it says why not."""
    written_in = [
        file.relative_to(SOURCE)
        for file, call in _calls("job_kind")
        if "foreground" not in {keyword.arg for keyword in call.keywords}
    ]
    assert len(fresh["kinds"]) == len(written_in), f"{fresh['kinds']} of the kinds in {written_in}"


def test_every_task_is_known_to_the_worker_and_in_a_queue_that_it_serves(fresh: dict[str, Any]):
    named = {
        ast.literal_eval(keyword.value)
        for _, call in _calls("task")
        for keyword in call.keywords
        if keyword.arg == "name"
    }
    assert set(fresh["tasks"]) == named
    (served,) = (
        ast.literal_eval(keyword.value)
        for file, call in _calls("run_worker")
        if file.name == "worker.py"
        for keyword in call.keywords
        if keyword.arg == "queues"
    )
    assert set(fresh["tasks"].values()) <= set(served)


@pytest.mark.parametrize("item", [item for item in ITEMS if item.kind is Kind.CODE], ids=lambda item: item.name)
def test_every_coded_item_has_its_list(item):
    assert item.codes in CodeList.names()
    assert CodeList.load(item.codes).entries


def test_only_coded_items_name_a_list():
    assert [item.name for item in ITEMS if item.codes and item.kind is not Kind.CODE] == []


# -- what the database refuses ------------------------------------------------------------------------------------------

LOG = (
    "audit_entry", "audit_leaf", "audit_node", "audit_checkpoint", "audit_erasure", "audit_erased_range",
    "audit_inspection", "audit_mark", "audit_concern", "audit_concern_step", "audit_usage", "audit_usage_approval",
)  # fmt: skip
GUARDED = ("residents_version", "residents_filing_step", "events_event", "vault_number", *LOG)

# What only sealing, erasing and inspecting write.
LOG_OF_OLD = """
INSERT INTO audit_leaf (position, lane, sequence, leaf, hash) VALUES (0, 0, 1, '', '');
INSERT INTO audit_node (level, index, hash) VALUES (8, 0, '');
INSERT INTO audit_checkpoint (number, size, root, at, note) VALUES (1, 1, '', now(), '');
INSERT INTO audit_erasure (at, before, account, ground, entries, digest, lane, sequence)
    VALUES (now(), now(), '', '', 1, '', 0, 1);
INSERT INTO audit_erased_range (erasure_id, lane, first, last) VALUES (1, 0, 1, 1);
INSERT INTO audit_inspection (id, day, at, account, entries, concerns, summary) VALUES (1, now(), now(), '', 1, 1, '{}');
INSERT INTO audit_mark (inspection_id, at, account, name, office, text) VALUES (1, now(), '', '', '', '');
INSERT INTO audit_concern (id, inspection_id, rule, day, at, account, name, office, count, text, entries, subjects)
    VALUES (1, 1, '', now(), now(), '', '', '', 1, '', '{}', '{}');
INSERT INTO audit_concern_step (concern_id, at, account, name, state, text, "case") VALUES (1, now(), '', '', '', '', '');
INSERT INTO audit_usage (id, terminal, office, account, name, started_at, ended_at, searches, persons, method)
    VALUES (1, '', '', '', '', now(), now(), 0, 0, '');
INSERT INTO audit_usage_approval (usage_id, at, account, name) VALUES (1, now(), '', '');
"""


@pytest.fixture
def written(town: None, make_desk: Callable[..., Any]) -> Any:
    """A filing taken in and approved: it leaves a row in every append-only table."""
    from yakuba.core.addresses import towns
    from yakuba.core.numbers import IndividualNumber, ResidentCode
    from yakuba.systems.residents import services

    form = {
        "key": "6f1f3a3e-6a52-4c36-9d0c-1f6f2f3b7a11",
        "notified_on": "2026-11-20",
        "notifier_kind": "1",
        "notifier_name": "見本　太郎",
        "identity_documents": ["driving-licence"],
        "moved_on": "2026-11-18",
        "address": {"code": next(t.town_code for t in towns("272230") if t.name), "banchi": "１番"},
        "previous": {"town": "京都府見本市北町", "banchi": "５番"},
        "persons": [
            {
                "name": "見本　太郎",
                "name_kana": "ミホン　タロウ",
                "birth": "1980-04-12",
                "sex": "1",
                "relationship": "世帯主",
                "domicile": {"town": "大阪府見本市中央", "banchi": "１番"},
                "register_head": "見本　太郎",
                "resident_code": "1000000001" + ResidentCode.check_digit("1000000001"),
                "individual_number": "10000000001" + IndividualNumber.check_digit("10000000001"),
            }
        ],
    }
    receipt = services.file(make_desk(account="madoguchi1"), "move_in", form)
    approved = services.approve(make_desk(account="shinsa1"), receipt.filing)
    with connection.cursor() as cursor:
        cursor.execute(LOG_OF_OLD)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE would complain of pending checks before all else
    return approved


def _refusal(statement: str) -> str:
    """SQLSTATE with which the database refuses a statement; the transaction goes on as before."""
    with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(getattr(refused.value.__cause__, "sqlstate", ""))


@pytest.mark.django_db
@pytest.mark.parametrize("table", GUARDED)
def test_history_refuses_every_change(written: Any, table: str):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] > 0, "a refusal proves nothing on an empty table"
        column = connection.introspection.get_table_description(cursor, table)[0].name
    assert _refusal(f"UPDATE {table} SET {column} = {column}") == "23001"
    assert _refusal(f"DELETE FROM {table}") == "23001"
    assert _refusal(f"TRUNCATE {table} CASCADE") == "23001"


@pytest.mark.django_db
def test_nobody_has_a_right_to_change_what_the_database_guards(town: None):
    """Refused for lack of a right before any trigger is asked; test_database_roles tries each right of the duty table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'history_refuse_change'::regproc"
            r" AND tgname LIKE '%\_append\_only'"
        )
        guarded = {table for (table,) in cursor.fetchall()}
    assert set(GUARDED) <= guarded
    changes = {
        table: sorted(
            role for role, granted in rights.table().tables[table].items()
            if {right.word for right in granted} & {"UPDATE", "DELETE"}
        )
        for table in guarded
    }  # fmt: skip
    assert {table: roles for table, roles in changes.items() if roles} == {}
