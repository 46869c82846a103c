"""Making a municipality's house ready: tables, the application's role, keys, and at first start a synthetic town.

`./yakuba up` runs `prepare` in a process of its own (nodes/preparation.py), as the owner of the database. What serves people
connects as the application's role, which can neither change tables nor history.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import django

from yakuba.nodes.paths import data_folder

Report = Callable[[str, int, int | None, str], None]

_TABLES, _RIGHTS = "データベースの表", "利用者の権限"
_BREACHES_SHOWN = 5


def prepare(report: Report, *, residents: int, code: str, seed: int | None = None) -> dict[str, Any]:
    """Make the house ready and say what it is. Needs YAKUBA_DATABASE_URL. Whatever was interrupted goes on here.

    A house without any register gets a synthetic town of `residents` persons and its first working day; one that has a
    register, synthetic or not, keeps it. The result's `environment` is for the programs of the house, the rest to show.
    """
    environment = make_ready(report)
    from yakuba.sandbox import building
    from yakuba.systems.residents import register
    from yakuba.systems.residents.models import Town

    shown: dict[str, Any] = {"environment": environment}
    if building.begun() is not None or not register.is_begun():
        from yakuba.platform.clock import SystemClock

        built = building.build(
            SystemClock(),
            lambda stage, done, total: report(stage, done, total, ""),
            code=code,
            residents=residents,
            seed=building.DEFAULT_SEED if seed is None else seed,
        )
        if built.balance and not built.repeated:
            shown |= _describe(built.balance)
    house = Town.objects.first()
    if house is not None:
        sandbox = "（見本の町）" if house.is_sandbox else ""
        shown["団体"] = f"{house.prefecture}{house.name}（{house.code}）{sandbox}"
        shown["住民"] = register.population()
    return shown


def accounts() -> list[dict[str, Any]]:
    """The sandbox's accounts with their present one-time codes; empty in a real house."""
    _set_up_django()
    from yakuba.sandbox import accounts as sandbox

    return sandbox.accounts()


def make_ready(report: Report) -> dict[str, str]:
    """Migrate as the owner, make keys, the application's role and those of the duties, and go on as the application.

    Returns the environment that the programs of the house need besides the door's. Raises Refused with the SQL for an
    administrator where the owner may not make roles.
    """
    _set_up_django()
    from django.core.management import call_command
    from django.db import connection, transaction

    from yakuba.nodes import roles
    from yakuba.platform.audit import signing
    from yakuba.platform.vault import keys

    owner = os.environ["YAKUBA_DATABASE_URL"]
    point_django_at(owner)
    report(_TABLES, 0, None, "")
    call_command("migrate", verbosity=0, interactive=False)
    report(_RIGHTS, 0, None, "")
    keys.create_if_missing()
    signing.create_if_missing()
    application = application_url(owner)
    named = "YAKUBA_APP_DATABASE_URL" in os.environ
    login = urlsplit(application)
    with transaction.atomic(), connection.cursor() as cursor:
        roles.make(cursor, unquote(login.username or ""), None if named else unquote(login.password or ""))
    point_django_at(application)
    return {"YAKUBA_APP_DATABASE_URL": application}


def application_url(owner: str) -> str:
    """The URL of the application's role beside the owner's: named by YAKUBA_APP_DATABASE_URL, else one of our making.

    Our role is `<database>_app`, because roles belong to a server and its databases may be several houses.
    """
    named = os.environ.get("YAKUBA_APP_DATABASE_URL")
    if named:
        return named
    parts = urlsplit(owner)
    password = data_folder().secret("application_role_password")
    place = parts.netloc.rpartition("@")[2]
    role = parts.path.lstrip("/") + "_app"
    return parts._replace(netloc=f"{role}:{quote(password, safe='')}@{place}").geturl()


def connect_as_application() -> None:
    """Set Django up in this process as the programs of the house are: for commands that the door gave the owner's URL.

    Raises Refused before the house was ever opened.
    """
    _set_up_django()
    from django.db import connection

    from yakuba.core.findings import Finding, Refused

    owner = os.environ["YAKUBA_DATABASE_URL"]
    point_django_at(owner)
    application = application_url(owner)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass('residents_town') IS NOT NULL AND EXISTS (SELECT FROM pg_roles WHERE rolname = %s)",
            [urlsplit(application).username],
        )
        if not cursor.fetchone()[0]:
            raise Refused(
                [
                    Finding(
                        "HOU-E-001",
                        "database",
                        "この役場はまだ開かれたことがありません。",
                        "先に ./yakuba up を実行してください。",
                    )
                ]
            )
    point_django_at(application)


def _set_up_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yakuba.nodes.settings")
    django.setup()


def point_django_at(url: str) -> None:
    """From now on, every new connection of this process is this one's."""
    from django.db import connections

    from yakuba.nodes.settings import database_from_url

    connections["default"].close()
    connections.settings["default"].update(database_from_url(url))
    connections["default"].settings_dict = connections.settings["default"]


def _describe(balance: dict[str, Any]) -> dict[str, Any]:
    """The first day in a few lines."""
    outcomes = {"registered": 0, "returned": 0, "withdrawn": 0, "waiting": 0}
    for counts in balance["filings"].values():
        for outcome in outcomes:
            outcomes[outcome] += counts.get(outcome, 0)
    breaches = balance["breaches"]
    shown: dict[str, Any] = {
        "最初の一日": f"本登録{outcomes['registered']}件、差戻し・取下げ{outcomes['returned'] + outcomes['withdrawn']}件、"
        f"審査待ち{outcomes['waiting']}件、証明書{balance['certificates']}通、検索{balance['searches']}回",
        "誤った届出など": f"{balance['mistakes']}件" + ("、すべて正しい指摘で拒否" if not breaches else ""),
        "台帳の検査": f"{balance['checks']}項目、違反{len(breaches)}件",
    }
    for number, breach in enumerate(breaches[:_BREACHES_SHOWN], 1):
        shown[f"違反{number}"] = breach["message"]
    return shown
