"""The screens of 授受, media and books."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.web.conftest import SignedIn

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals.models import Application
from yakuba.platform.handover import outgoing
from yakuba.platform.handover.models import Inbound, Item, Medium, MediumAct, Release
from yakuba.platform.handover.outgoing import Counts, Order

PASSPHRASE = "見本の長い合言葉です。12"
CONTENT = "番号\r\n1\r\n".encode()


@pytest.fixture
def information(signed_in: SignedIn) -> Client:
    client = signed_in(Duty.INFORMATION_MANAGEMENT, login="joho1")
    form = {"code": "itaku", "name": "見本委託先", "certificate": "", "act": "name"}
    assert client.post("/handover/correspondents", form).status_code == 302
    return client


@pytest.fixture
def clerk(information: Client, signed_in: SignedIn) -> Client:
    return signed_in(Duty.HANDOVER, login="juju1")


@pytest.fixture
def desk(clerk: Client, make_desk: Any) -> Desk:
    made: Desk = make_desk({Duty.HANDOVER}, account="juju1")
    return made


def prepared(desk: Desk, persons: int = 1) -> Any:
    def write(target: Any) -> Counts:
        target.write(CONTENT)
        return Counts(1, persons)

    order = Order(source="residents", name="見本.csv", correspondent="itaku", purpose="印刷のため", law="契約第3条")
    return outgoing.prepare(desk, order, write)


def test_from_the_prepared_file_to_its_receipt(clerk: Client, desk: Desk) -> None:
    draft = prepared(desk)
    assert "印刷のため" in clerk.get("/handover").content.decode()
    page = clerk.post(f"/handover/drafts/{draft.pk}", {"act": "release", "passphrase": "short"})
    assert page.status_code == 422
    assert "12字以上のパスフレーズ" in page.content.decode()
    assert clerk.post(f"/handover/drafts/{draft.pk}", {"act": "release", "passphrase": PASSPHRASE}).status_code == 302
    release = Release.objects.get()
    answer = clerk.get(f"/handover/releases/{release.pk}/file")
    sealed = b"".join(answer.streaming_content)
    assert answer["Content-Disposition"] == f'attachment; filename="{release.pk}.ykh"'
    assert hashlib.sha256(sealed).hexdigest() == release.sealed_sha256
    wrong = {"outcome": "received", "person": "見本係", "sha256": "0" * 64}
    page = clerk.post(f"/handover/releases/{release.pk}/receipt", wrong)
    assert page.status_code == 422
    assert "渡したファイルと違います" in page.content.decode()
    assert clerk.post(f"/handover/releases/{release.pk}/receipt", {"outcome": "x"}).status_code == 422
    right = wrong | {"sha256": release.sealed_sha256}
    assert clerk.post(f"/handover/releases/{release.pk}/receipt", right).status_code == 302
    assert "見本係" in clerk.get("/handover").content.decode()
    assert clerk.get("/handover?first=いつか").status_code == 422


def test_much_data_waits_for_somebody_else(clerk: Client, desk: Desk, signed_in: SignedIn) -> None:
    draft = prepared(desk, 500)
    assert "決裁中" in clerk.get("/handover").content.decode()
    form = {"act": "release", "passphrase": PASSPHRASE}
    assert clerk.post(f"/handover/drafts/{draft.pk}", form).status_code == 422
    head = signed_in(Duty.APPROVAL, login="kacho1")
    assert "500人" in head.get("/approvals").content.decode()
    head.post("/approvals", {"application": Application.objects.get().pk, "act": "grant"})
    assert clerk.post(f"/handover/drafts/{draft.pk}", form).status_code == 302
    assert clerk.post(f"/handover/drafts/{draft.pk}", {"act": "discard", "reason": "x"}).status_code == 422


def test_a_draft_is_thrown_away_with_its_reason(clerk: Client, desk: Desk) -> None:
    draft = prepared(desk)
    assert clerk.post(f"/handover/drafts/{draft.pk}", {"act": "discard", "reason": ""}).status_code == 422
    assert clerk.post(f"/handover/drafts/{draft.pk}", {"act": "discard", "reason": "誤り"}).status_code == 302
    assert "渡す前のファイルはありません" in clerk.get("/handover").content.decode()


def test_a_sealed_file_is_received_and_refused(clerk: Client, desk: Desk, tmp_path: Any) -> None:
    release = outgoing.release(desk, prepared(desk).pk, target=tmp_path / "x.ykh", passphrase=PASSPHRASE)
    assert release.sealed_bytes == (tmp_path / "x.ykh").stat().st_size
    form = {"correspondent": "itaku", "purpose": "確認", "way": "network", "medium": "", "passphrase": PASSPHRASE}

    def send(content: bytes, **more: Any) -> int:
        return clerk.post(
            "/handover/inbound", {**form, **more, "file": SimpleUploadedFile("県.csv", content)}
        ).status_code  # fmt: skip

    assert send(CONTENT) == 422, "unprotected"
    assert send((tmp_path / "x.ykh").read_bytes(), passphrase="別の長い合言葉です。12") == 422
    assert clerk.post("/handover/inbound", form).status_code == 422
    assert send((tmp_path / "x.ykh").read_bytes()) == 302
    inbound = Inbound.objects.get()
    assert "取込み待ち" in clerk.get("/handover").content.decode()
    assert clerk.post(f"/handover/inbound/{inbound.pk}/refuse", {"reason": ""}).status_code == 422
    assert clerk.post(f"/handover/inbound/{inbound.pk}/refuse", {"reason": "様式が違う"}).status_code == 302
    assert "様式が違う" in clerk.get("/handover").content.decode()


def test_media_from_application_to_disposal(clerk: Client, information: Client, desk: Desk) -> None:
    form = {
        "act": "apply", "label": "USB-1", "serial": "SN1", "kind": "USB", "accounts": "juju1、", "terminals": "T01",
        "start": "R8.11.20", "end": "令和9年3月31日", "purpose": "県への提出",
    }  # fmt: skip
    page = clerk.post("/handover/media", form)
    assert page.status_code == 422
    assert "保護機能がない媒体は使えません" in page.content.decode()
    assert clerk.post("/handover/media", form | {"has_security": "1"}).status_code == 302
    information.post("/approvals", {"application": Application.objects.get().pk, "act": "grant"})
    medium = Medium.objects.get()
    assert "USB-1" in clerk.get("/handover/media").content.decode()
    MediumAct.objects.create(medium=medium, act="written", account="juju1", terminal="T01", at=desk.now)
    assert "までに消去" in clerk.get("/handover/media").content.decode()
    act = {"medium": medium.pk, "method": "上書き", "reason": "故障"}
    assert clerk.post("/handover/media", {**act, "act": "erase"}).status_code == 302
    assert clerk.post("/handover/media", {**act, "act": "dispose"}).status_code == 422
    assert clerk.post("/handover/media", {**act, "act": "apply_disposal"}).status_code == 302


def test_the_book_of_forms(clerk: Client) -> None:
    form = {"act": "enter", "number": "R8-1", "title": "転入届", "count": "10", "holder": "市民課", "place": "棚1"}
    assert clerk.post("/handover/ledgers/forms", form).status_code == 422
    assert clerk.post("/handover/ledgers/forms", form | {"keep_until": "令和8年3月31日"}).status_code == 302
    item = Item.objects.get()
    assert "期限超過" in clerk.get("/handover/ledgers/forms").content.decode()
    step = {"act": "record", "item": item.pk, "count": "10", "step": "disposed"}
    assert clerk.post("/handover/ledgers/forms", step).status_code == 422
    assert clerk.post("/handover/ledgers/forms", {**step, "step": "x"}).status_code == 422
    assert clerk.post("/handover/ledgers/forms", {**step, "method": "溶解"}).status_code == 302
    assert "溶解" in clerk.get("/handover/ledgers/forms?ended=1").content.decode()
    for name in ("contractor", "disks"):
        assert clerk.get(f"/handover/ledgers/{name}").status_code == 200


@pytest.mark.parametrize(
    "address", ["/handover", "/handover/media", "/handover/ledgers/forms", "/handover/correspondents"]
)
def test_screens_are_of_their_duty(signed_in: SignedIn, address: str) -> None:
    assert signed_in(Duty.CERTIFICATE, login="shomei1").get(address).status_code == 403


def test_other_duties_read_the_book(clerk: Client, desk: Desk, information: Client, signed_in: SignedIn) -> None:
    outgoing.release(desk, prepared(desk).pk, passphrase=PASSPHRASE)
    for client in (information, signed_in(Duty.AUDIT, login="kansa1"), signed_in(Duty.SECURITY, login="anzen1")):
        page = client.get("/handover").content.decode()
        assert "見本委託先" in page
        assert "取りやめる" not in page
