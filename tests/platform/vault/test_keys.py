"""The file of keys: taken over, wrapped, never replaced, and a clear refusal for whatever is wrong with it."""

from __future__ import annotations

import os
import secrets
import shlex
import sys
from pathlib import Path

import pytest
from django.db import connection

from yakuba.core.numbers import IndividualNumber
from yakuba.platform.clock import FixedClock
from yakuba.platform.vault import keys, keyset, sealing, store
from yakuba.platform.vault.keyset import Key, Keyset, VaultShut

pytestmark = pytest.mark.django_db
NUMBER, OTHER = "123456789018", "983205673214"


def _code(shut: pytest.ExceptionInfo[VaultShut]) -> str:
    return shut.value.findings[0].code


def _forget_in_database() -> None:
    """As a house is whose tables were migrated and whose keys were not registered yet."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE vault_key DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM vault_key")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE vault_key ENABLE TRIGGER USER")


def test_a_lost_file_is_never_replaced(own_keys: Path, clock: FixedClock):
    store.put([IndividualNumber(NUMBER)], clock.now())
    own_keys.unlink()
    with pytest.raises(VaultShut) as shut:
        keys.create_if_missing(clock)
    assert _code(shut) == "VLT-E-001"
    assert not own_keys.exists()
    with pytest.raises(VaultShut, match="鍵のファイルを、この場所に戻してください"):
        store.find(IndividualNumber(NUMBER))


def test_only_we_read_the_file(own_keys: Path):
    own_keys.unlink()
    keys.create()
    assert own_keys.stat().st_mode & 0o777 == 0o600
    assert not [file for file in own_keys.parent.iterdir() if file != own_keys]


def test_the_first_houses_key_is_taken_over(own_keys: Path, clock: FixedClock):
    """64 bytes in `vault.key`, values without a head, no key known to the database."""
    own_keys.unlink()
    first = secrets.token_bytes(64)
    old = keyset.first_path()
    old.write_bytes(first)
    _forget_in_database()
    key = Key(keyset.FIRST_HOUSES, first[:32], first[32:])
    keys.forget()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vault_number (sealed, blind_index, created_at) VALUES (%s, %s, %s) RETURNING id",
            [store.seal_number(key, 0, NUMBER), store.blind_index(key, NUMBER), clock.now()],
        )
        (id_,) = cursor.fetchone()
    secret = sealing.seal_under(key, "totp:x", b"seed")
    assert len(secret) == 12 + 4 + 16, "without a head, as the first houses wrote it"

    keys.create_if_missing(clock)
    assert not old.exists()
    assert keyset.read().keys[keyset.FIRST_HOUSES] == key
    assert store.find(IndividualNumber(NUMBER)) == id_
    assert store.put([IndividualNumber(NUMBER), IndividualNumber(OTHER)], clock.now())[0] == id_
    assert sealing.unseal("totp:x", secret) == b"seed"
    keys.create_if_missing(clock)  # again: nothing to do
    assert set(keyset.read().keys) == {keyset.FIRST_HOUSES}


def test_another_houses_first_key_is_refused(own_keys: Path, clock: FixedClock):
    own_keys.unlink()
    keyset.first_path().write_bytes(secrets.token_bytes(64))
    _forget_in_database()
    lost = Key(keyset.FIRST_HOUSES, bytes(32), bytes(32))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vault_number (sealed, blind_index, created_at) VALUES (%s, %s, %s)",
            [store.seal_number(lost, 0, NUMBER), store.blind_index(lost, NUMBER), clock.now()],
        )
    with pytest.raises(VaultShut) as shut:
        keys.create_if_missing(clock)
    assert _code(shut) == "VLT-E-008"


@pytest.mark.parametrize("act", ["put", "find", "reveal", "set_up", "put_many"])
def test_a_wrong_key_under_the_right_id_writes_and_finds_nothing(
    own_keys: Path, clock: FixedClock, make_desk, act: str
):
    (id_,) = store.put([IndividualNumber(NUMBER)], clock.now())
    keys.forget()
    keyset.write(Keyset({1: keyset.new_key(1)}))
    with pytest.raises(VaultShut) as shut:
        match act:
            case "put":
                store.put([IndividualNumber(OTHER)], clock.now())
            case "find":
                store.find(IndividualNumber(NUMBER))
            case "reveal":
                store.reveal(make_desk(), id_, 7)
            case "put_many":
                store.put_many(store.SealedNumbers(1, clock.now(), (9,), (bytes(32),), (bytes(77),)))
            case "set_up":
                keys.create_if_missing(clock)
    assert _code(shut) == "VLT-E-008"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_number")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "VLT-E-002"),
        ("[]", "VLT-E-002"),
        ('{"format": "other"}', "VLT-E-002"),
        (
            '{"format": "yakuba-vault-keyset:1", "keys": [{"id": 1, "sealing": "AA==", "blinding": "AA=="}]}',
            "VLT-E-002",
        ),
        ('{"format": "yakuba-vault-keyset:1", "wrapped": "AAAA"}', "VLT-E-003"),
        ('{"format": "yakuba-vault-keyset:1", "wrapped": "not base64"}', "VLT-E-002"),
    ],
)
def test_a_broken_file_says_so(own_keys: Path, content: str, code: str):
    own_keys.write_text(content)
    with pytest.raises(VaultShut) as shut:
        keys.load()
    assert _code(shut) == code


def test_a_key_that_the_file_lacks(own_keys: Path, clock: FixedClock):
    (id_,) = store.put([IndividualNumber(NUMBER)], clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM vault_number WHERE id = %s", [id_])
        sealed = bytes(cursor.fetchone()[0])
    with pytest.raises(VaultShut) as shut:
        store.open_number(id_, sealed[:1] + (9).to_bytes(4, "big") + sealed[5:])
    assert _code(shut) == "VLT-E-006"


def test_a_number_is_bound_to_its_row(clock: FixedClock, make_desk):
    """Whoever can write rows can still not give a person the number of another one."""
    mine, other = store.put([IndividualNumber(NUMBER), IndividualNumber(OTHER)], clock.now())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE vault_number DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE vault_number v SET sealed = o.sealed FROM vault_number o WHERE v.id = %s AND o.id = %s",
            [mine, other],
        )
    with pytest.raises(VaultShut) as shut:
        store.reveal(make_desk(), mine, 7)
    assert _code(shut) == "VLT-E-009"
    assert store.reveal(make_desk(), other, 8).reveal() == OTHER


# -- wrapped under a key from another place ----------------------------------------------------------------------------


@pytest.fixture
def kek(tmp_path: Path) -> Path:
    file = tmp_path / "medium" / "kek"
    file.parent.mkdir()
    file.write_text(secrets.token_hex(32) + "\n")
    return file


def test_the_file_is_wrapped_as_soon_as_there_is_a_key_for_it(
    own_keys: Path, clock: FixedClock, kek: Path, monkeypatch: pytest.MonkeyPatch
):
    before = keyset.read()
    (id_,) = store.put([IndividualNumber(NUMBER)], clock.now())
    monkeypatch.setenv("YAKUBA_VAULT_KEK_FILE", str(kek))
    keys.create_if_missing(clock)
    text = own_keys.read_text()
    assert "sealing" not in text
    assert own_keys.stat().st_mode & 0o777 == 0o600
    keys.forget()
    assert keys.load() == before
    assert store.find(IndividualNumber(NUMBER)) == id_

    monkeypatch.delenv("YAKUBA_VAULT_KEK_FILE")
    keys.forget()
    with pytest.raises(VaultShut) as shut:
        keys.load()
    assert _code(shut) == "VLT-E-003"
    with pytest.raises(VaultShut):
        keyset.write(before)
    assert own_keys.read_text() == text, "a keyset that cannot be wrapped again stays as it is"

    monkeypatch.setenv(
        "YAKUBA_VAULT_KEK_COMMAND", shlex.join([sys.executable, "-c", f"print(open({os.fspath(kek)!r}).read())"])
    )
    assert keys.load() == before
    kek.write_text(secrets.token_hex(32))
    keys.forget()
    with pytest.raises(VaultShut) as shut:
        keys.load()
    assert _code(shut) == "VLT-E-004"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("YAKUBA_VAULT_KEK_FILE", "/nowhere/kek"),
        ("YAKUBA_VAULT_KEK_COMMAND", "/nowhere/command"),
        ("YAKUBA_VAULT_KEK_COMMAND", f"{sys.executable} -c exit(1)"),
        ("YAKUBA_VAULT_KEK_COMMAND", f"{sys.executable} -c print(12)"),
        ("YAKUBA_VAULT_KEK_COMMAND", "unclosed ' quote"),
    ],
)
def test_a_key_for_the_file_that_cannot_be_read(
    own_keys: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
):
    monkeypatch.setenv(variable, value)
    with pytest.raises(VaultShut) as shut:
        keyset.write(Keyset({1: keyset.new_key(1)}))
    assert _code(shut) == "VLT-E-005"


def test_the_file_may_lie_elsewhere(own_keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    elsewhere = tmp_path / "hsm" / "keys"
    elsewhere.parent.mkdir()
    own_keys.rename(elsewhere)
    monkeypatch.setenv("YAKUBA_VAULT_KEYS", str(elsewhere))
    assert 1 in keys.load().keys
