"""税額控除 in the order of the law, and what is due in the end."""

from __future__ import annotations

from fractions import Fraction

from yakuba.core.rules import Params, round_up, rule, truncate

from .income import YEN

CREDIT = round_up(1, "税額控除額の1円未満の端数は切上げ")
LEVY = truncate(100, "地方税法 第20条の4の2第3項")

# -- 配当控除 --


@rule(article="地方税法 附則第5条", start=2021)
def dividends_over_limit_yen(
    dividend_stock_yen: int,
    dividend_trust_yen: int,
    dividend_foreign_yen: int,
    taxable_sum_yen: int,
    dividend_credit: Params,
) -> int:
    """課税所得1,000万円を超える部分の配当. Dividends are the topmost part of the income."""
    dividends = dividend_stock_yen + dividend_trust_yen + dividend_foreign_yen
    return min(dividends, max(taxable_sum_yen - dividend_credit.limit_yen, 0))


@rule(article="地方税法 附則第5条", start=2021, export=True)
def dividend_stock_over_yen(
    dividend_stock_yen: int, dividend_trust_yen: int, dividend_foreign_yen: int, dividends_over_limit_yen: int
) -> int:
    """1,000万円を超える部分の剰余金の配当. Trusts lie above it."""
    return min(max(dividends_over_limit_yen - dividend_trust_yen - dividend_foreign_yen, 0), dividend_stock_yen)


@rule(article="地方税法 附則第5条", start=2021)
def dividend_trust_over_yen(dividend_trust_yen: int, dividend_foreign_yen: int, dividends_over_limit_yen: int) -> int:
    """1,000万円を超える部分の証券投資信託の分配."""
    return min(max(dividends_over_limit_yen - dividend_foreign_yen, 0), dividend_trust_yen)


@rule(article="地方税法 附則第5条", start=2021)
def dividend_foreign_over_yen(dividend_foreign_yen: int, dividends_over_limit_yen: int) -> int:
    """1,000万円を超える部分の外貨建等証券投資信託の分配."""
    return min(dividends_over_limit_yen, dividend_foreign_yen)


@rule(article="地方税法 附則第5条第3項", start=2021, rounding=CREDIT, export=True)
def city_dividend_credit_yen(
    dividend_stock_yen: int,
    dividend_stock_over_yen: int,
    dividend_trust_yen: int,
    dividend_trust_over_yen: int,
    dividend_foreign_yen: int,
    dividend_foreign_over_yen: int,
    municipality: Params,
    dividend_credit: Params,
) -> Fraction:
    """市町村民税の配当控除. Half the rate above the limit."""
    row = dividend_credit.split.at(municipality.designated)
    stock = (dividend_stock_yen * 2 - dividend_stock_over_yen) * row.stock_city
    trust = (dividend_trust_yen * 2 - dividend_trust_over_yen) * row.trust_city
    foreign = (dividend_foreign_yen * 2 - dividend_foreign_over_yen) * row.foreign_city
    return (stock + trust + foreign) * Fraction(1, 2)


@rule(article="地方税法 附則第5条第1項", start=2021, rounding=CREDIT, export=True)
def pref_dividend_credit_yen(
    dividend_stock_yen: int,
    dividend_stock_over_yen: int,
    dividend_trust_yen: int,
    dividend_trust_over_yen: int,
    dividend_foreign_yen: int,
    dividend_foreign_over_yen: int,
    municipality: Params,
    dividend_credit: Params,
) -> Fraction:
    """道府県民税の配当控除. Half the rate above the limit."""
    row = dividend_credit.split.at(municipality.designated)
    stock = (dividend_stock_yen * 2 - dividend_stock_over_yen) * row.stock_pref
    trust = (dividend_trust_yen * 2 - dividend_trust_over_yen) * row.trust_pref
    foreign = (dividend_foreign_yen * 2 - dividend_foreign_over_yen) * row.foreign_pref
    return (stock + trust + foreign) * Fraction(1, 2)


# -- 住宅借入金等特別税額控除 --


@rule(article="地方税法 附則第5条の4の2", start=2021, rounding=YEN, export=True)
def housing_credit_yen(
    housing_loan_kind: int,
    housing_loan_available_yen: int,
    income_tax_yen: int,
    income_tax_taxable_yen: int,
    housing_loan: Params,
) -> Fraction:
    """住宅借入金等特別税額控除. What the income tax could not bear, up to the limit of the time of moving in."""
    row = housing_loan.by_kind.at(housing_loan_kind)
    left = max(housing_loan_available_yen - income_tax_yen, 0)
    return min(left, income_tax_taxable_yen * row.rate, row.cap_yen)


@rule(article="地方税法 附則第5条の4の2第6項", start=2021, rounding=CREDIT, export=True)
def city_housing_credit_yen(housing_credit_yen: int, municipality: Params, tax_credit_split: Params) -> Fraction:
    """市町村民税の住宅借入金等特別税額控除."""
    return housing_credit_yen * tax_credit_split.split.at(municipality.designated).city_share


@rule(article="地方税法 附則第5条の4の2第1項", start=2021, rounding=CREDIT, export=True)
def pref_housing_credit_yen(housing_credit_yen: int, municipality: Params, tax_credit_split: Params) -> Fraction:
    """道府県民税の住宅借入金等特別税額控除."""
    return housing_credit_yen * tax_credit_split.split.at(municipality.designated).pref_share


# -- 寄附金税額控除 --


@rule(article="地方税法 第314条の7第1項", start=2021, rounding=CREDIT, export=True)
def city_donation_basic_yen(
    furusato_donation_yen: int,
    common_donation_yen: int,
    city_donation_yen: int,
    total_income_amounts_yen: int,
    municipality: Params,
    donation: Params,
) -> Fraction:
    """市町村民税の寄附金税額控除（基本控除額）."""
    given = furusato_donation_yen + common_donation_yen + city_donation_yen
    counted = min(given, total_income_amounts_yen * donation.income_rate)
    return max(counted - donation.threshold_yen, 0) * donation.split.at(municipality.designated).city_rate


@rule(article="地方税法 第37条の2第1項", start=2021, rounding=CREDIT, export=True)
def pref_donation_basic_yen(
    furusato_donation_yen: int,
    common_donation_yen: int,
    pref_donation_yen: int,
    total_income_amounts_yen: int,
    municipality: Params,
    donation: Params,
) -> Fraction:
    """道府県民税の寄附金税額控除（基本控除額）."""
    given = furusato_donation_yen + common_donation_yen + pref_donation_yen
    counted = min(given, total_income_amounts_yen * donation.income_rate)
    return max(counted - donation.threshold_yen, 0) * donation.split.at(municipality.designated).pref_rate


@rule(article="地方税法 第314条の7第11項第1号・附則第5条の6", start=2021, export=True)
def donation_rate_base_yen(taxable_income_yen: int, personal_difference_yen: int) -> int:
    """特例控除の率を決める額. The 課税総所得金額 less the 人的控除額の差."""
    return taxable_income_yen - personal_difference_yen


@rule(
    article="地方税法 第314条の7第11項・附則第5条の6",
    start=2021,
    rounding=truncate(1, "100万分の1単位の率であり端数はない"),
    export=True,
)
def donation_special_rate_millionths(donation_rate_base_yen: int, donation: Params) -> Fraction:
    """特例控除の率（100万分率）. What income tax does not give back, less its 復興特別所得税."""
    row = donation.by_taxable.at(max(donation_rate_base_yen, 0))
    return (donation.negative_rate if donation_rate_base_yen < 0 else row.rate) * 1000000


@rule(article="地方税法 第314条の7第11項", start=2021, rounding=CREDIT, export=True)
def city_donation_special_yen(
    furusato_donation_yen: int,
    donation_special_rate_millionths: int,
    city_levy_after_adjustment_yen: int,
    municipality: Params,
    donation: Params,
    tax_credit_split: Params,
) -> Fraction:
    """市町村民税の寄附金税額控除（特例控除額）. Up to a fifth of the 所得割."""
    share = tax_credit_split.split.at(municipality.designated).city_share
    given = max(furusato_donation_yen - donation.threshold_yen, 0) * share
    return min(
        given * donation_special_rate_millionths * Fraction(1, 1000000),
        city_levy_after_adjustment_yen * donation.levy_rate,
    )


@rule(article="地方税法 第37条の2第11項", start=2021, rounding=CREDIT, export=True)
def pref_donation_special_yen(
    furusato_donation_yen: int,
    donation_special_rate_millionths: int,
    pref_levy_after_adjustment_yen: int,
    municipality: Params,
    donation: Params,
    tax_credit_split: Params,
) -> Fraction:
    """道府県民税の寄附金税額控除（特例控除額）. Up to a fifth of the 所得割."""
    share = tax_credit_split.split.at(municipality.designated).pref_share
    given = max(furusato_donation_yen - donation.threshold_yen, 0) * share
    return min(
        given * donation_special_rate_millionths * Fraction(1, 1000000),
        pref_levy_after_adjustment_yen * donation.levy_rate,
    )


@rule(article="地方税法 附則第7条の2第4項（1円未満の端数は切上げ）", start=2021, export=True)
def city_donation_one_stop_yen(
    one_stop: bool, city_donation_special_yen: int, donation_rate_base_yen: int, donation: Params
) -> int:
    """市町村民税の寄附金税額控除（申告特例控除額）. In the income tax's stead."""
    row = donation.by_taxable.at(max(donation_rate_base_yen, 0))
    if not one_stop or donation_rate_base_yen < 0:
        return 0
    return (city_donation_special_yen * row.one_stop_part + row.one_stop_whole - 1) // row.one_stop_whole


@rule(article="地方税法 附則第7条第4項（1円未満の端数は切上げ）", start=2021, export=True)
def pref_donation_one_stop_yen(
    one_stop: bool, pref_donation_special_yen: int, donation_rate_base_yen: int, donation: Params
) -> int:
    """道府県民税の寄附金税額控除（申告特例控除額）. In the income tax's stead."""
    row = donation.by_taxable.at(max(donation_rate_base_yen, 0))
    if not one_stop or donation_rate_base_yen < 0:
        return 0
    return (pref_donation_special_yen * row.one_stop_part + row.one_stop_whole - 1) // row.one_stop_whole


@rule(article="地方税法 第314条の7", start=2021, export=True)
def city_donation_credit_yen(
    city_donation_basic_yen: int, city_donation_special_yen: int, city_donation_one_stop_yen: int
) -> int:
    """市町村民税の寄附金税額控除."""
    return city_donation_basic_yen + city_donation_special_yen + city_donation_one_stop_yen


@rule(article="地方税法 第37条の2", start=2021, export=True)
def pref_donation_credit_yen(
    pref_donation_basic_yen: int, pref_donation_special_yen: int, pref_donation_one_stop_yen: int
) -> int:
    """道府県民税の寄附金税額控除."""
    return pref_donation_basic_yen + pref_donation_special_yen + pref_donation_one_stop_yen


# -- 外国税額控除 --


@rule(article="地方税法 第37条の3", start=2021, rounding=YEN, export=True)
def pref_foreign_tax_credit_yen(
    foreign_tax_left_yen: int, foreign_tax_limit_yen: int, municipality: Params, foreign_tax_credit: Params
) -> Fraction:
    """道府県民税の外国税額控除. Before the municipal part."""
    row = foreign_tax_credit.split.at(municipality.designated)
    return min(foreign_tax_left_yen, foreign_tax_limit_yen * row.pref_rate)


@rule(article="地方税法 第314条の8", start=2021, rounding=YEN, export=True)
def city_foreign_tax_credit_yen(
    foreign_tax_left_yen: int,
    foreign_tax_limit_yen: int,
    pref_foreign_tax_credit_yen: int,
    municipality: Params,
    foreign_tax_credit: Params,
) -> Fraction:
    """市町村民税の外国税額控除."""
    row = foreign_tax_credit.split.at(municipality.designated)
    return min(max(foreign_tax_left_yen - pref_foreign_tax_credit_yen, 0), foreign_tax_limit_yen * row.city_rate)


@rule(article="地方税法 第314条の6から第314条の8まで・附則第5条・第5条の4の2", start=2021, export=True)
def city_levy_after_credits_yen(
    city_levy_before_credits_yen: int,
    city_dividend_credit_yen: int,
    city_housing_credit_yen: int,
    city_donation_credit_yen: int,
    city_foreign_tax_credit_yen: int,
) -> int:
    """税額控除後の市町村民税所得割. Before 定額減税 and what was withheld."""
    early = city_dividend_credit_yen + city_housing_credit_yen
    return max(city_levy_before_credits_yen - early - city_donation_credit_yen - city_foreign_tax_credit_yen, 0)


@rule(article="地方税法 第37条から第37条の3まで・附則第5条・第5条の4の2", start=2021, export=True)
def pref_levy_after_credits_yen(
    pref_levy_before_credits_yen: int,
    pref_dividend_credit_yen: int,
    pref_housing_credit_yen: int,
    pref_donation_credit_yen: int,
    pref_foreign_tax_credit_yen: int,
) -> int:
    """税額控除後の道府県民税所得割. Before 定額減税 and what was withheld."""
    early = pref_dividend_credit_yen + pref_housing_credit_yen
    return max(pref_levy_before_credits_yen - early - pref_donation_credit_yen - pref_foreign_tax_credit_yen, 0)


# -- 定額減税（令和6・7年度） --


@rule(article="地方税法 附則第5条の8", start=2024, end=2024, name="fixed_reduction_yen", export=True)
def fixed_reduction_2024_yen(
    income_levy_possible: bool,
    total_income_yen: int,
    same_livelihood_spouse: bool,
    spouse_abroad: bool,
    dependants_count: int,
    dependants_abroad_count: int,
    fixed_reduction: Params,
) -> int:
    """定額減税額. For oneself, the spouse for whom one has the deduction, and dependants, who live in the country."""
    if not income_levy_possible or total_income_yen > fixed_reduction.income_limit_yen:
        return 0
    with_spouse = same_livelihood_spouse and total_income_yen <= fixed_reduction.spouse_from_yen and not spouse_abroad
    family = max(dependants_count - dependants_abroad_count, 0) + (1 if with_spouse else 0)
    return fixed_reduction.amount_yen * (1 + family)


@rule(article="地方税法 附則第5条の12", start=2025, end=2025, export=True)
def fixed_reduction_yen(
    income_levy_possible: bool,
    total_income_yen: int,
    same_livelihood_spouse: bool,
    spouse_abroad: bool,
    fixed_reduction: Params,
) -> int:
    """定額減税額. For the spouse who couldn't be counted in 令和6年度."""
    if not income_levy_possible or total_income_yen > fixed_reduction.income_limit_yen:
        return 0
    if total_income_yen <= fixed_reduction.spouse_from_yen or not same_livelihood_spouse or spouse_abroad:
        return 0
    return fixed_reduction.amount_yen


@rule(article="地方税法 附則第5条の8第4項・第5条の12", start=2024, end=2025)
def fixed_reduction_used_yen(
    fixed_reduction_yen: int, city_levy_after_credits_yen: int, pref_levy_after_credits_yen: int
) -> int:
    """控除する定額減税額. Never more than the 所得割."""
    return min(fixed_reduction_yen, city_levy_after_credits_yen + pref_levy_after_credits_yen)


@rule(article="地方税法 附則第5条の8第2項・第5条の12（県分の1円未満の端数は切上げ）", start=2024, end=2025, export=True)
def pref_fixed_reduction_yen(
    fixed_reduction_used_yen: int, city_levy_after_credits_yen: int, pref_levy_after_credits_yen: int
) -> int:
    """道府県民税の定額減税額. In proportion to the 所得割, rounded up to the yen."""
    levy = max(city_levy_after_credits_yen + pref_levy_after_credits_yen, 1)
    return (fixed_reduction_used_yen * pref_levy_after_credits_yen + levy - 1) // levy


@rule(article="地方税法 附則第5条の8第5項・第5条の12", start=2024, end=2025, export=True)
def city_fixed_reduction_yen(fixed_reduction_used_yen: int, pref_fixed_reduction_yen: int) -> int:
    """市町村民税の定額減税額."""
    return fixed_reduction_used_yen - pref_fixed_reduction_yen


@rule(
    article="地方税法 附則第5条の8・第5条の12", start=2024, end=2025, name="city_levy_before_withheld_yen", export=True
)
def city_levy_after_reduction_yen(city_levy_after_credits_yen: int, city_fixed_reduction_yen: int) -> int:
    """配当割額等控除前の市町村民税所得割."""
    return max(city_levy_after_credits_yen - city_fixed_reduction_yen, 0)


@rule(
    article="地方税法 附則第5条の8・第5条の12", start=2024, end=2025, name="pref_levy_before_withheld_yen", export=True
)
def pref_levy_after_reduction_yen(pref_levy_after_credits_yen: int, pref_fixed_reduction_yen: int) -> int:
    """配当割額等控除前の道府県民税所得割."""
    return max(pref_levy_after_credits_yen - pref_fixed_reduction_yen, 0)


def _city_unreduced(city_levy_after_credits_yen: int) -> int:
    """配当割額等控除前の市町村民税所得割."""
    return city_levy_after_credits_yen


def _pref_unreduced(pref_levy_after_credits_yen: int) -> int:
    """配当割額等控除前の道府県民税所得割."""
    return pref_levy_after_credits_yen


_UNREDUCED = tuple(
    rule(article="地方税法 第314条の9・第37条の4", start=start, end=end, name=name, export=True)(function)
    for start, end in ((2021, 2023), (2026, None))
    for name, function in (
        ("city_levy_before_withheld_yen", _city_unreduced),
        ("pref_levy_before_withheld_yen", _pref_unreduced),
    )
)

# -- 配当割額・株式等譲渡所得割額の控除 --


@rule(article="地方税法 第314条の9第1項", start=2021, rounding=CREDIT, export=True)
def city_withheld_yen(withheld_levy_yen: int, withheld_levy: Params) -> Fraction:
    """市町村民税の配当割額等の控除."""
    return withheld_levy_yen * withheld_levy.city_share


@rule(article="地方税法 第37条の4", start=2021, export=True)
def pref_withheld_yen(withheld_levy_yen: int, city_withheld_yen: int) -> int:
    """道府県民税の配当割額等の控除."""
    return withheld_levy_yen - city_withheld_yen


@rule(article="地方税法 第314条の9第2項", start=2021, export=True)
def withheld_excess_yen(
    city_withheld_yen: int,
    city_levy_before_withheld_yen: int,
    pref_withheld_yen: int,
    pref_levy_before_withheld_yen: int,
) -> int:
    """所得割から控除しきれない配当割額等."""
    city = max(city_withheld_yen - city_levy_before_withheld_yen, 0)
    return city + max(pref_withheld_yen - pref_levy_before_withheld_yen, 0)


@rule(article="地方税法 第314条の9第3項、同法施行令 第48条の9の3", start=2021, export=True)
def withheld_applied_yen(
    withheld_excess_yen: int, city_per_capita_yen: int, pref_per_capita_yen: int, forest_tax_yen: int
) -> int:
    """均等割・森林環境税への充当額."""
    return min(withheld_excess_yen, city_per_capita_yen + pref_per_capita_yen + forest_tax_yen)


@rule(article="地方税法 第314条の9第2項", start=2021, export=True)
def withheld_refund_yen(withheld_excess_yen: int, withheld_applied_yen: int) -> int:
    """配当割額等の還付額."""
    return withheld_excess_yen - withheld_applied_yen


# -- 税額 --


@rule(article="地方税法 第20条の4の2第3項", start=2021, rounding=LEVY, export=True)
def city_income_levy_yen(city_levy_before_withheld_yen: int, city_withheld_yen: int) -> int:
    """市町村民税所得割額."""
    return max(city_levy_before_withheld_yen - city_withheld_yen, 0)


@rule(article="地方税法 第20条の4の2第3項", start=2021, rounding=LEVY, export=True)
def pref_income_levy_yen(pref_levy_before_withheld_yen: int, pref_withheld_yen: int) -> int:
    """道府県民税所得割額."""
    return max(pref_levy_before_withheld_yen - pref_withheld_yen, 0)


@rule(article="地方税法 第294条第1項", start=2021, export=True)
def city_total_yen(city_income_levy_yen: int, city_per_capita_yen: int) -> int:
    """市町村民税額."""
    return city_income_levy_yen + city_per_capita_yen


@rule(article="地方税法 第24条第1項", start=2021, export=True)
def pref_total_yen(pref_income_levy_yen: int, pref_per_capita_yen: int) -> int:
    """道府県民税額."""
    return pref_income_levy_yen + pref_per_capita_yen


@rule(article="地方税法 第41条・第319条、森林環境税及び森林環境譲与税に関する法律 第7条", start=2021, export=True)
def annual_total_yen(city_total_yen: int, pref_total_yen: int, forest_tax_yen: int) -> int:
    """年税額. Levied together; before what was withheld is set against the 均等割."""
    return city_total_yen + pref_total_yen + forest_tax_yen


RULES = (
    dividends_over_limit_yen, dividend_stock_over_yen, dividend_trust_over_yen, dividend_foreign_over_yen,
    city_dividend_credit_yen, pref_dividend_credit_yen, housing_credit_yen, city_housing_credit_yen,
    pref_housing_credit_yen, city_donation_basic_yen, pref_donation_basic_yen, donation_rate_base_yen,
    donation_special_rate_millionths, city_donation_special_yen, pref_donation_special_yen, city_donation_one_stop_yen,
    pref_donation_one_stop_yen, city_donation_credit_yen, pref_donation_credit_yen, pref_foreign_tax_credit_yen,
    city_foreign_tax_credit_yen, city_levy_after_credits_yen, pref_levy_after_credits_yen, fixed_reduction_2024_yen,
    fixed_reduction_yen, fixed_reduction_used_yen, pref_fixed_reduction_yen, city_fixed_reduction_yen,
    city_levy_after_reduction_yen, pref_levy_after_reduction_yen, *_UNREDUCED, city_withheld_yen, pref_withheld_yen,
    withheld_excess_yen, withheld_applied_yen, withheld_refund_yen, city_income_levy_yen, pref_income_levy_yen,
    city_total_yen, pref_total_yen, annual_total_yen,
)  # fmt: skip
