"""An office (100) that hands files out, who allows it, and a recipient with a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.platform.handover.test_envelope import X25519, pem_of, public_pem_of

from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, Terminal
from yakuba.platform.approvals import services as approvals
from yakuba.platform.approvals.models import Application
from yakuba.platform.handover import media, opener, outgoing
from yakuba.platform.handover.media import NewMedium
from yakuba.platform.handover.models import Medium, Way
from yakuba.platform.handover.outgoing import Counts, Order

MakeDesk = Callable[..., Desk]
CONTENT = "番号,氏名\r\n1,見本　太郎\r\n".encode()
RECIPIENT_KEY = opener.with_private_key(pem_of(X25519))


@pytest.fixture
def clerk(town: None, make_desk: MakeDesk) -> Desk:
    for login in ("juju1", "juju2", "tachiai1"):
        Account.objects.create(login=login, name=f"見本　{login}", office_id="100")
    return make_desk({Duty.HANDOVER}, account="juju1")


@pytest.fixture
def head(town: None, make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.APPROVAL}, account="kacho1")


@pytest.fixture
def information(town: None, make_desk: MakeDesk) -> Desk:
    return replace(make_desk({Duty.INFORMATION_MANAGEMENT}, account="joho1"), office="200")


@pytest.fixture
def security(town: None, make_desk: MakeDesk) -> Desk:
    return make_desk({Duty.SECURITY}, account="anzen1")


@pytest.fixture
def recipient(information: Desk) -> None:
    outgoing.name_correspondent(information, "kenchou", "見本県市町課", public_pem_of(X25519).decode())
    outgoing.name_correspondent(information, "itaku", "見本印刷（委託先）")


def order(**more: Any) -> Order:
    return Order(
        **{
            "source": "residents",
            "name": "見本.csv",
            "correspondent": "kenchou",
            "purpose": "統計のため",
            "law": "住民基本台帳法第37条",
            **more,
        }
    )


def written(persons: int = 1, content: bytes = CONTENT) -> Callable[[Any], Counts]:
    def write(target: Any) -> Counts:
        target.write(content)
        return Counts(rows=persons, persons=persons)

    return write


@pytest.fixture
def medium(clerk: Desk, information: Desk) -> Medium:
    """A USB memory that may be used by juju1 at T01 until the end of the fiscal year."""
    Terminal.objects.get_or_create(
        code="T09", defaults={"name": "別の端末", "office_id": "100", "network": "127.0.0.0/8"}
    )
    application = media.apply_for(clerk, new_medium())
    approvals.decide(information, application.pk, grant=True)
    return Medium.objects.get()


def new_medium(**more: Any) -> NewMedium:
    return NewMedium(
        **{
            "label": "USB-01",
            "serial": "SN0001",
            "kind": "USBメモリ（ハードウェア暗号化）",
            "has_security": True,
            "accounts": ("juju1",),
            "terminals": ("T01",),
            "start": date(2026, 11, 20),
            "end": date(2027, 3, 31),
            "purpose": "県への統計資料の提出",
            **more,
        }
    )


@pytest.fixture
def filled(clerk: Desk, head: Desk, medium: Medium, recipient: None, tmp_path: Path) -> Medium:
    draft = outgoing.prepare(clerk, order(way=Way.MEDIUM, medium="SN0001"), written())
    approvals.decide(head, Application.objects.get(kind="handover_release").pk, grant=True)
    outgoing.release(clerk, draft.pk, target=tmp_path / "out.ykh")
    return medium
