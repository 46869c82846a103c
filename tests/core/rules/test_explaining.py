from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.rules.fares import INPUTS

from yakuba.core.rules import Missing, RuleBook, explain

PERSON = {"distance_yen": 30_001, "bags_count": 3, "refund_yen": 0, "age": 10, "resident": False}


def test_a_step_tells_formula_figures_article_rounding_and_the_row_that_was_read(fares: RuleBook) -> None:
    step = explain(fares.at(2021), PERSON).step("base_fare_yen")
    assert step.value == 7_000
    assert step.article == "見本運賃条例 第2条"
    assert "距離換算額×運賃表の率＋運賃表の基本額" in step.words
    assert "30,001×1/3＋-3,000" in step.figures
    assert step.rounding == "10未満切捨て（見本運賃条例 第9条）"
    assert {(read.label, read.row, read.value) for read in step.parameters} == {
        ("率", "20,000以上", "1/3"),
        ("基本額", "20,000以上", "-3,000"),
        ("上限額", None, "90,000"),
    }
    assert "7,000.33… → 10未満切捨て" in step.text()


def test_a_step_tells_which_conditions_held(fares: RuleBook) -> None:
    told = explain(fares.at(2021), PERSON)
    assert told.step("fare_yen").because == (("割引の対象", True),)
    assert told.step("fare_yen").figures == "（7,000×1/2＋220）"
    assert "割引の対象 → 該当" in told.step("fare_yen").text()
    grown = explain(fares.at(2023), PERSON | {"age": 40}).step("fare_yen")
    assert grown.because == (("割引の対象", False),)
    assert "×1＋" in grown.words


def test_what_is_unknown_is_named(fares: RuleBook) -> None:
    partly = {name: value for name, value in PERSON.items() if name != "age"}
    step = explain(fares.at(2021), partly).step("town_share_yen")
    assert step.value is None
    assert step.text() == "町の収入（見本運賃条例 第6条）: 年齢が不明なため計算できません。"


def test_a_settled_value_is_told_as_such(fares: RuleBook) -> None:
    told = explain(fares.at(2021), PERSON, {"base_fare_yen": 100})
    assert told.step("base_fare_yen").settled
    assert told.values["fare_yen"] == 270


def test_only_what_leads_to_a_value_is_told_for_it(fares: RuleBook) -> None:
    steps = [step.name for step in explain(fares.at(2021), PERSON).leading_to("fare_yen")]
    assert set(steps) == {"base_fare_yen", "bags_yen", "reduced", "fare_yen"}
    assert steps[-1] == "fare_yen"
    with pytest.raises(KeyError):
        explain(fares.at(2021), PERSON).leading_to("hat")


@settings(max_examples=150, deadline=None)
@given(
    year=st.integers(2021, 2024),
    person=st.fixed_dictionaries({one.name: st.integers(one.minimum, one.maximum) for one in INPUTS}),
)
def test_the_explanation_ends_in_the_computed_value(fares: RuleBook, year: int, person: dict[str, int]) -> None:
    told = explain(fares.at(year), person)
    assert {step.name: step.value for step in told.steps} == {
        name: value
        for name, value in fares.at(year).run(person).items()
        if name not in fares.at(year).inputs and not isinstance(value, Missing)
    }
    assert all(step.words and step.figures and step.text() for step in told.steps)
