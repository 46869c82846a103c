"""After a day's work no 個人番号 stands anywhere in clear: not in a dump of the whole database, not in a file, not in a log."""

from __future__ import annotations

import csv
import json
import logging
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from tests.systems.residents.transfer import specimens
from tests.web.conftest import open_session

from yakuba.core.numbers import IndividualNumber
from yakuba.nodes.embedded_postgres import installation
from yakuba.platform.access.desk import AccessDenied, Desk, system_desk
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.models import Entry
from yakuba.platform.clock import FixedClock
from yakuba.platform.jobs import runner
from yakuba.platform.vault import keyset, rotation, store

from .clear_text import found, written

RESIDENTS = 300
HTMX = {"HX-Request": "true"}


def valid(serial: int) -> str:
    payload = f"{serial:011d}"
    return payload + IndividualNumber.check_digit(payload)


TYPED = valid(99_999_000_001)
"""Typed where it doesn't belong, and never registered."""
MISPLACED = valid(99_999_000_002)
"""In the wrong column of a file."""
REFUSED = valid(99_999_000_003)
"""In the right column of a line that is refused."""


@dataclass(frozen=True, slots=True)
class Used:
    """A house after its day: what is known of its numbers, and everything that it wrote."""

    numbers: dict[int, str]  # 宛名番号 -> digits
    dump: bytes
    files: dict[str, bytes]
    said: str
    places: list[str]  # addresses and headers of answers


def _dump(url: str) -> bytes:
    command = [str(installation(None) / "bin" / "pg_dump"), "--no-owner", url]
    return subprocess.run(command, capture_output=True, check=True).stdout


def _silent(_stage: str, _done: int, _total: int | None = None) -> None:
    """Nobody watches."""


@pytest.fixture
def used(
    fresh_database: str,
    own_keys: Path,
    settings: Any,
    clock: FixedClock,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    make_desk: Callable[..., Desk],
) -> Used:
    from yakuba.sandbox import building
    from yakuba.systems.residents.transfer import loading

    caplog.set_level(logging.DEBUG)
    settings.CLOCK = clock
    building.build(clock, _silent, code="27223", residents=RESIDENTS)

    frame = specimens.register(20, first_serial=5_000_000)
    rows = frame.to_dicts()
    rows[3] |= {"individual_number": REFUSED, "birth": "someday"}
    rows[4] |= {"remark": f"番号 {MISPLACED}", "birth": "someday"}
    file = own_keys.parent.parent / "incoming.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(specimens.COLUMNS), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    system = make_desk(account="system:cli:test", purpose="system")
    assert loading.load(system, file).refused >= 2
    file.unlink()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (person) person, individual_number FROM residents_version"
            " WHERE individual_number IS NOT NULL ORDER BY person, version_no DESC"
        )
        ids = dict(cursor.fetchall())
    numbers = dict(zip(ids, store.unseal_many(system, list(ids.values())), strict=True))
    places = _walk(numbers, clock, make_desk)
    # Half way through a rotation, rows of both kinds.
    rotation.rotate(system_desk("test", {Duty.SECURITY}, clock))
    _walk(numbers, clock, make_desk)
    said = "".join([*capfd.readouterr(), caplog.text, *(repr(vars(record)) for record in caplog.records)])
    files = {
        str(path.relative_to(own_keys.parent.parent)): path.read_bytes()
        for path in own_keys.parent.parent.rglob("*")
        if path.is_file()
    }
    return Used(numbers, _dump(fresh_database), files, said, places)


def _walk(numbers: dict[int, str], clock: FixedClock, make_desk: Callable[..., Desk]) -> list[str]:
    """Every screen and door at which numbers are typed or shown, rightly and wrongly. Addresses and headers of the answers."""
    client, places = Client(), []
    client.cookies["yakuba_session"] = open_session(clock, "madoguchi1", tuple(Duty))
    person, digits = next((p, d) for p, d in numbers.items())
    spaced, wide = (
        f"{digits[:4]} {digits[4:8]} {digits[8:]}",
        digits.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
    )

    def ask(path: str, data: dict[str, Any] | None = None, *, as_json: bool = False, **headers: str) -> Any:
        if data is None:
            answer = client.get(path, headers=headers)
        elif as_json:
            answer = client.post(path, json.dumps(data), content_type="application/json", headers=headers)
        else:
            answer = client.post(path, data, headers=headers)
        places.append(f"{path} {answer.request['QUERY_STRING']} {dict(answer.headers)}")
        assert answer.headers["Cache-Control"] == "no-store"
        return answer

    assert spaced in ask(f"/residents/{person}/individual-number", {}, **HTMX).content.decode()
    found_by_number = ask("/residents/search", {"individual_number": wide}, **HTMX)
    assert f"{person:015d}" in found_by_number.content.decode()
    for text in (TYPED, f"{TYPED[:4]}-{TYPED[4:8]}-{TYPED[8:]}", f"見本 {TYPED}", digits, wide):
        assert ask("/residents/search", {"q": text}, **HTMX).status_code == 422
        assert ask("/api/residents/search", {"text": text}, as_json=True).status_code in {403, 422}
    for field in ("name", "address", "number", "household", "katagaki", "residence_card"):
        assert ask("/residents/search", {field: TYPED, "sex": "1"}, **HTMX).status_code == 422
    assert ask("/residents/search", {"individual_number": TYPED[:-1] + "x"}, **HTMX).status_code == 422
    ask(f"/residents/{person}")
    form = {
        "key": str(uuid.uuid4()), "channel": "1", "notified_on": "2026-11-20", "notifier_kind": "2",
        "notifier_name": TYPED, "persons": [{"individual_number": digits, "name": TYPED}], "colour": TYPED,
    }  # fmt: skip
    assert ask("/api/filings/move_in", form, as_json=True).status_code in {403, 422}
    _papers(person, make_desk)
    return places


def _papers(person: int, make_desk: Callable[..., Desk]) -> None:
    from yakuba.core.findings import Refused
    from yakuba.systems.residents import certificates
    from yakuba.systems.residents.certificates import PaperKind
    from yakuba.systems.residents.papers import CertificateOptions

    request = certificates.CertificateRequest(
        kind=PaperKind.INDIVIDUAL_COPY,
        persons=(person,),
        key=uuid.uuid4(),
        requester_kind="self",
        requester_name="見本　太郎",
        requester_person=person,
        use_purpose="勤務先への提出",
        destination="勤務先",
        identity_documents=("driving-licence",),
        options=CertificateOptions(show_individual_number=True),
    )
    refused: set[str] = set()
    try:
        assert certificates.issue(make_desk(purpose="certificate"), request).pdf
    except Refused as refusal:
        refused = {finding.code for finding in refusal.findings}
    # Not everybody of the sandbox may have a paper today.
    assert refused <= {"CER-E-023", "CER-E-024", "CER-E-025", "CER-E-026"}


@pytest.mark.parametrize("form", range(len(written(TYPED))))
def test_the_search_itself_finds_a_number_in_each_form(form: int):
    text = sorted(written(TYPED))[form]
    assert list(found(b"before \xff" + text + b"\x00 after", [TYPED]))
    assert not list(found(b"before \xff" + text[:-1] + b"\x01 after", [TYPED]))


def test_no_number_stands_anywhere(used: Used, clock: FixedClock, make_desk: Callable[..., Desk]):
    numbers = {*used.numbers.values(), TYPED, MISPLACED, REFUSED}
    assert len(numbers) > RESIDENTS * 0.8
    assert b"COPY public.vault_number" in used.dump
    assert b"COPY public.events_delivery" in used.dump
    assert b"view_number" in used.dump, "numbers were looked at"
    assert list(found(used.dump, numbers)) == []
    for name, content in used.files.items():
        assert list(found(content, numbers)) == [], name
    assert list(found(used.said.encode(), numbers)) == []
    assert list(found("\n".join(used.places).encode(), numbers)) == []
    # Nor do the keys, by which everything would open.
    secrets = [half for key in keyset.read().ordered() for half in (key.sealing, key.blinding)]
    assert len(secrets) == 4
    for secret in secrets:
        for form in (secret, secret.hex().encode()):
            assert form not in used.dump
            assert form not in used.said.encode()


@pytest.mark.req("RET-T-009")
def test_numbers_of_the_dead_are_kept_and_guarded_like_those_of_the_living(
    used: Used, clock: FixedClock, make_desk: Callable[..., Desk]
):
    from yakuba.systems.residents import enquiries, exits

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.person FROM residents_resident r JOIN residents_version v"
            " ON v.person = r.number AND v.version_no = r.version_no"
            " WHERE v.closing_reason = '203' AND v.individual_number IS NOT NULL"
        )
        dead = [person for (person,) in cursor.fetchall()]
    assert dead, "somebody died on the day"
    for person in dead:
        digits = used.numbers[person]
        with pytest.raises(AccessDenied):
            enquiries.individual_number(
                make_desk(duties=set(Duty) - {Duty.INDIVIDUAL_NUMBER}), person, exits.NUMBER_SCREEN
            )
        assert enquiries.individual_number(make_desk(), person, exits.NUMBER_SCREEN) == digits
        assert Entry.objects.filter(operation="view_number", result="done", subjects=[person]).exists()
        assert list(found(used.dump, [digits])) == []
    # A rotation takes them along.
    job = rotation.resume(system_desk("test", {Duty.SECURITY}, clock))
    assert runner.execute(job.pk, clock).result["unopened"] == 0
    assert [enquiries.individual_number(make_desk(), person, exits.NUMBER_SCREEN) for person in dead] == [
        used.numbers[p] for p in dead
    ]
