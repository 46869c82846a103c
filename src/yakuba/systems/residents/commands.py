"""`./yakuba residents`: the register from and to a file, and the rows that were not loaded."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yakuba.console import Console
from yakuba.platform.protection.exits import exit_of, hands_out_nothing

if TYPE_CHECKING:
    from yakuba.platform.access.desk import Desk
    from yakuba.platform.clock import Clock

    from .transfer.loading import Report


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    residents = commands.add_parser("residents", help="住民データの取込み・書出し")
    actions = residents.add_subparsers(dest="action", required=True, metavar="操作")

    load = actions.add_parser("import", help="CSV から台帳に取り込む(途中で止まったら、同じコマンドで続きから)")
    load.add_argument("file", type=Path, nargs="?", help="様式は docs/formats/residents-register-csv.md")
    load.add_argument("--resume", action="store_true", help="途中の取込みを、そのファイルで続ける")
    load.add_argument("--cancel", type=int, metavar="処理番号", help="途中の取込みを中止する(取り込んだ分は残る)")
    load.add_argument("--json", action="store_true", help="結果を JSON で出力する")
    load.set_defaults(handler=_import)

    export = actions.add_parser("export", help="台帳を CSV に書き出す")
    export.add_argument("file", type=Path, help="--to では相手方のファイルの名称")
    door = export.add_mutually_exclusive_group(required=True)
    door.add_argument("--to", metavar="相手方", help="この相手方だけが開けるファイルにして渡す(授受簿に記録)")
    door.add_argument("--plain", action="store_true", help="暗号化しない(この機器の管理者が自分で使うときだけ)")
    export.add_argument("--purpose", default="", help="--to: 目的")
    export.add_argument("--law", default="", help="--to: 根拠")
    export.add_argument("--office", default="", metavar="部署", help="--to: この部署として")
    export.add_argument("--passphrase", action="store_true", help="--to: パスフレーズを尋ねる(証明書がないとき)")
    export.add_argument("--with-individual-numbers", action="store_true", help="個人番号も書き出す")
    export.add_argument("--with-protected", action="store_true", help="支援措置等の対象の方も書き出す")
    export.add_argument("--json", action="store_true", help="結果を JSON で出力する")
    export.set_defaults(handler=_export)

    refusals = actions.add_parser("refusals", help="取り込まなかった行を、理由とともに表示する")
    refusals.add_argument("--job", type=int, metavar="処理番号", help="この取込みの分だけ")
    refusals.add_argument("--limit", type=int, default=100, help="何行まで(既定 100、0 は全部)")
    refusals.add_argument("--json", action="store_true", help="1行に1件の JSON で出力する")
    refusals.set_defaults(handler=_refusals)


def cli_desk(clock: Clock, *, individual_numbers: bool = False, protected: bool = False) -> Desk:
    """The system's desk of whoever runs the command on this machine."""
    from yakuba.platform.access.desk import Desk
    from yakuba.platform.access.duties import Duty, Purpose

    user = getpass.getuser()
    duties = {Duty.BULK}
    if individual_numbers:
        duties.add(Duty.INDIVIDUAL_NUMBER)
    if protected:
        duties.add(Duty.PROTECTION)
    return Desk(
        account=f"system:cli:{user}",
        name=user,
        office="",
        terminal="CLI",
        purpose=Purpose.SYSTEM.value,
        duties=frozenset(duties),
        clock=clock,
    )


def _command(handler: Callable[[argparse.Namespace, Console], int]) -> Callable[[argparse.Namespace], int]:
    def run(args: argparse.Namespace) -> int:
        import django

        django.setup()
        from yakuba.core.findings import Refused

        console = Console(sys.stderr)
        try:
            return handler(args, console)
        except Refused as refusal:
            for finding in refusal.findings:
                console.say(str(finding))
            return 1

    return run


@hands_out_nothing("its report counts rows; persons who may be the same by number only")
@_command
def _import(args: argparse.Namespace, console: Console) -> int:
    from yakuba.platform.clock import SystemClock

    from .transfer import indexes, loading

    desk = cli_desk(SystemClock())
    if args.cancel is not None:
        ended = not loading.cancel(desk, args.cancel)
        console.say("その取込みは既に終わっています。" if ended else "中止しました。取り込んだ分は台帳に残っています。")
        return int(ended)
    path = args.file
    if path is None:
        job = loading.unfinished() if args.resume else None
        if job is None:
            console.say("途中の取込みはありません。" if args.resume else "取り込むファイルを指定してください。")
            return 0 if args.resume else 2
        path = Path(job.arguments["path"])
    report = loading.load(desk, path, console.progress)
    if args.json:
        sys.stdout.write(json.dumps(asdict(report), ensure_ascii=False, indent=1) + "\n")
    else:
        _tell(report, Console(sys.stdout))
    if indexes.missing():
        console.say(f"検索の索引がそろっていません({len(indexes.missing())}本)。検索が遅くなります。")
    return 0 if report.state == "done" else 1


def _tell(report: Report, out: Console) -> None:
    if report.repeated:
        out.say(f"このファイルは取込み済みです(処理番号 {report.job})。そのときの結果:")
    out.table(
        [
            ["処理番号", str(report.job)],
            ["ファイル", report.file],
            ["SHA-256", report.manifest.sha256],
            ["行数", f"{report.manifest.rows:,}"],
            ["取り込んだ行", f"{report.loaded:,}"],
            ["取り込まなかった行", f"{report.refused:,}"],
            ["氏名・生年月日・性別が同じ人", f"{report.same_person_groups:,} 組"],
        ]
    )
    if report.state != "done":
        out.say("中止されました。残りの行は処理していません。")
    if report.reasons:
        out.say("取り込まなかった理由(一行に複数あることがあります):")
        out.table([[code, f"{count:,} 行"] for code, count in sorted(report.reasons.items())])
        out.say(f"内容は ./yakuba residents refusals --job {report.job} で確認できます。")
    if report.warnings:
        out.say("注意(取り込みました):")
        out.table(
            [
                [
                    code,
                    f"{told['count']:,} 件",
                    told["message"],
                    "例 " + "、".join(f"{row}行目" for row in told["rows"][:3]),
                ]
                for code, told in sorted(report.warnings.items())
            ]
        )
    for group in report.same_persons[:10]:
        out.say("  同じ人かもしれません: " + "、".join(f"{number:015d}" for number in group))


@exit_of("residents:register:file")
@_command
def _export(args: argparse.Namespace, console: Console) -> int:
    from yakuba.platform.clock import SystemClock

    from .transfer import exporting

    desk = cli_desk(SystemClock(), individual_numbers=args.with_individual_numbers, protected=args.with_protected)
    if args.to:
        return _hand_over(desk, args, console)
    manifest = exporting.export(desk, args.file, console.progress, with_individual_numbers=args.with_individual_numbers)
    result: dict[str, Any] = {"file": str(args.file), **asdict(manifest)}
    if args.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    else:
        rows = [["ファイル", args.file.name], ["行数", f"{manifest.rows:,}"], ["SHA-256", manifest.sha256]]
        Console(sys.stdout).table(rows)
    return 0


def _hand_over(desk: Desk, args: argparse.Namespace, console: Console) -> int:
    """Prepare the file; hand it out at once where nobody need allow it first."""
    from dataclasses import replace

    from yakuba.platform.access.duties import Duty
    from yakuba.platform.handover import outgoing
    from yakuba.platform.handover.outgoing import Order

    from .transfer import exporting

    desk = replace(desk, office=args.office, duties=desk.duties | {Duty.HANDOVER})
    order = Order(
        source="residents", name=args.file.name, correspondent=args.to, purpose=args.purpose, law=args.law
    )  # fmt: skip
    draft = exporting.prepare(
        desk, order, console.progress, with_individual_numbers=args.with_individual_numbers
    )  # fmt: skip
    result: dict[str, Any] = {
        "draft": draft.pk, "rows": draft.rows, "sha256": draft.sha256, "release": None, "file": None,
    }  # fmt: skip
    if draft.needs_approval:
        console.say(f"承認を申請しました。承認の後に ./yakuba handover release {draft.pk} で渡してください。")
    else:
        passphrase = getpass.getpass("パスフレーズ: ") if args.passphrase else ""
        target = args.file.with_name(f"{args.file.name}.ykh")
        row = outgoing.release(desk, draft.pk, target=target, passphrase=passphrase)
        result |= {"release": row.pk, "file": str(target), "sealed_sha256": row.sealed_sha256}
    if args.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    else:
        told = [["準備番号", str(draft.pk)], ["行数", f"{draft.rows:,}"], ["内容のSHA-256", draft.sha256]]
        if result["release"]:
            told += [["授受番号", str(result["release"])], ["ファイル", Path(result["file"]).name]]
        Console(sys.stdout).table(told)
    return 0


@exit_of("residents:refusals:list")
@_command
def _refusals(args: argparse.Namespace, console: Console) -> int:
    from itertools import chain, islice

    from yakuba.platform.clock import SystemClock

    from .transfer.refusals import describe, listed, open_refusals

    out = Console(sys.stdout)
    shown = 0
    portions = listed(cli_desk(SystemClock()), open_refusals(args.job))
    for refusal in islice(chain.from_iterable(portions), args.limit or None):
        shown += 1
        if args.json:
            row = {
                "job": refusal.job, "row": refusal.row, "number": refusal.number, "findings": refusal.findings
            }  # fmt: skip
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
            continue
        number = f" 宛名番号{refusal.number:015d}" if refusal.number else ""
        out.say(f"処理番号{refusal.job} {refusal.row}行目{number}")
        for finding in refusal.findings:
            out.say("  " + describe(finding))
    if not shown:
        console.say("取り込まなかった行はありません。")
    elif shown == args.limit:
        console.say("まだあるかもしれません。--limit 0 で全部を表示します。")
    return 0
