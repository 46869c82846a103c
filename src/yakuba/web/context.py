"""What every screen shows around its own content."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from yakuba.platform.access.duties import Duty, Purpose
from yakuba.systems.residents.models import Town
from yakuba.systems.residents.register import town


def shell(request: HttpRequest) -> dict[str, Any]:
    """Town and ribbon; for a signed-in person also desk, purposes and the menu. No query: the town is remembered."""
    try:
        house = town()
    except Town.DoesNotExist:
        house = None
    context: dict[str, Any] = {"town": house, "is_sandbox": house is not None and house.is_sandbox}
    desk = getattr(request, "desk", None)
    if desk is not None:
        context |= {
            "desk": desk,
            "signed": getattr(request, "signed", None),
            "may": {duty.value: True for duty in desk.duties},
            "purposes": purposes(desk.duties),
            "purpose_label": Purpose(desk.purpose).label if desk.purpose in set(Purpose) else "",
            "menu": [
                {
                    "url": url,
                    "label": label,
                    "here": request.path == url if url == "/" else request.path.startswith(url),
                }
                for url, label, duties in _MENU
                if not duties or duties & desk.duties
            ],
        }
    return context


def purposes(duties: frozenset[Duty]) -> list[Purpose]:
    """The purposes of use that a person with these duties can state."""
    return [purpose for purpose, needed in _PURPOSES if needed & duties]


_PURPOSES = (
    (Purpose.MOVE_FILING, {Duty.REGISTRATION, Duty.REVIEW}),
    (Purpose.CERTIFICATE, {Duty.CERTIFICATE}),
    (Purpose.COUNTER_INQUIRY, {Duty.INQUIRY}),
    (Purpose.REGISTER_CARE, {Duty.INQUIRY, Duty.REGISTRATION}),
    (Purpose.STATISTICS, {Duty.BULK}),
    (Purpose.AUDIT, {Duty.AUDIT}),
    (Purpose.SYSTEM, {Duty.ADMINISTRATION, Duty.BULK}),
)
_MENU = (
    ("/", "ホーム", set()),
    ("/residents/search", "住民検索", {Duty.INQUIRY}),
    ("/residents/filings", "異動の一覧・審査", {Duty.REGISTRATION, Duty.REVIEW}),
    ("/audit", "操作履歴", {Duty.AUDIT}),
    ("/jobs", "一括処理", {Duty.BULK, Duty.ADMINISTRATION}),
)
