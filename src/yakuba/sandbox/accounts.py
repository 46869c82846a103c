"""The sandbox's staff: people who do not exist, with passwords and one-time codes made at set-up.

They stand in `secrets/sandbox-accounts.json` of the data folder (0600), so that `./yakuba` can show them. A real house has no
such file: its people choose their passwords themselves.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyotp
from django.conf import settings
from django.contrib.auth.hashers import make_password

from yakuba.core.calendar.fiscal import fiscal_year_of, fiscal_year_start
from yakuba.nodes.paths import write_privately
from yakuba.platform.access.desk import system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, DutyAssignment, Office, Terminal
from yakuba.platform.access.sign_in import TOTP_STEP_S, totp_context
from yakuba.platform.clock import Clock, SystemClock, midnight, today
from yakuba.platform.people import grants, records
from yakuba.platform.people.affairs import affairs
from yakuba.platform.people.models import Employment, OfficeAffair, Person, Training
from yakuba.platform.vault import sealing


@dataclass(frozen=True, slots=True)
class Sample:
    login: str
    name: str
    duties: tuple[Duty, ...]

    @property
    def duty(self) -> str:
        """The duties in words."""
        return "・".join(duty.label for duty in self.duties)


_COUNTER = (Duty.INQUIRY, Duty.REGISTRATION, Duty.CERTIFICATE)
SAMPLES = (
    Sample("madoguchi1", "見本　まどか", _COUNTER),
    Sample("madoguchi2", "見本　みどり", _COUNTER),
    Sample("shinsa1", "見本　さとし", (Duty.INQUIRY, Duty.REVIEW, Duty.REGISTRATION, Duty.INDIVIDUAL_NUMBER)),
    Sample("shomei1", "見本　あかり", (Duty.INQUIRY, Duty.CERTIFICATE)),
    Sample("kansa1", "見本　ただし", (Duty.AUDIT,)),
    Sample("kanri1", "見本　おさむ", (Duty.ADMINISTRATION, Duty.BULK)),
    Sample("kacho1", "見本　かなめ", (Duty.APPROVAL, Duty.INQUIRY)),
    Sample("joho1", "見本　じょう", (Duty.INFORMATION_MANAGEMENT,)),
    Sample("jinji1", "見本　ひとみ", (Duty.PERSONNEL,)),
    Sample("anzen1", "見本　まもる", (Duty.SECURITY,)),
    Sample("hogo1", "見本　のぞみ", (Duty.INQUIRY, Duty.PROTECTION)),
    Sample("kaijo1", "見本　ゆるす", (Duty.INQUIRY, Duty.PROTECTION_RELEASE)),
    Sample("renkei1", "見本　つなぐ", (Duty.LINKAGE,)),
    Sample("juju1", "見本　わたる", (Duty.HANDOVER, Duty.BULK)),
    Sample("hozon1", "見本　たもつ", (Duty.RETENTION,)),
    Sample("kaiji1", "見本　ひらく", (Duty.INQUIRY, Duty.DISCLOSURE, Duty.INDIVIDUAL_NUMBER)),
    Sample("tokei1", "見本　かずえ", (Duty.STATISTICS,)),
)


def _file() -> Path:
    return Path(settings.DATA) / "secrets" / "sandbox-accounts.json"


def create_all(clock: Clock) -> None:
    """Make the office, the terminal and the accounts that are missing. Passwords of those that exist stay as they are.

    An account whose secrets were lost (no file, other database) gets new ones.
    """
    known = _read()
    with system_desk("sandbox", {Duty.ADMINISTRATION}, clock).acting(Duty.ADMINISTRATION):
        office, _ = Office.objects.get_or_create(code="100", defaults={"name": "市民課"})
        Terminal.objects.get_or_create(
            code="T01",
            defaults={"name": "窓口1番", "office": office, "network": "127.0.0.0/8", "printer": "P01"},
        )
        for sample in SAMPLES:
            account = Account.objects.filter(login=sample.login).first()
            if account is None:
                account = Account.objects.create(login=sample.login, name=sample.name, office=office)
                known.pop(sample.login, None)
            account.substitute_until, account.substitute_reason = date.max, "練習用の利用者（見本）はキーを持たない"
            if sample.login not in known:
                known[sample.login] = {"password": secrets.token_urlsafe(9), "totp": pyotp.random_base32()}
                account.password = make_password(known[sample.login]["password"])
                account.totp_sealed = sealing.seal(totp_context(sample.login), known[sample.login]["totp"].encode())
            account.save(update_fields=["password", "totp_sealed", "substitute_until", "substitute_reason"])
            held = set(DutyAssignment.objects.filter(account=account).values_list("duty", flat=True))
            DutyAssignment.objects.bulk_create(
                DutyAssignment(
                    account=account,
                    duty=duty,
                    period=(midnight(_start(clock)), None),
                    office=office,
                    changed_by="system:sandbox",
                    reason="見本",
                    changed_at=clock.now(),
                )
                for duty in sample.duties
                if duty not in held
            )
        _file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_privately(_file(), json.dumps(known, ensure_ascii=False, indent=1))
    _employ(clock)


def _employ(clock: Clock) -> None:
    """A post, a pledge and this fiscal year's training for each account that has none, as the personnel section records them."""
    desk = system_desk("sandbox", {Duty.PERSONNEL, Duty.INFORMATION_MANAGEMENT, Duty.ADMINISTRATION}, clock)
    start = _start(clock)
    with desk.acting(Duty.ADMINISTRATION):
        taken = set(OfficeAffair.objects.filter(office="100").values_list("affair", flat=True))
    for affair in sorted(set(affairs()) - taken):
        grants.take_on(desk, "100", affair, start)
    trained_on = max(start, fiscal_year_start(fiscal_year_of(today(clock))))
    for serial, sample in enumerate(SAMPLES, start=1):
        number = f"見本{serial:03d}"
        with desk.acting(Duty.INFORMATION_MANAGEMENT):
            account = Account.objects.only("id", "office_id").get(login=sample.login)
            is_new = not Person.objects.filter(number=number).exists()
            is_trained = Training.objects.filter(person=number, counts__contains=today(clock)).exists()
        if is_new:
            records.engage(
                desk, records.Engagement(number, sample.name, Employment.REGULAR, account.office_id, start=start)
            )
            records.record_pledge(desk, number, start)
            with desk.acting(Duty.INFORMATION_MANAGEMENT):
                Person.objects.filter(number=number).update(account=account)
        if not is_trained:
            records.record_training(desk, [number], "見本の研修", trained_on)


def _start(clock: Clock) -> date:
    """Duties begin with the year, so that a rehearsal may look back a little."""
    return date(today(clock).year, 1, 1)


def accounts(clock: Clock | None = None) -> list[dict[str, Any]]:
    """Login, name, duty, password and the present one-time code of each; empty before `create_all`."""
    now = (clock or SystemClock()).now()
    known = _read()
    return [
        {
            "login": sample.login,
            "name": sample.name,
            "duty": sample.duty,
            "password": known[sample.login]["password"],
            "one_time_code": pyotp.TOTP(known[sample.login]["totp"], interval=TOTP_STEP_S).at(now),
        }
        for sample in SAMPLES
        if sample.login in known
    ]


def _read() -> dict[str, dict[str, str]]:
    try:
        stored: dict[str, dict[str, str]] = json.loads(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return stored
