"""Rules that don't fit together are refused when they are loaded; rules that fit give whole yen or say what is unknown."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from tests.core.rules.fares import INPUTS, PARAMETERS, RULES, written

from yakuba.core.rules import (
    Completeness,
    Input,
    Missing,
    NoRules,
    ParameterFile,
    Params,
    RuleBook,
    WrongInput,
    WrongParameters,
    WrongRules,
    rule,
)

PERSON = {"distance_yen": 30_001, "bags_count": 3, "refund_yen": 0, "age": 40, "resident": False}


def test_the_rules_of_a_year_are_computed_in_whole_yen(fares: RuleBook) -> None:
    values = fares.at(2021).run(PERSON)
    # 30,001 / 3 - 3,000 = 7,000.33, down to 7,000; two bags are paid at 110.
    assert (values["base_fare_yen"], values["bags_yen"], values["fare_yen"]) == (7_000, 220, 7_220)
    assert values["town_share_yen"] == 4_332
    assert all(type(value) is int for value in values.values())


def test_a_child_pays_half_until_2022_and_two_thirds_since(fares: RuleBook) -> None:
    child = PERSON | {"age": 11, "distance_yen": 1_234}  # 554.25 -> 550 until 2022; 612.34 -> 610 since
    assert fares.at(2022).run(child)["fare_yen"] == 275 + 220
    assert fares.at(2023).run(child)["fare_yen"] == 627  # 406.67 + 220, half up


def test_rounding_below_nought_goes_towards_nought(fares: RuleBook) -> None:
    values = fares.at(2021).run(PERSON | {"distance_yen": 0, "bags_count": 0, "refund_yen": 507})
    assert values["town_share_yen"] == -4  # (500 - 507) * 3/5 = -4.2


def test_outside_its_years_the_book_refuses(fares: RuleBook) -> None:
    with pytest.raises(NoRules, match="2025年度は計算できません"):
        fares.at(2025)
    with pytest.raises(NoRules):
        fares.at(2020)


def test_an_unknown_input_is_never_nought(fares: RuleBook) -> None:
    values = fares.at(2021).run({"distance_yen": 1_000, "bags_count": 1, "age": 40, "resident": Completeness.UNKNOWN})
    assert values["base_fare_yen"] == 500
    assert values["fare_yen"] == Missing(frozenset({"resident"}))
    assert values["town_share_yen"] == Missing(frozenset({"resident", "refund_yen"}))


def test_not_applicable_stands_for_the_inputs_own_value_and_only_where_it_has_one(fares: RuleBook) -> None:
    given = PERSON | {"bags_count": Completeness.NOT_APPLICABLE}
    assert fares.at(2021).run(given)["bags_yen"] == 0
    with pytest.raises(WrongInput, match="「年齢」は必ず該当する項目です"):
        fares.at(2021).run(PERSON | {"age": Completeness.NOT_APPLICABLE})


def test_wrong_inputs_are_told_all_at_once(fares: RuleBook) -> None:
    with pytest.raises(WrongInput) as refused:
        fares.at(2021).run(PERSON | {"bags_count": 51, "distance_yen": -1, "hat": 1})
    assert [name for name, _ in refused.value.faults] == ["hat", "distance_yen", "bags_count"]


def test_a_concept_that_was_settled_elsewhere_is_taken_as_it_is(fares: RuleBook) -> None:
    values = fares.at(2021).run(PERSON, {"base_fare_yen": 10_000})
    assert values["fare_yen"] == 10_220
    with pytest.raises(KeyError, match="hat_yen"):
        fares.at(2021).run(PERSON, {"hat_yen": 1})


def test_a_change_of_parameters_holds_for_its_year_only(fares: RuleBook) -> None:
    changed = fares.at(2021, {"surcharge": {"per_bag_yen": 200, "share": "1/2"}})
    assert changed.run(PERSON)["bags_yen"] == 400
    assert fares.at(2021).run(PERSON)["bags_yen"] == 220
    with pytest.raises(KeyError, match="no such parameters in 2021: hats"):
        fares.at(2021, {"surcharge": {"hats": 1}})


@rule(article="見本", start=2021)
def first_yen(second_yen: int) -> int:
    """一."""
    return second_yen


@rule(article="見本", start=2021)
def second_yen(first_yen: int) -> int:
    """二."""
    return first_yen


@rule(article="見本", start=2021, end=2021, name="gap_yen")
def gap_2021_yen(bags_count: int) -> int:
    """穴."""
    return bags_count


@rule(article="見本", start=2023)
def gap_yen(bags_count: int, hat_yen: int) -> int:
    """穴."""
    return bags_count + hat_yen


@rule(article="見本", start=2021, name="bags_yen")
def another_bags_yen(bags_count: int) -> int:
    """荷物料."""
    return bags_count


@rule(article="見本", start=2021)
def half_yen(bags_count: int) -> int:
    """半分. Written as Python's own division, which makes a float."""
    return bags_count / 2  # type: ignore[return-value]


@rule(article="見本", start=2021)
def endless_yen(bags_count: int, surcharge: Params, fare: Params) -> int:
    """果てなし."""
    if bags_count > 1:
        return surcharge.per_hat_yen  # type: ignore[no-any-return]
    for _ in ():
        pass
    return fare.by_distance.at(bags_count).hat  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ((first_yen, second_yen), "a circle in 2021: first_yen -> second_yen -> first_yen"),
        ((gap_2021_yen, gap_yen), "gap_yen: no rule in 2022"),
        ((gap_2021_yen, gap_yen), "gap_yen: needs hat_yen, which nothing gives in 2023"),
        ((another_bags_yen,), "bags_yen: 2 rules in 2022"),
        ((half_yen,), "half_yen: bags_count / 2 is no expression of rules"),
        ((endless_yen,), "endless_yen: surcharge has no per_hat_yen in 2021"),
        ((endless_yen,), "endless_yen: fare.by_distance has no column hat in 2021"),
        ((endless_yen,), "endless_yen: For is no statement of rules"),
    ],
)  # fmt: skip
def test_rules_that_do_not_fit_are_refused_with_the_fault(
    extra: tuple[object, ...], told: str, parameters: ParameterFile
) -> None:
    with pytest.raises(WrongRules) as refused:
        RuleBook.load("運賃", (*RULES, *extra), INPUTS, parameters, first=2021, last=2024)  # type: ignore[arg-type]
    assert told in str(refused.value)


def test_what_no_rule_uses_is_refused(tmp_path: Path) -> None:
    text = PARAMETERS.replace("share: 町の分", "share: 町の分, hat_yen: 帽子").replace(
        'share: "3/5"', 'share: "3/5", hat_yen: 1'
    )
    inputs = (*INPUTS, Input("hats_count", "帽子の数", "count", 0, 9))
    with pytest.raises(WrongRules) as refused:
        RuleBook.load("運賃", RULES, inputs, written(tmp_path, text), first=2021, last=2024)
    assert "parameter surcharge.hat_yen from 2021 is used by no rule" in str(refused.value)
    assert "input hats_count is used by no rule" in str(refused.value)


def test_parameters_that_miss_a_year_are_refused(tmp_path: Path) -> None:
    text = PARAMETERS.replace("    - start: 2023\n", "    - start: 2023\n      end: 2023\n")
    with pytest.raises(WrongRules, match="base_fare_yen: no parameters fare in 2024"):
        RuleBook.load("運賃", RULES, INPUTS, written(tmp_path, text), first=2021, last=2024)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    - start: 2023", "    - start: 2021", "the starts of values must rise"),
        ('share: "3/5"', "share: 0.6", "neither a whole number, a flag nor a quoted rate"),
        ("{from: 1001,", "{from: 0,", "`from` must be whole numbers that rise"),
        (', cap_yen: 上限額', "", "labels and fields differ in cap_yen"),
        ("  unit: yen\n  reference: 見本運賃条例 第3条", "  unit: yen", "wants exactly"),
    ],
)  # fmt: skip
def test_wrong_parameter_files_are_refused(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert old in PARAMETERS
    with pytest.raises(WrongParameters, match=told):
        written(tmp_path, PARAMETERS.replace(old, new))


def test_a_rule_says_enough_of_itself() -> None:
    with pytest.raises(TypeError, match="a docstring that begins with its name"):

        @rule(article="見本", start=2021)
        def nameless_yen(bags_count: int) -> int:
            return bags_count

    with pytest.raises(TypeError, match="bags_count is neither int, bool nor Params"):

        @rule(article="見本", start=2021)
        def floating_yen(bags_count: float) -> int:
            """浮動."""
            return int(bags_count)


def test_a_fraction_without_a_declared_rounding_is_an_error() -> None:
    @rule(article="見本", start=2021)
    def third_yen(bags_count: int) -> Fraction:
        """三分の一."""
        return bags_count * Fraction(1, 3)

    assert third_yen(bags_count=3) == 1
    with pytest.raises(ArithmeticError, match="no declared rounding"):
        third_yen(bags_count=4)
