"""A working day, played through the services that the screens use, with right and wrong filings, papers and searches.

Every act has an expectation: a right filing is registered, a wrong one refused with exactly the findings that it must get,
whoever was registered is found by the next search, a paper asked for twice is one paper. What differs is a breach; so is
whatever `invariants` finds in the whole register afterwards, and a population that the day's movements don't explain.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Max

from yakuba.core.addresses import municipality
from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.findings import Refused
from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import AccessDenied, Desk
from yakuba.platform.access.duties import Duty, Purpose
from yakuba.platform.access.models import Account, Terminal
from yakuba.platform.access.rights import Task
from yakuba.platform.clock import Clock, today
from yakuba.platform.documents import MissingGlyphs
from yakuba.platform.events.models import Event
from yakuba.platform.events.outbox import dispatch
from yakuba.systems.residents import certificates, enquiries, exits, register, services
from yakuba.systems.residents.enquiries import Query
from yakuba.systems.residents.interfaces import RECORD_CHANGED
from yakuba.systems.residents.models import Filing, ResidentVersion

from . import invariants
from .forms import Form, Forms, label
from .kinds_of_day import Kinds
from .mistakes import Mistake, mistakes
from .newcomers import Newcomers
from .seal_day import SealDay
from .town_people import Home, TownPeople, age, is_japanese

Report = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""

PER_RESIDENTS = 20_000
"""The counts below are for a town of this size; every kind happens at least once."""

RIGHT_FILINGS = {
    "move_in": 24, "move_in_joining": 8, "move_in_returning": 5, "move_in_foreign_abroad": 5, "move_in_foreign": 6,
    "move_in_again": 8, "birth": 9, "move_within": 9, "move_within_part": 6, "move_within_joining": 4, "move_out": 10,
    "move_out_later": 12, "move_out_late": 3, "move_out_abroad": 3, "move_out_of_head": 4, "death": 8,
    "death_unknown_day": 3, "householder_change": 4,
}  # fmt: skip
CANCELLATIONS = 8
FURTHER_ROUNDS = 2
"""Of every kind besides (`kinds_of_day`)."""
PAPERS = 60
SEARCHES = 150
LEFT_WAITING = 3
"""Filings that still wait for review in the evening."""

_NEWCOMERS_A_FILING = 10
_BATCH = 8


@dataclass(slots=True)
class Pending:
    """A filing under way: what its approval does to the population, and by what its newcomer must be found."""

    filing: int
    kind: str
    entered: int
    left: int
    query: Query | None = None
    can_wait: bool = True


@dataclass(slots=True)
class Balance:
    """What the day did and found. Counts of persons are of residents (現存者)."""

    seed: int
    day: str
    before: int = 0
    after: int = 0
    entered: int = 0
    left: int = 0
    filings: dict[str, dict[str, int]] = field(default_factory=dict)  # kind -> outcome -> count
    mistakes: int = 0
    certificates: int = 0
    seals: dict[str, int] = field(default_factory=dict)
    searches: int = 0
    events: int = 0
    waiting: int = 0
    checks: int = 0
    breaches: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def play(seed: int, clock: Clock, report: Report | None = None) -> Balance:
    """Play one working day. Contents depend on the seed and on the register as it stands; times are the clock's."""
    return _Day(seed, clock, report or (lambda _stage, _done, _total: None)).play()


class _Day:
    def __init__(self, seed: int, clock: Clock, report: Report) -> None:
        self.clock = clock
        self.report = report
        self.today = today(clock)
        with database_roles.task(Task.INSPECTION):
            last = Filing.objects.aggregate(last=Max("id"))["last"] or 0
            self.first_event = Event.objects.aggregate(last=Max("id"))["last"] or 0
        # The register's state is part of the seed: a day played again is another day, and its forms are new ones.
        self.rng = np.random.default_rng([seed, self.today.toordinal(), last])
        self.balance = Balance(seed, self.today.isoformat())
        self.balance.before = register.population()
        self.scale = self.balance.before / PER_RESIDENTS
        house = municipality(register.town().code)
        newcomers = Newcomers(house, self.rng, self.today, last * _NEWCOMERS_A_FILING)
        self.forms = Forms(house, self.rng, self.today, newcomers)
        self.people = TownPeople(seed, self.today, self._count(2_400), self._count(120))
        terminals = {terminal.code: terminal for terminal in Terminal.objects.filter(active=True)}
        self.clerks = [
            self._desk("madoguchi1", terminals["T01"], Purpose.MOVE_FILING),
            self._desk("madoguchi2", terminals["T02"], Purpose.MOVE_FILING),
        ]
        self.reviewer = self._desk("shinsa1", terminals["T03"], Purpose.MOVE_FILING)
        self.papers_desk = self._desk("shomei1", terminals["T11"], Purpose.CERTIFICATE)
        self.seals = SealDay(
            seed,
            self.rng,
            self.forms,
            self.people,
            self.clerks[1],
            self.reviewer,
            self.papers_desk,
            self._breach,
            self._expect,
        )
        self.queue: deque[tuple[Pending, Desk]] = deque()
        self.registered: list[Pending] = []
        self.touched: set[int] = set()
        self.persons_of_last: tuple[int, ...] = ()
        self.counts: Counter[tuple[str, str]] = Counter()

    def _count(self, per_town: int) -> int:
        return max(1, round(per_town * self.scale))

    def _desk(self, login: str, terminal: Terminal, purpose: Purpose) -> Desk:
        account = Account.objects.get(login=login)
        held = account.duties.filter(period__contains=self.clock.now()).values_list("duty", flat=True)
        return Desk(
            account=account.login,
            name=account.name,
            office=terminal.office_id,
            terminal=terminal.code,
            purpose=purpose.value,
            duties=frozenset(Duty(duty) for duty in held),
            clock=self.clock,
            printer=terminal.printer,
        )

    def _breach(self, rule: str, message: str, count: int = 1, examples: tuple[str, ...] = ()) -> None:
        self.balance.breaches.append({"rule": rule, "message": message, "count": count, "examples": list(examples)})

    # -- the day ------------------------------------------------------------------------------------------------------

    def play(self) -> Balance:
        stages = (
            ("転出予定日の到来", self._morning),
            ("窓口", self._counter_hours),
            ("取消し", self._cancellations),
            ("異動の配達", self._deliver),
            ("台帳の検査", self._check),
        )
        for name, work in stages:
            started = time.monotonic()
            work()
            self.balance.seconds[name] = round(time.monotonic() - started, 2)
        balance = self.balance
        balance.seconds["合計"] = round(sum(balance.seconds.values()), 2)
        for (kind, outcome), count in sorted(self.counts.items()):
            balance.filings.setdefault(kind, {})[outcome] = count
        return balance

    def _morning(self) -> None:
        """転出予定日 that came since the last working day."""
        self.balance.left += services.close_due_move_outs(self.reviewer.for_purpose(Purpose.SYSTEM))

    def _counter_hours(self) -> None:
        """Filings, mistakes, papers and searches in an order of chance, as at a counter; the reviewer keeps up."""
        acts: list[Callable[[], None]] = []
        for name, per_town in RIGHT_FILINGS.items():
            acts += [getattr(self, f"_{name}")] * self._count(per_town)
        for _ in range(max(1, round(self.scale * 1.5))):
            acts += [self._one_mistake(mistake) for mistake in mistakes(self.forms, self.people)]
        acts += [self._twice, self._approve_own, self._approve_as_clerk, self._while_waiting, self._empty_search]
        acts += self._wrong_papers()
        acts += Kinds(self.forms, self.people, self._now, self._expect_refused).acts() * self._count(FURTHER_ROUNDS)
        acts += [self._paper] * self._count(PAPERS)
        acts += [self._search] * self._count(SEARCHES)
        acts += self.seals.acts(self._count)
        order = self.rng.permutation(len(acts))
        for done, place in enumerate(order):
            self._act(acts[place])
            if len(self.queue) >= _BATCH:
                self._review(_BATCH // 2)
            self.report("窓口", done + 1, len(acts))
        self._review(len(self.queue) - LEFT_WAITING)
        self.balance.waiting = len(self.queue)
        self.balance.seals = dict(sorted(self.seals.counts.items()))
        self.balance.certificates += self.seals.certificates
        for pending, _ in self.queue:
            self.counts[pending.kind, "waiting"] += 1

    def _act(self, act: Callable[[], None]) -> None:
        """One act; whatever it raises unasked is a breach, and the day goes on."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 -- a service that breaks is what the day looks for
            name = getattr(act, "__name__", "act")
            self._breach(
                "act-failed", f"処理（{name}）が途中で止まりました。", 1, (f"{type(error).__name__}: {error}",)
            )

    # -- filing and reviewing -----------------------------------------------------------------------------------------

    def _clerk(self) -> Desk:
        return self.clerks[int(self.rng.integers(len(self.clerks)))]

    def _file(
        self,
        kind: str,
        form: Form,
        *,
        entered: int = 0,
        left: int = 0,
        query: Query | None = None,
        can_wait: bool = True,
    ) -> Pending | None:
        """File a right form. A namesake is confirmed, as a clerk does after looking; anything else is a breach."""
        desk = self._clerk()
        try:
            try:
                receipt = services.file(desk, kind, form)
            except Refused as refusal:
                if {finding.code for finding in refusal.findings} != {"RES-W-060"}:
                    raise
                form = form | {"confirmed": [*form.get("confirmed", ()), "RES-W-060"]}
                receipt = services.file(desk, kind, form)
        except Refused as refusal:
            found = tuple(str(finding) for finding in refusal.findings)
            self._breach("right-but-refused", f"正しい届出（{kind}）が受理されませんでした。", 1, found)
            self.counts[kind, "refused"] += 1
            return None
        pending = Pending(receipt.filing, kind, entered, left, query, can_wait)
        self.queue.append((pending, desk))
        return pending

    def _review(self, count: int) -> None:
        """Decide the oldest filings: most are registered, some sent back, some withdrawn before."""
        for _ in range(max(0, count)):
            pending, desk = self.queue.popleft()
            chance = self.rng.random()
            if pending.can_wait and chance < 0.04:
                services.send_back(self.reviewer, pending.filing, "届出書と番地が異なります。")
                self.counts[pending.kind, "returned"] += 1
            elif pending.can_wait and chance < 0.07:
                services.withdraw(desk, pending.filing, "届出人の申出により")
                self.counts[pending.kind, "withdrawn"] += 1
            else:
                self._approve(pending)

    def _approve(self, pending: Pending) -> None:
        try:
            receipt = services.approve(self.reviewer, pending.filing)
        except Refused as refusal:
            found = tuple(str(finding) for finding in refusal.findings)
            self._breach(
                "right-but-not-registered", f"受付{pending.filing}（{pending.kind}）を本登録できません。", 1, found
            )
            return
        self.counts[pending.kind, "registered"] += 1
        self.balance.entered += pending.entered
        self.balance.left += pending.left
        self.touched.update(receipt.persons)
        self.persons_of_last = receipt.persons
        self.registered.append(pending)
        if pending.query is not None:
            hits = enquiries.search(self.clerks[0], pending.query, exits.SEARCH_SCREEN).hits
            self.balance.searches += 1
            if not {hit.number for hit in hits} & set(receipt.persons):
                self._breach("registered-but-not-found", f"受付{pending.filing}で登録した方が検索で見つかりません。")

    def _now(self, kind: str, form: Form, *, entered: int = 0, left: int = 0, is_last: bool = True) -> tuple[int, ...]:
        """File and register at once; 宛名番号 of the persons, empty after a breach. Only what is last may be cancelled."""
        pending = self._file(kind, form, entered=entered, left=left, can_wait=False)
        if pending is None:
            return ()
        self.queue.pop()
        before = len(self.registered)
        self._approve(pending)
        if len(self.registered) == before:
            return ()
        if not is_last:
            self.registered.pop()
        return self.persons_of_last

    def _expect_refused(self, what: str, expected: set[str], kind: str, form: Form) -> None:
        self._expect(what, expected, lambda: services.file(self._clerk(), kind, form))

    def _one_mistake(self, mistake: Mistake) -> Callable[[], None]:
        return lambda: self._refused(mistake)

    def _refused(self, mistake: Mistake) -> None:
        desk = self._clerk()
        self.balance.mistakes += 1
        try:
            receipt = services.file(desk, mistake.kind, mistake.form | {"key": self.forms.key()})
        except Refused as refusal:
            found = {finding.code for finding in refusal.findings}
            # Its person may wait for the review of a right filing at this moment.
            if found - {"RES-E-012"} != mistake.expected:
                self._breach(
                    "refused-otherwise",
                    f"「{mistake.label}」への指摘が、あるべき{sorted(mistake.expected)}と異なります。",
                    1,
                    tuple(str(finding) for finding in refusal.findings),
                )
            self.counts[mistake.kind, "refused"] += 1
        else:
            self._breach("wrong-but-accepted", f"「{mistake.label}」が受理されました（受付{receipt.filing}）。")
            services.withdraw(desk, receipt.filing)
            self.counts[mistake.kind, "withdrawn"] += 1

    def _expect(self, what: str, expected: set[str], act: Callable[[], object]) -> None:
        """An act that must be refused with exactly these findings."""
        self.balance.mistakes += 1
        try:
            act()
        except (Refused, AccessDenied) as refusal:
            findings = refusal.findings if isinstance(refusal, Refused) else (refusal.finding,)
            if {finding.code for finding in findings} != expected:
                self._breach(
                    "refused-otherwise", f"「{what}」への指摘が、あるべき{sorted(expected)}と異なります。", 1,
                    tuple(str(finding) for finding in findings),
                )  # fmt: skip
        else:
            self._breach("wrong-but-accepted", f"「{what}」が受理されました。")

    # -- those who come -----------------------------------------------------------------------------------------------

    def _file_move_in(self, form: Form) -> None:
        person = form["persons"][0]
        birth = UncertainDate.parse(person["birth"])
        query = Query(name=person.get("name") or person["name_latin"], birth=birth)
        self._file("move_in", form, entered=len(form["persons"]), query=query)

    def _move_in(self) -> None:
        form = self.forms.move_in()
        if self.forms.chance(0.1):  # late, and the clerk has asked why
            form |= {"moved_on": self.forms.day(-60, -30), "confirmed": ["RES-W-020"]}
        self._file_move_in(form)

    def _move_in_joining(self) -> None:
        home = self.people.take(lambda home: 0 < len(home.members) < 5)
        if home:
            self._file_move_in(self.forms.move_in_joining(home))

    def _move_in_returning(self) -> None:
        self._file_move_in(self.forms.move_in_from_abroad(foreign=False))

    def _move_in_foreign_abroad(self) -> None:
        self._file_move_in(self.forms.move_in_from_abroad(foreign=True))

    def _move_in_foreign(self) -> None:
        self._file_move_in(self.forms.move_in_foreign())

    def _move_in_again(self) -> None:
        def fits(version: ResidentVersion) -> bool:
            return bool(
                version.status == "2"
                and is_japanese(version)
                and version.name
                and version.name_kana
                and version.domicile_town
                and age(version, self.today) > 18
                and version.birth.stored == version.birth.latest.isoformat()
                and version.closed_on.latest < self.today
            )

        former = self.people.take_closed(fits)
        if former:
            self._file_move_in(self.forms.move_in_again(former))

    def _birth(self) -> None:
        def fits(home: Home) -> bool:
            wife = home.spouse if home.spouse is not None and home.spouse.relationship == "妻" else None
            return bool(
                home.is_family
                and wife is not None
                and 20 < age(wife, self.today) < 44
                and all(is_japanese(member) and member.name_kana for member in home.members)
                and all(age(child, self.today) > 1 for child in home.children)
            )

        home = self.people.take(fits)
        if home:
            form = self.forms.birth(home)
            name = form["child"].get("name")
            query = Query(name=name, birth=UncertainDate.parse(form["child"]["birth"])) if name else None
            self._file("birth", form, entered=1, query=query)

    # -- those who move about -----------------------------------------------------------------------------------------

    def _settled(self, wanted: Callable[[Home], bool]) -> Home | None:
        """An unused household that has been here for a while, so that the day's dates can't come before it."""
        return self.people.take(lambda home: home.lived_here_days(self.today) > 90 and wanted(home))

    def _move_within(self) -> None:
        home = self._settled(lambda _: True)
        if home:
            self._file("move_within", self.forms.move_within(home, home.numbers))

    def _move_within_part(self) -> None:
        home = self._settled(lambda home: any(age(child, self.today) > 20 for child in home.children))
        if home:
            grown = next(child for child in home.children if age(child, self.today) > 20)
            self._file("move_within", self.forms.move_within(home, [grown.person_id]))

    def _move_within_joining(self) -> None:
        home = self._settled(lambda home: len(home.members) == 1)
        other = self._settled(lambda home: len(home.members) < 5)
        if home and other:
            self._file("move_within", self.forms.move_within_joining(home, other))

    def _householder_change(self) -> None:
        home = self._settled(lambda home: home.is_family)
        if home:
            self._file("householder_change", self.forms.householder_change(home))

    # -- those who leave ----------------------------------------------------------------------------------------------

    def _move_out(self) -> None:
        home = self._settled(lambda _: True)
        if home:
            form = self.forms.move_out(home, home.numbers, self.forms.day(-5, 0))
            self._file("move_out", form, left=len(home.members))

    def _move_out_later(self) -> None:
        home = self._settled(lambda _: True)
        if home:
            self._file("move_out", self.forms.move_out(home, home.numbers, self.forms.day(1, 14)))

    def _move_out_late(self) -> None:
        home = self._settled(lambda _: True)
        if home:
            form = self.forms.move_out(home, home.numbers, self.forms.day(-40, -16), confirmed=["RES-W-101"])
            self._file("move_out", form, left=len(home.members))

    def _move_out_abroad(self) -> None:
        home = self._settled(lambda _: True)
        if home:
            self._file("move_out", self.forms.move_out_abroad(home), left=len(home.members))

    def _move_out_of_head(self) -> None:
        home = self._settled(lambda home: home.is_family)
        if home:
            self._file("move_out", self.forms.move_out_of_head(home), left=1)

    def _death(self) -> None:
        self._file_death(self.forms.day(-6, 0))

    def _death_unknown_day(self) -> None:
        last = self.today.replace(day=1)
        month = (last.year, last.month - 1) if last.month > 1 else (last.year - 1, 12)
        year = f"令和{month[0] - 2018}年{month[1]}月"
        self._file_death(f"{year}{('日不詳', '頃', '下旬')[int(self.rng.integers(3))]}")

    def _file_death(self, died_on: str) -> None:
        home = self._settled(lambda home: age(home.head, self.today) > 68 and (len(home.members) < 3 or home.is_family))
        if home:
            dead = home.head if self.forms.chance(0.6) else home.members[-1]
            if dead is not home.head and age(dead, self.today) < 60:
                dead = home.head
            self._file("death", self.forms.death(home, dead, died_on), left=1)

    def _cancellations(self) -> None:
        """Some of today's registered filings turn out to be wrong; the register goes back to what it was."""
        places = self.rng.permutation(len(self.registered))[: self._count(CANCELLATIONS)]
        registered = tuple(self.registered)
        for done, place in enumerate(places):
            wrong = registered[place]
            form = self.forms.cancellation(wrong.filing)
            pending = self._file("cancellation", form, entered=wrong.left, left=wrong.entered, can_wait=False)
            if pending:
                self.queue.pop()
                self._approve(pending)
            self.report("取消し", done + 1, len(places))

    # -- what goes wrong in handling ----------------------------------------------------------------------------------

    def _twice(self) -> None:
        """The same form sent again, by a double click: one filing."""
        form = self.forms.move_in()
        pending = self._file("move_in", form, entered=len(form["persons"]))
        if pending:
            again = services.file(self._clerk(), "move_in", form)
            self.counts["move_in", "repeated"] += 1
            if not again.repeated or again.filing != pending.filing:
                self._breach("sent-twice", f"二度送った届出が別の受付{again.filing}になりました。")

    def _approve_own(self) -> None:
        receipt = services.file(self.reviewer, "move_in", self.forms.move_in())
        self._expect("自分の入力の審査", {"RES-E-150"}, lambda: services.approve(self.reviewer, receipt.filing))
        services.withdraw(self.reviewer, receipt.filing)
        self.counts["move_in", "withdrawn"] += 1

    def _approve_as_clerk(self) -> None:
        form = self.forms.move_in()
        pending = self._file("move_in", form, entered=len(form["persons"]))
        if pending:
            other = self.clerks[0]
            self._expect("権限のない審査", {"ACC-E-001"}, lambda: services.approve(other, pending.filing))
            self._expect(
                "理由のない差戻し", {"RES-E-151"}, lambda: services.send_back(self.reviewer, pending.filing, " ")
            )
            self._expect("他人の届出の取下げ", {"RES-E-152"}, lambda: services.withdraw(self.reviewer, pending.filing))

    def _while_waiting(self) -> None:
        """A second filing, and a paper, for somebody whose first filing waits for review."""
        home = self._settled(lambda home: len(home.members) == 1)
        if not home:
            return
        pending = self._file("move_within", self.forms.move_within(home, home.numbers))
        if pending:
            second = self.forms.move_out(home, home.numbers, self.forms.day(1, 9))
            self._expect("審査待ちの方の転出", {"RES-E-012"}, lambda: services.file(self._clerk(), "move_out", second))
            request = self._request(certificates.PaperKind.INDIVIDUAL_COPY, home)
            self._expect("審査待ちの方の証明書", {"CER-E-023"}, lambda: certificates.issue(self.papers_desk, request))

    def _empty_search(self) -> None:
        self._expect(
            "条件のない検索", {"RES-E-200"}, lambda: enquiries.search(self._clerk(), Query(), exits.SEARCH_SCREEN)
        )
        auditor = self._desk("kansa1", Terminal.objects.get(code="T01"), Purpose.AUDIT)
        self._expect(
            "権限のない検索", {"ACC-E-001"}, lambda: enquiries.search(auditor, Query(name="佐藤"), exits.SEARCH_SCREEN)
        )

    # -- searches and papers ------------------------------------------------------------------------------------------

    def _search(self) -> None:
        """Somebody who lives here, by one of the ways in which clerks look; the right one must be among the first 50."""
        home = self.people.look_at(self.rng.random())
        if not home:
            return
        member = home.members[int(self.rng.integers(len(home.members)))]
        name = label(member)
        queries = [
            Query(name=name, birth=member.birth),
            Query(name=name, exact=True, birth=member.birth, sex=member.sex),
            Query(number=member.person_id),
            Query(household=home.number),
            Query(name=name[:1], birth=member.birth),
            Query(resident_code=member.resident_code),
            Query(address=f"{member.address_town}{member.address_banchi}", name=name),
        ]
        if member.name_kana:
            queries.append(Query(name=member.name_kana.replace("　", " "), birth=member.birth))
        query = queries[int(self.rng.integers(len(queries)))]
        hits = enquiries.search(self._clerk().for_purpose(Purpose.COUNTER_INQUIRY), query, exits.SEARCH_SCREEN).hits
        self.balance.searches += 1
        if member.person_id not in {hit.number for hit in hits} and len(hits) < enquiries.PAGE:
            self._breach("not-found", f"宛名番号{member.person_id:015d}の方が検索で見つかりません（{query}）。")
        if self.forms.chance(0.3):
            enquiries.person(self._clerk().for_purpose(Purpose.COUNTER_INQUIRY), member.person_id, exits.PERSON_SCREEN)

    def _request(self, kind: certificates.PaperKind, home: Home, **more: Any) -> certificates.CertificateRequest:
        whole = kind is certificates.PaperKind.HOUSEHOLD_COPY
        data = {
            "kind": kind.value,
            "persons": home.numbers if whole else [home.head.person_id],
            "key": self.forms.key(),
            "options": {"show_household_head": True, "show_domicile": self.forms.chance(0.5)},
            "items": ["住所", "生年月日"] if kind is certificates.PaperKind.ITEMS_CERTIFICATE else [],
            "requester_kind": "household" if whole else "self",
            "requester_name": label(home.head),
            "requester_person": home.head.person_id,
            "use_purpose": "運転免許の更新",
            "destination": "公安委員会",
            "identity_documents": ["driving-licence"],
        }
        return certificates.parse(data | more)

    def _paper(self) -> None:
        """A paper of a kind by chance; now and then previewed before, asked for twice, and handed over."""
        kinds = (
            certificates.PaperKind.INDIVIDUAL_COPY,
            certificates.PaperKind.HOUSEHOLD_COPY,
            certificates.PaperKind.ITEMS_CERTIFICATE,
            certificates.PaperKind.REMOVED_COPY,
        )
        kind = kinds[int(self.rng.integers(len(kinds)))]
        if kind is certificates.PaperKind.REMOVED_COPY:
            former = self.people.take_closed(lambda version: version.status in {"2", "4"})
            if not former:
                return
            request = certificates.parse(
                {
                    "kind": kind.value,
                    "persons": [former.person_id],
                    "key": self.forms.key(),
                    "requester_kind": "third_party",
                    "requester_name": "見本　相続",
                    "use_purpose": "相続の手続",
                    "destination": "法務局",
                    "identity_documents": ["passport"],
                }
            )
        else:
            home = self.people.look_at(self.rng.random())
            if not home:
                return
            request = self._request(kind, home)
        try:
            if self.forms.chance(0.3):
                certificates.preview(self.papers_desk, request)
            issued = certificates.issue(self.papers_desk, request)
            self.balance.certificates += 1
            if self.forms.chance(0.2):
                again = certificates.issue(self.papers_desk, request)
                if (again.number, again.pdf) != (issued.number, issued.pdf):
                    self._breach("paper-twice", f"同じ請求の証明書{issued.number}が二通りになりました。")
            certificates.deliver(self.papers_desk, issued.number)
        except (Refused, MissingGlyphs) as refusal:
            self._breach("paper-refused", f"正しい請求の証明書（{kind.label}）が出ませんでした。", 1, (str(refusal),))

    def _wrong_papers(self) -> Iterator[Callable[[], None]]:
        kinds, desk = certificates.PaperKind, self.papers_desk
        home = self.people.take(lambda home: len(home.members) == 1)
        other = self.people.take(lambda home: len(home.members) == 1)
        former = self.people.take_closed(lambda version: version.status == "4")
        banned = self.people.find("v.issue_prohibited AND v.processing_stopped_on IS NULL")
        if not home or not other:
            return

        def issue(**changed: Any) -> Callable[[], object]:
            kind = changed.pop("kind", kinds.INDIVIDUAL_COPY)
            request = self._request(kind, home, **changed)
            return lambda: certificates.issue(desk, request)

        third = {"requester_kind": "third_party", "requester_person": None}
        wrong: list[tuple[str, set[str], Callable[[], object]]] = [
            ("使用目的のない請求", {"CER-E-011"}, issue(use_purpose="")),
            ("提出先のない請求", {"CER-E-012"}, issue(destination="")),
            ("請求者のない請求", {"CER-E-010"}, issue(requester_name="")),
            ("本人確認のない請求", {"identity-not-verified"}, issue(identity_documents=[])),
            ("委任状のない代理人の請求", {"CER-E-014"}, issue(requester_kind="agent")),
            ("第三者への個人番号", {"CER-E-016"}, issue(options={"show_individual_number": True}, **third)),
            ("記載事項証明書に個人番号", {"CER-E-015"}, issue(
                kind=kinds.ITEMS_CERTIFICATE, options={"show_individual_number": True})),
            ("二つの世帯の一通", {"CER-E-018"}, issue(persons=[home.head.person_id, other.head.person_id])),
            ("世帯員でない方の請求", {"CER-E-019"}, issue(requester_person=other.head.person_id)),
            ("住民の除票", {"CER-E-027"}, issue(kind=kinds.REMOVED_COPY, **third)),
            ("届出のない転出証明", {"CER-E-028"}, issue(kind=kinds.MOVE_OUT_CERTIFICATE)),
        ]  # fmt: skip
        if former:
            wrong.append(("死亡した方の住民票", {"CER-E-026"}, issue(persons=[former.person_id], **third)))
        if banned:
            wrong.append(("発行禁止の方の住民票", {"CER-E-024"}, issue(persons=[banned.person_id], **third)))
        for what, expected, act in wrong:
            yield lambda what=what, expected=expected, act=act: self._expect(what, expected, act)  # type: ignore[misc]

    # -- the evening --------------------------------------------------------------------------------------------------

    def _deliver(self) -> None:
        """Until nothing more can be delivered; the worker may be delivering too, so the last word is the invariants'."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            delivered = dispatch(self.clock)
            with database_roles.task(Task.INSPECTION), connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM events_delivery WHERE done_at IS NULL AND attempts < 5")
                (left,) = cursor.fetchone()
            if not left:
                break
            if not delivered:
                time.sleep(0.05)  # the worker is delivering
            self.report("異動の配達", delivered, left)
        with database_roles.task(Task.INSPECTION):
            self.balance.events = Event.objects.filter(id__gt=self.first_event).count()

    def _check(self) -> None:
        balance = self.balance
        balance.after = register.population()
        if balance.before + balance.entered - balance.left != balance.after:
            self._breach(
                "population",
                f"人口が合いません: 前{balance.before:,} + 増{balance.entered:,} - 減{balance.left:,} ≠ 後{balance.after:,}",
            )
        self._check_events()
        found = invariants.check(touched=self.touched)
        balance.checks = len(invariants.RULES) + 6
        for breach in found:
            self._breach(breach.rule, breach.message, breach.count, breach.examples)

    def _check_events(self) -> None:
        """The day's own count of who came and left against the events that it caused."""
        with database_roles.task(Task.INSPECTION), connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FILTER (WHERE (payload->>'opened')::bool), count(*) FILTER (WHERE (payload->>'closed')::bool)"
                " FROM events_event WHERE id > %s AND name = %s",
                [self.first_event, RECORD_CHANGED.name],
            )
            entered, left = cursor.fetchone()
        if (entered, left) != (self.balance.entered, self.balance.left):
            self._breach(
                "movement",
                f"増減が合いません: 窓口では増{self.balance.entered}・減{self.balance.left}、イベントでは増{entered}・減{left}",
            )
