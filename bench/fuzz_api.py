"""The JSON API under arbitrary input: cases drawn from its own OpenAPI description, and right forms with something hostile put in.

`python -m bench.fuzz_api --cases 10000`. None may be answered with a breakdown (5xx), and none may keep the house busy for seconds.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bench.house import Clerk, conditions, house, percentiles, sign_in
from yakuba.core.addresses import towns

HARD_MAX_MS = 10_000
DAY = "2026-11-20"
KINDS = ("move_in", "birth", "move_within", "move_out", "death", "householder_change", "cancellation", "none")
HOSTILE: tuple[Any, ...] = (
    "", " ", "　", "\x00", "見本\x00太郎", "\x1b[2J", "\u202e夜逃げ", "\u200b", "\ufeff", "\ud800", "見\udfff", "か\u3099" * 3_000,
    "見" * 20_000, "9" * 5_000, "²", "٣", "-1", "0", "1e400", "NaN", "' OR 1=1 --", "<script>alert(1)</script>", "{{7*7}}", "%s%n",
    "../../../../etc/passwd", "\r\nSet-Cookie: a=b", "=cmd|'/c calc'!A1", "\\ud800", "2026-02-30", "0000-00-00", "令和99年99月99日",
    None, True, 0, -1, 2**31, 2**63, 10**400, 0.1, [], {}, [[]], [None], {"": ""}, ["x"] * 300, {"code": "x" * 300},
)  # fmt: skip
"""Values that somebody's tool sends where a form expects a text, a number, a list or a part of a form."""
RAW: tuple[bytes, ...] = (
    b"", b"{", b"null", b"[]", b"0", b'"x"', b"\xff\xfe", b'{"text": "\xed\xa0\x80"}', b'{"text": 1e999}', b"[" * 50_000, b'{"a":' * 50_000,
    b'{"text": "' + b"x" * 1_900_000 + b'"}', b'{"a": "' + b"x" * 2_100_000 + b'"}', b'{"text": "a", "text": "b"}',
)  # fmt: skip
"""Bodies that are no proper JSON, or more of it than anybody needs."""


@dataclass(frozen=True)
class Sent:
    """One request."""

    method: str
    path: str
    body: bytes | None = None


def form(kind: str, person: int, town_code: str) -> dict[str, Any]:
    """A filing as a screen sends it, complete for `move_in`; other kinds use its parts."""
    return {
        "key": str(uuid.UUID(int=person)), "channel": "1", "notified_on": DAY, "notifier_kind": "1", "notifier_name": "見本　太郎",
        "identity_documents": ["driving-licence"], "moved_on": DAY, "planned_on": DAY, "died_on": DAY, "persons": [
            {
                "name": "見本　太郎", "name_kana": "ミホン　タロウ", "birth": "1985-04-12", "sex": "1", "relationship": "世帯主",
                "domicile": {"town": "大阪府見本市中央", "banchi": "１番"}, "register_head": "見本　太郎",
            }
        ] if kind in {"move_in", "birth"} else [str(person)],
        "address": {"code": town_code, "banchi": "1番", "katagaki": "見本荘"}, "previous": {"town": "京都府見本市北町", "banchi": "１番"},
        "destination": {"town": "奈良県見本市", "banchi": "１番"}, "filing": "1", "reason": "見本", "confirmed": ["RES-W-060"],
    }  # fmt: skip


def paper(person: int) -> dict[str, Any]:
    """The request of a certificate."""
    return {
        "kind": "individual_copy", "persons": [str(person)], "key": str(uuid.UUID(int=person)), "options": {"show_domicile": True},
        "items": ["住所"], "requester_kind": "self", "requester_name": "見本　太郎", "requester_person": str(person),
        "use_purpose": "訴訟", "destination": "裁判所", "identity_documents": ["driving-licence"],
    }  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from _places(inner, (*path, key))


@st.composite
def spoiled(draw: st.DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    """A right form with hostile values in one to three places; now and then with a field that nobody knows."""
    changed = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(_places(changed)) or [("key",)]))
        inside = changed
        for step in way:
            inside = inside[step]
        inside[last] = copy.deepcopy(draw(st.sampled_from(HOSTILE) | st.text(max_size=20)))
    if draw(st.integers(0, 9)) == 0:
        changed[draw(st.text(max_size=10))] = draw(st.sampled_from(HOSTILE))
    return changed


def _encoded(value: Any) -> bytes:
    return json.dumps(value).encode()  # escapes everything beyond ASCII, halves of surrogate pairs too


def cases(description: dict[str, Any], persons: Sequence[int], town_code: str) -> st.SearchStrategy[Sent]:
    """Requests to every operation of the API; half of what names a record names one that exists."""
    from_description = st.one_of(
        *(found.ok().as_strategy() for found in schemathesis.openapi.from_dict(description).get_all_operations())
    )

    @st.composite
    def one(draw: st.DrawFn) -> Sent:
        how = draw(st.integers(0, 9))
        person = draw(st.sampled_from(persons))
        if how < 4:
            case = draw(from_description)
            body = None if case.media_type is None else _encoded(case.body)
            path = case.formatted_path
            if draw(st.booleans()):
                parameters = {
                    "number": person,
                    "person": person,
                    "kind": draw(st.sampled_from(KINDS)),
                }
                named = {key: parameters.get(key) or draw(st.integers(1, 60)) for key in case.path_parameters or ()}
                path = case.path.format(**named) if named else path
            return Sent(case.method, path, body)
        if how == 4:
            path = draw(
                st.sampled_from(
                    ["/api/residents/search", "/api/filings/move_in", "/api/certificates", "/api/filings/1/approve"]
                )
            )
            return Sent("POST", path, draw(st.sampled_from(RAW)))
        if how == 5:
            keys = {
                key: draw(st.sampled_from(HOSTILE) | st.text(max_size=30))
                for key in draw(st.lists(st.sampled_from(_SEARCH_KEYS), max_size=3))
            }
            body = {"keys": keys} | (
                {"text": draw(st.sampled_from(HOSTILE) | st.text(max_size=40))} if draw(st.booleans()) else {}
            )
            return Sent("POST", "/api/residents/search", _encoded(body))
        if how == 6:
            number = quote(str(draw(st.sampled_from(HOSTILE))).encode("utf-8", "replace")[:200], safe="")
            return Sent("GET", f"/api/residents/{number}")
        if how == 7:
            return Sent("POST", "/api/certificates", _encoded(draw(spoiled(paper(person)))))
        kind = draw(st.sampled_from(KINDS))
        return Sent("POST", f"/api/filings/{kind}", _encoded(draw(spoiled(form(kind, person, town_code)))))

    return one()


_SEARCH_KEYS = (
    "name", "exact", "birth", "sex", "address", "number", "household", "resident_code", "individual_number", "relationship",
    "address_code", "katagaki", "closing_reason", "residence_card", "include_closed", "offset", "age",
)  # fmt: skip


def fuzz(
    description: dict[str, Any], persons: Sequence[int], send: Callable[[Sent], None], count: int, first_seed: int = 1
) -> None:
    """Send `count` cases; `send` fails where one is answered badly, and hypothesis shortens it to the smallest that still is."""
    town_code = next(town.town_code for town in towns("272230") if town.name)

    @seed(first_seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(description, persons, town_code))
    def run(case: Sent) -> None:
        send(case)

    run()


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.fuzz_api", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--residents", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    statuses: Counter[int] = Counter()
    took: list[float] = []
    failed: list[dict[str, Any]] = []
    with house(args.residents) as running:
        url, data = running["url"], running["data"]
        people = [
            sign_in(url, data, login, purpose)
            for login, purpose in (
                ("madoguchi1", "move_filing"), ("shinsa1", "move_filing"), ("shomei1", "certificate"), ("kanri1", "system"),
            )
        ]  # fmt: skip
        status, answer, _ = people[3].request("GET", "/api/openapi.json")
        assert status == 200, answer
        description = json.loads(answer)

        def send(case: Sent) -> None:
            clerk = people[2 if "certificates" in case.path else 1 if "approve" in case.path else len(took) % 2]
            begun = time.perf_counter()
            status = clerk.send(case.method, case.path, case.body or b"", "application/json")
            took.append((time.perf_counter() - begun) * 1000)
            statuses[status] += 1
            if status >= 500:
                failed.append({"status": status, "path": case.path[:200], "body": repr(case.body)[:300]})

        begun = time.perf_counter()
        fuzz(description, _numbers(people[0]), send, args.cases, args.seed)
        seconds = time.perf_counter() - begun
    result = {
        "figure": "fuzz_api",
        "conditions": conditions(residents=args.residents, seed=args.seed),
        "cases": len(took),
        "seconds": round(seconds, 1),
        "statuses": dict(sorted(statuses.items())),
        "breakdowns": len(failed),
        "examples": failed[:10],
        "answer": percentiles(sorted(took)),
    }
    json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
    print()
    return int(bool(failed) or max(took) > HARD_MAX_MS)


def _numbers(clerk: Clerk) -> list[int]:
    """宛名番号 of some people of the town."""
    found: list[int] = []
    for text in ("佐藤", "鈴木", "田中", "山本", "高橋", "伊藤"):
        status, answer, _ = clerk.request("POST", "/api/residents/search", {"text": text}, as_json=True)
        assert status == 200, answer
        found += [hit["number"] for hit in json.loads(answer)["hits"]]
    return found


if __name__ == "__main__":
    raise SystemExit(main())
