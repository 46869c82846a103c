"""Whether the log is whole: every entry, every lane, every place in the tree, every signed head, every erasure.

What one finds is named by lane and sequence where that can be known, else by the positions between two heads. Whoever can
write to the database but has neither the signing key nor the checkpoints kept outside can't hide a change from this, save in
entries that no checkpoint has reached yet and only by rebuilding their lane (at most `SEAL_EVERY_S` old).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from yakuba.platform.clock import JAPAN

from . import checkpoints, retention, signing, sql
from .merkle import TILE, Frontier, subtree
from .models import Checkpoint
from .verifier import Broken, VerificationKey, node_hash, open_checkpoint
from .verifier import Checkpoint as Head

SHOWN = 10_000
"""Offenders of one kind that are named; a log that was rewritten as a whole has them all."""


@dataclass(frozen=True, slots=True, order=True)
class Breach:
    """One thing that does not hold. `lane` and `sequence`, or `position`, say where."""

    kind: str
    message: str
    lane: int | None = None
    sequence: int | None = None
    position: int | None = None

    def __str__(self) -> str:
        where = f"列{self.lane} 連番{self.sequence}: " if self.lane is not None else ""
        return f"{where}{self.message}"


@dataclass(slots=True)
class Report:
    """What was looked at, and what was found. `notices` are no breaches, but somebody should see to them."""

    entries: int = 0
    leaves: int = 0
    unsealed: int = 0
    erased: int = 0
    checkpoints: int = 0
    kept_outside: int = 0
    breaches: list[Breach] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.breaches


def verify(places: Sequence[Path] | None = None, keys: Sequence[VerificationKey] | None = None) -> Report:
    """Look at the whole log; nothing is written. `places` keep checkpoints, `keys` verify them: by default the house's own.

    The house goes on meanwhile; only sealing and erasing wait, so that tree, heads and kept checkpoints are of one moment.
    """
    report = Report()
    trusted = signing.verification_keys() if keys is None else list(keys)
    with transaction.atomic():
        _ask("SELECT pg_advisory_xact_lock_shared(%s, 0)::text", sql.TREE_LOCK)
        _count(report)
        for look in (_entries, _chains, _lanes, _not_erased):
            report.breaches += look()
        heads = _heads(report, trusted)
        _kept(report, trusted, heads, checkpoints.places() if places is None else places)
        _tree(report, heads)
        _erasures(report)
    report.breaches.sort(key=lambda b: (b.lane is None, b.lane or 0, b.sequence or 0, b.position or 0, b.kind))
    return report


def _ask(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return list(cursor.fetchall())


_SEALED = "(SELECT lane, max(sequence) AS top FROM audit_leaf GROUP BY lane)"


def _count(report: Report) -> None:
    ((report.entries, report.leaves, report.unsealed),) = _ask(
        f"""SELECT (SELECT count(*) FROM audit_entry), (SELECT count(*) FROM audit_leaf), (
            SELECT count(*) FROM audit_entry e LEFT JOIN {_SEALED} s USING (lane) WHERE e.sequence > coalesce(s.top, 0))"""
    )
    ((report.erased,),) = _ask("SELECT coalesce(sum(last - first + 1), 0)::bigint FROM audit_erased_range")


# -- entries and lanes ------------------------------------------------------------------------------------------------

_ENTRY_MESSAGES = {
    "removed": "記録が消されています。",
    "changed": "記録の内容が変更されています。",
    "inserted": "後から差し込まれた記録です。",
    "replaced": "記録が、木に入ったときのものと異なります。",
}


def _entries() -> list[Breach]:
    expected = sql.leaf("e.salt", sql.canonical("e."))
    rows = _ask(
        f"""SELECT coalesce(e.lane, l.lane), coalesce(e.sequence, l.sequence), l.position, CASE
                WHEN e.id IS NULL THEN 'removed' WHEN e.leaf <> {expected} THEN 'changed'
                WHEN l.position IS NULL THEN 'inserted' ELSE 'replaced' END
            FROM audit_entry e FULL JOIN audit_leaf l ON l.lane = e.lane AND l.sequence = e.sequence
            LEFT JOIN {_SEALED} s ON s.lane = e.lane
            WHERE e.leaf <> {expected} OR l.leaf <> e.leaf OR l.hash <> e.hash
                OR (l.position IS NULL AND e.sequence <= s.top)
                OR (e.id IS NULL AND NOT EXISTS (SELECT FROM audit_erased_range r
                    WHERE r.lane = l.lane AND r.first <= l.sequence AND r.last >= l.sequence))
            ORDER BY 1, 2 LIMIT {SHOWN}"""
    )
    return [Breach(kind, _ENTRY_MESSAGES[kind], lane, sequence, at) for lane, sequence, at, kind in rows]


def _chains() -> list[Breach]:
    rows = _ask(
        f"""SELECT lane, sequence, expected FROM (
                SELECT lane, sequence, leaf, hash, lag(hash, 1, ''::bytea) OVER lanes AS before,
                       lag(sequence, 1, 0::bigint) OVER lanes + 1 AS expected
                FROM (SELECT lane, sequence, leaf, hash FROM audit_leaf
                      UNION ALL
                      SELECT e.lane, e.sequence, e.leaf, e.hash FROM audit_entry e LEFT JOIN {_SEALED} s USING (lane)
                      WHERE e.sequence > coalesce(s.top, 0)) links
                WINDOW lanes AS (PARTITION BY lane ORDER BY sequence)
            ) chained WHERE sequence <> expected OR hash <> sha256(before || leaf) ORDER BY 1, 2 LIMIT {SHOWN}"""
    )
    found = []
    for lane, sequence, expected in rows:
        if sequence == expected:
            found.append(Breach("chain", "直前までの記録とつながりません。", lane, sequence))
        elif sequence < expected:
            found.append(Breach("duplicate", "同じ連番の記録が二つあります。", lane, sequence))
        else:
            missing = f"連番{expected}から{sequence - 1}までの" if sequence - 1 > expected else ""
            found.append(Breach("gap", f"{missing}記録が、木の葉とともに消されています。", lane, expected))
    return found


def _lanes() -> list[Breach]:
    rows = _ask(
        """SELECT n.number, n.length, coalesce(last.sequence, 0) FROM audit_lane n LEFT JOIN LATERAL (
               SELECT sequence, hash FROM (
                   (SELECT sequence, hash FROM audit_entry WHERE lane = n.number ORDER BY sequence DESC LIMIT 1)
                   UNION ALL
                   (SELECT sequence, hash FROM audit_leaf WHERE lane = n.number ORDER BY sequence DESC LIMIT 1)
               ) ends ORDER BY sequence DESC LIMIT 1
           ) last ON true
           WHERE n.length <> coalesce(last.sequence, 0) OR n.head <> coalesce(last.hash, ''::bytea) ORDER BY 1"""
    )
    found = []
    for lane, length, last in rows:
        if length > last:
            found.append(Breach("tail", f"末尾の{length - last}件が消されています。", lane, last + 1))
        elif length < last:
            found.append(Breach("inserted", "列の長さを超える記録が差し込まれています。", lane, length + 1))
        else:
            found.append(Breach("head", "列の先頭の値が、最後の記録と合いません。", lane, length))
    lanes = {number for (number,) in _ask("SELECT number FROM audit_lane")}
    strangers = _ask("SELECT lane, min(sequence) FROM audit_entry GROUP BY lane ORDER BY lane")
    return found + [
        Breach("lane", "列そのものが消されています。", n, first) for n, first in strangers if n not in lanes
    ]


def _not_erased() -> list[Breach]:
    rows = _ask(
        f"""SELECT e.lane, e.sequence FROM audit_erased_range r
            JOIN audit_entry e ON e.lane = r.lane AND e.sequence BETWEEN r.first AND r.last
            ORDER BY 1, 2 LIMIT {SHOWN}"""
    )
    return [Breach("not_erased", "消去したと記録されているのに、内容があります。", *row) for row in rows]


# -- signed heads -----------------------------------------------------------------------------------------------------


def _heads(report: Report, keys: Sequence[VerificationKey]) -> dict[int, Head]:
    """The heads in the database that hold, by size."""
    heads: dict[int, Head] = {}
    before: Checkpoint | None = None
    for row in Checkpoint.objects.order_by("number"):
        report.checkpoints += 1
        expected = before.number + 1 if before else 1
        if row.number != expected:
            report.breaches.append(
                Breach("checkpoint_removed", f"チェックポイント{expected}から{row.number - 1}までが消されています。")
            )
        if before and (row.size <= before.size or row.at < before.at):
            report.breaches.append(
                Breach("checkpoint", f"チェックポイント{row.number}の大きさ又は時刻が、前のものより小さい値です。")
            )
        before = row
        try:
            head = open_checkpoint(row.note, keys)
        except Broken as broken:
            report.breaches.append(Breach("checkpoint", f"チェックポイント{row.number}: {broken}"))
            continue
        if (head.size, head.root, head.at) != (row.size, bytes(row.root), _utc(row.at)):
            report.breaches.append(
                Breach("checkpoint", f"チェックポイント{row.number}の値が、署名されたものと異なります。")
            )
        heads[head.size] = head
    if before is None and report.entries:
        report.notices.append("署名されたチェックポイントがまだありません。")
    return heads


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _kept(report: Report, keys: Sequence[VerificationKey], heads: dict[int, Head], places: Sequence[Path]) -> None:
    """Compare with the heads that are kept outside; what they know of joins `heads`."""
    stored = dict(heads)
    if len(places) < 2:
        report.notices.append(
            "チェックポイントがデータベースと同じ場所にしか保管されていません。"
            "別の機器のフォルダを YAKUBA_AUDIT_OUTSIDE で指定してください。"
        )
    for place in places:
        try:
            notes = checkpoints.kept_notes(place)
        except FileNotFoundError:
            if stored:
                report.notices.append(f"チェックポイントの保管先がありません: {place}")
            continue
        except (OSError, ValueError) as error:
            report.breaches.append(Breach("kept", f"保管されたチェックポイントが読めません: {error}"))
            continue
        seen = set()
        for number, note in enumerate(notes, 1):
            try:
                head = open_checkpoint(note, keys)
            except Broken as broken:
                report.breaches.append(Breach("kept", f"{place.name} の{number}番目: {broken}"))
                continue
            report.kept_outside += 1
            seen.add(head.size)
            if head.size in stored and stored[head.size].root != head.root:
                report.breaches.append(
                    Breach("kept", f"大きさ{head.size}のチェックポイントが、保管されたものと異なります。")
                )
            elif head.size not in stored:
                report.breaches.append(
                    Breach("checkpoint_removed", f"保管された大きさ{head.size}のチェックポイントが、消されています。")
                )
            heads.setdefault(head.size, head)
        behind = sum(size not in seen for size in stored)
        if behind:
            report.notices.append(f"{place} に、チェックポイント{behind}個がまだありません。")


def _tree(report: Report, heads: dict[int, Head]) -> None:
    """Recompute the tree, and hold every head against it."""
    nodes = {(level, index): bytes(value) for level, index, value in _ask("SELECT level, index, hash FROM audit_node")}
    wanted = sorted(size for size in heads if size <= report.leaves)
    size, row = 0, _Row()
    roots: dict[int, bytes] = {}
    for first, count, data in _tiles():
        if first != size:
            report.breaches.append(
                Breach("position", f"木の位置{size}から{first - 1}までの葉が消されています。", position=size)
            )
            return
        leaves = [data[at : at + 32] for at in range(0, 32 * count, 32)]
        inside = [at for at in wanted if size < at <= size + count and at % (1 << TILE)]
        roots |= {at: row.with_part(leaves[: at - size]) for at in inside}
        if count == 1 << TILE:
            row.add(subtree(leaves))
            if size + count in heads:
                roots[size + count] = row.with_part([])
        size += count
    for level, index, value in row.kept():
        if nodes.pop((level, index), value) != value:
            at = index << level
            report.breaches.append(
                Breach(
                    "node", f"木の位置{at}から{at + (1 << level) - 1}までの途中の値が変更されています。", position=at
                )
            )
    extra = sorted(place for place in nodes if (place[1] + 1) << place[0] > size)
    report.breaches += [
        Breach("node", f"木にない途中の値があります（段{level}、{index}番）。", position=index << level)
        for level, index in extra
    ]
    good = 0
    for at in wanted:
        if roots[at] != heads[at].root:
            report.breaches.append(
                Breach(
                    "root",
                    f"位置{good}から{at - 1}までのどれかが、署名の後に変更されています（大きさ{at}の木の根が異なる）。",
                    position=good,
                )
            )
            break
        good = at
    beyond = [head for at, head in sorted(heads.items()) if at > report.leaves]
    if beyond:
        last = beyond[-1]
        report.breaches.append(
            Breach(
                "truncated",
                f"{_japan(last.at)}には{last.size}件あった木が{report.leaves}件しかありません。"
                f"位置{report.leaves}から後が切り取られています。",
                position=report.leaves,
            )
        )
    if report.checkpoints and good < report.leaves and not beyond and wanted and wanted[-1] < report.leaves:
        report.breaches.append(
            Breach("unsigned", f"位置{wanted[-1]}から後の葉に、署名がありません。", position=wanted[-1])
        )


def _japan(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(JAPAN):%Y年%m月%d日%H時%M分}"


class _Row:
    """The tree over whole tiles: a frontier whose leaves are the roots of 256 entries."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]
        self._frontier = Frontier()

    def add(self, tile: bytes) -> None:
        self._levels[0].append(tile)
        self._frontier.add(tile)

    def with_part(self, leaves: Sequence[bytes]) -> bytes:
        """The root when `leaves` (fewer than a tile) follow."""
        if not leaves:
            return self._frontier.root()
        part = Frontier()
        for leaf in leaves:
            part.add(leaf)
        found = part.root()
        for left in reversed(self._frontier.complete):
            found = node_hash(left, found)
        return found

    def kept(self) -> Iterator[tuple[int, int, bytes]]:
        """(level, index, hash) of every subtree that the house keeps."""
        row, level = self._levels[0], TILE
        while row:
            yield from ((level, index, value) for index, value in enumerate(row))
            width = 1 << TILE
            row = [subtree(row[at : at + width]) for at in range(0, len(row) - width + 1, width)]
            level += TILE


def _tiles() -> Iterator[tuple[int, int, bytes]]:
    """(first position, count, hashes) of each tile of 256 leaves, in order."""
    statement = f"""SELECT min(position), count(*), string_agg(leaf, ''::bytea ORDER BY position)
        FROM audit_leaf GROUP BY position / {1 << TILE} ORDER BY 1"""
    raw = connection.connection
    with raw.cursor(name="audit_tiles", binary=True) as cursor:
        cursor.itersize = 200
        cursor.execute(statement)
        for first, count, data in cursor:
            yield first, count, bytes(data)


# -- erasures ---------------------------------------------------------------------------------------------------------

_ERASURES = """
SELECT r.id, r.at, r.before, r.entries, r.digest, r.lane, r.sequence, taken.entries, taken.digest, taken.top,
    (SELECT size FROM audit_checkpoint c WHERE c.at >= r.before ORDER BY number LIMIT 1),
    e.id, e.target, e.detail, EXISTS (
        SELECT FROM audit_erased_range x WHERE x.lane = r.lane AND r.sequence BETWEEN x.first AND x.last)
FROM audit_erasure r LEFT JOIN LATERAL (
    SELECT count(*) AS entries, sha256(string_agg(l.leaf, ''::bytea ORDER BY l.position)) AS digest, max(l.position) AS top
    FROM audit_erased_range x JOIN audit_leaf l ON l.lane = x.lane AND l.sequence BETWEEN x.first AND x.last
    WHERE x.erasure_id = r.id
) taken ON true
LEFT JOIN audit_entry e ON e.lane = r.lane AND e.sequence = r.sequence ORDER BY r.id
"""


def _erasures(report: Report) -> None:
    """That only what was past its period was erased, and that the log says so."""
    known = []
    for (number, at, before, entries, digest, lane, sequence, found, found_digest, top, bound,
         entry, target, detail, is_erased) in _ask(_ERASURES):  # fmt: skip
        known.append(number)
        wrong = []
        if entries != found or bytes(digest) != bytes(found_digest or b""):
            wrong.append("消去した記録の範囲が、消去の記録と合いません。")
        if top is not None and (bound is None or top >= bound):
            wrong.append("保存期間の満了より後に署名された記録まで消されています。")
        if before > retention.latest_cutoff(at):
            wrong.append("保存期間の満了前の記録まで消されています。")
        said = json.loads(detail) if isinstance(detail, str) else detail
        told = bool(entry) and (target, said.get("entries"), said.get("digest")) == (
            f"audit_erasure:{number}", entries, bytes(digest).hex(),
        )  # fmt: skip
        if not told and not (entry is None and is_erased):
            wrong.append("消去したことが操作履歴にありません。")
        report.breaches += [Breach("erasure", f"消去{number}: {text}", lane, sequence) for text in wrong]
    for erasure, lane, first in _ask("SELECT erasure_id, lane, first FROM audit_erased_range ORDER BY id"):
        if erasure not in known:
            report.breaches.append(Breach("erasure", "記録のない消去です。", lane, first))
    for earlier, later in pairwise(known):
        if later != earlier + 1:
            report.notices.append(f"消去の記録の番号が{earlier}から{later}へ飛んでいます（取り消された処理）。")
