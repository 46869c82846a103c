"""Findings: what is wrong with an input, where, and what to do about it.

Every check of the house, from a record layout to a move-in form, answers with the same type, so that all
findings of an input can be shown at once. An error (エラー) blocks; a warning (アラート) is confirmed by its code
(住民記録システム標準仕様書 11.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Position:
    """Where in a file: 1-based row (record) and column (item), 0-based byte offset; None where it has no meaning."""

    row: int | None = None
    column: int | None = None
    byte: int | None = None

    def __str__(self) -> str:
        parts = []
        if self.row is not None:
            parts.append(f"{self.row}行目")
        if self.column is not None:
            parts.append(f"{self.column}項目目")
        if self.byte is not None:
            parts.append(f"{self.byte}バイト目")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: `code` names the rule, `field` the item of the input; `message` and `remedy` are Japanese."""

    code: str
    field: str
    message: str
    remedy: str = ""
    severity: Severity = Severity.ERROR
    article: str = ""
    position: Position | None = None

    def __str__(self) -> str:
        where = f" ({self.position})" if self.position else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"[{self.code}] {self.field}{where}: {self.message}{remedy}"


class Refused(ValueError):
    """An input is refused, with every finding at once."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


@dataclass(slots=True)
class Findings:
    """Collects findings in the order in which a person reads the form."""

    items: list[Finding] = field(default_factory=list)

    def error(
        self,
        code: str,
        field: str,
        message: str,
        remedy: str = "",
        *,
        article: str = "",
        position: Position | None = None,
    ) -> None:
        self.items.append(Finding(code, field, message, remedy, Severity.ERROR, article, position))

    def warn(
        self,
        code: str,
        field: str,
        message: str,
        remedy: str = "",
        *,
        article: str = "",
        position: Position | None = None,
    ) -> None:
        self.items.append(Finding(code, field, message, remedy, Severity.WARNING, article, position))

    def extend(self, findings: Iterable[Finding]) -> None:
        self.items.extend(findings)

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.items if finding.severity is Severity.ERROR]

    def unconfirmed(self, confirmed: Iterable[str]) -> list[Finding]:
        """Warnings whose code has not been confirmed by name."""
        names = set(confirmed)
        return [f for f in self.items if f.severity is Severity.WARNING and f.code not in names]

    def raise_if_blocking(self, confirmed: Iterable[str] = ()) -> None:
        """Raise `Refused` with all findings if there is an error or an unconfirmed warning."""
        if self.errors or self.unconfirmed(confirmed):
            raise Refused(self.items)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)
