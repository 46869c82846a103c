"""The screens of 庁内連携, from the registration of offices to the record of a reading."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.test import Client
from tests.web.conftest import SignedIn

from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Office, Session, Terminal
from yakuba.platform.approvals.models import Application
from yakuba.platform.linkage import reading
from yakuba.platform.linkage.models import Assignment, Grant, GrantEnd

PROVISION = "kadoma:residents:t:schedule:23"


def of_office(client: Client, login: str, office: str) -> Client:
    """The person sits at a terminal of that office: acts are attributed to the terminal's."""
    terminal, _ = Terminal.objects.get_or_create(
        code=f"T{office}", defaults={"name": office, "office_id": office, "network": "127.0.0.0/8"}
    )
    Session.objects.filter(account__login=login).update(terminal=terminal)
    return client


@pytest.fixture
def information(signed_in: SignedIn) -> Client:
    Office.objects.bulk_create([Office(code="200", name="情報政策課"), Office(code="300", name="保護課")])
    return of_office(signed_in(Duty.INFORMATION_MANAGEMENT, login="joho1"), "joho1", "200")


@pytest.fixture
def clerk(information: Client, signed_in: SignedIn) -> Client:
    return of_office(signed_in(Duty.LINKAGE, login="hogo1"), "hogo1", "300")


@pytest.fixture
def named(information: Client) -> None:
    for form in (
        {"role": "owner", "office": "100", "view": "residents:basic"},
        {"role": "recipient", "office": "300", "provision": PROVISION},
    ):
        assert information.post("/linkage/offices", {"start": "令和8年4月1日", "holds": "1", **form}).status_code == 302


def application_form(**more: Any) -> dict[str, Any]:
    return {
        "provision": PROVISION,
        "view": "residents:basic",
        "items": ["name", "birth"],
        "purpose": "保護の決定のため",
        "system": "welfare",
        "method": "in_house",
        "start": "令和8年11月20日",
        "end": "2027-03-31",
        **more,
    }


def test_offices_are_registered_with_every_finding(information: Client) -> None:
    page = information.post(
        "/linkage/offices", {"role": "owner", "office": "999", "view": "nothing", "start": "いつか"}
    )
    assert page.status_code == 422
    assert "いつからを年月日として読めません" in page.content.decode()
    page = information.post(
        "/linkage/offices", {"role": "owner", "office": "999", "view": "nothing", "start": "R8.4.1"}
    )
    assert "部署が登録されていません" in page.content.decode()
    assert "この連携データはありません" in page.content.decode()
    assert not Assignment.objects.exists()


def test_a_differing_division_is_confirmed(information: Client) -> None:
    form = {"role": "recipient", "office": "200", "provision": PROVISION, "start": "2026-04-01", "holds": "1"}
    page = information.post("/linkage/offices", form)
    assert page.status_code == 422
    assert "LNK-W-024" in page.content.decode()
    assert information.post("/linkage/offices", {**form, "confirmed": "LNK-W-024"}).status_code == 302


def test_from_the_application_to_its_end(
    named: None, clerk: Client, information: Client, signed_in: SignedIn, make_desk: Any
) -> None:
    head = signed_in(Duty.APPROVAL, login="kacho1")
    page = clerk.get("/linkage/apply").content.decode()
    assert "生活保護法" in page
    assert "基本4情報" in page
    assert clerk.post("/linkage/apply", application_form()).status_code == 302
    application = Application.objects.get()
    for decider in (head, information):
        assert "保護の決定のため" in decider.get("/approvals").content.decode()
        assert decider.post("/approvals", {"application": application.pk, "act": "grant"}).status_code == 302
    grant = Grant.objects.get()
    page = clerk.get("/linkage").content.decode()
    assert "利用できます" in page
    assert "氏名、生年月日" in page

    desk = replace(make_desk({Duty.LINKAGE}, account="hogo1"), office="300")
    reading.read(desk, grant.pk, "residents:basic", [7], ["name"], system="welfare", case="保護R8-77")
    officer = signed_in(Duty.DISCLOSURE, login="kaiji1")
    page = officer.get("/linkage/records?subject=7").content.decode()
    assert "保護R8-77" in page
    assert "生活保護法" not in page.split("<table>")[0]
    assert "この条件の記録はありません" in officer.get("/linkage/records?subject=8").content.decode()
    assert officer.get("/linkage/records?subject=x&first=いつか").status_code == 422

    assert clerk.post(f"/linkage/grants/{grant.pk}/end", {"act": "give_up", "reason": ""}).status_code == 422
    assert clerk.post(f"/linkage/grants/{grant.pk}/end", {"act": "give_up", "reason": "終了"}).status_code == 302
    assert GrantEnd.objects.get().account == "hogo1"
    assert "利用終了" in clerk.get("/linkage?ended=1").content.decode()
    assert "利用の承認はありません" in clerk.get("/linkage").content.decode()


def test_a_refused_form_keeps_what_was_typed(named: None, clerk: Client) -> None:
    page = clerk.post("/linkage/apply", application_form(items=[], end="2030-01-01", system="portal"))
    text = page.content.decode()
    assert page.status_code == 422
    for said in (
        "項目が選ばれていません",
        "期間が長すぎます",
        "接続は認められていません",
        "保護の決定のため",
        "2030-01-01",
    ):
        assert said in text


def test_an_own_affair_is_applied_for(named: None, clerk: Client) -> None:
    form = {
        "dataset": "residents", "ordinance": "", "affair": "", "items": ["name"], "method": "in_house",
        "start": "2026-12-01", "end": "",
    }  # fmt: skip
    page = clerk.post("/linkage/affair", form)
    assert page.status_code == 422
    assert "根拠となる条例の条項がありません" in page.content.decode()
    form |= {"ordinance": "見本市番号利用条例 別表第一 1の項", "affair": "福祉タクシー券の交付"}
    assert clerk.post("/linkage/affair", form).status_code == 302
    assert Application.objects.get().payload["start"] == date(2026, 12, 1).isoformat()


@pytest.mark.parametrize("address", ["/linkage/apply", "/linkage/affair", "/linkage/records", "/linkage/offices"])
def test_screens_are_of_their_duty(signed_in: SignedIn, address: str) -> None:
    assert signed_in(Duty.CERTIFICATE, login="shomei1").get(address).status_code == 403


def test_the_matrix_is_shown(information: Client) -> None:
    page = information.get("/linkage/connections").content.decode()
    assert "既存住民基本台帳システム" in page
    assert "片方だけに記載がある組合せ" in page
