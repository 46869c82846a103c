"""A search result as HTML.

Not a template: fifty rows cost its engine 4 ms of a 12 ms answer, and clerks search while they type. Every value is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from html import escape

from django.utils.safestring import SafeString, mark_safe

from yakuba.core.calendar import age_range_on
from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Refused

from .display import labels, show
from .enquiries import PAGE, Found, Hit, Query
from .exits import MASKED_TEXT
from .filings import KINDS
from .interfaces import SEARCH_TASKS
from .reasons import ResidentKind

_FORMER = ' <span class="tag">以前の記録が一致</span>'
_WARNED = '<span class="tag tag--bad">注意</span> '
_OPEN_ROW, _CLOSED_ROW = "<tr>", '<tr class="closed">'
_OPEN = '<span class="tag tag--good">住民</span>'
_CLOSED = '<span class="tag">除票</span>'
_HEAD = (
    '<div class="scroll"><table><thead><tr><th scope="col">氏名</th><th scope="col">生年月日</th><th scope="col">性別</th>'
    '<th scope="col">住所</th><th scope="col">続柄</th><th scope="col">世帯番号</th><th scope="col">状態</th></tr></thead><tbody>'
)
_FOOT = "</tbody></table></div>"
_NOBODY = "<p>漢字の違い・読みの揺れは吸収して検索しています。生年月日や住所など、別の条件でもお試しください。</p>"


def age_text(birth: UncertainDate, today: date) -> str:
    """「41歳」, 「40〜41歳」, or nothing where it can't be said."""
    try:
        lowest, highest = age_range_on(birth, today)
    except Refused:
        return ""
    return f"{lowest}歳" if lowest == highest else f"{lowest}〜{highest}歳"


@lru_cache(maxsize=50_000)
def _birth_cell(birth: UncertainDate, foreign: bool, today: date | None) -> str:
    """Birth, and the age where there is a day to count to. Kept: there are fewer days of birth than rows of a busy hour."""
    age = age_text(birth, today) if today else ""
    return f'<td class="nowrap">{escape(show("birth", birth, foreign=foreign))} <span class="quiet">{age}</span></td>'


def _link(task: str) -> str:
    """Where choosing a person leads, up to the 宛名番号: to the page, or into the task that the search was for."""
    if task == "certificate":
        return "/residents/certificates/new?person="
    if task in SEARCH_TASKS:
        return SEARCH_TASKS[task][1]
    return f"/residents/filings/new/{task}?person=" if task in KINDS else "/residents/"


def _household_cell(number: int | None) -> str:
    if number is None:
        return f"<td>{MASKED_TEXT}</td>"
    return f'<td class="number"><a href="/residents/households/{number:015d}">{number:015d}</a></td>'


def _flags(hit: Hit) -> str:
    return "".join(f' <span class="tag tag--bad">⚠ {escape(warning)}</span>' for warning in hit.warnings)


def rows(hits: Iterable[Hit], today: date, task: str) -> SafeString:
    """A `<tr>` a hit."""
    sexes = {code: escape(name) for code, name in labels("sexes").items()}
    link = _link(task)
    parts = [
        f"{_OPEN_ROW if hit.is_open else _CLOSED_ROW}"
        f'<th scope="row"><span class="kana small">{escape(hit.kana)}</span>'
        f' <a href="{link}{hit.number:015d}">{escape(hit.name)}</a>{_FORMER if hit.former_match else ""}{_flags(hit)}</th>'
        f"{_birth_cell(hit.birth, hit.resident_kind == ResidentKind.FOREIGN, today if hit.is_open else None)}"
        f"<td>{sexes.get(hit.sex) or escape(hit.sex)}</td><td>{escape(hit.address)}</td><td>{escape(hit.relationship)}</td>"
        f"{_household_cell(hit.household)}"
        f'<td class="nowrap">{_WARNED if hit.warned else ""}{_OPEN if hit.is_open else _CLOSED}</td></tr>'
        for hit in hits
    ]
    return mark_safe("".join(parts))  # noqa: S308 -- every value above is escaped or made of digits


def results(
    found: Found, query: Query, meaning: Iterable[tuple[str, str]], today: date, task: str, again: Mapping[str, str]
) -> SafeString:
    """The whole answer: how the text was understood, a page of rows, and the way to the next, which sends `again`."""
    count, first = len(found.hits), query.offset + 1
    heading = "見つかりませんでした"
    if count:
        heading = f"{first}件目から{count}件" if found.more or first > 1 else f"{count}件"
    tags = "".join(
        f' <span class="tag tag--accent">{escape(label)}: {escape(value)}</span>' for label, value in meaning
    )
    parts = ['<section class="card" aria-label="検索結果">', f'<p class="row"><strong>{heading}</strong>{tags}</p>']
    parts += [_HEAD, rows(found.hits, today, task), _FOOT] if count else [_NOBODY]
    if found.more:
        fields = {**again, "offset": str(query.offset + PAGE)}
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
        )
        parts.append(
            '<form method="post" action="/residents/search" hx-post="/residents/search" hx-target="#results">'
            f'{hidden}<button class="button">次の{PAGE}件</button></form>'
        )
    parts.append("</section>")
    return mark_safe("".join(parts))  # noqa: S308 -- every value above is escaped
