"""What the registry holds about a person, in that person's words (開示).

Names of others (世帯主, 筆頭者, 届出人, 請求者) and free text, in which others may stand, are left here. The person can have
them where other law gives them: on the 住民票の写し.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from yakuba.core.characters import fold_name
from yakuba.core.findings import Finding, Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.clock import JAPAN
from yakuba.platform.disclosure.document import House, declare_house
from yakuba.platform.disclosure.sources import NUMBER, OTHERS, Section, Source, register
from yakuba.platform.vault import store as vault

from .certificates import REQUESTERS, PaperKind
from .display import show, show_date
from .filings import KINDS
from .items import ITEMS, Item, Kind
from .models import Filing, FilingState, FilingStep, Issue, ResidentVersion
from .reasons import reason_label
from .register import town

_NAMES = ("name", "name_latin", "alias")
_OF_OTHERS = frozenset({"householder_name", "register_head", "previous_householder"})
_FREE_TEXT = frozenset({"remark"})


def _versions(subject: int, until: datetime) -> list[ResidentVersion]:
    """Oldest first, as they were known then."""
    return list(ResidentVersion.objects.filter(person=subject, recorded_at__lt=until).order_by("version_no"))


def _own_names(versions: Iterable[ResidentVersion]) -> frozenset[str]:
    return frozenset(
        fold_name(name) for version in versions for field in _NAMES if (name := getattr(version, field))
    )  # fmt: skip


def _value(item: Item, version: ResidentVersion, own: frozenset[str]) -> str:
    value = getattr(version, item.name)
    if value is None or value == "":
        return ""
    if item.name in _FREE_TEXT or (item.name in _OF_OTHERS and fold_name(str(value)) not in own):
        return OTHERS
    return show(item.name, value, foreign=version.resident_kind == "2")


def _record(_desk: Desk, subject: int, until: datetime) -> tuple[Section, ...]:
    versions = _versions(subject, until)
    if not versions:
        return ()
    own = _own_names(versions)
    last = versions[-1]
    present = [
        (item.label, NUMBER if item.kind is Kind.VAULT and last.individual_number else _value(item, last, own))
        for item in ITEMS
    ]
    present = [("宛名番号", f"{subject:015d}"), *((label, value) for label, value in present if value)]
    return (
        Section("住民票の記載事項", ("項目", "内容"), (2, 5), tuple(present)),
        Section(
            "記載・消除・修正の履歴",
            ("履歴番号", "異動日", "異動事由", "項目", "前", "後"),
            (2, 4, 4, 4, 5, 5),
            tuple(_history(versions, own)),
        ),
    )


def _history(versions: list[ResidentVersion], own: frozenset[str]) -> Iterable[tuple[str, ...]]:
    """What each version changed. Of the first, whatever is no longer so: the rest stands in the record."""
    first, last = versions[0], versions[-1]
    place = (str(first.version_no), show_date(first.valid_from), reason_label(first.reason))
    changed = [item for item in ITEMS if getattr(first, item.name) != getattr(last, item.name)]
    kept = [(*place, item.label, "", value) for item in changed if (value := _value(item, first, own))]
    yield from kept or [(*place, "（記載事項のとおり）", "", "")]
    for before, version in pairwise(versions):
        place = (str(version.version_no), show_date(version.valid_from), reason_label(version.reason))
        for item in ITEMS:
            if getattr(before, item.name) != getattr(version, item.name):
                yield (*place, item.label, _value(item, before, own), _value(item, version, own))


def _filings(_desk: Desk, subject: int, until: datetime) -> tuple[Section, ...]:
    rows = Filing.objects.filter(persons__contains=[subject], created_at__lt=until).order_by("pk")
    own = _own_names(_versions(subject, until))
    states = {
        row["filing_id"]: row["state"]
        for row in FilingStep.objects.filter(filing__in=rows, at__lt=until).order_by("pk").values("filing_id", "state")
    }
    lines = tuple(
        (
            str(row.pk),
            _moment(row.created_at),
            KINDS[row.kind].label if row.kind in KINDS else row.kind,
            show_date(row.legal_date),
            _own_or_others(row.notifier_name, own),
            FilingState(states.get(row.pk, FilingState.PROVISIONAL)).label,
        )
        for row in rows.only("pk", "created_at", "kind", "legal_date", "notifier_name")
    )
    header = ("異動番号", "受付日時", "届出・職権", "異動日", "届出人", "状態")
    return (Section("届出と職権による処理", header, (2, 4, 4, 4, 4, 4), lines),)


def _issues(_desk: Desk, subject: int, until: datetime) -> tuple[Section, ...]:
    rows = Issue.objects.filter(persons__contains=[subject], issued_at__lt=until).order_by("issued_at", "pk")
    own = _own_names(_versions(subject, until))
    lines = tuple(
        (
            _moment(row.issued_at),
            PaperKind(row.kind).label if row.kind in set(PaperKind) else row.kind,
            row.number,
            REQUESTERS.get(row.requester_kind, row.requester_kind),
            _own_or_others(row.requester_name, own),
        )
        for row in rows.only("issued_at", "kind", "number", "requester_kind", "requester_name")
    )
    header = ("発行日時", "証明書", "発行番号", "請求者の区分", "請求者")
    return (Section("証明書の発行", header, (4, 5, 6, 4, 4), lines),)


def _own_or_others(name: str, own: frozenset[str]) -> str:
    if not name:
        return ""
    return name if fold_name(name) in own else OTHERS


def _moment(at: datetime) -> str:
    return at.astimezone(JAPAN).strftime("%Y/%m/%d %H:%M")


def _is_called(desk: Desk, subject: int, name: str) -> bool | None:
    own = _own_names(_versions(subject, desk.now))
    return fold_name(name) in own if own else None


def _number(desk: Desk, subject: int, until: datetime) -> str:
    """Raises Refused where the record has none."""
    versions = _versions(subject, until)
    held: Any = versions[-1].individual_number if versions else None
    if held is None:
        raise Refused(
            [Finding("RES-E-201", "number", "個人番号はまだ記載されていません。", "機構の指定を待ってください。")]
        )
    return vault.reveal(desk, held, subject).reveal()


def _number_id(desk: Desk, subject: int) -> int | None:
    version = next(iter(_versions(subject, desk.now + timedelta(microseconds=1))[-1:]), None)
    return version.individual_number if version else None


def _carried(_desk: Desk, subject: int, reference: str, since: date) -> str | None:
    """What a filing did for this person since a day: `reference` is its 異動番号."""
    if not (reference.isascii() and reference.isdigit() and len(reference) <= 15):
        return None
    row = (
        Filing.objects.filter(pk=int(reference), state=FilingState.REGISTERED, persons__contains=[subject])
        .values_list("kind", "reviewed_at")
        .first()
    )
    if row is None or row[1] is None or row[1].astimezone(JAPAN).date() < since:
        return None
    kind, at = row
    label = KINDS[kind].label if kind in KINDS else kind
    return f"{label}（異動番号{reference}、{show_date(at.astimezone(JAPAN).date())}本登録）"


def _house() -> House:
    here = town()
    return House(organ=f"{here.name}長", name=here.name, is_sandbox=here.is_sandbox)


declare_house(_house)
RECORD = register(
    Source(
        "residents:record",
        "住民票の記載と履歴",
        _record,
        order=100,
        record_kinds=("closed_record",),
        is_called=_is_called,
        number=_number,
        number_id=_number_id,
        carried=_carried,
    )
)
FILINGS = register(Source("residents:filings", "届出と職権による処理", _filings, order=110))
ISSUES = register(Source("residents:issues", "証明書の発行", _issues, order=120))
