"""`./yakuba vault`: the keys of 個人番号, their change while the house works, and the end of old ones."""

from __future__ import annotations

import argparse
import functools
import getpass
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from yakuba.console import Console
from yakuba.platform.protection.exits import hands_out_nothing

if TYPE_CHECKING:
    from yakuba.platform.access.desk import Desk
    from yakuba.platform.jobs.models import Job


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    vault = commands.add_parser("vault", help="個人番号などの鍵: 状況、切替え、廃止")
    actions = vault.add_subparsers(dest="action", required=True, metavar="操作")
    status = actions.add_parser("status", help="鍵の一覧と、それぞれで封印されている件数")
    status.add_argument("--json", action="store_true", help="JSON で出力する")
    status.set_defaults(handler=_command(_status))
    rotate = actions.add_parser("rotate", help="新しい鍵に切り替え、封印済みのものを移す処理を始める")
    rotate.add_argument("--sealing-only", action="store_true", help="検索用の索引の鍵は変えない")
    rotate.add_argument("--now", action="store_true", help="移す処理を、この端末で終わりまで行う")
    rotate.set_defaults(handler=_command(_rotate))
    reseal = actions.add_parser("reseal", help="古い鍵に残るものを移す処理を、この端末で行う(中断した処理の続きも)")
    reseal.set_defaults(handler=_command(_reseal))
    retire = actions.add_parser("retire", help="何も封印していない古い鍵を廃止し、鍵のファイルから消す")
    retire.add_argument("key", type=int, metavar="鍵の番号")
    retire.set_defaults(handler=_command(_retire))


def _command(
    handler: Callable[[argparse.Namespace, Desk, Console], int],
) -> Callable[[argparse.Namespace], int]:
    """As the application, at the desk of whoever runs the command on this machine."""

    @functools.wraps(handler)
    def run(args: argparse.Namespace) -> int:
        from yakuba.core.findings import Refused
        from yakuba.nodes.town import connect_as_application

        console = Console(sys.stderr)
        try:
            connect_as_application()
            from yakuba.platform.access.desk import system_desk
            from yakuba.platform.access.duties import Duty
            from yakuba.platform.clock import SystemClock

            desk = system_desk(f"cli:{getpass.getuser()}", {Duty.SECURITY}, SystemClock())
            return handler(args, desk, console)
        except Refused as refusal:
            for finding in refusal.findings:
                console.say(str(finding))
            return 1

    return run


@hands_out_nothing("keys by their numbers")
def _status(args: argparse.Namespace, desk: Desk, _console: Console) -> int:
    from yakuba.platform.vault import keyset, rotation
    from yakuba.platform.vault.models import State

    keys = rotation.status(desk)
    if args.json:
        told = {"file": str(keyset.path()), "wrapped": keyset.is_wrapped(), "keys": [asdict(key) for key in keys]}
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1, default=str) + "\n")
        return 0
    console = Console(sys.stdout)
    console.say(f"鍵のファイル: {keyset.path()}" + ("（別の鍵で包まれています）" if keyset.is_wrapped() else ""))
    rows = [["鍵", "状態", "作成", "ファイル", "封印しているもの"]]
    for key in keys:
        held = "、".join(f"{place} {count:,}件" for place, count in sorted(key.held.items())) or "なし"
        rows.append(
            [str(key.id), State(key.state).label, f"{key.created_at:%Y-%m-%d}", "あり" if key.in_file else "なし", held]
        )
    console.table(rows)
    return 0


@hands_out_nothing("keys by their numbers")
def _rotate(args: argparse.Namespace, desk: Desk, console: Console) -> int:
    from yakuba.platform.vault import rotation

    key, job = rotation.rotate(desk, sealing_only=args.sealing_only, for_workers=not args.now)
    console.say(f"鍵{key}に切り替えました。これから封印するものには、すべてこの鍵を使います。")
    console.say("鍵のファイルの控えを取ってください。この鍵を失うと、封印したものは開きません。")
    if args.now:
        return _finish(job, desk, console)
    console.say(f"封印済みのものを移す処理（処理番号{job.pk}）を登録しました。./yakuba jobs で進みを見られます。")
    return 0


@hands_out_nothing("counts")
def _reseal(_args: argparse.Namespace, desk: Desk, console: Console) -> int:
    from yakuba.platform.vault import rotation

    return _finish(rotation.resume(desk), desk, console)


def _finish(job: Job, desk: Desk, console: Console) -> int:
    from yakuba.platform.jobs import runner
    from yakuba.platform.jobs.models import State

    try:
        ended = runner.execute(job.pk, desk.clock, lambda job: console.progress(job.stage, job.done, job.total))
    except runner.JobBusy:
        console.say(f"処理番号{job.pk}は別のプロセスが実行しています。./yakuba jobs で進みを見られます。")
        return 1
    result = ended.result or {}
    if ended.state != State.DONE:
        console.say(f"処理番号{job.pk}は中止されています。./yakuba vault reseal で続けられます。")
        return 1
    console.say(f"{result['done']:,}件を鍵{result['key']}に移しました。")
    if result["unopened"]:
        console.say(f"開かなかったものが{result['unopened']:,}件あり、そのまま残しました。")
        for named in result["named"]:
            console.say(f"  {named}")
        return 1
    return 0


@hands_out_nothing("keys by their numbers")
def _retire(args: argparse.Namespace, desk: Desk, console: Console) -> int:
    from yakuba.platform.vault import rotation

    rotation.retire(desk, args.key)
    console.say(f"鍵{args.key}を廃止し、鍵のファイルから消しました。")
    console.say(
        "切替え前のバックアップは、この鍵がないと開きません。バックアップとともに、鍵の控えを保管してください。"
    )
    return 0
