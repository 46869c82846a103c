"""Backups of a house's database: taken in one snapshot, sealed on the way to the disk, kept in places, proved by restoring.

A set is a folder `YYYYMMDD-HHMMSS` (Japan's time) with `database.ykh` (pg_dump's archive, sealed as `handover.opener` tells)
and `manifest.json` (what it must hold: rows and digest of each table, of the same snapshot). It appears whole or not at all.
The key is `secrets/backup.key`, outside the database; besides it, whoever holds the private key of a named certificate opens
the set without this machine. `journal.jsonl` keeps what became of each set: taken, copied, moved, verified, removed, restored.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import psycopg
import yaml
from psycopg import sql

from yakuba import __version__
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.nodes import processes
from yakuba.nodes.embedded_postgres import installation
from yakuba.nodes.paths import DataFolder, write_privately
from yakuba.platform.clock import JAPAN
from yakuba.platform.handover import envelope, opener

if TYPE_CHECKING:
    from yakuba.platform.profiles.organisation import Profile

Report = Callable[[str, int, int | None], None]
"""(stage, bytes or tables done, total or None)."""

DAILY, OFFSITE, ARCHIVE = "daily", "offsite", "archive"
PLACES = {DAILY: "日次", OFFSITE: "遠隔地", ARCHIVE: "データセンター"}
DEFAULT_AT = "01:30"
LATE_AFTER = timedelta(hours=26)
"""A night and the time that it may take."""

_SEALED, _MANIFEST, _JOURNAL = "database.ykh", "manifest.json", "journal.jsonl"
_DRAFT = ".draft-"
_NAME = "%Y%m%d-%H%M%S"
_FORMAT = "yakuba-backup:1"
_PIPE_BYTES = 1 << 20
_LAST_WORDS = 2000


def _refused(code: str, field_: str, message: str, remedy: str) -> Refused:
    return Refused([Finding(code, field_, message, remedy)])


# -- where, for how long, under which key -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A folder for sets: another machine's disk, a tape library's mount. `region`, `data_centre`: stated in a cloud."""

    name: str
    folder: Path
    region: str = ""
    data_centre: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """How long sets are kept and where they may lie; see `backup_settings.yaml`."""

    daily_kept: int
    offsite_weeks: int
    weekly_weeks: int
    week_begins: int
    verify_every_days: int
    regions: tuple[str, ...]

    @classmethod
    def of_house(cls, day: date, profile: Profile | None = None) -> Rules:
        """Those of the house's profile, unless another is named. Needs Django. Raises NoSetting."""
        from yakuba.platform.profiles import settings

        declared = settings.declare("backup", Path(__file__).with_name("backup_settings.yaml"))
        numbers = {
            name: declared.value(name, int, on=day, profile=profile)
            for name in ("daily_kept", "offsite_weeks", "weekly_weeks", "week_begins", "verify_every_days")
        }
        return cls(**numbers, regions=tuple(declared.value("regions", list, on=day, profile=profile)))


@dataclass(frozen=True, slots=True)
class Config:
    """`backup.yaml` of the data folder: places, hour, certificates. Without the file everything lies in the data folder."""

    root: Path
    places: Mapping[str, Place]
    at: str = DEFAULT_AT
    production_region: str = ""
    production_data_centre: str = ""
    recipients: tuple[Path, ...] = ()
    tools: Path | None = None

    def check(self, rules: Rules) -> None:
        """Where production runs in a cloud: every place in Japan and in another data centre. Raises Refused with all findings."""
        findings = Findings()
        for place in self.places.values() if self.production_region else ():
            if place.region not in rules.regions:
                findings.error(
                    "BKP-E-001", place.name,
                    f"{PLACES[place.name]}の保管先の地域「{place.region or '記載なし'}」は、国内の地域の一覧にありません。",
                    "backup.yaml の region に、国内の地域を指定してください。",
                )  # fmt: skip
            if not place.data_centre or place.data_centre == self.production_data_centre:
                findings.error(
                    "BKP-E-002", place.name,
                    f"{PLACES[place.name]}の保管先が、本番と別のデータセンターにありません。",
                    "backup.yaml の data_centre に、本番と別のデータセンターを指定してください。",
                )  # fmt: skip
        findings.raise_if_blocking()


def configuration(data: DataFolder, environ: Mapping[str, str] = os.environ) -> Config:
    """Read `backup.yaml` (or the file that YAKUBA_BACKUP_CONFIG names). Raises Refused naming what is wrong with it."""
    named = environ.get("YAKUBA_BACKUP_CONFIG")
    file = Path(named) if named else data.root / "backup.yaml"
    root = data.root / "backups"
    try:
        told = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        if named:
            raise _wrong_config(file, "ファイルがありません") from None
        told = {}
    except yaml.YAMLError as error:
        raise _wrong_config(file, "YAML として読めません") from error
    unknown = (
        set(told) - {"root", "production", "at", "places", "recipients", "tools"} if isinstance(told, dict) else {""}
    )
    if unknown:
        raise _wrong_config(file, f"知らない項目があります（{'、'.join(sorted(unknown))}）")
    try:
        root = Path(told.get("root", root)).absolute()
        production = told.get("production", {})
        places = {name: Place(name, root / name) for name in PLACES}
        for name, row in told.get("places", {}).items():
            if name not in PLACES:
                raise _wrong_config(file, f"知らない保管先です（{name}）")
            folder = Path(row.get("folder", root / name)).absolute()
            places[name] = Place(name, folder, str(row.get("region", "")), str(row.get("data_centre", "")))
        at = str(told.get("at", DEFAULT_AT))
        datetime.strptime(at, "%H:%M")  # noqa: DTZ007 -- only whether it is an hour
        return Config(
            root, places, at, str(production.get("region", "")), str(production.get("data_centre", "")),
            tuple(Path(path) for path in told.get("recipients", ())), Path(told["tools"]) if "tools" in told else None,
        )  # fmt: skip
    except (AttributeError, TypeError, ValueError) as error:
        raise _wrong_config(file, "項目の形が正しくありません") from error


def _wrong_config(file: Path, why: str) -> Refused:
    return _refused(
        "BKP-E-003", "config", f"バックアップの設定（{file}）が使えません: {why}。", "設定を直してください。"
    )


def key_file(data: DataFolder, environ: Mapping[str, str] = os.environ) -> Path:
    named = environ.get("YAKUBA_BACKUP_KEY_FILE")
    return Path(named) if named else data.secrets / "backup.key"


def house_key(data: DataFolder, environ: Mapping[str, str] = os.environ, *, make: bool = False) -> bytes:
    """The house's backup key (32 bytes, 64 hexadecimal digits in the file). `make`: at the first backup. Raises Refused."""
    file = key_file(data, environ)
    if make and not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_privately(file, os.urandom(32).hex() + "\n", replace=False)
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise _refused(
            "BKP-E-004", "key", f"バックアップの鍵がありません（{file}）。",
            "保管してある鍵をこの場所に戻すか、復旧用の証明書の秘密鍵を --key で指定してください。",
        ) from None  # fmt: skip
    except ValueError:
        key = b""
    if len(key) != 32:
        raise _refused(
            "BKP-E-005", "key", f"バックアップの鍵（{file}）の形式が正しくありません。", "鍵を戻してください。"
        )
    return key


def _file_key(house: bytes, name: str) -> bytes:
    return opener.hkdf(house, name.encode(), b"yakuba backup set")


def with_house_key(house: bytes) -> Callable[[str], opener.Unwrap]:
    """Opens the sets of this house."""
    return lambda name: opener.with_file_key(_file_key(house, name))


def with_private_key(pem: bytes, password: bytes | None = None) -> Callable[[str], opener.Unwrap]:
    """Opens sets sealed to a certificate too. Raises NotOpened for what is no key."""
    unwrap = opener.with_private_key(pem, password)
    return lambda _name: unwrap


# -- sets -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a table and the sum of their hashes: the same in the snapshot and after a restore."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a set must hold. `vault_keys`: id -> fingerprint of the keys without which its 個人番号 do not open."""

    name: str
    taken_at: datetime
    database: str
    code: str
    server: str
    version: str
    tables: Mapping[str, Table]
    without_data: Mapping[str, str]
    vault_keys: Mapping[str, str]
    sealed_bytes: int
    sealed_sha256: str

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def digest(self) -> str:
        """Of every table's rows and digest: the same where a set was restored whole (16 hexadecimal digits)."""
        told = json.dumps([[name, table.rows, table.digest] for name, table in sorted(self.tables.items())])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        return {"format": _FORMAT, **asdict(self), "taken_at": self.taken_at.isoformat()}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Manifest:
        """Raises ValueError for another format."""
        if told.get("format") != _FORMAT:
            raise ValueError("no manifest of a backup")
        fields = {name: value for name, value in told.items() if name not in {"format", "mac"}}
        tables = {name: Table(**row) for name, row in fields.pop("tables").items()}
        return cls(tables=tables, taken_at=datetime.fromisoformat(fields.pop("taken_at")), **fields)


@dataclass(frozen=True, slots=True)
class Set:
    """A set in a place."""

    place: Place
    manifest: Manifest

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def folder(self) -> Path:
        return self.place.folder / self.name

    @property
    def day(self) -> date:
        return self.manifest.taken_at.astimezone(JAPAN).date()


@dataclass(frozen=True, slots=True)
class Difference:
    """A table that is not as the set says."""

    table: str
    message: str


def sets(config: Config, place: str | None = None) -> list[Set]:
    """What lies in the places, newest first, a set in two places twice. What has no readable manifest is left out."""
    found = []
    for each in config.places.values() if place is None else (config.places[place],):
        if not each.folder.is_dir():
            continue
        for folder in each.folder.iterdir():
            if folder.name.startswith("."):
                continue
            try:
                told = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
                manifest = Manifest.from_json(told)
            except (OSError, ValueError, KeyError, TypeError):
                continue  # `verify` of a named set says what is wrong; a stranger's folder is none of ours
            if manifest.name == folder.name:
                found.append(Set(each, manifest))
    return sorted(found, key=lambda one: (one.name, one.place.name), reverse=True)


def find(config: Config, name: str) -> Set:
    """The set of that name, in the nearest place; `latest` is the newest. Raises Refused."""
    there = [one for one in sets(config) if name in {one.name, "latest"}]
    if not there:
        raise _refused(
            "BKP-E-006", "set", f"バックアップ {name} がありません。", "./yakuba backup list で名前を確かめてください。"
        )
    newest = there[0].name
    order = list(PLACES)
    return min((one for one in there if one.name == newest), key=lambda one: order.index(one.place.name))


def journal(config: Config) -> list[dict[str, Any]]:
    """What became of the sets, oldest first. A last line that a crash cut off is left out."""
    try:
        lines = (config.root / _JOURNAL).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def note(config: Config, at: datetime, act: str, name: str, place: str, **detail: object) -> None:
    """Append to the journal."""
    config.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = json.dumps({"at": at.isoformat(), "act": act, "set": name, "place": place, **detail}, ensure_ascii=False)
    descriptor = os.open(config.root / _JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(("\n" if _is_cut(config.root / _JOURNAL) else "").encode() + line.encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def _is_cut(file: Path) -> bool:
    with file.open("rb") as stream:
        if stream.seek(0, os.SEEK_END) == 0:
            return False
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) != b"\n"


@contextmanager
def working(config: Config) -> Iterator[None]:
    """The right to change the places: one at a time. Clears what a killed one left. Raises Refused."""
    config.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (config.root / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _refused(
                "BKP-E-007", "backup", "別のバックアップの処理が動いています。", "終わってからもう一度行ってください。"
            ) from None
        for place in config.places.values():
            for left in place.folder.glob(f"{_DRAFT}*"):
                shutil.rmtree(left)
        yield


def is_late(config: Config, now: datetime) -> bool:
    """Whether the newest daily set is older than a night and a bit, or there is none."""
    newest = next(iter(sets(config, DAILY)), None)
    return newest is None or now - newest.manifest.taken_at > LATE_AFTER


def due_after(config: Config, taken_at: datetime | None, now: datetime) -> datetime:
    """When the next one is to be taken: the first `at` after the newest set; without any, the next `at` from now."""
    hour, minute = map(int, config.at.split(":"))
    since = (taken_at or now).astimezone(JAPAN)
    due = since.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return due if due > since else due + timedelta(days=1)


# -- PostgreSQL's tools -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tool:
    """How to run pg_dump and pg_restore against a database: the password goes by the environment, not by `ps`."""

    folder: Path
    url: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config, url: str) -> _Tool:
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
        user = f"{parts.username}@" if parts.username else ""
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/"}
        if parts.password:
            environment["PGPASSWORD"] = unquote(parts.password)
        folder = config.tools or installation(None) / "bin"
        return cls(folder, parts._replace(netloc=f"{user}{place}").geturl(), environment)

    @contextmanager
    def running(self, name: str, *arguments: str, **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
        """The tool with these arguments; killed when the block fails. Raises Refused with its last words when it fails."""
        if not (self.folder / name).exists():
            raise _refused(
                "BKP-E-018",
                "tools",
                f"{self.folder} に {name} がありません。",
                "backup.yaml の tools に PostgreSQL の bin フォルダを指定してください。",
            )
        with (
            tempfile.TemporaryFile() as words,
            subprocess.Popen(  # noqa: S603 -- PostgreSQL's own tools
                [str(self.folder / name), *arguments, f"--dbname={self.url}"],
                cwd="/",
                env=self.environment,
                stderr=words,
                preexec_fn=processes.die_with_parent(signal.SIGKILL),
                **pipes,  # type: ignore[call-overload]
            ) as process,
        ):
            try:
                yield process
            except BrokenPipeError:
                pass  # it ended before it had read all: its exit code and last words say why
            except BaseException:
                process.kill()
                raise
            if process.wait() != 0:
                words.seek(max(0, words.seek(0, os.SEEK_END) - _LAST_WORDS))
                raise _refused(
                    "BKP-E-008",
                    name,
                    f"{name} が終了コード {process.returncode} で止まりました。",
                    words.read().decode(errors="replace").strip() or "ログを確かめてください。",
                )


def _database(url: str) -> str:
    return unquote(urlsplit(url).path.lstrip("/"))


def _beside(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()


# -- taking -----------------------------------------------------------------------------------------------------------


def declared_without_data() -> dict[str, str]:
    """Tables whose rows no backup may hold, and why: from `backup.yaml` (`without_data: {table: reason}`) of each room.

    Needs Django. Raises ValueError for a table that the room does not own.
    """
    from django.apps import apps

    found: dict[str, str] = {}
    for app in apps.get_app_configs():
        file = Path(app.path) / "backup.yaml"
        if not file.exists():
            continue
        own = {model._meta.db_table for model in app.get_models(include_auto_created=True)}
        for table, reason in yaml.safe_load(file.read_text(encoding="utf-8"))["without_data"].items():
            if table not in own:
                raise ValueError(f"{file}: {table} is no table of this room")
            found[table] = str(reason)
    return found


def take(
    url: str,
    config: Config,
    house: bytes,
    now: datetime,
    *,
    without_data: Mapping[str, str],
    report: Report = lambda stage, done, total: None,
) -> Set:
    """Take a set into the daily place; call it within `working`. `url`: the owner's. Raises Refused; nothing is left then."""
    name = now.astimezone(JAPAN).strftime(_NAME)
    place = config.places[DAILY]
    if (place.folder / name).exists():
        raise _refused(
            "BKP-E-009", "set", f"バックアップ {name} が既にあります。", "少し待ってからもう一度行ってください。"
        )
    key = _file_key(house, name)
    keys = [envelope.KEPT, *(envelope.to_certificate(key, _recipient(path)) for path in config.recipients)]
    try:
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = place.folder / f"{_DRAFT}{name}"
        draft.mkdir(mode=0o700)
        try:
            with _snapshot(url) as (connection, snapshot):
                with (draft / _SEALED).open("xb") as target:
                    sealer = envelope.Sealer(target, key, keys, hash_plain=False)
                    _dump(config, url, snapshot, without_data, sealer, report)
                    sealer.finish()
                    _to_disk(target)
                manifest = Manifest(
                    name=name, taken_at=now, database=_database(url), code=_code(connection),
                    server=connection.info.parameter_status("server_version") or "", version=__version__,
                    tables=_tables(connection, without_data, report), without_data=dict(without_data),
                    vault_keys=_vault_keys(connection), sealed_bytes=(draft / _SEALED).stat().st_size,
                    sealed_sha256=sealer.sealed.hexdigest(),
                )  # fmt: skip
            told = manifest.as_json()
            with (draft / _MANIFEST).open("xb") as stream:
                stream.write(json.dumps({**told, "mac": _mac(key, told)}, ensure_ascii=False, indent=1).encode())
                _to_disk(stream)
            draft.rename(place.folder / name)
            _folder_to_disk(place.folder)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as error:
        raise _refused(
            "BKP-E-010", "place", f"バックアップを書けません（{place.folder}: {error.strerror}）。",
            "空き容量と権限を確かめて、もう一度行ってください。これまでのバックアップはそのまま残っています。",
        ) from error  # fmt: skip
    note(config, now, "taken", name, DAILY, bytes=manifest.sealed_bytes)
    return Set(place, manifest)


def _recipient(path: Path) -> envelope.Certificate:
    try:
        return envelope.certificate(path.read_bytes())
    except (OSError, envelope.UnusableKey) as error:
        raise _refused(
            "BKP-E-011",
            "recipients",
            f"復旧用の証明書を使えません（{path}）。",
            "backup.yaml の recipients を直してください。",
        ) from error


def _mac(key: bytes, told: Mapping[str, Any]) -> str:
    text = json.dumps(
        {name: value for name, value in told.items() if name != "mac"}, sort_keys=True, ensure_ascii=False
    )
    return hmac.new(opener.hkdf(key, b"", b"yakuba backup manifest"), text.encode(), hashlib.sha256).hexdigest()


def _to_disk(stream: IO[bytes]) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _folder_to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _snapshot(url: str) -> Iterator[tuple[psycopg.Connection[Any], str]]:
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        yield connection, row[0]


def _dump(
    config: Config, url: str, snapshot: str, without: Iterable[str], sealer: envelope.Sealer, report: Report
) -> None:
    arguments = [
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        f"--snapshot={snapshot}",
        "--lock-wait-timeout=60s",
    ]
    arguments += [f'--exclude-table-data=public."{table}"' for table in sorted(without)]
    if config.tools is None:
        arguments.append("--compress=zstd:3")  # ours can; others may be built without it
    with _Tool.of(config, url).running("pg_dump", *arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        done = 0
        while block := process.stdout.read(_PIPE_BYTES):
            sealer.write(block)
            done += len(block)
            report("取得", done, None)


_USER_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""


def _tables(connection: psycopg.Connection[Any], without: Iterable[str], report: Report) -> dict[str, Table]:
    """Rows and digest of each table; of a table without data, nought."""
    left_out = set(without)
    names = [name for (name,) in connection.execute(_USER_TABLES).fetchall()]
    found = {}
    connection.execute(
        "SET TIME ZONE 'UTC'; SET datestyle TO ISO; SET intervalstyle TO iso_8601; SET bytea_output TO hex"
    )
    connection.execute("SET extra_float_digits TO 1; SET search_path TO public")
    for done, name in enumerate(names, 1):
        if name in left_out:
            found[name] = Table(0, "0")
        else:
            query = sql.SQL(
                "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM public.{} AS t"
            )
            row = connection.execute(query.format(sql.Identifier(name))).fetchone()
            assert row is not None
            found[name] = Table(*row)
        report("件数と要約", done, len(names))
    return found


def _ask(connection: psycopg.Connection[Any], table: str, statement: str) -> list[tuple[Any, ...]]:
    """Rows, or none in a database that hasn't the table yet."""
    if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,):
        return []
    return connection.execute(statement).fetchall()


def _code(connection: psycopg.Connection[Any]) -> str:
    rows = _ask(connection, "profiles_organisation", "SELECT code FROM profiles_organisation")
    return str(rows[0][0]) if rows else ""


def _vault_keys(connection: psycopg.Connection[Any]) -> dict[str, str]:
    rows = _ask(
        connection, "vault_key", "SELECT id, encode(fingerprint, 'hex') FROM vault_key WHERE state <> 'retired'"
    )
    return {str(id_): mark for id_, mark in rows}


# -- looking at a set, restoring it -----------------------------------------------------------------------------------


def check(one: Set, unlock: Callable[[str], opener.Unwrap], report: Report = lambda stage, done, total: None) -> None:
    """That the file is whole and opens, and the manifest is the one written with it. Raises Refused."""
    for done in map(len, _opened(one, unlock)):
        report("照合", done, one.manifest.sealed_bytes)


def _opened(one: Set, unlock: Callable[[str], opener.Unwrap]) -> Iterator[bytes]:
    """The archive's bytes, each authenticated. Raises Refused, at the latest before the last chunk."""
    try:
        with (one.folder / _SEALED).open("rb") as source:
            header, _ = opener.read_head(source)
            unwrap = unlock(one.name)
            key = next((key for key in map(unwrap, header["keys"]) if key is not None), None)
            if key is None:
                raise opener.NotOpened("この鍵では開けません。")
            told = json.loads((one.folder / _MANIFEST).read_text(encoding="utf-8"))
            if not hmac.compare_digest(_mac(key, told), str(told.get("mac", ""))):
                raise opener.NotOpened("明細（manifest.json）が、取得したときのものと違います。")
            source.seek(0)
            yield from opener.plain_chunks(source, unwrap)
    except (OSError, opener.NotOpened, ValueError, KeyError, TypeError) as error:
        raise _refused(
            "BKP-E-012", "set", f"バックアップ {one.name}（{PLACES[one.place.name]}）は使えません。{error}",
            "別のバックアップを使ってください。",
        ) from error  # fmt: skip


def load(
    url: str,
    config: Config,
    one: Set,
    unlock: Callable[[str], opener.Unwrap],
    report: Report = lambda stage, done, total: None,
) -> list[Difference]:
    """Load a set into the empty database of `url` and compare it with its manifest: what differs. Raises Refused."""
    arguments = ["--format=custom", "--no-owner", "--no-privileges", "--exit-on-error"]
    with _Tool.of(config, url).running("pg_restore", *arguments, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        done = 0
        for block in _opened(one, unlock):
            process.stdin.write(block)
            done += len(block)
            report("復元", done, one.manifest.sealed_bytes)
        process.stdin.close()
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        found = _tables(connection, one.manifest.without_data, report)
        left = _left_out_rows(connection, one.manifest.without_data)
    differences = [
        Difference(table, f"{rows}行が含まれています（対象外の表）。") for table, rows in left.items() if rows
    ]
    for table, expected in one.manifest.tables.items():
        there = found.get(table)
        if there is None:
            differences.append(Difference(table, "表がありません。"))
        elif there.rows != expected.rows:
            differences.append(Difference(table, f"{expected.rows:,}行のはずが{there.rows:,}行です。"))
        elif there.digest != expected.digest:
            differences.append(Difference(table, "内容が取得したときと違います。"))
    return differences


def _left_out_rows(connection: psycopg.Connection[Any], without: Iterable[str]) -> dict[str, int]:
    found = {}
    for table in sorted(without):
        query = sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(table))
        row = connection.execute(query).fetchone()
        assert row is not None
        found[table] = int(row[0])
    return found


@contextmanager
def scratch(url: str, name: str) -> Iterator[str]:
    """URL of an empty database beside the owner's that nobody else may enter; dropped in the end."""
    with closing(psycopg.connect(_beside(url, "postgres"), autocommit=True)) as administrator:
        _create(administrator, name)
        try:
            yield _beside(url, name)
        finally:
            administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _create(administrator: psycopg.Connection[Any], name: str) -> None:
    administrator.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    # Before anything is in it: a function is everybody's until its rights are given, and roles are the whole server's.
    administrator.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))


def restore(
    url: str,
    config: Config,
    one: Set,
    unlock: Callable[[str], opener.Unwrap],
    now: datetime,
    report: Report = lambda stage, done, total: None,
) -> str:
    """Put a set in the place of the house's database, which is kept under the name that is returned.

    Nobody may be connected. The set is loaded and compared first: whatever is wrong with it, the house's database stays as
    it is. Rights are given by the next `up`. Raises Refused.
    """
    database, stamp = _database(url), now.astimezone(JAPAN).strftime("%Y%m%d%H%M%S")
    fresh, kept = f"{database}_restored_{stamp}", f"{database}_before_{stamp}"
    with closing(psycopg.connect(_beside(url, "postgres"), autocommit=True)) as administrator:
        _create(administrator, fresh)
        try:
            differences = load(_beside(url, fresh), config, one, unlock, report)
            if differences:
                raise Refused(
                    [
                        Finding(
                            "BKP-E-013",
                            each.table,
                            f"{each.table}: {each.message}",
                            "別のバックアップを使ってください。",
                        )
                        for each in differences
                    ]
                )
            try:
                with administrator.transaction():
                    for before, after in ((database, kept), (fresh, database)):
                        administrator.execute(
                            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (before, after)))
                        )
            except psycopg.errors.ObjectInUse as error:
                raise _refused(
                    "BKP-E-014", "database", "データベースが使われています。",
                    "役場を閉じ（./yakuba down）、接続しているものをすべて終えてから行ってください。",
                ) from error  # fmt: skip
        except BaseException:
            administrator.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(fresh)))
            raise
    note(config, now, "restored", one.name, one.place.name, kept=kept)
    return kept


def missing_vault_keys(one: Set, present: Mapping[str, str]) -> list[str]:
    """Ids of the keys that the set's 個人番号 need and `present` (id -> fingerprint) hasn't."""
    return [id_ for id_, mark in one.manifest.vault_keys.items() if present.get(id_) != mark]


# -- keeping ----------------------------------------------------------------------------------------------------------


def rotate(config: Config, rules: Rules, now: datetime) -> list[str]:
    """Copy the week's set off-site, move what has been there long enough, remove what is past its period: what could not be done.

    Call it within `working`. Nothing is removed before its copy was read back; the newest daily sets always stay.
    """
    today = now.astimezone(JAPAN).date()
    troubles: list[str] = []
    daily = sets(config, DAILY)
    week = _week(daily[0].day, rules) if daily else None
    weekly = [*sets(config, OFFSITE), *sets(config, ARCHIVE)]
    if daily and week not in {_week(one.day, rules) for one in weekly}:
        first = min((one for one in daily if _week(one.day, rules) == week), key=lambda one: one.name)
        weekly += _transfer(config, first, OFFSITE, now, "copied", troubles)
    for one in weekly:
        age_days = (today - one.day).days
        if age_days >= 7 * rules.weekly_weeks:
            _remove(config, one, now)
        elif one.place.name == OFFSITE and age_days >= 7 * rules.offsite_weeks:
            _transfer(config, one, ARCHIVE, now, "moved", troubles)
    kept = sorted({one.day for one in daily}, reverse=True)[: rules.daily_kept]
    for one in daily:
        if one.day not in kept:
            _remove(config, one, now)
    return troubles


def _week(day: date, rules: Rules) -> date:
    """The first day of its week."""
    return day - timedelta(days=(day.weekday() - rules.week_begins) % 7)


def _transfer(config: Config, one: Set, to: str, now: datetime, act: str, troubles: list[str]) -> list[Set]:
    """Copy a set to a place, read it back and, when it moves, remove it here. What fails changes nothing and is told."""
    target = config.places[to]
    draft = target.folder / f"{_DRAFT}{one.name}"
    try:
        target.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (target.folder / one.name).exists():
            draft.mkdir(mode=0o700)
            for name in (_SEALED, _MANIFEST):
                with (one.folder / name).open("rb") as source, (draft / name).open("xb") as copy:
                    shutil.copyfileobj(source, copy, _PIPE_BYTES)
                    _to_disk(copy)
            draft.rename(target.folder / one.name)
            _folder_to_disk(target.folder)
        with (target.folder / one.name / _SEALED).open("rb") as copy:
            if hashlib.file_digest(copy, "sha256").hexdigest() != one.manifest.sealed_sha256:
                shutil.rmtree(target.folder / one.name)
                troubles.append(f"{one.name}: {PLACES[to]}への写しが元と違うため、取り消しました。")
                return []
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        troubles.append(f"{one.name}: {PLACES[to]}（{target.folder}）に写せません（{error.strerror}）。")
        return []
    note(config, now, act, one.name, to, region=target.region, data_centre=target.data_centre)
    if act == "moved":
        shutil.rmtree(one.folder)
    return [Set(target, one.manifest)]


def _remove(config: Config, one: Set, now: datetime) -> None:
    gone = one.place.folder / f"{_DRAFT}{one.name}"
    one.folder.rename(gone)  # what a kill leaves of it is no set any more
    shutil.rmtree(gone)
    note(config, now, "removed", one.name, one.place.name)


def verified_at(config: Config, lines: Sequence[Mapping[str, Any]] | None = None) -> dict[str, str]:
    """Set -> when it was last restored elsewhere and found equal."""
    told = journal(config) if lines is None else lines
    return {line["set"]: line["at"] for line in told if line["act"] == "verified" and line.get("equal")}


def fingerprint(key: bytes) -> str:
    """By which people know the backup key's copy again; it tells nothing of the key."""
    return base64.b32encode(hashlib.sha256(b"yakuba:backup-key:" + key).digest()[:5]).decode()
