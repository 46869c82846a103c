"""The first road: filings, from the form to the register."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from yakuba.core.findings import Refused
from yakuba.platform.audit import log
from yakuba.platform.events.models import Event
from yakuba.systems.residents import enquiries, exits, filings, services
from yakuba.systems.residents.enquiries import Query
from yakuba.systems.residents.models import CodePool, Filing, Resident, ResidentVersion

from .conftest import individual_number, resident_code

pytestmark = pytest.mark.django_db


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


def current(number: int) -> ResidentVersion:
    return ResidentVersion.objects.get(person=number, version_no=Resident.objects.get(pk=number).version_no)


@pytest.mark.req("RES-001", "RES-002", "RES-033", "RES-035", "RES-091")
def test_a_family_moves_in(clerk, reviewer, move_in):
    receipt = services.file(clerk, "move_in", move_in())
    assert not Resident.objects.exists(), "仮登録 changes nothing in the register"
    numbers = services.approve(reviewer, receipt.filing).persons
    assert len(numbers) == 3
    household = {current(number).household_number for number in numbers}
    assert len(household) == 1
    members = enquiries.household(clerk, household.pop(), exits.HOUSEHOLD_SCREEN)
    assert [member.relationship for member in members] == ["世帯主", "妻", "子"]
    assert {member.householder_name for member in members} == {"見本　太郎"}
    assert {event.name for event in Event.objects.all()} == {"residents:record:changed"}
    assert log.breaches() == []


@pytest.mark.req("RES-053")
def test_nobody_approves_their_own_filing(clerk, move_in):
    receipt = services.file(clerk, "move_in", move_in())
    with pytest.raises(Refused) as refusal:
        services.approve(clerk, receipt.filing)
    assert codes(refusal) == {"RES-E-150"}
    assert Filing.objects.get(pk=receipt.filing).state == "provisional"


def test_the_same_form_twice_is_one_filing(clerk, move_in):
    form = move_in()
    first, second = services.file(clerk, "move_in", form), services.file(clerk, "move_in", form)
    assert first.filing == second.filing
    assert second.repeated
    assert Filing.objects.count() == 1


def test_individual_numbers_are_only_in_the_vault(clerk, reviewer, move_in):
    receipt = services.file(clerk, "move_in", move_in())
    number = services.approve(reviewer, receipt.filing).persons[0]
    assert enquiries.individual_number(reviewer, number, exits.NUMBER_SCREEN) == individual_number(1)
    row = Filing.objects.get(pk=receipt.filing)
    assert individual_number(1) not in str(row.entries) + str(row.individual_numbers)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM residents_version v WHERE v::text LIKE %s", [f"%{individual_number(1)}%"])
        assert cursor.fetchone() == (0,)


def test_every_finding_at_once(clerk, move_in, person, town_codes):
    form = move_in(
        moved_on="2026-12-24",
        address={"code": "99999000000", "banchi": ""},
        identity_documents=[],
        notifier_kind="5",
        persons=[
            person(1, name="見本　\ue000郎"),
            person(2, birth="2031-01-01", relationship="孫", name="見本　花子", name_kana="みほん　はなこ"),
        ],
    )
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "move_in", form)
    assert {"RES-E-020", "RES-E-040", "RES-E-041", "RES-E-006", "RES-E-056", "identity-not-verified"} <= codes(refusal)
    assert {"relationship-unknown", "furigana-character"} <= codes(refusal)
    assert any("U+E000" in finding.message for finding in refusal.value.findings)
    assert not Filing.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [("resident_code", "12345678901", "resident-code-check-digit"), ("birth", "2026-02-30x", None)],
)
def test_shapes_are_refused_before_rules(clerk, move_in, person, field, value, code):
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "move_in", move_in(persons=[person(1, **{field: value})]))
    assert {finding.field for finding in refusal.value.findings} == {f"persons.0.{field}"}


def test_a_missing_field_hides_no_other_finding(clerk, move_in, person):
    form = move_in(
        moved_on="", notified_on="2027-01-01", address="nowhere", persons=[person(1, relationship="孫", birth="x")]
    )
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "move_in", form)
    found = {(finding.code, finding.field) for finding in refusal.value.findings}
    assert {
        ("FIL-E-004", "moved_on"),
        ("RES-E-003", "notified_on"),
        ("relationship-unknown", "persons.0.relationship"),
    } <= found
    assert len([field for _, field in found if field == "persons.0.birth"]) == 1
    assert not Filing.objects.exists()


@pytest.mark.parametrize("kind", list(filings.KINDS))
def test_an_empty_form_of_each_kind_is_refused_with_findings(clerk, kind):
    with pytest.raises(Refused) as refusal:
        services.file(clerk, kind, {})
    assert len(refusal.value.findings) > 1
    with pytest.raises(Refused):
        services.check(
            clerk, kind, {"persons": "x", "child": 5, "relationships": [], "household_number": "y"}
        ).plan.findings.raise_if_blocking()


def test_unknown_kinds_and_fields_are_refused(clerk, move_in):
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "no_such_filing", move_in())
    assert codes(refusal) == {"FIL-E-001"}
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "move_in", move_in(colour="blue"))
    assert codes(refusal) == {"FIL-E-003"}


def test_somebody_who_is_here_already_cannot_move_in(register_form, clerk, move_in, person):
    register_form("move_in", move_in())
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "move_in", move_in(persons=[person(1)]))
    assert "RES-E-060" in codes(refusal)


@pytest.mark.req("RES-046")
def test_a_namesake_is_an_alert_that_is_confirmed_by_name(register_form, clerk, move_in, person):
    register_form("move_in", move_in())
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "move_in", move_in(persons=[person(77)]))
    assert codes(refusal) == {"RES-W-060"}
    assert services.file(clerk, "move_in", move_in(persons=[person(77)], confirmed=["RES-W-060"])).filing


@pytest.mark.req("RES-002", "RES-010", "RES-041")
def test_birth_takes_a_code_from_the_pool(register_form, common, move_in):
    parents = register_form("move_in", move_in())
    form = common(
        household_number=current(parents[0]).household_number,
        child={
            "name": "見本　さくら", "name_kana": "ミホン　サクラ", "birth": "2026-11-10", "sex": "2", "relationship": "子",
            "domicile": {"town": "大阪府見本市中央", "banchi": "１番"}, "register_head": "見本　太郎",
        },
    )  # fmt: skip
    (child,) = register_form("birth", form)
    version = current(child)
    assert version.individual_number is None
    assert CodePool.objects.get(code=version.resident_code).assigned_on == date(2026, 11, 20)
    assert version.address_code == current(parents[0]).address_code
    assert str(version.resident_since) == str(version.birth)


@pytest.mark.req("RES-003", "RES-007", "RES-059")
def test_moving_within_changes_the_address_only(register_form, common, move_in, town_codes):
    family = register_form("move_in", move_in())
    before = current(family[0])
    form = common(moved_on="2026-11-19", persons=list(family), address={"code": town_codes[1], "banchi": "２番"})
    register_form("move_within", form)
    after = current(family[0])
    assert (after.version_no, after.address_code, after.address_banchi) == (2, town_codes[1], "２番")
    assert after.household_number == before.household_number
    assert after.resident_since == before.resident_since
    labels = {step.label for step in enquiries.differences(before, after)}
    assert labels <= {"住所（住所コード）", "住所（町名まで）", "住所（番地）", "住所を定めた年月日", "住所を定めた事由",
                      "住所を定めた届出の年月日"}  # fmt: skip


def test_part_of_a_household_forms_a_new_one(register_form, common, move_in, town_codes):
    head, wife, child = register_form("move_in", move_in())
    form = common(
        moved_on="2026-11-19", persons=[wife, child], address={"code": town_codes[1], "banchi": "２番"},
        relationships={f"{wife:015d}": "世帯主", f"{child:015d}": "子"},
    )  # fmt: skip
    register_form("move_within", form)
    assert current(wife).household_number == current(child).household_number != current(head).household_number
    assert current(child).householder_name == "見本　花子"
    assert current(head).version_no == 1


@pytest.mark.req("RES-004", "RES-017")
def test_moving_out_today_closes_the_records(register_form, common, move_in, clerk):
    family = register_form("move_in", move_in())
    form = common(planned_on="2026-11-20", persons=list(family), destination={"town": "京都府見本市", "code": "26999"})
    register_form("move_out", form)
    assert not Resident.objects.filter(is_open=True).exists()
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "move_out", {**form, "key": "5b6d3f0e-0000-4000-8000-000000000001"})
    assert "RES-E-031" in codes(refusal)


def test_moving_out_later_keeps_the_records_open_until_the_day(register_form, common, move_in, make_desk, clock):
    from datetime import timedelta

    family = register_form("move_in", move_in())
    register_form(
        "move_out", common(planned_on="2026-11-25", persons=[family[0]], destination={"town": "京都府見本市"})
    )
    assert Resident.objects.filter(is_open=True).count() == 3
    assert current(family[0]).closing_reason is None
    assert services.close_due_move_outs(make_desk()) == 0
    clock.advance(timedelta(days=5))
    assert services.close_due_move_outs(make_desk()) == 1
    assert current(family[0]).move_out_on == date(2026, 11, 25)
    # Two stay behind: nobody is made householder over their heads (1.1.10).
    assert {current(number).householder_name for number in family[1:]} == {None}


@pytest.mark.req("RES-011")
def test_a_death_closes_one_record_and_asks_for_a_householder(register_form, common, move_in, clerk):
    head, wife, child = register_form("move_in", move_in())
    form = common(person=head, died_on="令和8年11月頃")
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "death", form)
    assert "RES-E-090" in codes(refusal)
    register_form("death", {**form, "householder_after": wife, "relationships": {f"{child:015d}": "子"}})
    assert current(head).closed_on.display_wareki() == "令和8年11月頃"
    assert [Resident.objects.get(pk=number).is_open for number in (head, wife, child)] == [False, True, True]
    assert (current(wife).relationship, current(child).householder_name) == ("世帯主", "見本　花子")


def test_a_former_resident_returns_under_the_old_number(register_form, common, move_in, person, clerk):
    family = register_form("move_in", move_in(moved_on="2026-11-01", confirmed=["RES-W-020"]))
    register_form(
        "move_out", common(planned_on="2026-11-10", persons=list(family), destination={"town": "京都府見本市"})
    )
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "move_in", move_in(persons=[person(1)]))
    assert "RES-E-061" in codes(refusal)
    (back,) = register_form("move_in", move_in(persons=[person(1, former_number=family[0])]))
    assert back == family[0]
    version = current(back)
    assert (version.resident_code, version.closing_reason, version.planned_town) == (resident_code(1), None, None)
    assert version.individual_number is not None, "番号 of the former record are carried on"


def test_cancelling_an_entry_a_change_and_a_closing(register_form, common, move_in, town_codes, clerk):
    family = register_form("move_in", move_in())
    moved = register_form(
        "move_within",
        common(moved_on="2026-11-19", persons=list(family), address={"code": town_codes[1], "banchi": "２番"}),
    )
    assert moved == family
    entry, change = Filing.objects.order_by("id").values_list("id", flat=True)
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "cancellation", {"key": common()["key"], "filing": entry, "ground": "届出人の申出"})
    assert "RES-E-132" in codes(refusal), "later events first"
    register_form("cancellation", {"key": common()["key"], "filing": change, "ground": "届出人の申出"})
    assert current(family[0]).address_code == town_codes[0]
    assert current(family[0]).cancels == 2
    assert ResidentVersion.objects.filter(person=family[0]).count() == 3


def test_two_clerks_on_one_person(register_form, common, move_in, make_desk, town_codes):
    family = register_form("move_in", move_in())
    first, second = make_desk(account="madoguchi1"), make_desk(account="madoguchi2")
    form = common(moved_on="2026-11-19", persons=list(family), address={"code": town_codes[1], "banchi": "２番"})
    services.file(first, "move_within", form)
    with pytest.raises(Refused) as refusal:
        services.file(second, "move_within", {**form, "key": "5b6d3f0e-0000-4000-8000-000000000002"})
    assert codes(refusal) == {"RES-E-012"}


def test_a_form_left_open_over_night(clerk, move_in):
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "move_in", move_in(opened_on="2026-11-19"))
    assert "RES-E-014" in codes(refusal)


def test_sent_back_and_withdrawn_filings_free_the_person(register_form, common, move_in, clerk, reviewer, town_codes):
    family = register_form("move_in", move_in())
    form = common(moved_on="2026-11-19", persons=list(family), address={"code": town_codes[1], "banchi": "２番"})
    receipt = services.file(clerk, "move_within", form)
    with pytest.raises(Refused):
        services.send_back(reviewer, receipt.filing, "")
    services.send_back(reviewer, receipt.filing, "番地を確認")
    receipt = services.file(clerk, "move_within", {**form, "key": "5b6d3f0e-0000-4000-8000-000000000003"})
    services.withdraw(clerk, receipt.filing)
    assert not Resident.objects.exclude(pending_filing=None).exists()
    with pytest.raises(Refused) as refusal:
        services.approve(reviewer, receipt.filing)
    assert codes(refusal) == {"RES-E-154"}


@pytest.mark.req("RES-049")
def test_an_agent_needs_a_letter(clerk, move_in):
    with pytest.raises(Refused) as refusal:
        services.file(clerk, "move_in", move_in(notifier_kind="5"))
    assert codes(refusal) == {"RES-E-006"}


@pytest.mark.req("RES-078")
def test_the_database_guards_history(register_form, move_in):
    register_form("move_in", move_in())
    for statement in (
        "UPDATE residents_version SET name = 'x'",
        "DELETE FROM residents_version",
        "TRUNCATE residents_version",
        "INSERT INTO residents_version SELECT (jsonb_populate_record(v, jsonb_build_object('id', 999, 'version_no', 3))).*"
        " FROM residents_version v LIMIT 1",
        "UPDATE audit_entry SET result = 'x'",
        "DELETE FROM events_event",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.req("RES-005", "RES-006")
def test_search_finds_by_every_key_over_history(register_form, common, move_in, town_codes, clerk):
    family = register_form("move_in", move_in())
    register_form(
        "move_within",
        common(moved_on="2026-11-19", persons=list(family), address={"code": town_codes[1], "banchi": "２番"}),
    )
    from yakuba.core.addresses import towns
    from yakuba.core.calendar.uncertain import UncertainDate

    names = {town.town_code: town.name for town in towns("272230")}
    for query, expected in [
        (Query(name="ミホン"), 3),
        (Query(name="みほん　はなこ"), 1),
        (Query(name="花子"), 1),
        (Query(name="ハナ"), 1),
        (Query(name="見本"), 3),
        (Query(birth=UncertainDate.parse("1980-04-12")), 1),
        (Query(birth=UncertainDate.parse("昭和57年")), 1),
        (Query(address=f"{names[town_codes[0]]}1-1"), 3),
        (Query(address=f"{names[town_codes[0]]}1-1", current_only=True), 0),
        (Query(number=family[1]), 1),
        (Query(household=current(family[1]).household_number), 3),
        (Query(resident_code=resident_code(3)), 1),
        (Query(name="見本", sex="2"), 1),
        (Query(name="見本", relationship="子"), 1),
        (Query(name="存在しない"), 0),
    ]:
        found = enquiries.search(clerk, query, exits.SEARCH_SCREEN)
        assert len(found.hits) == expected, query
    with pytest.raises(Refused):
        enquiries.search(clerk, Query(), exits.SEARCH_SCREEN)
