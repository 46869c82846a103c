"""Files of records: findings with their places, totals, order, terminators, quotes; one record in memory at a time."""

from __future__ import annotations

import datetime
import io
import tracemalloc
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from yakuba.core.findings import Finding, Refused
from yakuba.core.layouts import (
    CheckDigit,
    FileForm,
    MonthDay,
    Reading,
    Record,
    RecordFile,
    Terminator,
    check,
    load_layout,
    read_all,
    write,
    write_all,
)
from yakuba.core.layouts.fields import CellFault

TRANSFER = load_layout("zengin_furikomi_21")
DEBIT = load_layout("zengin_furikae_91_result")
BARCODE = load_layout("gs1_128_shunou_44")
REPORT = load_layout("kyuyo_shiharai_315_2014")

HEADER = Record(
    "header",
    {
        "transaction_kind": "21",
        "code_class": "0",
        "client_code": "0000012345",
        "client_name": "ﾐﾎﾝｼ ｶｲｹｲｶ",
        "transfer_day": MonthDay(11, 25),
        "bank_code": "0001",
        "branch_code": "001",
    },
)


def payment(number: int, amount_yen: int) -> Record:
    return Record(
        "data",
        {
            "bank_code": "0009",
            "branch_code": "002",
            "account_kind": "1",
            "account_number": f"{number % 10**7:07}",
            "payee_name": "ﾚｲｼﾞ ﾀﾛｳ",
            "amount_yen": amount_yen,
        },
    )


def transfer(*amounts_yen: int) -> bytes:
    records = (
        HEADER,
        *(payment(n, amount) for n, amount in enumerate(amounts_yen, 1)),
        Record("trailer", {}),
        Record("end", {}),
    )
    return write_all(TRANSFER, RecordFile(records, FileForm(Terminator.CRLF)))


def findings(content: bytes) -> list[Finding]:
    return check(TRANSFER, io.BytesIO(content)).items


def places(found: list[Finding]) -> list[tuple[str, int | None, int | None, int | None]]:
    """Rule, row, column and byte of findings."""
    return [(f.code.split(":")[1], f.position.row, f.position.column, f.position.byte) for f in found if f.position]


def replace(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


def test_a_transfer_file_is_what_the_bank_expects() -> None:
    lines = transfer(1500, 25).split(b"\r\n")
    assert [len(line) for line in lines] == [120, 120, 120, 120, 120, 0]
    assert lines[0][:15] == b"12100000012345" + b"\xd0"  # 種別 21, コード区分 0, 依頼人コード, ﾐ
    assert lines[0][54:58] == b"1125"
    assert lines[1][80:90] == b"0000001500"
    assert lines[3] == b"8000002000000001525" + b" " * 101
    assert lines[4] == b"9" + b" " * 119


def test_reading_gives_typed_values() -> None:
    records = read_all(TRANSFER, transfer(1500)).records
    assert [record.kind for record in records] == ["header", "data", "trailer", "end"]
    assert records[0].values["transfer_day"] == MonthDay(11, 25)
    assert records[0].values["bank_name"] is None
    assert records[1].values["amount_yen"] == 1500
    assert records[1].values["payee_name"] == "ﾚｲｼﾞ ﾀﾛｳ"
    assert (records[2].values["count"], records[2].values["total_yen"]) == (1, 1500)
    assert "dummy" not in records[0].values


def test_every_finding_of_a_file_comes_at_once_with_its_place() -> None:
    content = transfer(1500, 25)
    content = replace(content, 54, b"1332")  # 13月32日
    content = replace(content, 122 + 43, b"12A4567")  # a letter in the account number
    content = replace(content, 244 + 42, b"3")  # no such account kind
    content = replace(content, 244 + 119, b"x")  # in the dummy
    assert places(findings(content)) == [
        ("date", 1, 6, 54),
        ("character", 2, 8, 122 + 43 + 2),
        ("code", 3, 7, 244 + 42),
        ("filler", 3, 16, 244 + 119),
    ]
    with pytest.raises(Refused) as refused:
        read_all(TRANSFER, content)
    assert len(refused.value.findings) == 4
    assert refused.value.findings[1].field == "データレコード／口座番号"
    assert "「A」" in refused.value.findings[1].message


def test_totals_are_verified_where_they_stand() -> None:
    content = replace(transfer(1500, 25), 3 * 122 + 1, b"000003" + b"000000001526")
    assert places(findings(content)) == [("total", 4, 2, 3 * 122 + 1), ("total", 4, 3, 3 * 122 + 7)]


def test_totals_are_not_held_against_records_that_could_not_be_read() -> None:
    content = replace(transfer(1500, 25), 122 + 80, b"XXXXXXXXXX")
    assert [place[0] for place in places(findings(content))] == ["character"]


def test_the_trailer_of_results_is_held_against_the_result_codes() -> None:
    header = Record("header", {**HEADER.values, "transaction_kind": "91"})
    data = [
        Record(
            "data",
            {
                "bank_code": "0009",
                "branch_code": "002",
                "account_kind": "1",
                "account_number": "0000001",
                "depositor_name": "ﾚｲｼﾞ",
                "amount_yen": amount,
                "customer_number": None,
                "result": result,
            },
        )
        for amount, result in [(100, "0"), (30, "1"), (5, "9")]
    ]
    records = (header, *data, Record("trailer", {}), Record("end", {}))
    content = write_all(DEBIT, RecordFile(records, FileForm(Terminator.NONE)))
    trailer = read_all(DEBIT, content).records[-2].values
    assert (trailer["count"], trailer["total_yen"]) == (3, 135)
    assert (trailer["paid_count"], trailer["paid_yen"]) == (1, 100)
    assert (trailer["unpaid_count"], trailer["unpaid_yen"]) == (2, 35)
    wrong = content.replace(b"000001000000000100", b"000001000000000101")
    with pytest.raises(Refused, match="振替済金額"):
        read_all(DEBIT, wrong)


def test_the_order_of_records_is_checked() -> None:
    header, data, trailer, end = transfer(1).splitlines(keepends=True)
    assert places(findings(data + header + trailer + end)) == [
        ("record-order", 1, 1, 0),
        ("record-order", 2, 1, 122),
    ]
    assert places(findings(header + data)) == [("file-incomplete", 2, None, 244)]
    assert places(findings(b"")) == [("file-incomplete", None, None, 0)]
    assert ("record-kind", 2, 1, 122) in places(findings(header + b"7" + data[1:] + trailer + end))


def test_a_record_of_the_wrong_length_does_not_hide_the_next() -> None:
    header, data, trailer, end = transfer(1).splitlines(keepends=True)
    short = data[:100] + b"\r\n"
    bad_end = end[:50] + b"x" + end[51:]
    assert places(findings(header + short + trailer + bad_end)) == [
        ("record-length", 2, None, 122 + 100),
        ("filler", 4, 2, 122 + 102 + 122 + 50),
    ]


def test_terminators_are_kept_and_may_not_be_mixed() -> None:
    crlf = transfer(1)
    for content in (crlf, crlf.replace(b"\r\n", b"\n"), crlf.replace(b"\r\n", b""), crlf[:-2]):
        assert write_all(TRANSFER, read_all(TRANSFER, content)) == content
    mixed = crlf.replace(b"\r\n", b"\n", 1)
    assert findings(mixed)
    with pytest.raises(ValueError, match="allows no lf"):
        write(BARCODE, [], io.BytesIO(), FileForm(Terminator.LF))


def test_a_file_of_something_else_is_refused_shortly() -> None:
    found = findings(b"\x89PNG\r\n\x1a\n" + b"\x00" * 100_000)
    assert found
    assert len(found) < 5
    many = check(TRANSFER, io.BytesIO(b"?" * 120 * 5000), most_findings=50).items
    assert len(many) == 51
    assert many[-1].code.endswith(":too-many")


def test_writing_refuses_everything_at_once() -> None:
    bad = Record("data", {**payment(1, 10**10).values, "payee_name": "れいじ", "bank_code": "9", "no_such": 1})
    with pytest.raises(Refused) as refused:
        write_all(TRANSFER, RecordFile((HEADER, bad, Record("trailer", {"count": 5})), FileForm(Terminator.NONE)))
    assert [finding.code.split(":")[1] for finding in refused.value.findings] == [
        "unknown-item",
        "length",
        "character",
        "too-long",
        "total",
        "file-incomplete",
    ]


def test_a_barcode_has_its_check_digit() -> None:
    payload = "9190812300000000000000000000102703310012300"
    assert CheckDigit.of(payload) == "8"
    (record,) = read_all(BARCODE, f"{payload}8".encode()).records
    assert record.values["amount_yen"] == 12300
    assert record.values["due_date"] == datetime.date(2027, 3, 31)
    with pytest.raises(Refused, match="計算すると8"):
        read_all(BARCODE, f"{payload}7".encode())
    without = {key: value for key, value in record.values.items() if key != "check_digit"}
    assert write_all(BARCODE, RecordFile((Record("barcode", without),), FileForm(Terminator.NONE))).endswith(b"8")
    for digit in "0123456789":
        for at in range(43):
            if payload[at] != digit:
                assert CheckDigit.of(payload[:at] + digit + payload[at + 1 :]) != "8"
    with pytest.raises(CellFault):
        CheckDigit.of("12a")


def test_no_due_date_is_a_date_that_is_not_there() -> None:
    payload = "9190812300000000000000000000109999990012300"
    (record,) = read_all(BARCODE, (payload + CheckDigit.of(payload)).encode()).records
    assert record.values["due_date"] is None


def report(**values: str | int) -> Record:
    required: dict[str, str | int] = {
        "payer_address": "見本県見本市",
        "payer_name": "見本商店",
        "correction": "0",
        "year": "08",
        "payee_address": "例示県例示市",
        "payee_name": "例示　太郎",
        "birth_era": "4",
        "birth_year": "1",
        "birth_month": "12",
        "birth_day": "31",
        "payee_kana": "ﾚｲｼﾞ ﾀﾛｳ",
        "municipality_code": "012025",
    }
    return Record("report", {**required, **values})


def csv(*records: Record) -> bytes:
    return write_all(REPORT, RecordFile(records, FileForm(Terminator.CRLF)))


def test_quotes_are_kept_cell_by_cell() -> None:
    content = csv(report(notes="摘要"), report())
    cells = content.split(b"\r\n")[0].split(b",")
    quoted = b",".join(b'"' + cell + b'"' if index % 3 else cell for index, cell in enumerate(cells))
    content = quoted + b"\r\n" + content.split(b"\r\n")[1] + b"\r\n"
    file = read_all(REPORT, content)
    assert write_all(REPORT, file) == content
    assert 1 in file.records[0].quoted
    assert not file.records[1].quoted
    broken = content.replace(b'","', b'"","', 1)
    assert [place[:2] for place in places(check(REPORT, io.BytesIO(broken)).items)] == [("quotes", 1)]


def test_a_csv_says_row_column_and_byte() -> None:
    content = csv(report(), report(payment_yen=1000))
    first, second, _ = content.split(b"\r\n")
    offset = len(first) + 2
    cells = second.split(b",")
    cells[13] = "例示 太郎".encode("cp932")  # a half-width space in a full-width name
    cells[16] = b"01000"
    cells[97] = b"x" * 13
    at = [offset + sum(len(cell) + 1 for cell in cells[:column]) for column in (13, 16, 97)]
    found = places(check(REPORT, io.BytesIO(first + b"\r\n" + b",".join(cells) + b"\r\n")).items)
    assert found == [
        ("character", 2, 14, at[0] + 4),
        ("leading-zero", 2, 17, at[1]),
        ("too-long", 2, 98, at[2]),
    ]
    few = b",".join(cells[:90])
    assert places(check(REPORT, io.BytesIO(few)).items) == [("column-count", 1, None, 0)]


@pytest.mark.parametrize("raw", [b"\xee\xe0", b"\xed\x40", b"\x87\x90", b"\xfa\x4a"])
def test_the_second_code_of_a_character_is_refused_not_changed(raw: bytes) -> None:
    content = csv(report(payer_name="□□"))
    at = content.index("□□".encode("cp932"))
    changed = content[:at] + raw + content[at + 2 :]
    found = check(REPORT, io.BytesIO(changed)).items
    assert places(found) == [("encoding", 1, 5, at)]
    assert "二通り" in found[0].message


@pytest.mark.parametrize(("text", "raw"), [("髙", b"\xfb\xfc"), ("Ⅰ", b"\x87\x54"), ("￢", b"\x81\xca")])
def test_characters_have_the_codes_that_windows_gives_them(text: str, raw: bytes) -> None:
    content = csv(report(payer_name=f"見{text}本"))
    assert "見".encode("cp932") + raw + "本".encode("cp932") in content
    assert read_all(REPORT, content).records[0].values["payer_name"] == f"見{text}本"


def test_a_character_outside_the_encoding_can_not_be_written() -> None:
    with pytest.raises(Refused, match="書けません"):
        csv(report(payee_name="𠮷田　太郎"))


class Endless(io.RawIOBase):
    """A transfer file of `count` payments that is never in memory as a whole."""

    def __init__(self, count: int) -> None:
        self._lines = self._make(count)
        self._left = b""

    def _make(self, count: int) -> Iterator[bytes]:
        header, data, _trailer, end = transfer(7).splitlines(keepends=True)
        yield header
        block = data * 1000
        for _ in range(count // 1000):
            yield block
        yield f"8{count:06}{7 * count:012}".encode().ljust(120) + b"\r\n"
        yield end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._left = self._left or next(self._lines, b"")
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def test_reading_takes_the_memory_of_one_record() -> None:
    def peak(count: int) -> int:
        stream: BinaryIO = io.BufferedReader(Endless(count))  # type: ignore[assignment]
        reading = Reading(TRANSFER, stream)
        tracemalloc.start()
        try:
            total = sum(1 for record in reading if record.kind == "data")
            _now, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert total == count
        assert not reading.findings.items
        return most

    small, large = peak(1000), peak(4000)
    assert large < small + 200_000
