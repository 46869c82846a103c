"""What the organisation's profile says about signing in, on a day: the settings of `settings.yaml`, typed and checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from yakuba.platform import profiles
from yakuba.platform.profiles import Profile

from .duties import Duty

SETTINGS = profiles.declare("access", Path(__file__).with_name("settings.yaml"))

SEEN_EVERY = timedelta(seconds=60)
"""A session's last use is written at most this often: looking at pages writes nothing."""

UNSEEN = timedelta(minutes=2)
"""How much later than the screen the house may notice that nobody is there: use is written, and told, once a minute."""


class Factor(StrEnum):
    KEY = "key"
    TOTP = "totp"


class SecondSession(StrEnum):
    ENDS_FIRST = "ends_first"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Policy:
    """Each field is the setting of that name, with its unit made into a type."""

    failures_before_lock: int
    lock: timedelta
    locks_before_release: int
    attempts_per_minute: int
    failures_per_hour: int
    second_factors: frozenset[Factor]
    user_verification: bool
    substitute_allowed: bool
    factor_at_system_start: bool
    confirmation: timedelta
    screen_idle: timedelta
    session_idle: timedelta
    session: timedelta
    second_session: SecondSession
    terminal_key_required: bool
    duties_at_named_terminals: frozenset[Duty]


def of(day: date) -> Policy:
    """The policy of this house on a day. Raises NoOrganisation, NoSetting, and ValueError for settings that contradict."""
    return of_profile(profiles.house_profile(), day)


@lru_cache(maxsize=64)
def of_profile(profile: Profile, day: date) -> Policy:
    """The policy of any profile."""

    def minutes(name: str) -> timedelta:
        return timedelta(minutes=number(name))

    def number(name: str) -> int:
        return SETTINGS.value(name, int, on=day, profile=profile)

    def flag(name: str) -> bool:
        return SETTINGS.value(name, bool, on=day, profile=profile)

    def names(name: str) -> list[str]:
        return SETTINGS.value(name, list, on=day, profile=profile)

    policy = Policy(
        failures_before_lock=number("failures_before_lock"),
        lock=minutes("lock_minutes"),
        locks_before_release=number("locks_before_release"),
        attempts_per_minute=number("attempts_per_minute"),
        failures_per_hour=number("failures_per_hour"),
        second_factors=frozenset(map(Factor, names("second_factors"))),
        user_verification=flag("user_verification"),
        substitute_allowed=flag("substitute_allowed"),
        factor_at_system_start=flag("factor_at_system_start"),
        confirmation=minutes("confirmation_minutes"),
        screen_idle=minutes("screen_idle_minutes"),
        session_idle=minutes("session_idle_minutes"),
        session=timedelta(hours=number("session_hours")),
        second_session=SecondSession(SETTINGS.value("second_session", str, on=day, profile=profile)),
        terminal_key_required=flag("terminal_key_required"),
        duties_at_named_terminals=frozenset(map(Duty, names("duties_at_named_terminals"))),
    )
    check(policy, shown_at_most=minutes("screen_shown_at_most_minutes"))
    return policy


def check(policy: Policy, *, shown_at_most: timedelta) -> None:
    """Raises ValueError for a policy under which a screen would stay shown too long, or nobody could sign in."""
    if not timedelta() < policy.screen_idle < shown_at_most - UNSEEN:
        raise ValueError(f"screen_idle_minutes: a screen must be hidden before {shown_at_most} without anybody there")
    if policy.screen_idle + UNSEEN >= policy.session_idle:
        raise ValueError("session_idle_minutes: a session ends some time after its screen is hidden")
    if policy.session <= policy.session_idle:
        raise ValueError("session_hours: a session in use lasts longer than one that nobody uses")
    if not policy.second_factors:
        raise ValueError("second_factors: nobody signs in with a password alone")
