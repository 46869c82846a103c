"""The kind of job that makes a count: known to every process that may run jobs."""

from __future__ import annotations

from typing import Any

from yakuba.platform.jobs.runner import Run, job_kind
from yakuba.platform.protection.exits import hands_out_nothing

KIND = "residents.statistics"


@hands_out_nothing("counts of persons and households")
@job_kind(KIND)
def make_statistics(run: Run) -> dict[str, Any]:
    """Count for the days of the job's arguments. See `services.make`."""
    from .services import make

    return make(run)
