"""An import that is killed at any moment goes on with the same command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from django.conf import settings
from django.db import connection

from yakuba.platform.audit import log
from yakuba.platform.events.models import Event
from yakuba.platform.jobs.models import Job
from yakuba.platform.vault.models import Number
from yakuba.systems.residents.models import ImportRefusal, Resident, ResidentVersion, SearchAddress, SearchName
from yakuba.systems.residents.transfer import indexes
from yakuba.systems.residents.transfer.loading import INDEX, LOAD

from . import specimens

ROWS = 1_500
CHUNK_BYTES = 20_000  # some thirty chunks

PROGRAM = """
import sys
from pathlib import Path
import django
django.setup()
from django.db import connections
from tests.django_fixtures import APPLICATION_ROLE, ROLES_PREFIX
connections.settings["default"].update(DUTY_ROLES=ROLES_PREFIX, APPLICATION_ROLE=APPLICATION_ROLE)
from yakuba.platform.clock import SystemClock
from yakuba.systems.residents.commands import cli_desk
from yakuba.systems.residents.transfer import loading

def tell(stage, done, total):
    print(stage, done, flush=True)

report = loading.load(cli_desk(SystemClock()), Path(sys.argv[1]), tell, chunk_bytes=int(sys.argv[2]))
print("report", report.loaded, report.refused, flush=True)
"""


def start(url: str, path: Path) -> subprocess.Popen[str]:
    environ = {
        **os.environ,
        "YAKUBA_DATABASE_URL": url,
        "YAKUBA_DATA": str(settings.DATA),
        "DJANGO_SETTINGS_MODULE": "yakuba.nodes.settings",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    environ.pop("YAKUBA_APP_DATABASE_URL", None)
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path), str(CHUNK_BYTES)],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_when(process: subprocess.Popen[str], stage: str, done: int) -> bool:
    """SIGKILL as soon as the process tells that it is so far; False when it ended before."""
    assert process.stdout is not None
    for line in process.stdout:
        told, _, figure = line.rpartition(" ")
        if told == stage and int(figure) >= done:
            process.send_signal(signal.SIGKILL)
            break
    process.stdout.close()
    return process.wait() == -signal.SIGKILL


@pytest.mark.fault
def test_killed_in_the_middle_of_everything_it_loads_each_row_once(house, file_of):
    frame = specimens.register(ROWS).with_columns(
        pl.when(pl.int_range(ROWS) % 100 == 50).then(pl.lit("x")).otherwise("sex").alias("sex")
    )
    path = file_of(frame)
    assert kill_when(start(house, path), LOAD, 1)
    first = Resident.objects.count()
    assert 0 <= first < ROWS
    assert kill_when(start(house, path), LOAD, 700)
    second = Resident.objects.count()
    assert first < second < ROWS
    assert indexes.missing(), "the search is slow until the import is finished, and commands say so"
    assert kill_when(start(house, path), INDEX, 1)

    process = start(house, path)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    refused = ROWS // 100
    assert out.splitlines()[-1] == f"report {ROWS - refused} {refused}"

    good = frame.filter(pl.col("sex") != "x")
    assert (
        list(Resident.objects.order_by("number").values_list("number", flat=True))
        == good["number"].cast(pl.Int64).to_list()
    )
    assert ResidentVersion.objects.count() == SearchName.objects.count() == SearchAddress.objects.count() == good.height
    assert Number.objects.count() == good.height
    assert ImportRefusal.objects.count() == refused
    assert Event.objects.count() == Job.objects.count() == 1
    job = Job.objects.get()
    assert (job.state, job.done, job.total) == ("done", ROWS, ROWS)
    assert set(ResidentVersion.objects.values_list("event", flat=True)) == {job.cursor["event"]}
    assert indexes.missing() == []
    assert log.breaches() == []


@pytest.mark.fault
def test_a_lost_database_session_loses_nothing(house, file_of):
    """PostgreSQL ends the session in the middle of a load: the command fails, and goes on when it is called again."""
    path = file_of(specimens.register(ROWS))
    process = start(house, path)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(LOAD) and int(line.split()[-1]) > 100:
            break
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    process.stdout.close()
    assert process.wait(timeout=60) != 0
    done = Resident.objects.count()
    assert done < ROWS

    again = start(house, path)
    out, _ = again.communicate(timeout=120)
    assert out.splitlines()[-1] == f"report {ROWS} 0"
    assert Resident.objects.count() == ROWS
    assert Event.objects.count() == 1


def test_the_command(house, file_of, capsys, monkeypatch):
    """Import, refusals and export as a person calls them."""
    import argparse

    from yakuba.systems.residents.commands import add_parser

    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())

    def run(*arguments: str) -> tuple[int, str, str]:
        args = parser.parse_args(["residents", *arguments])
        code = args.handler(args)
        told = capsys.readouterr()
        return code, told.out, told.err

    frame = specimens.register(20).with_columns(
        pl.when(pl.int_range(20) == 6).then(pl.lit("x")).otherwise("sex").alias("sex")
    )
    path = file_of(frame)
    code, out, err = run("import", str(path))
    assert code == 0
    assert "取り込んだ行                  19" in out
    assert "RES-E-345  1 行" in out
    assert LOAD in err
    assert run("import", str(path))[1].startswith("このファイルは取込み済みです")
    report = json.loads(run("import", str(path), "--json")[1])
    assert (report["loaded"], report["refused"], report["repeated"]) == (19, 1, True)

    code, out, _ = run("refusals")
    assert code == 0
    assert "8行目 宛名番号000000000000078" in out
    assert "[RES-E-345] 25項目目 sex: コード「x」は性別にありません。" in out
    row = json.loads(run("refusals", "--json")[1])
    assert (row["row"], row["findings"][0]["code"]) == (8, "RES-E-345")
    assert frame["individual_number"][6] not in json.dumps(row)

    target = path.with_name("out.csv")
    assert run("export", str(target), "--plain")[0] == 0
    assert pl.read_csv(target, infer_schema=False)["individual_number"].null_count() == 19
    code, _, err = run("export", str(target), "--plain")
    assert code == 1
    assert "RES-E-380" in err

    assert run("import", str(path.with_name("none.csv")))[0] == 1
    assert run("import")[0] == 2
    assert run("import", "--resume")[0] == 0
    assert run("import", "--cancel", str(report["job"]))[0] == 1
