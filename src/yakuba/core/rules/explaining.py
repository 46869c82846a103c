"""One person's computation told step by step: value, formula in words and figures, article, parameters, rounding.

What is told is made from the source of the rule along the way that this person's figures take; its result is compared with the
rule's own, so an explanation that says something else than what was computed can't be given.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from types import CodeType
from typing import Any

from . import syntax, words
from .book import Given, Missing, Result, Year
from .declarations import Rule
from .parameters import Group, Table


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that a step reads: `row` says which row of a table, None for an amount or a rate."""

    group: str
    label: str
    row: str | None
    value: str
    reference: str
    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """How one concept came to its value.

    `because`: conditions that were asked on the way, with the answer. `exact`: the value before rounding. `missing`: unknown
    inputs (labels) for which it has no value. `settled`: the value was given, not computed.
    """

    name: str
    label: str
    article: str
    value: int | None
    unit: str
    words: str = ""
    figures: str = ""
    because: tuple[tuple[str, bool], ...] = ()
    uses: tuple[tuple[str, str, int], ...] = ()
    parameters: tuple[Parameter, ...] = ()
    exact: Fraction | int | None = None
    rounding: str | None = None
    missing: tuple[str, ...] = ()
    settled: bool = False

    def text(self) -> str:
        """The step as a paragraph in plain Japanese."""
        if self.value is None:
            return f"{self.label}（{self.article}）: {'、'.join(self.missing)}が不明なため計算できません。"
        lines = [f"{self.label}: {show(self.value, self.unit)}（{self.article}）"]
        if self.settled:
            return f"{lines[0]}\n　別に決まった額です。"
        lines += [f"　{condition} → {'該当' if held else '非該当'}" for condition, held in self.because]
        lines.append(f"　式: {self.words}")
        if self.figures != self.words:
            lines.append(f"　　＝ {self.figures}")
        if self.rounding and self.exact is not None and self.exact != self.value:
            lines.append(f"　端数: {self.exact_text()} → {self.rounding}")
        for parameter in self.parameters:
            end = f"{parameter.end}年度まで" if parameter.end else "現行"
            row = f"（{parameter.row}）" if parameter.row else ""
            lines.append(
                f"　{parameter.group}・{parameter.label}{row} {parameter.value}"
                f"［{parameter.reference}、{parameter.start}年度から{end}］"
            )
        return "\n".join(lines)

    def exact_text(self) -> str:
        """The value before rounding; of a fraction its first two decimals, cut, never rounded."""
        exact = Fraction(self.exact or 0)
        if exact.denominator == 1:
            return f"{exact.numerator:,}"
        hundredths = abs(exact.numerator) * 100 // exact.denominator
        return f"{'-' if exact < 0 else ''}{hundredths // 100:,}.{hundredths % 100:02d}…"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every step in an order in which each follows what it needs."""

    year: int
    inputs: Mapping[str, Given]
    steps: tuple[Step, ...]
    values: Mapping[str, Result]

    def step(self, name: str) -> Step:
        """Raises KeyError."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def leading_to(self, name: str) -> tuple[Step, ...]:
        """The steps that `name` rests on, and itself last. Raises KeyError."""
        wanted, waiting = set[str](), [name]
        by_name = {step.name: step for step in self.steps}
        while waiting:
            step = by_name.get(waiting.pop())
            if step is not None and step.name not in wanted:
                wanted.add(step.name)
                waiting += [used for used, _, _ in step.uses]
        if name not in by_name:
            raise KeyError(name)
        return tuple(step for step in self.steps if step.name in wanted)


def show(value: int, unit: str) -> str:
    """A value with its unit; a flag as はい or いいえ."""
    if unit == "flag":
        return words.number(bool(value))
    return f"{value:,}{_UNITS.get(unit, unit)}"


_UNITS = {"yen": "円", "count": "人", "age": "歳", "years": "年", "number": ""}


def explain(year: Year, given: Mapping[str, Given], settled: Mapping[str, int] | None = None) -> Explanation:
    """Run a year's rules for one person and tell each step. Raises WrongInput."""
    values = year.run(given, settled)
    labels = {name: wanted.label for name, wanted in year.inputs.items()} | {r.name: r.label for r in year.rules}
    steps = []
    for rule in year.rules:
        value = values[rule.name]
        if rule.name in (settled or {}):
            assert isinstance(value, int)
            steps.append(Step(rule.name, rule.label, rule.article, value, rule.unit, settled=True))
        elif isinstance(value, Missing):
            unknown = tuple(sorted(labels[name] for name in value.inputs))
            steps.append(Step(rule.name, rule.label, rule.article, None, rule.unit, missing=unknown))
        else:
            steps.append(_Telling(rule, year, values, labels).step(value))
    return Explanation(year.year, dict(given), tuple(steps), values)


@lru_cache(maxsize=8192)
def _compiled(node: ast.expr) -> CodeType:
    return compile(ast.Expression(node), "<rule>", "eval")


@lru_cache(maxsize=8192)
def _has_choice(node: ast.expr) -> bool:
    return any(isinstance(inner, ast.IfExp) for inner in ast.walk(node))


class _Telling:
    """Walks the statements of a rule the way that one person's values go."""

    def __init__(self, rule: Rule, year: Year, values: Mapping[str, Result], labels: Mapping[str, str]) -> None:
        self.rule = rule
        self.year = year
        self.labels = labels
        self.values = {name: value for name in rule.arguments if isinstance(value := values[name], int)}
        self.local: dict[str, Any] = {**self.values, **{name: year.namespaces[name] for name in rule.parameters}}
        self.rows: dict[str, tuple[str, str, ast.expr]] = {}
        self.expressions: dict[str, ast.expr] = {}
        self.because: list[tuple[str, bool]] = []
        self.read: dict[tuple[str, str, str], Parameter] = {}

    def step(self, value: int) -> Step:
        returned = self.walk(syntax.body(self.rule))
        exact = self.evaluate(returned)
        chosen = self.chosen(returned)
        said = words.expression(chosen, self.words_of)
        figures = words.expression(chosen, self.figures_of)
        assert self.rule.settle(exact) == value, f"{self.rule.name}: explained {exact}, computed {value}"
        return Step(
            self.rule.name,
            self.rule.label,
            self.rule.article,
            value,
            self.rule.unit,
            said,
            figures,
            tuple(self.because),
            tuple((name, self.labels[name], self.values[name]) for name in self.rule.arguments),
            tuple(self.read.values()),
            exact,
            str(self.rule.rounding) if self.rule.rounding else None,
        )

    def walk(self, nodes: tuple[ast.stmt, ...] | list[ast.stmt]) -> ast.expr:
        """The expression that is returned."""
        waiting = list(nodes)
        while waiting:
            node = waiting.pop(0)
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    row = syntax.table_row(value, self.rule)
                    chosen = self.chosen(value)
                    self.local[name] = self.evaluate(value)
                    if row:
                        self.rows[name] = row
                    else:
                        self.expressions[name] = chosen
                case ast.If(test=test, body=then, orelse=otherwise):
                    waiting = [*(then if self.ask(test) else otherwise), *waiting]
                case ast.Return(value=value) if value is not None:
                    return value
        raise AssertionError(f"{self.rule.name}: no return")  # `syntax.faults` lets no such rule be loaded

    def evaluate(self, node: ast.expr) -> Any:
        code = _compiled(node)
        names = {"min": min, "max": max, "abs": abs, "Fraction": Fraction, "__builtins__": {}}
        return eval(code, names, self.local)  # noqa: S307 - a rule's own source, held to a small language when loaded

    def ask(self, test: ast.expr) -> bool:
        held = bool(self.evaluate(test))
        self.because.append((words.expression(test, self.words_of), held))
        return held

    def chosen(self, node: ast.expr) -> ast.expr:
        """The expression with each `x if c else y` replaced by the side that was taken."""
        if not _has_choice(node):
            return node

        class Choose(ast.NodeTransformer):
            def visit_IfExp(inner, node: ast.IfExp) -> ast.expr:  # noqa: N805 - ast's own names; outer self is needed
                taken = node.body if self.ask(node.test) else node.orelse
                visited = inner.visit(taken)
                assert isinstance(visited, ast.expr)
                return visited

        copied = ast.parse(ast.unparse(node), mode="eval").body
        visited = Choose().visit(copied)
        assert isinstance(visited, ast.expr)
        return visited

    # -- words of names and parameters ----------------------------------------------------------------------------------

    def words_of(self, node: ast.expr) -> str | None:
        match node:
            case ast.Name(id=name) if name in self.labels and name in self.rule.arguments:
                return self.labels[name]
            case ast.Name(id=name) if name in self.expressions:
                return f"（{words.expression(self.expressions[name], self.words_of)}）"
        read = self.parameter(node)
        return f"{read.group}の{read.label}" if read else None

    def figures_of(self, node: ast.expr) -> str | None:
        match node:
            case ast.Name(id=name) if name in self.expressions:
                return f"（{words.expression(self.expressions[name], self.figures_of)}）"
            case ast.Name(id=name) if name in self.local:
                value = self.local[name]
                return words.number(value) if isinstance(value, int | Fraction) else None
        read = self.parameter(node)
        return read.value if read else None

    def parameter(self, node: ast.expr) -> Parameter | None:
        """The parameter that a node reads, noted; None if it reads none."""
        if not isinstance(node, ast.Attribute):
            return None
        if isinstance(node.value, ast.Name) and node.value.id in self.rule.parameters:
            group, row, column, owner = node.value.id, None, node.attr, node.attr
            value = self.evaluate(node)
            if not isinstance(value, int | Fraction):
                return None
        else:
            place = syntax.table_row(node.value, self.rule)
            if place is None and isinstance(node.value, ast.Name):
                place = self.rows.get(node.value.id)
            if place is None:
                return None
            group, owner, argument = place
            column = node.attr
            value = self.evaluate(node)
            table = self.year.parameters[group].fields[owner]
            assert isinstance(table, Table)
            row = table.words(table.place(self.evaluate(argument)))
        told: Group = self.year.groups[group]
        dated = self.year.parameters[group]
        found = Parameter(
            told.description, told.labels[column], row, words.number(value), told.reference, dated.start, dated.end
        )
        self.read[(group, owner, column)] = found
        return found
