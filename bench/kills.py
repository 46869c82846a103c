"""SIGKILLs in the middle of a working day: nothing that was acknowledged is lost, the log verifies, the register holds.

`python -m bench.kills --rounds 20`. In each round a `sandbox day` and two counters over HTTP are at work when the database's main
process, the web, the worker, the supervisor or all of them die in turn. Then `up` again: each filing taken in, each registration and each
paper that a counter was answered is there, with its entry in the log. At the end `audit verify`, and a quiet day that checks the whole
register.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg

from bench.filing import form
from bench.house import Clerk, conditions, house, sign_in
from yakuba.console import Console
from yakuba.core.addresses import towns
from yakuba.nodes import supervisor
from yakuba.nodes.paths import DataFolder

VICTIMS = ("database", "web", "worker", "supervisor", "all")
RESTART_S = 120


@dataclass
class Acknowledged:
    """What the house said that it had done."""

    filed: set[int] = field(default_factory=set)
    registered: dict[int, int] = field(default_factory=dict)
    """filing -> person"""
    issued: dict[str, int] = field(default_factory=dict)
    """number of the paper -> person"""
    unanswered: int = 0


class Counter:
    """A clerk, a reviewer and a certificate desk in one thread: each filing is registered and gets a paper."""

    def __init__(self, running: Mapping[str, Any], index: int) -> None:
        url, data = running["url"], running["data"]
        self.clerk = sign_in(url, data, "madoguchi1" if index == 0 else "madoguchi2", "move_filing")
        self.reviewer, self.papers = Clerk(url, {}), Clerk(url, {})
        self.told = Acknowledged()
        self.serial = index * 1_000_000
        self.town_code = next(town.town_code for town in towns("272230") if town.name)

    def work(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.serial += 1
            try:
                self._one()
            except (OSError, ConnectionError, ValueError, KeyError):  # died in the middle of an answer
                self.told.unanswered += 1
                self.hang_up()
                stop.wait(0.1)

    def hang_up(self) -> None:
        for clerk in (self.clerk, self.reviewer, self.papers):
            clerk.hang_up()

    def _one(self) -> None:
        status, answer, _ = self.clerk.request(
            "POST", "/api/filings/move_in", form(self.serial, self.town_code), as_json=True
        )
        if status != 201:
            return self._note(status, answer)
        filing = json.loads(answer)["filing"]
        self.told.filed.add(filing)
        status, answer, _ = self.reviewer.request("POST", f"/api/filings/{filing}/approve", {}, as_json=True)
        if status != 200:
            return self._note(status, answer)
        (person,) = json.loads(answer)["persons"]
        self.told.registered[filing] = person
        status, answer, headers = self.papers.request("POST", "/api/certificates", _paper(person), as_json=True)
        if status != 201:
            return self._note(status, answer)
        self.told.issued[str(make_header(decode_header(headers["x-issue-number"])))] = person
        return None

    def _note(self, status: int, answer: bytes) -> None:
        """A house in trouble says so (503); a refusal or a lost session would be this program's own mistake."""
        assert status in {500, 503}, (status, answer.decode()[:500])
        self.told.unanswered += 1
        time.sleep(0.1)


def _paper(person: int) -> dict[str, Any]:
    return {
        "kind": "individual_copy", "persons": [person], "key": str(uuid.uuid4()), "requester_kind": "self",
        "requester_name": "見本　太郎", "requester_person": person, "use_purpose": "就職", "destination": "会社",
        "identity_documents": ["driving-licence"],
    }  # fmt: skip


def run(rounds: int, residents: int, seed: int) -> dict[str, Any]:
    """The figure: kills, acts acknowledged, acts lost (must be none), and what verifying and the quiet day found."""
    chance = random.Random(seed)  # noqa: S311 -- when to kill whom
    kills: list[str] = []
    lost: list[str] = []
    restart_s: list[float] = []
    with house(residents) as running:
        counters = [Counter(running, index) for index in range(2)]
        reviewer = sign_in(running["url"], running["data"], "shinsa1", "move_filing")
        papers = sign_in(running["url"], running["data"], "shomei1", "certificate")
        for counter in counters:
            counter.reviewer.cookies, counter.papers.cookies = dict(reviewer.cookies), dict(papers.cookies)
        reviewer.hang_up()
        papers.hang_up()
        for number in range(rounds):
            victim = VICTIMS[number % len(VICTIMS)]
            stop = threading.Event()
            threads = [threading.Thread(target=counter.work, args=(stop,), daemon=True) for counter in counters]
            day = subprocess.Popen(
                [*running["command"], "sandbox", "day", "--seed", str(seed + number)],
                env=running["environment"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(2.0, 6.0))
            _kill(running, victim)
            kills.append(victim)
            time.sleep(chance.uniform(0.0, 2.0))
            day.kill()
            day.wait()
            begun = time.perf_counter()
            _up(running)
            restart_s.append(round(time.perf_counter() - begun, 1))
            time.sleep(1.0)
            stop.set()
            for thread in threads:
                thread.join(timeout=120)
                assert not thread.is_alive(), "a counter waits for ever"
            lost += [f"{victim}: {what}" for what in _lost(running, counters)]
            for counter in counters:
                counter.hang_up()
        verified = subprocess.run(
            [*running["command"], "audit", "verify", "--json"],
            env=running["environment"],
            capture_output=True,
            text=True,
        )
        quiet = subprocess.run(
            [*running["command"], "sandbox", "day", "--seed", str(seed + rounds), "--json"],
            env=running["environment"], capture_output=True, text=True,
        )  # fmt: skip
    told = [counter.told for counter in counters]
    return {
        "kills": len(kills),
        "killed": {victim: kills.count(victim) for victim in VICTIMS},
        "acknowledged": {
            "filed": sum(len(one.filed) for one in told),
            "registered": sum(len(one.registered) for one in told),
            "issued": sum(len(one.issued) for one in told),
        },
        "unanswered": sum(one.unanswered for one in told),
        "lost": lost,
        "up_again_s": restart_s,
        "audit": {"exit": verified.returncode, **(json.loads(verified.stdout) if verified.stdout else {"error": verified.stderr[-500:]})},
        "quiet_day": {
            "exit": quiet.returncode,
            "breaches": json.loads(quiet.stdout)["breaches"] if quiet.stdout else quiet.stderr[-500:],
        },
    }  # fmt: skip


def is_whole(result: Mapping[str, Any]) -> bool:
    """Whether nothing was lost, altered or left inconsistent."""
    return not result["lost"] and result["audit"]["exit"] == 0 and result["quiet_day"]["exit"] == 0


def _kill(running: Mapping[str, Any], victim: str) -> None:
    status = _status(running)
    parts = {name: status[name].get("pid") for name in ("database", "web", "worker")} | {"supervisor": status["pid"]}
    for name, pid in parts.items():
        if pid and victim in {name, "all"}:
            os.kill(pid, signal.SIGKILL)


def _status(running: Mapping[str, Any]) -> dict[str, Any]:
    told = subprocess.run(
        [*running["command"], "status", "--json"], env=running["environment"], capture_output=True, text=True
    )
    answer: dict[str, Any] = json.loads(told.stdout)
    return answer


def _up(running: Mapping[str, Any]) -> None:
    """As whoever finds the house dark would: `up`, again while it clears away what died, until every part runs."""
    deadline = time.monotonic() + RESTART_S
    while True:
        done = subprocess.run(
            [*running["command"], "up", "--detach"], env=running["environment"], capture_output=True, text=True
        )
        status = _status(running)
        if (
            done.returncode == 0
            and status["running"]
            and all(status[part]["running"] for part in ("database", "web", "worker"))
        ):
            return
        assert time.monotonic() < deadline, (done.stderr[-800:], status)
        time.sleep(0.5)


def _lost(running: Mapping[str, Any], counters: list[Counter]) -> list[str]:
    """What was acknowledged and isn't there, asked of the database itself, as its owner."""
    with (
        patch.dict(os.environ, {"YAKUBA_DATA": str(running["data"])}),
        supervisor.database_available(DataFolder(Path(running["data"])), Console(sys.stderr)) as url,
        psycopg.connect(url) as connection,
    ):

        def ask(statement: str) -> set[Any]:
            return {row if len(row) > 1 else row[0] for row in connection.execute(statement).fetchall()}

        filings = ask("SELECT id FROM residents_filing")
        registered = ask("SELECT id FROM residents_filing WHERE reviewed_at IS NOT NULL")
        persons = ask("SELECT person FROM residents_version")
        issues = ask("SELECT number FROM residents_issue")
        entries = ask(
            "SELECT operation, target FROM audit_entry WHERE result = 'done' AND operation IN ('file', 'register', 'issue')"
        )
    missing = []
    for told in (counter.told for counter in counters):
        missing += [f"filing {number}" for number in told.filed - filings]
        missing += [f"entry of filing {number}" for number in told.filed if ("file", f"filing:{number}") not in entries]
        for number, person in told.registered.items():
            if number not in registered or person not in persons:
                missing.append(f"registration {number}")
            if ("register", f"filing:{number}") not in entries:
                missing.append(f"entry of registration {number}")
        missing += [f"paper {number}" for number in told.issued if number not in issues]
        missing += [f"entry of paper {number}" for number in told.issued if ("issue", number) not in entries]
    return missing


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--residents", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    result = run(args.rounds, args.residents, args.seed)
    day = date.today().isoformat()  # noqa: DTZ011 -- when it was measured
    json.dump(
        {"figure": "kills", "conditions": conditions(residents=args.residents, seed=args.seed, day=day), **result},
        sys.stdout, ensure_ascii=False, indent=1,
    )  # fmt: skip
    print()
    return int(not is_whole(result))


if __name__ == "__main__":
    raise SystemExit(main())
