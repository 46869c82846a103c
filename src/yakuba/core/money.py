"""Yen: whole numbers (`int`), rates as exact fractions, and every rounding by its name. No floats."""

from __future__ import annotations

from fractions import Fraction

_FULL_WIDTH = str.maketrans("0123456789,-", "０１２３４５６７８９，－")


def _magnitude(amount_yen: Fraction | int, unit_yen: int) -> Fraction:
    if not isinstance(amount_yen, Fraction | int):
        raise TypeError("amounts are int or Fraction, never float")
    if unit_yen < 1:
        raise ValueError("unit_yen counts from 1")
    return abs(Fraction(amount_yen))


def truncate(amount_yen: Fraction | int, unit_yen: int = 1) -> int:
    """Amount less its part below `unit_yen` (端数切捨て), towards zero.

    1 円未満: 国等の債権債務等の金額の端数計算に関する法律 2条; 1,000円未満 for a 課税標準額, 100円未満 for a
    確定金額: 地方税法 20条の4の2.
    """
    units = _magnitude(amount_yen, unit_yen) // unit_yen
    return (units if amount_yen >= 0 else -units) * unit_yen


def round_up(amount_yen: Fraction | int, unit_yen: int = 1) -> int:
    """Amount filled up to `unit_yen` (端数切上げ), away from zero."""
    units = -(-_magnitude(amount_yen, unit_yen) // unit_yen)
    return (units if amount_yen >= 0 else -units) * unit_yen


def round_half_up(amount_yen: Fraction | int, unit_yen: int = 1) -> int:
    """Amount to the nearest `unit_yen`, half of it away from zero (四捨五入)."""
    units = (_magnitude(amount_yen, unit_yen) * 2 + unit_yen) // (2 * unit_yen)
    return (units if amount_yen >= 0 else -units) * unit_yen


def rate(text: str) -> Fraction:
    """An exact rate of "6%", "0.4‰", "3/5" or "0.06". Raises ValueError."""
    for sign, divisor in (("%", 100), ("‰", 1000)):
        if text.endswith(sign):
            return Fraction(text.removesuffix(sign)) / divisor
    return Fraction(text)


def split_in_instalments(amount_yen: int, count: int, unit_yen: int = 1000) -> list[int]:
    """A year's amount in `count` payments (期割), the first one first.

    All but the first are equal multiples of `unit_yen`, the first takes what remains (地方税法 20条の4の2第6項). The sum is the amount. Raises ValueError for a negative amount.
    """
    if amount_yen < 0 or count < 1:
        raise ValueError("amount_yen counts from 0 and count from 1")
    each = truncate(Fraction(amount_yen, count), unit_yen)
    return [amount_yen - each * (count - 1)] + [each] * (count - 1)


def format_yen(amount_yen: int) -> str:
    """1,234円; -1,234円 below zero."""
    return f"{amount_yen:,}円"


def format_yen_sign(amount_yen: int) -> str:
    """¥1,234; -¥1,234 below zero (U+00A5)."""
    return f"{'-' if amount_yen < 0 else ''}¥{abs(amount_yen):,}"


def format_yen_full_width(amount_yen: int) -> str:
    """１，２３４円, for forms that are set in full width."""
    return format_yen(amount_yen).translate(_FULL_WIDTH)
