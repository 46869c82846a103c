"""`./yakuba backup`: taking, listing, verifying and restoring backups."""

from __future__ import annotations

import argparse
import functools
import getpass
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from yakuba.console import Console
from yakuba.core.findings import Finding, Refused
from yakuba.nodes import backup, house_state, supervisor
from yakuba.nodes.paths import DataFolder, data_folder
from yakuba.platform.clock import JAPAN, SystemClock
from yakuba.platform.handover import opener
from yakuba.platform.protection.exits import hands_out_nothing

_SCRATCH = "_verifying"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("backup", help="バックアップの取得・一覧・検証・復元")
    actions = parser.add_subparsers(dest="action", required=True, metavar="操作")
    run = actions.add_parser("run", help="取得し、読み返し、保管先と期間の決まりに従って整理する")
    run.add_argument("--nightly", action="store_true", help="決まった間隔で、復元による検証も行う")
    run.set_defaults(handler=_command(_run))
    shown = actions.add_parser("list", help="一覧、保管場所、次の予定")
    shown.add_argument("--json", action="store_true", help="JSON で出力する")
    shown.add_argument("--check", action="store_true", help="取得が遅れていれば終了コード1(監視用)")
    shown.set_defaults(handler=_list)
    verify = actions.add_parser("verify", help="別のデータベースに復元し、件数・内容・操作履歴を突き合わせる")
    verify.add_argument("name", nargs="?", default="latest", metavar="名前", help="既定は最新")
    verify.set_defaults(handler=_command(_verify))
    restore = actions.add_parser("restore", help="役場のデータベースを置き換える(今のものは別名で残す)")
    restore.add_argument("name", metavar="名前", help="latest は最新")
    restore.add_argument("--key", type=Path, help="復旧用の証明書の秘密鍵(PEM)で開く")
    restore.add_argument("--key-password", action="store_true", help="秘密鍵のパスワードを尋ねる")
    restore.add_argument("--without-numbers", action="store_true", help="個人番号の鍵がなくても復元する")
    restore.set_defaults(handler=_command(_restore))
    key = actions.add_parser("key", help="バックアップの鍵の場所と、控えと照らし合わせる目印")
    key.set_defaults(handler=_key)


@dataclass(frozen=True, slots=True)
class _Context:
    """What a command works with: as the owner of the database, because only the owner reads and makes all of it."""

    url: str
    data: DataFolder
    config: backup.Config
    rules: backup.Rules
    console: Console
    clock: SystemClock

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def report(self, stage: str, done: int, total: int | None) -> None:
        self.console.progress(stage, done, total)

    def log(self, act: str, name: str, *, refused: bool = False, **detail: Any) -> None:
        from yakuba.platform.access.desk import system_desk
        from yakuba.platform.audit.log import Operation, Result

        system_desk(f"cli:{getpass.getuser()}", set(), self.clock).log(
            Operation.BATCH,
            result=Result.REFUSED if refused else Result.DONE,
            target=f"backup:{name}",
            act=act,
            **detail,
        )

    def log_refusal(self, action: str, refusal: Refused) -> None:
        """What was tried in vain stands in the log too, once there is one."""
        from django.db import connection

        if "audit_entry" in connection.introspection.table_names():
            self.log(action, "", refused=True, findings=sorted({finding.code for finding in refusal.findings}))


def _command(handler: Callable[[argparse.Namespace, _Context], int]) -> Callable[[argparse.Namespace], int]:
    @functools.wraps(handler)
    def run(args: argparse.Namespace) -> int:
        console = Console(sys.stderr)
        try:
            data = data_folder()
            config = backup.configuration(data)
            clock = SystemClock()
            with supervisor.database_available(data, console) as url:
                context = _Context(url, data, config, _rules(url, clock), console, clock)
                try:
                    return handler(args, context)
                except Refused as refusal:
                    context.log_refusal(args.action, refusal)
                    raise
        except Refused as refusal:
            for finding in refusal.findings:
                console.say(str(finding))
            return 1

    return run


def _rules(url: str, clock: SystemClock) -> backup.Rules:
    """Of the house's profile; a database that is empty yet, as before a restoration, has the standard's."""
    import django

    django.setup()
    from yakuba.nodes.town import point_django_at
    from yakuba.platform.profiles.organisation import NoOrganisation, Profile

    point_django_at(url)
    from django.db import connection

    today = clock.now().astimezone(JAPAN).date()
    if "profiles_organisation" not in connection.introspection.table_names():
        return backup.Rules.of_house(today, Profile.STANDARD)
    try:
        return backup.Rules.of_house(today)
    except NoOrganisation:
        return backup.Rules.of_house(today, Profile.STANDARD)


def _opened_house(context: _Context) -> None:
    from django.db import connection

    if "audit_entry" not in connection.introspection.table_names():
        raise Refused(
            [
                Finding(
                    "HOU-E-001",
                    "database",
                    "この役場はまだ開かれたことがありません。",
                    "先に ./yakuba up を実行してください。",
                )
            ]
        )


@hands_out_nothing("takes a sealed copy of the database")
def _run(args: argparse.Namespace, context: _Context) -> int:
    _opened_house(context)
    config = context.config
    config.check(context.rules)
    is_first = not backup.key_file(context.data).exists()
    house = backup.house_key(context.data, make=True)
    unlock = backup.with_house_key(house)
    with backup.working(config):
        taken = backup.take(
            context.url, config, house, context.now,
            without_data=backup.declared_without_data(), report=context.report,
        )  # fmt: skip
        backup.check(taken, unlock, context.report)
        # Only now: the old ones go when the new one was read back.
        troubles = backup.rotate(config, context.rules, context.now)
        context.log("taken", taken.name, bytes=taken.manifest.sealed_bytes, tables=len(taken.manifest.tables))
        context.console.say(
            f"バックアップ {taken.name} を取得しました"
            f"（表{len(taken.manifest.tables)}、{taken.manifest.rows:,}行、{taken.manifest.sealed_bytes:,}バイト）。"
        )
        if is_first:
            context.console.say(f"鍵を作りました: {backup.key_file(context.data)}（目印 {backup.fingerprint(house)}）")
            context.console.say("この鍵と個人番号の鍵の控えを、バックアップとは別の場所に保管してください。")
        for trouble in troubles:
            context.console.say(f"注意: {trouble}")
        equal = _verify_set(context, taken, house) if args.nightly and _is_verification_due(context) else True
    return 0 if equal and not troubles else 1


def _is_verification_due(context: _Context) -> bool:
    last = max((datetime.fromisoformat(at) for at in backup.verified_at(context.config).values()), default=None)
    return last is None or context.now - last > timedelta(days=context.rules.verify_every_days) - timedelta(hours=12)


@hands_out_nothing("whether a backup is whole")
def _verify(args: argparse.Namespace, context: _Context) -> int:
    with backup.working(context.config):
        one = backup.find(context.config, args.name)
        return 0 if _verify_set(context, one, backup.house_key(context.data)) else 1


def _verify_set(context: _Context, one: backup.Set, house: bytes) -> bool:
    """Restore into a database of its own, compare, and verify the log there; the result goes to journal and log."""
    from yakuba.nodes.town import point_django_at
    from yakuba.platform.audit import verification

    database = context.url.rpartition("/")[2].partition("?")[0]
    with backup.scratch(context.url, f"{database}{_SCRATCH}_{one.name.replace('-', '')}") as url:
        differences = backup.load(url, context.config, one, backup.with_house_key(house), context.report)
        point_django_at(url)
        try:
            breaches = [] if differences else verification.verify([]).breaches
        finally:
            point_django_at(context.url)
    for difference in differences:
        context.console.say(f"異常: {difference.table}: {difference.message}")
    for breach in breaches[:20]:
        context.console.say(f"異常: 操作履歴 {breach}")
    equal = not differences and not breaches
    backup.note(context.config, context.now, "verified", one.name, one.place.name, equal=equal)
    context.log("verified", one.name, equal=equal, differences=len(differences), breaches=len(breaches))
    context.console.say(
        f"バックアップ {one.name} は、取得したときと同じ内容に復元できました"
        f"（{one.manifest.rows:,}行、要約 {one.manifest.digest}）。"
        if equal
        else f"バックアップ {one.name} は、取得したときと同じ内容に復元できません。"
    )
    return equal


@hands_out_nothing("replaces the database; tells names only")
def _restore(args: argparse.Namespace, context: _Context) -> int:
    lock = house_state.HouseLock(context.data)
    # With a server of its own the house's lock isn't ours yet; with the embedded one the door holds it for us.
    standing = house_state.status(context.data)
    ours = standing["phase"] == "command" and standing["pid"] == os.getpid()
    if not ours and not lock.acquire():
        raise Refused(
            [
                Finding(
                    "BKP-E-015",
                    "house",
                    "役場が開いている間は復元できません。",
                    "先に ./yakuba down で閉じてください。",
                )
            ]
        )
    try:
        with backup.working(context.config):
            return _replace(args, context)
    finally:
        lock.release()


def _replace(args: argparse.Namespace, context: _Context) -> int:
    from django.db import connection

    one = backup.find(context.config, args.name)
    if args.key:
        password = getpass.getpass("秘密鍵のパスワード: ").encode() if args.key_password else None
        try:
            unlock = backup.with_private_key(args.key.read_bytes(), password)
        except (OSError, opener.NotOpened) as error:
            raise Refused([Finding("BKP-E-016", "key", str(error), "秘密鍵のファイルを確かめてください。")]) from error
    else:
        unlock = backup.with_house_key(backup.house_key(context.data))
    missing = backup.missing_vault_keys(one, _vault_fingerprints())
    if missing and not args.without_numbers:
        raise Refused(
            [
                Finding(
                    "BKP-E-017",
                    "vault",
                    f"このバックアップの個人番号などを開く鍵（番号{'、'.join(missing)}）がありません。",
                    "鍵のファイルの控えを戻してください。個人番号なしで復元するなら --without-numbers を付けてください。",
                )
            ]
        )
    connection.close()
    kept = backup.restore(context.url, context.config, one, unlock, context.now, context.report)
    context.log("restored", one.name, taken_at=one.manifest.taken_at.isoformat(), kept=kept)
    context.console.say(
        f"取得したときと同じ内容です（{one.manifest.rows:,}行、要約 {one.manifest.digest}）。"
        "環境の移行では、この値を移行の事案に記録してください。"
    )
    context.console.say(f"バックアップ {one.name} を復元しました。今までのデータベースは {kept} として残しました。")
    context.console.say("./yakuba up で開き、./yakuba audit verify で操作履歴を確かめてください。")
    context.console.say("取得の後に書かれた履歴は、保管先のチェックポイントとの違いとして示されます。")
    return 0


def _vault_fingerprints() -> dict[str, str]:
    from yakuba.platform.vault import keyset

    if not keyset.exists():
        return {}
    return {str(key.id): key.fingerprint.hex() for key in keyset.read().ordered()}


@hands_out_nothing("names and ages of backups")
def _list(args: argparse.Namespace) -> int:
    """From the places alone: it answers when the database does not."""
    console = Console(sys.stderr)
    try:
        config = backup.configuration(data_folder())
    except Refused as refusal:
        for finding in refusal.findings:
            console.say(str(finding))
        return 1
    now = SystemClock().now()
    found = backup.sets(config)
    verified = backup.verified_at(config)
    newest = next((one for one in found if one.place.name == backup.DAILY), None)
    late = backup.is_late(config, now)
    due = backup.due_after(config, newest.manifest.taken_at if newest else None, now)
    if args.json:
        shown = {
            "late": late,
            "next_due": due.isoformat(),
            "sets": [
                {
                    "name": one.name, "place": one.place.name, "folder": str(one.folder), "region": one.place.region,
                    "taken_at": one.manifest.taken_at.isoformat(), "bytes": one.manifest.sealed_bytes,
                    "age_hours": round((now - one.manifest.taken_at).total_seconds() / 3600, 1),
                    "verified_at": verified.get(one.name), "rows": one.manifest.rows, "digest": one.manifest.digest,
                }
                for one in found
            ],
        }  # fmt: skip
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=1) + "\n")
        return int(args.check and late)
    out = Console(sys.stdout)
    if found:
        heads = ["名前", "保管場所", "経過", "大きさ", "復元による検証"]
        rows = [
            [
                one.name, backup.PLACES[one.place.name], _age(now - one.manifest.taken_at),
                f"{one.manifest.sealed_bytes / 1_000_000:,.1f} MB", verified.get(one.name, "まだ")[:16].replace("T", " "),
            ]
            for one in found
        ]  # fmt: skip
        out.table([heads, *rows])
    else:
        out.say("バックアップはまだありません。./yakuba backup run で取得します。")
    out.say(f"次の予定: {due:%Y-%m-%d %H:%M}" + ("（遅れています）" if late else ""))
    return int(args.check and late)


def _age(age: timedelta) -> str:
    return f"{age.days}日" if age.days else f"{int(age.total_seconds() // 3600)}時間"


@hands_out_nothing("where the key is")
def _key(_args: argparse.Namespace) -> int:
    console = Console(sys.stdout)
    try:
        key = backup.house_key(data_folder())
    except Refused as refusal:
        for finding in refusal.findings:
            console.say(str(finding))
        return 1
    console.say(f"バックアップの鍵: {backup.key_file(data_folder())}（目印 {backup.fingerprint(key)}）")
    console.say("控えの目印と同じであることを確かめ、バックアップとは別の場所に保管してください。")
    return 0
