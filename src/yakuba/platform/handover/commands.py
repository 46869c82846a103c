"""`./yakuba handover`: the books, handing out what was prepared, taking in what came, the recipient's program."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from yakuba.console import Console
from yakuba.platform.protection.exits import hands_out_nothing

if TYPE_CHECKING:
    from yakuba.platform.access.desk import Desk

_BOOKS = (
    "Files by name and figures, sealed to their recipients; their content passed its own exit when it was prepared."
)


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    handover = commands.add_parser("handover", help="媒体・ファイルの授受")
    handover.add_argument("--office", default="", metavar="部署", help="この部署として(既定: 部署なし)")
    actions = handover.add_subparsers(dest="action", required=True, metavar="操作")

    listed = actions.add_parser("list", help="準備したファイル、受領の確認待ち、受け取ったファイル")
    listed.add_argument("--json", action="store_true", help="JSON で出力する")
    listed.set_defaults(handler=_list)

    out = actions.add_parser("release", help="準備したファイルを、相手方だけが開けるファイルにして渡す")
    out.add_argument("draft", type=int, metavar="準備番号")
    out.add_argument("file", type=Path)
    out.add_argument("--passphrase", action="store_true", help="パスフレーズを尋ねる(相手方の証明書がないとき)")
    out.add_argument("--witness", default="", metavar="利用者ID", help="媒体への書出しに立ち会う職員")
    out.set_defaults(handler=_release)

    confirm = actions.add_parser("confirm", help="相手方の受領を記録する")
    confirm.add_argument("release", type=int, metavar="授受番号")
    confirm.add_argument("--person", required=True, help="受け取った人")
    confirm.add_argument("--sha256", required=True, help="相手方が示したファイルの SHA-256")
    confirm.set_defaults(handler=_confirm)

    receive = actions.add_parser("receive", help="暗号化された受渡しファイルを受け取る")
    receive.add_argument("file", type=Path)
    receive.add_argument("--from", dest="sender", required=True, metavar="相手方", help="送付元の符号")
    receive.add_argument("--purpose", required=True, help="目的")
    way = receive.add_mutually_exclusive_group(required=True)
    way.add_argument("--key", type=Path, help="この役場の秘密鍵(PEM)")
    way.add_argument("--passphrase", action="store_true", help="パスフレーズを尋ねる")
    receive.set_defaults(handler=_receive)

    to = actions.add_parser("correspondent", help="授受の相手方を登録する")
    to.add_argument("code", metavar="符号")
    to.add_argument("name", metavar="名称")
    to.add_argument("--certificate", type=Path, help="証明書又は公開鍵(PEM)")
    to.add_argument("--close", action="store_true", help="これ以上渡さない")
    to.set_defaults(handler=_correspondent)

    opener = actions.add_parser("opener", help="相手方に渡す、ファイルを開くプログラムを書き出す")
    opener.add_argument("file", type=Path)
    opener.set_defaults(handler=_opener)


def cli_desk(office: str) -> Desk:
    """The desk of whoever runs the command on this machine."""
    from yakuba.platform.access.desk import Desk
    from yakuba.platform.access.duties import Duty, Purpose
    from yakuba.platform.clock import SystemClock

    user = getpass.getuser()
    return Desk(
        account=f"system:cli:{user}",
        name=user,
        office=office,
        terminal="CLI",
        purpose=Purpose.HAND_OVER.value,
        duties=frozenset({Duty.HANDOVER, Duty.INFORMATION_MANAGEMENT}),
        clock=SystemClock(),
    )


def _command(handler: Callable[[argparse.Namespace, Console], int]) -> Callable[[argparse.Namespace], int]:
    @hands_out_nothing(_BOOKS)
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
        except OSError as error:
            console.say(f"ファイルを読み書きできません({error.strerror})。")
        return 1

    return run


@_command
def _list(args: argparse.Namespace, _console: Console) -> int:
    from . import incoming, outgoing

    desk = cli_desk(args.office)
    drafts = [
        {"draft": line.draft.pk, "name": line.draft.name, "to": line.to, "persons": line.draft.persons,
         "state": line.state, "overdue": line.is_overdue}
        for line in outgoing.waiting(desk)
    ]  # fmt: skip
    open_ = [
        {"release": line.release.pk, "name": line.draft.name, "to": line.to, "due": line.release.due.isoformat(),
         "overdue": line.is_overdue}
        for line in outgoing.book(desk, only_open=True)
    ]  # fmt: skip
    received = [
        {"inbound": row.pk, "name": row.name, "from": row.correspondent, "bytes": row.bytes}
        for row in incoming.book(desk, only_open=True)
    ]
    if args.json:
        told = {"drafts": drafts, "open": open_, "received": received}
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
        return 0
    out = Console(sys.stdout)
    for title, rows in (("準備したファイル", drafts), ("受領の確認待ち", open_), ("受け取ったファイル", received)):
        out.say(f"{title}: {len(rows)}件")
        if rows:
            out.table([[_word(value) for value in row.values()] for row in rows])
    return 0


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "期限超過" if value else ""
    return f"{value:,}" if isinstance(value, int) else str(value)


@_command
def _release(args: argparse.Namespace, _console: Console) -> int:
    from . import outgoing

    passphrase = getpass.getpass("パスフレーズ: ") if args.passphrase else ""
    desk = cli_desk(args.office)
    row = outgoing.release(desk, args.draft, target=args.file, passphrase=passphrase, witness=args.witness)
    Console(sys.stdout).table(
        [["授受番号", str(row.pk)], ["ファイル", args.file.name], ["SHA-256", row.sealed_sha256],
         ["受領の確認", f"{row.due.isoformat()} まで"]]
    )  # fmt: skip
    return 0


@_command
def _confirm(args: argparse.Namespace, console: Console) -> int:
    from . import outgoing
    from .models import Outcome

    outgoing.confirm(cli_desk(args.office), args.release, Outcome.RECEIVED, args.person, sha256=args.sha256)
    console.say("受領を記録しました。")
    return 0


@_command
def _receive(args: argparse.Namespace, _console: Console) -> int:
    from yakuba.core.findings import Finding, Refused

    from . import incoming, opener
    from .incoming import Arrival

    try:
        if args.key:
            unwrap = opener.with_private_key(args.key.read_bytes())
        else:
            unwrap = opener.with_passphrase(getpass.getpass("パスフレーズ: "))
    except opener.NotOpened as error:
        raise Refused([Finding("HND-E-060", "key", str(error), "この役場の秘密鍵を指定してください。")]) from error
    arrival = Arrival(name=args.file.name, correspondent=args.sender, purpose=args.purpose)
    row = incoming.receive(cli_desk(args.office), arrival, args.file, unwrap)
    Console(sys.stdout).table(
        [["受領番号", str(row.pk)], ["形式", row.format], ["大きさ", f"{row.bytes:,} バイト"], ["SHA-256", row.sha256]]
    )
    return 0


@_command
def _correspondent(args: argparse.Namespace, console: Console) -> int:
    from . import outgoing

    pem = args.certificate.read_text(encoding="ascii", errors="replace") if args.certificate else ""
    outgoing.name_correspondent(cli_desk(args.office), args.code, args.name, pem, is_active=not args.close)
    console.say("登録しました。")
    return 0


@_command
def _opener(args: argparse.Namespace, _console: Console) -> int:
    from . import opener

    with args.file.open("x", encoding="utf-8") as file:
        file.write(Path(opener.__file__).read_text(encoding="utf-8"))
    return 0
