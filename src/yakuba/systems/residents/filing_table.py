"""What may be filed about whom: one table of kinds × states of a person, and why not.

It is complete (a test holds it against `filings.KINDS` and `State`), so a new kind or a new state can't be forgotten. What a
form says besides its persons is not decided here but in `rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .reasons import ResidentKind, Status


class State(StrEnum):
    """How a person stands in the register, in the order of the table's columns."""

    JAPANESE = "住民（日本人）"
    FOREIGN = "住民（外国人）"
    JAPANESE_LEAVING = "転出予定（日本人）"
    FOREIGN_LEAVING = "転出予定（外国人）"
    MOVED_OUT = "転出"
    MOVED_ABROAD = "国外転出"
    DEAD = "死亡"
    CLOSED = "職権消除"
    NATIONALITY_CHANGED = "帰化・国籍喪失等"
    CANCELLED = "異動の取消し"


_BY_STATUS = {
    Status.MOVED_OUT: State.MOVED_OUT,
    Status.MOVED_ABROAD: State.MOVED_ABROAD,
    Status.DEAD: State.DEAD,
    Status.CLOSED: State.CLOSED,
    Status.NATIONALITY_CHANGED: State.NATIONALITY_CHANGED,
    Status.CANCELLED: State.CANCELLED,
}


def state_of(items: Mapping[str, Any], *, is_open: bool) -> State:
    """The state of a person by their current version."""
    if not is_open:
        return _BY_STATUS.get(Status(items["status"]), State.CLOSED)
    foreign = items["resident_kind"] == ResidentKind.FOREIGN
    if items.get("move_out_planned_on"):
        return State.FOREIGN_LEAVING if foreign else State.JAPANESE_LEAVING
    return State.FOREIGN if foreign else State.JAPANESE


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a kind can't be filed about somebody in a state. `message` takes `{name}`, and `{closed}`: why the record closed."""

    code: str
    message: str
    remedy: str


REFUSALS = {
    "消": Refusal(
        "RES-E-031", "{name}さんの住民票は既に消除されています（{closed}）。", "除票の内容を確認してください。二重の届出なら受理しないでください。"
    ),
    "住": Refusal(
        "RES-E-059", "{name}さんは現在の住民で、再転入の元になる除票がありません。", "除票を検索して選び直してください。"
    ),
    "現": Refusal("RES-E-032", "{name}さんは現在の住民です。", "消除された方を選び直してください。"),
    "外": Refusal("RES-E-033", "{name}さんは日本人住民です。", "外国人住民だけの異動です。対象の方を選び直してください。"),
    "日": Refusal("RES-E-034", "{name}さんは外国人住民です。", "日本人住民だけの異動です。対象の方を選び直してください。"),
    "死": Refusal("RES-E-035", "{name}さんの住民票は死亡により消除されています。", "死亡が誤りなら、その異動を取り消してください。"),
    "予": Refusal("RES-E-036", "{name}さんの転出は届け出られていません。", "対象の方を選び直してください。"),
    "転": Refusal("RES-E-094", "{name}さんは転出の届出中です。", "転出を取り消してから入力してください。"),
    "届": Refusal("RES-E-104", "{name}さんの転出は既に届け出られています。", "先の届出を確認してください。"),
    "他": Refusal(
        "RES-E-037", "{name}さんの住民票は別の事由（{closed}）で消除されています。", "消除の事由を確認し、合う異動を選んでください。"
    ),
    "取": Refusal(
        "RES-E-038", "{name}さんの記載は取り消されています。", "改めて記載するときは、転入等の異動を入力してください。"
    ),
}  # fmt: skip

ALLOWED, NOBODY = "○", "－"
"""Allowed; and the kind names nobody of the register."""

# Columns as in State: 住民 日・外, 転出予定 日・外, then the closed ones: 転出, 国外転出, 死亡, 職権消除, 帰化・国籍喪失等, 取消し.
TABLE: dict[str, str] = {
    # who enters, from a former record
    "move_in":                 "住 住 住 住 ○ ○ 死 ○ ○ ○",
    "ex_officio_entry":        "住 住 住 住 ○ ○ 死 ○ ○ ○",
    "foreigner_settles":       "住 住 住 住 ○ ○ 死 ○ ○ ○",
    "foreigner_qualifies":     "住 住 住 住 ○ ○ 死 ○ ○ ○",
    "birth":                   "－ － － － － － － － － －",
    # 転居・世帯
    "move_within":             "○ ○ 転 転 消 消 消 消 消 消",
    "household_split":         "○ ○ 転 転 消 消 消 消 消 消",
    "household_merge":         "○ ○ 転 転 消 消 消 消 消 消",
    "household_transfer":      "○ ○ 転 転 消 消 消 消 消 消",
    "householder_change":      "○ ○ ○ ○ 消 消 消 消 消 消",
    "relationship_change":     "外 ○ 外 ○ 消 消 消 消 消 消",
    # 転出・死亡
    "move_out":                "○ ○ 届 届 消 消 消 消 消 消",
    "move_out_withdrawal":     "予 予 ○ ○ ○ ○ 死 他 他 取",
    "move_in_notice":          "○ ○ ○ ○ ○ 他 死 ○ 他 取",
    "death":                   "○ ○ ○ ○ 消 消 消 消 消 消",
    "disappearance":           "○ ○ ○ ○ 消 消 消 消 消 消",
    # 氏名
    "former_surname_entry":    "○ 日 ○ 日 消 消 消 消 消 消",
    "former_surname_change":   "○ 日 ○ 日 消 消 消 消 消 消",
    "former_surname_removal":  "○ 日 ○ 日 消 消 消 消 消 消",
    "alias_entry":             "外 ○ 外 ○ 消 消 消 消 消 消",
    "alias_removal":           "外 ○ 外 ○ 消 消 消 消 消 消",
    "furigana_entry":          "○ ○ ○ ○ 消 消 消 消 消 消",
    # 外国人住民・国籍
    "residence_update":        "外 ○ 外 ○ 消 消 消 消 消 消",
    "naturalization":          "外 ○ 外 ○ 消 消 消 消 消 消",
    "nationality_acquisition": "外 ○ 外 ○ 消 消 消 消 消 消",
    "nationality_loss":        "○ 日 ○ 日 消 消 消 消 消 消",
    # 番号
    "number_request":          "○ ○ ○ ○ 消 消 消 消 消 消",
    "number_correction":       "○ ○ ○ ○ 消 消 消 消 消 消",
    "number_entry":            "○ ○ ○ ○ 消 消 消 消 消 消",
    "code_request":            "○ ○ ○ ○ 消 消 消 消 消 消",
    "code_entry":              "○ ○ ○ ○ 消 消 消 消 消 消",
    # 職権・修正・改製. A closed record can be wrong, too.
    "restoration":             "現 現 現 現 他 他 死 ○ 他 取",
    "ex_officio_closing":      "○ ○ ○ ○ 消 消 消 消 消 消",
    "minor_correction":        "○ ○ ○ ○ 消 消 消 消 消 消",
    "ex_officio_change":       "○ ○ ○ ○ ○ ○ ○ ○ ○ 取",
    "error_correction":        "○ ○ ○ ○ ○ ○ ○ ○ ○ 取",
    "recreation":              "○ ○ ○ ○ 消 消 消 消 消 消",
    "reproduction":            "○ ○ ○ ○ 消 消 消 消 消 消",
    "cancellation":            "－ － － － － － － － － －",
}  # fmt: skip

_ROWS = {kind: dict(zip(State, row.split(), strict=True)) for kind, row in TABLE.items()}


def refusal(kind: str, state: State) -> Refusal | None:
    """Why `kind` can't be filed about a person in `state`; None where it can. Raises KeyError where the kind names nobody."""
    mark = _ROWS[kind][state]
    return None if mark == ALLOWED else REFUSALS[mark]


def allowed(state: State) -> tuple[str, ...]:
    """The kinds that can be filed about a person in `state`, in the order of the table."""
    return tuple(kind for kind, row in _ROWS.items() if row[state] == ALLOWED)
