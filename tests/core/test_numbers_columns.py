from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.numbers import SERIAL_MAX, AddresseeNumber, IndividualNumber, ResidentCode
from yakuba.core.numbers_columns import (
    addressee_number_from_serial,
    check_addressee_number,
    check_individual_number,
    check_resident_code,
)

CHECKS: list[tuple[Any, Callable[[pl.Expr], pl.Expr]]] = [
    (IndividualNumber, check_individual_number),
    (ResidentCode, check_resident_code),
    (AddresseeNumber, check_addressee_number),
]


@pytest.mark.parametrize(("kind", "check"), CHECKS)
def test_every_check_digit_of_many_payloads_agrees_with_the_value_type(
    kind: Any, check: Callable[[pl.Expr], pl.Expr]
) -> None:
    texts = [
        f"{payload:0{kind.LENGTH - 1}d}{digit}"
        for payload in [0, 1, 9, *range(10 ** (kind.LENGTH - 1) - 1, 0, -(10 ** (kind.LENGTH - 1)) // 97)]
        for digit in range(10)
    ]
    column = pl.DataFrame({"x": texts}).select(check(pl.col("x")))["x"].to_list()
    assert column == [kind.check(text) is None for text in texts]
    assert 90 <= sum(column) <= 105


@pytest.mark.parametrize(("kind", "check"), CHECKS)
@given(texts=st.lists(st.text(alphabet="0123456789 -x１\n", max_size=16), max_size=20))
@settings(max_examples=30, deadline=None)
def test_odd_texts_agree_with_the_value_type(kind: Any, check: Callable[[pl.Expr], pl.Expr], texts: list[str]) -> None:
    column = pl.DataFrame({"x": texts}, schema={"x": pl.String}).select(check(pl.col("x")))["x"].to_list()
    assert column == [kind.check(text) is None for text in texts]


@pytest.mark.parametrize(("kind", "check"), CHECKS)
def test_null_stays_null(kind: Any, check: Callable[[pl.Expr], pl.Expr]) -> None:
    assert pl.DataFrame({"x": [None]}, schema={"x": pl.String}).select(check(pl.col("x")))["x"].to_list() == [None]


@given(st.lists(st.integers(1, SERIAL_MAX), min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_numbers_from_serials_agree_with_the_value_type(serials: list[int]) -> None:
    frame = pl.DataFrame({"serial": serials}, schema={"serial": pl.Int64})
    column = frame.select(number=addressee_number_from_serial(pl.col("serial")))["number"]
    assert column.dtype == pl.Int64
    assert column.to_list() == [int(AddresseeNumber.from_serial(serial)) for serial in serials]


def test_serials_outside_give_null() -> None:
    frame = pl.DataFrame({"serial": [0, -5, SERIAL_MAX + 1, None, 1]}, schema={"serial": pl.Int64})
    assert frame.select(addressee_number_from_serial(pl.col("serial")))["serial"].to_list() == [None] * 4 + [19]
