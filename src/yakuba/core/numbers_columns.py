"""The checks of `numbers` over columns: Polars expressions, for millions of rows.

A check takes text and gives booleans; null stays null. Each agrees with the constructor of its value type.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

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


def _check(digits: pl.Expr, length: int, weights: Sequence[int]) -> pl.Expr:
    has_form = digits.str.contains(f"^[0-9]{{{length}}}$")
    number = pl.when(has_form).then(digits).otherwise(pl.lit("0")).cast(pl.Int64)
    return has_form & (number % 10 == _modulus_11_digit(number // 10, weights))


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
