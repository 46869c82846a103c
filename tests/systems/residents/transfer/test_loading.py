"""A file goes into the register, whole, with everything that belongs to it, and comes out again as it was."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl
import psycopg
import pytest
from django.db import connection
from tests.django_fixtures import APPLICATION_PASSWORD, APPLICATION_ROLE, _point_django_at

from yakuba.core.addresses import towns
from yakuba.core.findings import Refused
from yakuba.core.numbers import AddresseeNumber, HouseholdNumber, IndividualNumber
from yakuba.platform.access.desk import AccessDenied
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit import log
from yakuba.platform.audit.models import Entry
from yakuba.platform.events.models import Event
from yakuba.platform.jobs import runner
from yakuba.platform.jobs.models import Job
from yakuba.platform.vault import sealing, store
from yakuba.platform.vault.models import Number
from yakuba.systems.residents import enquiries, exits, register, services
from yakuba.systems.residents.enquiries import Query
from yakuba.systems.residents.models import (
    CodePool,
    ImportRefusal,
    Resident,
    ResidentVersion,
    SearchAddress,
    SearchName,
)
from yakuba.systems.residents.transfer import indexes, loading
from yakuba.systems.residents.transfer.exporting import export
from yakuba.systems.residents.transfer.manifest import manifest_path
from yakuba.systems.residents.transfer.refusals import SEALING_CONTEXT, open_refusals
from yakuba.systems.residents.transfer.source import SourceChanged

from . import specimens

SMALL = 20_000  # bytes of a chunk: a few dozen rows


def search_rows() -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    names = SearchName.objects.order_by("person", "name", "kana").values_list(
        "person", "is_current", "is_open", "name", "kana", "grams", "birth_from", "birth_to", "sex"
    )
    addresses = SearchAddress.objects.order_by("person", "address").values_list(
        "person", "is_current", "is_open", "town_code", "address"
    )
    return list(names), list(addresses)


def refusal_codes(refusal: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {finding.code for finding in refusal.value.findings}


def refused_by_row(job: int) -> dict[int, set[str]]:
    return {
        refusal.row: {finding["code"] for finding in refusal.findings}
        for refusal in ImportRefusal.objects.filter(job=job)
    }


def test_a_register_is_loaded_with_everything_that_belongs_to_it(system, file_of):
    frame = specimens.register(400)
    report = loading.load(system, file_of(frame), chunk_bytes=SMALL)
    assert (report.state, report.loaded, report.refused, report.warnings) == ("done", 400, 0, {})

    heads = Resident.objects.order_by("number")
    assert [head.number for head in heads] == frame["number"].cast(pl.Int64).to_list()
    assert {head.version_no for head in heads} == {1}
    assert [head.is_open for head in heads] == frame["closing_reason"].is_null().to_list()
    versions = ResidentVersion.objects.all()
    assert versions.count() == 400
    (event,) = Event.objects.all()
    assert event.name == "residents:register:loaded"
    assert event.payload == {"job": report.job, "file_hash": report.manifest.sha256, "persons": 400}
    assert set(versions.values_list("event", "reason", "effect", "version_no")) == {(event.pk, "900", "entry", 1)}
    assert set(versions.values_list("recorded_at", flat=True)) == {event.recorded_at}

    loaded = search_rows()
    register.rebuild_search(heads.values_list("number", flat=True))
    assert loaded == search_rows(), "the keys are those of a registration one by one"

    imports = Entry.objects.filter(operation="import")
    assert {entry.detail["state"] for entry in imports} == {"started", "finished"}
    assert {entry.account for entry in imports} == {"system:cli:test"}
    assert log.breaches() == []
    assert indexes.missing() == []
    (next_person,) = register.next_numbers(AddresseeNumber, 1)
    (next_household,) = register.next_numbers(HouseholdNumber, 1)
    assert next_person // 10 == 401
    assert next_household > max(heads.values_list("household_number", flat=True))


def test_numbers_are_sealed_and_found(system, file_of):
    frame = specimens.register(30).with_columns(
        pl.when(pl.int_range(30) % 7 != 0).then("individual_number").alias("individual_number")
    )
    loading.load(system, file_of(frame), chunk_bytes=5_000)
    stated = dict(frame.select(pl.col("number").cast(pl.Int64), "individual_number").iter_rows())
    vault_ids = dict(ResidentVersion.objects.values_list("person", "individual_number"))
    for number, digits in stated.items():
        if digits is None:
            assert vault_ids[number] is None
            continue
        assert store.find(IndividualNumber(digits)) == vault_ids[number]
        assert store.reveal(system, vault_ids[number], number).reveal() == digits
    assert Number.objects.count() == len([digits for digits in stated.values() if digits])


@pytest.mark.parametrize("chunk_bytes", [4_000, 24 << 20])
def test_what_goes_in_comes_out(system, file_of, tmp_path, chunk_bytes):
    frame = specimens.register(120)
    path = file_of(frame.sample(fraction=1, shuffle=True, seed=1))
    loading.load(system, path, chunk_bytes=chunk_bytes)
    out = tmp_path / "out.csv"
    manifest = export(system, out, with_individual_numbers=True)
    assert out.read_bytes() == file_of(frame, "ordered.csv").read_bytes()
    assert manifest.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
    assert json.loads(manifest_path(out).read_text())["rows"] == manifest.rows == 120
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_odd_values_come_out_as_they_went_in(system, file_of, tmp_path):
    frame = specimens.register(9).with_columns(
        pl.Series("birth", ["1945-XX-XX", "XXXX-XX-XX", "1912-07-30@M", "1945-08~", "1985-04-12%",
                            "[1985-03-01..1985-03-05~]", "1991-02-29!", "1985-21", "1867-05-10@243"]),
        pl.Series("remark", ["a,b", '"引用"', "備考", "\\N", "\\.", ",", "葛\U000e0102", None, "'"]),
        pl.Series("issue_prohibited", ["1", "0", None] * 3),
    )  # fmt: skip
    path = file_of(frame)
    report = loading.load(system, path)
    assert (report.loaded, report.refused) == (9, 0), list(open_refusals())
    export(system, tmp_path / "out.csv", with_individual_numbers=True)
    assert (tmp_path / "out.csv").read_bytes() == path.read_bytes()
    loaded = search_rows()
    register.rebuild_search(Resident.objects.values_list("pk", flat=True))
    assert loaded == search_rows()


def test_an_export_without_the_numbers_has_none(system, file_of, tmp_path):
    loading.load(system, file_of(specimens.register(20)))
    out = tmp_path / "out.csv"
    export(system, out)
    assert pl.read_csv(out, infer_schema=False)["individual_number"].null_count() == 20
    with pytest.raises(Refused) as refusal:
        export(system, out)
    assert refusal_codes(refusal) == {"RES-E-380"}


def test_exports_are_logged_before_the_file_is_there(system, file_of, tmp_path, monkeypatch):
    loading.load(system, file_of(specimens.register(5)))
    out = tmp_path / "out.csv"
    there = []
    real = type(system).log

    def watch(desk, *args, **detail):
        there.append(out.exists())
        real(desk, *args, **detail)

    monkeypatch.setattr(type(system), "log", watch)
    manifest = export(system, out)
    assert there == [False, False]
    entry = Entry.objects.filter(operation="export").order_by("-pk").first()
    assert (entry.detail["rows"], entry.detail["sha256"]) == (5, manifest.sha256)


def test_who_may_not(system, make_desk, file_of, tmp_path):
    clerk = make_desk(duties=set(Duty) - {Duty.BULK})
    path = file_of(specimens.register(3))
    with pytest.raises(AccessDenied):
        loading.load(clerk, path)
    with pytest.raises(AccessDenied):
        export(clerk, tmp_path / "out.csv")
    with pytest.raises(AccessDenied):
        export(make_desk(duties={Duty.BULK}), tmp_path / "out.csv", with_individual_numbers=True)
    assert Entry.objects.filter(result="denied", operation="import").count() == 1
    assert Entry.objects.filter(result="denied", operation="export").count() == 2
    assert not (tmp_path / "out.csv").exists()
    assert not Job.objects.exists()


def test_every_row_is_loaded_or_kept_with_its_reason(system, file_of, tmp_path):
    frame = specimens.register(60)
    path = file_of(frame)
    lines = path.read_bytes().split(b"\n")
    lines[5] = lines[5].replace(b"2", b"\xff", 1)  # line 6
    lines[10] += b",extra"  # line 11
    bad = frame.with_columns(
        pl.when(pl.int_range(60) == 20).then(pl.lit("9")).otherwise("sex").alias("sex"),
        pl.when(pl.int_range(60) == 21).then(pl.lit("100000000014")).otherwise("individual_number").alias("individual_number"),
    )  # fmt: skip
    lines[22:24] = file_of(bad, "bad.csv").read_bytes().split(b"\n")[21:23]
    path.write_bytes(b"\n".join(lines))
    report = loading.load(system, path, chunk_bytes=SMALL)
    assert report.loaded + report.refused == report.manifest.rows == 60
    found = refused_by_row(report.job)
    assert found[6] == {"RES-E-320"}
    assert found[11] == {"RES-E-323"}
    assert report.refused == len(found)
    assert sum(report.reasons.values()) >= report.refused
    assert Resident.objects.count() == report.loaded


def test_a_refused_row_shows_no_individual_number(system, file_of):
    frame = specimens.register(8).with_columns(
        pl.when(pl.int_range(8) == 3).then(pl.lit("x")).otherwise("sex").alias("sex")
    )
    path = file_of(frame)
    lines = path.read_bytes().split(b"\n")
    broken = lines[6]
    lines[6] = broken + b',"'
    path.write_bytes(b"\n".join(lines))
    report = loading.load(system, path)
    record, line = ImportRefusal.objects.order_by("row")
    assert (report.refused, record.row, line.row) == (2, 5, 7)
    assert record.number == int(frame["number"][3])
    digits = frame["individual_number"][3]
    assert digits not in record.line
    assert record.line == path.read_text().split("\n")[4].replace(digits, "")
    assert sealing.unseal(SEALING_CONTEXT, bytes(record.sealed)).decode() == digits
    assert (line.number, line.line) == (None, ""), "where the number stands in it isn't known"
    assert sealing.unseal(SEALING_CONTEXT, bytes(line.sealed)) == broken + b',"'
    assert digits.encode() not in bytes(record.sealed)


def test_who_shares_a_number_in_the_file_is_refused(system, file_of):
    frame = specimens.register(50)
    twin = frame.row(10, named=True)
    for column in ("resident_code", "individual_number", "residence_card", "number"):
        if twin[column] is None:
            continue
        frame = frame.with_columns(
            pl.when(pl.int_range(50) == 40).then(pl.lit(twin[column])).otherwise(column).alias(column)
        )
    report = loading.load(system, file_of(frame), chunk_bytes=5_000)
    assert refused_by_row(report.job) == {row: {"RES-E-370", "RES-E-371", "RES-E-372"} for row in (12, 42)}
    message = next(f["message"] for f in ImportRefusal.objects.get(row=42).findings if f["code"] == "RES-E-371")
    assert message == "同じ住民票コードの行がほかにあります（12行目）。"


def test_two_householders_are_refused_and_two_addresses_are_told(system, file_of):
    frame = specimens.register(40)
    of = frame.with_row_index().filter(pl.len().over("household_number") > 1).filter(pl.col("closing_reason").is_null())
    household = of["household_number"].value_counts().filter(pl.col("count") > 1)["household_number"].sort()
    first, second = household[0], household[1]
    places = of.filter(pl.col("household_number") == first)["index"].to_list()
    apart = of.filter(pl.col("household_number") == second)["index"].to_list()[1]
    frame = frame.with_columns(
        pl.when(pl.int_range(40).is_in(places)).then(pl.lit("世帯主")).otherwise("relationship").alias("relationship"),
        pl.when(pl.int_range(40) == apart).then(pl.lit("99番")).otherwise("address_banchi").alias("address_banchi"),
    )
    report = loading.load(system, file_of(frame))
    assert refused_by_row(report.job) == {place + 2: {"RES-E-374"} for place in places}
    assert report.warnings["RES-W-375"]["count"] == 1


def test_same_name_birth_and_sex_is_told_not_refused(system, file_of):
    frame = specimens.register(30, seed=5)
    one = frame.row(4, named=True)
    frame = frame.with_columns(
        pl.when(pl.int_range(30) == 20).then(pl.lit(one[name])).otherwise(name).alias(name)
        for name in ("name", "name_kana", "birth", "sex", "resident_since", "address_since")
    )
    report = loading.load(system, file_of(frame))
    assert report.refused == 0
    assert report.same_person_groups == 1
    assert report.same_persons == [[int(one["number"]), int(frame["number"][20])]]


def test_the_same_file_again_changes_nothing(system, file_of):
    path = file_of(specimens.register(30))
    first = loading.load(system, path)
    again = loading.load(system, path)
    assert again.repeated
    assert (again.job, again.loaded) == (first.job, 30)
    assert Event.objects.count() == Job.objects.count() == 1


def test_a_second_file_meets_the_register(system, file_of):
    """Numbers that somebody has already are refused; what is new is loaded, also into households that are there."""
    frame = specimens.register(60)
    loading.load(system, file_of(frame[:40]))
    old = frame.row(5, named=True)
    more = specimens.register(30, seed=2, first_serial=1_000).with_columns(
        pl.when(pl.int_range(30) == 3).then(pl.lit(old["resident_code"])).otherwise("resident_code").alias("resident_code"),
        pl.when(pl.int_range(30) == 4).then(pl.lit(old["individual_number"])).otherwise("individual_number")
        .alias("individual_number"),
    )  # fmt: skip
    head_of_old = frame.filter(pl.col("relationship") == "世帯主").row(0, named=True)
    is_new_head = (pl.col("relationship") == "世帯主") & (pl.int_range(30) > 5)
    first_head = more.with_row_index().filter(is_new_head)["index"][0]
    more = more.with_columns(
        pl.when(pl.int_range(30) == first_head).then(pl.lit(head_of_old["household_number"]))
        .otherwise("household_number").alias("household_number")
    )  # fmt: skip
    report = loading.load(system, file_of(pl.concat([more, frame[38:40]]), "second.csv"), chunk_bytes=5_000)
    found = refused_by_row(report.job)
    assert found == {
        5: {"RES-E-371"}, 6: {"RES-E-372"}, first_head + 2: {"RES-E-374"},
        32: found[32], 33: found[33],
    }  # fmt: skip
    assert "RES-E-370" in found[32] & found[33]
    assert Resident.objects.count() == 40 + report.loaded
    assert (report.loaded, report.refused) == (27, 5)
    finding = next(f for f in ImportRefusal.objects.get(row=5).findings)
    assert f"{int(old['number']):015d}" in finding["message"]


def test_a_later_load_settles_earlier_refusals(system, file_of):
    frame = specimens.register(20)
    bad = frame.with_columns(pl.when(pl.int_range(20) < 2).then(pl.lit("x")).otherwise("sex").alias("sex"))
    first = loading.load(system, file_of(bad))
    assert (first.refused, len(list(open_refusals()))) == (2, 2)
    second = loading.load(system, file_of(frame[:1], "corrected.csv"))
    assert second.loaded == 1
    assert [refusal.row for refusal in open_refusals()] == [3]


def test_a_number_that_the_vault_knows_keeps_its_id(system, file_of, clock):
    frame = specimens.register(20)
    (known,) = store.put([IndividualNumber(frame["individual_number"][7])], clock.now())
    loading.load(system, file_of(frame), chunk_bytes=5_000)
    version = ResidentVersion.objects.get(person=int(frame["number"][7]))
    assert version.individual_number == known
    assert Number.objects.count() == 20


def test_a_code_that_somebody_bears_leaves_the_pool(system, file_of):
    free = CodePool.objects.order_by("pk").first()
    frame = specimens.register(3).with_columns(
        pl.when(pl.int_range(3) == 1).then(pl.lit(free.code)).otherwise("resident_code").alias("resident_code")
    )
    loading.load(system, file_of(frame))
    assert [row.code for row in CodePool.objects.exclude(assigned_on=None)] == [free.code]


def test_a_manifest_that_disagrees_refuses_the_file(system, file_of):
    path = file_of(specimens.register(5))
    manifest_path(path).write_text(json.dumps({"rows": 6, "bytes": path.stat().st_size, "sha256": "00" * 32}))
    with pytest.raises(Refused) as refusal:
        loading.load(system, path)
    assert [finding.field for finding in refusal.value.findings] == ["rows", "sha256"]
    assert not Job.objects.exists()


def test_a_stopped_import_goes_on(system, file_of, monkeypatch):
    """Whatever stops it, the same call goes on where it was: one event, nothing doubled, nothing lost."""
    frame = specimens.register(300)
    path = file_of(frame)
    real = loading._Loader._write
    written = []

    def stumble(self, prepared):
        if len(written) == 3:
            written.append(0)
            raise KeyboardInterrupt
        real(self, prepared)
        written.append(prepared.chunk.rows)

    monkeypatch.setattr(loading._Loader, "_write", stumble)
    with pytest.raises(KeyboardInterrupt):
        loading.load(system, path, chunk_bytes=SMALL)
    job = loading.unfinished()
    assert job.state == "failed"
    assert Resident.objects.count() == sum(written)
    assert indexes.missing(), "they are built at the end, and the command says so"

    with pytest.raises(Refused) as refusal:
        loading.load(system, file_of(specimens.register(3), "other.csv"))
    assert refusal_codes(refusal) == {"RES-E-315"}

    report = loading.load(system, path, chunk_bytes=SMALL)
    assert (report.job, report.state, report.loaded) == (job.pk, "done", 300)
    assert Resident.objects.count() == ResidentVersion.objects.count() == 300
    assert Event.objects.count() == 1
    assert indexes.missing() == []
    assert loading.unfinished() is None


def test_a_changed_file_is_not_gone_on_with(system, file_of, monkeypatch):
    frame = specimens.register(200)
    path = file_of(frame)
    real = loading._Loader._write

    def spoil(self, prepared):
        real(self, prepared)
        path.write_bytes(path.read_bytes().replace("2番".encode(), "3番".encode()))

    monkeypatch.setattr(loading._Loader, "_write", spoil)
    with pytest.raises(SourceChanged):
        loading.load(system, path, chunk_bytes=SMALL)
    monkeypatch.setattr(loading._Loader, "_write", real)
    with pytest.raises(Refused) as refusal:
        loading.load(system, path, chunk_bytes=SMALL)
    assert refusal_codes(refusal) == {"RES-E-315"}
    assert indexes.missing() == [], "an error leaves no slow search behind"


def test_an_import_can_be_given_up(system, file_of, monkeypatch):
    frame = specimens.register(300)
    path = file_of(frame)
    real = loading._Loader._write

    def give_up(self, prepared):
        real(self, prepared)
        Job.objects.filter(pk=self.job.job.pk).update(cancel_requested=True)

    monkeypatch.setattr(loading._Loader, "_write", give_up)
    report = loading.load(system, path, chunk_bytes=SMALL)
    assert report.state == "cancelled"
    assert 0 < report.loaded == Resident.objects.count() < 300
    assert indexes.missing() == []
    assert not loading.cancel(system, report.job), "it has ended already"

    monkeypatch.setattr(loading._Loader, "_write", real)
    again = loading.load(system, path, chunk_bytes=SMALL)
    assert again.job != report.job
    assert (again.loaded, again.refused) == (300 - report.loaded, report.loaded)
    assert Resident.objects.count() == 300


def test_an_abandoned_import_can_be_given_up(system, file_of, monkeypatch):
    real = loading._Loader._write

    def stop(self, prepared):
        if self.state.loaded:
            raise KeyboardInterrupt
        real(self, prepared)

    monkeypatch.setattr(loading._Loader, "_write", stop)
    with pytest.raises(KeyboardInterrupt):
        loading.load(system, file_of(specimens.register(300)), chunk_bytes=SMALL)
    job = loading.unfinished()
    assert indexes.missing()
    assert loading.cancel(system, job.pk)
    assert indexes.missing() == []
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_worker_can_finish_what_a_command_began(system, file_of, monkeypatch):
    """The job alone, without the survey that the command made."""
    real = loading._Loader._write

    def stop(self, prepared):
        if self.state.loaded:
            raise KeyboardInterrupt
        real(self, prepared)

    monkeypatch.setattr(loading._Loader, "_write", stop)
    with pytest.raises(KeyboardInterrupt):
        loading.load(system, file_of(specimens.register(200)), chunk_bytes=SMALL)
    monkeypatch.setattr(loading._Loader, "_write", real)
    job = runner.execute(loading.unfinished().pk, system.clock)
    assert job.state == "done"
    assert Resident.objects.count() == 200


def test_filings_made_during_a_load_are_seen(system, file_of, monkeypatch, make_desk):
    """The register was empty when the load began; somebody moved in meanwhile with a number of the file."""
    frame = specimens.register(200)
    taken = frame.row(199, named=True)
    town = next(row.town_code for row in towns(specimens.TOWN) if row.name)
    form = {
        "key": "00000000-0000-4000-8000-000000000001", "channel": "1", "notified_on": "2026-11-20", "notifier_kind": "2",
        "notifier_name": "見本　太郎", "identity_documents": ["driving-licence"], "moved_on": "2026-11-18",
        "address": {"code": town, "banchi": "１番１号"}, "previous": {"town": "京都府見本市北町"},
        "persons": [{
            "name": "見本　太郎", "name_kana": "ミホン　タロウ", "birth": "1980-04-12", "sex": "1", "relationship": "世帯主",
            "domicile": {"town": "大阪府見本市中央"}, "register_head": "見本　太郎", "resident_code": taken["resident_code"],
        }],
    }  # fmt: skip
    real = loading._Loader._write
    moved_in: list[int] = []

    def meanwhile(self, prepared):
        real(self, prepared)
        if not moved_in:
            filed = services.file(make_desk(account="madoguchi1"), "move_in", form)
            moved_in.extend(services.approve(make_desk(account="shinsa1"), filed.filing).persons)

    monkeypatch.setattr(loading._Loader, "_write", meanwhile)
    report = loading.load(system, file_of(frame), chunk_bytes=SMALL)
    assert refused_by_row(report.job) == {201: {"RES-E-371"}}
    assert (report.loaded, Resident.objects.count()) == (199, 200)
    assert moved_in[0] > int(frame["number"].max()), "numbers given meanwhile lie beyond the file's"


def test_loaded_persons_are_found(system, file_of, make_desk):
    frame = specimens.register(50)
    loading.load(system, file_of(frame))
    person = frame.filter(pl.col("name").is_not_null()).row(0, named=True)
    hits = enquiries.search(make_desk(), Query(name=person["name"].replace("　", "")), exits.SEARCH_SCREEN).hits
    assert int(person["number"]) in {hit.number for hit in hits}
    hits = enquiries.search(make_desk(), Query(name=person["name"][1:4].replace("　", "")), exits.SEARCH_SCREEN).hits
    assert int(person["number"]) in {hit.number for hit in hits}


@pytest.fixture
def application(house) -> Iterator[str]:
    """The house's database as the application's role sees it: Django is that role."""
    url = urlsplit(house)
    place = f"{APPLICATION_ROLE}:{APPLICATION_PASSWORD}@{url.hostname}:{url.port}"
    _point_django_at(url._replace(netloc=place).geturl())
    yield house
    connection.close()


def test_the_applications_role_needs_the_owner_for_indexes_only(application, system, file_of, monkeypatch):
    frame = specimens.register(60)
    monkeypatch.delenv("YAKUBA_DATABASE_URL", raising=False)
    with pytest.raises(Refused) as refusal:
        loading.load(system, file_of(frame))
    assert refusal_codes(refusal) == {"RES-E-312"}
    with psycopg.connect(application) as owner:
        assert owner.execute("SELECT count(*) FROM residents_resident").fetchone() == (0,)
    monkeypatch.setenv("YAKUBA_DATABASE_URL", application)
    report = loading.load(system, file_of(frame), chunk_bytes=SMALL)
    assert (report.state, report.loaded) == ("done", 60)
    assert indexes.missing() == []
    second = loading.load(system, file_of(specimens.register(60, first_serial=500), "second.csv"))
    assert second.loaded == 60


def test_history_goes_on_from_a_loaded_record(system, file_of, clock):
    """A loaded version is guarded like any other."""
    loading.load(system, file_of(specimens.register(3)))
    clock.advance(timedelta(days=1))
    with connection.cursor() as cursor, pytest.raises(Exception, match="履歴は変更できません"):
        cursor.execute("UPDATE residents_version SET name = 'x'")


def test_a_row_that_is_too_long_is_kept_sealed(system, file_of):
    path: Path = file_of(specimens.register(10))
    lines = path.read_bytes().split(b"\n")
    lines.insert(4, b"x" * 200_000)
    path.write_bytes(b"\n".join(lines))
    report = loading.load(system, path, chunk_bytes=50_000)
    assert (report.loaded, report.refused) == (10, 1)
    assert refused_by_row(report.job) == {5: {"RES-E-325"}}
