"""A rule's formula in words of officials, made from its source, so that what is shown is what was computed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from fractions import Fraction

from . import syntax
from .declarations import Rule

Leaf = Callable[[ast.expr], str | None]
"""Words for a name, a parameter's field or a table's column; None for anything else."""

_SIGNS: Mapping[type[ast.AST], tuple[str, int]] = {
    ast.Add: ("＋", 1),
    ast.Sub: ("－", 1),
    ast.Mult: ("×", 2),
    ast.FloorDiv: ("÷", 2),
    ast.Mod: ("", 2),
}
_COMPARED: Mapping[type[ast.AST], str] = {
    ast.Lt: "{}が{}未満",
    ast.LtE: "{}が{}以下",
    ast.Gt: "{}が{}を超える",
    ast.GtE: "{}が{}以上",
    ast.Eq: "{}が{}に等しい",
    ast.NotEq: "{}が{}に等しくない",
}


def number(value: int | Fraction | bool) -> str:
    """1,234; 6% or 1/3 for a rate, which is always a Fraction; はい or いいえ for a flag."""
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if isinstance(value, Fraction):
        percent = value * 100
        tail = percent * 10**6
        if tail.denominator == 1:
            whole, rest = divmod(abs(tail.numerator), 10**6)
            digits = f"{rest:06d}".rstrip("0")
            return f"{'-' if value < 0 else ''}{whole:,}{'.' + digits if digits else ''}%"
        return f"{value.numerator:,}/{value.denominator:,}"
    return f"{int(value):,}"


def expression(node: ast.expr, leaf: Leaf, tight: int = 0) -> str:
    """Words for an expression; in brackets where it binds weaker than `tight`."""
    said = leaf(node)
    if said is not None:
        return said
    literal = syntax.literal_fraction(node)
    if literal:
        return f"{literal[0]:,}/{literal[1]:,}"
    match node:
        case ast.Constant(value=bool() | int() as value):
            return number(value)
        case ast.BinOp(left=left, op=op, right=right):
            sign, binding = _SIGNS[type(op)]
            text = f"{expression(left, leaf, binding)}{sign}{expression(right, leaf, binding + 1)}"
            if isinstance(op, ast.Mod):
                remainder = f"{expression(left, leaf, 2)}を{expression(right, leaf, 3)}で割った余り"
                return f"（{remainder}）" if tight else remainder
            if isinstance(op, ast.FloorDiv):
                return f"（{text}の整数部分）" if tight else f"{text}の整数部分"
            return f"（{text}）" if binding < tight else text
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"－{expression(operand, leaf, 3)}"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"「{expression(operand, leaf)}」でない"
        case ast.BoolOp(op=op, values=values):
            word = "、かつ" if isinstance(op, ast.And) else "、又は"
            text = word.join(expression(value, leaf, 1) for value in values)
            return f"（{text}）" if tight else text
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            nodes = [left, *comparators]
            text = "、かつ".join(
                _COMPARED[type(op)].format(expression(one, leaf, 1), expression(other, leaf, 1))
                for op, one, other in zip(ops, nodes, nodes[1:], strict=False)
            )
            return f"（{text}）" if tight else text
        case ast.IfExp(test=test, body=then, orelse=otherwise):
            return (
                f"（{expression(test, leaf)}ときは{expression(then, leaf, 1)}、"
                f"そうでないときは{expression(otherwise, leaf, 1)}）"
            )
        case ast.Call(func=ast.Name(id=name), args=args):
            return _called(name, args, leaf)
        case ast.Attribute(value=inner, attr=attr):
            return f"{expression(inner, leaf)}の{attr}"
    raise TypeError(f"{ast.unparse(node)} has no words")


def _called(name: str, args: list[ast.expr], leaf: Leaf) -> str:
    if name == "abs":
        return f"{expression(args[0], leaf, 3)}の絶対値"
    noughts = [arg for arg in args if isinstance(arg, ast.Constant) and arg.value == 0]
    if name == "max" and len(noughts) == 1 and len(args) == 2:
        other = next(arg for arg in args if arg is not noughts[0])
        return f"（{expression(other, leaf)}。0を下回るときは0）"
    which = "最も少ない" if name == "min" else "最も多い"
    if len(args) == 2:
        which = "少ない" if name == "min" else "多い"
    return f"（{'、'.join(expression(arg, leaf) for arg in args)}のうち{which}ほう）"


def statements(rule: Rule, leaf: Leaf) -> list[str]:
    """The whole formula, one line a statement, indented under its condition with full-width spaces.

    A variable that is set once is said where it is used.
    """
    assigned = [
        node
        for statement in syntax.body(rule)
        for node in ast.walk(statement)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    names = [node.targets[0].id for node in assigned if isinstance(node.targets[0], ast.Name)]
    once = {name: node.value for name, node in zip(names, assigned, strict=True) if names.count(name) == 1}

    def inlined(node: ast.expr) -> str | None:
        if isinstance(node, ast.Name) and node.id in once:
            return f"（{expression(once[node.id], inlined)}）"
        return leaf(node)

    lines: list[str] = []

    def walk(nodes: list[ast.stmt] | tuple[ast.stmt, ...], depth: int) -> None:
        indent = "　" * depth
        for node in nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    if name in once or syntax.table_row(value, rule):
                        continue  # a row has no words of its own: each of its columns says where it stands
                    lines.append(f"{indent}［{name}］＝{expression(value, inlined)}")
                case ast.If(test=test, body=then, orelse=otherwise):
                    lines.append(f"{indent}{expression(test, inlined)}とき")
                    walk(then, depth + 1)
                    if otherwise:
                        lines.append(f"{indent}そうでないとき")
                        walk(otherwise, depth + 1)
                case ast.Return(value=value) if value is not None:
                    lines.append(f"{indent}{expression(value, inlined)}")

    walk(syntax.body(rule), 0)
    return lines
