"""Filings at HTTP level, 8 at once: taken in, registered by another person, found by the next search.

`python -m bench.filing --residents 120000`. The target on 2 cores is p95 <= 150 ms for a filing registered: event, versions,
search keys, audit and outbox in one transaction.
"""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from datetime import date

from bench.house import Clerk, conditions, house, measure, sign_in, timed
from yakuba.core.addresses import towns
from yakuba.core.numbers import ResidentCode

HARD_P95_MS = 1_500
CLERKS = 8


def form(serial: int, town_code: str) -> dict[str, object]:
    """A single person who moves in today, with a 住民票コード of the benchmark's own range."""
    payload = f"{9_900_000_000 + serial:010d}"
    day = date.today().isoformat()  # noqa: DTZ011 -- the house's own day: both run here
    return {
        "key": str(uuid.uuid4()),
        "notified_on": day,
        "notifier_kind": "1",
        "notifier_name": "見本　太郎",
        "identity_documents": ["driving-licence"],
        "moved_on": day,
        "address": {"code": town_code, "banchi": f"{serial % 900 + 1}番"},
        "previous": {"town": "京都府見本市北町", "banchi": "１番"},
        "persons": [
            {
                "name": f"見本　{_kanji(serial)}",
                "name_kana": "ミホン　タロウ",
                "birth": "1985-04-12",
                "sex": "1",
                "relationship": "世帯主",
                "domicile": {"town": "大阪府見本市中央", "banchi": "１番"},
                "register_head": "見本　太郎",
                "resident_code": payload + ResidentCode.check_digit(payload),
            }
        ],
        "confirmed": ["RES-W-060"],
    }


def _kanji(serial: int) -> str:
    return "".join("〇一二三四五六七八九"[int(digit)] for digit in str(serial))


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.filing", description=__doc__)
    parser.add_argument("--residents", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=30, help="filings of each clerk")
    args = parser.parse_args()
    town_code = next(town.town_code for town in towns("272230") if town.name)
    with house(args.residents) as running:
        url, data = running["url"], running["data"]
        desks = [sign_in(url, data, login, "move_filing") for login in ("madoguchi1", "madoguchi2")]
        reviewer = sign_in(url, data, "shinsa1", "move_filing")
        clerks = [Clerk(url, desks[index % 2].cookies) for index in range(CLERKS)]
        reviewers = {id(clerk): Clerk(url, reviewer.cookies) for clerk in clerks}
        begun = [0]

        def work(clerk: Clerk, number: int) -> list[tuple[str, float]]:
            filing = form(begun[0] + number, town_code)
            entered, status, answer = timed(clerk, "POST", "/api/filings/move_in", filing, as_json=True)
            assert status == 201, answer.decode()
            path = f"/api/filings/{json.loads(answer)['filing']}/approve"
            registered, status, answer = timed(reviewers[id(clerk)], "POST", path, {}, as_json=True)
            assert status == 200, answer.decode()
            (person,) = json.loads(answer)["persons"]
            name = filing["persons"][0]["name"]  # type: ignore[index]
            found, status, answer = timed(clerk, "POST", "/api/residents/search", {"text": name}, as_json=True)
            assert status == 200, answer.decode()
            assert person in {hit["number"] for hit in json.loads(answer)["hits"]}, "not found by the next search"
            return [("taken in", entered), ("registered", registered), ("found", found)]

        measure(clerks, work, 2)
        begun[0] = 2 * CLERKS
        result = {
            "figure": "filing",
            "conditions": conditions(residents=args.residents, clerks=CLERKS, client="same machine, no pause"),
            **measure(clerks, work, args.rounds),
        }
    json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
    print()
    return int(result["steps"]["registered"]["p95"] > HARD_P95_MS)


if __name__ == "__main__":
    raise SystemExit(main())
