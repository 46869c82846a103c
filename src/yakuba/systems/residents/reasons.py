"""異動事由: what can happen to a record, and what it does to it (住民記録システム標準仕様書 1.0版 4章)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    ENTRY = "entry"  # 記載
    CLOSING = "closing"  # 消除
    CHANGE = "change"  # 修正


class Status(StrEnum):
    RESIDENT = "resident"
    MOVED_OUT = "moved_out"
    DEAD = "dead"
    CANCELLED = "cancelled"
    CLOSED = "closed"


class Reason(StrEnum):
    MOVE_IN = "move_in"
    MOVE_IN_ABROAD = "move_in_abroad"
    BIRTH = "birth"
    MOVE_OUT = "move_out"
    MOVE_OUT_ABROAD = "move_out_abroad"
    MOVE_OUT_NOTIFIED = "move_out_notified"
    DEATH = "death"
    MOVE_WITHIN = "move_within"
    HOUSEHOLDER_CHANGE = "householder_change"
    EX_OFFICIO_CHANGE = "ex_officio_change"
    NUMBER_ENTRY = "number_entry"
    CANCEL_ENTRY = "cancel_entry"
    CANCEL_CLOSING = "cancel_closing"
    CANCEL_CHANGE = "cancel_change"
    LOADED = "loaded"


@dataclass(frozen=True, slots=True)
class ReasonRow:
    label: str
    effect: Effect


REASONS: dict[Reason, ReasonRow] = {
    Reason.MOVE_IN: ReasonRow("国内転入", Effect.ENTRY),
    Reason.MOVE_IN_ABROAD: ReasonRow("国外転入等", Effect.ENTRY),
    Reason.BIRTH: ReasonRow("出生", Effect.ENTRY),
    Reason.MOVE_OUT: ReasonRow("国内転出", Effect.CLOSING),
    Reason.MOVE_OUT_ABROAD: ReasonRow("国外転出", Effect.CLOSING),
    Reason.MOVE_OUT_NOTIFIED: ReasonRow("転出予定の届出", Effect.CHANGE),
    Reason.DEATH: ReasonRow("死亡", Effect.CLOSING),
    Reason.MOVE_WITHIN: ReasonRow("転居", Effect.CHANGE),
    Reason.HOUSEHOLDER_CHANGE: ReasonRow("世帯主変更", Effect.CHANGE),
    Reason.EX_OFFICIO_CHANGE: ReasonRow("職権修正", Effect.CHANGE),
    Reason.NUMBER_ENTRY: ReasonRow("個人番号の職権記載", Effect.CHANGE),
    Reason.CANCEL_ENTRY: ReasonRow("異動の取消し（減）", Effect.CLOSING),
    Reason.CANCEL_CLOSING: ReasonRow("異動の取消し（増）", Effect.ENTRY),
    Reason.CANCEL_CHANGE: ReasonRow("異動の取消し（修正）", Effect.CHANGE),
    Reason.LOADED: ReasonRow("台帳の取込み", Effect.ENTRY),
}
