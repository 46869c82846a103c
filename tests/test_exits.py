"""Nothing leaves the house but by a declared exit, and each of them is tried with somebody under protection."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import importlib
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path
from ninja.operation import PathView
from tests.django_fixtures import NOON
from tests.web.conftest import SignedIn, common, move_in, person, signed_in, town_codes, web
from tests.web.test_shell import flat

from yakuba.cli import COMMANDS, _parser
from yakuba.core.findings import Refused
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.models import Entry
from yakuba.platform.events import registry
from yakuba.platform.jobs import runner
from yakuba.platform.protection import flags
from yakuba.platform.protection.exits import Exit, ExitKind, Way, exit_of, exits, handing_out, hands_out_nothing
from yakuba.platform.protection.flags import FlagOrder
from yakuba.platform.protection.policy import FlagKind
from yakuba.systems.residents import certificates, enquiries, services
from yakuba.systems.residents import exits as residents_exits
from yakuba.systems.residents.certificates import PAPERS, PaperKind
from yakuba.systems.residents.models import ImportRefusal, Issue
from yakuba.systems.residents.transfer import exporting, refusals
from yakuba.web import exits as web_exits
from yakuba.web import urls as web_urls

__all__ = ["common", "move_in", "person", "signed_in", "town_codes", "web"]  # fixtures

SOURCE = Path(__file__).resolve().parents[1] / "src" / "yakuba"
Form = Callable[..., dict[str, Any]]


# -- everything says what it hands out --------------------------------------------------------------------------------


def _patterns(found: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in found:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            assert isinstance(pattern, URLPattern)
            yield prefix + str(pattern.pattern), pattern.callback


def _methods(view: Any) -> list[str]:
    held = [cell.cell_contents for cell in getattr(view, "__closure__", None) or ()]
    for api in held:
        if isinstance(api, PathView):
            return sorted({method for operation in api.operations for method in operation.methods})
    return ["GET", "POST"]


VIEWS = [
    (f"{method} /{address}", view, method)
    for address, view in _patterns(get_resolver("yakuba.web.urls").url_patterns)
    for method in _methods(view)
]


@pytest.mark.parametrize(("name", "view", "method"), VIEWS, ids=[name for name, _, _ in VIEWS])
def test_every_view_says_what_it_hands_out(name: str, view: Any, method: str) -> None:
    said = web_exits.of_view(view, method)
    assert said is not None, f"{name}: wants @exit_of(EXIT) or @hands_out_nothing('why')"
    assert said.exits or said.reason


def test_the_walk_sees_screens_and_api() -> None:
    names = {name for name, _, _ in VIEWS}
    assert {"GET /residents/<int:number>", "POST /api/residents/search", "GET /api/residents/<number>"} <= names
    assert len(names) > 60


@pytest.mark.parametrize("kind", sorted(runner._kinds))
def test_every_kind_of_job_says_what_it_hands_out(kind: str) -> None:
    assert handing_out(runner._kinds[kind]) is not None, kind


SUBSCRIBERS = sorted(registry._subscribers.items())


@pytest.mark.parametrize(("name", "subscriber"), SUBSCRIBERS, ids=[name for name, _ in SUBSCRIBERS])
def test_every_subscriber_says_what_it_hands_out(name: str, subscriber: registry.Subscriber) -> None:
    assert handing_out(subscriber.handle) is not None, name


def test_no_event_carries_where_somebody_lives() -> None:
    """Payloads name records by number and version; what stands in them is read from there, through an exit."""
    held_by_number = {"household_before", "household_after", "household_number"}  # numbers of the house's own
    for event in registry.event_types():
        fields = {field.name for field in dataclasses.fields(event.payload)} - held_by_number
        told = {
            field
            for field in fields
            for item in residents_exits.CONCEALED
            if field == item or field.startswith(f"{item}_") or field.endswith(f"_{item}")
        }
        assert told == set(), event.name


def _handlers(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, Any]]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for group in groups:
        for word, inner in group.choices.items():
            yield from _handlers(inner, f"{name} {word}")
    if not groups and (handler := parser.get_default("handler")):
        yield name, handler


def _commands() -> list[tuple[str, Any]]:
    found = dict(_handlers(_parser([]), "yakuba"))
    for word, command in COMMANDS.items():
        parser = argparse.ArgumentParser()
        importlib.import_module(command.module).add_parser(parser.add_subparsers())
        found |= {name: handler for name, handler in _handlers(parser, "yakuba") if name.split()[1] == word}
    return sorted(found.items())


COMMAND_HANDLERS = _commands()


@pytest.mark.parametrize(("name", "handler"), COMMAND_HANDLERS, ids=[name for name, _ in COMMAND_HANDLERS])
def test_every_command_says_what_it_hands_out(name: str, handler: Any) -> None:
    said = handing_out(handler)
    assert said is not None, f"{name}: wants @exit_of('room:what:kind') or @hands_out_nothing('why')"
    assert said.exits or said.reason


def test_every_command_of_the_door_is_seen() -> None:
    assert {name.split()[1] for name, _ in COMMAND_HANDLERS} >= {*COMMANDS, "up", "down", "status"}


def test_every_kind_of_paper_has_its_exit() -> None:
    assert set(PAPERS) == set(PaperKind)
    assert all(exit_.kind is ExitKind.PAPER and exit_.way is Way.ISSUE for exit_ in PAPERS.values())


_SCREENS = [
    *(SOURCE / "web").rglob("*.py"),
    *(SOURCE / "systems").rglob("*views.py"),
    *(SOURCE / "systems").rglob("api.py"),
]
_RAW = {"ResidentVersion", "Resident", "Household", "SearchName", "SearchAddress", "Filing", "Issue"}
_LOADERS = {"select_versions", "current_versions", "by_numbers", "members", "load_view"}


@pytest.mark.parametrize("file", _SCREENS, ids=lambda file: str(file.relative_to(SOURCE)))
def test_no_screen_reads_the_register_past_its_services(file: Path) -> None:
    """What a screen shows of a person comes as `Passed` out of a service that took the exit."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr == "objects":
            assert not (isinstance(node.value, ast.Name) and node.value.id in _RAW), ast.unparse(node)
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert called not in _LOADERS, ast.unparse(node)


# -- what doesn't say it answers nothing ------------------------------------------------------------------------------


def _undeclared(_request: HttpRequest) -> HttpResponse:
    raise AssertionError("never called")


@hands_out_nothing("a sample")
def _declared(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path("undeclared", _undeclared), path("declared", _declared), *web_urls.urlpatterns]
handler500 = web_urls.handler500


@pytest.mark.urls(__name__)
def test_a_view_that_says_nothing_is_refused_and_logged(signed_in: SignedIn) -> None:
    client = signed_in()
    assert client.get("/declared").content == b"ok"
    answer = client.get("/undeclared")
    assert answer.status_code == 500
    assert "問合せ番号" in answer.content.decode()
    assert Entry.objects.filter(result="failed", target__contains="_undeclared").count() == 1


# -- somebody under protection at every exit --------------------------------------------------------------------------

BANCHI, KATAGAKI, DOMICILE, PREVIOUS = "９９番９号", "秘密荘９０９号", "秘密県秘密市奥町", "京都府前住市北町"
PHONE, NOTIFIER_ADDRESS, DESTINATION = "0600009999", "別居町９９番", "奈良県行先市西町"


@dataclasses.dataclass(frozen=True)
class World:
    """A family of three under protection, and somebody who has every duty but those of protection."""

    family: tuple[int, ...]
    household: int
    filing: int  # registered
    waiting: int  # waits for review
    issue: str  # issued before the flag was set
    client: Client
    carer: Client
    desk: Desk
    folder: Path

    @property
    def secrets(self) -> tuple[str, ...]:
        return (
            BANCHI, KATAGAKI, DOMICILE, PREVIOUS, PHONE, NOTIFIER_ADDRESS, DESTINATION, f"{self.household:015d}",
        )  # fmt: skip


ORDINARY = frozenset(Duty) - {Duty.PROTECTION, Duty.PROTECTION_RELEASE}


@pytest.fixture
def world(
    town: None, make_desk: Callable[..., Desk], signed_in: SignedIn, move_in: Form, common: Form, person: Form,
    town_codes: list[str], tmp_path: Path,
) -> World:  # fmt: skip
    carer_desk = make_desk(account="hogo1")
    domicile = {"town": DOMICILE, "banchi": "１番"}
    form = move_in(
        address={"code": town_codes[0], "banchi": BANCHI, "katagaki": KATAGAKI},
        previous={"town": PREVIOUS, "banchi": "５番"},
        persons=[
            person(1, name="見本　花子", name_kana="ミホン　ハナコ", sex="2", domicile=domicile),
            person(2, name="見本　一郎", name_kana="ミホン　イチロウ", birth="2015-05-05", relationship="子", domicile=domicile),
            person(3, name="見本　二郎", name_kana="ミホン　ジロウ", birth="2017-05-05", relationship="子", domicile=domicile),
        ],
        notifier_phone=PHONE,
        notifier_address=NOTIFIER_ADDRESS,
    )  # fmt: skip
    first = services.file(make_desk(account="madoguchi9"), "move_in", form)
    family = services.approve(carer_desk, first.filing).persons
    household = enquiries.by_numbers(family)[0].household_number
    issued = certificates.issue(make_desk(account="shomei9"), _request(family[:1]))
    flags.set_flags(
        carer_desk,
        FlagOrder(
            subjects=family, kind=FlagKind.SUPPORT.value, ways=tuple(way.value for way in Way),
            starts_on=NOON.date(), last_day=NOON.date() + timedelta(days=100), reason="相談機関の意見",
        ),
    )  # fmt: skip
    leaving = common(
        planned_on="2026-12-10", destination={"town": DESTINATION, "banchi": "１番"}, persons=[str(family[2])],
        notifier_phone=PHONE, notifier_address=NOTIFIER_ADDRESS, caution=f"{KATAGAKI}に居住",
    )  # fmt: skip
    waiting = services.file(carer_desk, "move_out", leaving).filing
    return World(
        family, household, first.filing, waiting, issued.number,
        signed_in(*sorted(ORDINARY), login="madoguchi1"), signed_in(login="hogo2"),
        make_desk(ORDINARY, account="madoguchi1"), tmp_path,
    )  # fmt: skip


def _request(persons: tuple[int, ...], kind: PaperKind = PaperKind.INDIVIDUAL_COPY, **more: Any) -> Any:
    return certificates.parse(_paper(persons, kind, **more))


def _paper(persons: tuple[int, ...], kind: PaperKind, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind.value, "persons": [str(number) for number in persons], "key": str(uuid.uuid4()), "requester_kind": "third_party",
        "requester_name": "見本　次郎", "use_purpose": "訴訟", "destination": "裁判所", "identity_documents": ["driving-licence"],
        **({"items": ["住所"]} if kind is PaperKind.ITEMS_CERTIFICATE else {}), **more,
    }  # fmt: skip


def _text(response: Any) -> str:
    return str(response.status_code) + " " + response.content.decode(errors="replace")


def _json(client: Client, address: str, body: object) -> Any:
    return client.post(address, json.dumps(body), content_type="application/json")


def _refused(act: Callable[[], object]) -> str:
    """The findings with which an act is refused; fails if it isn't."""
    try:
        act()
    except Refused as refusal:
        return f"422 {refusal}"
    except AccessDenied as denial:
        return f"403 {denial.finding}"
    raise AssertionError("was not refused")


def _must_refuse(response: Any) -> str:
    assert response.status_code in {403, 422}, response.content[:200]
    return _text(response)


def _move(world: World) -> dict[str, Any]:
    return {
        "key": str(uuid.uuid4()), "channel": "1", "notified_on": "2026-11-20", "notifier_kind": "2", "notifier_name": "見本　太郎",
        "identity_documents": ["driving-licence"], "planned_on": "2026-12-01", "persons": [str(world.family[0])],
        "destination": {"town": "大阪府見本市", "banchi": "１番"},
    }  # fmt: skip


def _paper_driver(kind: PaperKind) -> Callable[[World], str]:
    return lambda world: (
        _must_refuse(world.client.post("/residents/certificates/issue.pdf", _paper(world.family[:1], kind)))
        + _must_refuse(_json(world.client, "/api/certificates", _paper(world.family[:1], kind)))
    )


def _export(world: World) -> str:
    file = world.folder / "register.csv"
    manifest = exporting.export(world.desk, file)
    text = file.read_text("utf-8")
    assert manifest.rows == 0
    assert not any(f"{number:015d}" in text for number in world.family)
    assert Entry.objects.filter(operation="export", detail__withheld=3).exists()
    return text


def _listed_refusals(world: World) -> str:
    for row, number in enumerate((*world.family, None)):
        ImportRefusal.objects.create(job=1, row=row + 2, number=number, findings=[], line="")
    portions = list(refusals.listed(world.desk, refusals.open_refusals()))
    assert [row.number for portion in portions for row in portion] == [None]
    assert [portion.refused for portion in portions] == [3]
    return ""


def _entry(world: World) -> str:
    number = world.family[0]
    opened = [world.client.get(f"/residents/filings/new/{kind}?person={number}") for kind in ("move_within", "move_out", "death", "birth")]  # fmt: skip
    tried = [
        world.client.post("/residents/filings/new/move_out", flat(_move(world)) | {"act": act}) for act in ("check", "file")
    ]  # fmt: skip
    by_household = world.client.get(f"/residents/filings/new/move_in?household={world.household}")
    assert BANCHI not in _text(by_household)
    return "".join(map(_must_refuse, [*opened, *tried]))


DRIVERS: dict[str, Callable[[World], str]] = {
    "residents:search:screen": lambda w: _text(w.client.post("/residents/search", {"q": "みほん はなこ"})),
    "residents:search:api": lambda w: _text(_json(w.client, "/api/residents/search", {"text": "見本 花子"})),
    "residents:person:screen": lambda w: _text(w.client.get(f"/residents/{w.family[0]}")),
    "residents:person:api": lambda w: _text(w.client.get(f"/api/residents/{w.family[0]}")),
    "residents:number:screen": lambda w: _text(w.client.post(f"/residents/{w.family[0]}/individual-number")),
    "residents:household:screen": lambda w: _must_refuse(w.client.get(f"/residents/households/{w.household}")).replace(
        f"{w.household:015d}", ""
    ),
    "residents:entry:screen": _entry,
    "residents:entry:api": lambda w: (
        _must_refuse(_json(w.client, "/api/filings/move_out", _move(w)))
        + _must_refuse(_json(w.client, f"/api/filings/{w.waiting}/approve", {}))
    ),
    "residents:filing:screen": lambda w: (
        _text(w.client.get(f"/residents/filings/{w.filing}"))
        + _text(w.client.get(f"/residents/filings/{w.waiting}"))
        + _must_refuse(w.client.post(f"/residents/filings/{w.waiting}/approve"))
    ),
    "residents:queue:screen": lambda w: _text(w.client.get("/residents/filings")),
    "residents:request:screen": lambda w: _text(w.client.get(f"/residents/certificates/new?person={w.family[0]}")),
    "residents:preview:screen": lambda w: (
        _must_refuse(w.client.post("/residents/certificates/preview.pdf", _paper(w.family[:1], PaperKind.INDIVIDUAL_COPY)))
        + _must_refuse(w.client.post("/residents/certificates/new", _paper(w.family[:1], PaperKind.HOUSEHOLD_COPY) | {"act": "preview", "_person": w.family[0]}))
    ),
    **{exit_.name: _paper_driver(kind) for kind, exit_ in PAPERS.items()},
    "residents:delivery:paper": lambda w: (
        _must_refuse(w.client.post("/residents/certificates/deliver", {"number": w.issue}))
        + str(Issue.objects.get(number=w.issue).delivered_at)
    ),
    "residents:register:file": _export,
    "residents:refusals:list": _listed_refusals,
    "web:audit:list": lambda w: (
        _text(w.carer.get(f"/residents/households/{w.household}"))[:3] + _text(w.client.get("/audit"))
    ),
    "web:audit:file": lambda w: (
        _text(w.carer.get(f"/residents/households/{w.household}"))[:3] + _text(w.client.post("/audit/export"))
    ),
    "web:flags:screen": lambda w: _must_refuse(w.client.get(f"/protection/{w.family[0]}")),
    "web:flags:list": lambda w: _must_refuse(w.client.get("/protection")),
    "web:releases:list": lambda w: _must_refuse(w.client.get("/protection/releases")),
}  # fmt: skip
_SEAL_PAPERS = "tests/systems/seals/test_certificates.py::test_nothing_goes_out_about_somebody_protected"
_SEAL_SCREENS = "tests/systems/seals/test_screens.py::test_a_protected_persons_address_is_not_shown"
DRIVEN_ELSEWHERE = {
    "residents:extraction:file": "tests/systems/residents/extraction/test_extraction.py::test_who_is_under_protection_is_left_out_and_counted",
    **{f"seals:{what}:paper": _SEAL_PAPERS for what in ("certificate", "inquiry", "notice")},
    "seals:preview:screen": _SEAL_PAPERS,
    **{f"seals:{what}:screen": _SEAL_SCREENS for what in ("record", "entry", "queue", "request")},
    **{f"seals:{what}:api": _SEAL_SCREENS for what in ("record", "entry")},
    "web:case:screen": "tests/web/test_disclosure.py::test_where_a_protected_requester_lives_is_not_on_the_screens",
    "web:cases:list": "tests/web/test_disclosure.py::test_where_a_protected_requester_lives_is_not_on_the_screens",
    "disclosure:preview:screen": "tests/platform/disclosure/test_document.py::test_a_flag_that_came_after_the_decision_keeps_the_paper_back",
    "disclosure:document:paper": "tests/platform/disclosure/test_services.py::test_protection_keeps_a_person_under_it_back",
    "linkage:reading:api": "tests/platform/linkage/test_protection.py::test_where_a_protected_person_lives_is_masked_until_the_flag_ends",
}
EXITS = [exit_ for exit_ in exits() if not exit_.name.startswith("sample:")]


def test_every_exit_is_tried() -> None:
    assert {exit_.name for exit_ in EXITS} == {*DRIVERS, *DRIVEN_ELSEWHERE}
    for test in DRIVEN_ELSEWHERE.values():
        file, _, name = test.partition("::")
        assert f"def {name}(" in (SOURCE.parents[1] / file).read_text("utf-8")


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_nobody_learns_where_a_protected_person_lives(world: World, name: str) -> None:
    told = DRIVERS[name](world)
    assert "500" not in told[:3]
    assert [secret for secret in world.secrets if secret in told] == []


@pytest.mark.parametrize(
    "name",
    ["residents:search:screen", "residents:person:screen", "residents:filing:screen", "residents:request:screen"],
)
@pytest.mark.req("RES-055")
def test_the_warning_stands_where_the_record_is_opened(world: World, name: str) -> None:
    assert "⚠ 支援措置対象者" in DRIVERS[name](world)


@pytest.mark.req("RES-055")
def test_who_may_see_them_sees_them_with_the_warning(world: World) -> None:
    """Every screen of the record, the household's included: open to the duty of protection, and never without the warning."""
    number = world.family[0]
    for address in (
        f"/residents/{number}", f"/residents/households/{world.household}", f"/residents/certificates/new?person={number}",
        f"/residents/filings/new/move_within?person={number}", f"/residents/filings/{world.filing}", f"/protection/{number}",
    ):  # fmt: skip
        page = world.carer.get(address).content.decode()
        assert "⚠ 支援措置対象者" in page, address
    assert BANCHI in world.carer.get(f"/residents/{number}").content.decode()
    found = world.carer.post("/residents/search", {"address": BANCHI}).content.decode()
    assert found.count("⚠ 支援措置対象者") == 3


def test_before_the_flag_every_secret_is_there(world: World, make_desk: Callable[..., Desk]) -> None:
    """The texts that the drivers look for are those that the screens would show."""
    shown = world.carer.get(f"/residents/{world.family[0]}").content.decode()
    shown += world.carer.get(f"/residents/filings/{world.waiting}").content.decode()
    assert [secret for secret in (BANCHI, KATAGAKI, DOMICILE, PREVIOUS, DESTINATION) if secret not in shown] == []
    assert f"{world.household:015d}" in shown


def test_an_exit_is_declared_before_it_is_named() -> None:
    with pytest.raises(LookupError):
        exit_of(Exit("sample:nobody:screen", ExitKind.SCREEN, Way.DISPLAY, "見本", "見本"))
    assert handing_out(test_an_exit_is_declared_before_it_is_named) is None
