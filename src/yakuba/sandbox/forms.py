"""Forms of the day, right ones: what a clerk would send for each kind of filing. Nothing here touches the database."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import numpy as np

from yakuba.core.addresses import Municipality, towns
from yakuba.systems.residents.models import ResidentVersion
from yakuba.systems.residents.reasons import Channel, Notifier, Sex

from .newcomers import Newcomers
from .town_people import HOUSEHOLDER, Home

Form = dict[str, Any]
_PHOTO = ("individual-number-card", "driving-licence", "passport")
_NO_PHOTO = ("insurance-eligibility-certificate", "pension-book")


class Forms:
    """Writes forms. Dates lie around `today`; the seed of `rng` decides the rest."""

    def __init__(self, home: Municipality, rng: np.random.Generator, today: date, newcomers: Newcomers) -> None:
        self.rng = rng
        self.today = today
        self.newcomers = newcomers
        self._towns = [town for town in towns(home.code) if town.name]

    # -- parts --------------------------------------------------------------------------------------------------------

    def key(self) -> str:
        return str(uuid.UUID(bytes=self.rng.bytes(16), version=4))

    def day(self, first: int, last: int) -> str:
        """A day from `first` to `last` days after today."""
        return (self.today + timedelta(days=int(self.rng.integers(first, last + 1)))).isoformat()

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def in_town(self) -> Form:
        town = self._towns[int(self.rng.integers(len(self._towns)))]
        katagaki = f"メゾン見本{int(self.rng.integers(101, 999))}号室" if self.chance(0.4) else ""
        return {
            "code": town.town_code,
            "postal": town.postal_codes[0],
            "banchi": self.newcomers.banchi(),
            "katagaki": katagaki.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        }

    def notification(self, name: str, **more: Any) -> Form:
        """What every 届出 states. Now and then an agent with a letter, two papers without photograph, or by post."""
        form: Form = {
            "key": self.key(),
            "channel": Channel.COUNTER.value,
            "notified_on": self.today.isoformat(),
            "notifier_kind": Notifier.HOUSEHOLDER.value,
            "notifier_name": name,
            "identity_documents": [_PHOTO[int(self.rng.integers(len(_PHOTO)))]],
            "opened_on": self.today.isoformat(),
        }
        if self.chance(0.08):
            form |= {"notifier_kind": Notifier.AGENT.value, "notifier_name": "見本　代理", "attorney_letter": True}
        if self.chance(0.08):
            form["identity_documents"] = list(_NO_PHOTO)
        return form | more

    # -- those who come -----------------------------------------------------------------------------------------------

    def move_in(self, **more: Any) -> Form:
        persons = self.newcomers.family()
        return self.notification(
            persons[0]["name"],
            moved_on=self.day(-13, 0),
            address=self.in_town(),
            previous=self.newcomers.place(),
            previous_householder=persons[0]["name"],
            persons=persons,
        ) | more  # fmt: skip

    def move_in_joining(self, home: Home) -> Form:
        (person,) = self.newcomers.family(largest=1)
        person |= {"relationship": "縁故者" if self.chance(0.5) else "同居人"}
        return self.move_in(
            persons=[person], household_number=home.number, address=address_of(home.head),
            notifier_name=label(home.head),
        )  # fmt: skip

    def move_in_from_abroad(self, *, foreign: bool) -> Form:
        persons = self.newcomers.family(foreign=foreign, registered=False)
        name = persons[0].get("name") or persons[0]["name_latin"]
        return self.move_in(
            persons=persons, previous=self.newcomers.country(), previous_householder="", from_abroad=True,
            notifier_name=name,
        )  # fmt: skip

    def move_in_foreign(self) -> Form:
        persons = self.newcomers.family(foreign=True)
        name = persons[0].get("name") or persons[0]["name_latin"]
        return self.move_in(persons=persons, previous_householder=name, notifier_name=name)

    def move_in_again(self, former: ResidentVersion) -> Form:
        """再転入 from the closed record."""
        person = {
            "former_number": former.person_id,
            "name": former.name,
            "name_kana": former.name_kana,
            "birth": former.birth.latest.isoformat(),
            "sex": former.sex,
            "relationship": HOUSEHOLDER,
            "domicile": {"town": former.domicile_town, "banchi": former.domicile_banchi},
            "register_head": former.register_head,
        }
        return self.move_in(persons=[person], previous_householder=former.name, notifier_name=former.name)

    def birth(self, home: Home) -> Form:
        sex = Sex.MALE if self.chance(0.51) else Sex.FEMALE
        given, kana = self.newcomers.given_name(int(sex.value))
        head = home.head
        child: Form = {
            "birth": self.day(-12, 0),
            "sex": sex.value,
            "relationship": "子",
            "domicile": {"town": head.domicile_town, "banchi": head.domicile_banchi},
            "register_head": head.register_head,
        }
        if not self.chance(0.1):  # some aren't named yet
            surname, surname_kana = head.name.partition("　")[0], head.name_kana.partition("　")[0]
            child |= {"name": f"{surname}　{given}", "name_kana": f"{surname_kana}　{kana}"}
        return self.notification(label(head), household_number=home.number, child=child)

    # -- those who move about -----------------------------------------------------------------------------------------

    def move_within(self, home: Home, movers: list[int], **more: Any) -> Form:
        return self.notification(
            label(home.head), moved_on=self.day(-13, 0), persons=movers, address=self.in_town(), seen=seen(home)
        ) | more  # fmt: skip

    def move_within_joining(self, home: Home, other: Home) -> Form:
        return self.move_within(
            home, home.numbers, household_number=other.number, address=address_of(other.head),
            relationships={f"{number:015d}": "同居人" for number in home.numbers},
        )  # fmt: skip

    def householder_change(self, home: Home) -> Form:
        assert home.spouse is not None
        return self.notification(
            label(home.spouse), changed_on=self.day(-10, 0), household_number=home.number,
            householder_after=home.spouse.person_id, relationships=under_spouse(home, without_head=False),
            seen=seen(home),
        )  # fmt: skip

    # -- those who leave ----------------------------------------------------------------------------------------------

    def move_out(self, home: Home, movers: list[int], planned_on: str, **more: Any) -> Form:
        return self.notification(
            label(home.head), planned_on=planned_on, persons=movers, destination=self.newcomers.place(), seen=seen(home)
        ) | more  # fmt: skip

    def move_out_abroad(self, home: Home) -> Form:
        return self.move_out(
            home, home.numbers, self.day(-3, 0), destination=self.newcomers.country(), abroad=True
        )  # fmt: skip

    def move_out_of_head(self, home: Home) -> Form:
        assert home.spouse is not None
        return self.move_out(
            home, [home.head.person_id], self.day(-5, 0), householder_after=home.spouse.person_id,
            relationships=under_spouse(home, without_head=True),
        )  # fmt: skip

    def death(self, home: Home, dead: ResidentVersion, died_on: str) -> Form:
        """Of anybody; when the householder of two or more others dies, the spouse becomes householder."""
        form = self.notification("見本　親族", person=dead.person_id, died_on=died_on, seen=seen(home))
        if dead is home.head and len(home.members) > 2:
            assert home.spouse is not None
            form |= {
                "householder_after": home.spouse.person_id,
                "relationships": under_spouse(home, without_head=True),
            }
        return form

    def cancellation(self, filing: int) -> Form:
        return {"key": self.key(), "filing": filing, "ground": "届出人の申出により誤りと確認したため"}


def label(version: ResidentVersion) -> str:
    return str(version.name or version.name_latin)


def address_of(version: ResidentVersion) -> Form:
    return {
        "code": version.address_code,
        "postal": version.address_postal,
        "banchi": version.address_banchi,
        "katagaki": version.address_katagaki or "",
    }


def seen(home: Home) -> dict[str, int]:
    """The versions on the clerk's screen."""
    return {str(member.person_id): member.version_no for member in home.members}


def under_spouse(home: Home, *, without_head: bool) -> dict[str, str]:
    """続柄 of a family's members as seen from the spouse."""
    assert home.spouse is not None
    rows = {}
    for member in home.others if without_head else home.members:
        if member is home.spouse:
            continue
        if member is home.head:
            rows[f"{member.person_id:015d}"] = "夫" if member.sex == Sex.MALE else "妻"
        else:
            rows[f"{member.person_id:015d}"] = "子"
    return rows
