"""The same rules over columns: each rule's source becomes integer code of its year, all of it one loop, compiled by Numba.

A fraction is a whole number over a denominator that is known while compiling, so no value is ever rounded but where a rule
says so. Bounds of every value are computed along: a rule that could leave 64 bits, ask a table below its first row or divide
by nought is refused when it is compiled, not when somebody's tax is computed.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import syntax
from .book import WrongInput, Year
from .declarations import RoundingKind, Rule
from .parameters import Field, Table

Column = NDArray[np.int64]
_LIMIT = 2**63 - 1
_BLOCK = 4096


class NotCompilable(ValueError):
    """A rule that can't be proved to stay within whole 64-bit numbers."""


@dataclass(frozen=True, slots=True)
class _Number:
    """`code` / `den`, a value from `low` to `high` (of the numerator)."""

    code: str
    den: int
    low: int
    high: int

    def times(self, factor: int) -> _Number:
        """The same value over a denominator `factor` times as large."""
        if factor == 1:
            return self
        return replace(
            self,
            code=f"({self.code} * {factor})",
            den=self.den * factor,
            low=self.low * factor,
            high=self.high * factor,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table: `code` is its number."""

    code: str
    table: Table
    name: str


@dataclass(slots=True)
class _Rule:
    """Translates one rule."""

    rule: Rule
    parameters: Mapping[str, Mapping[str, Field]]
    bounds: Mapping[str, tuple[int, int]]
    tables: dict[str, Table] = field(default_factory=dict)
    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    low: int | None = None
    high: int | None = None

    def refuse(self, why: str) -> NotCompilable:
        return NotCompilable(f"{self.rule.name}: {why}")

    def source(self) -> str:
        """A Python function `r_<name>` of whole numbers."""
        known: dict[str, _Number | _Row] = {name: _Number(name, 1, *self.bounds[name]) for name in self.rule.arguments}
        lines = self.statements(syntax.body(self.rule), known)
        return "\n".join([f"def r_{self.rule.name}({', '.join(self.rule.arguments)}):", *(f"    {x}" for x in lines)])

    def straight(self) -> list[str] | None:
        """A rule without branches as lines of the loop itself, which compiles faster than a function; None for others."""
        nodes = syntax.body(self.rule)
        if any(not isinstance(node, ast.Assign) for node in nodes[:-1]):
            return None
        known: dict[str, _Number | _Row] = {name: _Number(name, 1, *self.bounds[name]) for name in self.rule.arguments}
        lines = self.statements(nodes, known)
        return [*lines[:-1], f"{self.rule.name} = {lines[-1].removeprefix('return ')}"]

    def local(self, name: str) -> str:
        """A variable's name that no other rule has."""
        return f"{self.rule.name}__{name}"

    # -- statements ---------------------------------------------------------------------------------------------------

    def statements(self, nodes: Sequence[ast.stmt], known: dict[str, _Number | _Row]) -> list[str]:
        lines: list[str] = []
        for node in nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    row = syntax.table_row(value, self.rule)
                    if row:
                        found = self.row(*row, known)
                        lines.append(f"{self.local(name)} = {found.code}")
                        known[name] = replace(found, code=self.local(name))
                    else:
                        number = self.number(value, known)
                        lines.append(f"{self.local(name)} = {number.code}")
                        known[name] = replace(number, code=self.local(name))
                case ast.If(test=test, body=then, orelse=otherwise):
                    lines += self.branches(test, then, otherwise, known)
                case ast.Return(value=value) if value is not None:
                    lines.append(f"return {self.settled(self.number(value, known))}")
                case _:
                    raise self.refuse(f"{type(node).__name__} can't be compiled")
        return lines

    def branches(
        self, test: ast.expr, then: list[ast.stmt], otherwise: list[ast.stmt], known: dict[str, _Number | _Row]
    ) -> list[str]:
        condition = self.number(test, known).code
        of_then, of_else = dict(known), dict(known)
        then_lines, else_lines = self.statements(then, of_then), self.statements(otherwise, of_else)
        # A variable that both ways set differently goes on over one denominator.
        for name in of_then.keys() & of_else.keys():
            one, other = of_then[name], of_else[name]
            if isinstance(one, _Row) or isinstance(other, _Row) or one == other:
                known[name] = one
                continue
            first = self.local(name)
            den = math.lcm(one.den, other.den)
            for number, lines in ((one, then_lines), (other, else_lines)):
                if number.den != den or number.code != first:
                    lines.append(f"{first} = {number.times(den // number.den).code}")
            one, other = one.times(den // one.den), other.times(den // other.den)
            known[name] = _Number(first, den, min(one.low, other.low), max(one.high, other.high))
        return [
            f"if {condition}:",
            *(f"    {line}" for line in then_lines or ["pass"]),
            *(["else:", *(f"    {line}" for line in else_lines)] if else_lines else []),
        ]

    def settled(self, number: _Number) -> str:
        """The rule's result as a whole number; its bounds are noted."""
        rounding = self.rule.rounding
        if self.rule.gives_flag:
            low, high, code = 0, 1, f"1 if {number.code} else 0"
        elif rounding is None:
            if number.den != 1:
                raise self.refuse("gives a fraction, and no rounding is declared")
            low, high, code = number.low, number.high, number.code
        else:
            step = number.den * rounding.unit
            add = {RoundingKind.TRUNCATE: 0, RoundingKind.UP: step - 1, RoundingKind.HALF_UP: step // 2}[rounding.kind]
            if rounding.kind is RoundingKind.HALF_UP and step % 2:
                number, add, step = number.times(2), step, step * 2
            low, high = (
                rounding.apply(Fraction(number.low, number.den)),
                rounding.apply(Fraction(number.high, number.den)),
            )
            if step == 1:
                code = number.code
            elif number.low >= 0:
                code = self.scaled(f"({number.code} + {add}) // {step}" if add else f"{number.code} // {step}")
            else:  # away from or towards zero, on both sides of it
                code = self.scaled(f"away({number.code}, {add}, {step})")
            self.within(number.low - add, number.high + add)
        self.within(low, high)
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)
        return code

    def scaled(self, code: str) -> str:
        assert self.rule.rounding is not None
        unit = self.rule.rounding.unit
        return f"({code}) * {unit}" if unit != 1 else code

    # -- expressions --------------------------------------------------------------------------------------------------

    def within(self, low: int, high: int) -> None:
        if low < -_LIMIT or high > _LIMIT:
            raise self.refuse("a value could leave 64 bits: bound it with min() or a narrower input")

    def made(self, code: str, den: int, low: int, high: int) -> _Number:
        self.within(low, high)
        return _Number(code, den, low, high)

    def common(self, *numbers: _Number) -> list[_Number]:
        den = math.lcm(*(number.den for number in numbers))
        scaled = [number.times(den // number.den) for number in numbers]
        for number in scaled:
            self.within(number.low, number.high)
        return scaled

    def constant(self, value: int | Fraction) -> _Number:
        exact = Fraction(int(value)) if isinstance(value, bool) else Fraction(value)
        return _Number(str(exact.numerator), exact.denominator, exact.numerator, exact.numerator)

    def number(self, node: ast.expr, known: Mapping[str, _Number | _Row]) -> _Number:
        fraction = syntax.literal_fraction(node)
        if fraction:
            return self.constant(Fraction(*fraction))
        match node:
            case ast.Constant(value=bool() | int() as value):
                return self.constant(value)
            case ast.Name(id=name):
                found = known.get(name)
                if not isinstance(found, _Number):
                    raise self.refuse(f"{name} is no number")
                return found
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in self.rule.parameters:
                said = self.parameters[name][attr]
                if isinstance(said, Table):
                    raise self.refuse(f"{name}.{attr} is a table: ask it with .at()")
                return self.constant(said)
            case ast.Attribute(value=inner, attr=attr):
                return self.of_row(inner, attr, known)
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(op, self.number(left, known), self.number(right, known))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                number = self.number(operand, known)
                return _Number(f"(-{number.code})", number.den, -number.high, -number.low)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return _Number(f"(not {self.number(operand, known).code})", 1, 0, 1)
            case ast.BoolOp(op=op, values=values):
                word = " and " if isinstance(op, ast.And) else " or "
                # Of truth only: Python's own `and` hands on an operand, which a flag must not depend on.
                return _Number(f"({word.join(f'({self.number(v, known).code} != 0)' for v in values)})", 1, 0, 1)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                return self.compared([left, *comparators], ops, known)
            case ast.IfExp(test=test, body=then, orelse=otherwise):
                condition = self.number(test, known).code
                one, other = self.common(self.number(then, known), self.number(otherwise, known))
                code = f"({one.code} if {condition} else {other.code})"
                return _Number(code, one.den, min(one.low, other.low), max(one.high, other.high))
            case ast.Call(func=ast.Name(id=name), args=args):
                return self.called(name, [self.number(arg, known) for arg in args])
        raise self.refuse(f"{ast.unparse(node)[:60]} can't be compiled")

    def binary(self, op: ast.operator, left: _Number, right: _Number) -> _Number:
        match op:
            case ast.Add():
                left, right = self.common(left, right)
                return self.made(
                    f"({left.code} + {right.code})", left.den, left.low + right.low, left.high + right.high
                )
            case ast.Sub():
                left, right = self.common(left, right)
                return self.made(
                    f"({left.code} - {right.code})", left.den, left.low - right.high, left.high - right.low
                )
            case ast.Mult():
                corners = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
                return self.made(f"({left.code} * {right.code})", left.den * right.den, min(corners), max(corners))
            case ast.FloorDiv() | ast.Mod():
                left, right = self.common(left, right)
                if right.low <= 0:
                    raise self.refuse("a divisor could be nought or below")
                if isinstance(op, ast.Mod):
                    return self.made(f"({left.code} % {right.code})", left.den, 0, right.high - 1)
                corners = [a // b for a in (left.low, left.high) for b in (right.low, right.high)]
                return self.made(f"({left.code} // {right.code})", 1, min(corners), max(corners))
        raise self.refuse(f"{type(op).__name__} can't be compiled")

    def compared(
        self, nodes: Sequence[ast.expr], ops: Sequence[ast.cmpop], known: Mapping[str, _Number | _Row]
    ) -> _Number:
        signs = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
        numbers = [self.number(node, known) for node in nodes]
        parts = []
        for op, left, right in zip(ops, numbers, numbers[1:], strict=False):
            one, other = self.common(left, right)
            parts.append(f"({one.code} {signs[type(op)]} {other.code})")
        return _Number(f"({' and '.join(parts)})", 1, 0, 1)

    def called(self, name: str, numbers: list[_Number]) -> _Number:
        if name == "abs":
            (number,) = numbers
            low = 0 if number.low <= 0 <= number.high else min(abs(number.low), abs(number.high))
            return _Number(f"abs({number.code})", number.den, low, max(abs(number.low), abs(number.high)))
        scaled = self.common(*numbers)
        code = scaled[0].code
        for number in scaled[1:]:
            code = f"{name}({code}, {number.code})"
        pick = min if name == "min" else max
        return _Number(code, scaled[0].den, pick(n.low for n in scaled), pick(n.high for n in scaled))

    # -- tables -------------------------------------------------------------------------------------------------------

    def row(self, group: str, name: str, argument: ast.expr, known: Mapping[str, _Number | _Row]) -> _Row:
        table = self.parameters[group][name]
        if not isinstance(table, Table):
            raise self.refuse(f"{group}.{name} is no table")
        number = self.number(argument, known)
        if number.den != 1:
            raise self.refuse(f"{group}.{name} is asked with a fraction")
        if number.low < table.bounds[0]:
            raise self.refuse(
                f"{group}.{name} could be asked below its first row ({number.low:,}): bound it with max()"
            )
        self.tables[f"{group}_{name}"] = table
        return _Row(f"place_{group}_{name}({number.code})", table, f"{group}_{name}")

    def of_row(self, node: ast.expr, column: str, known: Mapping[str, _Number | _Row]) -> _Number:
        direct = syntax.table_row(node, self.rule)
        found = self.row(*direct, known) if direct else known.get(node.id) if isinstance(node, ast.Name) else None
        if not isinstance(found, _Row):
            raise self.refuse(f"{ast.unparse(node)[:60]} is no row of a table")
        exact = [Fraction(int(v)) if isinstance(v, bool) else Fraction(v) for v in found.table.columns[column]]
        den = math.lcm(*(value.denominator for value in exact))
        scaled = tuple(int(value * den) for value in exact)
        name = f"column_{found.name}_{column}"
        self.columns[name] = scaled
        return _Number(f"{name}[{found.code}]", den, min(scaled), max(scaled))


_HEAD = '''"""Made from the rules of {title}. Not to be edited."""
import numpy as np
from numba import njit, prange

# No divisor can be nought (proved while translating), so no division asks for it again.
whole = njit(error_model="numpy")

@whole
def away(value, add, step):
    return (value + add) // step if value >= 0 else -((-value + add) // step)
'''


def _place(name: str, bounds: Sequence[int]) -> str:
    """A function that finds a row by halving."""

    def halves(low: int, high: int, indent: str) -> list[str]:
        if low == high:
            return [f"{indent}return {low}"]
        middle = (low + high + 1) // 2
        return [
            f"{indent}if value < {bounds[middle]}:",
            *halves(low, middle - 1, indent + "    "),
            *halves(middle, high, indent),
        ]

    return "\n".join(["@whole", f"def place_{name}(value):", *halves(0, len(bounds) - 1, "    ")])


@dataclass(frozen=True, slots=True)
class Program:
    """Source of a year's kernel: what goes in and comes out, in the order of the matrix rows."""

    source: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def translate(year: Year, outputs: Sequence[str]) -> Program:
    """The source of one loop that computes `outputs`, and what they rest on. Raises NotCompilable, KeyError."""
    wanted = _needed(year, outputs)
    inputs = tuple(name for name in year.inputs if name in wanted)
    bounds = {name: (year.inputs[name].minimum, year.inputs[name].maximum) for name in inputs}
    parameters = {name: dated.fields for name, dated in year.parameters.items()}
    functions: list[str] = []
    tables: dict[str, Table] = {}
    columns: dict[str, tuple[int, ...]] = {}
    loop = [f"{name} = inputs[{place}, i]" for place, name in enumerate(inputs)]
    rules = [rule for rule in year.rules if rule.name in wanted]
    for rule in rules:
        translated = _Rule(rule, parameters, bounds)
        straight = translated.straight()
        if straight is None:
            functions.append("@whole\n" + translated.source())
            straight = [f"{rule.name} = r_{rule.name}({', '.join(rule.arguments)})"]
        assert translated.low is not None
        assert translated.high is not None
        bounds[rule.name] = (translated.low, translated.high)
        tables |= translated.tables
        columns |= translated.columns
        loop += straight
    loop += [f"outputs[{place}, i] = {name}" for place, name in enumerate(outputs)]
    source = "\n\n".join(
        [
            _HEAD.format(title=year.year),
            *(_place(name, table.bounds) for name, table in sorted(tables.items())),
            *(f"{name} = np.array({list(values)}, dtype=np.int64)" for name, values in sorted(columns.items())),
            *functions,
            '@njit(parallel=True, cache=True, nogil=True, error_model="numpy")\ndef kernel(inputs, outputs):\n'
            f"    blocks = (inputs.shape[1] + {_BLOCK - 1}) // {_BLOCK}\n"
            "    for block in prange(blocks):\n"
            f"        for i in range(block * {_BLOCK}, min(inputs.shape[1], (block + 1) * {_BLOCK})):\n"
            + "\n".join(f"            {line}" for line in loop),
        ]
    )
    return Program(source + "\n", inputs, tuple(outputs))


def _needed(year: Year, outputs: Sequence[str]) -> set[str]:
    rules = {rule.name: rule for rule in year.rules}
    wanted: set[str] = set()
    waiting = list(outputs)
    while waiting:
        name = waiting.pop()
        if name in wanted:
            continue
        if name not in rules and name not in year.inputs:
            raise KeyError(f"{name} is no concept of {year.year}")
        wanted.add(name)
        if name in rules:
            waiting += rules[name].arguments
    return wanted


class Kernel:
    """A compiled year. `folder` keeps its source and Numba's machine code: compiled once, loaded after."""

    def __init__(self, year: Year, outputs: Sequence[str], folder: Path) -> None:
        self.year = year
        self.program = translate(year, outputs)
        self._kernel: Any = _load(self.program.source, folder).kernel

    def run(
        self, inputs: Mapping[str, Column], unknown: Mapping[str, NDArray[np.bool_]] | None = None
    ) -> tuple[dict[str, Column], dict[str, NDArray[np.bool_]]]:
        """Outputs by name, one value a person; and for each output that rests on an unknown input, whose it can't be.

        `inputs`: one whole number a person for every input of the program; where a fact is unknown, any value within its
        bounds. Raises WrongInput with the first person of each column that is out of bounds, KeyError for a missing column.
        """
        matrix = self.matrix(inputs)
        results = np.empty((len(self.program.outputs), matrix.shape[1]), dtype=np.int64)
        self.compute(matrix, results)
        missing: dict[str, NDArray[np.bool_]] = {}
        for name in self.program.outputs:
            masks = [mask for wanted, mask in (unknown or {}).items() if wanted in self.year.needs[name] and mask.any()]
            if masks:
                missing[name] = np.logical_or.reduce(masks)
        return dict(zip(self.program.outputs, results, strict=True)), missing

    def compute(self, matrix: NDArray[np.int64], results: NDArray[np.int64]) -> None:
        """Fill `results` (outputs x persons) from `matrix` (inputs x persons), whose bounds `matrix()` has checked."""
        self._kernel(matrix, results)

    def matrix(self, inputs: Mapping[str, Column]) -> NDArray[np.int64]:
        """The inputs as the kernel wants them, checked. Raises WrongInput."""
        faults = []
        columns = [np.asarray(inputs[name]) for name in self.program.inputs]
        for name, column in zip(self.program.inputs, columns, strict=True):
            wanted = self.year.inputs[name]
            wrong = np.flatnonzero((column < wanted.minimum) | (column > wanted.maximum))
            if len(wrong):
                faults.append(
                    (name, f"「{wanted.label}」が範囲の外です: {len(wrong):,}人、最初は{wrong[0] + 1:,}人目。")
                )
        if faults:
            raise WrongInput(faults)
        return np.ascontiguousarray(np.stack([column.astype(np.int64, copy=False) for column in columns]))


def _load(source: str, folder: Path) -> ModuleType:
    name = f"rules_{hashlib.sha256(source.encode()).hexdigest()[:24]}"
    if name in sys.modules:
        return sys.modules[name]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.py"
    if not path.exists():
        # Renamed into place: another process that starts now reads all of it or nothing.
        temporary = path.with_suffix(".new")
        temporary.write_text(source, encoding="utf-8")
        temporary.rename(path)
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module
