"""What other rooms may use of the resident registry: its events, and typed read access."""

from __future__ import annotations

from dataclasses import dataclass

from yakuba.platform.events.registry import declare


@dataclass(frozen=True, slots=True)
class RecordChanged:
    """One person's 住民票 got a new version. Values are read from the versions named here, never carried along."""

    filing: int | None
    reason: str
    effect: str
    before_version: int | None
    after_version: int
    household_before: int | None
    household_after: int
    opened: bool
    closed: bool
    changed: list[str]


@dataclass(frozen=True, slots=True)
class RegisterLoaded:
    """A register was loaded from a file: `persons` versions of this event, in one or more chunks."""

    job: int
    file_hash: str
    persons: int


@dataclass(frozen=True, slots=True)
class PaperIssued:
    issue: str
    kind: str
    persons: list[int]


RECORD_CHANGED = declare(
    "residents:record:changed", RecordChanged, "住民票の記載・消除・修正。人ごとに一件、版と同じトランザクションで。"
)
REGISTER_LOADED = declare(
    "residents:register:loaded",
    RegisterLoaded,
    "台帳の一括取込み。",
    unheard="other rooms read a loaded register whole; they come with their own issues",
)
PAPER_ISSUED = declare(
    "residents:paper:issued",
    PaperIssued,
    "証明書の発行。",
    unheard="convenience and revenue will subscribe when those rooms exist",
)
