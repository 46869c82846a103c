"""The screens of people and rights in a real Chromium: somebody enrols with his own key, by keyboard; what axe finds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tests.django_fixtures import set_up_town
from tests.staff import give
from tests.web import live

from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account
from yakuba.platform.clock import FixedClock
from yakuba.platform.people.affairs import affairs
from yakuba.platform.people.models import OfficeAffair, Person

pytestmark = pytest.mark.browser
PASSWORD = "青い山と白い川と広い野原"
PICTURES = os.environ.get("YAKUBA_PICTURES")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with live.chromium() as started:
        yield started
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def address(fresh_database: str, settings: Any, clock: FixedClock) -> Iterator[str]:
    settings.CLOCK = clock
    set_up_town()
    for affair in affairs():
        OfficeAffair.objects.create(
            office_id="100", affair=affair, period=(date(2026, 4, 1), None), changed_by="tests", changed_at=clock.now()
        )
    with live.serving() as served:
        yield served


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    complaints: list[str] = []
    contexts = []

    def make() -> Page:
        context = browser.new_context(locale="ja-JP", viewport={"width": 1280, "height": 900})
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def add_authenticator(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": True,
                "isUserVerified": True, "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip


def violations(page: Page) -> list[str]:
    answer = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).response
    return [
        f"{page.url}: {fault['id']}: {fault['nodes'][0]['html'][:160]}"
        for fault in answer["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def test_somebody_enrols_with_his_own_key_and_signs_in(
    address: str, open_page: Callable[[], Page], clock: FixedClock
) -> None:
    administrator = live.hire("kanri1", clock, Duty.ADMINISTRATION)
    live.hire("shinjin1", clock, Duty.INQUIRY)
    Account.objects.filter(login="shinjin1").update(password="!", totp_sealed=None, substitute_until=None)
    number = Person.objects.get(account__login="shinjin1").number
    page = open_page()
    live.sign_in(page, address, administrator)
    page.goto(f"{address}/people/{number}")
    page.get_by_role("button", name="登録コードを発行する").click()
    code = page.locator("p.code").inner_text()

    own = open_page()
    add_authenticator(own)
    own.goto(f"{address}/enrol")
    assert violations(own) == []
    # By keyboard alone: the first field has the focus.
    own.keyboard.type("shinjin1")
    for text in (code.lower(), PASSWORD, PASSWORD):
        own.keyboard.press("Tab")
        own.keyboard.insert_text(text)
    own.keyboard.press("Enter")
    own.wait_for_url(f"{address}/enrol/factor")
    assert violations(own) == []
    picture(own, "enrol_factor")
    assert own.get_by_role("heading", name="認証アプリ").count() == 0  # this town's profile wants a key
    own.get_by_role("button", name="キーを登録する").click()
    expect(own.get_by_role("heading", name="登録できました")).to_be_visible()
    assert violations(own) == []
    own.get_by_role("link", name="サインインする").click()
    own.get_by_label("利用者ID").fill("shinjin1")
    own.get_by_label("パスワード").fill(PASSWORD)
    own.get_by_role("button", name="次へ").click()
    own.get_by_role("button", name="セキュリティキー・生体認証でサインインする").click()
    own.wait_for_url(f"{address}/")
    expect(own.locator("body")).to_contain_text("見本　shinjin1")

    again = open_page()
    again.goto(f"{address}/enrol")
    for label, text in (("利用者ID", "shinjin1"), ("登録コード", code), ("決めるパスワード", PASSWORD)):
        again.get_by_label(label).fill(text)
    again.get_by_label("パスワード（もう一度）").fill(PASSWORD)
    again.get_by_role("button", name="次へ").click()
    expect(again.get_by_role("alert")).to_contain_text("組合せが正しくないか")


def test_axe_finds_nothing_serious_and_a_right_is_asked_for_by_keyboard(
    address: str, open_page: Callable[[], Page], clock: FixedClock
) -> None:
    live.hire("shokuin1", clock, Duty.INQUIRY, Duty.CERTIFICATE)
    staff = live.hire("zenbu", clock, *Duty)
    give(Account.objects.get(login="shokuin1"), [Duty.REGISTRATION])
    number = Person.objects.get(account__login="shokuin1").number
    page = open_page()
    live.sign_in(page, address, staff)
    found = []
    paths = ("people", "people/register", "people/personnel", "people/review", "people/rights", f"people/{number}")
    for path in paths:
        page.goto(f"{address}/{path}")
        found += violations(page)
        picture(page, path.replace("/", "_"))
    assert found == []
    page.get_by_label("事務").focus()
    page.keyboard.type("証明")
    page.get_by_label("個人番号の閲覧").focus()
    page.get_by_label("証明発行", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_label("この権限が要る理由").focus()
    page.keyboard.type("窓口の応援")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("この期間に既に持っている権限です: 証明発行")
    assert violations(page) == []
    page.goto(f"{address}/people/review")
    page.get_by_role("button", name="全ての権限の点検を始める").click()
    expect(page.get_by_role("heading", name="続いている点検")).to_be_visible()
    assert violations(page) == []
    picture(page, "people_review_open")
