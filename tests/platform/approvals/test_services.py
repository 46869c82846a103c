"""Applications and decisions: who may, in which order, and what an approval opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import kinds, services
from yakuba.platform.approvals.kinds import Kind, Step
from yakuba.platform.approvals.models import Act, Application, Decision, State
from yakuba.platform.audit.models import Entry

MakeDesk = Callable[..., Desk]


@pytest.fixture
def kind(town: None) -> Iterator[Kind]:
    registered = kinds.register(
        Kind(
            name="sample",
            title="見本の申請",
            applicant=(Duty.BULK,),
            steps=(Step(Duty.APPROVAL, "所属長"), Step(Duty.INFORMATION_MANAGEMENT, "情報部門", other_office=True)),
            describe=lambda payload: (("件数", str(payload["rows"])),),
            valid_for=timedelta(days=7),
            uses=1,
        )
    )
    yield registered
    kinds._kinds.pop("sample")


@pytest.fixture
def clerk(make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.BULK}, account="clerk")


@pytest.fixture
def head(make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.APPROVAL, Duty.BULK}, account="head")


@pytest.fixture
def information(make_desk: MakeDesk) -> Desk:
    from dataclasses import replace

    return replace(make_desk({Duty.INFORMATION_MANAGEMENT, Duty.APPROVAL}, account="information"), office="200")


def _approved(kind: Kind, clerk: Desk, head: Desk, information: Desk, content: bytes = b"") -> Application:
    application = services.apply(clerk, kind, "list:1", {"rows": 12}, content)
    services.decide(head, application.pk, grant=True)
    return services.decide(information, application.pk, grant=True)


def test_approved_when_every_step_was_granted(kind: Kind, clerk: Desk, head: Desk, information: Desk):
    application = services.apply(clerk, kind, "list:1", {"rows": 12})
    assert services.decide(head, application.pk, grant=True).state == State.PENDING
    assert services.decide(information, application.pk, grant=True).state == State.APPROVED
    assert [d.account for d in application.decisions.order_by("pk")] == ["head", "information"]


@pytest.mark.req("SEC-022")
def test_nothing_is_used_without_approval_and_once_only(kind: Kind, clerk: Desk, head: Desk, information: Desk):
    with pytest.raises(Refused, match="APR-E-009"):
        services.use(clerk, kind, "list:1")
    _approved(kind, clerk, head, information)
    services.use(clerk, kind, "list:1")
    with pytest.raises(Refused, match="APR-E-009"):
        services.use(clerk, kind, "list:1")


def test_an_approval_is_of_its_content_its_subject_and_its_time(
    kind: Kind, clerk: Desk, head: Desk, information: Desk, make_desk: MakeDesk
):
    _approved(kind, clerk, head, information, b"h" * 32)
    late = make_desk({Duty.BULK}, account="clerk", at=clerk.now + timedelta(days=7))
    for desk, about, content in (
        (clerk, "list:1", b"x" * 32),
        (clerk, "list:2", b"h" * 32),
        (late, "list:1", b"h" * 32),
    ):
        with pytest.raises(Refused, match="APR-E-009"):
            services.use(desk, kind, about, content)
    services.use(clerk, kind, "list:1", b"h" * 32)


def test_nobody_decides_his_own_act(kind: Kind, head: Desk):
    application = services.apply(head, kind, "list:1", {"rows": 1})
    with pytest.raises(AccessDenied, match="自分の申請"):
        services.decide(head, application.pk, grant=True)
    assert Entry.objects.filter(account="head", result="denied", operation="decide").count() == 1


def test_one_person_decides_one_step(kind: Kind, clerk: Desk, information: Desk):
    application = services.apply(clerk, kind, "list:1", {"rows": 1})
    services.decide(information, application.pk, grant=True)  # holds the head's duty as well
    with pytest.raises(AccessDenied, match="別の段階"):
        services.decide(information, application.pk, grant=True)


def test_a_step_of_another_office(kind: Kind, clerk: Desk, head: Desk, make_desk: MakeDesk):
    application = services.apply(clerk, kind, "list:1", {"rows": 1})
    services.decide(head, application.pk, grant=True)
    colleague = make_desk({Duty.INFORMATION_MANAGEMENT}, account="colleague")
    assert services.waiting_for(colleague) == []
    with pytest.raises(AccessDenied, match="別の部署"):
        services.decide(colleague, application.pk, grant=True)


def test_a_refusal_ends_it_and_needs_a_reason(kind: Kind, clerk: Desk, head: Desk):
    application = services.apply(clerk, kind, "list:1", {"rows": 1})
    with pytest.raises(Refused, match="APR-E-005"):
        services.decide(head, application.pk, grant=False)
    assert services.decide(head, application.pk, grant=False, reason="目的が書かれていません").state == State.REFUSED
    with pytest.raises(Refused, match="APR-E-004"):
        services.decide(head, application.pk, grant=True)


def test_withdrawn_by_the_applicant_only(kind: Kind, clerk: Desk, head: Desk):
    application = services.apply(clerk, kind, "list:1", {"rows": 1})
    with pytest.raises(Refused, match="APR-E-006"):
        services.withdraw(head, application.pk)
    assert services.withdraw(clerk, application.pk).state == State.WITHDRAWN


def test_revoked_at_once(kind: Kind, clerk: Desk, head: Desk, information: Desk):
    application = _approved(kind, clerk, head, information)
    services.revoke(head, application.pk, "事情が変わった")
    with pytest.raises(Refused, match="APR-E-009"):
        services.use(clerk, kind, "list:1")


def test_the_same_application_twice_is_refused(kind: Kind, clerk: Desk):
    services.apply(clerk, kind, "list:1", {"rows": 1})
    with pytest.raises(Refused, match="APR-E-001"):
        services.apply(clerk, kind, "list:1", {"rows": 1})


def test_what_waits_for_whom(kind: Kind, clerk: Desk, head: Desk, information: Desk):
    application = services.apply(clerk, kind, "list:1", {"rows": 12})
    assert [(w.application.pk, w.step.label, w.lines) for w in services.waiting_for(head)] == [
        (application.pk, "所属長", (("件数", "12"),))
    ]
    assert services.waiting_for(clerk) == []
    services.decide(head, application.pk, grant=True)
    assert services.waiting_for(head) == []
    assert [w.step.label for w in services.waiting_for(information)] == ["情報部門"]
    assert [a.pk for a in services.applied_by(clerk)] == [application.pk]


def test_the_database_refuses_what_the_code_might_forget(kind: Kind, clerk: Desk, head: Desk):
    application = services.apply(clerk, kind, "list:1", {"rows": 1})
    services.decide(head, application.pk, grant=True)
    same_person = Decision(
        application=application, step=1, act=Act.GRANT, account="head", office="100", at=head.now, reason=""
    )
    with pytest.raises(DatabaseError, match="approvals_one_grant_a_person"), transaction.atomic():
        same_person.save()
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE approvals_decision SET account = 'nobody'")
    assert isinstance(refusal.value.__cause__, psycopg.errors.RestrictViolation)
