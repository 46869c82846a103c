"""Dated amounts, rates and tables from YAML: description, unit, reference, and what holds from which year to which.

    personal_deduction:
      description: 基礎控除
      unit: yen
      reference: 地方税法 第314条の2 第2項
      labels: {amount_yen: 控除額}
      values:
        - start: 2021
          fields:
            by_total_income:
              - {from: 0, amount_yen: 430000}
              - {from: 24000001, amount_yen: 290000}

`end` of a row is the year before the next row's `start`, unless it says an earlier one. A rate is a quoted string ("6%",
"0.4‰", "3/5") and read exactly; a list of rows with `from` is a table. `labels` names every amount, rate and column of a table
for people.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import yaml

from yakuba.core.money import rate

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Scalar = int | Fraction | bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by their lower bound: `at(value)` is the last row whose `from` is not above it."""

    name: str
    bounds: tuple[int, ...]
    columns: Mapping[str, tuple[Scalar, ...]]

    def at(self, value: int) -> SimpleNamespace:
        """The row for `value`, its columns as attributes. Raises ValueError below the first row."""
        place = self.place(value)
        return SimpleNamespace(**{name: column[place] for name, column in self.columns.items()})

    def place(self, value: int) -> int:
        """The row's number, from 0."""
        place = bisect_right(self.bounds, value) - 1
        if place < 0:
            raise ValueError(f"{self.name}: {value} is below the table's first row")
        return place

    def words(self, place: int) -> str:
        """What the row's number `place` covers, for people."""
        low = self.bounds[place]
        if place + 1 == len(self.bounds):
            return f"{low:,}以上"
        high = self.bounds[place + 1] - 1
        return f"{low:,}" if high == low else f"{low:,}から{high:,}まで"


Field = Scalar | Table


@dataclass(frozen=True, slots=True)
class Dated:
    """What a group says from `start` to `end` (年度, inclusive; None: until further notice)."""

    start: int
    end: int | None
    fields: Mapping[str, Field]

    def holds_in(self, year: int) -> bool:
        return self.start <= year and (self.end is None or year <= self.end)


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters that belong together."""

    name: str
    description: str
    unit: str
    reference: str
    labels: Mapping[str, str]
    values: tuple[Dated, ...]

    def at(self, year: int) -> Dated | None:
        return next((dated for dated in self.values if dated.holds_in(year)), None)


class WrongParameters(ValueError):
    """A parameter file that doesn't say what it must, with every fault."""


@dataclass(frozen=True, slots=True)
class ParameterFile:
    """All groups of one or more files, by name."""

    groups: Mapping[str, Group]

    @classmethod
    def load(cls, *paths: Path) -> ParameterFile:
        """Raises WrongParameters with every fault."""
        faults: list[str] = []
        groups: dict[str, Group] = {}
        for path in paths:
            data = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - the safe loader, in C
            for name, body in data.items():
                if name in groups:
                    faults.append(f"{name}: stands in two files")
                    continue
                try:
                    groups[name] = _group(name, body)
                except (ValueError, KeyError, TypeError) as fault:
                    faults.append(f"{path.name}: {name}: {fault}")
        if faults:
            raise WrongParameters("\n".join(faults))
        return cls(MappingProxyType(groups))

    def only(self, names: Iterable[str]) -> ParameterFile:
        """The groups of these names. Raises KeyError."""
        return ParameterFile(MappingProxyType({name: self.groups[name] for name in sorted(names)}))

    def with_changes(self, changes: Mapping[str, Mapping[str, Any]], year: int) -> ParameterFile:
        """A copy in which fields of groups have other values in `year`: a municipality's rates, or a reform to try.

        Raises KeyError for a group or field that doesn't exist: a change that changes nothing is a mistake.
        """
        groups = dict(self.groups)
        for name, fields in changes.items():
            group = groups[name]
            dated = group.at(year)
            if dated is None or not set(fields) <= set(dated.fields):
                raise KeyError(f"{name}: no such parameters in {year}: {', '.join(fields)}")
            changed = {**dated.fields, **{key: _field(f"{name}.{key}", value) for key, value in fields.items()}}
            kept = tuple(_without(group.values, year))
            groups[name] = Group(
                name,
                group.description,
                group.unit,
                group.reference,
                group.labels,
                (*kept, Dated(year, year, MappingProxyType(changed))),
            )
        return ParameterFile(MappingProxyType(groups))


def _without(values: Sequence[Dated], year: int) -> list[Dated]:
    """The rows with one year cut out."""
    left = []
    for dated in values:
        if not dated.holds_in(year):
            left.append(dated)
            continue
        if dated.start < year:
            left.append(Dated(dated.start, year - 1, dated.fields))
        if dated.end is None or dated.end > year:
            left.append(Dated(year + 1, dated.end, dated.fields))
    return left


_KEYS = {"description", "unit", "reference", "labels", "values"}


def _group(name: str, body: Mapping[str, Any]) -> Group:
    if set(body) != _KEYS:
        raise ValueError(f"wants exactly {', '.join(sorted(_KEYS))}")
    rows = body["values"]
    starts = [row["start"] for row in rows]
    if any(before >= after for before, after in pairwise(starts)):
        raise ValueError("the starts of values must rise")
    dated = []
    for row, following in zip(rows, [*starts[1:], None], strict=True):
        end = row.get("end", following - 1 if following is not None else None)
        if following is not None and end is not None and end >= following:
            raise ValueError(f"values overlap in {following}")
        fields = {field: _field(f"{name}.{field}", value) for field, value in row["fields"].items()}
        dated.append(Dated(row["start"], end, MappingProxyType(fields)))
    named = {one for row in dated for field, value in row.fields.items() for one in _to_label(field, value)}
    labels: Mapping[str, str] = body["labels"]
    if named != set(labels):
        raise ValueError(f"labels and fields differ in {', '.join(sorted(named ^ set(labels)))}")
    return Group(name, body["description"], body["unit"], body["reference"], MappingProxyType(labels), tuple(dated))


def _to_label(field: str, value: Field) -> list[str]:
    return list(value.columns) if isinstance(value, Table) else [field]


def _field(name: str, value: Any) -> Field:
    if isinstance(value, list):
        return _table(name, value)
    return _scalar(name, value)


def _scalar(name: str, value: Any) -> Scalar:
    if isinstance(value, bool | int | Fraction):
        return value
    if isinstance(value, str):
        return rate(value)
    raise TypeError(f"{name}: {value!r} is neither a whole number, a flag nor a quoted rate")


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    bounds = tuple(row["from"] for row in rows)
    if any(type(bound) is not int for bound in bounds) or any(low >= high for low, high in pairwise(bounds)):
        raise ValueError(f"{name}: `from` must be whole numbers that rise")
    columns = set(rows[0]) - {"from"}
    if any(set(row) - {"from"} != columns for row in rows) or not columns:
        raise ValueError(f"{name}: every row has the same columns")
    return Table(
        name,
        bounds,
        MappingProxyType(
            {column: tuple(_scalar(f"{name}.{column}", row[column]) for row in rows) for column in sorted(columns)}
        ),
    )
