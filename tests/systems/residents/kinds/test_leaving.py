"""転出関係: 特例, 取消, 転入通知."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from yakuba.systems.residents import services
from yakuba.systems.residents.models import Resident

pytestmark = pytest.mark.django_db
KYOTO = {"code": "26100000000", "town": "京都府京都市見本町"}


@pytest.fixture
def family(register_form, move_in) -> tuple[int, ...]:
    return register_form("move_in", move_in(moved_on="2026-11-10"))


@pytest.fixture
def leave(register_form, common, family):
    def make(day: str, numbers=family, **more):
        return register_form("move_out", common(planned_on=day, persons=list(numbers), destination=KYOTO, **more))

    return make


def test_a_departure_with_the_card_is_marked(leave, family, current, common, refused):
    abroad = common(planned_on="2026-11-20", persons=list(family), destination={"town": "アメリカ合衆国"}, abroad=True,
                    special=True)  # fmt: skip
    assert refused("move_out", abroad) == {"RES-E-106"}
    leave("2026-11-28", special=True)
    assert (current(family[0]).move_out_special, current(family[0]).move_out_abroad) == (True, False)


def test_a_departure_is_given_up_before_its_day(leave, family, common, current, register_form, refused):
    form = common(withdrawn_on="2026-11-20", persons=list(family))
    assert refused("move_out_withdrawal", form) == {"RES-E-036"}
    leave("2026-11-28")
    register_form("move_out_withdrawal", form)
    for number in family:
        version = current(number)
        assert (version.reason, version.effect, version.move_out_planned_on, version.planned_town) == (
            "319", "change", None, None)  # fmt: skip
    assert Resident.objects.filter(is_open=True).count() == 3
    leave("2026-11-29")


def test_a_departure_is_given_up_after_the_records_closed(leave, family, common, current, register_form, cancel):
    since = current(family[0]).resident_since
    leave("2026-11-18")
    assert not Resident.objects.filter(is_open=True).exists()
    register_form("move_out_withdrawal", common(withdrawn_on="2026-11-20", persons=list(family)))
    for number in family:
        version = current(number)
        assert (version.reason, version.effect, version.status, version.closing_reason) == ("109", "entry", "1", None)
        assert (version.move_out_on, version.resident_since) == (None, since)
    assert current(family[0]).relationship == "世帯主"
    cancel()
    assert (current(family[0]).status, current(family[0]).closing_reason) == ("2", "201")
    assert current(family[0]).move_out_on == date(2026, 11, 18)


def test_who_gave_up_leaving_finds_another_householder(leave, family, common, current, register_form, refused):
    head, wife, child = family
    leave("2026-11-18", [head], householder_after=wife, relationships={f"{child:015d}": "子"})
    form = common(withdrawn_on="2026-11-20", persons=[head])
    assert refused("move_out_withdrawal", form) == {"RES-E-092"}
    register_form("move_out_withdrawal", form | {"relationships": {f"{head:015d}": "夫"}})
    assert (current(head).relationship, current(head).householder_name) == ("夫", "見本　花子")


@pytest.mark.req("RES-062")
def test_the_notice_of_arrival_stands_beside_the_plan(leave, family, office, current, register_form, refused):
    head = family[0]
    leave("2026-11-16")
    notice = office(moved_in_on="2026-11-18", notice_on="2026-11-20", accepted_on="2026-11-19", persons=list(family),
                    destination={"code": "14100000000", "town": "神奈川県横浜市見本町", "banchi": "３番"})  # fmt: skip
    notice.pop("ground")
    register_form("move_in_notice", notice)
    version = current(head)
    assert (version.planned_town, version.confirmed_town) == ("京都府京都市見本町", "神奈川県横浜市見本町")
    assert (version.move_out_planned_on, version.move_out_on) == (date(2026, 11, 16), date(2026, 11, 18))
    assert (version.move_in_notice_on, version.move_in_notice_notified_on) == (date(2026, 11, 20), date(2026, 11, 19))
    assert (version.reason, version.closed_on.stored, version.closing_reason) == ("303", "2026-11-16", "201")
    again = {**notice, "key": office()["key"], "ground": "転入通知"}
    assert refused("move_in_notice", again) == {"RES-E-107"}


def test_the_earlier_day_closes(leave, family, office, current, register_form, make_desk, clock, common, refused):
    leave("2026-11-28")
    notice = office(moved_in_on="2026-11-19", notice_on="2026-11-20", persons=list(family), destination=KYOTO)
    register_form("move_in_notice", notice)
    assert (current(family[0]).reason, current(family[0]).closed_on.stored) == ("201", "2026-11-19")
    clock.advance(timedelta(days=9))
    assert services.close_due_move_outs(make_desk()) == 0, "nothing is closed twice"
    form = common(withdrawn_on="2026-11-29", notified_on="2026-11-29", persons=list(family))
    assert refused("move_out_withdrawal", form) == {"RES-E-105"}, "they live elsewhere by now"


def test_a_notice_about_somebody_who_said_nothing(family, office, current, register_form, refused):
    head, wife, child = family
    notice = office(moved_in_on="2026-11-19", notice_on="2026-11-20", persons=[head], destination=KYOTO)
    assert refused("move_in_notice", notice) == {"RES-W-107"}
    register_form("move_in_notice", notice | {"confirmed": ["RES-W-107"]})
    assert (current(head).status, current(head).closing_reason) == ("2", "201")
    # Two stay: nobody is made householder over their heads (1.1.10).
    assert {current(number).householder_name for number in (wife, child)} == {None}


@pytest.mark.parametrize("code", ["26100000000", ""])
def test_a_planned_day_closes_as_what_was_filed(register_form, common, family, current, make_desk, clock, code):
    """A place in Japan without a code is not abroad."""
    register_form("move_out", common(planned_on="2026-11-25", persons=list(family),
                                     destination={"code": code, "town": "京都府見本市"}))  # fmt: skip
    clock.advance(timedelta(days=5))
    assert services.close_due_move_outs(make_desk()) == 3
    assert (current(family[0]).status, current(family[0]).closing_reason) == ("2", "201")


def test_states_refuse_what_cannot_follow(leave, family, common, town_codes, refused, register_form):
    leave("2026-11-28")
    within = common(moved_on="2026-11-20", persons=list(family), address={"code": town_codes[1], "banchi": "２番"})
    assert refused("move_within", within) == {"RES-E-094"}
    assert refused("household_split", common(changed_on="2026-11-20", persons=[family[2]])) == {"RES-E-094"}
    assert refused("move_out", common(planned_on="2026-11-29", persons=list(family), destination=KYOTO)) == {
        "RES-E-104"
    }
