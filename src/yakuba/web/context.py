"""What every screen shows around its own content."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from yakuba.platform.access import menu, policy
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
        rules = policy.of(desk.today)
        context |= {
            "desk": desk,
            "signed": getattr(request, "signed", None),
            "may": {duty.value: True for duty in desk.duties},
            "screen_idle_s": int(rules.screen_idle.total_seconds()),
            "session_idle_s": int(rules.session_idle.total_seconds()),
            "purposes": purposes(desk.duties),
            "purpose_label": Purpose(desk.purpose).label if desk.purpose in set(Purpose) else "",
            "menu": [
                {"url": entry.url, "label": entry.label, "here": _is_here(request.path, entry.url)}
                for entry in menu.entries(desk.duties)
            ],
        }
    return context


def _is_here(path: str, url: str) -> bool:
    return path == url if url == "/" else path == url or path.startswith(f"{url}/")


def purposes(duties: frozenset[Duty]) -> list[Purpose]:
    """The purposes of use that a person with these duties can state."""
    return [purpose for purpose, needed in _PURPOSES if needed & duties]


_PURPOSES = (
    (Purpose.MOVE_FILING, {Duty.REGISTRATION, Duty.REVIEW}),
    (Purpose.CERTIFICATE, {Duty.CERTIFICATE}),
    (Purpose.COUNTER_INQUIRY, {Duty.INQUIRY}),
    (Purpose.REGISTER_CARE, {Duty.INQUIRY, Duty.REGISTRATION}),
    (Purpose.STATISTICS, {Duty.BULK}),
    (Purpose.LINKED_AFFAIR, {Duty.LINKAGE}),
    (Purpose.HAND_OVER, {Duty.HANDOVER}),
    (Purpose.PROTECTION, {Duty.PROTECTION, Duty.PROTECTION_RELEASE}),
    (Purpose.AUDIT, {Duty.AUDIT}),
    (
        Purpose.SYSTEM,
        {
            Duty.ADMINISTRATION,
            Duty.BULK,
            Duty.PERSONNEL,
            Duty.APPROVAL,
            Duty.INFORMATION_MANAGEMENT,
            Duty.SECURITY,
            Duty.RETENTION,
            Duty.HANDOVER,
            Duty.LINKAGE,
        },
    ),
)
