"""A town that answers over HTTP, and a Chromium that looks at it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyotp
from django.contrib.auth.hashers import make_password
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright
from tests.staff import employ, give

from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account
from yakuba.platform.access.sign_in import totp_context
from yakuba.platform.clock import FixedClock
from yakuba.platform.vault import sealing

PASSWORD = "tests-only-password"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server in this process, on the database that Django points at."""
    settings = connections.settings["default"]
    before = settings["CONN_MAX_AGE"]
    options = dict(settings["OPTIONS"])
    settings["CONN_MAX_AGE"] = 0  # each request's thread ends, and its connection with it
    # Those connections begin in the application's role, as in a house; the test's own stays the owner's.
    settings["OPTIONS"] = {**options, "options": f"{options.get('options', '')} -c role={settings['APPLICATION_ROLE']}"}
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        settings["CONN_MAX_AGE"], settings["OPTIONS"] = before, options


@dataclass
class Staff:
    """One person with a password and a one-time code."""

    login: str
    secret: str
    clock: FixedClock

    def code(self) -> str:
        return str(pyotp.TOTP(self.secret).at(self.clock.now()))


def hire(login: str, clock: FixedClock, *duties: Duty) -> Staff:
    """An account with these duties. Needs the office of `set_up_town`."""
    secret = pyotp.random_base32()
    account = Account.objects.create(
        login=login,
        name=f"見本　{login}",
        office_id="100",
        password=make_password(PASSWORD),
        totp_sealed=sealing.seal(totp_context(login), secret.encode()),
        substitute_until=date(2040, 3, 31),
    )
    employ(account)
    give(account, duties)
    return Staff(login, secret, clock)


@contextmanager
def chromium() -> Iterator[Browser]:
    path = os.environ.get("YAKUBA_CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, address: str, staff: Staff) -> None:
    """Both steps, as a person does them."""
    page.goto(f"{address}/sign-in")
    page.get_by_label("利用者ID").fill(staff.login)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="次へ").click()
    page.get_by_label("確認コード").fill(staff.code())
    page.get_by_role("button", name="サインインする", exact=True).click()
    page.wait_for_url(f"{address}/")
