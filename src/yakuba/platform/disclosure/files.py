"""個人情報ファイル簿 (75条): which files the organisation holds, what of each is published, what is left out and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import yaml

from yakuba.core.findings import Findings
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.profiles import Profile, house_profile
from yakuba.platform.transactions import use_case

from .models import Withholding
from .services import SETTINGS

ARTICLE = "個人情報の保護に関する法律 第75条第3項"


@dataclass(frozen=True, slots=True)
class PersonalFile:
    """One file as the register says it. `items` are 記録項目; `sensitive`: whether 要配慮個人情報 is among them."""

    name: str
    title: str
    section: str
    purpose: str
    items: tuple[str, ...]
    persons: str
    sources: str
    sensitive: str
    recipients: str
    law: str
    profiles: frozenset[Profile]


@cache
def files() -> tuple[PersonalFile, ...]:
    """Every file that some profile holds."""
    data = yaml.safe_load(Path(__file__).with_name("files.yaml").read_text(encoding="utf-8"))
    return tuple(
        PersonalFile(
            name=name,
            **{key: value for key, value in row.items() if key not in {"items", "profiles"}},
            items=tuple(row["items"]),
            profiles=frozenset(map(Profile, row["profiles"])),
        )
        for name, row in data.items()
    )


def held() -> list[PersonalFile]:
    """The files of this organisation, whole."""
    return [file for file in files() if house_profile() in file.profiles]


def withheld(day: date) -> dict[tuple[str, str], str]:
    """(file, item or "") -> reason, of what is left out on a day: of each the last row that has begun says so."""
    latest: dict[tuple[str, str], Withholding] = {}
    for row in Withholding.objects.filter(start__lte=day).order_by("start", "pk"):
        latest[row.file, row.item] = row
    return {place: row.reason for place, row in latest.items() if row.is_withheld}


def published(day: date) -> list[PersonalFile] | None:
    """The register as it is published on a day, without what is left out; None where it isn't published at all."""
    if not SETTINGS.value("publishes_register", bool, on=day):
        return None
    out = withheld(day)
    return [
        replace(file, items=tuple(item for item in file.items if (file.name, item) not in out))
        for file in held()
        if (file.name, "") not in out
    ]


@use_case(Operation.DISCLOSE)
def withhold(desk: Desk, file: str, item: str, reason: str, start: date, *, is_withheld: bool = True) -> Withholding:
    """不記載: from a day an item (or with `item` empty the file) isn't listed, or is again. Raises Refused."""
    desk.require(Duty.DISCLOSURE)
    findings = Findings()
    known = {known.name: known for known in held()}.get(file)
    if known is None or (item and item not in known.items):
        findings.error("DSC-E-090", "item", "個人情報ファイル簿にない記録項目です。", "一覧から選んでください。")
    if not reason.strip():
        findings.error(
            "DSC-E-091", "reason", "記載しない理由がありません。", "事務の遂行への支障を具体的に入力してください。", article=ARTICLE
        )  # fmt: skip
    if start < desk.today:
        findings.error("DSC-E-092", "start", "過去の日からは変えられません。", "今日以後の日付を入力してください。")
    findings.raise_if_blocking()
    row = Withholding.objects.create(
        file=file, item=item, is_withheld=is_withheld, reason=reason.strip(), start=start, account=desk.account, at=desk.now
    )  # fmt: skip
    desk.log(Operation.DISCLOSE, target=f"file:{file}", item=item, withheld=is_withheld)
    return row
