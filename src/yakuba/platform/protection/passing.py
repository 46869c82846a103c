"""The gate: what a desk may hand out by an exit about each of these persons, now.

One indexed query a call, a second one only where a flag holds. Nothing is remembered from one call to the next: a flag that
was committed holds in the next statement of everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.audit.log import Operation

from .exits import Exit, Way, require_declared
from .policy import OPENED_BY, POLICY, STRICTEST, WHEREABOUTS, Concealed, FlagKind, Outcome, outcome

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

HELD = frozenset({Way.ISSUE, Way.LINKAGE, Way.AUTOMATIC_ANSWER})
"""Ways whose answer must still be true when the transaction commits: no flag is set in between."""

_FLAGS = (
    "SELECT f.subject, f.kind, %s = ANY(f.ways) FROM protection_flag f"
    " LEFT JOIN protection_flag_end e ON e.flag_id = f.id"
    " WHERE f.subject = ANY(%s) AND f.starts_on <= %s AND (f.ends_before > %s OR f.ends_before IS NULL)"
    " AND (e.ends_before > %s OR e.ends_before IS NULL)"
)
_RELEASES = (
    "SELECT r.subject, r.id FROM protection_release r"
    " WHERE r.account = %s AND r.subject = ANY(%s) AND r.way = %s AND r.starts_at <= %s AND r.until > %s"
    " AND NOT EXISTS (SELECT FROM protection_release_end e WHERE e.release_id = r.id)"
    " AND (r.uses IS NULL OR r.uses > (SELECT count(*) FROM protection_release_use u WHERE u.release_id = r.id)"
    " OR EXISTS (SELECT FROM protection_release_use u WHERE u.release_id = r.id AND u.reference = %s AND %s <> ''))"
    " ORDER BY r.subject, r.uses NULLS FIRST, r.until"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be handed out about one person. `warnings` are the names of the flags that hold, whatever they do here."""

    outcome: Outcome = Outcome.OPEN
    hidden: frozenset[Concealed] = frozenset()
    warnings: tuple[str, ...] = ()
    release: int | None = None

    @property
    def is_open(self) -> bool:
        return self.outcome is Outcome.OPEN


_OPEN = Verdict()


class Passed(tuple[T_co, ...], Generic[T_co]):
    """What came through an exit, masked where it must be. Only `Passing.filter` makes one, so a caller can't forget to ask.

    `masked` and `refused` count persons' rows; whom they concern isn't told.
    """

    masked: int
    refused: int

    @classmethod
    def _of(cls, rows: Iterable[T], masked: int, refused: int) -> Passed[T]:
        made: Passed[T] = Passed(rows)
        made.masked, made.refused = masked, refused
        return made


NOBODY: Passed[Any] = Passed._of((), 0, 0)
"""No row at all."""


class ProtectionRefused(Refused):
    """Something isn't handed out about these persons. `subjects` is for the log: who tried to reach whom."""

    def __init__(self, findings: Iterable[Finding], subjects: Iterable[int]) -> None:
        super().__init__(findings)
        self.subjects = tuple(subjects)


class Passing:
    """The answers of one exit. A person who was not asked about is refused."""

    def __init__(self, through: Exit, verdicts: Mapping[int, Verdict]) -> None:
        self.through = through
        self._verdicts = verdicts

    def __getitem__(self, subject: int) -> Verdict:
        return self._verdicts.get(subject, _NOT_ASKED)

    def __iter__(self) -> Iterator[int]:
        return iter(self._verdicts)

    @property
    def refused(self) -> tuple[int, ...]:
        return tuple(subject for subject, verdict in self._verdicts.items() if verdict.outcome is Outcome.REFUSED)

    @property
    def masked(self) -> tuple[int, ...]:
        return tuple(subject for subject, verdict in self._verdicts.items() if verdict.outcome is Outcome.MASKED)

    @property
    def is_clear(self) -> bool:
        """No flag holds for anybody who was asked about."""
        return all(verdict is _OPEN for verdict in self._verdicts.values())

    def of(self, subjects: Iterable[int]) -> Verdict:
        """What may go out of something that is about several persons: the strictest answer, with everybody's warnings."""
        verdicts = [self[subject] for subject in subjects]
        if not verdicts:
            return _OPEN
        return Verdict(
            max((verdict.outcome for verdict in verdicts), key=STRICTEST.index),
            frozenset().union(*(verdict.hidden for verdict in verdicts)),
            tuple(dict.fromkeys(warning for verdict in verdicts for warning in verdict.warnings)),
        )

    def filter(
        self, rows: Iterable[T], subjects: Callable[[T], Iterable[int]], mask: Callable[[T, Verdict], T]
    ) -> Passed[T]:
        """The rows that may go out: refused persons' left out, masked persons' without what `mask` takes away.

        `mask` sees every row of somebody who is flagged, an open one too: to show the warning.
        """
        if self.is_clear:
            kept = list(rows)
            if all(subject in self._verdicts for row in kept for subject in subjects(row)):
                return Passed._of(kept, 0, 0)
            rows = kept
        shown: list[T] = []
        masked = refused = 0
        for row in rows:
            verdict = self.of(subjects(row))
            if verdict.outcome is Outcome.REFUSED:
                refused += 1
                continue
            masked += verdict.outcome is Outcome.MASKED
            shown.append(mask(row, verdict) if verdict.warnings or not verdict.is_open else row)
        return Passed._of(shown, masked, refused)

    def require_open(self, field: str, name: Callable[[int], str] | None = None) -> None:
        """For what can't be masked, a paper for instance. Raises ProtectionRefused with a finding a person who isn't open.

        `name`: what a person is called in the finding; without, by 宛名番号.
        """
        self._raise({subject for subject, verdict in self._verdicts.items() if not verdict.is_open}, field, name)

    def require_shown(self, field: str, name: Callable[[int], str] | None = None) -> None:
        """For what stays useful when masked. Raises ProtectionRefused with a finding a person who is refused."""
        self._raise(set(self.refused), field, name)

    def _raise(self, subjects: set[int], field: str, name: Callable[[int], str] | None) -> None:
        if subjects:
            findings = [
                self.finding(subject, field, name(subject) if name else f"宛名番号{subject:015d}の方")
                for subject in sorted(subjects)
            ]
            raise ProtectionRefused(findings, sorted(subjects))

    def finding(self, subject: int, field: str, label: str) -> Finding:
        """Why a person can't go out here, and what to do."""
        warnings = "・".join(self[subject].warnings) or "支援措置等の対象"
        return Finding(
            "PRO-E-001",
            field,
            f"{label}は「{warnings}」のため、{self.through.way.label}ができません。",
            "支援措置等の担当者に確認し、必要なときは一時解除を申請してください。",
        )


_NOT_ASKED = Verdict(Outcome.REFUSED, WHEREABOUTS)


def passing(desk: Desk, through: Exit, subjects: Iterable[int], *, reference: str = "") -> Passing:
    """What may go out about `subjects` (宛名番号) by an exit. In the caller's transaction, after `desk.require`.

    A release that opens something is used up here: once for each call, or once for all calls with the same `reference`.
    Raises UnknownExit for an exit that isn't declared, RuntimeError outside a transaction.
    """
    require_declared(through)
    if not connection.in_atomic_block:
        raise RuntimeError("what may go out is asked in the transaction in which it goes out")
    numbers = list(dict.fromkeys(subjects))
    if not numbers:
        return Passing(through, {})
    if through.way in HELD:
        hold(numbers)
    day = desk.today
    with connection.cursor() as cursor:
        cursor.execute(_FLAGS, [through.way.value, numbers, day, day, day])
        flags = cursor.fetchall()
    verdicts = dict.fromkeys(numbers, _OPEN)
    if flags:
        verdicts |= _judge(desk, through, flags)
        closed = [subject for subject in numbers if not verdicts[subject].is_open]
        if closed:
            verdicts |= _released(desk, through, closed, verdicts, reference)
    return Passing(through, verdicts)


def hold(subjects: Iterable[int]) -> None:
    """Until the transaction ends, nobody sets or ends a flag of these persons; whoever just does is waited for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended('protection:' || subject, 0))"
            " FROM (SELECT subject FROM unnest(%s::bigint[]) AS t (subject) ORDER BY subject) s",
            [list(subjects)],
        )


def _judge(desk: Desk, through: Exit, flags: Iterable[tuple[int, str, bool]]) -> dict[int, Verdict]:
    """The strictest of a person's flags decides, unless the desk's duty opens the way."""
    opener = OPENED_BY[through.way]
    is_opened = opener is not None and desk.may(opener)
    strictest: dict[int, Outcome] = {}
    warnings: dict[int, dict[str, None]] = {}
    for subject, kind, is_covered in sorted(flags):
        done = outcome(through.way, kind) if is_covered and not is_opened else Outcome.OPEN
        strictest[subject] = max(strictest.get(subject, Outcome.OPEN), done, key=STRICTEST.index)
        warnings.setdefault(subject, {})[_warning(kind)] = None
    return {
        subject: Verdict(done, frozenset() if done is Outcome.OPEN else WHEREABOUTS, tuple(warnings[subject]))
        for subject, done in strictest.items()
    }


def _warning(kind: str) -> str:
    try:
        return FlagKind(kind).warning
    except ValueError:
        return "支援措置等の対象"


def _released(
    desk: Desk, through: Exit, closed: list[int], verdicts: Mapping[int, Verdict], reference: str
) -> dict[int, Verdict]:
    """The persons whom a release opens to this desk, and the use of it written down."""
    now = desk.now
    with connection.cursor() as cursor:
        if through.takes_use:
            # Two requests of one clerk wait for each other here; the second then sees what the first one used up.
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('protection:used:' || %s, 0))", [desk.account]
            )
        cursor.execute(_RELEASES, [desk.account, closed, through.way.value, now, now, reference, reference])
        releases = dict(
            reversed(cursor.fetchall())
        )  # of several the first: without count, then the one that ends first
        opened = {
            subject: Verdict(Outcome.OPEN, frozenset(), verdicts[subject].warnings, release)
            for subject, release in releases.items()
        }
        if opened and through.takes_use:
            cursor.execute(
                "INSERT INTO protection_release_use (release_id, exit, reference, at)"
                " SELECT release, %s, coalesce(nullif(%s, ''), gen_random_uuid()::text), %s"
                " FROM unnest(%s::bigint[]) AS t (release) ON CONFLICT (release_id, reference) DO NOTHING",
                [through.name, reference, now, sorted(releases.values())],
            )
    for subject, release in sorted(releases.items()):
        desk.log(Operation.RELEASE, subjects=(subject,), target=f"release:{release}", act="used", exit=through.name)
    return opened


def withheld(desk: Desk, through: Exit) -> frozenset[int]:
    """Everybody who isn't open at an exit: for what goes out in bulk, where nobody is asked about one by one.

    Releases don't count: they are for one person's record, and a file isn't that.
    """
    condition, values = concealed_from(desk, through, "f.subject")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT f.subject FROM protection_flag f WHERE NOT ({condition})", values)
        return frozenset(subject for (subject,) in cursor.fetchall())


def concealed_from(desk: Desk, through: Exit, column: str) -> tuple[str, list[Any]]:
    """A condition of SQL on `column` (宛名番号) and its values: who may be found by what is masked for this desk.

    Without it, a search by address would tell where a masked person lives. True where the duty opens the way.
    """
    require_declared(through)
    opener = OPENED_BY[through.way]
    if opener is not None and desk.may(opener):
        return "true", []
    harmless = [kind.value for kind, done in POLICY[through.way].items() if done is Outcome.OPEN]
    day = desk.today
    return (
        f"NOT EXISTS (SELECT FROM protection_flag pf LEFT JOIN protection_flag_end pe ON pe.flag_id = pf.id"
        f" WHERE pf.subject = {column} AND %s = ANY(pf.ways) AND pf.kind <> ALL(%s) AND pf.starts_on <= %s"
        f" AND (pf.ends_before > %s OR pf.ends_before IS NULL) AND (pe.ends_before > %s OR pe.ends_before IS NULL))",
        [through.way.value, harmless, day, day, day],
    )
