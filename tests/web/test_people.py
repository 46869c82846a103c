"""Screens of people and rights: what each duty sees and does, forms with every finding, the enrolment."""

from __future__ import annotations

import hashlib
import re
from datetime import date

import pyotp
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.staff import employ, give
from tests.web.conftest import SignedIn

from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, DutyAssignment, Office, Session
from yakuba.platform.approvals.models import Application
from yakuba.platform.clock import FixedClock
from yakuba.platform.people import notices
from yakuba.platform.people.models import Enrolment, Notice, OfficeAffair, Person, Pledge, Post, Review, Training

PAGES = ("/people", "/people/register", "/people/personnel", "/people/review", "/people/rights")
ALLOWED = {
    "/people": {Duty.PERSONNEL, Duty.ADMINISTRATION, Duty.INFORMATION_MANAGEMENT, Duty.SECURITY, Duty.APPROVAL},
    "/people/register": {Duty.PERSONNEL},
    "/people/personnel": {Duty.PERSONNEL, Duty.INFORMATION_MANAGEMENT},
    "/people/review": {Duty.INFORMATION_MANAGEMENT, Duty.APPROVAL},
    "/people/rights": {Duty.PERSONNEL, Duty.ADMINISTRATION, Duty.INFORMATION_MANAGEMENT, Duty.SECURITY, Duty.APPROVAL},
}


@pytest.fixture
def worker(town: None) -> Person:
    Office.objects.get_or_create(code="110", defaults={"name": "税務課"})
    account = Account.objects.create(login="shokuin1", name="見本　はな子", office_id="100")
    person = employ(account)
    give(account, [Duty.INQUIRY])
    OfficeAffair.objects.create(
        office_id="100", affair="certificates", period=(date(2026, 4, 1), None), changed_by="tests",
        changed_at="2026-04-01T00:00:00Z",
    )  # fmt: skip
    return person


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("duty", sorted(Duty))
def test_each_page_is_for_its_duties(signed_in: SignedIn, worker: Person, page: str, duty: Duty):
    answer = signed_in(duty).get(page)
    assert answer.status_code == (200 if duty in ALLOWED[page] else 403)
    menu = signed_in(duty).get("/").content.decode()
    assert ('href="/people"' in menu) == (duty in ALLOWED["/people"])


def test_a_head_sees_his_own_offices_people(signed_in: SignedIn, worker: Person):
    client = signed_in(Duty.APPROVAL, login="kacho1")
    assert "見本　はな子" in client.get("/people").content.decode()
    Post.objects.filter(person=worker).update(office_id="110")
    assert "見本　はな子" not in client.get("/people?office=110").content.decode()
    assert client.get(f"/people/{worker.pk}").status_code == 404
    assert signed_in(Duty.SECURITY, login="anzen1").get(f"/people/{worker.pk}").status_code == 200
    assert client.get("/people/404").status_code == 404


def test_a_person_begins_pledges_and_is_trained(signed_in: SignedIn, worker: Person):
    client = signed_in(Duty.PERSONNEL, login="jinji1")
    wrong = client.post("/people/register", {"act": "engage", "number": "", "name": "", "kind": "x", "start": "きのう"})
    assert wrong.status_code == 422
    assert "任用の種類が選ばれていません" in wrong.content.decode()
    given = {
        "act": "engage",
        "number": "3001",
        "name": "見本　新人",
        "kind": "regular",
        "office": "110",
        "start": "2026-11-20",
    }
    assert "見本　新人さんを登録しました" in client.post("/people/register", given).content.decode()
    page = client.get("/people?q=3001").content.decode()
    assert "誓約書・研修なし" in page
    assert client.post("/people/3001", {"act": "pledge", "signed_on": "令和8年11月19日"}).status_code == 302
    done = client.post(
        "/people/register",
        {"act": "training", "title": "研修", "held_on": "2026-11-19", "numbers": f"3001、{worker.pk}"},
    )
    assert "2人の受講を記録しました" in done.content.decode()
    assert Pledge.objects.filter(person="3001").exists()
    assert Training.objects.filter(person="3001").exists()
    roster = {
        "act": "roster", "contract": "K1", "office": "100", "start": "2026-04-01", "end": "2027-03-31",
        "workers": "X1,見本　一郎\r\nX2，見本　二郎\r\n",
    }  # fmt: skip
    assert "追加2人" in client.post("/people/register", roster).content.decode()
    assert client.post("/people/register", {"act": "nothing"}).status_code == 422


def test_rights_are_applied_for_decided_and_revoked(signed_in: SignedIn, worker: Person):
    head = signed_in(Duty.APPROVAL, login="kacho1")
    page = f"/people/{worker.pk}"
    given = {
        "act": "grant", "affair": "certificates", "duty": ["certificate"], "start": "2026-11-20T12:00", "end": "",
        "reason": "窓口",
    }  # fmt: skip
    assert head.post(page, {**given, "start": "いつか"}).status_code == 422
    assert head.post(page, {**given, "affair": "batches", "duty": ["bulk"]}).status_code == 422
    assert head.post(page, given).status_code == 302
    information = signed_in(Duty.INFORMATION_MANAGEMENT, login="joho1")
    assert "見本　はな子" in information.get("/approvals").content.decode()
    application = Application.objects.get()
    assert information.post("/approvals", {"act": "grant", "application": application.pk}).status_code == 302
    right = DutyAssignment.objects.get(duty="certificate")
    shown = information.get(page).content.decode()
    assert "証明発行" in shown
    assert "periods__right" in shown
    assert information.post(page, {"act": "revoke", "right": [right.pk], "reason": ""}).status_code == 422
    assert information.post(page, {"act": "revoke", "right": [right.pk], "reason": "確認のため"}).status_code == 302
    assert head.post(page, {"act": "return", "right": [right.pk], "reason": "二度"}).status_code == 422
    assert head.post(page, {"act": "what"}).status_code == 422


def test_a_code_is_shown_once_and_enrols(signed_in: SignedIn, worker: Person, web: FixedClock):
    Account.objects.filter(login="shokuin1").update(substitute_until=date.max)
    administrator = signed_in(Duty.ADMINISTRATION, login="kanri1")
    page = f"/people/{worker.pk}"
    shown = administrator.post(page, {"act": "code"}).content.decode()
    assert "登録コード" in shown
    row = Enrolment.objects.get()

    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", shown)
    assert code is not None
    assert bytes(row.code_hash) == hashlib.sha256(code.group().replace("-", "").encode()).digest()
    assert code.group() not in administrator.get(page).content.decode()
    client = Client()
    assert client.get("/enrol/factor").headers["Location"] == "/enrol"
    assert client.post("/enrol/key").status_code == 401
    given = {"login": "shokuin1", "code": "x", "password": "短い", "again": "違う"}
    assert client.post("/enrol", given).status_code == 422
    given = {"login": "shokuin1", "code": code.group(), "password": "短い", "again": "違う"}
    wrong = client.post("/enrol", given).content.decode()
    assert "パスワードの長さ" in wrong
    assert "二度の入力が違います" in wrong
    given |= {"password": "青い山と白い川と広い野原", "again": "青い山と白い川と広い野原"}
    assert client.post("/enrol", given).headers["Location"] == "/enrol/factor"
    assert client.get("/people").status_code == 302  # enrolling is not signing in
    page_ = client.get("/enrol/factor").content.decode()
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page_)
    assert secret is not None
    assert client.post("/enrol/factor", {"code": "000000"}).status_code == 422

    right = pyotp.TOTP(secret.group(1).replace(" ", "")).at(web.now())
    assert "登録できました" in client.post("/enrol/factor", {"code": right}).content.decode()
    assert Account.objects.get(login="shokuin1").has_usable_password()
    assert not Session.objects.filter(account__login="shokuin1").exists()
    assert client.get("/enrol/factor").headers["Location"] == "/enrol"


def test_accounts_are_suspended_and_opened_again(signed_in: SignedIn, worker: Person):
    administrator = signed_in(Duty.ADMINISTRATION, login="kanri1")
    page = f"/people/{worker.pk}"
    assert administrator.post(page, {"act": "suspend", "reason": ""}).status_code == 422
    assert administrator.post(page, {"act": "suspend", "reason": "紛失"}).status_code == 302
    assert "停止中" in administrator.get(page).content.decode()
    assert administrator.post(page, {"act": "open", "reason": "見つかった"}).status_code == 302
    assert "停止中" not in administrator.get(page).content.decode()


def upload(client: Client, content: bytes, manifest: bytes, act: str) -> str:
    files = {"file": SimpleUploadedFile("a.csv", content), "manifest": SimpleUploadedFile("a.json", manifest)}
    return client.post("/people/personnel", {"act": act, **files}).content.decode()


def test_a_personnel_file_is_tried_taken_and_resolved(signed_in: SignedIn, worker: Person):
    client = signed_in(Duty.PERSONNEL, login="jinji1")
    rows = (f"J-1,{worker.pk},見本　はな子,退職,2026-11-20,,,", "J-2,404,見本　だれか,退職,2026-11-20,,,")
    content = "\r\n".join((",".join(notices.HEADER), *rows, "")).encode()
    manifest = notices.manifest_of(content, 1, date(2026, 11, 20))
    assert "二つとも選んでください" in client.post("/people/personnel", {"act": "take"}).content.decode()
    assert "送り状と違います" in upload(client, content + b"\n", manifest, "take")
    assert "試しに読みました" in upload(client, content, manifest, "try")
    assert not Notice.objects.exists()
    assert "取り込みました: 2件、うち受け付けない行 1件" in upload(client, content, manifest, "take")
    refused = Notice.objects.get(state="refused")
    assert "この番号の人は登録されていません" in client.get("/people/personnel").content.decode()
    assert client.post("/people/personnel", {"act": "resolve", "id": refused.pk, "resolution": ""}).status_code == 422
    assert (
        client.post("/people/personnel", {"act": "resolve", "id": refused.pk, "resolution": "誤り"}).status_code == 302
    )
    assert client.post("/people/personnel", {"act": "x"}).status_code == 422
    assert '未解決の行 <span class="number">0</span>件' in client.get("/people/personnel").content.decode()


def test_a_review_is_opened_answered_and_closed(signed_in: SignedIn, worker: Person):
    information = signed_in(Duty.INFORMATION_MANAGEMENT, login="joho1")
    assert information.post("/people/review", {"act": "open", "deadline": "きのう"}).status_code == 422
    assert information.post("/people/review", {"act": "open", "deadline": "2026-12-04"}).status_code == 302
    head = signed_in(Duty.APPROVAL, login="kacho1")
    page = head.get("/people/review").content.decode()
    assert "見本　はな子" in page
    items = list(Review.objects.get().items.exclude(assignment__account__login="kacho1"))
    own = Review.objects.get().items.filter(assignment__account__login="kacho1")
    answers = {f"item-{item.pk}": "confirm" for item in items}
    assert information.post("/people/review", {"act": "close"}).status_code == 422
    assert (
        head.post("/people/review", {"act": "decide", **{f"item-{item.pk}": "confirm" for item in own}}).status_code
        == 422
        or not own
    )
    assert head.post("/people/review", {"act": "decide", **answers}).status_code == 302
    assert "引き続き必要" in head.get("/people/review").content.decode()
    assert head.post("/people/review", {"act": "x"}).status_code == 422


def test_the_table_of_rights_is_kept_by_the_administrator(signed_in: SignedIn, worker: Person):
    administrator = signed_in(Duty.ADMINISTRATION, login="kanri1")
    page = administrator.get("/people/rights").content.decode()
    assert "matrix__allowed" in page
    given = {"act": "take_on", "office": "110", "affair": "protection", "day": "2026-11-20"}
    assert administrator.post("/people/rights", given).status_code == 302
    assert administrator.post("/people/rights", given).status_code == 422
    assert administrator.post("/people/rights", {**given, "act": "lay_down"}).status_code == 302
    assert administrator.post("/people/rights", {**given, "act": "x"}).status_code == 422
    assert signed_in(Duty.APPROVAL, login="kacho1").post("/people/rights", given).status_code == 403
