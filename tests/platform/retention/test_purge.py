"""After the purge, an erased record is on no page of the database's files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from yakuba.nodes.embedded_postgres import SUPERUSER, Server
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.retention import purge, services
from yakuba.platform.retention.kinds import Rhythm

MARKER = "kesareru-mihon-no-gyou"


def _files_with(folder: Path, marker: bytes) -> list[str]:
    return [file.name for file in folder.rglob("*") if file.is_file() and marker in file.read_bytes()]


@pytest.mark.req("RET-010", "RET-016")
def test_an_erased_row_is_in_no_file(postgres_server: Server, fresh_database: str, make_desk: Callable[..., Desk]):
    from tests.django_fixtures import set_up_town

    from yakuba.systems.residents.models import ImportRefusal

    set_up_town()
    night = make_desk({Duty.RETENTION}, account="system:retention")
    for row, days, text in ((1, 365, MARKER), (2, 1, "nokoru-mihon-no-gyou")):
        ImportRefusal.objects.create(
            job=1, row=row, findings=[], line=text, resolved_at=night.now - timedelta(days=days)
        )
    name = fresh_database.rpartition("/")[2]
    with psycopg.connect(postgres_server.url(name, SUPERUSER), autocommit=True) as administrator:
        row = administrator.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        assert row is not None
        folder = Path(row[0]) / "base" / str(row[1])
        administrator.execute("CHECKPOINT")
        assert _files_with(folder, MARKER.encode())

        services.erase_due(night, Rhythm.DAILY)
        with psycopg.connect(fresh_database, autocommit=True) as owner:
            assert "residents_import_refusal" in purge.purge(owner)

        administrator.execute("CHECKPOINT")
        assert _files_with(folder, MARKER.encode()) == []
        assert _files_with(folder, b"nokoru-mihon-no-gyou")
