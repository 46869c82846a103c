"""The door: `./yakuba <command>`. Each command's module is imported only when that command is called.

Messages go to standard error, results to standard output. Exit codes: 0 done, 1 refused or failed, 2 wrong usage,
3 (`status`) the house isn't running, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module

from yakuba import __version__
from yakuba.console import Console
from yakuba.core.findings import Refused
from yakuba.nodes.paths import data_folder
from yakuba.platform.protection.exits import hands_out_nothing

DEFAULT_PORT = 8000
DEFAULT_RESIDENTS = 20_000
DEFAULT_CODE = "27223"


@dataclass(frozen=True, slots=True)
class Command:
    """A command kept elsewhere: `module` offers `add_parser(subparsers)`, whose parser sets `handler(args) -> int`.

    The handler of one that `needs_database` finds YAKUBA_DATABASE_URL and the rest of the settings in the environment;
    one `as_application` also finds Django set up with the rights of the programs of the house, not the owner's.
    """

    module: str
    help: str
    needs_database: bool = True
    as_application: bool = False


COMMANDS = {
    "migrate": Command("yakuba.nodes.commands", "データベースの表を最新の形にする"),
    "jobs": Command("yakuba.nodes.commands", "バッチ処理の状況を表示する"),
    "backup": Command("yakuba.nodes.backup_commands", "バックアップの取得・一覧・検証・復元", needs_database=False),
    "retention": Command("yakuba.nodes.retention_commands", "保存期間の満了した記録の廃棄"),
    "audit": Command("yakuba.platform.audit.commands", "操作履歴の検証・書出し・署名の鍵"),
    "handover": Command("yakuba.platform.handover.commands", "媒体・ファイルの授受"),
    "residents": Command("yakuba.systems.residents.commands", "住民データの取込み・書出し", as_application=True),
    "vault": Command("yakuba.nodes.vault_commands", "個人番号などの鍵: 状況、切替え、廃止"),
    "sandbox": Command("yakuba.sandbox.commands", "見本の町: 住民の作成、一日の業務、ワンタイムコード"),
    "tax": Command("yakuba.systems.tax.commands", "個人住民税の計算: 事例、説明", needs_database=False),
    "requirements": Command("yakuba.assurance.commands", "要件と、それを証明するテストの一覧", needs_database=False),
}


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments[:1] == ["test"]:  # everything after it is pytest's, also what looks like an option
        from yakuba.nodes import checks

        return checks.run(arguments[1:])
    console = Console(sys.stderr)
    args = _parser(arguments).parse_args(arguments)
    try:
        if args.command in COMMANDS:
            return _run_elsewhere(COMMANDS[args.command], args, console)
        code: int = args.handler(args, arguments)
        return code
    except KeyboardInterrupt:
        return 130


def _run_elsewhere(command: Command, args: argparse.Namespace, console: Console) -> int:
    from yakuba.nodes import supervisor
    from yakuba.nodes.embedded_postgres import PostgresUnavailable

    available = supervisor.database_available(data_folder(), console) if command.needs_database else nullcontext()
    try:
        with available:
            if command.as_application:
                from yakuba.nodes.town import connect_as_application

                connect_as_application()
            code: int = args.handler(args)
            return code
    except (PostgresUnavailable, Refused) as error:
        console.say(str(error))
        return 1


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="yakuba", description="役場: 自治体基幹業務システム")
    parser.add_argument("--version", action="version", version=f"yakuba {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="コマンド")

    up = commands.add_parser("up", help="役場を開く(データベース、画面、処理を起動する)")
    up.add_argument("--detach", action="store_true", help="準備ができたら端末を返し、背後で動かし続ける")
    up.add_argument("--port", type=_port, default=DEFAULT_PORT, help=f"画面のポート(既定 {DEFAULT_PORT})")
    up.add_argument(
        "--residents", type=_count, default=DEFAULT_RESIDENTS, help=f"見本の住民数(既定 {DEFAULT_RESIDENTS:,})"
    )
    up.add_argument("--code", default=DEFAULT_CODE, help=f"全国地方公共団体コード(既定 {DEFAULT_CODE})")
    up.add_argument("--seed", type=int, help="見本の住民を作る乱数の種")
    up.set_defaults(handler=_up)

    down = commands.add_parser("down", help="役場を閉じる")
    down.set_defaults(handler=_down)

    status = commands.add_parser("status", help="動いているかを表示する(終了コード 0: 動作中、3: 停止中)")
    status.add_argument("--json", action="store_true", help="JSON で出力する")
    status.set_defaults(handler=_status)

    commands.add_parser("test", help="検査とテストを実行する(引数は pytest に渡す)", add_help=False)
    called = COMMANDS.get(arguments[0]) if arguments else None
    if called:
        import_module(called.module).add_parser(commands)
    for name, command in COMMANDS.items():
        if name not in commands.choices:
            commands.add_parser(name, help=command.help)
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError("ポートは 1 から 65535 までです。")
    return port


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("1 以上の数を指定してください。")
    return count


@hands_out_nothing("starts the house")
def _up(args: argparse.Namespace, arguments: Sequence[str]) -> int:
    from yakuba.nodes import supervisor

    data = data_folder()
    log = data.log / "supervisor.log"
    reporting = "YAKUBA_REPORT_FD" in os.environ
    if args.detach and not reporting:
        command = supervisor.python_command("-m", "yakuba.cli", *arguments)
        return supervisor.up_detached(data, Console(sys.stdout), command, os.environ)
    console = supervisor.report_console(os.environ) if reporting else Console(sys.stdout)
    house = supervisor.House(
        data=data,
        console=console,
        plan=supervisor.town_plan(args.residents, args.code, args.seed),
        port=args.port,
        environ={name: value for name, value in os.environ.items() if name != "YAKUBA_REPORT_FD"},
        on_ready=(lambda: console.move(log.open("a", encoding="utf-8"))) if reporting else (lambda: None),
    )
    return house.up()


@hands_out_nothing("stops the house")
def _down(_args: argparse.Namespace, _arguments: Sequence[str]) -> int:
    from yakuba.nodes import supervisor

    return supervisor.down(data_folder(), Console(sys.stdout))


@hands_out_nothing("whether the house is open")
def _status(args: argparse.Namespace, _arguments: Sequence[str]) -> int:
    from yakuba.nodes import house_state

    standing = house_state.status(data_folder())
    if args.json:
        sys.stdout.write(json.dumps(standing, ensure_ascii=False, indent=1) + "\n")
    else:
        Console(sys.stdout).say(_describe(standing))
    return 0 if standing["running"] else 3


_PHASES = {
    "starting": "役場は起動の途中です。",
    "stopping": "役場は停止の途中です。",
    "command": "役場は動いていません(別のコマンドがデータベースを使っています)。",
    "stopped": "役場は動いていません。./yakuba up で開きます。",
}


def _describe(standing: dict[str, object]) -> str:
    if not standing["running"]:
        return _PHASES[str(standing["phase"])]
    return f"役場は開いています: {standing['url']}(プロセス {standing['pid']}、{standing['started_at']} から)"


if __name__ == "__main__":
    raise SystemExit(main())
