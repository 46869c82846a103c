"""The frame around every screen: who gets in, headers, menus, purpose, breakdowns."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.web.conftest import SignedIn

from yakuba.platform.access.duties import Duty


def test_home_offers_what_the_duties_allow(signed_in: SignedIn) -> None:
    page = signed_in(Duty.INQUIRY, Duty.REGISTRATION).get("/").content.decode()
    assert "転入届を始める" in page
    assert "操作履歴" not in page
    page = signed_in(Duty.AUDIT, login="kansa1").get("/").content.decode()
    assert "転入届を始める" not in page
    assert "操作履歴" in page


@pytest.mark.parametrize("path", ["/", "/residents/search", "/audit", "/jobs", "/settings/keys", "/residents/1"])
def test_without_session_a_page_asks_to_sign_in(town: None, web: object, path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in")


def test_search_page(signed_in: SignedIn) -> None:
    client = signed_in()
    assert client.get("/residents/search").status_code == 200
    response = client.post("/residents/search", {"q": "山田"}, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert "見つかりませんでした" in response.content.decode()
