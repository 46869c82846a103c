"""The checks of one row: every item by its kind, then what the items say about each other.

Each check exists once, as a function of one value (`core`'s own). Over columns a cheap expression finds the values that
are surely good; only the others are looked at one by one, and each distinct value once. What the expression lets pass,
the function must pass too: a property of the tests.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from yakuba.core.addresses import towns
from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import check_repertoire, fold_address, normalize, split_characters
from yakuba.core.characters._tables import tables
from yakuba.core.codes import CodeList, check_relationship
from yakuba.core.findings import Finding, Position, Refused, Severity
from yakuba.core.names import (
    PersonName,
    check_alias,
    check_former_surname,
    check_furigana,
    check_japanese_name,
    check_name,
    check_romanized,
)
from yakuba.core.numbers import AddresseeNumber, HouseholdNumber, IndividualNumber, ResidentCode
from yakuba.core.numbers_columns import check_addressee_number, check_individual_number, check_resident_code, figures

from ..items import BY_NAME, ITEMS, Item, Kind, Subject
from ..reasons import ResidentKind, Status
from ..rules import HOUSEHOLDER
from .layout import COLUMNS, PLACE

_CACHE_LIMIT = 200_000
_MANY = 1_000
_SAMPLE = 2_000
"""Rows that tell whether a column's values repeat: then each distinct one is looked at, not each row's."""
_REPEATING_KINDS = frozenset({Kind.TEXT, Kind.DIGITS, Kind.POSTAL})

_LABELS = {"number": "宛名番号", "valid_from": "効力の日"} | {item.name: item.label for item in ITEMS}
_JAPANESE = r"[\x{3005}-\x{3007}\x{3040}-\x{30ff}\x{3400}-\x{9fff}\x{f900}-\x{faff}\x{20000}-\x{3ffff}]"
_NAME_SHAPE = f"^{_JAPANESE}+(?:\u3000{_JAPANESE}+)*$"
_DIVIDED_SHAPE = f"^{_JAPANESE}+\u3000{_JAPANESE}+$"
_KANA_PART = "[アイウエオカ-ヂツ-モヤユヨ-ロワヲヴ][ァ-ワヲ-ヴー]*"
_KANA_SHAPE = f"^{_KANA_PART}(?:\u3000{_KANA_PART})*$"
_LATIN_SHAPE = "^[A-Z]+(?: [A-Z]+)*$"
_DAY_SHAPE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_FIRST_DAY = date(1873, 1, 1)
_DAY_BYTES = 10
# The first day of each month of the years that a text of four figures can state, and of the month after them.
_MONTHS = np.arange("0001-01", "10000-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int32)
_DAY_KINDS = frozenset({Kind.DATE, Kind.UNCERTAIN})
_OWN_KINDS = {"number": Kind.HOUSEHOLD, "valid_from": Kind.DATE}

# Days which can't lie ahead of the day of loading; the others announce something or run out.
_PAST = (
    "valid_from", "birth", "recreated_on", "former_surname_inquired_on", "alias_entered_on", "alias_deleted_on",
    "address_since", "address_notified_on", "resident_since", "resident_notified_on", "foreign_resident_since",
    "alien_registered_on", "move_out_on", "move_in_notice_notified_on", "closed_on", "closing_notified_on",
)  # fmt: skip


@dataclass(slots=True)
class Checked:
    """`frame`: all rows, text in its canonical spelling, and for each uncertain date `<item>_from`, `<item>_to` as dates."""

    frame: pl.DataFrame
    errors: dict[int, list[Finding]] = field(default_factory=dict)
    warnings: list[tuple[int, Finding]] = field(default_factory=list)

    def add(self, row: int, finding: Finding) -> None:
        if finding.severity is Severity.ERROR:
            self.errors.setdefault(row, []).append(finding)
        else:
            self.warnings.append((row, finding))


@dataclass(frozen=True, slots=True)
class _Verdict:
    findings: tuple[Finding, ...] = ()
    value: str | None = None  # the canonical spelling, where it is another one


_GOOD = _Verdict()
Judge = Callable[[Item, str, bool], Iterable[Finding]]


class RowChecks:
    """The checks for one municipality on one day. Not for two threads at once: it remembers values."""

    def __init__(self, municipality: str, today: date) -> None:
        self.today = today
        self._towns = {town.town_code: town.name for town in towns(municipality) if town.name}
        self._verdicts: dict[tuple[str, bool, str], _Verdict] = {}
        self._codes = {item.codes: _codes(item) for item in ITEMS if item.codes}
        self._rules = tuple(self._cross_rules())

    def check(self, frame: pl.DataFrame) -> Checked:
        """`frame`: `row` and `COLUMNS` as text, null where nothing is stated."""
        present = [name for name in COLUMNS if frame[name].null_count() < frame.height]
        distinct = {name: frame[name].drop_nulls().unique() for name in present if _repeats(frame, name)}
        days = _days(frame, [name for name in present if _kind(name) in _DAY_KINDS])
        strange = _strange(distinct.get(name, frame[name]) for name in present if _is_text(name))
        doubts = frame.select(
            self._doubt(name, strange).fill_null(value=False)
            for name in present
            if name not in distinct and name not in days
        )
        checked = Checked(frame)
        is_foreign = frame["resident_kind"] == ResidentKind.FOREIGN
        for name in present:
            if name in distinct:
                doubtful = distinct[name].to_frame().filter(self._doubt(name, strange)).to_series()
                if doubtful.is_empty():
                    continue
                doubt = frame[name].is_in(doubtful.implode()).fill_null(value=False)
            elif name in days:
                doubt = frame[name].is_not_null() & (days[name].is_null() | (days[name] < _FIRST_DAY))
            else:
                doubt = doubts[name]
            if doubt.any():
                self._look_at(checked, name, doubt, is_foreign)
        checked.frame = self._with_dates(checked.frame, days)
        self._apply_rules(checked)
        for findings in checked.errors.values():
            findings.sort(key=lambda finding: finding.position.column or 0 if finding.position else 0)
        return checked

    # -- one value ----------------------------------------------------------------------------------------------------

    def _look_at(self, checked: Checked, name: str, doubt: pl.Series, is_foreign: pl.Series) -> None:
        frame = checked.frame.select("row", name, foreign=is_foreign.fill_null(value=False)).filter(doubt)
        verdicts = {
            (value, foreign): self._verdict(name, value, foreign)
            for value, foreign in frame.select(name, "foreign").unique().iter_rows()
        }
        respelled = {value: verdict.value for (value, _), verdict in verdicts.items() if verdict.value is not None}
        told = [value for (value, _), verdict in verdicts.items() if verdict.findings]
        for row, value, foreign in frame.filter(pl.col(name).is_in(told)).iter_rows() if told else ():
            for finding in verdicts[value, foreign].findings:
                checked.add(row, replace(finding, position=Position(row=row, column=PLACE[name])))
        if respelled:
            checked.frame = checked.frame.with_columns(
                pl.col(name).replace(list(respelled), list(respelled.values())).alias(name)
            )

    def _verdict(self, name: str, value: str, foreign: bool) -> _Verdict:
        key = (name, foreign, value)
        verdict = self._verdicts.get(key)
        if verdict is None:
            if len(self._verdicts) > _CACHE_LIMIT:
                self._verdicts.clear()
            verdict = self._verdicts[key] = self._judge(name, value, foreign)
        return verdict

    def _judge(self, name: str, value: str, foreign: bool) -> _Verdict:
        item = BY_NAME.get(name)
        if not _is_text(name):
            return _Verdict(tuple(self._judge_value(name, item, value)))
        assert item is not None, "text columns are items"
        spelling = normalize(value)
        findings = tuple(_judge_text(item, spelling, foreign))
        if spelling == value:
            return _Verdict(findings) if findings else _GOOD
        told = _warning(
            "RES-W-340", name, "文字を正規の表し方に置き換えました。", "元のシステムの文字を確認してください。"
        )
        return _Verdict((*findings, told), spelling)

    def _judge_value(self, name: str, item: Item | None, value: str) -> Iterator[Finding]:
        kind = item.kind if item else (Kind.DATE if name == "valid_from" else None)
        match kind:
            case None:
                yield from _stated(AddresseeNumber.check(value, name))
            case Kind.HOUSEHOLD:
                yield from _stated(HouseholdNumber.check(value, name))
            case Kind.RESIDENT_CODE:
                yield from _stated(ResidentCode.check(value, name))
            case Kind.VAULT:
                yield from _stated(IndividualNumber.check(value, name))
            case Kind.UNCERTAIN:
                yield from self._judge_uncertain(name, value)
            case Kind.DATE:
                try:
                    day = date.fromisoformat(value) if len(value) == 10 else None
                except ValueError:
                    day = None
                if day is None or day.isoformat() != value:
                    yield _error(
                        "RES-E-341", name, "暦にある日の YYYY-MM-DD ではありません。", "日付を確認してください。"
                    )
            case Kind.MONTH:
                yield _error("RES-E-342", name, "YYYY-MM の年月ではありません。", "年月を確認してください。")
            case Kind.FLAG:
                yield _error("RES-E-343", name, "1 か 0 ではありません。", "該当は 1、非該当は 0 としてください。")
            case Kind.INTEGER:
                yield _error("RES-E-344", name, "18桁までの整数ではありません。", "数字だけで書いてください。")
            case Kind.CODE:
                assert item is not None
                title = CodeList.load(item.codes).title
                yield _error(
                    "RES-E-345",
                    name,
                    f"コード「{value[:20]}」は{title}にありません。",
                    f"{title}のコードにしてください。",
                )
            case Kind.POSTAL:
                yield _error("RES-E-346", name, "数字7桁ではありません。", "ハイフンなしの7桁にしてください。")
            case Kind.DIGITS:
                assert item is not None
                yield _error(
                    "RES-E-347", name, f"{item.length}桁までの数字ではありません。", "桁数を確認してください。"
                )

    @staticmethod
    def _judge_uncertain(name: str, value: str) -> Iterator[Finding]:
        try:
            UncertainDate.from_stored(value)
        except Refused as refused:
            yield from (replace(finding, field=name) for finding in refused.findings)

    # -- columns ------------------------------------------------------------------------------------------------------

    def _doubt(self, name: str, strange: list[str]) -> pl.Expr:
        """True where a stated value isn't surely good."""
        value, item = pl.col(name), BY_NAME.get(name)
        match _kind(name):
            case Kind.HOUSEHOLD:
                good = check_addressee_number(value)
            case Kind.RESIDENT_CODE:
                good = check_resident_code(value)
            case Kind.VAULT:
                good = check_individual_number(value)
            case Kind.MONTH:
                good = value.str.contains("^[12][0-9]{3}-(?:0[1-9]|1[0-2])$")
            case Kind.FLAG:
                good = value.is_in(["0", "1"])
            case Kind.INTEGER:
                good = value.str.contains("^(?:0|[1-9][0-9]{0,17})$")
            case Kind.CODE:
                assert item is not None
                good = value.is_in(self._codes[item.codes])
            case Kind.POSTAL:
                good = value.str.contains("^[0-9]{7}$")
            case Kind.DIGITS:
                assert item is not None
                good = value.str.contains(f"^[0-9]{{1,{item.length}}}$")
            case _:
                assert item is not None
                good = _surely_good_text(item, strange)
        return value.is_not_null() & ~good

    @staticmethod
    def _with_dates(frame: pl.DataFrame, days: Mapping[str, pl.Series]) -> pl.DataFrame:
        """Bounds of the uncertain dates; null where the stored form is wrong. `days`: what is plain among the stated."""
        columns = []
        for item in ITEMS:
            if item.kind is not Kind.UNCERTAIN:
                continue
            if item.name not in days:
                nothing = pl.lit(None, pl.Date)
                columns += [nothing.alias(f"{item.name}_from"), nothing.alias(f"{item.name}_to")]
                continue
            value, day = frame[item.name], days[item.name]
            is_plain = (day >= _FIRST_DAY).fill_null(value=False)
            others = value.filter(~is_plain).drop_nulls().unique().to_list()
            plain = day if not others else pl.select(pl.when(is_plain).then(day)).to_series()
            for place, suffix in enumerate(("from", "to")):
                known = [_bounds(text)[place] for text in others]
                other = value.replace_strict(others, known, default=None, return_dtype=pl.Date) if others else plain
                columns.append(pl.coalesce(plain, other).alias(f"{item.name}_{suffix}"))
        return frame.with_columns(columns)

    # -- what items say about each other ------------------------------------------------------------------------------

    def _apply_rules(self, checked: Checked) -> None:
        frame = checked.frame
        broken = frame.select(
            rule.broken.fill_null(value=False).alias(str(place)) for place, rule in enumerate(self._rules)
        )
        for place, rule in enumerate(self._rules):
            where = broken[str(place)]
            if where.any():
                for row in frame["row"].filter(where):
                    checked.add(
                        row, replace(rule.finding, position=Position(row=row, column=PLACE[rule.finding.field]))
                    )
        # The name behind a code is text: compared folded, each pair once.
        pairs = frame.select("row", "address_code", "address_town").drop_nulls()
        for code, town in pairs.select("address_code", "address_town").unique().iter_rows():
            name = self._towns.get(code)
            if name is not None and not fold_address(town).startswith(fold_address(name)):
                rows = pairs.filter((pl.col("address_code") == code) & (pl.col("address_town") == town))["row"]
                for row in rows:
                    told = _warning(
                        "RES-W-350",
                        "address_town",
                        f"住所コードの町名「{name}」と合いません。",
                        "住所コードか町名を確認してください。",
                    )
                    checked.add(row, replace(told, position=Position(row=row, column=PLACE["address_town"])))

    def _cross_rules(self) -> Iterator[_Rule]:
        yield from _presence_rules()
        yield from _closing_rules()
        open_, address = pl.col("closing_reason").is_null(), pl.col("address_code")
        yield _Rule(
            address.is_not_null() & ~address.is_in(list(self._towns)),
            _error(
                "RES-E-352",
                "address_code",
                "この市区町村の住所コードではありません。",
                "住所コードを確認してください。",
            ),
        )
        yield _Rule(
            open_ & (address.is_null() | pl.col("address_town").is_null()),
            _error("RES-E-353", "address_code", "現在の住民に住所がありません。", "住所コードと町名を入れてください。",
                   "住民基本台帳法 第7条第7号"),
        )  # fmt: skip
        for name in _PAST:
            item = BY_NAME.get(name)
            if item and item.kind is Kind.UNCERTAIN:
                ahead = pl.col(f"{name}_from") > self.today
            else:  # as text: a day's order is that of its letters
                ahead = pl.col(name).str.contains(_DAY_SHAPE) & (pl.col(name) > self.today.isoformat())
            yield _Rule(
                ahead,
                _error("RES-E-354", name, f"{_LABELS[name]}が未来の日付です。", "日付を確認してください。"),
            )
        birth = pl.col("birth_from")
        for name in ("address_since", "resident_since", "foreign_resident_since", "closed_on"):
            yield _Rule(
                pl.col(f"{name}_to") < birth,
                _error("RES-E-355", name, f"{_LABELS[name]}が生年月日より前です。", "どちらかの日付を直してください。"),
            )
        yield _Rule(
            pl.col("address_since_to") < pl.col("resident_since_from"),
            _warning(
                "RES-W-356", "address_since", "住所を定めた日が住民となった日より前です。", "日付を確認してください。"
            ),
        )
        yield _Rule(
            pl.col("closed_on_to") < pl.col("resident_since_from"),
            _error(
                "RES-E-357", "closed_on", "消除の日が住民となった日より前です。", "どちらかの日付を直してください。"
            ),
        )


@dataclass(frozen=True, slots=True)
class _Rule:
    broken: pl.Expr
    finding: Finding


def _presence_rules() -> Iterator[_Rule]:
    """Who must have an item, and who can't."""
    kind, open_ = pl.col("resident_kind"), pl.col("closing_reason").is_null()
    japanese, foreign = kind == ResidentKind.JAPANESE, kind == ResidentKind.FOREIGN
    for name in ("number", "valid_from", *(item.name for item in ITEMS if item.required)):
        yield _Rule(
            pl.col(name).is_null(),
            _error("RES-E-360", name, f"{_LABELS[name]}がありません。", "値を入れてください。"),
        )
    for item in ITEMS:
        if item.subject is not Subject.BOTH:
            other, whose = (foreign, "日本人") if item.subject is Subject.JAPANESE else (japanese, "外国人")
            yield _Rule(
                other & pl.col(item.name).is_not_null(),
                _error(
                    "RES-E-361", item.name, f"{item.label}は{whose}住民だけの項目です。", "住民種別を確認してください。"
                ),
            )
    wanted = (
        (japanese & open_, "domicile_town", "住民基本台帳法 第7条第5号", "本籍がない人は「なし」、分からない人は「不明」としてください。"),
        (japanese & open_, "register_head", "住民基本台帳法 第7条第5号", "本籍がない人は「なし」、分からない人は「不明」としてください。"),
        (foreign & open_, "nationality", "住民基本台帳法 第30条の45", "在留カード等を確認してください。"),
        (foreign & open_, "article_30_45", "住民基本台帳法 第30条の45", "在留カード等を確認してください。"),
        (open_, "resident_since", "住民基本台帳法 第7条第6号", "分からないときは不詳（XXXX-XX-XX）としてください。"),
    )  # fmt: skip
    for where, name, article, remedy in wanted:
        finding = _error("RES-E-362", name, f"{_LABELS[name]}がありません。", remedy, article)
        yield _Rule(where & pl.col(name).is_null(), finding)
    yield _Rule(
        foreign & pl.col("name").is_null() & pl.col("name_latin").is_null(),
        _error("RES-E-362", "name_latin", "氏名がありません。", "在留カード等の氏名を入れてください。"),
    )
    yield _Rule(
        japanese & pl.col("name").is_not_null() & pl.col("name_kana").is_null(),
        _warning("RES-W-363", "name_kana", "氏名の振り仮名がありません。", "本人に確認してください。"),
    )
    yield _Rule(
        japanese & pl.col("name").is_not_null() & pl.col("name_kana").is_not_null()
        & (pl.col("name").str.contains("\u3000", literal=True) != pl.col("name_kana").str.contains("\u3000", literal=True)),
        _error("RES-E-364", "name_kana", "氏名と振り仮名の区切りが合っていません。", "氏と名の間に、両方とも全角の空白を入れてください。"),
    )  # fmt: skip


def _closing_rules() -> Iterator[_Rule]:
    """A record is open, or closed with reason, day and status (住基法8条, 施行令8条から12条)."""
    reason, status = pl.col("closing_reason"), pl.col("status")
    closing = [entry.code for entry in CodeList.load("change_reasons").entries if entry.attributes["effect"] == "消除"]
    yield _Rule(
        reason.is_not_null() & ~reason.is_in(closing),
        _error("RES-E-365", "closing_reason", "消除の事由ではない異動事由です。", "消除の事由にしてください。"),
    )
    yield _Rule(
        reason.is_null() & (status != Status.RESIDENT),
        _error(
            "RES-E-366",
            "status",
            "消除事由がないのに、住民状態が「住民」ではありません。",
            "住民状態か消除事由を直してください。",
        ),
    )
    yield _Rule(
        reason.is_not_null() & (status == Status.RESIDENT),
        _error(
            "RES-E-366",
            "status",
            "消除事由があるのに、住民状態が「住民」です。",
            "住民状態か消除事由を直してください。",
        ),
    )
    yield _Rule(
        reason.is_not_null() & pl.col("closed_on").is_null(),
        _error("RES-E-367", "closed_on", "消除事由があるのに、事由の生じた年月日がありません。", "分からないときは不詳（XXXX-XX-XX）としてください。"),
    )  # fmt: skip
    for name in ("closed_on", "closing_ground", "move_out_on"):
        yield _Rule(
            reason.is_null() & pl.col(name).is_not_null(),
            _error(
                "RES-E-368", name, f"消除されていないのに{_LABELS[name]}があります。", "消除事由を確認してください。"
            ),
        )
    yield _Rule(
        reason.is_null() & (pl.col("moved_to_closed_store") == "1"),
        _error(
            "RES-E-368",
            "moved_to_closed_store",
            "消除されていないのに除票データベースにあります。",
            "消除事由を確認してください。",
        ),
    )


# -- text -------------------------------------------------------------------------------------------------------------

_TEXT_KINDS = frozenset({Kind.TEXT, Kind.NAME, Kind.KANA, Kind.LATIN})


def _kind(name: str) -> Kind:
    item = BY_NAME.get(name)
    return item.kind if item else _OWN_KINDS[name]


def _is_text(name: str) -> bool:
    item = BY_NAME.get(name)
    return item is not None and item.kind in _TEXT_KINDS


def _codes(item: Item) -> list[str]:
    """Codes of all times: a record keeps the code of its day."""
    return sorted({entry.code for entry in CodeList.load(item.codes).entries})


def _repeats(frame: pl.DataFrame, name: str) -> bool:
    return _kind(name) in _REPEATING_KINDS and frame[name].head(_SAMPLE).n_unique() < min(frame.height, _SAMPLE) // 4


def _strange(columns: Iterable[pl.Series]) -> list[str]:
    """The characters in these columns which aren't plain members of the repertoire."""
    seen = np.zeros(sys.maxunicode + 1, bool)
    for column in columns:
        seen[np.frombuffer((column.str.join("").item() or "").encode("utf-32-le"), np.uint32)] = True
    return [char for char in map(chr, np.flatnonzero(seen).tolist()) if char not in tables().plain]


def _surely_good_text(item: Item, strange: list[str]) -> pl.Expr:
    value = pl.col(item.name)
    good = value.str.len_chars() <= item.length
    if len(strange) > _MANY:
        return pl.lit(value=False)
    if strange:
        good &= ~value.str.contains_any(strange)
    match item:
        case Item(name="relationship"):
            return good & (value == HOUSEHOLDER)
        case Item(name="name"):
            # A Japanese name is divided; what else a name may be, the check of one value knows.
            return good & value.str.contains(_DIVIDED_SHAPE)
        case Item(kind=Kind.NAME, name="former_surname"):
            return good & value.str.contains(f"^{_JAPANESE}+$")
        case Item(kind=Kind.NAME):
            return good & value.str.contains(_NAME_SHAPE)
        case Item(kind=Kind.KANA):
            return good & value.str.contains(_KANA_SHAPE)
        case Item(kind=Kind.LATIN):
            return good & value.str.contains(_LATIN_SHAPE)
    return good & ~value.str.contains(r"^\s|\s$")


def _judge_text(item: Item, text: str, foreign: bool) -> Iterator[Finding]:
    name = item.name
    if len(split_characters(text[: 4 * item.length])) > item.length or len(text) > 4 * item.length:
        yield _error(
            "RES-E-348", name, f"{item.length}文字を超えています。", "短くするか、文字溢れの扱いに従ってください。"
        )
        return
    match item.kind:
        case Kind.NAME if name == "former_surname":
            yield from check_former_surname(text, name)
        case Kind.NAME if name == "alias":
            yield from check_alias(PersonName(text), name)
        case Kind.NAME if name == "name" and not foreign:
            yield from check_japanese_name(PersonName(text), name)
        case Kind.NAME:
            yield from check_name(PersonName(text), name)
        case Kind.KANA:
            registered = (not foreign and name == "name_kana") or name == "former_surname_kana"
            yield from check_furigana(PersonName(text), name, in_family_register=registered)
        case Kind.LATIN:
            yield from check_romanized(text, name)
        case _:
            yield from check_repertoire(text, name)
            if text != text.strip():
                yield _error("RES-E-349", name, "前後に空白があります。", "前後の空白を除いてください。")
            if name == "relationship":
                yield from _stated(check_relationship(text, name))


def _days(frame: pl.DataFrame, names: Sequence[str]) -> dict[str, pl.Series]:
    if not names:
        return {}
    # As one column: a few long steps take less than many short ones.
    every = days_of(pl.concat([frame[name].alias("day") for name in names]))
    return {name: every[place * frame.height : (place + 1) * frame.height] for place, name in enumerate(names)}


def days_of(column: pl.Series) -> pl.Series:
    """The days of the calendar that texts state as YYYY-MM-DD; null for any other text."""
    has_length = (column.str.len_bytes() == _DAY_BYTES).fill_null(value=False)
    places = figures(column.filter(has_length), _DAY_BYTES)
    year, month, day = (_number(places[begin:end]) for begin, end in ((0, 4), (5, 7), (8, 10)))
    dash = np.uint8((ord("-") - ord("0")) % 256)
    good = (places[4] == dash) & (places[7] == dash)
    good &= (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
    place = np.where(good, 12 * (year - 1) + month - 1, 0)
    first = _MONTHS[place]
    good &= day <= _MONTHS[place + 1] - first
    days, stated = np.zeros(len(column), np.int32), has_length.to_numpy().copy()
    days[stated] = first + day - 1
    stated[stated] = good
    return pl.Series(column.name, days).set(pl.Series(~stated), None).cast(pl.Date)


def _number(places: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """What the figures at some places say; -1 where one is none."""
    number = np.zeros(places.shape[1], np.int32)
    for place in places:
        number = 10 * number + place
    return np.where((places > 9).any(axis=0), np.int32(-1), number)


@lru_cache(maxsize=100_000)
def _bounds(stored: str) -> tuple[date | None, date | None]:
    """The first and the last day that an uncertain date can be; None for what is none."""
    try:
        day = UncertainDate.from_stored(stored)
    except Refused:  # a finding of its own
        return None, None
    return day.earliest, day.latest


def _stated(finding: Finding | None) -> Iterator[Finding]:
    if finding is not None:
        yield finding


def _error(code: str, name: str, message: str, remedy: str, article: str = "") -> Finding:
    return Finding(code, name, message, remedy, Severity.ERROR, article)


def _warning(code: str, name: str, message: str, remedy: str) -> Finding:
    return Finding(code, name, message, remedy, Severity.WARNING)
