"""A keyset of the test's own, for tests that change keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from yakuba.platform.vault import keys, keyset


@pytest.fixture
def own_keys(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A data folder with a copy of the keys; the process forgets them afterwards. Gives the keyset's file."""
    common = keyset.path()
    (tmp_path / "secrets").mkdir(mode=0o700)
    shutil.copy2(common, tmp_path / "secrets" / common.name)
    settings.DATA = tmp_path
    keys.forget()
    yield keyset.path()
    keys.forget()
