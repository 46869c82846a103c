"""Attacks that every web program meets, at every address: strangers, forged forms, foreign ways, wrong methods, foreign hosts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.db import transaction
from django.test import Client
from tests.attacks.small_town import Home, build, requests
from tests.test_exits import VIEWS
from tests.web.conftest import SignedIn, signed_in, web

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.models import Session
from yakuba.platform.clock import FixedClock

__all__ = ["signed_in", "web"]  # fixtures

OUTSIDE = (
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example",
    "javascript:alert(1)", " //evil.example", "\t//evil.example", "/\t/evil.example", "/%0d%0aSet-Cookie:a=b", "/\r\nSet-Cookie: a=b",
    "http:///evil.example", "//[::1", "/..//evil.example", "@evil.example", "/x" * 5_000,
)  # fmt: skip
PUBLIC = ("/sign-in", "/sign-out", "/enrol", "/terminal-key", "/public/", "/healthz", "/static/")
"""What answers before anybody has signed in."""


@pytest.fixture
def homes(town: None, make_desk: Callable[..., Desk]) -> tuple[Home, ...]:
    return build(make_desk, (1,))


def _ask(client: Client, method: str, address: str, **how: Any) -> Any:
    with transaction.atomic():
        response = client.generic(method, address, **how)
        transaction.set_rollback(True)
    return response


def _addresses(homes: tuple[Home, ...]) -> list[str]:
    """Each address once, about somebody who is there."""
    found = {}
    for name, _, method in VIEWS:
        pattern = name.split(" ", 1)[1]
        found[pattern] = [asked.address for asked in requests(f"{method} {pattern}", homes, thoroughly=False)][-1]
    return sorted(set(found.values()))


def test_a_stranger_is_told_nothing_anywhere(homes: tuple[Home, ...], web: FixedClock) -> None:
    secrets = [*homes[0].names, *homes[0].whereabouts, *homes[0].numbers]
    for cookie in (None, "", "0" * 64, "' OR 1=1 --", "é" * 100):
        client = Client()
        if cookie is not None:
            client.cookies["yakuba_session"] = cookie
        for address in _addresses(homes):
            for method in ("GET", "POST"):
                response = _ask(client, method, address)
                assert response.status_code < 500, (method, address)
                told = b"".join(response) if response.streaming else response.content
                assert not [secret for secret in secrets if secret in told.decode("utf-8", "replace")], (
                    method,
                    address,
                )
                if response.status_code == 200:
                    assert urlsplit(address).path.startswith(PUBLIC), (method, address)


def test_no_form_is_taken_from_another_site(homes: tuple[Home, ...], signed_in: SignedIn, web: FixedClock) -> None:
    """Signed in, but without the token: nothing that is sent is done."""
    client = Client(enforce_csrf_checks=True)
    client.cookies["yakuba_session"] = signed_in().cookies["yakuba_session"].value
    for name, _, method in VIEWS:
        if (
            method != "POST"
            or "/static/" in name
            or name.endswith(("/healthz", "/api/openapi.json", "/api/docs", "/api/"))
        ):
            continue
        for asked in list(requests(name, homes, thoroughly=False))[:1]:
            response = _ask(
                client, "POST", asked.address, data=b"a=b", content_type="application/x-www-form-urlencoded"
            )
            assert response.status_code in {403, 405}, (name, response.status_code)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "PROPFIND"])
def test_another_method_does_and_tells_nothing(homes: tuple[Home, ...], signed_in: SignedIn, method: str) -> None:
    client = signed_in()
    secrets = [*homes[0].names, *homes[0].whereabouts, *homes[0].numbers]
    for address in _addresses(homes):
        response = _ask(client, method, address)
        assert response.status_code < 500, address
        if method != "HEAD":
            told = b"".join(response) if response.streaming else response.content
            assert not [secret for secret in secrets if secret in told.decode("utf-8", "replace")], address


@pytest.mark.parametrize("way", OUTSIDE, ids=lambda way: repr(way[:24]))
def test_no_way_leads_out_of_the_house(homes: tuple[Home, ...], signed_in: SignedIn, way: str) -> None:
    client = signed_in()
    told = []
    for address in ("/sign-in", "/sign-in/second", "/purpose", "/confirm", "/sign-out"):
        told.append(_ask(client, "GET", f"{address}?next={quote(way)}"))
        body = f"next={quote(way)}&purpose=counter_inquiry&code=000000&login=a&password=b&act=confirm&back={quote(way)}"
        told.append(_ask(client, "POST", address, data=body.encode(), content_type="application/x-www-form-urlencoded"))
    for response in told:
        assert response.status_code < 500
        leads_to = urlsplit(response.get("Location", "/"))
        assert (leads_to.scheme, leads_to.netloc) == ("", ""), response["Location"]
        assert response.get("Location", "/").startswith("/")
        assert not response.get("Location", "/").startswith(("//", "/\\"))
        assert "a" not in response.cookies


def test_a_session_named_by_somebody_else_opens_nothing(homes: tuple[Home, ...], signed_in: SignedIn) -> None:
    """A token that was planted in the browser before signing in, and one that stood for a closed session."""
    planted = "a" * 64
    client = Client()
    client.cookies["yakuba_session"] = planted
    client.post("/sign-in", {"login": "madoguchi1", "password": "wrong"})
    assert not Session.objects.filter(key_hash=hashlib.sha256(planted.encode()).digest()).exists()
    there = signed_in()
    token = there.cookies["yakuba_session"].value
    assert there.get("/").status_code == 200
    there.post("/sign-out")
    again = Client()
    again.cookies["yakuba_session"] = token
    assert again.get("/").status_code == 302


@pytest.mark.parametrize(
    "path",
    ["../settings.py", "..%2f..%2fsettings.py", "%2e%2e/%2e%2e/nodes/settings.py", "....//settings.py", "/etc/passwd", "web/../../x", "a%00.css", "\\..\\x"],
)  # fmt: skip
def test_no_file_beyond_the_static_ones(homes: tuple[Home, ...], signed_in: SignedIn, path: str) -> None:
    response = signed_in().get(f"/static/{path}")
    assert response.status_code in {400, 404}


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost:80@evil.example", "evil.example:localhost", ""]
)
def test_another_hosts_name_is_no_house(homes: tuple[Home, ...], signed_in: SignedIn, host: str) -> None:
    response = signed_in().get("/", headers={"host": host})
    assert response.status_code == 400
    assert "evil" not in response.content.decode()
