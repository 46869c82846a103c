"""世帯主との続柄: words of the list, joined by 「の」 (住民記録システム標準仕様書 1.1.11)."""

from __future__ import annotations

import re
from functools import cache

from yakuba.core.codes.code_list import CodeList
from yakuba.core.findings import Finding

MAX_GENERATIONS = 4
"""子の子の子の子; beyond, the person is 縁故者."""

_MAX_LENGTH = 60
_ARTICLE = "住民記録システム標準仕様書 1.1.11"


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Any valid relationship, and one that is only too long."""
    terms = CodeList.load("relationships").entries
    by_length = sorted(terms, key=lambda term: -len(term.name))
    links = "|".join(re.escape(term.name) for term in by_length if term.attributes["chain"] == "yes")
    alone = "|".join(re.escape(term.name) for term in by_length if term.attributes["chain"] == "no")
    chain = rf"(?:{links})(?:の(?:{links})){{0,{MAX_GENERATIONS - 1}}}"
    return re.compile(rf"{alone}|{chain}"), re.compile(rf"(?:{links})(?:の(?:{links}))+")


def relationship_is_valid(text: str) -> bool:
    """Whether a register may say so: 世帯主, 妻, 子の妻, 妻（未届）の子, 縁故者; not 孫, nor a fifth generation."""
    return check_relationship(text) is None


def check_relationship(text: str, field: str = "続柄") -> Finding | None:
    """What is wrong with a relationship, or None."""
    valid, too_long = _patterns()
    if len(text) <= _MAX_LENGTH:
        if valid.fullmatch(text):
            return None
        if too_long.fullmatch(text):
            return Finding(
                "relationship-too-far",
                field,
                f"続柄は「の」で{MAX_GENERATIONS}世代までつなげられます。",
                "5世代以上離れた者は「縁故者」としてください。",
                article=_ARTICLE,
            )
    return Finding(
        "relationship-unknown",
        field,
        f"続柄「{text[:20]}」は使えません。",
        "孫は「子の子」、祖父は「父の父」のように、夫・妻・子・父・母・兄・姉・弟・妹を「の」でつないでください。",
        article=_ARTICLE,
    )
