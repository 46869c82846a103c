"""The law run as it is, translated, compiled and explained: the same integers each time, for anybody, in every year."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.systems.tax.people import person

from yakuba.core.rules import Completeness, Missing, NoRules, explain
from yakuba.core.rules.columns import Kernel, Program, translate
from yakuba.systems.tax.law import FIRST, LAST, taxpayer

YEARS = range(FIRST, LAST + 1)
RELAXED = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def outputs(year: int) -> list[str]:
    return [rule.name for rule in taxpayer().at(year).rules]


@cache
def translated(year: int) -> tuple[Program, Any]:
    """A year's translation, run by Python itself: whatever it gives, Numba compiles."""
    program = translate(taxpayer().at(year), outputs(year))
    source = program.source.replace("from numba import njit, prange", "prange = range")
    names: dict[str, Any] = {"njit": lambda *args, **_: args[0] if args else (lambda function: function)}
    exec(compile(source, f"<{year}>", "exec"), names)  # noqa: S102 - our own translation
    return program, names["kernel"]


@pytest.mark.parametrize("year", YEARS)
@RELAXED
@given(data=st.data())
def test_the_translation_gives_what_the_rules_give(year: int, data: st.DataObject) -> None:
    program, kernel = translated(year)
    someone = data.draw(person(taxpayer().at(year)))
    results = np.empty((len(program.outputs), 1), dtype=np.int64)
    kernel(np.array([[someone[name]] for name in program.inputs], dtype=np.int64), results)
    plain = taxpayer().at(year).run(someone)
    assert dict(zip(program.outputs, results[:, 0].tolist(), strict=True)) == {
        name: plain[name] for name in program.outputs
    }


@pytest.mark.parametrize("year", YEARS)
@settings(parent=RELAXED, max_examples=10)
@given(data=st.data())
def test_the_explanation_ends_in_what_the_rules_give(year: int, data: st.DataObject) -> None:
    someone = data.draw(person(taxpayer().at(year)))
    told = explain(taxpayer().at(year), someone)
    plain = taxpayer().at(year).run(someone)
    assert {step.name: step.value for step in told.steps} == {name: plain[name] for name in outputs(year)}
    assert all(step.article and step.text() for step in told.steps)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    return Kernel(taxpayer().at(2024), ["annual_total_yen", "withheld_refund_yen"], tmp_path_factory.mktemp("kernel"))


@RELAXED
@given(crowd=st.lists(person(taxpayer().at(2024)), min_size=1, max_size=20))
def test_the_compiled_year_gives_what_the_rules_give(compiled: Kernel, crowd: list[dict[str, int]]) -> None:
    columns = {name: np.array([one[name] for one in crowd]) for name in compiled.program.inputs}
    results, missing = compiled.run(columns)
    assert not missing
    for place, someone in enumerate(crowd):
        plain = taxpayer().at(2024).run(someone)
        for name in compiled.program.outputs:
            assert int(results[name][place]) == plain[name]


def test_years_without_rules_are_refused() -> None:
    for year in (FIRST - 1, LAST + 1):
        with pytest.raises(NoRules, match=f"{year}年度は計算できません"):
            taxpayer().at(year)


@pytest.mark.parametrize("year", YEARS)
def test_nobody_is_silently_taxed_at_nought(year: int) -> None:
    """An income that isn't known leaves the tax unknown."""
    rules = taxpayer().at(year)
    known: dict[str, int | Completeness] = {
        name: Completeness.NOT_APPLICABLE if wanted.absent is not None else 40 for name, wanted in rules.inputs.items()
    }
    assert rules.run(known)["annual_total_yen"] == 0
    for name in ("salary_revenue_yen", "pension_revenue_yen", "spouse_total_income_yen", "separate_long_yen"):
        assert rules.run(known | {name: Completeness.UNKNOWN})["annual_total_yen"] == Missing(frozenset({name}))


@pytest.mark.parametrize("year", YEARS)
@RELAXED
@given(data=st.data())
def test_what_must_hold_for_anybody(year: int, data: st.DataObject) -> None:
    someone = data.draw(person(taxpayer().at(year)))
    v = {name: value for name, value in taxpayer().at(year).run(someone).items() if isinstance(value, int)}
    assert v["city_total_yen"] + v["pref_total_yen"] + v["forest_tax_yen"] == v["annual_total_yen"] >= 0
    assert v["city_income_levy_yen"] % 100 == v["pref_income_levy_yen"] % 100 == 0
    assert v["taxable_income_yen"] % 1000 == 0
    assert v["salary_income_yen"] <= someone["salary_revenue_yen"]
    assert v["pension_income_yen"] <= someone["pension_revenue_yen"]
    if not v["per_capita_taxable"]:
        assert v["annual_total_yen"] == 0
    # 附則第3条の3: before credits, what is left never falls below the limit.
    if v["income_levy_possible"]:
        levy = v["city_levy_before_credits_yen"] + v["pref_levy_before_credits_yen"]
        assert v["total_income_amounts_yen"] - levy >= v["income_levy_limit_yen"] or levy == 0
    assert v["withheld_refund_yen"] + v["withheld_applied_yen"] <= someone["withheld_levy_yen"]
