"""Extracting: exactly whom and what was asked for, nobody under protection, no number, and only into the hand-over book."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.handover.test_envelope import X25519, pem_of, public_pem_of
from tests.systems.residents.test_protection import protect
from tests.web.conftest import SignedIn, signed_in, web

from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.models import Application
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.handover import opener, outgoing
from yakuba.platform.handover.models import Draft
from yakuba.platform.handover.outgoing import Order
from yakuba.platform.jobs import runner
from yakuba.platform.jobs.models import Job, State
from yakuba.systems.residents.extraction import services
from yakuba.systems.residents.extraction.definition import OFFERED, Condition, Definition, How, Source
from yakuba.systems.residents.items import Kind
from yakuba.systems.residents.models import SavedExtraction

__all__ = ["signed_in", "web"]
DUTIES = {Duty.BULK, Duty.HANDOVER}
MakeDesk = Callable[..., Desk]


@pytest.fixture
def officer(town: None, make_desk: MakeDesk) -> Desk:
    return make_desk(DUTIES, account="juju1")


@pytest.fixture
def recipient(town: None, make_desk: MakeDesk) -> None:
    information = make_desk({Duty.INFORMATION_MANAGEMENT}, account="joho1")
    outgoing.name_correspondent(information, "kenchou", "見本県統計課", public_pem_of(X25519).decode())


@pytest.fixture
def family(
    register_form: Callable[..., Any], move_in: Callable[..., Any], common: Callable[..., Any]
) -> tuple[int, ...]:
    """見本 太郎 (man), 花子 (woman), and 一郎, who has died."""
    numbers: tuple[int, ...] = register_form("move_in", move_in())
    register_form("death", common(person=numbers[2], notifier_kind="3", died_on="2026-11-19"))
    return numbers


def wanted(
    *conditions: tuple[str, How] | tuple[str, How, str],
    source: Source = Source.CURRENT,
    columns: tuple[str, ...] = ("name", "sex"),
) -> Definition:
    return Definition(source, columns, tuple(Condition(*one) for one in conditions))


def order(**more: Any) -> Order:
    return Order(
        **{"source": "", "name": "抽出.csv", "correspondent": "kenchou", "purpose": "統計のため", "law": "統計法"}
        | more
    )


def extract(officer: Desk, clock: FixedClock, definition: Definition, tmp_path: Path) -> list[list[str]]:
    """The file as its recipient opens it."""
    job = runner.execute(services.request(officer, definition, order()).pk, clock)
    assert job.state == State.DONE
    release = outgoing.release(officer, job.result["draft"])
    target = tmp_path / f"{release.pk}.csv"
    with outgoing.fetch(officer, release.pk).open("rb") as sealed:
        opener.open_to(sealed, target, opener.with_private_key(pem_of(X25519)))
    text = target.read_bytes().decode("utf-8-sig")
    assert text.count("\r\n") == text.count("\n")
    return list(csv.reader(StringIO(text)))


def test_exactly_who_and_what_was_asked_for(
    family: Any, officer: Desk, recipient: None, clock: FixedClock, tmp_path: Path
):
    first, second, _ = family
    assert extract(officer, clock, wanted(), tmp_path) == [
        ["宛名番号", "氏名", "性別"],
        [f"{first:015d}", "見本　太郎", "男"],
        [f"{second:015d}", "見本　花子", "女"],
    ]


@pytest.mark.parametrize(
    ("definition", "names"),
    [
        (wanted(("sex", How.IS, "女")), ["花子"]),
        (wanted(("sex", How.IS, "1、2"), ("name", How.CONTAINS, "太")), ["太郎"]),
        (wanted(("birth", How.FROM, "昭和60年1月1日")), []),
        (wanted(("birth", How.TO, "1985-12-31"), ("alias", How.EMPTY)), ["太郎", "花子"]),
        (wanted(("name_kana", How.BEGINS, "ミホン　ハ")), ["花子"]),
        (wanted(("resident_kind", How.IS, "2")), []),
        (wanted(source=Source.CLOSED), ["一郎"]),
        (wanted(("name", How.CONTAINS, "一郎"), source=Source.HISTORY), ["一郎", "一郎"]),
        (wanted(("name", How.CONTAINS, "%")), []),
        (wanted(("closing_reason", How.FILLED), source=Source.HISTORY), ["一郎"]),
    ],
    ids=range(10),
)
def test_conditions(
    family: Any, officer: Desk, recipient: None, clock: FixedClock, tmp_path: Path, definition: Definition,
    names: list[str],
):  # fmt: skip
    before = services.preview(officer, definition)
    rows = extract(officer, clock, definition, tmp_path)
    place = rows[0].index("氏名")
    assert [row[place].partition("　")[2] for row in rows[1:]] == names
    assert (before.rows, before.persons, before.withheld) == (len(names), len(set(names)), 0)
    assert Definition.parse(definition.as_data()) == definition


def test_who_is_under_protection_is_left_out_and_counted(
    family: Any, officer: Desk, recipient: None, clock: FixedClock, make_desk: MakeDesk, tmp_path: Path
):
    first, second, _ = family
    protect(make_desk({Duty.PROTECTION}, account="hogo1"), second)
    assert services.preview(officer, wanted()) == services.Preview(1, 1, 1)
    assert [row[0] for row in extract(officer, clock, wanted(), tmp_path)[1:]] == [f"{first:015d}"]


def test_no_number_is_offered_or_taken():
    assert {item.kind for item in OFFERED}.isdisjoint({Kind.VAULT, Kind.RESIDENT_CODE})
    conditions = [
        ["individual_number", "is", "1"], ["sex", "begins", "1"], ["sex", "is", "三"], ["birth", "from", "きのう"],
        ["name", "is", ""], ["household_number", "from", "1; DROP"],
    ]  # fmt: skip
    with pytest.raises(Refused) as refusal:
        Definition.parse(
            {"source": "all", "columns": ["individual_number", "resident_code", "x"], "conditions": conditions}
        )
    assert sorted(finding.code for finding in refusal.value.findings) == [
        "RES-E-720", *["RES-E-722"] * 4, "RES-E-724", "RES-E-725", *["RES-E-726"] * 3,
    ]  # fmt: skip


@given(st.text(max_size=12), st.sampled_from(OFFERED), st.sampled_from(How))
def test_any_text_is_a_value_or_refused(text: str, item: Any, how: How):
    data = {"source": "current", "columns": ["name"], "conditions": [[item.name, how.value, text]]}
    fields = set()
    try:
        found = Definition.parse(data)
        assert Definition.parse(found.as_data()) == found
    except Refused as refusal:
        fields = {finding.field for finding in refusal.findings}
    assert fields <= {"conditions.1"}


def test_it_needs_both_duties_and_a_whole_order(officer: Desk, recipient: None, make_desk: MakeDesk):
    for duties in ({Duty.BULK}, {Duty.HANDOVER}, {Duty.INQUIRY}):
        with pytest.raises(AccessDenied):
            services.request(make_desk(duties), wanted(), order())
    with pytest.raises(Refused):
        services.request(officer, wanted(), order(law="", correspondent="dareka"))
    assert not Job.objects.exists()


def test_much_waits_for_its_approval(
    family: Any, officer: Desk, recipient: None, clock: FixedClock, make_desk: MakeDesk, monkeypatch: Any
):
    """From the profile's number of persons on, the file can't leave before another person has allowed it."""
    value = type(outgoing.SETTINGS).value

    def of_two(self: Any, name: str, *args: Any, **more: Any) -> Any:
        return 2 if name == "approval_from_persons" else value(self, name, *args, **more)

    monkeypatch.setattr(type(outgoing.SETTINGS), "value", of_two)
    job = runner.execute(services.request(officer, wanted(), order()).pk, clock)
    with pytest.raises(Refused):
        outgoing.release(officer, job.result["draft"])
    approvals.decide(make_desk({Duty.APPROVAL}, account="kacho1"), Application.objects.get().pk, grant=True)
    assert outgoing.release(officer, job.result["draft"])


def test_a_job_that_was_done_does_nothing_again(family: Any, officer: Desk, recipient: None, clock: FixedClock):
    job = services.request(officer, wanted(), order())
    runner.execute(job.pk, clock)
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING)
    runner.execute(job.pk, clock)
    assert Draft.objects.count() == 1
    entries = Entry.objects.filter(operation="export", target="residents:extraction")
    assert [entry.detail["state"] for entry in entries.order_by("pk")] == ["asked", "prepared"]


def test_definitions_are_kept_by_office(officer: Desk):
    kept = services.save(officer, "名簿の点検", wanted())
    services.save(officer, "名簿の点検", wanted(columns=("birth",)))
    (now,) = services.saved(officer)
    assert now.pk != kept.pk
    assert Definition.parse(now.definition).columns == ("birth",)
    assert services.saved(replace(officer, office="110")) == []
    with pytest.raises(Refused, match="RES-E-730"):
        services.save(officer, " ", wanted())


def test_the_screen(family: Any, recipient: None, signed_in: SignedIn, clock: FixedClock):
    client = signed_in(*DUTIES, login="juju1")
    form = {"source": "current", "columns": ["name", "birth"], "item0": "sex", "how0": "is", "value0": "女"}
    assert 'value="individual_number"' not in client.get("/residents/extraction").content.decode()
    assert "<strong>1人、1行</strong>" in client.post("/residents/extraction", form).content.decode()
    wrong = client.post("/residents/extraction", {**form, "value0": "三", "columns": []})
    assert wrong.status_code == 422
    assert "項目が選ばれていません" in (text := wrong.content.decode())
    assert "値として読めません" in text
    saved = client.post("/residents/extraction", {**form, "act": "save", "save_as": "女性"})
    assert saved.status_code == 302
    assert 'value="女"' in client.get(saved["Location"]).content.decode()
    assert SavedExtraction.objects.get().name == "女性"
    told = {"act": "extract", "name": "抽出.csv", "correspondent": "kenchou", "purpose": "統計", "law": "統計法"}
    asked = client.post("/residents/extraction", form | told)
    assert (asked.status_code, asked["Location"]) == (302, "/jobs")
    runner.execute(Job.objects.get().pk, clock)
    assert "抽出.csv" in client.get("/handover").content.decode()
    assert signed_in(Duty.INQUIRY, login="hoka1").get("/residents/extraction").status_code == 403
