from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.codes import (
    Basis,
    CodeEntry,
    CodeList,
    check_identity_documents,
    check_relationship,
    relationship_is_valid,
)
from yakuba.core.findings import Refused

TODAY = date(2026, 11, 21)


def names(list_name: str, day: date = TODAY, **attributes: str) -> list[str]:
    return [
        entry.name
        for entry in CodeList.load(list_name).at(day)
        if all(entry.attributes.get(key) == value for key, value in attributes.items())
    ]


def refused_code(code_list: str, code: str, day: date) -> str:
    with pytest.raises(Refused) as refusal:
        CodeList.load(code_list).get(code, day)
    (finding,) = refusal.value.findings
    assert finding.remedy
    return finding.code


@pytest.mark.parametrize("name", CodeList.names())
def test_every_list_says_where_it_comes_from_and_answers_today(name: str) -> None:
    code_list = CodeList.load(name)
    assert isinstance(code_list.basis, Basis)
    assert all((code_list.title, code_list.basis_note, code_list.source, code_list.licence))
    today = code_list.at(TODAY)
    assert len({entry.code for entry in today}) == len(today) > 1
    for entry in code_list.entries:
        assert entry.code.isascii()
        assert entry.name == entry.name.strip()
        assert entry.valid_from is None or entry.valid_to is None or entry.valid_from <= entry.valid_to
        assert all(isinstance(value, str) for value in entry.attributes.values())
    for entry in today:
        assert code_list.get(entry.code, TODAY) is entry
    assert CodeList.load(name) is code_list


def test_the_lists_that_others_rely_on_are_there() -> None:
    assert set(CodeList.names()) >= {
        "article_30_45_classes", "change_reasons", "deletion_reasons", "filing_channels", "identity_documents",
        "nationalities", "notifier_kinds", "relationships", "residence_statuses", "resident_kinds", "resident_states",
        "sexes",
    }  # fmt: skip
    with pytest.raises(KeyError, match="no code list"):
        CodeList.load("../eras")


@pytest.mark.parametrize(
    ("code_list", "name", "first", "last"),
    [
        ("residence_statuses", "特定技能１号", date(2019, 4, 1), None),
        ("residence_statuses", "介護", date(2017, 9, 1), None),
        ("residence_statuses", "高度専門職２号", date(2015, 4, 1), None),
        ("residence_statuses", "技術", None, date(2015, 3, 31)),
        ("residence_statuses", "技術・人文知識・国際業務", date(2015, 4, 1), None),
        ("residence_statuses", "育成就労", date(2027, 4, 1), None),
        ("nationalities", "グルジア", None, date(2015, 4, 21)),
        ("nationalities", "ジョージア", date(2015, 4, 22), None),
        ("change_reasons", "旧氏の記載", date(2019, 11, 5), None),
        ("change_reasons", "個人番号の変更請求", date(2015, 10, 5), None),
        ("identity_documents", "健康保険・国民健康保険・後期高齢者医療等の被保険者証", None, date(2025, 12, 1)),
        ("identity_documents", "資格確認書", date(2024, 12, 2), None),
    ],
)
def test_codes_begin_and_end_with_their_law(code_list: str, name: str, first: date | None, last: date | None) -> None:
    if first:
        assert name in names(code_list, first)
        assert name not in names(code_list, first - timedelta(days=1))
    if last:
        assert name in names(code_list, last)
        assert name not in names(code_list, last + timedelta(days=1))


def test_lookups_outside_validity_and_unknown_codes_are_refused() -> None:
    care = CodeList.load("residence_statuses").find("介護", TODAY).code
    assert refused_code("residence_statuses", care, date(2017, 8, 31)) == "code-not-in-force"
    assert refused_code("residence_statuses", "9999", TODAY) == "code-unknown"
    assert refused_code("residence_statuses", "x" * 10**6, TODAY) == "code-unknown"
    assert refused_code("nationalities", "USA", date(2012, 7, 8)) == "code-list-not-in-force"
    finding = CodeList.load("nationalities").check("ZZZ", TODAY, "国籍")
    assert finding is not None
    assert finding.field == "国籍"
    with pytest.raises(Refused, match="2012-07-09から"):
        CodeList.load("nationalities").at(date(2012, 7, 8))


def test_a_code_may_change_its_name() -> None:
    nations = CodeList.load("nationalities")
    assert nations.get("GEO", date(2015, 4, 21)).name == "グルジア"
    assert nations.get("GEO", date(2015, 4, 22)).name == str(nations.get("GEO", TODAY)) == "ジョージア"


def test_names_are_found_with_their_attributes() -> None:
    reasons = CodeList.load("change_reasons")
    assert reasons.find("改製", TODAY, effect="消除").attributes["effect"] == "消除"
    assert reasons.find("改製", TODAY, effect="消除") != reasons.find("改製", TODAY, effect="記載")
    for name, code in (("改製", "code-name-ambiguous"), ("改正", "code-name-unknown")):
        with pytest.raises(Refused) as refusal:
            reasons.find(name, TODAY)
        assert refusal.value.findings[0].code == code


def test_deletion_reasons_share_the_codes_of_their_change() -> None:
    reasons = CodeList.load("change_reasons")
    for entry in CodeList.load("deletion_reasons").entries:
        assert reasons.get(entry.code, TODAY).name == entry.name
        assert reasons.get(entry.code, TODAY).attributes["effect"] == "消除"
    assert set(names("deletion_reasons")) == set(names("change_reasons", effect="消除")) - {"異動の取消し（減）"}


def test_contents_that_the_standard_counts() -> None:
    assert [len(names("change_reasons", effect=effect)) for effect in ("記載", "消除", "修正")] == [9, 9, 19]
    assert len(names("article_30_45_classes")) == 6
    assert names("sexes") == ["不明", "男", "女", "適用不能"]
    nations = names("nationalities")
    assert len(names("nationalities", kind="国")) == 195
    assert {"米国", "英国", "韓国", "朝鮮", "中国", "台湾", "パレスチナ", "無国籍", "コソボ"} <= set(nations)
    assert "日本" not in nations
    assert all(re.fullmatch(r"[A-Z]{3}", entry.code) for entry in CodeList.load("nationalities").entries)


@pytest.mark.req("RES-008")
def test_channels_of_a_filing() -> None:
    assert names("filing_channels") == ["窓口", "郵送", "オンライン"]


def test_overlapping_periods_are_an_error_of_the_data() -> None:
    for first_to, second_from in (
        (None, date(2020, 1, 1)),
        (date(2020, 1, 1), date(2020, 1, 1)),
        (date(2020, 1, 1), None),
    ):
        entries = (CodeEntry("1", "前", valid_to=first_to), CodeEntry("1", "後", valid_from=second_from))
        with pytest.raises(ValueError, match="overlap"):
            CodeList("x", "試験", Basis.OWN, "", "", "", entries)


@pytest.mark.parametrize(
    "text",
    [
        "世帯主",
        "妻",
        "夫（未届）",
        "子",
        "子の子の子の子",
        "妻（未届）の子",
        "子（子の夫）",
        "父の父",
        "縁故者",
        "同居人",
        "子の妻",
    ],
)
def test_relationships_of_the_standard(text: str) -> None:
    assert relationship_is_valid(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("子の子の子の子の子", "relationship-too-far"),
        ("妻の父の兄の子の子", "relationship-too-far"),
        ("孫", "relationship-unknown"),
        ("長男", "relationship-unknown"),
        ("", "relationship-unknown"),
        ("の子", "relationship-unknown"),
        ("子の", "relationship-unknown"),
        ("子のの子", "relationship-unknown"),
        ("世帯主の子", "relationship-unknown"),
        ("子の縁故者", "relationship-unknown"),
        ("妻(未届)", "relationship-unknown"),
        ("子\n", "relationship-unknown"),
        ("子の" * 10**5, "relationship-unknown"),
    ],
)
def test_relationships_that_are_refused(text: str, code: str) -> None:
    finding = check_relationship(text)
    assert finding is not None
    assert (finding.code, finding.field) == (code, "続柄")
    assert len(finding.message) < 60
    assert finding.remedy


@given(st.lists(st.sampled_from(names("relationships", chain="yes")), min_size=1, max_size=7))
@settings(max_examples=100, deadline=None)
def test_chains_hold_for_four_generations(terms: list[str]) -> None:
    assert relationship_is_valid("の".join(terms)) == (len(terms) <= 4)


@pytest.mark.req("RES-048")
@pytest.mark.parametrize(
    ("documents", "codes"),
    [
        (["driving-licence"], []),
        (["individual-number-card", "passport"], []),
        (["pension-book"], ["identity-not-verified"]),
        (["pension-book", "pension-book"], ["identity-not-verified"]),
        (["pension-book", "insurance-eligibility-certificate"], []),
        ([], ["identity-not-verified"]),
        (["pension-book", "health-insurance-card"], ["code-not-in-force", "identity-not-verified"]),
        (["driving-licence", "library-card"], ["code-unknown"]),
    ],
)
def test_identity_needs_one_photograph_or_two_papers(documents: list[str], codes: list[str]) -> None:
    assert [finding.code for finding in check_identity_documents(documents, TODAY)] == codes


def test_a_health_insurance_card_counted_while_it_lasted() -> None:
    shown = ["pension-book", "health-insurance-card"]
    assert len(check_identity_documents(shown, date(2025, 12, 1))) == 0
    assert len(check_identity_documents(shown, date(2025, 12, 2))) == 2
