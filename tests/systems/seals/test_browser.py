"""The seal registry's screens in a real Chromium: a seal is registered with mouse and file, and what axe finds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.systems.residents.conftest import person, town_codes
from tests.web import live
from tests.web.test_browser import _violations, address, browser, choose_purpose, open_page

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.clock import FixedClock
from yakuba.sandbox.seal_pictures import draw
from yakuba.systems.residents import services as residents_services
from yakuba.systems.seals import services

__all__ = ["address", "browser", "open_page", "person", "town_codes"]  # fixtures
pytestmark = pytest.mark.browser


def test_a_seal_is_registered_and_axe_finds_nothing_serious(
    address: str,
    open_page: Callable[[], Page],
    clock: FixedClock,
    make_desk: Callable[..., Desk],
    move_in: Any,
    seal_form: Any,
    tmp_path: Path,
) -> None:
    receipt = residents_services.file(make_desk(account="madoguchi8"), "move_in", move_in())
    family = residents_services.approve(make_desk(account="shinsa8"), receipt.filing).persons
    letter = services.apply(
        make_desk(account="madoguchi8"),
        seal_form(family[1], identity_method="3", engraving_text="花子"),
        draw("花子", 2),
    )
    scan = tmp_path / "seal.png"
    scan.write_bytes(draw("見本", 1))
    page = open_page()
    live.sign_in(page, address, live.hire("zenbu", clock, *Duty))
    choose_purpose(page)
    page.goto(f"{address}/seals/apply?person={family[0]:015d}")
    found = _violations(page)
    page.get_by_label("印影の画像（PNG）").set_input_files(scan)
    page.get_by_label("印影の文字").fill("見本")
    page.get_by_label("印材").select_option("1")
    page.get_by_label("運転免許証", exact=True).check()
    page.get_by_role("button", name="受け付ける").click()
    expect(page.get_by_role("heading", name="審査", exact=True)).to_be_visible()
    found += _violations(page)
    application = int(page.url.rsplit("/", 1)[-1])
    services.approve(make_desk(account="shinsa8"), application)
    for path in (
        "/seals/", f"/seals/persons/{family[0]:015d}", f"/seals/applications/{letter.application}", "/seals/statistics",
        "/seals/certificates/new", f"/residents/{family[0]:015d}",
    ):  # fmt: skip
        page.goto(address + path)
        found += _violations(page)
        if folder := os.environ.get("YAKUBA_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/{path.strip('/').replace('/', '-')}.png", full_page=True)
    assert found == []
