"""The officer's screens over HTTP: who sees them, what they show, what a form does, and that each look is logged."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.web.conftest import SignedIn

from yakuba.platform.access.desk import system_desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Account
from yakuba.platform.audit import log, monitoring
from yakuba.platform.audit.log import Operation, Result
from yakuba.platform.audit.models import Concern, Entry, Inspection, Mark, Step, Usage, UsageApproval
from yakuba.platform.clock import JAPAN, FixedClock
from yakuba.web import audit_log

FRIDAY = datetime(2026, 11, 20, tzinfo=JAPAN)


@pytest.fixture
def day(town: None, clock: FixedClock) -> FixedClock:
    """A clerk's day with a look before dawn, a search with its filing and one without; inspected on Saturday morning."""
    Account.objects.create(login="clerk", name="見本　花子", office_id="100")

    def write(operation: Operation, hour: float, *subjects: int, **more: Any) -> None:
        fields: dict[str, Any] = {
            "at": FRIDAY + timedelta(hours=hour), "account": "clerk", "terminal": "T01", "office": "100",
            "purpose": "certificate", "operation": operation, "result": Result.DONE, "subjects": subjects, **more,
        }  # fmt: skip
        log.append(log.Act(**fields))

    write(Operation.SIGN_IN, 5, detail={"step": "key"})
    write(Operation.VIEW, 5.5, 7, target="person")
    write(Operation.SEARCH, 9, 8, target="residents", detail={"name": "=1+1"})
    write(Operation.FILE, 9.2, 8, target="filing:12")
    write(Operation.SEARCH, 10, 9, target="=cmd")
    write(Operation.SIGN_OUT, 11)
    clock.moment = FRIDAY + timedelta(days=1, hours=9)
    monitoring.inspect(system_desk("inspection", {Duty.AUDIT, Duty.INQUIRY}, clock), FRIDAY.date())
    return clock


def looks(account: str) -> list[str]:
    return list(Entry.objects.filter(account=account).order_by("id").values_list("target", flat=True))


@pytest.mark.parametrize(
    ("method", "path", "duties"),
    [
        ("GET", "/audit/activity", {Duty.AUDIT}), ("POST", "/audit/export", {Duty.AUDIT}),
        ("GET", "/audit/concerns", {Duty.AUDIT}), ("GET", "/audit/concerns/1", {Duty.AUDIT}),
        ("POST", "/audit/concerns/1", {Duty.AUDIT}), ("POST", "/audit/concerns/raise", {Duty.AUDIT}),
        ("GET", "/audit/inspections", {Duty.AUDIT}), ("POST", "/audit/inspections", {Duty.AUDIT}),
        ("GET", "/section", {Duty.APPROVAL}), ("POST", "/section", {Duty.APPROVAL}),
        ("GET", "/usage", {Duty.AUDIT, Duty.SECURITY}), ("POST", "/usage", {Duty.SECURITY}),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(sorted(value)),
)  # fmt: skip
def test_each_screen_wants_its_duty(signed_in: SignedIn, day: FixedClock, method: str, path: str, duties: set[Duty]):
    client = signed_in(*(set(Duty) - duties), login="nobody")
    data = {"state": "asked", "act": "mark", "text": "x", "usage": "1"}
    answer = client.generic(method, path) if method == "GET" else client.post(path, data)
    assert answer.status_code == 403, answer.content.decode()[:300]
    assert Entry.objects.filter(account="nobody", result=Result.DENIED).exists()


@pytest.mark.req("LOG-001", "LOG-003")
def test_who_looked_at_a_person_and_what_a_clerk_did(signed_in: SignedIn, day: FixedClock):
    client = signed_in(Duty.AUDIT, login="officer")
    page = client.get("/audit", {"subject": "8"}).content.decode()
    assert "2件" in page
    assert '<a href="/residents/filings/12">受付12</a>' in page
    page = client.get("/audit", {"account": "clerk", "operation": "search"}).content.decode()
    assert page.count('class="changed"') == 1, "the search without an application stands out"
    assert looks("officer") == ["audit", "audit"]


@pytest.mark.req("LOG-011")
def test_the_history_as_a_file_says_who_took_what(signed_in: SignedIn, day: FixedClock):
    client = signed_in(Duty.AUDIT, login="officer")
    answer = client.post("/audit/export", {"account": "clerk"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="audit-20261121.csv"' in answer["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == list(audit_log.HEADER)
    assert [row[6] for row in rows[1:]] == ["サインイン", "照会", "検索", "届出・申請の入力", "検索", "サインアウト"]
    assert [row[10] for row in rows[1:]] == ["", "なし", "filing:12", "", "なし", ""]
    assert rows[5][9] == "'=cmd", "no cell is a formula"
    entry = Entry.objects.filter(account="officer").latest("id")
    assert (entry.operation, entry.detail["rows"]) == ("export", 6)
    assert entry.detail["sha256"] == hashlib.sha256(answer.content).hexdigest()


def test_a_file_of_too_many_rows_is_refused(signed_in: SignedIn, day: FixedClock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audit_log, "EXPORTED", 5)
    client = signed_in(Duty.AUDIT, login="officer")
    assert "証明付きの書出し" in client.post("/audit/export", {"account": "clerk"}).content.decode()
    assert client.post("/audit/export", {"first": "昨日"}).status_code == 422


def test_the_picture_counts_by_clerk_and_hour(signed_in: SignedIn, day: FixedClock):
    client = signed_in(Duty.AUDIT, login="officer")
    answer = client.get("/audit/activity", {"account": "clerk"})
    (row,) = answer.context["rows"]
    assert {hour: count for hour, count in enumerate(row.clerk.hours) if count} == {5: 2, 9: 2, 10: 1, 11: 1}
    page = answer.content.decode()
    assert "<svg" in page
    assert "見本　花子" in page
    assert page.count('class="activity__cell"') == 4
    assert "style=" not in page
    assert "この条件の記録はありません" in client.get("/audit/activity", {"account": "404"}).content.decode()
    assert client.get("/audit/activity", {"first": "x"}).status_code == 422


def test_a_concern_goes_from_the_officer_to_the_section_and_back(signed_in: SignedIn, day: FixedClock):
    concern = Concern.objects.get(rule="out_of_hours")
    officer, head = signed_in(Duty.AUDIT, login="officer"), signed_in(Duty.APPROVAL, login="head")
    assert "夜間・休日の操作" in officer.get("/audit/concerns").content.decode()
    address = f"/audit/concerns/{concern.pk}"
    page = officer.get(address).content.decode()
    assert "所属に報告を依頼" in page
    assert "所属の回答あり" not in page, "the section's answer is not the officer's to give"
    wrong = officer.post(address, {"state": "asked", "text": " "})
    assert wrong.status_code == 422
    assert "内容が入力されていません" in wrong.content.decode()
    assert officer.post(address, {"text": "x"}).status_code == 422
    assert officer.post(address, {"state": "asked", "text": "目的を報告してください"}).status_code == 302
    page = head.get("/section").content.decode()
    assert "目的を報告してください" in page
    assert head.post("/section", {"act": "answer", "number": concern.pk, "text": "早朝の災害対応"}).status_code == 302
    assert head.post("/section", {"act": "answer", "number": concern.pk, "text": "もう一度"}).status_code == 422
    assert (
        officer.post(address, {"state": "explained", "text": "対応記録と一致", "case": "防災第3号"}).status_code == 302
    )
    page = officer.get(address).content.decode()
    assert "防災第3号" in page
    assert [step.state for step in Step.objects.order_by("pk")] == ["asked", "answered", "explained"]
    assert f'href="{address}"' not in officer.get("/audit/concerns").content.decode()
    assert f'href="{address}"' in officer.get("/audit/concerns", {"all": "on"}).content.decode()


def test_a_concern_is_raised_from_the_list(signed_in: SignedIn, day: FixedClock):
    client = signed_in(Duty.AUDIT, login="officer")
    entry = Entry.objects.get(account="clerk", target="=cmd")
    answer = client.post("/audit/concerns/raise", {"entry": [entry.pk], "text": "聞き取りが要る"})
    assert answer.status_code == 302
    assert client.get(answer["Location"]).status_code == 200
    assert client.post("/audit/concerns/raise", {"entry": ["x"], "text": "x"}).status_code == 422
    assert client.get("/audit/concerns/404").status_code == 422


def test_results_are_marked_by_officer_and_section(signed_in: SignedIn, day: FixedClock):
    officer, head = signed_in(Duty.AUDIT, login="officer"), signed_in(Duty.APPROVAL, login="head")
    inspection = Inspection.objects.get()
    assert officer.post("/audit/inspections", {"inspection": inspection.pk, "text": "点検した"}).status_code == 302
    assert officer.post("/audit/inspections", {"inspection": "x", "text": "x"}).status_code == 422
    assert head.post("/section", {"act": "mark", "number": inspection.pk, "text": "権限を見直した"}).status_code == 302
    assert head.post("/section", {"act": "other"}).status_code == 422
    assert [(mark.account, mark.office) for mark in Mark.objects.order_by("pk")] == [("officer", ""), ("head", "100")]
    page = officer.get("/audit/inspections").content.decode()
    assert "点検した" in page
    assert "権限を見直した" in page
    assert "権限を見直した" in head.get("/section").content.decode()


def test_the_register_of_use_is_approved_line_by_line(signed_in: SignedIn, day: FixedClock):
    line = Usage.objects.get()
    security = signed_in(Duty.SECURITY, login="security")
    page = security.get("/usage").content.decode()
    assert "承認待ち" in page
    assert "セキュリティキー" in page
    assert security.post("/usage").status_code == 422
    assert security.post("/usage", {"usage": [line.pk]}).status_code == 302
    assert UsageApproval.objects.get().account == "security"
    assert "この期間の使用はありません" in security.get("/usage", {"unapproved": "on"}).content.decode()
    assert security.get("/usage", {"last": "x"}).status_code == 422
    officer = signed_in(Duty.AUDIT, login="officer")
    assert "選んだ行を承認する" not in officer.get("/usage").content.decode()


def test_the_menu_leads_each_to_his_own(signed_in: SignedIn, town: None):
    def offered(client: Client) -> set[str]:
        return {entry["url"] for entry in client.get("/").context["menu"]}

    ours = {"/audit", "/section", "/usage"}
    assert offered(signed_in(Duty.AUDIT, login="a", purpose=Purpose.AUDIT)) & ours == {"/audit", "/usage"}
    assert offered(signed_in(Duty.APPROVAL, login="b")) & ours == {"/section"}
    assert offered(signed_in(Duty.SECURITY, login="c")) & ours == {"/usage"}
    assert offered(signed_in(Duty.INQUIRY, login="d")) & ours == set()


@pytest.mark.req("SEC-T-004", "PLOG-006")
def test_an_enquiry_without_a_purpose_is_refused_and_the_refusal_logged(
    signed_in: SignedIn, town: None, day: Callable[..., Any]
):
    client = signed_in(Duty.INQUIRY, login="hasty", purpose="")
    assert client.post("/residents/search", {"q": "見本"}).status_code == 403
    entry = Entry.objects.filter(account="hasty").latest("id")
    assert (entry.result, entry.target) == ("denied", "purpose")
    assert entry.detail["code"] == "ACC-E-002"
