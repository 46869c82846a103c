"""Looking things up (照会): search, person, household, history, queues. Every look is logged with its purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import fold_address, fold_kana, fold_name
from yakuba.core.findings import Finding, Refused
from yakuba.core.numbers import IndividualNumber
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.transactions import use_case
from yakuba.platform.vault import store as vault

from . import ordering, search_keys
from .items import ITEMS, Kind
from .models import Filing, FilingState, Issue, Resident, ResidentVersion
from .register import current_versions

PAGE = 50


@dataclass(frozen=True, slots=True)
class Query:
    """Search keys (仕様書 2.1.3); all given ones must hold. Names and addresses are found over history too.

    `name` is any script: kana is matched against readings, the rest against names. `exact` wants the whole name;
    otherwise its beginning, and, failing that, any part of two or more characters.
    """

    name: str = ""
    exact: bool = False
    birth: UncertainDate | None = None
    sex: str = ""
    address: str = ""
    number: int | None = None  # 宛名番号
    household: int | None = None
    resident_code: str = ""
    individual_number: IndividualNumber | None = None
    residence_card: str = ""
    relationship: str = ""
    address_code: str = ""
    katagaki: str = ""
    closing_reason: str = ""
    current_only: bool = False  # today's names and addresses only
    include_closed: bool = True
    offset: int = 0

    @property
    def is_empty(self) -> bool:
        return not any(
            (
                self.name.strip(), self.birth, self.address.strip(), self.number, self.household, self.resident_code,
                self.individual_number, self.residence_card, self.address_code, self.katagaki.strip(),
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of a search result."""

    number: int
    version_no: int
    is_open: bool
    name: str
    kana: str
    birth: UncertainDate
    sex: str
    address: str
    household: int
    relationship: str
    resident_kind: str
    former_match: str  # the former name or address that matched, folded; empty when the present one did
    warned: bool


@dataclass(frozen=True, slots=True)
class Found:
    hits: tuple[Hit, ...]
    more: bool
    conditions: dict[str, str] = field(default_factory=dict)


@use_case(Operation.SEARCH)
def search(desk: Desk, query: Query) -> Found:
    """Persons that fit, at most `PAGE` from `query.offset`, in the order of their reading.

    Raises Refused when no key is given: the register is not a book to leaf through.
    """
    desk.require(Duty.INQUIRY)
    if query.is_empty:
        raise Refused(
            [
                Finding(
                    "RES-E-200",
                    "name",
                    "検索条件がありません。",
                    "氏名、生年月日、住所、番号のどれかを入力してください。",
                )
            ]
        )
    if query.individual_number is not None:
        desk.require(Duty.INDIVIDUAL_NUMBER)
    statement, parameters = _search_sql(query)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        columns = [column.name for column in cursor.description]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    hits = tuple(
        Hit(
            number=row["number"],
            version_no=row["version_no"],
            is_open=row["is_open"],
            name=row["name"] or row["name_latin"] or "（氏名未定）",
            kana=row["name_kana"] or "",
            birth=UncertainDate.from_stored(row["birth"]),
            sex=row["sex"] or "",
            address="".join(filter(None, (row["address_town"], row["address_banchi"], row["address_katagaki"]))),
            household=row["household_number"],
            relationship=row["relationship"] or "",
            resident_kind=row["resident_kind"],
            former_match=row["former_match"] or "",
            warned=bool(row["issue_prohibited"] or row["processing_stopped_on"]),
        )
        for row in rows[:PAGE]
    )
    conditions = _conditions(query)
    desk.log(Operation.SEARCH, subjects=tuple(hit.number for hit in hits), target="residents", **conditions)
    return Found(hits, len(rows) > PAGE, conditions)


def _conditions(query: Query) -> dict[str, str]:
    """What was asked, for the log: keys by value, except that an 個人番号 is only named."""
    stated = {
        name: str(getattr(query, name))
        for name in ("name", "sex", "address", "number", "household", "relationship", "address_code", "katagaki",
                     "closing_reason", "residence_card")
        if getattr(query, name)
    }  # fmt: skip
    if query.birth is not None:
        stated["birth"] = query.birth.stored
    if query.resident_code:
        stated["resident_code"] = "(住民票コード)"
    if query.individual_number is not None:
        stated["individual_number"] = "(個人番号)"
    return stated


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _search_sql(query: Query) -> tuple[str, list[Any]]:
    """One statement: candidates from the search keys, then the current version of each."""
    where: list[str] = []
    parameters: list[Any] = []
    former = "''"
    sources: list[str] = []
    source_parameters: list[Any] = []

    name_keys, name_parameters = _name_condition(query)
    if query.birth is not None:
        name_keys.append("n.birth_from <= %s AND n.birth_to >= %s AND n.birth_from >= %s")
        # Persons with a partly unknown birth date are found by every day that it may be, at most a year wide.
        earliest, latest = query.birth.earliest, query.birth.latest
        name_parameters += [latest, earliest, _year_before(earliest)]
    if query.sex and (name_keys):
        name_keys.append("n.sex = %s")
        name_parameters.append(query.sex)
    if name_keys:
        if query.current_only:
            name_keys.append("n.is_current")
        if not query.include_closed:
            name_keys.append("n.is_open")
        sources.append(
            "SELECT n.person, min(n.kana) AS kana, bool_or(n.is_current) AS is_current, min(n.name) AS matched"
            f" FROM residents_search_name n WHERE {' AND '.join(name_keys)} GROUP BY n.person"
        )
        source_parameters += name_parameters
    if query.address.strip() or query.katagaki.strip():
        keys, values = [], []
        if query.address.strip():
            folded = fold_address(query.address)
            keys.append("a.address LIKE %s" if len(folded) < 3 else "(a.address LIKE %s OR a.address LIKE %s)")
            values += [f"{_like(folded)}%"] if len(folded) < 3 else [f"{_like(folded)}%", f"%{_like(folded)}%"]
        if query.katagaki.strip():
            keys.append("a.address LIKE %s")
            values.append(f"%{_like(fold_name(query.katagaki))}%")
        if query.current_only:
            keys.append("a.is_current")
        if not query.include_closed:
            keys.append("a.is_open")
        sources.append(
            "SELECT a.person, '' AS kana, bool_or(a.is_current) AS is_current, min(a.address) AS matched"
            f" FROM residents_search_address a WHERE {' AND '.join(keys)} GROUP BY a.person"
        )
        source_parameters += values

    exact = (
        ("number", "r.number = %s"),
        ("household", "r.household_number = %s"),
    )
    for key, condition in exact:
        if getattr(query, key) is not None:
            where.append(condition)
            parameters.append(getattr(query, key))
    numbers_over_history = []
    if query.resident_code:
        numbers_over_history.append(("resident_code", query.resident_code))
    if query.residence_card:
        numbers_over_history.append(("residence_card", query.residence_card.upper()))
    if query.individual_number is not None:
        numbers_over_history.append(("individual_number", vault.find(query.individual_number)))
    for column, value in numbers_over_history:
        where.append(f"r.number IN (SELECT person FROM residents_version WHERE {column} = %s)")
        parameters.append(value)
    for column in ("relationship", "address_code", "closing_reason"):
        if getattr(query, column):
            where.append(f"v.{column} = %s")
            parameters.append(getattr(query, column))
    if query.sex and not name_keys:
        where.append("v.sex = %s")
        parameters.append(query.sex)
    if not query.include_closed:
        where.append("r.is_open")

    joins, order = "", "r.number"
    for index, source in enumerate(sources):
        joins += f" JOIN ({source}) s{index} ON s{index}.person = r.number"
    if sources:
        former = "CASE WHEN s0.is_current THEN '' ELSE s0.matched END"
        order = "s0.kana, r.number" if name_keys else "r.number"
    columns = ", ".join(
        f"v.{name}"
        for name in (
            "name", "name_latin", "name_kana", "birth", "sex", "address_town", "address_banchi", "address_katagaki",
            "relationship", "resident_kind", "issue_prohibited", "processing_stopped_on",
        )
    )  # fmt: skip
    statement = (
        f"SELECT r.number, r.version_no, r.is_open, r.household_number, {columns}, {former} AS former_match"
        f" FROM residents_resident r{joins}"
        " JOIN residents_version v ON v.person = r.number AND v.version_no = r.version_no"
        f" WHERE {' AND '.join(where) or 'true'} ORDER BY {order} LIMIT {PAGE + 1} OFFSET %s"
    )
    return statement, [*source_parameters, *parameters, max(0, min(query.offset, 10_000))]


def _year_before(day: date) -> date:
    return date(max(day.year - 1, 1), day.month, min(day.day, 28))


def _is_kana(text: str) -> bool:
    return all("ぁ" <= character <= "ヿ" or "ｦ" <= character <= "ﾟ" or character.isspace() for character in text)


def _name_condition(query: Query) -> tuple[list[str], list[Any]]:
    """Beginning of the name by index range; any part by the bigram index, for two characters too."""
    text = query.name.strip()
    if not text:
        return [], []
    column, folded = ("kana", fold_kana(text)) if _is_kana(text) else ("name", fold_name(text))
    if query.exact or len(folded) < 2:
        condition = f"n.{column} = %s" if query.exact else f"n.{column} LIKE %s"
        return [condition], [folded if query.exact else f"{_like(folded)}%"]
    return (
        [f"(n.{column} LIKE %s OR (n.grams @> %s::integer[] AND n.{column} LIKE %s))"],
        [f"{_like(folded)}%", search_keys.grams(folded), f"%{_like(folded)}%"],
    )


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Everything a clerk sees of one person."""

    head: Resident
    version: ResidentVersion
    history: tuple[ResidentVersion, ...]  # newest first
    household: tuple[ResidentVersion, ...]
    filings: tuple[Filing, ...]
    issues: tuple[Issue, ...]
    has_individual_number: bool


@use_case(Operation.VIEW)
def person(desk: Desk, number: int) -> PersonPage:
    """One person with history, household, filings and papers. Raises Refused for an unknown number; both are logged."""
    desk.require(Duty.INQUIRY)
    head = Resident.objects.filter(pk=number).first()
    if head is None:
        raise Refused([_unknown(number)])
    history = tuple(
        ResidentVersion.objects.filter(person=number).select_related("person", "event").order_by("-version_no")
    )
    household = members(head.household_number) if head.is_open else ()
    desk.log(
        Operation.VIEW, subjects=(number, *(v.person_id for v in household if v.person_id != number)), target="person"
    )
    return PersonPage(
        head=head,
        version=history[0],
        history=history,
        household=household,
        filings=tuple(Filing.objects.filter(persons__contains=[number]).order_by("-id")[:50]),
        issues=tuple(Issue.objects.filter(persons__contains=[number]).order_by("-issued_at")[:50]),
        has_individual_number=history[0].individual_number is not None,
    )


def _unknown(number: int) -> Finding:
    return Finding(
        "RES-E-030",
        "number",
        f"宛名番号{number:015d}の方は台帳にいません。",
        "番号を確かめるか、氏名などで検索してください。",
    )


@use_case(Operation.VIEW_NUMBER)
def individual_number(desk: Desk, number: int) -> str:
    """The 個人番号 of a person in clear (12 digits). The look is logged on its own."""
    version = next(iter(current_versions([number])), None)
    if version is None:
        raise Refused([_unknown(number)])
    if version.individual_number is None:
        raise Refused(
            [Finding("RES-E-201", "number", "個人番号はまだ記載されていません。", "機構の指定を待ってください。")]
        )
    return vault.reveal(desk, version.individual_number, number).reveal()


@use_case(Operation.VIEW)
def household(desk: Desk, number: int) -> tuple[ResidentVersion, ...]:
    """The open members of a household, householder first. Empty and logged when nobody lives there any more."""
    desk.require(Duty.INQUIRY)
    rows = members(number)
    desk.log(Operation.VIEW, subjects=tuple(v.person_id for v in rows), target=f"household:{number:015d}")
    return rows


def members(number: int) -> tuple[ResidentVersion, ...]:
    """Open members in the order of the paper: householder, then by the stored order, age and 宛名番号."""
    heads = Resident.objects.filter(household_number=number, is_open=True).values_list("number", flat=True)
    return tuple(
        sorted(
            current_versions(heads),
            key=lambda v: ordering.key(v.relationship, v.household_order, v.birth.sort_date, v.person_id),
        )
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One item that a version changed, in words."""

    label: str
    before: str
    after: str


def differences(before: ResidentVersion | None, after: ResidentVersion) -> list[Step]:
    """What a version changed against the one before, for the timeline and the review. An 個人番号 is never shown."""
    steps = []
    for item in ITEMS:
        old = getattr(before, item.name) if before else None
        new = getattr(after, item.name)
        if old == new:
            continue
        if item.kind is Kind.VAULT:
            steps.append(Step(item.label, "（記載あり）" if old else "", "（記載あり）" if new else ""))
        else:
            steps.append(Step(item.label, display(item.name, old), display(item.name, new)))
    return steps


def display(name: str, value: Any) -> str:
    """An item's value as a clerk reads it."""
    from .display import show

    return show(name, value)


@use_case(Operation.VIEW)
def review_queue(desk: Desk) -> list[Filing]:
    """Filings that wait for review, oldest first."""
    desk.require(Duty.INQUIRY)
    return list(Filing.objects.filter(state=FilingState.PROVISIONAL).order_by("created_at")[:500])


@dataclass(frozen=True, slots=True)
class TodaysWork:
    waiting: int
    entered: int
    registered: int
    returned: int
    issued: int
    population: int
    households: int
    moving_out: int


def todays_work(desk: Desk, since: datetime) -> TodaysWork:
    """The numbers of the home screen: counts only, about nobody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM residents_filing WHERE state = 'provisional'),"
            " (SELECT count(*) FROM residents_filing WHERE created_at >= %(since)s),"
            " (SELECT count(*) FROM residents_filing WHERE state = 'registered' AND reviewed_at >= %(since)s),"
            " (SELECT count(*) FROM residents_filing WHERE state = 'returned' AND account = %(me)s),"
            " (SELECT count(*) FROM residents_issue WHERE issued_at >= %(since)s)",
            {"since": since, "me": desk.account},
        )
        waiting, entered, registered, returned, issued = cursor.fetchone()
        cursor.execute("SELECT count(*), count(DISTINCT household_number) FROM residents_resident WHERE is_open")
        population, households = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FROM residents_filing WHERE kind = 'move_out' AND state = 'registered' AND legal_date > %s",
            [desk.today],
        )
        (moving_out,) = cursor.fetchone()
    return TodaysWork(waiting, entered, registered, returned, issued, population, households, moving_out)


def by_numbers(numbers: Sequence[int]) -> list[ResidentVersion]:
    """Current versions of these persons, for rooms' own use inside a logged act."""
    return current_versions(numbers)
