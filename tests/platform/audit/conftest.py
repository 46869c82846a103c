"""A log of one's own with its key, and acts to put into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from yakuba.platform.audit import log, signing
from yakuba.platform.clock import FixedClock

MakeAct = Callable[..., log.Act]


@pytest.fixture
def audit_data(tmp_path: Path, settings: Any) -> Path:
    """A data folder with a signing key of its own, and a second place for checkpoints; the data folder."""
    settings.DATA = tmp_path / "data"
    settings.AUDIT_OUTSIDE = str(tmp_path / "outside")
    return tmp_path / "data"


@pytest.fixture
def signed_log(town: None, audit_data: Path) -> Path:
    """The town's log with its key made. The data folder."""
    signing.create_if_missing()
    return audit_data


@pytest.fixture
def act(clock: FixedClock) -> MakeAct:
    """Factory of acts of the clock's moment."""

    def make(**more: Any) -> log.Act:
        return log.Act(
            **{
                "at": clock.now(), "account": "madoguchi1", "terminal": "T01", "office": "100",
                "purpose": "certificate", "operation": log.Operation.VIEW, "result": log.Result.DONE,
                "subjects": (1, 2), "target": "person", "detail": {"b": 1, "a": "見本"}, **more,
            }
        )  # fmt: skip

    return make
