"""The registry's papers: what is printed, what is omitted, what is refused."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.findings import Refused
from yakuba.platform.documents import IssueNumber, Rendered, make_sandbox_seal
from yakuba.systems.residents.papers import (
    Authority,
    CertificateOptions,
    CertifiedItem,
    HistoryLine,
    HouseholdPaper,
    Item,
    ItemsPaper,
    MoveOutPaper,
    MovingPerson,
    NamePriority,
    Names,
    Paper,
    PersonEntry,
    PersonItems,
    Remark,
    Removal,
    RemovedPaper,
    household_copy,
    individual_copy,
    items_certificate,
    move_out_certificate,
    move_out_equivalent,
    removed_copy,
)

DAY = date(2026, 11, 21)
ISSUE = IssueNumber(DAY, "見本市", "T012", "P03", 123)
MAYOR = Authority("見本県見本市長", "役場　一郎", make_sandbox_seal())
NUMBER = "123456789018"
ADDRESS = "見本県見本市本町三丁目5番地　見本荘101号"
COPIES = [individual_copy, household_copy]
Copy = Callable[[HouseholdPaper, CertificateOptions, Authority, date], Paper]

TARO = PersonItems(
    names=Names(kanji="例示　太郎", kana="レイジ　タロウ"),
    birth_date="昭和60年4月12日",
    sex="男",
    resident_since="平成20年4月1日",
    resident_code="12345678901",
    relationship="長男",
    former_surname="渡邉\U000e0113",
    former_surname_kana="ワタナベ",
    address_since="令和3年7月15日",
    filed_on="令和3年7月16日",
    previous_address="例示県例示市中央町1番地1",
    domicile="雛形県雛形市一番町5番地",
    domicile_head="例示　筆子",
    history=(
        HistoryLine("令和3年7月15日　転居"),
        HistoryLine("令和4年1月1日　転籍　旧本籍：旧籍県旧籍市", frozenset({Item.DOMICILE})),
    ),
    remarks=(Remark("建物名称の変更", "令和5年2月3日", True), Remark("窓口の覚え書き", "令和5年2月4日", False)),
)
LI = PersonItems(
    names=Names(
        kanji="李見本",
        kana="リー　サンプル",
        alphabet="LI SAMPLE",
        alias="例示　一郎",
        alias_kana="レイジ　イチロウ",
        priority=NamePriority.ALIAS,
    ),
    birth_date="1990年5月6日",
    sex="男",
    resident_since="令和2年10月10日",
    resident_code="22345678901",
    is_foreign=True,
    relationship="縁故者",
    address_since="令和2年10月10日",
    nationality="架空国",
    residence_class="中長期在留者",
    residence_status="技術・人文知識・国際業務",
    residence_period="一年六月",
    residence_expires_on="2028年10月9日",
    card_number="AB12345678CD",
)
HEAD = Names(kanji="例示　家長", kana="レイジ　イエナガ")
OMITTABLE = {
    "show_household_head": ["例示家長", "長男", "縁故者"],
    "show_domicile": ["雛形県雛形市一番町5番地", "例示筆子"],
    "show_resident_code": ["12345678901", "22345678901"],
    "show_individual_number": [NUMBER],
    "show_nationality": ["架空国"],
    "show_residence_status": ["中長期在留者", "技術・人文知識・国際業務", "一年六月", "2028年10月9日"],
    "show_card_number": ["AB12345678CD"],
}
ALL = CertificateOptions(**{field.name: True for field in dataclasses.fields(CertificateOptions)})


def household(*people: PersonEntry, is_whole: bool = True, head: Names = HEAD) -> HouseholdPaper:
    return HouseholdPaper(ADDRESS, head, people or (PersonEntry(TARO, NUMBER), PersonEntry(LI)), is_whole)


def move_out(*people: MovingPerson, is_reissue: bool = False) -> MoveOutPaper:
    return MoveOutPaper(
        address=ADDRESS,
        household_head=HEAD,
        next_address="別県別市別町1番地",
        next_household_head="例示　新家",
        moves_on="令和8年12月1日",
        filed_on="令和8年11月21日",
        people=people or (MovingPerson(items=TARO, national_pension="第1号"), MovingPerson(items=LI)),
        is_reissue=is_reissue,
    )


def removed() -> RemovedPaper:
    return RemovedPaper(
        ADDRESS, HEAD, TARO, Removal(reason="転出", happened_on="令和8年11月1日", planned_address="別県別市別町1番地")
    )


def draw(paper: Paper, *, specimen: bool = False) -> Rendered:
    return paper.render(issue=ISSUE, created_at=datetime(2026, 11, 21, tzinfo=UTC), specimen=specimen)


def pages(rendered: Rendered) -> list[str]:
    with pypdfium2.PdfDocument(rendered.pdf) as document:
        return [re.sub(r"\s", "", page.get_textpage().get_text_bounded()) for page in document]


def text(paper: Paper) -> str:
    return "".join(pages(draw(paper)))


@pytest.mark.req("RES-012")
@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_prints_what_is_never_omitted(copy: Copy) -> None:
    printed = text(copy(household(), CertificateOptions(), MAYOR, DAY))
    for expected in [
        "住民票の写し",
        "見本県見本市本町三丁目5番地見本荘101号",
        "例示太郎",
        "レイジタロウ",
        "渡邉\U000e0113",
        "ワタナベ",
        "昭和60年4月12日",
        "平成20年4月1日",
        "令和3年7月15日",
        "令和3年7月16日",
        "例示県例示市中央町1番地1",
        "LISAMPLE",
        "李見本",
        "1990年5月6日",
        "令和8年11月21日",
        "見本県見本市長",
        "役場一郎",
    ]:
        assert expected in printed, expected


@pytest.mark.req("RES-013")
@pytest.mark.parametrize("copy", COPIES)
def test_nothing_that_the_law_lets_us_omit_is_printed_by_default(copy: Copy) -> None:
    paper = copy(household(), CertificateOptions(), MAYOR, DAY)
    printed = text(paper)
    for texts in OMITTABLE.values():
        for hidden in texts:
            assert hidden not in printed
            assert hidden not in repr(paper.sheet)  # it does not even reach the template
    assert "省略" in printed


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(sorted(OMITTABLE))))
def test_exactly_what_is_asked_for_is_shown(asked: set[str]) -> None:
    options = CertificateOptions(**dict.fromkeys(asked, True))
    sheet = repr(household_copy(household(), options, MAYOR, DAY).sheet).replace("\\u3000", "").replace("　", "")
    for option, texts in OMITTABLE.items():
        for item in texts:
            assert (f"'{item}'" in sheet) == (option in asked), (option, item)


@pytest.mark.req("RES-013")
@pytest.mark.parametrize("copy", COPIES)
def test_the_individual_number_is_printed_only_when_asked_for(copy: Copy) -> None:
    shown = copy(household(), CertificateOptions(show_individual_number=True), MAYOR, DAY)
    assert NUMBER in text(shown)
    without = copy(household(), dataclasses.replace(ALL, show_individual_number=False), MAYOR, DAY)
    assert NUMBER not in text(without)


@pytest.mark.req("RES-014")
def test_no_other_paper_has_a_place_for_the_individual_number() -> None:
    for kind in (PersonItems, MovingPerson, RemovedPaper, ItemsPaper, MoveOutPaper, Removal, Names):
        assert not [field.name for field in dataclasses.fields(kind) if "individual" in field.name], kind
    assert "個人番号" not in {item.value for item in CertifiedItem}
    everything = frozenset(CertifiedItem)
    for paper in (
        removed_copy(removed(), dataclasses.replace(ALL, show_individual_number=False), MAYOR, DAY),
        items_certificate(ItemsPaper(ADDRESS, HEAD, (TARO, LI), everything), MAYOR, DAY),
        move_out_certificate(move_out(), MAYOR, DAY),
        move_out_equivalent(move_out(), MAYOR, DAY),
    ):
        printed = text(paper)
        assert "個人番号" not in printed
        assert not re.search(r"(?<!\d)\d{12}(?!\d)", printed)


@pytest.mark.req("RES-014")
def test_a_removed_copy_refuses_the_individual_number() -> None:
    with pytest.raises(Refused, match="個人番号を記載できません"):
        removed_copy(removed(), CertificateOptions(show_individual_number=True), MAYOR, DAY)


def test_history_and_remarks_are_shown_only_when_asked_for() -> None:
    plain = text(individual_copy(household(), CertificateOptions(), MAYOR, DAY))
    assert "転居" not in plain
    assert "建物名称の変更" not in plain
    history = text(individual_copy(household(), CertificateOptions(show_history=True), MAYOR, DAY))
    assert "令和3年7月15日転居" in history
    assert "建物名称の変更" not in history


def test_a_history_line_about_an_omitted_item_is_omitted_too() -> None:
    hidden = text(individual_copy(household(), CertificateOptions(show_history=True), MAYOR, DAY))
    assert "旧籍県旧籍市" not in hidden
    assert "省略した欄に関する記載は省略しています。" in hidden
    shown = text(individual_copy(household(), CertificateOptions(show_history=True, show_domicile=True), MAYOR, DAY))
    assert "旧籍県旧籍市" in shown


@pytest.mark.req("RES-077")
@pytest.mark.parametrize("copy", COPIES)
def test_only_remarks_marked_for_output_are_printed(copy: Copy) -> None:
    printed = text(copy(household(), CertificateOptions(show_remarks=True), MAYOR, DAY))
    assert "令和5年2月3日建物名称の変更" in printed
    assert "窓口の覚え書き" not in printed


@pytest.mark.req("RES-079")
@pytest.mark.parametrize("copy", COPIES)
def test_the_name_priority_decides_which_name_the_household_head_has(copy: Copy) -> None:
    entry = PersonEntry(TARO)
    for priority, expected in [
        (NamePriority.ALIAS, "例示一郎"),
        (NamePriority.KANJI, "李見本"),
        (NamePriority.ALPHABET, "LISAMPLE"),
    ]:
        head = dataclasses.replace(LI.names, priority=priority)
        paper = household(entry, head=head)
        printed = text(copy(paper, CertificateOptions(show_household_head=True), MAYOR, DAY))
        assert expected in printed
        assert sum(name in printed for name in ("例示一郎", "李見本", "LISAMPLE")) == 1


def test_four_persons_to_a_page_and_the_certification_on_the_last_only() -> None:
    people = tuple(PersonEntry(dataclasses.replace(TARO, sex=None)) for _ in range(9))
    rendered = draw(household_copy(household(*people), CertificateOptions(), MAYOR, DAY))
    printed = pages(rendered)
    assert rendered.page_count == len(printed) == 3
    assert [page.count("例示太郎") for page in printed] == [4, 4, 1]
    for page in printed[:-1]:
        assert "次葉に続く" in page
        assert "証明する" not in page
        assert "役場一郎" not in page
    assert "この写しは、世帯全員の住民票の原本と相違ないことを証明する。（3葉で一通）" in printed[-1]
    assert "次葉に続く" not in printed[-1]
    assert all(f"T012P03000123{number}/3" in page for number, page in enumerate(printed, 1))


def test_a_single_page_says_nothing_of_pages() -> None:
    printed = text(individual_copy(household(PersonEntry(TARO), is_whole=False), CertificateOptions(), MAYOR, DAY))
    assert "この写しは、世帯の一部の者の住民票の原本と相違ないことを証明する。" in printed
    assert "葉で一通" not in printed


def test_the_seal_is_on_the_last_page_only() -> None:
    people = tuple(PersonEntry(TARO) for _ in range(5))
    sealed = draw(household_copy(household(*people), CertificateOptions(), MAYOR, DAY))
    unsealed = draw(
        household_copy(
            household(*people), CertificateOptions(), dataclasses.replace(MAYOR, seal=None, seal_note="　"), DAY
        )
    )
    with pypdfium2.PdfDocument(sealed.pdf) as one, pypdfium2.PdfDocument(unsealed.pdf) as other:
        differs = []
        for left, right in zip(one, other, strict=True):
            changed = left.render(grayscale=True).to_numpy() != right.render(grayscale=True).to_numpy()
            differs.append(int(changed.sum()))
    assert differs[0] == 0
    assert differs[1] > 300


def test_long_remarks_grow_the_box_and_lose_nothing() -> None:
    lines = tuple(HistoryLine(f"第{index:03}行　" + "あ" * 60) for index in range(90))
    person = dataclasses.replace(TARO, history=lines)
    for copy in COPIES:
        rendered = draw(copy(household(PersonEntry(person)), CertificateOptions(show_history=True), MAYOR, DAY))
        printed = "".join(pages(rendered))
        assert rendered.page_count > 1
        assert rendered.overflows == ()
        assert all(f"第{index:03}行" in printed for index in range(90))


def test_a_long_text_shrinks_and_a_hopeless_one_is_reported() -> None:
    shrunk = dataclasses.replace(TARO, domicile="雛形県" + "字" * 60)
    options = CertificateOptions(show_domicile=True)
    rendered = draw(household_copy(household(PersonEntry(shrunk)), options, MAYOR, DAY))
    assert rendered.overflows == ()
    assert "字" * 60 in "".join(pages(rendered))
    hopeless = dataclasses.replace(TARO, domicile="雛形県" + "字" * 400)
    rendered = draw(household_copy(household(*[PersonEntry(TARO)] * 4, PersonEntry(hopeless)), options, MAYOR, DAY))
    (overflow,) = rendered.overflows
    assert (overflow.field, overflow.page) == ("本籍", 2)
    assert overflow.text == hopeless.domicile
    assert "2頁の「本籍」が欄に収まりません" in rendered.findings()[0].message


def test_a_removed_copy_tells_why_and_where_to() -> None:
    printed = text(removed_copy(removed(), CertificateOptions(), MAYOR, DAY))
    for expected in [
        "住民票の除票の写し",
        "転出",
        "令和8年11月1日",
        "別県別市別町1番地",
        "住民票の除票の原本と相違ない",
    ]:
        assert expected in printed
    assert "雛形県雛形市一番町5番地" not in printed


def test_an_items_certificate_holds_the_chosen_items_and_no_other() -> None:
    chosen = frozenset({CertifiedItem.ADDRESS, CertifiedItem.DOMICILE, CertifiedItem.NATIONALITY})
    printed = text(items_certificate(ItemsPaper(ADDRESS, HEAD, (TARO, LI), chosen), MAYOR, DAY))
    for expected in ["住民票記載事項証明書", "例示太郎", "見本荘101号", "雛形県雛形市一番町5番地", "架空国"]:
        assert expected in printed
    for hidden in ["昭和60年4月12日", "12345678901", "例示家長", "例示筆子", "AB12345678CD"]:
        assert hidden not in printed
    assert printed.count("国籍・地域") == 1  # a Japanese resident has no such row
    title = text(items_certificate(ItemsPaper(ADDRESS, HEAD, (TARO,), chosen, is_removed=True), MAYOR, DAY))
    assert "住民票除票記載事項証明書" in title
    assert "住民票の除票に記載されている" in title


@pytest.mark.parametrize("item", CertifiedItem)
def test_each_certified_item_prints_its_own_row(item: CertifiedItem) -> None:
    person = dataclasses.replace(LI, filed_on="令和2年10月12日", previous_address="架空国")
    people = (TARO, person)
    paper = items_certificate(ItemsPaper(ADDRESS, HEAD, people, frozenset({item})), MAYOR, DAY)
    rows = [row for sheet in paper.sheet.people for row in sheet.rows]  # type: ignore[attr-defined]
    assert {row.label for row in rows} == {item.value}
    assert all(row.value != "＊＊＊" for row in rows)


@pytest.mark.req("RES-012", "RES-017")
def test_a_move_out_certificate_tells_the_move() -> None:
    printed = text(move_out_certificate(move_out(), MAYOR, DAY))
    for expected in [
        "転出証明書",
        "見本荘101号",
        "別県別市別町1番地",
        "例示新家",
        "令和8年12月1日",
        "例示太郎",
        "12345678901",
        "雛形県雛形市一番町5番地",
        "第1号",
        "架空国",
        "AB12345678CD",
        "上記のとおり転出することを証明する。",
        "14日以内",
    ]:
        assert expected in printed, expected
    assert "再交付" not in printed
    assert "転出証明書（再交付）" in text(move_out_certificate(move_out(is_reissue=True), MAYOR, DAY))


def test_the_equivalent_is_another_paper() -> None:
    printed = text(move_out_equivalent(move_out(), MAYOR, DAY))
    assert "転出証明書に準ずる証明書" in printed
    assert "上記のとおり転出することを証明する" not in printed


def test_a_household_of_twelve_moves_out_on_several_pages() -> None:
    people = [MovingPerson(items=dataclasses.replace(TARO, resident_code=f"{number:011}")) for number in range(12)]
    rendered = draw(move_out_certificate(move_out(*people), MAYOR, DAY))
    printed = pages(rendered)
    assert len(printed) > 1
    assert all("別県別市別町1番地" in page for page in printed)
    assert all(f"{number:011}" in "".join(printed) for number in range(12))


def test_an_unnamed_child_has_an_empty_name() -> None:
    child = dataclasses.replace(TARO, names=Names(), resident_code=None)
    assert "＊＊＊" in text(individual_copy(household(PersonEntry(child)), CertificateOptions(), MAYOR, DAY))


def test_every_fault_of_a_paper_comes_at_once() -> None:
    wrong = dataclasses.replace(
        TARO, resident_code="1234", names=Names(kanji="例示　太郎", priority=NamePriority.ALIAS)
    )
    authority = Authority("見本県見本市長", "役場　一郎", None)
    with pytest.raises(Refused) as refused:
        household_copy(household(PersonEntry(wrong, "12")), CertificateOptions(), authority, DAY)
    found = [(finding.code, finding.field) for finding in refused.value.findings]
    assert found == [
        ("name-priority", "1人目の氏名"),
        ("digits", "1人目の住民票コード"),
        ("digits", "1人目の個人番号"),
        ("seal-absent", "電子公印"),
    ]
    with pytest.raises(Refused, match="対象者がいません"):
        household_copy(HouseholdPaper(ADDRESS, HEAD, (), True), CertificateOptions(), MAYOR, DAY)


def test_the_seal_may_be_replaced_by_a_note() -> None:
    acting = Authority("見本県見本市長職務代理者　見本市副市長", "代理　二郎", None, "（公印省略）")
    printed = text(removed_copy(removed(), CertificateOptions(), acting, DAY))
    assert "（公印省略）" in printed
    assert "職務代理者" in printed


def test_a_paper_is_certified_on_the_day_of_its_issue() -> None:
    paper = removed_copy(removed(), CertificateOptions(), MAYOR, date(2026, 11, 20))
    with pytest.raises(ValueError, match="but issued on"):
        draw(paper)
    with pytest.raises(ValueError, match="but issued on"):
        paper.preview(issue=ISSUE, specimen=True)


def test_a_preview_shows_every_page() -> None:
    people = tuple(PersonEntry(TARO) for _ in range(5))
    paper = household_copy(household(*people), CertificateOptions(), MAYOR, DAY)
    assert len(paper.preview(issue=ISSUE, specimen=True)) == 2


def test_a_specimen_paper_says_so_on_every_page() -> None:
    people = tuple(PersonEntry(TARO) for _ in range(5))
    paper = household_copy(household(*people), CertificateOptions(), MAYOR, DAY)
    for plain, marked in zip(pages(draw(paper)), pages(draw(paper, specimen=True)), strict=True):
        assert marked.count("見本") == plain.count("見本") + 1
