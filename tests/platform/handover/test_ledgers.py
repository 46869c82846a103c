"""Books of forms, of material at contractors', of disks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import Desk
from yakuba.platform.approvals import services as approvals
from yakuba.platform.clock import JAPAN, FixedClock
from yakuba.platform.handover import ledgers
from yakuba.platform.handover.ledgers import NewItem
from yakuba.platform.handover.models import Ledger, Step

KEEP_UNTIL = date(2027, 3, 31)


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refused.value.findings}


def on(desk: Desk, day: date) -> Desk:
    return replace(desk, clock=FixedClock(datetime(day.year, day.month, day.day, 9, tzinfo=JAPAN)))


def new(ledger: Ledger, **more: Any) -> NewItem:
    return NewItem(
        **{
            "ledger": ledger,
            "number": "R8-001",
            "title": "転入届（11月分）",
            "count": 120,
            "holder": "市民課",
            "place": "書庫2 棚14",
            "keep_until": KEEP_UNTIL if ledger is Ledger.FORMS else None,
            **more,
        }
    )


def test_an_entry_wants_number_place_and_period(clerk: Desk):
    with pytest.raises(Refused) as refused:
        ledgers.enter(clerk, new(Ledger.FORMS, number="", place=" ", count=0, keep_until=None))
    assert codes(refused) == {"HND-E-090", "HND-E-091", "HND-E-092"}
    ledgers.enter(clerk, new(Ledger.FORMS))
    with pytest.raises(Refused) as refused:
        ledgers.enter(clerk, new(Ledger.FORMS))
    assert codes(refused) == {"HND-E-093"}


@pytest.mark.req("RET-024")
def test_forms_are_listed_when_their_time_is_over_and_discarded_then(clerk: Desk):
    item = ledgers.enter(clerk, new(Ledger.FORMS))
    ledgers.record(clerk, item.pk, Step.MOVED, 120, holder="文書係", place="集中書庫 5-2")
    (line,) = ledgers.book(clerk, Ledger.FORMS)
    assert (line.place, line.holder, line.item.keep_until, line.is_overdue) == (
        "集中書庫 5-2",
        "文書係",
        KEEP_UNTIL,
        False,
    )
    with pytest.raises(Refused) as refused:
        ledgers.record(on(clerk, KEEP_UNTIL), item.pk, Step.DISPOSED, 120, method="溶解")
    assert codes(refused) == {"HND-E-099"}
    after = on(clerk, date(2027, 4, 1))
    assert [line.is_overdue for line in ledgers.book(after, Ledger.FORMS)] == [True]
    with pytest.raises(Refused) as refused:
        ledgers.record(after, item.pk, Step.DISPOSED, 119)
    assert codes(refused) == {"HND-E-096", "HND-E-018"}
    ledgers.record(after, item.pk, Step.DISPOSED, 120, method="溶解")
    assert ledgers.book(after, Ledger.FORMS) == []
    (line,) = ledgers.book(after, Ledger.FORMS, only_open=False)
    assert (line.state, line.is_overdue) == ("廃棄", False)
    with pytest.raises(Refused) as refused:
        ledgers.record(after, item.pk, Step.CHECKED, 120)
    assert codes(refused) == {"HND-E-095"}


def test_a_differing_count_is_a_check_with_its_reason(clerk: Desk):
    item = ledgers.enter(clerk, new(Ledger.FORMS))
    with pytest.raises(Refused) as refused:
        ledgers.record(clerk, item.pk, Step.CHECKED, 119)
    assert codes(refused) == {"HND-E-097"}
    ledgers.record(clerk, item.pk, Step.CHECKED, 119, note="1枚は審査中")
    with pytest.raises(Refused) as refused:
        ledgers.record(clerk, item.pk, Step.MOVED, 120)
    assert codes(refused) == {"HND-E-098"}


@pytest.mark.req("LOG-015")
@pytest.mark.parametrize(("step", "method"), [(Step.RETURNED, ""), (Step.DISPOSED, "物理破壊")])
def test_what_a_contractor_has_is_closed_after_verification_only(clerk: Desk, step: Step, method: str):
    item = ledgers.enter(clerk, new(Ledger.CONTRACTOR, number="契約7-3", title="通知書印刷データ", holder="見本印刷"))
    with pytest.raises(Refused) as refused:
        ledgers.record(clerk, item.pk, step, 120, method=method)
    assert codes(refused) == {"HND-E-100"}
    ledgers.record(clerk, item.pk, Step.VERIFIED, 120, note="提供した内容と一致")
    ledgers.record(clerk, item.pk, step, 120, method=method)
    assert ledgers.book(clerk, Ledger.CONTRACTOR) == []


@pytest.mark.req("PRET-004", "LOG-016")
def test_a_disk_ends_with_permission_method_and_date(clerk: Desk, security: Desk):
    item = ledgers.enter(clerk, new(Ledger.DISKS, number="HDD-77", title="サーバ3 磁気ディスク", count=1))
    with pytest.raises(Refused, match="APR-E-009"):
        ledgers.record(clerk, item.pk, Step.DISPOSED, 1, method="専用ソフトで消去")
    application = ledgers.apply_for_disposal(clerk, item.pk, "専用ソフトで消去", "更新")
    approvals.decide(security, application.pk, grant=True)
    with pytest.raises(Refused) as refused:
        ledgers.record(clerk, item.pk, Step.DISPOSED, 1)
    assert codes(refused) == {"HND-E-018"}
    done = ledgers.record(clerk, item.pk, Step.DISPOSED, 1, method="専用ソフトで消去")
    assert (done.method, done.at.date(), done.application_id) == ("専用ソフトで消去", clerk.today, application.pk)
    other = ledgers.enter(clerk, new(Ledger.DISKS, number="HDD-78", title="サーバ3 磁気ディスク", count=1))
    with pytest.raises(Refused, match="APR-E-009"):
        ledgers.record(clerk, other.pk, Step.RETURNED, 1)


def test_a_book_is_of_its_office(clerk: Desk, information: Desk):
    item = ledgers.enter(clerk, new(Ledger.FORMS))
    stranger = replace(clerk, office="300")
    assert ledgers.book(stranger, Ledger.FORMS) == []
    assert len(ledgers.book(information, Ledger.FORMS)) == 1
    with pytest.raises(Refused) as refused:
        ledgers.record(stranger, item.pk, Step.CHECKED, 120)
    assert codes(refused) == {"HND-E-094"}


def test_books_are_neither_changed_nor_erased(clerk: Desk):
    item = ledgers.enter(clerk, new(Ledger.FORMS))
    ledgers.record(clerk, item.pk, Step.CHECKED, 120)
    for table in ("handover_item", "handover_item_step"):
        for statement in (f"UPDATE {table} SET count = 1", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError, match="履歴は変更できません"), transaction.atomic():
                connection.cursor().execute(statement)
