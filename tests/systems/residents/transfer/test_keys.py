"""Search keys over columns are the search keys of each person."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from yakuba.systems.residents import search_keys
from yakuba.systems.residents.transfer.duplicates import KEY_COLUMNS, Keys, in_file, survey
from yakuba.systems.residents.transfer.keys import Folder, grams

from . import specimens

Face = tuple[str, str, list[int]]
KEYED = (
    "name", "name_kana", "name_latin", "former_surname", "former_surname_kana", "alias", "alias_kana",
    "address_town", "address_banchi", "address_katagaki",
)  # fmt: skip
NAME = st.none() | st.text(st.sampled_from("山田髙邊斎ウオコソヴァヶ　　 ・Aéｱ゛\U000e0100"), min_size=1, max_size=9)
KANA = st.none() | st.text(st.sampled_from("ウオコソノヨロウ　　ヴァガャー゛"), min_size=1, max_size=9)
PLACE = st.none() | st.text(
    st.sampled_from("中町大字市ケガがヶノの三十〇一番地号丁目条線1２3-ー－ 　荘ウオカ"), min_size=1, max_size=9
)


def by_row(frame: pl.DataFrame) -> list[tuple[list[Face], str]]:
    folder = Folder()
    faces = folder.names(frame)
    counts, numbers = grams(faces)
    ends = np.cumsum(counts).tolist()
    found: dict[int, list[Face]] = {row: [] for row in frame["row"]}
    for (row, name, kana), count, end in zip(faces.iter_rows(), counts.tolist(), ends, strict=True):
        found[row].append((name, kana, numbers[end - count : end].tolist()))
    addresses = folder.addresses(frame)
    assert addresses["row"].to_list() == frame["row"].to_list()
    return list(zip(found.values(), addresses["address"].to_list(), strict=True))


def expected(frame: pl.DataFrame) -> list[tuple[list[Face], str]]:
    return [
        (
            [(name, kana, search_keys.grams(name, kana)) for name, kana in search_keys.faces(items)],
            search_keys.address(items),
        )
        for items in frame.iter_rows(named=True)
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(NAME, KANA, NAME, NAME, KANA, NAME, KANA, PLACE, PLACE, NAME), min_size=1, max_size=8))
def test_columns_and_persons_have_the_same_keys(rows):
    frame = pl.DataFrame(rows, schema=dict.fromkeys(KEYED, pl.String), orient="row").with_row_index("row")
    assert by_row(frame) == expected(frame)


def test_the_specimens_keys():
    frame = specimens.register(800).with_row_index("row")
    assert by_row(frame) == expected(frame)


def test_no_rows_have_no_keys():
    frame = specimens.register(3).head(0).with_row_index("row")
    assert by_row(frame) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=12), st.integers(1, 5))
def test_shared_numbers_are_found_over_all_chunks(picks, chunk):
    """Whoever shares a 住民票コード is named with another who does, however the file is cut."""
    pool = specimens.register(13)
    frame = specimens.register(len(picks), first_serial=100).with_columns(
        pl.Series("resident_code", [pool["resident_code"][pick] if pick else None for pick in picks], dtype=pl.String),
    )
    frame = frame.with_row_index("row", 2).with_columns(pl.col("row").cast(pl.Int64))
    keys = Keys()
    for start in range(0, len(picks), chunk):
        keys.add(frame[start : start + chunk].select("row", *KEY_COLUMNS))
    found = in_file(survey(keys).claims, 2, len(picks))
    shared = {place + 2 for place, pick in enumerate(picks) if pick and picks.count(pick) > 1}
    assert set(found) == shared
    for findings in found.values():
        assert {finding.code for finding in findings} == {"RES-E-371"}
