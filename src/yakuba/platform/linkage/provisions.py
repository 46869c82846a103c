"""What the law allows to be provided (提供) or transferred (移転): one row an item of law and recipient, with its dates.

Numbers of items mean nothing without their table: 別表第1 and 別表第2 ended with 2024-05-26, 別表 and 主務省令第2条の表 count anew.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path

from yakuba.platform.profiles import Profile

_FILE = Path(__file__).with_name("data") / "provisions.csv"


class Flow(StrEnum):
    """To another office of the same organ, or to another body: 番号法 treats them apart (9条 and 19条)."""

    TRANSFER = "transfer"
    PROVISION = "provision"

    @property
    def label(self) -> str:
        return {"transfer": "移転", "provision": "提供"}[self]


class Scheme(StrEnum):
    """Where an item's number counts."""

    SCHEDULE = "schedule"
    ORDER_2 = "order_2"
    SCHEDULE_2 = "schedule_2"
    ORDINANCE = "ordinance"
    RESIDENTS_ACT = "residents_act"
    CARD_ORDER = "card_order"
    OTHER = "other"

    @property
    def label(self) -> str:
        return _SCHEME_LABELS[self]


_SCHEME_LABELS = {
    Scheme.SCHEDULE: "番号法別表",
    Scheme.ORDER_2: "主務省令第2条の表",
    Scheme.SCHEDULE_2: "番号法別表第2（旧）",
    Scheme.ORDINANCE: "番号利用条例",
    Scheme.RESIDENTS_ACT: "住民基本台帳法",
    Scheme.CARD_ORDER: "個人番号カード省令",
    Scheme.OTHER: "その他の法令",
}


class Method(StrEnum):
    """How it is handed over, as agreed beforehand."""

    IN_HOUSE = "in_house"
    DEDICATED_LINE = "dedicated_line"
    NETWORK = "network"
    JUKI_NET = "juki_net"
    LGWAN = "lgwan"
    MEDIUM = "medium"
    PAPER = "paper"

    @property
    def label(self) -> str:
        return _METHOD_LABELS[self]


_METHOD_LABELS = {
    Method.IN_HOUSE: "庁内連携システム",
    Method.DEDICATED_LINE: "専用線",
    Method.NETWORK: "情報提供ネットワークシステム",
    Method.JUKI_NET: "住民基本台帳ネットワークシステム",
    Method.LGWAN: "LGWAN",
    Method.MEDIUM: "電子記録媒体",
    Method.PAPER: "紙",
}
INSIDE = frozenset({Method.IN_HOUSE, Method.DEDICATED_LINE})
"""Methods by which a grant of this room can be read; the others have doors of their own."""


@dataclass(frozen=True, slots=True)
class Provision:
    """`office`: the division that the source names, empty where it names none. `end` is the first day it no longer holds.

    `basis`: public (stands in law or assessment), inferred (completed from both), own (registered in this house).
    """

    key: str
    profile: Profile
    dataset: str
    flow: Flow
    recipient: str
    office: str
    law: str
    scheme: Scheme
    item: str
    affair: str
    with_number: bool
    method: Method
    start: date
    end: date | None
    basis: str

    def holds_on(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    @property
    def citation(self) -> str:
        """「番号法第9条第1項・別表 第9の項」."""
        if not self.item or self.scheme in {Scheme.RESIDENTS_ACT, Scheme.CARD_ORDER}:
            return self.law
        return f"{self.law} 第{self.item}の項" if self.item[:1].isdigit() else f"{self.law} {self.item}"


@cache
def written() -> dict[str, Provision]:
    """Every row of the package's list by key. Raises ValueError for a key that occurs twice."""
    rows: dict[str, Provision] = {}
    with _FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["key"] in rows:
                raise ValueError(f"provision {row['key']} stands twice in the list")
            rows[row["key"]] = Provision(
                key=row["key"],
                profile=Profile(row["profile"]),
                dataset=row["dataset"],
                flow=Flow(row["kind"]),
                recipient=row["recipient"],
                office=row["office"],
                law=row["law"],
                scheme=Scheme(row["scheme"]),
                item=row["item"],
                affair=row["affair"],
                with_number=row["number"] == "1",
                method=Method(row["method"]),
                start=date.fromisoformat(row["start"]),
                end=date.fromisoformat(row["end"]) if row["end"] else None,
                basis=row["basis"],
            )
    return rows


@cache
def of_profile(profile: Profile) -> dict[str, Provision]:
    """The rows of an organisation: its own, and those of the law (`standard`) for whose item it has none of its own."""
    own = {key: row for key, row in written().items() if row.profile == profile}
    answered = {_item_of(row) for row in own.values()}
    general = {
        key: row for key, row in written().items() if row.profile == Profile.STANDARD and _item_of(row) not in answered
    }
    return {**general, **own}


def _item_of(row: Provision) -> tuple[str, Scheme, str]:
    return row.dataset, row.scheme, row.item
