"""`./yakuba vault` in a house with its real roles: looking, changing a key, taking over, retiring."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from .test_town import house  # noqa: F401 -- a fixture


def _run(house: dict[str, str], *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:  # noqa: F811
    command = [sys.executable, "-P", "-m", "yakuba.cli", *arguments]
    return subprocess.run(command, env={**house, **more}, capture_output=True, text=True, check=False)


def _status(house: dict[str, str], **more: str) -> dict[int, Any]:  # noqa: F811
    told = _run(house, "vault", "status", "--json", **more)
    assert told.returncode == 0, told.stderr
    return {key["id"]: key for key in json.loads(told.stdout)["keys"]}


def test_a_key_is_changed_and_the_old_one_goes(house: dict[str, str], tmp_path: Path):  # noqa: F811
    unopened = _run(house, "vault", "status")
    assert unopened.returncode == 1
    assert "HOU-E-001" in unopened.stderr
    populated = _run(house, "sandbox", "populate", "--residents", "60", "--seed", "2")
    assert populated.returncode == 0, populated.stderr
    before = _status(house)
    assert {id_: key["state"] for id_, key in before.items()} == {1: "primary"}
    held = before[1]["held"]
    assert held["vault_number.sealed"] > 40
    assert held["access_account.totp_sealed"] > 3

    kept = _run(house, "vault", "retire", "1")
    assert kept.returncode == 1
    assert "VLT-E-012" in kept.stderr
    changed = _run(house, "vault", "rotate", "--now")
    assert changed.returncode == 0, changed.stderr
    assert f"{sum(held.values())}件を鍵2に移しました" in changed.stderr
    told = _run(house, "vault", "status").stdout
    assert "復号のみ" in told
    assert "使用中" in told
    # Later rotations in the background wait for a worker; the command takes them over as well.
    kek = tmp_path / "kek"
    kek.write_text(secrets.token_hex(32))
    assert _run(house, "vault", "rotate", "--sealing-only", YAKUBA_VAULT_KEK_FILE=str(kek)).returncode == 0
    file = Path(house["YAKUBA_DATA"]) / "secrets" / "vault.keys"
    assert "wrapped" in file.read_text()
    shut = _run(house, "vault", "reseal")
    assert shut.returncode == 1
    assert "VLT-E-003" in shut.stderr
    assert _run(house, "vault", "reseal", YAKUBA_VAULT_KEK_FILE=str(kek)).returncode == 0
    for key in ("1", "2"):
        retired = _run(house, "vault", "retire", key, YAKUBA_VAULT_KEK_FILE=str(kek))
        assert retired.returncode == 0, retired.stderr
    after = _status(house, YAKUBA_VAULT_KEK_FILE=str(kek))
    assert {id_: (key["state"], key["in_file"]) for id_, key in after.items()} == {
        1: ("retired", False), 2: ("retired", False), 3: ("primary", True),
    }  # fmt: skip
    assert after[3]["held"] == held


@pytest.mark.req("SEC-T-001")
def test_the_roles_of_the_house_reach_numbers_by_functions_only(house: dict[str, str]):  # noqa: F811
    assert _run(house, "sandbox", "populate", "--residents", "20", "--seed", "2").returncode == 0
    name = house["YAKUBA_DATABASE_URL"].rpartition("/")[2]
    with psycopg.connect(house["YAKUBA_DATABASE_URL"], autocommit=True) as owner:
        roles = [
            role
            for (role,) in owner.execute("SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", [f"{name}_"])
        ]
        assert f"{name}_duty_individual_number" in roles
        for role in roles:
            row = owner.execute(
                "SELECT has_table_privilege(%(r)s, 'vault_number', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')"
                " OR has_any_column_privilege(%(r)s, 'vault_number', 'SELECT, INSERT, UPDATE')"
                " OR has_table_privilege(%(r)s, 'vault_key', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'),"
                " has_function_privilege(%(r)s, 'vault_sealed_of(bigint[])', 'EXECUTE'),"
                " has_function_privilege(%(r)s, 'vault_promote(integer, bytea, timestamptz)', 'EXECUTE')",
                {"r": role},
            ).fetchone()
            assert row == (False, role.endswith("_duty_individual_number"), role.endswith("_duty_security")), role
