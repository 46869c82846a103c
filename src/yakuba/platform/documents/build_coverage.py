"""Write the coverage file of the font: `python -m yakuba.platform.documents.build_coverage`, after the font changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fontTools.ttLib import TTFont

from yakuba.platform.documents.coverage import (
    CODE_POINT_LIMIT,
    COVERAGE_PATH,
    FONT_PATH,
    Coverage,
    variation_key,
)


def read_coverage(font_path: Path) -> Coverage:
    """The coverage of a font file: its best Unicode `cmap` and the variation sequences of format 14."""
    with TTFont(font_path, lazy=True) as font:
        cmap = font["cmap"]
        bitmap = bytearray(CODE_POINT_LIMIT // 8)
        for code_point, glyph in cmap.getBestCmap().items():
            is_control = code_point < 0x20 or 0x7F <= code_point < 0xA0
            if code_point < CODE_POINT_LIMIT and glyph != ".notdef" and not is_control:
                bitmap[code_point >> 3] |= 1 << (code_point & 7)
        variations = {
            variation_key(base, selector)
            for table in cmap.tables
            if table.format == 14
            for selector, bases in table.uvsDict.items()
            for base, _glyph in bases
        }
    return Coverage(hashlib.sha256(font_path.read_bytes()).digest(), bytes(bitmap), frozenset(variations))


if __name__ == "__main__":
    COVERAGE_PATH.write_bytes(read_coverage(FONT_PATH).to_bytes())
