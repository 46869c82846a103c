"""`./yakuba migrate` and `./yakuba jobs`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from yakuba.console import Console
from yakuba.platform.protection.exits import hands_out_nothing

_JOBS_SHOWN = 50


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    migrate = commands.add_parser("migrate", help="データベースの表を最新の形にする")
    migrate.add_argument("--plan", action="store_true", help="何をするかだけを表示する")
    migrate.set_defaults(handler=_migrate)

    jobs = commands.add_parser("jobs", help="バッチ処理の状況を表示する")
    jobs.add_argument("--json", action="store_true", help="JSON で出力する")
    jobs.add_argument("--limit", type=int, default=_JOBS_SHOWN, help=f"新しいものから何件か(既定 {_JOBS_SHOWN})")
    jobs.set_defaults(handler=_jobs)


@hands_out_nothing("names of migrations")
def _migrate(args: argparse.Namespace) -> int:
    """As the owner. The application's role gets its rights on new tables at the next `up`."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, plan=args.plan)
    return 0


@hands_out_nothing("names and progress of jobs")
def _jobs(args: argparse.Namespace) -> int:
    import django

    django.setup()
    from django.db import connection

    from yakuba.platform.jobs.models import Job

    if Job._meta.db_table not in connection.introspection.table_names():
        Console(sys.stderr).say(
            "データベースの表がまだありません。./yakuba up か ./yakuba migrate を実行してください。"
        )
        return 1
    jobs = list(Job.objects.order_by("-pk")[: args.limit])
    if args.json:
        sys.stdout.write(json.dumps([_as_json(job) for job in jobs], ensure_ascii=False, indent=1) + "\n")
    elif jobs:
        heads = ["番号", "処理", "状態", "段階", "進み", "登録"]
        rows = [
            [
                str(job.pk),
                job.kind,
                job.get_state_display(),
                job.stage,
                f"{job.done:,}" + (f" / {job.total:,}" if job.total else ""),
                f"{job.created_at:%Y-%m-%d %H:%M}",
            ]
            for job in jobs
        ]
        Console(sys.stdout).table([heads, *rows])
    else:
        Console(sys.stdout).say("バッチ処理はまだありません。")
    return 0


def _as_json(job: Any) -> dict[str, Any]:
    times = {name: getattr(job, name) for name in ("created_at", "started_at", "finished_at")}
    return {
        "id": job.pk,
        **{name: getattr(job, name) for name in ("kind", "state", "stage", "done", "total", "error", "account")},
        **{name: time.isoformat() if time else None for name, time in times.items()},
    }
