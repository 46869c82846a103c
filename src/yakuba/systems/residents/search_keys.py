"""Search keys: the folded faces of a person, defined once for one filing and for a million imported rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from yakuba.core.characters import fold_address, fold_kana, fold_name
from yakuba.core.names import SPACE

GRAM_MASK = 0x7FFF_FFFF  # a gram is a positive int4


def faces(items: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The folded (name, kana) pairs by which a person can be found: name, Latin name, former surname, alias.

    A person without any name has one empty face, and is found by birth date and numbers.
    """
    name, kana = items.get("name") or "", items.get("name_kana") or ""
    pairs = [
        (name, kana),
        (items.get("name_latin") or "", ""),
        (items.get("alias") or "", items.get("alias_kana") or ""),
    ]
    if items.get("former_surname"):
        given, given_kana = name.partition(SPACE)[2], kana.partition(SPACE)[2]
        pairs.append((items["former_surname"] + given, (items.get("former_surname_kana") or "") + given_kana))
    folded = dict.fromkeys((fold_name(n), fold_kana(k)) for n, k in pairs if n or k)
    return list(folded) or [("", "")]


def address(items: Mapping[str, Any]) -> str:
    """The folded address: town and number as one, then the 方書 after a space."""
    place = fold_address((items.get("address_town") or "") + (items.get("address_banchi") or ""))
    katagaki = items.get("address_katagaki")
    return f"{place} {fold_name(katagaki)}" if katagaki else place


def grams(*texts: str) -> list[int]:
    """Each pair of neighbouring characters as a number, sorted: a two-character search becomes an index look-up.

    Different pairs may share a number (the search compares the text as well); equal pairs always do.
    """
    pairs: Iterable[tuple[str, str]] = (pair for text in texts for pair in pairwise(text))
    return sorted({(ord(first) * 0x10FFFF + ord(second)) & GRAM_MASK for first, second in pairs})
