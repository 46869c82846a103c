"""The registry under flags: what is masked, who is found, what papers go out, and that no path tells more than another."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.django_fixtures import NOON, set_up_town

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.protection import flags, releases
from yakuba.platform.protection.exits import Way
from yakuba.platform.protection.flags import FlagOrder
from yakuba.platform.protection.passing import ProtectionRefused
from yakuba.platform.protection.policy import FlagKind, coverable
from yakuba.platform.protection.releases import ReleaseRequest
from yakuba.systems.residents import certificates, enquiries, exits, services
from yakuba.systems.residents.certificates import PaperKind
from yakuba.systems.residents.enquiries import Query
from yakuba.systems.residents.models import Filing, Issue, ResidentVersion
from yakuba.systems.residents.transfer import exporting

MakeDesk = Callable[..., Desk]
TODAY = NOON.date()
ORDINARY = frozenset(Duty) - {Duty.PROTECTION, Duty.PROTECTION_RELEASE}


@pytest.fixture
def family(register_form: Any, move_in: Any, person: Any, town_codes: list[str]) -> tuple[int, ...]:
    """Householder, wife, child at 「９９番９号」."""
    return register_form(  # type: ignore[no-any-return]
        "move_in",
        move_in(
            address={"code": town_codes[0], "banchi": "９９番９号", "katagaki": "見本荘９０９号"},
            persons=[
                person(1),
                person(2, name="見本　花子", name_kana="ミホン　ハナコ", birth="S57.3.1", sex="2", relationship="妻"),
                person(3, name="見本　一郎", name_kana="ミホン　イチロウ", birth="2010-05-05", relationship="子"),
            ],
        ),
    )


@pytest.fixture
def carer(town: None, make_desk: MakeDesk) -> Desk:
    return make_desk(account="hogo1")


@pytest.fixture
def ordinary(town: None, make_desk: MakeDesk) -> Desk:
    Account.objects.get_or_create(login="madoguchi1", defaults={"name": "見本　窓口", "office_id": "100"})
    return make_desk(ORDINARY, account="madoguchi1")


def protect(desk: Desk, *persons: int, kind: FlagKind = FlagKind.SUPPORT, ways: tuple[str, ...] | None = None) -> None:
    flags.set_flags(
        desk,
        FlagOrder(
            subjects=persons,
            kind=kind.value,
            ways=ways if ways is not None else tuple(coverable(kind, TODAY)),
            starts_on=TODAY,
            last_day=TODAY + timedelta(days=30),
            reason="見本",
        ),
    )


def release(desk: Desk, person: int, way: Way, **more: Any) -> None:
    releases.release(
        replace(desk, account="kengen1"),
        ReleaseRequest(subject=person, way=way.value, account="madoguchi1", reason="本人が来庁した", **more),
    )


def request(*persons: int, kind: PaperKind = PaperKind.INDIVIDUAL_COPY, **more: Any) -> Any:
    return certificates.parse(
        {
            "kind": kind.value,
            "persons": list(persons),
            "key": str(uuid.uuid4()),
            "requester_kind": "agent",
            "attorney_letter": True,
            "requester_name": "見本　次郎",
            "use_purpose": "就職",
            "destination": "会社",
            "identity_documents": ["driving-licence"],
            **more,
        }
    )


def found(desk: Desk, **keys: Any) -> set[int]:
    return {hit.number for hit in enquiries.search(desk, Query(**keys), exits.SEARCH_SCREEN).hits}


# -- what is masked ---------------------------------------------------------------------------------------------------


def test_every_item_that_tells_where_somebody_lives_is_masked(
    carer: Desk, ordinary: Desk, family: tuple[int, ...]
) -> None:
    before = enquiries.person(ordinary, family[1], exits.PERSON_SCREEN).version.items()
    protect(carer, family[1])
    page = enquiries.person(ordinary, family[1], exits.PERSON_SCREEN)
    after = page.version.items()
    changed = {name for name in before if before[name] != after[name]}
    assert {
        "address_town",
        "address_banchi",
        "address_katagaki",
        "domicile_town",
        "previous_town",
        "household_number",
    } <= changed
    assert changed <= set(exits.CONCEALED)
    assert all(after[name] is None for name in exits.CONCEALED)
    assert (page.household, page.household_number) == ((), None)
    assert page.version.name == "見本　花子"
    stored = ResidentVersion.objects.get(person=family[1])
    assert stored.address_banchi == "９９番９号", "only what is shown is masked"


def test_items_without_a_place_stay_open() -> None:
    assert not {"name", "name_kana", "birth", "sex", "status", "resident_code", "nationality"} & set(exits.CONCEALED)
    prefixes = ("address", "domicile", "previous", "last_registered", "planned", "confirmed")
    for prefix in prefixes:
        assert {f"{prefix}_{part}" for part in ("code", "postal", "town", "banchi", "katagaki")} <= set(exits.CONCEALED)


def test_who_lives_with_a_protected_person_is_hidden_from_both_sides(
    carer: Desk, ordinary: Desk, family: tuple[int, ...]
) -> None:
    """The others of the household have no flag: their address is open, so nothing may lead from her to them, nor back."""
    husband, wife, child = family
    household = enquiries.person(carer, husband, exits.PERSON_SCREEN).household_number
    protect(carer, wife)
    members = enquiries.household(ordinary, household or 0, exits.HOUSEHOLD_SCREEN)
    assert [member.person_id for member in members] == [husband, child]
    page = enquiries.person(ordinary, husband, exits.PERSON_SCREEN)
    assert [member.person_id for member in page.household] == [husband, child]
    assert found(ordinary, household=household) == {husband, child}
    assert found(ordinary, name="見本", relationship="妻") == set()
    assert found(ordinary, name="見本") == set(family)
    assert [m.person_id for m in enquiries.household(carer, household or 0, exits.HOUSEHOLD_SCREEN)] == [
        husband,
        wife,
        child,
    ]


@pytest.mark.parametrize(
    "keys",
    [
        {"address": "９９番９号"}, {"address": "99"}, {"katagaki": "見本荘"}, {"name": "見本花子", "address": "99"},
        {"name": "見本花子", "relationship": "妻"}, {"name": "ミホンハナコ", "katagaki": "見本荘"},
    ],
    ids=str,
)  # fmt: skip
def test_who_is_masked_is_not_found_by_what_is_masked(
    carer: Desk, ordinary: Desk, family: tuple[int, ...], keys: dict[str, str]
) -> None:
    if "address" in keys:
        town = enquiries.person(carer, family[0], exits.PERSON_SCREEN).version.address_town
        keys = keys | {"address": f"{town}{keys['address']}"}
    assert family[1] in found(ordinary, **keys)
    nobody = found(ordinary, **(keys | {"name": "見本　存在"}))
    protect(carer, *family)
    assert found(ordinary, **keys) == nobody == set()
    assert family[1] in found(carer, **keys)


def test_a_household_where_all_are_masked_answers_like_an_empty_one(
    carer: Desk, ordinary: Desk, family: tuple[int, ...], signed_texts: Callable[[Desk, int], str]
) -> None:
    household = enquiries.person(carer, family[0], exits.PERSON_SCREEN).household_number or 0
    protect(carer, *family)
    assert signed_texts(ordinary, household) == signed_texts(ordinary, 1)


@pytest.fixture
def signed_texts() -> Callable[[Desk, int], str]:
    def answer(desk: Desk, household: int) -> str:
        members = enquiries.household(desk, household, exits.HOUSEHOLD_SCREEN)
        return str(enquiries.nobody_to_show()) if not members else str(members)

    return answer


def test_filings_of_protected_persons_go_to_the_desk_of_protection(
    carer: Desk, ordinary: Desk, make_desk: MakeDesk, family: tuple[int, ...], common: Any
) -> None:
    protect(carer, family[1])
    form = common(
        planned_on="2026-12-10", destination={"town": "奈良県見本市", "banchi": "１番"}, persons=[str(family[1])]
    )
    for act in (services.check, services.file):
        with pytest.raises(ProtectionRefused) as refusal:
            act(ordinary, "move_out", form)
        assert {finding.code for finding in refusal.value.findings} == {"PRO-E-001"}
        assert refusal.value.subjects == (family[1],)
    filing = services.file(carer, "move_out", form).filing
    shown = services.open_filing(ordinary, filing, exits.FILING_SCREEN)
    assert shown.is_masked
    assert (shown.row.entries, shown.check, shown.written) == ({}, None, ())
    assert "奈良県" not in str(vars(shown.row))
    with pytest.raises(ProtectionRefused):
        services.approve(replace(ordinary, account="shinsa2"), filing)
    assert "奈良県" in str(services.open_filing(carer, filing, exits.FILING_SCREEN).row.entries)
    services.approve(make_desk(account="hogo2"), filing)


def test_a_filing_into_a_protected_household_does_not_say_of_whom(
    carer: Desk, ordinary: Desk, family: tuple[int, ...], move_in: Any, person: Any, town_codes: list[str]
) -> None:
    household = enquiries.person(carer, family[0], exits.PERSON_SCREEN).household_number
    protect(carer, *family)
    form = move_in(household_number=f"{household:015d}", persons=[person(7, relationship="同居人")])
    with pytest.raises(ProtectionRefused) as refusal:
        services.check(ordinary, "move_in", form)
    assert {finding.code for finding in refusal.value.findings} == {"RES-E-157"}
    assert not any(name in str(refusal.value) for name in ("太郎", "花子", "一郎"))


# -- papers -----------------------------------------------------------------------------------------------------------


@pytest.mark.req("RES-056")
def test_one_paper_by_one_release(carer: Desk, ordinary: Desk, family: tuple[int, ...]) -> None:
    """Ordinary operator issues -> blocked; approver releases -> one issuance, approver and reason logged; next one blocked."""
    protect(carer, *family)
    wanted = request(family[0])
    for desk in (ordinary, replace(carer, account="hogo2")):
        with pytest.raises(ProtectionRefused):
            certificates.issue(desk, wanted)
    release(carer, family[0], Way.ISSUE)
    certificates.preview(ordinary, wanted)
    issued = certificates.issue(ordinary, wanted)
    again = certificates.issue(ordinary, wanted)
    assert (again.repeated, again.pdf) == (True, issued.pdf), "the PDF of the same request opens"
    certificates.deliver(ordinary, issued.number)
    with pytest.raises(ProtectionRefused):
        certificates.issue(ordinary, request(family[0]))
    with pytest.raises(ProtectionRefused):
        certificates.preview(ordinary, request(family[0]))
    released, *used = Entry.objects.filter(operation="release").order_by("pk")
    assert (released.account, released.detail["reason"]) == ("kengen1", "本人が来庁した")
    assert {(entry.account, entry.detail["act"]) for entry in used} == {("madoguchi1", "used")}
    assert Issue.objects.count() == 1


def test_after_the_release_has_passed_not_even_the_same_paper(
    carer: Desk, ordinary: Desk, family: tuple[int, ...], clock: FixedClock
) -> None:
    protect(carer, *family)
    release(carer, family[0], Way.ISSUE)
    wanted = request(family[0])
    issued = certificates.issue(ordinary, wanted)
    clock.advance(timedelta(minutes=30))
    with pytest.raises(ProtectionRefused):
        certificates.issue(ordinary, wanted)
    with pytest.raises(ProtectionRefused):
        certificates.deliver(ordinary, issued.number)


def test_a_paper_that_was_issued_before_is_not_handed_over(
    carer: Desk, ordinary: Desk, family: tuple[int, ...]
) -> None:
    issued = certificates.issue(ordinary, request(family[0]))
    protect(carer, family[0])
    with pytest.raises(ProtectionRefused):
        certificates.deliver(ordinary, issued.number)
    assert Issue.objects.get().delivered_at is None


@pytest.mark.parametrize("kind", [FlagKind.OWN_REQUEST, FlagKind.DISPUTE], ids=str)
def test_other_suppressions_stop_papers_and_nothing_else(
    carer: Desk, ordinary: Desk, family: tuple[int, ...], kind: FlagKind
) -> None:
    protect(carer, family[0], kind=kind)
    page = enquiries.person(ordinary, family[0], exits.PERSON_SCREEN)
    assert page.version.address_banchi == "９９番９号"
    assert page.verdict.warnings == (kind.warning,)
    with pytest.raises(ProtectionRefused):
        certificates.issue(ordinary, request(family[0]))


def test_a_paper_does_not_name_a_protected_householder(carer: Desk, ordinary: Desk, family: tuple[int, ...]) -> None:
    """The child's paper would show his name beside the address."""
    protect(carer, family[0])
    with pytest.raises(ProtectionRefused) as refusal:
        certificates.issue(ordinary, request(family[2]))
    assert "太郎" not in str(refusal.value)
    assert f"{family[0]:015d}" not in str(refusal.value)


def test_other_findings_do_not_tell_who_lives_together(
    carer: Desk, ordinary: Desk, family: tuple[int, ...], register_form: Any, move_in: Any, person: Any
) -> None:
    (stranger,) = register_form("move_in", move_in(persons=[person(9, name="見本　三郎", register_head="見本　三郎")]))
    protect(carer, family[1])
    for other in (family[2], stranger):
        with pytest.raises(ProtectionRefused) as refusal:
            certificates.issue(ordinary, request(family[1], other))
        assert [finding.code for finding in refusal.value.findings] == ["PRO-E-001"]


def test_all_findings_of_the_form_still_come_at_once(carer: Desk, ordinary: Desk, family: tuple[int, ...]) -> None:
    protect(carer, family[0])
    with pytest.raises(Refused) as refusal:
        certificates.issue(ordinary, request(family[0], use_purpose="", destination=""))
    assert {finding.code for finding in refusal.value.findings} == {"CER-E-011", "CER-E-012", "PRO-E-001"}


# -- files ------------------------------------------------------------------------------------------------------------


def test_an_export_leaves_out_and_counts(carer: Desk, ordinary: Desk, family: tuple[int, ...], tmp_path: Any) -> None:
    protect(carer, family[1])
    assert exporting.export(ordinary, tmp_path / "a.csv").rows == 2
    assert f"{family[1]:015d}" not in (tmp_path / "a.csv").read_text("utf-8")
    assert exporting.export(carer, tmp_path / "b.csv").rows == 3
    withheld = [
        e.detail["withheld"] for e in Entry.objects.filter(operation="export", detail__state="finished").order_by("pk")
    ]
    assert withheld == [1, 0]
    told = str(list(Entry.objects.filter(operation="export").values_list("detail", "subjects")))
    assert f"{family[1]:015d}" not in told


def test_an_export_overtaken_by_a_flag_makes_no_file(
    carer: Desk, ordinary: Desk, family: tuple[int, ...], tmp_path: Any
) -> None:
    def meanwhile(_stage: str, _done: int, _total: int | None) -> None:
        protect(carer, family[1])

    with pytest.raises(Refused, match="RES-E-382"):
        exporting.export(ordinary, tmp_path / "a.csv", meanwhile)
    assert list(tmp_path.iterdir()) == []


# -- no path tells more than another ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    duties: frozenset[Duty]
    flags: tuple[tuple[int, FlagKind, frozenset[Way], int, int], ...]  # who, kind, ways, first and last day from today
    releases: tuple[tuple[int, Way], ...]


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    made = []
    for person in range(3):
        kind = draw(st.none() | st.sampled_from(FlagKind))
        if kind is not None:
            ways = draw(st.sets(st.sampled_from(sorted(coverable(kind, TODAY))), min_size=1))
            first = draw(st.integers(-2, 1))
            made.append((person, kind, frozenset(ways), first, draw(st.integers(first, 2))))
    return Case(
        frozenset({Duty.INQUIRY} | draw(st.sets(st.sampled_from(sorted(Duty))))),
        tuple(made),
        tuple(draw(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(Way)), max_size=3, unique=True))),
    )


def _is_open(case: Case, person: int, way: Way) -> bool:
    """By the table in words: support closes everything but to protection's desk or a release; papers only by a release."""
    closing = {
        FlagKind.SUPPORT: set(Way), FlagKind.PROVISIONAL_SUPPORT: set(Way), FlagKind.OWN_REQUEST: {Way.ISSUE},
        FlagKind.DISPUTE: {Way.ISSUE}, FlagKind.NO_AUTOMATIC_ANSWER: {Way.AUTOMATIC_ANSWER},
    }  # fmt: skip
    holds = any(
        who == person and way in ways and way in closing[kind] and first <= 0 <= last
        for who, kind, ways, first, last in case.flags
    )
    by_duty = way in {Way.DISPLAY, Way.LISTING, Way.FILE} and Duty.PROTECTION in case.duties
    return not holds or by_duty or (person, way) in case.releases


@given(case=_cases())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_returns_more_than_the_viewers_set(
    case: Case, carer: Desk, make_desk: MakeDesk, family: tuple[int, ...]
) -> None:
    Account.objects.get_or_create(login="madoguchi1", defaults={"name": "見本", "office_id": "100"})
    with transaction.atomic():
        for who, kind, ways, first, last in case.flags:
            flags.set_flags(
                carer,
                FlagOrder(
                    subjects=(family[who],), kind=kind.value, ways=tuple(sorted(ways)), starts_on=TODAY + timedelta(days=first),
                    last_day=TODAY + timedelta(days=last), reason="見本",
                ),
            )  # fmt: skip
        for who, way in case.releases:
            release(carer, family[who], way, uses=50)
        desk = make_desk(case.duties, account="madoguchi1")
        shown = {person for person in range(3) if _is_open(case, person, Way.DISPLAY)}
        listed = {person for person in range(3) if _is_open(case, person, Way.LISTING)}
        household = ResidentVersion.objects.get(person=family[0]).household_number

        for person, number in enumerate(family):
            page = enquiries.person(desk, number, exits.PERSON_SCREEN)
            assert (page.version.address_banchi is not None) == (person in shown)
            assert all(version.address_banchi is None for version in page.history) == (person not in shown)
            assert {m.person_id for m in page.household} == ({family[p] for p in shown} if person in shown else set())
            assert all(bool(filing.entries) == (shown == {0, 1, 2}) for filing in page.filings)
        members = enquiries.household(desk, household, exits.HOUSEHOLD_SCREEN)
        assert {member.person_id for member in members} == {family[p] for p in shown}
        (filing,) = Filing.objects.values_list("pk", flat=True)
        assert services.open_filing(desk, filing, exits.FILING_SCREEN).is_masked == (shown != {0, 1, 2})

        hits = enquiries.search(desk, Query(name="見本"), exits.SEARCH_SCREEN).hits
        assert {hit.number for hit in hits} == set(family)
        assert {hit.number for hit in hits if hit.household is not None} == {family[p] for p in listed}
        # A release opens what was looked up, it doesn't make anybody findable.
        findable = {family[p] for p in range(3) if _is_open(replace(case, releases=()), p, Way.LISTING)}
        assert found(desk, household=household) == findable

        if Duty.CERTIFICATE in case.duties:
            for person, number in enumerate(family):
                opens = _is_open(case, person, Way.ISSUE) and _is_open(case, 0, Way.ISSUE)  # 0 is the householder
                try:
                    certificates.preview(desk, request(number))
                except ProtectionRefused:
                    assert not opens
                else:
                    assert opens
        transaction.set_rollback(True)


def test_a_flag_and_a_paper_at_the_same_time_are_one_after_the_other(
    fresh_database: str, make_desk: MakeDesk, move_in: Any
) -> None:
    """Many times at once: whatever paper was issued was issued before the flag; none after it."""
    set_up_town()
    carer = make_desk(account="hogo1")
    filing = services.file(make_desk(account="madoguchi1"), "move_in", move_in()).filing
    family = services.approve(make_desk(account="shinsa1"), filing).persons
    ordinary = make_desk(ORDINARY, account="madoguchi1")

    def issue(_: int) -> bool:
        try:
            certificates.issue(ordinary, request(family[0]))
        except ProtectionRefused:
            return False
        finally:
            connection.close()
        return True

    def flag(_: int) -> None:
        try:
            protect(carer, *family)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        papers = [pool.submit(issue, number) for number in range(3)]
        flagging = pool.submit(flag, 0)
        papers += [pool.submit(issue, number) for number in range(3)]
        flagging.result(timeout=30)
        outcomes = [paper.result(timeout=30) for paper in papers]
    assert Issue.objects.count() == sum(outcomes)
    assert not issue(0)
    logged = list(
        Entry.objects.filter(operation__in=["issue", "protect"], result="done")
        .order_by("pk")
        .values_list("operation", flat=True)
    )
    assert logged[-1] == "protect"


def test_the_period_ends_by_itself(carer: Desk, make_desk: MakeDesk, family: tuple[int, ...]) -> None:
    """満了日まで; the day after, everything is open again without anybody's doing."""
    protect(carer, *family)
    last = TODAY + timedelta(days=30)
    for day, is_open in ((last, False), (last + timedelta(days=1), True)):
        desk = make_desk(ORDINARY, at=NOON.replace(year=day.year, month=day.month, day=day.day))
        assert enquiries.person(desk, family[0], exits.PERSON_SCREEN).verdict.is_open == is_open
        assert (family[0] in found(desk, katagaki="見本荘")) == is_open
    assert isinstance(last, date)
