from __future__ import annotations

from collections import Counter

from tests.systems.tax import thresholds

from yakuba.systems.tax import cases


def test_every_threshold_case_comes_out_to_the_yen() -> None:
    found = cases.load(thresholds.FILE)
    wrong = [
        (result.id, one.field, one.expected, one.computed, result.reason)
        for result in (cases.run(section, case) for section, case in found)
        for one in result.fields
        if not one.ok
    ]
    assert wrong == []


def test_the_file_is_what_the_second_computation_says() -> None:
    assert thresholds.FILE.read_text(encoding="utf-8") == thresholds.text()


def test_every_year_has_its_cases() -> None:
    years = Counter(case["fiscal_year_ad"] for _, case in cases.load(thresholds.FILE))
    assert set(years) == set(thresholds.YEARS)
    assert all(count >= 200 for count in years.values()), years
