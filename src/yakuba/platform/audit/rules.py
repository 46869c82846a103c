"""What in a day's work somebody should look at (不正な操作の疑い): pure rules over the log, dated, with limits from settings.yaml.

A rule suspects and does not judge: what it finds is opened as a concern, which a person closes. Nothing here reads anything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from yakuba.core.calendar import is_business_day
from yakuba.platform.clock import JAPAN

from .log import Operation, Result

LOOKS = frozenset({Operation.VIEW, Operation.VIEW_NUMBER, Operation.PREVIEW, Operation.ISSUE})
"""Operations that show one person's record. A search shows many, and whom it shows is not the clerk's choice."""

SEARCHES = frozenset({Operation.SEARCH})
EXTRACTIONS = frozenset({Operation.EXPORT, Operation.PROVIDE})
NEED_A_CASE = LOOKS | SEARCHES | EXTRACTIONS
DOCUMENTED = frozenset(
    {Operation.FILE, Operation.REVIEW, Operation.REGISTER, Operation.ISSUE, Operation.PREVIEW, Operation.DELIVER}
)
"""Operations that rest on a paper of somebody's: a filing or a request."""

SOON = timedelta(minutes=30)
"""A search that found nobody belongs to what the same clerk enters within this time."""

NAMED = 200
"""Entries and persons that a concern names; all are counted."""


@dataclass(frozen=True, slots=True)
class Act:
    """An entry of the log as rules see it; `at` in any time zone."""

    number: int
    at: datetime
    account: str
    office: str
    terminal: str
    operation: Operation
    result: Result
    subjects: tuple[int, ...]
    target: str
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Staff:
    """A clerk; `subject` is the clerk's own 宛名番号 where it is known."""

    login: str
    name: str
    office: str
    subject: int | None = None

    @property
    def surname(self) -> str:
        return self.name.replace("　", " ").partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Face:
    """What a rule may know of a person in the register."""

    name: str
    household: int
    address: str

    @property
    def surname(self) -> str:
        return self.name.replace("　", " ").partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that hold on the day; names as in settings.yaml."""

    day_starts_hour: int
    day_ends_hour: int
    mass_persons_per_day: int
    mass_searches_per_hour: int
    same_surname_persons: int
    relation_looks: int
    searches_without_case: int
    long_session_minutes: int
    denials_per_day: int


@dataclass(frozen=True, slots=True)
class Session:
    """From signing in to signing out, or to the last act when nobody signed out."""

    account: str
    terminal: str
    office: str
    started_at: datetime
    ended_at: datetime
    searches: int
    persons: int
    method: str
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Day:
    """One clerk's day, and what it takes to judge it. `colleagues` are of the same office."""

    day: date
    staff: Staff
    acts: tuple[Act, ...]
    sessions: tuple[Session, ...]
    colleagues: tuple[Staff, ...]
    faces: Mapping[int, Face]
    limits: Limits

    def looked_at(self) -> Iterable[tuple[Act, int]]:
        return ((act, subject) for act in self.acts if act.operation in LOOKS for subject in act.subjects)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a rule found in a clerk's day: how many, which entries, whom, and in words."""

    rule: str
    count: int
    entries: tuple[int, ...]
    subjects: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    label: str
    start: date
    find: Callable[[Day], Suspicion | None] = field(compare=False)


RULES: dict[str, Rule] = {}


def _rule(
    name: str, label: str, start: date = date(2015, 10, 5)
) -> Callable[[Callable[[Day], Suspicion | None]], Rule]:
    def declare(find: Callable[[Day], Suspicion | None]) -> Rule:
        RULES[name] = Rule(name, label, start, find)
        return RULES[name]

    return declare


def _suspicion(rule: str, acts: Sequence[Act], text: str, subjects: Iterable[int] | None = None) -> Suspicion:
    whom = sorted(set(subjects) if subjects is not None else {person for act in acts for person in act.subjects})
    return Suspicion(rule, len(acts), tuple(act.number for act in acts[:NAMED]), tuple(whom[:NAMED]), text)


def examine(day: Day) -> list[Suspicion]:
    """Every suspicion about one clerk's day, by the rules in force."""
    found = (rule.find(day) for rule in RULES.values() if rule.start <= day.day)
    return [suspicion for suspicion in found if suspicion is not None]


# -- the rules --------------------------------------------------------------------------------------------------------


@_rule("out_of_hours", "夜間・休日の操作")
def out_of_hours(day: Day) -> Suspicion | None:
    limits = day.limits
    working = is_business_day(day.day)
    acts = [
        act
        for act in day.acts
        if act.operation in NEED_A_CASE
        and not (working and limits.day_starts_hour <= act.at.astimezone(JAPAN).hour < limits.day_ends_hour)
    ]
    if not acts:
        return None
    when = f"{limits.day_starts_hour}時から{limits.day_ends_hour}時までの外" if working else "閉庁日"
    return _suspicion("out_of_hours", acts, f"{when}に、検索・照会など{len(acts)}件")


@_rule("mass_enquiry", "大量の照会")
def mass_enquiry(day: Day) -> Suspicion | None:
    looks = [act for act in day.acts if act.operation in LOOKS]
    persons = {subject for act in looks for subject in act.subjects}
    if len(persons) >= day.limits.mass_persons_per_day:
        return _suspicion("mass_enquiry", looks, f"一日に{len(persons)}人を照会")
    by_hour: dict[int, list[Act]] = defaultdict(list)
    for act in day.acts:
        if act.operation in SEARCHES:
            by_hour[act.at.astimezone(JAPAN).hour].append(act)
    hour, acts = max(by_hour.items(), key=lambda item: (len(item[1]), -item[0]), default=(0, []))
    if len(acts) >= day.limits.mass_searches_per_hour:
        return _suspicion("mass_enquiry", acts, f"{hour}時台に{len(acts)}回の検索")
    return None


@_rule("same_surname", "自分と同じ氏の検索・照会")
def same_surname(day: Day) -> Suspicion | None:
    surname = day.staff.surname
    if not surname:
        return None
    acts = [
        act
        for act in day.acts
        if (act.operation in SEARCHES and _is_surname(act.detail.get("name"), surname))
        or (act.operation in LOOKS and any(_face(day, subject).surname == surname for subject in act.subjects))
    ]
    if len(acts) < day.limits.same_surname_persons:
        return None
    whom = {s for act in acts for s in act.subjects if _face(day, s).surname == surname}
    return _suspicion("same_surname", acts, f"氏「{surname}」の検索・照会が{len(acts)}件", whom)


def _is_surname(asked: object, surname: str) -> bool:
    return isinstance(asked, str) and asked.replace("　", " ").partition(" ")[0].startswith(surname)


_NOBODY = Face("", 0, "")


def _face(day: Day, subject: int) -> Face:
    return day.faces.get(subject, _NOBODY)


@_rule("own_circle", "本人・同じ世帯・近所の方の照会")
def own_circle(day: Day) -> Suspicion | None:
    """The clerk's own record, household and address. Needs the clerk's 宛名番号; without it the surname's rule remains."""
    own = day.staff.subject
    if own is None:
        return None
    home = _face(day, own)
    kinds: Counter[str] = Counter()
    found: dict[int, Act] = {}
    whom = set()
    for act, subject in day.looked_at():
        face = _face(day, subject)
        kind = (
            "本人" if subject == own
            else "同じ世帯" if home.household and face.household == home.household
            else "近所" if home.address and face.address == home.address
            else ""
        )  # fmt: skip
        if kind:
            kinds[kind] += 1
            found[act.number] = act
            whom.add(subject)
    if len(found) < day.limits.relation_looks:
        return None
    text = "、".join(f"{kind}{count}件" for kind, count in kinds.items())
    return _suspicion("own_circle", list(found.values()), f"{text}の照会", whom) if found else None


@_rule("colleagues", "同僚・同僚の世帯の照会")
def colleagues(day: Day) -> Suspicion | None:
    """By the colleagues' 宛名番号 where known; else by the same full name."""
    numbers = {staff.subject for staff in day.colleagues if staff.subject is not None}
    homes = {_face(day, number).household for number in numbers} - {0}
    names = {_joined(staff.name) for staff in day.colleagues if staff.subject is None}
    found: dict[int, Act] = {}
    whom = set()
    for act, subject in day.looked_at():
        face = _face(day, subject)
        if subject in numbers or face.household in homes or (face.name and _joined(face.name) in names):
            found[act.number] = act
            whom.add(subject)
    if not found or len(found) < day.limits.relation_looks:
        return None
    return _suspicion("colleagues", list(found.values()), f"同じ所属の職員又はその世帯の照会が{len(found)}件", whom)


def _joined(name: str) -> str:
    return name.replace("　", "").replace(" ", "")


@_rule("without_case", "申請書等の番号のない検索・照会")
def without_case(day: Day) -> Suspicion | None:
    acts = [act for act in day.acts if act.operation in NEED_A_CASE and case_of(act, day.acts) is None]
    if len(acts) < day.limits.searches_without_case:
        return None
    return _suspicion("without_case", acts, f"申請書等と結び付かない検索・照会が{len(acts)}件")


@_rule("long_session", "長時間のログオン")
def long_session(day: Day) -> Suspicion | None:
    limit = timedelta(minutes=day.limits.long_session_minutes)
    long = [session for session in day.sessions if session.ended_at - session.started_at > limit]
    if not long:
        return None
    longest = max(session.ended_at - session.started_at for session in long)
    minutes = int(longest.total_seconds() // 60)
    entries = tuple(
        act.number
        for act in day.acts
        if act.operation is Operation.SIGN_IN and any(act.at == s.started_at for s in long)
    )
    text = f"{minutes // 60}時間{minutes % 60}分のログオン（{limits_in_words(day.limits)}を超える）"
    return Suspicion("long_session", len(long), entries, (), text)


def limits_in_words(limits: Limits) -> str:
    hours, minutes = divmod(limits.long_session_minutes, 60)
    return f"{hours}時間" + (f"{minutes}分" if minutes else "")


@_rule("denials", "権限のない操作")
def denials(day: Day) -> Suspicion | None:
    acts = [act for act in day.acts if act.result is Result.DENIED]
    if len(acts) < day.limits.denials_per_day:
        return None
    return _suspicion("denials", acts, f"権限がないため断られた操作が{len(acts)}件")


BY_HAND = "by_hand"
"""The rule of a concern that a person opened."""


def label(rule: str) -> str:
    return "点検者による指摘" if rule == BY_HAND else RULES[rule].label


# -- what the rules stand on ------------------------------------------------------------------------------------------


def case_of(act: Act, same_day: Collection[Act]) -> str | None:
    """The filing or request that an act belongs to: as it was stated (`case`), else what the same clerk entered, reviewed or
    issued on that day about one of the same persons; a search that found nobody belongs to what came soon after. None: none."""
    stated = act.detail.get("case")
    if stated:
        return str(stated)
    if act.operation in DOCUMENTED:
        return act.target
    whom = set(act.subjects)
    for other in same_day:
        if other.account != act.account or other.operation not in DOCUMENTED or other.result is not Result.DONE:
            continue
        if whom & set(other.subjects) or (not whom and timedelta() <= other.at - act.at <= SOON):
            return str(other.detail.get("case") or other.target)
    return None


def sessions(acts: Iterable[Act]) -> list[Session]:
    """Sessions in the order in which they began. `acts` in order of time; acts outside any session are left out."""
    open_: dict[tuple[str, str], list[Act]] = {}
    done: list[Session] = []
    for act in acts:
        key = (act.account, act.terminal)
        begins = (
            act.operation is Operation.SIGN_IN and act.result is Result.DONE and act.detail.get("step") != "password"
        )
        if begins:
            if key in open_:
                done.append(_session(open_[key], is_closed=True))
            open_[key] = [act]
        elif key in open_:
            open_[key].append(act)
            if act.operation is Operation.SIGN_OUT:
                done.append(_session(open_.pop(key), is_closed=True))
    done += [_session(acts_, is_closed=False) for acts_ in open_.values()]
    return sorted(done, key=lambda session: (session.started_at, session.account, session.terminal))


def _session(acts: Sequence[Act], *, is_closed: bool) -> Session:
    first, last = acts[0], acts[-1]
    return Session(
        account=first.account,
        terminal=first.terminal,
        office=first.office,
        started_at=first.at,
        ended_at=last.at,
        searches=sum(act.operation in SEARCHES and act.result is Result.DONE for act in acts),
        persons=len({subject for act in acts if act.operation in LOOKS for subject in act.subjects}),
        method=str(first.detail.get("step", "")),
        is_closed=is_closed,
    )
