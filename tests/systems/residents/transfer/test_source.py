"""The file itself: what makes it, or one of its lines, unreadable, and where."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.findings import Refused
from yakuba.systems.residents.transfer.layout import COLUMNS, HEADER, MAX_LINE_BYTES
from yakuba.systems.residents.transfer.manifest import Manifest, manifest_path, manifest_text, read_manifest
from yakuba.systems.residents.transfer.source import Source, SourceChanged, parse, raw_lines

from . import specimens

HEAD = HEADER + b"\n"


def line(*values: str) -> bytes:
    return ",".join([*values, *[""] * (len(COLUMNS) - len(values))]).encode() + b"\n"


@pytest.fixture
def source_of(tmp_path: Path) -> Callable[..., Source]:
    def make(data: bytes, chunk_bytes: int = 1 << 20) -> Source:
        path = tmp_path / "file.csv"
        path.write_bytes(data)
        return Source(path, chunk_bytes)

    return make


def refusal_codes(refusal: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [finding.code for finding in refusal.value.findings]


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"", "RES-E-301"),
        (b"\xef\xbb\xbf" + HEAD, "RES-E-302"),
        (HEAD.decode().encode("utf-16"), "RES-E-303"),
        (HEADER, "RES-E-304"),
        (HEADER + b"\r\n", "RES-E-305"),
        (b"x," + HEAD, "RES-E-306"),
        (b"number," + HEAD, "RES-E-307"),
        (HEADER.removesuffix(b",processing_stopped_on") + b"\n", "RES-E-308"),
        (HEAD.replace(b"number,valid_from", b"valid_from,number"), "RES-E-309"),
    ],
)
def test_a_wrong_header_refuses_the_file(source_of, head, code):
    with pytest.raises(Refused) as refusal:
        source_of(head)
    assert refusal_codes(refusal) == [code]


def test_all_wrong_columns_are_told_at_once(source_of):
    names = ["numero", "number", "number", *COLUMNS[2:-1]]
    with pytest.raises(Refused) as refusal:
        source_of(",".join(names).encode() + b"\n")
    assert refusal_codes(refusal) == ["RES-E-306", "RES-E-307", "RES-E-308", "RES-E-308"]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(Refused) as refusal:
        Source(tmp_path / "none.csv")
    assert refusal_codes(refusal) == ["RES-E-300"]


GOOD = line("000000000000019", "2026-01-01", "1", "1")


@pytest.mark.parametrize(
    ("bad", "code", "byte"),
    [
        (GOOD.replace(b"2026-01-01", b"\x93\xfa\x96{"), "RES-E-320", 16),
        (GOOD.replace(b"2026-01-01", b"2026\0"), "RES-E-321", 20),
        (GOOD.removesuffix(b"\n") + b"\r\n", "RES-E-322", len(GOOD) - 1),
        (GOOD.removesuffix(b",\n") + b"\n", "RES-E-323", 0),
        (b"\n", "RES-E-323", 0),
        (GOOD.replace(b"2026-01-01", b'"2026-01-01'), "RES-E-324", 16),
        (GOOD.replace(b"2026-01-01", b'20"26"-01-01'), "RES-E-324", 18),
        (GOOD.replace(b"2026-01-01", b'"2026-01-01" '), "RES-E-324", 16),
        (GOOD.replace(b"2026-01-01", b"a" * MAX_LINE_BYTES), "RES-E-325", 0),
    ],
)
def test_a_bad_line_is_found_where_it_is_and_harms_no_other(source_of, bad, code, byte):
    # Twenty good lines before it, so that it is the row that is wrong, not the file.
    (chunk, data), *_ = source_of(HEAD + GOOD * 20 + bad + GOOD).survey()
    assert list(chunk.broken) == [22]
    finding = chunk.broken[22]
    assert finding.code == code
    assert (finding.position.row, finding.position.byte) == (22, len(HEAD) + 20 * len(GOOD) + byte)
    assert parse(data, chunk)["row"].to_list() == [*range(2, 22), 23]


def test_a_last_line_without_its_end_may_have_been_cut(source_of):
    found = [chunk for chunk, _ in source_of(HEAD + GOOD + GOOD.removesuffix(b"\n")).survey()]
    assert {row: finding.code for chunk in found for row, finding in chunk.broken.items()} == {3: "RES-E-326"}


def test_another_encoding_refuses_the_file(source_of):
    with pytest.raises(Refused) as refusal:
        list(source_of(HEAD + line("000000000000019", "2026-01-01", "山田").decode().encode("cp932") * 9).survey())
    assert refusal_codes(refusal) == ["RES-E-303"]


@pytest.mark.parametrize("chunk_bytes", [1_000, 5_000, 1 << 20])
def test_a_line_without_end_is_skipped_not_held(source_of, chunk_bytes):
    data = HEAD + GOOD * 3 + b"x" * 300_000 + b"\n" + GOOD * 3
    source = source_of(data, chunk_bytes)
    found = list(source.survey())
    assert sum(chunk.rows for chunk, _ in found) == 7
    assert {row: finding.code for chunk, _ in found for row, finding in chunk.broken.items()} == {5: "RES-E-325"}
    assert source.manifest == Manifest(7, len(data), hashlib.sha256(data).hexdigest())
    for chunk, _ in found:
        assert len(source.read(chunk)) <= max(chunk_bytes, MAX_LINE_BYTES)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.one_of(
            st.just(GOOD),
            st.builds(lambda text: line("000000000000019", text), st.text(st.characters(codec="utf-8"), max_size=30)),
            st.binary(max_size=200).map(lambda data: data.replace(b"\n", b"") + b"\n"),
        ),
        max_size=30,
    ),
    chunk_bytes=st.integers(200, 5_000),
)
def test_chunks_never_change_what_a_file_says(tmp_path_factory, rows, chunk_bytes):
    path = tmp_path_factory.mktemp("chunks") / "file.csv"
    data = HEAD + GOOD * 100 + b"".join(rows)  # enough good lines for a file that is read as a whole
    path.write_bytes(data)
    seen = {}
    for size in (chunk_bytes, 1 << 20):
        source = Source(path, size)
        chunks = list(source.survey())
        broken = {row: finding.code for chunk, _ in chunks for row, finding in chunk.broken.items()}
        good = [row for chunk, read in chunks if not chunk.oversize for row in parse(read, chunk).iter_rows()]
        seen[size] = (source.manifest, set(broken), good)
        assert source.manifest.rows == len(broken) + len(good) == data.count(b"\n") - 1
        assert b"".join(source.read(chunk) for chunk, _ in chunks) == data[len(HEAD) :]
    assert len({(manifest, frozenset(broken), tuple(good)) for manifest, broken, good in seen.values()}) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12),
        min_size=len(COLUMNS),
        max_size=len(COLUMNS),
    )
)
def test_what_a_csv_writer_quotes_is_read_as_it_was(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("quotes") / "file.csv"
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    path.write_bytes(HEAD + out.getvalue().encode())
    ((chunk, data),) = Source(path).survey()
    assert not chunk.broken
    (row,) = parse(data, chunk).iter_rows()
    assert row == (2, *(value or None for value in values))
    assert raw_lines(data, chunk, [2])[2] == out.getvalue().removesuffix("\n").encode()


def test_a_file_that_changed_is_not_read_on(source_of):
    source = source_of(HEAD + GOOD * 5)
    ((chunk, _),) = source.survey()
    source.path.write_bytes(HEAD + GOOD * 4 + GOOD.replace(b"2026", b"2025"))
    with pytest.raises(SourceChanged, match="2行目から"):
        source.read(chunk)


def test_manifest_beside_the_file(tmp_path):
    file = tmp_path / "file.csv"
    assert read_manifest(file) is None
    manifest = Manifest(3, 400, "ab" * 32)
    manifest_path(file).write_text(manifest_text(manifest))
    assert read_manifest(file) == manifest
    assert len(Manifest(2, 399, "cd" * 32).check(manifest)) == 3
    assert not manifest.check(manifest).errors
    for text in ("{", "[]", "{}"):
        manifest_path(file).write_text(text)
        with pytest.raises(Refused):
            read_manifest(file)


def test_specimens_are_proper_records(source_of):
    frame = specimens.register(40)
    out = io.BytesIO()
    frame.write_csv(out, line_terminator="\n")
    ((chunk, data),) = source_of(out.getvalue()).survey()
    assert not chunk.broken
    assert parse(data, chunk).drop("row").equals(frame)
