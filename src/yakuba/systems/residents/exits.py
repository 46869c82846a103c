"""The exits of the registry, and what of a record is masked there.

What stands in `CONCEALED` tells where a person lives, or leads there; the rest of a record is shown to whoever may look it up.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from yakuba.platform.protection.exits import Exit, ExitKind, Way, declare
from yakuba.platform.protection.passing import Passed, Passing, Verdict
from yakuba.platform.protection.policy import Concealed

from .items import ITEMS
from .models import Filing, FilingStep, Issue, ResidentVersion

SEARCH_SCREEN = declare(
    Exit("residents:search:screen", ExitKind.SCREEN, Way.LISTING, "住民検索", "氏名、生年月日、住所、続柄、世帯番号")
)
SEARCH_API = declare(
    Exit("residents:search:api", ExitKind.API, Way.LISTING, "住民検索（API）", "氏名、生年月日、住所、続柄、世帯番号")
)
PERSON_SCREEN = declare(
    Exit(
        "residents:person:screen",
        ExitKind.SCREEN,
        Way.DISPLAY,
        "住民の画面",
        "記載事項のすべて、履歴、世帯、届出、発行",
    )
)
PERSON_API = declare(
    Exit("residents:person:api", ExitKind.API, Way.DISPLAY, "住民一人（API）", "記載事項のすべて（個人番号を除く）")
)
NUMBER_SCREEN = declare(Exit("residents:number:screen", ExitKind.SCREEN, Way.DISPLAY, "個人番号の表示", "個人番号"))
HOUSEHOLD_SCREEN = declare(
    Exit("residents:household:screen", ExitKind.SCREEN, Way.DISPLAY, "世帯の画面", "世帯員の氏名、続柄、住所")
)
ENTRY_SCREEN = declare(
    Exit("residents:entry:screen", ExitKind.SCREEN, Way.DISPLAY, "届出の入力", "世帯員の氏名、続柄、住所、変更の前後")
)
ENTRY_API = declare(
    Exit("residents:entry:api", ExitKind.API, Way.DISPLAY, "届出の受付・審査（API）", "対象者の宛名番号、指摘と案内")
)
FILING_SCREEN = declare(
    Exit("residents:filing:screen", ExitKind.SCREEN, Way.DISPLAY, "異動の画面・審査", "届出の内容、変更の前後")
)
QUEUE_SCREEN = declare(
    Exit("residents:queue:screen", ExitKind.SCREEN, Way.LISTING, "異動の一覧", "届出人の氏名、対象者の人数")
)
REQUEST_SCREEN = declare(
    Exit("residents:request:screen", ExitKind.SCREEN, Way.DISPLAY, "証明書の請求の入力", "世帯員の氏名、続柄、生年月日")
)
PREVIEW_SCREEN = declare(
    Exit("residents:preview:screen", ExitKind.SCREEN, Way.ISSUE, "証明書の試し刷り", "証明書の内容", takes_use=False)
)
DELIVERY = declare(Exit("residents:delivery:paper", ExitKind.PAPER, Way.ISSUE, "証明書の交付", "発行済みの証明書"))
EXPORT_FILE = declare(Exit("residents:register:file", ExitKind.FILE, Way.FILE, "台帳の書出し", "記載事項のすべて"))
EXTRACT_FILE = declare(
    Exit(
        "residents:extraction:file",
        ExitKind.FILE,
        Way.FILE,
        "データ抽出",
        "選んだ記載事項（個人番号・住民票コードを除く）",
    )
)
REFUSALS_LIST = declare(
    Exit("residents:refusals:list", ExitKind.LIST, Way.FILE, "取り込まなかった行", "宛名番号と理由")
)

MASKED_TEXT = "（表示できません）"
"""What stands where something was masked: an empty place would say that there is nothing."""

_BY_PREFIX = {
    "address_": Concealed.ADDRESS,
    "district_": Concealed.ADDRESS,
    "previous_": Concealed.FORMER_ADDRESS,
    "last_registered_": Concealed.FORMER_ADDRESS,
    "planned_": Concealed.DESTINATION,
    "confirmed_": Concealed.DESTINATION,
    "domicile_": Concealed.DOMICILE,
}
_BY_NAME = {
    "register_head": Concealed.DOMICILE,
    "household_number": Concealed.HOUSEHOLD,
    "householder_name": Concealed.HOUSEHOLD,
    "relationship": Concealed.HOUSEHOLD,
    "household_order": Concealed.HOUSEHOLD,
    "alias_entered_at": Concealed.FORMER_ADDRESS,
    "alias_deleted_at": Concealed.FORMER_ADDRESS,
    "mail_code": Concealed.ADDRESS,
    "remark": Concealed.ADDRESS,  # free text
}


def _concealed(name: str) -> Concealed | None:
    if name in _BY_NAME:
        return _BY_NAME[name]
    return next((kind for prefix, kind in _BY_PREFIX.items() if name.startswith(prefix)), None)


CONCEALED: dict[str, Concealed] = {item.name: kind for item in ITEMS if (kind := _concealed(item.name)) is not None}


def conceal_version(version: ResidentVersion, verdict: Verdict) -> ResidentVersion:
    """A copy of a version with its warnings, without what is hidden."""
    shown = copy.copy(version)
    shown.warnings = verdict.warnings
    for name, kind in CONCEALED.items():
        if kind in verdict.hidden:
            setattr(shown, name, None)
    if Concealed.HOUSEHOLD in verdict.hidden:
        shown.person = copy.copy(version.person)
        shown.person.household_number = None
    return shown


def pass_versions(gate: Passing, versions: Iterable[ResidentVersion]) -> Passed[ResidentVersion]:
    """Versions of persons whom the gate was asked about, as they may be shown."""
    return gate.filter(versions, lambda version: (version.person_id,), conceal_version)


def pass_members(gate: Passing, members: Iterable[ResidentVersion]) -> Passed[ResidentVersion]:
    """Members of a household as they may be shown together: who lives with whom is hidden, too, so who is masked is absent."""
    return pass_versions(
        gate, [member for member in members if Concealed.HOUSEHOLD not in gate[member.person_id].hidden]
    )


def conceal_filing(row: Filing, verdict: Verdict) -> Filing:
    """A copy of a filing without what was entered: addresses stand anywhere in a form, and in what was noted beside it."""
    if not verdict.hidden:
        return row
    shown = copy.copy(row)
    shown.entries = {}
    for name in ("notifier_name", "notifier_address", "notifier_phone", "caution", "ground", "review_comment"):
        setattr(shown, name, MASKED_TEXT if getattr(row, name) else "")
    return shown


def conceal_step(step: FilingStep) -> FilingStep:
    """A copy of a step without its comment, which is free text."""
    shown = copy.copy(step)
    shown.comment = MASKED_TEXT if step.comment else ""
    return shown


def pass_filings(gate: Passing, rows: Iterable[Filing]) -> Passed[Filing]:
    """Filings of persons whom the gate was asked about, as they may be shown."""
    return gate.filter(rows, lambda row: row.persons, conceal_filing)


def conceal_issue(row: Issue, verdict: Verdict) -> Issue:
    """A copy of an issue without where the paper was to go."""
    if not verdict.hidden:
        return row
    shown = copy.copy(row)
    shown.use_purpose = shown.destination = MASKED_TEXT
    return shown


def pass_issues(gate: Passing, rows: Iterable[Issue]) -> Passed[Issue]:
    """Issued papers of persons whom the gate was asked about, as they may be shown."""
    return gate.filter(rows, lambda row: row.persons, conceal_issue)
