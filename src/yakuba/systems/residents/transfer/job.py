"""The job kind of imports, known to every process that may run jobs."""

from __future__ import annotations

from typing import Any

from yakuba.platform.jobs.runner import Run, job_kind

KIND = "residents.import"


@job_kind(KIND, foreground="it reads a file of the machine where it was called, and takes indexes down as their owner")
def import_register(run: Run) -> dict[str, Any]:
    """Load the file of the job's arguments, from the last checkpoint on. See `loading.work`."""
    from .loading import work

    return work(run)
