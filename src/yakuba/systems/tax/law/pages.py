"""`docs/law/`: the rules as pages that an official can read, and the graph of what rests on what, made from the rules themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path

from yakuba.core.rules import Rule, RuleBook, Table, syntax, words
from yakuba.core.rules.parameters import Group

from . import relative, taxpayer

_HEAD = "<!-- Made from the rules: `./yakuba tax pages docs/law`. Not to be edited. -->\n"
_COLOURS = {"input": "#eef2f7", "rule": "#ffffff", "export": "#dff0e4"}


def pages() -> dict[str, str]:
    """File name -> text of every page: one a concept, an index and a graph for each book."""
    made: dict[str, str] = {}
    for folder, book in (("taxpayer", taxpayer()), ("relative", relative())):
        by_name = {
            name: list(rules) for name, rules in groupby(sorted(book.rules, key=lambda r: r.name), key=lambda r: r.name)
        }
        for name, rules in by_name.items():
            made[f"{folder}/{name}.md"] = _HEAD + _page(book, sorted(rules, key=lambda r: r.start))
        made[f"{folder}/README.md"] = _HEAD + _index(book)
        made[f"{folder}/graph.svg"] = graph(book)
    made["README.md"] = _HEAD + (
        "# 個人住民税の規則\n\n"
        "規則の本文（`src/yakuba/systems/tax/law/`）から作った、項目ごとの式・根拠・年度別の額と率です。\n\n"
        "- [納税義務者の税額](taxpayer/README.md)（[図](taxpayer/graph.svg)）\n"
        "- [扶養親族の判定](relative/README.md)（[図](relative/graph.svg)）\n"
    )
    return made


def write(folder: Path) -> int:
    """Write every page below `folder` and remove pages of rules that are gone; how many stand there now."""
    made = pages()
    for old in folder.rglob("*"):
        if old.is_file() and str(old.relative_to(folder)) not in made:
            old.unlink()
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return len(made)


def _years(start: int, end: int | None) -> str:
    def era(year: int) -> str:
        return f"令和{year - 2018}年度"

    if end == start:
        return era(start)
    return f"{era(start)}から{era(end) + 'まで' if end else ''}"


def _page(book: RuleBook, versions: list[Rule]) -> str:
    latest = versions[-1]
    labels = _labels(book)
    used_by = sorted({rule.name for rule in book.rules if latest.name in rule.arguments})
    lines = [f"# {latest.label}", "", f"`{latest.name}`", ""]
    for version in versions:
        told = _formula(book, version, labels)
        lines += [
            f"## {_years(version.start, version.end)}",
            "",
            f"- 根拠: {version.article}",
            f"- 端数: {version.rounding or 'なし'}",
            "",
            "式:",
            "",
            "```text",
            *told,
            "```",
            "",
        ]
        lines += [f"- {labels[name]}（{_link(book, name)}）" for name in version.arguments]
        lines.append("")
    groups = sorted({name for version in versions for name in version.parameters})
    for name in groups:
        fields = {field for version in versions for group, field in syntax.fields_used(version) if group == name}
        lines += _parameters(book.parameters.groups[name], fields)
    if used_by:
        lines += ["## この項目を使う項目", "", *(f"- {labels[name]}（{_link(book, name)}）" for name in used_by), ""]
    return "\n".join(lines).rstrip() + "\n"


def _labels(book: RuleBook) -> dict[str, str]:
    return {name: one.label for name, one in book.inputs.items()} | {rule.name: rule.label for rule in book.rules}


def _link(book: RuleBook, name: str) -> str:
    return "入力" if name in book.inputs else f"[`{name}`]({name}.md)"


def _formula(book: RuleBook, rule: Rule, labels: Mapping[str, str]) -> list[str]:
    rows: dict[str, str] = {}

    def leaf(node: ast.expr) -> str | None:
        match node:
            case ast.Name(id=name) if name in rule.arguments:
                return labels[name]
            case ast.Name(id=name):
                return f"［{name}］"
            case ast.Attribute(value=ast.Name(id=group), attr=field) if group in rule.parameters:
                told = book.parameters.groups[group]
                return f"{told.description}の{told.labels[field]}"
        if isinstance(node, ast.Attribute):
            asked = _group_of(node.value, rule, rows)
            if asked is not None:
                told = book.parameters.groups[asked]
                return f"{told.description}の{told.labels[node.attr]}"
        return None

    for statement in _walk(rule):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            row = syntax.table_row(statement.value, rule)
            if row:
                rows[statement.targets[0].id] = row[0]
    return words.statements(rule, leaf)


def _walk(rule: Rule) -> Iterable[ast.AST]:
    for statement in syntax.body(rule):
        yield from ast.walk(statement)


def _group_of(node: ast.expr, rule: Rule, rows: Mapping[str, str]) -> str | None:
    direct = syntax.table_row(node, rule)
    if direct:
        return direct[0]
    return rows.get(node.id) if isinstance(node, ast.Name) else None


def _parameters(group: Group, fields: set[str]) -> list[str]:
    lines = [f"## {group.description}", "", f"{group.reference}（`{group.name}`）", ""]
    for dated in group.values:
        lines += [f"### {_years(dated.start, dated.end)}", ""]
        plain = {name: value for name, value in dated.fields.items() if name in fields and not isinstance(value, Table)}
        if plain:
            lines += ["| 項目 | 値 |", "|---|---:|"]
            lines += [f"| {group.labels[name]} | {words.number(value)} |" for name, value in plain.items()]
            lines.append("")
        for name, value in dated.fields.items():
            if name not in fields or not isinstance(value, Table):
                continue
            columns = list(value.columns)
            lines += ["| 範囲 | " + " | ".join(group.labels[column] for column in columns) + " |"]
            lines += ["|---|" + "---:|" * len(columns)]
            for place in range(len(value.bounds)):
                cells = (words.number(value.columns[column][place]) for column in columns)
                lines.append(f"| {value.words(place)} | " + " | ".join(cells) + " |")
            lines.append("")
    return lines


def _index(book: RuleBook) -> str:
    lines = [f"# {book.title}", "", "| 項目 | 根拠 | 年度 |", "|---|---|---|"]
    lines += [
        f"| [{rule.label}]({rule.name}.md) | {rule.article} | {_years(rule.start, rule.end)} |" for rule in book.rules
    ]
    lines += ["", "## 入力", "", "| 項目 | 単位 | 範囲 |", "|---|---|---|"]
    lines += [
        f"| {one.label} | {one.unit} | {one.minimum:,} から {one.maximum:,} まで |" for one in book.inputs.values()
    ]
    return "\n".join(lines) + "\n"


def graph(book: RuleBook) -> str:
    """The rules of the last year as SVG: columns by how far a concept lies from the inputs, lines from what it needs."""
    year = book.at(book.last)
    depth = dict.fromkeys(year.inputs, 0)
    for rule in year.rules:
        depth[rule.name] = 1 + max((depth[name] for name in rule.arguments), default=0)
    labels = _labels(book)
    columns: dict[int, list[str]] = {}
    for name, far in depth.items():
        columns.setdefault(far, []).append(name)
    width, height, gap, step = 190, 22, 250, 28
    place: dict[str, tuple[int, int]] = {}
    for far, names in sorted(columns.items()):
        # A concept stands beside the middle of what it needs, so that lines stay short.
        if far:
            needs = {name: year.rule(name).arguments for name in names}
            names.sort(key=lambda n: sum(place[a][1] for a in needs[n]) / max(len(needs[n]), 1))
        for row, name in enumerate(names):
            place[name] = (20 + far * gap, 40 + row * step)
    across = 40 + (max(columns) + 1) * gap
    down = 60 + max(len(names) for names in columns.values()) * step
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{across}" height="{down}" viewBox="0 0 {across} {down}" '
        'font-family="sans-serif" font-size="11">',
        f"<title>{book.title} {_years(book.last, book.last)}</title>",
        f'<rect width="{across}" height="{down}" fill="#fbfbfb"/>',
        f'<text x="20" y="22" font-size="14">{book.title} {_years(book.last, book.last)}: 左の項目から右の項目を求める</text>',
    ]
    for rule in year.rules:
        x, y = place[rule.name]
        for argument in rule.arguments:
            from_x, from_y = place[argument]
            lines.append(
                f'<path d="M{from_x + width} {from_y + 11} C{from_x + width + 30} {from_y + 11} {x - 30} {y + 11} {x} {y + 11}" '
                'fill="none" stroke="#9aa7b5" stroke-width="0.6"/>'
            )
    exported = {rule.name for rule in year.rules if rule.export}
    for name, (x, y) in place.items():
        kind = "input" if name in year.inputs else "export" if name in exported else "rule"
        label = labels[name]
        squeeze = f' textLength="{width - 10}" lengthAdjust="spacingAndGlyphs"' if len(label) * 11 > width - 10 else ""
        lines.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="3" fill="{_COLOURS[kind]}" stroke="#5b6b7b"/>'
            f'<text x="{x + 5}" y="{y + 15}"{squeeze}>{label}</text>'
        )
    return "\n".join([*lines, "</svg>"]) + "\n"
