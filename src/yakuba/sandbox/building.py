"""Building a synthetic town in an empty house: set-up, population, a first working day. A job, so a kill costs no more than
the stage that it interrupted; which stages are done stands in the database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import Clock, today
from yakuba.platform.jobs import runner
from yakuba.platform.jobs.models import Job, State
from yakuba.platform.jobs.runner import Run, job_kind
from yakuba.platform.protection.exits import hands_out_nothing
from yakuba.systems.residents import register
from yakuba.systems.residents.transfer import loading

from . import day, population, seals, town_setup

KIND = "sandbox.build"
DEFAULT_SEED = 1
Report = Callable[[str, int, int | None], None]
_HOUSE, _PEOPLE, _SEALS, _DAY = "役場の設定", "見本の住民の作成", "見本の印鑑の作成", "最初の一日"
_reports: dict[int, Report] = {}
"""Handed from `build` to the job that it runs itself."""


@dataclass(frozen=True, slots=True)
class Built:
    """The town, and the first day's balance (None: no day was wanted). `repeated`: it had been built before."""

    code: str
    residents: int
    balance: dict[str, Any] | None
    repeated: bool


def begun() -> Job | None:
    """The job that builds, or built, this house's town."""
    job: Job | None = Job.objects.filter(kind=KIND).order_by("pk").first()
    return job


def build(
    clock: Clock,
    report: Report,
    *,
    code: str,
    residents: int,
    seed: int = DEFAULT_SEED,
    with_day: bool = True,
) -> Built:
    """Build the town, or go on where an earlier call was stopped (with that call's arguments), or find it built.

    Raises Refused for a code without towns, and for a register that holds anything else.
    """
    job = begun()
    if job is None:
        if register.is_begun():
            raise Refused([not_empty()])
        home = population.find_municipality(code)
        arguments = {
            "code": home.code,
            "residents": residents,
            "seed": seed,
            "today": today(clock).isoformat(),
            "with_day": with_day,
        }
        job = runner.create(KIND, arguments, "system:sandbox", clock)
    repeated = job.state == State.DONE
    _reports[job.pk] = report
    try:
        job = runner.execute(job.pk, clock)
    finally:
        _reports.pop(job.pk, None)
    if job.state != State.DONE:
        raise Refused(
            [
                Finding(
                    "SBX-E-011", "job", f"見本の町の作成（処理番号{job.pk}）は中止されています。",
                    "新しいデータベースに作り直してください（./yakuba sandbox populate --replace）。",
                )
            ]
        )  # fmt: skip
    arguments, result = job.arguments, job.result or {}
    return Built(arguments["code"], arguments["residents"], result.get("balance"), repeated)


def not_empty() -> Finding:
    """Why a town can't be built here, and what to do."""
    return Finding(
        "SBX-E-010",
        "register",
        "この役場には既に台帳があります。履歴は消せないので、同じデータベースに作り直すことはできません。",
        "役場を閉じてから --replace を付けて実行すると、今のデータベースを別名で残し、空のデータベースに作ります。",
    )


@hands_out_nothing("makes synthetic people, tells counts")
@job_kind(KIND, foreground="a town is built before its house opens; the next `up` goes on")
def _work(run: Run) -> dict[str, Any]:
    arguments = run.arguments
    report = _reports.get(run.job.pk, lambda _stage, _done, _total: None)
    day_of_birth = date.fromisoformat(arguments["today"])
    done = run.cursor["done"] if run.cursor else 0
    if done < 1:
        report(_HOUSE, 0, None)
        town_setup.create_house(arguments["code"], day_of_birth, run.clock, arguments["seed"])
        run.checkpoint({"done": 1}, 1, 3, _HOUSE)
    if done < 2:
        _load_population(run, day_of_birth, report)
        run.checkpoint({"done": 2}, 2, 3, _PEOPLE)
    seals.draw(arguments["seed"], run.clock, seals.FIRST, lambda n, total: report(_SEALS, n, total))
    if not arguments["with_day"]:
        return {"balance": None}
    run.raise_if_cancelled()
    # A day that was interrupted is played anew: what it left under way stays waiting for review.
    balance = day.play(arguments["seed"], run.clock, lambda stage, n, total: report(f"{_DAY}: {stage}", n, total))
    run.checkpoint({"done": 3}, 3, 3, _DAY)
    return {"balance": balance.as_json()}


def _load_population(run: Run, day_of_birth: date, report: Report) -> None:
    """Equal arguments give equal bytes, so an import that was interrupted finds its file again."""
    arguments = run.arguments
    file = Path(settings.DATA) / "run" / "sandbox-town.csv"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    population.write_register(
        file, arguments["code"], arguments["residents"], arguments["seed"], day_of_birth,
        lambda n, total: report(_PEOPLE, n, total),
    )  # fmt: skip
    desk = system_desk("sandbox", {Duty.BULK}, run.clock)
    loaded = loading.load(desk, file, report)
    file.unlink()
    if loaded.refused or loaded.state != State.DONE:
        raise RuntimeError(f"the register refused {loaded.refused} synthetic residents: {loaded.reasons}")
