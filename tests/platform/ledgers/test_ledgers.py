"""Ledgers of operation: cases with their days, steps by those who may, ends by somebody else, nothing changed afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.django_fixtures import NOON

from yakuba.core.calendar import is_business_day
from yakuba.core.findings import Findings, Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Office
from yakuba.platform.approvals import services as approvals
from yakuba.platform.audit.log import Operation
from yakuba.platform.audit.models import Entry as AuditEntry
from yakuba.platform.clock import JAPAN, FixedClock
from yakuba.platform.ledgers import services
from yakuba.platform.ledgers.kinds import SETTINGS, TaskRule, kind_of, kinds, read
from yakuba.platform.ledgers.models import Case, Entry, Task
from yakuba.platform.ledgers.services import Document, Item
from yakuba.platform.profiles import Profile, house_profile
from yakuba.platform.retention import services as retention
from yakuba.platform.retention.kinds import years_before

pytestmark = pytest.mark.usefixtures("town")
MakeDesk = Callable[..., Desk]
PAPER = (Document("報告書（見本）", "文書庫 1-2"),)
INCIDENT = {
    "known_at": "2026-11-20T09:15",
    "layer": "provider",
    "files": "住民基本台帳ファイル",
    "scope": "見本: 一覧の誤送付",
    "persons": "12",
    "actions": "回収を始めた",
}


@pytest.fixture
def officer(make_desk: MakeDesk) -> Desk:
    """情報セキュリティ責任者."""
    return make_desk({Duty.SECURITY}, account="sekinin1", purpose=Purpose.SYSTEM)


@pytest.fixture
def head(make_desk: MakeDesk) -> Desk:
    """所属長."""
    return make_desk({Duty.APPROVAL}, account="kacho1", purpose=Purpose.SYSTEM)


def later(desk: Desk, days: int) -> Desk:
    return replace(desk, clock=FixedClock(desk.now + timedelta(days=days)))


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


def tasks(case: Case) -> dict[str, date]:
    return {task.name: task.due for task in case.tasks.all()}


# -- incidents --------------------------------------------------------------------------------------------------------


@pytest.mark.req("OPS-004", "OPS-007")
def test_an_incident_has_its_time_its_files_its_tasks_and_the_receiver_of_its_layer(officer: Desk, head: Desk) -> None:
    with pytest.raises(Refused) as refused:
        services.open_case(officer, "incident", " ", {"known_at": "2026-11-20T23:59", "grounds": "everything"})
    assert {finding.field for finding in refused.value.findings} == {
        "title", "known_at", "layer", "files", "scope", "persons", "grounds", "actions",
    }  # fmt: skip
    case = services.open_case(
        officer, "incident", "一覧の誤送付", INCIDENT | {"grounds": ["over_hundred", "open_to_many"]}
    )
    assert tasks(case) == {
        "notify": date(2026, 11, 20),
        "prompt_report": date(2026, 11, 24),  # the fifth day, the first counted
        "final_report": date(2026, 12, 21),  # the thirtieth is a Saturday: the next open day
        "notice": date(2026, 12, 4),
        "prevention": date(2026, 12, 20),
    }
    assert case.tasks.get(name="notify").label == "クラウド事業者の障害窓口（運用管理補助者を通じて）への連絡"
    services.record(officer, case.pk, "notify", {"done_at": "2026-11-20T10:00", "to": "見本クラウド"})
    services.record(officer, case.pk, "progress", {"happened_at": "2026-11-20T11:00", "text": "三件を回収した"})
    with pytest.raises(Refused) as refused:
        services.record(officer, case.pk, "prompt_report", {"done_at": "2026-11-20T11:30", "receipt": "R-1"})
    assert codes(refused) == {"LED-E-033"}
    services.record(officer, case.pk, "prompt_report", {"done_at": "2026-11-20T11:30", "receipt": "R-1"}, PAPER)
    with pytest.raises(Refused) as refused:
        services.record(officer, case.pk, "notify", {"done_at": "2026-11-20T12:00", "to": "もう一度"})
    assert codes(refused) == {"LED-E-035"}
    with pytest.raises(Refused, match="LED-E-036"):
        services.apply_to_close(officer, case.pk, "終わりたい")
    assert not services.view(officer, case.pk).is_late
    late = services.view(later(officer, 32), case.pk)
    assert late.is_late
    assert [task.name for task in late.waiting] == ["notice", "prevention", "final_report"]
    end = later(officer, 10)
    services.record(end, case.pk, "final_report", {"done_at": "2026-11-30T09:00", "receipt": "R-2"}, PAPER)
    services.record(end, case.pk, "notice", {"persons": "12", "way": "郵送"})
    services.record(end, case.pk, "prevention", {"cause": "宛名の取違え", "measures": "二人で確かめる"})
    application = services.apply_to_close(end, case.pk, "再発防止策まで終えた")
    with pytest.raises(AccessDenied):
        approvals.decide(replace(end, duties=frozenset({Duty.APPROVAL})), application.pk, grant=True)
    approvals.decide(later(head, 10), application.pk, grant=True)
    view = services.view(end, case.pk)
    assert view.is_closed
    assert [entry.act for entry in view.entries][-1] == "close"
    assert view.entries[-1].account == "kacho1"
    with pytest.raises(Refused, match="LED-E-032"):
        services.record(end, case.pk, "progress", {"happened_at": "2026-11-30T09:00", "text": "まだある"})


@pytest.mark.req("OPS-004")
def test_what_turns_out_later_brings_its_reports_with_it(officer: Desk) -> None:
    case = services.open_case(officer, "incident", "紛失", INCIDENT | {"layer": "house"})
    assert set(tasks(case)) == {"notify", "prevention"}
    revised = {"known_at": "2026-11-23T08:00", "persons": "150", "grounds": ["over_hundred", "malice"]}
    services.record(later(officer, 4), case.pk, "revise", revised)
    assert tasks(case)["prompt_report"] == date(2026, 11, 27)
    assert tasks(case)["final_report"] == date(2027, 1, 21)  # sixty days of a malicious one
    assert services.view(officer, case.pk).values["persons"] == 150
    services.record(later(officer, 5), case.pk, "revise", revised | {"persons": "160"})
    assert case.tasks.count() == 5


@given(day=st.dates(date(2022, 4, 1), date(2030, 12, 31)), malice=st.booleans())
@settings(max_examples=60, deadline=None)
def test_reports_are_never_due_after_the_days_of_the_law(day: date, malice: bool) -> None:
    values = {"known_at": f"{day}T12:00+09:00", "grounds": ["malice" if malice else "property"]}
    due: dict[str, date] = {}
    for rule in kind_of("incident").tasks:
        if rule.name in {"prompt_report", "final_report"} and rule.name not in due and rule.applies(values):
            due[rule.name] = _due(rule, values, day)
    assert (due["prompt_report"] - day).days + 1 <= 5
    last = day + timedelta(days=(60 if malice else 30) - 1)
    assert due["final_report"] >= last
    assert is_business_day(due["final_report"])
    assert not any(is_business_day(last + timedelta(days=n)) for n in range((due["final_report"] - last).days))


def _due(rule: TaskRule, values: dict[str, Any], day: date) -> date:
    days = SETTINGS.value(str(rule.days), int, on=day, profile=Profile.STANDARD)
    return replace(rule, days=days).due(values, day)


@pytest.mark.req("SEC-T-045", "OPS-004")
def test_the_persons_of_an_incident_are_listed_from_the_access_log(officer: Desk, make_desk: MakeDesk) -> None:
    def looked(account: str, days: int, *subjects: int) -> None:
        clerk = make_desk({Duty.INQUIRY}, account=account, at=NOON + timedelta(days=days))
        clerk.log(Operation.VIEW, subjects=subjects)

    looked("warui1", -3, 11, 12)
    looked("warui1", -2, 11)
    looked("warui1", -10, 99)
    looked("yoi1", -2, 55)
    about = {"account": "warui1", "period_from": "2026-11-16", "period_to": "2026-11-20"}
    case = services.open_case(officer, "incident", "目的外の閲覧", INCIDENT | about)
    with pytest.raises(AccessDenied):
        services.affected(officer, case.pk)
    auditor = replace(officer, duties=frozenset({Duty.SECURITY, Duty.AUDIT}))
    assert services.affected(auditor, case.pk) == services.Affected({11: 2, 12: 1}, 2)
    assert AuditEntry.objects.filter(target=f"ledger:incident:{case.pk}", operation="audit").exists()
    nameless = services.open_case(officer, "incident", "紛失", INCIDENT)
    with pytest.raises(Refused, match="LED-E-040"):
        services.affected(auditor, nameless.pk)


# -- the yearly self-check -----------------------------------------------------------------------------------------


def _answers(items: list[dict[str, Any]], **results: str) -> dict[str, str]:
    given = {"checked_on": "2026-12-01"}
    for item in items:
        result = results.get(item["key"], "good")
        given |= {f"result:{item['key']}": result, f"note:{item['key']}": "" if result == "good" else "理由の見本"}
    return given


@pytest.mark.req("OPS-005", "DISC-T-007", "POPS-001")
def test_each_office_checks_itself_every_year_and_what_is_open_comes_again(officer: Desk, head: Desk) -> None:
    Office.objects.create(code="200", name="税務課")
    assert any(line.kind.name == "self_check" for line in services.due(later(officer, 100)))
    with pytest.raises(Refused) as refused:
        services.open_self_check(officer, ["100", "999"], date(2026, 1, 1))
    assert codes(refused) == {"LED-E-020", "LED-E-021"}
    items = [Item("a", "誓約書"), Item("b", "媒体"), Item("c", "研修")]
    case = services.open_self_check(officer, ["100", "200"], items=items)
    with pytest.raises(Refused, match="LED-E-022"):
        services.open_self_check(officer, ["100"], items=items)
    assert {task.label: task.due for task in case.tasks.all()} == {
        "市民課の自己点検": date(2027, 3, 31), "税務課の自己点検": date(2027, 3, 31),
    }  # fmt: skip
    with pytest.raises(Refused) as refused:
        services.record(head, case.pk, "answer", {"checked_on": "2026-12-01", "result:a": "bad", "result:b": "good"})
    assert codes(refused) == {"LED-E-024", "LED-E-025"}
    services.record(head, case.pk, "answer", _answers(case.checklist, b="bad"))
    view = services.view(officer, case.pk)
    assert (view.done, len(view.tasks)) == (1, 2), "completion rate"
    with pytest.raises(Refused, match="LED-E-035"):  # its office has answered
        services.record(head, case.pk, "answer", _answers(case.checklist))

    end_of_year = replace(officer, clock=FixedClock(datetime(2027, 4, 1, 9, 0, tzinfo=JAPAN)))
    late = [line for line in services.due(end_of_year) if line.kind.name == "self_check" and line.is_late]
    assert [line.label for line in late] == ["税務課の自己点検"]
    taxes = replace(head, account="kacho2", office="200", clock=end_of_year.clock)
    assert [line.label for line in services.due(taxes) if line.is_late and line.task] == ["税務課の自己点検"]
    services.record(taxes, case.pk, "answer", _answers(case.checklist, c="none"))
    assert not [line for line in services.due(end_of_year) if line.kind.name == "self_check" and line.is_late]
    assert services.view(officer, case.pk).is_closed

    again = services.open_self_check(end_of_year, ["100"], items=[*items, Item("d", "新しい項目")])
    assert [(item["key"], item["carried"]) for item in again.checklist] == [
        ("b", True), ("a", False), ("c", False), ("d", False),
    ]  # fmt: skip


@pytest.mark.req("OPS-005")
def test_the_checklist_is_that_of_the_houses_own_assessment(officer: Desk) -> None:
    case = services.open_self_check(officer, ["100"])
    assert len(case.checklist) > 50
    assert all(item["label"].startswith(("評価書 III", "評価書 IV")) for item in case.checklist)
    assert any("SEC-" in item["label"] for item in case.checklist)
    with pytest.raises(Refused, match="LED-E-011"):
        services.open_case(officer, "self_check", "x", {})


# -- audits and findings -------------------------------------------------------------------------------------------


AUDIT = {"sort": "external", "auditor": "見本監査法人", "held_on": "2026-11-19", "subject": "住基ネット"}
VIEWS = ("organisation", "assets", "physical", "human", "technical", "operation")


@pytest.fixture
def auditor(make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.AUDIT}, account="kansa1", purpose=Purpose.AUDIT)


@pytest.mark.req("OPS-006", "POPS-002", "DISC-T-008")
def test_an_audit_has_six_viewpoints_and_its_findings_are_followed_to_their_end(auditor: Desk, head: Desk) -> None:
    case = services.open_case(auditor, "audit", "令和8年度外部監査", AUDIT)
    with pytest.raises(Refused) as refused:
        services.record(auditor, case.pk, "viewpoints", {"organisation": "よい"})
    assert {finding.field for finding in refused.value.findings} == set(VIEWS[1:])
    services.record(auditor, case.pk, "viewpoints", dict.fromkeys(VIEWS, "見本の結果"))
    with pytest.raises(Refused) as refused:
        services.open_case(
            auditor, "finding", "誓約書がない", {"topic": "pledge", "text": "三名分がない"}, parent_id=case.pk
        )
    assert {finding.field for finding in refused.value.findings} == {"priority", "owner", "due"}
    told = {"priority": "high", "owner": "kacho1", "due": "2026-12-10", "topic": "pledge", "text": "三名分がない"}
    finding = services.open_case(auditor, "finding", "誓約書がない", told, parent_id=case.pk)
    assert services.view(auditor, case.pk).children == (finding,)
    with pytest.raises(Refused, match="LED-E-013"):
        services.open_case(auditor, "finding", "誓約書がない", told, parent_id=0)
    overdue = later(auditor, 30)
    assert ("指摘の改善", True) in {(line.label, line.is_late) for line in services.due(overdue)}
    services.record(later(head, 30), finding.pk, "improve", {"done_on": "2026-12-20", "text": "提出された"})
    assert [each.pk for each in services.look(overdue, "finding")] == [finding.pk]
    application = services.apply_to_close(overdue, finding.pk, "誓約書を確かめた")
    approvals.decide(later(head, 30), application.pk, grant=True)
    assert services.look(overdue, "finding") == []
    assert [each.pk for each in services.look(overdue, "finding", only_open=False)] == [finding.pk]


@pytest.mark.req("DISC-T-008")
def test_after_three_years_without_an_external_audit_one_is_reminded(auditor: Desk, monkeypatch) -> None:
    def reminders(days: int) -> list[tuple[str, bool]]:
        lines = services.due(later(auditor, days))
        return [(line.label, line.is_late) for line in lines if line.case is None and "監査" in line.label]

    assert reminders(0) == [], "門真市 promises a self-check only"
    monkeypatch.setattr("yakuba.platform.profiles.settings.house_profile", lambda: Profile.TSUKUBA)
    assert ("外部監査（まだ一度も記録がありません）", True) in reminders(0)
    services.open_case(auditor, "audit", "外部監査", AUDIT)
    services.open_case(auditor, "audit", "内部監査", AUDIT | {"sort": "internal", "held_on": "2029-10-01"})
    assert reminders(365 * 3 - 60) == []
    assert reminders(365 * 3 - 10) == [("外部監査", False)]
    assert reminders(365 * 3 + 2) == [("外部監査", True)]
    house_profile.cache_clear()


# -- contractors, drills, equipment ------------------------------------------------------------------------------------


@pytest.mark.req("RET-C-005")
def test_a_contractors_copy_is_late_until_its_disposal_is_reported(make_desk: MakeDesk) -> None:
    desk = make_desk({Duty.INFORMATION_MANAGEMENT}, account="joho1", purpose=Purpose.SYSTEM)
    told = {"contractor": "見本印刷", "contract": "印刷業務", "what": "授受簿 12", "until": "2026-11-30"}
    case = services.open_case(desk, "contractor_copy", "印刷データ", told)
    assert tasks(case) == {"disposal": date(2026, 12, 14)}
    assert [line.is_late for line in services.due(later(desk, 24)) if line.case == case] == [False]
    overdue = later(desk, 25)
    assert [line.is_late for line in services.due(overdue) if line.case == case] == [True]
    services.record(overdue, case.pk, "reminder", {"text": "電話した"})
    done = {"done_on": "2026-12-14", "method": "物理破壊"}
    with pytest.raises(Refused, match="LED-E-033"):
        services.record(overdue, case.pk, "disposal", done)
    with pytest.raises(Refused, match="LED-E-034"):
        services.record(overdue, case.pk, "disposal", done, [Document("廃棄証明書", " ")])
    services.record(overdue, case.pk, "disposal", done, PAPER)
    assert services.view(desk, case.pk).is_closed
    assert not [line for line in services.due(overdue) if line.case == case]


@pytest.mark.req("OPS-001", "OPS-002")
def test_definitions_patches_and_checks_of_vulnerabilities_are_recorded_and_age(make_desk: MakeDesk) -> None:
    desk = make_desk({Duty.INFORMATION_MANAGEMENT}, account="joho1", purpose=Purpose.SYSTEM)
    state = {"definition_on": "2026-11-19", "patch_on": "2026-11-11", "patch_level": "KB-見本-1"}
    server = services.open_case(desk, "protection_state", "業務サーバ", {"asset": "S-1", "place": "サーバ室", **state})
    line = {each.case: each for each in services.due(later(desk, 7))}[server]
    assert (line.due, line.is_late) == (date(2026, 11, 26), True)
    fresh = {"definition_on": "2026-11-27", "patch_on": "2026-11-27", "patch_level": "KB-見本-2"}
    services.record(later(desk, 7), server.pk, "state", fresh)
    view = services.view(later(desk, 7), server.pk)
    assert (view.values["definition_on"], view.values["patch_level"], view.is_late) == (
        "2026-11-27",
        "KB-見本-2",
        False,
    )
    assert view.waiting[0].due == date(2026, 12, 4)
    services.record(later(desk, 8), server.pk, "finish", {"reason": "廃棄"})
    assert services.view(desk, server.pk).is_closed

    check = {"checked_on": "2026-11-20", "source": "JVN", "affected": "見本OS", "result": "open"}
    open_ = services.open_case(desk, "vulnerability", "11月の確認", check)
    with pytest.raises(Refused, match="LED-E-036"):
        services.record(desk, open_.pk, "finish", {})
    services.record(desk, open_.pk, "remedy", {"done_on": "2026-11-20", "text": "設定を変えた"})
    services.record(desk, open_.pk, "finish", {})
    again = [(each.label, each.is_late) for each in services.due(later(desk, 32)) if each.kind.name == "vulnerability"]
    assert again == [("脆弱性情報の確認", True)]


@pytest.mark.req("RET-022", "RET-T-011")
def test_the_old_environment_is_destroyed_only_after_the_comparison(make_desk: MakeDesk) -> None:
    desk = make_desk({Duty.INFORMATION_MANAGEMENT}, account="joho1", purpose=Purpose.SYSTEM)
    told = {"planned_on": "2026-11-20", "source": "庁内", "target": "クラウド", "systems": "住民記録"}
    case = services.open_case(desk, "migration", "クラウドへの移行", told)
    gone = {"done_on": "2026-11-20", "method": "物理破壊"}
    same = {
        "done_on": "2026-11-20",
        "rows_before": "1000",
        "rows_after": "1000",
        "digest_before": "ab",
        "digest_after": "ab",
    }
    for act, form in (("destroy", gone), ("verify", same)):
        with pytest.raises(Refused) as refused:
            services.record(desk, case.pk, act, form, PAPER)
        assert codes(refused) == {"LED-E-041"}
    services.record(desk, case.pk, "extract", {"done_on": "2026-11-20", "backup": "20261120-013000"})
    with pytest.raises(Refused) as refused:
        services.record(desk, case.pk, "verify", same | {"rows_after": "999", "digest_after": "ac"})
    assert [(finding.code, finding.field) for finding in refused.value.findings] == [
        ("LED-E-042", "rows_after"), ("LED-E-042", "digest_after"),
    ]  # fmt: skip
    with pytest.raises(Refused, match="LED-E-041"):
        services.record(desk, case.pk, "destroy", gone, PAPER)
    services.record(desk, case.pk, "verify", same)
    services.record(desk, case.pk, "destroy", gone, PAPER)
    assert [entry.act for entry in services.view(desk, case.pk).entries] == ["extract", "verify", "destroy"]


@pytest.mark.req("PLOG-009", "SEC-T-026")
def test_a_contractors_reports_are_held_against_the_log(make_desk: MakeDesk) -> None:
    desk = make_desk({Duty.INFORMATION_MANAGEMENT}, account="joho1", purpose=Purpose.SYSTEM)
    for day in (16, 17, 18):
        worker = make_desk({Duty.BULK}, account="itaku1", at=datetime(2026, 11, day, 23, 30, tzinfo=JAPAN))
        worker.log(Operation.BATCH, target="見本")
    make_desk({Duty.BULK}, account="itaku2", at=datetime(2026, 11, 19, 9, 0, tzinfo=JAPAN)).log(Operation.BATCH)
    told = {"contractor": "見本委託先", "sort": "daily", "account": "itaku1", "what": "定例の作業"}
    for day in ("2026-11-16", "2026-11-18", "2026-11-19"):
        case = services.open_case(desk, "contractor_work", "日報", told | {"worked_on": day})
    with pytest.raises(Refused, match="LED-E-033"):
        services.record(desk, case.pk, "report", {"received_on": "2026-11-20"})
    services.record(desk, case.pk, "report", {"received_on": "2026-11-20"}, PAPER)
    auditor = replace(desk, duties=frozenset({Duty.AUDIT}))
    found = services.compare_work(auditor, "itaku1", date(2026, 11, 16), date(2026, 11, 20))
    assert found == services.Comparison(
        (date(2026, 11, 17),), (date(2026, 11, 19),), (date(2026, 11, 16), date(2026, 11, 18))
    )
    services.record(desk, case.pk, "history", {"result": "17日の報告がなく、提出を求めた"})
    assert services.view(desk, case.pk).is_closed
    with pytest.raises(AccessDenied):
        services.compare_work(desk, "itaku1", date(2026, 11, 16), date(2026, 11, 20))
    with pytest.raises(Refused) as refused:
        services.compare_work(auditor, " ", date(2026, 11, 16), date(2026, 11, 1))
    assert codes(refused) == {"LED-E-043", "LED-E-044"}


@pytest.mark.parametrize("name", sorted(kinds()))
def test_every_kind_can_be_opened_worked_and_ended(name: str, make_desk: MakeDesk, head: Desk) -> None:
    desk = make_desk(set(kind_of(name).handled_by), account="dare1", purpose=Purpose.SYSTEM)
    samples = {"text": "見本", "long": "見本", "date": "2026-11-19", "moment": "2026-11-19T09:00", "number": "3"}

    def form(fields: Any) -> dict[str, Any]:
        return {
            each.name: (
                list(each.choices) if each.type == "choices" else next(iter(each.choices), samples.get(each.type))
            )
            for each in fields
        }

    kind = kind_of(name)
    if kind.per_office:
        case = services.open_self_check(desk, ["100"], items=[Item("a", "項目")])
        services.record(head, case.pk, "answer", _answers(case.checklist))
    else:
        case = services.open_case(desk, name, "見本", form(kind.fields))
        for act in kind.acts.values():
            if act.completes and case.tasks.filter(name=act.completes, completion=None).exists():
                services.record(desk, case.pk, act.name, form(act.fields), PAPER if act.attach else ())
        if kind.ends_by_approval:
            approvals.decide(head, services.apply_to_close(desk, case.pk, "終えた").pk, grant=True)
        elif not services.view(desk, case.pk).is_closed:
            services.record(desk, case.pk, "finish", form(kind.acts["finish"].fields))
    assert services.view(desk, case.pk).is_closed


# -- what holds for all ------------------------------------------------------------------------------------------------


def test_who_does_not_handle_a_kind_is_refused(head: Desk, make_desk: MakeDesk, officer: Desk) -> None:
    with pytest.raises(AccessDenied):
        services.open_case(head, "incident", "x", INCIDENT)
    clerk = make_desk({Duty.INQUIRY, Duty.REGISTRATION})
    case = services.open_case(officer, "incident", "x", INCIDENT)
    for act in (
        lambda: services.view(clerk, case.pk),
        lambda: services.view(head, case.pk),
        lambda: services.look(clerk, "incident"),
        lambda: services.record(head, case.pk, "progress", {"happened_at": "2026-11-20T09:00", "text": "x"}),
        lambda: services.apply_to_close(head, case.pk, "x"),
    ):
        with pytest.raises(AccessDenied):
            act()
    assert services.due(clerk) == []
    with pytest.raises(Refused, match="LED-E-030"):
        services.view(officer, 0)
    with pytest.raises(Refused, match="LED-E-010"):
        services.open_case(officer, "nothing", "x", {})
    with pytest.raises(Refused, match="LED-E-031"):
        services.record(officer, case.pk, "nothing", {})


def test_nothing_written_changes(officer: Desk) -> None:
    case = services.open_case(officer, "incident", "x", INCIDENT)
    services.record(officer, case.pk, "notify", {"done_at": "2026-11-20T10:00", "to": "見本"})
    for change in (
        lambda: Case.objects.filter(pk=case.pk).update(title="y"),
        lambda: Task.objects.filter(case=case).update(due=date(2030, 1, 1)),
        lambda: Entry.objects.filter(case=case).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_an_ended_case_goes_after_its_years_and_an_open_one_stays(make_desk: MakeDesk) -> None:
    desk = make_desk({Duty.SECURITY}, account="sekinin1", purpose=Purpose.SYSTEM)
    told = {"held_on": "2026-11-19", "scenario": "見本", "participants": "3"}
    ended, open_ = (services.open_case(desk, "drill", f"訓練{number}", told) for number in (1, 2))
    services.record(desk, ended.pk, "result", {"result": "見本", "improvements": "なし"})
    end = date(2033, 11, 20)
    for day, listed in ((end - timedelta(days=1), 0), (end, 1)):
        officer = make_desk(
            {Duty.RETENTION}, account="hozon1", at=datetime(day.year, day.month, day.day, 9, tzinfo=JAPAN)
        )
        run = retention.request(officer, "ledgers_case", day, day)
        assert sum(count.listed for count in retention.extract(officer, run.pk)) == listed
    head = make_desk({Duty.APPROVAL}, account="kacho1", at=officer.now)
    (waiting,) = approvals.waiting_for(head)
    approvals.decide(head, waiting.application.pk, grant=True)
    retention.dispose(officer, run.pk)
    assert list(Case.objects.values_list("pk", flat=True)) == [open_.pk]
    assert years_before(end, 7) == date(2026, 11, 20)


@given(given_=st.dictionaries(st.sampled_from([f.name for f in kind_of("incident").fields]), st.text(max_size=30)))
@settings(max_examples=100, deadline=None)
def test_whatever_a_form_sends_is_read_or_refused(given_: dict[str, str]) -> None:
    findings = Findings()
    values = read(kind_of("incident").fields, given_, findings)
    for each in kind_of("incident").fields:
        if each.name in values:
            assert isinstance(each.shown(values[each.name]), str)
    required = {each.name for each in kind_of("incident").fields if not each.optional}
    refused = {finding.field for finding in findings.items}
    assert required <= set(values) | refused
