"""Record layouts (レコードレイアウト): files of fixed width and CSV, read with every finding, written byte for byte."""

from yakuba.core.layouts.encodings import ENCODINGS, Encoding, UndecodableBytes
from yakuba.core.layouts.fields import CheckDigit, MonthDay, Value
from yakuba.core.layouts.layout import (
    Basis,
    Form,
    Layout,
    LayoutFault,
    Quoting,
    RecordLayout,
    Terminator,
    layout_names,
    load_layout,
    parse_layout,
)
from yakuba.core.layouts.records import FileForm, Reading, Record, RecordFile, check, read_all, write, write_all

__all__ = [
    "ENCODINGS",
    "Basis",
    "CheckDigit",
    "Encoding",
    "FileForm",
    "Form",
    "Layout",
    "LayoutFault",
    "MonthDay",
    "Quoting",
    "Reading",
    "Record",
    "RecordFile",
    "RecordLayout",
    "Terminator",
    "UndecodableBytes",
    "Value",
    "check",
    "layout_names",
    "load_layout",
    "parse_layout",
    "read_all",
    "write",
    "write_all",
]
