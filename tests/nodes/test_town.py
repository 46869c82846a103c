"""Preparing a house: the application's role and its limits, and a first start that is killed on its way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from yakuba.nodes.embedded_postgres import Server
from yakuba.nodes.shared_postgres import throwaway_database

RESIDENTS = 150


@pytest.fixture
def house(postgres_server: Server, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a house without anything in it yet."""
    name = f"town_{os.getpid()}"
    with throwaway_database(postgres_server, name) as url:
        yield {
            **{key: value for key, value in os.environ.items() if not key.startswith(("YAKUBA_", "DJANGO_"))},
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "YAKUBA_DATABASE_URL": url,
            "YAKUBA_DATA": str(tmp_path / "data"),
            "YAKUBA_SECRET_KEY": "tests-only",
        }
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        roles = connection.execute(
            "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s) ORDER BY rolname = %s",
            [f"{name}_", f"{name}_app"],
        ).fetchall()
        for (role,) in roles:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def prepare(house: dict[str, str], *, kill_at: str = "") -> dict[str, Any] | None:
    """Run the preparation; kill it when it tells of a stage that begins with `kill_at`. Its result, or None if killed."""
    command = [sys.executable, "-P", "-m", "yakuba.nodes.preparation", "town"]
    command += ["--residents", str(RESIDENTS), "--code", "27223", "--seed", "5"]
    result = None
    with subprocess.Popen(command, env=house, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told = json.loads(line)
            result = told.get("result", result)
            if kill_at and told.get("stage", "").startswith(kill_at):
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == (-signal.SIGKILL if kill_at else 0)
    return result


@pytest.mark.fault
@pytest.mark.parametrize("stage", ["利用者の権限", "役場の設定", "台帳への記録", "最初の一日: 窓口"])
def test_a_first_start_that_was_killed_is_finished_by_the_next(house, stage):
    assert prepare(house, kill_at=stage) is None
    shown = prepare(house)
    assert shown is not None
    assert shown["団体"] == "大阪府門真市（272230）（見本の町）"
    assert shown["台帳の検査"].endswith("違反0件")
    with psycopg.connect(house["YAKUBA_DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE reason = '900'), count(DISTINCT person) FROM residents_version WHERE filing IS NULL"
        ).fetchone()
        assert row is not None
        assert row[0] == row[1] == round(RESIDENTS * 1.08)
        assert connection.execute("SELECT count(*) FROM residents_town").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM residents_code_pool").fetchone() == (20_000,)


def test_the_application_cannot_touch_history_and_a_second_start_changes_nothing(house):
    first = prepare(house)
    assert first is not None
    application = first["environment"]["YAKUBA_APP_DATABASE_URL"]
    with psycopg.connect(application, autocommit=True) as connection:
        reviewer = urlsplit(house["YAKUBA_DATABASE_URL"]).path.lstrip("/") + "_duty_review"
        for forbidden in (
            "SELECT FROM residents_version",
            "SELECT FROM vault_number",
            "SELECT FROM audit_entry",
            "UPDATE residents_version SET name = NULL",
            "DELETE FROM residents_version",
            "DELETE FROM events_event",
            "INSERT INTO audit_entry DEFAULT VALUES",
            "UPDATE audit_lane SET length = 0",
            "UPDATE vault_number SET sealed = ''",
            "ALTER TABLE residents_version DISABLE TRIGGER ALL",
            "TRUNCATE residents_filing_step",
            "CREATE TABLE own (id int)",
            "CREATE ROLE somebody",
            "ALTER ROLE CURRENT_USER CREATEROLE",
            f"GRANT SELECT ON residents_version TO {reviewer}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden)
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(reviewer)))
        assert connection.execute("SELECT count(*) > 0 FROM residents_version").fetchone() == (True,)
    with psycopg.connect(house["YAKUBA_DATABASE_URL"]) as connection:
        before = connection.execute("SELECT count(*), max(recorded_at) FROM residents_version").fetchone()
    second = prepare(house)
    assert second is not None
    assert second["environment"] == first["environment"]
    assert second["住民"] == first["住民"]
    assert "最初の一日" not in second
    with psycopg.connect(house["YAKUBA_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*), max(recorded_at) FROM residents_version").fetchone() == before
    secrets = Path(house["YAKUBA_DATA"]) / "secrets"
    assert {file.stat().st_mode & 0o777 for file in secrets.iterdir()} == {0o600}


def test_the_staff_have_one_time_codes_and_commands_find_the_house(house):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "yakuba.cli", *arguments]
        return subprocess.run(command, env=house, capture_output=True, text=True, check=False)

    unopened = run("sandbox", "day")
    assert unopened.returncode == 1
    assert "HOU-E-001" in unopened.stderr
    populated = run("sandbox", "populate", "--residents", "120", "--seed", "2")
    assert populated.returncode == 0, populated.stderr
    again = run("sandbox", "populate", "--residents", "120", "--seed", "2")
    assert again.returncode == 1
    assert "SBX-E-010" in again.stderr
    codes = json.loads(run("sandbox", "code", "--json").stdout)
    assert {row["login"] for row in codes} >= {"madoguchi1", "shinsa1"}
    assert all(len(row["one_time_code"]) == 6 for row in codes)
    played = run("sandbox", "day", "--seed", "3", "--json")
    assert played.returncode == 0, played.stdout + played.stderr
    balance = json.loads(played.stdout)
    assert balance["breaches"] == []
    assert balance["before"] == 120
    told = run("sandbox", "day", "--seed", "4")
    assert "違反はありません。" in told.stdout
    replaced = run("sandbox", "populate", "--replace", "--residents", "60")
    assert replaced.returncode == 0, replaced.stderr
    with psycopg.connect(house["YAKUBA_DATABASE_URL"], autocommit=True) as connection:
        counts = connection.execute("SELECT count(*) FROM residents_resident WHERE is_open").fetchone()
        assert counts == (60,)
        name = connection.info.dbname
        kept = connection.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [f"^{name}_[0-9]+$"]).fetchall()
        assert len(kept) == 1, "the old database is kept under another name"
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(kept[0][0])))
