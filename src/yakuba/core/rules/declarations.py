"""What a rule says of itself: its article, its years, its rounding, what it needs and what it gives."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeAlias, get_type_hints

from yakuba.core import money

Params: TypeAlias = Any
"""Annotation of an argument that is a group of parameters: its fields are `int`, `Fraction`, `bool` or a `Table`."""


class RoundingKind(StrEnum):
    TRUNCATE = "truncate"
    UP = "up"
    HALF_UP = "half_up"


_WORDS = {RoundingKind.TRUNCATE: "切捨て", RoundingKind.UP: "切上げ", RoundingKind.HALF_UP: "四捨五入"}
_FUNCTIONS = {
    RoundingKind.TRUNCATE: money.truncate,
    RoundingKind.UP: money.round_up,
    RoundingKind.HALF_UP: money.round_half_up,
}


@dataclass(frozen=True, slots=True)
class Rounding:
    """How the result becomes a whole number of `unit`; `article` says who wants it so."""

    kind: RoundingKind
    unit: int
    article: str

    def apply(self, value: Fraction | int) -> int:
        return _FUNCTIONS[self.kind](value, self.unit)

    def __str__(self) -> str:
        return f"{self.unit:,}未満{_WORDS[self.kind]}（{self.article}）"


def truncate(unit: int, article: str) -> Rounding:
    """端数切捨て below `unit`, towards zero."""
    return Rounding(RoundingKind.TRUNCATE, unit, article)


def round_up(unit: int, article: str) -> Rounding:
    """端数切上げ to `unit`, away from zero."""
    return Rounding(RoundingKind.UP, unit, article)


def round_half_up(unit: int, article: str) -> Rounding:
    """四捨五入 to `unit`, half of it away from zero."""
    return Rounding(RoundingKind.HALF_UP, unit, article)


@dataclass(frozen=True, slots=True)
class Input:
    """A fact about a person that no rule computes.

    `label` is what officials call it; `unit` is yen, count, age or flag; a value is from `minimum` to `maximum`, both
    inclusive. `absent`: the value that "not applicable" stands for (no salary: 0 yen); None: the fact always applies.
    """

    name: str
    label: str
    unit: str
    minimum: int
    maximum: int
    absent: int | None = 0


Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One concept of law. Calling it with plain values gives its result, rounded as declared."""

    name: str
    function: Function
    article: str
    start: int
    end: int | None
    rounding: Rounding | None
    export: bool
    label: str
    arguments: tuple[str, ...]
    parameters: tuple[str, ...]
    gives_flag: bool

    @property
    def unit(self) -> str:
        """yen, count, age, flag or number, after the name's last word."""
        if self.gives_flag:
            return "flag"
        last = self.name.rpartition("_")[2]
        return last if last in ("yen", "count", "age") else "number"

    def holds_in(self, year: int) -> bool:
        return self.start <= year and (self.end is None or year <= self.end)

    def __call__(self, *args: Any, **kwargs: Any) -> int:
        return self.settle(self.function(*args, **kwargs))

    def settle(self, value: Fraction | int) -> int:
        """The rounded result. Raises ArithmeticError for a fraction that no rounding is declared for."""
        if self.gives_flag:
            return int(bool(value))
        if self.rounding is not None:
            return self.rounding.apply(value)
        if isinstance(value, Fraction):
            if value.denominator != 1:
                raise ArithmeticError(f"{self.name}: {value} has no declared rounding")
            return value.numerator
        return value

    def __str__(self) -> str:
        return f"{self.label}（{self.article}）"


def rule(
    *,
    article: str,
    start: int,
    end: int | None = None,
    rounding: Rounding | None = None,
    export: bool = False,
    name: str = "",
) -> Callable[[Function], Rule]:
    """Decorator: a pure function of ints (yen, counts, ages, flags) and `Params`, named after what it gives.

    `start`, `end`: the years (年度) in which it holds, both inclusive. Two rules may give the same concept in different years:
    then `name` says which. The docstring begins with the concept's Japanese name, up to the first full stop.
    Raises TypeError for a function that doesn't say enough of itself.
    """

    def declare(function: Function) -> Rule:
        doc = inspect.getdoc(function) or ""
        label = doc.partition(".")[0].strip()
        if not label or not article:
            raise TypeError(f"{function.__name__}: a rule has a docstring that begins with its name, and an article")
        hints = get_type_hints(function)
        given = hints.pop("return", None)
        if given not in (int, bool, Fraction):
            raise TypeError(f"{function.__name__}: a rule gives int, bool, or a Fraction that is rounded")
        signature = inspect.signature(function)
        parameters = tuple(argument for argument in signature.parameters if hints.get(argument) is Any)
        unknown = [a for a in signature.parameters if hints.get(a) not in (int, bool, Any)]
        if unknown:
            raise TypeError(f"{function.__name__}: {', '.join(unknown)} is neither int, bool nor Params")
        return Rule(
            name=name or function.__name__,
            function=function,
            article=article,
            start=start,
            end=end,
            rounding=rounding,
            export=export,
            label=label,
            arguments=tuple(a for a in signature.parameters if a not in parameters),
            parameters=parameters,
            gives_flag=given is bool,
        )

    return declare
