"""A file that comes: protected, looked at by content, kept sealed, then taken in or refused."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.platform.handover.conftest import CONTENT, RECIPIENT_KEY
from tests.platform.handover.test_envelope import X25519, public_pem_of

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.audit.models import Entry
from yakuba.platform.handover import contents, envelope, incoming, media, opener, store
from yakuba.platform.handover.incoming import Arrival
from yakuba.platform.handover.models import Inbound, InboundEnd, Medium, MediumAct, Way
from yakuba.platform.profiles import Profile

FORMATS = ["csv", "json", "pdf", "xml", "xlsx", "zip"]


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refused.value.findings}


def arrival(**more: Any) -> Arrival:
    return Arrival(**{"name": "県から.csv", "correspondent": "kenchou", "purpose": "整合性の確認", **more})


@pytest.fixture
def sent(tmp_path: Path) -> Callable[[bytes], Path]:
    """A file as the sender's program seals it to the house's key."""

    def make(content: bytes) -> Path:
        path, key = tmp_path / "sent.ykh", os.urandom(32)
        with path.open("wb") as file:
            wrapped = envelope.to_certificate(key, envelope.certificate(public_pem_of(X25519)))
            sealer = envelope.Sealer(file, key, [wrapped])
            sealer.write(content)
            sealer.finish()
        return path

    return make


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.mark.usefixtures("recipient")
class TestReceiving:
    @pytest.mark.req("SEC-C-011")
    def test_an_unprotected_file_is_refused(self, clerk: Desk, tmp_path: Path):
        plain = tmp_path / "plain.csv"
        plain.write_bytes(CONTENT)
        before = set(store.folder().iterdir())
        with pytest.raises(Refused) as refused:
            incoming.receive(clerk, arrival(), plain, RECIPIENT_KEY)
        assert codes(refused) == {"HND-E-060"}
        assert not Inbound.objects.exists()
        assert set(store.folder().iterdir()) == before
        assert Entry.objects.filter(operation="hand_over", result="refused").count() == 1

    def test_it_is_kept_sealed_until_a_room_took_it_in(self, clerk: Desk, sent: Any, committed: Any):
        row = incoming.receive(clerk, arrival(name="../../県\\から.csv"), sent(CONTENT), RECIPIENT_KEY)
        kept = store.path_of(row.file)
        assert "見本".encode() not in kept.read_bytes()
        assert (row.format, row.bytes, row.name) == ("csv", len(CONTENT), "から.csv")
        assert [inbound.pk for inbound in incoming.book(clerk, only_open=True)] == [row.pk]
        got: list[bytes] = []

        def consume(chunks: Any) -> str:
            got.extend(chunks)
            return "1行を取込み"

        with committed():
            incoming.take_in(clerk, row.pk, consume)
        assert b"".join(got) == CONTENT
        assert not kept.exists()
        assert incoming.book(clerk, only_open=True) == []
        assert InboundEnd.objects.get().reason == "1行を取込み"
        with pytest.raises(Refused) as refused:
            incoming.take_in(clerk, row.pk, consume)
        assert codes(refused) == {"HND-E-062"}

    def test_a_room_that_fails_leaves_the_file_waiting(self, clerk: Desk, sent: Any):
        row = incoming.receive(clerk, arrival(), sent(CONTENT), RECIPIENT_KEY)

        def consume(chunks: Any) -> str:
            next(chunks)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            incoming.take_in(clerk, row.pk, consume)
        assert len(incoming.book(clerk, only_open=True)) == 1
        assert store.path_of(row.file).exists()

    def test_refusing_wants_a_reason_and_erases(self, clerk: Desk, sent: Any, committed: Any):
        row = incoming.receive(clerk, arrival(), sent(CONTENT), RECIPIENT_KEY)
        with pytest.raises(Refused) as refused:
            incoming.refuse(clerk, row.pk, " ")
        assert codes(refused) == {"HND-E-063"}
        with committed():
            incoming.refuse(clerk, row.pk, "様式が違う")
        assert not store.path_of(row.file).exists()

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "HND-E-070"),
            (b"MZ\x90\x00", "HND-E-072"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "HND-E-072"),
            (b"\x00\x01\x02 rubbish \xff\xfe", "HND-E-073"),
        ],
        ids=["empty", "program", "old office", "rubbish"],
    )
    def test_content_that_stays_out(self, clerk: Desk, sent: Any, content: bytes, code: str):
        with pytest.raises(Refused) as refused:
            incoming.receive(clerk, arrival(name="表.csv"), sent(content), RECIPIENT_KEY)
        assert code in codes(refused)
        assert not Inbound.objects.exists()
        assert not list(store.folder().glob("*.inspecting"))

    def test_from_a_medium_only_where_it_may_be_used(self, clerk: Desk, sent: Any, medium: Medium):
        with pytest.raises(Refused) as refused:
            incoming.receive(clerk, arrival(way=Way.MEDIUM, medium="SN9"), sent(CONTENT), RECIPIENT_KEY)
        assert codes(refused) == {"HND-E-010"}
        incoming.receive(clerk, arrival(way=Way.MEDIUM, medium="SN0001"), sent(CONTENT), RECIPIENT_KEY)
        assert MediumAct.objects.get().act == "read"

    def test_where_the_profile_lets_no_medium_in(
        self, clerk: Desk, sent: Any, medium: Medium, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(media.profiles.settings, "house_profile", lambda: Profile.TSUKUBA)
        with pytest.raises(Refused) as refused:
            incoming.receive(clerk, arrival(way=Way.MEDIUM, medium="SN0001"), sent(CONTENT), RECIPIENT_KEY)
        assert codes(refused) == {"HND-E-061"}

    def test_strangers_send_nothing(self, clerk: Desk, sent: Any, make_desk: Any):
        with pytest.raises(Refused) as refused:
            incoming.receive(clerk, arrival(correspondent="dareka", purpose=""), sent(CONTENT), RECIPIENT_KEY)
        assert codes(refused) == {"HND-E-030", "HND-E-031"}
        with pytest.raises(AccessDenied):
            incoming.receive(make_desk(set()), arrival(), sent(CONTENT), RECIPIENT_KEY)

    def test_another_key_opens_nothing(self, clerk: Desk, sent: Any):
        with pytest.raises(Refused) as refused:
            incoming.receive(clerk, arrival(), sent(CONTENT), opener.with_passphrase("長い合言葉・見本"))
        assert codes(refused) == {"HND-E-060"}


# -- archives ----------------------------------------------------------------------------------------------------------


def zipped(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


XLSX = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (zipped({"a.csv": bytes(5_000_000)}), "HND-E-076"),
        (zipped({f"{n}.csv": b"x" * 900 for n in range(5_000)}, zipfile.ZIP_STORED), "HND-E-075"),
        (zipped({"../a.csv": b"1"}), "HND-E-077"),
        (zipped({"/etc/a.csv": b"1"}), "HND-E-077"),
        (zipped({"C:\\a.csv": b"1"}), "HND-E-077"),
        (zipped({"inner.zip": zipped({"a": b"1"})}), "HND-E-080"),
        (zipped({"a.exe": b"MZ\x90"}), "HND-E-072"),
        (zipped({**XLSX, "xl/vbaProject.bin": b"x"}), "HND-E-079"),
        (zipped({**XLSX, "xl/macrosheets/sheet1.xml": b"x"}), "HND-E-079"),
        (zipped({"a.csv": b"1" * 1000})[:-30], "HND-E-074"),
    ],
    ids=["bomb", "too large", "up", "root", "drive", "nested", "program", "macro", "old macro", "cut"],
)
def test_archives_that_stay_out(tmp_path: Path, content: bytes, code: str):
    path = tmp_path / "a"
    path.write_bytes(content)
    _, findings = contents.inspect(path, FORMATS, 4_000_000 if code == "HND-E-075" else 50_000_000)
    assert code in {finding.code for finding in findings.errors}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (zipped(XLSX), "xlsx"),
        (zipped({"a.csv": b"1,2"}), "zip"),
        (b"%PDF-1.7", "pdf"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", "xml"),
        (b' {"a": 1}', "json"),
        ("番号,氏名\r\n".encode("cp932"), "csv"),
        ("番号,氏名\r\n".encode(), "csv"),
    ],
    ids=["xlsx", "zip", "pdf", "xml", "json", "sjis", "utf-8"],
)
def test_a_format_is_told_by_content(tmp_path: Path, content: bytes, kind: str):
    path = tmp_path / "見本.exe"
    path.write_bytes(content)
    found, findings = contents.inspect(path, FORMATS, 1_000_000)
    assert (found, list(findings)) == (kind, [])


def test_a_lying_size_is_found(tmp_path: Path):
    """The directory says 10 bytes, the member unpacks to something else."""
    data = bytearray(zipped({"a.csv": b"1" * 1000}))
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = (10).to_bytes(4, "little")
    path = tmp_path / "a.zip"
    path.write_bytes(bytes(data))
    _, findings = contents.inspect(path, FORMATS, 1_000_000)
    assert [finding.code for finding in findings.errors] == ["HND-E-074"]


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=400), start=st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"%PDF-", b"{"]))
def test_no_content_breaks_the_inspection(tmp_path_factory: pytest.TempPathFactory, data: bytes, start: bytes):
    path = tmp_path_factory.mktemp("x") / "a"
    path.write_bytes(start + data)
    contents.inspect(path, FORMATS, 1_000_000)
