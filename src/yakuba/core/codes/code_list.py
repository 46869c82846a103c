"""Dated code lists (コード表) as data: `data/codes/*.yaml`.

A list says where it comes from and how sure we are (`basis`): `public` is as published, `inferred` is drawn from
public material, `own` is numbered by us because no numbers are published. An entry holds from `valid_from` to
`valid_to`, both inclusive; a code may return with another name for another period (グルジア, ジョージア).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import yaml

from yakuba.core.findings import Finding, Refused


class Basis(StrEnum):
    """How sure we are of a list."""

    PUBLIC = "public"
    INFERRED = "inferred"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One code in one period. `attributes` are the list's own further columns, all text."""

    code: str
    name: str
    valid_from: date | None = None
    valid_to: date | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    def is_valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def __str__(self) -> str:
        return self.name


class CodeList:
    """A list with its source. Lookups need the day whose law decides (異動日, 届出日 …)."""

    def __init__(
        self,
        name: str,
        title: str,
        basis: Basis,
        basis_note: str,
        source: str,
        licence: str,
        entries: tuple[CodeEntry, ...],
        valid_from: date | None = None,
        valid_to: date | None = None,
    ) -> None:
        self.name, self.title = name, title
        self.basis, self.basis_note, self.source, self.licence = basis, basis_note, source, licence
        self.entries = entries
        self.valid_from, self.valid_to = valid_from, valid_to
        self._by_code: dict[str, list[CodeEntry]] = {}
        for entry in entries:
            self._by_code.setdefault(entry.code, []).append(entry)
        for code, periods in self._by_code.items():
            periods.sort(key=lambda entry: entry.valid_from or date.min)
            for one, other in pairwise(periods):
                if one.valid_to is None or other.valid_from is None or other.valid_from <= one.valid_to:
                    raise ValueError(f"{name}: periods of code {code} overlap")

    @staticmethod
    def load(name: str) -> CodeList:
        """The list of that name, read once a process. Raises KeyError for a name that `names()` lacks."""
        return _load(name)

    @staticmethod
    def names() -> tuple[str, ...]:
        """Names of all lists in the package."""
        return _names()

    def at(self, day: date) -> tuple[CodeEntry, ...]:
        """Entries in force on a day, in the order of the list. Raises `Refused` outside the list's own validity."""
        self._require_covered(day, self.title)
        return tuple(entry for entry in self.entries if entry.is_valid_on(day))

    def get(self, code: str, day: date, field: str = "") -> CodeEntry:
        """The entry of a code on a day. Raises `Refused`: unknown code, or not in force on that day."""
        finding = self.check(code, day, field)
        if finding is not None:
            raise Refused((finding,))
        return next(entry for entry in self._by_code[code] if entry.is_valid_on(day))

    def check(self, code: str, day: date, field: str = "") -> Finding | None:
        """What is wrong with a code on a day, or None. Raises `Refused` outside the list's own validity."""
        where = field or self.title
        self._require_covered(day, where)
        periods = self._by_code.get(code)
        if periods is None:
            return Finding(
                "code-unknown",
                where,
                f"コード「{code[:20]}」は{self.title}にありません。",
                f"{self.title}の一覧から選んでください。",
            )
        if any(entry.is_valid_on(day) for entry in periods):
            return None
        return Finding(
            "code-not-in-force",
            where,
            f"{self.title}「{periods[-1].name}」は{day.isoformat()}には使えません（{_period_text(periods)}）。",
            "日付を確かめるか、その日に有効なコードを選んでください。",
        )

    def find(self, name: str, day: date, **attributes: str) -> CodeEntry:
        """The one entry in force with that name and those attributes (改製 is both 記載 and 消除). Raises `Refused`."""
        found = [
            entry
            for entry in self.at(day)
            if entry.name == name and all(entry.attributes.get(key) == value for key, value in attributes.items())
        ]
        if len(found) != 1:
            problem = "にありません" if not found else "に2つ以上あります"
            raise Refused(
                (
                    Finding(
                        "code-name-unknown" if not found else "code-name-ambiguous",
                        self.title,
                        f"「{name[:40]}」は{day.isoformat()}の{self.title}{problem}。",
                        f"{self.title}の一覧から選んでください。",
                    ),
                )
            )
        return found[0]

    def _require_covered(self, day: date, where: str) -> None:
        if (self.valid_from and day < self.valid_from) or (self.valid_to and self.valid_to < day):
            period = _period_text([CodeEntry("", "", self.valid_from, self.valid_to)])
            raise Refused(
                (
                    Finding(
                        "code-list-not-in-force",
                        where,
                        f"{self.title}の表は{day.isoformat()}には使えません（{period}）。",
                        "日付を確かめてください。",
                    ),
                )
            )


def _period_text(periods: list[CodeEntry]) -> str:
    return "、".join(
        (f"{entry.valid_from.isoformat()}から" if entry.valid_from else "")
        + (f"{entry.valid_to.isoformat()}まで" if entry.valid_to else "")
        for entry in periods
    )


@cache
def _names() -> tuple[str, ...]:
    folder = resources.files("yakuba.core").joinpath("data/codes")
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


@cache
def _load(name: str) -> CodeList:
    if name not in _names():
        raise KeyError(f"no code list {name!r}; there are {', '.join(_names())}")
    text = resources.files("yakuba.core").joinpath(f"data/codes/{name}.yaml").read_text(encoding="utf-8")
    head: dict[str, Any] = yaml.safe_load(text)
    entries = tuple(_entry(row) for row in head.pop("entries"))
    return CodeList(name, basis=Basis(head.pop("basis")), entries=entries, **head)


def _entry(row: dict[str, Any]) -> CodeEntry:
    return CodeEntry(
        code=row.pop("code"),
        name=row.pop("name"),
        valid_from=row.pop("from", None),
        valid_to=row.pop("to", None),
        attributes=MappingProxyType(row),
    )
