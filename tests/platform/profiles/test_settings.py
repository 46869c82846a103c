"""Dated settings: what holds when and for whom, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from yakuba.platform import profiles
from yakuba.platform.profiles import NoSetting, Profile

GOOD = """
retention_years:
  description: 操作記録の保存年数
  unit: year
  reference: 見本
  values:
    standard:
      - {start: 2020-04-01, value: 3}
      - {start: 2024-04-01, value: 5}
    chiba:
      - {start: 2022-04-01, value: 7}
"""


def _write(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("profile", "day", "value"),
    [
        (Profile.KADOMA, date(2020, 4, 1), 3),
        (Profile.KADOMA, date(2024, 3, 31), 3),
        (Profile.KADOMA, date(2024, 4, 1), 5),
        (Profile.CHIBA, date(2026, 1, 1), 7),
    ],
)
def test_the_value_of_the_day(tmp_path: Path, profile: Profile, day: date, value: int):
    settings = profiles.declare("sample", _write(tmp_path, GOOD))
    assert settings.value("retention_years", int, on=day, profile=profile) == value


@pytest.mark.parametrize(("profile", "day"), [(Profile.KADOMA, date(2020, 3, 31)), (Profile.CHIBA, date(2021, 1, 1))])
def test_a_day_without_a_value_refuses(tmp_path: Path, profile: Profile, day: date):
    settings = profiles.declare("sample", _write(tmp_path, GOOD))
    with pytest.raises(NoSetting, match="操作記録の保存年数"):
        settings.value("retention_years", int, on=day, profile=profile)


def test_a_setting_is_of_the_kind_that_its_user_expects(tmp_path: Path):
    settings = profiles.declare("sample", _write(tmp_path, GOOD))
    with pytest.raises(TypeError, match="not bool"):
        settings.value("retention_years", bool, on=date(2026, 1, 1), profile=Profile.KADOMA)


@pytest.mark.parametrize(
    ("wrong", "instead", "named"),
    [
        ("unit: year", "units: year", "wants exactly"),
        ("2024-04-01, value: 5", "2020-04-01, value: 5", "starts must rise"),
        ("value: 5", "value: five", "one kind"),
        ("chiba:", "nowhere:", "nowhere"),
        ("start: 2022-04-01", "start: april", "every start is a date"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, wrong: str, instead: str, named: str):
    with pytest.raises(ValueError, match=named):
        profiles.declare("sample", _write(tmp_path, GOOD.replace(wrong, instead)))


def test_a_house_has_one_organisation(db: None):
    profiles.set_up("272230")
    profiles.set_up("272230")
    assert profiles.house_profile() is Profile.KADOMA
    with pytest.raises(ValueError, match="another organisation"):
        profiles.set_up("121002")
    profiles.house_profile.cache_clear()


def test_every_setting_of_the_house_is_decided_for_every_profile_today():
    for settings in profiles.declared().values():
        for setting in settings.settings.values():
            for profile in Profile:
                setting.on(date(2026, 11, 20), profile)
