"""What inspections of the log may know of the register: names, households, addresses of persons who were looked at."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F

from yakuba.platform.audit.monitoring import register_faces
from yakuba.platform.audit.rules import Face

from .models import ResidentVersion


@register_faces
def faces(persons: Collection[int]) -> dict[int, Face]:
    """Of the current records of these 宛名番号; unknown ones are left out. The address is town and number without building."""
    rows = ResidentVersion.objects.filter(person__in=list(persons), version_no=F("person__version_no")).values_list(
        "person_id", "name", "name_latin", "household_number", "address_town", "address_banchi"
    )
    return {
        person: Face(name or latin or "", household, f"{town or ''}{banchi or ''}")
        for person, name, latin, household, town, banchi in rows
    }
