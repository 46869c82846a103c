"""A full disk under the database: the clerk gets an error, the register keeps what was committed and nothing else."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError, connections

from yakuba.nodes.embedded_postgres import Server, prepare_database
from yakuba.nodes.settings import database_from_url

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(os.geteuid() != 0, reason="a small file system can only be mounted as root"),
]

SIZE_MB = 200


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent.stat().st_uid == os.geteuid() and parent != Path("/tmp"):  # noqa: S108 -- never the shared folder
            parent.chmod(0o711)  # PostgreSQL's own account passes through
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=711", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def server(small_disk: Path, tmp_path: Path, django_data: None) -> Iterator[Server]:
    server = Server(small_disk / "postgres", tmp_path / "private", durable=False)
    server.start()
    try:
        prepare_database(server)
        yield server
    finally:
        server.stop(timeout_s=5)


@pytest.fixture
def house(server: Server, django_db_blocker) -> Iterator[None]:
    from django.core.management import call_command
    from tests.django_fixtures import APPLICATION_ROLE, ROLES_PREFIX, make_roles, set_up_town

    from yakuba.platform.access import rights

    before = dict(connections.settings["default"])
    connections["default"].close()
    connections.settings["default"].update(database_from_url(server.url()))
    connections["default"].settings_dict = connections.settings["default"]
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0, interactive=False)
        make_roles(server)
        with connections["default"].cursor() as cursor:
            rights.apply(cursor, prefix=ROLES_PREFIX, application=APPLICATION_ROLE)
        set_up_town()
        try:
            yield
        finally:
            connections["default"].close()
            connections.settings["default"].update(before)
            connections["default"].settings_dict = connections.settings["default"]


def fill(folder: Path) -> Path:
    """Take the disk's last free page."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            while True:
                try:
                    if file.write(bytes(size)) < size:
                        break
                except OSError:
                    break
    return ballast


def test_nothing_is_lost_or_half_written(house, small_disk, server, make_desk, move_in_forms):
    from yakuba.platform.audit import log
    from yakuba.systems.residents import services
    from yakuba.systems.residents.models import Filing, Resident, ResidentVersion

    clerk, reviewer = make_desk(account="madoguchi1"), make_desk(account="shinsa1")
    forms = move_in_forms(400)
    services.approve(reviewer, services.file(clerk, "move_in", next(forms)).filing)

    ballast = fill(small_disk)
    failed = None
    committed = 1
    for form in forms:
        try:
            services.approve(reviewer, services.file(clerk, "move_in", form).filing)
            committed += 1
        except DatabaseError as error:
            failed, failure = form, error
            break
    assert failed is not None, "the disk must run full before the forms do"
    assert "個人番号" not in str(failure)

    connections["default"].close()
    ballast.unlink()
    if not server.is_running():
        server.start()
    services.approve(reviewer, services.file(clerk, "move_in", failed).filing)  # the same form, sent again
    assert Resident.objects.count() == committed + 1
    assert ResidentVersion.objects.count() == committed + 1
    assert set(Filing.objects.values_list("state", flat=True)) == {"registered"}
    assert not Resident.objects.exclude(pending_filing=None).exists()
    assert log.breaches() == []


@pytest.fixture
def move_in_forms():
    from yakuba.core.addresses import towns
    from yakuba.core.numbers import ResidentCode

    town = next(town for town in towns("272230") if town.name)

    def forms(count: int) -> Iterator[dict[str, object]]:
        for serial in range(count):
            payload = f"{3_000_000_000 + serial:010d}"
            yield {
                "key": str(uuid.uuid4()),
                "notified_on": "2026-11-20",
                "notifier_kind": "1",
                "notifier_name": "見本　太郎",
                "identity_documents": ["driving-licence"],
                "moved_on": "2026-11-18",
                "address": {"code": town.town_code, "banchi": f"{serial}番"},
                "previous": {"town": "京都府見本市北町"},
                "confirmed": ["RES-W-060"],
                "persons": [
                    {
                        "name": "見本　太郎", "name_kana": "ミホン　タロウ", "birth": "1980-04-12", "sex": "1",
                        "relationship": "世帯主", "domicile": {"town": "大阪府見本市中央"}, "register_head": "見本　太郎",
                        "resident_code": payload + ResidentCode.check_digit(payload),
                    }
                ],
            }  # fmt: skip

    return forms
