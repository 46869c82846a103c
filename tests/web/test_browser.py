"""The screens in a real Chromium: both factors, the first road, the keyboard alone, and what axe finds."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tests.django_fixtures import set_up_town
from tests.systems.residents.conftest import resident_code
from tests.web import live

from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import FixedClock
from yakuba.systems.residents import enquiries, services
from yakuba.systems.residents.models import Filing

pytestmark = pytest.mark.browser
Form = Callable[..., dict[str, Any]]
COUNTER = (Duty.INQUIRY, Duty.REGISTRATION, Duty.CERTIFICATE)
REVIEWER = (Duty.INQUIRY, Duty.REVIEW, Duty.REGISTRATION, Duty.INDIVIDUAL_NUMBER)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright's loop runs in this thread, which Django would take for asynchronous code of ours.
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
    with live.serving() as served:
        yield served


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Factory: a page in a browser of its own (cookies apart). Whatever the console complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def make() -> Page:
        context = browser.new_context(locale="ja-JP", viewport={"width": 1280, "height": 900})
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda line: complaints.append(line.text) if "Content Security Policy" in line.text else None
        )
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def choose_purpose(page: Page) -> None:
    page.get_by_role("button", name="住民異動届の処理").click()
    expect(page.get_by_role("heading", name="はじめに、利用目的を選んでください")).to_have_count(0)


def search_for(page: Page, text: str) -> None:
    page.locator("#q").press_sequentially(text)


def test_the_first_road(address: str, open_page: Callable[[], Page], clock: FixedClock) -> None:
    """Search, a move-in with mistakes, findings, correction, 仮登録, review by another person, search, certificate."""
    clerk, reviewer = live.hire("madoguchi1", clock, *COUNTER), live.hire("shinsa1", clock, *REVIEWER)
    page = open_page()
    live.sign_in(page, address, clerk)
    choose_purpose(page)
    search_for(page, "みほん")
    expect(page.locator("#results")).to_contain_text("見つかりませんでした")

    page.get_by_role("link", name="転入届を始める").click()
    page.get_by_label("住み始めた日").fill("R9.1.1")
    page.locator("#f-address-code").press_sequentially("なか")
    page.get_by_role("radio", name="中町（ナカマチ）").check()
    page.locator("#f-previous-code").press_sequentially("大阪市北区")
    page.get_by_role("radio", name="大阪府大阪市北区", exact=True).check()
    page.locator("#f-previous-banchi").fill("１番")
    person = page.locator("#persons .member").first
    person.get_by_label("氏名必須").fill("見本　太郎")
    person.locator("#f-persons-0-name_kana").fill("ミホン　タロウ")
    person.get_by_label("生年月日").fill("S55.4.12")
    person.get_by_label("性別").select_option(label="男")
    person.get_by_label("世帯主との続柄").fill("世帯主")
    person.get_by_label("住民票コード").fill(resident_code(1))
    person.locator("#f-persons-0-domicile-town").fill("大阪府門真市中町")
    person.get_by_label("筆頭者").fill("見本　太郎")
    page.get_by_label("届出人必須").select_option(label="本人")
    page.get_by_label("届出人の氏名").fill("見本　太郎")
    page.get_by_role("button", name="仮登録する").click()

    summary = page.locator("#summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("異動日が未来の日付です")
    expect(summary).to_contain_text("番地が入力されていません")
    expect(summary).to_contain_text("本人確認書類が足りません")
    expect(page.locator("#f-persons-0-name")).to_have_value("見本　太郎")
    summary.get_by_role("link", name="住み始めた日").click()
    expect(page.get_by_label("住み始めた日")).to_be_focused()
    page.get_by_label("住み始めた日").fill("R8.11.18")
    page.locator("#f-address-banchi").fill("１番１号")
    page.get_by_label("運転免許証", exact=True).check()
    page.get_by_role("button", name="仮登録する").click()
    page.wait_for_url("**/residents/filings/*")
    expect(page.get_by_role("heading", name="転入届")).to_contain_text("仮登録")
    expect(page.get_by_text("自分が入力した異動は、審査できません")).to_be_visible()
    expect(page.get_by_role("button", name="本登録する")).to_have_count(0)

    other = open_page()
    live.sign_in(other, address, reviewer)
    choose_purpose(other)
    other.get_by_role("link", name="異動の一覧・審査").click()
    other.get_by_role("link", name="審査する").click()
    expect(other.locator("main")).to_contain_text("見本　太郎")
    other.get_by_role("button", name="本登録する").click()
    expect(other.get_by_role("heading", name="転入届")).to_contain_text("本登録済")

    page.get_by_role("link", name="住民検索").click()
    page.locator("#q").fill("")
    search_for(page, "みほん S55.4.12")
    page.locator("#results").get_by_role("link", name="見本　太郎").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("見本　太郎")
    page.get_by_role("link", name="証明書を発行").click()
    page.get_by_label("住民票の写し（個人票）").check()
    page.get_by_label("請求者必須").select_option(label="本人")
    page.get_by_label("請求者が世帯員のとき").select_option(label="見本　太郎")
    page.get_by_label("請求者の氏名").fill("見本　太郎")
    page.get_by_label("使用目的").fill("就職")
    page.get_by_label("提出先").fill("勤め先")
    page.get_by_label("運転免許証", exact=True).check()
    page.get_by_role("button", name="試し刷りを見る").click()
    expect(page.get_by_role("img", name="試し刷りの1ページ目")).to_be_visible()
    assert page.locator("img.paper").first.evaluate("image => image.naturalWidth") > 500
    page.get_by_role("button", name="発行する").click()
    expect(page.get_by_role("heading", name="発行しました")).to_be_visible()
    with page.expect_popup() as opened, page.context.expect_event("response", lambda r: "issue.pdf" in r.url) as answer:
        page.get_by_role("button", name="証明書（PDF）を開く").click()
    assert answer.value.headers["content-type"] == "application/pdf"
    opened.value.close()
    page.get_by_role("button", name="請求者に交付した").click()
    expect(page.locator("#papers + ul")).to_contain_text("交付済")


@pytest.mark.req("SEC-001")
def test_a_security_key_is_registered_and_signs_in(
    address: str, open_page: Callable[[], Page], clock: FixedClock
) -> None:
    staff = live.hire("madoguchi1", clock, *COUNTER)
    page = open_page()
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
    live.sign_in(page, address, staff)
    page.goto(f"{address}/settings/keys")
    page.get_by_label("キーの名前").fill("窓口のキー")
    page.get_by_role("button", name="登録する").click()
    expect(page.get_by_role("cell", name="窓口のキー", exact=True)).to_be_visible()

    page.get_by_role("button", name="サインアウト").click()
    page.get_by_label("利用者ID").fill(staff.login)
    page.get_by_label("パスワード").fill(live.PASSWORD)
    page.get_by_role("button", name="次へ").click()
    page.get_by_role("button", name="セキュリティキー・生体認証でサインインする").click()
    page.wait_for_url(f"{address}/")

    clock.advance(timedelta(minutes=6))
    page.goto(f"{address}/settings/keys")
    expect(page.get_by_label("キーの名前")).to_have_count(0)
    page.get_by_role("button", name="セキュリティキー・生体認証で確認する").click()
    page.get_by_role("button", name=re.compile("削除.*窓口のキー")).click()
    expect(page.get_by_role("cell", name="窓口のキー", exact=True)).to_have_count(0)


def test_a_session_that_ended_keeps_what_was_typed(
    address: str, open_page: Callable[[], Page], clock: FixedClock
) -> None:
    staff = live.hire("madoguchi1", clock, *COUNTER)
    page = open_page()
    live.sign_in(page, address, staff)
    page.goto(f"{address}/residents/filings/new/move_in")
    page.locator("#f-persons-0-name").fill("見本　太郎")
    clock.advance(timedelta(minutes=20))
    page.get_by_role("button", name="仮登録する").click()
    expect(page.locator("#messages")).to_contain_text("別のタブでサインインし直し")
    expect(page.locator("#f-persons-0-name")).to_have_value("見本　太郎")
    tab = page.context.new_page()
    live.sign_in(tab, address, staff)
    page.get_by_role("button", name="仮登録する").click()
    expect(page.locator("#summary")).to_be_focused()
    expect(page.locator("#f-persons-0-name")).to_have_value("見本　太郎")


@pytest.mark.req("SEC-044")
def test_going_back_brings_the_last_search_and_the_terminal_keeps_nothing(
    address: str, open_page: Callable[[], Page], clock: FixedClock, family: dict[str, int]
) -> None:
    staff = live.hire("madoguchi1", clock, *COUNTER)
    page = open_page()
    live.sign_in(page, address, staff)
    choose_purpose(page)
    search_for(page, "みほん")
    page.locator("#results").get_by_role("link", name="見本　花子").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("見本　花子")
    page.go_back()
    expect(page.locator("#results")).to_contain_text("見本　花子")
    page.get_by_role("button", name="サインアウト").click()
    page.wait_for_url("**/sign-in")
    stored = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert "みほん" not in stored
    assert "見本" not in stored
    page.go_back()
    expect(page.get_by_label("利用者ID")).to_be_visible()


@pytest.fixture
def family(address: str, move_in: Form, make_desk: Callable[..., Any], clock: FixedClock) -> dict[str, int]:
    """A family of three in the register."""
    receipt = services.approve(
        make_desk(account="x2"), services.file(make_desk(account="x1"), "move_in", move_in()).filing
    )
    head = enquiries.by_numbers(receipt.persons)[0].person
    return {
        "person": head.number, "household": head.household_number, "registered": receipt.filing,
        "dead": receipt.persons[2],
    }  # fmt: skip


@pytest.fixture
def waiting(family: dict[str, int], move_in: Form, make_desk: Callable[..., Any]) -> int:
    """A filing about the family that waits for review."""
    return services.file(make_desk(account="x1"), "death", _death(move_in(), family["dead"])).filing


def _death(form: dict[str, Any], person: int) -> dict[str, Any]:
    common = ("channel", "notified_on", "notifier_kind", "notifier_name", "identity_documents")
    return {name: form[name] for name in common} | {
        "key": "00000000-0000-4000-8000-000000000001", "person": person, "died_on": "2026-11-19",
    }  # fmt: skip


def test_by_keyboard_alone(
    address: str, open_page: Callable[[], Page], clock: FixedClock, family: dict[str, int]
) -> None:
    """From signing in to a person's page and a filing without touching a mouse."""
    staff = live.hire("madoguchi1", clock, *COUNTER)
    page = open_page()
    page.goto(f"{address}/sign-in")
    page.keyboard.type(staff.login)
    page.keyboard.press("Tab")
    page.keyboard.type(live.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("確認コード")).to_be_focused()
    page.keyboard.type(staff.code())
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/")
    _tab_to(page, "住民異動届の処理")
    page.keyboard.press("Enter")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("みほん　はなこ")
    expect(page.locator("#results")).to_contain_text("見本　花子")
    _tab_to(page, "見本　花子")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("見本　花子")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="本文へ移動")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, "転出届")
    page.keyboard.press("Enter")
    page.wait_for_url("**/move_out?person=*")
    for label, value in [("f-planned_on", "R8.12.1"), ("f-destination-code", "大阪市北区")]:
        _tab_to_id(page, label)
        page.keyboard.type(value)
    expect(page.get_by_role("radio", name="大阪府大阪市北区", exact=True)).to_be_visible()
    _tab_to_id(page, "f-destination-banchi")
    page.keyboard.type("１番")
    _tab_to_id(page, "f-notifier_kind")
    page.keyboard.press("ArrowDown")
    _tab_to_id(page, "f-notifier_name")
    page.keyboard.type("見本　花子")
    _tab_to(page, "運転免許証")
    page.keyboard.press("Space")
    _tab_to(page, "仮登録する")
    page.keyboard.press("Enter")
    page.wait_for_url("**/residents/filings/*")
    assert Filing.objects.filter(kind="move_out", state="provisional").count() == 1


_FOCUSED = """() => {
    const focused = document.activeElement;
    const label = focused.labels?.[0] ?? focused;
    return {id: focused.id, text: (label.innerText || "").trim(), outline: getComputedStyle(focused).outlineStyle};
}"""


def _tab_until(page: Page, is_there: Callable[[dict[str, str]], bool], what: str) -> None:
    for _ in range(150):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if is_there(focused):
            assert focused["outline"] != "none", f"the focus on {what} can't be seen"
            return
    raise AssertionError(f"{what} can't be reached by Tab")


def _tab_to(page: Page, text: str) -> None:
    _tab_until(page, lambda focused: focused["text"] == text, text)


def _tab_to_id(page: Page, element: str) -> None:
    _tab_until(page, lambda focused: focused["id"] == element, element)


def test_axe_finds_nothing_serious_on_any_screen(
    address: str, open_page: Callable[[], Page], clock: FixedClock, family: dict[str, int], waiting: int
) -> None:
    page = open_page()
    page.goto(f"{address}/sign-in")
    found = _violations(page)
    live.sign_in(page, address, live.hire("zenbu", clock, *Duty))
    found += _violations(page)
    choose_purpose(page)
    search_for(page, "みほん")
    expect(page.locator("#results")).to_contain_text("見本　花子")
    found += _violations(page)
    paths = [
        "/residents/search", f"/residents/{family['person']}", f"/residents/{family['dead']}",
        f"/residents/households/{family['household']}", "/residents/filings",
        f"/residents/filings/{family['registered']}", f"/residents/filings/{waiting}",
        *(f"/residents/filings/new/{kind}" for kind in ("move_in", "birth", "cancellation")),
        *(
            f"/residents/filings/new/{kind}?household={family['household']}"
            for kind in ("birth", "move_in", "move_within", "move_out", "householder_change")
        ),
        f"/residents/filings/new/death?person={family['person']}",
        f"/residents/certificates/new?household={family['household']}",
        "/audit", "/jobs", "/settings/keys", "/nowhere",
    ]  # fmt: skip
    for path in paths:
        page.goto(address + path)
        found += _violations(page)
    page.goto(f"{address}/residents/filings/new/move_in")
    page.get_by_role("button", name="仮登録する").click()
    expect(page.locator("#summary")).to_be_focused()
    found += _violations(page)
    assert found == []


def _violations(page: Page) -> list[str]:
    answer = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).response
    return [
        f"{page.url}: {fault['id']}: {fault['nodes'][0]['html'][:120]}"
        for fault in answer["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]
