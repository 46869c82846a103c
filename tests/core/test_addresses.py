"""Municipalities, towns, postal codes, addresses; and that the compiled data is what the sources give."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.core.addresses import (
    Address,
    MunicipalityKind,
    check_address,
    find_town,
    find_towns,
    municipalities,
    municipality,
    postal,
    town,
    towns,
)
from yakuba.core.characters import check_repertoire
from yakuba.core.data_build import addresses as address_build
from yakuba.core.data_build import characters as character_build
from yakuba.core.findings import Refused, Severity

ROOT = Path(__file__).parents[2]
KADOMA = "272230"
NAKAMACHI = "27223044000"


def test_the_data_is_reproducible() -> None:
    compiled = {
        **character_build.compile_files(ROOT / "data-src"),
        **address_build.compile_files(ROOT / "data-src"),
    }
    for name, content in compiled.items():
        shipped = (ROOT / "src" / "yakuba" / "core" / "data" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == hashlib.sha256(shipped).hexdigest(), name


def test_all_municipalities() -> None:
    found = municipalities()
    assert len(found) == 1965
    kinds = [item.kind for item in found]
    assert {kind: kinds.count(kind) for kind in MunicipalityKind} == {
        MunicipalityKind.PREFECTURE: 47,
        MunicipalityKind.DESIGNATED_CITY: 20,
        MunicipalityKind.DESIGNATED_WARD: 171,
        MunicipalityKind.SPECIAL_WARD: 23,
        MunicipalityKind.CITY: 772,
        MunicipalityKind.TOWN: 743,
        MunicipalityKind.VILLAGE: 189,
    }
    for item in found:
        assert municipality(item.code) is item
        assert item.parent is None or municipality(item.parent).kind in (
            MunicipalityKind.PREFECTURE,
            MunicipalityKind.DESIGNATED_CITY,
        )
        assert (item.parent is None) == (item.kind is MunicipalityKind.PREFECTURE)


def test_names_of_municipalities() -> None:
    assert municipality(KADOMA).full_name == "大阪府門真市"
    assert municipality("011011").full_name == "北海道札幌市中央区"
    assert municipality("013030").full_name == "北海道石狩郡当別町"
    assert municipality("133817").full_name == "東京都三宅村"
    assert municipality("394050").full_name == "高知県高岡郡梼原町"
    assert municipality("270008").full_name == "大阪府"


@pytest.mark.parametrize("code", ["", "27223", "272231", "２７２２３０", "9" * 100_000])
def test_an_unknown_code_is_refused(code: str) -> None:
    with pytest.raises(Refused) as refusal:
        municipality(code)
    (finding,) = refusal.value.findings
    assert finding.code == "municipality-unknown"
    assert len(finding.message) < 100


def test_towns_of_a_municipality() -> None:
    found = towns(KADOMA)
    assert [item.town_code for item in found] == sorted(item.town_code for item in found)
    assert [item.kana for item in found] == sorted(item.kana for item in found)
    nakamachi = town(NAKAMACHI)
    assert nakamachi in found
    assert nakamachi is not None
    assert (nakamachi.name, nakamachi.kana, nakamachi.postal_code) == ("中町", "ナカマチ", "5710055")
    assert len(towns("011002")) == sum(len(towns(ward.code)) for ward in municipalities() if ward.parent == "011002")
    assert town("99999001000") is None
    assert town(f"{NAKAMACHI[:5]}998000") is None


def test_every_town_is_a_real_name_with_a_code_of_its_own() -> None:
    codes = []
    for item in municipalities():
        if item.kind is MunicipalityKind.DESIGNATED_CITY:
            continue
        for place in towns(item.code):
            codes.append(place.town_code)
            assert place.town_code.startswith(item.jis5)
            assert len(place.town_code) == 11
            assert place.name
            assert place.kana
            assert place.postal_codes
            assert not set(place.name + place.kana) & set("（）()「」〜～、")
            assert not place.name.endswith(("場合", "地割"))
            assert not check_repertoire(place.name, "町・字"), place
    assert len(set(codes)) == len(codes) == 117_227


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ({"town": "", "note": "以下に掲載がない場合"}, []),
        ({"town": "琴平町の次に１〜４２６番地がくる場合", "note": "川東"}, []),
        ({"town": "一円", "town_kana": "イチエン"}, [("一円", "イチエン")]),
        ({"town": "左草１地割〜左草", "town_kana": "サソウ", "note": "６地割"}, [("左草", "サソウ")]),
        ({"town": "杉名畑４", "town_kana": "スギナハタ", "note": "４地割(その他)"}, [("杉名畑", "スギナハタ")]),
        ({"town": "浦臼第１", "town_kana": "ウラウスダイ１"}, [("浦臼第１", "ウラウスダイ１")]),
        ({"town": "甲、乙", "town_kana": "コウ、オツ", "note": "その他"}, [("甲", "コウ"), ("乙", "オツ")]),
        ({"town": "材木町", "town_kana": "ザイモクチョウザイモクチョウ"}, [("材木町", "ザイモクチョウ")]),
        ({"town": "百々", "town_kana": "ドウドウ"}, [("百々", "ドウドウ")]),
    ],
)
def test_cleaning(row: dict[str, str], names: list[tuple[str, str]]) -> None:
    assert address_build.clean_names({"note": "", "town_kana": "", **row}) == names


@pytest.mark.parametrize(
    ("note", "chome"),
    [
        ("1〜4丁目", {1, 2, 3, 4}),
        ("5、6丁目", {5, 6}),
        ("8丁目", {8}),
        ("1、3〜5丁目", {1, 3, 4, 5}),
        ("丁目", set()),
        ("17番地", set()),
        ("その他", set()),
        ("1丁目1番", set()),
        ("〜3丁目", set()),
        ("1〜丁目", set()),
        ("1〜2〜3丁目", set()),
        ("1〜9999丁目", set()),
    ],
)
def test_chome_only_as_stated(note: str, chome: set[int]) -> None:
    assert address_build.stated_chome(note) == chome


def test_postal_codes() -> None:
    assert [item.town_code for item in postal("5710055")] == [NAKAMACHI]
    (whole,) = postal("5710000")
    assert (whole.town_code, whole.name) == ("27223000000", "")
    (building,) = postal("1066107")  # a floor of a tall building
    assert building.name == "六本木"
    assert building.postal_code == "1060032"
    assert len(postal("4980000")) >= 1
    for nothing in ("0000000", "9999999", "571005", "571-0055", "５７１００５５", "5" * 100_000):
        assert postal(nothing) == []


@given(st.sampled_from([item.code for item in municipalities() if item.has_residents]), st.data())
@settings(max_examples=100)
def test_every_town_is_found_by_its_name_and_by_its_postal_code(code: str, data: st.DataObject) -> None:
    found = towns(code)
    if found:
        place = data.draw(st.sampled_from(found))
        assert place in find_towns(code, place.name)
        assert all(place in postal(postal_code) for postal_code in place.postal_codes)


def test_finding_a_town_in_an_address() -> None:
    for text in ("中町１番１号", "中町1-1", "大字中町"):
        place = find_town(KADOMA, text)
        assert place is not None
        assert place.town_code == NAKAMACHI
    assert find_town(KADOMA, "三ッ島一丁目") == find_town(KADOMA, "三ツ島")
    assert find_town(KADOMA, "無い町") is None
    assert find_town(KADOMA, "") is None
    assert find_towns(KADOMA, "（" * 100_000) == []
    assert len(find_towns("232238", "北崎町")) == 2  # キタサキチョウ and キタサキマチ: a person decides
    assert find_town("232238", "北崎町") is None


def test_display() -> None:
    address = Address(KADOMA, NAKAMACHI, "中町", "１番１号", "見本荘１０１号", "5710055")
    assert address.display() == "大阪府門真市中町１番１号　見本荘１０１号"
    assert address.display(prefecture=False, katagaki=False) == "門真市中町１番１号"
    assert address.key == Address(KADOMA, "", "大字中町", "1-1", "見本荘101").key
    assert Address(free_text="アメリカ合衆国").display() == "アメリカ合衆国"
    assert check_address(address) == []
    assert check_address(Address(free_text="アメリカ合衆国")) == []


@pytest.mark.parametrize(
    ("address", "codes"),
    [
        (Address(), {"address-empty"}),
        (Address(town_name="中町", free_text="不明"), {"address-parts"}),
        (Address(KADOMA, free_text="門真"), {"address-both"}),
        (Address("272231", town_name="中町"), {"municipality-unknown"}),
        (Address("270008", town_name="中町"), {"address-not-basic"}),
        (Address("011002", town_name="中町"), {"address-not-basic"}),
        (Address(KADOMA, "01101001000", "中町"), {"address-town-code"}),
        (Address(KADOMA, "27223998000", "中町"), {"address-town-code"}),
        (Address(KADOMA, NAKAMACHI, "元町"), {"address-town-name"}),
        (Address(KADOMA, NAKAMACHI, "中町", postal_code="571-0055"), {"address-postal-form"}),
        (Address(KADOMA, NAKAMACHI, "中町", "１番\u202e", " 見本荘"), {"character-bidi", "address-space"}),
        (Address(KADOMA, NAKAMACHI, "中町", "（" * 100_000, "\u0301\u0316" * 50_000), {"address-length"}),
    ],
)
def test_refused_addresses(address: Address, codes: set[str]) -> None:
    assert {f.code for f in check_address(address) if f.severity is Severity.ERROR} == codes


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (Address(KADOMA, "", "無い町", "１番"), "address-town-unknown"),
        (Address(KADOMA, NAKAMACHI, "中町", "１番", postal_code="0010000"), "address-postal-place"),
        (Address(KADOMA, NAKAMACHI, "中町", "１番", postal_code="0000000"), "address-postal-place"),
    ],
)
def test_doubtful_addresses(address: Address, code: str) -> None:
    (finding,) = check_address(address)
    assert (finding.code, finding.severity) == (code, Severity.WARNING)


def test_the_code_for_the_rest_of_a_municipality_fits_every_town() -> None:
    assert check_address(Address(KADOMA, NAKAMACHI, "中町", "１番", postal_code="5710000")) == []
