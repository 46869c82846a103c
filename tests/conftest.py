"""What every test may use: a PostgreSQL shared by the run's workers, a database of one's own, the browser's place."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from yakuba.nodes.embedded_postgres import Server
from yakuba.nodes.shared_postgres import shared_server, throwaway_database

pytest_plugins = ["tests.django_fixtures", "yakuba.assurance.pytest_plugin"]

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server without durability: one for all workers (and runs) of this copy of the source."""
    mark = hashlib.sha256(os.fsencode(Path(__file__))).hexdigest()[:8]
    with shared_server(Path(tempfile.gettempdir()) / f"yakuba-tests-{os.geteuid()}-{mark}") as server:
        yield server


@pytest.fixture(scope="session")
def database_url(postgres_server: Server) -> Iterator[str]:
    """URL of an empty database of this worker alone; its user is the owner: may create roles, is no superuser."""
    with throwaway_database(postgres_server, f"test_{os.getpid()}") as url:
        yield url


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser its tests are skipped; in CI nothing may be missing: there they run and fail."""
    if os.environ.get("YAKUBA_CHROMIUM") or IN_CI:
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(
                pytest.mark.skip(reason="no Chromium: YAKUBA_CHROMIUM is not set (./yakuba test finds one)")
            )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Repeat, right above the closing line, what `./yakuba test` found before pytest."""
    checks = os.environ.get("YAKUBA_CHECKS")
    if checks:
        terminalreporter.section("checks")
        terminalreporter.write_line(checks)
