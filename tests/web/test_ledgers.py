"""The screens of 運用管理: forms made from what a kind declares, cases worked to their end, what is late on the first screen."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.web.conftest import SignedIn

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.approvals import services as approvals
from yakuba.platform.clock import FixedClock
from yakuba.platform.ledgers.kinds import kinds
from yakuba.platform.ledgers.models import Case, Entry

INCIDENT = {
    "title": "一覧の誤送付",
    "known_at": "2026-11-20T09:15",
    "layer": "house",
    "files": "住民基本台帳ファイル",
    "scope": "見本",
    "persons": "12",
    "grounds": ["over_hundred", "open_to_many"],
    "actions": "回収を始めた",
}


@pytest.fixture
def officer(signed_in: SignedIn) -> Client:
    return signed_in(Duty.SECURITY, login="sekinin1")


@pytest.mark.parametrize("name", sorted(name for name, kind in kinds().items() if not kind.per_office))
def test_each_kind_has_its_form_and_its_list(name: str, signed_in: SignedIn) -> None:
    client = signed_in(*kinds()[name].handled_by, login="dare1")
    page = client.get(f"/ledgers/new/{name}").content.decode()
    for field in kinds()[name].fields:
        assert f'name="{field.name}"' in page
        assert field.label in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    refused = client.post(f"/ledgers/new/{name}", {"title": "件名"})
    assert refused.status_code == 422
    assert 'value="件名"' in refused.content.decode()
    assert client.get(f"/ledgers/kinds/{name}").status_code == 200
    assert client.get(f"/ledgers/kinds/{name}?all=1").status_code == 200


@pytest.mark.req("OPS-004")
def test_an_incident_from_its_report_to_its_end(officer: Client, signed_in: SignedIn, web: FixedClock) -> None:
    answer = officer.post("/ledgers/new/incident", INCIDENT)
    assert answer.status_code == 302
    case = Case.objects.get()
    page = officer.get(answer["Location"]).content.decode()
    assert "個人情報保護委員会への速報" in page
    assert "2026-11-24" in page
    refused = officer.post(f"/ledgers/{case.pk}", {"act": "prompt_report", "receipt": "<b>R-1</b>"})
    assert refused.status_code == 422
    assert "&lt;b&gt;R-1&lt;/b&gt;" in refused.content.decode()
    web.moment += timedelta(days=6)
    officer = signed_in(Duty.SECURITY, login="sekinin1")
    home = officer.get("/").content.decode()
    assert re.search(r"期限超過</span></td>\s*<th scope=\"row\">個人情報保護委員会への速報", home)
    assert f'href="/ledgers/{case.pk}"' in home
    assert officer.get("/ledgers").content.decode().count("期限超過") >= 2
    paper = {"document": "写し", "place": "文書庫 1-2"}
    for act, form in {
        "notify": {"done_at": "2026-11-20T10:00", "to": "責任者"},
        "prompt_report": {"done_at": "2026-11-25T10:00", "receipt": "R-1", **paper},
        "final_report": {"done_at": "2026-11-26T10:00", "receipt": "R-2", **paper},
        "notice": {"persons": "12", "way": "郵送"},
        "prevention": {"cause": "取違え", "measures": "二人で確かめる"},
    }.items():
        assert officer.post(f"/ledgers/{case.pk}", {"act": act, **form}).status_code == 302, act
    page = officer.get(f"/ledgers/{case.pk}").content.decode()
    assert "事案を終える" in page
    assert "添付: 写し（文書庫 1-2）" in page
    assert officer.post(f"/ledgers/{case.pk}", {"act": "close", "note": "終えた"}).status_code == 302
    assert "終結の申請: 決裁中" in officer.get(f"/ledgers/{case.pk}").content.decode()
    head = signed_in(Duty.APPROVAL, login="kacho1")
    listed = head.get("/approvals").content.decode()
    assert "運用管理の事案の終結" in listed
    desk = Desk("kacho1", "見本", "100", "T01", Purpose.SYSTEM, frozenset({Duty.APPROVAL}), web)
    (waiting,) = approvals.waiting_for(desk)
    approvals.decide(desk, waiting.application.pk, grant=True)
    assert "終わった事案" in officer.get(f"/ledgers/{case.pk}").content.decode()
    assert officer.post(f"/ledgers/{case.pk}", {"act": "notify"}).status_code == 422


@pytest.mark.req("OPS-005", "POPS-001")
def test_a_self_check_is_asked_and_answered(officer: Client, signed_in: SignedIn) -> None:
    page = officer.get("/ledgers/self-check").content.decode()
    assert "評価書 III" in page
    assert officer.get("/ledgers/new/self_check")["Location"] == "/ledgers/self-check"
    assert officer.post("/ledgers/self-check", {"until": "いつか", "offices": ["100"]}).status_code == 422
    answer = officer.post("/ledgers/self-check", {"until": "", "offices": ["100"]})
    assert answer.status_code == 302
    case = Case.objects.get()
    head = signed_in(Duty.APPROVAL, login="kacho1")
    page = head.get(answer["Location"]).content.decode()
    assert page.count('<select name="result:') == len(case.checklist)
    partial = {"act": "answer", "checked_on": "2026-11-20", f"result:{case.checklist[0]['key']}": "bad"}
    refused = head.post(answer["Location"], partial)
    assert refused.status_code == 422
    assert '<option value="bad" selected>' in refused.content.decode()
    whole = {f"result:{item['key']}": "good" for item in case.checklist}
    assert head.post(answer["Location"], partial | whole).status_code == 302
    assert Entry.objects.filter(act="close").exists()
    assert f"適合 {len(case.checklist)}件" in officer.get(answer["Location"]).content.decode()


def test_a_clerk_sees_nothing_of_it(signed_in: SignedIn) -> None:
    clerk = signed_in(Duty.INQUIRY, Duty.REGISTRATION)
    for address in ("/ledgers", "/ledgers/kinds/incident", "/ledgers/1"):
        assert clerk.get(address).status_code == 403, address
    home = clerk.get("/").content.decode()
    assert "期限のある務め" not in home
    assert 'href="/ledgers"' not in home
    assert clerk.post("/ledgers/new/incident", INCIDENT).status_code == 403


def test_reports_against_the_log_and_the_state_of_backups(
    signed_in: SignedIn, officer: Client, tmp_path: Path, settings: object
) -> None:
    auditor = signed_in(Duty.AUDIT, login="kansa1")
    auditor.get("/audit")
    page = auditor.get("/ledgers/contractors?account=kansa1&first=2026-11-20&last=2026-11-20").content.decode()
    assert '<span class="tag tag--bad">2026-11-20</span>' in page
    assert 'href="/audit?account=kansa1&amp;first=2026-11-20' in page
    assert auditor.get("/ledgers/contractors?account=kansa1&first=xx").status_code == 422
    assert "バックアップ" not in auditor.get("/ledgers").content.decode()
    settings.DATA = tmp_path  # type: ignore[attr-defined]
    assert "バックアップはまだありません。" in officer.get("/ledgers").content.decode()
    (tmp_path / "backup.yaml").write_text("at: noon")
    assert "設定を直してください" in officer.get("/ledgers").content.decode()
    assert officer.get("/ledgers/contractors").status_code == 403
