"""The screens of applications and decisions, for a kind made up here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from tests.web.conftest import SignedIn

from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import kinds
from yakuba.platform.approvals.kinds import Kind, Step
from yakuba.platform.approvals.models import Application, Decision


@pytest.fixture
def kind() -> Iterator[Kind]:
    made = Kind(
        name="web_sample",
        title="見本の申請",
        applicant=(Duty.BULK,),
        steps=(Step(Duty.APPROVAL, "所属長の承認"), Step(Duty.INFORMATION_MANAGEMENT, "情報部門の確認")),
        describe=lambda payload: (("件数", f"{payload['rows']}件"),),
    )
    yield kinds.register(made)
    kinds._kinds.pop(made.name)


@pytest.fixture
def application(kind: Kind, town: None) -> Application:
    from datetime import UTC, datetime

    return Application.objects.create(
        kind=kind.name,
        about="list:1",
        payload={"rows": 12},
        account="ikkatsu1",
        office="100",
        applied_at=datetime(2026, 11, 20, 1, tzinfo=UTC),
    )


def act(client: Client, application: Application, name: str, reason: str = "") -> int:
    return client.post("/approvals", {"application": application.pk, "act": name, "reason": reason}).status_code


def test_whoever_decides_sees_what_he_decides(signed_in: SignedIn, application: Application) -> None:
    page = signed_in(Duty.APPROVAL, login="kacho1").get("/approvals").content.decode()
    assert "見本の申請" in page
    assert "12件" in page
    assert "所属長の承認" in page
    assert "12件" not in signed_in(Duty.INFORMATION_MANAGEMENT, login="joho1").get("/approvals").content.decode()


def test_two_persons_decide_and_the_applicant_reads_why(signed_in: SignedIn, application: Application) -> None:
    head, information = signed_in(Duty.APPROVAL, login="kacho1"), signed_in(Duty.INFORMATION_MANAGEMENT, login="joho1")
    assert act(head, application, "grant") == 302
    assert act(information, application, "refuse") == 422, "a refusal wants its reason"
    assert act(information, application, "refuse", "件数が多すぎます") == 302
    page = signed_in(Duty.BULK, login="ikkatsu1").get("/approvals").content.decode()
    assert "不承認" in page
    assert "件数が多すぎます" in page


def test_an_approval_is_taken_back_from_the_list(signed_in: SignedIn, application: Application) -> None:
    head, information = signed_in(Duty.APPROVAL, login="kacho1"), signed_in(Duty.INFORMATION_MANAGEMENT, login="joho1")
    act(head, application, "grant")
    act(information, application, "grant")
    assert "取り消す" in head.get("/approvals").content.decode()
    assert act(head, application, "revoke", "必要がなくなった") == 302
    application.refresh_from_db()
    assert application.state == "revoked"
    assert "取り消す" not in head.get("/approvals").content.decode()


def test_nobody_decides_his_own(signed_in: SignedIn, application: Application) -> None:
    own = signed_in(Duty.BULK, Duty.APPROVAL, login="ikkatsu1")
    assert act(own, application, "grant") == 403
    assert not Decision.objects.exists()
    assert act(own, application, "withdraw") == 302


def test_nonsense_is_refused_in_words(signed_in: SignedIn, application: Application) -> None:
    client = signed_in(Duty.APPROVAL, login="kacho1")
    assert act(client, application, "eat") == 422
    for number in ("", "x", "9" * 30, "-1"):
        assert client.post("/approvals", {"application": number, "act": "grant"}).status_code == 422
