"""A house where one room holds two persons' data, a clerk of disclosure and the head who decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

import pytest

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import services as approvals
from yakuba.platform.clock import JAPAN, FixedClock
from yakuba.platform.disclosure import services, sources
from yakuba.platform.disclosure.models import Case, Decision
from yakuba.platform.disclosure.rules import Channel, Document, FormType, Kind, Outcome, Request, Requester, Shown
from yakuba.platform.disclosure.services import Proposal
from yakuba.platform.disclosure.sources import OTHERS, Section, Source

TODAY = date(2026, 11, 20)
PERSON = 900_000_001


@dataclass
class Room:
    """What a room says about people; a test may change it."""

    names: dict[int, str] = field(default_factory=lambda: {PERSON: "見本　花子", PERSON + 1: "見本　太郎"})
    lines: list[tuple[str, str]] = field(default_factory=lambda: [("氏名", "見本　花子"), ("住所", "門真市見本町１番")])
    others: int = 0
    kept_back: int = 0
    asked: list[datetime] = field(default_factory=list)

    def collect(self, _desk: Desk, _subject: int, until: datetime) -> tuple[Section, ...]:
        self.asked.append(until)
        lines = (*self.lines, *((f"関係者{number}", OTHERS) for number in range(self.others)))
        return (Section("現在の記録", ("項目", "内容"), (1, 3), lines, self.kept_back),)

    def is_called(self, _desk: Desk, subject: int, name: str) -> bool | None:
        return None if subject not in self.names else self.names[subject] == name


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """The only source of the house."""
    made = Room()
    source = Source(
        "sample:record", "見本の記録", made.collect, record_kinds=("closed_record",), is_called=made.is_called
    )
    monkeypatch.setattr(sources, "_sources", {source.name: source})
    return made


@pytest.fixture
def clerk(town: None, room: Room, make_desk: Callable[..., Desk]) -> Desk:
    return make_desk({Duty.DISCLOSURE}, account="kaiji1")


@pytest.fixture
def head(town: None, make_desk: Callable[..., Desk]) -> Desk:
    return make_desk({Duty.APPROVAL}, account="kacho1")


def on(desk: Desk, day: date) -> Desk:
    """The same desk on another day."""
    return replace(desk, clock=FixedClock(datetime.combine(day, time(10), JAPAN)))


def request(kind: Kind = Kind.DISCLOSURE, **more: Any) -> Request:
    later = (
        {}
        if kind is Kind.DISCLOSURE
        else {"claim": "住所の誤りの訂正", "reason": "番地が違う", "disclosed_on": date(2026, 11, 2)}
    )
    return Request(
        **{
            "kind": kind, "requester": Requester.PERSON, "channel": Channel.COUNTER, "form_type": FormType.PRESCRIBED,
            "received_on": TODAY, "subject": PERSON, "requester_name": "見本　花子",
            "requester_address": "門真市見本町１番", "matter": "住民票に記録された自分の情報",
            "shown": (Shown(Document.DRIVING_LICENCE),), **later, **more,
        }
    )  # fmt: skip


@dataclass(frozen=True)
class Office:
    """The way of a case, quickly."""

    clerk: Desk
    head: Desk

    def received(self, kind: Kind = Kind.DISCLOSURE, **more: Any) -> Case:
        return services.receive(self.clerk, request(kind, **more))

    def decided(self, case: Case, outcome: Outcome = Outcome.FULL, *, day: date = TODAY, **more: Any) -> Decision:
        decision = services.propose(on(self.clerk, day), case.pk, Proposal(outcome=outcome, **more))
        approvals.decide(on(self.head, day), decision.application_id, grant=True)
        return decision

    def notified(self, kind: Kind = Kind.DISCLOSURE, outcome: Outcome = Outcome.FULL, **more: Any) -> Case:
        case = self.received(kind)
        self.decided(case, outcome, **more)
        return services.notify(self.clerk, case.pk)


@pytest.fixture
def office(clerk: Desk, head: Desk) -> Office:
    return Office(clerk, head)
