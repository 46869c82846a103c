"""Characters (文字): the repertoire of the registers, one spelling for each character, 縮退, and keys for search."""

from yakuba.core.characters.folding import fold_address, fold_kana, fold_name
from yakuba.core.characters.repertoire import (
    check_repertoire,
    describe,
    identify,
    mj_unit,
    normalize,
    split_characters,
    to_seiji,
    variant_class,
    variants,
)
from yakuba.core.characters.shrinking import CharacterSet, Ground, Replacement, Shrunk, shrink

__all__ = [
    "CharacterSet",
    "Ground",
    "Replacement",
    "Shrunk",
    "check_repertoire",
    "describe",
    "fold_address",
    "fold_kana",
    "fold_name",
    "identify",
    "mj_unit",
    "normalize",
    "shrink",
    "split_characters",
    "to_seiji",
    "variant_class",
    "variants",
]
