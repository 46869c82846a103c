"""Long work: progress, cancellation, and resumption after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from django.db import connection, transaction

from yakuba.platform.jobs import runner
from yakuba.platform.jobs.models import Job, State


@pytest.fixture
def counting(monkeypatch):
    monkeypatch.setattr(runner, "_kinds", dict(runner._kinds))
    monkeypatch.setattr(runner, "_foreground", dict(runner._foreground))
    done: list[int] = []

    @runner.job_kind("tests.count")
    def count(run: runner.Run):
        for number in range(run.cursor or 0, run.arguments["to"]):
            run.raise_if_cancelled()
            with transaction.atomic():
                done.append(number)
                run.checkpoint(number + 1, number + 1, run.arguments["to"])
                if number == run.arguments.get("cancel_at"):
                    runner.request_cancel(run.job.pk)
                if number == run.arguments.get("fail_at") and len(done) <= number + 1:
                    raise OSError("見本の失敗")
        return {"counted": len(done)}

    return done


def test_done_once(fresh_database, clock, counting):
    job = runner.create("tests.count", {"to": 5}, "kanri1", clock)
    seen: list[int] = []
    runner.execute(job.pk, clock, lambda job: seen.append(job.done))
    job.refresh_from_db()
    assert (job.state, job.done, job.result) == (State.DONE, 5, {"counted": 5})
    assert seen == [1, 2, 3, 4, 5, 5]
    runner.execute(job.pk, clock)
    assert counting == [0, 1, 2, 3, 4]


def test_cancelled_at_a_checkpoint(fresh_database, clock, counting):
    job = runner.create("tests.count", {"to": 5, "cancel_at": 1}, "kanri1", clock)
    assert runner.execute(job.pk, clock).state == State.CANCELLED
    assert counting == [0, 1]
    assert not runner.request_cancel(job.pk)


def test_a_failed_chunk_is_done_again_and_no_other(fresh_database, clock, counting):
    job = runner.create("tests.count", {"to": 4, "fail_at": 2}, "kanri1", clock)
    with pytest.raises(OSError, match="見本の失敗"):
        runner.execute(job.pk, clock)
    job.refresh_from_db()
    assert (job.state, job.cursor, job.error) == (State.FAILED, 2, "OSError: 見本の失敗")
    assert runner.execute(job.pk, clock).state == State.DONE
    assert counting == [0, 1, 2, 2, 3]


def test_what_belongs_to_a_persons_command_is_left_to_it(fresh_database, clock, counting):
    runner.job_kind("tests.build", foreground="for tests")(lambda run: {})
    runner.create("tests.build", {}, "kanri1", clock)
    assert runner.abandoned() == []


def test_two_processes_never_run_one_job(fresh_database, clock, counting):
    import psycopg

    job = runner.create("tests.count", {"to": 1}, "kanri1", clock)
    with psycopg.connect(fresh_database) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [runner._LOCK_SPACE, job.pk])
        assert runner.abandoned() == []
        with pytest.raises(runner.JobBusy):
            runner.execute(job.pk, clock)
    assert [found.pk for found in runner.abandoned()] == [job.pk]


@pytest.mark.fault
def test_a_killed_process_loses_at_most_its_open_chunk(fresh_database, clock, counting):
    """A real process, killed by SIGKILL in the middle; another one takes the job over at once and goes on."""
    program = textwrap.dedent(
        """
        import sys, time
        import django
        django.setup()
        from django.db import connection, transaction
        from yakuba.platform.clock import SystemClock
        from yakuba.platform.jobs import runner

        @runner.job_kind("tests.rows")
        def rows(run):
            for number in range(run.cursor or 0, 50):
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute("INSERT INTO tests_rows VALUES (%s)", [number])
                    run.checkpoint(number + 1, number + 1, 50)
                print(number, flush=True)
                if number == 10 and len(sys.argv) > 2:
                    time.sleep(60)
            return {}

        runner.execute(int(sys.argv[1]), SystemClock())
        """
    )
    runner.job_kind("tests.rows")(lambda run: {})  # this process could run it too: it waits for its turn
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE tests_rows (number integer)")
    job = Job.objects.create(kind="tests.rows", account="kanri1", created_at=clock.now())
    environment = {**os.environ, "YAKUBA_DATABASE_URL": fresh_database, "YAKUBA_APP_DATABASE_URL": ""}
    command = [sys.executable, "-c", program, str(job.pk)]
    process = subprocess.Popen([*command, "slowly"], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "10":
            break
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    deadline = time.monotonic() + 10
    while not runner.abandoned() and time.monotonic() < deadline:
        pass  # until the server has noticed that its client is gone
    assert [found.pk for found in runner.abandoned()] == [job.pk]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT number) FROM tests_rows")
        assert cursor.fetchone() == (50, 50)
    job.refresh_from_db()
    assert job.state == State.DONE
