from __future__ import annotations

import copy
import csv
import json
import pickle
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core import numbers
from yakuba.core.findings import Refused
from yakuba.core.numbers import (
    SERIAL_MAX,
    AddresseeNumber,
    CorporateNumber,
    HouseholdNumber,
    IndividualNumber,
    InvalidNumber,
    MunicipalityCode,
    ResidentCode,
    holds_individual_number,
)

with (Path(__file__).parent / "data" / "check_digit_vectors.csv").open(encoding="utf-8") as file:
    VECTORS = [(getattr(numbers, row["kind"]), row["full_number"]) for row in csv.DictReader(file)]
SECRETS = [IndividualNumber("123456789018"), ResidentCode("12345678903")]
SECRET_DIGITS = ["123456789018", "12345678903"]


def clear(number: Any) -> str:
    return number.reveal() if isinstance(number, (IndividualNumber, ResidentCode)) else str(number)


@pytest.mark.parametrize(("kind", "digits"), VECTORS)
def test_known_numbers_are_accepted_and_kept(kind: Any, digits: str) -> None:
    assert clear(kind(digits)) == digits


@pytest.mark.parametrize(("kind", "digits"), VECTORS)
def test_any_other_check_digit_is_refused(kind: Any, digits: str) -> None:
    position = 0 if kind is CorporateNumber else len(digits) - 1
    others = [digits[:position] + d + digits[position + 1 :] for d in "0123456789" if d != digits[position]]
    for other in others:
        with pytest.raises(InvalidNumber) as refusal:
            kind(other)
        assert refusal.value.finding.code == f"{kind.CODE}-check-digit"
        assert refusal.value.finding.remedy


@pytest.mark.parametrize(("kind", "digits"), VECTORS)
@pytest.mark.parametrize("spoil", ["", "0", "x", " ", "１"])
def test_wrong_form_is_refused(kind: Any, digits: str, spoil: str) -> None:
    with pytest.raises(InvalidNumber) as refusal:
        kind(digits[:-1] if spoil == "" else digits + spoil)
    assert refusal.value.finding.code == f"{kind.CODE}-form"
    assert str(kind.LENGTH) in refusal.value.finding.message


def test_full_width_digits_pass_only_through_parse() -> None:
    with pytest.raises(InvalidNumber):
        IndividualNumber("１２３４５６７８９０１８")
    assert IndividualNumber.parse("１２３４ ５６７８－９０１８") == IndividualNumber("123456789018")
    assert AddresseeNumber.parse("１９") == AddresseeNumber(19)
    for empty in ("", "0", "-"):
        with pytest.raises(InvalidNumber):
            AddresseeNumber.parse(empty)


def test_parse_reads_a_bounded_part_of_any_text() -> None:
    for kind in (IndividualNumber, AddresseeNumber):
        with pytest.raises(InvalidNumber) as refusal:
            kind.parse("1" * 10**6, "申請書の欄")
        assert refusal.value.finding.field == "申請書の欄"


@pytest.mark.parametrize(("number", "digits"), list(zip(SECRETS, SECRET_DIGITS, strict=True)))
def test_secret_numbers_do_not_show_by_accident(number: Any, digits: str) -> None:
    shown = [str(number), repr(number), f"{number}", f"{number:>20}", f"{number!r}", "%s" % number, repr([number])]  # noqa: UP031
    assert not any(digits in text for text in shown)
    assert all(digits[-4:] in text for text in shown)
    assert number.reveal() == digits
    assert not hasattr(number, "__dict__")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(number, protocol)
    with pytest.raises(TypeError):
        number.__getstate__()
    with pytest.raises(TypeError):
        json.dumps(number)
    assert copy.deepcopy([number])[0] is number
    assert copy.copy(number) is number


@pytest.mark.parametrize("kind", [IndividualNumber, ResidentCode])
def test_a_refusal_does_not_repeat_a_secret_number(kind: Any) -> None:
    wrong = "987654321098"[: kind.LENGTH - 1] + "0"
    assert kind.check(wrong) is not None
    for construct in (kind, kind.parse):
        with pytest.raises(InvalidNumber) as refusal:
            construct(wrong)
        assert wrong not in "".join(traceback.format_exception_only(refusal.value)) + repr(refusal.value.finding)


def test_example_of_the_mask() -> None:
    assert repr(SECRETS[0]) == "IndividualNumber(********9018)"
    assert repr(SECRETS[1]) == "ResidentCode(*******8903)"


@pytest.mark.parametrize(("kind", "digits"), VECTORS)
def test_numbers_are_immutable_values(kind: Any, digits: str) -> None:
    number = kind(digits)
    with pytest.raises(AttributeError):
        number._digits = "0"
    with pytest.raises(AttributeError):
        del number._digits
    assert number == kind(digits)
    assert hash(number) == hash(kind(digits))
    assert number <= kind(digits)
    assert number >= kind(digits)
    assert number != digits


def test_kinds_do_not_compare() -> None:
    assert AddresseeNumber(19) != HouseholdNumber(19)
    with pytest.raises(TypeError):
        assert AddresseeNumber(19) < HouseholdNumber(19)


def test_open_numbers_travel() -> None:
    for number in (AddresseeNumber(19), MunicipalityCode("271004"), CorporateNumber("7000012050002")):
        assert pickle.loads(pickle.dumps(number)) == number  # noqa: S301 -- our own bytes


def test_invalid_number_is_a_refusal_and_a_value_error() -> None:
    with pytest.raises(ValueError, match="団体コード"):
        MunicipalityCode("271005")
    with pytest.raises(Refused):
        MunicipalityCode("271005")


@given(st.integers(1, SERIAL_MAX), st.integers(1, SERIAL_MAX))
@settings(max_examples=80, deadline=None)
def test_serials_make_valid_numbers_in_their_order(one: int, other: int) -> None:
    number = AddresseeNumber.from_serial(one)
    assert number.serial == one
    assert AddresseeNumber(int(number)) == AddresseeNumber(str(number)) == number
    assert len(str(number)) == 15
    assert (number < AddresseeNumber.from_serial(other)) == (one < other)
    assert (number > AddresseeNumber.from_serial(other)) == (one > other)


@given(st.integers(1, SERIAL_MAX), st.integers(0, 13), st.integers(1, 9))
@settings(max_examples=150, deadline=None)
def test_a_mistyped_digit_never_becomes_the_same_check(serial: int, place: int, shift: int) -> None:
    """Modulus 11 finds a changed digit except where remainders 0 and 1 share the digit 0."""
    digits = str(HouseholdNumber.from_serial(serial))
    wrong = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]
    if HouseholdNumber.check(wrong) is None:
        assert digits[-1] == "0"


@pytest.mark.parametrize("serial", [0, -1, SERIAL_MAX + 1])
def test_serials_outside_are_refused(serial: int) -> None:
    with pytest.raises(InvalidNumber) as refusal:
        AddresseeNumber.from_serial(serial)
    assert refusal.value.finding.code == "addressee-number-serial"


def test_parts_of_a_municipality_code() -> None:
    osaka = MunicipalityCode.from_jis5("27100")
    assert (str(osaka), osaka.jis5, osaka.prefecture, osaka.is_prefecture) == ("271004", "27100", "27", False)
    assert MunicipalityCode.from_jis5("27000").is_prefecture
    for wrong in ("2710", "2710x", "48100", "00100"):
        with pytest.raises(InvalidNumber):
            MunicipalityCode.from_jis5(wrong)


@given(payload=st.integers(0, 10**11 - 1), before=st.text(max_size=6), after=st.text(max_size=6))
def test_an_individual_number_is_seen_in_whatever_way_it_is_typed(payload: int, before: str, after: str) -> None:
    digits = f"{payload:011d}" + IndividualNumber.check_digit(f"{payload:011d}")
    before, after = before.rstrip("0123456789") + "番", "号" + after
    wide = digits.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    for text in (digits, wide):
        for mark in ("", " ", "-", "\u3000", "ー", "−"):
            assert holds_individual_number(f"{before}{text[:4]}{mark}{text[4:8]}{mark}{text[8:]}{after}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "123456789012",
        "0123456789018",
        "1234567890185",
        "1234 5678 9019",
        "12345678901",
        "平成１２年３月４日５６７８９０",
        "12/34/56/78/90/18",
    ],
)
def test_other_figures_are_no_individual_number(text: str) -> None:
    assert not holds_individual_number(text)
