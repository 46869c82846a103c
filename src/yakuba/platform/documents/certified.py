"""The foot of a paper that certifies something: its template is `templates/certified.typ`."""

from __future__ import annotations

from dataclasses import dataclass, field

from yakuba.platform.documents.seals import Seal


@dataclass(frozen=True, slots=True)
class Closing:
    """認証文, its date, the authority and the seal, printed on the last page; the notes on every page."""

    statement: str
    certified_on: str
    title: str = field(metadata={"label": "職名"})
    name: str = field(metadata={"label": "認証者の氏名"})
    seal: Seal | None
    seal_note: str
    notes: tuple[str, ...]
