"""What the yearly 自己点検 asks: for each section of the house's own assessment that promises something, whether it is so."""

from __future__ import annotations

import re

from yakuba.platform.profiles import house_profile

from . import catalogue

_MEASURES = re.compile(r"^(別添\d+ )?(III|IV)\b")
"""Chapters of an assessment that say how risks are met; the others say what the system does, which the tests show."""


def items() -> list[tuple[str, str]]:
    """(key, label) of each section, in order; none where the house has no assessment here."""
    document = str(house_profile())
    ids: dict[str, list[str]] = {}
    for requirement in catalogue.requirements():
        for source in requirement.sources:
            name, _, section = source.partition(": ")
            if name == document and _MEASURES.match(section):
                ids.setdefault(section, []).append(requirement.id)
    return [
        (section, f"評価書 {section} の記載のとおり運用しているか（{'、'.join(named)}）")
        for section, named in ids.items()
    ]
