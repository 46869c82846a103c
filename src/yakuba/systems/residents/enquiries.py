"""Looking things up (照会): search, person, household, history, queues. Every look is logged with its purpose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import connection

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.core.characters import fold_address, fold_kana, fold_name
from yakuba.core.findings import Finding, Findings, Refused
from yakuba.core.numbers import IndividualNumber
from yakuba.platform import prepared
from yakuba.platform.access import database_roles
from yakuba.platform.access.desk import Desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.log import Operation
from yakuba.platform.protection.exits import Exit
from yakuba.platform.protection.passing import NOBODY, Passed, Verdict, concealed_from, passing
from yakuba.platform.protection.policy import Concealed
from yakuba.platform.transactions import use_case
from yakuba.platform.vault import store as vault

from . import exits, ordering, search_keys
from .display import person_name, show
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

    @property
    def asks_whereabouts(self) -> bool:
        """Whether something is a key that is masked for some: who is found by it is told by it."""
        return bool(
            self.address.strip() or self.address_code or self.katagaki.strip() or self.household or self.relationship
        )


class Hit(NamedTuple):
    """One line of a search result. A tuple: fifty of them are made for every answer."""

    number: int
    version_no: int
    is_open: bool
    name: str
    kana: str
    birth: UncertainDate
    sex: str
    address: str
    household: int | None
    relationship: str
    resident_kind: str
    former_match: str  # the former name or address that matched, folded; empty when the present one did
    warned: bool
    warnings: tuple[str, ...] = ()  # of the person's flags


@dataclass(frozen=True, slots=True)
class Found:
    hits: Passed[Hit]
    more: bool
    conditions: dict[str, str] = field(default_factory=dict)


@use_case(Operation.SEARCH)
def search(desk: Desk, query: Query, through: Exit, first: Callable[[], None] | None = None) -> Found:
    """Persons that fit, at most `PAGE` from `query.offset`, in the order of their reading.

    Who is masked at this exit isn't found by what is masked. `first` is done before, in the same transaction: each commit of its own would cost as much as the search.
    Raises Refused when no key is given: the register is not a book to leaf through.
    """
    if first is not None:
        first()
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
    _findings_of_keys(query).raise_if_blocking()
    vault_id = None
    if query.individual_number is not None:
        with desk.acting(Duty.INDIVIDUAL_NUMBER):
            vault_id = vault.find(query.individual_number)
    findable = concealed_from(desk, through, "r.number") if query.asks_whereabouts else None
    rows = _rows(query, vault_id, findable)
    gate = passing(desk, through, [row[0] for row in rows[:PAGE]])
    hits = gate.filter(map(_hit, rows[:PAGE]), lambda hit: (hit.number,), _conceal_hit)
    conditions = _conditions(query)
    desk.log(Operation.SEARCH, subjects=tuple(hit.number for hit in hits), target="residents", **conditions)
    return Found(hits, len(rows) > PAGE, conditions)


def _findings_of_keys(query: Query) -> Findings:
    """Texts of which folding leaves nothing (「・」): everybody's name begins with nothing."""
    findings = Findings()
    for field_, label, text, folded in (
        ("name", "氏名", query.name, _folded_name(query.name)),
        ("address", "住所", query.address, fold_address(query.address)),
        ("katagaki", "方書", query.katagaki, fold_name(query.katagaki)),
    ):
        if text.strip() and not folded:
            findings.error(
                "RES-E-207", field_, f"{label}「{text.strip()}」は記号だけで、探せません。", "文字を入力してください。"
            )
    return findings


def _hit(row: tuple[Any, ...]) -> Hit:
    """The line of a row of `_search_sql`."""
    (number, version_no, is_open, household, name, latin, kana, birth, sex, town, banchi, katagaki,
     relationship, resident_kind, prohibited, stopped_on, former) = row  # fmt: skip
    return Hit(
        number, version_no, is_open, name or latin or "（氏名未定）", kana or "", UncertainDate.from_stored(birth), sex or "",
        f"{town or ''}{banchi or ''}{katagaki or ''}", household, relationship or "", resident_kind, former,
        bool(prohibited or stopped_on),
    )  # fmt: skip


def _conceal_hit(hit: Hit, verdict: Verdict) -> Hit:
    """The line with its warnings, without what is hidden."""
    hit = hit._replace(warnings=verdict.warnings)
    if Concealed.ADDRESS in verdict.hidden:
        hit = hit._replace(address=exits.MASKED_TEXT)
    if Concealed.HOUSEHOLD in verdict.hidden:
        hit = hit._replace(household=None, relationship="")
    return hit


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


_LAST_CHARACTER = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


def _after(prefix: str) -> str:
    """The first text, by characters' numbers, after all that begin with `prefix`; empty if there is none.

    PostgreSQL's `~<~` orders the bytes of UTF-8, and so by characters' numbers.
    """
    kept = prefix.rstrip(chr(_LAST_CHARACTER))
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(_SURROGATES.stop if following in _SURROGATES else following)


def _beginning(column: str, prefix: str) -> tuple[str, list[Any]]:
    """The condition that `column` begins with `prefix`, as the stretch of an ordered index that a prepared plan can use."""
    bound = _after(prefix)
    if not bound:
        return f"{column} LIKE %s", [f"{_like(prefix)}%"]
    return f"{column} ~>=~ %s AND {column} ~<~ %s", [prefix, bound]


class Match(StrEnum):
    """How names and addresses are compared. Beginnings come from an ordered index, parts from the pairs they contain."""

    BEGINNING = "beginning"
    PART = "part"


Condition = tuple[str, list[Any]]
"""Of SQL, with its values."""


def _rows(query: Query, vault_id: int | None, findable: Condition | None) -> list[tuple[Any, ...]]:
    """Up to `PAGE` + 1 persons: those whose name or address begins so, in order; then those that contain it."""
    wanted, offset = PAGE + 1, max(0, min(query.offset, 10_000))
    rows = _run(query, vault_id, findable, Match.BEGINNING, wanted, offset)
    text = query.name.strip() or query.address.strip() or query.birth
    if len(rows) < wanted and text and not query.exact:
        beginning = (
            len(rows) + offset
            if rows or not offset
            else len(_run(query, vault_id, findable, Match.BEGINNING, offset, 0))
        )
        seen = {row[0] for row in rows}
        more = _run(query, vault_id, findable, Match.PART, wanted, max(0, offset - beginning))
        rows += [row for row in more if row[0] not in seen][: wanted - len(rows)]
    return rows


def _run(
    query: Query, vault_id: int | None, findable: Condition | None, match: Match, limit: int, offset: int
) -> list[tuple[Any, ...]]:
    statement, parameters = _search_sql(query, vault_id, findable, match)
    # Two rows may be of one person (two names that fit): a few more are fetched, and each is shown once.
    statement += f" LIMIT {limit + 10:d} OFFSET {offset:d}"
    if _has_one_plan(query, match) and not offset:
        found = prepared.fetch(statement, parameters)
    else:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            found = cursor.fetchall()
    persons = set()
    rows = []
    for row in found:
        if row[0] not in persons:
            persons.add(row[0])
            rows.append(row)
    return rows[:limit]


def _has_one_plan(query: Query, match: Match) -> bool:
    """Whether one plan is best for all values: one key, found in the order of its index, or by the pairs that it contains.

    The parts of an address are not: the plan for a rare one is ruinous for a frequent one, and the other way round.
    """
    name, address = bool(query.name.strip()), bool(query.address.strip())
    one_key = Query(
        name=query.name, exact=query.exact, address=query.address, birth=query.birth, include_closed=query.include_closed,
        current_only=query.current_only, offset=query.offset,
    )  # fmt: skip
    return (
        query == one_key
        and name + address + (query.birth is not None) == 1
        and (match is Match.BEGINNING or not address)
    )


_SHOWN = (
    "name", "name_latin", "name_kana", "birth", "sex", "address_town", "address_banchi", "address_katagaki",
    "relationship", "resident_kind", "issue_prohibited", "processing_stopped_on",
)  # fmt: skip


def _search_sql(query: Query, vault_id: int | None, findable: Condition | None, match: Match) -> Condition:
    """One statement without its LIMIT. One table drives it in the order of an index; the other conditions only filter,
    so that a page of a frequent name costs as little as one of a rare name."""
    names, name_values = _name_conditions(query, match)
    addresses, address_values = _address_conditions(query, match)
    for conditions, alias in ((names, "n"), (addresses, "a")):
        if conditions and query.current_only:
            conditions.append(f"{alias}.is_current")
        if conditions and not query.include_closed:
            conditions.append(f"{alias}.is_open")

    where: list[str] = []
    parameters: list[Any] = []
    former, order = "''", "r.number"
    source = "residents_resident r"
    if addresses and (not names or any(character.isdigit() for character in query.address)):
        source = "residents_search_address a JOIN residents_resident r ON r.number = a.person"
        former, order = "CASE WHEN a.is_current THEN '' ELSE a.address END", "a.address USING ~<~"
        where, parameters = addresses, address_values
        if names:
            where.append(f"EXISTS (SELECT FROM residents_search_name n WHERE n.person = a.person AND {_all(names)})")
            parameters += name_values
    elif names:
        source = "residents_search_name n JOIN residents_resident r ON r.number = n.person"
        former = "CASE WHEN n.is_current THEN '' ELSE n.name END"
        column = "n.birth_from" if not query.name.strip() else f"n.{_column(query.name)} USING ~<~"
        order = "r.number" if match is Match.PART else column
        where, parameters = names, name_values
        if addresses:
            where.append(
                f"EXISTS (SELECT FROM residents_search_address a WHERE a.person = n.person AND {_all(addresses)})"
            )
            parameters += address_values
    if match is Match.PART:
        order = ""  # sorting would fetch every match of a frequent pair before showing the first

    for key, column in (("number", "r.number"), ("household", "r.household_number")):
        if getattr(query, key) is not None:
            where.append(f"{column} = %s")
            parameters.append(getattr(query, key))
    over_history: list[tuple[str, Any]] = []
    if query.resident_code:
        over_history.append(("resident_code", query.resident_code))
    if query.residence_card:
        over_history.append(("residence_card", query.residence_card.upper()))
    if query.individual_number is not None:
        over_history.append(("individual_number", vault_id))
    for column, value in over_history:
        where.append(f"r.number IN (SELECT person FROM residents_version WHERE {column} = %s)")
        parameters.append(value)
    for column in ("relationship", "address_code", "closing_reason"):
        if getattr(query, column):
            where.append(f"v.{column} = %s")
            parameters.append(getattr(query, column))
    if query.sex and not names:
        where.append("v.sex = %s")
        parameters.append(query.sex)
    if not query.include_closed:
        where.append("r.is_open")
    if findable is not None:
        where.append(findable[0])
        parameters += findable[1]
    statement = (
        f"SELECT r.number, r.version_no, r.is_open, r.household_number, {', '.join(f'v.{name}' for name in _SHOWN)},"
        f" {former} AS former_match FROM {source}"
        " JOIN residents_version v ON v.person = r.number AND v.version_no = r.version_no"
        f" WHERE {_all(where)}" + (f" ORDER BY {order}" if order else "")
    )
    return statement, parameters


def _all(conditions: list[str]) -> str:
    return " AND ".join(conditions) or "true"


def _is_kana(text: str) -> bool:
    return all("ぁ" <= character <= "ヿ" or "ｦ" <= character <= "ﾟ" or character.isspace() for character in text)


def _column(name: str) -> str:
    return "kana" if _is_kana(name) else "name"


def _folded_name(text: str) -> str:
    return fold_kana(text) if _is_kana(text) else fold_name(text)


def _name_conditions(query: Query, match: Match) -> tuple[list[str], list[Any]]:
    """Conditions on `residents_search_name n`: name or reading, birth date, sex."""
    conditions: list[str] = []
    values: list[Any] = []
    if text := query.name.strip():
        column = _column(text)
        folded = _folded_name(text)
        if query.exact:
            conditions.append(f"n.{column} = %s")
            values.append(folded)
        elif match is Match.BEGINNING:
            condition, values = _beginning(f"n.{column}", folded)
            conditions.append(condition)
        else:
            pairs = search_keys.grams(folded)
            conditions.append(f"n.grams @> %s::integer[] AND n.{column} LIKE %s" if pairs else "false")
            values += [pairs, f"%{_like(folded)}%"] if pairs else []
    if query.birth is not None:
        earliest, latest = query.birth.earliest, query.birth.latest
        within, may_be = (
            "n.birth_from BETWEEN %s AND %s",
            "n.birth_is_uncertain AND n.birth_from < %s AND n.birth_to >= %s",
        )
        if query.name.strip():
            conditions.append(f"({within} OR {may_be})")
            values += [earliest, latest, earliest, earliest]
        else:
            # Births within the days asked for, then the few partly unknown ones that may be among them.
            conditions.append(within if match is Match.BEGINNING else may_be)
            values += [earliest, latest] if match is Match.BEGINNING else [earliest, earliest]
    if conditions and query.sex:
        conditions.append("n.sex = %s")
        values.append(query.sex)
    return conditions, values


def _address_conditions(query: Query, match: Match) -> tuple[list[str], list[Any]]:
    """Conditions on `residents_search_address a`."""
    conditions: list[str] = []
    values: list[Any] = []
    if query.address.strip():
        folded = fold_address(query.address)
        if match is Match.BEGINNING:
            condition, values = _beginning("a.address", folded)
            conditions.append(condition)
        else:
            conditions.append("a.address LIKE %s")
            values.append(f"%{_like(folded)}%")
    if query.katagaki.strip():
        conditions.append("a.address LIKE %s")
        values.append(f"%{_like(fold_name(query.katagaki))}%")
    return conditions, values


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Everything that a clerk may see of one person. `history` is newest first and never empty."""

    head: Resident
    verdict: Verdict
    history: Passed[ResidentVersion]
    household: Passed[ResidentVersion]
    filings: Passed[Filing]
    issues: Passed[Issue]
    has_individual_number: bool

    @property
    def version(self) -> ResidentVersion:
        return self.history[0]

    @property
    def household_number(self) -> int | None:
        """None where it is masked."""
        number: int | None = self.version.person.household_number
        return number


@use_case(Operation.VIEW)
def person(desk: Desk, number: int, through: Exit) -> PersonPage:
    """One person with history, household, filings and papers. Raises Refused for an unknown number; both are logged."""
    desk.require(Duty.INQUIRY)
    head = Resident.objects.filter(pk=number).first()
    if head is None:
        raise Refused([_unknown(number)])
    versions = list(ResidentVersion.objects.filter(person=number).select_related("person").order_by("-version_no"))
    household = members(head.household_number) if head.is_open else ()
    filings = list(Filing.objects.filter(persons__contains=[number]).order_by("-id")[:50])
    issues = list(Issue.objects.filter(persons__contains=[number]).order_by("-issued_at")[:50])
    together = [person for row in (*filings, *issues) for person in row.persons]
    gate = passing(desk, through, [number, *(version.person_id for version in household), *together])
    gate.require_shown("number")
    history = exits.pass_versions(gate, versions)
    # Who lives with somebody masked is hidden too, from both sides.
    is_apart = Concealed.HOUSEHOLD in gate[number].hidden
    shown = NOBODY if is_apart else exits.pass_members(gate, household)
    desk.log(Operation.VIEW, subjects=(number, *(v.person_id for v in shown if v.person_id != number)), target="person")
    return PersonPage(
        head=history[0].person,
        verdict=gate[number],
        history=history,
        household=shown,
        filings=exits.pass_filings(gate, filings),
        issues=exits.pass_issues(gate, issues),
        has_individual_number=versions[0].individual_number is not None,
    )


@use_case(Operation.VIEW)
def names(desk: Desk, numbers: Sequence[int], through: Exit) -> dict[int, str]:
    """宛名番号 -> what the person is called, for lists of other rooms; who isn't in the register is absent."""
    desk.require(Duty.INQUIRY)
    gate = passing(desk, through, numbers)
    found = exits.pass_versions(gate, current_versions(numbers))
    desk.log(Operation.VIEW, subjects=tuple(version.person_id for version in found), target="names")
    return {version.person_id: person_name(version) for version in found}


def nobody_to_show() -> Finding:
    """Of a household where nobody lives, and of one where nobody may be shown: the same."""
    return Finding(
        "RES-E-205",
        "household",
        "この世帯番号で表示できる世帯員はいません。",
        "転出や世帯の合併がなかったか、世帯員だった方を検索して確かめてください。",
    )


def _unknown(number: int) -> Finding:
    return Finding(
        "RES-E-030",
        "number",
        f"宛名番号{number:015d}の方は台帳にいません。",
        "番号を確かめるか、氏名などで検索してください。",
    )


@use_case(Operation.VIEW_NUMBER)
def individual_number(desk: Desk, number: int, through: Exit) -> str:
    """The 個人番号 of a person in clear (12 digits). The look is logged on its own."""
    desk.require(Duty.INDIVIDUAL_NUMBER)
    version = next(iter(current_versions([number])), None)
    if version is None:
        raise Refused([_unknown(number)])
    passing(desk, through, [number]).require_shown("number")
    if version.individual_number is None:
        raise Refused(
            [Finding("RES-E-201", "number", "個人番号はまだ記載されていません。", "機構の指定を待ってください。")]
        )
    return vault.reveal(desk, version.individual_number, number).reveal()


@use_case(Operation.VIEW)
def household(desk: Desk, number: int, through: Exit) -> Passed[ResidentVersion]:
    """The open members of a household, householder first. Empty and logged when nobody lives there who may be shown."""
    desk.require(Duty.INQUIRY)
    rows = members(number)
    shown = exits.pass_members(passing(desk, through, [version.person_id for version in rows]), rows)
    desk.log(Operation.VIEW, subjects=tuple(v.person_id for v in shown), target=f"household:{number:015d}")
    return shown


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
            steps.append(Step(item.label, show(item.name, old), show(item.name, new)))
    return steps


@use_case(Operation.VIEW)
def review_queue(desk: Desk, through: Exit) -> Passed[Filing]:
    """Filings that wait for review, oldest first."""
    desk.require(Duty.INQUIRY)
    waiting = Filing.objects.filter(state=FilingState.PROVISIONAL).order_by("created_at")
    return _passed(desk, through, list(waiting[:500]))


def _passed(desk: Desk, through: Exit, rows: list[Filing]) -> Passed[Filing]:
    gate = passing(desk, through, [person for row in rows for person in row.persons])
    return exits.pass_filings(gate, rows)


@use_case(Operation.VIEW)
def own_filings(desk: Desk, through: Exit) -> Passed[Filing]:
    """What came of the desk's own filings, newest first."""
    desk.require(Duty.INQUIRY)
    decided = Filing.objects.filter(account=desk.account).exclude(state=FilingState.PROVISIONAL)
    return _passed(desk, through, list(decided.order_by("-id")[:200]))


COUNTING = (Duty.INQUIRY, Duty.REVIEW, Duty.REGISTRATION, Duty.CERTIFICATE, Duty.BULK)


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
    """The numbers of the home screen: counts only, about nobody. For one of `COUNTING` duties; needs no purpose."""
    duty = next(duty for duty in COUNTING if desk.may(duty))
    with database_roles.as_duty(duty), connection.cursor() as cursor:
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
