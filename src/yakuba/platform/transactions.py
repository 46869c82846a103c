"""One use case, one transaction; what was refused is rolled back whole and still leaves its trace."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from django.db import transaction

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.audit.log import Operation, Result

P = ParamSpec("P")
R = TypeVar("R")


def use_case(
    operation: Operation,
) -> Callable[[Callable[Concatenate[Desk, P], R]], Callable[Concatenate[Desk, P], R]]:
    """Decorator for services `f(desk, ...)`: runs in one transaction and at one moment; a refusal or denial is logged
    after rollback."""

    def decorate(function: Callable[Concatenate[Desk, P], R]) -> Callable[Concatenate[Desk, P], R]:
        @functools.wraps(function)
        def run(desk: Desk, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                with transaction.atomic():
                    return function(desk.at_one_moment(), *args, **kwargs)
            except AccessDenied as denial:
                log_denial(desk, operation, denial)
                raise
            except Refused as refusal:
                codes = sorted({finding.code for finding in refusal.findings})
                desk.log(operation, result=Result.REFUSED, target=function.__name__, findings=codes)
                raise

        return run

    return decorate


def log_denial(desk: Desk, operation: Operation, denial: AccessDenied) -> None:
    """Write a denial to the log, once."""
    if not denial.logged:
        desk.log(operation, result=Result.DENIED, target=denial.target, code=denial.finding.code)
        denial.logged = True
