"""Files of records: reading them with every finding, writing them back byte for byte.

`Reading` streams: it holds one record at a time, and the totals. What it yields, `write` turns into the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from yakuba.core.findings import Finding, Findings, Position
from yakuba.core.layouts.encodings import UndecodableBytes
from yakuba.core.layouts.fields import CellFault, CheckDigit, Constant, Field, Filler, Number, Total, Value
from yakuba.core.layouts.layout import START, Form, Layout, Quoting, RecordLayout, Terminator

MOST_FINDINGS = 1000
LONGEST_LINE_BYTES = 1 << 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its kind, the values of its items by key, and the cells (from 0) that stood in quotes."""

    kind: str
    values: dict[str, Value]
    quoted: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class FileForm:
    """The forms that a layout leaves open: how records end, and whether the last one does."""

    terminator: Terminator
    is_last_terminated: bool = True


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A whole file in memory."""

    records: tuple[Record, ...]
    form: FileForm


@dataclass(slots=True)
class Reading:
    """Iterating yields the sound records of `stream`; `findings` and `form` are complete when it ends.

    Unsound records are left out. Reading stops after `most_findings` findings, and says so.
    """

    layout: Layout
    stream: BinaryIO
    most_findings: int = MOST_FINDINGS
    findings: Findings = field(default_factory=Findings)
    form: FileForm | None = None
    record_count: int = 0

    def __iter__(self) -> Iterator[Record]:
        source = _Source(self.stream)
        terminator = self._detect_terminator(source)
        totals = _Totals(self.layout)
        previous = START
        offset = 0
        is_last_terminated = True
        for line in self._lines(source, terminator):
            self.record_count += 1
            content, ending = _split_ending(line, terminator)
            is_last_terminated = bool(ending) or terminator is Terminator.NONE
            record_layout = self._kind_of(content, offset)
            if record_layout is None:
                totals.spoil()
            else:
                if previous not in record_layout.after:
                    self._order_finding(record_layout, previous, offset)
                previous = record_layout.key
                record = self._parse(record_layout, content, offset, totals)
                if record is None:
                    totals.spoil()
                else:
                    totals.add(record)
                    yield record
                if totals.is_closed_by(record_layout):
                    totals.reset()
            if len(self.findings) >= self.most_findings:
                self._finding(
                    "too-many",
                    "ファイル",
                    f"指摘が{self.most_findings}件に達したので、検査をやめました。",
                    "指摘を直してから、もう一度検査してください。",
                    None,
                    offset,
                )
                return
            offset += len(line)
        self.form = FileForm(terminator, is_last_terminated)
        if not any(record.key == previous and record.is_last for record in self.layout.records):
            last = "レコードがありません。" if previous == START else "ファイルが途中で終わっています。"
            self._finding("file-incomplete", "ファイル", last, "最後のレコードまで送ってください。", None, offset)

    def _detect_terminator(self, source: _Source) -> Terminator:
        if self.layout.record_length is None:
            head = source.peek_line(LONGEST_LINE_BYTES)
        else:
            head = source.peek(self.layout.record_length + 2)
        if b"\n" in head:
            found = Terminator.CRLF if head[: head.index(b"\n")].endswith(b"\r") else Terminator.LF
        elif self.layout.form is Form.CSV or Terminator.NONE not in self.layout.terminators:
            return self.layout.terminators[0]
        else:
            found = Terminator.NONE
        if found not in self.layout.terminators:
            allowed = "、".join(terminator.value.upper() for terminator in self.layout.terminators)
            self._finding(
                "terminator",
                "改行",
                f"改行が{found.value.upper()}です。",
                f"{allowed}にしてください。",
                None,
                head.find(b"\n"),
            )
        return found

    def _lines(self, source: _Source, terminator: Terminator) -> Iterator[bytes]:
        if terminator is Terminator.NONE:
            assert self.layout.record_length is not None
            while content := source.read(self.layout.record_length):
                yield content
            return
        limit = LONGEST_LINE_BYTES
        if self.layout.record_length is not None:
            limit = 4 * self.layout.record_length + 2
        while line := source.read_line(limit):
            yield line
            if len(line) == limit and not line.endswith(b"\n"):
                return  # a line of another file altogether; its length has been found wrong

    def _kind_of(self, content: bytes, offset: int) -> RecordLayout | None:
        if len(self.layout.records) == 1:
            return self.layout.records[0]
        for record in self.layout.records:
            if content.startswith((record.mark or "").encode("ascii")):
                return record
        marks = "、".join(f"{record.mark} {record.title}" for record in self.layout.records)
        self._finding(
            "record-kind", "データ区分", "レコードの種類がわかりません。", f"{marks}のどれかにしてください。", 1, offset
        )
        return None

    def _order_finding(self, record: RecordLayout, previous: str, offset: int) -> None:
        before = "ファイルの先頭" if previous == START else self.layout.record(previous).title
        self._finding(
            "record-order",
            record.title,
            f"{record.title}が{before}の次に来ています。",
            "レコードの順序を直してください。",
            1,
            offset,
        )

    def _parse(self, record: RecordLayout, content: bytes, offset: int, totals: _Totals) -> Record | None:
        quoted: frozenset[int] = frozenset()
        if self.layout.form is Form.FIXED:
            assert self.layout.record_length is not None
            if len(content) != self.layout.record_length:
                self._finding(
                    "record-length",
                    record.title,
                    f"レコードが{len(content)}バイトです。",
                    f"{self.layout.record_length}バイトにしてください。",
                    None,
                    offset + min(len(content), self.layout.record_length),
                )
                return None
            cells = list(_fixed_cells(record, content))
        else:
            try:
                cells, quoted = _split_csv(content, self.layout.quoting)
            except _QuoteFault as fault:
                self._finding(
                    "quotes", record.title, str(fault), "引用符を直してください。", fault.column + 1, offset + fault.at
                )
                return None
            if len(cells) != len(record.fields):
                self._finding(
                    "column-count",
                    record.title,
                    f"項目が{len(cells)}個あります。",
                    f"{len(record.fields)}個にしてください。",
                    None,
                    offset,
                )
                return None
        before = len(self.findings)
        values: dict[str, Value] = {}
        whole = _decode_at_once(self.layout, content)
        for column, (item, (at, raw)) in enumerate(zip(record.fields, cells, strict=True), 1):
            try:
                value = _read_cell(self.layout, item, raw) if whole is None else item.read(whole[at : at + len(raw)])
                if isinstance(item, CheckDigit):
                    _require_check_digit(value, cells)
                elif isinstance(item, Number) and item.total is not None:
                    totals.require(item.total, value)
            except UndecodableBytes as fault:
                self._finding(
                    "encoding", item.title, str(fault), "文字を直してください。", column, offset + at + fault.at, record
                )
            except CellFault as fault:
                position = offset + at + _byte_index(self.layout, raw, fault.at)
                self._finding(fault.code, item.title, fault.message, fault.remedy, column, position, record)
            else:
                if not isinstance(item, Filler):
                    values[item.key] = value
        return Record(record.key, values, quoted) if len(self.findings) == before else None

    def _finding(
        self,
        code: str,
        name: str,
        message: str,
        remedy: str,
        column: int | None,
        byte: int,
        record: RecordLayout | None = None,
    ) -> None:
        title = f"{record.title}／{name}" if record is not None and len(self.layout.records) > 1 else name
        position = Position(self.record_count or None, column, byte)
        self.findings.items.append(Finding(f"{self.layout.name}:{code}", title, message, remedy, position=position))


def read_all(layout: Layout, content: bytes) -> RecordFile:
    """A whole file. Raises `Refused` with every finding."""
    reading = Reading(layout, io.BytesIO(content))
    records = tuple(reading)
    reading.findings.raise_if_blocking()
    assert reading.form is not None
    return RecordFile(records, reading.form)


def check(layout: Layout, stream: BinaryIO, *, most_findings: int = MOST_FINDINGS) -> Findings:
    """Every finding of a file of any size, in constant memory."""
    reading = Reading(layout, stream, most_findings)
    for _record in reading:
        pass
    return reading.findings


def write(layout: Layout, records: Iterable[Record], stream: BinaryIO, form: FileForm | None = None) -> int:
    """Write records and return how many. Totals and check digits that a record leaves out are computed.

    Raises `Refused` with every finding at the end; what has reached the stream by then is to be thrown away.
    """
    form = form or FileForm(layout.terminators[0])
    if form.terminator not in layout.terminators:
        raise ValueError(f"{layout.name} allows no {form.terminator.value} between records")
    findings = Findings()
    totals = _Totals(layout)
    previous = START
    count = 0
    for count, record in enumerate(records, 1):
        if count > 1:
            stream.write(form.terminator.bytes)
        record_layout = layout.record(record.kind)
        if previous not in record_layout.after:
            before = "ファイルの先頭" if previous == START else layout.record(previous).title
            _write_finding(
                findings,
                layout,
                "record-order",
                record_layout.title,
                f"{record_layout.title}が{before}の次に来ています。",
                count,
                1,
            )
        previous = record.kind
        stream.write(_write_record(layout, record_layout, record, totals, findings, count))
        totals.add(record)
        if totals.is_closed_by(record_layout):
            totals.reset()
        if len(findings) >= MOST_FINDINGS:
            break
    else:
        if not any(item.key == previous and item.is_last for item in layout.records):
            _write_finding(findings, layout, "file-incomplete", "ファイル", "最後のレコードがありません。", count, None)
    if form.is_last_terminated and count:
        stream.write(form.terminator.bytes)
    findings.raise_if_blocking()
    return count


def write_all(layout: Layout, file: RecordFile) -> bytes:
    """A whole file as bytes. Raises `Refused` with every finding."""
    stream = io.BytesIO()
    write(layout, file.records, stream, file.form)
    return stream.getvalue()


def _write_record(
    layout: Layout, record_layout: RecordLayout, record: Record, totals: _Totals, findings: Findings, row: int
) -> bytes:
    unknown = set(record.values) - set(record_layout.keys)
    if unknown:
        names = "、".join(sorted(unknown))
        _write_finding(
            findings, layout, "unknown-item", record_layout.title, f"レイアウトにない項目{names}があります。", row, None
        )
    cells: list[bytes] = []
    for column, item in enumerate(record_layout.fields):
        value = record.values.get(item.key)
        try:
            if isinstance(item, CheckDigit):
                computed = CheckDigit.of(b"".join(cells).decode("ascii", "replace"))
                value = computed if value is None else value
                _require_equal(computed, value)
            elif isinstance(item, Number) and item.total is not None:
                value = totals.value(item.total) if item.key not in record.values else value
                totals.require(item.total, value)
            elif isinstance(item, Constant) and item.key not in record.values and not item.is_optional:
                value = item.value
            cell = _write_cell(layout, item, value, is_quoted=column in record.quoted)
        except CellFault as fault:
            _write_finding(findings, layout, fault.code, item.title, fault.message, row, column + 1, fault.remedy)
            cell = b""
        cells.append(cell)
    return (b"," if layout.form is Form.CSV else b"").join(cells)


def _write_finding(
    findings: Findings,
    layout: Layout,
    code: str,
    name: str,
    message: str,
    row: int,
    column: int | None,
    remedy: str = "",
) -> None:
    findings.error(f"{layout.name}:{code}", name, message, remedy, position=Position(row, column))


def _decode_at_once(layout: Layout, content: bytes) -> str | None:
    """The text of a record whose every byte is one character and no control; None if cells must be read one by one."""
    if not (layout.encoding.is_single_byte and layout.form is Form.FIXED):
        return None
    try:
        return layout.encoding.decode(content)
    except UndecodableBytes:
        return None


def _read_cell(layout: Layout, item: Field, raw: bytes) -> Value:
    text = layout.encoding.decode(raw)
    control = None if text.isprintable() else _CONTROL.search(text)
    if control:
        raise CellFault("character", "制御文字があります。", "制御文字を除いてください。", control.start())
    return item.read(text)


def _write_cell(layout: Layout, item: Field, value: Value, *, is_quoted: bool) -> bytes:
    text = item.write(value)
    if _CONTROL.search(text):
        raise CellFault("character", "制御文字があります。", "制御文字を除いてください。")
    try:
        raw = layout.encoding.encode(text)
    except ValueError as error:
        raise CellFault("encoding", str(error), "別の文字にしてください。") from error
    if layout.form is Form.FIXED:
        if len(raw) > item.length:
            raise CellFault(
                "too-long", f"{item.length}バイトに収まりません（{len(raw)}バイト）。", "短くしてください。"
            )
        return raw.ljust(item.length)
    if layout.quoting is Quoting.ALWAYS or (layout.quoting is Quoting.EITHER and is_quoted):
        return b'"' + raw.replace(b'"', b'""') + b'"'
    if b'"' in raw or b"," in raw:
        raise CellFault("quotes", "コンマか引用符があります。", "項目から除いてください。")
    return raw


def _byte_index(layout: Layout, raw: bytes, index: int) -> int:
    """The byte of a cell at which its character `index` begins."""
    text = layout.encoding.decode(raw)
    return min(len(layout.encoding.encode(text[:index])), max(len(raw) - 1, 0))


def _require_check_digit(value: Value, cells: list[tuple[int, bytes]]) -> None:
    digits = b"".join(raw for _at, raw in cells[:-1])
    if digits.isdigit():
        _require_equal(CheckDigit.of(digits.decode("ascii")), value)


def _require_equal(computed: str, value: Value) -> None:
    if value != computed:
        raise CellFault(
            "check-digit", f"検査数字が{value}ですが、計算すると{computed}です。", "番号を確認してください。"
        )


def _split_ending(line: bytes, terminator: Terminator) -> tuple[bytes, bytes]:
    """A line without its terminator. A CR that a LF file has before the LF stays, and is found as a control character."""
    ending = terminator.bytes
    if ending and line.endswith(ending):
        return line[: -len(ending)], ending
    return line, b""


def _fixed_cells(record: RecordLayout, content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for item in record.fields:
        yield at, content[at : at + item.length]
        at += item.length


class _QuoteFault(ValueError):
    def __init__(self, message: str, column: int, at: int) -> None:
        super().__init__(message)
        self.column = column
        self.at = at


def _split_csv(content: bytes, quoting: Quoting) -> tuple[list[tuple[int, bytes]], frozenset[int]]:
    """The cells of a line with their offsets, unquoted, and which were quoted.

    Bytes are split, not characters: in UTF-8 and Shift_JIS no second byte is a comma or a quotation mark.
    """
    if b'"' not in content:
        cells: list[tuple[int, bytes]] = []
        at = 0
        for raw in content.split(b","):
            if quoting is Quoting.ALWAYS:
                raise _QuoteFault("引用符で囲まれていません。", len(cells), at)
            cells.append((at, raw))
            at += len(raw) + 1
        return cells, frozenset()
    return _split_quoted_csv(content, quoting)


_QUOTED_CELL = re.compile(rb'"((?:[^"]|"")*)"(?=,|\Z)')


def _split_quoted_csv(content: bytes, quoting: Quoting) -> tuple[list[tuple[int, bytes]], frozenset[int]]:
    cells: list[tuple[int, bytes]] = []
    quoted: set[int] = set()
    at = 0
    while True:
        column = len(cells)
        if content[at : at + 1] == b'"':
            match = _QUOTED_CELL.match(content, at)
            if quoting is Quoting.NEVER or match is None:
                reason = "引用符は使えません。" if quoting is Quoting.NEVER else "引用符が閉じていません。"
                raise _QuoteFault(reason, column, at)
            cells.append((at + 1, match.group(1).replace(b'""', b'"')))
            quoted.add(column)
            end = match.end()
        else:
            comma = content.find(b",", at)
            end = len(content) if comma < 0 else comma
            raw = content[at:end]
            if b'"' in raw:
                raise _QuoteFault("項目の途中に引用符があります。", column, at + raw.index(b'"'))
            if quoting is Quoting.ALWAYS:
                raise _QuoteFault("引用符で囲まれていません。", column, at)
            cells.append((at, raw))
        if end == len(content):
            return cells, frozenset(quoted)
        at = end + 1


class _Totals:
    """Counts and sums of the records since the last trailer, for every total that the layout has."""

    def __init__(self, layout: Layout) -> None:
        self._sums: dict[Total, int] = {}
        self._trailers: set[str] = set()
        for record in layout.records:
            for item in record.fields:
                if isinstance(item, Number) and item.total is not None:
                    self._sums[item.total] = 0
                    self._trailers.add(record.key)
        self._is_spoilt = False

    def add(self, record: Record) -> None:
        for total in self._sums:
            if total.record != record.kind:
                continue
            if total.where_item is not None and record.values.get(total.where_item) not in total.where_codes:
                continue
            amount = 1 if total.item is None else record.values.get(total.item)
            self._sums[total] += amount if isinstance(amount, int) else 0

    def spoil(self) -> None:
        """A record could not be read: until the next trailer no total can be held against the records."""
        self._is_spoilt = True

    def value(self, total: Total) -> int:
        return self._sums[total]

    def require(self, total: Total, value: Value) -> None:
        if value is not None and value != self._sums[total] and not self._is_spoilt:
            raise CellFault(
                "total",
                f"合計が{value}ですが、明細を合計すると{self._sums[total]}です。",
                "明細か合計を直してください。",
            )

    def is_closed_by(self, record: RecordLayout) -> bool:
        return record.key in self._trailers

    def reset(self) -> None:
        self._is_spoilt = False
        for total in self._sums:
            self._sums[total] = 0


class _Source:
    """A stream that can be looked into."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._ahead = b""

    def peek(self, size: int) -> bytes:
        self._ahead = self.read(size)
        return self._ahead

    def peek_line(self, limit: int) -> bytes:
        self._ahead = self.read_line(limit)
        return self._ahead

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; fewer only at the end."""
        content, self._ahead = self._ahead[:size], self._ahead[size:]
        while len(content) < size:
            more = self._stream.read(size - len(content))
            if not more:
                break
            content += more
        return content

    def read_line(self, limit: int) -> bytes:
        """A line with its LF, cut at `limit` bytes."""
        end = self._ahead.find(b"\n", 0, limit)
        if end >= 0:
            line, self._ahead = self._ahead[: end + 1], self._ahead[end + 1 :]
            return line
        line, self._ahead = self._ahead[:limit], self._ahead[limit:]
        return line + self._stream.readline(limit - len(line)) if len(line) < limit else line
