"""Random histories of a small register in memory: the rules alone, without a database, and what must hold after each act.

Each step draws a kind, a form for it (right or wrong) and plans it. A plan without errors is written as `register.write`
writes it; a refused one must leave no trace. `Register.broken` says what then does not hold.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np

from yakuba.core.addresses import towns
from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.codes import CodeList
from yakuba.core.numbers import IndividualNumber, ResidentCode
from yakuba.systems.residents import filings, rules
from yakuba.systems.residents.filing_table import NOBODY, TABLE, refusal
from yakuba.systems.residents.filings import KINDS, Subjects
from yakuba.systems.residents.items import ITEMS, Subject
from yakuba.systems.residents.planning import HOUSEHOLDER, Cancelled, Items, Known, Plan, View, householder_name
from yakuba.systems.residents.reasons import Effect, Reason, ResidentKind, Status

Form = dict[str, Any]
TOWN = "272230"
FIRST_DAY = date(2026, 4, 1)
_GIVEN = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十")
_RELATIONSHIPS = ("妻", "夫", "子", "父", "母", "縁故者", "同居人", HOUSEHOLDER)
_FOREIGN_ONLY = tuple(item.name for item in ITEMS if item.subject is Subject.FOREIGN)
_JAPANESE_ONLY = tuple(item.name for item in ITEMS if item.subject is Subject.JAPANESE)
_TAKE_A_CODE = frozenset({Reason.CODE_REQUEST, Reason.CODE_ENTRY})
_WITHOUT_GROUND = frozenset({Reason.CANCEL_ENTRY, Reason.CLOSED_TO_RECREATE, Reason.CLOSED_TO_REPRODUCE})


@cache
def _towns() -> dict[str, str]:
    return {row.town_code: row.name for row in towns(TOWN) if row.name}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record, as the register keeps it."""

    person: int
    number: int  # 履歴番号
    filing: int
    reason: Reason
    effect: Effect
    valid_from: date
    items: Items

    @property
    def is_open(self) -> bool:
        return self.items.get("closing_reason") is None


@dataclass(slots=True)
class Register:
    """A register in memory. Versions are only ever added."""

    history: dict[int, list[Version]] = field(default_factory=dict)
    filed: dict[int, str] = field(default_factory=dict)  # filing -> kind
    numbers_held: dict[int, set[int]] = field(default_factory=dict)  # individual number (serial) -> persons
    serial: int = 0

    def next(self) -> int:
        self.serial += 1
        return self.serial

    def known(self) -> dict[int, Known]:
        persons = {}
        for number, versions in self.history.items():
            last = versions[-1]
            persons[number] = Known(number, last.number, last.is_open, dict(last.items), valid_from=last.valid_from)
        return persons

    def view(self, today: date, form: filings.Filing, number: int | None = None) -> View:
        cancelled, day, kind = self._cancelled(form)
        return View(
            today=today,
            municipality=TOWN[:5],
            channels=frozenset("123"),
            towns=_towns(),
            municipality_name="大阪府門真市",
            persons=self.known(),
            cancelled=cancelled,
            cancelled_date=day,
            cancelled_kind=kind,
            numbers=frozenset(filings.stated_numbers(form)),
            number_holders=frozenset(self.numbers_held.get(number or 0, ())),
            is_review=True,
        )

    def _cancelled(self, form: filings.Filing) -> tuple[tuple[Cancelled, ...], date | None, str]:
        if not isinstance(form, filings.Cancellation) or form.filing not in self.filed:
            return (), None, ""
        rows, days = [], []
        for person, versions in self.history.items():
            span = [version for version in versions if version.filing == form.filing]
            if not span:
                continue
            days += [version.valid_from for version in span]
            first, last = span[0], span[-1]
            before = versions[first.number - 2] if first.number > 1 else None
            rows.append(
                Cancelled(
                    person, last.number, last.reason.value, last.effect.value, dict(before.items) if before else None,
                    before is not None and before.is_open, last is versions[-1],
                )
            )  # fmt: skip
        return tuple(rows), min(days), self.filed[form.filing]

    def write(self, kind: str, plan: Plan, number: int | None = None) -> int:
        """Write a plan as `register.write` does; the number of the filing."""
        filing = self.next()
        self.filed[filing] = kind
        household = self.next() if plan.new_household else None
        for change in plan.changes:
            person = self.next() if change.person is None else change.person
            items = dict(change.items)
            effect = change.effect or change.reason.effect
            if items.get("household_number") is None:
                items["household_number"] = household
            begins = change.person is None or change.is_new_record
            if items.get("resident_code") is None and (begins or change.reason in _TAKE_A_CODE):
                items["resident_code"] = f"code-{self.next()}"
            if change.person is None:
                items["record_number"] = person
            elif change.is_new_record:
                items["record_number"] = self.next()
            if change.entry is not None and number is not None:
                items["individual_number"] = number
                self.numbers_held.setdefault(number, set()).add(person)
            versions = self.history.setdefault(person, [])
            versions.append(Version(person, len(versions) + 1, filing, change.reason, effect, change.valid_from, items))
        return filing

    def broken(self) -> list[str]:
        """What does not hold of the register as it stands."""
        found = []
        homes: dict[int, list[Items]] = {}
        holders: dict[tuple[str, object], set[int]] = {}
        for person, versions in self.history.items():
            found += [f"{person}: {text}" for text in _broken_record(versions)]
            if versions[-1].is_open:
                homes.setdefault(versions[-1].items["household_number"], []).append(versions[-1].items)
            for version in versions:
                for name in ("resident_code", "individual_number", "record_number"):
                    if version.items.get(name) is not None:
                        holders.setdefault((name, version.items[name]), set()).add(person)
        found += [
            f"{name} {value} has {len(persons)} holders"
            for (name, value), persons in holders.items()
            if len(persons) > 1
        ]
        for household, members in homes.items():
            found += [f"household {household}: {text}" for text in _broken_household(members)]
        return found


def _broken_household(members: list[Items]) -> list[str]:
    heads = [items for items in members if items.get("relationship") == HOUSEHOLDER]
    named = {items.get("householder_name") for items in members}
    if len(heads) > 1:
        return [f"{len(heads)} householders"]
    if not heads:
        return ["nobody is householder, and somebody is named as one"] if named != {None} else []
    return [] if named == {householder_name(heads[0])} else [f"householder named {sorted(map(str, named))}"]


def _broken_record(versions: list[Version]) -> list[str]:
    found = []
    last, items = versions[-1], versions[-1].items
    if [version.number for version in versions] != list(range(1, len(versions) + 1)):
        found.append("versions are not numbered without gap")
    foreign = items["resident_kind"] == ResidentKind.FOREIGN
    wrong = [name for name in (_JAPANESE_ONLY if foreign else _FOREIGN_ONLY) if items.get(name) is not None]
    if wrong:
        found.append(f"items of the other kind of resident: {wrong}")
    if last.is_open != (items["status"] == Status.RESIDENT):
        found.append("state and closing don't agree")
    if last.is_open:
        missing = [name for name in ("address_code", "address_since", "resident_since") if items.get(name) is None]
        if foreign and items.get("foreign_resident_since") is None:
            missing.append("foreign_resident_since")
        found += [f"an open record without {name}" for name in missing]
        found += ["still a day of closing"] if items.get("closed_on") is not None else []
    else:
        found += [] if items.get("closed_on") is not None else ["closed without a day"]
        if Reason(items["closing_reason"]) not in _WITHOUT_GROUND and not items.get("closing_ground"):
            found.append("closed without a ground")
    for version in versions:
        if version.effect is Effect.CLOSING and version.is_open:
            found.append(f"version {version.number} closes and is open")
        if version.effect is Effect.ENTRY and not version.is_open:
            found.append(f"version {version.number} enters and is closed")
    reasons = CodeList.load("change_reasons")
    written = [version for version in versions[-2:] if version.reason is not Reason.LOADED]
    found += [str(f) for v in written if (f := reasons.check(v.reason.value, v.valid_from, "reason")) is not None]
    return found


@dataclass(slots=True)
class Tally:
    """What came of the forms of each kind."""

    registered: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


class History:
    """One register and the acts on it, drawn from `rng`. `step` returns what is broken after an act."""

    def __init__(self, rng: np.random.Generator, tally: Tally | None = None) -> None:
        self.rng = rng
        self.today = FIRST_DAY
        self.register = Register()
        self.tally = tally or Tally()
        self._load()

    def _load(self) -> None:
        """Somebody whom a loaded register brought, without a 住民票コード."""
        name, kana = self._name()
        place = next(iter(_towns()))
        person, household = self.register.next(), self.register.next()
        items: Items = dict.fromkeys(item.name for item in ITEMS) | {
            "resident_kind": ResidentKind.JAPANESE.value, "status": Status.RESIDENT.value, "name": name, "name_kana": kana,
            "birth": UncertainDate.parse("1970-01-01"), "sex": "1", "household_number": household,
            "householder_name": name, "relationship": HOUSEHOLDER, "address_code": place,
            "address_town": _towns()[place], "address_banchi": "１番", "record_number": person,
            "address_since": UncertainDate.parse("2000-01-01"), "resident_since": UncertainDate.parse("2000-01-01"),
        }  # fmt: skip
        loaded = Version(person, 1, 0, Reason.LOADED, Effect.ENTRY, date(2000, 1, 1), items)
        self.register.history[person] = [loaded]

    # -- chance -------------------------------------------------------------------------------------------------------

    def _pick(self, choices: Any) -> Any:
        rows = list(choices)
        return rows[int(self.rng.integers(len(rows)))]

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _day(self, back: int = 8) -> str:
        return (self.today - timedelta(days=int(self.rng.integers(0, back)))).isoformat()

    # -- acts ---------------------------------------------------------------------------------------------------------

    def step(self, kind: str | None = None) -> list[str]:
        """One act; some days may pass before it."""
        if self._chance(0.5):
            self.today += timedelta(days=int(self.rng.integers(1, 12)))
            found = self._night()
            if found:
                return found
        kind = kind or self._pick(KINDS)
        number = int(self.rng.integers(1, 10_000)) if "individual_number" in KINDS[kind].__annotations__ else None
        form = self.form(kind, number)
        if form is None:
            return []
        filing, findings = filings.read(kind, form, self.today)
        if findings.errors:
            return [f"{kind}: a form of ours can't be read: {findings.errors[0]}"]
        before = {person: versions[-1] for person, versions in self.register.history.items()}
        plan = rules.plan(filing, self.register.view(self.today, filing, number))
        if plan.findings.errors:
            self.tally.refused[kind] += 1
            return []
        if not plan.changes:
            return [f"{kind}: nothing is wrong, and nothing changes"]
        self.tally.registered[kind] += 1
        written = self.register.write(kind, plan, number)
        found = [f"after {kind}: {text}" for text in self.register.broken()]
        if not found and kind != "cancellation" and self._chance(0.2):
            found = self._undo(kind, written, before)
        return found

    def _undo(self, kind: str, written: int, before: Mapping[int, Version]) -> list[str]:
        """What was just done is cancelled: everybody it was about is again as before, who entered is cancelled."""
        form = {"key": str(uuid.UUID(int=self.register.next())), "filing": written, "ground": "誤り"}
        filing = filings.parse("cancellation", form)
        plan = rules.plan(filing, self.register.view(self.today, filing))
        if plan.findings.errors:
            return [f"{kind} can't be cancelled at once: {plan.findings.errors[0]}"]
        self.register.write("cancellation", plan)
        self.tally.registered["cancellation"] += 1
        found = [f"after cancelling {kind}: {text}" for text in self.register.broken()]
        for versions in self.register.history.values():
            if not any(version.filing == written for version in versions):
                continue
            last, old = versions[-1], before.get(versions[-1].person)
            if old is None or (not old.is_open and last.items["status"] == Status.CANCELLED):
                continue
            if last.items != old.items:
                changed = sorted(name for name in old.items if old.items[name] != last.items.get(name))
                found.append(f"cancelling {kind} left {changed} changed")
        return found

    def _night(self) -> list[str]:
        """転出予定日 that came."""
        known = self.register.known()
        due: dict[int, list[Known]] = {}
        for person in known.values():
            planned = person.items.get("move_out_planned_on")
            if person.is_open and planned and planned <= self.today:
                due.setdefault(person.household, []).append(person)
        view = View(self.today, TOWN[:5], frozenset(), _towns(), known)
        for leavers in due.values():
            self.register.write("move_out", rules.plan_due_move_out(leavers, view))
        return [f"after a night: {text}" for text in self.register.broken()]

    # -- forms --------------------------------------------------------------------------------------------------------

    def form(self, kind: str, number: int | None = None) -> Form | None:
        """A form of this kind about somebody of the register; None where there is nobody."""
        cls = KINDS[kind]
        form: Form = {"key": str(uuid.UUID(int=self.register.next())), "ground": "調査"}
        if cls.by_notification:
            form = form | {
                "notified_on": self.today.isoformat(),
                "notifier_kind": "2",
                "notifier_name": "見本　太郎",
                "identity_documents": ["driving-licence"],
            }
        known = self.register.known()
        if cls.subjects is Subjects.ENTERING:
            return form | self._entering(kind, known)
        if cls.subjects is Subjects.FILING:
            return form | {"filing": self._pick(list(self.register.filed)[-3:])} if self.register.filed else None
        if not known:
            return None
        somebody = self._pick(known.values())
        if self._chance(0.9):  # mostly somebody for whom the table allows it
            fitting = [p for p in known.values() if self._fits(kind, p)]
            somebody = self._pick(fitting) if fitting else somebody
        members = [p for p in known.values() if p.household == somebody.household and p.is_open]
        match cls.subjects:
            case Subjects.PERSON:
                form["person"] = somebody.number
            case Subjects.MEMBERS:
                together = members if somebody.is_open else [somebody]
                chosen = together if self._chance(0.4) else [p for p in together if p is somebody or self._chance(0.3)]
                form["persons"] = [p.number for p in chosen]
            case Subjects.HOUSEHOLD | Subjects.CHILD:
                form["household_number"] = somebody.household
        leaving = form.get("persons") or [form.get("person")]
        staying = [p for p in members if p.number not in leaving]
        form["seen"] = {str(p.number): p.version_no for p in [*members, somebody]}
        hints = {f for c in cls.__mro__ for f in getattr(c, "__annotations__", {})}
        if "householder_after" in hints and staying:
            form["householder_after"] = self._pick(staying).number
        if "relationships" in hints:
            form["relationships"] = {f"{p.number:015d}": self._relationship() for p in [*members, somebody]}
        more = getattr(self, f"_{kind}", None)
        return form | self._dated(cls) | (more(somebody, known, number) if more else {})

    def _fits(self, kind: str, person: Known) -> bool:
        if TABLE[kind].startswith(NOBODY):
            return person.is_open
        return refusal(kind, person.state) is None

    def _dated(self, cls: type[filings.Filing]) -> Form:
        return {cls.day: self._day()} if cls.day and "." not in cls.day else {}

    def _relationship(self) -> str:
        return str(self._pick(_RELATIONSHIPS))

    def _name(self) -> tuple[str, str]:
        first, second = self._pick(_GIVEN), self._pick(_GIVEN)
        return f"見本　{first}{second}", "ミホン　イチ"

    def _place(self) -> Form:
        code = list(_towns())[int(self.rng.integers(3))]
        return {"code": code, "banchi": f"{self._pick('１２３')}番"}

    def _elsewhere(self) -> Form:
        return {"code": "26100000000", "town": "京都府京都市見本町", "banchi": "１番"}

    def _new_person(self, relationship: str, *, foreign: bool) -> Form:
        person: Form = {"birth": "1990-05-05", "sex": self._pick("12"), "relationship": relationship}
        if foreign:
            serial = self.register.next()
            return person | {
                "resident_kind": "2", "name_latin": f"MIHON {self._pick('ABCDEFGH')}", "nationality": "USA",
                "article_30_45": "1", "residence_status": "1211", "residence_card": f"AA{serial:08d}AA",
            }  # fmt: skip
        name, kana = self._name()
        return person | {
            "name": name, "name_kana": kana, "domicile": {"town": "大阪府見本市中央", "banchi": "１番"},
            "register_head": name,
        }  # fmt: skip

    def _entering(self, kind: str, known: Mapping[int, Known]) -> Form:
        cls = KINDS[kind]
        foreign = cls.group is filings.Group.FOREIGN or self._chance(0.3)
        form = self._dated(cls) | {"address": self._place()}
        homes = sorted({p.household for p in known.values() if p.is_open})
        joins = bool(homes) and self._chance(0.3)
        if joins:
            form["household_number"] = self._pick(homes)
        if kind == "move_in":
            form |= {"previous": self._elsewhere(), "from_abroad": self._chance(0.3)}
        persons = []
        for place in range(int(self.rng.integers(1, 4))):
            relationship = HOUSEHOLDER if place == 0 and not joins else self._pick(_RELATIONSHIPS[:-1])
            person = self._new_person(relationship, foreign=foreign)
            if kind == "move_in" and not form["from_abroad"]:
                payload = f"{2_000_000_000 + self.register.next():010d}"
                person["resident_code"] = payload + ResidentCode.check_digit(payload)
            closed = [p for p in known.values() if not p.is_open]
            if closed and self._chance(0.3):
                person["former_number"] = self._pick(closed).number
                person.pop("resident_code", None)
            persons.append(person)
        return form | {"persons": persons}

    def _birth(self, parent: Known, _known: object, _number: object) -> Form:
        child = self._new_person("子", foreign=self._chance(0.2)) | {"birth": self._day()}
        if child.get("resident_kind") == ResidentKind.FOREIGN:
            child |= {"article_30_45": "5", "residence_status": "", "residence_card": ""}
        return {"household_number": parent.household, "child": child}

    def _move_within(self, _person: Known, known: Mapping[int, Known], _number: object) -> Form:
        form: Form = {"address": self._place()}
        if self._chance(0.4):
            form["household_number"] = self._pick(known.values()).household
        return form

    def _household_merge(self, person: Known, known: Mapping[int, Known], _number: object) -> Form:
        neighbours = [
            p.household
            for p in known.values()
            if p.is_open
            and p.household != person.household
            and p.items["address_banchi"] == person.items["address_banchi"]
        ]
        return {"household_number": self._pick(neighbours or [person.household])}

    _household_transfer = _household_merge

    def _householder_change(self, person: Known, known: Mapping[int, Known], _number: object) -> Form:
        others = [p for p in known.values() if p.household == person.household and p.is_open and not p.is_householder]
        return {"householder_after": self._pick(others or [person]).number}

    def _relationship_change(self, _person: Known, _known: object, _number: object) -> Form:
        return {"relationship": self._relationship()}

    def _restoration(self, _person: Known, _known: object, _number: object) -> Form:
        return {"relationship": self._relationship()}

    def _move_out(self, _person: Known, _known: object, _number: object) -> Form:
        planned = self.today + timedelta(days=int(self.rng.integers(-8, 20)))
        return {"planned_on": planned.isoformat(), "destination": self._elsewhere(), "special": self._chance(0.2)}

    def _move_in_notice(self, _person: Known, _known: object, _number: object) -> Form:
        return {"notice_on": self.today.isoformat(), "destination": self._elsewhere()}

    def _ex_officio_closing(self, _person: Known, _known: object, _number: object) -> Form:
        return {"closing_ground": self._pick("1234")}

    def _minor_correction(self, _person: Known, _known: object, _number: object) -> Form:
        return {"values": {"address_katagaki": f"見本荘{self._pick('１２３４')}"}}

    def _ex_officio_change(self, person: Known, _known: object, _number: object) -> Form:
        name, kana = self._name()
        if person.is_foreign:
            return {"values": {"name_latin": f"MIHON {self._pick('ABCDEFGH')}"}}
        return {"values": {"name": name, "name_kana": kana, "domicile_banchi": f"{self._pick('１２３')}番"}}

    def _error_correction(self, person: Known, _known: object, _number: object) -> Form:
        if self._chance(0.3):
            return {"values": {"relationship": self._relationship()}}
        return {
            "values": {"birth": f"19{self.rng.integers(50, 99)}-01-01"},
            "cleared": ["register_head"] * (not person.is_foreign),
        }

    def _number_request(self, _person: Known, _known: object, number: int) -> Form:
        payload = f"{number:011d}"
        return {"individual_number": payload + IndividualNumber.check_digit(payload)}

    _number_correction = _number_entry = _number_request

    def _becoming_japanese(self, _person: Known, _known: object, _number: object) -> Form:
        name, kana = self._name()
        place = {"town": "大阪府見本市中央", "banchi": "３番"}
        return {"name": name, "name_kana": kana, "domicile": place, "register_head": name}

    _naturalization = _nationality_acquisition = _becoming_japanese

    def _nationality_loss(self, _person: Known, _known: object, _number: object) -> Form:
        stays = self._chance(0.6)
        return {"stays": stays} | ({"name_latin": "MIHON Z", "nationality": "USA"} if stays else {})

    def _residence_update(self, _person: Known, _known: object, _number: object) -> Form:
        if self._chance(0.3):
            return {"article_30_45": "2", "residence_card": f"BB{self.register.next():08d}BB"}
        return {"residence_card": f"CC{self.register.next():08d}CC"}

    def _former_surname(self, _person: Known, _known: object, _number: object) -> Form:
        return {"former_surname": self._pick(("手本", "書式", "雛形")), "register_shown": self._chance(0.9)}

    _former_surname_entry = _former_surname_change = _former_surname

    def _alias_entry(self, _person: Known, _known: object, _number: object) -> Form:
        return {"alias": "見本　譲二", "alias_kana": "ミホン　ジョウジ", "proof_shown": True}

    def _furigana_entry(self, _person: Known, _known: object, _number: object) -> Form:
        return {"name_kana": self._pick(("ミホン　イチ", "ミホン　ニ")), "is_confirmed": self._chance(0.5)}


def play(seed: int, steps: int, tally: Tally) -> list[str]:
    """One random history; the first broken promise with its place, or nothing."""
    history = History(np.random.default_rng(seed), tally)
    for place in range(steps):
        # A history begins with people; afterwards every kind is as likely as any other.
        found = history.step("move_in" if place < 3 else None)
        if found:
            return [f"seed {seed}, act {place}: {text}" for text in found]
    return []
