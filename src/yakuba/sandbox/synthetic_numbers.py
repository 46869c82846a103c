"""Numbers of persons who do not exist: valid in form, and no two alike in the whole synthetic nation.

個人番号, 住民票コード and card numbers are spread by a bijection over all numbers of their form, so one of them may be equal to
somebody's real number by chance; none is taken from anybody. They are for sandboxes (見本) only. Each municipality has its
own indices, and in it each use: the population, the pool of free codes and newcomers from elsewhere never share a number.
"""

from __future__ import annotations

from enum import Enum
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from yakuba.core.addresses import municipalities
from yakuba.core.findings import Finding, Refused
from yakuba.core.numbers import ADDRESSEE_WEIGHTS, PERSONAL_WEIGHTS, IndividualNumber, ResidentCode

_MULTIPLIER = 618_033_989  # prime to 10, so multiplying is a permutation of the residues modulo a power of ten
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_OF_ONE_TOWN = 5_000_000  # so that all 1,965 fit into the ten digits of a 住民票コード

Integers = npt.NDArray[np.int64]


class Use(Enum):
    """What the numbers are for: first index and how many."""

    POPULATION = (0, 3_000_000)
    POOL = (3_000_000, 500_000)
    NEWCOMERS = (3_500_000, 1_500_000)


@cache
def _place_of_town(code: str) -> int:
    return [item.code for item in municipalities()].index(code)


class NumberSource:
    """The numbers of one town, by its 団体コード (6 digits)."""

    def __init__(self, code: str) -> None:
        self._first = _place_of_town(code) * _OF_ONE_TOWN

    def _payload(self, index: Integers, use: Use, digits: int) -> Integers:
        first, count = use.value
        if index.size and (int(index.min()) < 0 or int(index.max()) >= count):
            raise Refused(
                [
                    Finding(
                        "SBX-E-003",
                        "residents",
                        f"見本の町の番号が足りません（{count:,}件まで）。",
                        "住民数を減らすか、見本の町を新しいデータベースに作り直してください。",
                    )
                ]
            )
        spread: Integers = (self._first + first + index) * _MULTIPLIER % 10**digits
        return spread

    def individual_numbers(self, index: Integers, use: Use) -> Integers:
        """個人番号 as integers; 12 digits with leading zeros."""
        payload = self._payload(index, use, 11)
        return payload * 10 + _check_digits(payload, PERSONAL_WEIGHTS)

    def resident_codes(self, index: Integers, use: Use) -> Integers:
        """住民票コード as integers; 11 digits with leading zeros."""
        payload = self._payload(index, use, 10)
        return payload * 10 + _check_digits(payload, PERSONAL_WEIGHTS[:10])

    def residence_cards(self, index: Integers, use: Use) -> pl.Series:
        """Numbers of residence cards, two letters, eight digits, two letters."""
        payload = self._payload(index, use, 10)
        letters = pl.Series([first + second for first in _LETTERS for second in _LETTERS])
        head = letters.gather(payload // 10**8 % len(letters))
        tail = letters.gather((payload // 10**8 * 31 + 7) % len(letters))
        digits = pl.Series(payload % 10**8).cast(pl.String).str.zfill(8)
        return head + digits + tail

    def individual_number(self, index: int, use: Use) -> IndividualNumber:
        return IndividualNumber(f"{self.individual_numbers(np.array([index]), use)[0]:012d}")

    def resident_code(self, index: int, use: Use) -> ResidentCode:
        return ResidentCode(f"{self.resident_codes(np.array([index]), use)[0]:011d}")

    def residence_card(self, index: int, use: Use) -> str:
        return str(self.residence_cards(np.array([index]), use)[0])


def addressee_numbers(serials: Integers) -> Integers:
    """宛名番号 or 世帯番号 of serials."""
    return serials * 10 + _check_digits(serials, ADDRESSEE_WEIGHTS)


def _check_digits(payload: Integers, weights: tuple[int, ...]) -> Integers:
    total = np.zeros_like(payload)
    rest = payload.copy()
    for weight in weights:
        total += rest % 10 * weight
        rest //= 10
    remainder = total % 11
    return np.where(remainder <= 1, 0, 11 - remainder)
