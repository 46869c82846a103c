"""The published worked cases, and what a case file may say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yakuba.cli import main
from yakuba.systems.tax import cases

PUBLISHED = Path(__file__).with_name("data") / "published_cases.yaml"
CASES = cases.load(PUBLISHED)

MINIMAL = """
tax:
- id: T-1
  type: component
  rule: 給与所得控除
  fiscal_year_ad: {year}
  inputs: {{{inputs}}}
  expected: {{{expected}}}
"""


def written(folder: Path, inputs: str, expected: str, year: int = 2024) -> Path:
    path = folder / "cases.yaml"
    path.write_text(MINIMAL.format(inputs=inputs, expected=expected, year=year), encoding="utf-8")
    return path


@pytest.mark.parametrize(("section", "case"), CASES, ids=[str(case["id"]) for _, case in CASES])
def test_a_published_case_comes_out_to_the_yen(section: str, case: dict[str, object]) -> None:
    result = cases.run(section, case)
    assert result.supported, result.reason
    assert [one for one in result.fields if not one.ok] == []


def test_every_expected_field_is_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tax", "case", str(PUBLISHED), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    by_id = {case["id"]: case for case in told["cases"]}
    for _, case in CASES:
        fields = [one["field"] for one in by_id[case["id"]]["fields"]]
        assert fields == [name for name, _ in cases._flat(case["expected"])]
    assert told["summary"]["cases"] == told["summary"]["ok"] == len(CASES)


def test_one_yen_off_is_a_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "salary_revenue: 3913149", "salary_income: 2689601")
    assert main(["tax", "case", str(path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["cases"][0]["supported"]
    assert told["cases"][0]["fields"] == [
        {"field": "salary_income", "expected": 2_689_601, "computed": 2_689_600, "ok": False}
    ]
    assert told["summary"]["different"] == 1


@pytest.mark.parametrize(
    ("inputs", "expected", "year", "reason"),
    [
        ("hat: 1", "salary_income: 0", 2024, "入力「hat」の意味が分かりません"),
        ("salary_revenue: 1", "hat: 0", 2024, "求め方の分からない項目: hat"),
        ("salary_revenue: 1", "salary_income: 0", 2027, "2027年度は計算できません"),
        ("salary_revenue: -1", "salary_income: 0", 2024, "「給与収入金額」は0から99,999,999,999までの値です（-1）"),
        ("salary_revenue: 100000000000", "salary_income: 0", 2024, "「給与収入金額」は0から"),
        ("salary_revenue: many", "salary_income: 0", 2024, "事例が読めません"),
        ("taxpayer: {disability: 大}", "disability_deduction: 0", 2024, "事例が読めません"),
        ("relative_birth_date: '2024-02-30'", "category: 年少扶養", 2024, "事例が読めません"),
        ("pension_revenue: 1000000", "total_income: 0", 2024, "求め方の分からない項目: total_income"),
    ],
)
def test_what_is_not_known_is_said_and_never_skipped(
    inputs: str, expected: str, year: int, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, inputs, expected, year)
    assert main(["tax", "case", str(path), "--json"]) == 1
    case = json.loads(capsys.readouterr().out)["cases"][0]
    assert (case["ok"], case["supported"]) == (False, False)
    assert reason in case["reason"]
    assert [one["computed"] for one in case["fields"]] == [None]


def test_a_section_of_another_field_is_unsupported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text("hats:\n- {id: H-1, inputs: {}, expected: {size: 7}}\n", encoding="utf-8")
    assert main(["tax", "case", str(path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["summary"]["unsupported"] == 1
    assert told["cases"][0]["fields"][0]["field"] == "size"


def test_a_file_without_cases_is_wrong_usage(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text("schema: 1\n", encoding="utf-8")
    assert main(["tax", "case", str(path)]) == 2
    assert main(["tax", "case", str(tmp_path / "none.yaml")]) == 2
    path.write_text("tax: [", encoding="utf-8")
    assert main(["tax", "case", str(path)]) == 2


def test_a_case_is_told_step_by_step_with_its_articles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tax", "explain", str(PUBLISHED), "--case", "TX-F-001"]) == 0
    told = capsys.readouterr().out
    assert "給与所得: 3,560,000円（所得税法 第28条" in told
    assert "5,000,000" in told
    assert "年税額: 148,100円" in told
    assert "一時所得" in told  # it leads to the total, though it is nought here
    assert main(["tax", "explain", str(PUBLISHED), "--case", "TX-F-001", "--concept", "taxable_income_yen"]) == 0
    assert "年税額" not in capsys.readouterr().out
    assert main(["tax", "explain", str(PUBLISHED), "--case", "none"]) == 2


def test_a_case_that_cannot_be_read_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(
        MINIMAL.format(inputs="salary_revenue: -1", expected="salary_income: 0", year=2024)
        + MINIMAL.partition("tax:\n")[2]
        .format(inputs="salary_revenue: 3913149", expected="salary_income: 2689600", year=2024)
        .replace("T-1", "T-2"),
        encoding="utf-8",
    )
    assert main(["tax", "case", str(path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(case["id"], case["ok"]) for case in told["cases"]] == [("T-1", False), ("T-2", True)]
    assert told["summary"]["unsupported"] == 1
