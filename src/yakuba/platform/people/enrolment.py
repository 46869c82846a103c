"""利用の登録: a person makes an account his own, with a one-time code that he was handed.

The administrator knows the code and never the password; the code works once, for some hours, for few tries, and for somebody
with a pledge on record. Nothing of what the person chooses counts before all of it is there: password and second factor.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.db import transaction

from yakuba.core.findings import Finding, Findings, Refused
from yakuba.platform.access import policy, sign_in
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, SecurityKey, Session, Stage
from yakuba.platform.access.policy import Factor
from yakuba.platform.access.sign_in import Place, Signed
from yakuba.platform.audit.log import Operation, Result
from yakuba.platform.clock import Clock, today
from yakuba.platform.transactions import use_case
from yakuba.platform.vault import sealing

from .models import Enrolment, Person
from .settings import SETTINGS

RandomBytes = Callable[[int], bytes]
TRIES = 5
ISSUER = "役場 yakuba"
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 letters and digits that nobody confuses
_CODE_LENGTH = 12  # sixty bits
_TOKEN_BYTES = 32
_PASSWORD_LENGTH_AT_MOST = 256


@dataclass(frozen=True, slots=True)
class Code:
    """Shown once, to the administrator who hands it over."""

    login: str
    name: str
    code: str
    expires_at: datetime


# -- the administrator ------------------------------------------------------------------------------------------------


@use_case(Operation.SETTINGS)
def issue_code(desk: Desk, number: str, reason: str = "", *, random_bytes: RandomBytes = secrets.token_bytes) -> Code:
    """A code for a person who has an account. Who had a password and keys, has them no longer, and is signed out.

    Raises AccessDenied, Refused with every finding.
    """
    desk.require(Duty.ADMINISTRATION)
    findings = Findings()
    person = Person.objects.filter(pk=number).select_related("account").first()
    if person is None or person.account is None:
        findings.error(
            "PPL-E-080",
            "number",
            "この番号の人に利用者IDはありません。",
            "先に、所属長に権限を申請してもらってください。",
        )
    else:
        if person.account.login == desk.account:
            findings.error(
                "PPL-E-081",
                "number",
                "自分の登録コードは、自分で出せません。",
                "ほかの管理者に依頼してください。",
            )
        if not person.pledges.exists():
            findings.error(
                "PPL-E-040", "number", "誓約書の記録がないため、登録コードを出せません。",
                "誓約書を提出してもらってください。",
            )  # fmt: skip
        if (
            not person.posts.filter(period__endswith__gt=desk.today).exists()
            and not person.posts.filter(period__endswith=None, period__isempty=False).exists()
        ):
            findings.error("PPL-E-038", "number", "在職していない人です。", "発令又は作業者名簿を確かめてください。")
        if person.account.password and person.account.has_usable_password() and not reason.strip():
            findings.error(
                "PPL-E-033", "reason", "理由がありません。", "パスワードやキーをやり直す理由を入力してください。"
            )
    findings.raise_if_blocking()
    assert person is not None
    assert person.account is not None
    account = person.account
    raw = random_bytes(_CODE_LENGTH)
    code = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in raw)
    hours = SETTINGS.value("enrolment_code_hours", int, on=desk.today)
    Enrolment.objects.filter(account=account, ended_at=None).update(ended_at=desk.now, password="", totp_sealed=None)
    Session.objects.filter(account=account).delete()
    SecurityKey.objects.filter(account=account).delete()
    account.set_unusable_password()
    account.totp_sealed, account.failures, account.locked_until, account.locks = None, 0, None, 0
    account.save(update_fields=["password", "totp_sealed", "failures", "locked_until", "locks"])
    expires_at = desk.now + timedelta(hours=hours)
    Enrolment.objects.bulk_create(
        [
            Enrolment(
                account=account,
                login=account.login,
                code_hash=_hashed(code),
                issued_by=desk.account,
                issued_at=desk.now,
                expires_at=expires_at,
                reason=reason[:500],
            )
        ]
    )
    desk.log(Operation.SETTINGS, target=f"account:{account.login}", act="enrolment_code", reason=reason[:200])
    return Code(account.login, person.name, "-".join(code[i : i + 4] for i in range(0, _CODE_LENGTH, 4)), expires_at)


def _hashed(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def _plain(code: str) -> str:
    """As it was issued, however it was typed: full width, small, with or without hyphens."""
    half = code.translate({0xFF01 + i: 0x21 + i for i in range(94)})
    return "".join(letter for letter in half.upper() if letter in _ALPHABET)[: _CODE_LENGTH + 1]


# -- the person -------------------------------------------------------------------------------------------------------


def begin(
    login: str,
    code: str,
    password: str,
    again: str,
    *,
    place: Place,
    clock: Clock,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> str:
    """First step: the code, and the password that the person chooses. The token of a session that enrols a second factor.

    Raises Refused with every finding. A wrong code says the same as an unknown, used or expired one, and counts as a try.
    """
    wrong = check_password_choice(login, password, again, clock)
    login = login.strip()[:40]
    token = ""
    with transaction.atomic():
        row = (
            Enrolment.objects.select_for_update(of=("self",))
            .select_related("account")
            .filter(login=login, ended_at=None, expires_at__gt=clock.now(), tries__lt=TRIES, account__is_active=True)
            .first()
        )
        fits = hmac.compare_digest(bytes(row.code_hash) if row else b"", _hashed(_plain(code)))
        desk = _desk_of(login if row else "", place, clock)
        if row is None or not fits:
            if row is not None:
                row.tries += 1
                row.save(update_fields=["tries"])
            desk.log(Operation.SIGN_IN, result=Result.REFUSED, target="enrolment", reason="code")
        elif not wrong.errors:
            row.password = make_password(password)
            secret = pyotp.random_base32()
            row.totp_sealed = sealing.seal(sign_in.totp_context(row.login), secret.encode())
            row.save(update_fields=["password", "totp_sealed"])
            Session.objects.filter(account=row.account_id, stage=Stage.ENROLMENT).delete()
            token = random_bytes(_TOKEN_BYTES).hex()
            Session.objects.create(
                key_hash=hashlib.sha256(token.encode()).digest(),
                account_id=row.account_id,
                terminal_id=place.code,
                stage=Stage.ENROLMENT,
                started_at=clock.now(),
                seen_at=clock.now(),
                confirmed_at=clock.now(),
            )
            desk.log(Operation.SIGN_IN, target="enrolment", step="code")
    if not fits:
        raise Refused(
            [
                Finding(
                    "PPL-E-082",
                    "code",
                    "利用者IDと登録コードの組合せが正しくないか、コードの期限が切れています。",
                    f"入力を確かめてください。{TRIES}回間違えたコードは使えません。管理者に新しいコードを求めてください。",
                )
            ]
        )
    wrong.raise_if_blocking()
    return token


def check_password_choice(login: str, password: str, again: str, clock: Clock) -> Findings:
    """What speaks against a password, all at once."""
    findings = Findings()
    least = SETTINGS.value("password_length", int, on=today(clock))
    if not least <= len(password) <= _PASSWORD_LENGTH_AT_MOST:
        findings.error(
            "PPL-E-083", "password", f"パスワードの長さは{least}文字から{_PASSWORD_LENGTH_AT_MOST}文字までです。",
            "長いものにしてください。いくつかの言葉を並べると覚えやすくなります。",
        )  # fmt: skip
    if login.strip() and login.strip().lower() in password.lower():
        findings.error("PPL-E-084", "password", "利用者IDが入っています。", "利用者IDと関係のないものにしてください。")
    try:
        CommonPasswordValidator().validate(password)
    except ValidationError:
        findings.error("PPL-E-085", "password", "よく使われるパスワードです。", "ほかのものにしてください。")
    if len(set(password)) < 5:
        findings.error("PPL-E-086", "password", "同じ文字の繰返しです。", "いろいろな文字を使ってください。")
    if password != again:
        findings.error("PPL-E-087", "again", "二度の入力が違います。", "同じパスワードを二度入力してください。")
    return findings


def _desk_of(login: str, place: Place, clock: Clock) -> Desk:
    return Desk(login, "", place.office, place.code, "", frozenset(), clock)


def _open_row(signed: Signed) -> Enrolment:
    """The enrolment of a session. Raises Refused when it is none, or has ended meanwhile."""
    row = None
    if signed.stage == Stage.ENROLMENT:
        row = (
            Enrolment.objects.select_for_update()
            .filter(account=signed.account_id, ended_at=None, expires_at__gt=signed.desk.now)
            .exclude(password="")
            .first()
        )
    if row is None:
        raise Refused(
            [
                Finding(
                    "PPL-E-088",
                    "enrolment",
                    "登録の手続きが終わっています。",
                    "利用者IDと登録コードの入力からやり直してください。",
                )
            ]
        )
    return row


def may_use_app(signed: Signed) -> bool:
    """Whether the profile lets this person show one-time codes of an app."""
    rules, day = policy.of(signed.desk.today), signed.desk.today
    if Factor.TOTP in rules.second_factors:
        return True
    registered = Account.objects.filter(pk=signed.account_id, substitute_until__gte=day)
    return rules.substitute_allowed and registered.exists()


def _require_app(signed: Signed) -> None:
    if not may_use_app(signed):
        raise Refused(
            [
                Finding(
                    "PPL-E-089",
                    "code",
                    "この団体では、認証アプリの確認コードを使いません。",
                    "セキュリティキーか、端末の生体認証を登録してください。",
                )
            ]
        )


def offered_secret(signed: Signed) -> tuple[str, str]:
    """The secret for an authenticator app, and its otpauth address. Raises Refused."""
    _require_app(signed)
    with transaction.atomic():
        row = _open_row(signed)
    secret = sealing.unseal(sign_in.totp_context(row.login), bytes(row.totp_sealed)).decode()
    uri = pyotp.TOTP(secret, interval=sign_in.TOTP_STEP_S).provisioning_uri(name=row.login, issuer_name=ISSUER)
    return secret, str(uri)


def finish_with_app(signed: Signed, code: str) -> None:
    """Second step with an authenticator app, which shows its first code. The account is then the person's. Raises Refused."""
    _require_app(signed)
    with transaction.atomic():
        row = _open_row(signed)
        secret = sealing.unseal(sign_in.totp_context(row.login), bytes(row.totp_sealed)).decode()
        given = "".join(code.split()).translate(str.maketrans("０１２３４５６７８９", "0123456789"))
        totp = pyotp.TOTP(secret, interval=sign_in.TOTP_STEP_S)
        if not given.isascii() or not totp.verify(given, for_time=signed.desk.now, valid_window=1):
            raise Refused(
                [
                    Finding(
                        "SIGN-E-002",
                        "code",
                        "確認コードが正しくありません。",
                        "認証アプリに今出ている6桁の数字を入力してください。",
                    )
                ]
            )
        step = int(signed.desk.now.timestamp()) // sign_in.TOTP_STEP_S + 1  # none that was shown counts again
        Account.objects.filter(pk=row.account_id).update(totp_sealed=row.totp_sealed, totp_last_step=step)
        _finish(signed, row, "totp")


def finish_with_key(signed: Signed, response: str, name: str, *, origin: str) -> None:
    """Second step with a security key or the terminal's own reader. The account is then the person's. Raises Refused."""
    with transaction.atomic():
        row = _open_row(signed)
        sign_in.enrol_key(signed, response, name, origin=origin)
        _finish(signed, row, "key")


def _finish(signed: Signed, row: Enrolment, factor: str) -> None:
    Account.objects.filter(pk=row.account_id).update(password=row.password, failures=0, locked_until=None, locks=0)
    row.password, row.totp_sealed, row.ended_at, row.is_used = "", None, signed.desk.now, True
    row.save(update_fields=["password", "totp_sealed", "ended_at", "is_used"])
    Session.objects.filter(account=row.account_id).delete()
    signed.desk.log(Operation.SETTINGS, target="enrolment", act="done", factor=factor)
