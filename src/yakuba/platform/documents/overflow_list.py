"""文字超過リスト (住民記録システム標準仕様書 5.8): what did not fit on the papers that were drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from yakuba.platform.documents.rendering import IssueNumber, Rendered, Template


@dataclass(frozen=True, slots=True)
class OverflowRow:
    paper: str = field(metadata={"label": "帳票"})
    issue: str = field(metadata={"label": "発行番号"})
    page: int
    field_name: str = field(metadata={"label": "欄"})
    text: str = field(metadata={"label": "文字列"})


@dataclass(frozen=True, slots=True)
class OverflowList:
    rows: tuple[OverflowRow, ...]


OVERFLOW_LIST = Template("platform/documents/templates/overflow_list.typ", OverflowList, "文字超過リスト")


def overflow_list(papers: Iterable[tuple[Template, IssueNumber, Rendered]]) -> OverflowList:
    """The list over drawn papers, to be rendered with `OVERFLOW_LIST`."""
    return OverflowList(
        tuple(
            OverflowRow(template.title, str(issue), overflow.page, overflow.field, overflow.text)
            for template, issue, rendered in papers
            for overflow in rendered.overflows
        )
    )
