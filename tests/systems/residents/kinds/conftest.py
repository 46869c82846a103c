"""What tests of the kinds of filing share: ex officio forms, current versions, findings."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from yakuba.core.findings import Refused
from yakuba.systems.residents import services
from yakuba.systems.residents.models import Resident, ResidentVersion

Form = dict[str, Any]


@pytest.fixture
def office() -> Callable[..., Form]:
    """A form of what is done ex officio."""

    def make(**more: Any) -> Form:
        return {"key": str(uuid.uuid4()), "ground": "戸籍の届出", **more}

    return make


@pytest.fixture
def current() -> Callable[[int], ResidentVersion]:
    def find(number: int) -> ResidentVersion:
        head = Resident.objects.get(pk=number)
        version: ResidentVersion = ResidentVersion.objects.get(person=number, version_no=head.version_no)
        return version

    return find


@pytest.fixture
def refused(clerk: Any) -> Callable[[str, Form], set[str]]:
    """The codes of the findings that a form gets at the counter."""

    def run(kind: str, form: Form) -> set[str]:
        with pytest.raises(Refused) as refusal:
            services.file(clerk, kind, form)
        return {finding.code for finding in refusal.value.findings}

    return run


@pytest.fixture
def cancel(register_form: Any, office: Any) -> Callable[[], None]:
    """Cancel the last registered filing."""
    from yakuba.systems.residents.models import Filing

    def run() -> None:
        last = Filing.objects.filter(state="registered").latest("id")
        register_form("cancellation", office(filing=last.pk, ground="誤りと確認したため"))

    return run


@pytest.fixture
def foreigner(person: Any) -> Callable[..., Form]:
    """A single mid-to-long-term resident who comes from another town."""

    def make(serial: int = 1, **more: Any) -> Form:
        return person(
            serial, resident_kind="2", name="", name_kana="ミホン　ジョン", name_latin="MIHON JOHN", domicile={},
            register_head="", nationality="USA", article_30_45="1", residence_status="1211", residence_period="３年",
            residence_until="2028-01-31", residence_card="AA00000000AA",
        ) | more  # fmt: skip

    return make
