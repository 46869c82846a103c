"""`./yakuba sandbox`: a synthetic town, a working day in it, the one-time codes of its staff."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from yakuba.console import Console
from yakuba.platform.protection.exits import hands_out_nothing

if TYPE_CHECKING:
    from .day import Balance

_DEFAULT_CODE = "27223"
_DEFAULT_RESIDENTS = 20_000


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sandbox = commands.add_parser("sandbox", help="見本の町: 住民の作成、一日の業務、ワンタイムコード")
    actions = sandbox.add_subparsers(dest="action", required=True, metavar="操作")

    populate = actions.add_parser("populate", help="実在しない住民の町を、空の台帳に作る")
    populate.add_argument("--code", default=_DEFAULT_CODE, help=f"全国地方公共団体コード(既定 {_DEFAULT_CODE})")
    populate.add_argument(
        "--residents", type=int, default=_DEFAULT_RESIDENTS, help=f"住民数(既定 {_DEFAULT_RESIDENTS:,})"
    )
    populate.add_argument("--seed", type=int, default=1, help="乱数の種(既定 1)。同じ種からは同じ町ができる")
    populate.add_argument(
        "--replace", action="store_true", help="今のデータベースを別名で残し、空のデータベースに作り直す"
    )
    populate.set_defaults(handler=_populate)

    day = actions.add_parser("day", help="一日の業務を行い、台帳全体を検査する(違反があれば終了コード 1)")
    day.add_argument("--seed", type=int, default=1, help="乱数の種(既定 1)")
    day.add_argument("--json", action="store_true", help="結果を JSON で出力する")
    day.set_defaults(handler=_day)

    seals = actions.add_parser("seals", help="見本の町の印鑑登録を、成人のおよそ6割まで作る(途中で止めても、続きから)")
    seals.add_argument("--seed", type=int, default=1, help="乱数の種(既定 1)")
    seals.set_defaults(handler=_seals)

    code = actions.add_parser("code", help="見本の職員のワンタイムコード")
    code.add_argument("--json", action="store_true", help="JSON で出力する")
    code.set_defaults(handler=_code)


def _command(handler: Callable[[argparse.Namespace, Console], int]) -> Callable[[argparse.Namespace], int]:
    def run(args: argparse.Namespace) -> int:
        from yakuba.core.findings import Refused

        console = Console(sys.stderr)
        try:
            return handler(args, console)
        except Refused as refusal:
            for finding in refusal.findings:
                console.say(str(finding))
            return 1

    return run


@hands_out_nothing("makes synthetic people, tells counts")
@_command
def _populate(args: argparse.Namespace, console: Console) -> int:
    from yakuba.core.findings import Refused
    from yakuba.nodes import town

    if args.replace:
        kept = _put_aside(os.environ["YAKUBA_DATABASE_URL"])
        console.say(f"今までのデータベースは {kept} として残しました。")
    town.make_ready(console.progress)
    from yakuba.platform.clock import SystemClock

    from . import building

    built = building.build(
        SystemClock(), console.progress, code=args.code, residents=args.residents, seed=args.seed, with_day=False
    )  # fmt: skip
    if built.repeated:
        raise Refused([building.not_empty()])
    console.say(f"見本の町（{built.code}）に住民{built.residents:,}人の台帳を作りました。")
    return 0


def _put_aside(owner: str) -> str:
    """Rename the database and make an empty one under its name; nothing is deleted. Returns the new name.

    Raises Refused while anybody is connected to it.
    """
    import psycopg
    from psycopg import sql

    from yakuba.core.findings import Finding, Refused

    parts = urlsplit(owner)
    name = parts.path.lstrip("/")
    kept = f"{name}_{datetime.now().astimezone():%Y%m%d%H%M%S}"
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as connection:
        try:
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(kept))
            )
        except psycopg.errors.ObjectInUse as error:
            raise Refused(
                [
                    Finding(
                        "SBX-E-012", "database", "データベースが使われているので、作り直せません。",
                        "./yakuba down で役場を閉じてから実行してください。",
                    )
                ]
            ) from error  # fmt: skip
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    return kept


def _require_sandbox() -> None:
    """Raises Refused in a house whose people exist."""
    from yakuba.core.findings import Finding, Refused
    from yakuba.systems.residents.models import Town

    if not Town.objects.filter(is_sandbox=True).exists():
        raise Refused(
            [
                Finding(
                    "SBX-E-013", "town", "見本の町ではありません。", "./yakuba sandbox populate で見本の町を作ってください。"
                )
            ]
        )  # fmt: skip


@hands_out_nothing("makes seals of synthetic people, tells counts")
@_command
def _seals(args: argparse.Namespace, console: Console) -> int:
    from yakuba.nodes import town

    town.connect_as_application()
    from yakuba.platform.clock import SystemClock

    from . import seals

    _require_sandbox()
    made = seals.draw(
        args.seed, SystemClock(), None, lambda done, total: console.progress("見本の印鑑の作成", done, total)
    )
    console.say(f"見本の印鑑を{made:,}個登録しました。")
    return 0


@hands_out_nothing("the balance of a synthetic day")
@_command
def _day(args: argparse.Namespace, console: Console) -> int:
    from yakuba.nodes import town

    town.connect_as_application()
    from yakuba.platform.clock import SystemClock

    from . import day

    _require_sandbox()
    balance = day.play(args.seed, SystemClock(), console.progress)
    if args.json:
        sys.stdout.write(json.dumps(balance.as_json(), ensure_ascii=False, indent=1) + "\n")
    else:
        _tell(balance, Console(sys.stdout))
    return 1 if balance.breaches else 0


_OUTCOMES = {
    "registered": "本登録", "returned": "差戻し", "withdrawn": "取下げ", "waiting": "審査待ち", "repeated": "二度送り",
    "refused": "拒否",
}  # fmt: skip


def _tell(balance: Balance, out: Console) -> None:
    from yakuba.systems.residents.filings import KINDS

    out.say(f"{balance.day} の一日（種 {balance.seed}）")
    labels = {kind: filing.label for kind, filing in KINDS.items()}
    rows = [["届出", *_OUTCOMES.values()]]
    for kind, counts in balance.filings.items():
        rows.append([labels.get(kind, f"{kind}（ない届出）"), *(f"{counts.get(o, 0):,}" for o in _OUTCOMES)])
    out.table(rows)
    out.table(
        [
            ["住民（朝）", f"{balance.before:,}"],
            ["増", f"{balance.entered:,}"],
            ["減", f"{balance.left:,}"],
            ["住民（夕）", f"{balance.after:,}"],
            ["誤った届出など", f"{balance.mistakes:,}"],
            ["証明書", f"{balance.certificates:,}"],
            ["検索", f"{balance.searches:,}"],
            ["イベント", f"{balance.events:,}"],
            ["台帳の検査", f"{balance.checks}項目"],
            ["時間", "、".join(f"{name} {seconds}秒" for name, seconds in balance.seconds.items())],
        ]
    )
    if not balance.breaches:
        out.say("違反はありません。")
    for breach in balance.breaches:
        out.say(f"違反 [{breach['rule']}] {breach['message']}（{breach['count']:,}件）")
        for example in breach["examples"]:
            out.say(f"    {example}")


@hands_out_nothing("one-time codes of accounts of the sandbox")
@_command
def _code(args: argparse.Namespace, console: Console) -> int:
    from yakuba.nodes import town

    accounts: list[dict[str, Any]] = town.accounts()
    if not accounts:
        console.say("見本の職員はいません。./yakuba up か ./yakuba sandbox populate で見本の町を作ってください。")
        return 1
    shown = [{name: account[name] for name in ("login", "one_time_code", "name")} for account in accounts]
    if args.json:
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=1) + "\n")
    else:
        heads = ["利用者ID", "ワンタイムコード(30秒有効)", "氏名"]
        Console(sys.stdout).table([heads, *([str(value) for value in row.values()] for row in shown)])
    return 0
