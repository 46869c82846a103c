"""One field for everything: what a clerk types, as keys."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Refused
from yakuba.systems.residents import result_rows
from yakuba.systems.residents.enquiries import Hit
from yakuba.systems.residents.search_text import MAX_TEXT, from_form, understand


@pytest.mark.parametrize(
    ("text", "name", "birth", "number"),
    [
        ("山田", "山田", None, None),
        ("やまだ　たろう", "やまだ　たろう", None, None),
        ("山田 S60.4.12", "山田", "1985-04-12", None),
        ("Ｓ６０．４．１２", "", "1985-04-12", None),
        ("1985-04-12 山田", "山田", "1985-04-12", None),
        ("1985/4/12", "", "1985-04-12", None),
        ("19850412", "", "1985-04-12", None),
        ("昭和60年", "", "1985-XX-XX@S", None),
        ("昭和60年4月12日", "", "1985-04-12", None),
        ("000001234567890", "", None, 1234567890),
        ("１９", "", None, 19),
        ("S", "S", None, None),
        ("S99", "S99", None, None),
        ("JOHN SMITH", "JOHN　SMITH", None, None),
        ("二三", "二三", None, None),
    ],
)
def test_understood(text: str, name: str, birth: str | None, number: int | None) -> None:
    query = understand(text).query
    assert query.name == name
    assert (query.birth.stored.split("@")[0] if query.birth else None) == (birth.split("@")[0] if birth else None)
    assert query.number == number


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("中町12", "", "中町12"),
        ("山田 中町１番１号", "山田", "中町１番１号"),
        ("中町", "中町", ""),
        ("やまだ 一番町2-3", "やまだ", "一番町2-3"),
    ],
)
def test_an_address_is_told_by_its_figures(text: str, name: str, address: str) -> None:
    query = understand(text).query
    assert (query.name, query.address) == (name, address)


@pytest.mark.parametrize("text", ["S60.4.12 S61.4.12", "12 13", "1234567890123456"])
def test_contradictions_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        understand(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=MAX_TEXT + 20))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        query = understand(text).query
    except Refused:
        return
    assert query.number is None or 0 <= query.number < 10**15
    assert not query.name or query.name.split() == [
        token for token in text[:MAX_TEXT].split() if token in query.name.split()
    ]


def test_the_form_refuses_everything_at_once() -> None:
    with pytest.raises(Refused) as refusal:
        from_form(
            {"birth": "someday", "number": "x", "household": "1" * 16, "resident_code": "1", "individual_number": "2"}
        )
    assert {finding.field for finding in refusal.value.findings} == {
        "birth", "number", "household", "resident_code", "individual_number",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["123456789018", "１２３４５６７８９０１８", "1234 5678 9018", "山田 1234-5678-9018"])
def test_an_individual_number_is_no_search_key_but_in_its_own_field(text: str) -> None:
    with pytest.raises(Refused, match="RES-E-206") as refusal:
        understand(text)
    assert "9018" not in str(refusal.value)
    for field in ("name", "address", "number", "katagaki", "residence_card"):
        with pytest.raises(Refused, match="RES-E-206"):
            from_form({field: text})
    assert from_form({"individual_number": "1234 5678 9018"}).individual_number is not None


def test_an_offset_from_outside_is_bounded() -> None:
    assert from_form({"name": "山田", "offset": "50"}).offset == 50
    assert from_form({"name": "山田", "offset": "9" * 30}).offset == 0
    assert from_form({"name": "山田", "offset": "-1"}).offset == 0


def test_a_row_escapes_what_the_register_holds() -> None:
    hit = Hit(
        number=19, version_no=1, is_open=False, name="<b>見本</b>", kana='"&', birth=UncertainDate.parse("S60.4.12"), sex="1",
        address="<script>", household=27, relationship="<i>", resident_kind="1", former_match="x", warned=True,
    )  # fmt: skip
    html = result_rows.rows([hit], date(2026, 11, 20), "certificate")
    assert not re.search(r"<(b|i|script)>", html)
    assert "&lt;b&gt;見本" in html
    assert "/residents/certificates/new?person=000000000000019" in html
    assert all(word in html for word in ("除票", "注意", "以前の記録が一致", "昭和60年4月12日", "男"))
    assert "歳" not in html


@pytest.mark.parametrize(("birth", "age"), [("S60.4.12", "41歳"), ("昭和60年", "40〜41歳"), ("年月日不詳", "")])
def test_an_age_is_said_as_far_as_it_is_known(birth: str, age: str) -> None:
    assert result_rows.age_text(UncertainDate.parse(birth), date(2026, 11, 20)) == age
