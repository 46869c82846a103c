"""Codes of the registry that decisions depend on. Their names and validity stand in the dated lists of `core.codes`."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from yakuba.core.codes import CodeList


class Effect(StrEnum):
    """What an event does to a record: 記載, 消除, 修正."""

    ENTRY = "entry"
    CLOSING = "closing"
    CHANGE = "change"

    @property
    def label(self) -> str:
        return {"entry": "記載", "closing": "消除", "change": "修正"}[self.value]


class Status(StrEnum):
    """住民状態 (list `resident_states`)."""

    RESIDENT = "1"
    MOVED_OUT = "2"
    MOVED_ABROAD = "3"
    DEAD = "4"
    CLOSED = "5"
    NATIONALITY_CHANGED = "6"
    CANCELLED = "7"
    WRITTEN_ANEW = "8"


class ResidentKind(StrEnum):
    """住民種別 (list `resident_kinds`)."""

    JAPANESE = "1"
    FOREIGN = "2"


class Sex(StrEnum):
    """性別 (JIS X 0303, list `sexes`)."""

    UNKNOWN = "0"
    MALE = "1"
    FEMALE = "2"


class Channel(StrEnum):
    """届出方法 (list `filing_channels`)."""

    COUNTER = "1"
    POST = "2"
    ONLINE = "3"


class Notifier(StrEnum):
    """届出人区分 (list `notifier_kinds`)."""

    SELF = "1"
    HOUSEHOLDER = "2"
    HOUSEHOLD = "3"
    LEGAL_REPRESENTATIVE = "4"
    AGENT = "5"
    MESSENGER = "6"


class Reason(StrEnum):
    """異動事由 (list `change_reasons`); `LOADED` is ours."""

    MOVE_IN = "101"
    MOVE_IN_ABROAD = "102"
    BIRTH = "103"
    BECAME_JAPANESE = "104"
    BECAME_FOREIGN = "105"
    EX_OFFICIO_ENTRY = "106"
    RECREATED = "107"
    REPRODUCED = "108"
    CANCEL_CLOSING = "109"
    MOVE_OUT = "201"
    MOVE_OUT_ABROAD = "202"
    DEATH = "203"
    NO_LONGER_FOREIGN = "204"
    NO_LONGER_JAPANESE = "205"
    EX_OFFICIO_CLOSING = "206"
    CLOSED_TO_RECREATE = "207"
    CLOSED_TO_REPRODUCE = "208"
    CANCEL_ENTRY = "209"
    MOVE_WITHIN = "301"
    MINOR_CORRECTION = "302"
    EX_OFFICIO_CHANGE = "303"
    ERROR_CORRECTION = "304"
    NUMBER_REQUEST = "305"
    NUMBER_CORRECTION = "306"
    NUMBER_ENTRY = "307"
    CODE_REQUEST = "308"
    CODE_ENTRY = "309"
    HOUSEHOLD_SPLIT = "310"
    HOUSEHOLD_MERGE = "311"
    HOUSEHOLD_CHANGE = "312"
    HOUSEHOLDER_CHANGE = "313"
    FORMER_SURNAME_ENTRY = "314"
    FORMER_SURNAME_CHANGE = "315"
    FORMER_SURNAME_REMOVAL = "316"
    ALIAS_ENTRY = "317"
    ALIAS_REMOVAL = "318"
    CANCEL_CHANGE = "319"
    LOADED = "900"

    @property
    def effect(self) -> Effect:
        return _EFFECTS[self.value[0]]

    @property
    def label(self) -> str:
        return reason_label(self.value)


_EFFECTS = {"1": Effect.ENTRY, "2": Effect.CLOSING, "3": Effect.CHANGE, "9": Effect.ENTRY}


@cache
def _reason_labels() -> dict[str, str]:
    return {entry.code: entry.name for entry in CodeList.load("change_reasons").entries}


def reason_label(code: str) -> str:
    """The name of any 異動事由; an unknown code, as a loaded register may hold, is shown as it is."""
    return "台帳の取込み" if code == Reason.LOADED else _reason_labels().get(code, code)
