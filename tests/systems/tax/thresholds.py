"""Worked cases of our own: one yen below, at and one yen above every threshold, each year.

What is expected comes from the second computation (`yakuba.systems.tax.second`), never from the rules that are tested.
`python -m tests.systems.tax.thresholds` writes the file anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from yakuba.systems.tax.second import Kin, Payer, compute

FILE = Path(__file__).with_name("data") / "threshold_cases.yaml"
YEARS = range(2021, 2027)
_HEAD = """# Worked cases of this project, at the thresholds of the law: one yen below, at and one yen above, each year.
# Written by `python -m tests.systems.tax.thresholds`; expected values come from the second computation.
"""
_LIFE = ("new_general", "old_general", "care", "new_pension", "old_pension")
_ALWAYS = (
    "total_income", "deductions_total", "adjustment_difference", "taxable_income", "city_income_levy",
    "pref_income_levy", "annual_total",
)  # fmt: skip


def around(*values: int) -> Iterator[int]:
    for value in values:
        yield from (value - 1, value, value + 1)


def payers() -> Iterator[tuple[str, Payer]]:
    """Every case with its title."""
    for year in YEARS:
        one = Payer(year)
        rows = (
            (651_000, 1_900_000) if year == 2026 else (551_000, 1_619_000, 1_620_000, 1_622_000, 1_624_000, 1_628_000)
        )
        for salary in around(*rows, 1_800_000, 3_600_000, 6_600_000, 8_500_000, 10_000_000):
            yield "給与収入", replace(one, salary=salary)
        for salary in around(8_500_000, 10_000_000):
            yield "所得金額調整控除（子）", replace(one, salary=salary, kin=(Kin(22), Kin(14)))
        for pension in around(600_000, 1_300_000, 4_100_000, 7_700_000, 10_000_000):
            yield "公的年金（65歳未満）", replace(one, age=64, pension=pension)
        for pension in around(1_100_000, 3_300_000, 4_100_000, 7_700_000, 10_000_000):
            yield "公的年金（65歳以上）", replace(one, age=65, pension=pension)
        for business in around(10_000_000, 20_000_000):
            yield "年金以外の所得", replace(one, age=70, pension=2_000_000, business=business)
        for salary in around(650_000 if year < 2026 else 750_000):
            yield "給与と年金の調整", replace(one, age=66, salary=salary, pension=1_200_000)
        for business in around(24_000_000, 24_500_000, 25_000_000):
            yield "基礎控除", replace(one, business=business)
        limit = 580_000 if year == 2026 else 480_000
        steps = (1_000_000, 1_050_000, 1_100_000, 1_150_000, 1_200_000, 1_250_000, 1_300_000, 1_330_000)
        middle = () if year == 2026 else (500_000, 550_000)
        for income in around(limit, *middle, *steps):
            yield "配偶者の所得", replace(one, business=5_000_000, spouse=Kin(40, income))
        for business in around(9_000_000, 9_500_000, 10_000_000):
            yield "配偶者控除（本人の所得）", replace(one, business=business, spouse=Kin(69))
            yield "老人配偶者控除（本人の所得）", replace(one, business=business, spouse=Kin(70))
            yield "配偶者特別控除（本人の所得）", replace(one, business=business, spouse=Kin(40, 1_020_000))
        for age in (15, 16, 18, 19, 22, 23, 69, 70):
            yield "扶養親族の年齢", replace(one, business=5_000_000, kin=(Kin(age),))
            yield "同居の直系尊属の年齢", replace(one, business=5_000_000, kin=(Kin(age, 0, True, True),))
        for income in around(limit):
            yield "扶養親族の所得", replace(one, business=5_000_000, kin=(Kin(30, income),))
        if year == 2026:
            for income in around(580_000, 950_000, 1_000_000, 1_050_000, 1_100_000, 1_150_000, 1_200_000, 1_230_000):
                yield "特定親族の所得", replace(one, business=5_000_000, kin=(Kin(20, income),))
        for grade in (1, 2, 3):
            per_head, added = {1: (350_000, 210_000), 2: (315_000, 189_000), 3: (280_000, 168_000)}[grade]
            for heads in (1, 2, 4):
                kin = tuple(Kin(10) for _ in range(heads - 1))
                bound = per_head * heads + 100_000 + (added if heads > 1 else 0)
                for business in around(bound):
                    yield f"均等割の限度（{grade}級地）", replace(one, business=business, kin=kin, grade=grade)
        for heads in (1, 2, 5):
            kin = tuple(Kin(10) for _ in range(heads - 1))
            for business in around(350_000 * heads + 100_000 + (320_000 if heads > 1 else 0)):
                yield "所得割の限度と調整措置", replace(one, business=business, kin=kin)
        for business in around(1_350_000):
            for title, status in (
                ("障害者", {"disability": 1}),
                ("未成年者", {"minor": True, "age": 17}),
                ("寡婦", {"widow": True}),
                ("ひとり親", {"single_parent": 2}),
            ):
                yield f"135万円（{title}）", replace(one, business=business, **status)
        for business in around(5_000_000):
            yield "寡婦控除", replace(one, business=business, widow=True)
            yield "ひとり親控除（母）", replace(one, business=business, single_parent=1, kin=(Kin(10),))
        for business in around(850_000 if year == 2026 else 750_000):
            yield "勤労学生控除", replace(one, business=business, student=True)
        # 合計課税所得金額 about 2,000,000: the steps are 1,000 yen.
        for taxable in (1_999_000, 2_000_000, 2_001_000, 2_050_000, 2_080_000, 2_130_000):
            yield "調整控除", replace(one, business=taxable + 430_000)
            yield "調整控除（扶養）", replace(one, business=taxable + 880_000, kin=(Kin(20),))
            yield "調整控除（指定都市）", replace(one, business=taxable + 430_000, designated=True)
        for paid in around(12_000, 15_000, 32_000, 40_000, 56_000, 70_000):
            yield "新生命保険料", replace(one, business=3_000_000, life=(paid, 0, 0, 0, 0))
            yield "旧生命保険料", replace(one, business=3_000_000, life=(0, paid, 0, 0, 0))
            yield "新旧・介護・年金", replace(one, business=3_000_000, life=(paid, 20_000, paid, 0, paid))
        for paid in around(5_000, 15_000, 50_000):
            yield "地震保険料", replace(one, business=3_000_000, earthquake=paid)
            yield "旧長期損害保険料", replace(one, business=3_000_000, long_term=paid)
        for paid in around(100_000, 2_100_000):
            yield "医療費（10万円）", replace(one, business=5_000_000, medical=paid)
        for paid in around(75_000):
            yield "医療費（5%）", replace(one, business=1_500_000, medical=paid)
        for gift in around(2_000, 30_000, 60_000):
            yield "ふるさと納税", replace(one, business=5_000_000, furusato=gift)
            yield "ワンストップ特例", replace(one, business=5_000_000, furusato=gift, one_stop=True)
        # 課税総所得金額 less the difference at the brackets of income tax; the steps are 1,000 yen.
        for over in (1_950_000, 3_300_000, 6_950_000, 9_000_000, 18_000_000):
            for taxable in (over + 49_000, over + 50_000, over + 51_000):
                yield "特例控除の率", replace(one, business=taxable + 430_000, furusato=50_000)
                yield "申告特例控除の割合", replace(one, business=taxable + 430_000, furusato=50_000, one_stop=True)
        for gift in around(100_000):
            yield "特例控除の限度", replace(one, business=2_000_000, furusato=gift, designated=True)
        if year in (2024, 2025):
            for business in around(10_000_000, 18_050_000):
                yield "定額減税", replace(one, business=business, spouse=Kin(40), kin=(Kin(10), Kin(17)))
            for business in (900_000, 910_000, 1_000_000, 1_100_000):
                yield "定額減税（控除しきれない）", replace(one, business=business, kin=(Kin(80, 0, True, True),))


def case(number: int, title: str, payer: Payer) -> dict[str, Any]:
    """A taxpayer as a worked case."""
    person: dict[str, Any] = {"age": payer.age}
    if payer.minor:
        person["minor"] = True
    if payer.disability:
        person["disability"] = ("", "普通", "特別")[payer.disability]
    if payer.single_parent:
        person["single_parent"] = ("", "母", "父")[payer.single_parent]
    if payer.widow:
        person["widow"] = True
    if payer.student:
        person["working_student"] = True
    inputs: dict[str, Any] = {
        name: value
        for name, value in {
            "salary_revenue": payer.salary,
            "pension_revenue": payer.pension,
            "business_income": payer.business,
            "earthquake_premium": payer.earthquake,
            "old_long_term_premium": payer.long_term,
            "medical_net": payer.medical,
            "furusato_donation": payer.furusato,
            "one_stop": payer.one_stop,
        }.items()
        if value
    }
    if any(payer.life):
        inputs["life_insurance"] = {name: paid for name, paid in zip(_LIFE, payer.life, strict=True) if paid}
    inputs["taxpayer"] = person
    if payer.spouse:
        inputs["spouse"] = {"age": payer.spouse.age, "total_income": payer.spouse.income}
    if payer.kin:
        inputs["dependants"] = [_kin(one) for one in payer.kin]
    inputs["grade"] = f"{payer.grade}級地"
    values = compute(payer)
    expected = {
        name: values[name]
        for name in ("salary_income", "pension_income", "income_adjustment")
        if (name == "income_adjustment" and values[name]) or name.split("_")[0] in "".join(inputs)
    }
    expected |= {name: values[name] for name in _ALWAYS}
    return {
        "id": f"TH-{payer.year}-{number:04}",
        "type": "full",
        "title": title,
        "origin": "derived",
        "fiscal_year_ad": payer.year,
        **({"municipality": {"designated_city": True}} if payer.designated else {}),
        "inputs": inputs,
        "expected": expected,
    }


def _kin(one: Kin) -> dict[str, Any]:
    listed: dict[str, Any] = {"age": one.age, "total_income": one.income}
    if one.ascendant:
        listed |= {"ascendant": True, "cohabiting": one.cohabiting}
    return listed


def text() -> str:
    """The whole file."""
    lines = [_HEAD + "tax:"]
    for number, (title, payer) in enumerate(payers(), start=1):
        dumped = yaml.safe_dump(
            case(number, title, payer), allow_unicode=True, sort_keys=False, default_flow_style=True, width=10_000
        )
        lines.append(f"- {dumped.strip()}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
