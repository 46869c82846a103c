"""How fast a register is loaded and written out: `python -m bench.residents_import --residents 1000000`.

Makes a synthetic register, starts a PostgreSQL of its own with fsync on, loads the file with every check, search key and
index, and writes it out again. Prints the conditions and the figures as JSON; fails below the hard bounds, which are
generous. The peak is the memory of this process alone, PostgreSQL apart.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from yakuba.nodes.embedded_postgres import Server, prepare_database, total_memory_mb

CODE = "27223"
SEED = 20261121
HARD_PERSONS_PER_SECOND = 5_000  # any machine slower than that has something else to do
HARD_PEAK_MB = 2_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.residents_import", description=__doc__)
    parser.add_argument("--residents", type=int, default=100_000)
    parser.add_argument("--file", type=Path, help="a register that is there already, of --code")
    parser.add_argument("--code", default=CODE)
    parser.add_argument("--no-export", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yakuba-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's account passes through
        server = Server(folder / "postgres", folder / "private")
        server.start()
        try:
            prepare_database(server)
            result = _run(args, folder, server)
        finally:
            server.stop()
    print(json.dumps(result, ensure_ascii=False, indent=1))
    slow = result["persons_per_second"] < HARD_PERSONS_PER_SECOND
    return int(slow or result["peak_rss_mb"] > HARD_PEAK_MB)


def _run(args: argparse.Namespace, folder: Path, server: Server) -> dict[str, Any]:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "yakuba.nodes.settings",
        "YAKUBA_DATABASE_URL": server.url(),
        "YAKUBA_DATA": str(folder / "data"),
        "YAKUBA_SECRET_KEY": "bench",
    }
    os.environ.pop("YAKUBA_APP_DATABASE_URL", None)
    file = args.file or _generate(args, folder)

    from yakuba.nodes import town

    # Like a house's commands: in the application's role, which the owner's address is beside for the indexes.
    town.make_ready(lambda *_: None)
    from django.db import connection

    from yakuba.console import Console
    from yakuba.platform.clock import SystemClock
    from yakuba.sandbox.town_setup import create_house
    from yakuba.systems.residents.commands import cli_desk
    from yakuba.systems.residents.transfer import exporting, indexes, loading

    create_house(args.code, date.today(), SystemClock(), SEED)  # noqa: DTZ011 -- the bench's own day
    console = Console(sys.stderr)

    start, cpu = time.perf_counter(), time.process_time()
    report = loading.load(cli_desk(SystemClock()), file, console.progress)
    load_s, load_cpu_s = time.perf_counter() - start, time.process_time() - cpu
    peak_mb = _peak_mb()
    assert indexes.missing() == []
    figures: dict[str, Any] = {
        "persons": report.loaded,
        "refused": report.refused,
        "reasons": report.reasons,
        "warnings": {code: told["count"] for code, told in report.warnings.items()},
        "same_person_groups": report.same_person_groups,
        "load_seconds": round(load_s, 2),
        "persons_per_second": round(report.loaded / load_s),
        "stage_seconds": {"survey": round(load_s - sum(report.seconds.values()), 2), **report.seconds},
        "process_cpu_seconds": round(load_cpu_s, 2),
        "peak_rss_mb": peak_mb,
    }
    if not args.no_export:
        out = folder / "export.csv"
        start = time.perf_counter()
        manifest = exporting.export(
            cli_desk(SystemClock(), individual_numbers=True), out, console.progress, with_individual_numbers=True
        )
        export_s = time.perf_counter() - start
        figures |= {
            "export_seconds": round(export_s, 2),
            "exported_per_second": round(manifest.rows / export_s),
            "identical": manifest.sha256 == report.manifest.sha256,
            "peak_rss_mb": _peak_mb(),
        }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database()), version()")
        size, version = cursor.fetchone()
        settings = {}
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "shared_buffers"):
            cursor.execute(f"SHOW {setting}")
            settings[setting] = cursor.fetchone()[0]
    return {
        **figures,
        "file_mb": round(report.manifest.bytes / 1e6),
        "database_mb": round(size / 1e6),
        "conditions": {
            "cpus": os.cpu_count(),
            "load_average": round(os.getloadavg()[0], 2),
            "memory_mb": total_memory_mb(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "postgres": version.split(" on ")[0],
            "seed": SEED,
            **settings,
        },
    }


def _generate(args: argparse.Namespace, folder: Path) -> Path:
    """In a process of its own, so that its memory isn't counted."""
    file = folder / "register.csv"
    program = (
        "import sys, datetime, pathlib; from yakuba.sandbox.population import write_register;"
        "write_register(pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]),"
        " datetime.date.fromisoformat(sys.argv[5]))"
    )
    arguments = [str(file), args.code, str(args.residents), str(SEED), date.today().isoformat()]  # noqa: DTZ011 -- the bench's own day
    subprocess.run([sys.executable, "-c", program, *arguments], check=True)
    return file


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    raise SystemExit(main())
