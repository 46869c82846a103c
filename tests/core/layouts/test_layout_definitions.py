"""Layouts are data; a layout that contradicts itself is refused with every contradiction."""

from __future__ import annotations

import pytest

from yakuba.core.layouts import Basis, LayoutFault, layout_names, load_layout, parse_layout

GOOD = """
name: sample
title: 見本
version: "1"
basis: own
source: なし
form: fixed
encoding: jis_x_0201
terminators: [crlf]
record_length: 4
records:
  - key: data
    title: 明細
    fields:
      - {key: count, title: 件数, length: 3, kind: number}
      - {key: kind, title: 区分, length: 1, kind: code, codes: {"1": 甲}}
"""


def test_the_packaged_layouts_load_and_say_how_sure_they_are() -> None:
    assert len(layout_names()) == 7
    for name in layout_names():
        layout = load_layout(name)
        assert layout.source
        assert layout.basis in Basis
    assert load_layout("kyuyo_shiharai_315_2020").basis is Basis.INFERRED
    assert [len(record.fields) for record in load_layout("kyuyo_shiharai_315_2014").records] == [98]
    assert [len(record.fields) for record in load_layout("kyuyo_shiharai_315_2020").records] == [144]
    assert [len(record.fields) for record in load_layout("nenkin_shiharai_331_2014").records] == [49]


def test_an_unknown_layout_names_those_that_exist() -> None:
    with pytest.raises(KeyError, match="zengin_furikomi_21"):
        load_layout("none")


def test_a_sound_layout_is_accepted() -> None:
    assert parse_layout(GOOD).record("data").keys == ("count", "kind")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("record_length: 4", "record_length: 5", "the items have 4 bytes, the record 5"),
        ("length: 3", "length: 4", "the items have 5 bytes"),
        ('"1": 甲', '"11": 甲', "a code has another length"),
        ("key: kind", "key: count", "two items have the same key"),
        ("form: fixed", "form: csv", "no other, has a record_length"),
        ("terminators: [crlf]", "terminators: []", "no terminator"),
        ("title: 明細", "title: 明細\n    after: [other]", "follows unknown other"),
        ("title: 明細", "title: 明細\n    is_last: false", "no record may end the file"),
        ("kind: number", "kind: number, count_of: other", "counts unknown other"),
        ("kind: number", "kind: number, sum_of: data.kind", "sums kind, which is no number"),
        ("kind: number", "kind: text, characters: greek", "unknown characters greek"),
        ("kind: number", "kind: date, form: MMDD", "a date has the form"),
        ("kind: number", "kind: check_digit", "the check digit is the last item"),
        ("kind: number", "kind: number, colour: red", "unknown colour"),
        ("source: なし", "source: なし\nowner: x", "unknown owner"),
        ("encoding: jis_x_0201", "encoding: ebcdic", "ebcdic"),
        ("basis: own", "basis: sure", "sure"),
        ("kind: number", "kind: amount", "amount"),
    ],
)
def test_a_contradiction_is_named(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(LayoutFault, match=says):
        parse_layout(GOOD.replace(old, new, 1))


def test_every_contradiction_comes_at_once() -> None:
    text = GOOD.replace("record_length: 4", "record_length: 9").replace("key: kind", "key: count")
    with pytest.raises(LayoutFault, match=r"same key.*9"):
        parse_layout(text)


def test_two_records_need_different_marks() -> None:
    second = """  - key: end
    title: 終わり
    mark: "2"
    fields:
      - {key: text, title: 文字, length: 4, kind: text, characters: zengin}
"""
    with pytest.raises(LayoutFault, match="marks"):
        parse_layout(GOOD + second)


def test_a_layout_is_a_mapping() -> None:
    with pytest.raises(LayoutFault, match="mapping"):
        parse_layout("- 1")
