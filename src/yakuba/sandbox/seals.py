"""Seals of synthetic people: who of a town has one, what it says, how it is cut. All of it follows from seed and 宛名番号.

The first ones are drawn while the town is built, so that its first day has holders; all others when somebody asks for them
(`./yakuba sandbox seals`): drawing takes longer than everything else of a town.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
from django.db import connection

from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.access.rights import Task
from yakuba.platform.clock import Clock, today
from yakuba.systems.residents import interfaces as residents
from yakuba.systems.seals import imprints, rules
from yakuba.systems.seals.loading import FormerSeal, load
from yakuba.systems.seals.models import SealApplication
from yakuba.systems.seals.register import names_of

from . import seal_pictures

SHARE = 0.6
"""Of residents of 18 years and more who have a seal registered."""
FIRST = 200
"""Drawn before the house opens."""
CHUNK = 100
_DESK = "sandbox"
_ACCOUNT = f"system:{_DESK}"
Report = Callable[[int, int], None]
SCAN_DPI = 200
_MAX_TRIES = 40
_ADULT = 18


def draw(seed: int, clock: Clock, most: int | None = None, report: Report | None = None) -> int:
    """Register seals of holders-to-be until `most` were loaded in all (None: everybody's). How many were registered now."""
    day = today(clock)
    holders = _holders(seed, day)
    if most is not None:
        holders = holders[: max(0, most - _loaded())]
    made = 0
    for first in range(0, len(holders), CHUNK):
        made += _load(clock, seed, holders[first : first + CHUNK], day)
        if report:
            report(made, len(holders))
    return made


def _loaded() -> int:
    with database_roles.task(Task.INSPECTION):
        return SealApplication.objects.filter(account=_ACCOUNT).count()


def _holders(seed: int, day: date) -> list[int]:
    """宛名番号 of the residents who are to have a seal and never had one, in an order of chance."""
    born_by = day.replace(year=day.year - _ADULT) - timedelta(days=1)
    with database_roles.task(Task.INSPECTION), connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.number FROM residents_resident r"
            " JOIN residents_version v ON v.person = r.number AND v.version_no = r.version_no"
            " WHERE r.is_open AND v.birth <= %(born)s AND length(v.birth) = 10"
            " AND coalesce(v.name, v.name_latin) IS NOT NULL AND NOT coalesce(v.adult_ward, false)"
            " AND NOT coalesce(v.issue_prohibited, false) AND v.processing_stopped_on IS NULL"
            " AND abs(hashint8extended(r.number, %(seed)s) %% 1000) < %(share)s"
            " AND NOT EXISTS (SELECT FROM seals_registration s WHERE s.person = r.number)"
            " ORDER BY hashint8extended(r.number, %(seed)s + 1)",
            {"born": born_by.isoformat(), "seed": seed, "share": round(SHARE * 1000)},
        )
        return [number for (number,) in cursor.fetchall()]


def _load(clock: Clock, seed: int, numbers: list[int], day: date) -> int:
    with database_roles.task(Task.INSPECTION):
        people = residents.persons(numbers)
        taken = _taken()
    seals = [_seal(seed, people[number], day, taken) for number in numbers if number in people]
    return load(system_desk(_DESK, {Duty.BULK}, clock), seals)


def _taken() -> dict[str, list[str]]:
    """Text -> fingerprints of the seals that hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.engraving_key, i.fingerprint::text FROM seals_registration r"
            " JOIN seals_imprint i ON i.id = r.imprint_id WHERE r.ended_on IS NULL"
        )
        taken: dict[str, list[str]] = {}
        for key, print_ in cursor.fetchall():
            taken.setdefault(key, []).append(print_)
    return taken


def text_for(person: residents.RegisteredPerson, chance: float) -> str:
    """What a person's seal says, by a number from 0 to 1: mostly the surname, of women now and then the given name."""
    words = (person.name or person.name_latin).replace("　", " ").split()
    if not person.name:
        return words[0]
    if len(words) > 1 and chance < 0.12:
        return words[1]
    return "".join(words) if chance > 0.85 else words[0]


def _seal(seed: int, person: residents.RegisteredPerson, day: date, taken: dict[str, list[str]]) -> FormerSeal:
    rng = np.random.default_rng([seed, person.number])
    text = text_for(person, float(rng.random()))
    reading = rules.read_engraving(text, names_of(person), ())
    assert reading is not None, "a seal says a name of its holder"
    others = taken.setdefault(rules.engraving_key(text), [])
    for _ in range(_MAX_TRIES):
        picture = seal_pictures.draw(text, int(rng.integers(2**31)), dpi=SCAN_DPI, noise=0.0, fine=2)
        imprint, _findings = imprints.measure(picture)
        assert imprint is not None, "our own drawing can be measured"
        # Well apart: a seal pressed askew is still nobody else's.
        if all(imprints.distance(imprint.fingerprint, other) > 2 * 36 for other in others):
            break
    others.append(imprint.fingerprint)
    return FormerSeal(
        key=uuid.uuid5(uuid.NAMESPACE_OID, f"seal:{seed}:{person.number}"),
        person=person.number,
        version_no=person.version_no,
        picture=picture,
        engraving_text=text,
        engraving_kind=reading.kind.value,
        material=str(int(rng.integers(1, 6))),
        applicant_name=person.label,
        registered_on=max(date(2019, 7, 1), day - timedelta(days=int(rng.integers(30, 2500)))),
        office="100",
    )
