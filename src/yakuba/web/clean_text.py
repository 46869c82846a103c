"""What no keyboard types and no column holds stays outside: one gate before every view, instead of a check in each form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from yakuba.core.findings import Finding

from . import errors

GetResponse = Callable[[HttpRequest], HttpResponse]

_NUL = "\x00"
_IN_JSON = (b"\x00", rb"\u0000")
_SURROGATE = re.compile(rb"\\ud[89a-f]", re.IGNORECASE)


class CleanText:
    """400 to a request with a NUL in its address, query, form or JSON, or with half of a surrogate pair: no column holds them.

    And to one that calls the house by a foreign name.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.get_host()  # raises DisallowedHost, a 400: a foreign name that leads here is no address of this house
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Callable[..., Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not _is_unwritable(request):
            return None
        finding = Finding(
            "WEB-E-401",
            "request",
            "文字として扱えない符号が含まれています。",
            "貼り付けた文字を消し、キーボードから入力し直してください。",
        )
        return errors.answer(request, 400, "受け付けられません", [finding])


def _is_unwritable(request: HttpRequest) -> bool:
    if _NUL in request.path or _has_nul_in(request.GET.lists()):
        return True
    if request.content_type == "application/json":
        return any(mark in request.body for mark in _IN_JSON) or _has_half_a_pair(request.body)
    return request.method == "POST" and _has_nul_in(request.POST.lists())


def _has_half_a_pair(body: bytes) -> bool:
    """Whether JSON spells half of a surrogate pair, which is no character and can't be written anywhere."""
    if not _SURROGATE.search(body):
        return False
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
    except (ValueError, RecursionError):
        return False  # no JSON: whoever reads it says so
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _has_nul_in(fields: Any) -> bool:
    return any(_NUL in text for name, values in fields for text in (name, *values))
