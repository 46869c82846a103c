"""What only shows over the whole file: numbers that two rows claim, two householders, one household at two addresses.

Set-wise, over a few columns kept for all rows (about 80 bytes a row). Whoever shares a number is refused with everybody
else who states it: which of them is right is for a person to find out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from yakuba.core.findings import Finding, Position, Severity
from yakuba.core.numbers_columns import check_addressee_number

from ..rules import HOUSEHOLDER
from .layout import PLACE

KEY_COLUMNS = (
    "number", "household_number", "relationship", "address_code", "address_banchi", "address_katagaki",
    "closing_reason", "resident_code", "individual_number", "residence_card",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unique:
    """A column whose value belongs to one person only."""

    code: str
    column: str
    in_file: str
    in_register: str
    remedy: str


UNIQUE = (
    Unique(
        "RES-E-370", "number", "同じ宛名番号の行がほかにあります（{other}行目）。", "同じ宛名番号の人が既に台帳にいます。",
        "どちらが正しいか確認し、正しい行だけを残してください。",
    ),
    Unique(
        "RES-E-371", "resident_code", "同じ住民票コードの行がほかにあります（{other}行目）。",
        "同じ住民票コードの人が既に台帳にいます（宛名番号{other:015d}）。", "本人確認情報と見比べて、正しい番号にしてください。",
    ),
    Unique(
        "RES-E-372", "individual_number", "同じ個人番号の行がほかにあります（{other}行目）。",
        "同じ個人番号の人が既に台帳にいます（宛名番号{other:015d}）。", "通知書類と見比べて、正しい番号にしてください。",
    ),
    Unique(
        "RES-E-373", "residence_card", "同じ在留カード等の番号の行がほかにあります（{other}行目）。",
        "同じ在留カード等の番号の人が既に台帳にいます（宛名番号{other:015d}）。", "在留カード等と見比べて、正しい番号にしてください。",
    ),
)  # fmt: skip
HOUSEHOLDERS = Unique(
    "RES-E-374", "relationship", "同じ世帯にもう一人世帯主がいます（{other}行目）。",
    "その世帯には既に世帯主がいます（宛名番号{other:015d}）。", "世帯主を一人にし、ほかの人の続柄を直してください。",
)  # fmt: skip


@dataclass(slots=True)
class Keys:
    """The key columns of all proper records, in the order of the file."""

    parts: list[pl.DataFrame] = field(default_factory=list)

    def add(self, frame: pl.DataFrame) -> None:
        """`frame`: `row` and `KEY_COLUMNS` as text. What is no number is left to the checks of the row."""
        is_open = pl.col("closing_reason").is_null()
        has_address = pl.any_horizontal(pl.col("address_code", "address_banchi", "address_katagaki").is_not_null())
        place = pl.concat_str("address_code", "address_banchi", "address_katagaki", separator="\n", ignore_nulls=True)
        self.parts.append(
            frame.select(
                "row",
                *(_integer(name, check_addressee_number(pl.col(name))) for name in ("number", "household_number")),
                *(
                    _integer(name, pl.col(name).str.contains(f"^[0-9]{{{width}}}$"))
                    for name, width in (("resident_code", 11), ("individual_number", 12))
                ),
                "residence_card",
                (is_open & (pl.col("relationship") == HOUSEHOLDER)).fill_null(value=False).alias("is_head"),
                pl.when(is_open & has_address).then(place.hash()).alias("place"),
            )
        )

    def frame(self) -> pl.DataFrame:
        return pl.concat(self.parts) if self.parts else pl.DataFrame()


def _integer(name: str, where: pl.Expr) -> pl.Expr:
    return pl.when(where).then(pl.col(name)).cast(pl.Int64).alias(name)


@dataclass(frozen=True, slots=True)
class Survey:
    """What the survey of a file found over all rows."""

    claims: pl.DataFrame  # row, rule (index into RULES), other: the first other row
    two_addresses: tuple[int, tuple[int, ...]]  # households whose members live apart, the first row of the first ones
    top_person: int  # highest serial of a valid 宛名番号; 0: none
    top_household: int  # likewise 世帯番号


RULES = (*UNIQUE, HOUSEHOLDERS)


def survey(keys: Keys) -> Survey:
    frame = keys.frame()
    claims = [_claims(frame, rule, unique.column) for rule, unique in enumerate(UNIQUE)]
    heads = frame.filter("is_head") if frame.height else frame
    claims.append(_claims(heads, len(UNIQUE), "household_number"))
    households = 0
    first: tuple[int, ...] = ()
    if frame.height:
        apart = (
            frame.lazy()
            .filter(pl.col("place").is_not_null() & pl.col("household_number").is_not_null())
            .group_by("household_number")
            .agg(pl.col("row").min(), places=pl.col("place").n_unique())
            .filter(pl.col("places") > 1)
            .sort("row")
            .collect()
        )
        households = apart.height
        first = tuple(apart["row"].head(_SHOWN).to_list())
    return Survey(
        pl.concat(claims).sort("row", "rule"),
        (households, first),
        _top(frame, "number"),
        _top(frame, "household_number"),
    )


_SHOWN = 20


def _top(frame: pl.DataFrame, column: str) -> int:
    top = frame[column].max() if frame.height else None
    return top // 10 if isinstance(top, int) else 0


def _claims(frame: pl.DataFrame, rule: int, column: str) -> pl.DataFrame:
    schema = {"row": pl.Int64, "rule": pl.Int64, "other": pl.Int64}
    if not frame.height:
        return pl.DataFrame(schema=schema)
    shared = frame.select("row", column).drop_nulls().filter(pl.col(column).is_duplicated())
    groups = shared.group_by(column).agg(first=pl.col("row").min(), second=pl.col("row").bottom_k(2).max())
    return shared.join(groups, on=column).select(
        "row",
        pl.lit(rule, pl.Int64).alias("rule"),
        pl.when(pl.col("row") == pl.col("first")).then("second").otherwise("first").alias("other"),
    )


def in_file(claims: pl.DataFrame, first_row: int, rows: int) -> dict[int, list[Finding]]:
    """Findings of the rows `first_row` … by line number."""
    found: dict[int, list[Finding]] = {}
    for row, rule, other in claims.filter(pl.col("row").is_between(first_row, first_row + rows - 1)).iter_rows():
        found.setdefault(row, []).append(_finding(RULES[rule], RULES[rule].in_file, row, other))
    return found


def in_register(claims: Iterable[tuple[int, str, int]]) -> dict[int, list[Finding]]:
    """Findings of (line number, column, 宛名番号 in the register), by line number."""
    by_column: Mapping[str, Unique] = {rule.column: rule for rule in RULES}
    found: dict[int, list[Finding]] = {}
    for row, column, other in claims:
        rule = by_column[column]
        found.setdefault(row, []).append(_finding(rule, rule.in_register, row, other))
    return found


def _finding(rule: Unique, message: str, row: int, other: int) -> Finding:
    position = Position(row=row, column=PLACE[rule.column])
    return Finding(rule.code, rule.column, message.format(other=other), rule.remedy, Severity.ERROR, position=position)
