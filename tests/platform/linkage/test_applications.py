"""Who may apply for what, who decides, and when a grant ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.platform.linkage.conftest import PROVISION, use

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.models import Application, State
from yakuba.platform.audit.models import Entry
from yakuba.platform.linkage import applications, reading
from yakuba.platform.linkage.applications import OwnAffair
from yakuba.platform.linkage.models import Affair, Grant, Role
from yakuba.platform.linkage.provisions import Method
from yakuba.platform.linkage.views import LinkView

TODAY = date(2026, 11, 20)


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refused.value.findings}


@pytest.mark.req("SEC-040", "SEC-T-005", "BANGO-012", "BANGO-008")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"provision": ""}, "LNK-E-005"),
        ({"provision": "kadoma:residents:t:schedule:999"}, "LNK-E-005"),
        ({"provision": "tsukuba:tax:t:schedule:23"}, "LNK-E-005"),  # another town's list
        ({"provision": "kadoma:residents:t:schedule:23"}, "LNK-E-007"),  # another office's affair
        ({"provision": "standard:tax:p:order_2:42"}, "LNK-E-006"),  # other information
        ({"items": ()}, "LNK-E-003"),
        ({"items": ("name", "income")}, "LNK-E-004"),
        ({"purpose": "　"}, "LNK-E-011"),
        ({"view": "sample:nothing"}, "LNK-E-001"),
        ({"system": "portal"}, "LNK-E-010"),
        ({"end": date(2026, 11, 19)}, "LNK-E-013"),
        ({"start": date(2026, 1, 1), "end": date(2026, 11, 19)}, "LNK-E-014"),
        ({"end": date(2027, 11, 20)}, "LNK-E-015"),
    ],
)
def test_what_law_or_agreement_does_not_name_is_refused_at_save(
    house: LinkView, clerk: Desk, change: dict[str, Any], code: str
):
    with pytest.raises(Refused) as refused:
        applications.apply_for(clerk, use(**change))
    assert code in codes(refused)
    assert not Application.objects.exists()
    assert Entry.objects.filter(account="fukushi1", operation="apply", result="refused").count() == 1


@pytest.mark.req("SEC-041")
@pytest.mark.parametrize("method", [Method.PAPER, Method.MEDIUM, Method.DEDICATED_LINE, Method.NETWORK])
def test_another_method_than_the_agreed_one_is_refused(house: LinkView, clerk: Desk, method: Method):
    with pytest.raises(Refused) as refused:
        applications.apply_for(clerk, use(method=method))
    assert codes(refused) == {"LNK-E-008"}


def test_all_that_is_wrong_is_said_at_once(house: LinkView, clerk: Desk):
    with pytest.raises(Refused) as refused:
        applications.apply_for(clerk, use(items=(), provision="", purpose="", system="nobody"))
    assert {"LNK-E-003", "LNK-E-005", "LNK-E-010", "LNK-E-011"} <= codes(refused)


def test_a_law_outside_its_dates_is_refused(house: LinkView, clerk: Desk, information: Desk, make_desk: Any):
    """Before the reform of 27 May 2024 the new table did not hold."""
    past = replace(clerk, clock=make_desk(at=None).clock.__class__(clerk.now.replace(year=2024, month=5, day=1)))
    with pytest.raises(Refused) as refused:
        applications.apply_for(past, use(start=date(2024, 5, 1), end=date(2024, 5, 20)))
    assert "LNK-E-016" in codes(refused)


def test_a_year_is_twelve_months_to_the_day(house: LinkView, clerk: Desk):
    assert applications.apply_for(clerk, use(end=date(2027, 11, 19))).state == State.PENDING


@pytest.mark.req("SEC-T-040")
def test_a_fourth_office_gets_nothing(house: LinkView, clerk: Desk):
    stranger = replace(clerk, office="400", account="betsu1")
    with pytest.raises(Refused) as refused:
        applications.apply_for(stranger, use())
    assert codes(refused) == {"LNK-E-007"}


def test_applying_needs_the_duty(house: LinkView, make_desk: Any):
    with pytest.raises(AccessDenied):
        applications.apply_for(replace(make_desk({Duty.INQUIRY}), office="300"), use())


@pytest.mark.req("ATENA-013")
def test_the_owner_decides_then_information_management_confirms(
    house: LinkView, clerk: Desk, owner: Desk, information: Desk
):
    application = applications.apply_for(clerk, use())
    assert not Grant.objects.exists()
    with pytest.raises(AccessDenied):  # the using office's own head is not the owner
        approvals.decide(replace(owner, office="300", account="betsu"), application.pk, grant=True)
    with pytest.raises(AccessDenied):
        approvals.decide(information, application.pk, grant=True)
    approvals.decide(owner, application.pk, grant=True)
    assert not Grant.objects.exists()
    approvals.decide(information, application.pk, grant=True)
    grant = Grant.objects.get()
    assert (grant.office, grant.view, grant.items, grant.provision) == ("300", house.name, ["name", "town"], PROVISION)


def test_what_became_unlawful_is_not_opened(house: LinkView, clerk: Desk, owner: Desk, information: Desk):
    application = applications.apply_for(clerk, use())
    approvals.decide(owner, application.pk, grant=True)
    applications.assign(information, Role.RECIPIENT, PROVISION, "300", TODAY, holding=False)
    with pytest.raises(Refused) as refused:
        approvals.decide(information, application.pk, grant=True)
    assert codes(refused) == {"LNK-E-007"}
    assert not Grant.objects.exists()
    application.refresh_from_db()
    assert application.state == State.PENDING


def test_decision_makers_read_the_whole_application(house: LinkView, clerk: Desk, owner: Desk):
    applications.apply_for(clerk, use())
    (waiting,) = approvals.waiting_for(owner)
    told = dict(waiting.lines)
    assert told["項目"] == "氏名、町名"
    assert told["利用する部署"] == "障がい福祉課"
    assert told["根拠"].endswith("第9の項")
    assert told["区分"] == "移転"


# -- owners and recipients ---------------------------------------------------------------------------------------------


def test_only_pairs_of_the_list_can_be_registered(house: LinkView, information: Desk):
    for key, code in (
        ("kadoma:residents:t:schedule:999", "LNK-E-022"),
        ("standard:residents:p:schedule_2:9", "LNK-E-023"),
    ):
        with pytest.raises(Refused) as refused:
            applications.assign(information, Role.RECIPIENT, key, "300", TODAY)
        assert code in codes(refused)
    with pytest.raises(Refused) as refused:
        applications.assign(information, Role.OWNER, "sample:nothing", "999", TODAY)
    assert codes(refused) == {"LNK-E-020", "LNK-E-021"}


def test_another_division_than_the_assessments_is_confirmed_by_name(house: LinkView, information: Desk):
    key = "kadoma:residents:t:schedule:23"  # 保護課
    with pytest.raises(Refused) as refused:
        applications.assign(information, Role.RECIPIENT, key, "300", TODAY)
    assert codes(refused) == {"LNK-W-024"}
    applications.assign(information, Role.RECIPIENT, key, "300", TODAY, confirmed={"LNK-W-024"})
    assert {row.key for row in applications.provisions_for("300", TODAY)} == {PROVISION, key}


def test_an_office_is_recipient_from_its_day_until_it_is_no_longer(house: LinkView, information: Desk):
    applications.assign(information, Role.RECIPIENT, PROVISION, "300", date(2027, 1, 1), holding=False)
    day = timedelta(days=1)
    for on, held in ((date(2026, 4, 1), True), (date(2026, 4, 1) - day, False), (date(2026, 12, 31), True)):
        assert applications.holds(Role.RECIPIENT, PROVISION, "300", on) is held
    assert not applications.holds(Role.RECIPIENT, PROVISION, "300", date(2027, 1, 1))


def test_clerks_register_no_recipients(house: LinkView, clerk: Desk):
    with pytest.raises(AccessDenied):
        applications.assign(clerk, Role.RECIPIENT, PROVISION, "300", TODAY)


# -- affairs of the ordinance ------------------------------------------------------------------------------------------


def own_affair(**more: Any) -> OwnAffair:
    return OwnAffair(
        **{
            "dataset": "residents",
            "ordinance": "見本市個人番号の利用に関する条例 別表第一 1の項",
            "affair": "福祉タクシー券の交付",
            "items": ("name",),
            "method": Method.IN_HOUSE,
            "start": TODAY,
            "end": date(2027, 4, 1),
            **more,
        }
    )


@pytest.mark.req("ATENA-018")
def test_an_own_affair_opens_nothing_before_its_ordinance_is_registered(
    house: LinkView, clerk: Desk, owner: Desk, information: Desk
):
    with pytest.raises(Refused) as refused:
        applications.apply_for_affair(clerk, own_affair(ordinance=" ", affair="", items=("income",)))
    assert codes(refused) == {"LNK-E-031", "LNK-E-032", "LNK-E-033"}
    application = applications.apply_for_affair(clerk, own_affair())
    assert not Affair.objects.exists()
    approvals.decide(owner, application.pk, grant=True)
    approvals.decide(information, application.pk, grant=True)
    key = f"affair:{Affair.objects.get().pk}"
    assert key in {row.key for row in applications.provisions_for("300", TODAY)}
    with pytest.raises(Refused) as refused:
        applications.apply_for(clerk, use(provision=key))
    assert codes(refused) == {"LNK-E-009"}, "町名 is not among the registered items"
    with pytest.raises(Refused) as refused:
        applications.apply_for(replace(clerk, office="100"), use(provision=key, items=("name",)))
    assert codes(refused) == {"LNK-E-007"}
    assert applications.apply_for(clerk, use(provision=key, items=("name",))).state == State.PENDING


# -- the end of a grant ------------------------------------------------------------------------------------------------


def test_giving_up_is_for_good_and_ones_own(granted: Callable[..., Grant], clerk: Desk, owner: Desk):
    grant = granted()
    with pytest.raises(Refused) as refused:
        applications.give_up(replace(clerk, office="100"), grant.pk, "")
    assert codes(refused) == {"LNK-E-040", "LNK-E-042"}
    applications.give_up(clerk, grant.pk, "事務が終わったため")
    with pytest.raises(reading.LinkageDenied) as denied:
        reading.read(clerk, grant.pk, "sample:people", [1], ["name"], system="welfare", case="R8-1")
    assert denied.value.finding.code == "LNK-E-205"
    with pytest.raises(Refused) as refused:
        applications.give_up(clerk, grant.pk, "もう一度")
    assert codes(refused) == {"LNK-E-041"}


def test_the_owner_or_information_management_revokes(
    granted: Callable[..., Grant], clerk: Desk, owner: Desk, information: Desk
):
    grant = granted()
    with pytest.raises(Refused) as refused:
        applications.revoke(replace(owner, office="300"), grant.pk, "取消し")
    assert codes(refused) == {"LNK-E-043"}
    with pytest.raises(AccessDenied):
        applications.revoke(clerk, grant.pk, "取消し")
    applications.revoke(owner, grant.pk, "目的外の利用のおそれ")
    (line,) = applications.grants(information, including_ended=True)
    assert line.state == "承認の取消し"
    assert not line.is_live
    assert applications.grants(information) == []


def test_everybody_sees_the_grants_that_concern_him(
    granted: Callable[..., Grant], clerk: Desk, owner: Desk, information: Desk
):
    granted()
    for desk in (clerk, owner, information):
        (line,) = applications.grants(desk)
        assert line.is_live
        assert line.days_left == (date(2027, 3, 31) - TODAY).days
        assert line.labels == ("氏名", "町名")
    assert applications.grants(replace(clerk, office="400")) == []
    assert applications.grants(replace(owner, office="400")) == []
