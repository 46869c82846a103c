"""運用管理 in a real Chromium: an incident by the keyboard alone, and what axe finds on each of its screens."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.web import live
from tests.web.test_browser import _violations, address, browser, open_page

from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import FixedClock
from yakuba.platform.ledgers.kinds import kinds

__all__ = ["address", "browser", "open_page"]  # fixtures
pytestmark = pytest.mark.browser


def test_an_incident_is_recorded_and_axe_finds_nothing_serious(
    address: str,
    open_page: Callable[[], Page],
    clock: FixedClock,
) -> None:
    page = open_page()
    live.sign_in(
        page,
        address,
        live.hire("sekinin1", clock, Duty.SECURITY, Duty.AUDIT, Duty.INFORMATION_MANAGEMENT, Duty.APPROVAL),
    )
    expect(page.get_by_role("heading", name="期限のある務め")).to_be_visible()
    found = _violations(page)
    page.goto(f"{address}/ledgers")
    page.get_by_role("link", name=re.compile("始める.*漏えい等の事案")).focus()
    page.keyboard.press("Enter")
    page.get_by_label("件名").focus()
    page.keyboard.type("一覧の誤送付")
    page.get_by_role("button", name="記録する").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("件名")).to_have_value("一覧の誤送付")
    found += _violations(page)
    page.get_by_label("事案を知った日時").fill("2026-11-20T09:15")
    page.get_by_label("責任の層").select_option(label="団体（庁内の機器・職員）")
    page.get_by_label("対象のファイル").fill("住民基本台帳ファイル")
    page.get_by_label("事案の内容と範囲").fill("見本")
    page.get_by_label("本人の数（見込み）").fill("120")
    page.get_by_label("本人の数が100人を超える").check()
    page.get_by_label("とった措置").fill("回収を始めた")
    page.get_by_role("button", name="記録する").click()
    expect(page.get_by_role("heading", name="一覧の誤送付")).to_be_visible()
    expect(page.get_by_role("rowheader", name="個人情報保護委員会への速報")).to_be_visible()
    found += _violations(page)
    form = page.locator("form", has=page.get_by_role("heading", name="連絡した"))
    form.get_by_label("日時").fill("2026-11-20T10:00")
    form.get_by_label("相手").fill("責任者")
    form.get_by_role("button").click()
    expect(page.get_by_role("heading", name="務め（1 / 5）")).to_be_visible()
    paths = ["/ledgers", "/ledgers/self-check", "/ledgers/contractors", "/ledgers/kinds/incident"]
    for path in [*paths, *(f"/ledgers/new/{name}" for name, kind in kinds().items() if not kind.per_office)]:
        page.goto(address + path)
        found += _violations(page)
    page.goto(f"{address}/ledgers/self-check")
    page.get_by_label("市民課").check()
    page.get_by_role("button", name="始める").click()
    expect(page.get_by_role("heading", name="務め（0 / 1）")).to_be_visible()
    found += _violations(page)
    assert found == []
