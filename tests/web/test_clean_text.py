"""A NUL stays outside, wherever a request carries it."""

from __future__ import annotations

import pytest
from tests.web.conftest import SignedIn, signed_in, web

__all__ = ["signed_in", "web"]  # fixtures


@pytest.mark.parametrize(
    ("address", "body", "content_type"),
    [
        ("/residents/search", "q=%00", "application/x-www-form-urlencoded"),
        ("/residents/search?for=%00", "q=a", "application/x-www-form-urlencoded"),
        ("/residents/search", "%00=a", "application/x-www-form-urlencoded"),
        ("/sign-in", "login=a%00&password=b", "application/x-www-form-urlencoded"),
        ("/api/residents/search", r'{"text": "\u0000"}', "application/json"),
        ("/api/filings/a%00b", "{}", "application/json"),
    ],
)
def test_a_nul_is_refused_in_words(signed_in: SignedIn, address: str, body: str, content_type: str) -> None:
    response = signed_in().post(address, body, content_type=content_type)
    assert response.status_code == 400
    told = response.json()["findings"][0]["code"] if address.startswith("/api/") else response.content.decode()
    assert "WEB-E-401" in told or "文字として扱えない符号" in told


def test_a_text_without_one_passes(signed_in: SignedIn) -> None:
    client = signed_in()
    assert (
        client.post("/api/residents/search", r'{"text": "\u898b\u672c"}', content_type="application/json").status_code
        == 200
    )
    assert client.post("/residents/search", {"q": "見本", "offset": "²"}).status_code == 200
    assert client.post("/residents/search", {"q": "見本", "offset": "9" * 5_000}).status_code == 200
