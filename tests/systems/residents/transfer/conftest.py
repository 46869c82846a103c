"""A house that commits, and files to load into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.django_fixtures import set_up_town

from . import specimens


@pytest.fixture
def house(fresh_database: str) -> str:
    """URL of an empty register of the specimens' town."""
    set_up_town()
    return fresh_database


@pytest.fixture
def system(house: str, make_desk: Callable[..., Any]) -> Any:
    return make_desk(account="system:cli:test", purpose="system")


@pytest.fixture
def file_of(tmp_path: Path) -> Callable[..., Path]:
    """`file_of(frame, name)` writes the rows as an export would."""

    def write(frame: pl.DataFrame, name: str = "register.csv") -> Path:
        return specimens.write(tmp_path / name, frame)

    return write
