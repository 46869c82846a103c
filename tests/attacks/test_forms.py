"""Every form of every screen, sent back with what no browser would send: refused in words, never a breakdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from tests.attacks.small_town import Home, build, requests
from tests.test_exits import VIEWS
from tests.web.conftest import SignedIn, signed_in, web

from yakuba.platform.access.desk import Desk

__all__ = ["signed_in", "web"]  # fixtures

TEXTS = {
    "nothing": "", "spaces": " 　", "NUL": "見\x00本", "escape": "\x1b[2J\x08", "right to left": "\u202e夜逃げ", "zero width": "\u200b\ufeff",
    "marks upon marks": "か" + "\u3099" * 2_000, "long": "見" * 20_000, "superscript": "²", "Arabic digits": "٣٣", "many digits": "9" * 5_000,
    "minus": "-1", "zero": "0", "64 bits": str(2**63), "quotes": "' OR 1=1 --", "markup": "<script>alert(1)</script>", "percent": "%s%n%",
    "path": "../../../../etc/passwd", "header": "x\r\nSet-Cookie: a=b", "no such day": "2026-02-30", "no such year": "令和99年1月1日",
    "uuid": "00000000-0000-0000-0000-000000000000",
}  # fmt: skip
BYTES = {"half of a pair": "%ED%A0%80", "no UTF-8": "%FF%FE%80", "overlong": "%C0%AF", "plus and percent": "+%+%%zz"}
POSTS = [name.removeprefix("POST ") for name, _, _ in VIEWS if name.startswith("POST ")]
SCREENS = [address for address in POSTS if not address.startswith("/api/") and "static" not in address]
"""Addresses of forms."""
_FIELD = re.compile(r'<(?:input|select|textarea|button)\b[^>]*?\bname="([^"]+)"')


@pytest.fixture
def homes(town: None, make_desk: Callable[..., Desk]) -> tuple[Home, ...]:
    return build(make_desk, (1,))


def fields(client: Client, address: str) -> list[str]:
    """The names of what can be filled in at an address; nothing where it has no page of its own."""
    found = _FIELD.findall(client.get(address).content.decode("utf-8", "replace"))
    return list(dict.fromkeys([*found, "act", "q", "key", "number", "reason", "next", "offset"]))


def _send(client: Client, address: str, body: str) -> tuple[int, str]:
    with transaction.atomic():
        response = client.post(address, body, content_type="application/x-www-form-urlencoded")
        content = b"".join(response) if response.streaming else response.content
        transaction.set_rollback(True)
    return response.status_code, content.decode("utf-8", "replace")


@pytest.mark.parametrize("pattern", SCREENS)
def test_no_form_is_broken_by_what_is_put_into_it(homes: tuple[Home, ...], signed_in: SignedIn, pattern: str) -> None:
    if pattern in {"/sign-out", "/healthz"}:
        return
    client = signed_in()
    address = [request.address for request in requests(f"POST {pattern}", homes, thoroughly=False)][-1]
    names = fields(client, address)
    hostile = {name: quote(text) for name, text in TEXTS.items()} | BYTES
    for what, value in hostile.items():
        status, told = _send(client, address, "&".join(f"{quote(name)}={value}" for name in names if name != "act"))
        assert status < 500, (what, told[:500])
        assert "<script>alert" not in told, what
    for name in names:
        for what in ("NUL", "many digits", "superscript"):
            status, told = _send(client, address, f"{quote(name)}={hostile[what]}")
            assert status < 500, (name, what, told[:500])
