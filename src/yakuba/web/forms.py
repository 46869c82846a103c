"""Reading what a form sends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Findings


def day_of(findings: Findings, data: Mapping[str, Any], name: str, label: str) -> date:
    """A day of the form, in 和暦 or 西暦; what can't be read becomes a finding, and some day, so that the other checks go on."""
    text = str(data.get(name, "")).strip()
    try:
        found = UncertainDate.parse(text).date
    except ValueError:
        found = None
    if found is None:
        findings.error("WEB-E-020", name, f"{label}を年月日として読めません。", "暦にある日付を入力してください。")
        return date(1, 1, 1)
    return found
