"""Record layouts (レコードレイアウト) as data: what a file consists of, and how sure we are of it.

A layout is a YAML file. It names its `basis` (`public`: a published specification; `inferred`: from public programs
and samples; `own`) and its source, and lists the records and their items. `load_layout` reads the packaged ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import yaml

from yakuba.core.layouts.encodings import ENCODINGS, Encoding
from yakuba.core.layouts.fields import (
    CHARACTER_SETS,
    DATE_FORMATS,
    FIELD_KINDS,
    CheckDigit,
    Code,
    Constant,
    Date,
    Digits,
    Field,
    Filler,
    Number,
    Text,
    Total,
)


class LayoutFault(ValueError):
    """A layout that contradicts itself: a defect of the layout's data, not of a file."""


class Basis(StrEnum):
    PUBLIC = "public"
    INFERRED = "inferred"
    OWN = "own"


class Form(StrEnum):
    FIXED = "fixed"
    CSV = "csv"


class Terminator(StrEnum):
    """What ends a record: CRLF, LF, or nothing."""

    CRLF = "crlf"
    LF = "lf"
    NONE = "none"

    @property
    def bytes(self) -> bytes:
        return {"crlf": b"\r\n", "lf": b"\n", "none": b""}[self.value]


class Quoting(StrEnum):
    """Whether the cells of a CSV are in double quotes: never, always, or as each cell has it (then it is kept)."""

    NEVER = "never"
    ALWAYS = "always"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """A kind of record: its mark (the text that tells it from the others), what may precede it, its items."""

    key: str
    title: str
    mark: str | None
    after: frozenset[str]
    is_last: bool
    fields: tuple[Field, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the items that have a value."""
        return tuple(field.key for field in self.fields if not isinstance(field, Filler))


START = "start"


@dataclass(frozen=True, slots=True)
class Layout:
    """A file's layout. In a fixed layout every record has `record_length` bytes, without its terminator."""

    name: str
    title: str
    version: str
    basis: Basis
    source: str
    note: str
    form: Form
    encoding: Encoding
    terminators: tuple[Terminator, ...]
    quoting: Quoting
    record_length: int | None
    records: tuple[RecordLayout, ...]

    def record(self, key: str) -> RecordLayout:
        for record in self.records:
            if record.key == key:
                return record
        raise KeyError(f"{self.name} has no record {key!r}")


_LAYOUT_KEYS = {
    "name",
    "title",
    "version",
    "basis",
    "source",
    "note",
    "form",
    "encoding",
    "terminators",
    "quoting",
    "record_length",
    "records",
}
_RECORD_KEYS = {"key", "title", "mark", "after", "is_last", "fields"}
_FIELD_KEYS = {"key", "title", "length", "kind", "is_optional", "basis"}
_OPTIONS: dict[str, set[str]] = {
    "number": {"count_of", "sum_of", "where_item", "where_codes"},
    "digits": {"is_exact", "least", "most"},
    "text": {"characters"},
    "constant": {"value"},
    "code": {"codes"},
    "filler": set(),
    "date": {"form", "century", "never"},
    "check_digit": set(),
}


def layout_names() -> tuple[str, ...]:
    """The names of the packaged layouts."""
    folder = resources.files(__package__) / "data"
    return tuple(sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml")))


@cache
def load_layout(name: str) -> Layout:
    """A packaged layout. Raises `KeyError` if there is none of that name."""
    if name not in layout_names():
        raise KeyError(f"no layout {name!r}; there are {', '.join(layout_names())}")
    layout = parse_layout((resources.files(__package__) / "data" / f"{name}.yaml").read_text("utf-8"))
    if layout.name != name:
        raise LayoutFault(f"{name}.yaml calls itself {layout.name}")
    return layout


def parse_layout(text: str) -> Layout:
    """A layout from its YAML text. Raises `LayoutFault`."""
    data = yaml.safe_load(text)
    if not isinstance(data, dict):
        raise LayoutFault("a layout is a mapping")
    try:
        layout = _layout(data)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, LayoutFault):
            raise
        raise LayoutFault(f"{data.get('name')}: {error!r}") from error
    problems = list(_problems(layout))
    if problems:
        raise LayoutFault(f"{layout.name}: " + "; ".join(problems))
    return layout


def _layout(data: dict[str, Any]) -> Layout:
    _require_known(data, _LAYOUT_KEYS, "layout")
    form = Form(data["form"])
    return Layout(
        name=data["name"],
        title=data["title"],
        version=str(data["version"]),
        basis=Basis(data["basis"]),
        source=data["source"],
        note=data.get("note", ""),
        form=form,
        encoding=ENCODINGS[data["encoding"]],
        terminators=tuple(Terminator(name) for name in data["terminators"]),
        quoting=Quoting(data.get("quoting", "never")),
        record_length=data.get("record_length"),
        records=tuple(_record(item, form) for item in data["records"]),
    )


def _record(data: dict[str, Any], form: Form) -> RecordLayout:
    _require_known(data, _RECORD_KEYS, f"record {data.get('key')}")
    return RecordLayout(
        key=data["key"],
        title=data["title"],
        mark=data.get("mark"),
        after=frozenset(data.get("after", (START, data["key"]))),
        is_last=data.get("is_last", True),
        fields=tuple(_field(item, form) for item in data["fields"]),
    )


def _field(data: dict[str, Any], form: Form) -> Field:
    kind = data["kind"]
    _require_known(data, _FIELD_KEYS | _OPTIONS[kind], f"item {data.get('key')}")
    options: dict[str, Any] = {name: data[name] for name in _OPTIONS[kind] if name in data}
    if kind == "number":
        options = {"total": _total(options)}
    if "codes" in options:
        options["codes"] = {str(code): str(meaning or "") for code, meaning in options["codes"].items()}
    return FIELD_KINDS[kind](
        key=data["key"],
        title=data["title"],
        length=data["length"],
        is_fixed=form is Form.FIXED,
        is_optional=data.get("is_optional", kind == "filler"),
        **options,
    )


def _total(options: dict[str, Any]) -> Total | None:
    if not options:
        return None
    if ("count_of" in options) == ("sum_of" in options):
        raise LayoutFault("a total is either count_of or sum_of")
    record, _, item = str(options.get("sum_of") or options["count_of"]).partition(".")
    return Total(
        record=record,
        item=item or None,
        where_item=options.get("where_item"),
        where_codes=frozenset(options.get("where_codes", ())),
    )


def _require_known(data: dict[str, Any], known: set[str], what: str) -> None:
    unknown = set(data) - known
    if unknown:
        raise LayoutFault(f"{what}: unknown {', '.join(sorted(unknown))}")


def _problems(layout: Layout) -> Iterator[str]:
    """Every contradiction of a layout, in words for the person who writes layouts."""
    keys = [record.key for record in layout.records]
    if len(set(keys)) != len(keys):
        yield "two records have the same key"
    if not any(START in record.after for record in layout.records):
        yield "no record may begin the file"
    if not any(record.is_last for record in layout.records):
        yield "no record may end the file"
    if not layout.terminators:
        yield "no terminator"
    if layout.form is Form.CSV and Terminator.NONE in layout.terminators:
        yield "a CSV needs terminators"
    if layout.form is Form.FIXED and layout.quoting is not Quoting.NEVER:
        yield "only a CSV has quotes"
    if (layout.form is Form.FIXED) != (layout.record_length is not None):
        yield "a fixed layout, and no other, has a record_length"
    if len(layout.records) > 1 and not _are_marks_distinct(layout):
        yield "the records need marks of the same length, none twice, that their first item's values agree with"
    for record in layout.records:
        unknown = record.after - {START, *keys}
        if unknown:
            yield f"{record.key} follows unknown {', '.join(sorted(unknown))}"
        for problem in _record_problems(layout, record):
            yield f"{record.key}: {problem}"


def _are_marks_distinct(layout: Layout) -> bool:
    marks = [record.mark or "" for record in layout.records]
    agree = all(
        isinstance(record.fields[0], Constant) and record.fields[0].value == record.mark for record in layout.records
    )
    return len(set(marks)) == len(marks) and len(set(map(len, marks))) == 1 and agree


def _record_problems(layout: Layout, record: RecordLayout) -> Iterator[str]:
    keys = [field.key for field in record.fields]
    if len(set(keys)) != len(keys):
        yield "two items have the same key"
    length = sum(field.length for field in record.fields)
    if layout.record_length is not None and length != layout.record_length:
        yield f"the items have {length} bytes, the record {layout.record_length}"
    for field in record.fields:
        if field.length < 1:
            yield f"{field.key} has no length"
        if isinstance(field, Text) and field.characters not in {"any", "fullwidth", *CHARACTER_SETS}:
            yield f"{field.key}: unknown characters {field.characters}"
        if isinstance(field, Date) and (
            DATE_FORMATS.get(field.form) != field.length or (field.form == "YYMMDD") != (field.century is not None)
        ):
            yield f"{field.key}: a date has the form YYYYMMDD, YYMMDD with its century, or MMDD, and its length"
        if isinstance(field, Constant) and len(field.value) != field.length:
            yield f"{field.key}: the constant has another length"
        if (
            isinstance(field, Code)
            and layout.form is Form.FIXED
            and any(len(code) != field.length for code in field.codes)
        ):
            yield f"{field.key}: a code has another length"
        if isinstance(field, Code) and any(not code.strip() or len(code) > field.length for code in field.codes):
            yield f"{field.key}: a code is blank or too long"
        if isinstance(field, Digits) and layout.form is Form.FIXED and not field.is_exact:
            yield f"{field.key}: digits of a fixed width are exact"
        if isinstance(field, CheckDigit) and (field is not record.fields[-1] or field.length != 1):
            yield f"{field.key}: the check digit is the last item, of length 1"
        if isinstance(field, Number) and field.total is not None:
            yield from _total_problems(layout, field, field.total)


def _total_problems(layout: Layout, field: Number, total: Total) -> Iterator[str]:
    counted = next((record for record in layout.records if record.key == total.record), None)
    if counted is None:
        yield f"{field.key} counts unknown {total.record}"
        return
    items = {item.key: item for item in counted.fields}
    if total.item is not None and not isinstance(items.get(total.item), Number):
        yield f"{field.key} sums {total.item}, which is no number"
    if (total.where_item is None) != (not total.where_codes):
        yield f"{field.key}: where_item and where_codes come together"
    if total.where_item is not None and not isinstance(items.get(total.where_item), Code):
        yield f"{field.key}: {total.where_item} is no code"
