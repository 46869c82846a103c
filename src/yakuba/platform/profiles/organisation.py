"""Whose house this is, and so which profile holds."""

from __future__ import annotations

from enum import StrEnum
from functools import cache


class Profile(StrEnum):
    """The organisations whose assessments (特定個人情報保護評価書) the house follows, and the house's own choice."""

    STANDARD = "standard"
    KADOMA = "kadoma"
    CHIBA = "chiba"
    TSUKUBA = "tsukuba"
    YAMAGUCHI = "yamaguchi"
    KANAZAWA = "kanazawa"

    @classmethod
    def of_code(cls, code: str) -> Profile:
        """The profile of an organisation by its 団体コード (6 digits); `standard` for every other."""
        return _BY_CODE.get(code, cls.STANDARD)


_BY_CODE = {
    "272230": Profile.KADOMA,
    "121002": Profile.CHIBA,
    "082201": Profile.TSUKUBA,
    "350001": Profile.YAMAGUCHI,
    "172014": Profile.KANAZAWA,
}


class NoOrganisation(RuntimeError):
    """The house was not set up."""


@cache
def house_profile() -> Profile:
    """The profile of this house, remembered for the life of the process. Raises NoOrganisation before set-up."""
    from .models import Organisation  # settings are declared while Django still loads its models

    row = Organisation.objects.first()
    if row is None:
        raise NoOrganisation("この役場の団体がまだ設定されていません。./yakuba up で設定してください。")
    return Profile(row.profile)


def set_up(code: str, profile: Profile | None = None) -> None:
    """Say whose house this is (6 digits of 団体コード); its own profile unless another is named. Repeating changes nothing.

    Raises ValueError when the house belongs to another organisation already.
    """
    from .models import Organisation

    row, _ = Organisation.objects.get_or_create(code=code, defaults={"profile": profile or Profile.of_code(code)})
    if Organisation.objects.exclude(pk=row.pk).exists():
        raise ValueError("this house belongs to another organisation")
    house_profile.cache_clear()
