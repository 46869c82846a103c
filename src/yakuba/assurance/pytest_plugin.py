"""Notes which requirements the tests prove: registered in tests/conftest.py, works under pytest-xdist.

`@pytest.mark.req("RES-058", …)` names requirements of the catalogue; a test that names an unknown one fails. After a
complete run (no selection, no collection error, no crashed worker) the outcomes go to `requirements-run.json`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from yakuba import __version__
from yakuba.nodes.paths import DataFolder, data_folder
from yakuba.platform.clock import Clock, SystemClock

from . import catalogue, runs

_PROPERTY = "requirements"
_PHASES = ("setup", "call", "teardown")
_SELECTORS = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "collectonly")
_WORST = {"passed": 0, "skipped": 1, "failed": 2}


def _named(item: pytest.Item) -> list[str]:
    return sorted({str(id_) for mark in item.iter_markers("req") for id_ in mark.args})


def pytest_configure(config: pytest.Config) -> None:
    # Workers send their reports to the controller, which alone sees the whole run.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config, data_folder(), SystemClock()), "yakuba-requirements")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Reports carry `user_properties` from a worker to the controller; marks they don't carry."""
    for item in items:
        named = _named(item)
        if named:
            item.user_properties.append((_PROPERTY, named))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    unknown = [id_ for id_ in _named(item) if id_ not in catalogue.ids()]
    if unknown:
        pytest.fail(f"not in the requirements catalogue: {', '.join(unknown)}", pytrace=False)


class Recorder:
    """Collects outcomes by test, and writes them once the run turns out to be complete."""

    def __init__(self, config: pytest.Config, data: DataFolder, clock: Clock) -> None:
        self._config, self._data, self._clock = config, data, clock
        self._outcomes: dict[str, str] = {}
        self._tests: dict[str, set[str]] = {}
        self._is_broken = False
        self._written: str | None = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._is_broken |= report.failed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when not in _PHASES:  # the report that xdist makes up for a crashed worker
            self._is_broken = True
            return
        so_far = self._outcomes.get(report.nodeid, "passed")
        self._outcomes[report.nodeid] = max(so_far, str(report.outcome), key=_WORST.__getitem__)
        for name, value in report.user_properties:
            if name == _PROPERTY and isinstance(value, (list, tuple)):
                for id_ in value:
                    self._tests.setdefault(str(id_), set()).add(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if not self._is_complete(session, exitstatus):
            return
        tests = {
            id_: {node: self._outcomes[node] for node in sorted(nodes)} for id_, nodes in sorted(self._tests.items())
        }
        runs.save(self._data, runs.now(self._clock.now(), __version__, Counter(self._outcomes.values()), tests))
        met = sum(runs.passed(outcomes.values()) is True for outcomes in tests.values())
        self._written = f"requirements proved: {met} of {len(catalogue.ids())} -> {runs.run_file(self._data)}"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._written:
            terminalreporter.write_line(self._written)

    def _is_complete(self, session: pytest.Session, exitstatus: int) -> bool:
        return (
            exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
            and not self._is_broken
            and not session.shouldstop
            and not session.shouldfail
            and self._config.args_source is pytest.Config.ArgsSource.TESTPATHS
            and not any(self._config.getoption(name, None) for name in _SELECTORS)
        )
