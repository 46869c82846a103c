"""Terminals (端末): registered, changed, closed and opened again; and the key by which one browser is known as one terminal.

A key is bound once: an administrator has a one-time code made, types it at the terminal, and the browser there gets a random
token in a cookie that no script reads. The house keeps the hashes. A closed terminal's sessions end, and whoever knocks from it
is refused with the next request, and named in the log.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.audit import log
from yakuba.platform.audit.log import Operation, Result
from yakuba.platform.clock import Clock
from yakuba.platform.transactions import use_case

from . import attempts, one_time_codes
from .attempts import MINUTE, Counted
from .desk import Desk
from .duties import Duty
from .models import Office, Session, Terminal, TerminalKey
from .sign_in import RandomBytes, hashed

CODE_HOLDS = timedelta(minutes=15)
_TOKEN_BYTES = 32
_TRIES_PER_MINUTE = 10
_WIDEST = {4: 16, 6: 48}
"""The shortest prefix of a network that one terminal may have, by IP version: an office, not the whole town."""
_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


@dataclass(frozen=True, slots=True)
class Registration:
    """What is said about a terminal. `network`: CIDR or one address; `duties`: see `duties_at_named_terminals`."""

    code: str
    name: str
    office: str
    network: str
    printer: str = ""
    holder: str = ""
    duties: frozenset[Duty] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """A terminal in a list. `key`: none, waiting (a code was made), bound."""

    terminal: Terminal
    office_name: str
    key: str
    sessions: int

    @property
    def key_label(self) -> str:
        return {"none": "なし", "waiting": "登録待ち", "bound": "登録済み"}[self.key]


@use_case(Operation.VIEW)
def all_of_them(desk: Desk) -> list[Line]:
    """Every terminal, open ones first. Raises AccessDenied."""
    desk.require(Duty.ADMINISTRATION)
    keys = dict(TerminalKey.objects.values_list("terminal_id", "key_hash"))
    codes = set(TerminalKey.objects.filter(code_until__gt=desk.now).values_list("terminal_id", flat=True))
    busy: dict[str, int] = {}
    for code in Session.objects.values_list("terminal_id", flat=True):
        busy[code] = busy.get(code, 0) + 1
    return [
        Line(
            terminal,
            terminal.office.name,
            "bound" if keys.get(terminal.code) else "waiting" if terminal.code in codes else "none",
            busy.get(terminal.code, 0),
        )
        for terminal in Terminal.objects.select_related("office").order_by("-active", "office_id", "code")
    ]


@use_case(Operation.SETTINGS)
def register(desk: Desk, new: Registration) -> Terminal:
    """登録. Raises AccessDenied, Refused with every finding."""
    desk.require(Duty.ADMINISTRATION)
    findings = _check(new)
    if Terminal.objects.filter(code=new.code).exists():
        findings.error("TRM-E-001", "code", "この端末番号は使われています。", "別の番号を入力してください。")
    findings.raise_if_blocking()
    terminal = Terminal.objects.create(code=new.code, **_columns(new))
    desk.log(Operation.SETTINGS, target=f"terminal:{new.code}", act="register", **_told(new))
    return terminal


@use_case(Operation.SETTINGS)
def change(desk: Desk, new: Registration) -> None:
    """Change what is said about a terminal. Sessions that no longer fit end with their next request.

    Raises AccessDenied, Refused with every finding.
    """
    desk.require(Duty.ADMINISTRATION)
    _check(new).raise_if_blocking()
    if not Terminal.objects.filter(code=new.code).update(**_columns(new)):
        raise Refused([_unknown()])
    desk.log(Operation.SETTINGS, target=f"terminal:{new.code}", act="change", **_told(new))


def _columns(new: Registration) -> dict[str, object]:
    return {
        "name": new.name.strip(),
        "office_id": new.office,
        "network": str(ipaddress.ip_network(new.network.strip(), strict=False)),
        "printer": new.printer.strip(),
        "holder": new.holder.strip(),
        "duties": sorted(duty.value for duty in new.duties),
    }


def _told(new: Registration) -> dict[str, object]:
    return {"office": new.office, "network": new.network.strip(), "duties": sorted(duty.value for duty in new.duties)}


def _check(new: Registration) -> Findings:
    findings = Findings()
    if not re.fullmatch(r"[A-Z0-9-]{1,20}", new.code):
        findings.error(
            "TRM-E-002", "code", "端末番号が正しくありません。", "半角の英大文字・数字・ハイフンで20文字までです。"
        )
    if not new.name.strip() or len(new.name) > 60:
        findings.error("TRM-E-003", "name", "名前が正しくありません。", "60文字までの名前を入力してください。")
    if not Office.objects.filter(code=new.office).exists():
        findings.error("TRM-E-004", "office", "部署が選ばれていません。", "一覧から選んでください。")
    if len(new.printer.strip()) > 20:
        findings.error("TRM-E-005", "printer", "プリンターの番号が長すぎます。", "20文字までで入力してください。")
    try:
        network = ipaddress.ip_network(new.network.strip(), strict=False)
    except ValueError:
        findings.error(
            "TRM-E-006",
            "network",
            "網のアドレスとして読めません。",
            "192.0.2.10 や 192.0.2.0/28 のように入力してください。",
        )
    else:
        is_loopback = network.version == 4 and network.subnet_of(_LOOPBACK)
        if network.prefixlen < _WIDEST[network.version] and not is_loopback:
            findings.error(
                "TRM-E-007", "network", "網が広すぎて、端末を特定できません。",
                f"/{_WIDEST[network.version]}より狭い網を入力してください。",
            )  # fmt: skip
    return findings


def _unknown() -> Finding:
    return Finding("TRM-E-008", "code", "その端末はありません。", "一覧から選んでください。")


@use_case(Operation.SETTINGS)
def close(desk: Desk, code: str, reason: str) -> int:
    """Close a terminal (廃止, 故障, 紛失): its sessions end, its key is void. How many sessions ended.

    Raises AccessDenied, Refused.
    """
    desk.require(Duty.ADMINISTRATION)
    if not reason.strip():
        raise Refused([Finding("TRM-E-009", "reason", "理由がありません。", "閉鎖の理由を入力してください。")])
    if not Terminal.objects.filter(code=code, active=True).update(active=False, closed_because=reason.strip()[:200]):
        raise Refused([_unknown()])
    # The key's hash stays: whoever knocks with it is recognised as the closed terminal. Opening it again voids it.
    TerminalKey.objects.filter(terminal=code).update(code_hash=None, code_until=None)
    ended, _ = Session.objects.filter(terminal=code).delete()
    desk.log(Operation.SETTINGS, target=f"terminal:{code}", act="close", reason=reason.strip()[:200], ended=ended)
    return ended


@use_case(Operation.SETTINGS)
def reopen(desk: Desk, code: str) -> None:
    """Open a closed terminal again, without the key it had. Raises AccessDenied, Refused."""
    desk.require(Duty.ADMINISTRATION)
    if not Terminal.objects.filter(code=code, active=False).update(active=True, closed_because=""):
        raise Refused([_unknown()])
    TerminalKey.objects.filter(terminal=code).delete()
    desk.log(Operation.SETTINGS, target=f"terminal:{code}", act="reopen")


@use_case(Operation.SETTINGS)
def release(desk: Desk, code: str) -> None:
    """Let a terminal at which too much went wrong sign in again. Raises AccessDenied, Refused."""
    desk.require(Duty.ADMINISTRATION)
    if not Terminal.objects.filter(code=code).exists():
        raise Refused([_unknown()])
    attempts.forget(Counted.FAILURES, code)
    desk.log(Operation.SETTINGS, target=f"terminal:{code}", act="release")


# -- keys -------------------------------------------------------------------------------------------------------------


@use_case(Operation.SETTINGS)
def make_code(desk: Desk, code: str, random_bytes: RandomBytes = secrets.token_bytes) -> str:
    """A one-time code that binds a key to this terminal within `CODE_HOLDS`; shown once. Raises AccessDenied, Refused.

    Until it is used, the key that the terminal has holds.
    """
    desk.require(Duty.ADMINISTRATION)
    if not Terminal.objects.filter(code=code, active=True).exists():
        raise Refused([_unknown()])
    made, shown = one_time_codes.make(random_bytes)
    TerminalKey.objects.update_or_create(
        terminal_id=code, defaults={"code_hash": hashed(made), "code_until": desk.now + CODE_HOLDS}
    )
    desk.log(Operation.SETTINGS, target=f"terminal:{code}", act="key_code")
    return shown


@use_case(Operation.SETTINGS)
def take_key(desk: Desk, code: str) -> None:
    """Take a terminal's key away; sessions with it end with their next request. Raises AccessDenied, Refused."""
    desk.require(Duty.ADMINISTRATION)
    if not TerminalKey.objects.filter(terminal=code).delete()[0]:
        raise Refused([_unknown()])
    Session.objects.filter(terminal=code).delete()
    desk.log(Operation.SETTINGS, target=f"terminal:{code}", act="key_taken")


_WAITING_SQL = """
SELECT t.code, t.office_id FROM access_terminal_key k JOIN access_terminal t ON t.code = k.terminal_id
WHERE t.active AND t.network::cidr >>= %s::inet AND k.code_hash = %s AND k.code_until > %s
FOR UPDATE OF k
"""


def bind(code: str, *, address: str, clock: Clock, random_bytes: RandomBytes = secrets.token_bytes) -> tuple[str, str]:
    """At the terminal: the one-time code becomes a key. (Terminal's code, token for the cookie.) Raises Refused.

    Only from the terminal's own network, once, in time; the key that it had is void.
    """
    now = clock.now()
    given = re.sub(r"[\s-]", "", code).upper()[: one_time_codes.LENGTH]
    tried = attempts.count(Counted.STRANGERS, f"bind:{address}", now, MINUTE)
    token = random_bytes(_TOKEN_BYTES).hex()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_WAITING_SQL, [address, hashed(given), now])
            row = cursor.fetchone() if tried <= _TRIES_PER_MINUTE else None
        terminal, office = row or ("", "")
        if row:
            TerminalKey.objects.filter(terminal=terminal).update(
                key_hash=hashed(token), bound_at=now, code_hash=None, code_until=None
            )
        if tried <= _TRIES_PER_MINUTE + 1:  # a storm is eleven entries a minute
            log.append(
                log.Act(
                    at=now, account="", terminal=terminal, office=office, purpose="", operation=Operation.SETTINGS,
                    result=Result.DONE if row else Result.DENIED, target="terminal_key", detail={"address": address},
                )
            )  # fmt: skip
    if not row:
        raise Refused(
            [
                Finding(
                    "TRM-E-010",
                    "code",
                    "登録コードが正しくないか、期限が切れているか、この端末のものではありません。",
                    "端末の管理をする職員に、登録コードをもう一度発行してもらってください。",
                )
            ]
        )
    return terminal, token


# -- offices ----------------------------------------------------------------------------------------------------------


@use_case(Operation.SETTINGS)
def register_office(desk: Desk, code: str, name: str) -> Office:
    """Register a 部署, or give one another name. Raises AccessDenied, Refused."""
    desk.require(Duty.ADMINISTRATION)
    findings = Findings()
    if not re.fullmatch(r"[A-Z0-9-]{1,10}", code):
        findings.error(
            "TRM-E-011", "code", "部署番号が正しくありません。", "半角の英大文字・数字・ハイフンで10文字までです。"
        )
    if not name.strip() or len(name) > 60:
        findings.error("TRM-E-003", "name", "名前が正しくありません。", "60文字までの名前を入力してください。")
    findings.raise_if_blocking()
    office, is_new = Office.objects.update_or_create(code=code, defaults={"name": name.strip()})
    desk.log(Operation.SETTINGS, target=f"office:{code}", act="register" if is_new else "rename")
    return office


def offices() -> Iterable[Office]:
    """Every 部署, in order of its number."""
    return Office.objects.order_by("code")
