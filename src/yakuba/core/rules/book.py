"""All rules of a field of law together: wired by names, checked when loaded, run for one person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType, SimpleNamespace
from typing import Any

from . import syntax
from .declarations import Input, Rule
from .parameters import Dated, Group, ParameterFile, Table


class WrongRules(ValueError):
    """Rules that don't fit together, with every fault."""


class NoRules(LookupError):
    """A year outside those that the rules cover: nothing is guessed."""


class Completeness(StrEnum):
    """What is known of a fact that isn't a number."""

    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Missing:
    """The result that can't be computed, because these inputs are unknown."""

    inputs: frozenset[str]


Given = int | bool | Completeness
Result = int | Missing


class WrongInput(ValueError):
    """Inputs outside what they may be, with every fault: (input, message)."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{name}: {message}" for name, message in faults))


@dataclass(frozen=True, slots=True)
class Year:
    """The rules of one year, in an order in which each finds what it needs."""

    year: int
    rules: tuple[Rule, ...]
    inputs: Mapping[str, Input]
    parameters: Mapping[str, Dated]
    groups: Mapping[str, Group]
    namespaces: Mapping[str, SimpleNamespace]
    needs: Mapping[str, frozenset[str]]
    """Concept -> the inputs that it rests on, however far away."""

    def rule(self, name: str) -> Rule:
        """Raises KeyError."""
        for rule in self.rules:
            if rule.name == name:
                return rule
        raise KeyError(f"no concept of {self.year}: {name}")

    def check(self, given: Mapping[str, Given]) -> dict[str, Given]:
        """Every input with what is given for it. Raises WrongInput with every fault; what isn't given is unknown."""
        faults = [(name, "この年度の規則にない項目です。") for name in sorted(set(given) - set(self.inputs))]
        checked: dict[str, Given] = {}
        for name, wanted in self.inputs.items():
            value = given.get(name, Completeness.UNKNOWN)
            if value is Completeness.NOT_APPLICABLE:
                if wanted.absent is None:
                    faults.append((name, f"「{wanted.label}」は必ず該当する項目です。"))
                    continue
                value = wanted.absent
            elif not isinstance(value, Completeness) and not wanted.minimum <= value <= wanted.maximum:
                faults.append(
                    (name, f"「{wanted.label}」は{wanted.minimum:,}から{wanted.maximum:,}までの値です（{value:,}）。")
                )
            checked[name] = value
        if faults:
            raise WrongInput(faults)
        return checked

    def run(self, given: Mapping[str, Given], settled: Mapping[str, int] | None = None) -> dict[str, Result]:
        """Every concept's value for one person. What rests on an unknown input is Missing, never nought.

        `settled`: concepts whose value was decided elsewhere (a deduction on a certificate): they are taken as they are.
        Raises WrongInput; KeyError for a settled name that is no concept of the year.
        """
        known = self.check(given)
        settled = settled or {}
        strange = sorted(set(settled) - {rule.name for rule in self.rules})
        if strange:
            raise KeyError(f"no concepts of {self.year}: {', '.join(strange)}")
        values: dict[str, Result] = {
            name: Missing(frozenset({name})) if isinstance(value, Completeness) else int(value)
            for name, value in known.items()
        }
        for rule in self.rules:
            if rule.name in settled:
                values[rule.name] = settled[rule.name]
                continue
            missing: frozenset[str] = frozenset()
            arguments: dict[str, Any] = {}
            for argument in rule.arguments:
                value = values[argument]
                if isinstance(value, Missing):
                    missing |= value.inputs
                else:
                    arguments[argument] = value
            if missing:
                values[rule.name] = Missing(missing)
                continue
            arguments |= {name: self.namespaces[name] for name in rule.parameters}
            values[rule.name] = int(rule(**arguments))
        return values


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Rules, inputs and parameters, checked for the years from `first` to `last`, both inclusive."""

    title: str
    rules: tuple[Rule, ...]
    inputs: Mapping[str, Input]
    parameters: ParameterFile
    first: int
    last: int
    _years: dict[int, Year] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def load(
        cls,
        title: str,
        rules: Iterable[Rule],
        inputs: Iterable[Input],
        parameters: ParameterFile,
        *,
        first: int,
        last: int,
    ) -> RuleBook:
        """Wire and check. Raises WrongRules with every fault: unknown or doubled names, gaps, cycles, unused parameters."""
        collected = tuple(rules)
        by_name = {one.name: one for one in inputs}
        book = cls(title, collected, MappingProxyType(by_name), parameters, first, last)
        faults = sorted({fault for year in range(first, last + 1) for fault in book._faults(year)})
        faults += book._gaps() + book._unused()
        if faults:
            raise WrongRules("\n".join(faults))
        return book

    def at(self, year: int, changes: Mapping[str, Mapping[str, Any]] | None = None) -> Year:
        """The rules of a year; with other parameters where `changes` (group -> field -> value) says so.

        Raises NoRules outside the years, KeyError for a parameter that doesn't exist.
        """
        if not self.first <= year <= self.last:
            raise NoRules(
                f"{self.title}の規則は{self.first}年度から{self.last}年度までです。{year}年度は計算できません。"
            )
        if changes:
            return self._wire(year, self.parameters.with_changes(changes, year))
        if year not in self._years:
            self._years[year] = self._wire(year, self.parameters)
        return self._years[year]

    # -- wiring -------------------------------------------------------------------------------------------------------

    def _of(self, year: int) -> dict[str, list[Rule]]:
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            if rule.holds_in(year):
                found.setdefault(rule.name, []).append(rule)
        return found

    def _wire(self, year: int, parameters: ParameterFile) -> Year:
        rules = {name: found[0] for name, found in self._of(year).items()}
        ordered, _ = _order(rules, set(self.inputs))
        used = {name for rule in ordered for name in rule.parameters}
        dated = {name: parameters.groups[name].at(year) for name in sorted(used)}
        assert all(dated.values())
        held = {name: value for name, value in dated.items() if value is not None}
        needs: dict[str, frozenset[str]] = {name: frozenset({name}) for name in self.inputs}
        for rule in ordered:
            needs[rule.name] = frozenset().union(*(needs[argument] for argument in rule.arguments))
        wanted = frozenset().union(*needs.values()) & {a for rule in ordered for a in rule.arguments}
        return Year(
            year,
            tuple(ordered),
            MappingProxyType({name: self.inputs[name] for name in self.inputs if name in wanted}),
            MappingProxyType(held),
            MappingProxyType({name: parameters.groups[name] for name in held}),
            MappingProxyType({name: SimpleNamespace(**value.fields) for name, value in held.items()}),
            MappingProxyType(needs),
        )

    def _faults(self, year: int) -> list[str]:
        faults = []
        of_year = self._of(year)
        for name, found in of_year.items():
            if len(found) > 1:
                faults.append(f"{name}: {len(found)} rules in {year}")
            if name in self.inputs:
                faults.append(f"{name}: an input and a rule have one name")
        rules = {name: found[0] for name, found in of_year.items()}
        for rule in rules.values():
            faults += [
                f"{rule.name}: needs {argument}, which nothing gives in {year}"
                for argument in rule.arguments
                if argument not in rules and argument not in self.inputs
            ]
            for name in rule.parameters:
                group = self.parameters.groups.get(name)
                dated = group.at(year) if group else None
                if dated is None:
                    faults.append(f"{rule.name}: no parameters {name} in {year}")
                    continue
                faults += [
                    f"{rule.name}: {name} has no {field_name} in {year}"
                    for group_name, field_name in syntax.fields_used(rule)
                    if group_name == name and field_name not in dated.fields
                ]
                faults += [
                    f"{rule.name}: {name}.{table_name} has no column {column} in {year}"
                    for group_name, table_name, column in syntax.columns_used(rule)
                    if group_name == name
                    and isinstance(table := dated.fields.get(table_name), Table)
                    and column not in table.columns
                ]
            faults += syntax.faults(rule)
        _, circle = _order(rules, set(self.inputs))
        if circle:
            faults.append(f"a circle in {year}: {' -> '.join(circle)}")
        return faults

    def _gaps(self) -> list[str]:
        faults = []
        for name in sorted({rule.name for rule in self.rules}):
            years = [year for year in range(self.first, self.last + 1) if name in self._of(year)]
            if years and len(years) != years[-1] - years[0] + 1:
                absent = sorted(set(range(years[0], years[-1] + 1)) - set(years))
                faults.append(f"{name}: no rule in {', '.join(map(str, absent))}")
        return faults

    def _unused(self) -> list[str]:
        fields_used = {used for rule in self.rules for used in syntax.fields_used(rule)}
        columns_used = {used for rule in self.rules for used in syntax.columns_used(rule)}
        faults = []
        for group in self.parameters.groups.values():
            for dated in group.values:
                for name, value in dated.fields.items():
                    if (group.name, name) not in fields_used:
                        faults.append(f"parameter {group.name}.{name} from {dated.start} is used by no rule")
                    elif isinstance(value, Table):
                        faults += [
                            f"column {group.name}.{name}.{column} from {dated.start} is used by no rule"
                            for column in value.columns
                            if (group.name, name, column) not in columns_used
                        ]
        arguments = {argument for rule in self.rules for argument in rule.arguments}
        faults += [f"input {name} is used by no rule" for name in self.inputs if name not in arguments]
        return faults


def _order(rules: Mapping[str, Rule], known: set[str]) -> tuple[list[Rule], list[str]]:
    """Rules in an order in which each follows what it needs, in the order of the source otherwise; a circle, if any."""
    ordered: list[Rule] = []
    state: dict[str, int] = {}
    path: list[str] = []
    circle: list[str] = []

    def visit(name: str) -> None:
        if name in known or name not in rules or state.get(name) == 2 or circle:
            return
        if state.get(name) == 1:
            circle.extend([*path[path.index(name) :], name])
            return
        state[name] = 1
        path.append(name)
        for argument in rules[name].arguments:
            visit(argument)
        path.pop()
        state[name] = 2
        ordered.append(rules[name])

    for name in rules:
        visit(name)
    return ordered, circle
