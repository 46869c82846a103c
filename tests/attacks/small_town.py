"""A small town in which everything that could be told of a person is a text of its own, so that it is recognised wherever it comes out."""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pypdfium2
from django.db import connection, transaction
from django.test import Client
from tests.django_fixtures import NOON
from tests.systems.residents.conftest import individual_number, resident_code
from tests.web.test_shell import flat

from yakuba.core.addresses import towns
from yakuba.platform.access.desk import Desk
from yakuba.platform.protection import flags
from yakuba.platform.protection.exits import Way
from yakuba.platform.protection.flags import FlagOrder
from yakuba.platform.protection.policy import FlagKind, coverable
from yakuba.systems.residents import certificates, enquiries, services
from yakuba.systems.residents.certificates import PaperKind

MakeDesk = Callable[..., Desk]
TODAY = NOON.date()
UNKNOWN = 999_999_999_999_999
"""A number that nobody and no household bears."""
_SERIALS = {
    "residents_person_serial": 3_352_916, "residents_household_serial": 6_461_503, "residents_filing_id_seq": 8_570_249,
}  # fmt: skip
_SURNAMES = ("甲斐", "乙部", "丙川")
_KANA = ("カイ", "オトベ", "ヘイカワ")
_MARKS = ("亜", "伊", "宇")  # one character a household, in every text of its own


@dataclass(frozen=True)
class Home:
    """One household, what may be told of it to whoever may look it up, and what not while it is protected."""

    persons: tuple[int, ...]
    household: int
    registered: int
    """The filing by which they came."""
    waiting: int
    """A 転出 that waits for review."""
    issue: str
    """A paper that was issued and is not handed over yet."""
    names: tuple[str, ...]
    whereabouts: tuple[str, ...]
    numbers: tuple[str, ...]
    """個人番号: told by their own act alone."""
    name_start: str = field(repr=False, default="")
    address_start: str = field(repr=False, default="")

    def told(self, text: str, what: Iterable[str]) -> list[str]:
        return [secret for secret in what if secret in text]

    def places_in(self, text: str) -> list[str]:
        """Whereabouts that stand in the text, the household's number in any width among them."""
        number = re.search(rf"(?<!\d)0*{self.household}(?!\d)", text)
        return [*self.told(text, self.whereabouts), *([f"世帯{self.household}"] if number else [])]


def build(make_desk: MakeDesk, sizes: Iterable[int] = (2, 1, 1)) -> tuple[Home, ...]:
    """Households of these sizes: registered, a filing of each waiting, a paper of each issued."""
    with connection.cursor() as cursor:  # a short number stands in any answer by chance
        for sequence, start in _SERIALS.items():
            cursor.execute("SELECT setval(%s, greatest(nextval(%s), %s))", [sequence, sequence, start])
    return tuple(_home(make_desk, place, size) for place, size in enumerate(sizes))


def _home(make_desk: MakeDesk, place: int, size: int) -> Home:
    mark, surname = _MARKS[place], _SURNAMES[place]
    code = next(town.town_code for town in towns("272230") if town.name)
    names = tuple(f"{surname}　{mark}{'一二三四'[index]}" for index in range(size))
    banchi, katagaki = f"{8000 + place}番{70 + place}号", f"隠{mark}荘{place}０５号"
    domicile, previous = f"秘本{mark}県奥{mark}市", f"京都府前{mark}市北町"
    phone, other_address, destination = f"06000{place}99{place}1", f"別居{mark}町２{place}番", f"奈良県行先{mark}市西町"
    numbers = tuple(individual_number(100 * (place + 1) + index) for index in range(size))
    filer = make_desk(account="madoguchi9")
    form = {
        "key": str(uuid.uuid4()), "channel": "1", "notified_on": "2026-11-20", "notifier_kind": "2", "notifier_name": "届出　見本",
        "identity_documents": ["driving-licence"], "moved_on": "2026-11-18",
        "address": {"code": code, "banchi": banchi, "katagaki": katagaki},
        "previous": {"town": previous, "banchi": "５番"}, "notifier_phone": phone, "notifier_address": other_address,
        "persons": [
            {
                "name": names[index], "name_kana": f"{_KANA[place]}　{'アイウエ'[index]}コ", "birth": f"19{70 + index}-0{place + 1}-12",
                "sex": "2", "relationship": "世帯主" if index == 0 else "子", "domicile": {"town": domicile, "banchi": "１番"},
                "register_head": f"筆頭{mark}　見本", "resident_code": resident_code(100 * (place + 1) + index),
                "individual_number": numbers[index],
            }
            for index in range(size)
        ],
    }  # fmt: skip
    entered = services.file(filer, "move_in", form)
    persons = services.approve(make_desk(account="shinsa9"), entered.filing).persons
    household = enquiries.by_numbers(persons)[0].household_number
    issued = certificates.issue(make_desk(account="shomei9"), certificates.parse(paper(persons[:1])))
    leaving = {
        "key": str(uuid.uuid4()), "channel": "1", "notified_on": "2026-11-20", "notifier_kind": "2", "notifier_name": "届出　見本",
        "identity_documents": ["driving-licence"], "planned_on": "2026-12-10", "persons": [str(persons[-1])],
        "destination": {"town": destination, "banchi": "１番"}, "notifier_phone": phone, "caution": f"{katagaki}に居住",
    }  # fmt: skip
    waiting = services.file(filer, "move_out", leaving).filing
    return Home(
        persons, household, entered.filing, waiting, issued.number, names,
        (banchi, katagaki, domicile, previous, phone, other_address, destination, f"筆頭{mark}"), numbers,
        name_start=surname, address_start=banchi[:5],
    )  # fmt: skip


def protect(carer: Desk, home: Home, kind: FlagKind = FlagKind.SUPPORT, ways: Iterable[Way] | None = None) -> None:
    """Set a flag at the whole household, for a month from today."""
    covered = coverable(kind, TODAY) if ways is None else ways
    flags.set_flags(
        carer,
        FlagOrder(
            subjects=home.persons, kind=kind.value, ways=tuple(sorted(str(way) for way in covered)), starts_on=TODAY,
            last_day=TODAY + timedelta(days=30), reason="見本",
        ),
    )  # fmt: skip


def paper(persons: tuple[int, ...], kind: PaperKind = PaperKind.INDIVIDUAL_COPY, **more: Any) -> dict[str, Any]:
    """The request of a paper by a third person, as JSON."""
    return {
        "kind": kind.value, "persons": [str(number) for number in persons], "key": str(uuid.uuid4()), "requester_kind": "third_party",
        "requester_name": "請求　見本", "use_purpose": "訴訟", "destination": "裁判所", "identity_documents": ["driving-licence"],
        **({"items": ["住所"]} if kind is PaperKind.ITEMS_CERTIFICATE else {}), **more,
    }  # fmt: skip


# -- every address, with everything that could be asked there -----------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    address: str
    body: dict[str, Any] | None = None
    as_json: bool = False

    def names(self, number: int) -> bool:
        """Whether the question itself says this number: an answer that repeats it tells nothing."""
        return str(number) in self.address


def requests(name: str, homes: tuple[Home, ...], *, thoroughly: bool) -> Iterator[Asked]:
    """What an address is asked for: `name` is `METHOD /pattern`. No request holds a secret that is looked for in the answer.

    Asked about the first two of the homes; where nothing should come out anyway not `thoroughly`: about the first only.
    """
    method, pattern = name.split(" ", 1)
    chosen = homes[: 2 if thoroughly else 1]
    for target in _targets(pattern, chosen):
        if method == "GET":
            yield Asked(method, target)
            queries = [query for home in chosen for query in _queries(pattern, home)]
            yield from (Asked(method, f"{target}?{key}={value}") for key, value in queries)
        else:
            bodies = [body for home in chosen for body in _bodies(pattern, home)]
            if pattern.startswith("/api/"):
                yield from (Asked(method, target, body, as_json=True) for body in bodies)
            else:
                yield from (Asked(method, target, flat(body)) for body in ({}, *bodies))


def _targets(pattern: str, homes: tuple[Home, ...]) -> list[str]:
    if "<" not in pattern:
        return [pattern]
    if "static/" in pattern:
        return ["/static/web/app.css"]
    if "kind>" in pattern:
        kinds = ("move_in", "move_within", "move_out", "cancellation")
        return [re.sub(r"<[^>]*>", kind, pattern) for kind in kinds]
    values: list[object] = [UNKNOWN]
    for home in homes:
        if "filing" in pattern:
            values += [home.registered, home.waiting]
        elif "household" in pattern:
            values.append(home.household)
        else:
            values.append(home.persons[0])
    if not any(part in pattern for part in ("residents", "protection", "seals/persons")):
        values = [1, UNKNOWN]
    return [re.sub(r"<[^>]*>", str(value), pattern) for value in values]


def _queries(pattern: str, home: Home) -> Iterator[tuple[str, object]]:
    if "/filings/new/" in pattern:
        yield from (("person", home.persons[0]), ("household", home.household), ("filing", home.registered))
    elif pattern == "/residents/certificates/new":
        yield "person", home.persons[0]
    elif pattern.startswith(
        ("/audit", "/seals/apply", "/linkage/records", "/protection", "/approvals", "/section", "/usage", "/retention")
    ):
        yield from (("subject", home.persons[0]), ("person", home.persons[0]), ("number", home.persons[0]))


def _bodies(pattern: str, home: Home) -> Iterator[dict[str, Any]]:
    if pattern.endswith("/residents/search"):
        yield from (
            {"q": home.name_start}, {"text": home.name_start}, {"name": home.name_start}, {"address": home.address_start},
            {"keys": {"name": home.name_start}}, {"keys": {"address": home.address_start}},
            {"number": home.persons[0]}, {"keys": {"number": str(home.persons[0])}}, {"q": str(home.persons[0])},
        )  # fmt: skip
    elif "certificates" in pattern:
        for kind in PaperKind:
            whole = kind in {PaperKind.HOUSEHOLD_COPY, PaperKind.REMOVED_COPY}
            body = paper(home.persons if whole else home.persons[:1], kind)
            yield body | {"act": "preview", "_person": str(home.persons[0]), "number": home.issue}
    elif "filings" in pattern:
        move = {
            "key": str(uuid.uuid4()), "channel": "1", "notified_on": "2026-11-20", "notifier_kind": "2", "notifier_name": "届出　見本",
            "identity_documents": ["driving-licence"], "planned_on": "2026-12-01", "persons": [str(home.persons[0])],
            "destination": {"town": "大阪府見本市", "banchi": "１番"}, "comment": "番地が異なる", "filing": str(home.registered),
        }  # fmt: skip
        yield move | {"act": "check"}
        yield move | {"act": "file"}
    else:
        everywhere = {
            key: str(home.persons[0])
            for key in ("subject", "person", "persons", "number", "q", "text", "subjects", "key")
        }
        yield everywhere | {"reason": "見本", "act": "show", "from": "2026-11-01", "to": "2026-11-30"}


def answer(client: Client, asked: Asked) -> tuple[int, str]:
    """Status, and all that is told: headers, page, the text of a PDF. Whatever the request changed is undone."""
    with transaction.atomic():
        if asked.body is None:
            response = client.generic(asked.method, asked.address)
        elif asked.as_json:
            response = client.post(asked.address, json.dumps(asked.body), content_type="application/json")
        else:
            response = client.post(asked.address, asked.body)
        content = b"".join(response) if response.streaming else response.content
        transaction.set_rollback(True)
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    return response.status_code, f"{headers}\n{_text(content)}"


def _text(content: bytes) -> str:
    if content[:4] != b"%PDF":
        return content.decode("utf-8", "replace")
    with pypdfium2.PdfDocument(io.BytesIO(content)) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def without_its_own(text: str, *numbers: object) -> str:
    """The answer without what differs from request to request: tokens, keys of forms, references, the number asked for."""
    text = re.sub(r'(name="csrfmiddlewaretoken" value=|X-CSRFToken"?: ?"?)"?[^" >]*', r"\1", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "KEY", text)
    text = re.sub(r"Content-Length: \d+", "", text)
    for number in numbers:
        text = re.sub(rf"(?<!\d)0*{number}(?!\d)", "NUMBER", text)
    return text
