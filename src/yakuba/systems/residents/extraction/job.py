"""The kind of job that makes an extracted file: known to every process that may run jobs."""

from __future__ import annotations

from typing import Any

from yakuba.platform.jobs.runner import Run, job_kind
from yakuba.platform.protection.exits import exit_of

from ..exits import EXTRACT_FILE

KIND = "residents.extraction"


@exit_of(EXTRACT_FILE)
@job_kind(KIND)
def extract(run: Run) -> dict[str, Any]:
    """Prepare the file of the job's arguments. See `services.make`."""
    from .services import make

    return make(run)
