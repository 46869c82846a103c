"""Typed form data to PDF/A-2b (帳票出力), by Typst.

A paper is a `Template` (a Typst file of the package) and a frozen dataclass. The data go in as JSON, never as
markup. The font travels with the package and no font of the machine is used, so that the same data give the same
bytes everywhere. A character without a glyph is found before anything is drawn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal

from yakuba.core.calendar import to_wareki
from yakuba.core.findings import Finding, Refused, Severity
from yakuba.platform.documents.coverage import house_coverage, notation, sequences
from yakuba.platform.documents.engine import ENGINE


@dataclass(frozen=True, slots=True)
class Template:
    """A paper: the path of its Typst file below the package, the type of its data, its title (帳票名)."""

    path: str
    data_type: type
    title: str


@dataclass(frozen=True, slots=True)
class IssueNumber:
    """発行番号 (住民記録システム標準仕様書 5.5), printed on every page with 頁/総頁. Each copy has a number of its own."""

    issued_on: date
    municipality: str
    terminal: str
    printer: str
    serial: int

    def __post_init__(self) -> None:
        if self.serial < 1:
            raise ValueError(f"the serial of an issue number starts at 1, not {self.serial}")

    def __str__(self) -> str:
        day = to_wareki(self.issued_on)
        return f"{day} {self.municipality} {self.terminal} {self.printer} {self.serial:06}"


@dataclass(frozen=True, slots=True)
class Substitution:
    """A replacement that the caller allows for a character without a glyph, and the rule that it rests on."""

    sequence: str
    replacement: str
    basis: str


@dataclass(frozen=True, slots=True)
class MissingGlyph:
    """A character that the font can't draw, and the items of the data that hold it."""

    sequence: str
    fields: tuple[str, ...]
    substitution: Substitution | None = None

    def as_finding(self) -> Finding:
        name = f"「{self.sequence}」({notation(self.sequence)})"
        if self.substitution is None:
            return Finding(
                code="glyph-missing",
                field="、".join(self.fields),
                message=f"文字{name}は帳票の書体に収録されていません。",
                remedy="文字情報基盤の文字に同定するか、代替文字を指定してください。",
            )
        return Finding(
            code="glyph-substituted",
            field="、".join(self.fields),
            message=f"文字{name}を「{self.substitution.replacement}」で印字しました（{self.substitution.basis}）。",
            remedy="証明書の文字を確認してください。",
            severity=Severity.WARNING,
        )


class MissingGlyphs(Refused):
    """Nothing is drawn: `missing` has no glyph in the house's font."""

    def __init__(self, missing: Iterable[MissingGlyph]) -> None:
        self.missing = tuple(missing)
        super().__init__(glyph.as_finding() for glyph in self.missing)


@dataclass(frozen=True, slots=True)
class Overflow:
    """文字超過: a text that does not fit its box even at the smallest size; it is clipped on `page` (from 1)."""

    field: str
    text: str
    page: int

    def as_finding(self) -> Finding:
        return Finding(
            code="text-overflow",
            field=self.field,
            message=f"{self.page}頁の「{self.field}」が欄に収まりません：{self.text}",
            remedy="文字超過リストを確認し、その欄を補って交付してください。",
            severity=Severity.WARNING,
            article="住民記録システム標準仕様書 5.8",
        )


@dataclass(frozen=True, slots=True)
class Rendered:
    """A drawn paper. `missing_glyphs` are those drawn by an allowed substitute; `content_hash` is SHA-256 of `pdf`."""

    pdf: bytes
    page_count: int
    missing_glyphs: tuple[MissingGlyph, ...]
    overflows: tuple[Overflow, ...]
    content_hash: str

    def findings(self) -> list[Finding]:
        """What a clerk must look at before handing the paper over."""
        glyphs = [glyph.as_finding() for glyph in self.missing_glyphs]
        return glyphs + [overflow.as_finding() for overflow in self.overflows]


def render(
    template: Template,
    data: object,
    *,
    issue: IssueNumber,
    created_at: datetime,
    specimen: bool,
    substitutions: Iterable[Substitution] = (),
) -> Rendered:
    """Draw a paper as PDF/A-2b. The same arguments give the same bytes.

    `created_at` (with time zone) is the creation date inside the file, to the second. `specimen` prints 見本 across every page.
    Raises `MissingGlyphs` before drawing if a character has no glyph and no substitution, `TypeError` if the data
    are not of the template's type.
    """
    inputs, substituted = _inputs(template, data, issue, specimen, substitutions)
    drawn = ENGINE.draw(template.path, inputs, "pdf", created_at=created_at.replace(microsecond=0))
    pdf = drawn.files[0]
    overflows = tuple(dict.fromkeys(Overflow(**found) for found in drawn.overflows))
    return Rendered(pdf, drawn.page_count, substituted, overflows, hashlib.sha256(pdf).hexdigest())


def preview(
    template: Template,
    data: object,
    *,
    issue: IssueNumber,
    specimen: bool,
    image_format: Literal["png", "svg"] = "png",
    resolution_ppi: float = 96,
    substitutions: Iterable[Substitution] = (),
) -> tuple[bytes, ...]:
    """The pages as pictures for the screen (プレビュー), one PNG or SVG a page. Raises as `render` does."""
    inputs, _substituted = _inputs(template, data, issue, specimen, substitutions)
    return ENGINE.draw(template.path, inputs, image_format, resolution_ppi=resolution_ppi).files


def find_missing_glyphs(data: object) -> tuple[MissingGlyph, ...]:
    """The characters of a form's data that the font can't draw, each once, in order of appearance."""
    coverage = house_coverage()
    found: dict[str, dict[str, None]] = {}
    for name, text in _texts(data, ""):
        for sequence in coverage.missing(text):
            found.setdefault(sequence, {})[name] = None
    return tuple(MissingGlyph(sequence, tuple(names)) for sequence, names in found.items())


def _texts(value: object, name: str) -> Iterator[tuple[str, str]]:
    """Every string of the data that is printed, with the label (or the name) of its field."""
    if isinstance(value, str):
        yield name, value
    elif is_dataclass(value):
        for field in fields(value):
            if field.metadata.get("printed", True):
                yield from _texts(getattr(value, field.name), field.metadata.get("label", field.name))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _texts(item, name)


def _plain(value: object, replacements: Mapping[str, str]) -> Any:
    """The data as JSON values. A field with `printed=False` (a picture) is passed through as it is."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return "".join(replacements.get(part, part) for part in sequences(value)) if replacements else value
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (tuple, list)):
        return [_plain(item, replacements) for item in value]
    if is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name), replacements if field.metadata.get("printed", True) else {})
            for field in fields(value)
        }
    raise TypeError(f"a form holds text, whole numbers, flags and forms, not {type(value).__name__}")


def _inputs(
    template: Template, data: object, issue: IssueNumber, specimen: bool, substitutions: Iterable[Substitution]
) -> tuple[dict[str, str], tuple[MissingGlyph, ...]]:
    if not isinstance(data, template.data_type):
        raise TypeError(f"{template.title} takes {template.data_type.__name__}, not {type(data).__name__}")
    allowed = {substitution.sequence: substitution for substitution in substitutions}
    coverage = house_coverage()
    for substitution in allowed.values():
        if coverage.missing(substitution.replacement) or not substitution.replacement:
            raise ValueError(f"the substitute {substitution.replacement!r} can't be drawn either")
    found = find_missing_glyphs((data, str(issue)))
    refused = [glyph for glyph in found if glyph.sequence not in allowed]
    if refused:
        raise MissingGlyphs(refused)
    replacements = {glyph.sequence: allowed[glyph.sequence].replacement for glyph in found}
    frame = {"title": template.title, "issue": _plain(str(issue), replacements), "specimen": specimen}
    inputs = {
        "data": json.dumps(_plain(data, replacements), ensure_ascii=False),
        "frame": json.dumps(frame, ensure_ascii=False),
    }
    substituted = tuple(MissingGlyph(glyph.sequence, glyph.fields, allowed[glyph.sequence]) for glyph in found)
    return inputs, substituted
