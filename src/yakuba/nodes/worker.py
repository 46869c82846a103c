"""The worker process: delivers events as they are committed, seals the log, and runs jobs.

`python -m yakuba.nodes.worker`. Woken by PostgreSQL's NOTIFY; a kill at any moment needs nothing but a new start.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable

import django
from django.db import connection

_log = logging.getLogger(__name__)
_WAKE_AT_LEAST_EVERY_S = 30.0  # a safety net under NOTIFY, for deliveries held back by a failure


def _deliver_until(stop: threading.Event) -> None:
    from yakuba.platform.clock import SystemClock
    from yakuba.platform.events.outbox import CHANNEL, dispatch

    connection.ensure_connection()
    raw = connection.connection
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    while not stop.is_set():
        while dispatch(SystemClock()) and not stop.is_set():
            pass
        for _ in raw.notifies(timeout=_WAKE_AT_LEAST_EVERY_S if not stop.is_set() else 0, stop_after=1):
            pass


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yakuba.nodes.settings")
    django.setup()
    from procrastinate.contrib.django import app

    from yakuba.platform.audit.checkpoints import keep_sealed
    from yakuba.platform.clock import SystemClock
    from yakuba.platform.jobs import runner, tasks
    from yakuba.systems.residents.tasks import night

    night.configure(queueing_lock=None).defer(timestamp=0)  # what fell due while the house was closed
    for job in runner.abandoned():
        _log.warning("job %s (%s) was interrupted and goes on", job.pk, job.kind)
        tasks.enqueue(job.pk)
    stop = threading.Event()
    failed: list[BaseException] = []

    def deliver() -> None:
        _or_stop(lambda: _deliver_until(stop))

    def seal() -> None:
        _or_stop(lambda: keep_sealed(SystemClock(), stop))

    def _or_stop(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
            if not stop.is_set():
                # The supervisor starts a new worker: better than one that only half works.
                signal.raise_signal(signal.SIGTERM)
            raise

    threads = [threading.Thread(target=work, name=work.__name__, daemon=True) for work in (deliver, seal)]
    for thread in threads:
        thread.start()
    worker_app = app.with_connector(app.connector.get_worker_connector())
    try:
        worker_app.run_worker(queues=["jobs"], concurrency=1, install_signal_handlers=True)
    finally:
        stop.set()
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    # Under its own name: what workers share must not live in `__main__`.
    from yakuba.nodes import worker

    worker.main()
