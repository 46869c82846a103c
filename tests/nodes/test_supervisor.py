"""Houses of small stand-in programs: opened, watched, killed at every point, and opened again."""

from __future__ import annotations

import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yakuba.console import Console
from yakuba.nodes import house_state, processes, supervisor
from yakuba.nodes.embedded_postgres import Server
from yakuba.nodes.paths import DataFolder
from yakuba.nodes.processes import Identity

_PATIENCE_S = 60

WEB = """
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()
    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer.allow_reuse_address = True
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
if "--forking" in sys.argv and os.fork() == 0:  # like a server whose workers share its socket
    server.serve_forever()
server.serve_forever()
"""
WORKER = """
import os, time
import psycopg
psycopg.connect(os.environ["YAKUBA_APP_DATABASE_URL"]).close()
print("worker", os.environ["TOWN_SAYS"], "owner" if "YAKUBA_DATABASE_URL" in os.environ else "application", flush=True)
while True:
    time.sleep(1)
"""
PREPARE = """
import json, os, sys, time
def tell(**message):
    print(json.dumps(message), flush=True)
if sys.argv[1] == "accounts":
    tell(result=[{"login": "mihon", "password": "himitsu", "duty": "住民", "name": "見本太郎", "one_time_code": "123456"}])
else:
    for done in (1, 2):
        tell(stage="住民を作っています", done=done, total=2, detail="")
        if len(sys.argv) > 2:
            time.sleep(float(sys.argv[2]))
    environment = {"TOWN_SAYS": "good morning", "YAKUBA_APP_DATABASE_URL": os.environ["YAKUBA_DATABASE_URL"]}
    tell(result={"住民": 20000, "environment": environment})
"""
HOUSE = """
import json, os, sys
from pathlib import Path
from yakuba.console import Console
from yakuba.nodes.paths import DataFolder
from yakuba.nodes.supervisor import House, Plan, Program, python_command

here, port, options = Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
def programs(port):
    return [
        Program("web", "画面サーバ", python_command(str(here / options.get("web", "web.py")), str(port), "--forking"), 3),
        Program("worker", "処理サーバ", python_command(str(here / "worker.py")), 3),
    ]
plan = Plan(
    programs=programs,
    prepare=python_command(str(here / "prepare.py"), "town", str(options.get("delay", 0))),
    accounts=python_command(str(here / "prepare.py"), "accounts"),
    ready_timeout_s=30,
)
sys.exit(House(DataFolder(here / "data"), Console(sys.stdout), plan, port).up())
"""


class Town:
    """A house in a folder of its own, run by a process of its own."""

    def __init__(self, folder: Path, database_url: str | None = None) -> None:
        self.folder = folder
        self.environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.environ.pop("YAKUBA_DATABASE_URL", None)
        if database_url:
            self.environ["YAKUBA_DATABASE_URL"] = database_url
        self.data = DataFolder(folder / "data")
        for name, program in (("web", WEB), ("worker", WORKER), ("prepare", PREPARE), ("house", HOUSE)):
            (folder / f"{name}.py").write_text(program, encoding="utf-8")
        self.started: list[subprocess.Popen[str]] = []
        self.port = supervisor.next_free_port(20_000 + os.getpid() % 10_000)

    def up(self, **options: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(self.folder / "house.py"), str(self.folder), str(self.port), json.dumps(options)],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=processes.die_with_parent(signal.SIGTERM),  # with a test run that is cut off
        )
        self.started.append(process)
        return process

    def status(self) -> dict[str, Any]:
        return house_state.status(self.data)

    def identity(self, name: str) -> Identity | None:
        return Identity.from_json(house_state.read_state(self.data).get("children", {}).get(name))

    def await_ready(self, process: subprocess.Popen[str]) -> None:
        wait_until(lambda: self.status()["pid"] == process.pid and self.status()["running"], process)

    def serves(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def everyone(self) -> list[Identity]:
        """All processes of the house but its supervisor, sessions of the database included."""
        token = house_state.read_state(self.data)["token"]
        return processes.carrying(supervisor.TOKEN_VARIABLE, token) + processes.working_in(self.data.postgres / "data")


def wait_until(condition: Any, process: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if process is not None and process.poll() is not None:
            assert process.stdout is not None
            pytest.fail(f"ended with {process.returncode}: {process.stdout.read()}")
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def finish(process: subprocess.Popen[str]) -> str:
    """Ask the supervisor to stop; what it said."""
    process.terminate()
    said, _ = process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == 0, said
    return said


@pytest.fixture
def town() -> Iterator[Town]:
    """A town with an embedded database."""
    yield from _town(None)


@pytest.fixture
def office(database_url: str) -> Iterator[Town]:
    """A town whose database is a server somewhere else."""
    yield from _town(database_url)


def _town(database_url: str | None) -> Iterator[Town]:
    folder = Path(tempfile.mkdtemp(prefix="yakuba-town-"))
    folder.chmod(0o711)
    made = Town(folder, database_url)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    supervisor.clear_leftovers(made.data)
    shutil.rmtree(folder)


def test_a_house_opens_serves_tells_and_closes(town: Town) -> None:
    assert town.status()["phase"] == "stopped"
    process = town.up()
    town.await_ready(process)
    assert town.serves()
    standing = town.status()
    assert (standing["web"]["running"], standing["worker"]["running"], standing["database"]["running"]) == (True,) * 3
    assert standing["url"] == f"http://localhost:{town.port}/"
    wait_until(
        lambda: "worker good morning application" in (town.data.log / "worker.log").read_text(encoding="utf-8"), process
    )
    everyone = town.everyone()
    said = finish(process)
    for expected in (standing["url"], "mihon", "himitsu", "123456", "見本太郎", "住民: 20,000", "役場を閉じました。"):
        assert expected in said
    assert "good morning" not in said
    assert not any(map(processes.is_alive, everyone))
    assert town.status()["phase"] == "stopped"
    assert not (town.data.postgres / "data/postmaster.pid").exists()


def test_a_second_opening_says_so_and_disturbs_nothing(office: Town) -> None:
    first = office.up()
    office.await_ready(first)
    before = house_state.read_state(office.data)
    said, _ = office.up().communicate(timeout=_PATIENCE_S)
    assert f"もう開いています: http://localhost:{office.port}/" in said
    assert str(first.pid) in said
    assert office.started[-1].returncode == 0
    assert house_state.read_state(office.data) == before
    finish(first)


def test_an_opening_while_another_one_starts_waits_for_it(office: Town) -> None:
    first = office.up(delay=0.5)
    wait_until(lambda: office.status()["phase"] == "starting", first)
    said, _ = office.up().communicate(timeout=_PATIENCE_S)
    assert "終わるまで待ちます" in said
    assert "もう開いています" in said
    finish(first)


def test_down_closes_a_house_that_somebody_else_opened(town: Town) -> None:
    process = town.up()
    town.await_ready(process)
    everyone = town.everyone()
    said = io.StringIO()
    assert supervisor.down(town.data, Console(said)) == 0
    assert said.getvalue() == "役場を閉じました。\n"
    assert process.wait(_PATIENCE_S) == 0
    assert not any(map(processes.is_alive, everyone))
    assert supervisor.down(town.data, Console(said)) == 0
    assert said.getvalue().endswith("役場は動いていません。\n")


def test_down_closes_a_house_that_is_still_preparing(town: Town) -> None:
    process = town.up(delay=60)
    wait_until(lambda: (town.data.log / "prepare.log").exists(), process)
    assert supervisor.down(town.data, Console(io.StringIO())) == 0
    assert process.wait(_PATIENCE_S) == 0
    assert not (town.data.postgres / "data/postmaster.pid").exists()


def test_a_port_of_another_program_is_left_alone(office: Town) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", office.port))
        other.listen()
        process = office.up()
        office.await_ready(process)
        url = office.status()["url"]
        said = finish(process)
    assert url != f"http://localhost:{office.port}/"
    assert f"ポート {office.port} は使われているので" in said


@pytest.mark.fault
@pytest.mark.parametrize("victim", ["web", "worker", "database"])
def test_a_killed_part_is_started_again(town: Town, victim: str) -> None:
    process = town.up()
    town.await_ready(process)
    before = town.identity(victim)
    assert before is not None
    os.kill(before.pid, signal.SIGKILL)
    wait_until(
        lambda: town.identity(victim) not in {None, before} and processes.is_alive(town.identity(victim)), process
    )
    wait_until(town.serves, process)
    wait_until(lambda: Server(town.data.postgres, town.data.secrets).is_running(), process)
    with psycopg.connect(Server(town.data.postgres, town.data.secrets).url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    part = town.status()[victim]
    assert part["restarts"] >= 1
    said = finish(process)
    assert "(シグナル 9)" in said
    assert "を再起動しました。" in said


@pytest.mark.fault
def test_after_the_kill_of_the_supervisor_a_plain_up_works(town: Town) -> None:
    first = town.up()
    town.await_ready(first)
    everyone = town.everyone()
    first.kill()
    first.wait()
    second = town.up()
    town.await_ready(second)
    assert town.serves()
    assert not any(map(processes.is_alive, everyone))
    finish(second)


@pytest.mark.fault
def test_after_the_kill_of_supervisor_and_main_processes_orphans_are_found(town: Town) -> None:
    """The web's own child holds the port, sessions hold the database's memory: a plain `up` sees to both."""
    first = town.up()
    town.await_ready(first)
    with psycopg.connect(Server(town.data.postgres, town.data.secrets).url()) as session:
        busy = processes.identify(session.info.backend_pid)
        assert busy is not None
        os.kill(busy.pid, signal.SIGSTOP)
        mains = [town.identity(name) for name in ("web", "worker", "database")]
        everyone = town.everyone()
        for pid in [first.pid, *(main.pid for main in mains if main)]:
            os.kill(pid, signal.SIGKILL)
        first.wait()
    orphans = [identity for identity in everyone if identity not in mains]
    assert any(map(processes.is_alive, orphans)), "the web's child should have outlived its parent"
    second = town.up()
    town.await_ready(second)
    assert not any(map(processes.is_alive, everyone))
    assert town.status()["url"] == f"http://localhost:{town.port}/"
    finish(second)


@pytest.mark.fault
def test_down_clears_what_a_killed_supervisor_left(office: Town) -> None:
    process = office.up()
    office.await_ready(process)
    web = office.identity("web")
    assert web is not None
    everyone = office.everyone()
    os.kill(web.pid, signal.SIGSTOP)  # deaf to the kernel's word that its parent died
    process.kill()
    process.wait()
    said = io.StringIO()
    assert supervisor.down(office.data, Console(said)) == 0
    assert "残っていた" in said.getvalue()
    assert not any(map(processes.is_alive, everyone))


@pytest.mark.fault
def test_a_kill_during_the_preparation_leaves_nothing_in_the_way(office: Town) -> None:
    first = office.up(delay=60)
    wait_until(lambda: (office.data.log / "prepare.log").exists(), first)
    first.kill()
    first.wait()
    second = office.up()
    office.await_ready(second)
    finish(second)


def test_a_web_that_cannot_start_is_told_with_its_last_words(office: Town) -> None:
    (office.folder / "broken.py").write_text("raise SystemExit('no such desk')", encoding="utf-8")
    process = office.up(web="broken.py")
    said, _ = process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == 1
    assert "画面サーバが起動しません" in said
    assert "no such desk" in said
    assert str(office.data.log / "web.log") in said


def test_a_failing_preparation_is_told_with_its_last_words(office: Town) -> None:
    (office.folder / "prepare.py").write_text("raise SystemExit('no such town')", encoding="utf-8")
    process = office.up()
    said, _ = process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == 1
    assert "no such town" in said


def test_a_command_borrows_the_database_of_a_running_house(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YAKUBA_DATABASE_URL", raising=False)
    process = town.up()
    town.await_ready(process)
    with supervisor.database_available(town.data, Console(io.StringIO())) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert os.environ["YAKUBA_DATABASE_URL"] == url
    assert "YAKUBA_DATABASE_URL" not in os.environ
    assert town.serves()
    finish(process)


def test_a_command_without_a_house_starts_the_database_for_itself(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YAKUBA_DATABASE_URL", raising=False)
    with supervisor.database_available(town.data, Console(io.StringIO())) as url:
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert town.status()["phase"] == "command"
        said = io.StringIO()
        assert supervisor.down(town.data, Console(said)) == 1
        assert str(os.getpid()) in said.getvalue()
    assert town.status()["phase"] == "stopped"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_a_named_server_is_used_as_it_is(office: Town, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("YAKUBA_DATABASE_URL", database_url)
    with supervisor.database_available(office.data, Console(io.StringIO())) as url:
        assert url == database_url
    process = office.up()
    office.await_ready(process)
    assert office.status()["database"] == {"external": True}
    assert not office.data.postgres.exists()
    finish(process)


def test_only_one_holds_the_lock(office: Town) -> None:
    office.data.create()
    first, second = house_state.HouseLock(office.data), house_state.HouseLock(office.data)
    assert not first.is_held()
    assert first.acquire()
    assert second.is_held()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


@given(st.integers(1, 10_000))
def test_the_wait_before_a_restart_grows_to_a_bound(failures: int) -> None:
    assert 0.5 <= supervisor.backoff_s(failures) <= supervisor.backoff_s(failures + 1) <= 30


def test_a_log_stays_bounded_while_others_write(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        for _ in range(100):
            writer.write(b"x" * 100)
            supervisor.bound_log(log, 1000)
    assert log.stat().st_size <= 1100
    assert (tmp_path / "web.log.1").stat().st_size <= 1200


def test_a_launcher_that_went_away_stops_nothing() -> None:
    reading, writing = os.pipe()
    console = Console(os.fdopen(writing, "w"))
    os.close(reading)
    console.say("nobody listens")
    console.progress("stage", 1, 2)
    after = io.StringIO()
    console.move(after)
    console.say("the log does")
    assert after.getvalue() == "the log does\n"


def test_signals_are_given_back() -> None:
    """A house in this process leaves the handlers as they were."""
    assert threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    with supervisor._Signals():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
