"""The checks of `numbers` over columns: Polars expressions, for millions of rows.

A check takes text and gives booleans; null stays null. Each agrees with the constructor of its value type.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl

from yakuba.core.numbers import ADDRESSEE_WEIGHTS, PERSONAL_WEIGHTS, SERIAL_MAX


def _modulus_11_digit(payload: pl.Expr, weights: Sequence[int]) -> pl.Expr:
    """Check digit (int64) of a non-negative int64 payload; `weights` start at its last digit."""
    # Over the finished column: as one expression, the payload would be computed again for each digit.
    return payload.map_batches(partial(_digit_of, weights=weights), return_dtype=pl.Int64)


def _digit_of(payload: pl.Series, weights: Sequence[int]) -> pl.Series:
    total = payload * 0
    for place, weight in enumerate(weights):
        total += payload // 10**place % 10 * weight
    return (11 - total % 11) % 11 % 10


def figures(texts: pl.Series, length: int) -> npt.NDArray[np.uint8]:
    """The figure at each place of texts that are `length` bytes long and not null; above 9 where there is none.

    One row for each place: what is done with them is done place by place, for all texts at once.
    """
    data = np.frombuffer((texts.str.join("").item() or "").encode(), np.uint8).reshape(-1, length)
    return np.ascontiguousarray(data.T) - np.uint8(ord("0"))


def _check(digits: pl.Expr, length: int, weights: Sequence[int]) -> pl.Expr:
    return digits.map_batches(partial(_is_one, length=length, weights=weights), return_dtype=pl.Boolean)


def _is_one(digits: pl.Series, length: int, weights: Sequence[int]) -> pl.Series:
    has_length = digits.str.len_bytes() == length
    places = figures(digits.filter(has_length), length)
    total = np.zeros(places.shape[1], np.int32)
    for figure, weight in zip(places[-2::-1], weights, strict=True):
        total += figure * np.int32(weight)
    good = has_length.fill_null(value=False).to_numpy().copy()
    good[good] = (places <= 9).all(axis=0) & (places[-1] == (11 - total % 11) % 11 % 10)
    return pl.Series(digits.name, good).set(digits.is_null(), None)


def check_individual_number(digits: pl.Expr) -> pl.Expr:
    """個人番号: whether each text is one."""
    return _check(digits, 12, PERSONAL_WEIGHTS)


def check_resident_code(digits: pl.Expr) -> pl.Expr:
    """住民票コード: whether each text is one."""
    return _check(digits, 11, PERSONAL_WEIGHTS[:10])


def check_addressee_number(digits: pl.Expr) -> pl.Expr:
    """宛名番号 (and 世帯番号): whether each text of 15 digits is one."""
    return _check(digits, 15, ADDRESSEE_WEIGHTS) & ~digits.str.starts_with("0" * 14)


def addressee_number_from_serial(serial: pl.Expr) -> pl.Expr:
    """宛名番号 (and 世帯番号) as int64 of an int64 serial; null outside 1 to `SERIAL_MAX`."""
    inside = serial.is_between(1, SERIAL_MAX)
    safe = pl.when(inside).then(serial.cast(pl.Int64))
    return safe * 10 + _modulus_11_digit(safe, ADDRESSEE_WEIGHTS)
