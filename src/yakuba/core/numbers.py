"""Numbers of the field as value types: immutable, hashable, ordered, valid or not there at all.

A constructor takes the exact form and raises `InvalidNumber`; `parse` also takes what people type (full-width digits,
spaces, hyphens). 個人番号 and 住民票コード never show themselves: `repr`, `str`, `format`, error messages and pickles
keep them back (番号法12条, 住民基本台帳法30条の24); `reveal()` is the one way to the clear value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import ClassVar, Self, SupportsInt, final

from yakuba.core.findings import Finding, Refused

SERIAL_MAX = 10**14 - 1
"""Largest serial of 宛名番号 and 世帯番号: 14 digits."""

ADDRESSEE_WEIGHTS = tuple(2 + index % 6 for index in range(14))
"""Modulus 11, weight 2-7, from the last digit of the serial (住民記録システム標準仕様書 1.1.13)."""

PERSONAL_WEIGHTS = tuple(index + 2 if index < 6 else index - 4 for index in range(11))
"""Qn from the last digit: n+1 for n <= 6, n-5 above (番号法の総務省令 平成26年第85号 5条)."""

MUNICIPALITY_WEIGHTS = (2, 3, 4, 5, 6)
"""From the last digit of the five (総務省「全国地方公共団体コード仕様」)."""

_MAX_TYPED_LENGTH = 40
_SEPARATORS = str.maketrans("", "", " -\t\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc")


class InvalidNumber(Refused):
    """A text is not such a number. `finding` says why; it never repeats a secret number."""

    def __init__(self, finding: Finding) -> None:
        super().__init__((finding,))

    @property
    def finding(self) -> Finding:
        return self.findings[0]


def _weighted_sum(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(reversed(digits), weights, strict=False))


def _modulus_11_digit(digits: str, weights: Sequence[int]) -> str:
    """11 minus the remainder; 0 where that would be 10 or 11."""
    remainder = _weighted_sum(digits, weights) % 11
    return "0" if remainder <= 1 else str(11 - remainder)


class _Number:
    """A string of digits of fixed length that passes its own check."""

    __slots__ = ("_digits",)
    _digits: str

    NAME: ClassVar[str]
    LENGTH: ClassVar[int]
    CODE: ClassVar[str]
    SOURCE: ClassVar[str]

    def __init__(self, digits: str) -> None:
        finding = self.check(digits)
        if finding is not None:
            raise InvalidNumber(finding)
        object.__setattr__(self, "_digits", digits)

    @classmethod
    def check(cls, digits: str, field: str = "") -> Finding | None:
        """What is wrong with `digits`, or None. `field` defaults to the name of the number."""
        where = field or cls.NAME
        if not isinstance(digits, str) or len(digits) != cls.LENGTH or not (digits.isascii() and digits.isdigit()):
            return Finding(
                f"{cls.CODE}-form",
                where,
                f"{cls.NAME}は数字{cls.LENGTH}桁です。",
                f"数字{cls.LENGTH}桁で入力してください。",
                article=cls.SOURCE,
            )
        if not cls._is_consistent(digits):
            return Finding(
                f"{cls.CODE}-check-digit",
                where,
                f"{cls.NAME}の検査数字が合いません。",
                "元の書類と1桁ずつ見比べて、入力し直してください。",
                article=cls.SOURCE,
            )
        return None

    @classmethod
    def _is_consistent(cls, digits: str) -> bool:
        raise NotImplementedError

    @classmethod
    def parse(cls, text: str, field: str = "") -> Self:
        """The number in a text as people type it. Raises `InvalidNumber` with `field` in its finding."""
        typed = text[: _MAX_TYPED_LENGTH + 1]
        digits = unicodedata.normalize("NFKC", typed).translate(_SEPARATORS) if len(typed) <= _MAX_TYPED_LENGTH else ""
        finding = cls.check(digits, field)
        if finding is not None:
            raise InvalidNumber(finding)
        return cls(digits)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        return self._digits == other._digits if type(other) is type(self) else NotImplemented

    def __lt__(self, other: Self) -> bool:
        return self._digits < other._digits if type(other) is type(self) else NotImplemented

    def __le__(self, other: Self) -> bool:
        return self._digits <= other._digits if type(other) is type(self) else NotImplemented

    def __gt__(self, other: Self) -> bool:
        return self._digits > other._digits if type(other) is type(self) else NotImplemented

    def __ge__(self, other: Self) -> bool:
        return self._digits >= other._digits if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), self._digits))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class _OpenNumber(_Number):
    """A number that may be shown."""

    __slots__ = ()

    def __str__(self) -> str:
        return self._digits

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self._digits,)


class _SecretNumber(_Number):
    """A number that is shown masked, but for its last four digits."""

    __slots__ = ()

    def __str__(self) -> str:
        return "*" * (self.LENGTH - 4) + self._digits[-4:]

    def reveal(self) -> str:
        """The clear digits. Every caller of this shows up in a search for its name."""
        return self._digits

    def __reduce_ex__(self, protocol: object) -> str | tuple[object, ...]:
        raise TypeError(f"{self.NAME} is not pickled: seal it in the vault, or reveal() it on purpose")

    def __getstate__(self) -> object:
        raise TypeError(f"{self.NAME} gives no state: reveal() it on purpose")


@final
class IndividualNumber(_SecretNumber):
    """個人番号 (マイナンバー), 12 digits, the last is the check digit (番号法の総務省令 平成26年第85号 5条)."""

    __slots__ = ()
    NAME = "個人番号"
    LENGTH = 12
    CODE = "individual-number"
    SOURCE = "行政手続における特定の個人を識別するための番号の利用等に関する法律 第2条第5項、総務省令第85号 第5条"

    @staticmethod
    def check_digit(payload: str) -> str:
        """The 12th digit for eleven."""
        return _modulus_11_digit(payload, PERSONAL_WEIGHTS)

    @classmethod
    def _is_consistent(cls, digits: str) -> bool:
        return digits[-1] == cls.check_digit(digits[:-1])


_TYPED_INDIVIDUAL_NUMBER = re.compile(
    r"(?<![0-9])[0-9]{4}[ \t\-\u2010-\u2015\u2212\u30fc]?[0-9]{4}[ \t\-\u2010-\u2015\u2212\u30fc]?[0-9]{4}(?![0-9])"
)


def holds_individual_number(text: str) -> bool:
    """Whether an 個人番号 stands in a text, in any way that people write one: where it must not be kept or logged.

    Twelve digits that happen to have the check digit (one in eleven) count as one.
    """
    if len(text) < IndividualNumber.LENGTH:
        return False
    plain = unicodedata.normalize("NFKC", text)
    return any(
        IndividualNumber.check(found.group().translate(_SEPARATORS)) is None
        for found in _TYPED_INDIVIDUAL_NUMBER.finditer(plain)
    )


@final
class ResidentCode(_SecretNumber):
    """住民票コード, 11 digits, the last is the check digit (住民基本台帳法7条13号, 施行規則1条).

    The formula is that of 個人番号 over ten digits; it is taken from memory of the ministerial notice, not verified.
    """

    __slots__ = ()
    NAME = "住民票コード"
    LENGTH = 11
    CODE = "resident-code"
    SOURCE = "住民基本台帳法 第7条第13号"

    @staticmethod
    def check_digit(payload: str) -> str:
        """The 11th digit for ten."""
        return _modulus_11_digit(payload, PERSONAL_WEIGHTS)

    @classmethod
    def _is_consistent(cls, digits: str) -> bool:
        return digits[-1] == cls.check_digit(digits[:-1])


@final
class CorporateNumber(_OpenNumber):
    """法人番号, 13 digits, the first is the check digit (法人番号の指定等に関する省令 2条)."""

    __slots__ = ()
    NAME = "法人番号"
    LENGTH = 13
    CODE = "corporate-number"
    SOURCE = "法人番号の指定等に関する省令 第2条"

    @staticmethod
    def check_digit(payload: str) -> str:
        """The leading digit for twelve: 9 minus the weighted sum modulo 9, weights 1 and 2 from the end."""
        return str(9 - _weighted_sum(payload, (1, 2) * 6) % 9)

    @classmethod
    def _is_consistent(cls, digits: str) -> bool:
        return digits[0] == cls.check_digit(digits[1:])


@final
class MunicipalityCode(_OpenNumber):
    """全国地方公共団体コード: prefecture (2), body (3), check digit (1). Existence is not checked here, only form."""

    __slots__ = ()
    NAME = "団体コード"
    LENGTH = 6
    CODE = "municipality-code"
    SOURCE = "総務省「全国地方公共団体コード仕様」"

    @staticmethod
    def check_digit(jis5: str) -> str:
        """The sixth digit for five: last digit of 11 minus the remainder."""
        return str((11 - _weighted_sum(jis5, MUNICIPALITY_WEIGHTS) % 11) % 10)

    @classmethod
    def _is_consistent(cls, digits: str) -> bool:
        return "01" <= digits[:2] <= "47" and digits[-1] == cls.check_digit(digits[:-1])

    @classmethod
    def from_jis5(cls, jis5: str) -> Self:
        """The code for the five digits of JIS X 0401 and X 0402. Raises `InvalidNumber`."""
        if len(jis5) != 5 or not (jis5.isascii() and jis5.isdigit()):
            raise InvalidNumber(
                Finding(
                    f"{cls.CODE}-form",
                    cls.NAME,
                    "市区町村コード（検査数字なし）は数字5桁です。",
                    "数字5桁で入力してください。",
                    article=cls.SOURCE,
                )
            )
        return cls(jis5 + cls.check_digit(jis5))

    @property
    def jis5(self) -> str:
        """Without the check digit."""
        return self._digits[:5]

    @property
    def prefecture(self) -> str:
        """都道府県コード (JIS X 0401), "01" to "47"."""
        return self._digits[:2]

    @property
    def is_prefecture(self) -> bool:
        """Whether the code stands for the prefecture itself."""
        return self._digits[2:5] == "000"


class _SerialNumber(_OpenNumber):
    """15 digits: a serial of 14 and a check digit, so that a mistyped digit is found at the counter."""

    __slots__ = ()
    LENGTH = 15
    SOURCE = "住民記録システム標準仕様書 1.1.13"

    def __init__(self, digits: str | SupportsInt) -> None:
        super().__init__(digits if isinstance(digits, str) else f"{int(digits):015d}")

    @classmethod
    def from_serial(cls, serial: int) -> Self:
        """The number of a serial from 1 to `SERIAL_MAX`. Raises `InvalidNumber` outside."""
        if not 1 <= serial <= SERIAL_MAX:
            raise InvalidNumber(
                Finding(
                    f"{cls.CODE}-serial",
                    cls.NAME,
                    f"{cls.NAME}の連番は1から{SERIAL_MAX}までです。",
                    "付番の設定を確かめてください。",
                    article=cls.SOURCE,
                )
            )
        payload = f"{serial:014d}"
        return cls(payload + _modulus_11_digit(payload, ADDRESSEE_WEIGHTS))

    @classmethod
    def parse(cls, text: str, field: str = "") -> Self:
        """As `_Number.parse`; leading zeros may be left out."""
        typed = text[: _MAX_TYPED_LENGTH + 1]
        digits = unicodedata.normalize("NFKC", typed).translate(_SEPARATORS)
        return super().parse(digits.zfill(cls.LENGTH) if digits else "", field)

    @classmethod
    def _is_consistent(cls, digits: str) -> bool:
        return int(digits[:-1]) > 0 and digits[-1] == _modulus_11_digit(digits[:-1], ADDRESSEE_WEIGHTS)

    @property
    def serial(self) -> int:
        return int(self._digits[:-1])

    def __int__(self) -> int:
        return int(self._digits)


@final
class AddresseeNumber(_SerialNumber):
    """宛名番号: one a person or body in a municipality, kept for good. 15 digits, or the same as an integer."""

    __slots__ = ()
    NAME = "宛名番号"
    CODE = "addressee-number"


@final
class HouseholdNumber(_SerialNumber):
    """世帯番号: one a household in a municipality. 15 digits, or the same as an integer."""

    __slots__ = ()
    NAME = "世帯番号"
    CODE = "household-number"
