"""What happens to every request before and after its view."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.module_loading import import_string

from yakuba.core.findings import Finding, Refused
from yakuba.platform.access import sign_in
from yakuba.platform.access.desk import AccessDenied, ConfirmationNeeded, system_desk
from yakuba.platform.access.models import Stage
from yakuba.platform.access.request import StaffRequest, is_fragment
from yakuba.platform.audit.log import Operation, Result
from yakuba.platform.clock import Clock
from yakuba.platform.transactions import log_denial

from . import errors, exits

GetResponse = Callable[[HttpRequest], HttpResponse]

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",  # a trial print is a picture within the page
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def the_clock() -> Clock:
    """The clock that the settings name; a test may put a clock itself there."""
    clock = settings.CLOCK
    if isinstance(clock, str):
        made: Clock = import_string(clock)()
        return made
    return clock  # type: ignore[no-any-return]


class SecurityHeaders:
    """Headers that keep pages out of caches, frames and other sites' hands."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", _POLICY)
        response.setdefault("X-Content-Type-Options", "nosniff")
        response.setdefault("X-Frame-Options", "DENY")
        response.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        # Not `no-referrer`: with it browsers send `Origin: null`, which the check against forged forms refuses.
        response.setdefault("Referrer-Policy", "same-origin")
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Cache-Control", "no-store")
        if request.is_secure():
            response.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response


class DeskMiddleware:
    """Gives the request its desk. Without a living session only `public` views answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: StaffRequest, view: Callable[..., Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if exits.of_view(view, request.method or "") is None:
            # Nothing that isn't declared goes out, whoever asks. A defect of ours, so a breakdown.
            name = f"{getattr(view, '__module__', '?')}.{getattr(view, '__qualname__', type(view).__name__)}"
            system_desk("web", set(), the_clock()).log(
                Operation.VIEW, result=Result.FAILED, target=f"undeclared:{name}"
            )
            return errors.undeclared(request, name)
        # Before anything reads it: Django keeps a file of any size on the disk, for whoever sends one.
        if _body_bytes(request) > getattr(view, "max_body_bytes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE):
            return errors.bad_request(request, RequestDataTooBig())
        if getattr(view, "is_public", False):
            return None
        signed = session_of(request)
        if signed is None or signed.stage in {Stage.SECOND_FACTOR, Stage.ENROLMENT}:
            return _ask_to_sign_in(request)
        request.signed, request.desk = signed, signed.desk
        if signed.stage == Stage.LOCKED and not getattr(view, "answers_locked", False):
            return _ask_to_unlock(request)
        if signed.needs_system_factor and not _is_shell(request.path):
            return _ask_to_confirm(request)
        return None

    def process_exception(self, request: StaffRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, AccessDenied):
            log_denial(request.desk, Operation.VIEW, exception)
            return errors.answer(request, 403, "この操作はできません", [exception.finding])
        if isinstance(exception, Refused):
            return errors.answer(request, 422, "受け付けられません", exception.findings)
        if isinstance(exception, DatabaseError):
            # Here, and not by Django: its own log would quote the message, and with it the record.
            return errors.breakdown(request)
        return None


def _body_bytes(request: HttpRequest) -> int:
    """The announced length; Django reads no further, and nothing where none is announced."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0


def session_of(request: HttpRequest) -> sign_in.Signed | None:
    """The session of a request. Its look-up is the check of a connection that was kept since the last request.

    Django's own check asks the database something before every first question. Here the first question, which
    may be asked twice and stands in no transaction, is asked again over a new connection when the old one is dead.
    """
    token = request.COOKIES.get(settings.SIGN_IN_COOKIE, "")
    is_kept = connection.connection is not None and not connection.in_atomic_block
    if is_kept:
        connection.health_check_done = True
    asked = partial(
        sign_in.current,
        token,
        address=request.META["REMOTE_ADDR"],
        clock=the_clock(),
        terminal_key=request.COOKIES.get(settings.TERMINAL_COOKIE, ""),
        is_attended="X-Yakuba-Unattended" not in request.headers,
    )
    try:
        return asked()
    except (OperationalError, InterfaceError):
        if not is_kept or connection.is_usable():
            raise
    connection.close()
    return asked()


def _wants_page(request: HttpRequest) -> bool:
    return request.method == "GET" and not is_fragment(request) and not request.path.startswith("/api/")


def _and_back(request: HttpRequest) -> str:
    return "" if request.path == "/" else f"?next={quote(request.get_full_path())}"


_SHELL = frozenset({"/", "/figures", "/purpose", "/sign-out", "/confirm", "/sign-in/key", "/unlock"})


def _is_shell(path: str) -> bool:
    """Whether an address belongs to no business system: home, one's own keys and session."""
    return path in _SHELL or path.startswith(("/settings/", "/session/"))


def _ask_to_unlock(request: HttpRequest) -> HttpResponse:
    if _wants_page(request):
        return HttpResponseRedirect(f"/unlock{_and_back(request)}")
    finding = Finding(
        "SIGN-E-014",
        "session",
        "画面がロックされています。",
        "別のタブでロックを解除し、この画面でもう一度押してください。入力は失われていません。",
    )
    return errors.answer(request, 423, "画面がロックされています", [finding])


def _ask_to_confirm(request: HttpRequest) -> HttpResponse:
    if _wants_page(request):
        return HttpResponseRedirect(f"/confirm{_and_back(request)}")
    return errors.answer(request, 422, "受け付けられません", ConfirmationNeeded().findings)


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    if _wants_page(request):
        return HttpResponseRedirect(f"/sign-in{_and_back(request)}")
    finding = Finding(
        "SIGN-E-010",
        "session",
        "サインインが切れました。",
        "別のタブでサインインし直し、この画面でもう一度押してください。入力は失われていません。",
    )
    return errors.answer(request, 401, "サインインが切れました", [finding])
