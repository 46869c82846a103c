"""Real processes killed in the middle of a working day; `python -m bench.kills --rounds 20` does it twenty times."""

from __future__ import annotations

import pytest
from bench import kills


@pytest.mark.fault
def test_nothing_acknowledged_is_lost_and_the_log_verifies() -> None:
    result = kills.run(len(kills.VICTIMS), residents=200, seed=3)
    assert kills.is_whole(result), result
    assert min(result["acknowledged"].values()) > 0, "nobody worked"
    assert result["audit"]["whole"]
    assert result["audit"]["entries"] > sum(result["acknowledged"].values())
