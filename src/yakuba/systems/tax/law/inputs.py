"""What must be known of a taxpayer and of a relative; amounts are those of the year before the 年度."""

from __future__ import annotations

from yakuba.core.rules import Input

_MOST_YEN = 99_999_999_999


def _yen(name: str, label: str, *, minimum: int = 0) -> Input:
    return Input(name, label, "yen", minimum, _MOST_YEN)


def _flag(name: str, label: str) -> Input:
    return Input(name, label, "flag", 0, 1)


def _count(name: str, label: str) -> Input:
    return Input(name, label, "count", 0, 40)


TAXPAYER = (
    Input("age", "前年12月31日の年齢", "age", 0, 150, absent=None),
    _flag("minor", "賦課期日に未成年"),
    _flag("on_livelihood_aid", "生活扶助を受けている"),
    Input("disability", "本人の障害（0なし、1普通、2特別）", "number", 0, 2),
    _flag("widow", "寡婦"),
    Input("single_parent", "ひとり親（0該当なし、1母、2父）", "number", 0, 2),
    _flag("working_student", "勤労学生"),
    _yen("non_work_income_yen", "勤労によらない所得"),
    # income
    _yen("salary_revenue_yen", "給与収入金額"),
    _yen("specific_expense_yen", "給与所得者の特定支出控除額"),
    _yen("pension_revenue_yen", "公的年金等の収入金額"),
    _yen("business_income_yen", "事業所得", minimum=-_MOST_YEN),
    _yen("real_estate_income_yen", "不動産所得", minimum=-_MOST_YEN),
    _yen("interest_income_yen", "利子所得"),
    _yen("dividend_income_yen", "配当所得（総合課税）"),
    _yen("other_income_yen", "業務・その他の雑所得等"),
    _yen("short_transfer_gain_yen", "総合短期譲渡の差引金額", minimum=-_MOST_YEN),
    _yen("long_transfer_gain_yen", "総合長期譲渡の差引金額", minimum=-_MOST_YEN),
    _yen("temporary_revenue_yen", "一時所得の収入金額"),
    _yen("temporary_expense_yen", "一時所得の支出金額"),
    _yen("forest_income_yen", "山林所得"),
    _yen("net_loss_carried_yen", "純損失の繰越控除額"),
    _yen("casualty_loss_carried_yen", "雑損失の繰越控除額"),
    # separate income
    _yen("separate_short_yen", "分離短期譲渡所得"),
    _yen("separate_short_special_yen", "分離短期譲渡の特別控除額"),
    _yen("separate_short_public_yen", "分離短期譲渡所得（国等への譲渡）"),
    _yen("separate_long_yen", "分離長期譲渡所得"),
    _yen("separate_long_special_yen", "分離長期譲渡の特別控除額"),
    _yen("separate_long_housing_yen", "分離長期譲渡所得（優良住宅地）"),
    _yen("separate_long_housing_special_yen", "分離長期譲渡の特別控除額（優良住宅地）"),
    _yen("separate_long_residence_yen", "分離長期譲渡所得（居住用財産）"),
    _yen("separate_long_residence_special_yen", "分離長期譲渡の特別控除額（居住用財産）"),
    _yen("separate_dividend_yen", "上場株式等の配当所得（分離課税）"),
    _yen("unlisted_stock_yen", "一般株式等の譲渡所得"),
    _yen("listed_stock_yen", "上場株式等の譲渡所得", minimum=-_MOST_YEN),
    _yen("listed_stock_loss_carried_yen", "上場株式等の譲渡損失の繰越控除額"),
    _yen("futures_yen", "先物取引の雑所得等"),
    _yen("futures_loss_carried_yen", "先物取引の差金等決済の損失の繰越控除額"),
    # deductions
    _yen("social_insurance_yen", "社会保険料の支払額"),
    _yen("mutual_aid_yen", "小規模企業共済等掛金の支払額"),
    _yen("life_new_general_yen", "新一般生命保険料"),
    _yen("life_old_general_yen", "旧一般生命保険料"),
    _yen("life_care_yen", "介護医療保険料"),
    _yen("life_new_pension_yen", "新個人年金保険料"),
    _yen("life_old_pension_yen", "旧個人年金保険料"),
    _yen("earthquake_premium_yen", "地震保険料"),
    _yen("old_long_term_premium_yen", "旧長期損害保険料"),
    _yen("medical_net_yen", "医療費（補填後）"),
    _yen("self_medication_yen", "特定一般用医薬品等購入費"),
    _flag("self_medication_chosen", "セルフメディケーション税制の選択"),
    _yen("casualty_loss_yen", "差引損失額"),
    _yen("disaster_expense_yen", "災害関連支出の金額"),
    # family
    _flag("spouse", "生計を一にする配偶者"),
    _yen("spouse_total_income_yen", "配偶者の合計所得金額"),
    Input("spouse_age", "配偶者の前年12月31日の年齢", "age", 0, 150),
    Input("spouse_disability", "配偶者の障害（0なし、1普通、2特別）", "number", 0, 2),
    _flag("spouse_cohabiting", "配偶者との同居"),
    _flag("spouse_abroad", "配偶者の国外居住"),
    _count("dependants_count", "扶養親族の数（年少を含む）"),
    _count("dependants_abroad_count", "国外居住の扶養親族の数"),
    _count("dependants_general_count", "一般の控除対象扶養親族の数"),
    _count("dependants_specific_count", "特定扶養親族の数"),
    _count("dependants_elderly_count", "老人扶養親族の数（同居老親等を除く）"),
    _count("dependants_elderly_cohabiting_count", "同居老親等の数"),
    _count("dependants_under_23_count", "23歳未満の扶養親族の数"),
    _count("dependants_disability_ordinary_count", "普通障害の扶養親族の数"),
    _count("dependants_disability_special_count", "特別障害の扶養親族の数（同居を除く）"),
    _count("dependants_disability_special_cohabiting_count", "同居特別障害の扶養親族の数"),
    _yen("specific_relatives_yen", "特定親族特別控除額の計"),
    # credits
    _yen("dividend_stock_yen", "配当控除の対象となる剰余金の配当"),
    _yen("dividend_trust_yen", "配当控除の対象となる証券投資信託の分配"),
    _yen("dividend_foreign_yen", "配当控除の対象となる外貨建等証券投資信託の分配"),
    Input("housing_loan_kind", "住宅借入金等特別税額控除の区分（0なし、1限度5%、2限度7%）", "number", 0, 2),
    _yen("housing_loan_available_yen", "所得税の住宅借入金等特別控除可能額"),
    _yen("income_tax_yen", "住宅借入金等特別控除前の所得税額"),
    _yen("income_tax_taxable_yen", "所得税の課税総所得金額等"),
    _yen("furusato_donation_yen", "都道府県・市区町村への寄附金"),
    _yen("common_donation_yen", "共同募金会・日本赤十字社支部への寄附金"),
    _yen("city_donation_yen", "市町村の条例で定める寄附金"),
    _yen("pref_donation_yen", "都道府県の条例で定める寄附金"),
    _flag("one_stop", "寄附金税額控除に係る申告の特例"),
    _yen("foreign_tax_left_yen", "所得税で控除しきれない外国税額"),
    _yen("foreign_tax_limit_yen", "外国税額控除の所得税の控除限度額"),
    _yen("withheld_levy_yen", "配当割額・株式等譲渡所得割額"),
)

RELATIVE = (
    Input("relative_age", "親族の前年12月31日の年齢", "age", 0, 150, absent=None),
    _yen("relative_total_income_yen", "親族の合計所得金額"),
    _flag("relative_ascendant", "納税義務者又は配偶者の直系尊属"),
    _flag("relative_cohabiting", "同居"),
    Input("relative_disability", "親族の障害（0なし、1普通、2特別）", "number", 0, 2),
    _flag("relative_abroad", "国外居住"),
    _flag("relative_abroad_qualifies", "留学・障害・38万円以上の送金のいずれか"),
)
