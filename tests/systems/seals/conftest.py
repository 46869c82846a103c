"""Persons with names to be cut into seals, and the short way from a form to a registered seal."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from tests.systems.residents.conftest import clerk, common, move_in, person, register_form, reviewer, town_codes

from yakuba.sandbox import seal_pictures
from yakuba.systems.seals import services

__all__ = ["clerk", "common", "move_in", "person", "register_form", "reviewer", "town_codes"]  # fixtures

Form = dict[str, Any]


@pytest.fixture
def family(register_form: Any, move_in: Any) -> tuple[int, ...]:
    """見本　太郎 (46), 花子 (44), 一郎 (16)."""
    return register_form("move_in", move_in())  # type: ignore[no-any-return]


@pytest.fixture
def seal_form() -> Callable[..., Form]:
    """An application at the counter, identity by driving licence."""

    def make(person: int, **more: Any) -> Form:
        return {
            "key": str(uuid.uuid4()),
            "person": person,
            "engraving_text": "見本",
            "material": "1",
            "applicant_kind": "1",
            "applicant_name": "見本　太郎",
            "identity_method": "1",
            "identity_documents": ["driving-licence"],
            **more,
        }

    return make


@pytest.fixture
def scan() -> Callable[..., bytes]:
    return seal_pictures.draw


@pytest.fixture
def register_seal(clerk: Any, reviewer: Any, seal_form: Any) -> Callable[..., services.Registered]:
    """Apply and approve."""

    def run(person: int, text: str = "見本", seed: int = 1, **more: Any) -> services.Registered:
        form = seal_form(person, engraving_text=text, **more)
        receipt = services.apply(clerk, form, seal_pictures.draw(text, seed))
        return services.approve(reviewer, receipt.application)

    return run


@pytest.fixture
def holder_form() -> Callable[..., Form]:
    def make(person: int, **more: Any) -> Form:
        return {
            "person": person,
            "applicant_kind": "1",
            "applicant_name": "見本　太郎",
            "identity_documents": ["driving-licence"],
            **more,
        }

    return make
