"""The compiled way gives the same integers as the plain way, or refuses to compile."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.rules.fares import INPUTS, RULES

from yakuba.core.rules import ParameterFile, Params, RuleBook, WrongInput, round_half_up, rule
from yakuba.core.rules.columns import Kernel, NotCompilable, translate

OUTPUTS = tuple(dict.fromkeys(one.name for one in RULES))
LIMITS = [0, 1, 6, 7, 8, 1_000, 1_001, 5_000, 5_001, 19_999, 20_000, 10_000_000]


@pytest.fixture(scope="module")
def kernels(fares: RuleBook, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Kernel]:
    folder = tmp_path_factory.mktemp("kernels")
    return {year: Kernel(fares.at(year), OUTPUTS, folder) for year in (2021, 2023)}


def people() -> st.SearchStrategy[list[dict[str, int]]]:
    wide = {one.name: st.integers(one.minimum, one.maximum) for one in INPUTS}
    wide["distance_yen"] = st.one_of(st.sampled_from(LIMITS), wide["distance_yen"])
    return st.lists(st.fixed_dictionaries(wide), min_size=1, max_size=30)


@settings(max_examples=100, deadline=None)
@given(year=st.sampled_from([2021, 2023]), crowd=people())
def test_both_ways_give_the_same_integers(
    fares: RuleBook, kernels: dict[int, Kernel], year: int, crowd: list[dict[str, int]]
) -> None:
    columns = {one.name: np.array([person[one.name] for person in crowd]) for one in INPUTS}
    compiled, missing = kernels[year].run(columns)
    assert not missing
    for place, person in enumerate(crowd):
        plain = fares.at(year).run(person)
        assert {name: int(compiled[name][place]) for name in OUTPUTS} == {name: plain[name] for name in OUTPUTS}


def test_more_people_than_a_block_are_all_computed(fares: RuleBook, kernels: dict[int, Kernel]) -> None:
    count = 9_001
    columns = {
        "distance_yen": np.arange(count),
        "bags_count": np.arange(count) % 50,
        "refund_yen": np.zeros(count, dtype=np.int64),
        "age": np.arange(count) % 100,
        "resident": np.arange(count) % 2,
    }
    compiled, _ = kernels[2021].run(columns)
    year = fares.at(2021)
    for place in (0, 4_095, 4_096, 8_191, 8_192, 9_000):
        person = {name: int(column[place]) for name, column in columns.items()}
        assert int(compiled["town_share_yen"][place]) == year.run(person)["town_share_yen"]


def test_who_has_an_unknown_fact_is_marked_in_every_output_that_rests_on_it(kernels: dict[int, Kernel]) -> None:
    columns = {one.name: np.array([max(one.minimum, 0)] * 3) for one in INPUTS}
    _, missing = kernels[2021].run(columns, {"resident": np.array([False, True, False])})
    assert set(missing) == {"reduced", "fare_yen", "town_share_yen"}
    assert missing["fare_yen"].tolist() == [False, True, False]


def test_a_column_out_of_bounds_is_refused_with_the_first_person(kernels: dict[int, Kernel]) -> None:
    columns = {one.name: np.array([max(one.minimum, 0)] * 3) for one in INPUTS}
    columns["bags_count"][1] = 51
    with pytest.raises(WrongInput, match="「荷物の数」が範囲の外です: 1人、最初は2人目"):
        kernels[2021].run(columns)


def test_a_missing_column_is_refused(kernels: dict[int, Kernel]) -> None:
    with pytest.raises(KeyError, match="bags_count"):
        kernels[2021].run({one.name: np.array([0]) for one in INPUTS if one.name != "bags_count"})


def test_only_what_is_asked_for_is_compiled(fares: RuleBook) -> None:
    program = translate(fares.at(2021), ["bags_yen"])
    assert program.inputs == ("bags_count",)
    assert "base_fare_yen" not in program.source
    with pytest.raises(KeyError, match="hat_yen is no concept of 2021"):
        translate(fares.at(2021), ["hat_yen"])


def test_the_same_rules_are_compiled_once(fares: RuleBook, tmp_path: Path) -> None:
    Kernel(fares.at(2021), ["bags_yen"], tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.py")}
    Kernel(fares.at(2022), ["bags_yen"], tmp_path)
    assert {path.name for path in tmp_path.glob("*.py")} != before  # another year's source says its year
    Kernel(fares.at(2021), ["bags_yen"], tmp_path)
    assert all(before[name] == (tmp_path / name).stat().st_mtime_ns for name in before)


@rule(article="見本", start=2021)
def too_wide_yen(distance_yen: int) -> int:
    """広すぎ."""
    return distance_yen * distance_yen * distance_yen


@rule(article="見本", start=2021)
def by_nought_yen(distance_yen: int, bags_count: int) -> int:
    """零で割る."""
    return distance_yen // bags_count


@rule(article="見本", start=2021, rounding=round_half_up(1, "見本"))
def below_yen(refund_yen: int, fare: Params) -> Fraction:
    """表の外."""
    return fare.by_distance.at(refund_yen).rate * refund_yen  # type: ignore[no-any-return]


@rule(article="見本", start=2021)
def unrounded_yen(refund_yen: int) -> Fraction:
    """端数のまま."""
    return refund_yen * Fraction(1, 7)


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (too_wide_yen, "could leave 64 bits"),
        (by_nought_yen, "a divisor could be nought or below"),
        (below_yen, "could be asked below its first row"),
        (unrounded_yen, "gives a fraction, and no rounding is declared"),
    ],
)
def test_what_could_go_wrong_for_somebody_is_refused_when_compiled(
    extra: object, told: str, parameters: ParameterFile
) -> None:
    book = RuleBook.load("運賃", (*RULES, extra), INPUTS, parameters, first=2021, last=2024)  # type: ignore[arg-type]
    with pytest.raises(NotCompilable, match=told):
        translate(book.at(2021), [extra.name])  # type: ignore[attr-defined]


def test_the_plain_way_does_not_import_the_compiler() -> None:
    command = "import sys, yakuba.core.rules; sys.exit(bool({'numba', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0
