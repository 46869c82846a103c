"""`./yakuba tax`: worked cases against our rules, and a case told step by step."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from yakuba.platform.protection.exits import hands_out_nothing


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    tax = commands.add_parser("tax", help="個人住民税の計算: 事例、説明、規則の頁")
    actions = tax.add_subparsers(dest="action", required=True, metavar="操作")

    case = actions.add_parser("case", help="計算事例のファイルを計算し、期待される値と比べる")
    case.add_argument("file", type=Path, help="事例の YAML ファイル")
    case.add_argument("--json", action="store_true", help="結果を JSON で出力する")
    case.set_defaults(handler=_case)

    told = actions.add_parser("explain", help="計算事例を一段ずつ、根拠の条文とともに説明する")
    told.add_argument("file", type=Path, help="事例の YAML ファイル")
    told.add_argument("--case", required=True, metavar="番号", help="事例の番号")
    told.add_argument("--concept", default="annual_total_yen", metavar="項目", help="この項目に至る段だけ(既定 年税額)")
    told.add_argument("--all", action="store_true", help="すべての段")
    told.set_defaults(handler=_explain)

    pages = actions.add_parser("pages", help="規則の頁と図を作る(docs/law)")
    pages.add_argument("folder", type=Path, help="書き出すフォルダ")
    pages.set_defaults(handler=_pages)


@hands_out_nothing("worked cases of nobody, from the caller's own file")
def _case(args: argparse.Namespace) -> int:
    from . import cases

    try:
        found = cases.load(args.file)
    except (OSError, ValueError) as fault:
        print(fault, file=sys.stderr)  # noqa: T201 - a command speaks on its terminal
        return 2
    results = [cases.run(section, case) for section, case in found]
    fields = [one for result in results for one in result.fields]
    summary = {
        "cases": len(results),
        "ok": sum(result.ok for result in results),
        "different": sum(result.supported and not result.ok for result in results),
        "unsupported": sum(not result.supported for result in results),
        "fields": len(fields),
        "fields_ok": sum(one.ok for one in fields),
    }
    if args.json:
        listed = []
        for result in results:
            row = asdict(result)
            if not row["reason"]:
                del row["reason"]
            listed.append(row)
        print(json.dumps({"cases": listed, "summary": summary}, ensure_ascii=False, default=str))  # noqa: T201
    else:
        for result in results:
            for one in result.fields:
                if not one.ok:
                    print(f"{result.id} {one.field}: 期待 {one.expected}、計算 {one.computed} {result.reason}")  # noqa: T201
        print(  # noqa: T201
            f"事例 {summary['cases']}件: 一致 {summary['ok']}、相違 {summary['different']}、"
            f"未対応 {summary['unsupported']}(項目 {summary['fields_ok']}/{summary['fields']})"
        )
    return 0 if all(result.ok for result in results) else 1


@hands_out_nothing("worked cases of nobody, from the caller's own file")
def _explain(args: argparse.Namespace) -> int:
    from . import cases

    try:
        found = {str(case["id"]): case for section, case in cases.load(args.file) if section == "tax"}
        if args.case not in found:
            raise ValueError(f"事例 {args.case} はありません。")
        told = cases.TaxCase(found[args.case]).explained()
        steps = told.steps if args.all else told.leading_to(args.concept)
    except (OSError, ValueError, LookupError) as fault:
        print(fault, file=sys.stderr)  # noqa: T201 - a command speaks on its terminal
        return 2
    for step in steps:
        print(step.text())  # noqa: T201
    return 0


@hands_out_nothing("the law, of nobody")
def _pages(args: argparse.Namespace) -> int:
    from .law.pages import write

    print(f"{write(args.folder)}件を{args.folder}に書きました。")  # noqa: T201 - a command speaks on its terminal
    return 0
