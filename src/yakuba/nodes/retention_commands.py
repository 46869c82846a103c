"""`./yakuba retention`: what is due, what was erased, and rewriting the tables afterwards."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys

from yakuba.console import Console
from yakuba.platform.protection.exits import hands_out_nothing


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    retention = commands.add_parser("retention", help="保存期間の満了した記録の廃棄")
    actions = retention.add_subparsers(dest="action", required=True, metavar="操作")
    runs = actions.add_parser("runs", help="廃棄処理とその結果")
    runs.add_argument("--json", action="store_true", help="JSON で出力する")
    runs.set_defaults(handler=_runs)
    due = actions.add_parser("due", help="承認の要らない記録の、今日の廃棄を行う(毎晩の処理と同じ)")
    due.set_defaults(handler=_due)
    purge = actions.add_parser("purge", help="廃棄した行をデータベースのファイルから消す(表を書き直す)")
    purge.set_defaults(handler=_purge)


@hands_out_nothing("counts of runs")
def _runs(args: argparse.Namespace) -> int:
    from yakuba.nodes.town import connect_as_application

    connect_as_application()
    from yakuba.platform.access.desk import system_desk
    from yakuba.platform.access.duties import Duty
    from yakuba.platform.clock import SystemClock
    from yakuba.platform.retention import services

    desk = system_desk(f"cli:{getpass.getuser()}", {Duty.RETENTION}, SystemClock())
    found = [
        {
            "id": view.run.pk,
            "kind": view.run.kind,
            "base_date": view.run.base_date.isoformat(),
            "disposal_date": view.run.disposal_date.isoformat(),
            "state": view.run.state,
            "listed": sum(count.listed for count in view.listed),
            "outcomes": {
                result.value: sum(outcome.records for outcome in view.outcomes if outcome.result == result)
                for result in services.Result
            },
        }
        for view in services.look(desk)
    ]
    if args.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    elif found:
        heads = ["番号", "種類", "基準日", "廃棄日", "状態", "一覧", "廃棄"]
        rows = [
            [
                str(run["id"]), str(run["kind"]), str(run["base_date"]), str(run["disposal_date"]), str(run["state"]),
                f"{run['listed']:,}", f"{run['outcomes']['erased']:,}",
            ]
            for run in found
        ]  # fmt: skip
        Console(sys.stdout).table([heads, *rows])
    else:
        Console(sys.stdout).say("廃棄処理はまだありません。")
    return 0


@hands_out_nothing("counts of a run")
def _due(_args: argparse.Namespace) -> int:
    from yakuba.nodes.town import connect_as_application

    connect_as_application()
    from yakuba.platform.access.desk import system_desk
    from yakuba.platform.access.duties import Duty
    from yakuba.platform.clock import SystemClock
    from yakuba.platform.retention import services
    from yakuba.platform.retention.kinds import Rhythm, kind_of

    console = Console(sys.stdout)
    clock = SystemClock()
    for outcome in services.erase_due(system_desk("retention", {Duty.RETENTION}, clock), Rhythm.DAILY):
        result = services.Result(outcome.result).label
        console.say(f"{kind_of(outcome.run.kind).title}: {result} {outcome.records:,}件")
    for kind in services.unset(clock.now().date()):
        console.say(f"{kind.title}: 保存期間が定められていないため廃棄できません。")
    return 0


@hands_out_nothing("names of tables")
def _purge(_args: argparse.Namespace) -> int:
    import django

    django.setup()
    import psycopg

    from yakuba.platform.retention import purge

    console = Console(sys.stdout)
    with psycopg.connect(os.environ["YAKUBA_DATABASE_URL"], autocommit=True) as owner:
        purge.purge(owner, lambda table: console.say(f"書き直しました: {table}"))
    return 0
