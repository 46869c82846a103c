"""Two computations written apart give the same yen, for anybody and at every threshold."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.systems.tax.people import THRESHOLDS
from tests.systems.tax.second_path import first_path

from yakuba.systems.tax import second
from yakuba.systems.tax.law import FIRST, LAST
from yakuba.systems.tax.second import Kin, Payer, compute

near = st.sampled_from([at for at in THRESHOLDS if at < 90_000_000]).flatmap(
    lambda at: st.integers(max(at - 1, 0), at + 1)
)
amounts = st.one_of(st.just(0), near, st.integers(0, 30_000_000))
small = st.one_of(st.just(0), st.integers(0, 120_000))
ages = st.one_of(st.integers(0, 100), st.sampled_from([15, 16, 18, 19, 22, 23, 64, 65, 69, 70]))
incomes = st.one_of(st.just(0), st.integers(450_000, 600_000), st.integers(900_000, 1_400_000))
kin = st.builds(Kin, ages, incomes, st.booleans(), st.booleans(), st.sampled_from([0, 0, 1, 2]))
payers = st.builds(
    Payer,
    year=st.integers(FIRST, LAST),
    age=st.integers(15, 100),
    salary=amounts,
    pension=st.one_of(st.just(0), amounts),
    business=st.one_of(st.just(0), amounts),
    social_insurance=st.one_of(st.just(0), st.integers(0, 2_000_000)),
    life=st.tuples(small, small, small, small, small),
    earthquake=small,
    long_term=small,
    medical=st.one_of(st.just(0), st.integers(0, 3_000_000)),
    furusato=st.one_of(st.just(0), st.integers(1_999, 300_000)),
    one_stop=st.booleans(),
    disability=st.sampled_from([0, 0, 1, 2]),
    widow=st.booleans(),
    single_parent=st.sampled_from([0, 0, 1, 2]),
    student=st.booleans(),
    minor=st.booleans(),
    spouse=st.one_of(st.none(), kin),
    kin=st.lists(kin, max_size=5).map(tuple),
    grade=st.integers(1, 3),
    designated=st.booleans(),
    per_capita=st.sampled_from([None, (3_900, 1_300)]),
)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(payer=payers)
def test_both_paths_give_the_same_yen(payer: Payer) -> None:
    assert first_path(payer) == compute(payer)


def test_the_second_path_shares_nothing_with_the_first() -> None:
    source = ast.parse(Path(str(second.__file__)).read_text(encoding="utf-8"))
    imported = {
        name
        for node in ast.walk(source)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else []
        )
    }  # fmt: skip
    assert imported == {"__future__", "collections.abc", "dataclasses"}


def test_years_outside_are_refused() -> None:
    for year in (FIRST - 1, LAST + 1):
        with pytest.raises(LookupError):
            compute(Payer(year))
