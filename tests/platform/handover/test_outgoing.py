"""A file that leaves: what it wants before, what it leaves behind, and how its book is closed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from tests.platform.handover.conftest import CONTENT, RECIPIENT_KEY, MakeDesk, order, written

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.models import Application
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.handover import media, opener, outgoing, store
from yakuba.platform.handover.media import SETTINGS
from yakuba.platform.handover.models import Draft, Medium, MediumAct, Outcome, Receipt, Release, Way
from yakuba.platform.handover.outgoing import Counts
from yakuba.platform.profiles import Profile

pytestmark = pytest.mark.usefixtures("recipient")
LIMIT = 100


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refused.value.findings}


def read(path: Path, unwrap: opener.Unwrap = RECIPIENT_KEY) -> bytes:
    with path.open("rb") as file:
        return b"".join(opener.plain_chunks(file, unwrap))


def later(desk: Desk, **by: int) -> Desk:
    return replace(desk, clock=FixedClock(desk.now + timedelta(**by)))


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    """Runs what happens after a commit, as the test's transaction never commits."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.mark.req("LOG-011", "JUKI-039", "PREF-019", "FUHYO-026", "SEC-T-027", "PSEC-016")
def test_a_small_file_leaves_sealed_and_booked(clerk: Desk, tmp_path: Path, committed: Any):
    draft = outgoing.prepare(clerk, order(), written())
    inside = store.path_of(draft.file)
    assert "見本".encode() not in inside.read_bytes()
    assert inside.stat().st_mode & 0o777 == 0o600
    with committed():
        release = outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh")
    assert read(tmp_path / "out.ykh") == CONTENT
    assert not inside.exists()
    (line,) = outgoing.book(clerk)
    book = (line.draft.source, line.draft.persons, line.draft.rows, line.to, line.draft.purpose, line.draft.law)
    assert book == ("residents", 1, 1, "見本県市町課", "統計のため", "住民基本台帳法第37条")
    assert line.draft.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert line.release.sealed_sha256 == hashlib.sha256((tmp_path / "out.ykh").read_bytes()).hexdigest()
    assert (release.account, release.terminal, line.outcome) == ("juju1", "T01", "受領の確認待ち")
    entry = Entry.objects.get(operation="hand_over", target=f"release:{release.pk}")
    assert (entry.detail["persons"], entry.detail["sha256"], entry.detail["to"]) == (1, line.draft.sha256, "kenchou")


def test_everything_that_is_missing_is_said_before_anything_is_made(clerk: Desk):
    def never(_target: Any) -> Counts:
        raise AssertionError("nothing may be made")

    with pytest.raises(Refused) as refused:
        outgoing.prepare(clerk, order(purpose=" ", law="", correspondent="dareka", medium="SN0001"), never)
    assert codes(refused) == {"HND-E-030", "HND-E-031", "HND-E-033"}
    assert not Draft.objects.exists()
    assert Entry.objects.filter(operation="hand_over", result="refused").count() == 1


def test_handing_out_needs_the_duty(make_desk: MakeDesk):
    with pytest.raises(AccessDenied):
        outgoing.prepare(make_desk({Duty.BULK}), order(), written())


def test_a_failed_making_leaves_nothing(clerk: Desk):
    before = set(store.folder().iterdir())

    def fail(target: Any) -> Counts:
        target.write(CONTENT)
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        outgoing.prepare(clerk, order(), fail)
    assert set(store.folder().iterdir()) == before
    assert not Draft.objects.exists()


# -- much data ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("SEC-022")
def test_much_data_waits_for_its_approval_and_leaves_once(clerk: Desk, head: Desk, tmp_path: Path):
    draft = outgoing.prepare(clerk, order(), written(LIMIT))
    with pytest.raises(Refused, match="APR-E-009"):
        outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh")
    assert not (tmp_path / "out.ykh").exists()
    (waiting,) = approvals.waiting_for(head)
    assert dict(waiting.lines)["人数と行数"] == "100人、100行"
    approvals.decide(head, waiting.application.pk, grant=True)
    release = outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh")
    assert release.application_id == waiting.application.pk
    with pytest.raises(Refused) as refused:
        outgoing.release(clerk, draft.pk, target=tmp_path / "again.ykh")
    assert codes(refused) == {"HND-E-041"}


@pytest.mark.req("SEC-022")
def test_one_person_below_the_limit_nobody_is_asked(clerk: Desk, tmp_path: Path):
    draft = outgoing.prepare(clerk, order(), written(LIMIT - 1))
    assert outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh").application is None
    assert not Application.objects.exists()
    assert Entry.objects.filter(operation="export", result="done").count() == 1


def test_an_approval_is_for_that_content(clerk: Desk, head: Desk, tmp_path: Path):
    draft = outgoing.prepare(clerk, order(), written(LIMIT))
    approvals.decide(head, Application.objects.get().pk, grant=True)
    other = outgoing.prepare(clerk, order(), written(LIMIT, b"other"))
    Application.objects.filter(about=f"draft:{draft.pk}").update(about=f"draft:{other.pk}")
    with pytest.raises(Refused, match="APR-E-009"):
        outgoing.release(clerk, other.pk, target=tmp_path / "out.ykh")


def test_a_revoked_approval_can_be_applied_for_again(clerk: Desk, head: Desk, tmp_path: Path):
    draft = outgoing.prepare(clerk, order(), written(LIMIT))
    application = Application.objects.get()
    approvals.decide(head, application.pk, grant=True)
    approvals.revoke(head, application.pk, "内容を確かめたい")
    with pytest.raises(Refused, match="APR-E-009"):
        outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh")
    assert [line.state for line in outgoing.waiting(clerk)] == ["承認の取消し"]
    again = outgoing.apply_for_release(clerk, draft.pk)
    approvals.decide(head, again.pk, grant=True)
    outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh")
    assert outgoing.waiting(clerk) == []


# -- to whom -----------------------------------------------------------------------------------------------------------


def test_without_a_certificate_a_long_passphrase_is_wanted(clerk: Desk, tmp_path: Path):
    draft = outgoing.prepare(clerk, order(correspondent="itaku"), written())
    with pytest.raises(Refused) as refused:
        outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh", passphrase="short")
    assert codes(refused) == {"HND-E-043"}
    outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh", passphrase="見本の長い合言葉です。12")
    assert read(tmp_path / "out.ykh", opener.with_passphrase("見本の長い合言葉です。12")) == CONTENT
    assert Release.objects.get().sealed_to == "passphrase"


def test_a_recipient_that_was_closed_gets_nothing(clerk: Desk, information: Desk, tmp_path: Path):
    draft = outgoing.prepare(clerk, order(), written())
    outgoing.name_correspondent(information, "kenchou", "見本県市町課", is_active=False)
    with pytest.raises(Refused) as refused:
        outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh")
    assert codes(refused) == {"HND-E-031"}
    assert [row.code for row in outgoing.correspondents()] == ["itaku"]


def test_recipients_are_registered_with_every_finding(information: Desk, clerk: Desk):
    with pytest.raises(Refused) as refused:
        outgoing.name_correspondent(information, "あて先", " ", "not a key")
    assert codes(refused) == {"HND-E-020", "HND-E-021", "HND-E-023"}
    with pytest.raises(AccessDenied):
        outgoing.name_correspondent(clerk, "x", "x")


# -- drafts ------------------------------------------------------------------------------------------------------------


@pytest.mark.req("SEC-T-028")
def test_another_office_does_not_hand_it_out(clerk: Desk, tmp_path: Path):
    draft = outgoing.prepare(clerk, order(), written())
    with pytest.raises(Refused) as refused:
        outgoing.release(replace(clerk, office="300"), draft.pk, target=tmp_path / "out.ykh")
    assert codes(refused) == {"HND-E-040"}


def test_a_draft_grows_old_and_is_thrown_away(clerk: Desk, tmp_path: Path, committed: Any):
    draft = outgoing.prepare(clerk, order(), written())
    after = later(clerk, days=7, seconds=1)
    assert not outgoing.waiting(clerk)[0].is_overdue
    assert outgoing.waiting(later(clerk, days=8))[0].is_overdue
    with pytest.raises(Refused) as refused:
        outgoing.release(after, draft.pk, target=tmp_path / "out.ykh")
    assert codes(refused) == {"HND-E-044"}
    with pytest.raises(Refused):
        outgoing.discard(after, draft.pk, "")
    with committed():
        outgoing.discard(after, draft.pk, "期限切れ")
    assert not store.path_of(draft.file).exists()
    draft.refresh_from_db()
    assert draft.key_sealed is None, "without its key no copy of the file opens"


def test_a_plain_file_is_gone_after_it_was_taken(clerk: Desk, tmp_path: Path):
    plain = tmp_path / "plain.csv"
    plain.write_bytes(CONTENT)
    second = tmp_path / "hardlink"
    second.hardlink_to(plain)
    draft = outgoing.prepare_file(clerk, order(), plain, Counts(1, 1))
    assert not plain.exists()
    assert second.read_bytes() == bytes(len(CONTENT)), "overwritten before it was taken away"
    assert draft.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_draft_that_was_exchanged_is_not_handed_out(clerk: Desk, tmp_path: Path):
    draft = outgoing.prepare(clerk, order(), written())
    other = outgoing.prepare(clerk, order(), written(content=b"other"))
    store.path_of(other.file).replace(store.path_of(draft.file))
    with pytest.raises(opener.NotOpened):
        outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh")
    assert not (tmp_path / "out.ykh").exists()
    assert not Release.objects.exists()


def test_a_file_that_is_there_is_not_overwritten(clerk: Desk, tmp_path: Path):
    draft = outgoing.prepare(clerk, order(), written())
    (tmp_path / "out.ykh").write_text("mine")
    with pytest.raises(Refused) as refused:
        outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh")
    assert codes(refused) == {"HND-E-042"}
    assert (tmp_path / "out.ykh").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "../x.ykh", "a" * 32 + ".csv", "/etc/passwd", "A" * 32 + ".ykh"])
def test_no_name_of_a_form_is_a_path(name: str):
    with pytest.raises(ValueError, match="house's own"):
        store.path_of(name)


# -- receipts ----------------------------------------------------------------------------------------------------------


@pytest.mark.req("SEC-C-010")
def test_a_release_is_closed_by_the_recipients_word(clerk: Desk, committed: Any):
    draft = outgoing.prepare(clerk, order(), written())
    release = outgoing.release(clerk, draft.pk)
    kept = outgoing.fetch(clerk, release.pk)
    assert read(kept) == CONTENT
    with pytest.raises(Refused) as refused:
        outgoing.confirm(clerk, release.pk, Outcome.RECEIVED, "", sha256="0" * 64)
    assert codes(refused) == {"HND-E-051", "HND-E-052"}
    stated = hashlib.sha256(kept.read_bytes()).hexdigest().upper()
    with committed():
        outgoing.confirm(clerk, release.pk, Outcome.RECEIVED, "県市町課　見本係", sha256=stated)
    assert not kept.exists()
    assert [line.outcome for line in outgoing.book(clerk)] == ["受領"]
    with pytest.raises(Refused) as refused:
        outgoing.confirm(clerk, release.pk, Outcome.LOST, "x", note="x")
    assert codes(refused) == {"HND-E-050"}
    with pytest.raises(Refused) as refused:
        outgoing.fetch(clerk, release.pk)
    assert codes(refused) == {"HND-E-048"}


def test_open_receipts_are_overdue_after_their_day(clerk: Desk):
    outgoing.release(clerk, outgoing.prepare(clerk, order(), written()).pk)
    assert [line.is_overdue for line in outgoing.book(later(clerk, days=7), only_open=True)] == [False]
    assert [line.is_overdue for line in outgoing.book(later(clerk, days=8), only_open=True)] == [True]


def test_a_loss_is_told_with_what_happened(clerk: Desk):
    release = outgoing.release(clerk, outgoing.prepare(clerk, order(), written()).pk)
    with pytest.raises(Refused) as refused:
        outgoing.confirm(clerk, release.pk, Outcome.LOST, "県市町課")
    assert codes(refused) == {"HND-E-053"}
    outgoing.confirm(clerk, release.pk, Outcome.LOST, "県市町課", note="届いていないとの連絡")
    assert outgoing.book(clerk, only_open=True) == []


def test_every_office_sees_its_own_book(clerk: Desk, information: Desk):
    outgoing.release(clerk, outgoing.prepare(clerk, order(), written()).pk)
    assert outgoing.book(replace(clerk, office="300")) == []
    assert len(outgoing.book(information)) == 1
    assert outgoing.book(clerk, first=date(2026, 11, 21)) == []
    assert len(outgoing.book(clerk, first=date(2026, 11, 20), last=date(2026, 11, 20))) == 1


def test_the_book_is_neither_changed_nor_erased(clerk: Desk):
    release = outgoing.release(clerk, outgoing.prepare(clerk, order(), written()).pk)
    outgoing.confirm(clerk, release.pk, Outcome.LOST, "県", note="見本")
    assert Receipt.objects.count() == 1
    for statement in (
        "UPDATE handover_release SET account = 'x'",
        "DELETE FROM handover_receipt",
        "UPDATE handover_draft SET persons = 0",
        "UPDATE handover_draft SET key_sealed = '\\x00'",
        "DELETE FROM handover_draft",
        "TRUNCATE handover_draft CASCADE",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(statement)


# -- media -------------------------------------------------------------------------------------------------------------


def to_medium(**more: Any) -> Any:
    return order(way=Way.MEDIUM, medium="SN0001", **more)


@pytest.mark.req("SEC-C-008", "SEC-T-019", "MYNA-014")
def test_a_medium_is_written_after_approval_at_its_terminal_once(
    clerk: Desk, head: Desk, medium: Medium, tmp_path: Path
):
    draft = outgoing.prepare(clerk, to_medium(), written())
    with pytest.raises(Refused, match="APR-E-009"):
        outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh")
    approvals.decide(head, Application.objects.get(kind="handover_release").pk, grant=True)
    with pytest.raises(Refused) as refused:
        outgoing.release(replace(clerk, terminal="T09"), draft.pk, target=tmp_path / "out.ykh")
    assert codes(refused) == {"HND-E-014", "HND-E-045"}
    release = outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh")
    act = MediumAct.objects.get()
    assert (act.act, act.account, act.terminal, act.note) == ("written", "juju1", "T01", f"授受簿{release.pk}")
    assert outgoing.book(clerk)[0].draft.medium_id == medium.pk


@pytest.mark.req("SEC-030", "SEC-032", "MYNA-015", "SEC-031")
def test_only_designated_media_persons_terminals_and_days(clerk: Desk, medium: Medium):
    for desk, wanted, code in (
        (clerk, order(way=Way.MEDIUM, medium="SN9999"), "HND-E-010"),
        (clerk, order(way=Way.MEDIUM), "HND-E-010"),
        (replace(clerk, account="juju2"), to_medium(), "HND-E-013"),
        (replace(clerk, terminal="T09"), to_medium(), "HND-E-014"),
        (replace(clerk, office="300"), to_medium(), "HND-E-012"),
        (later(clerk, days=200), to_medium(), "HND-E-011"),
    ):
        with pytest.raises(Refused) as refused:
            outgoing.prepare(desk, wanted, written())
        assert codes(refused) == {code}
    assert not Draft.objects.exists()
    assert Entry.objects.filter(operation="hand_over", result="refused").count() == 6


def test_a_medium_whose_approval_was_revoked_is_shut(clerk: Desk, information: Desk, medium: Medium):
    approvals.revoke(information, medium.application_id, "紛失のおそれ")
    with pytest.raises(Refused) as refused:
        outgoing.prepare(clerk, to_medium(), written())
    assert codes(refused) == {"HND-E-011"}


@pytest.mark.req("JUKI-040")
def test_a_witness_is_another_person_where_the_profile_wants_one(
    clerk: Desk, head: Desk, medium: Medium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(media.profiles.settings, "house_profile", lambda: Profile.CHIBA)
    assert SETTINGS.value("witness_needed", bool, on=clerk.today)
    draft = outgoing.prepare(clerk, to_medium(), written())
    approvals.decide(head, Application.objects.get(kind="handover_release").pk, grant=True)
    for witness in ("", "juju1", "dareka"):
        with pytest.raises(Refused) as refused:
            outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh", witness=witness)
        assert codes(refused) == {"HND-E-046"}
    assert outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh", witness="tachiai1").witness == "tachiai1"
