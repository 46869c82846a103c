"""A house of one's own for a benchmark, and clerks who work in it over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).resolve().parent.parent
_FORM = "application/x-www-form-urlencoded"


def conditions(**more: Any) -> dict[str, Any]:
    """What the figures were measured on."""
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "revision": revision.stdout.strip(),
        "load_before": os.getloadavg()[0],
        **more,
    }


@contextmanager
def house(residents: int, *, first_day: bool = False) -> Iterator[dict[str, Any]]:
    """A running house of so many residents: {"url", "data", "opened_s", …}. Taken down and removed at the end.

    With `first_day` it is opened as a newcomer does, by `up` alone; without, its town is made first and no day is played.
    """
    with tempfile.TemporaryDirectory(prefix="yakuba-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        environment = {**os.environ, "YAKUBA_DATA": str(folder / "var")}
        environment.pop("YAKUBA_DATABASE_URL", None)
        command = [sys.executable, str(ROOT / "yakuba")]
        town = ["--residents", str(residents), "--code", "27223", "--seed", "1"]
        begun = time.perf_counter()
        if not first_day:
            subprocess.run([*command, "sandbox", "populate", *town], env=environment, check=True, stdout=sys.stderr)
        subprocess.run([*command, "up", "--detach", *town], env=environment, check=True, stdout=sys.stderr)
        opened_s = time.perf_counter() - begun
        try:
            status = subprocess.run([*command, "status", "--json"], env=environment, check=True, capture_output=True)
            yield {
                "url": json.loads(status.stdout)["url"],
                "data": folder / "var",
                "opened_s": opened_s,
                "environment": environment,
                "command": command,
            }
        finally:
            subprocess.run([*command, "down"], env=environment, check=True, stdout=sys.stderr)


class Clerk:
    """One keep-alive connection of a signed-in person."""

    def __init__(self, url: str, cookies: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self.cookies = dict(cookies)

    def request(
        self, method: str, path: str, data: Any = None, *, as_json: bool = False, fragment: bool = False
    ) -> tuple[int, bytes, Mapping[str, str]]:
        body = None
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if data is not None:
            body = json.dumps(data) if as_json else urlencode(data, doseq=True)
            headers |= {"Content-Type": "application/json" if as_json else _FORM}
            headers |= {"X-CSRFToken": self.cookies.get("csrftoken", "")}
        if fragment:
            headers["HX-Request"] = "true"
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        for value in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(value).items():
                self.cookies[name] = morsel.value
        return response.status, content, response.headers


def sign_in(url: str, data: Path, login: str, purpose: str) -> Clerk:
    """Password, one-time code, purpose: as a person signs in."""
    import pyotp

    account = json.loads((data / "secrets" / "sandbox-accounts.json").read_text())[login]
    clerk = Clerk(url, {})
    status, page, _ = clerk.request("GET", "/sign-in")
    token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert status == 200, f"the sign-in page answers {status}"
    assert token, "the sign-in page has no token"
    form = {"login": login, "password": account["password"], "csrfmiddlewaretoken": token[1].decode()}
    status, page, _ = clerk.request("POST", "/sign-in", form)
    assert status == 302, page.decode()[:500]
    status, page, _ = clerk.request("POST", "/sign-in/second", {"code": pyotp.TOTP(account["totp"]).now()})
    assert status == 302, page.decode()[:500]
    clerk.request("GET", "/")
    status, page, _ = clerk.request("POST", "/purpose", {"purpose": purpose})
    assert status < 400, page.decode()[:500]
    return clerk


def measure(clerks: list[Clerk], work: Callable[[Clerk, int], list[tuple[str, float]]], rounds: int) -> dict[str, Any]:
    """Let every clerk do `work(clerk, round)` `rounds` times, all at once; percentiles of each named step in ms."""
    samples: list[tuple[str, float]] = []
    failures: list[BaseException] = []
    gate, lock = threading.Barrier(len(clerks) + 1), threading.Lock()

    def run(index: int, clerk: Clerk) -> None:
        mine: list[tuple[str, float]] = []
        gate.wait()
        try:
            for number in range(rounds):
                mine += work(clerk, number * len(clerks) + index)
        except BaseException as error:  # noqa: BLE001 -- raised below, in the thread that waits
            failures.append(error)
        with lock:
            samples.extend(mine)

    threads = [threading.Thread(target=run, args=item) for item in enumerate(clerks)]
    for thread in threads:
        thread.start()
    gate.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    if failures:
        raise failures[0]
    steps = {step: sorted(ms for name, ms in samples if name == step) for step in dict.fromkeys(n for n, _ in samples)}
    return {
        "seconds": round(seconds, 2),
        "per_second": round(len(samples) / seconds, 1),
        "steps": {name: percentiles(values) for name, values in steps.items()},
        "all": percentiles(sorted(ms for _, ms in samples)),
    }


def percentiles(ordered: list[float]) -> dict[str, float]:
    """Of a sorted list of milliseconds."""

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

    return {"n": len(ordered), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": round(ordered[-1], 1)}


def timed(clerk: Clerk, method: str, path: str, data: Any = None, **how: Any) -> tuple[float, int, bytes]:
    """One request: (milliseconds, status, body)."""
    begun = time.perf_counter()
    status, content, _ = clerk.request(method, path, data, **how)
    return (time.perf_counter() - begun) * 1000, status, content
