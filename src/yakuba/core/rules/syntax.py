"""The part of Python in which rules are written: small enough to compile, and to read aloud.

Assignments to plain names, `if`, `return`; whole numbers and fractions with + - *, whole division // and remainder %;
comparisons, and/or/not, `x if c else y`; min, max, abs; a parameter's field, a table's row (`group.table.at(value)`) and its
columns; `Fraction(1, 4)` of whole numbers. `/` is missing on purpose: of two ints it makes a float.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache

from .declarations import Rule

CALLS = frozenset({"min", "max", "abs"})
_BINARY = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)
_COMPARE = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


@cache
def body(rule: Rule) -> tuple[ast.stmt, ...]:
    """The statements of a rule's function after its docstring."""
    module = ast.parse(textwrap.dedent(inspect.getsource(rule.function)))
    function = module.body[0]
    assert isinstance(function, ast.FunctionDef)
    return tuple(function.body[1:])


@cache
def fields_used(rule: Rule) -> frozenset[tuple[str, str]]:
    """(group, field) of every parameter that a rule reads."""
    return frozenset(
        (node.value.id, node.attr)
        for statement in body(rule)
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in rule.parameters
    )


@cache
def columns_used(rule: Rule) -> frozenset[tuple[str, str, str]]:
    """(group, table, column) of every column that a rule reads."""
    nodes = [node for statement in body(rule) for node in ast.walk(statement)]
    rows = {
        node.targets[0].id: row
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if (row := table_row(node.value, rule))
    }
    found = set()
    for node in nodes:
        if isinstance(node, ast.Attribute):
            row = table_row(node.value, rule)
            if row is None and isinstance(node.value, ast.Name):
                row = rows.get(node.value.id)
            if row:
                found.add((row[0], row[1], node.attr))
    return frozenset(found)


def table_row(node: ast.expr, rule: Rule) -> tuple[str, str, ast.expr] | None:
    """(group, table, argument) of `group.table.at(argument)`, or None."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "at"
        and isinstance(node.func.value, ast.Attribute)
        and isinstance(node.func.value.value, ast.Name)
        and node.func.value.value.id in rule.parameters
        and len(node.args) == 1
        and not node.keywords
    ):
        return node.func.value.value.id, node.func.value.attr, node.args[0]
    return None


def literal_fraction(node: ast.expr) -> tuple[int, int] | None:
    """Numerator and denominator of `Fraction(1, 4)`, or None."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Fraction"
        and len(node.args) == 2
        and all(isinstance(arg, ast.Constant) and type(arg.value) is int for arg in node.args)
    ):
        numerator, denominator = (arg.value for arg in node.args if isinstance(arg, ast.Constant))
        return int(numerator), int(denominator)  # type: ignore[arg-type]
    return None


@cache
def faults(rule: Rule) -> tuple[str, ...]:
    """What in a rule's function is not of this language, each with its line."""
    found: list[str] = []

    def say(node: ast.AST, what: str) -> None:
        found.append(f"{rule.name}: {what} (line {getattr(node, 'lineno', 0)} of the function)")

    def statement(node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Name()], value=value):
                expression(value)
            case ast.If(test=test, body=then, orelse=otherwise):
                expression(test)
                for inner in (*then, *otherwise):
                    statement(inner)
            case ast.Return(value=value) if value is not None:
                expression(value)
            case _:
                say(node, f"{type(node).__name__} is no statement of rules")

    def expression(node: ast.expr) -> None:
        row = table_row(node, rule)
        if row:
            expression(row[2])
            return
        if literal_fraction(node):
            return
        match node:
            case ast.Constant(value=bool() | int()) | ast.Name():
                pass
            case ast.Attribute(value=inner):
                expression(inner)
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _BINARY):
                for side in (left, right):
                    if isinstance(side, ast.BoolOp):  # Python's own `and` hands on an operand, not a truth
                        say(side, "and/or can't be reckoned with")
                    expression(side)
            case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
                expression(operand)
            case ast.BoolOp(values=values):
                for value in values:
                    expression(value)
            case ast.Compare(left=left, ops=ops, comparators=comparators) if all(isinstance(o, _COMPARE) for o in ops):
                for value in (left, *comparators):
                    expression(value)
            case ast.IfExp(test=test, body=then, orelse=otherwise):
                for value in (test, then, otherwise):
                    expression(value)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in CALLS:
                for value in args:
                    expression(value)
            case _:
                say(node, f"{ast.unparse(node)[:60]} is no expression of rules")

    def returns(statements: tuple[ast.stmt, ...] | list[ast.stmt]) -> bool:
        """Whether every way through ends in a return."""
        if not statements:
            return False
        last = statements[-1]
        if isinstance(last, ast.If):
            return returns(last.body) and returns(last.orelse)
        return isinstance(last, ast.Return)

    for node in body(rule):
        statement(node)
    if not returns(body(rule)):
        found.append(f"{rule.name}: not every way ends in a return")
    return tuple(found)
