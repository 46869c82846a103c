"""Forms as a screen sends them, and the short way from a form to the register."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from yakuba.core.addresses import towns
from yakuba.core.numbers import IndividualNumber, ResidentCode

TOWN = "272230"
Form = dict[str, Any]


def resident_code(serial: int) -> str:
    payload = f"{1_000_000_000 + serial:010d}"
    return payload + ResidentCode.check_digit(payload)


def individual_number(serial: int) -> str:
    payload = f"{10_000_000_000 + serial:011d}"
    return payload + IndividualNumber.check_digit(payload)


@pytest.fixture
def town_codes() -> list[str]:
    return [town.town_code for town in towns(TOWN) if town.name]


@pytest.fixture
def common() -> Callable[..., Form]:
    """What every notification states: a householder at the counter with a driving licence."""

    def make(**more: Any) -> Form:
        return {
            "key": str(uuid.uuid4()),
            "channel": "1",
            "notified_on": "2026-11-20",
            "notifier_kind": "2",
            "notifier_name": "見本　太郎",
            "identity_documents": ["driving-licence"],
            **more,
        }

    return make


@pytest.fixture
def person() -> Callable[..., Form]:
    def make(serial: int, **more: Any) -> Form:
        return {
            "name": "見本　太郎",
            "name_kana": "ミホン　タロウ",
            "birth": "1980-04-12",
            "sex": "1",
            "relationship": "世帯主",
            "domicile": {"town": "大阪府見本市中央", "banchi": "１番"},
            "register_head": "見本　太郎",
            "resident_code": resident_code(serial),
            **more,
        }

    return make


@pytest.fixture
def move_in(common: Callable[..., Form], person: Callable[..., Form], town_codes: list[str]) -> Callable[..., Form]:
    """A family of three: householder, wife and child; `persons=` and other fields as wanted."""

    def make(**more: Any) -> Form:
        return common(
            **{
                "moved_on": "2026-11-18",
                "address": {"code": town_codes[0], "banchi": "１番１号"},
                "previous": {"town": "京都府見本市北町", "banchi": "５番"},
                "persons": [
                    person(1, individual_number=individual_number(1)),
                    person(
                        2, name="見本　花子", name_kana="ミホン　ハナコ", birth="S57.3.1", sex="2", relationship="妻"
                    ),
                    person(3, name="見本　一郎", name_kana="ミホン　イチロウ", birth="2010-05-05", relationship="子"),
                ],
                **more,
            }
        )

    return make


@pytest.fixture
def clerk(town: None, make_desk: Callable[..., Any]) -> Any:
    return make_desk(account="madoguchi1")


@pytest.fixture
def reviewer(town: None, make_desk: Callable[..., Any]) -> Any:
    return make_desk(account="shinsa1")


@pytest.fixture
def register_form(clerk: Any, reviewer: Any) -> Callable[..., tuple[int, ...]]:
    """File and approve a form; 宛名番号 of the persons whose records it wrote, in order."""
    from yakuba.systems.residents import services

    def run(kind: str, form: Form) -> tuple[int, ...]:
        return services.approve(reviewer, services.file(clerk, kind, form).filing).persons

    return run
