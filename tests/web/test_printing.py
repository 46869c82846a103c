"""Printing from a real Chromium: a notice without leave, a stamp on every page with it; and a terminal's key."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Page, expect
from tests.web import live
from tests.web.test_browser import _violations as violations
from tests.web.test_browser import address, browser, open_page

from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.printing.models import Step

__all__ = ["address", "browser", "open_page"]  # fixtures
pytestmark = pytest.mark.browser
OpenPage = Callable[[], Page]
_SHOTS = Path(tempfile.gettempdir())


def paper(page: Page) -> list[str]:
    """The text of each page that the browser prints."""
    printed = page.pdf(format="A4")
    with pypdfium2.PdfDocument(printed) as document:
        document[0].render().to_pil().save(_SHOTS / "print.png")
        return ["".join(sheet.get_textpage().get_text_range().split()) for sheet in document]


@pytest.mark.req("SEC-021", "SEC-T-021")
def test_printing_wants_leave_and_bears_who_when_where(address: str, open_page: OpenPage, clock: FixedClock) -> None:
    page = open_page()
    page.add_init_script("window.print = () => { window.asked = true; }")
    live.sign_in(page, address, live.hire("madoguchi1", clock, Duty.INQUIRY))
    page.get_by_role("button", name="窓口での照会対応").click()
    page.goto(f"{address}/residents/search")
    with page.expect_response("**/print/attempted"):
        (sheet,) = paper(page)
    assert "この画面は印刷できません" in sheet
    assert "住民検索" not in sheet
    assert Entry.objects.filter(operation="print", result="refused", target="/residents/search").count() == 1

    page.get_by_role("button", name="印刷").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("理由").fill("窓口で説明するため")
    assert violations(page) == []
    page.screenshot(path=str(_SHOTS / "print-dialog.png"))
    dialog.get_by_role("button", name="印刷する").click()
    expect(dialog).to_have_count(0)
    assert page.evaluate("window.asked") is True
    # A long list takes several sheets: each bears the stamp.
    page.evaluate("""() => { for (let i = 0; i < 120; i += 1) document.querySelector('main').append(
        Object.assign(document.createElement('p'), { textContent: `行${i}` })); }""")
    with page.expect_response("**/print/*/printed"):
        sheets = paper(page)
    assert len(sheets) > 1
    assert all("見本madoguchi1（madoguchi1）" in sheet and "端末T01" in sheet for sheet in sheets)
    assert "行119" in sheets[-1]
    assert Step.objects.get().kind == "printed"
    with page.expect_response("**/print/attempted"):
        (sheet,) = paper(page)  # leave is for one time
    assert "行119" not in sheet

    page.goto(f"{address}/prints")
    assert violations(page) == []
    page.get_by_label("廃棄の方法").fill("裁断")
    page.get_by_role("button", name="廃棄した").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("0件")


def test_a_terminal_is_bound_to_its_browser(address: str, open_page: OpenPage, clock: FixedClock) -> None:
    page, stranger = open_page(), open_page()
    live.sign_in(page, address, live.hire("kanri1", clock, Duty.ADMINISTRATION))
    page.goto(f"{address}/terminals")
    page.locator("summary").first.click()
    page.get_by_role("button", name="登録コードを発行").first.click()
    code = page.locator("section.notice .code").inner_text()
    assert violations(page) == []
    page.screenshot(path=str(_SHOTS / "terminals.png"), full_page=True)
    page.goto(f"{address}/terminal-key")
    assert violations(page) == []
    page.get_by_label("登録コード").fill(code)
    page.get_by_role("button", name="この端末を登録する").click()
    expect(page.get_by_role("status")).to_contain_text("T01")
    (cookie,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "yakuba_terminal"]
    assert (cookie["httpOnly"], cookie["sameSite"], len(cookie["value"])) == (True, "Strict", 64)
    stranger.goto(f"{address}/sign-in")
    expect(stranger.get_by_role("heading", level=1)).to_have_text("この端末からは利用できません")
    page.goto(f"{address}/terminals")
    expect(page.get_by_role("heading", level=1)).to_have_text("所属と端末")
    page.get_by_role("row", name="T01").first.locator("summary").click()
    page.get_by_label("閉鎖の理由").first.fill("故障")
    page.get_by_role("button", name="閉鎖する").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("この端末からは利用できません")  # with the next request
