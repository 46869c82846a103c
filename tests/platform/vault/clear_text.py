"""Looks for 個人番号 in bytes, in every way that twelve digits are written down."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator


def written(number: str) -> set[bytes]:
    """The forms of a number that `found` knows, each to be found alone."""
    wide = number.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    grouped = [f"{number[:4]}{mark}{number[4:8]}{mark}{number[8:]}" for mark in " -"]
    forms = {number.encode(), *(text.encode() for text in grouped), wide.encode(), number.encode().hex().encode()}
    forms |= {number.encode().hex().upper().encode(), int(number).to_bytes(8, "big"), int(number).to_bytes(8, "little")}
    forms |= {wide.encode("utf-16-be"), number.encode("utf-16-be"), number.encode("utf-16-le")}
    forms |= {f"{int(number):016x}".encode()}
    forms |= {wide.encode("unicode_escape"), wide.encode().hex().encode()}
    return forms | _base64(number)


def _base64(number: str) -> set[bytes]:
    """The inner characters of each of the three ways in which the digits can lie in a longer base64 text."""
    found = set()
    for before in range(3):
        text = base64.b64encode(b"\0" * before + number.encode() + b"\0" * 3)
        first, last = -(-before * 8 // 6), (before + len(number)) * 8 // 6
        found.add(text[first:last])
    return found


def found(data: bytes, numbers: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """(number, form) of each of `numbers` that stands in `data`."""
    wanted = {form: number for number in numbers for form in written(number)}
    lengths = sorted({len(form) for form in wanted})
    seen = set()
    for length in lengths:
        forms = {form for form in wanted if len(form) == length}
        for start in range(len(data) - length + 1):
            form = data[start : start + length]
            if form in forms and form not in seen:
                seen.add(form)
                yield wanted[form], form
