"""A screen at which nobody is, in a real Chromium: hidden in time, in every tab, opened by the factor only, left without trace."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.web import live
from tests.web.test_browser import _violations as violations
from tests.web.test_browser import address, browser, open_page

from yakuba.platform.access import sessions
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Session
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock

__all__ = ["address", "browser", "open_page"]  # fixtures
pytestmark = pytest.mark.browser
_SHOTS = Path(tempfile.gettempdir())
OpenPage = Callable[[], Page]


def later(page: Page, clock: FixedClock, **delta: int) -> None:
    """Time passes here and there."""
    clock.advance(timedelta(**delta))
    page.clock.fast_forward(int(timedelta(**delta).total_seconds() * 1000))


def signed_in(address: str, page: Page, clock: FixedClock) -> live.Staff:
    clerk = live.hire("madoguchi1", clock, Duty.INQUIRY, Duty.REGISTRATION)
    page.clock.install(time=clock.now())
    live.sign_in(page, address, clerk)
    return clerk


@pytest.mark.req("SEC-018", "SEC-020", "SEC-T-020", "PSEC-012")
def test_an_idle_screen_is_hidden_and_opened_by_the_factor(
    address: str, open_page: OpenPage, clock: FixedClock
) -> None:
    page = open_page()
    clerk = signed_in(address, page, clock)
    page.get_by_role("button", name="住民異動届の処理").click()
    page.goto(f"{address}/residents/filings/new/move_in")
    page.locator("#f-address-code").fill("中町")
    later(page, clock, minutes=4, seconds=50)
    expect(page.get_by_role("heading", level=1)).to_contain_text("転入届")
    other = page.context.new_page()
    other.clock.install(time=clock.now())
    other.goto(f"{address}/")
    later(page, clock, seconds=11)  # the other tab's use counts here too
    page.bring_to_front()
    expect(page.get_by_role("heading", level=1)).to_contain_text("転入届")
    later(page, clock, minutes=5)
    lock = page.locator("#lock")
    expect(lock).to_contain_text("画面をロックしています")
    assert "中町" not in page.content()
    assert "転入届" not in page.content()
    assert "転入届" not in str(page.locator("body").aria_snapshot())
    assert page.title() == "画面をロックしています"
    expect(other.locator("#lock")).to_be_visible()
    expect(page.get_by_label("確認コード")).to_be_visible()
    assert Session.objects.get().stage == "locked"
    # Around the lock: another address, the address bar, the API.
    third = page.context.new_page()
    third.goto(f"{address}/residents/search")
    expect(third.get_by_role("heading", level=1)).to_have_text("画面をロックしています")
    third.close()
    assert violations(page) == []
    page.screenshot(path=str(_SHOTS / "lock.png"), full_page=True)

    page.get_by_label("確認コード").fill(live.PASSWORD[:7])  # a password alone doesn't open it
    page.get_by_role("button", name="ロックを解除する", exact=True).click()
    expect(lock).to_contain_text("確認コードが正しくない")
    clock.advance(timedelta(seconds=30))
    page.get_by_label("確認コード").fill(clerk.code())
    page.get_by_role("button", name="ロックを解除する", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("転入届")
    expect(page.locator("#f-address-code")).to_have_value("中町")  # nothing that was typed is lost
    expect(other.locator("#lock")).to_have_count(0)
    assert Session.objects.get().stage == "open"


@pytest.mark.req("SEC-019", "PSEC-012")
def test_after_a_further_time_nothing_stays_on_any_screen(address: str, open_page: OpenPage, clock: FixedClock) -> None:
    page = open_page()
    signed_in(address, page, clock)
    later(page, clock, minutes=5, seconds=2)
    expect(page.locator("#lock")).to_be_visible()
    later(page, clock, minutes=10)
    page.wait_for_url(f"{address}/sign-in")
    page.go_back()
    expect(
        page.get_by_label("利用者ID").or_(page.get_by_role("heading", name="画面をロックしています"))
    ).to_be_visible()
    clock.advance(timedelta(minutes=1))
    sessions.sweep(clock)
    assert not Session.objects.exists()
    assert Entry.objects.filter(operation="sign_out", detail__reason="idle").count() == 1


@pytest.mark.req("PSEC-012")
def test_signing_out_empties_every_tab(address: str, open_page: OpenPage, clock: FixedClock) -> None:
    page = open_page()
    signed_in(address, page, clock)
    other = page.context.new_page()
    other.goto(f"{address}/")
    page.get_by_role("button", name="サインアウト").click()
    page.wait_for_url(f"{address}/sign-in")
    other.wait_for_url(f"{address}/sign-in")
    for tab in (page, other):
        tab.go_back()
        expect(tab.get_by_role("button", name="サインアウト")).to_have_count(0)
        assert "はじめに" not in tab.content()
    stored = page.evaluate(
        "async () => [localStorage.length, Object.values(sessionStorage), (await indexedDB.databases()).length]"
    )
    assert stored == [0, ["/sign-in"], 0]  # htmx notes the address that it stands at


def test_the_lock_button_and_a_lost_server(address: str, open_page: OpenPage, clock: FixedClock) -> None:
    page = open_page()
    clerk = signed_in(address, page, clock)
    page.context.set_offline(True)
    page.get_by_role("button", name="画面をロック").click()
    expect(page.locator("#lock")).to_contain_text("サーバにつながりません")
    assert "はじめに" not in page.content()
    page.context.set_offline(False)
    page.get_by_role("button", name="もう一度つなぐ").click()
    clock.advance(timedelta(seconds=30))
    page.get_by_label("確認コード").fill(clerk.code())
    page.get_by_role("button", name="ロックを解除する", exact=True).click()
    expect(page.get_by_role("button", name="画面をロック")).to_be_visible()


def test_typing_alone_keeps_the_session(address: str, open_page: OpenPage, clock: FixedClock) -> None:
    page = open_page()
    signed_in(address, page, clock)
    for _ in range(4):
        later(page, clock, minutes=3)
        with page.expect_response("**/session/seen"):
            page.keyboard.press("Tab")
    expect(page.locator("#lock")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="画面をロック")).to_be_visible()
