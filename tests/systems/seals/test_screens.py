"""The seal registry's screens, by a browser's requests."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.web.conftest import signed_in, web

from yakuba.platform.access.duties import Duty
from yakuba.sandbox.seal_pictures import draw
from yakuba.systems.seals import services
from yakuba.systems.seals.models import Card, Registration, SealApplication

__all__ = ["signed_in", "web"]  # fixtures
pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]


def scan(text: str = "見本", seed: int = 1) -> SimpleUploadedFile:
    return SimpleUploadedFile("seal.png", draw(text, seed), content_type="image/png")


def test_from_the_application_to_the_certificate(signed_in: SignedIn, family: Any) -> None:
    clerk, reviewer = signed_in(login="madoguchi1"), signed_in(login="shinsa1")
    page = clerk.get(f"/seals/apply?person={family[0]:015d}").content.decode()
    assert "見本　太郎" in page
    form = {
        "key": re.search(r'name="key" value="([^"]+)"', page)[1],  # type: ignore[index]
        "person": f"{family[0]:015d}", "engraving_text": "見本", "material": "1", "applicant_kind": "1",
        "applicant_name": "見本　太郎", "identity_method": "1", "identity_documents": ["driving-licence"],
    }  # fmt: skip
    refused = clerk.post("/seals/apply", form)
    assert refused.status_code == 422
    assert "画像" in refused.content.decode()
    answer = clerk.post("/seals/apply", form | {"picture": scan()})
    assert answer.status_code == 302
    address = answer["Location"]
    assert "審査待ち（1件）" in reviewer.get("/seals/").content.decode()
    assert "data:image/png;base64," in reviewer.get(address).content.decode()
    own = clerk.post(address, {"act": "approve"})
    assert own.status_code == 422
    assert reviewer.post(address, {"act": "approve"}).status_code == 302
    registration, card = Registration.objects.get(), Card.objects.get()
    page = clerk.get(f"/seals/persons/{family[0]:015d}").content.decode()
    assert f"{registration.number:08d}" in page
    assert f"{card.number:08d}" in page
    found = clerk.post("/seals/", {"number": f"{card.number:08d}"})
    assert found["Location"] == f"/seals/persons/{family[0]:015d}"
    assert clerk.post("/seals/", {"number": "12345678"}).status_code == 422
    asked = {
        "key": str(uuid.uuid4()), "card_number": f"{card.number:08d}", "shown": "card", "holder_birth": "S55.4.12",
        "requester_kind": "1", "requester_name": "見本　太郎",
    }  # fmt: skip
    assert "data:image/png" in clerk.post("/seals/certificates/new", asked | {"act": "preview"}).content.decode()
    assert "発行しました" in clerk.post("/seals/certificates/new", asked | {"act": "issue"}).content.decode()
    assert clerk.post("/seals/certificates/issue.pdf", asked).content.startswith(b"%PDF")
    wrong = clerk.post(
        "/seals/certificates/new", asked | {"act": "issue", "key": str(uuid.uuid4()), "holder_birth": "x"}
    )
    assert wrong.status_code == 422


@pytest.mark.req("INKAN-008")
def test_the_residents_screen_says_whether_a_seal_is_registered(
    signed_in: SignedIn, family: Any, register_seal: Any
) -> None:
    reader = signed_in(Duty.INQUIRY)
    address = f"/residents/{family[0]:015d}"
    assert "印鑑の登録</dt><dd>なし" in reader.get(address).content.decode()
    number = register_seal(family[0]).number
    page = reader.get(address).content.decode()
    assert "印鑑の登録</dt><dd>あり" in page
    assert f"登録番号</dt><dd>{number:08d}" in page
    assert f"/seals/persons/{family[0]:015d}" in page
    stranger = signed_in(Duty.AUDIT, login="kansa1")
    assert stranger.get(address).status_code == 403
    assert stranger.get(f"/seals/persons/{family[0]:015d}").status_code == 403
    assert f"/seals/persons/{family[0]:015d}" in signed_in(login="s").post("/residents/search", {"q": "見本", "for": "seal"}).content.decode()  # fmt: skip


def test_stop_release_abolish_and_letters(
    signed_in: SignedIn, clerk: Any, family: Any, register_seal: Any, seal_form: Any
) -> None:
    register_seal(family[0])
    first, second = signed_in(login="madoguchi1"), signed_in(login="shinsa1")
    address = f"/seals/persons/{family[0]:015d}"
    assert first.post(address, {"act": "stop", "reason": "2", "comment": "盗難"}).status_code == 302
    assert "発行停止中" in first.get(address).content.decode()
    assert second.post(address, {"act": "release", "comment": ""}).status_code == 422
    assert second.post(address, {"act": "release", "comment": "発見"}).status_code == 302
    assert first.post(address, {"act": "nonsense"}).status_code == 422
    holder = {"applicant_kind": "1", "applicant_name": "見本　太郎", "identity_documents": ["driving-licence"]}
    assert second.post(address, holder | {"act": "reissue", "card_returned": "1"}).status_code == 302
    assert first.post(address, holder | {"act": "abolish", "reason": "01"}).status_code == 302
    assert Registration.objects.get().end_reason == "01"
    assert "廃止" in first.get("/seals/statistics").content.decode()
    receipt = services.apply(clerk, seal_form(family[1], engraving_text="花子", identity_method="3"), draw("花子", 2))
    letter = f"/seals/applications/{receipt.application}"
    assert "照会書の回答待ち（1件）" in first.get("/seals/").content.decode()
    assert first.post(f"{letter}/inquiry.pdf").content.startswith(b"%PDF")
    answer = {
        "act": "answer",
        "answered_on": "2026-11-20",
        "seal_matches": "1",
        "identity_documents": ["driving-licence"],
    }
    assert first.post(letter, answer).status_code == 302
    assert second.post(letter, {"act": "return", "comment": "印影が不鮮明"}).status_code == 302
    assert SealApplication.objects.get(pk=receipt.application).state == "returned"


def test_a_protected_persons_address_is_not_shown(
    signed_in: SignedIn, clerk: Any, make_desk: Any, family: Any, register_seal: Any, seal_form: Any
) -> None:
    from tests.systems.seals.test_certificates import protect

    card = register_seal(family[0]).card
    letter = services.apply(clerk, seal_form(family[1], engraving_text="花子", identity_method="3"), draw("花子", 2))
    protect(make_desk(account="hogo1"), *family)
    client = signed_in(*(set(Duty) - {Duty.PROTECTION, Duty.PROTECTION_RELEASE}), login="madoguchi1")
    page = client.get(f"/seals/persons/{family[0]:015d}").content.decode()
    assert "表示できません" in page
    assert "支援措置" in page
    asked = {
        "key": str(uuid.uuid4()), "card_number": f"{card:08d}", "shown": "card", "holder_birth": "S55.4.12",
        "requester_kind": "1", "requester_name": "見本　太郎",
    }  # fmt: skip
    answers = [
        client.get("/seals/"),
        client.post("/seals/", {"number": f"{card:08d}"}),
        client.get(f"/seals/apply?person={family[2]:015d}"),
        client.get(f"/seals/applications/{letter.application}"),
        client.post(f"/seals/applications/{letter.application}", {"act": "answer", "answered_on": "2026-11-20"}),
        client.post(f"/seals/applications/{letter.application}/inquiry.pdf"),
        client.post("/seals/certificates/new", asked | {"act": "preview"}),
        client.post("/seals/certificates/new", asked | {"act": "issue"}),
        client.get(f"/api/seals/persons/{family[0]}"),
        client.post("/api/seals/applications", seal_form(family[2]) | {"picture": ""}, content_type="application/json"),
    ]
    for told in (page, *(answer.content.decode() for answer in answers)):
        assert not [secret for secret in ("１番１号", "朝日町", "北町") if secret in told]
    assert [answer.status_code for answer in answers[-5:-2]] == [422, 422, 422], (
        "no letter, no trial print, no certificate"
    )


def test_the_same_by_json(signed_in: SignedIn, family: Any, seal_form: Any) -> None:
    clerk, reviewer = signed_in(login="madoguchi1"), signed_in(login="shinsa1")

    def post(client: Client, path: str, body: dict[str, Any]) -> Any:
        return client.post(f"/api/seals{path}", body, content_type="application/json")

    form = seal_form(family[0]) | {"picture": base64.b64encode(draw("見本", 1)).decode()}
    filed = post(clerk, "/applications", form)
    assert (filed.status_code, filed.json()["state"]) == (201, "waiting")
    assert post(clerk, "/applications", form).status_code == 200
    for picture in ("?", "", 3):
        refused = post(clerk, "/applications", form | {"key": str(uuid.uuid4()), "picture": picture})
        assert refused.status_code == 422
        assert "SEAL-E-032" in {finding["code"] for finding in refused.json()["findings"]}
    done = post(reviewer, f"/applications/{filed.json()['application']}/approve", {}).json()
    record = clerk.get(f"/api/seals/persons/{family[0]}").json()
    assert record["registrations"][0]["number"] == done["number"]
    asked = {
        "key": str(uuid.uuid4()), "card_number": done["card"], "shown": "card", "holder_birth": "1980-04-12",
        "requester_kind": "1", "requester_name": "見本　太郎",
    }  # fmt: skip
    paper = post(clerk, "/certificates", asked)
    assert (paper.status_code, paper.content[:4]) == (201, b"%PDF")
    assert post(clerk, f"/persons/{family[0]}/stop", {"reason": "1"}).status_code == 204
    assert post(clerk, "/certificates", asked).json()["findings"][0]["code"] == "SEAL-E-082"
    assert post(clerk, f"/persons/{family[0]}/release", {"comment": "x"}).status_code == 422, "by who stopped it"
    assert post(reviewer, f"/persons/{family[0]}/release", {"comment": "申出"}).status_code == 204
    holder = {
        "person": family[0],
        "applicant_kind": "1",
        "applicant_name": "見本　太郎",
        "identity_documents": ["passport"],
    }
    assert post(clerk, "/abolitions", holder).status_code == 204
    assert Registration.objects.get().end_reason == "01"
    assert post(signed_in(Duty.AUDIT, login="kansa1"), "/abolitions", holder).status_code == 403
