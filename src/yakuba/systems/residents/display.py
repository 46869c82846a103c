"""Values of a record as a clerk reads them: names for codes, 和暦, ○ and －."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from yakuba.core.calendar import format_era_year
from yakuba.core.calendar.eras import current_eras
from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.codes import CodeList

from .items import BY_NAME, Kind
from .reasons import reason_label

_SEIREKI = frozenset(
    {"residence_until"}
)  # 住民記録システム標準仕様書 1.1.9: the end of a period of stay is written in 西暦
_SECRET = "（記載あり）"  # noqa: S105 -- says that there is one


@cache
def labels(codes: str) -> dict[str, str]:
    """Code -> name of a list of `core.codes`, over all times: a record keeps codes of its day."""
    return {entry.code: entry.name for entry in CodeList.load(codes).entries}


def show(name: str, value: Any, *, foreign: bool = False) -> str:
    """The value of item `name` in words; empty for None. An 個人番号 is never shown, only that there is one.

    `foreign`: the record is a foreign resident's, whose birth is written in 西暦. Raises KeyError for an unknown item.
    """
    item = BY_NAME[name]
    if value is None or value == "":
        return ""
    match item.kind:
        case Kind.FLAG:
            return "○" if value else "－"
        case Kind.CODE if item.codes == "change_reasons":
            return reason_label(str(value))
        case Kind.CODE:
            return labels(item.codes).get(str(value), str(value))
        case Kind.DATE | Kind.UNCERTAIN:
            return show_date(value, seireki=name in _SEIREKI or (foreign and name == "birth"))
        case Kind.MONTH:
            year, _, month = str(value).partition("-")
            first = date(int(year), int(month), 1)
            return f"{format_era_year(current_eras().of_date(first), first.year)}{first.month}月"
        case Kind.POSTAL:
            return f"〒{str(value)[:3]}-{str(value)[3:]}"
        case Kind.HOUSEHOLD:
            return f"{int(value):015d}"
        case Kind.VAULT:
            return _SECRET
        case _:
            return str(value)


def show_date(value: date | UncertainDate | None, *, seireki: bool = False) -> str:
    """「昭和60年4月12日」, with `seireki` 「1985年4月12日」; 不詳 as it was given; empty for None."""
    if value is None:
        return ""
    day = value if isinstance(value, UncertainDate) else UncertainDate.exact(value)
    return day.display_seireki() if seireki else day.display_wareki()


def person_name(items: Any) -> str:
    """What a person is called on screens: 氏名, else the Latin name, else that there is none yet."""
    return str(items.name or items.name_latin or "（氏名未定）")


def address(items: Any, prefix: str = "address") -> str:
    """町名, 番地 and 方書 in one line; the town's own name is not repeated."""
    town, banchi = getattr(items, f"{prefix}_town"), getattr(items, f"{prefix}_banchi")
    katagaki = getattr(items, f"{prefix}_katagaki")
    text = "".join(filter(None, (town, banchi)))
    return f"{text}　{katagaki}" if katagaki else text
