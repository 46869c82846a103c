"""What the door tells a person: lines, and progress that stays on one line of a terminal. Standard library only."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO


class Console:
    """Writes lines and progress to `stream`. On a terminal progress rewrites its line, elsewhere each tenth is told.

    A reader who went away (the terminal of a detached start) doesn't stop the house: writing then ends silently.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream
        self._on_terminal = stream.isatty()
        self._open_line = False
        self._told: tuple[str, int] | None = None

    def say(self, text: str = "") -> None:
        self._close_line()
        self._write(text + "\n")

    def progress(self, stage: str, done: int, total: int | None, detail: str = "") -> None:
        """`done` of `total` (None: unknown) of `stage`, as in `prepare(report, ...)`."""
        count = f" {done:,} / {total:,}" if total else (f" {done:,}" if done else "")
        line = f"  {stage}{count}" + (f"  {detail}" if detail else "")
        if self._on_terminal:
            self._write("\r\x1b[K" + line)
            self._open_line = True
            return
        step = (stage, done * 10 // total if total else 0)
        if step != self._told:
            self._told = step
            self._write(line + "\n")

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows in columns as wide as they look: a full-width character takes two cells."""
        widths = [max(map(_cells, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            padded = (text + " " * (width - _cells(text)) for text, width in zip(row, widths, strict=True))
            self.say("  " + "  ".join(padded).rstrip())

    def move(self, stream: TextIO) -> None:
        """Go on with `stream`; the old one is closed, so that its reader knows that this was all."""
        self._close_line()
        if self._stream is not None:
            self._stream.close()
        self._stream = stream
        self._on_terminal = stream.isatty()

    def _close_line(self) -> None:
        if self._open_line:
            self._open_line = False
            self._write("\n")

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            with suppress(BrokenPipeError):  # closing flushes what was left
                self._stream.close()
            self._stream = None


def _cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "FWA" else 1 for character in text)
