"""What no keyboard types and no column holds stays outside: one gate before every view, instead of a check in each form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from yakuba.core.findings import Finding

from . import errors

GetResponse = Callable[[HttpRequest], HttpResponse]

_NUL = "\x00"
_IN_JSON = (b"\x00", rb"\u0000")


class CleanText:
    """400 to a request that carries a NUL in its address, its query, its form or its JSON (PostgreSQL has no text with one),
    and to one that calls the house by a foreign name.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.get_host()  # raises DisallowedHost, a 400: a foreign name that leads here is no address of this house
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Callable[..., Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not _has_nul(request):
            return None
        finding = Finding(
            "WEB-E-401",
            "request",
            "文字として扱えない符号が含まれています。",
            "貼り付けた文字を消し、キーボードから入力し直してください。",
        )
        return errors.answer(request, 400, "受け付けられません", [finding])


def _has_nul(request: HttpRequest) -> bool:
    if _NUL in request.path or _has_nul_in(request.GET.lists()):
        return True
    if request.content_type == "application/json":
        return any(mark in request.body for mark in _IN_JSON)
    return request.method == "POST" and _has_nul_in(request.POST.lists())


def _has_nul_in(fields: Any) -> bool:
    return any(_NUL in text for name, values in fields for text in (name, *values))
