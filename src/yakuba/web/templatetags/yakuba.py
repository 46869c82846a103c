"""What templates may do with values."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.clock import JAPAN
from yakuba.platform.people.affairs import affairs
from yakuba.platform.retention.services import Result
from yakuba.systems.residents.certificates import PaperKind
from yakuba.systems.residents.display import person_name, show, show_date
from yakuba.systems.residents.filings import KINDS
from yakuba.web.static_files import static_url

register = template.Library()

register.simple_tag(static_url, name="static_url")
register.filter("person_name", person_name)


@register.filter
def wareki(value: date | UncertainDate | None) -> str:
    """「昭和60年4月12日」."""
    return show_date(value)


@register.filter
def moment(value: datetime | None) -> str:
    """「2026/11/20 12:00」 in Japan."""
    return value.astimezone(JAPAN).strftime("%Y/%m/%d %H:%M") if value else ""


@register.filter
def duty(value: str) -> str:
    """A duty in words."""
    return Duty(value).label


@register.filter
def affair(name: str) -> str:
    """An affair in words; one that the table has no longer by its name."""
    found = affairs().get(name)
    return found.title if found else name


@register.filter
def addressee(value: int) -> str:
    """宛名番号 or 世帯番号 with its fifteen digits."""
    return f"{int(value):015d}"


@register.filter
def birth_of(version: Any) -> str:
    """Birth as the record's kind wants it: 西暦 for foreign residents."""
    return show("birth", version.birth, foreign=version.resident_kind == "2")


@register.simple_tag
def item(name: str, value: Any) -> str:
    """A record's item in words."""
    return show(name, value)


@register.filter
def lookup(mapping: Any, key: Any) -> Any:
    """`mapping[key]`, or nothing."""
    return mapping.get(key) if mapping else None


@register.filter
def thousands(value: int) -> str:
    return f"{value:,}"


@register.filter
def purpose_label(value: str) -> str:
    """A stored purpose in words."""
    return Purpose(value).label if value in set(Purpose) else value


@register.filter
def duty_label(value: str) -> str:
    """A stored duty in words."""
    return Duty(value).label if value in set(Duty) else value


@register.filter
def retention_result(value: str) -> str:
    """What became of records past their period: 「廃棄した」."""
    return Result(value).label


@register.filter
def filing_label(kind: str) -> str:
    """「転入届」."""
    return KINDS[kind].label if kind in KINDS else kind


@register.filter
def paper_label(kind: str) -> str:
    """「住民票の写し（個人票）」."""
    return PaperKind(kind).label if kind in set(PaperKind) else kind


@register.filter
def any_in(choices: Any, values: Any) -> bool:
    """Whether one of the choices is among the values."""
    return any(choice.value in values for choice in choices)
