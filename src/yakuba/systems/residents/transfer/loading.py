"""Loading a register from a file: surveyed whole, then chunk by chunk, each with everything that belongs to it.

While one chunk is written by PostgreSQL, the next one is parsed, checked, folded and sealed. A chunk and the job's
checkpoint are one transaction: whoever is killed loses the chunk at hand and doubles nothing. Every row is loaded or
kept as a refusal.

No chunk waits for the disk (`synchronous_commit` off): a machine that loses its power may take the last chunks with it, but
each only with its checkpoint, and none before one that came later. Who goes on begins at the last checkpoint that lasted.
The commit that ends the job waits, so what is reported as loaded is on the disk.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl
from django.db import OperationalError, connection, transaction

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import Clock
from yakuba.platform.events.outbox import Publication, publish
from yakuba.platform.jobs import runner
from yakuba.platform.jobs.models import Job, State
from yakuba.platform.jobs.runner import Run
from yakuba.platform.transactions import log_denial
from yakuba.platform.vault import store as vault

from .. import register
from ..interfaces import RECORD_CHANGED, REGISTER_LOADED, RegisterLoaded
from ..items import NAMES
from ..models import Household, ImportRefusal, Resident
from ..reasons import Effect, Reason
from ..rules import HOUSEHOLDER
from . import duplicates, indexes
from .binary import Encoded, Integers, encode, integer_arrays, moment, rows
from .checks import RowChecks
from .job import KIND
from .keys import Folder, grams
from .manifest import Manifest, read_manifest
from .refusals import refusal
from .source import CHUNK_BYTES, Chunk, Source, parse, raw_lines

T = TypeVar("T")
Progress = Callable[[str, int, int | None], None]
Copy = tuple[str, bytes]  # statement, data

SURVEY, LOAD, INDEX, VERIFY = "ファイルの下調べ", "台帳への記録", "検索の索引の作成", "件数の確認"
_LOCK = 0x9A0C  # advisory lock: one import at a time
_LOCK_WAIT_S = 15  # a killed import's session ends when PostgreSQL notices
_ROWS_SHOWN = 20
_GROUPS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file. `rows` = `loaded` + `refused` once `state` is "done".

    `reasons`: finding code -> refused rows that have it. `warnings`: code -> count, first rows, message.
    `same_persons`: groups of 宛名番号 with equal name, birth and sex (the first hundred), and how many groups there are.
    """

    job: int
    state: str
    file: str
    manifest: Manifest
    loaded: int
    refused: int
    reasons: dict[str, int]
    warnings: dict[str, dict[str, Any]]
    same_persons: list[list[int]]
    same_person_groups: int
    seconds: dict[str, float]
    repeated: bool = False


@dataclass(slots=True)
class _Progress:
    """The job's cursor: what has been done, for whoever goes on."""

    event: int
    recorded_at: str
    vault_base: int
    next_byte: int
    was_empty: bool
    dropped: list[list[str]]
    loaded: int = 0
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    result: dict[str, Any] | None = None

    def warn(self, finding: Finding, rows: Iterable[int], count: int = 1) -> None:
        told = self.warnings.setdefault(finding.code, {"count": 0, "rows": [], "message": finding.message})
        told["count"] += count
        told["rows"] = [*told["rows"], *rows][:_ROWS_SHOWN]


@dataclass(frozen=True, slots=True)
class _Surveyed:
    source: Source
    manifest: Manifest
    chunks: tuple[Chunk, ...]
    found: duplicates.Survey


_surveys: dict[int, _Surveyed] = {}
"""Handed from `load` to the job that it runs itself; a worker surveys the file anew."""


# -- the use case -----------------------------------------------------------------------------------------------------


def load(desk: Desk, path: Path, progress: Progress | None = None, *, chunk_bytes: int = CHUNK_BYTES) -> Report:
    """Load the file, or go on with it where an earlier call was killed or stopped. Needs Duty.BULK.

    A file that was loaded before is not loaded again: its report comes back, `repeated`. Raises Refused when the file as
    a whole can't be loaded (with every finding), or another import is running or unfinished.
    """
    try:
        desk.require(Duty.BULK)
    except AccessDenied as denial:
        log_denial(desk, Operation.IMPORT, denial)
        raise
    tell = progress or (lambda stage, done, total: None)
    with _alone():
        surveyed = _survey(Source(path, chunk_bytes), tell)
        stated = read_manifest(path)
        if stated is not None:
            surveyed.manifest.check(stated).raise_if_blocking()
        done = Job.objects.filter(kind=KIND, state=State.DONE, arguments__sha256=surveyed.manifest.sha256).first()
        if done is not None:
            return _report(done, repeated=True)
        job = _job_for(surveyed, desk, path)
        _surveys[job.pk] = surveyed
        try:
            job = runner.execute(job.pk, desk.clock, lambda job: tell(job.stage, job.done, job.total))
        finally:
            _surveys.pop(job.pk, None)
        if job.state == State.CANCELLED:
            _build_dropped(job)
        return _report(job)


def unfinished() -> Job | None:
    """The import that was begun and has not come to its end."""
    begun = Job.objects.filter(kind=KIND, state__in=[State.QUEUED, State.RUNNING, State.FAILED], cursor__isnull=False)
    return begun.order_by("pk").first()


def cancel(desk: Desk, job_id: int) -> bool:
    """Give an import up. What it loaded stays; a running one stops after its chunk. False when it has ended already."""
    desk.require(Duty.BULK)
    asked = Job.objects.filter(pk=job_id, kind=KIND, state__in=[State.QUEUED, State.RUNNING, State.FAILED]).update(
        cancel_requested=True
    )
    if not asked:
        return False
    desk.log(Operation.IMPORT, target=f"job:{job_id}", state="cancel_requested")
    try:
        job = runner.execute(job_id, desk.clock)
    except runner.JobBusy:
        return True
    _build_dropped(job)
    return True


def _build_dropped(job: Job) -> None:
    if job.cursor:
        indexes.build(job.cursor["dropped"], lambda done, total: None)


@contextmanager
def _alone() -> Iterator[None]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_WAIT_S}s'")
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        raise Refused(
            [Finding("RES-E-314", "import", "ほかの取込みが動いています。", "それが終わってから実行してください。")]
        ) from error
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _job_for(surveyed: _Surveyed, desk: Desk, path: Path) -> Job:
    """The job that began with this very content, else a new one."""
    sha256 = surveyed.manifest.sha256
    waiting = Job.objects.filter(kind=KIND, state__in=[State.QUEUED, State.RUNNING, State.FAILED])
    same = waiting.filter(arguments__sha256=sha256).order_by("pk").first()
    if same is not None:
        return same
    other = unfinished()
    if other is not None:
        raise Refused(
            [
                Finding(
                    "RES-E-315", "import", f"処理番号{other.pk}の取込み（{other.arguments['path']}）が途中です。",
                    "同じファイルを指定して終わらせるか、その取込みを中止してください。",
                )
            ]
        )  # fmt: skip
    arguments = {
        "path": str(path.absolute()),
        **asdict(surveyed.manifest),
        "today": desk.today.isoformat(),
        "desk": {name: getattr(desk, name) for name in ("account", "name", "office", "terminal", "purpose")},
        "chunk_bytes": surveyed.source.chunk_bytes,
    }
    return runner.create(KIND, arguments, desk.account, desk.clock)


def _report(job: Job, *, repeated: bool = False) -> Report:
    cursor = job.cursor or {}
    result = cursor.get("result") or {}
    arguments = job.arguments
    return Report(
        job=job.pk,
        state=str(job.state),
        file=Path(arguments["path"]).name,
        manifest=Manifest(arguments["rows"], arguments["bytes"], arguments["sha256"]),
        loaded=cursor.get("loaded", 0),
        refused=cursor.get("refused", 0),
        reasons=cursor.get("reasons", {}),
        warnings=cursor.get("warnings", {}),
        same_persons=result.get("same_persons", []),
        same_person_groups=result.get("same_person_groups", 0),
        seconds=cursor.get("seconds", {}),
        repeated=repeated,
    )


# -- the survey -------------------------------------------------------------------------------------------------------


def _survey(source: Source, tell: Progress) -> _Surveyed:
    keys, chunks, size = duplicates.Keys(), [], source.size
    for chunk, data in _ahead(source.survey()):
        if not chunk.oversize:
            keys.add(parse(data, chunk, duplicates.KEY_COLUMNS))
        chunks.append(chunk)
        tell(SURVEY, chunk.end, size)
    return _Surveyed(source, source.manifest, tuple(chunks), duplicates.survey(keys))


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, the next one made in a thread while one is used."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


# -- the job ----------------------------------------------------------------------------------------------------------


def work(run: Run) -> dict[str, Any]:
    """The job: from its cursor to the end. Returns the result for the job's row."""
    arguments = run.arguments
    surveyed = _surveys.get(run.job.pk)
    if surveyed is None:
        surveyed = _survey(Source(Path(arguments["path"]), arguments["chunk_bytes"]), lambda stage, done, total: None)
    if surveyed.manifest.sha256 != arguments["sha256"]:
        raise Refused(
            [
                Finding(
                    "RES-E-313", "file", "途中まで取り込んだファイルと、内容が違います。",
                    "元のファイルに戻すか、その取込みを中止してください。",
                )
            ]
        )  # fmt: skip
    return _Loader(run, surveyed).run()


def _desk(arguments: dict[str, Any], clock: Clock) -> Desk:
    return Desk(**arguments["desk"], duties=frozenset({Duty.BULK}), clock=clock)


@dataclass(slots=True)
class _Prepared:
    """A chunk, ready to be written."""

    chunk: Chunk
    lines: Callable[[Iterable[int]], dict[int, bytes]]
    frame: pl.DataFrame  # good rows: row, items, bounds of dates, vault
    faces: pl.DataFrame
    addresses: pl.DataFrame
    sealed: vault.SealedNumbers
    refusals: list[ImportRefusal]
    findings: dict[int, list[Finding]]
    warnings: list[tuple[int, Finding]]
    copies: list[Copy] = field(default_factory=list)


class _Loader:
    def __init__(self, run: Run, surveyed: _Surveyed) -> None:
        self.job, self.surveyed = run, surveyed
        self.desk = _desk(run.arguments, run.clock)
        self.total = surveyed.manifest.rows
        self.checks = RowChecks(register.town().code, date.fromisoformat(run.arguments["today"]))
        self.folder = Folder()
        vault.learn_key()
        self.households: set[int] | None = None  # those that are written, where nobody else can have written any
        self.state = _Progress(**run.cursor) if run.cursor else self._begin()

    def run(self) -> dict[str, Any]:
        state = self.state
        if state.result is None:
            try:
                self._load()
            except Exception:
                indexes.build(state.dropped, lambda done, total: None)
                raise
            self._index()
            self._finish()
        assert state.result is not None
        return state.result

    def _checkpoint(self, done: int, total: int | None, stage: str) -> None:
        self.job.checkpoint(asdict(self.state), done, total, stage)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = self.job.clock.now()
        yield
        spent = (self.job.clock.now() - start).total_seconds()
        self.state.seconds[stage] = round(self.state.seconds.get(stage, 0) + spent, 3)

    def _begin(self) -> _Progress:
        """The first transaction: one event for all versions, the start in the log."""
        found, manifest = self.surveyed.found, self.surveyed.manifest
        with indexes.owner() as session:
            indexes.advance_sequences(session, found.top_person, found.top_household)
            vault_base = vault.reserve(session, manifest.rows + 2)
        with self.desk.acting(Duty.BULK):
            _lock_register()
            was_empty = not Resident.objects.exists()
            payload = RegisterLoaded(self.job.job.pk, manifest.sha256, manifest.rows)
            (event,) = publish(self.desk, [Publication(REGISTER_LOADED, None, self.desk.today, payload)])
            state = self.state = _Progress(
                event.pk,
                event.recorded_at.isoformat(),
                vault_base,
                self.surveyed.source.body,
                was_empty,
                indexes.definitions() if was_empty else [],
            )
            households, first = found.two_addresses
            if households:
                told = Finding(
                    "RES-W-375", "address_code", "同じ世帯の人の住所が違います。", "世帯か住所を確認してください。"
                )
                state.warn(told, first, households)
            self.desk.log(
                Operation.IMPORT,
                target=f"job:{self.job.job.pk}",
                state="started",
                file=self.surveyed.source.path.name,
                **asdict(manifest),
            )
            self._checkpoint(0, self.total, LOAD)
        return state

    # -- chunks -------------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        left = [chunk for chunk in self.surveyed.chunks if chunk.offset >= self.state.next_byte]
        if self.state.was_empty and len(left) == len(self.surveyed.chunks):
            with self.desk.acting(Duty.BULK):
                self.households = None if Household.objects.exists() else set()
        if left:
            indexes.drop(self.state.dropped)
        with ThreadPoolExecutor(1) as pool, self._timed(LOAD):
            ahead: Future[_Prepared] | None = None
            for place, chunk in enumerate(left):
                ahead = ahead or pool.submit(self._prepare, chunk)
                prepared = ahead.result()
                ahead = pool.submit(self._prepare, left[place + 1]) if place + 1 < len(left) else None
                self._write(prepared)
                self.job.raise_if_cancelled()

    def _prepare(self, chunk: Chunk) -> _Prepared:
        """Everything that needs no database: in a thread of its own, one chunk ahead of the writing."""
        data = self.surveyed.source.read(chunk)
        findings = {row: [finding] for row, finding in chunk.broken.items()}
        if chunk.oversize:
            nothing = parse(b"", Chunk(0, 0, chunk.first_row, 0, 0))
            checked = self.checks.check(nothing)
        else:
            checked = self.checks.check(parse(data, chunk))
        for found in (checked.errors, duplicates.in_file(self.surveyed.found.claims, chunk.first_row, chunk.rows)):
            for row, errors in found.items():
                findings.setdefault(row, []).extend(errors)
        # A line's number is its place among the reserved ids.
        place = pl.when(pl.col("individual_number").is_not_null()).then(pl.col("row") + self.state.vault_base)
        frame = checked.frame.with_columns(place.alias("vault"))
        if findings:
            frame = frame.filter(~pl.col("row").is_in(list(findings)))

        def lines(rows: Iterable[int]) -> dict[int, bytes]:
            return {chunk.first_row: data} if chunk.oversize else raw_lines(data, chunk, rows)

        numbered = frame.select("vault", "individual_number").drop_nulls()
        recorded_at = datetime.fromisoformat(self.state.recorded_at)
        sealed = vault.seal_many(numbered["vault"].to_list(), numbered["individual_number"].to_list(), recorded_at)
        prepared = _Prepared(
            chunk=chunk,
            lines=lines,
            frame=frame,
            faces=self.folder.names(frame),
            addresses=self.folder.addresses(frame),
            sealed=sealed,
            refusals=self._refusals(lines, findings, chunk.broken),
            findings=findings,
            warnings=[(row, finding) for row, finding in checked.warnings if row not in findings],
        )
        prepared.copies = self._copies(prepared)
        return prepared

    def _refusals(
        self,
        lines: Callable[[Iterable[int]], dict[int, bytes]],
        findings: dict[int, list[Finding]],
        broken: Iterable[int] = (),
    ) -> list[ImportRefusal]:
        job, not_records = self.job.job.pk, set(broken)
        texts = lines(findings) if findings else {}
        return [
            refusal(job, row, texts[row], found, is_record=row not in not_records)
            for row, found in sorted(findings.items())
        ]

    def _copies(self, prepared: _Prepared) -> list[Copy]:
        """COPY statements with their data, in the order in which the guards of the tables want them."""
        frame, state = prepared.frame, self.state
        stated = [name for name in NAMES if name != "individual_number" and frame[name].null_count() < frame.height]
        versions = frame.select(
            person=pl.col("number"),
            event_id=pl.lit(state.event),
            recorded_at=pl.lit(state.recorded_at),
            version_no=pl.lit(1),
            valid_from=pl.col("valid_from"),
            reason=pl.lit(Reason.LOADED.value),
            effect=pl.lit(Effect.ENTRY.value),
            individual_number=pl.col("vault"),
            **{name: pl.col(name) for name in stated},
        )
        heads = frame.select(
            "row",
            "birth_from",
            "birth_to",
            "sex",
            pl.col("number").cast(pl.Int64),
            pl.col("household_number").cast(pl.Int64),
            pl.col("closing_reason").is_null().alias("is_open"),
            pl.col("address_code").fill_null("").alias("town_code"),
        )
        faces, places = prepared.faces, prepared.addresses
        bearers, dwellers = (heads[_places(heads["row"], keys["row"])] for keys in (faces, places))
        yes, one = b"\1", (1).to_bytes(4, "big")
        return [
            _copy(
                "residents_resident",
                {
                    "number": encode(heads["number"]),
                    "version_no": Encoded.constant(one, heads.height),
                    "household_number": encode(heads["household_number"]),
                    "is_open": encode(heads["is_open"]),
                },
            ),
            _copy_text("residents_version", versions),
            _copy(
                "residents_search_name",
                {
                    "person": encode(bearers["number"]),
                    "place": encode(_numbered(faces["row"])),
                    "is_current": Encoded.constant(yes, faces.height),
                    "is_open": encode(bearers["is_open"]),
                    "name": encode(faces["name"]),
                    "kana": encode(faces["kana"]),
                    "grams": integer_arrays(*grams(faces)),
                    "birth_from": encode(bearers["birth_from"]),
                    "birth_to": encode(bearers["birth_to"]),
                    "sex": encode(bearers["sex"]),
                },
            ),
            _copy(
                "residents_search_address",
                {
                    "person": encode(dwellers["number"]),
                    "place": encode(_numbered(places["row"])),
                    "is_current": Encoded.constant(yes, places.height),
                    "is_open": encode(dwellers["is_open"]),
                    "town_code": encode(dwellers["town_code"]),
                    "address": encode(places["address"]),
                },
            ),
        ]

    def _write(self, prepared: _Prepared) -> None:
        """One transaction: the chunk and the checkpoint."""
        recorded_at = datetime.fromisoformat(self.state.recorded_at)
        before = asdict(self.state)
        try:
            with self.desk.acting(Duty.BULK), connection.cursor() as cursor:
                # The guards of history look at the whole chunk: it should stay in memory.
                cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL synchronous_commit = off")
                if not self.state.was_empty or _others_wrote(cursor):
                    _lock_register()
                    self._refuse_known(cursor, prepared)
                self._write_households(cursor, prepared.frame["household_number"].unique().cast(pl.Int64), recorded_at)
                _take_from_pool(cursor, prepared.frame["resident_code"].drop_nulls(), self.desk.today)
                known = vault.put_many(prepared.sealed)
                if known:
                    old, new = list(known), list(known.values())
                    prepared.frame = prepared.frame.with_columns(pl.col("vault").replace(old, new))
                    prepared.copies = self._copies(prepared)
                for copy in prepared.copies:
                    _send(cursor, copy)
                ImportRefusal.objects.bulk_create(prepared.refusals, batch_size=1000)
                self._count(prepared)
                self._checkpoint(self.state.loaded + self.state.refused, self.total, LOAD)
        except BaseException:
            self.state, self.households = _Progress(**before), None
            raise

    def _write_households(self, cursor: Any, numbers: pl.Series, created_at: datetime) -> None:
        if self.households is None:
            cursor.execute(
                "INSERT INTO residents_household (number, created_at) SELECT unnest(%s::bigint[]), %s"
                " ON CONFLICT DO NOTHING",
                [numbers.to_list(), created_at],
            )
            return
        # Numbers given meanwhile lie beyond the file's: these households are in no other chunk than ours.
        fresh = sorted(set(numbers) - self.households)
        _send(
            cursor,
            _copy(
                "residents_household",
                {
                    "number": encode(pl.Series("number", fresh, dtype=pl.Int64)),
                    "created_at": Encoded.constant(moment(created_at), len(fresh)),
                },
            ),
        )
        self.households.update(fresh)

    def _refuse_known(self, cursor: Any, prepared: _Prepared) -> None:
        """Take the rows out whose numbers the register has already."""
        found = duplicates.in_register(_claims_on_register(cursor, prepared, own_only=self.state.was_empty))
        if not found:
            return
        keep = ~pl.col("row").is_in(list(found))
        gone = set(prepared.frame.filter(~keep)["vault"].drop_nulls())
        prepared.frame = prepared.frame.filter(keep)
        prepared.faces, prepared.addresses = prepared.faces.filter(keep), prepared.addresses.filter(keep)
        prepared.sealed = prepared.sealed.without(gone)
        prepared.warnings = [(row, finding) for row, finding in prepared.warnings if row not in found]
        prepared.findings |= found
        prepared.refusals += self._refusals(prepared.lines, found)
        prepared.copies = self._copies(prepared)

    def _count(self, prepared: _Prepared) -> None:
        state = self.state
        state.loaded += prepared.frame.height
        state.refused += len(prepared.refusals)
        state.next_byte = prepared.chunk.end
        for found in prepared.findings.values():
            for code in sorted({finding.code for finding in found}):
                state.reasons[code] = state.reasons.get(code, 0) + 1
        for row, finding in prepared.warnings:
            state.warn(finding, [row])

    # -- the end ------------------------------------------------------------------------------------------------------

    def _index(self) -> None:
        with self._timed(INDEX):
            indexes.build(self.state.dropped, lambda done, total: self._checkpoint(done, total, INDEX))

    def _finish(self) -> None:
        """Count in the register itself, and close the account of the file."""
        state, job = self.state, self.job.job.pk
        with self._timed(VERIFY), self.desk.acting(Duty.BULK), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM residents_version WHERE event_id = %s", [state.event])
            (counted,) = cursor.fetchone()
            kept = ImportRefusal.objects.filter(job=job).count()
            if (counted, kept) != (state.loaded, state.refused) or counted + kept != self.total:
                raise RuntimeError(
                    f"取込みの件数が合いません: ファイル {self.total}、台帳 {counted}、取り込まなかった行 {kept}"
                )
            groups, same = _same_persons(cursor, state.event)
            resolved = _resolve_refusals(cursor, state.event, job, self.desk.now)
        with self.desk.acting(Duty.BULK):
            state.result = {
                "loaded": counted,
                "refused": kept,
                "resolved": resolved,
                "same_person_groups": groups,
                "same_persons": same,
            }
            self.desk.log(
                Operation.IMPORT,
                target=f"job:{job}",
                state="finished",
                rows=self.total,
                loaded=counted,
                refused=kept,
                sha256=self.surveyed.manifest.sha256,
            )
            self._checkpoint(self.total, self.total, VERIFY)


# -- the register's tables --------------------------------------------------------------------------------------------


def _copy(table: str, columns: dict[str, Encoded]) -> Copy:
    return f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)", rows(list(columns.values()))


def _copy_text(table: str, frame: pl.DataFrame) -> Copy:
    """Text, which PostgreSQL reads faster than CSV, unless a value would have to be escaped in it. No value is empty."""
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False, separator="\t", quote_style="never")
    data = buffer.getvalue()
    columns = ", ".join(frame.columns)
    plain = data.count(b"\t") == frame.height * (frame.width - 1) and data.count(b"\n") == frame.height
    if plain and b"\\" not in data:
        return f"COPY {table} ({columns}) FROM STDIN (FORMAT text, NULL '')", data
    return f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)", _csv(frame)


def _send(cursor: Any, copy: Copy) -> None:
    statement, data = copy
    with cursor.copy(statement) as stream:
        stream.write(data)


def _places(rows: pl.Series, wanted: pl.Series) -> Integers:
    """Where each of `wanted` stands in `rows`, which are ascending and hold them all."""
    return np.searchsorted(rows.to_numpy(), wanted.to_numpy())


def _numbered(rows: pl.Series) -> pl.Series:
    """1, 2, … for each run of equal rows."""
    values = rows.to_numpy()
    is_first = np.diff(values, prepend=values[:1] - 1) != 0
    here = np.arange(len(values))
    return pl.Series((here - np.maximum.accumulate(np.where(is_first, here, 0)) + 1).astype(np.int16))


def _csv(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False)
    return buffer.getvalue()


def _lock_register() -> None:
    """Filings wait until the transaction ends: what is compared with the register stays true."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE residents_resident IN SHARE ROW EXCLUSIVE MODE")


def _take_from_pool(cursor: Any, codes: pl.Series, today: date) -> None:
    """A code that somebody bears is not given out again."""
    cursor.execute("SELECT code FROM residents_code_pool WHERE assigned_on IS NULL LIMIT %s", [len(codes) + 1])
    free = [code for (code,) in cursor.fetchall()]
    if not free:
        return
    borne = codes if len(free) > len(codes) else codes.filter(codes.is_in(free))
    if len(borne):
        cursor.execute(
            "UPDATE residents_code_pool SET assigned_on = %s WHERE assigned_on IS NULL AND code = ANY(%s)",
            [today, borne.to_list()],
        )


def _others_wrote(cursor: Any) -> bool:
    """Whether anybody filed anything since the register was empty."""
    cursor.execute("SELECT EXISTS (SELECT FROM events_event WHERE name = %s)", [RECORD_CHANGED.name])
    return bool(cursor.fetchone()[0])


_CLAIMS = """
SELECT DISTINCT ON (claim.row, claim.column_name) claim.row, claim.column_name, claim.person FROM (
    SELECT k.row, 'number' AS column_name, r.number AS person
        FROM import_keys k JOIN residents_resident r ON r.number = k.number
    UNION ALL SELECT k.row, 'resident_code', v.person
        FROM import_keys k JOIN residents_version v ON v.resident_code = k.resident_code
    UNION ALL SELECT k.row, 'individual_number', v.person
        FROM import_keys k JOIN residents_version v ON v.individual_number = k.vault
    UNION ALL SELECT k.row, 'residence_card', v.person
        FROM import_keys k JOIN residents_version v ON v.residence_card = k.residence_card
    UNION ALL SELECT k.row, 'relationship', r.number
        FROM import_keys k JOIN residents_resident r ON r.household_number = k.household AND r.is_open
        JOIN residents_version v ON v.person = r.number AND v.version_no = r.version_no AND v.relationship = %(head)s
) claim
"""


def _claims_on_register(cursor: Any, prepared: _Prepared, *, own_only: bool) -> list[tuple[int, str, int]]:
    """(row, column, 宛名番号 of who has it already). `own_only`: all but filed records are of this very load."""
    known = vault.known_of(prepared.sealed)
    held = pl.DataFrame(
        {"vault": list(known), "held": list(known.values())}, schema={"vault": pl.Int64, "held": pl.Int64}
    )
    heads = pl.col("closing_reason").is_null() & (pl.col("relationship") == HOUSEHOLDER)
    keys = prepared.frame.join(held, on="vault", how="left").select(
        "row", "number", "resident_code", "held", "residence_card", pl.when(heads).then("household_number")
    )
    cursor.execute(
        "CREATE TEMPORARY TABLE import_keys (row bigint, number bigint, resident_code text, vault bigint,"
        " residence_card text, household bigint)"
    )
    with cursor.copy("COPY import_keys FROM STDIN (FORMAT csv)") as copy:
        copy.write(_csv(keys))
    cursor.execute("ANALYZE import_keys")
    filed = " WHERE claim.person IN (SELECT subject FROM events_event WHERE name = %(changed)s)" if own_only else ""
    cursor.execute(_CLAIMS + filed, {"head": HOUSEHOLDER, "changed": RECORD_CHANGED.name})
    rows: list[tuple[int, str, int]] = cursor.fetchall()
    cursor.execute("DROP TABLE import_keys")
    return rows


def _same_persons(cursor: Any, event: int) -> tuple[int, list[list[int]]]:
    """Groups of persons with equal folded name, birth and sex, at least one of them loaded now."""
    cursor.execute("SET LOCAL work_mem = '256MB'")
    cursor.execute(
        "WITH twice AS (SELECT name, birth_from, birth_to, sex FROM residents_search_name"
        " WHERE is_current AND name <> '' GROUP BY name, birth_from, birth_to, sex HAVING count(*) > 1),"
        " grouped AS (SELECT array_agg(DISTINCT n.person ORDER BY n.person) AS persons FROM residents_search_name n"
        " JOIN twice t ON n.name = t.name AND n.birth_from = t.birth_from AND n.birth_to = t.birth_to"
        " AND n.sex IS NOT DISTINCT FROM t.sex WHERE n.is_current"
        " GROUP BY n.name, n.birth_from, n.birth_to, n.sex HAVING count(DISTINCT n.person) > 1)"
        " SELECT persons, count(*) OVER () FROM grouped WHERE EXISTS (SELECT FROM residents_version v"
        " WHERE v.person = ANY(persons) AND v.version_no = 1 AND v.event_id = %s) ORDER BY persons LIMIT %s",
        [event, _GROUPS_SHOWN],
    )
    rows = cursor.fetchall()
    return (rows[0][1] if rows else 0), [persons for persons, _ in rows]


def _resolve_refusals(cursor: Any, event: int, job: int, now: datetime) -> int:
    """Earlier refusals of persons that this load brought are settled."""
    cursor.execute(
        "UPDATE residents_import_refusal f SET resolved_at = %s FROM residents_version v"
        " WHERE f.resolved_at IS NULL AND f.job < %s AND v.person = f.number AND v.version_no = 1 AND v.event_id = %s",
        [now, job, event],
    )
    return int(cursor.rowcount)
