"""Search keys over columns: what `search_keys` says of one person, for all rows of a chunk.

The folding is `search_keys`' and `core.characters`' own; here it is only applied to the distinct parts of names and
addresses, which are far fewer than the rows. The tests compare every row with `search_keys`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from yakuba.core.characters import fold_address, fold_kana, fold_name
from yakuba.core.characters.folding import O_ROW
from yakuba.core.names import SPACE

from .. import search_keys

_CACHE_LIMIT = 300_000
# A town and a 番地 fold apart where the one ends in a plain character and the other begins with a figure.
_FIGURE_FIRST = "^[0-9\uff10-\uff19]"
_PLAIN_END = re.compile(r"[^\W\d_〇零一二三四五六七八九十百千番号目地ノのヶケカがガ条線割ー]\Z")
_GRAM_FACTOR = 0x10FFFF

Fold = Callable[[str], str]
Integers = npt.NDArray[np.int64]


class Folder:
    """Folds columns and remembers parts. Not for two threads at once."""

    def __init__(self) -> None:
        self._known: dict[Fold, dict[str, str]] = {fold_name: {}, fold_kana: {}, fold_address: {}}

    def column(self, values: pl.Series, fold: Fold) -> pl.Series:
        """Each value folded; null for null."""
        known = self._known[fold]
        if len(known) > _CACHE_LIMIT:
            known.clear()
        distinct = values.drop_nulls().unique().to_list()
        folded = []
        for text in distinct:
            key = known.get(text)
            if key is None:
                key = known[text] = fold(text)
            folded.append(key)
        return values.replace_strict(distinct, folded, default=None, return_dtype=pl.String)

    def divided(self, values: pl.Series, fold: Fold) -> pl.Series:
        """Names, folded by surname and given name. Only ウ at the beginning of a part depends on what is before it."""
        parts = values.str.splitn(SPACE, 2).struct.unnest()
        first, rest = (self.column(parts[name], fold) for name in parts.columns)
        joined = pl.select(pl.concat_str(first, rest, ignore_nulls=True)).to_series()
        joined = pl.select(pl.when(values.is_not_null()).then(joined)).to_series()
        linked = (first.str.contains(f"[{O_ROW}]$") & rest.str.starts_with("ウ")).fill_null(value=False)
        return _where(linked, values, joined, fold)

    def places(self, towns: pl.Series, numbers: pl.Series) -> pl.Series:
        """町名 and 番地 folded as one text."""
        plain_ends = [town for town in towns.drop_nulls().unique().to_list() if _PLAIN_END.search(town)]
        apart = towns.is_in(plain_ends) & numbers.str.contains(_FIGURE_FIRST)
        joined = pl.select(
            pl.concat_str(self.column(towns, fold_address), self.column(numbers, fold_address), ignore_nulls=True)
        ).to_series()
        whole = pl.select(pl.concat_str(towns, numbers, ignore_nulls=True)).to_series()
        return _where(~apart.fill_null(value=False), whole, joined, fold_address)

    def names(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One row a face: row, name, kana, as `search_keys.faces`, in its order."""
        name, kana = frame["name"], frame["name_kana"]
        former = frame["former_surname"].is_not_null()
        former_frame = frame.filter(former)
        given = former_frame["name"].str.splitn(SPACE, 2).struct.field("field_1").fill_null("")
        given_kana = former_frame["name_kana"].str.splitn(SPACE, 2).struct.field("field_1").fill_null("")
        faces = [
            _face(frame["row"], self.divided(name, fold_name), self.divided(kana, fold_kana), 0),
            _face(frame["row"], self.column(frame["name_latin"], fold_name), None, 1),
            _face(
                frame["row"], self.divided(frame["alias"], fold_name), self.divided(frame["alias_kana"], fold_kana), 2
            ),
            _face(
                former_frame["row"],
                self.column(former_frame["former_surname"] + given, fold_name),
                self.column(former_frame["former_surname_kana"].fill_null("") + given_kana, fold_kana),
                3,
            ),
        ]
        found = pl.concat(faces).unique(["row", "name", "kana"], keep="first", maintain_order=True)
        nameless = frame.select("row").join(found, on="row", how="anti")
        if nameless.height:
            found = pl.concat([found, _face(nameless["row"], None, None, 0, keep_empty=True)])
        return found.sort("row", "order").drop("order")

    def addresses(self, frame: pl.DataFrame) -> pl.DataFrame:
        """row, address, as `search_keys.address`."""
        place = self.places(frame["address_town"], frame["address_banchi"])
        katagaki = self.column(frame["address_katagaki"], fold_name)
        address = pl.select(pl.concat_str(place.fill_null(""), katagaki, separator=" ", ignore_nulls=True)).to_series()
        return pl.DataFrame({"row": frame["row"], "address": address})


def grams(faces: pl.DataFrame) -> tuple[Integers, Integers]:
    """`search_keys.grams` of name and kana of each face: how many each has, and those of all faces."""
    texts = pl.concat([faces["name"], faces["kana"]])
    lengths = texts.str.len_chars().to_numpy().astype(np.int64)
    points = np.frombuffer(texts.str.join("").item().encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    text = np.repeat(np.arange(len(texts)), lengths)
    pairs = np.flatnonzero(text[:-1] == text[1:]) if len(text) else np.zeros(0, np.int64)
    numbers = (points[pairs] * _GRAM_FACTOR + points[pairs + 1]) & search_keys.GRAM_MASK
    owner = text[pairs]
    owner[owner >= faces.height] -= faces.height
    both = np.sort(owner << 31 | numbers)
    both = both[np.diff(both, prepend=-1) != 0]
    return np.bincount(both >> 31, minlength=faces.height), both & search_keys.GRAM_MASK


def _face(
    rows: pl.Series, name: pl.Series | None, kana: pl.Series | None, order: int, *, keep_empty: bool = False
) -> pl.DataFrame:
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, len(rows))
    frame = pl.DataFrame(
        {"row": rows, "name": empty if name is None else name, "kana": empty if kana is None else kana}
    )
    if not keep_empty:
        frame = frame.filter(pl.col("name").is_not_null() | pl.col("kana").is_not_null())
    return frame.with_columns(pl.col("name", "kana").fill_null(""), pl.lit(order).alias("order"))


def _where(mask: pl.Series, texts: pl.Series, otherwise: pl.Series, fold: Fold) -> pl.Series:
    """`fold` of the texts where `mask`, of the others what is there already."""
    if not mask.any():
        return otherwise
    folded = {text: fold(text) for text in texts.filter(mask).drop_nulls().unique().to_list()}
    exact = texts.replace_strict(list(folded), list(folded.values()), default=None, return_dtype=pl.String)
    return pl.select(pl.when(mask).then(exact).otherwise(otherwise)).to_series()
