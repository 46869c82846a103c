"""The file, cut into chunks of whole lines, with every line that is no proper record found before anything is loaded.

A record is one line: text of the register has no line breaks, so an unclosed quote harms its own line only. A chunk is
read twice, when the file is surveyed and when it is loaded; its checksum shows that both times it was the same.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from yakuba.core.findings import Finding, Findings, Position, Refused

from .layout import COLUMNS, HEADER, MAX_LINE_BYTES, PLACE
from .manifest import Manifest

CHUNK_BYTES = 12 << 20
_LINE_FEED, _COMMA = 10, 44
_FIELD = rb'(?:"(?:[^"]|"")*+"|[^",]*+)'
_RECORD = re.compile(_FIELD + rb"(?:," + _FIELD + rb"){%d}" % (len(COLUMNS) - 1))
_LINES_DECODED = 500
_MOSTLY = 0.1
"""A share of undecodable rows at which the file, not the row, is wrong."""

Lines = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chunk:
    """`rows` lines from byte `offset` on; `first_row` is the number of the first in the file, whose header is line 1.

    `broken`: line number -> what keeps the line from being a record. `oversize`: one line longer than any chunk.
    """

    offset: int
    length: int
    first_row: int
    rows: int
    checksum: int
    broken: dict[int, Finding] = field(default_factory=dict, hash=False)
    oversize: bool = False

    @property
    def end(self) -> int:
        return self.offset + self.length


class SourceChanged(RuntimeError):
    """The file is no longer what was surveyed."""


class Source:
    """The file at `path`. Opening it checks the header; `survey` goes through the rest."""

    def __init__(self, path: Path, chunk_bytes: int = CHUNK_BYTES) -> None:
        self.path = path
        self.chunk_bytes = chunk_bytes
        self._total = hashlib.sha256()
        with self._open() as file:
            head = file.readline(MAX_LINE_BYTES)
        _check_header(head)
        self.body = len(head)

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise Refused(
                [
                    Finding(
                        "RES-E-300", self.path.name, f"ファイルを開けません（{error.strerror}）。",
                        "ファイルの名前と、読み取りの権限を確認してください。",
                    )
                ]
            ) from error  # fmt: skip

    def survey(self) -> Iterator[tuple[Chunk, bytes]]:
        """Every chunk with its bytes. Raises Refused when the file as a whole is in another encoding."""
        self._total = hashlib.sha256()
        row = 2
        with self._open() as file, ThreadPoolExecutor(1) as hasher:
            self._total.update(file.read(self.body))
            offset, carry, at_end = self.body, b"", False
            while not at_end:
                block = file.read(max(self.chunk_bytes - len(carry), 1))
                at_end = not block
                data, carry = carry + block, b""
                oversize = False
                if not at_end:
                    cut = data.rfind(b"\n") + 1
                    oversize = not cut and len(data) >= self.chunk_bytes
                    data, carry = (data, b"") if oversize else (data[:cut], data[cut:])
                if not data:
                    continue
                if oversize:
                    chunk, carry = self._oversize(file, data, offset, row)
                else:
                    hashing = hasher.submit(self._total.update, data)
                    chunk = _chunk(data, offset, row)
                    hashing.result()
                if row == 2:
                    _check_encoding(chunk)
                yield chunk, data
                offset, row = chunk.end, row + chunk.rows
        self.manifest = Manifest(row - 2, offset, self._total.hexdigest())

    def _oversize(self, file: BinaryIO, data: bytes, offset: int, row: int) -> tuple[Chunk, bytes]:
        """A line without end: skipped up to its line feed, never held whole. What follows it is carried on."""
        checksum = length = 0
        while data:
            cut = data.find(b"\n") + 1
            line, carry = (data[:cut], data[cut:]) if cut else (data, b"")
            checksum = zlib.crc32(line, checksum)
            self._total.update(line)
            length += len(line)
            if cut:
                break
            data, carry = file.read(self.chunk_bytes), b""
        else:
            carry = b""
        broken = {row: _too_long(row, offset)}
        return Chunk(offset, length, row, 1, checksum, broken, oversize=True), carry

    def read(self, chunk: Chunk) -> bytes:
        """The bytes of a chunk again; of an oversize one its beginning only. Raises SourceChanged."""
        with self._open() as file:
            file.seek(chunk.offset)
            kept = data = file.read(min(chunk.length, self.chunk_bytes))
            checksum = zlib.crc32(data)
            left = chunk.length - len(data)
            while left and data:
                data = file.read(min(left, self.chunk_bytes))
                checksum = zlib.crc32(data, checksum)
                left -= len(data)
        if left or checksum != chunk.checksum:
            raise SourceChanged(
                f"{self.path.name} が取込みの途中で変わりました（{chunk.first_row}行目から）。"
                "元のファイルに戻してから、同じコマンドで続けてください。"
            )
        return kept if not chunk.oversize else kept[:MAX_LINE_BYTES]


def _check_header(head: bytes) -> None:
    findings = Findings()
    first = Position(row=1)
    if not head:
        findings.error("RES-E-301", "file", "ファイルが空です。", "ファイルを受け取り直してください。")
    elif head.startswith(b"\xef\xbb\xbf"):
        findings.error(
            "RES-E-302", "file", "先頭に BOM があります。", "BOM なしの UTF-8 で保存してください。", position=first
        )
    elif head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:
        findings.error(
            "RES-E-303", "file", "UTF-16 のようです。", "BOM なしの UTF-8 で保存してください。", position=first
        )
    elif not head.endswith(b"\n"):
        findings.error(
            "RES-E-304", "file", "1行目が改行（LF）で終わっていません。", "1行目は見出しだけの行にしてください。", position=first
        )  # fmt: skip
    elif head.endswith(b"\r\n"):
        findings.error(
            "RES-E-305", "file", "改行が CRLF です。", "改行を LF だけにして保存してください。", position=first
        )
    elif head[:-1] != HEADER:
        _check_columns(head[:-1], findings)
    if findings.errors:
        raise Refused(findings)


def _check_columns(head: bytes, findings: Findings) -> None:
    text = head.decode("utf-8", errors="backslashreplace")
    names = next(csv.reader([text]), [])
    seen: set[str] = set()
    for place, name in enumerate(names, 1):
        where = Position(row=1, column=place)
        if name not in PLACE:
            findings.error(
                "RES-E-306", name[:40], "この様式にない列です。", "列を除くか、列名を直してください。", position=where
            )
        elif name in seen:
            findings.error("RES-E-307", name, "同じ列が二つあります。", "一つにしてください。", position=where)
        seen.add(name)
    for name in COLUMNS:
        if name not in seen:
            findings.error(
                "RES-E-308", name, "列がありません。", "値がない場合も、列は置いて空にしてください。", position=Position(row=1)
            )  # fmt: skip
    if not findings.errors:
        wrong = next((place for place, pair in enumerate(zip(names, COLUMNS, strict=True)) if pair[0] != pair[1]), 0)
        findings.error(
            "RES-E-309", names[wrong], f"列の順が違います。{wrong + 1}項目目は {COLUMNS[wrong]} です。",
            "様式のとおりの順に並べ、引用符を付けずに書いてください。", position=Position(row=1, column=wrong + 1),
        )  # fmt: skip


def _check_encoding(chunk: Chunk) -> None:
    wrong = [finding for finding in chunk.broken.values() if finding.code == "RES-E-320"]
    if len(wrong) > chunk.rows * _MOSTLY and len(wrong) > 1:
        raise Refused(
            [
                Finding(
                    "RES-E-303", "file", f"UTF-8 ではありません（初めの{chunk.rows}行のうち{len(wrong)}行）。",
                    "BOM なしの UTF-8 で保存してください。", position=wrong[0].position,
                )
            ]
        )  # fmt: skip


# -- lines ------------------------------------------------------------------------------------------------------------


def _bounds(data: bytes) -> tuple[Lines, Lines]:
    """Start and end (without line feed) of each line."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_FEED)
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    return np.concatenate(([0], ends[:-1] + 1)), ends


def _chunk(data: bytes, offset: int, first_row: int) -> Chunk:
    starts, ends = _bounds(data)
    broken = {}
    for line, (code, field_name, message, remedy, byte) in _broken_lines(data, starts, ends).items():
        position = Position(row=first_row + line, byte=offset + byte)
        broken[first_row + line] = Finding(code, field_name, message, remedy, position=position)
    return Chunk(offset, len(data), first_row, len(starts), zlib.crc32(data), broken)


def _too_long(row: int, offset: int) -> Finding:
    message = f"1行が{MAX_LINE_BYTES:,}バイトを超えています。"
    return Finding("RES-E-325", "line", message, "改行を確かめてください。", position=Position(row=row, byte=offset))


_Fault = tuple[str, str, str, str, int]


def _broken_lines(data: bytes, starts: Lines, ends: Lines) -> dict[int, _Fault]:
    """Line (from 0) -> its first fault, as (code, field, message, remedy, byte in `data`)."""
    found: dict[int, _Fault] = {}

    def lines_with(byte: bytes) -> Iterator[tuple[int, int]]:
        place = data.find(byte)
        while place >= 0:
            line = int(np.searchsorted(ends, place))
            yield line, place
            place = data.find(byte, int(ends[line]) + 1)

    for line in np.flatnonzero(ends - starts > MAX_LINE_BYTES).tolist():
        finding = _too_long(0, 0)
        found[line] = (finding.code, finding.field, finding.message, finding.remedy, int(starts[line]))
    if not data.endswith(b"\n"):
        found.setdefault(
            len(starts) - 1,
            ("RES-E-326", "line", "最後の行が改行で終わっていません。", "ファイルが途中で切れていないか確認してください。", int(ends[-1])),
        )  # fmt: skip
    for line, place in _undecodable(data, starts, ends):
        found.setdefault(
            line, ("RES-E-320", "line", "UTF-8 として読めない文字があります。", "UTF-8 で保存してください。", place)
        )
    for line, place in lines_with(b"\0"):
        found.setdefault(
            line, ("RES-E-321", "line", "NUL 文字があります。", "ファイルを受け取り直してください。", place)
        )
    for line, place in lines_with(b"\r"):
        found.setdefault(
            line, ("RES-E-322", "line", "復帰文字（CR）があります。", "改行を LF だけにしてください。", place)
        )
    _check_fields(data, starts, ends, found, [line for line, _ in lines_with(b'"')])
    return found


def _undecodable(data: bytes, starts: Lines, ends: Lines) -> Iterator[tuple[int, int]]:
    view, line = memoryview(data), 0
    while line < len(starts):
        # A piece at a time: the text of a whole chunk would be made in fresh memory, which takes longer than reading it.
        last = min(line + _LINES_DECODED, len(starts)) - 1
        begin, end = int(starts[line]), int(ends[last]) + 1
        try:
            str(view[begin:end], "utf-8")
        except UnicodeDecodeError as error:
            place = begin + error.start
            line = min(int(np.searchsorted(ends, place)), len(ends) - 1)
            yield line, place
            line += 1
        else:
            line = last + 1


def _check_fields(data: bytes, starts: Lines, ends: Lines, found: dict[int, _Fault], quoted: list[int]) -> None:
    """As many fields as there are columns; quotes opened and closed as RFC 4180 says."""
    # 16 bits are enough: a line with more commas is too long already.
    is_comma = (np.frombuffer(data, np.uint8) == _COMMA).view(np.uint8)
    commas = np.add.reduceat(is_comma, starts, dtype=np.uint16)
    suspect = np.flatnonzero(commas != len(COLUMNS) - 1).tolist()
    for line in sorted({*suspect, *quoted}):
        if line in found:
            continue
        begin, end = int(starts[line]), int(ends[line])
        text = data[begin:end]
        if line in suspect and b'"' not in text:
            count = int(commas[line]) + 1
            found[line] = (
                "RES-E-323", "line", f"項目の数が{len(COLUMNS)}ではなく{count}です。",
                "区切りのコンマと引用符を確認してください。", begin,
            )  # fmt: skip
        elif not _RECORD.fullmatch(text):
            found[line] = (
                "RES-E-324", "line", "引用符が閉じていないか、項目の途中にあるか、項目の数が違います。",
                "引用符で囲む項目は全体を囲み、中の引用符は二つ重ねてください。", begin + text.find(b'"'),
            )  # fmt: skip


def raw_lines(data: bytes, chunk: Chunk, rows: Iterable[int]) -> dict[int, bytes]:
    """Line number -> the line, at most `MAX_LINE_BYTES` of it."""
    starts, ends = _bounds(data)
    return {
        row: data[int(starts[row - chunk.first_row]) : int(ends[row - chunk.first_row])][:MAX_LINE_BYTES]
        for row in rows
    }


def parse(data: bytes, chunk: Chunk, columns: tuple[str, ...] = COLUMNS) -> pl.DataFrame:
    """The proper records of a chunk: `row` (line number), then `columns` as text; null where nothing is stated."""
    rows = np.arange(chunk.first_row, chunk.first_row + chunk.rows, dtype=np.int64)
    if chunk.broken:
        starts, ends = _bounds(data)
        keep = np.isin(rows, list(chunk.broken), invert=True)
        pieces = zip(starts[keep].tolist(), ends[keep].tolist(), strict=True)
        data = b"".join(data[start : end + 1] for start, end in pieces)
        rows = rows[keep]
    if not len(rows):
        return pl.DataFrame(schema={"row": pl.Int64, **dict.fromkeys(columns, pl.String)})
    wanted = sorted(columns, key=PLACE.__getitem__)
    frame = pl.read_csv(
        io.BytesIO(data),
        has_header=False,
        columns=[PLACE[name] - 1 for name in wanted],
        infer_schema=False,
        quote_char='"' if b'"' in data else None,
    )
    frame.columns = wanted
    if frame.height != len(rows):
        raise RuntimeError(f"{len(rows)} lines from {chunk.first_row} were read as {frame.height} records")
    if b'""' in data:
        frame = frame.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)) for name in wanted)
    return frame.select(pl.Series("row", rows), *columns)
