"""Ages on the law's days, relatives as counts, claims that contradict each other."""

from __future__ import annotations

from datetime import date

import pytest

from yakuba.core.rules import Completeness, NoRules
from yakuba.systems.tax.law import taxpayer
from yakuba.systems.tax.law.certificates import disability_of
from yakuba.systems.tax.law.persons import (
    Claim,
    Relative,
    age_for,
    check_claims,
    check_declared,
    complete,
    is_minor,
    of_relative,
    of_relatives,
)


@pytest.mark.parametrize(
    ("birth", "age"),
    [
        (date(1954, 1, 1), 70),  # 昭和29年1月1日以前生まれ is 老人 for 令和6年度
        (date(1954, 1, 2), 69),
        (date(1959, 1, 1), 65),
        (date(1959, 1, 2), 64),
        (date(2001, 1, 1), 23),
        (date(2001, 1, 2), 22),
        (date(2005, 1, 1), 19),
        (date(2005, 1, 2), 18),
        (date(2008, 1, 1), 16),
        (date(2008, 1, 2), 15),
        (date(2004, 2, 29), 19),
        (date(2023, 12, 31), 0),
    ],
)
def test_who_is_born_on_1_january_counts_a_year_older(birth: date, age: int) -> None:
    assert age_for(2024, birth) == age


@pytest.mark.parametrize(
    ("year", "birth", "minor"),
    [
        (2022, date(2002, 1, 2), False),  # reaches 20 at the end of 1 January 2022
        (2022, date(2002, 1, 3), True),
        (2023, date(2005, 1, 2), False),
        (2023, date(2005, 1, 3), True),
        (2023, date(2003, 1, 3), False),  # 20 until 令和4年度, 18 since
    ],
)
def test_minors_are_those_of_1_january(year: int, birth: date, minor: bool) -> None:
    assert is_minor(year, birth) is minor


def test_relatives_become_counts() -> None:
    family = [
        Relative(10, 0),
        Relative(17, 480_000),
        Relative(20, 0),
        Relative(75, 0, ascendant=True, cohabiting=True, disability=2),
        Relative(72, 0, disability=1),
        Relative(40, 480_001, disability=2),
    ]
    counted = of_relatives(2024, family)
    assert {name: value for name, value in counted.items() if value} == {
        "dependants_count": 5,
        "dependants_general_count": 1,
        "dependants_specific_count": 1,
        "dependants_elderly_count": 1,
        "dependants_elderly_cohabiting_count": 1,
        "dependants_under_23_count": 3,
        "dependants_disability_ordinary_count": 1,
        "dependants_disability_special_cohabiting_count": 1,
    }


def test_a_relative_abroad_counts_as_a_head_but_gives_no_deduction_from_2024() -> None:
    abroad = Relative(40, 0, abroad=True)
    assert of_relative(2023, abroad)["is_general"] == 1
    assert (of_relative(2024, abroad)["is_dependant"], of_relative(2024, abroad)["is_general"]) == (1, 0)
    assert of_relative(2024, Relative(40, 0, abroad=True, abroad_qualifies=True))["is_general"] == 1
    assert of_relative(2024, Relative(70, 0, abroad=True))["is_elderly"] == 1
    assert of_relatives(2024, [abroad])["dependants_abroad_count"] == 1


def test_an_unnamed_fact_does_not_apply_but_an_age_stays_unknown() -> None:
    whole = complete(taxpayer().at(2024), {"salary_revenue_yen": 1})
    assert whole["pension_revenue_yen"] is Completeness.NOT_APPLICABLE
    assert whole["age"] is Completeness.UNKNOWN
    assert whole["salary_revenue_yen"] == 1


def codes(*claims: Claim, year: int = 2024) -> list[tuple[str, str]]:
    return [(found.code, found.field) for found in check_claims(year, claims)]


def test_contradictory_claims_are_found_all_at_once() -> None:
    assert codes(
        Claim("夫", "子", False, 0),
        Claim("妻", "子", False, 0),
        Claim("夫", "妻", True, 0),
        Claim("妻", "夫", True, 0),
        Claim("夫", "母", False, 480_001),
        Claim("夫", "父", False, None),
    ) == [
        ("claimed-twice", "子"),
        ("spouses-claim-each-other", "夫"),
        ("claimed-income-over-limit", "母"),
        ("claimed-income-unknown", "父"),
    ]


def test_one_person_is_not_spouse_and_dependant() -> None:
    assert codes(Claim("夫", "妻", True, 0), Claim("夫", "妻", False, 0)) == [("claimed-as-spouse-and-dependant", "妻")]


def test_the_limit_is_that_of_the_year() -> None:
    claim = Claim("夫", "子", False, 580_000)
    assert codes(claim, year=2025) == [("claimed-income-over-limit", "子")]
    assert codes(claim, year=2026) == []
    assert codes(Claim("夫", "妻", True, 1_000_000)) == []  # 配偶者特別控除
    with pytest.raises(NoRules):
        check_claims(2027, [claim])


def test_a_finding_says_what_where_and_what_to_do() -> None:
    (found,) = check_claims(2024, [Claim("夫", "子", False, 500_000)])
    assert "500,000円は限度の480,000円" in found.message
    assert found.remedy
    assert found.article


@pytest.mark.parametrize(
    ("certificate", "disability"),
    [
        ("身体障害者手帳二級", 2), ("身体障害者手帳3級", 1), ("身体障害者手帳６級", 1), ("精神障害者保健福祉手帳一級", 2),
        ("精神障害者保健福祉手帳二級", 1), ("愛の手帳二度", 2), ("愛の手帳三度", 1), ("療育手帳A", 2), ("療育手帳Ｂ2", 1),
        ("戦傷病者手帳第三項症", 2), ("戦傷病者手帳第四項症", 1),
    ],
)  # fmt: skip
def test_certificates(certificate: str, disability: int) -> None:
    assert disability_of(certificate) == disability


@pytest.mark.parametrize("certificate", ["身体障害者手帳7級", "愛の手帳五度", "帽子", "精神障害者保健福祉手帳"])
def test_an_unknown_certificate_is_refused(certificate: str) -> None:
    with pytest.raises(ValueError, match="障害の程度が分かりません"):
        disability_of(certificate)


@pytest.mark.req("TAX-031")
def test_a_return_with_wrong_deductions_is_told_field_by_field() -> None:
    rules = taxpayer().at(2024)
    given = {
        "age": 45,
        "business_income_yen": 5_000_000,
        "life_new_general_yen": 60_000,
        "social_insurance_yen": 300_000,
    }
    declared = {
        "basic_deduction_yen": 480_000,  # that of income tax
        "life_insurance_deduction_yen": 28_000,
        "deductions_total_yen": 808_000,
    }
    found = check_declared(rules, given, declared)
    assert [(one.code, one.field) for one in found] == [
        ("declared-differs", "basic_deduction_yen"),
        ("declared-differs", "deductions_total_yen"),
    ]
    assert "480,000円ですが、計算では430,000円" in found[0].message
    assert "808,000円ですが、計算では758,000円" in found[1].message
    right = {name: value for name, value in declared.items() if name.startswith("life")}
    assert check_declared(rules, given, right) == ()


def test_a_declared_amount_that_cannot_be_checked_is_told_too() -> None:
    rules = taxpayer().at(2024)
    (found,) = check_declared(rules, {"pension_revenue_yen": 1_000_000}, {"basic_deduction_yen": 430_000})
    assert found.code == "declared-not-computable"
    assert "年齢" in found.message
    with pytest.raises(KeyError, match="no concept of 2024: hat_yen"):
        check_declared(rules, {}, {"hat_yen": 1})
