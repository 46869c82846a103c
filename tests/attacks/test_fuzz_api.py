"""The JSON API under arbitrary input; `python -m bench.fuzz_api --cases 10000` asks the same of a whole house."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest
from bench.fuzz_api import RAW, Sent, fuzz
from django.db import transaction
from tests.attacks.small_town import Home, build
from tests.web.conftest import SignedIn, signed_in, web

from yakuba.platform.access.desk import Desk
from yakuba.systems.residents.api import api

__all__ = ["signed_in", "web"]  # fixtures

CASES = 250


@pytest.fixture
def homes(town: None, make_desk: Callable[..., Desk]) -> tuple[Home, ...]:
    return build(make_desk)


@pytest.fixture
def send(signed_in: SignedIn) -> Callable[[Sent], int]:
    client = signed_in()

    def ask(case: Sent) -> int:
        with transaction.atomic():
            response = client.generic(case.method, case.path, case.body or b"", content_type="application/json")
            transaction.set_rollback(True)
        told = response.content
        assert response.status_code < 500, (case, told)
        if response.status_code >= 400 and response["Content-Type"].startswith("application/json"):
            for finding in json.loads(told)["findings"]:
                assert finding["message"], case
                assert finding["remedy"], case
        return response.status_code

    return ask


def test_nothing_breaks_it(homes: tuple[Home, ...], send: Callable[[Sent], int]) -> None:
    seen: Counter[int] = Counter()

    def note(case: Sent) -> None:
        seen[send(case)] += 1

    persons = [home.persons[0] for home in homes]
    fuzz(dict(api.get_openapi_schema(path_prefix="/api/")), persons, note, CASES)
    assert seen.total() >= CASES
    assert {200, 404, 422} <= set(seen), "the cases reach behind the door"


@pytest.mark.parametrize("path", ["/api/residents/search", "/api/filings/move_in", "/api/certificates"])
def test_no_body_breaks_it(homes: tuple[Home, ...], send: Callable[[Sent], int], path: str) -> None:
    for body in RAW:
        assert send(Sent("POST", path, body)) in {200, 400, 413, 422}, body[:40]
