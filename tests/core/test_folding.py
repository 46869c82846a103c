"""Keys of search. Every row of the rule table of the standard specification has its test here."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.characters import fold_address, fold_kana, fold_name
from yakuba.core.characters.folding import BARS

RULES = Path(__file__).parents[2] / "data-src" / "juki" / "name_search_rules_v1.csv"
KANA = "".join(map(chr, [*range(0x3041, 0x3097), *range(0x30A1, 0x3100), *range(0xFF66, 0xFFA0)])) + "゛゜\u3099\u309a"
TEXT = st.text(
    st.one_of(st.sampled_from(KANA + BARS + " 　髙邉\ufa19\U000e0100ＡaÉİßﬁ①"), st.characters()), max_size=12
)
ADDRESS = st.text(
    st.sampled_from("一二三十百千〇零0１2９丁目番地号町の之ノ-－ー 　大字市区条線地割ヶがケ関霞門ヴァウ・\u3099"),
    max_size=14,
)

# rule -> texts that are one to the searcher
SAME: dict[str, list[tuple[str, ...]]] = {
    "清濁無視": [
        ("ガギグゲゴ", "カキクケコ"), ("ダタ", "タタ"), ("バ", "パ", "ハ"),
        ("ヂ", "ジ"), ("ズ", "ヅ"), ("テヅカ", "テツカ"),
        ("ヴァ", "バ"), ("ヴィ", "ビ"), ("ヴ", "ブ"), ("ヒ", "ピ"),
        ("ヴェ", "ベ"), ("ヴォ", "ボ"), ("ｳﾞｧ", "う゛ぁ", "バ"),
    ],
    "同音無視": [("ワ", "ハ"), ("オ", "ヲ")],
    "小書き無視": [("ッ", "ツ"), ("ャ", "ヤ"), ("ュ", "ユ"), ("ョ", "ヨ"), ("ァィゥェォヶ", "アイウエオケ")],
    "氏名間空白": [("ヤマダ　ハナコ", "ヤマダ ハナコ", "ヤマダハナコ")],
    "オ段+ウ": [
        (f"{kana}ウ", f"{kana}オ") for kana in "オコソトノホモヨロゴゾドボポョヲ"
    ] + [("コウウン", "コオオン"), ("コウノ", "コオノ")],
    "長音": [("ジョージ", "ジョジ"), ("ーア", "ア")],
    "横棒ゆれ": [tuple(f"ジョ{bar}ジ" for bar in "ー―－‐ｰ-")],
    "空白ゆれ": [("ア　イ", "ア イ")],
}  # fmt: skip
DIFFERENT = [("ウ", "オ"), ("カウ", "カオ"), ("ア", "ハ"), ("ヤマダ", "ヤマノ"), ("イウ", "イオ"), ("ソ", "ン")]


def test_every_rule_has_its_test() -> None:
    with RULES.open(encoding="utf-8") as file:
        rules = {row["rule"] for row in csv.DictReader(file)}
    assert rules == {*SAME, "一致方法", "名のみ", "異体字"}


@pytest.mark.parametrize("texts", [texts for rule in SAME.values() for texts in rule])
def test_same_to_the_searcher(texts: tuple[str, ...]) -> None:
    assert len({fold_kana(text) for text in texts}) == 1
    assert len({fold_name(text) for text in texts}) == 1


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_to_the_searcher(one: str, other: str) -> None:
    assert fold_kana(one) != fold_kana(other)


@pytest.mark.parametrize("part", ["ﾊﾅ", "はな", "ハナ", "パナ"])
def test_partial_match_rule(part: str) -> None:
    """一致方法: a part of a name is found in the key of the name."""
    assert fold_kana(part) in fold_kana("ヤマダ　ハナコ")
    assert fold_kana(part) != fold_kana("ヤマダ　ハナコ")


def test_given_name_only_rule() -> None:
    """名のみ: the given name is folded by itself, untouched by the surname before it."""
    assert fold_kana("ウメ") == "ウメ"
    assert fold_kana("ハシモト　ウメ") == fold_kana("ハシモトウメ") == "ハシモトオメ"


def test_variants_rule() -> None:
    """異体字: variants and 正字 are one."""
    assert fold_name("髙橋　花子") == fold_name("高橋花子")
    assert fold_name("山﨑") == fold_name("山崎")
    assert len({fold_name(f"渡{unit}") for unit in ("邉", "邊", "辺", "邉\U000e0119", "邊\U000e0108")}) == 1
    assert fold_name("齋藤") == fold_name("斎藤") != fold_name("斉藤")
    assert fold_name("神谷") == fold_name("\ufa19谷") == fold_name("神\ufe00谷")


def test_scripts_and_widths() -> None:
    assert fold_kana("やまだ") == fold_kana("ﾔﾏﾀﾞ") == fold_kana("ヤマダ") == "ヤマタ"
    assert fold_name("ＳＭＩＴＨ　Ｊｏｈｎ") == fold_name("smith JOHN") == "smithjohn"
    assert fold_name("José") == fold_name("JOSE\u0301") == "jose"
    assert fold_name("ジョン・スミス") == fold_name("ジョンスミス")


@given(TEXT)
@settings(max_examples=300)
def test_names_fold_once(text: str) -> None:
    assert fold_kana(fold_kana(text)) == fold_kana(text)
    assert fold_name(fold_name(text)) == fold_name(text)


@given(TEXT, st.sampled_from([" ", "\u3000", "ー", "-", "－"]), st.data())
@settings(max_examples=100)
def test_spaces_and_bars_count_for_nothing_outside_voicing(text: str, mark: str, data: st.DataObject) -> None:
    text = "".join(character for character in text if character not in "ヴゔ゛ﾞ\u3099")
    place = data.draw(st.integers(0, len(text)))
    assert fold_kana(text[:place] + mark + text[place:]) == fold_kana(text)


@pytest.mark.parametrize("fold", [fold_kana, fold_name, fold_address])
def test_every_character_folds_once(fold: Callable[[str], str]) -> None:
    for code in (*range(0x30000), *range(0xE0000, 0xE0200)):
        folded = fold(chr(code))
        assert fold(folded) == folded, hex(code)


@given(ADDRESS)
@settings(max_examples=600)
def test_addresses_fold_once(text: str) -> None:
    assert fold_address(fold_address(text)) == fold_address(text)


@pytest.mark.parametrize(
    ("texts", "key"),
    [
        (("大阪府門真市中町１番１号", "大阪府門真市中町一番一号", "大阪府門真市中町１－１"), "大阪府門真市中町1-1"),
        (("門真市大字中町一丁目２番地の３", "門真市中町1丁目2-3", "門真市中町１ー２ー３"), "門真市中町1-2-3"),
        (("霞が関一丁目", "霞ヶ関１丁目", "霞ケ関1"), "霞ケ関1"),
        (("北十条西三丁目", "北10条西3丁目"), "北10条西3"),
        (("中町二十三番地", "中町23番地", "中町二三番地"), "中町23"),
        (("中町1-2 門真ビル101号", "中町１番２号　門真ビル１０１号"), "中町1-2門真ヒル101"),
        (("中町1番1号 101", "中町1-1-101"), "中町1-1-101"),
        (("三番町５番地", "三番町5"), "三番町5"),
        (("三ノ宮町", "三の宮町"), "三ノ宮町"),
        (("百舌鳥町", "百舌鳥町"), "百舌鳥町"),
        (("中町010番", "中町10"), "中町10"),
        (("曽根﨑新地２", "曾根崎新地二丁目"), "曽根崎新地2"),
    ],
)  # fmt: skip
def test_addresses(texts: tuple[str, ...], key: str) -> None:
    assert {fold_address(text) for text in texts} == {key}


@pytest.mark.parametrize(
    "seed", ["一", "千", "1-", "- ", "番", "ヴァ", "ウ", "コウ", "の", "大字", "（", "\u3099", "丁目1"]
)
def test_floods_stay_linear(seed: str) -> None:
    """A key never outgrows its text, and folding a flood twice gives the same key: no run is worked through again."""
    flood = seed * (100_000 // len(seed))
    for fold in (fold_kana, fold_name, fold_address):
        key = fold(flood)
        assert len(key) <= len(flood)
        assert fold(key) == key
