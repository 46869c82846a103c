"""The house of a synthetic town before its people: offices, terminals, staff, mayor and deputy, free 住民票コード."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from django.db import connection

from yakuba.core.addresses import Municipality, MunicipalityKind
from yakuba.platform import profiles
from yakuba.platform.access.desk import system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Office, Terminal
from yakuba.platform.clock import Clock
from yakuba.platform.documents import make_sandbox_seal
from yakuba.systems.residents.models import Certifier, CodePool, Town
from yakuba.systems.residents.reasons import Channel

from . import accounts
from .population import find_municipality
from .synthetic_numbers import NumberSource, Use

FREE_CODES = 20_000
OFFICES = (("100", "市民課"), ("110", "東支所"))
# The narrowest network decides who sits where; from the machine itself it is the first one.
TERMINALS = (
    ("T01", "窓口端末01", "100", "127.0.0.0/8", "P01"),
    ("T02", "窓口端末02", "100", "127.0.2.0/24", "P01"),
    ("T03", "窓口端末03", "100", "127.0.3.0/24", "P02"),
    ("T11", "支所端末11", "110", "127.0.11.0/24", "P11"),
)
_HEADS = {MunicipalityKind.CITY: "市長", MunicipalityKind.TOWN: "町長", MunicipalityKind.VILLAGE: "村長"}
DEPUTY_DAYS_AGO = (40, 30)
"""The mayor was ill: from … to … days before the set-up a deputy (職務代理者) certified."""


def create_house(code: str, today: date, clock: Clock, seed: int) -> Municipality:
    """Make what a house needs besides its residents. Repeating it changes nothing. Raises Refused for an unknown code."""
    home = find_municipality(code)
    with system_desk("sandbox", {Duty.ADMINISTRATION}, clock).acting(Duty.ADMINISTRATION):
        profiles.set_up(home.code)
        for office, name in OFFICES:
            Office.objects.get_or_create(code=office, defaults={"name": name})
        for terminal, name, office, network, printer in TERMINALS:
            Terminal.objects.get_or_create(
                code=terminal,
                defaults={"name": name, "office_id": office, "network": network, "printer": printer},
            )
        Town.objects.get_or_create(
            code=home.code,
            defaults={
                "name": home.county + home.name,
                "prefecture": home.prefecture,
                "is_sandbox": True,
                "channels": [channel.value for channel in Channel],
            },
        )
        _certifiers(home, today)
        _code_pool(home, today, seed)
    accounts.create_all(clock)
    return home


def _certifiers(home: Municipality, today: date) -> None:
    if Certifier.objects.exists():
        return
    head = _HEADS.get(home.kind, "区長")
    title = home.county + home.name.removesuffix(head[0]) + head
    seal, deputys_seal = make_sandbox_seal(f"見本{head}之印"), make_sandbox_seal(f"見本{head}職務代理者印")
    ill, well = (today - timedelta(days=days) for days in DEPUTY_DAYS_AGO)
    mayor = {"title": title, "name": "見本　太郎", "seal_svg": seal.picture, "seal_side_mm": seal.side_mm}
    Certifier.objects.create(period=(date(2019, 5, 1), ill), **mayor)
    Certifier.objects.create(
        period=(ill, well),
        title=f"{title}職務代理者　副{head}",
        name="見本　次郎",
        seal_svg=deputys_seal.picture,
        seal_side_mm=deputys_seal.side_mm,
    )
    Certifier.objects.create(period=(well, None), **mayor)


def _code_pool(home: Municipality, today: date, seed: int) -> None:
    if CodePool.objects.exists():
        return
    codes = NumberSource(home.code).resident_codes(np.arange(FREE_CODES), Use.POOL)
    shuffle = np.random.default_rng([seed, int(home.code)]).random(FREE_CODES)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO residents_code_pool (code, requested_on, shuffle)"
            " SELECT lpad(code::text, 11, '0'), %s, shuffle FROM unnest(%s::bigint[], %s::float8[]) AS t (code, shuffle)",
            [today - timedelta(days=60), codes.tolist(), shuffle.tolist()],
        )
