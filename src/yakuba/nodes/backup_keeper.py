"""The house's own night watch: takes the backup when its hour has come, or as soon as the house opens after a missed one.

`python -m yakuba.nodes.backup_keeper`. It works as the owner of the database, which no program that serves people does, and
each run is a process of its own. A kill at any moment needs nothing but a new start.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from yakuba.core.findings import Refused
from yakuba.nodes import backup, processes
from yakuba.nodes.paths import data_folder
from yakuba.platform.clock import Clock, SystemClock

_log = logging.getLogger(__name__)
_SETTLE = timedelta(minutes=2)
"""After the house opened: people come first."""
_AGAIN_AFTER = timedelta(minutes=30)
_LOOK_EVERY_S = 20.0


def is_due(config: backup.Config, opened: datetime, failed: datetime | None, now: datetime) -> bool:
    """Whether to take one now. `opened`: when the house opened; `failed`: when the last try failed."""
    if now < opened + _SETTLE or (failed is not None and now < failed + _AGAIN_AFTER):
        return False
    newest = next(iter(backup.sets(config, backup.DAILY)), None)
    return now >= backup.due_after(config, newest.manifest.taken_at if newest else None, opened)


def keep(clock: Clock, run: Callable[[], bool], pause: Callable[[], bool]) -> None:
    """Look, run when due, `pause`; until that says to stop."""
    opened, failed = clock.now(), None
    while True:
        now = clock.now()
        try:
            due = is_due(backup.configuration(data_folder()), opened, failed, now)
        except Refused as refusal:
            if failed is None or now >= failed + _AGAIN_AFTER:
                _log.error("%s", refusal)
                failed = now
            due = False
        if due:
            failed = None if run() else clock.now()
        if pause():
            return


def _run() -> bool:
    command = [sys.executable, "-P", "-m", "yakuba.cli", "backup", "run", "--nightly"]
    done = subprocess.run(  # noqa: S603 -- our own command
        command, stdin=subprocess.DEVNULL, preexec_fn=processes.die_with_parent(signal.SIGTERM), check=False
    )
    if done.returncode != 0:
        _log.error("the backup ended with %s", done.returncode)
    return done.returncode == 0


def _sleep() -> bool:
    time.sleep(_LOOK_EVERY_S)
    return False


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    keep(SystemClock(), _run, _sleep)


if __name__ == "__main__":
    main()
