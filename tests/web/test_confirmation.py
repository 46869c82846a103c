"""個人番号 is shown to whoever has the duty and showed the second factor just now; everybody else sees the other data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.test import Client

from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, Session
from yakuba.platform.access.sign_in import totp_context
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.vault import sealing
from yakuba.systems.residents import services

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SignedIn = Callable[..., Client]
SECRET = "JBSWY3DPEHPK3PXP" * 2


@pytest.fixture
def person(town: None, make_desk: Callable[..., Any], move_in: Callable[..., dict[str, Any]]) -> tuple[int, str]:
    """A registered person: 宛名番号, and the digits of the 個人番号."""
    form = move_in()
    receipt = services.file(make_desk(account="x"), "move_in", form)
    number = services.approve(make_desk(account="shinsa1"), receipt.filing).persons[0]
    return number, form["persons"][0]["individual_number"]


def _spaced(digits: str) -> str:
    return f"{digits[:4]} {digits[4:8]} {digits[8:]}"


def _ask(client: Client, number: int, **headers: str) -> tuple[int, str]:
    answer = client.post(f"/residents/{number}/individual-number", headers=headers)
    return answer.status_code, answer.content.decode()


@pytest.mark.req("SEC-T-001")
def test_the_number_wants_a_second_factor_shown_just_now(
    signed_in: SignedIn, person: tuple[int, str], web: FixedClock
) -> None:
    number, digits = person
    client = signed_in()
    Account.objects.update(
        totp_sealed=sealing.seal(totp_context("madoguchi1"), SECRET.encode()), substitute_until=web.now().date()
    )
    Session.objects.update(confirmed_at=None)
    status, text = _ask(client, number, **HTMX)
    assert status == 422
    assert 'href="/confirm"' in text
    assert _spaced(digits) not in text
    assert not Entry.objects.filter(operation="view_number", result="done").exists()

    wrong = client.post("/confirm", {"code": "000000"})
    assert wrong.status_code == 422
    assert _ask(client, number)[0] == 422
    right = client.post("/confirm", {"code": pyotp.TOTP(SECRET).at(web.now())}, follow=True)
    assert "本人を確認しました" in right.content.decode()
    status, text = _ask(client, number, **HTMX)
    assert status == 200
    assert _spaced(digits) in text
    entry = Entry.objects.get(operation="view_number", result="done")
    assert entry.subjects == [number]
    assert entry.purpose == "move_filing"

    web.advance(timedelta(minutes=6))
    status, text = _ask(client, number)
    assert status == 422
    assert 'href="/confirm"' in text


@pytest.mark.req("SEC-T-002", "SEC-C-001")
def test_two_people_at_one_page_and_the_number_for_one(signed_in: SignedIn, person: tuple[int, str]) -> None:
    number, digits = person
    for duties, is_shown in (((), True), (set(Duty) - {Duty.INDIVIDUAL_NUMBER}, False)):
        client = signed_in(*duties, login="madoguchi2" if duties else "madoguchi1")
        page = client.get(f"/residents/{number}").content.decode()
        assert "見本" in page
        assert ("表示する（記録されます）" in page) is is_shown
        assert digits not in page
        assert _spaced(digits) not in page
        status, text = _ask(client, number)
        assert (status == 200) is is_shown
        assert (_spaced(digits) in text) is is_shown
    denied = Entry.objects.filter(result="denied").latest("id")
    assert denied.account == "madoguchi2"
    assert denied.target == "duty:individual_number"
