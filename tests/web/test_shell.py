"""The frame around every screen: who gets in, headers, sessions, purposes, breakdowns."""

from __future__ import annotations

import io
import logging
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import OperationalError
from django.test import Client
from tests.web.conftest import SignedIn, open_session

from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Session, Terminal
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.jobs.models import Job
from yakuba.systems.residents import enquiries, services
from yakuba.systems.residents.models import Filing
from yakuba.web import static_files

HTMX = {"HX-Request": "true"}
Form = Callable[..., dict[str, Any]]


def flat(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A JSON form as the browser's fields."""
    fields: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            fields |= flat(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for index, row in enumerate(value):
                fields |= flat(row, f"{prefix}{name}.{index}.")
        else:
            fields[f"{prefix}{name}"] = value
    return fields


# -- who may see what -------------------------------------------------------------------------------------------------

_SCREENS: list[tuple[str, str, set[Duty]]] = [
    ("GET", "/residents/search", {Duty.INQUIRY}),
    ("POST", "/residents/search", {Duty.INQUIRY}),
    ("GET", "/residents/{person}", {Duty.INQUIRY}),
    ("GET", "/residents/households/{household}", {Duty.INQUIRY}),
    ("GET", "/residents/filings", {Duty.INQUIRY}),
    ("GET", "/residents/filings/{filing}", {Duty.INQUIRY}),
    ("GET", "/residents/filings/new/move_in", {Duty.REGISTRATION}),
    ("POST", "/residents/filings/new/move_in", {Duty.REGISTRATION}),
    ("GET", "/residents/filings/new/person", {Duty.REGISTRATION}),
    ("POST", "/residents/filings/{filing}/approve", {Duty.REVIEW}),
    ("POST", "/residents/filings/{filing}/return", {Duty.REVIEW}),
    ("POST", "/residents/filings/{filing}/withdraw", {Duty.REGISTRATION}),
    ("GET", "/residents/certificates/new?person={person}", {Duty.CERTIFICATE}),
    ("POST", "/residents/certificates/new", {Duty.CERTIFICATE}),
    ("POST", "/residents/certificates/deliver", {Duty.CERTIFICATE}),
    ("POST", "/residents/{person}/individual-number", {Duty.INDIVIDUAL_NUMBER}),
    ("GET", "/audit", {Duty.AUDIT}),
    ("GET", "/jobs", {Duty.BULK, Duty.ADMINISTRATION}),
    ("POST", "/jobs/1/cancel", {Duty.BULK, Duty.ADMINISTRATION}),
    ("GET", "/api/docs", {Duty.ADMINISTRATION}),
]


@pytest.fixture
def family(town: None, make_desk: Callable[..., Any], move_in: Form) -> dict[str, int]:
    """A registered family: number of a member, the household and the filing."""
    receipt = services.approve(
        make_desk(account="shinsa1"), services.file(make_desk(account="x"), "move_in", move_in()).filing
    )
    head = enquiries.by_numbers(receipt.persons)[0].person
    return {"person": head.number, "household": head.household_number, "filing": receipt.filing}


def _spoken(value: object) -> str:
    """A test's name must not depend on the order of a set: workers compare them."""
    return "+".join(sorted(value)) if isinstance(value, set | frozenset) else str(value)


@pytest.mark.req("SEC-004", "SEC-007")
@pytest.mark.parametrize(("method", "path", "duties"), _SCREENS, ids=_spoken)
def test_without_its_duty_a_screen_is_refused_and_the_refusal_logged(
    signed_in: SignedIn, family: dict[str, int], method: str, path: str, duties: set[Duty]
) -> None:
    client = signed_in(*(set(Duty) - duties), login="limited")
    before = Entry.objects.filter(result="denied").count()
    response = client.generic(method, path.format(**family))
    assert response.status_code == 403
    assert "ACC-E-001" in response.content.decode() or "権限が要ります" in response.content.decode()
    assert Entry.objects.filter(result="denied").count() == before + 1


@pytest.mark.parametrize(("method", "path", "duties"), _SCREENS, ids=_spoken)
def test_without_session_nothing_is_shown(
    family: dict[str, int], web: FixedClock, method: str, path: str, duties: set[Duty]
) -> None:
    response = Client().generic(method, path.format(**family))
    assert response.status_code == (302 if method == "GET" and not path.startswith("/api") else 401)
    assert "見本　太郎" not in response.content.decode()


def test_with_their_duty_the_screens_open(signed_in: SignedIn, family: dict[str, int]) -> None:
    client = signed_in()
    for method, path, _ in _SCREENS:
        if method == "GET":
            assert client.get(path.format(**family)).status_code == 200, path
    assert client.get("/").status_code == 200
    assert client.get("/figures").status_code == 200


@pytest.mark.req("SEC-005", "RES-093")
def test_home_offers_what_the_duties_allow(signed_in: SignedIn) -> None:
    page = signed_in(Duty.INQUIRY, Duty.REGISTRATION).get("/").content.decode()
    assert "転入届を始める" in page
    assert "操作履歴" not in page
    page = signed_in(Duty.AUDIT, login="kansa1").get("/").content.decode()
    assert "転入届を始める" not in page
    assert "操作履歴" in page


def test_without_purpose_nobody_is_looked_at(signed_in: SignedIn, family: dict[str, int]) -> None:
    client = signed_in(purpose="")
    assert "はじめに、利用目的を選んでください" in client.get("/").content.decode()
    response = client.post("/residents/search", {"q": "みほん"}, headers=HTMX)
    assert response.status_code == 403
    assert "利用目的が選ばれていません" in response.content.decode()
    assert client.post("/purpose", {"purpose": "audit", "next": "/residents/search"}).status_code == 302
    assert "太郎" in client.post("/residents/search", {"q": "みほん"}, headers=HTMX).content.decode()
    assert Entry.objects.filter(operation="search", purpose="audit").count() == 1


@pytest.mark.parametrize("wanted", ["", "nonsense", "statistics"])
def test_a_purpose_beyond_the_duties_is_refused(signed_in: SignedIn, wanted: str) -> None:
    client = signed_in(Duty.INQUIRY)
    assert client.post("/purpose", {"purpose": wanted}).status_code == 422


def test_starting_a_filing_states_its_purpose(signed_in: SignedIn) -> None:
    client = signed_in(purpose=Purpose.COUNTER_INQUIRY)
    client.get("/residents/filings/new/move_in")
    assert Session.objects.get().purpose == "move_filing"


def test_individual_number_only_on_demand_and_logged(
    signed_in: SignedIn, family: dict[str, int], move_in: Form
) -> None:
    digits = move_in()["persons"][0]["individual_number"]
    client = signed_in()
    page = client.get(f"/residents/{family['person']}").content.decode()
    assert digits not in page
    assert digits[:4] + " " not in page
    shown = client.post(f"/residents/{family['person']}/individual-number", headers=HTMX).content.decode()
    assert f"{digits[:4]} {digits[4:8]} {digits[8:]}" in shown
    entry = Entry.objects.filter(operation="view_number").get()
    assert entry.subjects == [family["person"]]
    assert digits not in str(entry.detail)


def test_the_search_field_keeps_out_of_addresses(signed_in: SignedIn, family: dict[str, int]) -> None:
    page = signed_in().get("/residents/search?q=みほん").content.decode()
    assert "みほん" not in page
    assert 'method="post"' in page


@pytest.mark.req("LOG-017")
def test_the_history_shows_its_own_reading(signed_in: SignedIn, family: dict[str, int]) -> None:
    client = signed_in(Duty.AUDIT, login="kansa1")
    page = client.get(f"/audit?subject={family['person']:015d}&first=令和8年11月1日").content.decode()
    assert "本登録" in page
    assert Entry.objects.latest("id").operation == "audit"
    assert Entry.objects.latest("id").subjects == [family["person"]]
    wrong = client.get("/audit?first=someday&subject=12x")
    assert wrong.status_code == 422
    assert "年月日として読めません" in wrong.content.decode()
    assert "番号として読めません" in wrong.content.decode()


def test_a_job_is_asked_to_stop(signed_in: SignedIn, clock: FixedClock) -> None:
    job = Job.objects.create(kind="x", account="kanri1", created_at=clock.now(), state="running", done=5, total=10)
    client = signed_in(Duty.BULK, login="kanri1", purpose=Purpose.SYSTEM)
    page = client.get("/jobs").content.decode()
    assert 'max="10" value="5"' in page
    assert client.post(f"/jobs/{job.pk}/cancel").status_code == 302
    job.refresh_from_db()
    assert job.cancel_requested


# -- sessions over time -----------------------------------------------------------------------------------------------


@pytest.mark.req("SEC-019")
def test_an_idle_desk_is_closed(signed_in: SignedIn, web: FixedClock) -> None:
    client = signed_in()
    web.advance(timedelta(minutes=16))
    assert client.get("/").status_code == 302


def test_a_form_left_open_overnight_still_works_after_signing_in_again(
    town: None, web: FixedClock, move_in: Form
) -> None:
    """The tab of yesterday sends what was typed; today's day is asked for, nothing is lost, nothing is filed twice."""
    client = Client(enforce_csrf_checks=True)
    client.cookies["yakuba_session"] = open_session(web, "madoguchi1", Duty)
    page = client.get("/residents/filings/new/move_in").content.decode()
    token = client.cookies["csrftoken"].value
    assert 'name="opened_on" value="2026-11-20"' in page
    web.advance(timedelta(hours=20))
    fields = flat(move_in(opened_on="2026-11-20")) | {"act": "file"}
    headers = {**HTMX, "X-CSRFToken": token}
    late = client.post("/residents/filings/new/move_in", fields, headers=headers)
    assert late.status_code == 401
    assert late["HX-Retarget"] == "#messages"
    assert "入力は失われていません" in late.content.decode()

    client.cookies["yakuba_session"] = open_session(web, "madoguchi1", Duty)  # in another tab
    assert client.cookies["csrftoken"].value == token
    told = client.post("/residents/filings/new/move_in", fields, headers=headers)
    assert told.status_code == 422
    assert "昨日までに開いた入力画面です" in told.content.decode()
    assert 'value="見本　花子"' in told.content.decode()
    filed = client.post("/residents/filings/new/move_in", fields | {"opened_on": "2026-11-21"}, headers=headers)
    assert filed.status_code == 204
    assert Filing.objects.count() == 1


def test_a_double_click_is_one_filing(signed_in: SignedIn, move_in: Form) -> None:
    client = signed_in()
    fields = flat(move_in()) | {"act": "file"}
    answers = [client.post("/residents/filings/new/move_in", fields, headers=HTMX)["HX-Redirect"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert Filing.objects.count() == 1


@pytest.mark.req("SEC-006")
def test_an_unregistered_terminal_sees_nothing_but_a_refusal(town: None, web: FixedClock) -> None:
    Terminal.objects.update(network="192.0.2.0/24")
    response = Client().get("/sign-in")
    assert response.status_code == 403
    assert "この端末は登録されていません" in response.content.decode()
    assert "<form" not in response.content.decode()
    assert Entry.objects.get().result == "denied"


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        ("/residents/search", "/residents/search"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_signing_in_leads_only_into_the_house(signed_in: SignedIn, wanted: str, goes_to: str) -> None:
    response = signed_in().post("/purpose", {"purpose": "move_filing", "next": wanted})
    assert response["Location"] == goes_to


# -- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sign-in", "/", "/residents/search", "/nowhere", "/api/openapi.json"])
def test_every_answer_is_guarded(signed_in: SignedIn, path: str) -> None:
    response = signed_in().get(path)
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in response
    assert response["Permissions-Policy"] == "camera=(), microphone=(), geolocation=()"


def test_an_encrypted_answer_binds_the_browser_to_encryption_and_its_cookies_too(town: None, web: FixedClock) -> None:
    from tests.web import live

    staff = live.hire("madoguchi6", web, Duty.INQUIRY)
    client = Client()
    assert client.get("/sign-in", secure=True)["Strict-Transport-Security"] == "max-age=31536000"
    response = client.post("/sign-in", {"login": staff.login, "password": live.PASSWORD}, secure=True)
    assert response.cookies["yakuba_session"]["secure"]
    client.post("/sign-in/second", {"code": staff.code()}, secure=True)
    gone = client.post("/sign-out", secure=True)
    assert gone["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.parametrize("path", ["/sign-in", "/residents/filings/new/move_in", "/purpose", "/unlock", "/terminal-key"])
def test_nobody_fills_the_disk_with_what_no_view_asked_for(signed_in: SignedIn, path: str) -> None:
    file = io.BytesIO(b"x" * 2_500_000)
    for client in (Client(), signed_in()):
        file.seek(0)
        response = client.post(path, {"file": file}, headers=HTMX)
        assert response.status_code == 400
        assert "大きすぎます" in response.content.decode()


def test_no_page_has_inline_script_or_style(signed_in: SignedIn, family: dict[str, int]) -> None:
    client = signed_in()
    for method, path, _ in _SCREENS:
        if method == "GET" and not path.startswith("/api"):
            page = client.get(path.format(**family)).content.decode()
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page), path


def test_the_session_cookie_is_out_of_reach(town: None, web: FixedClock, signed_in: SignedIn) -> None:
    from tests.web import live

    staff = live.hire("madoguchi5", web, Duty.INQUIRY)
    client = Client()
    response = client.post("/sign-in", {"login": staff.login, "password": live.PASSWORD})
    half = response.cookies["yakuba_session"]
    assert half["httponly"]
    assert half["samesite"] == "Strict"
    assert client.get("/").status_code == 302, "one factor opens nothing"
    response = client.post("/sign-in/second", {"code": staff.code()})
    assert response.cookies["yakuba_session"].value != half.value
    assert client.get("/").status_code == 200
    assert client.post("/sign-out").status_code == 302
    assert client.get("/").status_code == 302


def test_static_files_are_for_ever_and_all_there() -> None:
    client = Client()
    for name in ("app.css", "app.js", "htmx.min.js", "tokens.css", "icon.svg"):
        response = client.get(static_files.static_url(name))
        assert response.status_code == 200
        assert "immutable" in response["Cache-Control"]
        packed = client.get(static_files.static_url(name), headers={"Accept-Encoding": "gzip"})
        assert packed["Content-Encoding"] == "gzip"
    assert client.get("/static/../settings.py").status_code == 404
    with pytest.raises(KeyError):
        static_files.static_url("missing.css")


# -- when things break ------------------------------------------------------------------------------------------------


_SOMEBODY = "DETAIL: (見本　太郎)"  # what a database's message may quote


def _trouble(sqlstate_of: type[psycopg.Error]) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        try:
            raise sqlstate_of(_SOMEBODY)
        except psycopg.Error as error:
            raise OperationalError(_SOMEBODY) from error

    return fail


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (psycopg.errors.DiskFull, "データベースの空きがありません。登録は行われていません。"),
        (psycopg.errors.ReadOnlySqlTransaction, "データベースが書込みを受け付けない状態です。"),
        (psycopg.errors.AdminShutdown, "登録は行われていません。"),
        (psycopg.OperationalError, "データベースにつながりません。"),
    ],
)
def test_a_database_in_trouble_is_told_in_plain_words(
    signed_in: SignedIn,
    move_in: Form,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[psycopg.Error],
    text: str,
) -> None:
    client = signed_in()
    monkeypatch.setattr(services, "file", _trouble(error))
    fields = flat(move_in()) | {"act": "file"}
    with caplog.at_level(logging.ERROR, "yakuba.web"):
        for headers in (HTMX, {}):
            response = client.post("/residents/filings/new/move_in", fields, headers=headers)
            assert response.status_code == 503
            page = response.content.decode()
            assert text in page
            assert "見本　太郎" not in page
            reference = re.search(r"問合せ番号: <strong[^>]*>([0-9A-F]{8})<", page)
            assert reference
            assert reference[1] in caplog.text
    assert "見本　太郎" not in caplog.text


def test_a_database_that_is_down_is_told_before_any_view(signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in()
    client.raise_request_exception = False
    from yakuba.platform.access import sign_in

    monkeypatch.setattr(sign_in, "current", _trouble(psycopg.OperationalError))
    response = client.get("/")
    assert response.status_code == 503
    assert "データベースにつながりません" in response.content.decode()


def test_a_breakdown_leaks_nothing(
    signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = signed_in()
    client.raise_request_exception = False

    def fail(*_: Any) -> Any:
        raise ValueError(_SOMEBODY)

    monkeypatch.setattr(enquiries, "person", fail)
    response = client.get("/residents/19")
    page = response.content.decode()
    assert response.status_code == 500
    assert "見本　太郎" not in page + caplog.text
    assert "Traceback" not in page
    reference = re.search(r">([0-9A-F]{8})<", page)
    assert reference
    assert reference[1] in caplog.text


def test_an_unknown_address_is_not_repeated(signed_in: SignedIn) -> None:
    response = signed_in().get("/見本太郎")
    assert response.status_code == 404
    assert "見本太郎" not in response.content.decode()


def test_every_sandbox_screen_says_so(signed_in: SignedIn, family: dict[str, int]) -> None:
    client = signed_in()
    paths = [path for method, path, _ in _SCREENS if method == "GET" and not path.startswith("/api")]
    for path in [*paths, "/", "/sign-in", "/nowhere"]:
        if path != "/residents/filings/new/person":
            assert "この町と住民は実在しません" in client.get(path.format(**family)).content.decode(), path


def test_form_keys_are_fresh_each_time(signed_in: SignedIn) -> None:
    client = signed_in()
    keys = {
        re.search(r'name="key" value="([^"]+)"', client.get("/residents/filings/new/move_in").content.decode())[1]  # type: ignore[index]
        for _ in range(2)
    }
    assert len(keys) == 2
    assert all(uuid.UUID(key) for key in keys)
