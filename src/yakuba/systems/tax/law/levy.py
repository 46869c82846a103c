"""非課税, 課税標準, 所得割 before credits, 均等割 and 森林環境税."""

from __future__ import annotations

from fractions import Fraction

from yakuba.core.rules import Params, rule, truncate

from .income import YEN

BASE = truncate(1000, "地方税法 第20条の4の2第1項")

# -- 非課税 --


@rule(article="地方税法 第295条第1項", start=2021, export=True)
def nontaxable_by_status(
    on_livelihood_aid: bool,
    disability: int,
    minor: bool,
    widow: bool,
    single_parent: int,
    total_income_yen: int,
    nontaxable: Params,
) -> bool:
    """人的非課税."""
    protected = disability > 0 or minor or widow or single_parent > 0
    if on_livelihood_aid:
        return True
    return protected and total_income_yen <= nontaxable.status_limit_yen


@rule(article="地方税法 第295条第3項、同法施行令 第47条の3", start=2021, export=True)
def headcount(same_livelihood_spouse: bool, dependants_count: int) -> int:
    """本人・同一生計配偶者・扶養親族の数. Those under 16 count."""
    return 1 + dependants_count + (1 if same_livelihood_spouse else 0)


@rule(article="地方税法 第295条第3項、市町村の税条例", start=2021, export=True)
def per_capita_limit_yen(headcount: int, nontaxable: Params) -> int:
    """均等割の非課税限度額."""
    alone = nontaxable.base_yen * headcount + nontaxable.plus_yen
    return alone + (nontaxable.addition_yen if headcount >= 2 else 0)


@rule(article="地方税法 第24条の5・第295条", start=2021, export=True)
def per_capita_taxable(nontaxable_by_status: bool, total_income_yen: int, per_capita_limit_yen: int) -> bool:
    """均等割の課税."""
    return not nontaxable_by_status and total_income_yen > per_capita_limit_yen


@rule(article="地方税法 附則第3条の3第1項・第4項", start=2021, export=True)
def income_levy_limit_yen(headcount: int, income_levy_limit: Params) -> int:
    """所得割の非課税限度額."""
    alone = income_levy_limit.base_yen * headcount + income_levy_limit.plus_yen
    return alone + (income_levy_limit.addition_yen if headcount >= 2 else 0)


@rule(article="地方税法 第295条第1項・附則第3条の3", start=2021, export=True)
def income_levy_possible(
    nontaxable_by_status: bool, per_capita_taxable: bool, total_income_amounts_yen: int, income_levy_limit_yen: int
) -> bool:
    """所得割の課税. Where the 均等割 isn't due, the 所得割 isn't either."""
    if nontaxable_by_status or not per_capita_taxable:
        return False
    return total_income_amounts_yen > income_levy_limit_yen


# -- 課税標準: deductions go off the comprehensive income first, then off the separate ones in the order of the law --


@rule(article="地方税法 第314条の3第2項・第20条の4の2第1項", start=2021, rounding=BASE, export=True)
def taxable_income_yen(general_total_income_yen: int, deductions_total_yen: int) -> int:
    """課税総所得金額."""
    return max(general_total_income_yen - deductions_total_yen, 0)


@rule(article="地方税法 第314条の2第7項", start=2021)
def deductions_after_general_yen(general_total_income_yen: int, deductions_total_yen: int) -> int:
    """総所得金額から引ききれない所得控除."""
    return max(deductions_total_yen - general_total_income_yen, 0)


@rule(article="地方税法 附則第35条", start=2021)
def separate_short_net_yen(separate_short_yen: int, separate_short_special_yen: int) -> int:
    """分離短期譲渡（特別控除後）."""
    return max(separate_short_yen - separate_short_special_yen, 0)


@rule(article="地方税法 附則第35条第1項", start=2021, rounding=BASE, export=True)
def taxable_short_yen(separate_short_net_yen: int, deductions_after_general_yen: int) -> int:
    """課税短期譲渡所得金額."""
    return max(separate_short_net_yen - deductions_after_general_yen, 0)


@rule(article="地方税法 第314条の2第7項", start=2021)
def deductions_after_short_yen(separate_short_net_yen: int, deductions_after_general_yen: int) -> int:
    """短期譲渡から引ききれない所得控除."""
    return max(deductions_after_general_yen - separate_short_net_yen, 0)


@rule(article="地方税法 附則第35条第3項", start=2021, rounding=BASE, export=True)
def taxable_short_public_yen(separate_short_public_yen: int, deductions_after_short_yen: int) -> int:
    """課税短期譲渡所得金額（国等への譲渡）."""
    return max(separate_short_public_yen - deductions_after_short_yen, 0)


@rule(article="地方税法 第314条の2第7項", start=2021)
def deductions_after_short_public_yen(separate_short_public_yen: int, deductions_after_short_yen: int) -> int:
    """国等への短期譲渡から引ききれない所得控除."""
    return max(deductions_after_short_yen - separate_short_public_yen, 0)


@rule(article="地方税法 附則第34条", start=2021)
def separate_long_net_yen(separate_long_yen: int, separate_long_special_yen: int) -> int:
    """分離長期譲渡（特別控除後）."""
    return max(separate_long_yen - separate_long_special_yen, 0)


@rule(article="地方税法 附則第34条第1項", start=2021, rounding=BASE, export=True)
def taxable_long_yen(separate_long_net_yen: int, deductions_after_short_public_yen: int) -> int:
    """課税長期譲渡所得金額."""
    return max(separate_long_net_yen - deductions_after_short_public_yen, 0)


@rule(article="地方税法 第314条の2第7項", start=2021)
def deductions_after_long_yen(separate_long_net_yen: int, deductions_after_short_public_yen: int) -> int:
    """長期譲渡から引ききれない所得控除."""
    return max(deductions_after_short_public_yen - separate_long_net_yen, 0)


@rule(article="地方税法 附則第34条の2", start=2021)
def separate_long_housing_net_yen(separate_long_housing_yen: int, separate_long_housing_special_yen: int) -> int:
    """分離長期譲渡（優良住宅地、特別控除後）."""
    return max(separate_long_housing_yen - separate_long_housing_special_yen, 0)


@rule(article="地方税法 附則第34条の2", start=2021, rounding=BASE, export=True)
def taxable_long_housing_yen(separate_long_housing_net_yen: int, deductions_after_long_yen: int) -> int:
    """課税長期譲渡所得金額（優良住宅地）."""
    return max(separate_long_housing_net_yen - deductions_after_long_yen, 0)


@rule(article="地方税法 第314条の2第7項", start=2021)
def deductions_after_housing_yen(separate_long_housing_net_yen: int, deductions_after_long_yen: int) -> int:
    """優良住宅地の譲渡から引ききれない所得控除."""
    return max(deductions_after_long_yen - separate_long_housing_net_yen, 0)


@rule(article="地方税法 附則第34条の3", start=2021)
def separate_long_residence_net_yen(separate_long_residence_yen: int, separate_long_residence_special_yen: int) -> int:
    """分離長期譲渡（居住用財産、特別控除後）."""
    return max(separate_long_residence_yen - separate_long_residence_special_yen, 0)


@rule(article="地方税法 附則第34条の3", start=2021, rounding=BASE, export=True)
def taxable_long_residence_yen(separate_long_residence_net_yen: int, deductions_after_housing_yen: int) -> int:
    """課税長期譲渡所得金額（居住用財産）."""
    return max(separate_long_residence_net_yen - deductions_after_housing_yen, 0)


@rule(article="地方税法 第314条の2第7項", start=2021)
def deductions_after_residence_yen(separate_long_residence_net_yen: int, deductions_after_housing_yen: int) -> int:
    """居住用財産の譲渡から引ききれない所得控除."""
    return max(deductions_after_housing_yen - separate_long_residence_net_yen, 0)


@rule(article="地方税法 附則第33条の2", start=2021, rounding=BASE, export=True)
def taxable_dividend_yen(separate_dividend_after_carried_yen: int, deductions_after_residence_yen: int) -> int:
    """上場株式等に係る課税配当所得等の金額."""
    return max(separate_dividend_after_carried_yen - deductions_after_residence_yen, 0)


@rule(article="地方税法 第314条の2第7項", start=2021)
def deductions_after_dividend_yen(separate_dividend_after_carried_yen: int, deductions_after_residence_yen: int) -> int:
    """上場株式等の配当から引ききれない所得控除."""
    return max(deductions_after_residence_yen - separate_dividend_after_carried_yen, 0)


@rule(article="地方税法 附則第35条の2", start=2021, rounding=BASE, export=True)
def taxable_unlisted_stock_yen(unlisted_stock_yen: int, deductions_after_dividend_yen: int) -> int:
    """一般株式等に係る課税譲渡所得等の金額."""
    return max(unlisted_stock_yen - deductions_after_dividend_yen, 0)


@rule(article="地方税法 第314条の2第7項", start=2021)
def deductions_after_unlisted_yen(unlisted_stock_yen: int, deductions_after_dividend_yen: int) -> int:
    """一般株式等の譲渡から引ききれない所得控除."""
    return max(deductions_after_dividend_yen - unlisted_stock_yen, 0)


@rule(article="地方税法 附則第35条の2の2", start=2021, rounding=BASE, export=True)
def taxable_listed_stock_yen(listed_stock_after_carried_yen: int, deductions_after_unlisted_yen: int) -> int:
    """上場株式等に係る課税譲渡所得等の金額."""
    return max(listed_stock_after_carried_yen - deductions_after_unlisted_yen, 0)


@rule(article="地方税法 第314条の2第7項", start=2021)
def deductions_after_listed_yen(listed_stock_after_carried_yen: int, deductions_after_unlisted_yen: int) -> int:
    """上場株式等の譲渡から引ききれない所得控除."""
    return max(deductions_after_unlisted_yen - listed_stock_after_carried_yen, 0)


@rule(article="地方税法 附則第35条の4", start=2021, rounding=BASE, export=True)
def taxable_futures_yen(futures_after_carried_yen: int, deductions_after_listed_yen: int) -> int:
    """先物取引に係る課税雑所得等の金額."""
    return max(futures_after_carried_yen - deductions_after_listed_yen, 0)


@rule(article="地方税法 第314条の2第7項", start=2021)
def deductions_after_futures_yen(futures_after_carried_yen: int, deductions_after_listed_yen: int) -> int:
    """先物取引から引ききれない所得控除."""
    return max(deductions_after_listed_yen - futures_after_carried_yen, 0)


@rule(article="地方税法 第314条の3第2項", start=2021, rounding=BASE, export=True)
def taxable_forest_yen(forest_after_losses_yen: int, deductions_after_futures_yen: int) -> int:
    """課税山林所得金額."""
    return max(forest_after_losses_yen - deductions_after_futures_yen, 0)


@rule(article="地方税法 附則第5条第1項", start=2021)
def taxable_sum_yen(
    taxable_income_yen: int,
    taxable_forest_yen: int,
    taxable_short_yen: int,
    taxable_short_public_yen: int,
    taxable_long_yen: int,
    taxable_long_housing_yen: int,
    taxable_long_residence_yen: int,
    taxable_dividend_yen: int,
    taxable_unlisted_stock_yen: int,
    taxable_listed_stock_yen: int,
    taxable_futures_yen: int,
) -> int:
    """課税所得金額の計. Comprehensive and separate."""
    land = (
        taxable_short_yen
        + taxable_short_public_yen
        + taxable_long_yen
        + taxable_long_housing_yen
        + taxable_long_residence_yen
    )
    stock = taxable_dividend_yen + taxable_unlisted_stock_yen + taxable_listed_stock_yen
    return taxable_income_yen + taxable_forest_yen + land + stock + taxable_futures_yen


# -- 所得割 --


@rule(article="地方税法 第314条の3第1項", start=2021, rounding=YEN, export=True)
def city_levy_computed_yen(taxable_income_yen: int, municipality: Params) -> Fraction:
    """市町村民税所得割（課税総所得金額分）."""
    return taxable_income_yen * municipality.city_rate


@rule(article="地方税法 第35条第1項", start=2021, rounding=YEN, export=True)
def pref_levy_computed_yen(taxable_income_yen: int, municipality: Params) -> Fraction:
    """道府県民税所得割（課税総所得金額分）."""
    return taxable_income_yen * municipality.pref_rate


@rule(article="地方税法 第314条の3第1項", start=2021, rounding=YEN)
def city_levy_forest_yen(taxable_forest_yen: int, municipality: Params) -> Fraction:
    """市町村民税所得割（課税山林所得金額分）."""
    return taxable_forest_yen * municipality.city_rate


@rule(article="地方税法 第35条第1項", start=2021, rounding=YEN)
def pref_levy_forest_yen(taxable_forest_yen: int, municipality: Params) -> Fraction:
    """道府県民税所得割（課税山林所得金額分）."""
    return taxable_forest_yen * municipality.pref_rate


@rule(article="地方税法 附則第35条", start=2021, rounding=YEN, export=True)
def city_levy_short_yen(
    taxable_short_yen: int, taxable_short_public_yen: int, municipality: Params, separate_rates: Params
) -> Fraction:
    """市町村民税所得割（分離短期譲渡分）."""
    row = separate_rates.split.at(municipality.designated)
    return taxable_short_yen * row.short_city + taxable_short_public_yen * row.general_city


@rule(article="地方税法 附則第35条", start=2021, rounding=YEN, export=True)
def pref_levy_short_yen(
    taxable_short_yen: int, taxable_short_public_yen: int, municipality: Params, separate_rates: Params
) -> Fraction:
    """道府県民税所得割（分離短期譲渡分）."""
    row = separate_rates.split.at(municipality.designated)
    return taxable_short_yen * row.short_pref + taxable_short_public_yen * row.general_pref


@rule(article="地方税法 附則第34条", start=2021, rounding=YEN, export=True)
def city_levy_long_yen(taxable_long_yen: int, municipality: Params, separate_rates: Params) -> Fraction:
    """市町村民税所得割（分離長期譲渡分）."""
    return taxable_long_yen * separate_rates.split.at(municipality.designated).general_city


@rule(article="地方税法 附則第34条", start=2021, rounding=YEN, export=True)
def pref_levy_long_yen(taxable_long_yen: int, municipality: Params, separate_rates: Params) -> Fraction:
    """道府県民税所得割（分離長期譲渡分）."""
    return taxable_long_yen * separate_rates.split.at(municipality.designated).general_pref


@rule(article="地方税法 附則第34条の2", start=2021, rounding=YEN, export=True)
def city_levy_long_housing_yen(taxable_long_housing_yen: int, municipality: Params, separate_rates: Params) -> Fraction:
    """市町村民税所得割（優良住宅地の分離長期譲渡分）."""
    row = separate_rates.split.at(municipality.designated)
    light = min(taxable_long_housing_yen, separate_rates.housing_up_to_yen)
    return light * row.light_city + (taxable_long_housing_yen - light) * row.general_city


@rule(article="地方税法 附則第34条の2", start=2021, rounding=YEN, export=True)
def pref_levy_long_housing_yen(taxable_long_housing_yen: int, municipality: Params, separate_rates: Params) -> Fraction:
    """道府県民税所得割（優良住宅地の分離長期譲渡分）."""
    row = separate_rates.split.at(municipality.designated)
    light = min(taxable_long_housing_yen, separate_rates.housing_up_to_yen)
    return light * row.light_pref + (taxable_long_housing_yen - light) * row.general_pref


@rule(article="地方税法 附則第34条の3", start=2021, rounding=YEN, export=True)
def city_levy_long_residence_yen(
    taxable_long_residence_yen: int, municipality: Params, separate_rates: Params
) -> Fraction:
    """市町村民税所得割（居住用財産の分離長期譲渡分）."""
    row = separate_rates.split.at(municipality.designated)
    light = min(taxable_long_residence_yen, separate_rates.residence_up_to_yen)
    return light * row.light_city + (taxable_long_residence_yen - light) * row.general_city


@rule(article="地方税法 附則第34条の3", start=2021, rounding=YEN, export=True)
def pref_levy_long_residence_yen(
    taxable_long_residence_yen: int, municipality: Params, separate_rates: Params
) -> Fraction:
    """道府県民税所得割（居住用財産の分離長期譲渡分）."""
    row = separate_rates.split.at(municipality.designated)
    light = min(taxable_long_residence_yen, separate_rates.residence_up_to_yen)
    return light * row.light_pref + (taxable_long_residence_yen - light) * row.general_pref


@rule(article="地方税法 附則第33条の2・第35条の2・第35条の2の2・第35条の4", start=2021, rounding=YEN, export=True)
def city_levy_stock_yen(
    taxable_dividend_yen: int,
    taxable_unlisted_stock_yen: int,
    taxable_listed_stock_yen: int,
    taxable_futures_yen: int,
    municipality: Params,
    separate_rates: Params,
) -> Fraction:
    """市町村民税所得割（株式等・配当・先物分）."""
    taxable = taxable_dividend_yen + taxable_unlisted_stock_yen + taxable_listed_stock_yen + taxable_futures_yen
    return taxable * separate_rates.split.at(municipality.designated).general_city


@rule(article="地方税法 附則第33条の2・第35条の2・第35条の2の2・第35条の4", start=2021, rounding=YEN, export=True)
def pref_levy_stock_yen(
    taxable_dividend_yen: int,
    taxable_unlisted_stock_yen: int,
    taxable_listed_stock_yen: int,
    taxable_futures_yen: int,
    municipality: Params,
    separate_rates: Params,
) -> Fraction:
    """道府県民税所得割（株式等・配当・先物分）."""
    taxable = taxable_dividend_yen + taxable_unlisted_stock_yen + taxable_listed_stock_yen + taxable_futures_yen
    return taxable * separate_rates.split.at(municipality.designated).general_pref


@rule(article="地方税法 第314条の3・附則第33条の2から第35条の4まで", start=2021, export=True)
def city_levy_before_adjustment_yen(
    city_levy_computed_yen: int,
    city_levy_forest_yen: int,
    city_levy_short_yen: int,
    city_levy_long_yen: int,
    city_levy_long_housing_yen: int,
    city_levy_long_residence_yen: int,
    city_levy_stock_yen: int,
) -> int:
    """市町村民税所得割（調整控除前）."""
    land = city_levy_short_yen + city_levy_long_yen + city_levy_long_housing_yen + city_levy_long_residence_yen
    return city_levy_computed_yen + city_levy_forest_yen + land + city_levy_stock_yen


@rule(article="地方税法 第35条・附則第33条の2から第35条の4まで", start=2021, export=True)
def pref_levy_before_adjustment_yen(
    pref_levy_computed_yen: int,
    pref_levy_forest_yen: int,
    pref_levy_short_yen: int,
    pref_levy_long_yen: int,
    pref_levy_long_housing_yen: int,
    pref_levy_long_residence_yen: int,
    pref_levy_stock_yen: int,
) -> int:
    """道府県民税所得割（調整控除前）."""
    land = pref_levy_short_yen + pref_levy_long_yen + pref_levy_long_housing_yen + pref_levy_long_residence_yen
    return pref_levy_computed_yen + pref_levy_forest_yen + land + pref_levy_stock_yen


# -- 調整控除, 調整措置 --


@rule(article="地方税法 第314条の6", start=2021)
def adjustment_base_yen(
    personal_difference_yen: int,
    taxable_income_yen: int,
    taxable_forest_yen: int,
    total_income_yen: int,
    adjustment_credit: Params,
) -> int:
    """調整控除の基礎となる額. Separate income is not in 合計課税所得金額."""
    taxable = taxable_income_yen + taxable_forest_yen
    if total_income_yen > adjustment_credit.income_limit_yen:
        return 0
    if taxable <= adjustment_credit.small_yen:
        return min(personal_difference_yen, taxable)
    return max(personal_difference_yen - (taxable - adjustment_credit.small_yen), adjustment_credit.least_yen)


@rule(article="地方税法 第314条の6", start=2021, rounding=YEN, export=True)
def city_adjustment_credit_yen(adjustment_base_yen: int, municipality: Params, adjustment_credit: Params) -> Fraction:
    """市町村民税の調整控除."""
    return adjustment_base_yen * adjustment_credit.split.at(municipality.designated).city_rate


@rule(article="地方税法 第37条", start=2021, rounding=YEN, export=True)
def pref_adjustment_credit_yen(adjustment_base_yen: int, municipality: Params, adjustment_credit: Params) -> Fraction:
    """道府県民税の調整控除."""
    return adjustment_base_yen * adjustment_credit.split.at(municipality.designated).pref_rate


@rule(article="地方税法 第314条の6", start=2021, export=True)
def city_levy_after_adjustment_yen(city_levy_before_adjustment_yen: int, city_adjustment_credit_yen: int) -> int:
    """調整控除後の市町村民税所得割."""
    return max(city_levy_before_adjustment_yen - city_adjustment_credit_yen, 0)


@rule(article="地方税法 第37条", start=2021, export=True)
def pref_levy_after_adjustment_yen(pref_levy_before_adjustment_yen: int, pref_adjustment_credit_yen: int) -> int:
    """調整控除後の道府県民税所得割."""
    return max(pref_levy_before_adjustment_yen - pref_adjustment_credit_yen, 0)


@rule(article="地方税法 附則第3条の3第2項・第5項", start=2021, export=True)
def relief_yen(
    income_levy_possible: bool,
    income_levy_limit_yen: int,
    total_income_amounts_yen: int,
    city_levy_after_adjustment_yen: int,
    pref_levy_after_adjustment_yen: int,
) -> int:
    """所得割の調整措置の額. The tax never takes what is left below the limit."""
    levy = city_levy_after_adjustment_yen + pref_levy_after_adjustment_yen
    if not income_levy_possible:
        return 0
    short = min(income_levy_limit_yen - (total_income_amounts_yen - levy), income_levy_limit_yen)
    return min(max(short, 0), levy)


@rule(article="地方税法 附則第3条の3第2項", start=2021, export=True)
def pref_relief_yen(relief_yen: int, city_levy_after_adjustment_yen: int, pref_levy_after_adjustment_yen: int) -> int:
    """道府県民税の調整措置の額. In proportion to the 所得割."""
    levy = city_levy_after_adjustment_yen + pref_levy_after_adjustment_yen
    return relief_yen * pref_levy_after_adjustment_yen // max(levy, 1)


@rule(article="地方税法 附則第3条の3第5項", start=2021, export=True)
def city_relief_yen(relief_yen: int, pref_relief_yen: int) -> int:
    """市町村民税の調整措置の額."""
    return relief_yen - pref_relief_yen


@rule(article="地方税法 第295条・附則第3条の3第5項", start=2021)
def city_levy_before_credits_yen(
    income_levy_possible: bool, city_levy_after_adjustment_yen: int, city_relief_yen: int
) -> int:
    """税額控除前の市町村民税所得割."""
    return max(city_levy_after_adjustment_yen - city_relief_yen, 0) if income_levy_possible else 0


@rule(article="地方税法 第24条の5・附則第3条の3第2項", start=2021)
def pref_levy_before_credits_yen(
    income_levy_possible: bool, pref_levy_after_adjustment_yen: int, pref_relief_yen: int
) -> int:
    """税額控除前の道府県民税所得割."""
    return max(pref_levy_after_adjustment_yen - pref_relief_yen, 0) if income_levy_possible else 0


# -- 均等割 --


@rule(article="地方税法 第310条、市町村の税条例", start=2021, export=True)
def city_per_capita_yen(per_capita_taxable: bool, municipality: Params) -> int:
    """市町村民税均等割."""
    return municipality.city_per_capita_yen if per_capita_taxable else 0


@rule(article="地方税法 第38条、都道府県の税条例", start=2021, export=True)
def pref_per_capita_yen(per_capita_taxable: bool, municipality: Params) -> int:
    """道府県民税均等割."""
    return municipality.pref_per_capita_yen if per_capita_taxable else 0


@rule(article="森林環境税及び森林環境譲与税に関する法律 第4条・第5条", start=2021, export=True)
def forest_tax_yen(per_capita_taxable: bool, forest_environment_tax: Params) -> int:
    """森林環境税. A national tax since 令和6年度, levied with the 均等割."""
    return forest_environment_tax.amount_yen if per_capita_taxable else 0


RULES = (
    nontaxable_by_status, headcount, per_capita_limit_yen, per_capita_taxable, income_levy_limit_yen,
    income_levy_possible, taxable_income_yen, deductions_after_general_yen, separate_short_net_yen, taxable_short_yen,
    deductions_after_short_yen, taxable_short_public_yen, deductions_after_short_public_yen, separate_long_net_yen,
    taxable_long_yen, deductions_after_long_yen, separate_long_housing_net_yen, taxable_long_housing_yen,
    deductions_after_housing_yen, separate_long_residence_net_yen, taxable_long_residence_yen,
    deductions_after_residence_yen, taxable_dividend_yen, deductions_after_dividend_yen, taxable_unlisted_stock_yen,
    deductions_after_unlisted_yen, taxable_listed_stock_yen, deductions_after_listed_yen, taxable_futures_yen,
    deductions_after_futures_yen, taxable_forest_yen, taxable_sum_yen, city_levy_computed_yen, pref_levy_computed_yen,
    city_levy_forest_yen, pref_levy_forest_yen, city_levy_short_yen, pref_levy_short_yen, city_levy_long_yen,
    pref_levy_long_yen, city_levy_long_housing_yen, pref_levy_long_housing_yen, city_levy_long_residence_yen,
    pref_levy_long_residence_yen, city_levy_stock_yen, pref_levy_stock_yen, city_levy_before_adjustment_yen,
    pref_levy_before_adjustment_yen, adjustment_base_yen, city_adjustment_credit_yen, pref_adjustment_credit_yen,
    city_levy_after_adjustment_yen, pref_levy_after_adjustment_yen, relief_yen, pref_relief_yen, city_relief_yen,
    city_levy_before_credits_yen, pref_levy_before_credits_yen, city_per_capita_yen, pref_per_capita_yen,
    forest_tax_yen,
)  # fmt: skip
