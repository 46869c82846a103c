"""From an entry to a closed concern: who may do what in which state, and that nothing of it is ever lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk, system_desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Account, Office
from yakuba.platform.audit import log, monitoring, tasks, usage
from yakuba.platform.audit.log import Operation, Result
from yakuba.platform.audit.models import Concern, Entry, Inspection, StaffLink, Step, Usage
from yakuba.platform.audit.monitoring import ALLOWED, State
from yakuba.platform.audit.rules import Face
from yakuba.platform.clock import JAPAN, FixedClock

FRIDAY = date(2026, 11, 20)
SATURDAY_MORNING = datetime(2026, 11, 21, 0, 30, tzinfo=JAPAN)
MakeDesk = Callable[..., Desk]


@pytest.fixture
def people(town: None) -> None:
    Office.objects.get_or_create(code="200", defaults={"name": "税務課"})
    for login, name, office in (
        ("clerk", "見本　花子", "100"), ("colleague", "同僚　二郎", "100"), ("head", "課長　一", "100"),
        ("officer", "点検　三", "100"), ("taxhead", "税課長　四", "200"),
    ):  # fmt: skip
        Account.objects.create(login=login, name=name, office_id=office)


@pytest.fixture
def faces(monkeypatch: pytest.MonkeyPatch) -> dict[int, Face]:
    """The register, as the rules may see it."""
    known: dict[int, Face] = {}
    monkeypatch.setattr(monitoring, "_faces", [lambda whom: {n: known[n] for n in whom if n in known}])
    return known


@pytest.fixture
def write(act: Callable[..., log.Act]) -> Callable[..., None]:
    def write(operation: Operation, hour: float, *subjects: int, **more: Any) -> None:
        at = datetime.combine(FRIDAY, datetime.min.time(), JAPAN) + timedelta(hours=hour)
        log.append(
            act(**{"at": at, "account": "clerk", "operation": operation, "subjects": subjects, "detail": {}, **more})
        )

    return write


@pytest.fixture
def night(people: None, clock: FixedClock) -> Desk:
    clock.moment = SATURDAY_MORNING
    return system_desk("inspection", {Duty.AUDIT, Duty.INQUIRY}, clock)


@pytest.fixture
def officer(make_desk: MakeDesk, night: Desk) -> Desk:
    return make_desk({Duty.AUDIT}, account="officer", purpose=Purpose.AUDIT)


@pytest.fixture
def head(make_desk: MakeDesk, night: Desk) -> Desk:
    return make_desk({Duty.APPROVAL}, account="head", purpose=Purpose.AUDIT)


@pytest.fixture
def concern(night: Desk, write: Callable[..., None]) -> Concern:
    """A look at half past five in the morning."""
    write(Operation.VIEW, 5.5, 7)
    monitoring.inspect(night, FRIDAY)
    return Concern.objects.get()


# -- inspecting -------------------------------------------------------------------------------------------------------


@pytest.mark.req("LOG-009", "LOG-012", "SEC-T-017")
def test_a_day_is_inspected_once_and_its_result_is_kept(
    night: Desk, write: Callable[..., None], faces: dict[int, Face]
):
    faces[7] = Face("見本　太郎", 1, "見本町１番")
    write(Operation.SEARCH, 10, 7)
    write(Operation.VIEW, 10, 7)
    write(Operation.VIEW, 11, 8, account="colleague")
    inspection = monitoring.inspect(night, FRIDAY)
    assert (inspection.day, inspection.entries, inspection.concerns) == (FRIDAY, 3, 1)
    assert inspection.summary["100"]["clerk"] == {
        "name": "見本　花子", "searches": 1, "looks": 1, "filings": 0, "papers": 0, "extractions": 0, "denials": 0, "persons": 1,
    }  # fmt: skip
    (found,) = Concern.objects.all()
    assert (found.rule, found.account, found.office, found.subjects) == ("same_surname", "clerk", "100", [7])
    assert monitoring.inspect(night, FRIDAY).pk == inspection.pk
    assert Concern.objects.count() == 1
    for table in ("audit_inspection", "audit_concern"):
        for change in (f"UPDATE {table} SET account = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(change)


def test_a_day_that_goes_on_is_not_inspected(night: Desk):
    with pytest.raises(Refused, match="まだ終わっていない"):
        monitoring.inspect(night, SATURDAY_MORNING.date())


def test_the_night_makes_up_for_what_was_missed(
    night: Desk, write: Callable[..., None], act: Any, monkeypatch: pytest.MonkeyPatch
):
    log.append(act(at=datetime(2026, 11, 17, 12, tzinfo=JAPAN)))
    monkeypatch.setattr(tasks, "SystemClock", lambda: night.clock)
    tasks.inspect(0)
    assert [row.day.day for row in Inspection.objects.order_by("day")] == [17, 18, 19, 20]
    tasks.inspect(0)
    assert Inspection.objects.count() == 4
    assert monitoring.due(FRIDAY, None, None) == []


def test_the_house_itself_is_nobodys_concern(night: Desk, write: Callable[..., None]):
    write(Operation.VIEW, 3, 7, account="system:night")
    write(Operation.SIGN_IN, 3, account="", result=Result.REFUSED)
    assert monitoring.inspect(night, FRIDAY).entries == 0


def test_who_a_clerk_is_serves_the_rules_alone(
    night: Desk, make_desk: MakeDesk, write: Callable[..., None], faces: dict[int, Face], clock: FixedClock
):
    personnel = make_desk({Duty.PERSONNEL}, account="jinji", purpose=Purpose.SYSTEM)
    clock.moment = datetime(2026, 11, 19, 9, tzinfo=JAPAN)
    monitoring.link_staff(personnel, "clerk", 99)
    monitoring.link_staff(personnel, "clerk", 50)
    monitoring.link_staff(personnel, "colleague", 60)
    assert list(StaffLink.objects.filter(until=None).order_by("account").values_list("subject", flat=True)) == [50, 60]
    clock.moment = SATURDAY_MORNING
    faces.update(
        {
            50: Face("見本　花子", 5, "ここ"),
            51: Face("別人", 5, "ここ"),
            61: Face("他人", 6, "よそ"),
            60: Face("同僚　二郎", 6, "よそ"),
        }
    )
    write(Operation.VIEW, 10, 51)
    write(Operation.VIEW, 11, 61)
    monitoring.inspect(night, FRIDAY)
    assert sorted(Concern.objects.values_list("rule", flat=True)) == ["colleagues", "own_circle"]
    with pytest.raises(AccessDenied):
        monitoring.link_staff(make_desk({Duty.AUDIT}), "clerk", 1)
    monitoring.link_staff(personnel, "clerk", None)
    assert not StaffLink.objects.filter(account="clerk", until=None).exists()


# -- states -----------------------------------------------------------------------------------------------------------


def reach(state: State, concern: Concern, officer: Desk, head: Desk) -> None:
    ways = {
        State.OPEN: [], State.ASKED: [State.ASKED], State.ANSWERED: [State.ASKED, State.ANSWERED],
        State.EXPLAINED: [State.EXPLAINED], State.IMPROPER: [State.IMPROPER], State.ACTED: [State.IMPROPER, State.ACTED],
    }  # fmt: skip
    for to in ways[state]:
        monitoring.take_step(head if to is State.ANSWERED else officer, concern.pk, to, "確かめた")


@pytest.mark.parametrize(("state", "to"), list(product(State, State)), ids=lambda s: s.value)
def test_only_the_table_s_steps_are_taken(concern: Concern, officer: Desk, head: Desk, state: State, to: State):
    reach(state, concern, officer, head)
    steps = Step.objects.count()
    desk = head if to is State.ANSWERED else officer
    if to in ALLOWED[state]:
        monitoring.take_step(desk, concern.pk, to, "確かめた", case="受付12")
        assert Step.objects.count() == steps + 1
        assert Step.objects.latest("pk").account == desk.account
    else:
        with pytest.raises(Refused, match="することはできません"):
            monitoring.take_step(desk, concern.pk, to, "確かめた")
        assert Step.objects.count() == steps


def test_every_state_is_in_the_table_and_has_a_word():
    assert set(ALLOWED) == set(State)
    assert all(state.label for state in State)
    assert {to for row in ALLOWED.values() for to in row} == set(State) - {State.OPEN}


@pytest.mark.req("LOG-005")
def test_a_long_session_stays_open_until_its_section_says_what_it_was_for(
    night: Desk, officer: Desk, head: Desk, write: Callable[..., None]
):
    write(Operation.SIGN_IN, 8, detail={"step": "totp"})
    write(Operation.SEARCH, 10, detail={"case": "1"})
    write(Operation.SIGN_OUT, 17.5)
    monitoring.inspect(night, FRIDAY)
    (found,) = monitoring.concerns(officer)
    assert found.rule == "long_session"
    assert "9時間30分" in found.text
    monitoring.take_step(officer, found.pk, State.ASKED, "利用目的を報告してください")
    (asked,) = monitoring.section(head).asked
    assert asked.concern.pk == found.pk
    with pytest.raises(Refused, match="することはできません"):
        monitoring.take_step(officer, found.pk, State.EXPLAINED, "もうよい")
    with pytest.raises(Refused, match="内容が入力されていません"):
        monitoring.take_step(head, found.pk, State.ANSWERED, "  ")
    monitoring.take_step(head, found.pk, State.ANSWERED, "異動期の窓口のため")
    monitoring.take_step(officer, found.pk, State.EXPLAINED, "届出の受付件数と合う")
    assert monitoring.concerns(officer) == []
    assert [s.text for s in monitoring.dossier(officer, found.pk).steps] == [
        "利用目的を報告してください", "異動期の窓口のため", "届出の受付件数と合う",
    ]  # fmt: skip


@pytest.mark.req("LOG-010", "PLOG-004")
def test_a_search_is_compared_with_its_application_and_the_outcome_recorded(
    night: Desk, officer: Desk, write: Callable[..., None]
):
    for number in range(31):
        write(Operation.SEARCH, 9, 500 + number)
    write(Operation.SEARCH, 10, 7)
    write(Operation.FILE, 10.2, 7, target="filing:12")
    write(Operation.VIEW, 5, 7)
    monitoring.inspect(night, FRIDAY)
    by_rule = {concern.rule: concern for concern in monitoring.concerns(officer)}
    assert by_rule["without_case"].count == 31
    (line,) = monitoring.dossier(officer, by_rule["out_of_hours"].pk).lines
    assert (line.act.subjects, line.case) == ((7,), "filing:12")
    step = monitoring.take_step(officer, by_rule["out_of_hours"].pk, State.EXPLAINED, "届出書と一致", case="filing:12")
    assert (step.case, step.account) == ("filing:12", "officer")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_concern_step SET text = 'x'")


def test_all_that_is_wrong_with_a_step_is_said_at_once(concern: Concern, make_desk: MakeDesk):
    clerk = make_desk({Duty.APPROVAL, Duty.AUDIT}, account="clerk", purpose=Purpose.AUDIT)
    with pytest.raises(Refused) as refused:
        monitoring.take_step(clerk, concern.pk, State.ANSWERED, "")
    assert [finding.code for finding in refused.value.findings] == ["AUD-E-022", "AUD-E-023", "AUD-E-025"]
    assert monitoring.dossier(clerk, concern.pk).next_states == ()


def test_another_office_cannot_answer(concern: Concern, officer: Desk, make_desk: MakeDesk):
    from dataclasses import replace

    monitoring.take_step(officer, concern.pk, State.ASKED, "報告を")
    stranger = replace(make_desk({Duty.APPROVAL}, account="taxhead", purpose=Purpose.AUDIT), office="200")
    assert monitoring.section(stranger).asked == ()
    with pytest.raises(Refused, match="ほかの所属"):
        monitoring.take_step(stranger, concern.pk, State.ANSWERED, "回答")


@pytest.mark.parametrize(
    "duties", [set(), {Duty.INQUIRY}, {Duty.APPROVAL}, {Duty.ADMINISTRATION}], ids=lambda d: "+".join(sorted(d))
)
def test_only_the_officer_reads_and_closes(concern: Concern, make_desk: MakeDesk, duties: set[Duty]):
    desk = make_desk(duties, account="other", purpose=Purpose.AUDIT)
    for attempt in (
        lambda: monitoring.concerns(desk), lambda: monitoring.dossier(desk, concern.pk),
        lambda: monitoring.take_step(desk, concern.pk, State.EXPLAINED, "x"), lambda: monitoring.inspections(desk),
        lambda: monitoring.raise_concern(desk, [1], "x"), lambda: monitoring.inspect(desk, FRIDAY),
    ):  # fmt: skip
        with pytest.raises(AccessDenied):
            attempt()
    assert Entry.objects.filter(account="other", result=Result.DENIED).count() == 6


def test_unknown_concerns_and_inspections_are_refused(officer: Desk, head: Desk):
    for attempt in (
        lambda: monitoring.dossier(officer, 404), lambda: monitoring.take_step(officer, 404, State.ASKED, "x"),
        lambda: monitoring.mark(officer, 404, "x", of_section=False), lambda: monitoring.mark(head, 404, "x", of_section=True),
    ):  # fmt: skip
        with pytest.raises(Refused):
            attempt()


@pytest.mark.req("LOG-017")
def test_a_concern_can_be_opened_by_hand_and_a_hearing_recorded(night: Desk, officer: Desk, write: Callable[..., None]):
    for hour in (9, 10):
        write(Operation.SEARCH, hour, 7)
    write(Operation.SEARCH, 11, 7, account="colleague")
    clerk, other = (
        list(Entry.objects.filter(account=name).values_list("pk", flat=True)) for name in ("clerk", "colleague")
    )
    found = monitoring.raise_concern(officer, clerk, "理由の不明な検索")
    assert (found.account, found.name, found.count, found.day) == ("clerk", "見本　花子", 2, FRIDAY)
    monitoring.take_step(officer, found.pk, State.IMPROPER, "聞き取り: 私用と認めた")
    monitoring.take_step(officer, found.pk, State.ACTED, "権限を見直し、指導した")
    assert monitoring.concerns(officer, unfinished=False)[0].pk == found.pk
    for entries, text in (([], "x"), ([*clerk, *other], "x"), (clerk, " "), ([10**9], "x")):
        with pytest.raises(Refused):
            monitoring.raise_concern(officer, entries, text)


@pytest.mark.req("LOG-002", "LOG-007")
def test_a_day_is_reported_to_its_section_and_marked_as_seen(
    night: Desk, officer: Desk, head: Desk, write: Callable[..., None], clock: FixedClock
):
    write(Operation.VIEW, 10, 7)
    inspection = monitoring.inspect(night, FRIDAY)
    (report,) = monitoring.section(head).reports
    assert report.people["clerk"]["looks"] == 1
    monitoring.mark(head, inspection.pk, "異常なし。権限の見直しは不要", of_section=True)
    monitoring.mark(officer, inspection.pk, "点検した", of_section=False)
    (row,) = monitoring.inspections(officer)
    assert [(m.account, m.office, m.at) for m in row.marks.all()] == [
        ("head", "100", clock.now()), ("officer", "", clock.now()),
    ]  # fmt: skip
    with pytest.raises(Refused, match="内容"):
        monitoring.mark(officer, inspection.pk, "", of_section=False)


# -- 使用簿 ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def used(night: Desk, write: Callable[..., None]) -> Usage:
    write(Operation.SIGN_IN, 9, detail={"step": "key"})
    for minute in range(3):
        write(Operation.SEARCH, 9.1 + minute / 60, 7)
    write(Operation.VIEW, 9.3, 7)
    write(Operation.SIGN_OUT, 9.5)
    write(Operation.SIGN_IN, 23.5, account="colleague", detail={"step": "totp"}, terminal="T02")
    write(Operation.SEARCH, 24.1, account="colleague", terminal="T02")
    write(Operation.SIGN_OUT, 24.2, account="colleague", terminal="T02")
    monitoring.inspect(night, FRIDAY)
    return Usage.objects.get(account="clerk")


@pytest.mark.req("PLOG-001", "PLOG-007", "SEC-T-015")
def test_each_use_of_a_terminal_is_in_the_register_with_its_searches(used: Usage, make_desk: MakeDesk):
    security = make_desk({Duty.SECURITY}, account="security", purpose=Purpose.AUDIT)
    first, second = usage.register(security, FRIDAY, FRIDAY)
    assert (first.terminal, first.office, first.name, first.searches, first.persons, first.method) == (
        "T01", "100", "見本　花子", 3, 1, "key",
    )  # fmt: skip
    logged = Entry.objects.filter(account="clerk", operation="search", at__range=(first.started_at, first.ended_at))
    assert logged.count() == first.searches
    assert (second.account, second.searches) == ("colleague", 1), "a use that ends after midnight is whole"
    assert usage.approve(security, [first.pk]) == 1
    assert usage.register(security, FRIDAY, FRIDAY, unapproved=True) == [second]
    first.refresh_from_db()
    assert (first.approval.account, first.approval.at) == ("security", security.now)


def test_what_is_wrong_with_an_approval_is_said_at_once(used: Usage, make_desk: MakeDesk):
    clerk = make_desk({Duty.SECURITY}, account="clerk", purpose=Purpose.AUDIT)
    with pytest.raises(Refused) as refused:
        usage.approve(clerk, [used.pk, 10**6])
    assert [finding.code for finding in refused.value.findings] == ["AUD-E-031", "AUD-E-032"]
    with pytest.raises(Refused, match="選ばれていません"):
        usage.approve(clerk, [])
    security = make_desk({Duty.SECURITY}, account="security", purpose=Purpose.AUDIT)
    usage.approve(security, [used.pk])
    with pytest.raises(Refused, match="既に承認"):
        usage.approve(security, [used.pk])
    with pytest.raises(AccessDenied):
        usage.approve(make_desk({Duty.AUDIT}, account="officer", purpose=Purpose.AUDIT), [used.pk])
    assert usage.register(make_desk({Duty.AUDIT}, purpose=Purpose.AUDIT), FRIDAY, FRIDAY)
