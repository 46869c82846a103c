"""From the second path's taxpayer to the first path's inputs."""

from __future__ import annotations

from functools import cache
from typing import Any

from yakuba.core.rules import Given, Missing, Year
from yakuba.systems.tax.law import taxpayer
from yakuba.systems.tax.law.persons import Relative, complete, of_relatives
from yakuba.systems.tax.second import Kin, Payer

NAMES = {
    "salary_income": ("salary_income_yen",),
    "pension_income": ("pension_income_yen",),
    "income_adjustment": ("family_adjustment_yen", "pension_adjustment_yen"),
    "total_income": ("total_income_yen",),
    "deductions_total": ("deductions_total_yen",),
    "adjustment_difference": ("personal_difference_yen",),
    "taxable_income": ("taxable_income_yen",),
    "city_levy_computed": ("city_levy_computed_yen",),
    "pref_levy_computed": ("pref_levy_computed_yen",),
    "city_adjustment_credit": ("city_adjustment_credit_yen",),
    "pref_adjustment_credit": ("pref_adjustment_credit_yen",),
    "city_income_levy": ("city_income_levy_yen",),
    "pref_income_levy": ("pref_income_levy_yen",),
    "city_per_capita": ("city_per_capita_yen",),
    "pref_per_capita": ("pref_per_capita_yen",),
    "forest_tax": ("forest_tax_yen",),
    "annual_total": ("annual_total_yen",),
}

GRADES = {1: (350_000, 210_000), 2: (315_000, 189_000), 3: (280_000, 168_000)}


def _relative(one: Kin) -> Relative:
    return Relative(one.age, one.income, one.ascendant, one.cohabiting, one.disability)


@cache
def rules(year: int, grade: int, designated: bool, per_capita: tuple[int, int] | None) -> Year:
    """The rules of a year for a municipality."""
    base, addition = GRADES[grade]
    changes: dict[str, dict[str, Any]] = {"nontaxable": {"base_yen": base, "addition_yen": addition}}
    municipality: dict[str, Any] = {}
    if designated:
        municipality |= {"designated": True, "city_rate": "8%", "pref_rate": "2%"}
    if per_capita is not None:
        municipality |= {"city_per_capita_yen": per_capita[0], "pref_per_capita_yen": per_capita[1]}
    return taxpayer().at(year, changes | ({"municipality": municipality} if municipality else {}))


def first_path(payer: Payer) -> dict[str, int]:
    """What the rules give for the same taxpayer, by the names of worked cases."""
    year = rules(payer.year, payer.grade, payer.designated, payer.per_capita)
    given: dict[str, Given] = {
        "age": payer.age,
        "salary_revenue_yen": payer.salary,
        "pension_revenue_yen": payer.pension,
        "business_income_yen": payer.business,
        "social_insurance_yen": payer.social_insurance,
        "earthquake_premium_yen": payer.earthquake,
        "old_long_term_premium_yen": payer.long_term,
        "medical_net_yen": payer.medical,
        "furusato_donation_yen": payer.furusato,
        "one_stop": payer.one_stop,
        "disability": payer.disability,
        "widow": payer.widow,
        "single_parent": payer.single_parent,
        "working_student": payer.student,
        "minor": payer.minor,
    }
    premiums = ("new_general", "old_general", "care", "new_pension", "old_pension")
    given |= {f"life_{name}_yen": paid for name, paid in zip(premiums, payer.life, strict=True)}
    given |= of_relatives(payer.year, [_relative(one) for one in payer.kin])
    if payer.spouse is not None:
        given |= {
            "spouse": 1,
            "spouse_age": payer.spouse.age,
            "spouse_total_income_yen": payer.spouse.income,
            "spouse_disability": payer.spouse.disability,
            "spouse_cohabiting": payer.spouse.cohabiting,
        }
    values = year.run(complete(year, given))
    found = {}
    for name, concepts in NAMES.items():
        parts = [values[concept] for concept in concepts]
        assert not any(isinstance(part, Missing) for part in parts), f"{name}: {parts}"
        found[name] = sum(part for part in parts if isinstance(part, int))
    return found
