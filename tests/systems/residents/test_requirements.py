"""Promises of the assessments that the first road keeps, one test each."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Refused
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.models import Entry
from yakuba.platform.events.models import Event
from yakuba.platform.events.outbox import dispatch
from yakuba.systems.residents import certificates, enquiries, exits, filings, register, rules, services
from yakuba.systems.residents.enquiries import Query
from yakuba.systems.residents.models import Filing, PopulationDay, Resident, ResidentVersion, Town
from yakuba.systems.residents.reasons import Reason

from .conftest import individual_number

pytestmark = pytest.mark.django_db


def change(desk, number: int, **items) -> None:
    """An ex officio change of single items, as the register writes it."""
    version = register.current_versions([number])[0]
    plan = rules.Plan([rules.Change(number, Reason.EX_OFFICIO_CHANGE, desk.today, {**version.items(), **items})])
    register.write(desk, plan)


def refused(function, *arguments) -> set[str]:
    with pytest.raises(Refused) as refusal:
        function(*arguments)
    return {finding.code for finding in refusal.value.findings}


@pytest.mark.req("RES-008", "RES-047", "RES-070")
@pytest.mark.parametrize("channel", ["1", "2", "3"])
def test_a_filing_keeps_channel_notifier_and_who_took_it_in(clerk, move_in, channel):
    services.file(clerk, "move_in", move_in(channel=channel, notifier_phone="06-0000-0000"))
    row = Filing.objects.get(channel=channel)
    assert (row.notifier_name, row.notifier_phone, row.identity_documents) == (
        "見本　太郎",
        "06-0000-0000",
        ["driving-licence"],
    )
    assert (row.account, row.office, row.terminal) == (clerk.account, clerk.office, clerk.terminal)


@pytest.mark.req("RES-050")
def test_a_town_chooses_its_channels(clerk, move_in):
    Town.objects.update(channels=["1", "2"])
    register.town.cache_clear()
    assert refused(services.file, clerk, "move_in", move_in(channel="3")) == {"RES-E-001"}
    assert services.file(clerk, "move_in", move_in(channel="2")).filing


@pytest.mark.req("RES-009")
def test_an_act_ex_officio_needs_its_ground_and_nobody_to_notify(register_form, clerk, move_in, common):
    register_form("move_in", move_in())
    entry = Filing.objects.get().pk
    assert "RES-E-010" in refused(services.file, clerk, "cancellation", {"key": common()["key"], "filing": entry})
    register_form("cancellation", {"key": common()["key"], "filing": entry, "ground": "二重の届出"})
    row = Filing.objects.get(kind="cancellation")
    assert (row.channel, row.ground, row.notifier_name) == ("", "二重の届出", "")


@pytest.mark.req("RES-051")
def test_a_form_offers_only_its_own_fields():
    for kind, form in filings.KINDS.items():
        names = {field.name for field in dataclasses.fields(form)}
        stranger = next(
            field.name
            for other in filings.KINDS.values()
            for field in dataclasses.fields(other)
            if field.name not in names
        )
        with pytest.raises(Refused) as refusal:
            filings.parse(kind, {stranger: "x"})
        assert ("FIL-E-003", stranger) in {(finding.code, finding.field) for finding in refusal.value.findings}


@pytest.mark.req("RES-052")
def test_contradictory_dates_and_codes_are_found(clerk, move_in, person):
    codes = refused(
        services.file, clerk, "move_in",
        move_in(moved_on="1970-01-01", persons=[person(1, sex="7", resident_kind="3")], notified_on="2026-11-20"),
    )  # fmt: skip
    assert {"RES-E-072", "code-unknown"} <= codes


@pytest.mark.req("RES-057", "RES-078")
def test_prohibited_and_stopped_records(register_form, clerk, make_desk, move_in, common):
    import uuid

    family = register_form("move_in", move_in())
    change(clerk, family[0], issue_prohibited=True)
    request = certificates.CertificateRequest(
        kind=certificates.PaperKind.INDIVIDUAL_COPY, persons=family[:1], key=uuid.uuid4(), requester_kind="self",
        requester_name="見本　太郎", requester_person=family[0], use_purpose="見本", destination="見本",
        identity_documents=("driving-licence",),
    )  # fmt: skip
    assert refused(certificates.issue, clerk, request) == {"CER-E-024"}
    change(clerk, family[0], issue_prohibited=None, processing_stopped_on=date(2026, 11, 20))
    assert refused(certificates.issue, clerk, request) == {"CER-E-025"}
    form = common(person=family[0], died_on="2026-11-19", householder_after=family[1],
                  relationships={f"{family[2]:015d}": "子"})  # fmt: skip
    assert refused(services.file, clerk, "death", form) == {"RES-E-011"}
    change(clerk, family[0], processing_stopped_on=None)
    assert certificates.issue(clerk, request).pages == 1


@pytest.mark.req("RES-058")
def test_partly_unknown_births_are_found_by_every_day_they_may_be(register_form, clerk, move_in, person):
    register_form("move_in", move_in(persons=[person(1, birth="昭和25年5月 日不詳", name="見本　古")]))
    for asked, found in (("1950-05-01", 1), ("1950-05-31", 1), ("1950-06-01", 0), ("昭和25年", 1)):
        assert (
            len(enquiries.search(clerk, Query(birth=UncertainDate.parse(asked)), exits.SEARCH_SCREEN).hits) == found
        ), asked


@pytest.mark.req("RES-079")
def test_the_priority_of_names_decides_the_householders(register_form, move_in, person):
    foreigner = person(
        1, resident_kind="2", name="", name_kana="ミホン　ジョン", name_latin="MIHON JOHN", alias="見本　譲二", alias_kana="ミホン　ジョウジ",
        name_priority="alias", domicile={}, register_head="", nationality="USA", article_30_45="1", residence_card="AA00000000AA",
    )  # fmt: skip
    (number,) = register_form("move_in", move_in(persons=[foreigner]))
    assert register.current_versions([number])[0].householder_name == "見本　譲二"


@pytest.mark.req("RES-085")
def test_the_last_registered_address_of_a_returner(register_form, move_in, person):
    form = move_in(
        from_abroad=True, previous={"town": "アメリカ合衆国"}, last_registered={"town": "京都府見本市北町", "banchi": "５番"},
        persons=[person(1, resident_code=None)],
    )  # fmt: skip
    (number,) = register_form("move_in", form)
    version = register.current_versions([number])[0]
    assert (version.last_registered_town, version.reason) == ("京都府見本市北町", Reason.MOVE_IN_ABROAD)


@pytest.mark.req("RES-026")
def test_movement_is_counted_once_per_change(register_form, clock, move_in):
    register_form("move_in", move_in())
    dispatch(clock)
    dispatch(clock)
    row = PopulationDay.objects.get(reason=Reason.MOVE_IN)
    assert (row.day, row.entered, row.left_count) == (date(2026, 11, 20), 3, 0)


@pytest.mark.req("RES-031", "RES-091")
def test_each_change_is_published_once_under_the_internal_number(register_form, move_in):
    family = register_form("move_in", move_in())
    events = Event.objects.filter(name="residents:record:changed")
    assert [event.subject for event in events.order_by("id")] == list(family)
    assert individual_number(1) not in "".join(str(event.payload) for event in events)


@pytest.mark.req("RES-005")
def test_unknown_persons_leave_a_trace_too(clerk):
    assert refused(enquiries.person, clerk, 999, exits.PERSON_SCREEN) == {"RES-E-030"}
    assert Entry.objects.filter(operation="view", result="refused", account=clerk.account).exists()
    assert enquiries.search(clerk, Query(name="いない"), exits.SEARCH_SCREEN).hits == ()
    assert Entry.objects.filter(operation="search", subjects=[]).exists()


@pytest.mark.req("RES-006")
def test_search_by_individual_number_needs_its_own_duty(register_form, clerk, make_desk, move_in):
    from yakuba.core.numbers import IndividualNumber
    from yakuba.platform.access.desk import AccessDenied

    family = register_form("move_in", move_in())
    query = Query(individual_number=IndividualNumber(individual_number(1)))
    assert [hit.number for hit in enquiries.search(clerk, query, exits.SEARCH_SCREEN).hits] == [family[0]]
    with pytest.raises(AccessDenied):
        enquiries.search(make_desk(duties={Duty.INQUIRY}), query, exits.SEARCH_SCREEN)
    assert individual_number(1) not in str(list(Entry.objects.values_list("detail", flat=True)))


@pytest.mark.req("RES-001")
def test_the_database_wants_a_household_and_a_head_for_each_version(register_form, move_in):
    from django.db import IntegrityError, transaction

    family = register_form("move_in", move_in())
    version = ResidentVersion.objects.get(person=family[0])
    for wrong in ({"household_number": 12345}, {"person_id": 12345}, {"version_no": 5}):
        broken = ResidentVersion(**{**version.items(), "person_id": family[0], "version_no": 2, "event_id": version.event_id,
                                    "reason": "301", "effect": "change", "valid_from": version.valid_from,
                                    "recorded_at": version.recorded_at, **wrong})  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            broken.save(force_insert=True)
    assert Resident.objects.get(pk=family[0]).version_no == 1
