"""電子公印: the picture of a seal on a certificate (住民記録システム標準仕様書 5.6: at most 25 mm square, black)."""

from __future__ import annotations

import base64
import math
import re
from dataclasses import dataclass, field
from typing import Any

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

from yakuba.core.findings import Finding, Refused
from yakuba.platform.documents.coverage import FONT_PATH, house_coverage, notation, sequences

LARGEST_SIDE_MM = 25
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR = re.compile(r'(?:fill|stroke|stop-color|color)\s*[=:]\s*["\']?\s*([#\w(),.% ]+)')
_BLACK = {"none", "black", "white", "#000", "#000000", "#fff", "#ffffff", "currentcolor"}


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal picture (SVG text) and the length of its side in millimetres. Raises `Refused` if too big or coloured."""

    picture: str = field(metadata={"printed": False})
    side_mm: int

    def __post_init__(self) -> None:
        findings = []
        if not 1 <= self.side_mm <= LARGEST_SIDE_MM:
            findings.append(
                Finding(
                    code="seal-size",
                    field="電子公印",
                    message=f"一辺が{self.side_mm}mmです。",
                    remedy=f"{LARGEST_SIDE_MM}mm以内にしてください。",
                    article="住民記録システム標準仕様書 5.6",
                )
            )
        colours = {match.strip().lower() for match in _COLOUR.findall(self.picture)} - _BLACK
        if colours:
            findings.append(
                Finding(
                    code="seal-colour",
                    field="電子公印",
                    message=f"黒以外の色（{'、'.join(sorted(colours))}）があります。",
                    remedy="黒の印影にしてください。",
                    article="住民記録システム標準仕様書 5.6",
                )
            )
        if findings:
            raise Refused(findings)


def seal_from_png(png: bytes, side_mm: int) -> Seal:
    """A scanned seal (PNG, square). Raises `Refused` if the bytes are no PNG or the picture is not square."""
    width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))
    if not png.startswith(_PNG_SIGNATURE) or len(png) < 24 or width != height:
        raise Refused(
            [
                Finding(
                    code="seal-picture",
                    field="電子公印",
                    message="正方形のPNG画像ではありません。",
                    remedy="印影を正方形に切り取ったPNG画像を登録してください。",
                )
            ]
        )
    encoded = base64.b64encode(png).decode("ascii")
    return Seal(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{encoded}"/></svg>',
        side_mm,
    )


def make_sandbox_seal(text: str = "見本市長之印", *, side_mm: int = 22) -> Seal:
    """A seal for the sandbox: `text` in a square frame, columns from the right, with 見本 written into the frame.

    The characters are outlines, so the picture looks the same wherever it is shown. Raises `Refused` if the font
    lacks a character, `ValueError` if there are none or more than 16.
    """
    characters = list(sequences(text))
    if not 1 <= len(characters) <= 16:
        raise ValueError(f"a seal holds 1 to 16 characters, not {len(characters)}")
    missing = house_coverage().missing(text)
    if missing:
        names = "、".join(f"「{sequence}」({notation(sequence)})" for sequence in missing)
        raise Refused(
            [Finding("glyph-missing", "電子公印", f"書体に無い文字{names}があります。", "別の文字にしてください。")]
        )
    rows = math.ceil(math.sqrt(len(characters)))
    columns = math.ceil(len(characters) / rows)
    inner = 80.0
    with TTFont(FONT_PATH, lazy=True) as font:
        shapes = [
            _outline(
                font,
                character,
                x=10 + inner - inner / columns * (index // rows + 1),
                y=12 + inner / rows * (index % rows),
                width=inner / columns,
                height=inner / rows,
            )
            for index, character in enumerate(characters)
        ]
        shapes += [
            _outline(font, character, x=41 + 9 * index, y=0.6, width=9, height=9)
            for index, character in enumerate("見本")
        ]
    return Seal(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        '<path d="M38 5H3V97H97V5H62" fill="none" stroke="black" stroke-width="3"/>'
        f'<path d="{"".join(shapes)}" fill="black"/></svg>',
        side_mm,
    )


def _outline(font: Any, character: str, *, x: float, y: float, width: float, height: float) -> str:
    """The outline of a character as an SVG path that fills the box whose upper left corner is (x, y)."""
    glyphs = font.getGlyphSet()
    pen = SVGPathPen(glyphs, ntos=lambda number: f"{number:.2f}")
    em = font["head"].unitsPerEm
    descent = -font["hhea"].descent
    scale_x, scale_y = width / em, height / em
    glyph = glyphs[_glyph_name(font, character)]
    glyph.draw(TransformPen(pen, (scale_x, 0, 0, -scale_y, x, y + height - descent * scale_y)))
    return str(pen.getCommands())


def _glyph_name(font: Any, character: str) -> str:
    cmap = font["cmap"]
    base = ord(character[0])
    if len(character) > 1:
        for table in cmap.tables:
            if table.format == 14:
                for candidate, glyph in table.uvsDict.get(ord(character[1]), ()):
                    if candidate == base and glyph is not None:
                        return str(glyph)
    return str(cmap.getBestCmap()[base])
