"""障害者手帳 -> ordinary or special disability (地方税法施行令 第7条・第7条の2, 所得税法施行令 第10条)."""

from __future__ import annotations

import re
import unicodedata

_KANJI: dict[str, str | int | None] = {"一": "1", "二": "2", "三": "3", "四": "4", "五": "5", "六": "6", "七": "7"}
_SPECIAL_GRADES = {"身体障害者手帳": 2, "精神障害者保健福祉手帳": 1, "愛の手帳": 2}
_LAST_GRADE = {"身体障害者手帳": 6, "精神障害者保健福祉手帳": 3, "愛の手帳": 4}


def disability_of(certificate: str) -> int:
    """1 ordinary, 2 special, from the certificate's name and grade, such as 身体障害者手帳二級 or 療育手帳A.

    Raises ValueError for one that isn't known.
    """
    text = unicodedata.normalize("NFKC", certificate).translate(str.maketrans(_KANJI)).replace(" ", "")
    if text.startswith("療育手帳"):
        grade = text.removeprefix("療育手帳")
        if re.fullmatch(r"(マル)?A\d?", grade):
            return 2
        if re.fullmatch(r"B\d?", grade):
            return 1
    for name, special in _SPECIAL_GRADES.items():
        found = re.fullmatch(rf"{name}(\d)[級度]", text)
        if found and 1 <= int(found[1]) <= _LAST_GRADE[name]:
            return 2 if int(found[1]) <= special else 1
    if text.startswith("戦傷病者手帳"):
        return 2 if re.search(r"特別項症|第?[123]項症", text) else 1
    raise ValueError(f"「{certificate}」の障害の程度が分かりません。")
