"""The register itself: reading what is known, and writing changes with everything that belongs to them.

`write` is the only place where versions of residents come into being one by one (the import loads them in bulk): events,
versions, heads, search keys and outbox rows, in the caller's transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from django.db import connection

from yakuba.core.addresses import towns
from yakuba.core.calendar import UncertainDate
from yakuba.core.characters import fold_name
from yakuba.core.findings import Finding, Refused
from yakuba.core.numbers import AddresseeNumber, HouseholdNumber
from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.rights import Task
from yakuba.platform.events.outbox import Publication, publish
from yakuba.platform.vault import store as vault

from . import filings, search_keys
from .interfaces import RECORD_CHANGED, RecordChanged
from .items import NAMES
from .models import (
    Filing,
    Household,
    Resident,
    ResidentVersion,
    SearchAddress,
    SearchName,
    Town,
    UncertainDateField,
)
from .reasons import Reason
from .rules import Cancelled, Candidate, Known, Plan, View


@lru_cache(maxsize=1)
def town() -> Town:
    """What this house is. Raises Town.DoesNotExist before the first set-up."""
    return Town.objects.get()


def is_begun() -> bool:
    """Whether this house has a town, or anybody in its register."""
    with database_roles.task(Task.INSPECTION):
        return Town.objects.exists() or Resident.objects.exists()


def population() -> int:
    """How many are registered now (現存者)."""
    with database_roles.task(Task.INSPECTION):
        return Resident.objects.filter(is_open=True).count()


@lru_cache(maxsize=4)
def town_names(code: str) -> dict[str, str]:
    """Town code (11 digits) -> name up to 町, of the municipality with this 団体コード."""
    return {row.town_code: row.name for row in towns(code)}


def current_versions(numbers: Iterable[int]) -> list[ResidentVersion]:
    """The current version of each of these persons, by 宛名番号."""
    wanted = list(numbers)
    if not wanted:
        return []
    return select_versions("r.number = ANY(%s) AND v.version_no = r.version_no ORDER BY r.number", [wanted])


def select_versions(where: str, parameters: list[Any]) -> list[ResidentVersion]:
    """Versions `v` with their heads `r`. Written out, because composing a statement of 140 columns anew costs more than
    running it."""
    statement, names, dates = _version_select()
    head = len(names)
    with connection.cursor() as cursor:
        cursor.execute(statement + where, parameters)
        rows = cursor.fetchall()
    versions, heads = [], {}
    for row in rows:
        values = list(row[:head])
        for index in dates:
            if values[index] is not None:
                values[index] = UncertainDate.from_stored(values[index])
        version = ResidentVersion.from_db("default", names, values)
        version.person = heads.setdefault(version.person_id, Resident.from_db("default", _HEAD, row[head:]))
        versions.append(version)
    return versions


_HEAD = [field.attname for field in Resident._meta.concrete_fields]


@cache
def _version_select() -> tuple[str, list[str], list[int]]:
    """The statement up to its WHERE, the attribute of each column, and which columns hold dates that may be 不詳."""
    fields = ResidentVersion._meta.concrete_fields
    columns = [f"v.{field.column}" for field in fields] + [f"r.{name}" for name in _HEAD]
    dates = [index for index, field in enumerate(fields) if isinstance(field, UncertainDateField)]
    return (
        f"SELECT {', '.join(columns)} FROM residents_version v JOIN residents_resident r ON r.number = v.person WHERE ",
        [field.attname for field in fields],
        dates,
    )


def known(version: ResidentVersion) -> Known:
    head = version.person
    return Known(head.number, head.version_no, head.is_open, version.items(), head.pending_filing, version.valid_from)


def load_view(
    filing: filings.Filing,
    desk: Desk,
    subjects: Sequence[int],
    *,
    lock: bool,
    numbers_in_vault: Mapping[int, int] | None = None,
) -> View:
    """What the rules may know for this filing. With `lock`, persons and households stay locked until commit.

    `numbers_in_vault`: place in the form -> vault id, of a filing that was taken in before; its form has no 個人番号 any more.
    """
    house = town()
    numbers = set(subjects)
    cancelled: tuple[Cancelled, ...] = ()
    cancelled_date, cancelled_kind = None, ""
    if isinstance(filing, filings.Cancellation):
        cancelled, cancelled_date, cancelled_kind = _cancelled(filing.filing)
        numbers |= {undone.person for undone in cancelled}
    households = {undone.household_before for undone in cancelled if undone.before_was_open} - {None}
    if numbers:
        named = Resident.objects.filter(number__in=numbers)
        if not filing.rejoins:
            named = named.filter(is_open=True)
        households |= set(named.values_list("household_number", flat=True))
    stated = getattr(filing, "household_number", None)
    if stated is not None:
        households.add(stated)
    if lock:
        # Always households before persons, each in order: two filings never wait for each other in a circle.
        list(
            Household.objects.select_for_update().filter(number__in=households).order_by("number").values_list("number")
        )
    heads = Resident.objects.filter(household_number__in=households, is_open=True) | Resident.objects.filter(
        number__in=numbers
    )
    heads = heads.order_by("number")
    found = list(heads.select_for_update() if lock else heads)
    persons = {version.person_id: known(version) for version in current_versions(head.number for head in found)}
    return View(
        today=desk.today,
        municipality=house.code[:5],
        channels=frozenset(house.channels),
        towns=town_names(house.code),
        municipality_name=house.prefecture + house.name,
        persons=persons,
        numbers=frozenset(numbers_in_vault if numbers_in_vault is not None else filings.stated_numbers(filing)),
        number_holders=_number_holders(filing, numbers_in_vault),
        is_review=numbers_in_vault is not None,
        candidates=_candidates(filing),
        cancelled=cancelled,
        cancelled_date=cancelled_date,
        cancelled_kind=cancelled_kind,
    )


def _candidates(filing: filings.Filing) -> tuple[Candidate, ...]:
    """Persons of the register who may be on the form already: by numbers (also former ones), by name, birth and sex."""
    found: dict[tuple[int, int], Candidate] = {}
    for index, person in enumerate(filings.entering(filing)):
        for matched, numbers in _matches(person):
            for version in current_versions(numbers):
                label = str(version.name or version.name_latin or "氏名未定")
                candidate = Candidate(version.person_id, version.person.is_open, label, matched, index)
                found.setdefault((index, version.person_id), candidate)
    return tuple(found.values())


def _number_holders(filing: filings.Filing, numbers_in_vault: Mapping[int, int] | None) -> frozenset[int]:
    """Who has or had the 個人番号 that a form about one person of the register states."""
    if filing.subjects is not filings.Subjects.PERSON or not hasattr(filing, "individual_number"):
        return frozenset()
    if numbers_in_vault is not None:
        ids = set(numbers_in_vault.values())
    else:
        found = (vault.find(number) for number in filings.stated_numbers(filing).values())
        ids = {id_ for id_ in found if id_ is not None}
    holders = ResidentVersion.objects.filter(individual_number__in=ids).values_list("person_id", flat=True)
    return frozenset(holders) if ids else frozenset()


def _matches(person: filings.NewPerson) -> Iterable[tuple[str, set[int]]]:
    versions = ResidentVersion.objects.values_list("person_id", flat=True)
    if person.resident_code is not None:
        yield "resident_code", set(versions.filter(resident_code=person.resident_code.reveal()))
    if person.individual_number is not None:
        vault_id = vault.find(person.individual_number)
        if vault_id is not None:
            yield "individual_number", set(versions.filter(individual_number=vault_id))
    if person.residence_card:
        yield "residence_card", set(versions.filter(residence_card=person.residence_card))
    if person.birth is not None and (person.name or person.name_latin):
        faces = SearchName.objects.filter(
            name=fold_name(person.name or person.name_latin), birth_from=person.birth.earliest, sex=person.sex
        )
        yield "name_birth_sex", set(faces.values_list("person", flat=True)[:20])


def _cancelled(filing_id: int) -> tuple[tuple[Cancelled, ...], Any, str]:
    filing = Filing.objects.filter(pk=filing_id, state="registered").first()
    if filing is None:
        return (), None, ""
    written = ResidentVersion.objects.filter(filing=filing_id).order_by("person", "version_no").select_related("person")
    spans: dict[int, list[ResidentVersion]] = {}
    for version in written:
        spans.setdefault(version.person_id, []).append(version)
    rows = []
    for person, versions in spans.items():
        first, last = versions[0], versions[-1]
        before = ResidentVersion.objects.filter(person=person, version_no=first.version_no - 1).first()
        rows.append(
            Cancelled(
                person,
                last.version_no,
                last.reason,
                last.effect,
                before.items() if before else None,
                before is not None and before.closing_reason is None,
                last.version_no == last.person.version_no,
            )
        )
    # From the earliest day on which one of its versions holds, the cancellation overrules it.
    return tuple(rows), min((v.valid_from for v in written), default=filing.legal_date), filing.kind


@dataclass(frozen=True, slots=True)
class Written:
    """What `write` did: 宛名番号 in the order of the changes, and the household that was formed, if any."""

    numbers: tuple[int, ...]
    household: int | None


def next_numbers(kind: type[AddresseeNumber] | type[HouseholdNumber], count: int) -> list[int]:
    """Fresh 宛名番号 or 世帯番号 with check digit. Numbers of a transaction that rolls back are never used again."""
    sequence = "residents_person_serial" if kind is AddresseeNumber else "residents_household_serial"
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s) FROM generate_series(1, %s)", [sequence, count])
        return [int(kind.from_serial(serial)) for (serial,) in cursor.fetchall()]


def take_resident_code(desk: Desk) -> str:
    """A free 住民票コード from the pool, at random, given out once. Raises Refused when the pool is empty."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE residents_code_pool SET assigned_on = %s WHERE id = (SELECT id FROM residents_code_pool"
            " WHERE assigned_on IS NULL ORDER BY shuffle LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING code",
            [desk.today],
        )
        row = cursor.fetchone()
    if row is None:
        raise Refused(
            [
                Finding(
                    "RES-E-140", "resident_code", "付番できる住民票コードの残りがありません。",
                    "機構から住民票コードの払出しを受けてから登録してください。",
                )
            ]
        )  # fmt: skip
    return str(row[0])


_TAKE_A_CODE = frozenset({Reason.CODE_REQUEST, Reason.CODE_ENTRY})


def write(
    desk: Desk, plan: Plan, *, filing: int | None = None, individual_numbers: dict[int, int] | None = None
) -> Written:
    """Write the changes of a plan. `individual_numbers`: index in the form -> vault id. Needs an open transaction."""
    changes = plan.changes
    entering = [index for index, change in enumerate(changes) if change.person is None]
    fresh = dict(zip(entering, next_numbers(AddresseeNumber, len(entering)), strict=True)) if entering else {}
    household = next_numbers(HouseholdNumber, 1)[0] if plan.new_household else None
    if household is not None:
        Household.objects.create(number=household, created_at=desk.now)

    before = {v.person_id: v for v in current_versions(c.person for c in changes if c.person is not None)}
    # One moment for the act; never before what it follows, should another act have been quicker by a breath.
    recorded_at = max([desk.now, *(version.recorded_at for version in before.values())])
    versions: list[ResidentVersion] = []
    # Whose record ends and begins again in one act was a resident all the time.
    succeeded = {c.person for c in changes if c.is_new_record and c.person in {b.person for b in changes if b is not c}}
    heads: dict[int, Resident] = {v.person_id: v.person for v in before.values()}
    publications: list[Publication] = []
    created: list[Resident] = []
    for index, change in enumerate(changes):
        number = fresh[index] if change.person is None else change.person
        items = dict(change.items)
        if items.get("household_number") is None:
            items["household_number"] = household
        effect = change.effect or change.reason.effect
        if change.entry is not None and individual_numbers and change.entry in individual_numbers:
            items["individual_number"] = individual_numbers[change.entry]
        begins = change.person is None or change.is_new_record
        if items.get("resident_code") is None and (begins or change.reason in _TAKE_A_CODE):
            items["resident_code"] = take_resident_code(desk)
        if change.person is None:
            items["record_number"] = number
        elif change.is_new_record:
            items["record_number"] = next_numbers(AddresseeNumber, 1)[0]
        previous = before.get(number)
        old = heads.get(number)
        was_open = old.is_open if old else False
        version_no = old.version_no + 1 if old else 1
        is_open = items["closing_reason"] is None if "closing_reason" in items else True
        head = old or Resident(number=number)
        head.version_no, head.household_number, head.is_open = version_no, items["household_number"], is_open
        heads[number] = head
        if old is None:
            created.append(head)
        old_items = previous.items() if previous else {}
        publications.append(
            Publication(
                RECORD_CHANGED,
                number,
                change.valid_from,
                RecordChanged(
                    filing=filing,
                    reason=change.reason.value,
                    effect=effect.value,
                    before_version=version_no - 1 or None,
                    after_version=version_no,
                    household_before=old_items.get("household_number"),
                    household_after=items["household_number"],
                    opened=is_open and not was_open and number not in succeeded,
                    closed=was_open and not is_open and number not in succeeded,
                    changed=[name for name in NAMES if old_items.get(name) != items.get(name)],
                ),
            )
        )
        before[number] = version = ResidentVersion(
            person_id=number,
            version_no=version_no,
            filing=filing,
            reason=change.reason.value,
            effect=effect.value,
            cancels=change.cancels,
            valid_from=change.valid_from,
            recorded_at=recorded_at,
            **items,
        )
        versions.append(version)
    events = publish(desk, publications)
    for version, event in zip(versions, events, strict=True):
        version.event_id = event.pk
    Resident.objects.bulk_create(created)
    Resident.objects.bulk_update(
        [head for head in heads.values() if head not in created], ["version_no", "household_number", "is_open"]
    )
    ResidentVersion.objects.bulk_create(versions)
    rebuild_search(heads)
    return Written(tuple(version.person_id for version in versions), household)


def rebuild_search(numbers: Iterable[int]) -> None:
    """Make the search keys of these persons anew from all their versions."""
    wanted = list(numbers)
    SearchName.objects.filter(person__in=wanted).delete()
    SearchAddress.objects.filter(person__in=wanted).delete()
    names: dict[tuple[Any, ...], SearchName] = {}
    addresses: dict[tuple[int, str], SearchAddress] = {}
    versions = select_versions("r.number = ANY(%s) ORDER BY v.person, v.version_no", [wanted])
    for version in versions:
        is_current = version.version_no == version.person.version_no
        is_open = version.person.is_open
        items = version.items()
        for name, kana in search_keys.faces(items):
            key = (version.person_id, name, kana, version.birth.earliest, version.birth.latest, version.sex)
            names[key] = SearchName(
                person=version.person_id,
                is_current=is_current,
                is_open=is_open,
                name=name,
                kana=kana,
                grams=search_keys.grams(name, kana),
                birth_from=version.birth.earliest,
                birth_to=version.birth.latest,
                sex=version.sex,
            )
        address = search_keys.address(items)
        addresses[(version.person_id, address)] = SearchAddress(
            person=version.person_id,
            is_current=is_current,
            is_open=is_open,
            town_code=version.address_code or "",
            address=address,
        )
    for rows in (names.values(), addresses.values()):
        places = Counter[int]()
        for row in rows:
            places[row.person] += 1
            row.place = places[row.person]
    SearchName.objects.bulk_create(names.values())
    SearchAddress.objects.bulk_create(addresses.values())


def put_numbers(filing: filings.Filing, desk: Desk) -> dict[str, int]:
    """Put the 個人番号 of a form into the vault: place in the form -> vault id."""
    stated = filings.stated_numbers(filing)
    ids = vault.put(list(stated.values()), desk.now)
    return dict(zip(map(str, stated), ids, strict=True))
