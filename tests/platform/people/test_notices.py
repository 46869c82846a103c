"""Files of the personnel section: whole or not at all, row by row, with effect the same day."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.platform.people.conftest import Door, MakeDesk, account_of
from tests.staff import employ, give

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, DutyAssignment, DutyEntry
from yakuba.platform.clock import JAPAN, FixedClock, midnight
from yakuba.platform.people import notices
from yakuba.platform.people.models import Notice, NoticeFile, Person, Post
from yakuba.platform.people.notices import HEADER, Taken

TODAY = date(2026, 11, 20)


def file_of(*rows: str) -> bytes:
    return "\r\n".join((",".join(HEADER), *rows, "")).encode()


def take(desk: Desk, *rows: str, sequence: int = 1, trial: bool = False) -> Taken:
    content = file_of(*rows)
    return notices.take(desk, content, notices.manifest_of(content, sequence, TODAY), trial=trial)


def codes(taken: Taken) -> list[set[str]]:
    return [{finding.code for finding in result.findings} for result in taken.results]


@pytest.fixture
def worker() -> Account:
    account = account_of("shokuin1")
    employ(account)
    give(account, [Duty.INQUIRY, Duty.REGISTRATION])
    Person.objects.filter(account=account).update(name="見本　はな子")
    return account


@pytest.fixture
def number(worker: Account) -> str:
    return str(Person.objects.get(account=worker).number)


def rights(account: Account, at: datetime) -> set[str]:
    return set(DutyAssignment.objects.filter(account=account, period__contains=at).values_list("duty", flat=True))


@pytest.mark.req("SEC-T-011", "SEC-009", "SEC-017", "PSEC-005", "MYNA-009")
@pytest.mark.parametrize("kind", ["退職", "休職"])
def test_what_ends_today_ends_with_the_next_request(
    worker: Account, number: str, personnel: Desk, door: Door, kind: str
):
    token = door.enter("shokuin1")
    assert door.desk(token) is not None
    taken = take(personnel, f"J-1,{number},見本 はな子,{kind},2026-11-20,,,")
    assert taken.refused == ()
    assert door.desk(token) is None
    assert "PPL-E-001" in door.refusal("shokuin1")
    assert rights(worker, door.clock.now()) == set()
    reasons = set(DutyEntry.objects.filter(account=worker, changed_by="jinji1").values_list("reason", flat=True))
    assert reasons == {f"{kind}（J-1）"}


@pytest.mark.req("SEC-T-011", "SEC-009")
def test_a_transfer_ends_the_rights_of_the_old_office_on_its_day(
    worker: Account, number: str, personnel: Desk, door: Door, clock: FixedClock
):
    day = TODAY + timedelta(days=11)
    taken = take(personnel, f"J-1,{number},見本　はな子,異動,{day},110,,")
    assert taken.refused == ()
    before = midnight(day) - timedelta(minutes=5)
    clock.moment = before
    token = door.enter("shokuin1")
    desk = door.desk(token)
    assert desk is not None
    assert desk.duties == {Duty.INQUIRY, Duty.REGISTRATION}
    clock.moment = midnight(day)
    desk = door.desk(token)
    assert desk is not None
    assert desk.duties == set()
    assert door.refusal("shokuin1") == {"PPL-E-005"}
    assert Post.objects.get(person=number, period__contains=day).office_id == "110"


def test_returning_from_leave_brings_no_rights_back(worker: Account, number: str, personnel: Desk, door: Door):
    take(personnel, f"J-1,{number},見本　はな子,休職,2026-11-20,,,")
    taken = take(personnel, f"J-2,{number},見本　はな子,復職,2026-11-20,100,,", sequence=2)
    assert taken.refused == ()
    assert door.refusal("shokuin1") == {"PPL-E-005"}


def test_a_new_name_is_told_everywhere(worker: Account, number: str, personnel: Desk):
    take(personnel, f"J-1,{number},見本　花世,氏名変更,2026-11-20,,,")
    assert Person.objects.get(pk=number).name == "見本　花世"
    assert Account.objects.get(pk=worker.pk).name == "見本　花世"


def test_a_late_notice_ends_the_post_then_and_the_rights_now(worker: Account, number: str, personnel: Desk):
    taken = take(personnel, f"J-1,{number},見本　はな子,退職,2026-11-01,,,")
    assert taken.refused == ()
    assert Post.objects.get(person=number).period.upper == date(2026, 11, 1)
    assert {row.period.upper for row in DutyAssignment.objects.filter(account=worker)} == {personnel.now}


def test_refused_rows_stay_in_sight_and_do_not_hold_up_the_others(worker: Account, number: str, personnel: Desk):
    taken = take(
        personnel,
        f"J-1,{number},別人,退職,2026-11-20,,,",
        "J-2,9001,見本　新人,採用,2026-11-20,100,常勤,",
        "J-3,9002,,左遷,今日,404,臨時,きのう",
        "J-4,9003,見本　だれか,退職,2026-11-20,,,",
        "J-5,9001,見本　新人,異動,2026-11-20,100,,",
        "J-6,9004,見本　臨時,採用,2026-11-20,404,会計年度,",
        "J-2,9005,見本　二重,採用,2026-11-20,100,常勤,",
        "short",
    )
    assert codes(taken) == [
        {"PPL-E-016"}, set(), {"PPL-E-067", "PPL-E-068", "PPL-E-069", "PPL-E-070"}, {"PPL-E-018"}, {"PPL-E-073"},
        {"PPL-E-012", "PPL-E-014"}, {"PPL-E-071"}, {"PPL-E-066"},
    ]  # fmt: skip
    assert [result.line for result in taken.results] == list(range(2, 10))
    assert all(finding.position.row == result.line for result in taken.refused for finding in result.findings)
    assert rights(worker, personnel.now) == {"inquiry", "registration"}
    left = notices.unresolved(personnel)
    assert [notice.row for notice in left] == [2, 4, 5, 6, 7, 8, 9]
    assert left[0].findings[0]["message"] == "この番号の人の氏名は「見本　はな子」です。"
    take(personnel, f"J-1,{number},見本　はな子,退職,2026-11-20,,,", sequence=2)
    assert [notice.row for notice in notices.unresolved(personnel)] == [4, 5, 6, 7, 8, 9]
    with pytest.raises(Refused):
        notices.resolve(personnel, left[1].pk, " ")
    notices.resolve(personnel, left[1].pk, "人事担当に確かめ、誤りとの回答")
    assert [notice.row for notice in notices.unresolved(personnel)] == [5, 6, 7, 8, 9]
    with pytest.raises(Refused):
        notices.resolve(personnel, left[1].pk, "もう一度")
    assert Notice.objects.get(pk=left[1].pk).resolved_by == "jinji1"


def test_a_trial_tells_the_same_and_does_nothing(worker: Account, number: str, personnel: Desk):
    rows = (f"J-1,{number},見本　はな子,退職,2026-11-20,,,", "J-2,9001,見本　新人,採用,2026-11-20,404,常勤,")
    tried = take(personnel, *rows, trial=True)
    assert tried.file_id is None
    assert rights(worker, personnel.now) == {"inquiry", "registration"}
    assert not NoticeFile.objects.exists()
    assert not Notice.objects.exists()
    assert take(personnel, *rows).results == tried.results


def test_what_is_wrong_with_the_file_refuses_it_with_everything_at_once(personnel: Desk, number: str):
    content = file_of(f"J-1,{number},見本　はな子,退職,2026-11-20,,,")
    manifest = json.loads(notices.manifest_of(content, 1, TODAY))
    wrong = {**manifest, "sequence": 3, "rows": 9, "sha256": "0" * 64}
    cases: list[tuple[bytes, bytes, set[str]]] = [
        (content, json.dumps(wrong).encode(), {"PPL-E-062", "PPL-E-063", "PPL-E-064"}),
        (content, b"{}", {"PPL-E-060"}),
        (content, json.dumps({**manifest, "made_on": "x"}).encode(), {"PPL-E-060"}),
        (b"\xff\xfe", b"nothing", {"PPL-E-060", "PPL-E-061"}),
        (b"a,b\r\n", b"nothing", {"PPL-E-060", "PPL-E-065"}),
        (b"x" * (notices.MAX_BYTES + 1), b"nothing", {"PPL-E-060", "PPL-E-061"}),
    ]
    for content_, manifest_, expected in cases:
        with pytest.raises(Refused) as refusal:
            notices.take(personnel, content_, manifest_)
        assert {finding.code for finding in refusal.value.findings} == expected
    assert not NoticeFile.objects.exists()


def test_files_come_in_order_and_once(personnel: Desk, worker: Account, number: str):
    row = f"J-1,{number},見本　はな子,休職,2026-12-01,,,"
    take(personnel, row)
    for sequence in (1, 3):
        with pytest.raises(Refused) as refusal:
            take(personnel, row, sequence=sequence)
        assert {finding.code for finding in refusal.value.findings} == {"PPL-E-064"}


def test_only_the_personnel_section_takes_files_in(personnel: Desk, make_desk: MakeDesk):
    content = file_of()
    with pytest.raises(AccessDenied):
        notices.take(replace(personnel, duties=frozenset(Duty) - {Duty.PERSONNEL}), content, b"{}")
    with pytest.raises(AccessDenied):
        notices.unresolved(make_desk({Duty.AUDIT}))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=100))
def test_no_bytes_break_the_reading(personnel: Desk, content: bytes, manifest: bytes):
    with pytest.raises(Refused):
        notices.take(personnel, content, manifest)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=30), min_size=8, max_size=8))
def test_no_row_breaks_the_file(personnel: Desk, values: list[str]):

    out = io.StringIO()
    csv.writer(out).writerows([HEADER, values])
    content = out.getvalue().encode()
    last = NoticeFile.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    before = NoticeFile.objects.filter(sha256=hashlib.sha256(content).hexdigest()).exists()
    if not before:
        taken = notices.take(personnel, content, notices.manifest_of(content, last + 1, TODAY))
        assert len(taken.results) == 1


def test_a_notice_of_today_counts_from_this_moment(worker: Account, number: str, personnel: Desk, clock: FixedClock):
    clock.moment = datetime(2026, 11, 20, 15, 30, tzinfo=JAPAN)
    take(personnel, f"J-1,{number},見本　はな子,異動,2026-11-20,110,,")
    assert {row.period.upper for row in DutyAssignment.objects.filter(account=worker)} == {clock.now()}
    assert Account.objects.get(pk=worker.pk).office_id == "110"
