"""A house of one's own for a benchmark, and clerks who work in it over HTTP."""

from __future__ import annotations

import json
import os
import platform
import re
import socket
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
    """A running house of so many residents: {"url", "data", "opened_s", …, and the rest of `status --json`}. Taken down and removed at the end.

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
                **json.loads(status.stdout),
                "data": folder / "var",
                "opened_s": opened_s,
                "environment": environment,
                "command": command,
            }
        finally:
            subprocess.run([*command, "down"], env=environment, check=True, stdout=sys.stderr)


class Clerk:
    """One keep-alive connection of a signed-in person.

    On a bare socket: client and house share the machine's cores, and what the client burns would be measured as waiting.
    """

    def __init__(self, url: str, cookies: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._host = parts.netloc
        self._socket: socket.socket | None = None
        self._spare = b""
        self.cookies = dict(cookies)

    def request(
        self, method: str, path: str, data: Any = None, *, as_json: bool = False, fragment: bool = False
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """(status, body, headers by lower-case name; of several Set-Cookie the last)."""
        body = b""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"Cookie: {cookies}"]
        if data is not None:
            body = (json.dumps(data) if as_json else urlencode(data, doseq=True)).encode()
            lines += [
                f"Content-Type: {'application/json' if as_json else _FORM}",
                f"Content-Length: {len(body)}",
                f"X-CSRFToken: {self.cookies.get('csrftoken', '')}",
            ]
        if fragment:
            lines.append("HX-Request: true")
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall("\r\n".join([*lines, "\r\n"]).encode() + body)
        return self._answer()

    def hang_up(self) -> None:
        """Forget the connection and what was half received."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._spare = None, b""

    def send(self, method: str, path: str, body: bytes, content_type: str) -> int:
        """The status of one request on a connection of its own, with any body: a house may close after what it refuses."""
        again = Clerk(f"http://{self._host}", self.cookies)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [
            f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"Cookie: {cookies}", f"Content-Type: {content_type}",
            f"Content-Length: {len(body)}", f"X-CSRFToken: {self.cookies.get('csrftoken', '')}", "Connection: close",
        ]  # fmt: skip
        with socket.create_connection(self._address, timeout=60) as connection:
            again._socket = connection
            connection.sendall("\r\n".join([*lines, "\r\n"]).encode() + body)
            status, _, _ = again._answer()
        return status

    def _answer(self) -> tuple[int, bytes, Mapping[str, str]]:
        head = self._until(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
            if name.lower() == "set-cookie":
                for cookie, morsel in SimpleCookie(value.strip()).items():
                    self.cookies[cookie] = morsel.value
        if headers.get("transfer-encoding") == "chunked":
            content = b"".join(iter(self._chunk, b""))
        else:
            content = self._exactly(int(headers["content-length"]))
        return int(first.split(" ", 2)[1]), content, headers

    def _chunk(self) -> bytes:
        content = self._exactly(int(self._until(b"\r\n"), 16))
        self._until(b"\r\n")
        return content

    def _more(self) -> None:
        assert self._socket is not None
        received = self._socket.recv(1 << 18)
        if not received:
            raise ConnectionError("the house closed the connection")
        self._spare += received

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._spare:
            self._more()
        taken, _, self._spare = self._spare.partition(mark)
        return taken

    def _exactly(self, length: int) -> bytes:
        while len(self._spare) < length:
            self._more()
        taken, self._spare = self._spare[:length], self._spare[length:]
        return taken


def sign_in(url: str, data: Path, login: str, purpose: str) -> Clerk:
    """Password, one-time code, purpose: as a person signs in. It ends the session that the person had."""
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
    totp = pyotp.TOTP(account["totp"])
    status, page, _ = clerk.request("POST", "/sign-in/second", {"code": totp.at(int(time.time()))})
    assert status == 302, page.decode()[:500]
    clerk.request("GET", "/")
    status, page, _ = clerk.request("POST", "/purpose", {"purpose": purpose})
    assert status < 400, page.decode()[:500]
    return clerk


_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def processor_s(running: Mapping[str, Any]) -> dict[str, float]:
    """Processor seconds used so far by each part of a running house with all that it started, and by this client.

    Where others work on the machine, this tells two versions apart; the clock on the wall doesn't.
    """
    parents, used = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # After the name, which may hold spaces: state, parent …; user and system time, own and of ended children.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # ended meanwhile: its parent's fields hold its time
            continue
        parents[int(folder.name)] = int(fields[1])
        used[int(folder.name)] = sum(map(int, fields[11:15])) / _TICKS_PER_S

    def belongs(pid: int, root: int) -> bool:
        while pid and pid != root:
            pid = parents.get(pid, 0)
        return pid == root

    roots = {part: running[part]["pid"] for part in ("web", "database", "worker") if "pid" in running[part]}
    parts = {part: sum(s for pid, s in used.items() if belongs(pid, root)) for part, root in roots.items()}
    return {**parts, "client": time.process_time()}


def measure(
    clerks: list[Clerk],
    work: Callable[[Clerk, int], list[tuple[str, float]]],
    rounds: int,
    running: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Let every clerk do `work(clerk, round)` `rounds` times, all at once; percentiles of each named step in ms.

    With the `running` house also the processor's milliseconds per step, by part of the house.
    """
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
    before = processor_s(running) if running else {}
    gate.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    after = processor_s(running) if running else {}
    if failures:
        raise failures[0]
    per_step = {part: round((after[part] - before[part]) * 1000 / len(samples), 2) for part in after}
    steps = {step: sorted(ms for name, ms in samples if name == step) for step in dict.fromkeys(n for n, _ in samples)}
    return {
        "seconds": round(seconds, 2),
        "per_second": round(len(samples) / seconds, 1),
        **({"processor_ms_per_step": {**per_step, "all": round(sum(per_step.values()), 2)}} if running else {}),
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
