"""Starts a house, keeps it standing, stops it: embedded PostgreSQL, the town's preparation, the web and the worker.

One supervisor a data folder, by a lock that the kernel takes back when it dies. What it started is noted in
`run/house.json`, each process by pid and start time and all by a token in their environment, so that the next `up` or
`down` finds whatever a killed supervisor left. Standard library only.
"""

from __future__ import annotations

import errno
import http.client
import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from yakuba import __version__
from yakuba.console import Console
from yakuba.nodes import processes
from yakuba.nodes.embedded_postgres import PostgresUnavailable, Server, database_home, prepare_database
from yakuba.nodes.house_state import HouseLock, read_state, state_file, status, write_state
from yakuba.nodes.paths import DataFolder
from yakuba.nodes.processes import Identity

TOKEN_VARIABLE = "YAKUBA_HOUSE"  # noqa: S105 -- a variable's name
SOURCE = Path(__file__).resolve().parents[2]
LOG_LIMIT_BYTES = 10 << 20
_PORTS_TRIED = 100
_STEADY_AFTER_S = 60.0
_LONGEST_BACKOFF_S = 30.0
_STARTS_BEFORE_READY = 3
_TICK_S = 0.5
_LEFTOVER_TIMEOUT_S = 5.0


class HouseFailed(RuntimeError):
    """The house can't start; the message (Japanese) says why and where to look."""


class _StopRequested(Exception):
    pass


# -- what a house consists of ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Program:
    """One child: `title` is what people read; after `stop_timeout_s` from SIGTERM it is killed with its group.

    `as_owner`: it serves nobody and gets the owner's database URL.
    """

    name: str
    title: str
    command: tuple[str, ...]
    stop_timeout_s: float = 10.0
    as_owner: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a house runs besides its database.

    `prepare` and `accounts` are commands that write JSON lines: `{"stage", "done", "total", "detail"}` while they work,
    `{"result": …}` at last. Of the result of `prepare`, `environment` is added to the programs' environment, all else
    is shown; `accounts` results in a list of objects with login, password, one_time_code, duty and name.
    `programs(port)` are started and stopped in this order, while the database runs; `web` answers 200 to `health_path` when it is ready.
    """

    programs: Callable[[int], Sequence[Program]]
    prepare: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    health_path: str = "/healthz"
    ready_timeout_s: float = 120.0


def python_command(*arguments: str) -> tuple[str, ...]:
    """This interpreter, with nothing importable from the working directory."""
    return (sys.executable, "-P", *arguments)


def town_plan(residents: int, code: str, seed: int | None) -> Plan:
    """The plan of a municipality: `yakuba.nodes.town`, granian with `yakuba.nodes.wsgi`, `yakuba.nodes.worker`."""
    chosen = () if seed is None else ("--seed", str(seed))
    preparation = python_command("-m", "yakuba.nodes.preparation")

    def programs(port: int) -> list[Program]:
        web = python_command(
            *("-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            # Two threads each: more wait for the interpreter's lock, and cost a search 10 % of the processor.
            *("--workers", "2", "--blocking-threads", "2", "--no-ws", "--respawn-failed-workers"),
            *("--workers-kill-timeout", "5", "yakuba.nodes.wsgi:application"),
        )
        return [
            Program("web", "画面サーバ", web),
            Program("worker", "処理サーバ", python_command("-m", "yakuba.nodes.worker")),
            Program("backup", "バックアップ", python_command("-m", "yakuba.nodes.backup_keeper"), as_owner=True),
        ]

    return Plan(
        programs=programs,
        prepare=(*preparation, "town", "--residents", str(residents), "--code", code, *chosen),
        accounts=(*preparation, "accounts"),
    )


def program_environment(data: DataFolder, environ: Mapping[str, str], database_url: str) -> dict[str, str]:
    """The environment of everything that runs in the house."""
    path = [str(SOURCE), *filter(None, [environ.get("PYTHONPATH")])]
    return {
        **environ,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path)),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "DJANGO_SETTINGS_MODULE": "yakuba.nodes.settings",
        "YAKUBA_DATA": str(data.root),
        "YAKUBA_DATABASE_URL": database_url,
        "YAKUBA_SECRET_KEY": data.secret("django_secret_key", lambda: secrets.token_urlsafe(50)),
    }


# -- cleaning up, closing -----------------------------------------------------------------------------------------------


def clear_leftovers(data: DataFolder) -> int:
    """End what a supervisor that died left running; returns how many processes. Call it with the lock."""
    state = read_state(data)
    noted = [Identity.from_json(child) for name, child in state.get("children", {}).items() if name != "database"]
    left = {identity for identity in noted if identity and processes.is_alive(identity)}
    token = state.get("token")
    if token:
        left |= set(processes.carrying(TOKEN_VARIABLE, token))
    for identity in left:
        processes.send(identity, signal.SIGTERM)
    deadline = time.monotonic() + _LEFTOVER_TIMEOUT_S
    for identity in left:
        processes.wait_ended(identity, deadline - time.monotonic())
    if token:
        left |= set(processes.carrying(TOKEN_VARIABLE, token))  # with whom they may have started meanwhile
    ended = sum(processes.end(identity, (signal.SIGKILL, 10.0)) for identity in left)
    if data.postgres.is_dir():
        server = Server(data.postgres.resolve(), data.secrets)
        ended += server.postmaster() is not None
        server.clear()
    state_file(data).unlink(missing_ok=True)
    return ended


def down(data: DataFolder, console: Console, timeout_s: float = 90.0) -> int:
    """Stop the house, whoever runs it; exit code."""
    lock = HouseLock(data)
    if not data.run.is_dir():
        console.say("役場は動いていません。")
        return 0
    if lock.acquire():
        ended = clear_leftovers(data)
        lock.release()
        console.say(
            f"役場は動いていません。残っていた {ended} 個のプロセスを終了しました。"
            if ended
            else "役場は動いていません。"
        )
        return 0
    state = read_state(data)
    supervisor = Identity.from_json(state.get("supervisor"))
    if state.get("phase") == "command" and supervisor:
        console.say(f"役場は動いていません。別のコマンド(プロセス {supervisor.pid})がデータベースを使っています。")
        return 1
    if supervisor:
        processes.send(supervisor, signal.SIGTERM)
    deadline = time.monotonic() + timeout_s
    while not lock.acquire():
        if time.monotonic() > deadline:
            if supervisor and processes.end(supervisor, (signal.SIGKILL, 10.0)) and lock.acquire():
                break
            console.say(f"役場を止められませんでした(プロセス {supervisor.pid if supervisor else '不明'})。")
            return 1
        time.sleep(0.05)
    clear_leftovers(data)
    lock.release()
    console.say("役場を閉じました。")
    return 0


# -- the database for one command --------------------------------------------------------------------------------------


@contextmanager
def database_available(data: DataFolder, console: Console) -> Iterator[str]:
    """The owner's database URL, also put into `os.environ` with what the settings need.

    `YAKUBA_DATABASE_URL` if it is set, the running house's database, or the embedded one for as long as this lasts.
    Raises PostgresUnavailable.
    """
    named = os.environ.get("YAKUBA_DATABASE_URL")
    data.create()
    lock = HouseLock(data)
    server = None
    try:
        if named:
            url = named
        else:
            told = False
            while True:
                server = Server(database_home(data), data.secrets)
                if lock.acquire():
                    clear_leftovers(data)
                    write_state(data, {"phase": "command", "supervisor": _myself().as_json()})
                    console.say("データベースを起動しています。")
                    server.start()
                    prepare_database(server)
                    break
                if status(data)["running"]:
                    break
                if not told:
                    console.say("ほかの処理がデータベースを使っています。終わるまで待ちます。")
                    told = True
                time.sleep(0.2)
            url = server.url()
        before = dict(os.environ)
        os.environ.update(program_environment(data, os.environ, url))
        try:
            yield url
        finally:
            os.environ.clear()
            os.environ.update(before)
    finally:
        if server is not None and server.process is not None:
            server.stop()
            state_file(data).unlink(missing_ok=True)
        lock.release()


def _myself() -> Identity:
    me = processes.identify(os.getpid())
    assert me is not None
    return me


# -- keeping a house ---------------------------------------------------------------------------------------------------


def backoff_s(failures: int) -> float:
    """Seconds to wait before the next start, after `failures` (>= 1) in a row: 0.5, 1, 2 … 30."""
    return min(_LONGEST_BACKOFF_S, 0.5 * 2.0 ** min(failures - 1, 10))


def next_free_port(first: int) -> int:
    """The first port from `first` on that is free on 127.0.0.1 and ::1 (browsers may try either for localhost)."""
    for port in range(first, min(first + _PORTS_TRIED, 65536)):
        if _is_free(port):
            return port
    raise HouseFailed(
        f"ポート {first} から {_PORTS_TRIED} 個がすべて使われています。--port で別の番号を指定してください。"
    )


def _is_free(port: int) -> bool:
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            if family == socket.AF_INET or error.errno == errno.EADDRINUSE:  # a machine may have no IPv6
                return False
    return True


def bound_log(file: Path, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
    """Keep a log that others append to within about twice `limit_bytes`: the current part and the one before."""
    with suppress(FileNotFoundError):  # somebody tidied up
        if file.stat().st_size > limit_bytes:
            shutil.copyfile(file, file.with_name(file.name + ".1"))
            os.truncate(file, 0)


class _Signals:
    """Signals as something to wait for; asks to stop come out of `pause` as _StopRequested while `armed`."""

    _STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def __init__(self) -> None:
        self.armed = True
        self._asked = False
        self._receiving, self._sending = socket.socketpair()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Signals:
        for end in (self._receiving, self._sending):
            end.setblocking(False)
        for number in (*self._STOPPING, signal.SIGCHLD):
            self._before[number] = signal.signal(number, self._note)
        self._wakeup_before = signal.set_wakeup_fd(self._sending.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._receiving.close()
        self._sending.close()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number in self._STOPPING:
            self._asked = True

    def pause(self, seconds: float, *readable: int) -> bool:
        """Wait until a signal comes, a descriptor can be read or `seconds` have passed; whether one can be read."""
        self._check()
        waking = self._receiving.fileno()
        ready, _, _ = select.select([waking, *readable], [], [], seconds)
        if waking in ready:
            self._receiving.recv(4096)
        self._check()
        return any(descriptor in ready for descriptor in readable)

    def _check(self) -> None:
        if self._asked and self.armed:
            raise _StopRequested


class _Unit(Protocol):
    """A part of the house that is started, watched and stopped."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    def start(self) -> None: ...
    def exited(self) -> str | None: ...
    def stop(self) -> None: ...
    def identity(self) -> Identity | None: ...


@dataclass(slots=True)
class _Child:
    program: Program
    environ: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def title(self) -> str:
        return self.program.title

    def start(self) -> None:
        self.process = _spawn(self.program.command, self.environ, self.log, subprocess.DEVNULL)

    def identity(self) -> Identity | None:
        return processes.identify(self.process.pid) if self.process else None

    def exited(self) -> str | None:
        if self.process is None or not processes.has_exited(self.process.pid):
            return None
        code = _stop_group(self.process, 0)  # its workers too, if it was killed
        self.process = None
        return _how_it_ended(code)

    def stop(self) -> None:
        if self.process is not None:
            _stop_group(self.process, self.program.stop_timeout_s)
            self.process = None


@dataclass(slots=True)
class _Database:
    server: Server
    name: str = "database"
    title: str = "データベース"

    def start(self) -> None:
        self.server.start()

    def identity(self) -> Identity | None:
        return processes.identify(self.server.process.pid) if self.server.process else None

    def exited(self) -> str | None:
        code = self.server.process.poll() if self.server.process else None
        return None if code is None else _how_it_ended(code)

    def stop(self) -> None:
        self.server.stop()


def _spawn(command: Sequence[str], environ: Mapping[str, str], log: Path, stdout: int) -> subprocess.Popen[bytes]:
    """A child in a group of its own, which is told to end when we die. `stdout` DEVNULL: to the log as well."""
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 -- commands of the plan
            command,
            cwd="/",
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output if stdout == subprocess.DEVNULL else stdout,
            stderr=output,
            start_new_session=True,
            preexec_fn=processes.die_with_parent(signal.SIGTERM),
        )


def _stop_group(process: subprocess.Popen[bytes], timeout_s: float) -> int:
    """End an unwaited child and its group; its return code."""
    if not processes.has_exited(process.pid):
        process.terminate()
        deadline = time.monotonic() + timeout_s
        while not processes.has_exited(process.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
    processes.end_group(process.pid)
    return process.wait()


def _how_it_ended(code: int) -> str:
    return f"シグナル {-code}" if code < 0 else f"終了コード {code}"


@dataclass(slots=True)
class _Watch:
    """What the supervisor knows of a unit's life; times are of the monotonic clock, in seconds."""

    unit: _Unit
    started_s: float = 0.0
    failures: int = 0
    restarts: int = 0
    due_s: float | None = None


@dataclass(slots=True)
class House:
    """One running house. `up()` returns after it has been stopped, with an exit code."""

    data: DataFolder
    console: Console
    plan: Plan
    port: int = 8000
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    on_ready: Callable[[], None] = lambda: None
    _state: dict[str, Any] = field(default_factory=dict, init=False)
    _watches: list[_Watch] = field(default_factory=list, init=False)
    _signals: _Signals = field(default_factory=_Signals, init=False)

    def up(self) -> int:
        """Start, keep and stop the house; 0 also when it is running already, which isn't disturbed."""
        try:
            self.data.create()
        except OSError as error:
            self.console.say(
                f"データフォルダ {self.data.root} に書き込めません({error.strerror})。"
                "YAKUBA_DATA で別の場所を指定してください。"
            )
            return 1
        lock = HouseLock(self.data)
        told = False
        while not lock.acquire():
            standing = status(self.data)
            if standing["running"]:
                self.console.say(f"役場はもう開いています: {standing['url']}(プロセス {standing['pid']})")
                self.console.say("止めるには ./yakuba down")
                return 0
            if not told:
                self.console.say("ほかの起動・停止処理の途中です。終わるまで待ちます。")
                told = True
            time.sleep(0.2)
        try:
            with self._signals:
                return self._live()
        finally:
            lock.release()

    # -- one life ------------------------------------------------------------------------------------------------------

    def _live(self) -> int:
        try:
            self._open()
            self._keep()
        except _StopRequested:
            return 0
        except (HouseFailed, PostgresUnavailable) as error:
            self.console.say(f"役場を開けませんでした。{error}")
            return 1
        finally:
            self._close()
        return 0

    def _open(self) -> None:
        ended = clear_leftovers(self.data)
        if ended:
            self.console.say(f"前回の残りのプロセスを {ended} 個終了しました。")
        port = next_free_port(self.port)
        if port != self.port:
            self.console.say(f"ポート {self.port} は使われているので、{port} を使います。")
        url = f"http://localhost:{port}/"
        self._state = {
            "phase": "starting",
            "token": secrets.token_hex(16),
            "supervisor": _myself().as_json(),
            "url": url,
            "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": __version__,
            "children": {},
        }
        self._note()
        environ = self._start_database() | {"YAKUBA_ORIGIN": url.rstrip("/"), TOKEN_VARIABLE: self._state["token"]}
        shown = dict(self._report(self.plan.prepare, environ, "prepare") or {}) if self.plan.prepare else {}
        environ |= shown.pop("environment", {})
        owners = dict(environ)
        if "YAKUBA_APP_DATABASE_URL" in environ:
            del environ["YAKUBA_DATABASE_URL"]  # the owner's: what serves people has no use for it
        for program in self.plan.programs(port):
            self._start(_Child(program, owners if program.as_owner else environ, self.data.log / f"{program.name}.log"))
        self._await_web(port)
        accounts = self._report(self.plan.accounts, environ, "prepare") if self.plan.accounts else []
        self._state["phase"] = "ready"
        self._note()
        self._welcome(url, shown, accounts)
        self.on_ready()

    def _start_database(self) -> dict[str, str]:
        named = self.environ.get("YAKUBA_DATABASE_URL")
        if named:
            self._state["external"] = True
            return program_environment(self.data, self.environ, named)
        self.console.say("データベースを起動しています。")
        server = Server(database_home(self.data), self.data.secrets, pause=self._signals.pause)
        self._start(_Database(server))
        prepare_database(server)
        return program_environment(self.data, self.environ, server.url())

    def _start(self, unit: _Unit) -> None:
        watch = _Watch(unit)
        self._watches.append(watch)  # before the start: what is half started is stopped too
        self._launch(watch)

    def _launch(self, watch: _Watch) -> None:
        watch.due_s = None
        watch.unit.start()
        watch.started_s = time.monotonic()
        identity = watch.unit.identity()
        if identity:
            self._state["children"][watch.unit.name] = {**identity.as_json(), "restarts": watch.restarts}
        self._note()

    def _report(self, command: Sequence[str], environ: Mapping[str, str], log_name: str) -> Any:
        """Run a command that writes JSON lines; show its progress, return its result."""
        log = self.data.log / f"{log_name}.log"
        process = _spawn(command, environ, log, subprocess.PIPE)
        assert process.stdout is not None
        result = None
        rest = b""
        try:
            while True:
                if not self._signals.pause(_TICK_S, process.stdout.fileno()):
                    continue
                block = os.read(process.stdout.fileno(), 65536)
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    told = json.loads(line)
                    if "result" in told:
                        result = told["result"]
                    else:
                        self.console.progress(told["stage"], told["done"], told["total"], told["detail"])
                if not block:
                    break
            while not processes.has_exited(process.pid):
                self._signals.pause(_TICK_S)
        finally:
            code = _stop_group(process, 10.0)
            process.stdout.close()
        if code != 0:
            raise HouseFailed(f"準備が途中で止まりました({_how_it_ended(code)})。\n{_last_lines(log)}")
        return result

    def _await_web(self, port: int) -> None:
        self.console.say("画面サーバを起動しています。")
        deadline = time.monotonic() + self.plan.ready_timeout_s
        while not _answers(port, self.plan.health_path):
            self._tend()
            for watch in self._watches:
                if watch.failures >= _STARTS_BEFORE_READY:
                    log = self.data.log / f"{watch.unit.name}.log"
                    raise HouseFailed(f"{watch.unit.title}が起動しません。\n{_last_lines(log)}")
            if time.monotonic() > deadline:
                raise HouseFailed(f"画面サーバが応答しません。\n{_last_lines(self.data.log / 'web.log')}")
            self._signals.pause(0.1)

    def _welcome(self, url: str, shown: Mapping[str, Any], accounts: Sequence[Mapping[str, Any]]) -> None:
        for name, value in shown.items():
            self.console.say(f"  {name}: {value:,}" if isinstance(value, int) else f"  {name}: {value}")
        self.console.say()
        self.console.say(f"役場が開きました: {url}")
        if accounts:
            self.console.say()
            heads = {
                "login": "利用者ID",
                "password": "パスワード",
                "one_time_code": "ワンタイムコード(30秒有効)",
                "duty": "職務",
                "name": "氏名",
            }
            names = [name for name in heads if name in accounts[0]]
            rows = [[str(account[name]) for name in names] for account in accounts]
            self.console.table([[heads[name] for name in names], *rows])
            self.console.say()
            self.console.say("新しいワンタイムコードは ./yakuba sandbox code")
        self.console.say(f"ログ: {self.data.log}/   データ: {self.data.root}/")
        self.console.say("止めるには Ctrl-C、または別の端末で ./yakuba down")

    # -- watching ------------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        while True:
            self._tend()
            for log in self.data.log.glob("*.log"):
                bound_log(log)
            self._signals.pause(_TICK_S)

    def _tend(self) -> None:
        """Restart what has ended, each after its own wait; the database first, since all others need it."""
        for watch in self._watches:
            now_s = time.monotonic()
            if watch.due_s is not None:
                if now_s >= watch.due_s:
                    self._relaunch(watch)
                continue
            how = watch.unit.exited()
            if how is not None:
                if now_s - watch.started_s >= _STEADY_AFTER_S:
                    watch.failures = 0
                self._plan_restart(watch, how)

    def _plan_restart(self, watch: _Watch, how: str) -> None:
        watch.failures += 1
        wait_s = backoff_s(watch.failures)
        watch.due_s = time.monotonic() + wait_s
        self.console.say(f"{watch.unit.title}が止まりました({how})。{wait_s:g} 秒後に再起動します。")

    def _relaunch(self, watch: _Watch) -> None:
        watch.restarts += 1
        try:
            self._launch(watch)
        except PostgresUnavailable as error:
            self._plan_restart(watch, str(error))
        else:
            self.console.say(f"{watch.unit.title}を再起動しました。")

    def _note(self) -> None:
        try:
            write_state(self.data, self._state)
        except OSError as error:  # a full disk: an unnoted house still serves
            self.console.say(f"状態を記録できません({error.strerror}): {state_file(self.data)}")

    def _close(self) -> None:
        """Stop everything in reverse order; more signals don't hurry it: the database must be closed properly."""
        self._signals.armed = False
        if not self._state:
            return
        self._state["phase"] = "stopping"
        self._note()
        self.console.say("役場を閉じています。")
        children = [watch for watch in self._watches if isinstance(watch.unit, _Child)]
        for watch in [*children, *(watch for watch in self._watches if watch not in children)]:
            watch.unit.stop()
        state_file(self.data).unlink(missing_ok=True)
        self.console.say("役場を閉じました。")


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _last_lines(log: Path, count: int = 15) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join([*(f"  {line}" for line in lines[-count:]), f"ログ: {log}"])


# -- in the background -------------------------------------------------------------------------------------------------


def up_detached(data: DataFolder, console: Console, command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `command` (an `up` that tells YAKUBA_REPORT_FD) in a session of its own until it is ready; exit code."""
    data.create()
    reading, writing = os.pipe()
    with (data.log / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 -- our own command
            command,
            env={**environ, "YAKUBA_REPORT_FD": str(writing)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(writing,),
        )
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as told:
            for line in told:
                console.say(line.rstrip("\n"))
    except KeyboardInterrupt:
        process.terminate()
        return process.wait()
    state = status(data)
    if process.poll() is None and state["running"]:
        return 0
    return process.wait()


def report_console(environ: Mapping[str, str]) -> Console:
    """The console of a detached `up`: the launcher's pipe, until `Console.move`."""
    return Console(os.fdopen(int(environ["YAKUBA_REPORT_FD"]), "w", encoding="utf-8"))
