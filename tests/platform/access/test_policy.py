"""The settings of signing in, of every profile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from yakuba.platform.access import policy
from yakuba.platform.access.policy import SETTINGS, Factor
from yakuba.platform.profiles import NoSetting, Profile

DAYS = sorted(
    {start for setting in SETTINGS.settings.values() for dated in setting.values.values() for start, _ in dated}
    | {date(2026, 11, 20)}
)


@pytest.mark.parametrize("profile", list(Profile))
def test_every_profile_is_whole_and_consistent_on_every_day(profile: Profile) -> None:
    for day in DAYS:
        found = policy.of_profile(profile, day)
        assert found.second_factors
        assert found.session_idle < found.session


def test_before_the_settings_begin_nobody_is_let_in_by_a_guess() -> None:
    with pytest.raises(NoSetting):
        policy.of_profile(Profile.STANDARD, date(2015, 10, 4))


@pytest.mark.req("PSEC-011")
@pytest.mark.parametrize("minutes", [8, 9, 10, 11, 60])
def test_yamaguchi_shows_nothing_for_ten_minutes_and_no_setting_can_let_it(minutes: int) -> None:
    rules = policy.of_profile(Profile.YAMAGUCHI, date(2026, 11, 20))
    assert rules.screen_idle + policy.UNSEEN < timedelta(minutes=10)
    with pytest.raises(ValueError, match="hidden"):
        policy.check(replace(rules, screen_idle=timedelta(minutes=minutes)), shown_at_most=timedelta(minutes=10))


def test_settings_that_contradict_are_refused() -> None:
    rules = policy.of_profile(Profile.STANDARD, date(2026, 11, 20))
    shown_at_most = timedelta(hours=1)
    for wrong, match in (
        (replace(rules, screen_idle=timedelta()), "hidden"),
        (replace(rules, screen_idle=rules.session_idle), "session_idle"),
        (replace(rules, session=rules.session_idle), "session_hours"),
        (replace(rules, second_factors=frozenset()), "second_factors"),
    ):
        with pytest.raises(ValueError, match=match):
            policy.check(wrong, shown_at_most=shown_at_most)


def test_codes_are_for_profiles_that_name_them() -> None:
    day = date(2026, 11, 20)
    taking = {profile for profile in Profile if Factor.TOTP in policy.of_profile(profile, day).second_factors}
    assert taking == {Profile.STANDARD}
