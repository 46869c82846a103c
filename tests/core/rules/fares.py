"""A small law of fares, with everything that rules can say: dates, tables, fractions, roundings, branches."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from yakuba.core.rules import Input, ParameterFile, Params, Rule, round_half_up, round_up, rule, truncate

PARAMETERS = """
fare:
  description: 運賃表
  unit: yen
  reference: 見本運賃条例 第2条
  labels: {rate: 率, base_yen: 基本額, cap_yen: 上限額}
  values:
    - start: 2021
      fields:
        cap_yen: 90000
        by_distance:
          - {from: 0, rate: "0%", base_yen: 500}
          - {from: 1001, rate: "12.5%", base_yen: 400}
          - {from: 20000, rate: "1/3", base_yen: -3000}
    - start: 2023
      fields:
        cap_yen: 80000
        by_distance:
          - {from: 0, rate: "1%", base_yen: 600}
          - {from: 5001, rate: "33.33%", base_yen: 0}
surcharge:
  description: 加算料
  unit: yen
  reference: 見本運賃条例 第3条
  labels: {per_bag_yen: 荷物1個の額, share: 町の分}
  values:
    - start: 2021
      fields: {per_bag_yen: 110, share: "3/5"}
"""

INPUTS = (
    Input("distance_yen", "距離換算額", "yen", 0, 10_000_000),
    Input("bags_count", "荷物の数", "count", 0, 50),
    Input("refund_yen", "払戻し額", "yen", -1_000_000, 1_000_000),
    Input("age", "年齢", "age", 0, 150, absent=None),
    Input("resident", "町民", "flag", 0, 1),
)


@rule(article="見本運賃条例 第2条", start=2021, rounding=truncate(10, "見本運賃条例 第9条"))
def base_fare_yen(distance_yen: int, fare: Params) -> Fraction:
    """基本運賃. By distance, never above the cap."""
    row = fare.by_distance.at(distance_yen)
    return max(min(distance_yen * row.rate + row.base_yen, fare.cap_yen), 0)


@rule(article="見本運賃条例 第3条", start=2021)
def bags_yen(bags_count: int, surcharge: Params) -> int:
    """荷物料. The first bag is free."""
    if bags_count == 0:
        return 0
    paid = bags_count - 1
    return paid * surcharge.per_bag_yen


@rule(article="見本運賃条例 第4条", start=2021)
def reduced(age: int, resident: bool) -> bool:
    """割引の対象. Children, and elderly people of the town."""
    return age < 12 or (age >= 70 and resident)


@rule(article="見本運賃条例 第5条", start=2021, end=2022, rounding=round_up(1, "見本運賃条例 第9条"), name="fare_yen")
def fare_until_2022_yen(base_fare_yen: int, bags_yen: int, reduced: bool) -> Fraction:
    """運賃. Half for whom it is reduced."""
    whole = base_fare_yen + bags_yen
    if reduced:
        whole = base_fare_yen * Fraction(1, 2) + bags_yen
    return whole


@rule(article="見本運賃条例 第5条", start=2023, rounding=round_half_up(1, "見本運賃条例 第9条"))
def fare_yen(base_fare_yen: int, bags_yen: int, reduced: bool) -> Fraction:
    """運賃. A third off for whom it is reduced."""
    return base_fare_yen * (Fraction(2, 3) if reduced else 1) + bags_yen


@rule(article="見本運賃条例 第6条", start=2021, rounding=truncate(1, "見本運賃条例 第9条"), export=True)
def town_share_yen(fare_yen: int, refund_yen: int, surcharge: Params) -> Fraction:
    """町の収入. Falls below nought when more is paid back."""
    return (fare_yen - refund_yen) * surcharge.share


@rule(article="見本運賃条例 第7条", start=2021)
def remainder_yen(distance_yen: int, bags_count: int) -> int:
    """端数の割当て. Whole division and what is left."""
    return distance_yen // max(bags_count, 1) + abs(distance_yen - 7) % 11


RULES: tuple[Rule, ...] = (
    town_share_yen, base_fare_yen, bags_yen, reduced, fare_until_2022_yen, fare_yen, remainder_yen,
)  # fmt: skip


def written(folder: Path, text: str) -> ParameterFile:
    """A parameter file of this text."""
    path = folder / "parameters.yaml"
    path.write_text(text, encoding="utf-8")
    return ParameterFile.load(path)
