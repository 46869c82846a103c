"""People who may act: with a post, a pledge and a training on record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from yakuba.platform.access.duties import Duty
from yakuba.platform.access.models import Account, DutyAssignment
from yakuba.platform.clock import JAPAN
from yakuba.platform.people.models import Employment, Person, Pledge, Post, Training

SINCE = date(2020, 1, 1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=JAPAN)


def employ(account: Account, kind: Employment = Employment.REGULAR) -> Person:
    """What an account needs to act: a post at its office, a pledge, a training. The same again changes nothing."""
    found = Person.objects.filter(account=account).first()
    if found is not None:
        return found
    person = Person.objects.create(number=f"S{account.pk:06}", name=account.name, account=account)
    Post.objects.create(
        person=person, kind=kind, office_id=account.office_id, period=(SINCE, None), changed_by="tests", reason="採用"
    )
    moment = LONG_AGO
    Pledge.objects.create(person=person, kind=kind, signed_on=SINCE, recorded_by="tests", recorded_at=moment)
    Training.objects.create(
        person=person, title="研修", held_on=SINCE, counts=(SINCE, None), recorded_by="tests", recorded_at=moment
    )
    return person


def give(account: Account, duties: Iterable[Duty]) -> None:
    """Duties that the account hasn't, from long ago and without end."""
    held = set(DutyAssignment.objects.filter(account=account).values_list("duty", flat=True))
    DutyAssignment.objects.bulk_create(
        DutyAssignment(
            account=account, duty=duty, period=(LONG_AGO, None), office_id=account.office_id, changed_by="tests"
        )
        for duty in duties
        if duty not in held
    )
