"""Which characters the house's font can draw (収録文字), without opening the font.

The font is IPAmj Mincho. Its `cmap` (code points, and the variation sequences of format 14) is precomputed by
`build_coverage.py` into a file of some 50 KB that loads in milliseconds; the font itself has 45 MB.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FONT_PATH = Path(__file__).with_name("fonts") / "ipamjm.ttf"
COVERAGE_PATH = Path(__file__).with_name("data") / "coverage.bin"

MAGIC = b"yakuba coverage 1\n"
CODE_POINT_LIMIT = 0x40000  # planes 0 to 3; the selectors of plane 14 never stand alone

_SEQUENCE = re.compile(r".[\ufe00-\ufe0f\U000e0100-\U000e01ef]*", re.DOTALL)


def sequences(text: str) -> Iterator[str]:
    """The text cut into characters, each with its variation selectors (異体字セレクタ)."""
    return (match.group() for match in _SEQUENCE.finditer(text))


def variation_key(base: int, selector: int) -> int:
    """One integer for a variation sequence: VS17–256 (U+E0100…) are 0–239, VS1–16 (U+FE00…) are 240–255."""
    return base << 8 | (selector - 0xE0100 if selector >= 0xE0100 else selector - 0xFE00 + 240)


def notation(sequence: str) -> str:
    """`邉󠄀` -> `U+9089 U+E0100`."""
    return " ".join(f"U+{ord(character):04X}" for character in sequence)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The characters and variation sequences that a font draws."""

    font_sha256: bytes
    code_points: bytes  # one bit a code point, lowest bit first
    variations: frozenset[int]  # `variation_key`s

    def draws(self, sequence: str) -> bool:
        """Whether one character, with or without a selector, has a glyph of its own.

        A line feed is layout, not a glyph, and counts as drawable; every other control character is not.
        """
        if sequence == "\n":
            return True
        base = ord(sequence[0])
        if base >= CODE_POINT_LIMIT or not self.code_points[base >> 3] >> (base & 7) & 1:
            return False
        if len(sequence) == 1:
            return True
        return len(sequence) == 2 and variation_key(base, ord(sequence[1])) in self.variations

    def missing(self, text: str) -> list[str]:
        """The characters of `text` that have no glyph, each once, in order of appearance."""
        return list(dict.fromkeys(sequence for sequence in sequences(text) if not self.draws(sequence)))

    def to_bytes(self) -> bytes:
        variations = struct.pack(f"<{len(self.variations)}I", *sorted(self.variations))
        return MAGIC + self.font_sha256 + zlib.compress(self.code_points + variations, 9)

    @classmethod
    def from_bytes(cls, content: bytes) -> Coverage:
        if not content.startswith(MAGIC):
            raise ValueError("not a coverage file")
        start = len(MAGIC)
        body = zlib.decompress(content[start + 32 :])
        bitmap_size = CODE_POINT_LIMIT // 8
        return cls(
            font_sha256=content[start : start + 32],
            code_points=body[:bitmap_size],
            variations=frozenset(struct.unpack(f"<{(len(body) - bitmap_size) // 4}I", body[bitmap_size:])),
        )


@cache
def house_coverage() -> Coverage:
    """The coverage of the font that every document of the house is set in."""
    return Coverage.from_bytes(COVERAGE_PATH.read_bytes())
