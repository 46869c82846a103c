"""What other rooms may use of the resident registry: its events, and typed read access."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from yakuba.core.calendar.uncertain import UncertainDate
from yakuba.platform.access.desk import Desk
from yakuba.platform.events.registry import declare

if TYPE_CHECKING:
    from yakuba.platform.documents import IssueNumber

    from .papers import Authority


@dataclass(frozen=True, slots=True)
class RecordChanged:
    """One person's 住民票 got a new version. Values are read from the versions named here, never carried along."""

    filing: int | None
    reason: str
    effect: str
    before_version: int | None
    after_version: int
    household_before: int | None
    household_after: int
    opened: bool
    closed: bool
    changed: list[str]


@dataclass(frozen=True, slots=True)
class RegisterLoaded:
    """A register was loaded from a file: `persons` versions of this event, in one or more chunks."""

    job: int
    file_hash: str
    persons: int


@dataclass(frozen=True, slots=True)
class PaperIssued:
    issue: str
    kind: str
    persons: list[int]


RECORD_CHANGED = declare(
    "residents:record:changed", RecordChanged, "住民票の記載・消除・修正。人ごとに一件、版と同じトランザクションで。"
)
REGISTER_LOADED = declare(
    "residents:register:loaded",
    RegisterLoaded,
    "台帳の一括取込み。",
    unheard="other rooms read a loaded register whole; they come with their own issues",
)
PAPER_ISSUED = declare(
    "residents:paper:issued",
    PaperIssued,
    "証明書の発行。",
    unheard="convenience and revenue will subscribe when those rooms exist",
)


# -- what other rooms put into the registry's screens -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IndividualEntry:
    """個別記載 of another room on a person's screen: its heading, what it says, and where it leads."""

    title: str
    rows: tuple[tuple[str, str], ...]
    address: str


EntryOf = Callable[[Desk, int], IndividualEntry | None]
_entries: list[EntryOf] = []
SEARCH_TASKS: dict[str, tuple[str, str]] = {}
"""Task that a search can be for -> what it is called, and the address that the 宛名番号 of the person found follows."""


def add_individual_entry(entry_of: EntryOf) -> EntryOf:
    """Decorator: what this tells a desk of a person stands on the person's screen; None: nothing that the desk may see.

    It isn't logged apart: the screen is. What it tells must not lead to where somebody lives.
    """
    if entry_of not in _entries:
        _entries.append(entry_of)
    return entry_of


def individual_entries(desk: Desk, number: int) -> list[IndividualEntry]:
    """What other rooms tell this desk of a person."""
    return [entry for entry_of in _entries if (entry := entry_of(desk, number)) is not None]


def add_search_task(task: str, title: str, address: str) -> None:
    """A task of another room that begins with finding a person."""
    SEARCH_TASKS[task] = (title, address)


# -- reading, for rooms whose acts rest on the register. Their own services ask duty, protection and audit. -------------------
# The registry's modules are imported inside the functions: they import the events above.


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredPerson:
    """What one version of a 住民票 says of a person, as far as other rooms rest on it. Codes as they are stored.

    `is_open` is that version's own: False once it closed the record. `is_busy`: a filing waits for review now.
    """

    number: int
    version_no: int
    is_open: bool
    is_busy: bool
    is_stopped: bool
    is_foreign: bool
    status: str
    name: str
    name_kana: str
    name_latin: str
    former_surname: str
    alias: str
    birth: UncertainDate
    adult_ward: bool
    postal: str
    address: str

    @property
    def label(self) -> str:
        """What the person is called on screens."""
        return self.name or self.name_latin or "（氏名未定）"


_READ = (
    "person_id", "version_no", "closing_reason", "issue_prohibited", "processing_stopped_on", "resident_kind", "status", "name",
    "name_kana", "name_latin", "former_surname", "alias", "birth", "adult_ward", "address_postal", "address_town",
    "address_banchi", "address_katagaki", "person__pending_filing",
)  # fmt: skip


def persons(numbers: Iterable[int]) -> dict[int, RegisteredPerson]:
    """宛名番号 -> the current version; who isn't in the register is absent."""
    from django.db.models import F

    from .models import ResidentVersion

    wanted = [number for number in numbers if 0 <= number < 10**15]
    rows = ResidentVersion.objects.filter(person__in=wanted, version_no=F("person__version_no"))
    return {row["person_id"]: _registered(row) for row in rows.order_by("person").values(*_READ)}


def person_at(number: int, version_no: int) -> RegisteredPerson | None:
    """What a certain version said (履歴番号)."""
    from .models import ResidentVersion

    row = ResidentVersion.objects.filter(person=number, version_no=version_no).values(*_READ).first()
    return None if row is None else _registered(row)


def _registered(row: dict[str, object]) -> RegisteredPerson:
    def text(name: str) -> str:
        return str(row[name] or "")

    katagaki = text("address_katagaki")
    birth = row["birth"]
    assert isinstance(birth, UncertainDate)
    return RegisteredPerson(
        number=int(str(row["person_id"])),
        version_no=int(str(row["version_no"])),
        is_open=row["closing_reason"] is None,
        is_busy=row["person__pending_filing"] is not None,
        is_stopped=bool(row["issue_prohibited"]) or row["processing_stopped_on"] is not None,
        is_foreign=row["resident_kind"] == "2",
        status=text("status"),
        name=text("name"),
        name_kana=text("name_kana"),
        name_latin=text("name_latin"),
        former_surname=text("former_surname"),
        alias=text("alias"),
        birth=birth,
        adult_ward=bool(row["adult_ward"]),
        postal=text("address_postal"),
        address=text("address_town") + text("address_banchi") + (f"　{katagaki}" if katagaki else ""),
    )


def hold(numbers: Iterable[int]) -> None:
    """Until the transaction ends, these persons' records stand still; whoever changes one just now is waited for."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT residents_lock(%s::bigint[])", [sorted(numbers)])


@dataclass(frozen=True, slots=True)
class House:
    """団体: six digits, names, and whether its people are synthetic."""

    code: str
    name: str
    prefecture: str
    is_sandbox: bool


def house() -> House:
    """What this house is."""
    from .register import town

    found = town()
    return House(found.code, found.name, found.prefecture, found.is_sandbox)


def authority(day: date) -> Authority:
    """Who certifies papers on a day (認証者), with the seal. Raises Refused where nobody is entered."""
    from . import certificates

    return certificates.authority(day)


def next_issue_number(desk: Desk) -> IssueNumber:
    """The next 発行番号 of the desk's terminal: one series for all papers of the house."""
    from . import certificates

    return certificates.next_number(desk)
