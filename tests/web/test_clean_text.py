"""A NUL, and half of a surrogate pair, stay outside, wherever a request carries it."""

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
        ("/api/certificates", r'{"requester_name": "\ud800"}', "application/json"),
        ("/api/certificates", r'{"items": ["\uDFFF見"]}', "application/json"),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(
    signed_in: SignedIn, address: str, body: str, content_type: str
) -> None:
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
    assert (
        client.post("/api/residents/search", r'{"text": "\ud842\udfb7"}', content_type="application/json").status_code
        == 200
    )
    assert client.post("/residents/search", {"q": "見本", "offset": "²"}).status_code == 200
    assert client.post("/residents/search", {"q": "見本", "offset": "9" * 5_000}).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        '"items": true',
        '"items": [true]',
        '"identity_documents": 5',
        '"identity_documents": [{}]',
        '"persons": [1e999]',
        '"requester_person": 1e999',
    ],
)
def test_a_paper_is_not_asked_for_with_other_things_than_lists_of_texts(signed_in: SignedIn, wrong: str) -> None:
    response = signed_in().post("/api/certificates", "{" + wrong + "}", content_type="application/json")
    assert response.status_code == 422
    assert wrong.split('"')[1] in {finding["field"] for finding in response.json()["findings"]}
