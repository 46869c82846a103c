"""Seals in a working day: registrations at the counter and by letter, certificates, stops, losses, changes, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from django.db import connection

from yakuba.core.findings import Refused
from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Purpose
from yakuba.platform.access.rights import Task
from yakuba.systems.residents import interfaces as residents
from yakuba.systems.seals import certificates, services

from . import seal_pictures, seals
from .forms import Forms
from .town_people import Home, TownPeople, age

PER_TOWN = {
    "register": 14,
    "by_letter": 4,
    "certify": 30,
    "stop_and_go_on": 3,
    "abolish": 3,
    "lose_card": 2,
    "change": 2,
}
"""How often in a town of 20,000, each at least once."""
_OVERTAKEN = {"SEAL-E-080", "SEAL-E-081", "SEAL-E-082", "SEAL-E-083", "SEAL-E-084", "SEAL-E-086"}
"""A holder of the day may be leaving, or have another name, by a filing of the same day."""
Breach = Callable[..., None]
Expect = Callable[[str, set[str], Callable[[], object]], None]


class _Scale(Protocol):
    def __call__(self, per_town: int, /) -> int: ...


class SealDay:
    """Acts about seals, for `day` to mix among its own. `counts` is what was done."""

    def __init__(
        self, seed: int, rng: np.random.Generator, forms: Forms, people: TownPeople, clerk: Desk, reviewer: Desk,
        issuer: Desk, breach: Breach, expect: Expect,
    ) -> None:  # fmt: skip
        self.seed, self.rng, self.forms, self.people = seed, rng, forms, people
        self.clerk, self.reviewer = (desk.for_purpose(Purpose.SEALS) for desk in (clerk, reviewer))
        self.issuer = issuer.for_purpose(Purpose.CERTIFICATE)
        self._breach, self._expect = breach, expect
        self.counts: dict[str, int] = {}
        self.certificates = 0

    def acts(self, scale: _Scale) -> Iterator[Callable[[], None]]:
        """What happens, in no order."""
        for name, per_town in PER_TOWN.items():
            yield from [getattr(self, f"_{name}")] * scale(per_town)
        yield from (self._wrong_seals, self._wrong_certificates)

    def _did(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    # -- registering -------------------------------------------------------------------------------------------------------

    def _newcomer(self) -> residents.RegisteredPerson | None:
        """Somebody of age in an unused household who has no seal."""

        def fits(home: Home) -> bool:
            head = home.head
            return not head.adult_ward and age(head, self.people.today) > 20 and not self._has_seal(head.person_id)

        home = self.people.take(fits)
        if home is None:
            return None
        with database_roles.task(Task.INSPECTION):
            return residents.persons([home.head.person_id])[home.head.person_id]

    def _has_seal(self, number: int) -> bool:
        return bool(self._ask("SELECT 1 FROM seals_registration WHERE person = %s AND ended_on IS NULL", number))

    def _ask(self, statement: str, *values: object) -> list[Any]:
        with database_roles.task(Task.INSPECTION), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def _form(self, person: residents.RegisteredPerson, **more: Any) -> dict[str, Any]:
        return {
            "key": self.forms.key(),
            "person": person.number,
            "engraving_text": seals.text_for(person, 0.5),
            "material": "1",
            "applicant_kind": "1",
            "applicant_name": person.label,
            "identity_method": "1",
            "identity_documents": ["driving-licence"],
            **more,
        }

    def _scan(self, text: str, **more: Any) -> bytes:
        return seal_pictures.draw(text, int(self.rng.integers(2**31)), dpi=seals.SCAN_DPI, **more)

    def _apply(self, form: dict[str, Any]) -> services.Receipt:
        """As a clerk does: what is only asked about is looked at and confirmed; too like another one, another seal is brought."""
        for _ in range(8):
            scan = self._scan(form["engraving_text"])
            try:
                return services.apply(self.clerk, form, scan)
            except Refused as refusal:
                found = {finding.code for finding in refusal.findings}
                if found == {"SEAL-W-039"}:
                    return services.apply(self.clerk, form | {"confirmed": ["SEAL-W-039"]}, scan)
                if found != {"SEAL-E-038"}:
                    raise
        raise RuntimeError("no seal unlike all others could be drawn")

    def _approve(self, application: int) -> services.Registered:
        self._expect("自分の受付の審査", {"ACC-E-001"}, lambda: services.approve(self.clerk, application))
        return services.approve(self.reviewer, application)

    def _register(self) -> None:
        person = self._newcomer()
        if person is None:
            return
        receipt = self._apply(self._form(person))
        if self.rng.random() < 0.1:
            services.send_back(self.reviewer, receipt.application, "印影が不鮮明です。")
            self._did("returned")
            return
        registered = self._approve(receipt.application)
        self._did("registered")
        issued = certificates.issue(self.issuer, self._request(registered.card, person.birth.stored, person.label))
        self.certificates += 1
        if issued.person != person.number:
            self._breach("seal-of-another", f"登録証{registered.card:08d}の証明書が別の方のものです。")

    def _by_letter(self) -> None:
        person = self._newcomer()
        if person is None:
            return
        form = self._form(
            person, applicant_kind="2", applicant_name="見本　代理", attorney_letter="1", identity_method="3",
            identity_documents=[],
        )  # fmt: skip
        receipt = self._apply(form)
        certificates.inquiry_letter(self.clerk, receipt.application)
        self._did("inquired")
        answer = {"answered_on": self.people.today.isoformat(), "identity_documents": ["passport"], "seal_matches": "1"}
        self._expect(
            "照合のない回答", {"SEAL-E-052"},
            lambda: services.record_answer(self.clerk, receipt.application, answer | {"seal_matches": ""}),
        )  # fmt: skip
        if self.rng.random() < 0.5:
            services.record_answer(self.clerk, receipt.application, answer)
            self._approve(receipt.application)
            self._did("registered")

    def _change(self) -> None:
        """改印: the surname's seal gives way to one with the whole name."""
        holder = self._holder()
        if holder is None:
            return
        number, _card = holder
        with database_roles.task(Task.INSPECTION):
            person = residents.persons([number])[number]
        text = "".join((person.name or person.name_latin).replace("　", " ").split())
        try:
            receipt = self._apply(self._form(person, engraving_text=text, replaces="1"))
            self._approve(receipt.application)
        except Refused as refusal:
            self._unless_overtaken(refusal, {"SEAL-E-043", "SEAL-E-044", "SEAL-E-022"})
        else:
            self._did("changed")

    # -- holders -------------------------------------------------------------------------------------------------------------

    def _holder(self) -> tuple[int, int] | None:
        """宛名番号 and card of somebody who has both."""
        rows = self._ask(
            "SELECT r.person, c.number FROM seals_registration r JOIN seals_card c ON c.registration_id = r.number"
            " JOIN residents_resident p ON p.number = r.person"
            " WHERE c.state = 'valid' AND r.ended_on IS NULL AND r.stopped_on IS NULL AND p.is_open"
            " AND p.pending_filing IS NULL"
            " ORDER BY hashint8extended(r.person, %s) LIMIT 1",
            int(self.rng.integers(2**31)),
        )
        return tuple(rows[0]) if rows else None

    def _request(self, card: int, birth: str, name: str, **more: Any) -> certificates.CertificateRequest:
        return certificates.parse(
            {
                "key": self.forms.key(), "card_number": card, "shown": "card", "holder_birth": birth,
                "requester_kind": "1", "requester_name": name, **more,
            }
        )  # fmt: skip

    def _unless_overtaken(self, refusal: Refused, overtaken: set[str]) -> None:
        if not {finding.code for finding in refusal.findings} <= overtaken:
            raise refusal

    def _certify(self) -> None:
        holder = self._holder()
        if holder is None:
            return
        number, card = holder
        with database_roles.task(Task.INSPECTION):
            person = residents.persons([number])[number]
        request = self._request(card, person.birth.stored, person.label)
        try:
            if self.rng.random() < 0.2:
                certificates.preview(self.issuer, request)
            issued = certificates.issue(self.issuer, request)
        except Refused as refusal:
            self._unless_overtaken(refusal, _OVERTAKEN)
            return
        self.certificates += 1
        if self.rng.random() < 0.2:
            again = certificates.issue(self.issuer, request)
            if (again.number, again.pdf) != (issued.number, issued.pdf):
                self._breach("paper-twice", f"同じ請求の証明書{issued.number}が二通りになりました。")

    def _refused_now(self, what: str, code: str, card: int, number: int) -> None:
        with database_roles.task(Task.INSPECTION):
            person = residents.persons([number])[number]
        request = self._request(card, person.birth.stored, person.label)
        self._expect(what, {code}, lambda: certificates.issue(self.issuer, request))

    def _stop_and_go_on(self) -> None:
        holder = self._holder()
        if holder is None:
            return
        number, card = holder
        services.stop(self.clerk, number, "1", "本人の申出")
        self._refused_now("発行停止中の証明書", "SEAL-E-082", card, number)
        services.release(self.reviewer, number, "本人の申出")
        self._did("stopped")

    def _holder_form(self, number: int, **more: Any) -> dict[str, Any]:
        return {
            "person": number, "applicant_kind": "1", "applicant_name": "見本　届出", "identity_documents": ["passport"], **more,
        }  # fmt: skip

    def _abolish(self) -> None:
        holder = self._holder()
        if holder is None:
            return
        number, card = holder
        services.abolish(self.clerk, self._holder_form(number, reason="01", card_returned="1"))
        self._refused_now("廃止した登録の証明書", "SEAL-E-080", card, number)
        self._did("abolished")

    def _lose_card(self) -> None:
        holder = self._holder()
        if holder is None:
            return
        number, card = holder
        services.report_card_loss(self.clerk, self._holder_form(number))
        self._refused_now("亡失した登録証の証明書", "SEAL-E-080", card, number)
        self._did("abolished")

    # -- what is refused -------------------------------------------------------------------------------------------------------

    def _wrong_seals(self) -> None:
        person = self._newcomer()
        if person is None:
            return
        form = self._form(person)
        text = form["engraving_text"]
        wrong: list[tuple[str, set[str], dict[str, Any], bytes]] = [
            ("小さすぎる印鑑", {"SEAL-E-030"}, {}, self._scan(text, side_mm=7.5)),
            ("大きすぎる印鑑", {"SEAL-E-031"}, {}, self._scan(text, side_mm=26.0)),
            ("氏名でない印鑑", {"SEAL-E-022"}, {"engraving_text": "代表取締役"}, self._scan("見本", side_mm=11.1)),
            ("ゴム印", {"SEAL-E-024"}, {"material": "8"}, self._scan(text)),
            ("写真のない本人確認", {"SEAL-E-015"}, {"identity_documents": ["pension-book"]}, self._scan(text)),
            ("委任状のない代理人", {"SEAL-E-013", "SEAL-E-014"}, {"applicant_kind": "2"}, self._scan(text)),
            ("画像でないファイル", {"SEAL-E-032"}, {}, b"seal"),
        ]
        for what, expected, more, scan in wrong:
            changed = form | more | {"key": self.forms.key(), "confirmed": ["SEAL-W-039"]}
            self._expect(what, expected, lambda changed=changed, scan=scan: services.apply(self.clerk, changed, scan))  # type: ignore[misc]

    def _wrong_certificates(self) -> None:
        holder = self._holder()
        if holder is None:
            return
        _number, card = holder
        self._expect("登録証の番号の誤り", {"SEAL-E-070"}, lambda: self._request(card + 1, "1980-01-01", "見本"))
        agent = {"requester_kind": "2", "shown": "number", "identity_documents": ["passport"]}
        self._expect(
            "代理人への番号だけの交付", {"SEAL-E-077", "SEAL-E-074"},
            lambda: certificates.issue(self.issuer, self._request(card, "1880-01-01", "見本　代理", **agent)),
        )  # fmt: skip
