from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.money import (
    format_yen,
    format_yen_full_width,
    format_yen_sign,
    rate,
    round_half_up,
    round_up,
    split_in_instalments,
    truncate,
)


@pytest.mark.parametrize(
    ("amount", "unit", "down", "up", "half"),
    [
        (1_234_567, 1000, 1_234_000, 1_235_000, 1_235_000),
        (999, 1000, 0, 1000, 1000),
        (499, 1000, 0, 1000, 0),
        (500, 1000, 0, 1000, 1000),
        (Fraction(5, 2), 1, 2, 3, 3),
        (Fraction(-5, 2), 1, -2, -3, -3),
        (Fraction(-1, 3), 1, 0, -1, 0),
        (100, 100, 100, 100, 100),
        (0, 100, 0, 0, 0),
    ],
)
def test_roundings(amount: Fraction | int, unit: int, down: int, up: int, half: int) -> None:
    assert (truncate(amount, unit), round_up(amount, unit), round_half_up(amount, unit)) == (down, up, half)


@given(st.fractions(-(10**12), 10**12), st.sampled_from([1, 10, 100, 1000]))
@settings(max_examples=100, deadline=None)
def test_roundings_bracket_the_amount(amount: Fraction, unit: int) -> None:
    down, up, half = truncate(amount, unit), round_up(amount, unit), round_half_up(amount, unit)
    assert abs(down) <= abs(amount) <= abs(up) < abs(amount) + unit
    assert half in (down, up)
    assert abs(half - amount) * 2 <= unit
    assert truncate(-amount, unit) == -down
    assert truncate(down, unit) == round_up(down, unit) == down
    assert {type(value) for value in (down, up, half)} == {int}


def test_floats_and_senseless_units_are_refused() -> None:
    for function in (truncate, round_up, round_half_up):
        with pytest.raises(TypeError, match="float"):
            function(0.1, 1)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="unit_yen"):
            function(100, 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [("6%", Fraction(6, 100)), ("0.4‰", Fraction(4, 10_000)), ("3/5", Fraction(3, 5)), ("0.06", Fraction(6, 100))],
)
def test_rates_are_exact(text: str, value: Fraction) -> None:
    assert rate(text) == value
    with pytest.raises(ValueError, match="Invalid"):
        rate(text + "x")


def test_instalments_of_a_year() -> None:
    assert split_in_instalments(94_500, 4) == [25_500, 23_000, 23_000, 23_000]
    assert split_in_instalments(3_500, 4) == [3_500, 0, 0, 0]


@given(st.integers(0, 10**10), st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_instalments_lose_nothing(amount: int, count: int) -> None:
    parts = split_in_instalments(amount, count)
    assert sum(parts) == amount
    assert len(parts) == count
    assert len(set(parts[1:])) <= 1
    assert all(part % 1000 == 0 and 0 <= part <= parts[0] for part in parts[1:])


def test_impossible_instalments() -> None:
    for amount, count in ((-1, 4), (1000, 0)):
        with pytest.raises(ValueError, match="counts from"):
            split_in_instalments(amount, count)


def test_formats() -> None:
    assert [format_yen(n) for n in (0, 1234, -1234567)] == ["0円", "1,234円", "-1,234,567円"]
    assert [format_yen_sign(n) for n in (0, 1234, -1234)] == ["¥0", "¥1,234", "-¥1,234"]
    assert format_yen_full_width(-1234) == "－１，２３４円"
