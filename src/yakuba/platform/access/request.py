"""What every screen and API may rely on: the request of a signed-in person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest

from .desk import Desk
from .duties import Purpose
from .sign_in import Signed, choose_purpose

View = TypeVar("View", bound=Callable[..., Any])


class StaffRequest(HttpRequest):
    """Set by the web's middleware on every request but those of `public` views."""

    signed: Signed
    desk: Desk


def public(view: View) -> View:
    """Decorator: a view that needs no session. All others are closed."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def when_locked(view: View) -> View:
    """Decorator: a view that answers while the screen is locked too. It gets a desk without duties then."""
    view.answers_locked = True  # type: ignore[attr-defined]
    return view


def takes_files(max_bytes: int) -> Callable[[View], View]:
    """Decorator: a view whose requests may be larger than a form, up to `max_bytes`. What is in them, the view checks."""

    def mark(view: View) -> View:
        view.max_body_bytes = max_bytes  # type: ignore[attr-defined]
        return view

    return mark


def with_purpose(request: StaffRequest, purpose: Purpose) -> Desk:
    """The desk for a purpose that the task itself states (「転入届を始める」); kept for the session, shown at the top."""
    if request.desk.purpose != purpose:
        choose_purpose(request.signed, purpose)
        request.desk = request.desk.for_purpose(purpose)
    return request.desk


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks, which puts the answer into the page."""
    return request.headers.get("HX-Request") == "true"
