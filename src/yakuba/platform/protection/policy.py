"""What a flag does: one literal table of ways × kinds of flag."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from yakuba.core.codes import CodeList
from yakuba.platform.access.duties import Duty

from .exits import Way

CODES = "protection_flags"


class FlagKind(StrEnum):
    """Codes of the list `protection_flags`."""

    SUPPORT = "1"
    PROVISIONAL_SUPPORT = "2"
    OWN_REQUEST = "3"
    DISPUTE = "4"
    NO_AUTOMATIC_ANSWER = "5"

    @property
    def label(self) -> str:
        """Its name in the list, also of one that is no longer given."""
        return next(entry.name for entry in CodeList.load(CODES).entries if entry.code == self.value)

    @property
    def warning(self) -> str:
        """What stands at a flagged record, in words."""
        return next(entry.attributes["warning"] for entry in CodeList.load(CODES).entries if entry.code == self.value)


class Concealed(StrEnum):
    """What is masked: where a person lives, and whatever leads there."""

    ADDRESS = "address"
    FORMER_ADDRESS = "former_address"
    DESTINATION = "destination"
    DOMICILE = "domicile"
    HOUSEHOLD = "household"
    CONTACT = "contact"

    @property
    def label(self) -> str:
        return _CONCEALED_LABELS[self]


_CONCEALED_LABELS = {
    Concealed.ADDRESS: "住所・方書",
    Concealed.FORMER_ADDRESS: "前住所",
    Concealed.DESTINATION: "転出先",
    Concealed.DOMICILE: "本籍",
    Concealed.HOUSEHOLD: "世帯",
    Concealed.CONTACT: "電話番号等の連絡先",
}
WHEREABOUTS = frozenset(Concealed)
"""居所を知る手掛かりになるもの: everything that is ever masked."""


class Outcome(StrEnum):
    OPEN = "open"
    MASKED = "masked"
    REFUSED = "refused"


# Rows: how it would be handed out; columns: the kind of flag.
POLICY: dict[Way, dict[FlagKind, Outcome]] = {
    Way.DISPLAY: {
        FlagKind.SUPPORT: Outcome.MASKED,
        FlagKind.PROVISIONAL_SUPPORT: Outcome.MASKED,
        FlagKind.OWN_REQUEST: Outcome.OPEN,
        FlagKind.DISPUTE: Outcome.OPEN,
        FlagKind.NO_AUTOMATIC_ANSWER: Outcome.OPEN,
    },
    Way.LISTING: {
        FlagKind.SUPPORT: Outcome.MASKED,
        FlagKind.PROVISIONAL_SUPPORT: Outcome.MASKED,
        FlagKind.OWN_REQUEST: Outcome.OPEN,
        FlagKind.DISPUTE: Outcome.OPEN,
        FlagKind.NO_AUTOMATIC_ANSWER: Outcome.OPEN,
    },
    Way.ISSUE: {
        FlagKind.SUPPORT: Outcome.REFUSED,
        FlagKind.PROVISIONAL_SUPPORT: Outcome.REFUSED,
        FlagKind.OWN_REQUEST: Outcome.REFUSED,
        FlagKind.DISPUTE: Outcome.REFUSED,
        FlagKind.NO_AUTOMATIC_ANSWER: Outcome.OPEN,
    },
    # Left out, as 住民基本台帳事務処理要領 第6の10 wants of the list that is shown for inspection (閲覧).
    Way.FILE: {
        FlagKind.SUPPORT: Outcome.REFUSED,
        FlagKind.PROVISIONAL_SUPPORT: Outcome.REFUSED,
        FlagKind.OWN_REQUEST: Outcome.OPEN,
        FlagKind.DISPUTE: Outcome.OPEN,
        FlagKind.NO_AUTOMATIC_ANSWER: Outcome.OPEN,
    },
    Way.LINKAGE: {
        FlagKind.SUPPORT: Outcome.MASKED,
        FlagKind.PROVISIONAL_SUPPORT: Outcome.MASKED,
        FlagKind.OWN_REQUEST: Outcome.OPEN,
        FlagKind.DISPUTE: Outcome.OPEN,
        FlagKind.NO_AUTOMATIC_ANSWER: Outcome.OPEN,
    },
    Way.AUTOMATIC_ANSWER: {
        FlagKind.SUPPORT: Outcome.REFUSED,
        FlagKind.PROVISIONAL_SUPPORT: Outcome.REFUSED,
        FlagKind.OWN_REQUEST: Outcome.OPEN,
        FlagKind.DISPUTE: Outcome.OPEN,
        FlagKind.NO_AUTOMATIC_ANSWER: Outcome.REFUSED,
    },
}
assert set(POLICY) == set(Way)
assert all(set(row) == set(FlagKind) for row in POLICY.values()), "every way says what it does with every kind"

OPENED_BY: dict[Way, Duty | None] = {
    Way.DISPLAY: Duty.PROTECTION,
    Way.LISTING: Duty.PROTECTION,
    Way.ISSUE: None,
    Way.FILE: Duty.PROTECTION,
    Way.LINKAGE: None,
    Way.AUTOMATIC_ANSWER: None,
}
"""The duty to which a way is open whatever the flags say; None: to nobody without a release."""
assert set(OPENED_BY) == set(Way)

STRICTEST = (Outcome.OPEN, Outcome.MASKED, Outcome.REFUSED)


def outcome(way: str, kind: str) -> Outcome:
    """What a flag of this kind does at this way; refused where the table says nothing."""
    try:
        return POLICY[Way(way)][FlagKind(kind)]
    except (KeyError, ValueError):
        return Outcome.REFUSED


def coverable(kind: FlagKind, day: date) -> frozenset[Way]:
    """The ways that a flag of this kind may cover. Raises Refused for a kind that isn't in force on the day."""
    entry = CodeList.load(CODES).get(kind.value, day, "kind")
    return frozenset(Way(way) for way in entry.attributes["ways"].split())
