"""The desk: who acts, from where, what for and when. Every service gets one, and asks it first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from yakuba.core.findings import Finding, Refused
from yakuba.platform.audit import log
from yakuba.platform.clock import Clock, FixedClock, today

from . import database_roles
from .duties import Duty, Purpose

CONFIRMATION_HOLDS = timedelta(minutes=5)
"""How long a shown second factor counts as shown just now, unless the profile says otherwise."""


class AccessDenied(PermissionError):
    """The desk lacks a duty, or states no purpose. Carries the finding that a person is shown.

    Whoever catches it after the rollback writes the denial to the log (`use_case`, or the web's middleware).
    """

    def __init__(self, finding: Finding, target: str) -> None:
        self.finding = finding
        self.target = target
        self.logged = False
        super().__init__(str(finding))


class ConfirmationNeeded(Refused):
    """The act wants the second factor shown just now."""

    def __init__(self) -> None:
        super().__init__(
            [
                Finding(
                    "SIGN-E-009",
                    "code",
                    "本人の再確認が済んでいません。",
                    "確認コードか登録済みのキーで、もう一度確認してください。",
                )
            ]
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """One signed-in person at one terminal, for one purpose."""

    account: str
    name: str
    office: str
    terminal: str
    purpose: str
    duties: frozenset[Duty]
    clock: Clock
    printer: str = ""
    session_started: datetime | None = field(default=None, compare=False)
    confirmed_at: datetime | None = field(default=None, compare=False)
    confirmation_holds: timedelta = field(default=CONFIRMATION_HOLDS, compare=False)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def today(self) -> date:
        return today(self.clock)

    def may(self, duty: Duty) -> bool:
        return duty in self.duties

    def require(self, duty: Duty) -> None:
        """Raises AccessDenied unless the desk has the duty and states a purpose.

        In a use case the database answers as this duty from here on, until another one is required or the case ends.
        """
        self._check(duty)
        database_roles.take(duty)

    @contextmanager
    def acting(self, duty: Duty) -> Iterator[None]:
        """`require` for a stretch only: the role is then again what it was. Opens a transaction if there is none."""
        self._check(duty)
        with database_roles.stretch():
            database_roles.take(duty)
            yield

    def _check(self, duty: Duty) -> None:
        if not self.may(duty):
            raise AccessDenied(
                Finding(
                    "ACC-E-001",
                    "duty",
                    f"この操作には「{duty.label}」の権限が要ります。",
                    "権限のある職員に依頼するか、所属長に権限の付与を申請してください。",
                ),
                f"duty:{duty}",
            )
        if self.purpose not in set(Purpose):
            raise AccessDenied(
                Finding(
                    "ACC-E-002", "purpose", "利用目的が選ばれていません。", "画面の上部で利用目的を選んでください。"
                ),
                "purpose",
            )

    @property
    def is_confirmed(self) -> bool:
        """Whether the person showed the second factor just now."""
        return self.confirmed_at is not None and self.now - self.confirmed_at <= self.confirmation_holds

    def require_confirmed(self) -> None:
        """Raises ConfirmationNeeded unless the second factor was shown just now. No command or batch has one."""
        if not self.is_confirmed:
            raise ConfirmationNeeded

    def at_one_moment(self) -> Desk:
        """This desk with its clock stopped: whatever one act writes bears one time."""
        return replace(self, clock=FixedClock(self.now))

    def for_purpose(self, purpose: Purpose) -> Desk:
        return replace(self, purpose=purpose.value)

    def log(
        self,
        operation: log.Operation,
        *,
        result: log.Result = log.Result.DONE,
        subjects: tuple[int, ...] = (),
        target: str = "",
        **detail: object,
    ) -> None:
        """Write one audit entry about this desk's act, in the current transaction if there is one."""
        log.append(
            log.Act(
                at=self.now,
                account=self.account,
                terminal=self.terminal,
                office=self.office,
                purpose=self.purpose,
                operation=operation,
                result=result,
                subjects=subjects,
                target=target,
                detail=detail,
            )
        )


def system_desk(name: str, duties: set[Duty], clock: Clock) -> Desk:
    """The desk of the house itself: the night's work, commands. `name` stands in the log as `system:name`."""
    return Desk(
        account=f"system:{name}",
        name="システム",
        office="",
        terminal="system",
        purpose=Purpose.SYSTEM.value,
        duties=frozenset(duties),
        clock=clock,
    )
