"""What is extracted: where from, which items, of whom. A definition is data, and becomes one statement."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.codes import CodeList
from yakuba.core.findings import Findings
from yakuba.systems.residents.items import BY_NAME, ITEMS, Item, Kind


class Source(StrEnum):
    """Which versions are looked at."""

    CURRENT = "current"
    CLOSED = "closed"
    HISTORY = "history"

    @property
    def label(self) -> str:
        return {"current": "現在の住民", "closed": "除票", "history": "現在の住民と除票のすべての履歴"}[self]


class How(StrEnum):
    """How an item is compared."""

    IS = "is"
    BEGINS = "begins"
    CONTAINS = "contains"
    FROM = "from"
    TO = "to"
    EMPTY = "empty"
    FILLED = "filled"

    @property
    def label(self) -> str:
        return {
            "is": "が次のどれか（読点区切り）", "begins": "が次で始まる", "contains": "が次を含む", "from": "が次以上・以後",
            "to": "が次以下・以前", "empty": "が空", "filled": "が空でない",
        }[self]  # fmt: skip


_TEXT = frozenset({How.IS, How.BEGINS, How.CONTAINS, How.EMPTY, How.FILLED})
_ORDERED = frozenset({How.IS, How.FROM, How.TO, How.EMPTY, How.FILLED})
_ALLOWED: Mapping[Kind, frozenset[How]] = {
    **dict.fromkeys((Kind.TEXT, Kind.NAME, Kind.KANA, Kind.LATIN, Kind.POSTAL, Kind.DIGITS), _TEXT),
    **dict.fromkeys((Kind.UNCERTAIN, Kind.DATE, Kind.MONTH, Kind.INTEGER, Kind.HOUSEHOLD), _ORDERED),
    **dict.fromkeys((Kind.CODE, Kind.FLAG), frozenset({How.IS, How.EMPTY, How.FILLED})),
}
OFFERED: tuple[Item, ...] = tuple(item for item in ITEMS if item.kind in _ALLOWED)
"""Every item but 個人番号 and 住民票コード: lists with those are other exits, each with its own law (番号法19条, 住基法30条の37)."""

_OFFERED = {item.name: item for item in OFFERED}
MOST_CONDITIONS, MOST_VALUES = 20, 1_000
_NUMBERS = frozenset({Kind.INTEGER, Kind.HOUSEHOLD})


@dataclass(frozen=True, slots=True)
class Condition:
    item: str
    how: How
    value: str = ""

    def __str__(self) -> str:
        return f"{BY_NAME[self.item].label}{self.how.label}" + (f"「{self.value}」" if self.value else "")


@dataclass(frozen=True, slots=True)
class Definition:
    """All conditions must hold. 宛名番号 is always the first column; of history, 履歴番号 and the day in law follow it."""

    source: Source
    columns: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def as_data(self) -> dict[str, Any]:
        return {
            "source": self.source.value,
            "columns": list(self.columns),
            "conditions": [[one.item, one.how.value, one.value] for one in self.conditions],
        }

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Definition:
        """The definition of `as_data`'s form. Raises Refused with everything that is wrong with it."""
        findings = Findings()
        source = data.get("source")
        if source not in set(Source):
            findings.error("RES-E-720", "source", "抽出の対象が選ばれていません。", "一覧から選んでください。")
        columns = tuple(dict.fromkeys(map(str, data.get("columns") or ())))
        if not columns:
            findings.error("RES-E-721", "columns", "出力する項目が選ばれていません。", "一つ以上選んでください。")
        for name in columns:
            if name not in _OFFERED:
                findings.error(
                    "RES-E-722", "columns", f"「{_named(name)}」は抽出できない項目です。", "項目を外してください。"
                )
        rows = list(data.get("conditions") or ())
        if len(rows) > MOST_CONDITIONS:
            findings.error(
                "RES-E-723", "conditions", f"条件が{len(rows)}個あります。", f"{MOST_CONDITIONS}個までにしてください。"
            )
        conditions = tuple(
            one for place, row in enumerate(rows[:MOST_CONDITIONS], 1) if (one := _condition(findings, place, row))
        )
        findings.raise_if_blocking()
        return cls(Source(str(source)), columns, conditions)

    def in_words(self) -> str:
        """For people and for the log: no value of a record, only what was asked for."""
        columns = "、".join(BY_NAME[name].label for name in self.columns)
        conditions = "かつ".join(map(str, self.conditions)) or "条件なし"
        return f"{self.source.label}: {conditions}（{columns}）"


def _named(name: str) -> str:
    return BY_NAME[name].label if name in BY_NAME else name[:40]


def _condition(findings: Findings, place: int, row: Any) -> Condition | None:
    name, how, value = (str(part).strip() for part in (*row, "", "", "")[:3])
    where, item = f"conditions.{place}", _OFFERED.get(name)
    if item is None:
        findings.error(
            "RES-E-722", where, f"「{_named(name)}」は条件にできない項目です。", "項目を選び直してください。"
        )
        return None
    if how not in set(How) or How(how) not in _ALLOWED[item.kind]:
        findings.error("RES-E-724", where, f"「{item.label}」に使えない比べ方です。", "比べ方を選び直してください。")
        return None
    condition = Condition(name, How(how), "" if how in {How.EMPTY, How.FILLED} else value)
    if condition.how not in {How.EMPTY, How.FILLED}:
        if not value:
            findings.error("RES-E-725", where, f"「{item.label}」の値がありません。", "値を入力してください。")
            return None
        _check_values(findings, where, item, condition)
    return condition


def _values(condition: Condition) -> list[str]:
    if condition.how is not How.IS:
        return [condition.value]
    return [part.strip() for part in condition.value.replace(",", "、").split("、") if part.strip()]


def _check_values(findings: Findings, where: str, item: Item, condition: Condition) -> None:
    values = _values(condition)
    if not values or len(values) > MOST_VALUES:
        findings.error(
            "RES-E-725", where, f"「{item.label}」の値は1個から{MOST_VALUES}個までです。", "値を確かめてください。"
        )
    for value in values:
        try:
            _stored(item, value)
        except ValueError:
            findings.error(
                "RES-E-726",
                where,
                f"「{value[:40]}」は「{item.label}」の値として読めません。",
                "値を確かめてください。",
            )


def _stored(item: Item, value: str) -> Any:
    """A value as the column holds it. Raises ValueError."""
    match item.kind:
        case Kind.UNCERTAIN:
            return UncertainDate.parse(value).stored
        case Kind.DATE:
            found = UncertainDate.parse(value).date
            if found is None:
                raise ValueError(value)
            return found
        case kind if kind in _NUMBERS:
            if not (value.isascii() and value.isdigit() and len(value) <= 15):
                raise ValueError(value)
            return int(value)
        case Kind.FLAG:
            return _chosen({"1": True, "はい": True, "0": False, "いいえ": False}, value)
        case Kind.CODE:
            entries = CodeList.load(item.codes).entries
            return _chosen({name: entry.code for entry in entries for name in (entry.name, entry.code)}, value)
        case _:
            return value


def _chosen(known: Mapping[str, Any], value: str) -> Any:
    if value not in known:
        raise ValueError(value)
    return known[value]


# -- as SQL -----------------------------------------------------------------------------------------------------------

_FROM = {
    Source.CURRENT: "residents_resident r JOIN residents_version v ON v.person = r.number AND v.version_no = r.version_no"
    " WHERE r.is_open",
    Source.CLOSED: "residents_resident r JOIN residents_version v ON v.person = r.number AND v.version_no = r.version_no"
    " WHERE NOT r.is_open",
    Source.HISTORY: "residents_version v WHERE true",
}


def rows_from(definition: Definition) -> tuple[str, list[Any]]:
    """What follows FROM: the versions that the definition names, as `v`, and its values."""
    parts, values = [_FROM[definition.source]], []
    for condition in definition.conditions:
        text, more = _sql(BY_NAME[condition.item], condition)
        parts.append(text)
        values += more
    return " AND ".join(parts), values


def _sql(item: Item, condition: Condition) -> tuple[str, list[Any]]:
    column = f"v.{item.name}"
    match condition.how:
        case How.EMPTY:
            return f"{column} IS NULL", []
        case How.FILLED:
            return f"{column} IS NOT NULL", []
        case How.BEGINS:
            return f"starts_with({column}, %s)", [condition.value]
        case How.CONTAINS:
            return f"strpos({column}, %s) > 0", [condition.value]
        case How.IS:
            return f"{column} = ANY(%s)", [[_stored(item, value) for value in _values(condition)]]
        case _:
            sign = ">=" if condition.how is How.FROM else "<="
            certain = f" AND {column} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$'" if item.kind is Kind.UNCERTAIN else ""
            return f"{column} {sign} %s{certain}", [_stored(item, condition.value)]


def selected(definition: Definition) -> Iterator[tuple[str, str]]:
    """Heading and expression of each column; codes are written with their names."""
    yield "宛名番号", "lpad(v.person::text, 15, '0')"
    if definition.source is Source.HISTORY:
        yield "履歴番号", "v.version_no"
        yield "異動日", "v.valid_from"
    for name in definition.columns:
        item = _OFFERED[name]
        column = f"v.{name}"
        match item.kind:
            case Kind.FLAG:
                yield item.label, f"CASE {column} WHEN true THEN 'はい' WHEN false THEN 'いいえ' END"
            case Kind.HOUSEHOLD:
                yield item.label, f"lpad({column}::text, 15, '0')"
            case Kind.CODE:
                names = {entry.code: entry.name for entry in CodeList.load(item.codes).entries}
                literal = json.dumps(names, ensure_ascii=False).replace("'", "''").replace("%", "%%")
                yield item.label, f"coalesce('{literal}'::jsonb ->> {column}, {column})"
            case _:
                yield item.label, column
