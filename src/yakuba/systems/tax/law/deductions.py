"""所得控除 (地方税法 第314条の2) and the 人的控除額の差 (第314条の6)."""

from __future__ import annotations

from fractions import Fraction

from yakuba.core.rules import Params, round_up, rule

from .income import YEN

PREMIUM = round_up(1, "生命保険料控除・地震保険料控除の計算の1円未満の端数は切上げ")


@rule(article="地方税法 第292条第1項第7号", start=2021)
def same_livelihood_spouse(spouse: bool, spouse_total_income_yen: int, relative_income: Params) -> bool:
    """同一生計配偶者."""
    return spouse and spouse_total_income_yen <= relative_income.limit_yen


@rule(article="地方税法 第314条の2第1項第1号", start=2021, rounding=YEN, export=True)
def casualty_deduction_yen(
    casualty_loss_yen: int, disaster_expense_yen: int, total_income_amounts_yen: int, casualty_deduction: Params
) -> Fraction:
    """雑損控除. The larger of two ways."""
    by_income = casualty_loss_yen - total_income_amounts_yen * casualty_deduction.income_rate
    by_expense = min(disaster_expense_yen, casualty_loss_yen) - casualty_deduction.disaster_threshold_yen
    return max(by_income, by_expense, 0)


@rule(article="地方税法 第314条の2第1項第2号", start=2021, rounding=YEN)
def medical_threshold_yen(total_income_amounts_yen: int, medical_deduction: Params) -> Fraction:
    """医療費控除の足切り額."""
    return min(total_income_amounts_yen * medical_deduction.income_rate, medical_deduction.threshold_yen)


@rule(article="地方税法 第314条の2第1項第2号・附則第4条の4第3項", start=2021, export=True)
def medical_deduction_yen(
    medical_net_yen: int,
    self_medication_yen: int,
    self_medication_chosen: bool,
    medical_threshold_yen: int,
    medical_deduction: Params,
) -> int:
    """医療費控除. Or, where it is chosen, that of self-medication; never both."""
    if self_medication_chosen:
        chosen = max(self_medication_yen - medical_deduction.self_threshold_yen, 0)
        return min(chosen, medical_deduction.self_cap_yen)
    return min(max(medical_net_yen - medical_threshold_yen, 0), medical_deduction.cap_yen)


@rule(article="地方税法 第314条の2第1項第3号", start=2021, export=True)
def social_insurance_deduction_yen(social_insurance_yen: int) -> int:
    """社会保険料控除. All that was paid."""
    return social_insurance_yen


@rule(article="地方税法 第314条の2第1項第4号", start=2021, export=True)
def mutual_aid_deduction_yen(mutual_aid_yen: int) -> int:
    """小規模企業共済等掛金控除. All that was paid."""
    return mutual_aid_yen


@rule(article="地方税法 第314条の2第1項第5号イ", start=2021, rounding=PREMIUM)
def life_new_general_part_yen(life_new_general_yen: int, life_insurance: Params) -> Fraction:
    """新一般生命保険料の控除額."""
    row = life_insurance.new.at(life_new_general_yen)
    return life_new_general_yen * row.rate + row.add_yen


@rule(article="地方税法 第314条の2第1項第5号イ", start=2021, rounding=PREMIUM)
def life_old_general_part_yen(life_old_general_yen: int, life_insurance: Params) -> Fraction:
    """旧一般生命保険料の控除額."""
    row = life_insurance.old.at(life_old_general_yen)
    return life_old_general_yen * row.rate + row.add_yen


@rule(article="地方税法 第314条の2第1項第5号ロ", start=2021, rounding=PREMIUM, export=True)
def life_care_part_yen(life_care_yen: int, life_insurance: Params) -> Fraction:
    """介護医療保険料の控除額."""
    row = life_insurance.new.at(life_care_yen)
    return life_care_yen * row.rate + row.add_yen


@rule(article="地方税法 第314条の2第1項第5号ハ", start=2021, rounding=PREMIUM)
def life_new_pension_part_yen(life_new_pension_yen: int, life_insurance: Params) -> Fraction:
    """新個人年金保険料の控除額."""
    row = life_insurance.new.at(life_new_pension_yen)
    return life_new_pension_yen * row.rate + row.add_yen


@rule(article="地方税法 第314条の2第1項第5号ハ", start=2021, rounding=PREMIUM)
def life_old_pension_part_yen(life_old_pension_yen: int, life_insurance: Params) -> Fraction:
    """旧個人年金保険料の控除額."""
    row = life_insurance.old.at(life_old_pension_yen)
    return life_old_pension_yen * row.rate + row.add_yen


@rule(article="地方税法 第314条の2第1項第5号イ", start=2021, export=True)
def life_general_part_yen(
    life_new_general_part_yen: int, life_old_general_part_yen: int, life_insurance: Params
) -> int:
    """一般生命保険料の控除額. Old contracts alone, or old and new together, whichever is more."""
    together = min(life_new_general_part_yen + life_old_general_part_yen, life_insurance.mixed_cap_yen)
    return max(life_old_general_part_yen, together)


@rule(article="地方税法 第314条の2第1項第5号ハ", start=2021, export=True)
def life_pension_part_yen(
    life_new_pension_part_yen: int, life_old_pension_part_yen: int, life_insurance: Params
) -> int:
    """個人年金保険料の控除額. Old contracts alone, or old and new together, whichever is more."""
    together = min(life_new_pension_part_yen + life_old_pension_part_yen, life_insurance.mixed_cap_yen)
    return max(life_old_pension_part_yen, together)


@rule(article="地方税法 第314条の2第1項第5号", start=2021, export=True)
def life_insurance_deduction_yen(
    life_general_part_yen: int, life_care_part_yen: int, life_pension_part_yen: int, life_insurance: Params
) -> int:
    """生命保険料控除."""
    return min(life_general_part_yen + life_care_part_yen + life_pension_part_yen, life_insurance.total_cap_yen)


@rule(article="地方税法 第314条の2第1項第5号の3", start=2021, rounding=PREMIUM)
def earthquake_part_yen(earthquake_premium_yen: int, earthquake_insurance: Params) -> Fraction:
    """地震保険料の控除額."""
    return min(earthquake_premium_yen * earthquake_insurance.share, earthquake_insurance.cap_yen)


@rule(article="地方税法 第314条の2第1項第5号の3、平成18年改正法附則", start=2021, rounding=PREMIUM)
def old_long_term_part_yen(old_long_term_premium_yen: int, earthquake_insurance: Params) -> Fraction:
    """旧長期損害保険料の控除額."""
    row = earthquake_insurance.old_long_term.at(old_long_term_premium_yen)
    return old_long_term_premium_yen * row.rate + row.add_yen


@rule(article="地方税法 第314条の2第1項第5号の3", start=2021, export=True)
def earthquake_deduction_yen(
    earthquake_part_yen: int, old_long_term_part_yen: int, earthquake_insurance: Params
) -> int:
    """地震保険料控除."""
    return min(earthquake_part_yen + old_long_term_part_yen, earthquake_insurance.cap_yen)


@rule(article="地方税法 第314条の2第1項第6号・第3項", start=2021, export=True)
def disability_deduction_yen(
    disability: int,
    same_livelihood_spouse: bool,
    spouse_disability: int,
    spouse_cohabiting: bool,
    dependants_disability_ordinary_count: int,
    dependants_disability_special_count: int,
    dependants_disability_special_cohabiting_count: int,
    disability_deduction: Params,
) -> int:
    """障害者控除. One's own, the spouse's and the dependants', those under 16 too."""
    own = 0
    if disability == 1:
        own = disability_deduction.ordinary_yen
    if disability == 2:
        own = disability_deduction.special_yen
    of_spouse = 0
    if same_livelihood_spouse and spouse_disability == 1:
        of_spouse = disability_deduction.ordinary_yen
    if same_livelihood_spouse and spouse_disability == 2:
        of_spouse = (
            disability_deduction.special_cohabiting_yen if spouse_cohabiting else disability_deduction.special_yen
        )
    return (
        own
        + of_spouse
        + dependants_disability_ordinary_count * disability_deduction.ordinary_yen
        + dependants_disability_special_count * disability_deduction.special_yen
        + dependants_disability_special_cohabiting_count * disability_deduction.special_cohabiting_yen
    )


@rule(article="地方税法 第314条の2第1項第8号、第292条第1項第11号", start=2021, export=True)
def widow_deduction_yen(widow: bool, single_parent: int, total_income_yen: int, widow_deduction: Params) -> int:
    """寡婦控除. A single parent has that deduction instead."""
    if not widow or single_parent > 0 or total_income_yen > widow_deduction.income_limit_yen:
        return 0
    return widow_deduction.amount_yen


@rule(article="地方税法 第314条の2第1項第8号の2、第292条第1項第12号", start=2021, export=True)
def single_parent_deduction_yen(single_parent: int, total_income_yen: int, single_parent_deduction: Params) -> int:
    """ひとり親控除."""
    if single_parent == 0 or total_income_yen > single_parent_deduction.income_limit_yen:
        return 0
    return single_parent_deduction.amount_yen


@rule(article="地方税法 第314条の2第1項第9号、第292条第1項第13号", start=2021, export=True)
def working_student_deduction_yen(
    working_student: bool, total_income_yen: int, non_work_income_yen: int, working_student_deduction: Params
) -> int:
    """勤労学生控除."""
    if not working_student or total_income_yen > working_student_deduction.income_limit_yen:
        return 0
    if non_work_income_yen > working_student_deduction.other_limit_yen:
        return 0
    return working_student_deduction.amount_yen


@rule(article="地方税法 第314条の2第1項第10号", start=2021, export=True)
def spouse_deduction_yen(
    same_livelihood_spouse: bool, spouse_age: int, total_income_yen: int, spouse_deduction: Params
) -> int:
    """配偶者控除. Nothing above 10 million yen of one's own income."""
    row = spouse_deduction.by_total_income.at(total_income_yen)
    if not same_livelihood_spouse:
        return 0
    return row.elderly_yen if spouse_age >= spouse_deduction.elderly_age else row.general_yen


@rule(article="地方税法 第314条の2第1項第10号の2", start=2021, export=True)
def spouse_special_deduction_yen(
    spouse: bool, spouse_total_income_yen: int, total_income_yen: int, spouse_special_deduction: Params
) -> int:
    """配偶者特別控除. Less, the more the spouse earns and the more oneself."""
    row = spouse_special_deduction.by_spouse_income.at(spouse_total_income_yen)
    if not spouse or total_income_yen > spouse_special_deduction.third_limit_yen:
        return 0
    if total_income_yen > spouse_special_deduction.second_limit_yen:
        return row.third_yen
    return row.second_yen if total_income_yen > spouse_special_deduction.first_limit_yen else row.first_yen


@rule(article="地方税法 第314条の2第1項第11号", start=2021, export=True)
def dependant_deduction_yen(
    dependants_general_count: int,
    dependants_specific_count: int,
    dependants_elderly_count: int,
    dependants_elderly_cohabiting_count: int,
    dependant_deduction: Params,
) -> int:
    """扶養控除. None for those under 16."""
    return (
        dependants_general_count * dependant_deduction.general_yen
        + dependants_specific_count * dependant_deduction.specific_yen
        + dependants_elderly_count * dependant_deduction.elderly_yen
        + dependants_elderly_cohabiting_count * dependant_deduction.elderly_cohabiting_yen
    )


@rule(article="地方税法 第314条の2第1項第12号", start=2026, export=True)
def specific_relatives_deduction_yen(specific_relatives_yen: int) -> int:
    """特定親族特別控除. The sum of what each relative gives."""
    return specific_relatives_yen


@rule(article="地方税法 第314条の2第2項", start=2021, export=True)
def basic_deduction_yen(total_income_yen: int, basic_deduction: Params) -> int:
    """基礎控除."""
    return basic_deduction.by_total_income.at(total_income_yen).amount_yen


@rule(article="地方税法 第314条の2", start=2021)
def deductions_for_persons_yen(
    disability_deduction_yen: int,
    widow_deduction_yen: int,
    single_parent_deduction_yen: int,
    working_student_deduction_yen: int,
    spouse_deduction_yen: int,
    spouse_special_deduction_yen: int,
    dependant_deduction_yen: int,
    basic_deduction_yen: int,
) -> int:
    """人的控除の計."""
    status = widow_deduction_yen + single_parent_deduction_yen + working_student_deduction_yen
    family = spouse_deduction_yen + spouse_special_deduction_yen + dependant_deduction_yen
    return disability_deduction_yen + status + family + basic_deduction_yen


@rule(article="地方税法 第314条の2第1項第1号から第5号の3まで", start=2021)
def deductions_for_outlay_yen(
    casualty_deduction_yen: int,
    medical_deduction_yen: int,
    social_insurance_deduction_yen: int,
    mutual_aid_deduction_yen: int,
    life_insurance_deduction_yen: int,
    earthquake_deduction_yen: int,
) -> int:
    """物的控除の計."""
    insurance = social_insurance_deduction_yen + life_insurance_deduction_yen + earthquake_deduction_yen
    return casualty_deduction_yen + medical_deduction_yen + mutual_aid_deduction_yen + insurance


@rule(article="地方税法 第314条の2", start=2021, end=2025, name="deductions_total_yen", export=True)
def deductions_total_until_2025_yen(deductions_for_outlay_yen: int, deductions_for_persons_yen: int) -> int:
    """所得控除の計."""
    return deductions_for_outlay_yen + deductions_for_persons_yen


@rule(article="地方税法 第314条の2", start=2026, export=True)
def deductions_total_yen(
    deductions_for_outlay_yen: int, deductions_for_persons_yen: int, specific_relatives_deduction_yen: int
) -> int:
    """所得控除の計."""
    return deductions_for_outlay_yen + deductions_for_persons_yen + specific_relatives_deduction_yen


@rule(article="地方税法 第314条の6第1号イ", start=2021)
def disability_difference_yen(
    disability: int,
    same_livelihood_spouse: bool,
    spouse_disability: int,
    spouse_cohabiting: bool,
    dependants_disability_ordinary_count: int,
    dependants_disability_special_count: int,
    dependants_disability_special_cohabiting_count: int,
    personal_difference: Params,
) -> int:
    """障害者控除の差."""
    own = 0
    if disability == 1:
        own = personal_difference.disability_ordinary_yen
    if disability == 2:
        own = personal_difference.disability_special_yen
    of_spouse = 0
    if same_livelihood_spouse and spouse_disability == 1:
        of_spouse = personal_difference.disability_ordinary_yen
    if same_livelihood_spouse and spouse_disability == 2:
        of_spouse = (
            personal_difference.disability_special_cohabiting_yen
            if spouse_cohabiting
            else personal_difference.disability_special_yen
        )
    return (
        own
        + of_spouse
        + dependants_disability_ordinary_count * personal_difference.disability_ordinary_yen
        + dependants_disability_special_count * personal_difference.disability_special_yen
        + dependants_disability_special_cohabiting_count * personal_difference.disability_special_cohabiting_yen
    )


@rule(article="地方税法 第314条の6第1号イ", start=2021)
def status_difference_yen(
    widow_deduction_yen: int,
    single_parent_deduction_yen: int,
    single_parent: int,
    working_student_deduction_yen: int,
    personal_difference: Params,
) -> int:
    """寡婦・ひとり親・勤労学生控除の差. A father's is that of the former widower."""
    widow = personal_difference.widow_yen if widow_deduction_yen > 0 else 0
    student = personal_difference.working_student_yen if working_student_deduction_yen > 0 else 0
    parent = 0
    if single_parent_deduction_yen > 0:
        parent = personal_difference.mother_yen if single_parent == 1 else personal_difference.father_yen
    return widow + student + parent


@rule(article="地方税法 第314条の6第1号イ", start=2021, end=2025, name="spouse_difference_yen")
def spouse_difference_until_2025_yen(
    spouse_deduction_yen: int,
    spouse_special_deduction_yen: int,
    spouse_age: int,
    spouse_total_income_yen: int,
    total_income_yen: int,
    spouse_deduction: Params,
    spouse_special_deduction: Params,
    personal_difference: Params,
) -> int:
    """配偶者控除・配偶者特別控除の差."""
    row = personal_difference.spouse.at(total_income_yen)
    special = personal_difference.spouse_special.at(spouse_total_income_yen)
    if spouse_deduction_yen > 0:
        return row.elderly_yen if spouse_age >= spouse_deduction.elderly_age else row.general_yen
    if spouse_special_deduction_yen == 0:
        return 0
    if total_income_yen > spouse_special_deduction.second_limit_yen:
        return special.third_yen
    return special.second_yen if total_income_yen > spouse_special_deduction.first_limit_yen else special.first_yen


@rule(article="地方税法 第314条の6第1号イ", start=2026)
def spouse_difference_yen(
    spouse_deduction_yen: int,
    spouse_age: int,
    total_income_yen: int,
    spouse_deduction: Params,
    personal_difference: Params,
) -> int:
    """配偶者控除の差. Since 令和8年度 no 配偶者特別控除 has one."""
    row = personal_difference.spouse.at(total_income_yen)
    if spouse_deduction_yen == 0:
        return 0
    return row.elderly_yen if spouse_age >= spouse_deduction.elderly_age else row.general_yen


@rule(article="地方税法 第314条の6第1号イ", start=2021)
def dependant_difference_yen(
    dependants_general_count: int,
    dependants_specific_count: int,
    dependants_elderly_count: int,
    dependants_elderly_cohabiting_count: int,
    personal_difference: Params,
) -> int:
    """扶養控除の差."""
    return (
        dependants_general_count * personal_difference.dependant_general_yen
        + dependants_specific_count * personal_difference.dependant_specific_yen
        + dependants_elderly_count * personal_difference.dependant_elderly_yen
        + dependants_elderly_cohabiting_count * personal_difference.dependant_elderly_cohabiting_yen
    )


@rule(article="地方税法 第314条の6第1号イ", start=2021)
def difference_beside_basic_yen(
    disability_difference_yen: int,
    status_difference_yen: int,
    spouse_difference_yen: int,
    dependant_difference_yen: int,
) -> int:
    """人的控除額の差（基礎控除を除く）."""
    return disability_difference_yen + status_difference_yen + spouse_difference_yen + dependant_difference_yen


@rule(article="地方税法 第314条の6第1号イ", start=2021, export=True)
def personal_difference_yen(
    difference_beside_basic_yen: int, total_income_yen: int, personal_difference: Params
) -> int:
    """人的控除額の差の合計."""
    if total_income_yen > personal_difference.basic_limit_yen:
        return difference_beside_basic_yen
    return difference_beside_basic_yen + personal_difference.basic_yen


RULES = (
    same_livelihood_spouse, casualty_deduction_yen, medical_threshold_yen, medical_deduction_yen,
    social_insurance_deduction_yen, mutual_aid_deduction_yen, life_new_general_part_yen, life_old_general_part_yen,
    life_care_part_yen, life_new_pension_part_yen, life_old_pension_part_yen, life_general_part_yen,
    life_pension_part_yen, life_insurance_deduction_yen, earthquake_part_yen, old_long_term_part_yen,
    earthquake_deduction_yen, disability_deduction_yen, widow_deduction_yen, single_parent_deduction_yen,
    working_student_deduction_yen, spouse_deduction_yen, spouse_special_deduction_yen, dependant_deduction_yen,
    specific_relatives_deduction_yen, basic_deduction_yen, deductions_for_persons_yen, deductions_for_outlay_yen,
    deductions_total_until_2025_yen, deductions_total_yen, disability_difference_yen, status_difference_yen,
    spouse_difference_until_2025_yen, spouse_difference_yen, dependant_difference_yen, difference_beside_basic_yen,
    personal_difference_yen,
)  # fmt: skip
