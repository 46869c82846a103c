"""Scans of seals that nobody owns: a name in a ring, pressed in vermilion, as a scanner would deliver it. 見本 only.

The same arguments always give the same bytes.
"""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from yakuba.platform.documents.coverage import FONT_PATH

DPI = 300
_MM_PER_INCH = 25.4
_INKS = ((200, 40, 30), (188, 30, 36), (210, 58, 40))


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Kept: the file is 30 MB, and reading it takes longer than drawing."""
    return ImageFont.truetype(str(FONT_PATH), size)


def draw(
    text: str,
    seed: int,
    *,
    side_mm: float | None = None,
    angle: float = 0.0,
    dpi: int = DPI,
    noise: float = 3.0,
    fine: int = 4,
) -> bytes:
    """A scan (PNG with its resolution) of a seal with `text`, column from the top; of its ring `side_mm` across.

    `seed` decides how the seal is cut: size, ring, strokes, place of the characters. `angle` (degrees) and `noise` are the
    pressing's and the scanner's: the same seal may come with others.
    Drawn `fine` times larger, then averaged: edges are as soft as ink's.
    """
    cut = np.random.default_rng([seed, *text.encode("utf-8")])
    side_mm = side_mm if side_mm is not None else float(cut.choice([10.5, 12.0, 13.5, 15.0, 18.0]))
    ink = _INKS[int(cut.integers(len(_INKS)))]
    scale = dpi / _MM_PER_INCH * fine
    side, margin = side_mm * scale, 4 * scale
    whole = round(side + 2 * margin)
    picture = Image.new("RGB", (whole, whole), "white")
    pen = ImageDraw.Draw(picture)
    ring = side * float(cut.uniform(0.03, 0.055))
    frame = (margin, margin, margin + side, margin + side)
    if cut.random() < 0.8:
        pen.ellipse(frame, outline=ink, width=round(ring))
    else:
        pen.rounded_rectangle(frame, radius=side * 0.08, outline=ink, width=round(ring))
    characters = [character for character in text if not character.isspace()]
    columns = 1 if len(characters) <= 3 else 2
    rows = -(-len(characters) // columns)
    inner = side * 0.8
    height, width = inner / rows, inner / columns
    font = _font(max(1, round(min(height, width * 1.05))))
    stroke = round(side * float(cut.uniform(0.006, 0.016)))
    for index, character in enumerate(characters):
        column, row = divmod(index, rows)
        x = whole / 2 + inner / 2 - width * (column + 0.5) + side * float(cut.uniform(-0.025, 0.025))
        y = whole / 2 - inner / 2 + height * (row + 0.5) + side * float(cut.uniform(-0.025, 0.025))
        pen.text((x, y), character, font=font, fill=ink, anchor="mm", stroke_width=stroke)
    if angle:
        picture = picture.rotate(angle, Image.Resampling.BICUBIC, fillcolor="white")
    size = round(whole / fine)
    scanned = np.asarray(picture.resize((size, size), Image.Resampling.BOX), np.float64)
    if noise:
        scanned += np.random.default_rng([seed, 1]).normal(0.0, noise, scanned.shape)
    file = io.BytesIO()
    Image.fromarray(np.clip(scanned, 0, 255).astype(np.uint8)).save(file, "PNG", dpi=(dpi, dpi))
    return file.getvalue()
