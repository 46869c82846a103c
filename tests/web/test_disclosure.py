"""The screens of requests, inquiries, numbers and files, and the public page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pypdfium2 as pdfium
import pytest
from django.test import Client
from tests.django_fixtures import NOON
from tests.systems.residents.conftest import individual_number, register_form, reviewer
from tests.web.conftest import SignedIn

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.approvals.models import Application
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.disclosure.models import Case, Inquiry, NumberChange, Withholding
from yakuba.platform.protection import flags
from yakuba.platform.protection.exits import Way
from yakuba.platform.protection.flags import FlagOrder
from yakuba.platform.protection.policy import FlagKind

__all__ = ["register_form", "reviewer"]
ADDRESS, PHONE, MATTER = "門真市秘密町９番", "0600009999", "秘密荘に移った経過"


@pytest.fixture
def clerk(town: None, make_desk: Any) -> Desk:
    """For the registry's fixtures."""
    made: Desk = make_desk(account="madoguchi1")
    return made


@pytest.fixture
def family(register_form: Any, move_in: Any, clock: FixedClock) -> tuple[int, ...]:
    clock.advance(-timedelta(days=1))
    persons: tuple[int, ...] = register_form("move_in", move_in(notified_on="2026-11-19"))
    clock.advance(timedelta(days=1))
    return persons


@pytest.fixture
def officer(signed_in: SignedIn) -> Client:
    return signed_in(Duty.DISCLOSURE, Duty.INDIVIDUAL_NUMBER, login="kaiji1")


@pytest.fixture
def head(signed_in: SignedIn) -> Client:
    return signed_in(Duty.APPROVAL, login="kacho1")


def form(subject: int, **more: Any) -> dict[str, Any]:
    return {
        "received_on": "令和8年11月20日", "channel": "counter", "form_type": "prescribed", "requester": "person",
        "requester_name": "見本　花子", "requester_address": ADDRESS, "requester_phone": PHONE, "subject": str(subject),
        "matter": MATTER, "documents": ["driving_licence"], **more,
    }  # fmt: skip


def received(officer: Client, subject: int, **more: Any) -> Case:
    answer = officer.post("/disclosure/new/disclosure", form(subject, **more))
    assert answer.status_code == 302, answer.content.decode()
    return Case.objects.latest("pk")


def page_of(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.req("DISC-001", "DISC-T-001", "SEC-C-017")
def test_a_request_from_the_counter_to_the_copy(officer: Client, head: Client, family: tuple[int, ...]) -> None:
    empty = officer.post("/disclosure/new/disclosure", form(family[1], matter="", documents=[]))
    assert empty.status_code == 422
    assert all(
        text in page_of(empty)
        for text in ("請求の対象（保有個人情報を特定するに足りる事項）がありません", "本人確認書類が確認されていません")
    )
    case = received(officer, family[1])
    listed = page_of(officer.get("/disclosure"))
    assert all(text in listed for text in (case.number, "見本　花子", "令和8年12月21日", "受付・調査中"))
    at = f"/disclosure/{case.pk}"
    shown = page_of(officer.get(at))
    assert all(text in shown for text in ("第77条", "運転免許証", ADDRESS, "決定の伺い", "補正を求める"))
    assert officer.post(f"{at}/ask_amendment", {"text": "対象の年度", "by": "いつか"}).status_code == 422
    assert officer.post(f"{at}/ask_amendment", {"text": "対象の年度", "by": "R8.12.4"}).status_code == 302
    assert officer.post(f"{at}/amend", {"text": "令和八年度"}).status_code == 302
    assert officer.post(f"{at}/propose", {"outcome": "full"}).status_code == 422
    proposal = {"outcome": "partial", "grounds": ["third_party"], "reason": "世帯主の氏名のため"}
    assert officer.post(f"{at}/propose", proposal).status_code == 302
    waiting = page_of(head.get("/approvals"))
    assert "開示・訂正・利用停止の決定" in waiting
    assert ADDRESS not in waiting
    assert "決裁中の伺い" in page_of(head.get(at))  # who decides looks at it, and decides elsewhere
    application = Application.objects.get(kind="disclosure")
    assert (
        head.post("/approvals", {"act": "grant", "application": str(application.pk), "reason": ""}).status_code == 302
    )
    assert officer.post(f"{at}/notify").status_code == 302
    preview = officer.post(f"{at}/preview.pdf")
    assert preview["Content-Type"] == "application/pdf"
    with pdfium.PdfDocument(preview.content) as drawn:
        sides = len(drawn)
    order = {"method": "copy", "delivery": "counter", "sides": str(sides)}
    assert officer.post(f"{at}/order", order).status_code == 302
    assert officer.post(f"{at}/document.pdf").status_code == 422
    assert f"費用を収納する（{10 * sides}円）" in page_of(officer.get(at))
    assert officer.post(f"{at}/pay", {"amount_yen": str(10 * sides), "payment": "cash"}).status_code == 302
    assert officer.post(f"{at}/document.pdf").content.startswith(b"%PDF")
    assert officer.post(f"{at}/execute", {"text": ""}).status_code == 302
    assert "請求はありません" in page_of(officer.get("/disclosure"))
    assert "完了" in page_of(officer.get("/disclosure?ended=1"))
    # Who decides does so among all applications.
    purposes = Entry.objects.filter(detail__case=f"disclosure:{case.pk}").values_list("purpose", flat=True)
    assert set(purposes) == {Purpose.DISCLOSURE, Purpose.SYSTEM}


def test_what_is_overdue_is_said(
    officer: Client, family: tuple[int, ...], web: FixedClock, signed_in: SignedIn
) -> None:
    received(officer, family[1])
    web.advance(timedelta(days=32))
    later = signed_in(Duty.DISCLOSURE, login="kaiji2")
    assert "期限を過ぎた請求が1件あります" in page_of(later.get("/disclosure"))


@pytest.mark.parametrize("kind", ["correction", "suspension"])
def test_a_correction_and_a_suspension_name_their_disclosure(
    officer: Client, family: tuple[int, ...], kind: str
) -> None:
    given = form(family[1], claim="誤りを直す", reason="違うから")
    assert "開示を受けた日がありません" in page_of(officer.post(f"/disclosure/new/{kind}", given))
    assert officer.post(f"/disclosure/new/{kind}", given | {"disclosed_on": "R8.11.2"}).status_code == 302
    case = Case.objects.get()
    assert "実施方法の申出" not in page_of(officer.get(f"/disclosure/{case.pk}"))
    assert officer.post(f"/disclosure/{case.pk}/order", {"method": "view", "delivery": "counter"}).status_code == 422
    for name in ("extend", "investigate", "transfer"):
        assert officer.post(f"/disclosure/{case.pk}/{name}", {"text": "見本の理由"}).status_code == 302, name
    assert officer.post(f"/disclosure/{case.pk}/no_such_act").status_code == 404


def test_a_warning_is_confirmed_on_the_form(officer: Client, family: tuple[int, ...]) -> None:
    free = form(family[1], form_type="free")
    blank = page_of(officer.get("/disclosure/new/disclosure"))
    assert 'name="issued_mandate" type="text" value=""' in blank
    answer = officer.post("/disclosure/new/disclosure", free)
    assert answer.status_code == 422
    assert 'value="DSC-W-006"' in page_of(answer)
    assert officer.post("/disclosure/new/disclosure", free | {"confirmed": ["DSC-W-006"]}).status_code == 302


def test_where_a_protected_requester_lives_is_not_on_the_screens(
    officer: Client, family: tuple[int, ...], make_desk: Any, signed_in: SignedIn
) -> None:
    case = received(officer, family[1])
    assert officer.post(f"/disclosure/{case.pk}/investigate", {"text": MATTER}).status_code == 302
    flags.set_flags(
        make_desk({Duty.PROTECTION}, account="shien1"),
        FlagOrder(
            subjects=(family[1],), kind=FlagKind.SUPPORT, ways=tuple(Way), starts_on=NOON.date(),
            last_day=NOON.date() + timedelta(days=30), reason="見本",
        ),
    )  # fmt: skip
    for address in ("/disclosure", f"/disclosure/{case.pk}", "/disclosure/numbers"):
        told = page_of(officer.get(address))
        assert [secret for secret in (ADDRESS, PHONE, MATTER) if secret in told] == [], address
    assert "⚠ 支援措置対象者" in page_of(officer.get(f"/disclosure/{case.pk}"))
    carer = signed_in(Duty.DISCLOSURE, Duty.PROTECTION, login="shien2")
    assert ADDRESS in page_of(carer.get(f"/disclosure/{case.pk}"))


def test_notices_in_writing(officer: Client, head: Client, family: tuple[int, ...], make_desk: Any) -> None:
    case = received(officer, family[1])
    at = f"/disclosure/{case.pk}"

    def letter(name: str) -> str:
        answer = officer.post(f"{at}/letters/{name}.pdf")
        assert answer["Content-Type"] == "application/pdf", page_of(answer)
        with pdfium.PdfDocument(answer.content) as drawn:
            return re.sub(r"\s", "", "".join(page.get_textpage().get_text_bounded() for page in drawn))

    for name in ("decision", "extension", "amendment"):
        assert officer.post(f"{at}/letters/{name}.pdf").status_code == 422, name
    assert officer.post(f"{at}/ask_amendment", {"text": "対象の年度", "by": "R8.12.4"}).status_code == 302
    assert all(text in letter("amendment") for text in ("第77条第3項", "対象の年度", "令和8年12月4日"))
    assert officer.post(f"{at}/amend", {"text": "令和八年度"}).status_code == 302
    assert officer.post(f"{at}/extend", {"text": "記録が多いため"}).status_code == 302
    assert all(
        text in letter("extension") for text in ("第83条第2項", "令和9年1月19日", "記録が多いため", "見本花子様")
    )
    proposal = {"outcome": "none", "grounds": ["harm"], "reason": "本人の安全のため"}
    assert officer.post(f"{at}/propose", proposal).status_code == 302
    application = Application.objects.get(kind="disclosure")
    grant = {"act": "grant", "application": str(application.pk), "reason": ""}
    assert head.post("/approvals", grant).status_code == 302
    told = letter("decision")
    for text in (
        "保有個人情報開示決定通知書",
        "第82条",
        "開示しない",
        "第78条第1項第1号",
        "本人の安全のため",
        "三月以内",
        "門真市長",
    ):
        assert text in told, text
    assert ADDRESS not in told
    assert "決定通知書" in page_of(officer.get(at))
    flags.set_flags(
        make_desk({Duty.PROTECTION}, account="shien1"),
        FlagOrder(
            subjects=(family[1],), kind=FlagKind.SUPPORT, ways=tuple(Way), starts_on=NOON.date(),
            last_day=NOON.date() + timedelta(days=30), reason="見本",
        ),
    )  # fmt: skip
    assert officer.post(f"{at}/letters/decision.pdf").status_code == 422
    assert "決定通知書" not in page_of(officer.get(at))


def test_others_see_nothing(signed_in: SignedIn, officer: Client, family: tuple[int, ...]) -> None:
    case = received(officer, family[1])
    other = signed_in(Duty.INQUIRY, login="madoguchi5")
    for address in ("/disclosure", f"/disclosure/{case.pk}", "/disclosure/new/disclosure", "/disclosure/inquiries", "/disclosure/numbers", "/disclosure/files"):  # fmt: skip
        assert other.get(address).status_code == 403, address
    assert officer.get("/disclosure/999999").status_code == 422


@pytest.mark.req("DISC-004", "DISC-T-005", "SEC-C-018")
def test_slips_on_the_screen(officer: Client, signed_in: SignedIn, web: FixedClock) -> None:
    assert (
        officer.post("/disclosure/inquiries", {"act": "receive", "channel": "telephone", "text": ""}).status_code == 422
    )
    asked = {"act": "receive", "channel": "telephone", "text": "名簿が見えていた"}
    assert officer.post("/disclosure/inquiries", asked).status_code == 302
    slip = Inquiry.objects.get()
    told = page_of(officer.get("/disclosure/inquiries"))
    assert f"受付票 第{slip.pk}号" in told
    assert "経過 0時間" in told
    closing = {"act": "close", "slip": str(slip.pk)}
    assert "回答の記録がないうちは終了できません" in page_of(officer.post("/disclosure/inquiries", closing))
    serious = {"act": "serious", "slip": str(slip.pk), "text": "画面に他人の氏名"}
    assert officer.post("/disclosure/inquiries", serious).status_code == 302
    security = signed_in(Duty.SECURITY, login="security1")
    assert "通報を受理する" in page_of(security.get("/disclosure/inquiries"))
    assert security.post("/disclosure/inquiries", {"act": "taken", "slip": str(slip.pk)}).status_code == 302
    web.advance(timedelta(days=8))
    later = signed_in(Duty.DISCLOSURE, login="kaiji3")
    assert "事実確認の期限を過ぎた重大な事案が1件あります" in page_of(later.get("/disclosure/inquiries"))


def test_a_number_is_never_on_the_screen(officer: Client, head: Client, family: tuple[int, ...]) -> None:
    apply = {
        "act": "apply", "subject": str(family[0]), "name": "見本　太郎", "requester": "person", "reason": "通知書を盗まれた",
        "documents": ["driving_licence"],
    }  # fmt: skip
    assert officer.post("/disclosure/numbers", apply | {"reason": individual_number(1)}).status_code == 422
    assert officer.post("/disclosure/numbers", apply).status_code == 302
    change = NumberChange.objects.get()
    assert "盗まれた" not in page_of(head.get("/approvals"))
    seen = page_of(head.get("/disclosure/numbers"))
    assert "盗まれた" in seen
    assert "決裁を申請する" not in seen
    decision = {"act": "refuse", "application": str(change.application_id), "reason": "おそれがない"}
    assert head.post("/approvals", decision).status_code == 302
    assert "通知して終える" in page_of(officer.get("/disclosure/numbers"))
    ending = {"act": "refuse", "change": str(change.pk), "reason": "漏えいが確認できない"}
    assert officer.post("/disclosure/numbers", ending).status_code == 302
    told = page_of(officer.get("/disclosure/numbers"))
    assert "漏えいが確認できない" in told
    assert individual_number(1) not in told


def test_what_is_withheld_leaves_the_published_register(officer: Client, town: None) -> None:
    client = Client()
    assert "戸籍" not in page_of(officer.get("/disclosure/files"))
    item = "国籍・在留資格"
    assert item in page_of(client.get("/public/personal-data"))
    given = {"file": "residents", "item": item, "reason": "支障がある", "start": "R8.11.20", "act": "withhold"}
    assert officer.post("/disclosure/files", given | {"reason": ""}).status_code == 422
    assert officer.post("/disclosure/files", given).status_code == 302
    assert item not in page_of(client.get("/public/personal-data"))
    assert "不記載：支障がある" in page_of(officer.get("/disclosure/files"))
    assert Withholding.objects.count() == 1


@pytest.mark.req("DISC-005", "PDISC-001")
def test_everybody_finds_the_way_and_the_forms(town: None, web: FixedClock) -> None:
    client = Client()
    told = page_of(client.get("/public/personal-data"))
    assert all(text in told for text in ("総務部 総務課", "第77条", "片面一枚10円", "30日以内"))
    links = re.findall(r'href="(/public/personal-data/forms/[a-z]+\.pdf)"', told)
    assert len(links) == 4
    for link in links:
        answer = client.get(link)
        with pdfium.PdfDocument(answer.content) as drawn:
            assert len(drawn) == 1, link
            text = re.sub(r"\s", "", drawn[0].get_textpage().get_text_bounded())
        assert "門真市長様" in text
        assert "発行番号" not in text
    assert client.get("/public/personal-data/forms/other.pdf").status_code == 404
