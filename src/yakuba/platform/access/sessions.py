"""Sessions after signing in: locking the screen, seeing and ending sessions, and the end of those that nobody uses.

A locked session may do nothing but show its second factor (a password alone doesn't open it) or end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from yakuba.core.findings import Finding, Refused
from yakuba.platform.audit.log import Operation
from yakuba.platform.clock import Clock, today
from yakuba.platform.transactions import use_case

from . import attempts, policy
from .desk import AccessDenied, Desk
from .duties import Duty
from .models import Account, Session, Stage
from .sign_in import SECOND_FACTOR_WITHIN, Signed, end, show_again


@dataclass(frozen=True, slots=True)
class Line:
    """A session in a list. `login`, `name`: whose."""

    id: int
    login: str
    name: str
    terminal: str
    terminal_name: str
    stage: str
    started_at: datetime
    seen_at: datetime

    @property
    def stage_label(self) -> str:
        return Stage(self.stage).label


def lock(signed: Signed, reason: str) -> None:
    """Lock the screen. `reason` (for the log): idle or person. Locking twice changes nothing."""
    with transaction.atomic():
        if Session.objects.filter(pk=signed.session_id, stage=Stage.OPEN).update(stage=Stage.LOCKED):
            signed.desk.log(Operation.LOCK, target="screen", reason=reason)


def unlock(signed: Signed, *, code: str = "", response: str = "", origin: str = "") -> None:
    """Open a locked screen with the second factor. Raises Refused; a lock of the account ends the session."""
    show_again(signed, "unlock", code=code, response=response, origin=origin, stage=Stage.OPEN, seen_at=signed.desk.now)


# -- lists ------------------------------------------------------------------------------------------------------------


def own(signed: Signed) -> list[Line]:
    """One's own sessions, this one first."""
    rows = _lines(Session.objects.filter(account_id=signed.account_id))
    return sorted(rows, key=lambda line: (line.id != signed.session_id, -line.id))


@use_case(Operation.VIEW)
def living(desk: Desk) -> list[Line]:
    """Everybody's sessions, newest first. Raises AccessDenied."""
    desk.require(Duty.ADMINISTRATION)
    rows = _lines(Session.objects.exclude(stage=Stage.SECOND_FACTOR))
    desk.log(Operation.VIEW, target="sessions", count=len(rows))
    return rows


def _lines(rows: Iterable[Session]) -> list[Line]:
    # Named columns: the duty that administers may not read what a session remembers.
    found = rows.order_by("-id").values_list(  # type: ignore[attr-defined]
        "id", "account__login", "account__name", "terminal_id", "terminal__name", "stage", "started_at", "seen_at"
    )
    return [Line(*row) for row in found]


@use_case(Operation.SETTINGS)
def end_other(desk: Desk, session_id: int, reason: str) -> None:
    """End somebody's session at once. Raises AccessDenied, Refused."""
    desk.require(Duty.ADMINISTRATION)
    if not reason.strip():
        raise Refused([Finding("SES-E-001", "reason", "理由がありません。", "終わらせる理由を入力してください。")])
    login = Session.objects.filter(pk=session_id).values_list("account__login", flat=True).first()
    if login is None:
        raise Refused([_not_there()])
    Session.objects.filter(pk=session_id).delete()
    desk.log(Operation.SETTINGS, target=f"session:{login}", act="end", reason=reason.strip()[:200])


def end_own(signed: Signed, session_id: int) -> None:
    """End one of one's own sessions. Raises Refused."""
    with transaction.atomic():
        deleted, _ = Session.objects.filter(pk=session_id, account_id=signed.account_id).delete()
        if not deleted:
            raise Refused([_not_there()])
        signed.desk.log(Operation.SIGN_OUT, target="own_session", reason="own")


def _not_there() -> Finding:
    return Finding("SES-E-002", "session", "そのサインインは、もう終わっています。", "一覧を開き直してください。")


@use_case(Operation.SETTINGS)
def release(desk: Desk, login: str, reason: str) -> None:
    """Let a locked account sign in again: by another person than its owner, with a reason. Raises AccessDenied, Refused."""
    desk.require(Duty.ADMINISTRATION)
    if login == desk.account:
        raise AccessDenied(
            Finding(
                "SES-E-003",
                "login",
                "自分の利用者IDの停止は、自分で解除できません。",
                "ほかの職員に解除を依頼してください。",
            ),
            f"account:{login}",
        )
    if not reason.strip():
        raise Refused([Finding("SES-E-001", "reason", "理由がありません。", "本人に確かめた内容を入力してください。")])
    if not Account.objects.filter(login=login).update(failures=0, locks=0, locked_until=None):
        raise Refused([Finding("SES-E-004", "login", "その利用者IDはありません。", "一覧から選んでください。")])
    desk.log(Operation.SETTINGS, target=f"account:{login}", act="release_lock", reason=reason.strip()[:200])


@dataclass(frozen=True, slots=True)
class LockedAccount:
    """`until_release`: only another person lets it sign in again."""

    login: str
    name: str
    locked_until: datetime | None
    until_release: bool


@use_case(Operation.VIEW)
def locked_accounts(desk: Desk) -> list[LockedAccount]:
    """Accounts that can't sign in because of wrong passwords or factors. Raises AccessDenied."""
    desk.require(Duty.ADMINISTRATION)
    limit = policy.of(desk.today).locks_before_release
    rows = Account.objects.filter(Q(locked_until__gt=desk.now) | Q(locks__gte=limit)).order_by("login")
    return [
        LockedAccount(login, name, until, locks >= limit)
        for login, name, until, locks in rows.values_list("login", "name", "locked_until", "locks")
    ]


# -- the end of what nobody uses --------------------------------------------------------------------------------------


def sweep(clock: Clock) -> int:
    """End sessions past their limits, each with its entry, and forget old counts of attempts. How many ended.

    A request of such a session ends it too (`sign_in.current`); this is for those that ask no more.
    """
    rules, now = policy.of(today(clock)), clock.now()
    past = Q(seen_at__lt=now - rules.session_idle) | Q(started_at__lt=now - rules.session)
    half = Q(stage=Stage.SECOND_FACTOR, started_at__lt=now - SECOND_FACTOR_WITHIN)
    ended = 0
    for row in Session.objects.filter(past | half).values_list("id", "started_at"):
        session_id, started_at = row
        ended += end(session_id, clock, "absolute" if now - started_at > rules.session else "idle")
    attempts.forget_old(now)
    return ended
