"""Backups with PostgreSQL's real tools: taken, kept, moved, cut, changed, killed, and restored."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import x25519
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.django_fixtures import NOON

from yakuba.core.findings import Refused
from yakuba.nodes import backup, backup_keeper
from yakuba.nodes.backup import ARCHIVE, DAILY, OFFSITE, Config, Manifest, Place, Rules, Set
from yakuba.nodes.embedded_postgres import SUPERUSER, Server
from yakuba.nodes.paths import DataFolder
from yakuba.platform.clock import FixedClock
from yakuba.platform.handover.opener import NotOpened

from .test_town import house  # noqa: F401 -- a fixture

KEY = bytes(range(32))
RULES = Rules(7, 3, 13, 4, 7, ("ap-northeast-1", "ap-northeast-3"))
UNLOCK = backup.with_house_key(KEY)


def _config(root: Path, **more: Any) -> Config:
    return Config(root, {name: Place(name, root / name) for name in backup.PLACES}, **more)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return _config(tmp_path / "backups")


def _take(url: str, config: Config, now: datetime = NOON, **without: str) -> Set:
    with backup.working(config):
        return backup.take(url, config, KEY, now, without_data=without)


def _run(url: str, statement: str) -> None:
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


def _rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    with closing(psycopg.connect(url)) as connection:
        return connection.execute(statement).fetchall()  # type: ignore[arg-type]


def _codes(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


# -- the round: eight nights, and each of the last seven comes back ----------------------------------------------------


@pytest.mark.req("RET-017", "RET-019", "SEC-C-013", "BACKUP-005")
def test_eight_nights_leave_seven_sets_and_each_comes_back(fresh_database: str, config: Config) -> None:
    taken = []
    for night in range(8):
        _run(fresh_database, f"INSERT INTO access_office (code, name) VALUES ('N{night}', '見本課{night}')")
        taken.append(_take(fresh_database, config, NOON + timedelta(days=night)))
        with backup.working(config):
            assert backup.rotate(config, RULES, NOON + timedelta(days=night)) == []
    left = backup.sets(config, DAILY)
    assert [one.name for one in left] == [one.name for one in reversed(taken[1:])]
    assert not backup.is_late(config, NOON + timedelta(days=7, hours=25))
    assert backup.is_late(config, NOON + timedelta(days=8, hours=3))
    for nights, one in enumerate(reversed(left), 2):
        with backup.scratch(fresh_database, f"scratch_{os.getpid()}") as url:
            assert backup.load(url, config, one, UNLOCK) == []
            offices = _rows(url, "SELECT code FROM access_office WHERE code LIKE 'N%' ORDER BY code")
            assert offices == [(f"N{night}",) for night in range(nights)]
            with pytest.raises(psycopg.errors.DatabaseError):  # the guards of history came along
                _run(url, "TRUNCATE audit_entry CASCADE")


def _pretended(config: Config, now: datetime) -> None:
    """A daily set whose archive is a few bytes: what keeping looks at, without a database."""
    name = now.strftime("%Y%m%d-%H%M%S")
    content = f"archive of {name}".encode()
    folder = config.places[DAILY].folder / name
    folder.mkdir(parents=True)
    (folder / "database.ykh").write_bytes(content)
    manifest = Manifest(
        name=name, taken_at=now, database="x", code="", server="17", version="0", tables={}, without_data={},
        vault_keys={}, sealed_bytes=len(content), sealed_sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps({**manifest.as_json(), "mac": ""}))


@pytest.mark.req("RET-018")
def test_a_weekly_set_is_off_site_for_three_weeks_then_ten_in_the_data_centre_then_gone(config: Config) -> None:
    begin = NOON  # a Friday, when weeks begin
    seen: dict[str, list[tuple[int, str]]] = {}
    for day in range(7 * 15):
        now = begin + timedelta(days=day)
        if day % 7 != 0 or day == 0:  # later weeks have no set on their first day: the next night's stands for the week
            _pretended(config, now)
        with backup.working(config):
            assert backup.rotate(config, RULES, now) == []
        assert len(backup.sets(config, DAILY)) <= 7
        for place in (OFFSITE, ARCHIVE):
            for one in backup.sets(config, place):
                seen.setdefault(one.name, []).append(((now - one.manifest.taken_at).days, place))
                assert (one.folder / "database.ykh").read_bytes() == f"archive of {one.name}".encode()
    first = seen[begin.strftime("%Y%m%d-%H%M%S")]
    assert first == [(age, OFFSITE if age < 21 else ARCHIVE) for age in range(91)]
    assert len(seen) == 15
    assert [name[:8] for name in sorted(seen)][1] == (begin + timedelta(days=8)).strftime("%Y%m%d")
    acts = [(line["act"], line["place"]) for line in backup.journal(config) if line["set"] == min(seen)]
    assert acts == [("copied", OFFSITE), ("removed", DAILY), ("moved", ARCHIVE), ("removed", ARCHIVE)]


def test_what_cannot_move_stays_and_is_told(config: Config, tmp_path: Path) -> None:
    _pretended(config, NOON)
    blocked = tmp_path / "no-tape"
    blocked.write_text("")
    away = dataclasses.replace(config, places={**config.places, OFFSITE: Place(OFFSITE, blocked / "sets")})
    with backup.working(config):
        (trouble,) = backup.rotate(away, RULES, NOON)
    assert "遠隔地" in trouble
    assert [one.place.name for one in backup.sets(config)] == [DAILY]
    (config.places[DAILY].folder / backup.sets(config)[0].name / "database.ykh").write_bytes(b"rot")
    with backup.working(config):
        (trouble,) = backup.rotate(config, RULES, NOON)
    assert "元と違う" in trouble
    assert backup.sets(config, OFFSITE) == []


@given(gaps=st.lists(st.integers(1, 12), min_size=1, max_size=25))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_irregular_the_nights_the_newest_sets_stay(gaps: list[int], tmp_path_factory: pytest.TempPathFactory):
    config = _config(tmp_path_factory.mktemp("irregular"))
    now, days = NOON, []
    for gap in gaps:
        _pretended(config, now)
        days.append(now.date())
        with backup.working(config):
            assert backup.rotate(config, RULES, now) == []
        assert [one.day for one in backup.sets(config, DAILY)] == days[-7:][::-1]
        weekly = [one for place in (OFFSITE, ARCHIVE) for one in backup.sets(config, place)]
        assert all((now.date() - one.day).days < 91 for one in weekly)
        assert len({one.name for one in weekly}) == len(weekly)
        now += timedelta(days=gap)


# -- places in a cloud ---------------------------------------------------------------------------------------------------


@pytest.mark.req("RET-020", "BACKUP-007")
def test_in_a_cloud_every_place_is_in_japan_and_in_another_data_centre(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    file = tmp_path / "backup.yaml"
    head = "production: {region: ap-northeast-1, data_centre: tokyo-a}\nplaces:\n"
    file.write_text(
        head + "  daily: {region: ap-northeast-1, data_centre: tokyo-a}\n"
        "  offsite: {region: us-east-1, data_centre: virginia-1}\n"
    )
    with pytest.raises(Refused) as refused:
        backup.configuration(data, {}).check(RULES)
    assert sorted((finding.code, finding.field) for finding in refused.value.findings) == [
        ("BKP-E-001", ARCHIVE), ("BKP-E-001", OFFSITE), ("BKP-E-002", ARCHIVE), ("BKP-E-002", DAILY),
    ]  # fmt: skip
    rows = [f"  {name}: {{region: ap-northeast-3, data_centre: osaka-{name}}}\n" for name in backup.PLACES]
    file.write_text(head + "".join(rows))
    config = backup.configuration(data, {})
    config.check(RULES)
    _pretended(config, NOON)
    with backup.working(config):
        assert backup.rotate(config, RULES, NOON) == []
    (line,) = backup.journal(config)
    assert (line["region"], line["data_centre"]) == ("ap-northeast-3", "osaka-offsite")


@pytest.mark.parametrize(
    "text",
    ["at: noon", "places: {cellar: {}}", "place: {}", "- a list", "places: [daily]", "{", "recipients: 3"],
)
def test_a_wrong_configuration_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "backup.yaml").write_text(text)
    with pytest.raises(Refused, match="BKP-E-003"):
        backup.configuration(DataFolder(tmp_path), {})


def test_the_declared_periods_are_those_of_the_seeds(town: None) -> None:
    rules = Rules.of_house(date(2026, 11, 20))
    assert (rules.daily_kept, rules.offsite_weeks, rules.weekly_weeks) == (7, 3, 13)


# -- what no backup may hold ----------------------------------------------------------------------------------------------


def test_rows_of_declared_tables_are_in_no_set(fresh_database: str, config: Config) -> None:
    declared = backup.declared_without_data()
    assert "access_session" in declared
    _run(fresh_database, "INSERT INTO access_office (code, name) VALUES ('900', '写しに入らない課')")
    one = _take(fresh_database, config, NOON, **declared, access_office="試験")
    with backup.scratch(fresh_database, f"scratch_{os.getpid()}") as url:
        assert backup.load(url, config, one, UNLOCK) == []
        assert _rows(url, "SELECT count(*) FROM access_office") == [(0,)]
    # A set that has them nevertheless is told apart.
    cheated = _take(fresh_database, config, NOON + timedelta(seconds=1))
    claims = dataclasses.replace(cheated.manifest, without_data={"access_office": "試験"})
    told = claims.as_json()
    key = backup._file_key(KEY, claims.name)
    (cheated.folder / "manifest.json").write_text(json.dumps({**told, "mac": backup._mac(key, told)}))
    with backup.scratch(fresh_database, f"scratch_{os.getpid()}") as url:
        found = backup.load(url, config, dataclasses.replace(cheated, manifest=claims), UNLOCK)
    assert ("access_office", "1行が含まれています（対象外の表）。") in {(each.table, each.message) for each in found}


def test_every_addressee_table_is_declared_to_be_left_out() -> None:
    """RET-013: no backup of the addressee file, whichever room will own it."""
    from django.apps import apps

    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    held = {table for table in tables if table.startswith("addressee_")} - set(backup.declared_without_data())
    assert held == set()


# -- what was changed does not open ---------------------------------------------------------------------------------------


@pytest.fixture
def one(fresh_database: str, config: Config) -> Set:
    _run(fresh_database, "INSERT INTO access_office (code, name) VALUES ('777', '見本秘密課')")
    return _take(fresh_database, config)


@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_set_that_was_cut_or_changed_does_not_open(one: Set, data: st.DataObject) -> None:
    file = one.folder / "database.ykh"
    whole = file.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    try:
        if data.draw(st.booleans(), label="cut"):
            file.write_bytes(whole[:at])
        else:
            file.write_bytes(whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :])
        with pytest.raises(Refused, match="BKP-E-012"):
            backup.check(one, UNLOCK)
    finally:
        file.write_bytes(whole)
    backup.check(one, UNLOCK)


def test_what_is_wrong_with_a_set_stops_a_restoration_and_leaves_the_database(
    fresh_database: str, config: Config, one: Set
) -> None:
    manifest = one.folder / "manifest.json"
    kept = manifest.read_text()
    told = json.loads(kept)
    told["tables"]["access_office"]["rows"] += 1
    manifest.write_text(json.dumps(told))
    with pytest.raises(Refused, match="BKP-E-012"):
        backup.check(one, UNLOCK)
    # With the key one can write any manifest: then the rows themselves tell.
    manifest.write_text(json.dumps({**told, "mac": backup._mac(backup._file_key(KEY, one.name), told)}))
    with pytest.raises(Refused, match="BKP-E-013"):
        backup.restore(fresh_database, config, backup.find(config, "latest"), UNLOCK, NOON)
    manifest.write_text(kept)
    file = one.folder / "database.ykh"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(Refused, match="BKP-E-012"):
        backup.restore(fresh_database, config, one, UNLOCK, NOON)
    assert _rows(fresh_database, "SELECT name FROM access_office WHERE code = '777'") == [("見本秘密課",)]
    left = _rows(fresh_database, "SELECT datname FROM pg_database WHERE datname ~ '_(restored|before)_'")
    assert left == []


def test_a_set_of_another_house_or_name_does_not_open(fresh_database: str, config: Config, one: Set) -> None:
    with pytest.raises(Refused, match="BKP-E-012"):
        backup.check(one, backup.with_house_key(bytes(32)))
    other = _take(fresh_database, config, NOON + timedelta(hours=1))
    (other.folder / "database.ykh").write_bytes((one.folder / "database.ykh").read_bytes())
    with pytest.raises(Refused, match="BKP-E-012"):
        backup.check(other, UNLOCK)


@pytest.mark.req("PSEC-016", "BACKUP-008")
def test_only_the_house_and_the_holder_of_the_recovery_key_can_read_a_set(
    fresh_database: str, config: Config, tmp_path: Path
) -> None:
    mine, contractors = x25519.X25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()
    public = mine.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "recovery.pem").write_bytes(public)
    sealed = dataclasses.replace(config, recipients=(tmp_path / "recovery.pem",))
    _run(fresh_database, "INSERT INTO access_office (code, name) VALUES ('777', '見本秘密課')")
    one = _take(fresh_database, sealed)
    for file in one.folder.iterdir():
        content = file.read_bytes()
        assert "見本秘密課".encode() not in content
        assert b"PGDMP" not in content

    def pem(key: x25519.X25519PrivateKey) -> bytes:
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    backup.check(one, UNLOCK)
    with pytest.raises(Refused, match="BKP-E-012"):
        backup.check(one, backup.with_private_key(pem(contractors)))
    with pytest.raises(NotOpened):
        backup.with_private_key(b"no key")
    with backup.scratch(fresh_database, f"scratch_{os.getpid()}") as url:
        assert backup.load(url, sealed, one, backup.with_private_key(pem(mine))) == []
    # Of the remote copy alone, without the house's key: the sums of every table are those of the source.
    with backup.working(sealed):
        assert backup.rotate(sealed, RULES, NOON) == []
    shutil.rmtree(sealed.places[DAILY].folder)
    (remote,) = backup.sets(sealed)
    assert remote.place.name == OFFSITE
    with backup.scratch(fresh_database, f"scratch_{os.getpid()}") as url:
        assert backup.load(url, sealed, remote, backup.with_private_key(pem(mine))) == []
        with closing(psycopg.connect(url)) as connection:
            restored = backup._tables(connection, (), lambda stage, done, total: None)
    assert restored == dict(one.manifest.tables)
    (tmp_path / "recovery.pem").write_text("nothing")
    with pytest.raises(Refused, match="BKP-E-011"):
        _take(fresh_database, sealed, NOON + timedelta(hours=1))
    assert [(each.name, each.place.name) for each in backup.sets(config)] == [(one.name, OFFSITE)]


def test_the_key_is_made_once_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    with pytest.raises(Refused, match="BKP-E-004"):
        backup.house_key(data, {})
    key = backup.house_key(data, {}, make=True)
    assert backup.house_key(data, {}, make=True) == key
    assert (tmp_path / "secrets/backup.key").stat().st_mode & 0o777 == 0o600
    elsewhere = {"YAKUBA_BACKUP_KEY_FILE": str(tmp_path / "stick" / "key")}
    assert backup.house_key(data, elsewhere, make=True) != key
    (tmp_path / "stick" / "key").write_text("zz")
    with pytest.raises(Refused, match="BKP-E-005"):
        backup.house_key(data, elsewhere)


# -- faults -------------------------------------------------------------------------------------------------------------


_SLOW = """
import sys, time
from pathlib import Path
from tests.nodes.test_backup import KEY, NOON, _config
from datetime import timedelta
from yakuba.nodes import backup
def report(stage, done, total):
    print(stage, flush=True)
    if stage == sys.argv[3]:
        time.sleep(60)
config = _config(Path(sys.argv[2]))
with backup.working(config):
    backup.take(sys.argv[1], config, KEY, NOON + timedelta(hours=1), without_data={}, report=report)
"""


@pytest.mark.fault
@pytest.mark.parametrize("stage", ["取得", "件数と要約"])
def test_a_kill_in_the_middle_leaves_the_sets_that_were_there(
    fresh_database: str, config: Config, one: Set, stage: str
) -> None:
    command = [sys.executable, "-P", "-c", _SLOW, fresh_database, str(config.root), stage]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != stage:
            assert process.poll() is None
        with pytest.raises(Refused, match="BKP-E-007"), backup.working(config):
            raise AssertionError("two at once")
        process.send_signal(signal.SIGKILL)
    assert [each.name for each in backup.sets(config)] == [one.name]
    assert list(config.places[DAILY].folder.glob(".draft-*"))
    backup.check(one, UNLOCK)
    again = _take(fresh_database, config, NOON + timedelta(hours=1))
    assert not list(config.places[DAILY].folder.glob(".draft-*"))
    assert [each.name for each in backup.sets(config)] == [again.name, one.name]


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow beyond 64 KiB: for the one who writes, a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.fault
def test_a_full_disk_leaves_the_sets_that_were_there(
    fresh_database: str, config: Config, one: Set, small_disk: None
) -> None:
    with pytest.raises(Refused) as refused:
        _take(fresh_database, config, NOON + timedelta(hours=1))
    assert _codes(refused) == {"BKP-E-010"}
    assert [each.name for each in backup.sets(config)] == [one.name]
    assert not list(config.places[DAILY].folder.glob(".draft-*"))
    backup.check(one, UNLOCK)


def test_a_tool_that_fails_says_why_and_shows_no_password(fresh_database: str, config: Config, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    with pytest.raises(Refused, match="BKP-E-018"):
        _take(fresh_database, dataclasses.replace(config, tools=tools))
    tools.mkdir()
    (tools / "pg_dump").write_text(
        "#!/bin/sh\nhead -c 200000 /dev/zero | tr '\\0' x >&2\necho 'cannot read table' >&2\nexit 3\n"
    )
    (tools / "pg_dump").chmod(0o755)
    with pytest.raises(Refused, match="cannot read table") as refused:
        _take(fresh_database, dataclasses.replace(config, tools=tools))
    assert _codes(refused) == {"BKP-E-008"}
    assert backup.sets(config) == []
    tool = backup._Tool.of(config, "postgresql://owner:s%40cret@127.0.0.1:5432/town?sslmode=disable")
    assert tool.url == "postgresql://owner@127.0.0.1:5432/town?sslmode=disable"
    assert tool.environment["PGPASSWORD"] == "s@cret"


# -- the night watch ----------------------------------------------------------------------------------------------------


def test_the_hour_comes_and_a_missed_night_is_made_up_for(config: Config, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("YAKUBA_DATA", str(tmp_path))
    clock, runs = FixedClock(NOON), []

    def run() -> bool:
        runs.append(clock.now())
        if len(runs) == 1:
            return False
        _pretended(backup.configuration(DataFolder(tmp_path), {}), clock.now())
        return True

    def until(moment: datetime) -> None:
        def pause() -> bool:
            clock.moment = clock.moment + timedelta(minutes=10)
            return clock.now() >= moment

        backup_keeper.keep(clock, run, pause)

    until(NOON + timedelta(days=2))
    assert [f"{at:%d %H:%M}" for at in runs] == ["21 01:30", "21 02:00", "22 01:30"]
    clock.moment = NOON + timedelta(days=3)  # the night of the 23rd was missed
    until(NOON + timedelta(days=3, hours=1))
    assert [f"{at:%d %H:%M}" for at in runs[3:]] == ["23 12:10"]
    (tmp_path / "backup.yaml").write_text("at: noon")
    until(NOON + timedelta(days=4))
    assert len(runs) == 4


# -- the command, in a house with its real roles -------------------------------------------------------------------------


def _yakuba(house: dict[str, str], *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:  # noqa: F811
    command = [sys.executable, "-P", "-m", "yakuba.cli", *arguments]
    return subprocess.run(command, env={**house, **more}, capture_output=True, text=True, check=False)


@pytest.mark.req("SEC-037", "SEC-C-015")
def test_a_house_is_backed_up_verified_and_restored(
    house: dict[str, str],  # noqa: F811
    postgres_server: Server,
    tmp_path: Path,
) -> None:
    assert "HOU-E-001" in _yakuba(house, "backup", "run").stderr
    assert _yakuba(house, "backup", "list", "--check").returncode == 1
    assert _yakuba(house, "sandbox", "populate", "--residents", "40", "--seed", "2").returncode == 0
    taken = _yakuba(house, "backup", "run", "--nightly")
    assert taken.returncode == 0, taken.stderr
    assert "同じ内容に復元できました" in taken.stderr
    listed = json.loads(_yakuba(house, "backup", "list", "--json", "--check").stdout)
    assert listed["late"] is False
    assert {row["place"] for row in listed["sets"]} == {DAILY, OFFSITE}
    assert all(row["verified_at"] for row in listed["sets"])
    assert "BKP-E-006" in _yakuba(house, "backup", "verify", "20010101-000000").stderr
    assert _yakuba(house, "backup", "verify").returncode == 0

    url = house["YAKUBA_DATABASE_URL"]
    _the_operator_reads_neither_tables_nor_backups(house, postgres_server, tmp_path)
    before = _rows(url, "SELECT count(*) FROM residents_version")
    _run(url, "CREATE TABLE written_after_the_backup ()")
    keys = Path(house["YAKUBA_DATA"]) / "secrets" / "vault.keys"
    keys.rename(tmp_path / "elsewhere")
    refused = _yakuba(house, "backup", "restore", "latest")
    assert refused.returncode == 1
    assert "BKP-E-017" in refused.stderr
    (tmp_path / "elsewhere").rename(keys)
    with closing(psycopg.connect(url)):
        assert "BKP-E-014" in _yakuba(house, "backup", "restore", "latest").stderr
    restored = _yakuba(house, "backup", "restore", "latest")
    assert restored.returncode == 0, restored.stderr
    name = url.rpartition("/")[2]
    try:
        assert _rows(url, "SELECT to_regclass('written_after_the_backup')") == [(None,)]
        assert _rows(url, "SELECT count(*) FROM residents_version") == before
        acts = _rows(url, "SELECT detail::jsonb ->> 'act' FROM audit_entry WHERE target LIKE 'backup:%' ORDER BY at")
        assert [act for (act,) in acts] == ["restored"], "the set was taken before its own taking was logged"
        with closing(psycopg.connect(postgres_server.url("postgres", SUPERUSER))) as administrator:
            row = administrator.execute(
                "SELECT count(*) FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = %s AND a.grantee = 0",
                [name],
            ).fetchone()
            assert row == (0,), "nobody but the owner may enter before rights are given"
        prepared = subprocess.run(
            [sys.executable, "-P", "-m", "yakuba.nodes.preparation", "town", "--residents", "40", "--code", "27223"],
            env=house, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert prepared.returncode == 0, prepared.stderr
        assert _yakuba(house, "audit", "verify").returncode == 0
        assert _yakuba(house, "vault", "status").returncode == 0
    finally:
        with closing(psycopg.connect(postgres_server.url("postgres", SUPERUSER), autocommit=True)) as administrator:
            for (kept,) in administrator.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{name}_before_"]
            ).fetchall():
                administrator.execute(f'DROP DATABASE "{kept}" WITH (FORCE)')


def _the_operator_reads_neither_tables_nor_backups(
    house: dict[str, str],  # noqa: F811
    server: Server,
    folder: Path,
) -> None:
    """An account of the server's operator, and the files: refused both, and both attempts are on record."""
    url, role = house["YAKUBA_DATABASE_URL"], f"operator_{os.getpid()}"
    name = url.rpartition("/")[2]
    with closing(psycopg.connect(server.url("postgres", SUPERUSER), autocommit=True)) as administrator:
        administrator.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'tests-only' CREATEDB CREATEROLE")
        try:
            theirs = f"postgresql://{role}:tests-only@127.0.0.1:{server.port}/{name}"
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(theirs)
            logs = "".join(file.read_text(errors="replace") for file in server.log.glob("*.log"))
            assert f'permission denied for database "{name}"' in logs
        finally:
            administrator.execute(f"DROP ROLE {role}")
    key = x25519.X25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "theirs.pem").write_bytes(key)
    refused = _yakuba(house, "backup", "restore", "latest", "--key", str(folder / "theirs.pem"))
    assert refused.returncode == 1
    assert "BKP-E-012" in refused.stderr
    tried = _rows(
        url,
        "SELECT target, detail::jsonb ->> 'act' FROM audit_entry WHERE result = 'refused' AND detail::text ~ 'BKP-E-012'",
    )
    assert tried == [("backup:", "restore")]
    sealed = _rows(url, "SELECT sealed FROM vault_number LIMIT 5")
    assert all(not bytes(value).isdigit() for (value,) in sealed)
