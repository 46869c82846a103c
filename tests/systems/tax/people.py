"""Random taxpayers who do not exist: amounts about the thresholds of the law as often as anywhere else."""

from __future__ import annotations

from hypothesis import strategies as st

from yakuba.core.rules import Year

THRESHOLDS = [
    0, 1, 12_000, 50_000, 100_000, 430_000, 450_000, 480_000, 500_000, 551_000, 580_000, 651_000, 750_000, 850_000,
    1_000_000, 1_350_000, 1_619_000, 1_628_000, 1_800_000, 1_900_000, 1_950_000, 2_000_000, 3_300_000, 3_600_000,
    4_100_000, 6_600_000, 7_700_000, 8_500_000, 9_000_000, 9_500_000, 10_000_000, 18_050_000, 20_000_000, 24_000_000,
    25_000_000, 60_000_000, 99_999_999_999,
]  # fmt: skip


def person(year: Year) -> st.SearchStrategy[dict[str, int]]:
    """Every input of a year's rules within its bounds, most of them nought."""
    strategies = {}
    for name, wanted in year.inputs.items():
        near = st.sampled_from(THRESHOLDS).flatmap(lambda at: st.integers(at - 1, at + 1))
        values = st.integers(wanted.minimum, wanted.maximum)
        if wanted.unit == "yen":
            values = st.one_of(st.just(0), st.just(0), near, st.integers(0, 30_000_000), values)
        strategies[name] = values.map(lambda v, w=wanted: min(max(v, w.minimum), w.maximum))  # type: ignore[misc]
    return st.fixed_dictionaries(strategies)
