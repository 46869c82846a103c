"""The first key, or another one for a lost one: registered with the password and a one-time code from somebody else's hand.

And the people for whom a code stands for the key (`substitute_allowed`), until a day and for a reason.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import webauthn
from django.db import transaction

from yakuba.core.findings import Finding, Refused
from yakuba.platform.audit.log import Operation, Result
from yakuba.platform.clock import Clock
from yakuba.platform.transactions import use_case

from . import sign_in
from .desk import AccessDenied, Desk
from .duties import Duty
from .models import Account, KeyInvitation, SecurityKey, Session
from .one_time_codes import make
from .sign_in import RandomBytes, hashed

INVITATION_HOLDS = timedelta(minutes=30)
LONGEST_SUBSTITUTE = timedelta(days=366)


@use_case(Operation.SETTINGS)
def invite(desk: Desk, login: str, random_bytes: RandomBytes = secrets.token_bytes) -> str:
    """A one-time code with which a person registers a key; shown once. Never for oneself. Raises AccessDenied, Refused."""
    desk.require(Duty.ADMINISTRATION)
    account = _another(desk, login)
    code, shown = make(random_bytes)
    KeyInvitation.objects.update_or_create(
        account_id=account, defaults={"code_hash": hashed(code), "until": desk.now + INVITATION_HOLDS}
    )
    desk.log(Operation.SETTINGS, target=f"account:{login}", act="key_invitation")
    return shown


@use_case(Operation.SETTINGS)
def register_substitute(desk: Desk, login: str, until: date, reason: str) -> None:
    """Until a day (inclusive) a code stands for the key of a person who can't use one. Never for oneself.

    Raises AccessDenied, Refused.
    """
    desk.require(Duty.ADMINISTRATION)
    account = _another(desk, login)
    if not reason.strip():
        raise Refused([Finding("KEY-E-001", "reason", "理由がありません。", "キーを使えない理由を入力してください。")])
    if until > desk.today + LONGEST_SUBSTITUTE:
        raise Refused(
            [
                Finding(
                    "KEY-E-002", "until", "期限が一年より先です。", "一年以内の日を入力し、その後に見直してください。"
                )
            ]
        )
    Account.objects.filter(pk=account).update(substitute_until=until, substitute_reason=reason.strip()[:200])
    desk.log(Operation.SETTINGS, target=f"account:{login}", act="substitute", until=until, reason=reason.strip()[:200])


def _another(desk: Desk, login: str) -> int:
    if login == desk.account:
        raise AccessDenied(
            Finding("KEY-E-003", "login", "自分の確認手段は、自分で変えられません。", "ほかの職員に依頼してください。"),
            f"account:{login}",
        )
    account = Account.objects.filter(login=login, is_active=True).values_list("pk", flat=True).first()
    if account is None:
        raise Refused([Finding("KEY-E-004", "login", "その利用者IDはありません。", "利用者IDを確かめてください。")])
    return account


def options(token: str, code: str, *, clock: Clock, random_bytes: RandomBytes = secrets.token_bytes) -> dict[str, Any]:
    """Options (JSON) for `navigator.credentials.create` after the password, with the code. Raises SignInRefused."""
    with _invited(token, code, clock) as (session, account):
        challenge = random_bytes(32)
        Session.objects.filter(pk=session.pk).update(challenge=challenge)
        made = sign_in.creation_options(account.pk, account.login, account.name, challenge, clock)
    return dict(json.loads(webauthn.options_to_json(made)))


def register(token: str, code: str, response: str, *, origin: str, clock: Clock) -> None:
    """Register the key and spend the code; signing in goes on with the key. Raises SignInRefused."""
    key: SecurityKey | None = None
    with _invited(token, code, clock) as (session, account):
        key = sign_in.take_new_key(session, response, "セキュリティキー", origin=origin, clock=clock)
        if key is not None:
            KeyInvitation.objects.filter(account=account).delete()
        sign_in.log_at(
            session,
            clock,
            Operation.SETTINGS,
            Result.DONE if key else Result.REFUSED,
            target="security_key",
            act="first",
        )
    if key is None:
        raise sign_in.SignInRefused(
            [
                Finding(
                    "SIGN-E-006", "key", "セキュリティキーを登録できませんでした。", "もう一度、登録を始めてください。"
                )
            ]
        )


@contextmanager
def _invited(token: str, code: str, clock: Clock) -> Iterator[tuple[Session, Account]]:
    """The waiting session and its account, if the code is the account's and in time; a wrong one counts as a failure."""
    wrong = False
    with transaction.atomic():
        session, account = sign_in.waiting(token, clock)
        invitation = KeyInvitation.objects.filter(account=account, until__gt=clock.now()).first()
        given = hashed("".join(code.upper().replace("-", "").split())[:20])
        wrong = invitation is None or not secrets.compare_digest(bytes(invitation.code_hash), given)
        if wrong:
            sign_in.fail(account, session, "invitation", clock)
        else:
            yield session, account
    if wrong:
        raise sign_in.SignInRefused(
            [
                Finding(
                    "KEY-E-005",
                    "code",
                    "登録コードが正しくないか、期限が切れています。",
                    "システム担当者に、キーの登録コードの発行を依頼してください。",
                )
            ]
        )
