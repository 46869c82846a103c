"""所得: from revenue to 合計所得金額, 総所得金額 and 総所得金額等 (地方税法 第313条)."""

from __future__ import annotations

from fractions import Fraction

from yakuba.core.rules import Params, round_up, rule, truncate

YEN = truncate(1, "国等の債権債務等の金額の端数計算に関する法律 第2条")


@rule(article="所得税法 第28条、地方税法 第313条第2項", start=2021, rounding=YEN, export=True)
def salary_income_yen(salary_revenue_yen: int, specific_expense_yen: int, salary_income: Params) -> Fraction:
    """給与所得. By steps of 4,000 yen between about 1.6 and 6.6 million yen."""
    row = salary_income.by_revenue.at(salary_revenue_yen)
    counted = salary_revenue_yen - salary_revenue_yen % row.step_yen
    return max(counted * row.rate + row.add_yen - specific_expense_yen, 0)


@rule(
    article="租税特別措置法 第41条の3の11第1項",
    start=2021,
    rounding=round_up(1, "租税特別措置法 第41条の3の11第4項"),
    export=True,
)
def family_adjustment_yen(
    salary_revenue_yen: int,
    disability: int,
    spouse_specially_disabled: bool,
    dependants_under_23_count: int,
    dependants_disability_special_count: int,
    dependants_disability_special_cohabiting_count: int,
    income_adjustment: Params,
) -> Fraction:
    """所得金額調整控除（子ども・特別障害者等）. Husband and wife may both have it."""
    if salary_revenue_yen <= income_adjustment.over_yen:
        return Fraction(0, 1)
    specially_disabled = dependants_disability_special_count + dependants_disability_special_cohabiting_count
    if disability < 2 and not spouse_specially_disabled and dependants_under_23_count + specially_disabled == 0:
        return Fraction(0, 1)
    return (min(salary_revenue_yen, income_adjustment.up_to_yen) - income_adjustment.over_yen) * income_adjustment.rate


@rule(article="租税特別措置法 第41条の3の11第1項", start=2021)
def spouse_specially_disabled(same_livelihood_spouse: bool, spouse_disability: int) -> bool:
    """同一生計配偶者が特別障害者."""
    return same_livelihood_spouse and spouse_disability == 2


@rule(article="地方税法 第292条第1項第13号", start=2021)
def income_beside_pension_yen(
    salary_income_yen: int,
    family_adjustment_yen: int,
    business_income_yen: int,
    real_estate_income_yen: int,
    interest_income_yen: int,
    dividend_income_yen: int,
    other_income_yen: int,
    short_transfer_income_yen: int,
    halved_income_yen: int,
    forest_income_yen: int,
    separate_income_yen: int,
) -> int:
    """公的年金等に係る雑所得以外の合計所得金額. What the pension's deduction is measured by."""
    current = (
        salary_income_yen
        - family_adjustment_yen
        + business_income_yen
        + real_estate_income_yen
        + interest_income_yen
        + dividend_income_yen
        + other_income_yen
    )
    return max(current + short_transfer_income_yen + halved_income_yen + forest_income_yen + separate_income_yen, 0)


@rule(article="所得税法 第35条第4項、租税特別措置法 第41条の15の3", start=2021, rounding=YEN, export=True)
def pension_income_yen(
    pension_revenue_yen: int, elderly_pensioner: bool, income_beside_pension_yen: int, pension_income: Params
) -> Fraction:
    """公的年金等に係る雑所得. The deduction is smaller beside other income above 10 and 20 million yen."""
    added = pension_income.by_other_income.at(income_beside_pension_yen).added_yen
    if pension_revenue_yen == 0:
        return Fraction(0, 1)
    if elderly_pensioner:
        row = pension_income.elderly.at(pension_revenue_yen)
        return max(pension_revenue_yen * row.rate - row.deducted_yen + added, 0)
    row_younger = pension_income.younger.at(pension_revenue_yen)
    return max(pension_revenue_yen * row_younger.rate - row_younger.deducted_yen + added, 0)


@rule(article="租税特別措置法 第41条の15の3第1項、年齢計算ニ関スル法律", start=2021)
def elderly_pensioner(age: int, pension_income: Params) -> bool:
    """65歳以上. On 31 December; born on 1 January counts a year older."""
    return age >= pension_income.elderly_age


@rule(article="租税特別措置法 第41条の3の11第2項", start=2021, export=True)
def pension_adjustment_yen(salary_income_yen: int, pension_income_yen: int, income_adjustment: Params) -> int:
    """所得金額調整控除（給与と年金）. Where the basic part would have been lost twice."""
    each = income_adjustment.each_yen
    if salary_income_yen == 0 or pension_income_yen == 0:
        return 0
    return max(min(salary_income_yen, each) + min(pension_income_yen, each) - each, 0)


@rule(article="租税特別措置法 第41条の3の11", start=2021)
def salary_income_adjusted_yen(salary_income_yen: int, family_adjustment_yen: int, pension_adjustment_yen: int) -> int:
    """所得金額調整控除後の給与所得."""
    return max(salary_income_yen - family_adjustment_yen - pension_adjustment_yen, 0)


@rule(article="所得税法 第33条第3項", start=2021)
def short_transfer_net_yen(short_transfer_gain_yen: int, long_transfer_gain_yen: int) -> int:
    """総合短期譲渡の通算後の金額. A loss of the long kind is set against it."""
    return max(max(short_transfer_gain_yen, 0) + min(long_transfer_gain_yen, 0), 0)


@rule(article="所得税法 第33条第3項", start=2021)
def long_transfer_net_yen(short_transfer_gain_yen: int, long_transfer_gain_yen: int) -> int:
    """総合長期譲渡の通算後の金額. A loss of the short kind is set against it."""
    return max(max(long_transfer_gain_yen, 0) + min(short_transfer_gain_yen, 0), 0)


@rule(article="所得税法 第69条第1項", start=2021)
def transfer_loss_yen(short_transfer_gain_yen: int, long_transfer_gain_yen: int) -> int:
    """総合譲渡の損失."""
    return max(-short_transfer_gain_yen - long_transfer_gain_yen, 0)


@rule(article="所得税法 第33条第3項・第4項・第5項", start=2021)
def short_transfer_income_yen(short_transfer_net_yen: int, special_deduction: Params) -> int:
    """総合短期譲渡所得. The special deduction goes off the short kind first."""
    return max(short_transfer_net_yen - special_deduction.transfer_yen, 0)


@rule(article="所得税法 第33条第3項・第4項・第5項", start=2021)
def long_transfer_income_yen(long_transfer_net_yen: int, short_transfer_net_yen: int, special_deduction: Params) -> int:
    """総合長期譲渡所得. Before it is halved."""
    left = max(special_deduction.transfer_yen - short_transfer_net_yen, 0)
    return max(long_transfer_net_yen - left, 0)


@rule(article="所得税法 第34条", start=2021, export=True)
def temporary_income_yen(temporary_revenue_yen: int, temporary_expense_yen: int, special_deduction: Params) -> int:
    """一時所得. Before it is halved."""
    return max(temporary_revenue_yen - temporary_expense_yen - special_deduction.temporary_yen, 0)


@rule(article="所得税法 第22条第2項第2号", start=2021, rounding=YEN, export=True)
def halved_income_yen(long_transfer_income_yen: int, temporary_income_yen: int) -> Fraction:
    """総合長期譲渡・一時所得の2分の1（損益通算前）."""
    return (long_transfer_income_yen + temporary_income_yen) * Fraction(1, 2)


@rule(article="所得税法 第69条第1項、同法施行令 第198条第1号", start=2021)
def current_income_yen(
    salary_income_adjusted_yen: int,
    pension_income_yen: int,
    business_income_yen: int,
    real_estate_income_yen: int,
    interest_income_yen: int,
    dividend_income_yen: int,
    other_income_yen: int,
) -> int:
    """経常所得の通算. Losses of business and real estate against the other current income; below nought: what is left."""
    return (
        salary_income_adjusted_yen
        + pension_income_yen
        + business_income_yen
        + real_estate_income_yen
        + interest_income_yen
        + dividend_income_yen
        + other_income_yen
    )


@rule(article="所得税法施行令 第198条第2号", start=2021)
def temporary_after_transfer_loss_yen(temporary_income_yen: int, transfer_loss_yen: int) -> int:
    """譲渡損失を通算した一時所得."""
    return max(temporary_income_yen - transfer_loss_yen, 0)


@rule(article="所得税法施行令 第198条第4号", start=2021)
def current_after_transfer_loss_yen(current_income_yen: int, temporary_income_yen: int, transfer_loss_yen: int) -> int:
    """譲渡損失を通算した経常所得."""
    return max(max(current_income_yen, 0) - max(transfer_loss_yen - temporary_income_yen, 0), 0)


@rule(article="所得税法施行令 第198条第3号", start=2021)
def short_transfer_after_losses_yen(short_transfer_income_yen: int, current_income_yen: int) -> int:
    """経常所得の損失を通算した総合短期譲渡所得."""
    return max(short_transfer_income_yen + min(current_income_yen, 0), 0)


@rule(article="所得税法施行令 第198条第3号、所得税法 第22条第2項第2号", start=2021, rounding=YEN)
def halved_after_losses_yen(
    long_transfer_income_yen: int,
    temporary_after_transfer_loss_yen: int,
    short_transfer_income_yen: int,
    current_income_yen: int,
) -> Fraction:
    """経常所得の損失を通算した総合長期譲渡・一時所得の2分の1."""
    loss = max(-current_income_yen - short_transfer_income_yen, 0)
    return max(long_transfer_income_yen + temporary_after_transfer_loss_yen - loss, 0) * Fraction(1, 2)


@rule(article="所得税法 第22条第2項", start=2021)
def comprehensive_income_yen(
    current_after_transfer_loss_yen: int, short_transfer_after_losses_yen: int, halved_after_losses_yen: int
) -> int:
    """総所得金額（繰越控除前）."""
    return current_after_transfer_loss_yen + short_transfer_after_losses_yen + halved_after_losses_yen


@rule(article="所得税法施行令 第198条第5号・第6号", start=2021)
def forest_after_losses_yen(
    forest_income_yen: int,
    current_income_yen: int,
    short_transfer_income_yen: int,
    long_transfer_income_yen: int,
    temporary_income_yen: int,
    transfer_loss_yen: int,
) -> int:
    """損失を通算した山林所得. After every other income has borne its part."""
    bearing = max(current_income_yen, 0) + short_transfer_income_yen + long_transfer_income_yen + temporary_income_yen
    losses = max(-current_income_yen, 0) + transfer_loss_yen
    return max(forest_income_yen - max(losses - bearing, 0), 0)


@rule(article="租税特別措置法 第37条の12の2第1項", start=2021)
def separate_dividend_net_yen(separate_dividend_yen: int, listed_stock_yen: int) -> int:
    """上場株式等の配当所得（譲渡損失との通算後）."""
    return max(separate_dividend_yen + min(listed_stock_yen, 0), 0)


@rule(article="地方税法 附則第34条から第35条の4まで", start=2021)
def separate_income_yen(
    separate_short_yen: int,
    separate_short_public_yen: int,
    separate_long_yen: int,
    separate_long_housing_yen: int,
    separate_long_residence_yen: int,
    separate_dividend_net_yen: int,
    unlisted_stock_yen: int,
    listed_stock_yen: int,
    futures_yen: int,
) -> int:
    """分離課税の所得の計. Before special deductions and losses carried over."""
    land = (
        separate_short_yen
        + separate_short_public_yen
        + separate_long_yen
        + separate_long_housing_yen
        + separate_long_residence_yen
    )
    return land + separate_dividend_net_yen + unlisted_stock_yen + max(listed_stock_yen, 0) + futures_yen


@rule(article="地方税法 第292条第1項第13号", start=2021, export=True)
def total_income_yen(comprehensive_income_yen: int, forest_after_losses_yen: int, separate_income_yen: int) -> int:
    """合計所得金額. Before losses carried over and special deductions of transfers."""
    return comprehensive_income_yen + forest_after_losses_yen + separate_income_yen


@rule(article="地方税法 第313条第1項・第8項・第9項", start=2021, export=True)
def general_total_income_yen(
    comprehensive_income_yen: int, net_loss_carried_yen: int, casualty_loss_carried_yen: int
) -> int:
    """総所得金額. After losses carried over."""
    return max(comprehensive_income_yen - net_loss_carried_yen - casualty_loss_carried_yen, 0)


@rule(article="地方税法 附則第35条の2の6", start=2021)
def listed_stock_after_carried_yen(listed_stock_yen: int, listed_stock_loss_carried_yen: int) -> int:
    """上場株式等の譲渡所得（繰越控除後）."""
    return max(max(listed_stock_yen, 0) - listed_stock_loss_carried_yen, 0)


@rule(article="地方税法 附則第35条の2の6", start=2021)
def separate_dividend_after_carried_yen(
    separate_dividend_net_yen: int, listed_stock_yen: int, listed_stock_loss_carried_yen: int
) -> int:
    """上場株式等の配当所得（繰越控除後）. The loss goes off gains of stock first."""
    return max(separate_dividend_net_yen - max(listed_stock_loss_carried_yen - max(listed_stock_yen, 0), 0), 0)


@rule(article="地方税法 附則第35条の4の2", start=2021)
def futures_after_carried_yen(futures_yen: int, futures_loss_carried_yen: int) -> int:
    """先物取引の雑所得等（繰越控除後）."""
    return max(futures_yen - futures_loss_carried_yen, 0)


@rule(article="地方税法 第295条・附則第3条の3、同法施行令 第47条の3", start=2021, export=True)
def total_income_amounts_yen(
    general_total_income_yen: int,
    forest_after_losses_yen: int,
    separate_short_yen: int,
    separate_short_public_yen: int,
    separate_long_yen: int,
    separate_long_housing_yen: int,
    separate_long_residence_yen: int,
    separate_dividend_after_carried_yen: int,
    unlisted_stock_yen: int,
    listed_stock_after_carried_yen: int,
    futures_after_carried_yen: int,
) -> int:
    """総所得金額等. After losses carried over, before special deductions of transfers."""
    land = (
        separate_short_yen
        + separate_short_public_yen
        + separate_long_yen
        + separate_long_housing_yen
        + separate_long_residence_yen
    )
    stock = separate_dividend_after_carried_yen + unlisted_stock_yen + listed_stock_after_carried_yen
    return general_total_income_yen + forest_after_losses_yen + land + stock + futures_after_carried_yen


RULES = (
    salary_income_yen, family_adjustment_yen, spouse_specially_disabled, income_beside_pension_yen, pension_income_yen,
    elderly_pensioner, pension_adjustment_yen, salary_income_adjusted_yen, short_transfer_net_yen, long_transfer_net_yen,
    transfer_loss_yen, short_transfer_income_yen, long_transfer_income_yen, temporary_income_yen, halved_income_yen,
    current_income_yen, temporary_after_transfer_loss_yen, current_after_transfer_loss_yen,
    short_transfer_after_losses_yen, halved_after_losses_yen, comprehensive_income_yen, forest_after_losses_yen,
    separate_dividend_net_yen, separate_income_yen, total_income_yen, general_total_income_yen,
    listed_stock_after_carried_yen, separate_dividend_after_carried_yen, futures_after_carried_yen,
    total_income_amounts_yen,
)  # fmt: skip
