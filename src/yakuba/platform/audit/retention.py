"""How long entries are kept: on the disk at hand, then in the archive (媒体), and erasing those whose period has ended (保存期間)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.utils import ProgrammingError

from yakuba.core.findings import Finding, Refused
from yakuba.platform import profiles
from yakuba.platform.clock import JAPAN, Clock, today

from . import checkpoints
from .models import Erasure

SETTINGS = profiles.declare("audit", Path(__file__).with_name("settings.yaml"))


def years_earlier(day: date, years: int) -> date:
    """The same day `years` before; 29 February becomes 28 February, so that nothing is erased a day too soon."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def latest_cutoff(at: datetime) -> datetime:
    """Entries of before this moment may be erased at `at`: midnight of the day `retention_years` earlier.

    Raises profiles.NoSetting where the organisation has not decided its period.
    """
    return _midnight_earlier(at, "retention_years")


def archive_cutoff(at: datetime) -> datetime:
    """Entries of before this moment belong into the archive at `at`; raises like `latest_cutoff`."""
    return _midnight_earlier(at, "online_years")


def _midnight_earlier(at: datetime, setting: str) -> datetime:
    day = at.astimezone(JAPAN).date()
    years = SETTINGS.value(setting, int, on=day)
    return datetime.combine(years_earlier(day, years), datetime.min.time(), JAPAN)


def archive(*, clock: Clock, account: str) -> int:
    """Move the entries that the profile doesn't keep at hand any more into the archive: how many.

    They stay searchable and proved: the archive is a part of the log, whose table an operator can keep on another device
    (docs/operations.md). Only the owner of the database can; raises Refused for others.
    """
    checkpoints.seal(clock)
    with _as_owner("操作履歴を保存先に移すこと"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT audit_move_to_archive(%s, %s, %s)", [archive_cutoff(clock.now()), clock.now(), account])
        (moved,) = cursor.fetchone()
    _vacuum()
    return int(moved)


@contextmanager
def _as_owner(act: str) -> Iterator[None]:
    """Says it in words when the database refuses what is its owner's alone."""
    try:
        yield
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", "") != "42501":
            raise
        raise Refused(
            [
                Finding(
                    "AUD-E-011",
                    "account",
                    f"{act}は、データベースの所有者だけができます。",
                    "管理者が ./yakuba のコマンドから実行してください。",
                )
            ]
        ) from error


def _vacuum() -> None:
    """Until then the rows that went are still in the table's pages."""
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM audit_entry, audit_archive")


def erase_before(before: datetime, *, clock: Clock, account: str, ground: str) -> Erasure | None:
    """Erase content and salt of the entries of before `before`, in one run with its evidence; None when there are none.

    Their leaves stay, so that every proof goes on to hold; a record (`Erasure`) and an entry of the log say what was erased,
    when, by whom and on what ground. Only the owner of the database can: the application's role is refused. The tree is sealed
    first. Raises Refused for a period that has not ended, and for a caller without the right.
    """
    if before > latest_cutoff(clock.now()):
        raise Refused(
            [
                Finding(
                    "AUD-E-010",
                    "before",
                    f"保存期間（{SETTINGS.value('retention_years', int, on=today(clock))}年）の満了前の操作履歴は消去できません。",
                    f"{latest_cutoff(clock.now()):%Y年%m月%d日}以前の日を指定してください。",
                )
            ]
        )
    checkpoints.seal(clock)
    with _as_owner("操作履歴の消去"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT audit_erase(%s, %s, %s, %s)", [before, clock.now(), account, ground])
        (number,) = cursor.fetchone()
    _vacuum()
    return None if number is None else Erasure.objects.get(pk=number)
