"""Worked cases from a file (YAML): what it gives, what it expects, what our rules say.

The format is that of public worked cases: `inputs` are facts (salary_revenue) or values that a case begins with (taxable_income),
`expected` is what must come out, to the yen. What isn't known here is said, never skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml

from yakuba.core.rules import Explanation, Given, Missing, NoRules, WrongInput, Year, explain
from yakuba.systems.child_allowance import interfaces as allowance

from .law import certificates, collection, taxpayer
from .law.persons import Relative, age_for, complete, of_relative, of_relatives

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Json = Any
"""Values as they stand in the file: whole numbers, flags, strings, lists of them."""


class Unsupported(LookupError):
    """A case that says something that isn't known here, in Japanese."""


@dataclass(frozen=True, slots=True)
class FieldResult:
    """One expected field of a case; `computed` is None where nothing was computed."""

    field: str
    expected: Json
    computed: Json
    ok: bool


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case; `reason` says why it isn't supported."""

    id: str
    ok: bool
    supported: bool
    fields: tuple[FieldResult, ...]
    reason: str = ""


def load(path: Path) -> list[tuple[str, Mapping[str, Json]]]:
    """Every case of a file with the name of its section. Raises ValueError for one that holds none or is no YAML."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - the safe loader, in C
    except yaml.YAMLError as fault:
        raise ValueError(f"{path} は YAML として読めません: {fault}") from fault
    cases: list[tuple[str, Mapping[str, Json]]] = [
        (str(section), case)
        for section, listed in (data.items() if isinstance(data, dict) else ())
        if isinstance(listed, list)
        for case in listed
        if isinstance(case, dict) and "id" in case and isinstance(case.get("expected"), dict)
    ]
    if not cases:
        raise ValueError(f"{path} に事例がありません。")
    return cases


def run(section: str, case: Mapping[str, Json]) -> CaseResult:
    """A case's expected fields beside what our rules give."""
    expected = dict(_flat(case["expected"]))
    try:
        if section == "tax":
            computed = (Collection if case.get("type") == "collection" else TaxCase)(case).computed(expected)
        elif section == "child_allowance":
            computed = AllowanceCase(case).computed(expected)
        else:
            raise Unsupported(f"「{section}」の事例には対応していません。")
    except (
        LookupError,
        ValueError,
        TypeError,
    ) as refusal:  # a case that can't be read is said to be so, the others go on
        fields = tuple(FieldResult(name, value, None, False) for name, value in expected.items())
        known = isinstance(refusal, Unsupported | NoRules | WrongInput)
        reason = str(refusal) if known else f"事例が読めません: {refusal!r}"
        return CaseResult(str(case["id"]), False, False, fields, reason)
    fields = tuple(_compared(name, value, computed[name]) for name, value in expected.items())
    unknown = [one.field for one in fields if one.computed is None]
    return CaseResult(
        str(case["id"]),
        all(one.ok for one in fields),
        not unknown,
        fields,
        f"求め方の分からない項目: {'、'.join(unknown)}" if unknown else "",
    )


def _flat(expected: Mapping[str, Json], prefix: str = "") -> list[tuple[str, Json]]:
    found: list[tuple[str, Json]] = []
    for name, value in expected.items():
        found += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(f"{prefix}{name}", value)]
    return found


def _compared(name: str, expected: Json, computed: Json) -> FieldResult:
    shown = _shown(computed)
    if computed is None:
        ok = False
    elif name.endswith("_at_most"):
        ok = computed <= expected
    elif isinstance(computed, Fraction):
        ok = Fraction(str(expected)) == computed
    else:
        ok = type(expected) is type(computed) and expected == computed
    return FieldResult(name, expected, shown, ok)


def _shown(value: Json) -> Json:
    if isinstance(value, Fraction):
        tenthousandths = value * 10_000
        whole, rest = divmod(tenthousandths.numerator // tenthousandths.denominator, 10_000)
        return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")
    return value


_DISABILITY: Final = {"普通": 1, "特別": 2, "なし": 0}

_FACTS: Final = {
    "salary_revenue": "salary_revenue_yen",
    "pension_revenue": "pension_revenue_yen",
    "business_income": "business_income_yen",
    "real_estate_income": "real_estate_income_yen",
    "interest_income": "interest_income_yen",
    "other_income": "other_income_yen",
    "dividend_income": "dividend_stock_yen",
    "revenue": "temporary_revenue_yen",
    "cost": "temporary_expense_yen",
    "social_insurance": "social_insurance_yen",
    "small_enterprise_mutual_aid": "mutual_aid_yen",
    "old_general": "life_old_general_yen",
    "new_general": "life_new_general_yen",
    "care": "life_care_yen",
    "old_pension": "life_old_pension_yen",
    "new_pension": "life_new_pension_yen",
    "earthquake_premium": "earthquake_premium_yen",
    "old_long_term_premium": "old_long_term_premium_yen",
    "medical_net": "medical_net_yen",
    "casualty_loss": "casualty_loss_yen",
    "disaster_expense": "disaster_expense_yen",
    "furusato_donation": "furusato_donation_yen",
    "donation": "furusato_donation_yen",
    "withheld_dividend_and_stock_levy": "withheld_levy_yen",
    "credit_available": "housing_loan_available_yen",
    "income_tax": "income_tax_yen",
    "income_tax_taxable": "income_tax_taxable_yen",
    "spouse_income": "spouse_total_income_yen",
    "spouse_age": "spouse_age",
    "net_gain_after_30M_special_deduction": "separate_long_residence_yen",
    "non_work_income": "non_work_income_yen",
    "one_stop": "one_stop",
}

_SETTLED: Final = {
    "total_income": "total_income_yen",
    "general_total_income": "general_total_income_yen",
    "total_income_amounts": "total_income_amounts_yen",
    "salary_income": "salary_income_yen",
    "pension_income": "pension_income_yen",
    "taxable_income": "taxable_income_yen",
    "adjustment_difference": "personal_difference_yen",
    "housing_credit_total": "housing_credit_yen",
    "fixed_reduction": "fixed_reduction_yen",
    "headcount": "headcount",
    "per_capita_total": "city_per_capita_yen",
}

_SEPARATE: Final = {
    "long_term_transfer": "separate_long_yen",
    "long_term_good_housing": "separate_long_housing_yen",
    "long_term_residence": "separate_long_residence_yen",
    "short_term_transfer": "separate_short_yen",
    "short_term_transfer_public": "separate_short_public_yen",
    "stock_transfer": "unlisted_stock_yen",
    "listed_stock_transfer": "listed_stock_yen",
    "listed_dividend": "separate_dividend_yen",
    "listed_dividend_separate": "separate_dividend_yen",
    "futures": "futures_yen",
}

_DEDUCTIONS: Final = {
    "basic": "basic_deduction_yen",
    "spouse": "spouse_deduction_yen",
    "spouse_special": "spouse_special_deduction_yen",
    "dependants": "dependant_deduction_yen",
    "specific_relative_special": "specific_relatives_deduction_yen",
    "social_insurance": "social_insurance_deduction_yen",
    "small_enterprise_mutual_aid": "mutual_aid_deduction_yen",
    "life_insurance": "life_insurance_deduction_yen",
    "earthquake_insurance": "earthquake_deduction_yen",
    "medical": "medical_deduction_yen",
    "casualty": "casualty_deduction_yen",
    "disability": "disability_deduction_yen",
    "widow": "widow_deduction_yen",
    "single_parent": "single_parent_deduction_yen",
    "working_student": "working_student_deduction_yen",
}

_FIELDS: Final = {
    **{
        name: concept for name, concept in _SETTLED.items() if name not in ("adjustment_difference", "per_capita_total")
    },
    **{f"deductions.{name}": concept for name, concept in _DEDUCTIONS.items()},
    **{f"{name}_deduction": concept for name, concept in _DEDUCTIONS.items()},
    "dependant_deduction": "dependant_deduction_yen",
    "specific_relative_special_deduction": "specific_relatives_deduction_yen",
    "life_insurance_deduction": "life_insurance_deduction_yen",
    "earthquake_deduction": "earthquake_deduction_yen",
    "deductions_total": "deductions_total_yen",
    "salary_income_at_most": "salary_income_yen",
    "temporary_income_half": "halved_income_yen",
    "city_levy_computed": "city_levy_computed_yen",
    "pref_levy_computed": "pref_levy_computed_yen",
    "city_adjustment_credit": "city_adjustment_credit_yen",
    "pref_adjustment_credit": "pref_adjustment_credit_yen",
    "city_levy_after_adjustment": "city_levy_after_adjustment_yen",
    "pref_levy_after_adjustment": "pref_levy_after_adjustment_yen",
    "taxable_long_term_transfer": "taxable_long_yen",
    "city_levy_long_term_transfer": "city_levy_long_yen",
    "pref_levy_long_term_transfer": "pref_levy_long_yen",
    "taxable_short_term_transfer": "taxable_short_yen",
    "city_levy_short_term_transfer": "city_levy_short_yen",
    "pref_levy_short_term_transfer": "pref_levy_short_yen",
    "dividend_credit_city": "city_dividend_credit_yen",
    "dividend_credit_pref": "pref_dividend_credit_yen",
    "city_credit": "city_dividend_credit_yen",
    "pref_credit": "pref_dividend_credit_yen",
    "dividend_over_10M": "dividends_over_limit_yen",
    "housing_credit": "housing_credit_yen",
    "housing_credit_city": "city_housing_credit_yen",
    "housing_credit_pref": "pref_housing_credit_yen",
    "donation_basic_city": "city_donation_basic_yen",
    "donation_basic_pref": "pref_donation_basic_yen",
    "donation_special_city": "city_donation_special_yen",
    "donation_special_pref": "pref_donation_special_yen",
    "special_credit_city": "city_donation_special_yen",
    "special_credit_pref": "pref_donation_special_yen",
    "fixed_reduction_city": "city_fixed_reduction_yen",
    "fixed_reduction_pref": "pref_fixed_reduction_yen",
    "applied_to_per_capita": "withheld_applied_yen",
    "refund": "withheld_refund_yen",
    "city_income_levy": "city_income_levy_yen",
    "pref_income_levy": "pref_income_levy_yen",
    "city_per_capita": "city_per_capita_yen",
    "pref_per_capita": "pref_per_capita_yen",
    "forest_tax": "forest_tax_yen",
    "city_total": "city_total_yen",
    "pref_total": "pref_total_yen",
    "annual_total": "annual_total_yen",
    "relief": "relief_yen",
    "limit": "income_levy_limit_yen",
    "per_capita_limit": "per_capita_limit_yen",
}

_FLAGS: Final = {
    "per_capita_taxable": "per_capita_taxable",
    "income_levy_possible": "income_levy_possible",
    "age65_or_over": "elderly_pensioner",
}

_GRADES: Final = {
    "1級地": {"base_yen": 350_000, "addition_yen": 210_000},
    "2級地": {"base_yen": 315_000, "addition_yen": 189_000},
    "3級地": {"base_yen": 280_000, "addition_yen": 168_000},
}

_LIMIT = re.compile(r"([\d.]+)万×人数(?:\+([\d.]+)万)?(?:\+([\d.]+)万)?")
_AMPLE_YEN = 10_000_000_000


def municipality_changes(said: Mapping[str, Json], grade: str | None = None) -> dict[str, dict[str, Json]]:
    """Parameters of a municipality as changes to the standard ones. Raises Unsupported."""
    changes: dict[str, dict[str, Json]] = {"municipality": {}}
    own = changes["municipality"]
    if said.get("designated_city"):
        own |= {"designated": True, "city_rate": "8%", "pref_rate": "2%"}
    for name, parameter in (("city_rate_percent", "city_rate"), ("pref_rate_percent", "pref_rate")):
        if name in said:
            own[parameter] = f"{said[name]}%"
    for name in ("city_per_capita", "pref_per_capita"):
        if name in said:
            own[f"{name}_yen"] = said[name]
    if "forest_tax" in said:
        changes["forest_environment_tax"] = {"amount_yen": said["forest_tax"]}
    grade = grade or said.get("class")
    if grade:
        if grade not in _GRADES:
            raise Unsupported(f"「{grade}」は級地ではありません。")
        changes["nontaxable"] = dict(_GRADES[grade])
    return {name: fields for name, fields in changes.items() if fields}


def limit_changes(formula: str) -> dict[str, Json]:
    """Parameters of a limit such as 32万×人数+10万+19万. Raises Unsupported."""
    found = _LIMIT.fullmatch(formula.replace(" ", "").replace("＋", "+"))
    if not found:
        raise Unsupported(f"限度額の式「{formula}」が読めません。")
    base, plus, addition = (int(Fraction(part or 0) * 10_000) for part in found.groups())
    return {"base_yen": base, "plus_yen": plus, "addition_yen": addition}


@dataclass
class TaxCase:
    """A case of the tax of one person."""

    case: Mapping[str, Json]
    given: dict[str, Given] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)
    changes: dict[str, dict[str, Json]] = field(default_factory=dict)
    relatives: list[Relative] = field(default_factory=list)
    relative: Relative | None = None
    statuses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        inputs = dict(self.case["inputs"])
        self.inputs = dict(inputs)
        self.fiscal_year = int(self.case["fiscal_year_ad"])
        said = self.case.get("municipality") or {}
        if not isinstance(said, dict):
            said = {}
        place = {**said, **({"designated_city": True} if inputs.pop("designated_city", False) else {})}
        self.changes = municipality_changes(place, inputs.pop("grade", None))
        for name in list(inputs):
            self.take(name, inputs.pop(name))
        self.given |= of_relatives(self.fiscal_year, self.relatives)
        self.derive()

    # -- what a case gives ------------------------------------------------------------------------------------------

    def take(self, name: str, value: Json) -> None:
        """One input. Raises Unsupported for one that isn't known."""
        taking: Callable[[Json], None] | None = getattr(self, f"take_{name}", None)
        if taking is not None:
            taking(value)
        elif name in _SETTLED:
            self.settled[_SETTLED[name]] = int(value)
        elif name in _FACTS:
            self.given[_FACTS[name]] = int(value)
        else:
            raise Unsupported(f"入力「{name}」の意味が分かりません。")

    def take_each(self, values: Mapping[str, Json], names: Mapping[str, str], into: dict[str, Any]) -> None:
        for name, value in values.items():
            if name not in names:
                raise Unsupported(f"入力「{name}」の意味が分かりません。")
            into[names[name]] = int(value)

    def take_life_insurance(self, value: Mapping[str, Json]) -> None:
        for name, amount in value.items():
            self.take(name, amount)

    def take_separate_income(self, value: Mapping[str, Json]) -> None:
        self.take_each(value, _SEPARATE, self.given)

    def take_given_deductions(self, value: Mapping[str, Json]) -> None:
        self.take_each(value, {**_DEDUCTIONS, "all": "deductions_total_yen"}, self.settled)

    def take_dividend_credit(self, value: Mapping[str, Json]) -> None:
        self.take_each(value, {"city": "city_dividend_credit_yen", "pref": "pref_dividend_credit_yen"}, self.settled)

    def take_taxpayer(self, value: Mapping[str, Json]) -> None:
        for name, one in value.items():
            {
                "age": self.take_age,
                "birth_date": self.take_pensioner_birth_date,
                "disability": self.take_taxpayer_disability,
                "single_parent": self.take_single_parent,
                "widow": self.take_widow,
                "working_student": self.take_student,
                "student": self.take_student,
                "minor": self.take_minor,
            }.get(name, lambda _, name=name: self.refuse(f"taxpayer.{name}"))(one)

    def refuse(self, name: str) -> None:
        raise Unsupported(f"入力「{name}」の意味が分かりません。")

    def take_age(self, value: int) -> None:
        self.given["age"] = value
        self.given["minor"] = value < (20 if self.fiscal_year <= 2022 else 18)

    def take_minor(self, value: bool) -> None:
        self.given["minor"] = value

    def take_age65_or_over(self, value: bool) -> None:
        self.given["age"] = 65 if value else 64

    def take_pensioner_birth_date(self, value: Json) -> None:
        self.given["age"] = age_for(self.fiscal_year, _day(value))

    def take_taxpayer_disability(self, value: str) -> None:
        self.given["disability"] = _DISABILITY[value]

    def take_taxpayer_certificate(self, value: str) -> None:
        self.given["disability"] = _certificate(value)

    def take_single_parent(self, value: bool | str) -> None:
        self.given["single_parent"] = {"父": 2, "母": 1, True: 1, False: 0}[value]

    def take_child_income(self, value: int) -> None:
        limit = of_relative(self.fiscal_year, Relative(10, value))["is_dependant"]
        if not limit:
            self.given["single_parent"] = 0

    def take_child_age(self, value: int) -> None:
        self.relatives.append(Relative(value, int(self.inputs.get("child_income", 0))))

    def take_widow(self, value: bool) -> None:
        self.given["widow"] = value

    def take_student(self, value: bool) -> None:
        self.given["working_student"] = value

    take_working_student = take_student

    def take_taxpayer_status(self, value: str) -> None:
        self.statuses = tuple(value.split("/"))
        unknown = set(self.statuses) - set(_STATUSES)
        if unknown:
            raise Unsupported(f"「{'、'.join(sorted(unknown))}」の意味が分かりません。")

    def take_fiscal_base_date(self, value: Json) -> None:
        if _day(value) != date(self.fiscal_year - 1, 12, 31):
            raise Unsupported(f"{self.fiscal_year}年度の基準日が{value}です。")

    def take_spouse(self, value: Mapping[str, Json]) -> None:
        self.given["spouse"] = 1
        known = {"age", "total_income", "pension_revenue", "salary_revenue", "disability", "cohabiting", "birth_date"}
        for name in set(value) - known:
            self.refuse(f"spouse.{name}")
        age = value.get("age")
        if "birth_date" in value:
            age = age_for(self.fiscal_year, _day(value["birth_date"]))
        if age is not None:
            self.given["spouse_age"] = int(age)
        self.given["spouse_disability"] = _DISABILITY[value.get("disability", "なし")]
        self.given["spouse_cohabiting"] = bool(value.get("cohabiting", False))
        income = value.get("total_income")
        if income is None:
            revenues = {
                f"{name}_yen": int(value[name]) for name in ("pension_revenue", "salary_revenue") if name in value
            }
            year = taxpayer().at(self.fiscal_year)
            own = year.run(complete(year, {**revenues, "age": int(age or 0)}))["total_income_yen"]
            assert isinstance(own, int)
            income = own
        self.given["spouse_total_income_yen"] = int(income)

    def take_spouse_birth_date(self, value: Json) -> None:
        self.given["spouse_age"] = age_for(self.fiscal_year, _day(value))

    def take_dependants(self, value: list[Mapping[str, Json]]) -> None:
        self.relatives += [self.as_relative(one) for one in value]

    def as_relative(self, value: Mapping[str, Json]) -> Relative:
        known = {
            "age", "birth_date", "total_income", "relation", "cohabiting", "ascendant", "disability", "certificate",
            "abroad", "abroad_qualifies",
        }  # fmt: skip
        for name in set(value) - known:
            self.refuse(f"dependants.{name}")
        if "age" not in value and "birth_date" not in value:
            raise Unsupported("扶養親族の年齢がありません。")
        disability = _DISABILITY[value.get("disability", "なし")]
        return Relative(
            age=int(value["age"]) if "age" in value else age_for(self.fiscal_year, _day(value["birth_date"])),
            total_income_yen=int(value.get("total_income", 0)),
            ascendant=bool(value.get("ascendant", False)),
            cohabiting=bool(value.get("cohabiting", False)),
            disability=_certificate(value["certificate"]) if "certificate" in value else disability,
            abroad=bool(value.get("abroad", False)),
            abroad_qualifies=bool(value.get("abroad_qualifies", False)),
        )

    def take_dependant_child(self, value: Mapping[str, Json]) -> None:
        self.relatives.append(self.as_relative({"age": 10, **value}))

    def take_relative_birth_date(self, value: Json) -> None:
        self.take_relative_age(age_for(self.fiscal_year, _day(value)))

    def take_relative_age(self, value: int) -> None:
        cohabiting = bool(self.inputs.get("cohabiting_ascendant", False))
        self.relative = Relative(value, int(self.inputs.get("relative_income", 0)), cohabiting, cohabiting)
        self.relatives.append(self.relative)

    def take_relative_income(self, value: int) -> None:
        """Taken with the relative's age."""

    def take_cohabiting_ascendant(self, value: bool) -> None:
        """Taken with the relative's age."""

    def take_limit_formula(self, value: str) -> None:
        self.changes["income_levy_limit"] = limit_changes(value)

    def take_formula(self, value: str) -> None:
        self.changes["nontaxable"] = limit_changes(value)

    def take_municipality(self, value: Json) -> None:
        if isinstance(value, dict):
            self.refuse("municipality")

    def take_cap_rate_percent(self, value: Json) -> None:
        self.changes["housing_loan"] = {
            "by_kind": [
                {"from": 0, "rate": "0%", "cap_yen": 0},
                {"from": 1, "rate": f"{value}%", "cap_yen": int(self.inputs["cap_max"])},
            ]
        }
        self.given["housing_loan_kind"] = 1

    def take_cap_max(self, value: Json) -> None:
        """Taken with the rate."""

    def take_special_rate_percent(self, value: Json) -> None:
        self.settled["donation_special_rate_millionths"] = int(Fraction(str(value)) * 10_000)

    def take_income_levy_after_adjustment(self, value: int) -> None:
        self.split(value, "levy_after_adjustment_yen")

    def take_income_levy(self, value: int) -> None:
        withheld = "withheld_dividend_and_stock_levy" in self.inputs
        self.split(value, "levy_before_withheld_yen" if withheld else "levy_after_adjustment_yen")

    def split(self, total_yen: int, concept: str) -> None:
        """A sum of both taxes, shared by their rates."""
        own = self.changes.get("municipality", {})
        city = total_yen * (4 if own.get("designated") else 3) // 5
        self.settled |= {f"city_{concept}": city, f"pref_{concept}": total_yen - city}

    def take_retirement_revenue(self, value: int) -> None:
        """Taken by `retirement`."""

    take_years_of_service = take_retirement_revenue
    take_officer = take_retirement_revenue
    take_short_service = take_retirement_revenue

    # -- what follows from where a case begins ----------------------------------------------------------------------

    def derive(self) -> None:
        """A case that begins in the middle says nothing of what lies before: those steps are taken as passed."""
        settled, inputs = self.settled, self.inputs
        if "spouse_income" in inputs:
            self.given["spouse"] = 1
        if "age" not in self.given and "pension_revenue" not in inputs:
            settled["elderly_pensioner"] = 0  # it decides nothing without a pension
        if "total_income" in inputs:
            settled.setdefault("general_total_income_yen", settled["total_income_yen"])
            settled.setdefault("total_income_amounts_yen", settled["total_income_yen"])
        if "total_income_amounts" in inputs:
            settled.setdefault("total_income_yen", settled["total_income_amounts_yen"])
        if "taxable_income" in inputs or "net_gain_after_30M_special_deduction" in inputs:
            settled.setdefault("deductions_total_yen", 0)
        begins_late = {
            "taxable_income", "income_levy_after_adjustment", "net_gain_after_30M_special_deduction",
            "housing_credit_total", "credit_available", "per_capita_total",
        }  # fmt: skip
        if begins_late & set(inputs) and not self.has_income():
            settled |= {"income_levy_possible": 1, "per_capita_taxable": 1, "relief_yen": 0}
        if "donation" in inputs and not self.has_income():
            settled.setdefault("total_income_amounts_yen", _AMPLE_YEN)
        if "per_capita_total" in inputs:
            settled |= {"pref_per_capita_yen": 0, "forest_tax_yen": 0}

    def has_income(self) -> bool:
        return bool(
            {"salary_revenue", "pension_revenue", "business_income", "other_income", "total_income"} & set(self.inputs)
        )

    # -- what comes out ---------------------------------------------------------------------------------------------

    @property
    def year(self) -> Year:
        """The rules of the case's year with its municipality's parameters. Raises NoRules, Unsupported."""
        try:
            return taxpayer().at(self.fiscal_year, self.changes)
        except KeyError as fault:
            raise Unsupported(f"団体の設定が{self.fiscal_year}年度の規則にありません: {fault}") from fault

    def explained(self) -> Explanation:
        """Every step of the case."""
        return explain(self.year, complete(self.year, self.given), self.settled)

    @cached_property
    def values(self) -> Mapping[str, Json]:
        """Every concept; None where it rests on something that the case doesn't say."""
        year = self.year
        strange = set(self.settled) - {rule.name for rule in year.rules}
        if strange:
            raise Unsupported(f"{self.fiscal_year}年度の規則にない項目です: {'、'.join(sorted(strange))}")
        found = []
        for status in self.statuses or ("",):
            given = complete(year, self.given | _STATUSES[status])
            values = year.run(given, self.settled)
            found.append({name: None if isinstance(value, Missing) else value for name, value in values.items()})
        # Several statuses at once: what holds for each of them, None where they differ.
        return {
            name: value if all(other[name] == value for other in found) else None for name, value in found[0].items()
        }

    def computed(self, expected: Mapping[str, Json]) -> dict[str, Json]:
        """Each expected field's value, None for a field that isn't known."""
        return {name: self.field(name) for name in expected}

    def field(self, name: str) -> Json:
        special: Callable[[], Json] | None = getattr(self, f"field_{name}", None)
        if special is not None:
            return special()
        if self.inputs.get("retirement_revenue") is not None:
            return getattr(self.retirement(), _RETIREMENT[name]) if name in _RETIREMENT else None
        if name in _FLAGS:
            value = self.values[_FLAGS[name]]
            return None if value is None else bool(value)
        concept = _FIELDS.get(name)
        if concept is not None and concept in self.values:
            return self.values[concept]
        return 0 if concept in _OF_SOME_YEARS else None

    def field_adjustment_difference(self) -> Json:
        rule = str(self.case.get("rule", "人的控除額の差"))
        whole = rule.startswith("人的控除額の差") and self.relative is None
        return self.values["personal_difference_yen" if whole else "difference_beside_basic_yen"]

    def field_income_adjustment(self) -> Json:
        return self.sum("family_adjustment_yen", "pension_adjustment_yen")

    def field_parts_general_care_pension(self) -> Json:
        return [self.values[f"life_{part}_part_yen"] for part in ("general", "care", "pension")]

    def field_category(self) -> Json:
        if self.relative is None:
            return None
        values = of_relative(self.fiscal_year, self.relative)
        for concept, word in (
            ("is_specific", "特定扶養"),
            ("is_elderly_cohabiting", "同居老親等"),
            ("is_elderly", "老人扶養"),
            ("is_general", "一般扶養"),
            ("is_dependant", "年少扶養"),
        ):
            if values[concept]:
                return word
        return "対象外"

    def field_counts_for_nontaxable_headcount(self) -> Json:
        return None if self.relative is None else bool(of_relative(self.fiscal_year, self.relative)["is_dependant"])

    def field_dividend_in_first_10M(self) -> Json:  # noqa: N802 - the file's own name
        return self.sum("dividend_stock_yen") - self.sum("dividends_over_limit_yen")

    def field_basic_credit(self) -> Json:
        return self.sum("city_donation_basic_yen", "pref_donation_basic_yen")

    def field_special_credit_total(self) -> Json:
        return self.sum("city_donation_special_yen", "pref_donation_special_yen")

    def field_donation_special_rate_percent(self) -> Json:
        value = self.values["donation_special_rate_millionths"]
        return None if value is None else Fraction(value, 10_000)

    def field_income_levy_after(self) -> Json:
        if "withheld_dividend_and_stock_levy" in self.inputs:
            return self.sum("city_income_levy_yen", "pref_income_levy_yen")
        return self.sum("city_levy_before_credits_yen", "pref_levy_before_credits_yen")

    def field_ordinary_collection(self) -> Json:
        return collection.ordinary(self.sum("annual_total_yen"))

    def field_special_collection(self) -> Json:
        return collection.special(self.sum("annual_total_yen"))

    def field_city(self) -> Json:
        return self.part("city")

    def field_pref(self) -> Json:
        return self.part("pref")

    def field_total(self) -> Json:
        city, pref = self.part("city"), self.part("pref")
        return None if city is None or pref is None else city + pref

    def part(self, who: str) -> Json:
        if "retirement_revenue" in self.inputs:
            return getattr(self.retirement(), f"{who}_yen")
        if "net_gain_after_30M_special_deduction" in self.inputs:
            return self.values[f"{who}_levy_long_residence_yen"]
        if "housing_credit_total" in self.inputs:
            return self.values[f"{who}_housing_credit_yen"]
        return None

    def retirement(self) -> collection.Retirement:
        return collection.retirement(
            int(self.inputs["retirement_revenue"]),
            int(self.inputs["years_of_service"]),
            officer=bool(self.inputs.get("officer", False)),
            short_service=bool(self.inputs.get("short_service", False)),
            disabled="taxpayer_disability" in self.inputs,
        )

    def sum(self, *concepts: str) -> int:
        """Raises Unsupported where one can't be computed."""
        values = [self.values[concept] for concept in concepts]
        if None in values:
            raise Unsupported("事例の入力だけでは計算できません。")
        return sum(int(value) for value in values)


_STATUSES: Final[dict[str, dict[str, Given]]] = {
    "": {},
    "障害者": {"disability": 1},
    "特別障害者": {"disability": 2},
    "未成年者": {"minor": 1},
    "寡婦": {"widow": 1},
    "ひとり親": {"single_parent": 1},
}
_RETIREMENT: Final = {"retirement_deduction": "deduction_yen", "retirement_income": "income_yen"}
_OF_SOME_YEARS: Final = {
    "specific_relatives_deduction_yen", "fixed_reduction_yen", "city_fixed_reduction_yen", "pref_fixed_reduction_yen",
}  # fmt: skip


def _day(value: Json) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _certificate(value: str) -> int:
    try:
        return certificates.disability_of(value)
    except ValueError as fault:
        raise Unsupported(str(fault)) from fault


@dataclass
class Collection:
    """A case of instalments, late charges or interest on refunds."""

    case: Mapping[str, Json]

    def computed(self, expected: Mapping[str, Json]) -> dict[str, Json]:
        """Each expected field's value, None for a field that isn't known. Raises Unsupported for unknown inputs."""
        inputs = dict(self.case["inputs"])
        names = frozenset(inputs)
        for wanted, found in (
            ({"annual_total"}, self.by_year),
            ({"previous_year_tax", "this_year_tax"}, self.pension_later),
            ({"annual_pension_tax", "first_year"}, self.pension_first),
            ({"annual_total_before", "reduction", "installments_before"}, self.ordinary_reduced),
            ({"annual_total_before", "reduction"}, self.special_reduced),
            ({"refund", "days", "rate_percent", "base_year"}, self.refund),
            ({"tax", "due_date", "paid_date", "segments_days_rate"}, self.late),
            ({"tax", "due_date", "paid_date"}, self.late),
            ({"tax", "segments_days_rate"}, self.late),
        ):
            if names == wanted:
                values = found(inputs)
                return {name: values.get(name) for name in expected}
        raise Unsupported(f"入力の組合せ「{'、'.join(sorted(names))}」の意味が分かりません。")

    def by_year(self, inputs: Mapping[str, Json]) -> dict[str, Json]:
        months = collection.special(int(inputs["annual_total"]))
        return {
            "june": months[0],
            "july_to_may": months[1],
            "installments": collection.ordinary(int(inputs["annual_total"])),
        }

    def pension_later(self, inputs: Mapping[str, Json]) -> dict[str, Json]:
        year = collection.pension_later_year(int(inputs["previous_year_tax"]), int(inputs["this_year_tax"]))
        return self.pension(year)

    def pension_first(self, inputs: Mapping[str, Json]) -> dict[str, Json]:
        if not inputs["first_year"]:
            raise Unsupported("2年目以降の年金特別徴収には前年度の税額が要ります。")
        return self.pension(collection.pension_first_year(int(inputs["annual_pension_tax"])))

    def pension(self, year: collection.PensionYear) -> dict[str, Json]:
        names = ("ordinary_1", "ordinary_2", "apr", "jun", "aug", "oct", "dec", "feb")
        return dict(zip(names, (*year.ordinary_yen, *year.provisional_yen, *year.main_yen), strict=True))

    def ordinary_reduced(self, inputs: Mapping[str, Json]) -> dict[str, Json]:
        before = [int(amount) for amount in inputs["installments_before"]]
        return {"installments": collection.ordinary_with_reduction(before, int(inputs["reduction"]))}

    def special_reduced(self, inputs: Mapping[str, Json]) -> dict[str, Json]:
        months = collection.special_with_reduction(int(inputs["annual_total_before"]), int(inputs["reduction"]))
        return {"june": months[0], "total_july_to_may": sum(months[1:]), "months": len(months[1:])}

    def refund(self, inputs: Mapping[str, Json]) -> dict[str, Json]:
        percent = Fraction(str(inputs["rate_percent"])) / 100
        charge = collection.refund_interest(int(inputs["refund"]), int(inputs["days"]), percent)
        return {"base": charge.base_yen, "computed": charge.computed_yen, "refund_interest": charge.charged_yen}

    def late(self, inputs: Mapping[str, Json]) -> dict[str, Json]:
        said = [(int(days), Fraction(str(percent)) / 100) for days, percent in inputs.get("segments_days_rate", ())]
        segments = said
        if "due_date" in inputs:
            try:
                segments = collection.late_segments(_day(inputs["due_date"]), _day(inputs["paid_date"]))
            except LookupError as fault:
                raise Unsupported(str(fault)) from fault
            if said and said != segments:
                raise Unsupported("事例の日数と割合が、法の割合と合いません。")
        charge = collection.late_charge(int(inputs["tax"]), segments)
        return {
            "base": charge.base_yen,
            "segment_amounts": list(charge.parts_yen),
            "late_charge": charge.charged_yen,
        }


@dataclass
class AllowanceCase:
    """A case of 児童手当."""

    case: Mapping[str, Json]

    def computed(self, expected: Mapping[str, Json]) -> dict[str, Json]:
        """Each expected field's value, None for a field that isn't known. Raises Unsupported for unknown inputs."""
        inputs = dict(self.case["inputs"])
        names = frozenset(inputs)
        income = {"income_after_statutory_deductions", "dependants_for_limit", "elderly_dependants_for_limit"}
        try:
            if names - income == {"month", "children"}:
                values = self.amounts(inputs)
            elif names == {"children", "entitled_from", "shown_until"}:
                values = self.schedule(inputs)
            elif names == {"event", "event_date", "application_date"}:
                days = _day(inputs["event_date"]), _day(inputs["application_date"])
                values = {"start_month": str(allowance.start_month(*days))}
            elif names == {"event", "event_date"}:
                values = {"last_month": str(allowance.last_month(_day(inputs["event_date"])))}
            elif names == {"event", "required_by", "submitted"}:
                # A paper is due 15 days after the event that it is about.
                event = _day(inputs["required_by"]) - timedelta(days=allowance.WITHIN_DAYS)
                values = {"increase_from": str(allowance.start_month(event, _day(inputs["submitted"])))}
            else:
                raise Unsupported(f"入力の組合せ「{'、'.join(sorted(names))}」の意味が分かりません。")
        except (LookupError, ValueError) as fault:
            raise Unsupported(str(fault)) from fault
        return {name: values.get(name) for name in expected}

    def children(self, inputs: Mapping[str, Json]) -> list[allowance.Child]:
        known = {"birth", "counted", "age_on_page"}
        for child in inputs["children"]:
            if set(child) - known:
                raise Unsupported(f"入力「{'、'.join(sorted(set(child) - known))}」の意味が分かりません。")
        return [
            allowance.Child(_day(child["birth"]), bool(child.get("counted", False))) for child in inputs["children"]
        ]

    def amounts(self, inputs: Mapping[str, Json]) -> dict[str, Json]:
        income = None
        if "income_after_statutory_deductions" in inputs:
            income = allowance.Income(
                int(inputs["income_after_statutory_deductions"]),
                int(inputs.get("dependants_for_limit", 0)),
                int(inputs.get("elderly_dependants_for_limit", 0)),
            )
        amounts = allowance.monthly_yen(self.children(inputs), allowance.Month.parse(str(inputs["month"])), income)
        return {"per_child": amounts, "monthly_total": sum(amount or 0 for amount in amounts)}

    def schedule(self, inputs: Mapping[str, Json]) -> dict[str, Json]:
        children = self.children(inputs)
        month = allowance.Month.parse(str(inputs["entitled_from"]))
        last = allowance.Month.parse(str(inputs["shown_until"]))
        values: dict[str, Json] = {}
        while month <= last:
            # A schedule names no income: it is that of a recipient below the limit.
            total = sum(amount or 0 for amount in allowance.monthly_yen(children, month, allowance.Income(0)))
            values[f"monthly.{month}"] = total
            paid = f"payments_by_pay_month.{allowance.pay_month(month)}"
            values[paid] = values.get(paid, 0) + total
            month = month.plus(1)
        return values
