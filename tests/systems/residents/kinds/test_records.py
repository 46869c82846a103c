"""職権・修正: entries, closings and restorations ex officio, corrections, numbers, records written anew."""

from __future__ import annotations

from datetime import date

import pytest

from yakuba.core.findings import Refused
from yakuba.systems.residents import enquiries, exits, services
from yakuba.systems.residents.models import CodePool, Filing, Resident, ResidentVersion

from ..conftest import individual_number, resident_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(register_form, move_in) -> tuple[int, ...]:
    return register_form("move_in", move_in(moved_on="2026-11-10"))


@pytest.mark.req("RES-002", "RES-009")
def test_entry_ex_officio_for_somebody_without_a_record(register_form, office, person, town_codes, current):
    form = office(
        entered_on="2026-11-19", address={"code": town_codes[0], "banchi": "３番"},
        persons=[person(1, resident_code=None)], ground="無戸籍者に関する調査",
    )  # fmt: skip
    (number,) = register_form("ex_officio_entry", form)
    version = current(number)
    assert (version.reason, version.effect, version.closing_reason) == ("106", "entry", None)
    assert CodePool.objects.get(code=version.resident_code).assigned_on == date(2026, 11, 20)
    row = Filing.objects.get(kind="ex_officio_entry")
    assert (row.ground, row.channel, row.notifier_name) == ("無戸籍者に関する調査", "", "")


@pytest.mark.req("RES-004", "RES-086")
@pytest.mark.parametrize("ground", ["1", "2", "3", "4"])
def test_closing_ex_officio_keeps_its_ground_and_can_be_undone(
    register_form, office, family, current, refused, cancel, ground
):
    head, wife, child = family
    form = office(
        closed_on="2026-11-15", persons=[head], closing_ground=ground, householder_after=wife,
        relationships={f"{child:015d}": "子"}, ground="実態調査",
    )  # fmt: skip
    assert "FIL-E-004" in refused("ex_officio_closing", form | {"closing_ground": ""})
    assert "code-unknown" in refused("ex_officio_closing", form | {"closing_ground": "9"})
    register_form("ex_officio_closing", form)
    closed = current(head)
    assert (closed.status, closed.closing_reason, closed.closing_ground) == ("5", "206", ground)
    assert closed.closed_on.stored == "2026-11-15"
    assert (current(wife).relationship, current(child).householder_name) == ("世帯主", "見本　花子")
    assert [member.person_id for member in enquiries.members(closed.household_number)] == [wife, child]
    cancel()
    assert (current(head).status, current(head).closing_reason, current(head).relationship) == ("1", None, "世帯主")
    assert current(wife).householder_name == "見本　太郎"
    assert current(head).reason == "109"


def test_a_record_closed_by_mistake_is_the_same_one_again(register_form, office, family, current, refused):
    head, wife, child = family
    record = current(head).record_number
    register_form(
        "ex_officio_closing",
        office(closed_on="2026-11-15", persons=[head], closing_ground="4", householder_after=wife,
               relationships={f"{child:015d}": "子"}),
    )  # fmt: skip
    form = office(person=head, restored_on="2026-11-20", ground="居住を確認")
    assert refused("restoration", form) == {"RES-E-092"}, "the wife is householder now: what is he to her?"
    assert refused("restoration", form | {"person": wife}) == {"RES-E-032"}
    register_form("restoration", form | {"relationship": "夫"})
    back = current(head)
    assert (back.reason, back.effect, back.status, back.closing_reason) == ("106", "entry", "1", None)
    assert (back.record_number, back.relationship, back.householder_name) == (record, "夫", "見本　花子")
    assert back.resident_since == ResidentVersion.objects.get(person=head, version_no=1).resident_since


def test_a_declaration_of_disappearance(register_form, common, family, current):
    head, wife, child = family
    form = common(person=head, deemed_dead_on="令和8年11月頃", householder_after=wife,
                  relationships={f"{child:015d}": "子"})  # fmt: skip
    register_form("disappearance", form)
    version = current(head)
    assert (version.closing_reason, version.status, version.closing_ground) == ("206", "5", "1")
    assert version.closed_on.display_wareki() == "令和8年11月頃"


@pytest.mark.req("RES-003", "RES-009", "RES-053")
def test_an_error_is_corrected_from_the_version_on_the_screen(
    register_form, office, family, current, refused, clerk, reviewer
):
    head = family[0]
    form = office(
        person=head, corrected_on="2026-11-20", values={"birth": "昭和55年4月21日", "previous_banchi": "６番"},
        seen={str(head): 1}, ground="転出証明書との突合",
    )  # fmt: skip
    assert refused("error_correction", {**form, "seen": {}}) == {"RES-E-015"}
    assert refused("error_correction", {**form, "seen": {str(head): 9}}) == {"RES-E-013"}
    receipt = services.file(clerk, "error_correction", form)
    with pytest.raises(Refused) as refusal:
        services.approve(clerk, receipt.filing)
    assert {finding.code for finding in refusal.value.findings} == {"RES-E-150"}
    assert current(head).birth.stored == "1980-04-12", "before another person approves, nothing has changed"
    services.approve(reviewer, receipt.filing)
    after = current(head)
    assert (after.birth.stored, after.previous_banchi, after.reason) == ("1980-04-21", "６番", "304")
    assert after.valid_from == date(2026, 11, 10), "right from the day from which the wrong value held"
    wrong = ResidentVersion.objects.get(person=head, version_no=1)
    assert (wrong.birth.stored, wrong.previous_banchi) == ("1980-04-12", "５番")
    row = Filing.objects.get(kind="error_correction")
    assert (row.account, row.reviewer) == ("madoguchi1", "shinsa1")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "RES-E-170"),
        ({"household_number": "1"}, "RES-E-174"),
        ({"individual_number_": "1"}, "RES-E-174"),
        ({"status": "4"}, "RES-E-174"),
        ({"alias": "見本　譲二"}, "RES-E-175"),
        ({"birth": "1980-04-12"}, "RES-E-171"),
        ({"birth": "昭和99年13月"}, "era-out-of-range"),
        ({"sex": "7"}, "code-unknown"),
        ({"relationship": "子"}, "RES-E-172"),
        ({"name_kana": "みほん　たろう"}, "furigana-character"),
        ({"address_code": "99999000000"}, "RES-E-040"),
        ({"domicile_postal": "12"}, "RES-E-177"),
        ({"child_allowance_from": "2026-13"}, "RES-E-177"),
        ({"adult_ward": "たぶん"}, "RES-E-177"),
        ({"register_head": "見" * 101}, "RES-E-176"),
        ({"address_notified_on": "令和8年11月"}, "date-not-exact"),
    ],
)
def test_what_a_correction_cannot_write(office, family, refused, values, code):
    form = office(person=family[0], corrected_on="2026-11-20", values=values, seen={str(family[0]): 1})
    assert code in refused("error_correction", form)


def test_required_items_are_never_emptied(office, family, refused):
    form = office(person=family[0], corrected_on="2026-11-20", cleared=["birth"], seen={str(family[0]): 1})
    assert refused("error_correction", form) == {"RES-E-173"}


@pytest.mark.req("RES-080")
def test_a_minor_correction_is_marked_and_written_for_the_whole_household(
    register_form, office, family, current, refused
):
    form = office(
        corrected_on="2026-11-20", persons=list(family), values={"address_katagaki": "見本ハイツ１０１"},
        ground="建物名称の変更",
    )  # fmt: skip
    assert "RES-E-174" in refused("minor_correction", {**form, "values": {"birth": "1980-04-13"}})
    register_form("minor_correction", form)
    for number in family:
        version = current(number)
        assert (version.reason, version.address_katagaki, version.version_no) == ("302", "見本ハイツ１０１", 2)
        assert version.address_since.stored == "2026-11-10", "nobody moved"


@pytest.mark.req("RES-009", "RES-078")
def test_an_ex_officio_change_and_the_stop_that_only_it_can_lift(
    register_form, office, common, family, current, refused
):
    head = family[0]
    register_form("ex_officio_change", office(person=head, changed_on="2026-11-18", values={
        "domicile_town": "京都府見本市北町", "processing_stopped_on": "2026-11-18"}))  # fmt: skip
    assert (current(head).domicile_town, current(head).reason) == ("京都府見本市北町", "303")
    stopped = office(person=head, changed_on="2026-11-20", values={"register_head": "見本　次郎"})
    assert refused("ex_officio_change", stopped) == {"RES-E-011"}
    register_form("ex_officio_change", office(person=head, changed_on="2026-11-20", cleared=["processing_stopped_on"]))
    register_form("ex_officio_change", stopped)
    assert current(head).register_head == "見本　次郎"


def test_a_new_name_of_the_householder_stands_in_every_members_record(register_form, office, family, current, cancel):
    head, wife, child = family
    form = office(person=head, changed_on="2026-11-19", values={"name": "手本　太郎", "name_kana": "テホン　タロウ"})
    assert set(register_form("ex_officio_change", form)) == set(family)
    assert {current(number).householder_name for number in family} == {"手本　太郎"}
    assert (current(wife).name, current(child).relationship) == ("見本　花子", "子")
    cancel()
    assert {current(number).householder_name for number in family} == {"見本　太郎"}


@pytest.mark.req("RES-010", "RES-039")
def test_individual_numbers_entered_requested_and_corrected(register_form, office, common, family, current, refused):
    head, wife, _ = family
    entry = office(person=wife, entered_on="2026-11-20", individual_number=individual_number(2), ground="機構の通知")
    assert refused("number_entry", {**entry, "person": head}) == {"RES-E-181"}
    assert refused("number_entry", {**entry, "individual_number": ""}) == {"RES-E-180"}
    assert refused("number_entry", {**entry, "individual_number": individual_number(1)}) == {"RES-E-184"}
    assert "RES-E-182" in refused("number_correction", office(person=wife, changed_on="2026-11-20",
                                                             individual_number=individual_number(9)))  # fmt: skip
    register_form("number_entry", entry)
    assert current(wife).reason == "307"
    old = current(head).individual_number
    register_form(
        "number_request", common(person=head, changed_on="2026-11-20", individual_number=individual_number(7))
    )
    new = current(head)
    assert (new.reason, new.individual_number != old) == ("305", True)
    assert ResidentVersion.objects.get(person=head, version_no=1).individual_number == old, (
        "the old one stays in history"
    )
    again = common(person=head, changed_on="2026-11-20", individual_number=individual_number(1))
    assert refused("number_request", again) == {"RES-E-185"}
    register_form("number_correction", office(person=head, changed_on="2026-11-20",
                                              individual_number=individual_number(8), ground="不正な利用"))  # fmt: skip
    assert current(head).reason == "306"
    assert individual_number(8) not in str(list(Filing.objects.values_list("entries", "individual_numbers")))


@pytest.mark.req("RES-040")
def test_a_new_resident_code_comes_from_the_pool_and_the_old_one_stays(
    register_form, common, office, family, current, refused
):
    head = family[0]
    register_form("code_request", common(person=head, requested_on="2026-11-20"))
    version = current(head)
    assert version.reason == "308"
    assert version.resident_code != resident_code(1)
    assert CodePool.objects.get(code=version.resident_code).assigned_on == date(2026, 11, 20)
    assert ResidentVersion.objects.get(person=head, version_no=1).resident_code == resident_code(1)
    assert refused("code_entry", office(person=head, entered_on="2026-11-20")) == {"RES-E-186"}


def test_a_code_for_somebody_whom_a_loaded_register_brought_without(register_form, office, family, current, reviewer):
    from yakuba.systems.residents import register, rules
    from yakuba.systems.residents.reasons import Reason

    version = register.current_versions([family[2]])[0]
    change = rules.Change(
        family[2], Reason.ERROR_CORRECTION, date(2026, 11, 19), {**version.items(), "resident_code": None}
    )
    register.write(reviewer, rules.Plan([change]))
    register_form("code_entry", office(person=family[2], entered_on="2026-11-20"))
    assert (current(family[2]).reason, len(current(family[2]).resident_code)) == ("309", 11)


@pytest.mark.req("RES-060")
@pytest.mark.parametrize(("kind", "day", "reasons"), [("recreation", "recreated_on", ["207", "107"]),
                                                      ("reproduction", "reproduced_on", ["208", "108"])])  # fmt: skip
def test_a_record_written_anew_refers_to_the_former_one(
    register_form, office, family, current, cancel, kind, day, reasons
):
    head = family[0]
    first = current(head)
    register_form(kind, office(person=head, **{day: "2026-11-20"}, ground="異動の記載が多いため"))
    closed, new = ResidentVersion.objects.filter(person=head, version_no__gt=1).order_by("version_no")
    assert [closed.reason, new.reason] == reasons
    assert (closed.status, closed.closing_reason, closed.record_number) == ("8", reasons[0], first.record_number)
    assert new.former_record_number == first.record_number != new.record_number
    assert (new.status, new.closing_reason, new.resident_code) == ("1", None, first.resident_code)
    assert Resident.objects.get(pk=head).is_open
    cancel()
    assert (current(head).record_number, current(head).former_record_number) == (first.record_number, None)


def test_writing_anew_is_no_movement_of_the_population(register_form, office, family, clock):
    from yakuba.platform.events.outbox import dispatch
    from yakuba.systems.residents.models import PopulationDay

    register_form("recreation", office(person=family[0], recreated_on="2026-11-20"))
    dispatch(clock)
    rows = PopulationDay.objects.filter(reason__in=["207", "107"])
    assert [(row.entered, row.left_count, row.changed) for row in rows] == [(0, 0, 1), (0, 0, 1)]


def test_closed_records_can_be_wrong_too(register_form, common, office, family, current, refused):
    head, wife, child = family
    register_form("death", common(person=head, died_on="2026-11-18", householder_after=wife,
                                  relationships={f"{child:015d}": "子"}))  # fmt: skip
    form = office(person=head, corrected_on="2026-11-20", values={"closed_on": "2026-11-17"}, seen={str(head): 2})
    register_form("error_correction", form)
    assert (current(head).closed_on.stored, current(head).status) == ("2026-11-17", "4")
    assert not Resident.objects.get(pk=head).is_open
    assert refused("code_request", common(person=head, requested_on="2026-11-20")) == {"RES-E-031"}


def test_a_return_begins_a_record_of_its_own(register_form, common, move_in, person, family, current, cancel):
    register_form(
        "move_out", common(planned_on="2026-11-15", persons=list(family), destination={"town": "京都府見本市"})
    )
    record = current(family[0]).record_number
    (back,) = register_form("move_in", move_in(persons=[person(1, former_number=family[0])]))
    assert back == family[0]
    assert current(back).record_number != record
    cancel()
    assert (current(back).status, current(back).closing_reason) == ("7", "209")


def test_the_screen_of_a_filed_act_is_found_again(register_form, office, family, clerk):
    register_form("recreation", office(person=family[0], recreated_on="2026-11-20"))
    page = enquiries.person(clerk, family[0], exits.PERSON_SCREEN)
    assert [row.kind for row in page.filings] == ["recreation", "move_in"]
