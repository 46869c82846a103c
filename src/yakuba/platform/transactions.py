"""One use case, one transaction; what was refused is rolled back whole and still leaves its trace."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from django.db import DatabaseError

from yakuba.core.findings import Refused
from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.audit.log import Operation, Result

P = ParamSpec("P")
R = TypeVar("R")

DATABASE_DENIAL = "ACC-E-003"
"""The database's own refusal: a defect of the program, which asked for what the duty may not touch."""


def use_case(
    operation: Operation,
) -> Callable[[Callable[Concatenate[Desk, P], R]], Callable[Concatenate[Desk, P], R]]:
    """Decorator for services `f(desk, ...)`: runs in one transaction, at one moment, and in the database's role of the duty
    that it requires (before that, in one that sees nobody). A refusal or denial is logged after rollback.
    """

    def decorate(function: Callable[Concatenate[Desk, P], R]) -> Callable[Concatenate[Desk, P], R]:
        @functools.wraps(function)
        def run(desk: Desk, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                with database_roles.stretch(savepoint=True):
                    return function(desk.at_one_moment(), *args, **kwargs)
            except AccessDenied as denial:
                log_denial(desk, operation, denial)
                raise
            except DatabaseError as error:
                log_database_denial(desk, operation, error, target=function.__name__)
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


def log_database_denial(desk: Desk, operation: Operation, error: DatabaseError, *, target: str) -> None:
    """Write to the log that the database denied what the program let pass, once; any other error is left alone."""
    if database_roles.is_refusal(error) and not getattr(error, "denial_logged", False):
        desk.log(operation, result=Result.DENIED, target=target, code=DATABASE_DENIAL)
        error.denial_logged = True  # type: ignore[attr-defined]
