"""What is handed over: the rooms' own words, others' data left out, the content that was decided about."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from tests.platform.disclosure.conftest import TODAY, request
from tests.systems.residents.conftest import (
    common,
    individual_number,
    move_in,
    person,
    register_form,
    reviewer,
    town_codes,
)

from yakuba.core.findings import Refused
from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import AccessDenied, ConfirmationNeeded, Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Office
from yakuba.platform.approvals import services as approvals
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.disclosure import house_sources, number_changes, services, sources
from yakuba.platform.disclosure.models import Case, Step
from yakuba.platform.disclosure.rules import Channel, Document, Kind, Method, Outcome, Payment, Shown
from yakuba.platform.disclosure.services import Proposal
from yakuba.platform.disclosure.sources import NUMBER, OTHERS
from yakuba.platform.linkage.models import Record
from yakuba.platform.protection import flags
from yakuba.platform.protection.exits import Way
from yakuba.platform.protection.flags import FlagOrder
from yakuba.platform.protection.policy import FlagKind
from yakuba.systems.residents import enquiries
from yakuba.systems.residents.exits import PERSON_SCREEN
from yakuba.systems.residents.models import Filing
from yakuba.web.exits import CASES_LIST

__all__ = ["common", "move_in", "person", "register_form", "reviewer", "town_codes"]  # the registry's fixtures
pytestmark = pytest.mark.django_db

SOON = timedelta(seconds=1)
REASONS = {"grounds": ("third_party",), "reason": "世帯主などの氏名は本人以外の情報のため"}


@pytest.fixture
def clerk(town: None, make_desk: Callable[..., Desk]) -> Desk:
    """Takes filings in, too: for the registry's fixtures."""
    return make_desk({Duty.DISCLOSURE, Duty.REGISTRATION, Duty.INDIVIDUAL_NUMBER}, account="kaiji1")


@pytest.fixture
def head(town: None, make_desk: Callable[..., Desk]) -> Desk:
    return make_desk({Duty.APPROVAL}, account="kacho1")


@pytest.fixture
def family(register_form: Any, move_in: Any, clock: FixedClock) -> tuple[int, ...]:
    """見本　太郎, his wife 見本　花子 and their child, registered the day before."""
    clock.advance(-timedelta(days=1))
    persons: tuple[int, ...] = register_form("move_in", move_in(notified_on="2026-11-19"))
    clock.advance(timedelta(days=1))
    return persons


@pytest.fixture
def decide(clerk: Desk, head: Desk) -> Callable[..., Case]:
    """A request of 見本　花子 (or `subject`), decided, notified and ordered as copies of `sides`."""

    def run(subject: int, name: str, *, sides: int = 0, outcome: Outcome = Outcome.PARTIAL, **more: Any) -> Case:
        case = services.receive(clerk, request(subject=subject, requester_name=name, **more))
        reasons = REASONS if outcome is Outcome.PARTIAL else {}
        decision = services.propose(clerk, case.pk, Proposal(outcome=outcome, **reasons))
        approvals.decide(head, decision.application_id, grant=True)
        services.notify(clerk, case.pk)
        method = Method.COPY if sides else Method.VIEW
        services.order(clerk, case.pk, method, Channel.COUNTER, sides=sides)
        if sides:
            services.pay(clerk, case.pk, 10 * sides, Payment.CASH)
        return case

    return run


def text_of(pdf: bytes) -> str:
    with pdfium.PdfDocument(pdf) as document:
        return re.sub(r"\s", "", "".join(page.get_textpage().get_text_bounded() for page in document))


def words(collected: sources.Collected) -> str:
    return "\n".join("|".join(line) for _, part in collected.parts for section in part for line in section.lines)


def collect(desk: Desk, subject: int, until: datetime | None = None) -> sources.Collected:
    with database_roles.stretch():
        desk.require(Duty.DISCLOSURE)
        return sources.collect(desk, subject, (), until or desk.now + timedelta(seconds=1))


# -- collecting -------------------------------------------------------------------------------------------------------


def test_others_stay_in_their_room(clerk: Desk, family: tuple[int, ...]) -> None:
    """The wife's record names her husband as 世帯主; the registry says that there is somebody, and not who."""
    found = collect(clerk, family[1])
    told = words(found)
    assert "氏名|見本　花子" in told
    assert "見本　太郎" not in told
    assert f"世帯主の氏名|{OTHERS}" in told
    assert found.masked >= 2
    own = collect(clerk, family[0])
    assert "世帯主の氏名|見本　太郎" in words(own)
    assert f"個人番号|{NUMBER}" in words(own)
    assert individual_number(1) not in words(own)


def test_what_came_after_the_moment_is_not_in_it(clerk: Desk, family: tuple[int, ...]) -> None:
    assert collect(clerk, family[0], clerk.now - timedelta(days=1)).is_empty  # the very moment of its registration
    assert not collect(clerk, family[0], clerk.now - timedelta(hours=23)).is_empty


def test_the_person_learns_who_looked_and_not_who_else_was_looked_at(
    clerk: Desk, family: tuple[int, ...], make_desk: Any
) -> None:
    viewer = make_desk({Duty.INQUIRY}, account="madoguchi9", purpose=Purpose.COUNTER_INQUIRY)
    enquiries.person(viewer, family[1], PERSON_SCREEN)
    (section,) = house_sources.ACCESSES.collect(clerk, family[1], clerk.now + SOON)
    assert section.lines[0] == ("2026/11/20 12:00:00", "市民課", "窓口での照会対応", "照会")
    told = str(section)
    assert not [number for number in family if f"{number:015d}" in told]
    assert "madoguchi9" not in told


def test_the_care_of_protected_persons_is_kept_back(clerk: Desk, family: tuple[int, ...], make_desk: Any) -> None:
    """Else the person from whom somebody hides would read that somebody does."""
    carer = make_desk({Duty.PROTECTION, Duty.INQUIRY}, account="shien1", purpose=Purpose.PROTECTION)
    (before,) = house_sources.ACCESSES.collect(clerk, family[0], clerk.now + SOON)
    enquiries.person(carer, family[0], PERSON_SCREEN)
    (section,) = house_sources.ACCESSES.collect(clerk, family[0], clerk.now + SOON)
    assert section.lines == before.lines
    assert section.kept_back == before.kept_back + 1
    assert "支援" not in str(section)


@pytest.mark.req("PDISC-004")
@pytest.mark.parametrize(("profile", "results"), [("kadoma", ["提供"]), ("yamaguchi", ["拒否", "提供"])])
def test_the_person_learns_to_whom_it_was_provided(
    clerk: Desk, family: tuple[int, ...], profile: str, results: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from yakuba.platform.profiles import Profile, settings

    monkeypatch.setattr(settings, "house_profile", lambda: Profile(profile))
    Office.objects.create(code="300", name="障がい福祉課")
    for number, refusal in enumerate(("", "LNK-E-204")):
        Record.objects.create(
            at=clerk.now + timedelta(seconds=number - 5), account="fukushi1", office="300", terminal="T01", grant=None,
            view="residents:basic", system="welfare", flow="transfer", method="in_house", law="番号法 第9条第1項",
            purpose="手当の支給", case="R8-1", items=["name", "birth"], subjects=[family[1], family[2]], handed_out=2,
            refusal=refusal,
        )  # fmt: skip
    (section,) = house_sources.PROVISIONS.collect(clerk, family[1], clerk.now + SOON)
    assert [line[-1] for line in section.lines] == results
    assert section.lines[-1] == (
        "2026/11/20 11:59:55", "障がい福祉課", "氏名、生年月日", "番号法 第9条第1項　手当の支給", "提供",
    )  # fmt: skip
    assert house_sources.recipients(family[1]) == ["障がい福祉課"]
    (nothing,) = house_sources.PROVISIONS.collect(clerk, family[0], clerk.now + SOON)
    assert nothing.lines == ()


# -- the paper --------------------------------------------------------------------------------------------------------


def test_the_paper_says_what_was_decided_and_what_is_held(clerk: Desk, family: tuple[int, ...], decide: Any) -> None:
    case = decide(family[1], "見本　花子")
    rendered = services.draw(clerk, case.pk)
    told = text_of(rendered.pdf)
    for text in (
        "門真市長",
        "見本花子",
        "一部を開示する",
        "第78条第1項第2号",
        "住民票の記載事項",
        "転入届",
        "閲覧等の記録",
    ):
        assert text in told, text
    assert "見本太郎" not in told
    assert rendered.overflows == rendered.missing_glyphs == ()
    entry = Entry.objects.filter(operation="issue", result="done").latest("at")
    assert (entry.subjects, entry.detail["case"]) == ([family[1]], f"disclosure:{case.pk}")
    services.hand_over(clerk, case.pk)
    case.refresh_from_db()
    assert (case.state, case.due) == ("done", None)


def test_copies_have_the_sides_that_were_paid_for(clerk: Desk, family: tuple[int, ...], decide: Any) -> None:
    case = decide(family[1], "見本　花子")
    sides = services.preview(clerk, case.pk).page_count
    services.order(clerk, case.pk, Method.COPY, Channel.COUNTER, sides=sides + 1)
    services.pay(clerk, case.pk, 10 * (sides + 1), Payment.CASH)
    with pytest.raises(Refused, match="DSC-E-064"):
        services.draw(clerk, case.pk)
    services.order(clerk, case.pk, Method.COPY, Channel.COUNTER, sides=sides)
    with pytest.raises(Refused, match="DSC-E-059"):
        services.draw(clerk, case.pk)
    services.pay(clerk, case.pk, 10 * sides, Payment.CASH)
    assert services.draw(clerk, case.pk).page_count == sides


def test_the_number_enters_last_by_right_and_second_factor(
    clerk: Desk, family: tuple[int, ...], decide: Any, make_desk: Any
) -> None:
    digits = individual_number(1)
    case = decide(family[0], "見本　太郎", with_number=True)
    assert digits in text_of(services.draw(clerk, case.pk).pdf)
    assert Entry.objects.filter(operation="view_number", subjects=[family[0]]).count() == 1
    assert digits not in text_of(services.preview(clerk, case.pk).pdf)
    with pytest.raises(AccessDenied):
        services.draw(make_desk({Duty.DISCLOSURE}, account="kaiji2"), case.pk)
    unconfirmed = make_desk({Duty.DISCLOSURE, Duty.INDIVIDUAL_NUMBER}, account="kaiji2", is_confirmed=False)
    with pytest.raises(ConfirmationNeeded):
        services.draw(unconfirmed, case.pk)
    plain = decide(family[0], "見本　太郎")
    assert digits not in text_of(services.draw(clerk, plain.pk).pdf)


def test_what_came_after_the_proposal_is_not_handed_over(
    clerk: Desk, family: tuple[int, ...], decide: Any, make_desk: Any
) -> None:
    case = decide(family[1], "見本　花子")
    before = text_of(services.preview(clerk, case.pk).pdf)
    enquiries.person(
        make_desk({Duty.INQUIRY}, account="madoguchi9", at=clerk.now + timedelta(hours=1)), family[1], PERSON_SCREEN
    )
    assert text_of(services.preview(clerk, case.pk).pdf) == before


def test_what_is_not_as_it_was_decided_is_not_handed_over(
    clerk: Desk, family: tuple[int, ...], decide: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = decide(family[1], "見本　花子")
    monkeypatch.delitem(sources._sources, "residents:issues")
    with pytest.raises(Refused, match="DSC-E-063"):
        services.draw(clerk, case.pk)
    services.revoke(clerk, case.pk, "発行の記録が廃棄されたため")
    with pytest.raises(Refused, match="DSC-E-034"):
        services.draw(clerk, case.pk)
    assert services.decision_of(case) is None
    services.propose(clerk, case.pk, Proposal(outcome=Outcome.PARTIAL, **REASONS))


@pytest.mark.parametrize("act", [services.preview, services.draw, services.hand_over])
def test_a_flag_that_came_after_the_decision_keeps_the_paper_back(
    clerk: Desk, family: tuple[int, ...], decide: Any, make_desk: Any, act: Any
) -> None:
    case = decide(family[1], "見本　花子")
    flags.set_flags(
        make_desk({Duty.PROTECTION}, account="shien1"),
        FlagOrder(
            subjects=(family[1],), kind=FlagKind.SUPPORT, ways=(Way.ISSUE,), starts_on=TODAY,
            last_day=TODAY + timedelta(days=30), reason="見本",
        ),
    )  # fmt: skip
    with pytest.raises(Refused, match="PRO-E-001"):
        act(clerk, case.pk)
    case.refresh_from_db()
    assert case.state == "notified"


def test_a_decision_against_it_has_no_paper(clerk: Desk, head: Desk, family: tuple[int, ...]) -> None:
    case = services.receive(clerk, request(subject=family[1], requester_name="見本　花子"))
    proposal = Proposal(outcome=Outcome.NONE, grounds=("existence",), reason="存否を答えられないため")
    approvals.decide(head, services.propose(clerk, case.pk, proposal).application_id, grant=True)
    services.notify(clerk, case.pk)
    with pytest.raises(Refused, match="DSC-E-050"):
        services.preview(clerk, case.pk)


# -- correcting -------------------------------------------------------------------------------------------------------


def test_a_correction_is_carried_into_the_register_by_a_filing(
    clerk: Desk, head: Desk, family: tuple[int, ...], register_form: Any, common: Any
) -> None:
    def notified(subject: int, name: str) -> Case:
        case = services.receive(clerk, request(Kind.CORRECTION, subject=subject, requester_name=name))
        decision = services.propose(clerk, case.pk, Proposal(outcome=Outcome.FULL))
        approvals.decide(head, decision.application_id, grant=True)
        return services.notify(clerk, case.pk)

    case, other = notified(family[1], "見本　花子"), notified(family[0], "見本　太郎")
    old = Filing.objects.latest("pk").pk  # before the request
    for wrong in (str(old), "999999", "x", ""):
        with pytest.raises(Refused, match="DSC-E-068"):
            services.carry_out(clerk, case.pk, "生年月日を訂正", (("residents:record", wrong),))
    form = common(
        person=f"{family[1]:015d}", corrected_on="2026-11-20", values={"birth": "1982-03-11"}, ground="訂正請求",
        seen={str(family[1]): 1},
    )  # fmt: skip
    for name in ("notified_on", "notifier_kind", "notifier_name", "identity_documents", "channel"):
        form.pop(name)
    register_form("error_correction", form)
    filing = Filing.objects.latest("pk").pk
    with pytest.raises(Refused, match="DSC-E-068"):  # it isn't about him
        services.carry_out(clerk, other.pk, "生年月日を訂正", (("residents:record", str(filing)),))
    services.carry_out(clerk, case.pk, "生年月日を訂正", (("residents:record", str(filing)),))
    step = Step.objects.get(action="execute")
    assert step.detail["carried"] == [f"誤記修正（異動番号{filing}、令和8年11月20日本登録）"]
    # What was wrong stays in the history.
    (_, history) = next(part for source, part in collect(clerk, family[1]).parts if source.name == "residents:record")
    assert [line[3:] for line in history.lines if line[0] == "2" and line[3] == "生年月日"] == [
        ("生年月日", "昭和57年3月1日", "昭和57年3月11日")
    ]


@pytest.mark.req("DISC-006")
def test_a_number_is_changed_by_application_decision_and_the_register(
    clerk: Desk, head: Desk, family: tuple[int, ...], register_form: Any, common: Any
) -> None:
    shown = (Shown(Document.DRIVING_LICENCE),)
    refused = number_changes.apply(clerk, family[0], "見本　太郎", "番号が知られたため", shown)
    approvals.decide(head, refused.application_id, grant=False, reason="おそれが認められない")
    number_changes.close_refused(clerk, refused.pk, "漏えいが確認できないため")
    change = number_changes.apply(clerk, family[0], "見本　太郎", "通知書を盗まれたため", shown)
    approvals.decide(head, change.application_id, grant=True)
    with pytest.raises(Refused, match="DSC-E-086"):
        number_changes.record_executed(clerk, change.pk, "1")
    form = common(person=f"{family[0]:015d}", changed_on="2026-11-20", individual_number=individual_number(7))
    register_form("number_request", form)
    filing = Filing.objects.latest("pk").pk
    number_changes.record_executed(clerk, change.pk, str(filing))
    done, against = number_changes.look(clerk, CASES_LIST)
    assert (done.state, [step.text for step in done.steps.all()][-1]) == (
        "executed", f"個人番号の変更請求（異動番号{filing}、令和8年11月20日本登録）",
    )  # fmt: skip
    assert (against.state, [step.text for step in against.steps.all()][-1]) == ("refused", "漏えいが確認できないため")


@pytest.mark.parametrize("kind", [Kind.CORRECTION, Kind.SUSPENSION])
def test_where_no_room_has_a_filing_it_is_a_case_with_its_outcome(
    clerk: Desk, head: Desk, family: tuple[int, ...], kind: Kind
) -> None:
    case = services.receive(clerk, request(kind, subject=family[1], requester_name="見本　花子"))
    proposal = Proposal(outcome=Outcome.FULL)
    approvals.decide(head, services.propose(clerk, case.pk, proposal).application_id, grant=True)
    services.notify(clerk, case.pk)
    with pytest.raises(Refused, match="DSC-E-037"):
        services.carry_out(clerk, case.pk, " ")
    with pytest.raises(Refused, match="DSC-E-065"):
        services.hand_over(clerk, case.pk)
    services.carry_out(clerk, case.pk, "台帳の外の名簿から削除")
    case.refresh_from_db()
    assert case.state == "done"


def test_the_template_is_part_of_the_package() -> None:
    from yakuba.platform.disclosure.document import TEMPLATE

    assert (Path(services.__file__).parents[2] / TEMPLATE.path).is_file()
