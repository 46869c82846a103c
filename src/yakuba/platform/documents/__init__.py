"""Forms to PDF (帳票). See README.md."""

from yakuba.platform.documents.engine import TemplateFault
from yakuba.platform.documents.overflow_list import OVERFLOW_LIST, OverflowList, overflow_list
from yakuba.platform.documents.rendering import (
    IssueNumber,
    MissingGlyph,
    MissingGlyphs,
    Overflow,
    Rendered,
    Substitution,
    Template,
    find_missing_glyphs,
    preview,
    render,
)
from yakuba.platform.documents.seals import Seal, make_sandbox_seal, seal_from_png

__all__ = [
    "OVERFLOW_LIST",
    "IssueNumber",
    "MissingGlyph",
    "MissingGlyphs",
    "Overflow",
    "OverflowList",
    "Rendered",
    "Seal",
    "Substitution",
    "Template",
    "TemplateFault",
    "find_missing_glyphs",
    "make_sandbox_seal",
    "overflow_list",
    "preview",
    "render",
    "seal_from_png",
]
