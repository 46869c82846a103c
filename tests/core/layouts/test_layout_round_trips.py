"""What is accepted is written back byte for byte; what is written is accepted."""

from __future__ import annotations

import datetime
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.findings import Refused
from yakuba.core.layouts import (
    FileForm,
    Layout,
    MonthDay,
    Quoting,
    Reading,
    Record,
    RecordFile,
    layout_names,
    load_layout,
    read_all,
    write_all,
)
from yakuba.core.layouts.fields import (
    CHARACTER_SETS,
    CheckDigit,
    Code,
    Constant,
    Date,
    Digits,
    Field,
    Filler,
    Number,
    Text,
)

FULLWIDTH = "見本市東西南北あいうアイウ０１２－　髙﨑①"


def values_of(item: Field) -> st.SearchStrategy[Any]:
    """Every value that an item may have, within its length."""
    strategy: st.SearchStrategy[Any]
    match item:
        case Constant():
            strategy = st.just(item.value)
        case Code():
            strategy = st.sampled_from(sorted(item.codes))
        case Number():
            strategy = st.integers(0, min(10**item.length - 1, 10**9))
        case Digits():
            least = 10 ** (item.length - 1) if item.is_exact else 1
            bounds = (item.least or 0, item.most if item.most is not None else 10**item.length - 1)
            if item.least is None:
                bounds = (least, bounds[1])
            width = item.length if item.is_exact else 1
            strategy = st.integers(*bounds).map(lambda number: f"{number:0{width}}")
        case Date(form="MMDD"):
            strategy = st.dates(datetime.date(2000, 1, 1), datetime.date(2000, 12, 31)).map(
                lambda day: MonthDay(day.month, day.day)
            )
        case Date():
            strategy = st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 31))
            if item.never is not None:
                strategy = st.none() | strategy
        case Text():
            letters = FULLWIDTH if item.characters in {"fullwidth", "any"} else CHARACTER_SETS[item.characters]
            letters = "".join(sorted(set(letters) - set(',"\\‾~'))) if isinstance(letters, frozenset) else letters
            strategy = st.text(letters, min_size=1, max_size=min(item.length, 12)).filter(
                lambda text: bool(text.strip(" ")) and (not item.is_fixed or text == text.rstrip(" "))
            )
        case _:
            raise AssertionError(item)
    return st.none() | strategy if item.is_optional else strategy


def sample(item: Field) -> Any:
    """One value of an item: nothing if it may be empty."""
    if item.is_optional:
        return None
    match item:
        case Constant():
            return item.value
        case Code():
            return min(item.codes)
        case Digits():
            return f"{item.least or 1:0{item.length if item.is_exact else 1}}"
        case Text():
            return "見本" if item.characters == "fullwidth" else "ﾐﾎﾝ"
    raise AssertionError(item)


@st.composite
def records_of(draw: st.DrawFn, layout: Layout, key: str) -> Record:
    record = layout.record(key)
    items = [
        item
        for item in record.fields
        if not isinstance(item, (Filler, CheckDigit)) and not (isinstance(item, Number) and item.total is not None)
    ]
    varied = draw(st.sets(st.sampled_from([item.key for item in items]), max_size=8)) if len(items) > 40 else None
    values = {
        item.key: draw(values_of(item)) if varied is None or item.key in varied else sample(item) for item in items
    }
    quoted: frozenset[int] = frozenset()
    if layout.quoting is Quoting.EITHER:
        quoted = draw(st.frozensets(st.integers(0, len(record.fields) - 1), max_size=6))
    return Record(key, values, quoted)


@st.composite
def files_of(draw: st.DrawFn, layout: Layout) -> RecordFile:
    keys = [record.key for record in layout.records]
    if len(keys) == 1:
        most = 1 if layout.name.startswith("gs1") else 3
        kinds = keys * draw(st.integers(1, most))
    else:
        kinds = ["header", *["data"] * draw(st.integers(0, 3)), "trailer", "end"]
    form = FileForm(draw(st.sampled_from(layout.terminators)), draw(st.booleans()))
    return RecordFile(tuple(draw(records_of(layout, kind)) for kind in kinds), form)


@pytest.mark.parametrize("name", layout_names())
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_generated_files_round_trip(name: str, data: st.DataObject) -> None:
    layout = load_layout(name)
    file = data.draw(files_of(layout))
    content = write_all(layout, file)
    read = read_all(layout, content)
    assert write_all(layout, read) == content
    if b"\n" in content:
        assert read.form == file.form
    for written, found in zip(file.records, read.records, strict=True):
        assert written.values.items() <= found.values.items()
        assert written.quoted == found.quoted


@pytest.mark.parametrize("name", layout_names())
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_whatever_is_accepted_after_damage_is_written_back_identically(name: str, data: st.DataObject) -> None:
    layout = load_layout(name)
    content = bytearray(write_all(layout, data.draw(files_of(layout))))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.sampled_from(b' 0179,"\r\n\\~\xb1\x81\x40\xed\xfa'))
    reading = Reading(layout, io.BytesIO(bytes(content)))
    records = tuple(reading)
    for finding in reading.findings:
        assert finding.position is not None
        assert finding.position.byte is not None
        assert 0 <= finding.position.byte <= len(content)
    if not reading.findings.items:
        assert reading.form is not None
        assert write_all(layout, RecordFile(records, reading.form)) == bytes(content)


@pytest.mark.parametrize("name", [name for name in layout_names() if name.startswith(("zengin", "gs1"))])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_damaged_byte_is_found_at_its_place(name: str, data: st.DataObject) -> None:
    layout = load_layout(name)
    content = bytearray(write_all(layout, data.draw(files_of(layout))))
    if layout.record_length is None:
        raise AssertionError(layout.name)
    has_terminators = b"\n" in content
    places = [at for at, byte in enumerate(content) if byte not in b"\r\n"]
    at = data.draw(st.sampled_from(places))
    content[at] = 0x01
    with pytest.raises(Refused) as refused:
        read_all(layout, bytes(content))
    width = layout.record_length + (content.index(b"\n") - layout.record_length + 1 if has_terminators else 0)
    first = refused.value.findings[0].position
    assert first is not None
    assert (first.row, first.byte) == (at // width + 1, at)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_damaged_byte_of_a_csv_is_found_at_its_place(data: st.DataObject) -> None:
    layout = load_layout("kyuyo_shiharai_315_2014")
    content = bytearray(write_all(layout, data.draw(files_of(layout))))
    ascii_places = [
        at
        for at, byte in enumerate(content)
        if chr(byte).isdigit() and (at == 0 or content[at - 1] < 0x80 or 0xA1 <= content[at - 1] < 0xE0)
    ]
    at = data.draw(st.sampled_from(ascii_places))
    content[at] = 0x01
    with pytest.raises(Refused) as refused:
        read_all(layout, bytes(content))
    assert at in {finding.position.byte for finding in refused.value.findings if finding.position}
