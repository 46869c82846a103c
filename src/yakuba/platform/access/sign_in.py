"""Signing in: password and a second factor, from a registered terminal, for a bounded time.

Whoever guesses learns nothing: an unknown account, a wrong password and a locked account get one answer after the same
work. Tokens are random, kept as hashes, changed at every step. Each function commits by itself; refusals are audited.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pyotp
import webauthn
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection, transaction
from webauthn.helpers import exceptions as webauthn_errors
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from yakuba.core.findings import Finding, Refused
from yakuba.platform import prepared
from yakuba.platform.audit import log
from yakuba.platform.audit.log import Operation, Result
from yakuba.platform.clock import Clock, today
from yakuba.platform.vault import sealing

from . import attempts, conditions, policy
from .attempts import HOUR, MINUTE, Counted
from .desk import ConfirmationNeeded, Desk
from .duties import Duty, Purpose
from .models import Account, SecurityKey, Session, Stage, Terminal
from .policy import SEEN_EVERY, UNSEEN, Factor, Policy, SecondSession

RandomBytes = Callable[[int], bytes]

SECOND_FACTOR_WITHIN = timedelta(minutes=5)
TOTP_STEP_S = 30
MAX_KEYS = 10
_TOKEN_BYTES = 32
_STRANGERS_LOGGED_PER_MINUTE = 5
_HASHES_AT_ONCE = 2  # argon2 takes a tenth of a second and 100 MB each
_WAIT_FOR_HASH_S = 4.0


class SignInRefused(Refused):
    """Signing in is refused; the findings say nothing about which part was wrong."""


@dataclass(frozen=True, slots=True)
class Place:
    """The registered terminal from which a request comes."""

    code: str
    name: str
    office: str
    office_name: str
    printer: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A session as one request sees it. `account_id` and `session_id` are keys of rows."""

    session_id: int
    account_id: int
    stage: str
    confirmed_at: datetime | None
    seen_at: datetime
    office_name: str
    terminal_name: str
    last_search: str
    desk: Desk
    needs_system_factor: bool = False

    def is_confirmed(self) -> bool:
        """Whether the second factor was shown just now: what changing one's keys asks for."""
        return self.desk.is_confirmed


# -- where from -------------------------------------------------------------------------------------------------------

_PLACE_SQL = """
SELECT t.code, t.name, t.office_id, o.name, t.printer FROM access_terminal t JOIN access_office o ON o.code = t.office_id
LEFT JOIN access_terminal_key k ON k.terminal_id = t.code
WHERE t.active AND t.network::cidr >>= %(address)s::inet
    AND CASE WHEN k.key_hash IS NULL THEN NOT %(required)s ELSE k.key_hash = %(key)s END
ORDER BY k.key_hash IS NULL, masklen(t.network::cidr) DESC, t.code LIMIT 1
"""


def place_of(address: str, key: str = "", *, clock: Clock) -> Place | None:
    """The active terminal that has this key and whose network holds `address`; without a key, where the profile lets a
    terminal be known by its network alone, the one with the narrowest network that has no key. None where there is none.
    """
    required = _policy(clock).terminal_key_required
    with connection.cursor() as cursor:
        cursor.execute(_PLACE_SQL, {"address": address, "required": required, "key": hashed(key)})
        row = cursor.fetchone()
    return Place(*row) if row else None


def _policy(clock: Clock) -> Policy:
    return policy.of(today(clock))


# -- storms -----------------------------------------------------------------------------------------------------------

_hashing = threading.BoundedSemaphore(_HASHES_AT_ONCE)


def _admit(place: Place, clock: Clock) -> None:
    """Count an attempt at a terminal. Raises SignInRefused for too many, or too many failures."""
    rules, now = _policy(clock), clock.now()
    count = attempts.count(Counted.ATTEMPTS, place.code, now, MINUTE)
    if count > rules.attempts_per_minute:
        if count == rules.attempts_per_minute + 1:  # a storm is one entry a minute
            _audit("", place, clock, Operation.SIGN_IN, Result.REFUSED, reason="too_many")
        raise SignInRefused([_busy()])
    if attempts.counted(Counted.FAILURES, place.code, now, HOUR) >= rules.failures_per_hour:
        _audit("", place, clock, Operation.SIGN_IN, Result.REFUSED, reason="terminal_paused")
        raise SignInRefused(
            [
                Finding(
                    "SIGN-E-012",
                    "terminal",
                    "この端末では間違いが続いたため、サインインを止めています。",
                    "しばらく待つか、端末の管理をする職員に解除を依頼してください。",
                )
            ]
        )


@contextmanager
def _turn_to_hash() -> Iterator[None]:
    if not _hashing.acquire(timeout=_WAIT_FOR_HASH_S):
        raise SignInRefused([_busy()])
    try:
        yield
    finally:
        _hashing.release()


def _busy() -> Finding:
    return Finding(
        "SIGN-E-003", "login", "サインインが混み合っています。", "一分ほど待ってから、もう一度お試しください。"
    )


# -- first step: password ---------------------------------------------------------------------------------------------


@cache
def _hash_of_nobody() -> str:
    return make_password(secrets.token_urlsafe(16))


def _wrong(rules: Policy) -> SignInRefused:
    minutes = int(rules.lock.total_seconds() // 60)
    return SignInRefused(
        [
            Finding(
                "SIGN-E-001",
                "login",
                "利用者IDとパスワードの組合せが正しくないか、このIDは一時的に止まっています。",
                f"入力を確かめてください。続けて{rules.failures_before_lock}回間違えると、{minutes}分間サインインできません。",
            )
        ]
    )


def password(
    login: str,
    secret: str,
    *,
    place: Place,
    clock: Clock,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> str:
    """First step. The token of a session that waits for the second factor. Raises SignInRefused."""
    _admit(place, clock)
    account = Account.objects.filter(login=login[:40]).first()
    with _turn_to_hash():
        matches = check_password(secret[:256], account.password if account else _hash_of_nobody())
    if account is None:
        # What was typed isn't kept: people type passwords into the field of the ID.
        _audit("", place, clock, Operation.SIGN_IN, Result.REFUSED, reason="unknown")
        attempts.count(Counted.FAILURES, place.code, clock.now(), HOUR)
        raise _wrong(_policy(clock))
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account.pk)
        refusal = _standing(account, clock)
        if not refusal and not matches:
            refusal = "password"
            _count_failure(account, place.code, clock)
        if refusal:
            _audit(account.login, place, clock, Operation.SIGN_IN, Result.REFUSED, reason=refusal)
            token = ""
        else:
            token = _open(account, place, clock, Stage.SECOND_FACTOR, random_bytes)
            _audit(account.login, place, clock, Operation.SIGN_IN, Result.DONE, step="password")
    if not token:
        raise _wrong(_policy(clock))
    return token


def _standing(account: Account, clock: Clock) -> str:
    """Why the account may not sign in now; empty if it may."""
    if not account.is_active:
        return "inactive"
    if account.locked_until is not None and clock.now() < account.locked_until:
        return "locked"
    if account.locks >= _policy(clock).locks_before_release:
        return "locked_until_release"
    return ""


def _count_failure(account: Account, terminal: str, clock: Clock) -> None:
    rules = _policy(clock)
    account.failures += 1
    if account.failures >= rules.failures_before_lock:
        account.failures, account.locked_until, account.locks = 0, clock.now() + rules.lock, account.locks + 1
    account.save(update_fields=["failures", "locked_until", "locks"])
    attempts.count(Counted.FAILURES, terminal, clock.now(), HOUR)


# -- second step ------------------------------------------------------------------------------------------------------


def one_time_code(token: str, code: str, *, clock: Clock, random_bytes: RandomBytes = secrets.token_bytes) -> str:
    """Second step with a one-time code (TOTP). The token of the open session; the old one is void. Raises SignInRefused."""

    def shown(account: Account, _session: Session) -> bool:
        return _take_code(account, code, clock)

    return _second_factor(token, "totp", shown, clock, random_bytes)


def security_key(
    token: str,
    response: str,
    *,
    origin: str,
    clock: Clock,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> str:
    """Second step with a WebAuthn key: `response` is the browser's JSON. Like `one_time_code` otherwise."""

    def shown(account: Account, session: Session) -> bool:
        return _take_assertion(account, session, response, origin, _policy(clock))

    return _second_factor(token, "key", shown, clock, random_bytes)


def _second_factor(
    token: str,
    kind: str,
    shown: Callable[[Account, Session], bool],
    clock: Clock,
    random_bytes: RandomBytes,
) -> str:
    fresh = elsewhere = ""
    ended = False
    unmet: list[Finding] = []
    with transaction.atomic():
        session = (
            Session.objects.select_for_update(of=("self",))
            .select_related("terminal__office")
            .filter(key_hash=hashed(token), stage=Stage.SECOND_FACTOR)
            .first()
        )
        if session is None or clock.now() - session.started_at > SECOND_FACTOR_WITHIN:
            ended = True
        else:
            account = Account.objects.select_for_update().get(pk=session.account_id)
            place = _place_of_terminal(session)
            refusal = _standing(account, clock)
            if not refusal and not shown(account, session):
                refusal = kind
                _count_failure(account, place.code, clock)
            if refusal:
                _audit(account.login, place, clock, Operation.SECOND_FACTOR, Result.REFUSED, reason=refusal)
                if _standing(account, clock):
                    session.delete()
                    ended = True
            elif unmet := conditions.unmet(account.pk, clock):
                # Only now: whoever hasn't shown both factors learns nothing about the account.
                session.delete()
                names = sorted(finding.code for finding in unmet)
                _audit(account.login, place, clock, Operation.SIGN_IN, Result.REFUSED, reason="unmet", findings=names)
            elif elsewhere := _session_elsewhere(account, place, clock):
                _audit(
                    account.login, place, clock, Operation.SIGN_IN, Result.REFUSED, reason="second_session",
                    elsewhere=elsewhere,
                )  # fmt: skip
            else:
                session.delete()
                account.failures, account.locks, account.locked_until, account.last_login = 0, 0, None, clock.now()
                account.save(update_fields=["failures", "locks", "locked_until", "last_login"])
                _end_others(account, place, clock)
                fresh = _open(account, place, clock, Stage.OPEN, random_bytes)
                known = {"substitute": True} if kind == "totp" and _is_substitute(account, clock) else {}
                _audit(account.login, place, clock, Operation.SIGN_IN, Result.DONE, step=kind, **known)
    if elsewhere:
        raise SignInRefused([_signed_in_elsewhere(elsewhere)])
    if fresh:
        return fresh
    if unmet:
        raise SignInRefused(unmet)
    if ended:
        raise SignInRefused([_begin_again()])
    raise SignInRefused([_wrong_factor(kind)])


def waiting(token: str, clock: Clock) -> tuple[Session, Account]:
    """The session that waits for the second factor, and its account, both locked in the caller's transaction.

    Raises SignInRefused when there is none, or the account may not sign in.
    """
    session = (
        Session.objects.select_for_update(of=("self",))
        .select_related("terminal__office")
        .filter(key_hash=hashed(token), stage=Stage.SECOND_FACTOR)
        .first()
    )
    if session is None or clock.now() - session.started_at > SECOND_FACTOR_WITHIN:
        raise SignInRefused([_begin_again()])
    account = Account.objects.select_for_update().get(pk=session.account_id)
    if _standing(account, clock):
        raise SignInRefused([_begin_again()])
    return session, account


def fail(account: Account, session: Session, reason: str, clock: Clock) -> None:
    """Something wrong was shown at the second step; too often, and the session ends."""
    _count_failure(account, session.terminal_id, clock)
    log_at(session, clock, Operation.SECOND_FACTOR, Result.REFUSED, target="sign_in", reason=reason)
    if _standing(account, clock):
        session.delete()


def log_at(
    session: Session, clock: Clock, operation: Operation, result: Result, *, target: str, **detail: object
) -> None:
    """An entry about somebody who is not yet signed in."""
    place, login = _place_of_terminal(session), session.account.login
    _audit(login, place, clock, operation, result, target=target, **detail)


def _session_elsewhere(account: Account, place: Place, clock: Clock) -> str:
    """The other terminal at which the account is signed in, where the profile refuses a second session; else empty."""
    rules, now = _policy(clock), clock.now()
    if rules.second_session != SecondSession.REFUSED:
        return ""
    living = Session.objects.filter(
        account=account, stage__in=[Stage.OPEN, Stage.LOCKED], seen_at__gte=now - rules.session_idle
    ).filter(started_at__gte=now - rules.session)
    return living.exclude(terminal=place.code).values_list("terminal", flat=True).first() or ""


def _signed_in_elsewhere(terminal: str) -> Finding:
    return Finding(
        "SIGN-E-013",
        "login",
        f"この利用者IDは、別の端末（{terminal}）でサインインしています。",
        "その端末でサインアウトしてから、もう一度サインインしてください。心当たりがないときは、システム担当者に連絡してください。",
    )


def _end_others(account: Account, place: Place, clock: Clock) -> None:
    """One person has one session: a new one ends those before."""
    for session_id in Session.objects.filter(account=account).values_list("id", flat=True):
        end(session_id, clock, f"second_session:{place.code}")


def _begin_again() -> Finding:
    return Finding(
        "SIGN-E-004",
        "login",
        "サインインの手続きが終わりました。",
        "利用者IDとパスワードの入力からやり直してください。",
    )


def _wrong_factor(kind: str) -> Finding:
    if kind == "totp":
        return Finding(
            "SIGN-E-002", "code", "確認コードが正しくないか、既に使われています。",
            "認証アプリに新しいコードが出るのを待って、入力してください。",
        )  # fmt: skip
    return Finding(
        "SIGN-E-005", "key", "セキュリティキーを確認できませんでした。", "登録したキーか、確認コードを使ってください。"
    )


def _take_code(account: Account, code: str, clock: Clock) -> bool:
    """Whether `code` is right now and was not used before. The account's row is locked by the caller."""
    if account.totp_sealed is None or not takes_codes(account, clock):
        return False
    secret = sealing.unseal(totp_context(account.login), bytes(account.totp_sealed)).decode()
    totp = pyotp.TOTP(secret, interval=TOTP_STEP_S)
    now = int(clock.now().timestamp()) // TOTP_STEP_S
    given = "".join(code.split())
    given = given.translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    for step in (now - 1, now, now + 1):
        if step > account.totp_last_step and hmac.compare_digest(totp.generate_otp(step).encode(), given.encode()):
            account.totp_last_step = step
            account.save(update_fields=["totp_last_step"])
            return True
    return False


def takes_codes(account: Account, clock: Clock) -> bool:
    """Whether the profile lets this account show a one-time code."""
    return Factor.TOTP in _policy(clock).second_factors or _is_substitute(account, clock)


def _is_substitute(account: Account, clock: Clock) -> bool:
    """Whether a code stands for the key today, because the person can't use one (生体認証等が困難な者)."""
    rules = _policy(clock)
    return (
        Factor.TOTP not in rules.second_factors
        and rules.substitute_allowed
        and account.substitute_until is not None
        and today(clock) <= account.substitute_until
    )


def totp_context(login: str) -> str:
    """The context under which an account's TOTP secret is sealed."""
    return f"totp:{login}"


# -- security keys ----------------------------------------------------------------------------------------------------


def _user_handle(account_id: int) -> bytes:
    return hashlib.sha256(f"yakuba:account:{account_id}".encode()).digest()


def _descriptors(account_id: int) -> list[PublicKeyCredentialDescriptor]:
    rows = SecurityKey.objects.filter(account=account_id).order_by("pk").values_list("credential_id", flat=True)
    return [PublicKeyCredentialDescriptor(id=bytes(row)) for row in rows]


def key_challenge(token: str, *, clock: Clock, random_bytes: RandomBytes = secrets.token_bytes) -> dict[str, Any]:
    """Options (JSON) for `navigator.credentials.get`; the challenge is kept in the session. Raises SignInRefused."""
    session = Session.objects.filter(key_hash=hashed(token)).first()
    if session is None:
        raise SignInRefused([_begin_again()])
    challenge = random_bytes(32)
    Session.objects.filter(pk=session.pk).update(challenge=challenge)
    options = webauthn.generate_authentication_options(
        rp_id=settings.WEBAUTHN_RP_ID,
        challenge=challenge,
        allow_credentials=_descriptors(session.account_id),
        user_verification=_user_verification(_policy(clock)),
    )
    return dict(json.loads(webauthn.options_to_json(options)))


def _user_verification(rules: Policy) -> UserVerificationRequirement:
    return UserVerificationRequirement.REQUIRED if rules.user_verification else UserVerificationRequirement.PREFERRED


def _take_assertion(account: Account, session: Session, response: str, origin: str, rules: Policy) -> bool:
    """Verify a key's answer to the session's challenge, which is then spent."""
    challenge = bytes(session.challenge) if session.challenge else None
    Session.objects.filter(pk=session.pk).update(challenge=None)
    if challenge is None:
        return False
    try:
        credential = webauthn.helpers.parse_authentication_credential_json(response)
        key = SecurityKey.objects.select_for_update().filter(account=account, credential_id=credential.raw_id).first()
        if key is None:
            return False
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=settings.WEBAUTHN_RP_ID,
            expected_origin=origin,
            credential_public_key=bytes(key.public_key),
            credential_current_sign_count=key.sign_count,
            require_user_verification=rules.user_verification,
        )
    except webauthn_errors.WebAuthnException:
        return False
    key.sign_count = verified.new_sign_count
    key.save(update_fields=["sign_count"])
    return True


def enrolment_options(signed: Signed, *, random_bytes: RandomBytes = secrets.token_bytes) -> dict[str, Any]:
    """Options (JSON) for `navigator.credentials.create`. Raises Refused unless the second factor was shown just now."""
    _require_confirmed(signed)
    challenge = random_bytes(32)
    Session.objects.filter(pk=signed.session_id).update(challenge=challenge)
    made = creation_options(signed.account_id, signed.desk.account, signed.desk.name, challenge, signed.desk.clock)
    return dict(json.loads(webauthn.options_to_json(made)))


def creation_options(
    account_id: int, login: str, name: str, challenge: bytes, clock: Clock
) -> PublicKeyCredentialCreationOptions:
    """What a browser is asked when a key is registered."""
    return webauthn.generate_registration_options(
        rp_id=settings.WEBAUTHN_RP_ID,
        rp_name="役場 yakuba",
        user_id=_user_handle(account_id),
        user_name=login,
        user_display_name=name,
        challenge=challenge,
        exclude_credentials=_descriptors(account_id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=_user_verification(_policy(clock)),
        ),
    )


def enrol_key(signed: Signed, response: str, name: str, *, origin: str) -> SecurityKey:
    """Register a key for the signed-in person. Raises Refused."""
    _require_confirmed(signed)
    name = name.strip()[:60] or "セキュリティキー"
    with transaction.atomic():
        session = Session.objects.select_for_update().get(pk=signed.session_id)
        full = SecurityKey.objects.filter(account=signed.account_id).count() >= MAX_KEYS
        key = take_new_key(session, response, name, origin=origin, clock=signed.desk.clock)
        signed.desk.log(
            Operation.SETTINGS, result=Result.DONE if key else Result.REFUSED, target="security_key", act="enrol"
        )
    if key is None:
        remedy = f"登録できるのは{MAX_KEYS}個までです。" if full else "もう一度、登録を始めてください。"
        raise Refused([Finding("SIGN-E-006", "key", "セキュリティキーを登録できませんでした。", remedy)])
    return key


def take_new_key(session: Session, response: str, name: str, *, origin: str, clock: Clock) -> SecurityKey | None:
    """Put the key into the register that answers the session's challenge, which is then spent; None when it doesn't."""
    challenge, session.challenge = session.challenge, None
    session.save(update_fields=["challenge"])
    if challenge is None or SecurityKey.objects.filter(account=session.account_id).count() >= MAX_KEYS:
        return None
    try:
        verified = webauthn.verify_registration_response(
            credential=response,
            expected_challenge=bytes(challenge),
            expected_rp_id=settings.WEBAUTHN_RP_ID,
            expected_origin=origin,
            require_user_verification=_policy(clock).user_verification,
        )
    except webauthn_errors.WebAuthnException:
        return None
    if SecurityKey.objects.filter(credential_id=verified.credential_id).exists():
        return None
    return SecurityKey.objects.create(
        account_id=session.account_id,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        name=name,
        created_at=clock.now(),
    )


def remove_key(signed: Signed, key_id: int) -> None:
    """Take a key of one's own away. Raises Refused when it is the only second factor, or isn't there."""
    _require_confirmed(signed)
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=signed.account_id)
        keys = SecurityKey.objects.filter(account=account)
        if account.totp_sealed is None and keys.count() == 1:
            raise Refused(
                [
                    Finding(
                        "SIGN-E-007", "key", "最後の確認手段は削除できません。", "別のキーを登録してから削除してください。"
                    )
                ]
            )  # fmt: skip
        removed, _ = keys.filter(pk=key_id).delete()
        if not removed:
            raise Refused(
                [Finding("SIGN-E-008", "key", "そのキーは登録されていません。", "画面を開き直してください。")]
            )
        signed.desk.log(Operation.SETTINGS, target="security_key", act="remove")


def confirm(signed: Signed, *, code: str = "", response: str = "", origin: str = "") -> None:
    """Show the second factor again: a one-time code or a key's answer. Raises Refused."""
    show_again(signed, "confirm", code=code, response=response, origin=origin, system_at=signed.desk.now)


def show_again(
    signed: Signed, target: str, *, code: str = "", response: str = "", origin: str = "", **effect: object
) -> None:
    """Show the second factor within a session, for `target` (what the log says); `effect`: what becomes of the session's row
    then. Wrong ones count like those of signing in, and a lock ends the session. Raises Refused.
    """
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=signed.account_id)
        session = Session.objects.select_for_update().get(pk=signed.session_id)
        refusal = _standing(account, signed.desk.clock)
        shown = not refusal and (
            _take_assertion(account, session, response, origin, _policy(signed.desk.clock))
            if response
            else _take_code(account, code, signed.desk.clock)
        )
        if shown:
            Session.objects.filter(pk=session.pk).update(confirmed_at=signed.desk.now, **effect)
        elif not refusal:
            _count_failure(account, signed.desk.terminal, signed.desk.clock)
            if _standing(account, signed.desk.clock):
                session.delete()
        signed.desk.log(Operation.SECOND_FACTOR, result=Result.DONE if shown else Result.REFUSED, target=target)
    if not shown:
        raise Refused([_wrong_factor("key" if response else "totp")])


def _require_confirmed(signed: Signed) -> None:
    if not signed.is_confirmed():
        raise ConfirmationNeeded


# -- the session ------------------------------------------------------------------------------------------------------


def hashed(token: str) -> bytes:
    """A token as it is kept."""
    return hashlib.sha256(token.encode()).digest()


def _place_of_terminal(session: Session) -> Place:
    terminal = session.terminal
    return Place(terminal.code, terminal.name, terminal.office_id, terminal.office.name, terminal.printer)


def _open(account: Account, place: Place, clock: Clock, stage: Stage, random_bytes: RandomBytes) -> str:
    token = random_bytes(_TOKEN_BYTES).hex()
    now = clock.now()
    Session.objects.create(
        key_hash=hashed(token),
        account=account,
        terminal_id=place.code,
        stage=stage,
        started_at=now,
        seen_at=now,
        confirmed_at=now if stage == Stage.OPEN else None,
    )
    return token


_CURRENT_SQL = """
SELECT s.id, s.account_id, s.stage, s.purpose, s.started_at, s.seen_at, s.confirmed_at, s.last_search,
    a.login, a.name, t.code, t.name, t.printer, o.code, o.name,
    a.is_active AND t.active AND t.network::cidr >>= %(address)s::inet
        AND CASE WHEN k.key_hash IS NULL THEN NOT %(required)s ELSE k.key_hash = %(terminal_key)s END
        AND (s.stage IN ('second_factor', 'enrolment') OR {standing}),
    t.duties, s.system_at,
    ARRAY(SELECT d.duty FROM access_duty_assignment d WHERE d.account_id = a.id AND d.period @> %(now)s::timestamptz)
FROM access_session s JOIN access_account a ON a.id = s.account_id JOIN access_terminal t ON t.code = s.terminal_id
JOIN access_office o ON o.code = t.office_id LEFT JOIN access_terminal_key k ON k.terminal_id = t.code
WHERE s.key_hash = %(key)s
"""


@cache
def _current_sql() -> str:
    """With the conditions of all rooms, which are known once the house has started."""
    return _CURRENT_SQL.format(standing=conditions.standing_sql())


def current(
    token: str, *, address: str, clock: Clock, terminal_key: str = "", is_attended: bool = True
) -> Signed | None:
    """The living session of a token, in one query; None when there is none, it has ended, or it comes from elsewhere.

    Where nobody was there for the time after which screens are hidden, it is locked from now on. A request that the page makes
    by itself (not `is_attended`) is no use.
    """
    if not token:
        return None
    now, day = clock.now(), today(clock)
    rules = policy.of(day)
    rows = prepared.fetch(
        _current_sql(),
        {
            "address": address, "today": day, "now": now, "key": hashed(token), "required": rules.terminal_key_required,
            "terminal_key": hashed(terminal_key),
        },
    )  # fmt: skip
    if not rows:
        return None
    (session_id, account_id, stage, purpose, started_at, seen_at, confirmed_at, last_search,
     login, name, terminal, terminal_name, printer, office, office_name, is_welcome, named, system_at, duties) = rows[0]  # fmt: skip
    idle = SECOND_FACTOR_WITHIN if stage == Stage.SECOND_FACTOR else rules.session_idle
    reason = (
        "revoked" if not is_welcome
        else "idle" if now - seen_at > idle
        else "absolute" if now - started_at > rules.session
        else ""
    )  # fmt: skip
    if reason:
        end(session_id, clock, reason)
        return None
    if stage == Stage.OPEN and now - seen_at > rules.screen_idle + UNSEEN:
        stage = Stage.LOCKED
        Session.objects.filter(pk=session_id).update(stage=stage)
        place = Place(terminal, terminal_name, office, office_name, printer)
        _audit(login, place, clock, Operation.LOCK, Result.DONE, reason="idle")
    elif stage == Stage.OPEN and is_attended and now - seen_at > SEEN_EVERY:
        Session.objects.filter(pk=session_id).update(seen_at=now)
    held = frozenset(map(Duty, duties)) if stage == Stage.OPEN else frozenset()
    desk = Desk(
        account=login,
        name=name,
        office=office,
        terminal=terminal,
        purpose=purpose,
        duties=held - (rules.duties_at_named_terminals - frozenset(map(Duty, named))),
        clock=clock,
        printer=printer,
        session_started=started_at,
        confirmed_at=confirmed_at,
        confirmation_holds=rules.confirmation,
    )
    return Signed(
        session_id, account_id, stage, confirmed_at, seen_at, office_name, terminal_name, last_search, desk,
        needs_system_factor=rules.factor_at_system_start and system_at is None,
    )  # fmt: skip


def end(session_id: int, clock: Clock, reason: str) -> bool:
    """End a session, with its entry; False when it is gone already."""
    with transaction.atomic():
        session = Session.objects.select_for_update(of=("self",)).filter(pk=session_id).first()
        if session is None:
            return False
        if session.stage != Stage.SECOND_FACTOR:
            login = session.account.login
            _audit(login, _place_of_terminal(session), clock, Operation.SIGN_OUT, Result.DONE, reason=reason)
        session.delete()
    return True


def choose_purpose(signed: Signed, purpose: Purpose) -> None:
    """Keep the purpose of use (利用目的) for the session."""
    Session.objects.filter(pk=signed.session_id).update(purpose=purpose.value)


def remember_search(signed: Signed, text: str) -> None:
    """Keep the text of the last search until the session ends. Writes only when it changed."""
    if text != signed.last_search:
        prepared.run("UPDATE access_session SET last_search = %s WHERE id = %s", [text, signed.session_id])


def sign_out(signed: Signed) -> None:
    """End the session."""
    with transaction.atomic():
        Session.objects.filter(pk=signed.session_id).delete()
        signed.desk.log(Operation.SIGN_OUT)


def _audit(
    account: str,
    place: Place,
    clock: Clock,
    operation: Operation,
    result: Result,
    *,
    target: str = "sign_in",
    **detail: object,
) -> None:
    log.append(
        log.Act(
            at=clock.now(),
            account=account,
            terminal=place.code,
            office=place.office,
            purpose="",
            operation=operation,
            result=result,
            target=target,
            detail=dict(detail),
        )
    )


def log_unregistered(address: str, clock: Clock, key: str = "") -> None:
    """Somebody tried to sign in from where no terminal is registered, or from one that is closed."""
    if attempts.count(Counted.STRANGERS, address, clock.now(), MINUTE) > _STRANGERS_LOGGED_PER_MINUTE:
        return
    known = Terminal.objects.filter(key__key_hash=hashed(key)).select_related("office").first() if key else None
    nowhere = Place("", "", "", "", "")
    if known is None:
        _audit("", nowhere, clock, Operation.SIGN_IN, Result.DENIED, reason="terminal", address=address)
    else:
        place = Place(known.code, known.name, known.office_id, known.office.name, known.printer)
        reason = "terminal_elsewhere" if known.active else "terminal_closed"
        _audit("", place, clock, Operation.SIGN_IN, Result.DENIED, reason=reason, address=address, holder=known.holder)
