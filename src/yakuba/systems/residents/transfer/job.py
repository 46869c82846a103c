"""The job kind of imports, and what they keep sealed: known to every process that may run jobs or change keys."""

from __future__ import annotations

from typing import Any

from yakuba.platform.jobs.runner import Run, job_kind
from yakuba.platform.protection.exits import hands_out_nothing
from yakuba.platform.vault import columns

KIND = "residents.import"
SEALING_CONTEXT = "residents-import-line"
columns.declare("residents_import_refusal", "sealed", context=f"'{SEALING_CONTEXT}'")


@hands_out_nothing("reads a file; its report counts rows")
@job_kind(KIND, foreground="it reads a file of the machine where it was called, and takes indexes down as their owner")
def import_register(run: Run) -> dict[str, Any]:
    """Load the file of the job's arguments, from the last checkpoint on. See `loading.work`."""
    from .loading import work

    return work(run)
