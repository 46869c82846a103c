"""The one Typst compiler of a process (組版): it holds the font, and Typst allows one caller at a time."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import typst

from yakuba.platform.documents.coverage import FONT_PATH

PACKAGE_ROOT = Path(__file__).parents[2]  # a template may read what lies below src/yakuba, and nothing else


class TemplateFault(RuntimeError):
    """A template does not compile cleanly: a defect of the program, not of the data."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One PDF, or one picture a page; what the templates report under <page-count> and <overflow>."""

    files: tuple[bytes, ...]
    page_count: int
    overflows: tuple[dict[str, Any], ...]


class Engine:
    """Compiles templates, one at a time. Made on first use; unusable in a process forked after that."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._compiler: typst.Compiler | None = None
        self._is_stale = False

    def after_fork(self) -> None:
        self._lock = threading.Lock()
        self._is_stale = self._compiler is not None

    def draw(
        self,
        template_path: str,
        inputs: dict[str, str],
        output_format: Literal["pdf", "png", "svg"],
        *,
        created_at: datetime | None = None,
        resolution_ppi: float | None = None,
    ) -> Drawn:
        """Compile a template of the package. Raises `TemplateFault` on any error or warning of Typst."""
        if self._is_stale:
            # The threads of Typst do not survive a fork, and compiling would wait for them for ever.
            raise RuntimeError("this process was forked after a document was drawn: start workers by spawn")
        with self._lock:
            if self._compiler is None:
                self._compiler = typst.Compiler(
                    root=PACKAGE_ROOT, font_paths=[FONT_PATH.parent], ignore_system_fonts=True
                )
            try:
                content, warnings = self._compiler.compile_with_warnings(
                    input=PACKAGE_ROOT / template_path,
                    format=output_format,
                    ppi=resolution_ppi,
                    sys_inputs=inputs,
                    pdf_standards=["a-2b"] if output_format == "pdf" else [],
                    timestamp=created_at,
                )
                page_count, *_ = json.loads(self._compiler.query("<page-count>", field="value"))
                overflows = json.loads(self._compiler.query("<overflow>", field="value"))
            except typst.TypstError as error:
                raise TemplateFault(error.diagnostic) from error
            except RuntimeError as error:
                raise TemplateFault(f"{template_path}: {error}") from error
        if warnings:
            raise TemplateFault("\n".join(warning.diagnostic for warning in warnings))
        files = content if isinstance(content, list) else [content]
        return Drawn(tuple(file for file in files if file is not None), page_count, tuple(overflows))


ENGINE = Engine()
os.register_at_fork(after_in_child=ENGINE.after_fork)
