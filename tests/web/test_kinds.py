"""Every kind of filing has a screen that asks for all that its form takes, and leads each finding to its field."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from django.test import Client
from tests.web.conftest import SignedIn

from yakuba.platform.access.duties import Duty
from yakuba.systems.residents import filing_table, services
from yakuba.systems.residents.filing_table import State
from yakuba.systems.residents.filings import KINDS, Filing, Subjects
from yakuba.systems.residents.models import Resident, ResidentVersion

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FOREIGN = {
    "resident_kind": "2", "name": "", "name_kana": "ミホン　ジョン", "name_latin": "MIHON JOHN", "domicile": {},
    "register_head": "", "nationality": "USA", "article_30_45": "1", "residence_status": "1211",
    "residence_card": "AA00000000AA", "alias": "見本　譲二", "alias_kana": "ミホン　ジョウジ",
}  # fmt: skip


@pytest.fixture
def people(make_desk: Any, common: Any, move_in: Any, person: Any) -> dict[State, int]:
    """Somebody in each state that the screens are opened for."""
    clerk, reviewer = make_desk(account="madoguchi1"), make_desk(account="shinsa1")

    def register(kind: str, form: dict[str, Any]) -> tuple[int, ...]:
        return services.approve(reviewer, services.file(clerk, kind, form).filing).persons

    family = register("move_in", move_in(moved_on="2026-11-10"))
    (foreign,) = register("move_in", move_in(moved_on="2026-11-10", persons=[person(41) | FOREIGN]))
    away = [person(42, name="手本　四郎", name_kana="テホン　シロウ", register_head="手本　四郎")]
    (left,) = register("move_in", move_in(moved_on="2026-11-10", persons=away))
    register("move_out", common(planned_on="2026-11-18", persons=[left], destination={"town": "京都府見本市"}))
    gone = [person(43, name="手本　五郎", name_kana="テホン　ゴロウ", register_head="手本　五郎")]
    (closed,) = register("move_in", move_in(moved_on="2026-11-10", persons=gone))
    form = {
        "key": common()["key"],
        "ground": "実態調査",
        "closed_on": "2026-11-15",
        "persons": [closed],
        "closing_ground": "4",
    }
    register("ex_officio_closing", form)
    return {State.JAPANESE: family[0], State.FOREIGN: foreign, State.MOVED_OUT: left, State.CLOSED: closed}


def opened(people: dict[State, int], kind: str) -> str:
    """The address at which a clerk opens a kind: for the first person about whom it can be filed."""
    cls = KINDS[kind]
    if cls.subjects in {Subjects.ENTERING, Subjects.FILING}:
        return f"/residents/filings/new/{kind}"
    if cls.subjects is Subjects.CHILD:
        return f"/residents/filings/new/{kind}?person={people[State.JAPANESE]:015d}"
    number = next(number for state, number in people.items() if kind in filing_table.allowed(state))
    return f"/residents/filings/new/{kind}?person={number:015d}"


def fields_on(page: str) -> dict[str, str]:
    """What the browser would send of a page as it was opened: hidden and typed fields, boxes that are ticked, choices."""
    sent = {}
    page = page[page.index('hx-post="/residents/filings/new/') :]
    page = page[: page.index("</form>")]
    for tag in re.findall(r"<input [^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        is_box = 'type="checkbox"' in tag or 'type="radio"' in tag
        if name and value and (not is_box or " checked" in tag):
            sent[name[1]] = value[1]
    for name, options in re.findall(r'<select id="[^"]*" name="([^"]*)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        if chosen:
            sent[name] = chosen[1]
    return sent


@pytest.mark.req("RES-051")
def test_the_form_of_a_kind_asks_for_every_field_it_takes(signed_in: SignedIn, people: dict[State, int]) -> None:
    client: Client = signed_in()
    shared = {field.name for field in dataclasses.fields(Filing)} - {"ground"}
    unasked = []
    for kind, cls in KINDS.items():
        page = client.get(opened(people, kind)).content.decode()
        assert "検索してから始めます" not in page, kind
        assert cls.label in page, kind
        for field in dataclasses.fields(cls):
            if field.name in shared or (field.name == "ground" and cls.by_notification):
                continue
            if field.name == "householder_after" and "householder_after" not in page:
                continue  # nobody else lives there
            asked = re.search(rf'name="{field.name}["._]|name="_q.{field.name}\.|name="{field.name}\.', page)
            if not asked and not (field.name in {"cleared", "values"} and "values." in page):
                unasked.append((kind, field.name))
    assert unasked == []


def test_findings_of_an_untouched_form_lead_to_their_fields(signed_in: SignedIn, people: dict[State, int]) -> None:
    """Who presses the button at once hears what is missing, and nothing about fields that the form itself brought along."""
    client: Client = signed_in()
    for kind in KINDS:
        address = opened(people, kind)
        sent = fields_on(client.get(address).content.decode())
        answer = client.post(address.split("?")[0], sent | {"act": "check"}, headers=HTMX)
        page = answer.content.decode()
        assert answer.status_code == 422, f"{kind}: something must be missing"
        assert "この届出にない項目" not in page, kind
        summary = page[page.index('id="summary"') : page.index("<form")]
        links = re.findall(r'href="#(f-[^"]+)"', summary)
        assert all(f'id="{target}' in page for target in links), f"{kind}: a finding leads nowhere"


def test_a_persons_page_offers_what_can_be_filed_about_them(signed_in: SignedIn, people: dict[State, int]) -> None:
    client: Client = signed_in()
    for state, number in people.items():
        page = client.get(f"/residents/{number:015d}").content.decode()
        offered = set(re.findall(rf"/residents/filings/new/(\w+)\?person={number:015d}", page))
        expected = {
            k for k in filing_table.allowed(state) if KINDS[k].subjects not in {Subjects.ENTERING, Subjects.FILING}
        }
        is_open = Resident.objects.get(pk=number).is_open
        assert offered == expected | ({"birth"} if is_open else set()), state


def test_a_correction_from_the_screen(signed_in: SignedIn, people: dict[State, int]) -> None:
    """The screen brings along which version was on it; the review shows before and after."""
    client: Client = signed_in(login="madoguchi1")
    number = people[State.JAPANESE]
    address = opened(people, "error_correction")
    page = client.get(address).content.decode()
    assert "今の記載: 昭和55年4月12日" in page
    sent = fields_on(page) | {
        "corrected_on": "R8.11.20", "values.birth": "S55.4.21", "cleared": "previous_banchi", "ground": "転出証明書との突合",
        "act": "file",
    }  # fmt: skip
    answer = client.post("/residents/filings/new/error_correction", sent)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    review = signed_in(login="shinsa1").get(answer.headers["Location"]).content.decode()
    assert "昭和55年4月21日" in review
    assert "転出証明書との突合" in review
    signed_in(login="shinsa1").post(answer.headers["Location"] + "/approve")
    version = ResidentVersion.objects.get(person=number, version_no=2)
    assert (version.birth.stored, version.previous_banchi, version.reason) == ("1980-04-21", None, "304")


def test_who_may_not_file_sees_no_acts(signed_in: SignedIn, people: dict[State, int]) -> None:
    client: Client = signed_in(Duty.INQUIRY)
    assert "/residents/filings/new/" not in client.get(f"/residents/{people[State.JAPANESE]:015d}").content.decode()
