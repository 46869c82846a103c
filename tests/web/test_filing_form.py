"""Entry forms: complete against the dataclasses, lossless to JSON, findings beside their fields."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from datetime import date
from typing import Any, get_type_hints

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.web.conftest import SignedIn
from tests.web.test_shell import HTMX, flat

from yakuba.core.findings import Finding
from yakuba.systems.residents import filing_form, filings, services
from yakuba.systems.residents.filings import KINDS, Place
from yakuba.systems.residents.models import Filing, Resident, Town

Form = Callable[..., dict[str, Any]]
HOUSE = Town(code="272230", name="門真市", prefecture="大阪府", is_sandbox=True, channels=["1", "2"])
TODAY = date(2026, 11, 20)
_SENT_BY_THE_SCREEN = {
    "key", "opened_on", "seen", "confirmed", "persons", "relationships", "householder_after", "person", "child",
}  # fmt: skip


def screen(kind: str, values: QueryDict | None = None, findings: tuple[Finding, ...] = ()) -> filing_form.Screen:
    return filing_form.Screen(kind, TODAY, HOUSE, values or QueryDict(), findings)


def asked(sections: list[filing_form.Section]) -> set[str]:
    return {field.path for section in sections for field in section.fields}


def items(cls: type) -> set[str]:
    """Items of a dataclass; a place counts once."""
    return {field.name for field in dataclasses.fields(cls)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_item_of_a_filing_is_asked_for(kind: str) -> None:
    made = screen(kind)
    paths = asked(made.sections())
    if KINDS[kind].by_notification:
        paths |= asked([made.notifier()])
    missing = items(KINDS[kind]) - {path.split(".")[0] for path in paths} - _SENT_BY_THE_SCREEN
    allowed = set() if KINDS[kind].by_notification else items(filings.Filing)
    if kind == "householder_change":
        allowed |= {"household_number"}  # sent hidden: the household is chosen before
    if KINDS[kind].by_notification:
        allowed |= {"ground"}  # of ex officio acts only
    assert missing <= allowed
    hints = get_type_hints(KINDS[kind])
    for name in (name for name in items(KINDS[kind]) if hints[name] is Place):
        assert {f"{name}.banchi", f"{name}.code"} <= paths


def test_every_item_of_a_person_is_asked_for() -> None:
    paths = {path.removeprefix("persons.0.") for path in asked(screen("move_in").person("persons.0"))}
    assert {path.split(".")[0] for path in paths} == items(filings.NewPerson)
    assert "child.resident_code" not in asked(screen("birth").person("child", newborn=True))


def test_a_json_form_survives_the_browser(move_in: Form) -> None:
    form = move_in(confirmed=["RES-W-060"], seen={"19": 1})
    fields = QueryDict(mutable=True)
    for name, value in flat(form).items():
        fields.setlist(name, value if isinstance(value, list) else [str(value)])
    assert filing_form.to_json("move_in", fields) == {**form, "seen": {"19": "1"}}


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text("persons.0129_qabc", min_size=1, max_size=20), st.text(max_size=10), max_size=20))
def test_no_browser_breaks_it(fields: dict[str, str]) -> None:
    form = QueryDict(mutable=True)
    form.update(fields)
    for kind in KINDS:
        data = filing_form.to_json(kind, form)
        with pytest.raises(filings.Refused):
            filings.parse(kind, data)


def test_a_row_that_was_taken_away_leaves_no_gap() -> None:
    form = QueryDict("persons.0.name=A&persons.2.name=B&persons.10.name=C")
    assert [row["name"] for row in filing_form.to_json("move_in", form)["persons"]] == ["A", "B", "C"]


def test_a_place_chosen_by_code_brings_its_name() -> None:
    form = QueryDict("destination.code=27127000000&destination.banchi=1")
    assert filing_form.to_json("move_out", form)["destination"]["town"] == "大阪府大阪市北区"


@pytest.mark.parametrize(
    ("text", "label"),
    [("なか", "中町（ナカマチ）"), ("中町", "中町（ナカマチ）"), ("ナカ", "中町（ナカマチ）")],
)
def test_towns_are_found(text: str, label: str) -> None:
    assert label in [choice.label for choice in filing_form.town_choices(HOUSE, text)]


@pytest.mark.parametrize(
    ("text", "label"), [("北区", "大阪府大阪市北区"), ("門真", "大阪府門真市"), ("大阪府門真市中", "大阪府門真市中町")]
)
def test_places_are_found_all_over_the_country(text: str, label: str) -> None:
    choices = filing_form.place_choices(text)
    assert label in [choice.label for choice in choices]
    assert all(re.fullmatch(r"\d{11}", choice.value) for choice in choices)


def test_findings_lead_to_their_fields() -> None:
    findings = (
        Finding("X-1", "address.code", "町名"),
        Finding("X-2", "previous", "前住所"),
        Finding("X-3", "nowhere", "どこにもない"),
    )
    made = screen("move_in", findings=findings)
    sections = made.sections()
    assert [(row.target, bool(row.label)) for row in made.linked()] == [
        ("f-address-code", True), ("f-previous-code", True), ("", False),
    ]  # fmt: skip
    wrong = [field.path for section in sections for field in section.fields if field.is_wrong]
    assert wrong == ["address.code"]


# -- over HTTP --------------------------------------------------------------------------------------------------------


def file(client: Client, kind: str, form: dict[str, Any], act: str = "file") -> Any:
    return client.post(f"/residents/filings/new/{kind}", flat(form) | {"act": act}, headers=HTMX)


def test_wrong_input_is_shown_where_it_is_and_kept(signed_in: SignedIn, move_in: Form) -> None:
    answer = file(signed_in(), "move_in", move_in(moved_on="2027-01-01", identity_documents=[]))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#f-moved_on"' in page
    assert re.search(r'id="f-moved_on"[^>]*aria-invalid="true"', page)
    assert "本人確認書類が足りません" in page
    assert 'value="見本　花子"' in page
    assert not Filing.objects.exists()


def test_a_check_stores_nothing_and_shows_what_would_change(signed_in: SignedIn, move_in: Form) -> None:
    answer = file(signed_in(), "move_in", move_in(), act="check")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "誤りはありません" in page
    assert "<ins>見本　花子</ins>" in page
    assert not Filing.objects.exists()


def test_warnings_are_confirmed_by_name(signed_in: SignedIn, move_in: Form) -> None:
    client = signed_in()
    form = move_in(moved_on="2026-10-01")
    asked_first = file(client, "move_in", form)
    assert asked_first.status_code == 422
    assert 'name="confirmed" value="RES-W-020"' in asked_first.content.decode()
    assert file(client, "move_in", {**form, "confirmed": ["RES-W-020"]}).status_code == 204


def test_a_family_comes_moves_and_goes(signed_in: SignedIn, move_in: Form, common: Form) -> None:
    """Each kind that starts from a household: opened, filled as prefilled, filed, reviewed by another person."""
    clerk, reviewer = signed_in(login="madoguchi1"), signed_in(login="shinsa1")

    def approve(answer: Any) -> int:
        assert answer.status_code == 204, answer.content.decode()
        number = int(answer["HX-Redirect"].rpartition("/")[2])
        own = clerk.get(f"/residents/filings/{number}").content.decode()
        assert "自分が入力した異動は、審査できません" in own
        assert reviewer.get(f"/residents/filings/{number}").status_code == 200
        assert reviewer.post(f"/residents/filings/{number}/approve").status_code == 302
        page = reviewer.get(f"/residents/filings/{number}").content.decode()
        assert "本登録済" in page
        return number

    approve(file(clerk, "move_in", move_in()))
    father = Resident.objects.earliest("number")

    def opened(kind: str, ask: str) -> dict[str, Any]:
        page = clerk.get(f"/residents/filings/new/{kind}?{ask}").content.decode()
        inputs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.partition('id="entry"')[2])
        return {name: value for name, value in inputs if name != "csrfmiddlewaretoken"}

    person, household = f"person={father.number}", f"household={father.household_number}"
    child = {
        "child.name": "見本　二葉", "child.name_kana": "ミホン　フタバ", "child.birth": "R8.11.15", "child.sex": "2",
        "child.relationship": "子", "child.resident_kind": "1", "child.domicile.town": "大阪府見本市中央",
        "child.register_head": "見本　太郎", "household_number": str(father.household_number),
    }  # fmt: skip
    base = {key: value for key, value in flat(common()).items() if key != "key"}
    approve(file(clerk, "birth", {**base, **opened("birth", household), **child}))
    town = filing_form.town_choices(HOUSE, "中町")[0].value
    members = [str(n) for n in Resident.objects.order_by("number").values_list("number", flat=True)]
    assert len(members) == 4
    moved = {"moved_on": "2026-11-19", "persons": members, "address.code": town, "address.banchi": "３番"}
    approve(file(clerk, "move_within", {**base, **opened("move_within", household), **moved}))
    wife = members[1]
    change = {"changed_on": "2026-11-19", "householder_after": wife}
    change |= {f"relationships.{int(n):015d}": text for n, text in zip(members, ["夫", "", "子", "子"], strict=True)}
    approve(file(clerk, "householder_change", {**base, **opened("householder_change", household), **change}))
    dead = {"died_on": "令和8年11月20日"}
    approve(file(clerk, "death", {**base, **opened("death", person), **dead}))
    out = {
        "planned_on": "2026-12-24",
        "persons": members[1:],
        "destination.code": "27127000000",
        "destination.banchi": "１",
    }
    number = approve(file(clerk, "move_out", {**base, **opened("move_out", f"person={wife}"), **out}))
    page = clerk.get(f"/residents/{wife}").content.decode()
    assert "令和8年12月24日に転出の予定です" in page
    cancel = {**opened("cancellation", f"filing={number}"), "filing": str(number), "ground": "届出人の申出"}
    approve(file(clerk, "cancellation", cancel))
    assert "転出の予定です" not in clerk.get(f"/residents/{wife}").content.decode()
    assert "この住民票は消除されています（死亡" in clerk.get(f"/residents/{father.number}").content.decode()


def test_sent_back_with_a_reason(signed_in: SignedIn, move_in: Form) -> None:
    clerk, reviewer = signed_in(login="madoguchi1"), signed_in(login="shinsa1")
    number = int(file(clerk, "move_in", move_in())["HX-Redirect"].rpartition("/")[2])
    without = reviewer.post(f"/residents/filings/{number}/return", {"comment": " "})
    assert without.status_code == 422
    assert "差戻しの理由が入力されていません" in without.content.decode()
    assert reviewer.post(f"/residents/filings/{number}/return", {"comment": "前住所を確認"}).status_code == 302
    mine = clerk.get("/residents/filings").content.decode()
    assert "前住所を確認" in mine
    assert services.FilingState(Filing.objects.get().state) == "returned"


def test_certificate_from_form_to_hand_over(signed_in: SignedIn, move_in: Form) -> None:
    clerk, reviewer = signed_in(login="madoguchi1"), signed_in(login="shinsa1")
    number = int(file(clerk, "move_in", move_in())["HX-Redirect"].rpartition("/")[2])
    reviewer.post(f"/residents/filings/{number}/approve")
    person = Resident.objects.earliest("number").number
    page = clerk.get(f"/residents/certificates/new?person={person}").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    form = {
        "key": key[1],
        "_person": str(person),
        "persons": [str(person)],
        "kind": "individual_copy",
        "options.show_kana": "1",
    }
    path = "/residents/certificates/new"
    refused = clerk.post(path, {**form, "act": "issue"}, headers=HTMX)
    assert refused.status_code == 422
    assert {"f-requester_kind", "f-use_purpose", "f-destination", "f-identity_documents"} <= set(
        re.findall(r'href="#([^"]+)"', refused.content.decode())
    )
    form |= {
        "requester_kind": "self", "requester_person": str(person), "requester_name": "見本　太郎",
        "use_purpose": "就職", "destination": "勤め先", "identity_documents": ["driving-licence"],
    }  # fmt: skip
    trial = clerk.post(path, {**form, "act": "preview"}, headers=HTMX)
    assert "data:image/png;base64,iVBOR" in trial.content.decode()
    assert clerk.post("/residents/certificates/preview.pdf", form).content.startswith(b"%PDF")
    issued = clerk.post(path, {**form, "act": "issue"}, headers=HTMX).content.decode()
    assert "発行しました" in issued
    papers = [clerk.post("/residents/certificates/issue.pdf", form).content for _ in range(2)]
    assert papers[0] == papers[1]
    assert papers[0].startswith(b"%PDF")
    issue_number = re.search(r'name="number" value="([^"]+)"', issued)
    assert issue_number
    assert (
        clerk.post("/residents/certificates/deliver", {"number": issue_number[1], "back": str(person)}).status_code
        == 302
    )
    assert "交付済" in clerk.get(f"/residents/{person}").content.decode()
    assert clerk.post("/residents/certificates/deliver", {"number": issue_number[1]}).status_code == 422
