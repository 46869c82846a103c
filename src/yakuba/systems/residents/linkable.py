"""What other offices may be granted of the register (庁内連携): the four items, the address, the household.

Values are as the register stores them: dates as `UncertainDate.stored`, codes as they are, empty for none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.platform.linkage.views import LinkView, Subject, register
from yakuba.platform.protection.policy import Concealed

from .items import BY_NAME
from .models import ResidentVersion

SYSTEM = "residents"
"""The registry among the systems of the connection matrix."""

_DATASET = "residents"
_NAME = ("name", "name_kana", "name_latin", "alias")
_ADDRESS = ("address_code", "address_postal", "address_town", "address_banchi", "address_katagaki")
_REVEALS = {
    **dict.fromkeys((*_ADDRESS, "address_since"), Concealed.ADDRESS),
    **dict.fromkeys(("household_number", "householder_name", "relationship"), Concealed.HOUSEHOLD),
}


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value.stored if isinstance(value, UncertainDate) else str(value)


def _current(subjects: Sequence[Subject], items: Sequence[str]) -> Mapping[Subject, Mapping[str, str]]:
    """Items of the current records, closed ones too: also who has left may be whom a case is about."""
    rows = ResidentVersion.objects.filter(person__in=subjects, version_no=F("person__version_no"))
    return {row["person_id"]: {item: _written(row[item]) for item in items} for row in rows.values("person_id", *items)}


def _view(name: str, title: str, *items: str) -> LinkView:
    return register(
        LinkView(
            name=name,
            title=title,
            system=SYSTEM,
            dataset=_DATASET,
            items={item: BY_NAME[item].label for item in items},
            read=_current,
            reveals={item: _REVEALS[item] for item in items if item in _REVEALS},
        )
    )


BASIC = _view("residents:basic", "基本4情報", *_NAME, "birth", "sex", *_ADDRESS, "status")
ADDRESS = _view("residents:address", "住所とその異動", *_ADDRESS, "address_since", "status", "closed_on")
HOUSEHOLD = _view("residents:household", "世帯", "household_number", "householder_name", "relationship", "status")
