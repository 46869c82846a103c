"""What the second path doesn't reach: losses, carry-overs, separate taxation, credits in their order. Worked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from yakuba.core.rules import Missing, ParameterFile, RuleBook
from yakuba.systems.tax.law import FIRST, LAST, PARAMETERS, taxpayer
from yakuba.systems.tax.law.persons import complete


def values(year: int = 2026, changes: dict[str, dict[str, Any]] | None = None, **given: int) -> dict[str, int]:
    rules = taxpayer().at(year, changes)
    found = rules.run(complete(rules, {"age": 45} | given))
    return {name: value for name, value in found.items() if not isinstance(value, Missing)}


def test_a_business_loss_goes_off_current_income_then_transfers_then_temporary_income() -> None:
    found = values(
        salary_revenue_yen=2_000_000,  # 1,320,000 of income
        business_income_yen=-3_000_000,
        short_transfer_gain_yen=900_000,  # 400,000 after the special deduction
        long_transfer_gain_yen=600_000,
        temporary_revenue_yen=1_900_000,  # 1,400,000
    )
    # -1,680,000 left: 400,000 off the short kind, then off 600,000 + 1,400,000 before they are halved.
    assert found["short_transfer_after_losses_yen"] == 0
    assert found["halved_after_losses_yen"] == (2_000_000 - 1_280_000) // 2
    assert found["total_income_yen"] == 360_000


def test_a_transfer_loss_goes_off_temporary_income_first() -> None:
    found = values(business_income_yen=5_000_000, short_transfer_gain_yen=-1_500_000, temporary_revenue_yen=1_500_000)
    assert found["temporary_after_transfer_loss_yen"] == 0
    assert found["total_income_yen"] == 4_500_000


def test_short_and_long_transfers_are_set_off_before_the_special_deduction() -> None:
    found = values(short_transfer_gain_yen=-300_000, long_transfer_gain_yen=1_500_000)
    assert found["halved_income_yen"] == (1_200_000 - 500_000) // 2
    found = values(short_transfer_gain_yen=200_000, long_transfer_gain_yen=1_000_000)
    assert (found["short_transfer_income_yen"], found["long_transfer_income_yen"]) == (0, 700_000)


def test_a_loss_carried_over_lowers_the_taxed_income_but_not_the_total_income() -> None:
    found = values(business_income_yen=6_000_000, net_loss_carried_yen=4_000_000)
    assert found["total_income_yen"] == 6_000_000
    assert found["general_total_income_yen"] == found["total_income_amounts_yen"] == 2_000_000
    assert found["taxable_income_yen"] == 1_570_000


def test_deductions_that_the_comprehensive_income_cannot_bear_go_off_separate_income_in_order() -> None:
    found = values(
        business_income_yen=300_000,
        social_insurance_yen=1_000_000,  # 1,430,000 of deductions
        separate_short_yen=500_000,
        separate_long_yen=5_000_000,
        separate_long_special_yen=1_000_000,
        listed_stock_yen=700_999,
    )
    assert found["taxable_income_yen"] == 0
    assert found["taxable_short_yen"] == 0
    assert found["taxable_long_yen"] == 4_000_000 - (1_430_000 - 300_000 - 500_000)
    assert found["taxable_listed_stock_yen"] == 700_000
    assert found["total_income_yen"] == 300_000 + 500_000 + 5_000_000 + 700_999
    assert found["city_levy_long_yen"] == 3_370_000 * 3 // 100
    assert found["pref_levy_stock_yen"] == 14_000


def test_rates_of_land_change_at_their_limits() -> None:
    found = values(
        business_income_yen=430_000, separate_long_housing_yen=25_000_000, separate_long_residence_yen=70_000_000
    )
    assert found["city_levy_long_housing_yen"] == 480_000 + 150_000
    assert found["pref_levy_long_housing_yen"] == 320_000 + 100_000
    assert found["city_levy_long_residence_yen"] == 1_440_000 + 300_000
    assert found["pref_levy_long_residence_yen"] == 960_000 + 200_000
    designated = {"municipality": {"designated": True, "city_rate": "8%", "pref_rate": "2%"}}
    found = values(changes=designated, business_income_yen=430_000, separate_short_yen=1_000_000)
    assert (found["city_levy_short_yen"], found["pref_levy_short_yen"]) == (72_000, 18_000)


def test_a_loss_of_listed_stock_goes_off_their_dividends_and_is_carried_to_gains_first() -> None:
    found = values(separate_dividend_yen=500_000, listed_stock_yen=-200_000)
    assert found["separate_dividend_net_yen"] == 300_000
    found = values(separate_dividend_yen=500_000, listed_stock_yen=400_000, listed_stock_loss_carried_yen=600_000)
    assert found["listed_stock_after_carried_yen"] == 0
    assert found["separate_dividend_after_carried_yen"] == 300_000
    assert found["total_income_yen"] == 900_000


def test_credits_are_taken_in_the_order_of_the_law_and_never_below_nought() -> None:
    found = values(
        business_income_yen=3_000_000,
        dividend_stock_yen=100_000,
        housing_loan_kind=1,
        housing_loan_available_yen=300_000,
        income_tax_yen=100_000,
        income_tax_taxable_yen=2_500_000,
        foreign_tax_left_yen=10_000,
        foreign_tax_limit_yen=40_000,
        withheld_levy_yen=1_000_000,
    )
    assert (found["city_dividend_credit_yen"], found["pref_dividend_credit_yen"]) == (1_600, 1_200)
    assert found["housing_credit_yen"] == 97_500
    assert (found["city_housing_credit_yen"], found["pref_housing_credit_yen"]) == (58_500, 39_000)
    assert (found["pref_foreign_tax_credit_yen"], found["city_foreign_tax_credit_yen"]) == (4_800, 5_200)
    # 2,570,000 x 6% - 1,500 = 152,700; x 4% - 1,000 = 101,800
    assert found["city_levy_before_withheld_yen"] == 152_700 - 1_600 - 58_500 - 5_200
    assert found["pref_levy_before_withheld_yen"] == 101_800 - 1_200 - 39_000 - 4_800
    assert found["city_income_levy_yen"] == found["pref_income_levy_yen"] == 0
    assert found["withheld_excess_yen"] == 1_000_000 - 87_400 - 56_800
    assert found["withheld_applied_yen"] == 5_000
    assert found["withheld_refund_yen"] == found["withheld_excess_yen"] - 5_000


def test_prefectural_tax_of_a_surtax_is_cut_to_the_yen() -> None:
    found = values(changes={"municipality": {"pref_rate": "4.025%"}}, business_income_yen=1_431_000)
    assert found["pref_levy_computed_yen"] == 40_290  # 1,001,000 x 4.025% = 40,290.25


def test_who_lives_on_livelihood_aid_pays_nothing_whatever_the_income() -> None:
    assert values(business_income_yen=50_000_000, on_livelihood_aid=1)["annual_total_yen"] == 0


def test_city_and_prefecture_are_assessed_together() -> None:
    found = values(business_income_yen=4_000_000)
    assert found["city_total_yen"] + found["pref_total_yen"] + found["forest_tax_yen"] == found["annual_total_yen"]
    assert found["city_total_yen"] > 0
    assert found["pref_total_yen"] > 0


def test_self_medication_replaces_the_medical_deduction_only_where_it_is_chosen() -> None:
    both = {"business_income_yen": 5_000_000, "medical_net_yen": 150_000, "self_medication_yen": 200_000}
    assert values(**both)["medical_deduction_yen"] == 50_000
    assert values(**both, self_medication_chosen=1)["medical_deduction_yen"] == 88_000


def test_a_casualty_takes_the_better_of_two_ways() -> None:
    by_income = values(business_income_yen=5_000_000, casualty_loss_yen=800_000, disaster_expense_yen=100_000)
    assert by_income["casualty_deduction_yen"] == 300_000
    by_expense = values(business_income_yen=5_000_000, casualty_loss_yen=400_000, disaster_expense_yen=300_000)
    assert by_expense["casualty_deduction_yen"] == 250_000


@pytest.mark.req("TAX-050")
def test_a_reform_of_the_next_year_changes_no_earlier_year(tmp_path: Path) -> None:
    """令和9年度 with a higher 基礎控除: years before are computed by their own rules."""
    text = PARAMETERS.read_text(encoding="utf-8")
    old = "          - {from: 25000001, amount_yen: 0}\n"
    assert text.count(old) == 1
    reform = "    - start: 2027\n      fields: {by_total_income: [{from: 0, amount_yen: 500000}]}\n"
    path = tmp_path / "parameters.yaml"
    path.write_text(text.replace(old, old + reform), encoding="utf-8")
    now = taxpayer()
    parameters = ParameterFile.load(path).only(now.parameters.groups)
    reformed = RuleBook.load(now.title, now.rules, now.inputs.values(), parameters, first=FIRST, last=LAST + 1)

    def tax(book: RuleBook, year: int, business_income_yen: int) -> object:
        rules = book.at(year)
        return rules.run(complete(rules, {"age": 45, "business_income_yen": business_income_yen}))["annual_total_yen"]

    for income in (450_001, 3_000_000, 24_000_001, 90_000_000):
        for year in range(FIRST, LAST + 1):
            assert tax(reformed, year, income) == tax(now, year, income)
    assert tax(reformed, LAST + 1, 3_000_000) == tax(now, LAST, 3_000_000) - 7_000  # type: ignore[operator]
