"""The JSON API: the same duties and findings, with the statuses that programs expect."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.web.conftest import SignedIn

from yakuba.platform.access.duties import Duty

Form = Callable[..., dict[str, Any]]


def post(client: Client, path: str, body: object) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json")


def test_from_filing_to_paper(signed_in: SignedIn, move_in: Form) -> None:
    clerk, reviewer = signed_in(login="madoguchi1"), signed_in(login="shinsa1")
    form = move_in()
    filed = post(clerk, "/api/filings/move_in", form)
    assert filed.status_code == 201
    again = post(clerk, "/api/filings/move_in", form)
    assert (again.status_code, again.json()["filing"], again.json()["repeated"]) == (200, filed.json()["filing"], True)
    own = post(clerk, f"/api/filings/{filed.json()['filing']}/approve", {})
    assert (own.status_code, own.json()["findings"][0]["code"]) == (422, "RES-E-150")
    approved = post(reviewer, f"/api/filings/{filed.json()['filing']}/approve", {"comment": "確認"})
    assert approved.status_code == 200
    twice = post(reviewer, f"/api/filings/{filed.json()['filing']}/approve", {})
    assert (twice.status_code, twice.json()["findings"][0]["code"]) == (409, "RES-E-154")

    found = post(clerk, "/api/residents/search", {"text": "みほん S55.4.12"}).json()
    assert [hit["name"] for hit in found["hits"]] == ["見本　太郎"]
    number = found["hits"][0]["number"]
    record = clerk.get(f"/api/residents/{number}").json()
    assert record["items"]["birth"] == "昭和55年4月12日"
    assert "individual_number" not in record["items"]
    paper = post(
        clerk,
        "/api/certificates",
        {
            "kind": "individual_copy", "persons": [number], "key": form["key"], "requester_kind": "self",
            "requester_name": "見本　太郎", "requester_person": number, "use_purpose": "就職", "destination": "会社",
            "identity_documents": ["driving-licence"],
        },
    )  # fmt: skip
    assert paper.status_code == 201, paper.content
    assert paper.content.startswith(b"%PDF-")
    assert paper["X-Issue-Number"]


def test_findings_all_at_once(signed_in: SignedIn, move_in: Form) -> None:
    form = move_in(moved_on="2027-01-01", identity_documents=[], address={"code": "1", "banchi": ""})
    answer = post(signed_in(), "/api/filings/move_in", form)
    assert answer.status_code == 422
    fields = {finding["field"] for finding in answer.json()["findings"]}
    assert {"moved_on", "identity_documents", "address.code", "address.banchi"} <= fields
    assert all(
        set(f) == {"code", "field", "message", "remedy", "severity", "article"} for f in answer.json()["findings"]
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/residents/search", {"text": "あ" * 101}),
        ("/api/residents/search", {"text": "見本", "purpose": "curiosity"}),
        ("/api/filings/3/approve", {"comment": "あ" * 401}),
        ("/api/filings/move_in", []),
        ("/api/filings/unknown", {}),
        ("/api/residents/search", {}),
    ],
)
def test_malformed_input_is_refused_with_findings(signed_in: SignedIn, path: str, body: object) -> None:
    answer = post(signed_in(), path, body)
    assert answer.status_code == 422
    assert answer.json()["findings"]


def test_statuses_of_strangers(town: None, web: object, signed_in: SignedIn) -> None:
    assert post(Client(), "/api/residents/search", {"text": "見本"}).status_code == 401
    auditor = signed_in(Duty.AUDIT, login="kansa1")
    denied = post(auditor, "/api/residents/search", {"text": "見本"})
    assert (denied.status_code, denied.json()["findings"][0]["code"]) == (403, "ACC-E-001")


def test_a_forged_request_is_refused(signed_in: SignedIn) -> None:
    token = signed_in().cookies["yakuba_session"].value
    stranger = Client(enforce_csrf_checks=True)
    stranger.cookies["yakuba_session"] = token
    answer = post(stranger, "/api/residents/search", {"text": "見本"})
    assert answer.status_code == 403
    assert answer.json()["findings"][0]["code"] == "API-E-002"


def test_description_is_for_administrators(signed_in: SignedIn) -> None:
    for path in ("/api/docs", "/api/openapi.json"):
        assert signed_in(Duty.ADMINISTRATION, login="kanri1").get(path).status_code == 200
        assert signed_in(Duty.INQUIRY).get(path).status_code == 403
        assert Client().get(path).status_code == 401
