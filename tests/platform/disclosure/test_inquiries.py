"""Slips, serious cases, changes of a number, and the register of files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from tests.platform.disclosure.conftest import PERSON, TODAY, Office, on
from tests.systems.residents.conftest import individual_number

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import services as approvals
from yakuba.platform.clock import JAPAN, FixedClock
from yakuba.platform.disclosure import files, inquiries, number_changes, sources
from yakuba.platform.disclosure.inquiries import WAY, Action, Channel, State
from yakuba.platform.disclosure.rules import Document, Shown
from yakuba.platform.profiles import Profile, settings
from yakuba.web.exits import CASES_LIST

pytestmark = pytest.mark.django_db
ASKED = "評価書のファイルの取扱いについて"


def refusal(act: Callable[[], object]) -> list[str]:
    with pytest.raises(Refused) as refused:
        act()
    return [finding.code for finding in refused.value.findings]


def as_profile(monkeypatch: pytest.MonkeyPatch, profile: str) -> None:
    for module in (settings, files):
        monkeypatch.setattr(module, "house_profile", lambda: Profile(profile))


# -- inquiries --------------------------------------------------------------------------------------------------------


@pytest.mark.req("DISC-004", "PDISC-003", "DISC-T-005")
def test_a_slip_ends_only_with_an_answer(office: Office) -> None:
    slip = inquiries.receive(office.clerk, ASKED, Channel.TELEPHONE, inquirer="見本　花子")
    later = replace(office.clerk, clock=FixedClock(office.clerk.now + timedelta(hours=30)))
    (line,) = inquiries.look(later)
    assert (line.inquiry.pk, line.elapsed, line.state_label) == (slip.pk, timedelta(hours=30), "対応中")
    assert refusal(lambda: inquiries.act(later, slip.pk, Action.CLOSE)) == ["DSC-E-072"]
    assert refusal(lambda: inquiries.act(later, slip.pk, Action.RESPOND, " ")) == ["DSC-E-073"]
    inquiries.act(later, slip.pk, Action.RESPOND, "評価書のⅡを示して説明した")
    inquiries.act(later, slip.pk, Action.CLOSE)
    assert inquiries.look(later) == []
    (line,) = inquiries.look(on(later, TODAY + timedelta(days=9)), only_open=False)
    assert (line.elapsed, [step.text for step in line.steps][1]) == (timedelta(hours=30), "評価書のⅡを示して説明した")
    second = inquiries.receive(office.clerk, ASKED, Channel.COUNTER)
    assert second.pk > slip.pk


@pytest.mark.req("SEC-C-018", "DISC-T-005")
def test_a_serious_case_is_told_at_once_and_has_its_days(office: Office, make_desk: Any) -> None:
    slip = inquiries.receive(office.clerk, "名簿が見えていた", Channel.COUNTER)
    quiet = inquiries.receive(office.clerk, ASKED, Channel.COUNTER)
    security = make_desk({Duty.SECURITY}, account="security1")
    assert inquiries.look(security) == []
    inquiries.act(office.clerk, slip.pk, Action.SERIOUS, "画面に他人の氏名")
    (line,) = inquiries.look(security)
    told = line.steps[-1]
    assert (told.to, told.at, line.waits_for_section) == ("情報セキュリティ責任者", office.clerk.now, True)
    assert line.inquiry.due == date(2026, 11, 26)  # three open days: Monday is a holiday
    assert not line.is_overdue
    overdue = inquiries.look(on(office.clerk, date(2026, 11, 27)))
    assert [(line.inquiry.pk, line.is_overdue) for line in overdue] == [(slip.pk, True), (quiet.pk, False)]
    inquiries.act(office.clerk, slip.pk, Action.RESPOND, "調べて知らせると伝えた")
    assert refusal(lambda: inquiries.act(office.clerk, slip.pk, Action.CLOSE)) == ["DSC-E-076"]
    with pytest.raises(AccessDenied):
        inquiries.act(office.clerk, slip.pk, Action.TAKEN)
    inquiries.act(security, slip.pk, Action.TAKEN)
    assert refusal(lambda: inquiries.act(security, slip.pk, Action.TAKEN)) == ["DSC-E-075"]
    inquiries.act(office.clerk, slip.pk, Action.FACTS, "表示の誤りはなかった")
    inquiries.act(office.clerk, slip.pk, Action.CLOSE)
    assert refusal(lambda: inquiries.act(office.clerk, slip.pk, Action.NOTE, "x")) == ["DSC-E-072"]


def test_a_slip_holds_no_number_and_is_not_rewritten(office: Office) -> None:
    assert refusal(lambda: inquiries.receive(office.clerk, individual_number(4), Channel.POST)) == ["DSC-E-002"]
    assert refusal(lambda: inquiries.receive(office.clerk, "", Channel.POST)) == ["DSC-E-070"]
    assert refusal(lambda: inquiries.act(office.clerk, 0, Action.CLOSE)) == ["DSC-E-071"]
    inquiries.receive(office.clerk, ASKED, Channel.POST)
    for table in ("disclosure_inquiry", "disclosure_inquiry_step"):
        with pytest.raises(DatabaseError, match="変更できません"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET account = 'x'")


def test_the_way_of_a_slip_is_whole() -> None:
    assert {action for row in WAY.values() for action in row} == set(Action) - {Action.RECEIVE}
    assert {state for row in WAY.values() for state in row.values()} == set(State)
    assert all(action.label for action in Action)
    assert all(channel.label for channel in Channel)


# -- changes of a number ----------------------------------------------------------------------------------------------


@pytest.fixture
def register(office: Office, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the register says: the vault id of the person's number, and the filing that changed it."""
    says: dict[str, Any] = {"number": 11, "filing": None}
    source = replace(
        sources.sources()[0],
        number_id=lambda _desk, subject: says["number"] if subject == PERSON else None,
        carried=lambda _desk, _subject, reference, _since: "個人番号の変更" if reference == says["filing"] else None,
    )
    monkeypatch.setattr(sources, "_sources", {source.name: source})
    return says


LICENCE = (Shown(Document.DRIVING_LICENCE),)
WHY = "通知書を盗まれ、番号が知られたため"


def test_a_change_is_applied_for_decided_and_carried_out_by_the_register(
    office: Office, register: dict[str, Any]
) -> None:
    change = number_changes.apply(office.clerk, PERSON, "見本　花子", WHY, LICENCE)
    again = lambda: number_changes.apply(office.clerk, PERSON, "見本　花子", WHY, LICENCE)  # noqa: E731
    assert refusal(again) == ["DSC-E-082"]
    approvals.decide(office.head, change.application_id, grant=True)
    done = lambda: number_changes.record_executed(office.clerk, change.pk, "77")  # noqa: E731
    assert refusal(done) == ["DSC-E-068", "DSC-E-086"]
    register["filing"] = "77"
    assert refusal(done) == ["DSC-E-086"]
    register["number"] = 12
    done()
    (row,) = number_changes.look(office.clerk, CASES_LIST)
    assert [step.state for step in row.steps.all()] == ["applied", "approved", "executed"]
    assert refusal(done) == ["DSC-E-083"]


def test_a_refused_change_keeps_its_reason(office: Office, register: dict[str, Any]) -> None:
    change = number_changes.apply(office.clerk, PERSON, "見本　花子", WHY, LICENCE)
    closing = lambda reason: number_changes.close_refused(office.clerk, change.pk, reason)  # noqa: E731
    assert refusal(lambda: closing("")) == ["DSC-E-084", "DSC-E-085"]
    approvals.decide(office.head, change.application_id, grant=False, reason="おそれが認められない")
    closing("漏えいが確認できないため")
    (row,) = number_changes.look(office.clerk, CASES_LIST)
    assert (row.state, [step.text for step in row.steps.all()][-1]) == ("refused", "漏えいが確認できないため")


def test_a_change_says_why_and_who(office: Office, register: dict[str, Any]) -> None:
    apply = lambda *values, **more: lambda: number_changes.apply(office.clerk, *values, **more)  # noqa: E731
    assert refusal(apply(PERSON, "", "", ())) == ["DSC-E-080", "DSC-E-001", "DSC-E-010"]
    assert refusal(apply(PERSON + 1, "見本　太郎", WHY, LICENCE)) == ["DSC-E-081"]
    assert refusal(apply(PERSON, "見本　花子", individual_number(9), LICENCE)) == ["DSC-E-002"]
    assert apply(PERSON, "", WHY, (), is_ex_officio=True)().state == "applied"


# -- the register of files --------------------------------------------------------------------------------------------


@pytest.mark.req("DISC-003", "PDISC-005")
@pytest.mark.parametrize(
    ("profile", "day", "is_published"),
    [
        ("chiba", date(2026, 11, 20), False),
        ("yamaguchi", date(2026, 11, 20), False),
        ("tsukuba", date(2024, 3, 25), False),
        ("tsukuba", date(2024, 3, 26), True),
        ("standard", date(2026, 11, 20), True),
    ],
)
def test_whether_the_register_is_published_is_a_dated_setting(
    office: Office, monkeypatch: pytest.MonkeyPatch, profile: str, day: date, is_published: bool
) -> None:
    as_profile(monkeypatch, profile)
    assert bool(files.published(day)) is is_published
    assert (files.published(day) is None) is not is_published


@pytest.mark.req("DISC-T-006")
def test_the_register_lists_the_tax_file_without_what_is_withheld(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_profile(monkeypatch, "tsukuba")
    item = "生活保護・社会福祉関係情報"
    listed = {file.title: file for file in files.published(TODAY) or ()}
    assert item in listed["市・県民税課税情報ファイル"].items
    wrong = lambda: files.withhold(office.clerk, "tax", "ない項目", " ", TODAY - timedelta(days=1))  # noqa: E731
    assert refusal(wrong) == ["DSC-E-090", "DSC-E-091", "DSC-E-092"]
    start = TODAY + timedelta(days=3)
    files.withhold(office.clerk, "tax", item, "調査に支障を及ぼすおそれ", start)

    def items(day: date) -> tuple[str, ...]:
        return {file.name: file for file in files.published(day) or ()}["tax"].items

    assert item in items(start - timedelta(days=1))
    assert item not in items(start)
    assert "国税関係情報" in items(start)
    files.withhold(office.clerk, "tax", item, "支障がなくなった", start, is_withheld=False)
    assert item in items(start)
    files.withhold(office.clerk, "tax", "", "ファイルの存在により支障", start)
    assert "tax" not in {file.name for file in files.published(start) or ()}


def test_every_profile_holds_a_file() -> None:
    held = {profile for file in files.files() for profile in file.profiles}
    assert held == set(Profile)
    assert all(len(set(file.items)) == len(file.items) for file in files.files())


def test_time_is_the_desks(clerk: Desk) -> None:
    slip = inquiries.receive(clerk, ASKED, Channel.MAIL)
    assert slip.received_at == datetime(2026, 11, 20, 12, 0, tzinfo=JAPAN)
