"""A relative whom a taxpayer claims: which deduction, which heads count (地方税法 第292条第1項第9号, 第314条の2)."""

from __future__ import annotations

from yakuba.core.rules import Params, rule


@rule(article="地方税法 第292条第1項第9号", start=2021, export=True)
def is_dependant(relative_total_income_yen: int, relative_income: Params) -> bool:
    """扶養親族. By the relative's own income; those under 16 too."""
    return relative_total_income_yen <= relative_income.limit_yen


@rule(article="地方税法 第314条の2第1項第11号", start=2021, end=2023, name="deductible_dependant", export=True)
def deductible_dependant_until_2023(is_dependant: bool, relative_age: int, relative_ages: Params) -> bool:
    """控除対象扶養親族."""
    return is_dependant and relative_age >= relative_ages.general


@rule(article="地方税法 第314条の2第1項第11号、第292条第1項第10号", start=2024, export=True)
def deductible_dependant(
    is_dependant: bool,
    relative_age: int,
    relative_abroad: bool,
    relative_abroad_qualifies: bool,
    relative_ages: Params,
) -> bool:
    """控除対象扶養親族. Abroad and from 30 to 69 only students, the disabled and who is sent 380,000 yen."""
    of_working_age = relative_age >= relative_ages.abroad_from and relative_age < relative_ages.elderly
    if relative_abroad and not relative_abroad_qualifies and of_working_age:
        return False
    return is_dependant and relative_age >= relative_ages.general


@rule(article="地方税法 第314条の2第1項第11号", start=2021, export=True)
def is_specific(deductible_dependant: bool, relative_age: int, relative_ages: Params) -> bool:
    """特定扶養親族. From 19 to 22."""
    return (
        deductible_dependant and relative_age >= relative_ages.specific and relative_age < relative_ages.after_specific
    )


@rule(article="地方税法 第314条の2第1項第11号・第4項", start=2021, export=True)
def is_elderly_cohabiting(
    deductible_dependant: bool,
    relative_age: int,
    relative_ascendant: bool,
    relative_cohabiting: bool,
    relative_ages: Params,
) -> bool:
    """同居老親等."""
    return deductible_dependant and relative_age >= relative_ages.elderly and relative_ascendant and relative_cohabiting


@rule(article="地方税法 第314条の2第1項第11号", start=2021, export=True)
def is_elderly(
    deductible_dependant: bool, relative_age: int, is_elderly_cohabiting: bool, relative_ages: Params
) -> bool:
    """老人扶養親族（同居老親等を除く）."""
    return deductible_dependant and relative_age >= relative_ages.elderly and not is_elderly_cohabiting


@rule(article="地方税法 第314条の2第1項第11号", start=2021, export=True)
def is_general(deductible_dependant: bool, is_specific: bool, is_elderly: bool, is_elderly_cohabiting: bool) -> bool:
    """一般の控除対象扶養親族."""
    return deductible_dependant and not is_specific and not is_elderly and not is_elderly_cohabiting


@rule(article="租税特別措置法 第41条の3の11第1項", start=2021, export=True)
def is_under_23(is_dependant: bool, relative_age: int, relative_ages: Params) -> bool:
    """23歳未満の扶養親族."""
    return is_dependant and relative_age < relative_ages.under_23


@rule(article="地方税法 第314条の2第1項第12号", start=2026, export=True)
def specific_relative_deduction_yen(
    relative_age: int,
    relative_total_income_yen: int,
    relative_ages: Params,
    specific_relative_deduction: Params,
) -> int:
    """特定親族特別控除. From 19 to 22, by the relative's income."""
    row = specific_relative_deduction.by_income.at(relative_total_income_yen)
    if relative_age < relative_ages.specific or relative_age >= relative_ages.after_specific:
        return 0
    return row.amount_yen


@rule(article="地方税法 第314条の2第1項第6号", start=2021, export=True)
def ordinarily_disabled(is_dependant: bool, relative_disability: int) -> bool:
    """普通障害の扶養親族."""
    return is_dependant and relative_disability == 1


@rule(article="地方税法 第314条の2第1項第6号", start=2021, export=True)
def specially_disabled(is_dependant: bool, relative_disability: int, relative_cohabiting: bool) -> bool:
    """特別障害の扶養親族（同居を除く）."""
    return is_dependant and relative_disability == 2 and not relative_cohabiting


@rule(article="地方税法 第314条の2第3項", start=2021, export=True)
def specially_disabled_cohabiting(is_dependant: bool, relative_disability: int, relative_cohabiting: bool) -> bool:
    """同居特別障害の扶養親族."""
    return is_dependant and relative_disability == 2 and relative_cohabiting


RULES = (
    is_dependant, deductible_dependant_until_2023, deductible_dependant, is_specific, is_elderly_cohabiting, is_elderly,
    is_general, is_under_23, specific_relative_deduction_yen, ordinarily_disabled, specially_disabled,
    specially_disabled_cohabiting,
)  # fmt: skip
