"""The kinds of duty as `kinds.yaml` declares them, and what a form's values must be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from yakuba.core.calendar import shift_period_end
from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Findings
from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import JAPAN
from yakuba.platform.profiles import settings

SETTINGS = settings.declare("ledgers", Path(__file__).with_name("settings.yaml"))

FieldType = Literal["text", "long", "date", "moment", "number", "choice", "choices"]
Values = Mapping[str, Any]
"""Field -> value as it is kept: text, ISO date or moment, integer, list of choices."""

_TEXT, _LONG = 200, 4000
_MOST = 100_000_000
CLOSE = "close"
"""The act that ends a case; every kind has it."""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    label: str
    type: FieldType
    optional: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)

    def read(self, given: str | Iterable[str], findings: Findings) -> Any:
        """The value as it is kept; None where nothing was given. What is wrong with it goes to `findings`."""
        texts = [given] if isinstance(given, str) else list(given)
        texts = [text.strip() for text in texts if text.strip()]
        if not texts:
            if not self.optional:
                findings.error("LED-E-001", self.name, f"「{self.label}」がありません。", "入力してください。")
            return None
        text = texts[0]
        match self.type:
            case "choices" | "choice":
                if any(each not in self.choices for each in texts):
                    findings.error(
                        "LED-E-002", self.name, f"「{self.label}」にない選択肢です。", "一覧から選んでください。"
                    )
                    return None
                return sorted(set(texts)) if self.type == "choices" else text
            case "number":
                if not (text.isascii() and text.isdigit() and int(text) <= _MOST):
                    findings.error(
                        "LED-E-003", self.name, f"「{self.label}」が数ではありません。", "数字で入力してください。"
                    )
                    return None
                return int(text)
            case "date":
                try:
                    day = UncertainDate.parse(text).date
                except ValueError:
                    day = None
                if day is None:
                    findings.error(
                        "LED-E-004", self.name, f"「{self.label}」が日付として読めません。",
                        "暦にある日付を入力してください（例: 2026-11-20）。",
                    )  # fmt: skip
                    return None
                return day.isoformat()
            case "moment":
                try:
                    moment = datetime.fromisoformat(text)
                except ValueError:
                    findings.error(
                        "LED-E-005", self.name, f"「{self.label}」が日時として読めません。",
                        "日付と時刻を入力してください（例: 2026-11-20T09:15）。",
                    )  # fmt: skip
                    return None
                return (moment if moment.tzinfo else moment.replace(tzinfo=JAPAN)).isoformat(timespec="minutes")
            case "text" | "long":
                most = _TEXT if self.type == "text" else _LONG
                if len(text) > most:
                    findings.error(
                        "LED-E-006", self.name, f"「{self.label}」が長すぎます。", f"{most:,}字までにしてください。"
                    )
                return text

    def shown(self, value: Any) -> str:
        """A kept value in words."""
        if value is None:
            return ""
        if self.type in {"choice", "choices"}:
            chosen = value if isinstance(value, list) else [value]
            return "、".join(self.choices.get(each, each) for each in chosen)
        if self.type == "moment":
            return f"{datetime.fromisoformat(value).astimezone(JAPAN):%Y-%m-%d %H:%M}"
        return f"{value:,}" if isinstance(value, int) and self.name != "fiscal_year" else str(value)


@dataclass(frozen=True, slots=True)
class TaskRule:
    """Which task follows from a case's values, and until when."""

    name: str
    label: str
    start: str
    days: int | str
    first_day: bool = False
    shift: bool = False
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    receiver_of: str = ""

    def applies(self, values: Values) -> bool:
        return all(_matches(values.get(name), wanted) for name, wanted in self.when.items())

    def due(self, values: Values, today: date) -> date:
        """The last day. A period of law whose first day counts ends a day earlier: the safe reading is the earlier one."""
        given = values.get(self.start)
        begin = today if given is None else _day(str(given))
        days = SETTINGS.value(self.days, int, on=today) if isinstance(self.days, str) else self.days
        end = begin + timedelta(days=days - (1 if self.first_day and days else 0))
        return shift_period_end(end) if self.shift else end


@dataclass(frozen=True, slots=True)
class Act:
    """One step of a case. `attach`: a document must be named; `revises`: its values take the place of the case's.

    `after`: tasks that must be done before; `equal`: pairs of fields whose values must be the same.
    """

    name: str
    label: str
    fields: tuple[Field, ...]
    completes: str = ""
    attach: bool = False
    ends: bool = False
    revises: bool = False
    checklist: bool = False
    leaves_tasks: bool = False
    after: tuple[str, ...] = ()
    equal: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Every:
    """A duty that comes again: so many days after the last one (`start`) of this sort."""

    label: str
    days: str
    start: str
    when: Mapping[str, tuple[str, ...]]

    def applies(self, values: Values) -> bool:
        return all(_matches(values.get(name), wanted) for name, wanted in self.when.items())


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    title: str
    reference: str
    handled_by: tuple[Duty, ...]
    answered_by: tuple[Duty, ...]
    fields: tuple[Field, ...]
    tasks: tuple[TaskRule, ...]
    acts: Mapping[str, Act]
    every: tuple[Every, ...]
    receivers: Mapping[str, str]
    ends_by_approval: bool
    per_office: str
    yearly: bool


def _matches(value: Any, wanted: tuple[str, ...]) -> bool:
    held = set(value) if isinstance(value, list) else ({value} if value is not None else set())
    return bool(held) if wanted == ("*",) else bool(held & set(wanted))


def _day(text: str) -> date:
    """The civil day, in Japan, of a kept date or moment."""
    if len(text) == 10:
        return date.fromisoformat(text)
    return datetime.fromisoformat(text).astimezone(JAPAN).date()


def read(fields: Iterable[Field], given: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
    """Every field of a form, as it is kept; fields that were left empty are left out."""
    values = {each.name: each.read(given.get(each.name, ""), findings) for each in fields}
    return {name: value for name, value in values.items() if value is not None}


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind, by name, in the file's order. Raises ValueError naming what is wrong with the file."""
    told = yaml.safe_load(Path(__file__).with_name("kinds.yaml").read_text(encoding="utf-8"))
    return {name: _kind(name, row) for name, row in told.items()}


def _fields(rows: Mapping[str, Any], known: Mapping[str, Field]) -> tuple[Field, ...]:
    found = []
    for name, row in rows.items():
        if "same_as" in row:
            found.append(known[row["same_as"]])
            continue
        if row["type"] not in get_args(FieldType):
            raise ValueError(f"{name}: {row['type']} is no type of field")
        found.append(Field(name, row["label"], row["type"], row.get("optional", False), row.get("choices", {})))
    return tuple(found)


def _conditions(row: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in row.get("when", {}).items()}


def _kind(name: str, row: Mapping[str, Any]) -> Kind:
    fields = _fields(row["fields"], {})
    known = {each.name: each for each in fields}
    tasks = tuple(
        TaskRule(
            each["name"], each["label"], each["from"], each["days"], each.get("first_day", False),
            each.get("shift", False), _conditions(each), each.get("receiver_of", ""),
        )
        for each in row["tasks"]
    )  # fmt: skip
    acts = {
        act: Act(
            act, told["label"], _fields(told["fields"], known),
            **{key: value for key, value in told.items() if key not in {"label", "fields", "after", "equal"}},
            after=tuple(told.get("after", ())), equal=tuple((one, other) for one, other in told.get("equal", ())),
        )
        for act, told in row["acts"].items()
    }  # fmt: skip
    kind = Kind(
        name=name, title=row["title"], reference=row["reference"],
        handled_by=tuple(Duty(each) for each in row["handled_by"]),
        answered_by=tuple(Duty(each) for each in row.get("answered_by", ())),
        fields=fields, tasks=tasks, acts=acts,
        every=tuple(
            Every(each["label"], each["days"], each["from"], _conditions(each)) for each in row.get("every", ())
        ),
        receivers=row.get("receivers", {}), ends_by_approval=row.get("ends_by_approval", False),
        per_office=row.get("per_office", ""), yearly=row.get("yearly", False),
    )  # fmt: skip
    _check(kind, known)
    return kind


def _check(kind: Kind, known: Mapping[str, Field]) -> None:
    """That everything a kind names is there. Raises ValueError."""
    conditions = [*(rule.when for rule in kind.tasks), *(each.when for each in kind.every)]
    wrong = [
        *(f"task {rule.name} starts from {rule.start}" for rule in kind.tasks if rule.start not in known),
        *(f"task {rule.name} has no act" for rule in kind.tasks if rule.name not in _completed(kind)),
        *(f"{rule.days} is no setting" for rule in kind.tasks if not _is_known(rule.days)),
        *(f"{each.days} is no setting" for each in kind.every if each.days not in SETTINGS.settings),
        *(f"every {each.label} starts from {each.start}" for each in kind.every if each.start not in known),
        *(f"act {act.name} completes {act.completes}" for act in kind.acts.values()
          if act.completes and act.completes not in {rule.name for rule in kind.tasks}),
        *(f"{name} is no field" for when in conditions for name in when if name not in known),
        *(f"{rule.receiver_of} has no receiver for all" for rule in kind.tasks
          if rule.receiver_of and set(known[rule.receiver_of].choices) != set(kind.receivers)),
        *(f"act {act.name} comes after {name}" for act in kind.acts.values() for name in act.after
          if name not in {rule.name for rule in kind.tasks}),
        *(f"act {act.name} compares {pair}" for act in kind.acts.values() for pair in act.equal
          if not set(pair) <= {each.name for each in act.fields}),
        *(f"the act {CLOSE} is every kind's" for act in kind.acts if act == CLOSE),
    ]  # fmt: skip
    if wrong:
        raise ValueError(f"{kind.name}: {'; '.join(wrong)}")


def _completed(kind: Kind) -> set[str]:
    return {act.completes for act in kind.acts.values()}


def _is_known(days: int | str) -> bool:
    return isinstance(days, int) or days in SETTINGS.settings


def kind_of(name: str) -> Kind:
    """Raises KeyError for an unknown kind."""
    return kinds()[name]
