"""`./yakuba audit`: verify the log, seal it, hand out a part with proofs, show or change the key that signs it."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import time
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yakuba.console import Console
from yakuba.platform.protection.exits import hands_out_nothing

if TYPE_CHECKING:
    from yakuba.platform.access.desk import Desk

_SHOWN = 50


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    audit = commands.add_parser("audit", help="操作履歴の検証・書出し・署名の鍵")
    actions = audit.add_subparsers(dest="action", required=True, metavar="操作")

    verify = actions.add_parser("verify", help="履歴の変更・削除・入替え・挿入・切取りがないかを調べる(1: あり)")
    verify.add_argument("--json", action="store_true", help="JSON で出力する")
    verify.add_argument("--checkpoints", type=Path, action="append", help="この場所に保管したチェックポイントと比べる")
    verify.set_defaults(handler=_verify)

    checkpoint = actions.add_parser("checkpoint", help="いまの履歴に署名し、保管先に書く")
    checkpoint.set_defaults(handler=_checkpoint)

    export = actions.add_parser("export", help="履歴を証明とともに書き出す(verifier.py で検証できる)")
    export.add_argument("file", type=Path)
    export.add_argument("--from", dest="first", type=date.fromisoformat, help="この日から(2026-04-01)")
    export.add_argument("--to", dest="last", type=date.fromisoformat, help="この日まで")
    export.add_argument("--person", type=int, metavar="宛名番号", help="この方に関するもの")
    export.add_argument("--account", default="", metavar="利用者ID", help="この利用者によるもの")
    export.add_argument("--since", type=int, default=0, metavar="大きさ", help="手元にあるチェックポイントの大きさ")
    export.set_defaults(handler=_export)

    key = actions.add_parser("key", help="検証鍵(公開してよい)を表示する")
    key.add_argument("--new", action="store_true", help="署名の鍵を新しくする(これまでの検証鍵も有効)")
    key.set_defaults(handler=_key)

    archive = actions.add_parser("archive", help="手元に置く期間を過ぎた履歴を保存先に移す(検索・検証は続けてできる)")
    archive.set_defaults(handler=_archive)

    erase = actions.add_parser("erase", help="保存期間が満了した履歴を消去する(木の葉と証明は残る)")
    erase.add_argument("--ground", required=True, metavar="根拠", help="消去の根拠(廃棄の決裁の番号など)")
    erase.add_argument("--before", type=date.fromisoformat, help="この日より前(指定しなければ、満了したものすべて)")
    erase.set_defaults(handler=_erase)

    verifier = actions.add_parser("verifier", help="データベースなしで検証するプログラムを書き出す")
    verifier.add_argument("file", type=Path)
    verifier.set_defaults(handler=_verifier)


def _desk() -> Desk:
    from yakuba.platform.access.desk import Desk
    from yakuba.platform.access.duties import Duty, Purpose
    from yakuba.platform.clock import SystemClock

    user = getpass.getuser()
    return Desk(
        account=f"system:cli:{user}",
        name=user,
        office="",
        terminal="CLI",
        purpose=Purpose.AUDIT.value,
        duties=frozenset({Duty.AUDIT}),
        clock=SystemClock(),
    )


def _set_up() -> bool:
    """As the owner of the database. False (and told) before the house was ever opened."""
    import django

    django.setup()
    from django.db import connection

    if "audit_checkpoint" in connection.introspection.table_names():
        return True
    Console(sys.stderr).say("操作履歴がまだありません。先に ./yakuba up を実行してください。")
    return False


@hands_out_nothing("whether the log is whole")
def _verify(args: argparse.Namespace) -> int:
    if not _set_up():
        return 1
    from yakuba.platform.audit import checkpoints, verification
    from yakuba.platform.audit.log import Operation

    begun = time.perf_counter()
    places = None if not args.checkpoints else [*checkpoints.places(), *args.checkpoints]
    report = verification.verify(places)
    seconds = round(time.perf_counter() - begun, 2)
    # In an entry of its own, so that it also stands in the log who looked and what was found.
    _desk().log(
        Operation.AUDIT, target="verify", entries=report.entries, leaves=report.leaves, breaches=len(report.breaches)
    )
    if args.json:
        shown: dict[str, Any] = {**asdict(report), "whole": report.is_whole, "seconds": seconds}
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=1) + "\n")
        return int(not report.is_whole)
    out = Console(sys.stdout)
    out.say(
        f"記録{report.entries:,}件、木の葉{report.leaves:,}枚、チェックポイント{report.checkpoints:,}個"
        f"（保管先の{report.kept_outside:,}個と照合）、消去済み{report.erased:,}件、署名待ち{report.unsealed:,}件"
        f"を{seconds}秒で検証しました。"
    )
    for notice in report.notices:
        out.say(f"注意: {notice}")
    for breach in report.breaches[:_SHOWN]:
        out.say(f"異常: {breach}")
    if len(report.breaches) > _SHOWN:
        out.say(f"ほか{len(report.breaches) - _SHOWN:,}件（--json で全部）")
    out.say("結果: 異常はありません。" if report.is_whole else f"結果: 異常が{len(report.breaches):,}件あります。")
    return int(not report.is_whole)


@hands_out_nothing("a signed hash")
def _checkpoint(_args: argparse.Namespace) -> int:
    if not _set_up():
        return 1
    from yakuba.platform.audit import checkpoints, signing
    from yakuba.platform.audit.models import Checkpoint
    from yakuba.platform.clock import SystemClock

    try:
        taken = checkpoints.seal(SystemClock())
    except signing.NoSigningKey as missing:
        Console(sys.stderr).say(str(missing))
        return 1
    failed = checkpoints.publish()
    err = Console(sys.stderr)
    err.say(f"新しい記録{taken:,}件に署名しました。")
    for place in failed:
        err.say(f"保管先に書けません: {place}")
    last = Checkpoint.objects.order_by("-number").first()
    if last is not None:
        sys.stdout.write(last.note)
    return int(bool(failed))


@hands_out_nothing("acts with their proofs, for the auditor: numbers of persons, nothing of their records")
def _export(args: argparse.Namespace) -> int:
    if not _set_up():
        return 1
    from yakuba.platform.audit import bundles, checkpoints, signing
    from yakuba.platform.audit.log import Operation
    from yakuba.platform.clock import JAPAN, SystemClock

    err = Console(sys.stderr)
    desk = _desk()
    day_after_last = (args.last or desk.today) + timedelta(days=1)
    question = bundles.Question(
        first=datetime.combine(args.first or date(2000, 1, 1), datetime.min.time(), JAPAN),
        last=datetime.combine(day_after_last, datetime.min.time(), JAPAN),
        subject=args.person,
        account=args.account,
    )
    # Logged first, and sealed with the rest: a list that left the house without a trace doesn't exist.
    desk.log(
        Operation.EXPORT,
        subjects=(args.person,) if args.person is not None else (),
        target="audit",
        first=question.first,
        last=question.last,
        asked_account=args.account,
        file=args.file.name,
    )
    try:
        checkpoints.seal(SystemClock())
        descriptor = os.open(args.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except (signing.NoSigningKey, FileExistsError) as error:
        err.say(f"{args.file} は既にあります。" if isinstance(error, FileExistsError) else str(error))
        return 1
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            count = bundles.write(question, stream, since=args.since)
    except LookupError as error:
        args.file.unlink()
        err.say(str(error))
        return 1
    err.say(f"{count:,}件を {args.file} に書き出しました。検証: python verifier.py {args.file} --key …")
    return 0


@hands_out_nothing("a public key")
def _key(args: argparse.Namespace) -> int:
    if not _set_up():
        return 1
    from yakuba.platform.audit import checkpoints, signing
    from yakuba.platform.audit.log import Operation
    from yakuba.platform.clock import SystemClock

    if args.new:
        if signing.has_key():
            checkpoints.seal(SystemClock())  # what the old key can still vouch for
        key = signing.change()
        _desk().log(Operation.SETTINGS, target="audit_key", key=key.public.number.hex())
        checkpoints.seal(SystemClock())
    for known in signing.verification_keys():
        sys.stdout.write(known.text + "\n")
    return 0


@hands_out_nothing("how many entries were moved")
def _archive(_args: argparse.Namespace) -> int:
    if not _set_up():
        return 1
    from yakuba.platform.audit import retention
    from yakuba.platform.clock import SystemClock

    moved = retention.archive(clock=SystemClock(), account=_desk().account)
    Console(sys.stdout).say(f"{moved:,}件を保存先に移しました。")
    return 0


@hands_out_nothing("how many entries were erased")
def _erase(args: argparse.Namespace) -> int:
    if not _set_up():
        return 1
    from yakuba.core.findings import Refused
    from yakuba.platform.audit import retention
    from yakuba.platform.clock import JAPAN, SystemClock

    clock = SystemClock()
    before = (
        datetime.combine(args.before, datetime.min.time(), JAPAN)
        if args.before
        else retention.latest_cutoff(clock.now())
    )
    try:
        erasure = retention.erase_before(before, clock=clock, account=_desk().account, ground=args.ground)
    except Refused as refusal:
        Console(sys.stderr).say(str(refusal))
        return 1
    if erasure is None:
        Console(sys.stdout).say(f"{before:%Y年%m月%d日}より前の履歴はありません。")
    else:
        Console(sys.stdout).say(f"消去{erasure.pk}: {erasure.entries:,}件を消去しました。証明は残っています。")
    return 0


@hands_out_nothing("a program")
def _verifier(args: argparse.Namespace) -> int:
    source = Path(__file__).with_name("verifier.py").read_text(encoding="utf-8")
    try:
        with args.file.open("x", encoding="utf-8") as stream:
            stream.write(source)
    except FileExistsError:
        Console(sys.stderr).say(f"{args.file} は既にあります。")
        return 1
    return 0
