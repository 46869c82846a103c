"""The register handed over: sealed on its way, the same at the other end, from the command to the receipt."""

from __future__ import annotations

import argparse
import getpass
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.platform.handover.test_envelope import X25519, pem_of, public_pem_of

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.models import Application
from yakuba.platform.handover import commands as handover_commands
from yakuba.platform.handover import opener, outgoing, store
from yakuba.platform.handover.models import Release
from yakuba.platform.handover.outgoing import Order
from yakuba.systems.residents import commands as residents_commands
from yakuba.systems.residents.transfer import exporting, loading

from . import specimens

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def loaded(system: Any, file_of: Any) -> Path:
    path: Path = file_of(specimens.register(150))
    assert loading.load(system, path).loaded == 150
    return path


@pytest.fixture
def key(tmp_path: Path, system: Any) -> Path:
    outgoing.name_correspondent(system, "kenchou", "見本県市町課", public_pem_of(X25519).decode())
    path = tmp_path / "private.pem"
    path.write_bytes(pem_of(X25519))
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    parser = argparse.ArgumentParser()
    parsers = parser.add_subparsers()
    residents_commands.add_parser(parsers)
    handover_commands.add_parser(parsers)

    def call(*arguments: str) -> tuple[int, str, str]:
        args = parser.parse_args(arguments)
        code = args.handler(args)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture(autouse=True)
def _erased() -> Iterator[None]:
    yield
    left = [path.name for path in store.folder().iterdir() if path.suffix == ".inspecting"]
    assert left == []


def order(**more: Any) -> Order:
    return Order(
        **{
            "source": "",
            "name": "register.csv",
            "correspondent": "kenchou",
            "purpose": "移行のため",
            "law": "見本条例第1条",
            **more,
        }
    )


@pytest.mark.req("SEC-C-009")
def test_what_arrives_is_what_was_loaded(system: Any, loaded: Path, key: Path, tmp_path: Path, make_desk: Any):
    draft = exporting.prepare(system, order(), with_individual_numbers=True)
    assert (draft.persons, draft.source, draft.with_numbers, draft.needs_approval) == (150, "residents", True, True)
    assert b"100000000" not in store.path_of(draft.file).read_bytes()
    approvals.decide(make_desk({Duty.APPROVAL}, account="kacho1"), Application.objects.get().pk, grant=True)
    sealed = tmp_path / "register.csv.ykh"
    outgoing.release(system, draft.pk, target=sealed)
    assert not store.path_of(draft.file).exists()
    with sealed.open("rb") as file:
        opener.open_to(file, tmp_path / "arrived.csv", opener.with_private_key(key.read_bytes()))
    assert (tmp_path / "arrived.csv").read_bytes() == loaded.read_bytes()


@pytest.mark.req("SEC-023", "PSEC-009")
def test_who_may_not(system: Any, loaded: Path, key: Path, make_desk: Any):
    for duties in ({Duty.BULK}, {Duty.HANDOVER}):
        with pytest.raises(AccessDenied):
            exporting.prepare(make_desk(duties), order())
    with pytest.raises(AccessDenied):
        exporting.prepare(make_desk({Duty.BULK, Duty.HANDOVER}), order(), with_individual_numbers=True)
    with pytest.raises(Refused):
        exporting.prepare(system, order(law=""))


def test_the_commands_from_export_to_receipt(
    system: Any, loaded: Path, key: Path, tmp_path: Path, run: Run, make_desk: Any
):
    target = tmp_path / "out.csv"
    code, _, err = run("residents", "export", str(target), "--to", "dareka")
    assert code == 1
    assert "HND-E-030" in err
    assert "HND-E-031" in err
    stated = ("--to", "kenchou", "--purpose", "移行のため", "--law", "見本条例第1条", "--json")
    code, out, err = run("residents", "export", str(target), *stated)
    told = json.loads(out)
    assert (code, told["rows"], told["release"]) == (0, 150, None)
    assert "承認を申請しました" in err
    draft = str(told["draft"])
    sealed = tmp_path / "out.csv.ykh"
    code, _, err = run("handover", "release", draft, str(sealed))
    assert (code, "APR-E-009" in err, sealed.exists()) == (1, True, False)
    approvals.decide(make_desk({Duty.APPROVAL}, account="kacho1"), Application.objects.get().pk, grant=True)
    assert json.loads(run("handover", "list", "--json")[1])["drafts"][0]["state"] == "承認"
    assert run("handover", "release", draft, str(sealed))[0] == 0
    release = Release.objects.get()
    assert str(release.pk) in run("handover", "list")[1]
    assert run("handover", "confirm", str(release.pk), "--person", "見本係", "--sha256", "0" * 64)[0] == 1
    assert run("handover", "confirm", str(release.pk), "--person", "見本係", "--sha256", release.sealed_sha256)[0] == 0
    assert run("handover", "opener", str(tmp_path / "opener.py"))[0] == 0
    assert opener.main([str(sealed), "--key", str(key), "--out", str(target)]) == 0
    assert loading.load(system, target).repeated is False


def test_what_comes_is_received_by_command(
    system: Any, loaded: Path, key: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: "見本の長い合言葉です。12")
    assert run("handover", "correspondent", "itaku", "見本委託先")[0] == 0
    assert run("handover", "receive", str(loaded), "--from", "itaku", "--purpose", "確認", "--passphrase")[0] == 1
    small = tmp_path / "small.csv"
    small.write_text("番号\n1\n", encoding="utf-8")
    draft = outgoing.prepare_file(system, order(correspondent="itaku", source="x"), small, outgoing.Counts(1, 1))
    outgoing.release(system, draft.pk, target=tmp_path / "small.ykh", passphrase="見本の長い合言葉です。12")
    sealed = str(tmp_path / "small.ykh")
    code, out, _ = run("handover", "receive", sealed, "--from", "itaku", "--purpose", "確認", "--passphrase")
    assert code == 0
    assert "csv" in out
    assert run("handover", "receive", "/nowhere", "--from", "itaku", "--purpose", "x", "--key", str(key))[0] == 1
    assert run("handover", "receive", sealed, "--from", "itaku", "--purpose", "x", "--key", str(loaded))[0] == 1
