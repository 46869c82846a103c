"""The vault: numbers are sealed, found blindly, and stay shut without their key."""

from __future__ import annotations

import pytest
from django.db import connection

from yakuba.core.numbers import IndividualNumber
from yakuba.platform.access.desk import AccessDenied
from yakuba.platform.access.duties import Duty
from yakuba.platform.audit.models import Entry
from yakuba.platform.vault import store
from yakuba.platform.vault.keyset import VaultShut
from yakuba.platform.vault.models import Number

pytestmark = pytest.mark.django_db
NUMBER = "123456789018"


def test_sealed_found_and_revealed(make_desk, clock):
    (first,) = store.put([IndividualNumber(NUMBER)], clock.now())
    assert store.put([IndividualNumber(NUMBER)], clock.now()) == [first]
    assert store.find(IndividualNumber(NUMBER)) == first
    assert store.find(IndividualNumber("983205673214")) is None
    assert store.reveal(make_desk(), first, 7).reveal() == NUMBER
    assert Entry.objects.filter(operation="view_number", subjects=[7]).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT v::text FROM vault_number v")
        (row,) = cursor.fetchone()
    assert NUMBER not in row
    assert NUMBER.encode().hex() not in row


def test_nobody_sees_it_without_the_duty(make_desk, clock):
    (first,) = store.put([IndividualNumber(NUMBER)], clock.now())
    with pytest.raises(AccessDenied):
        store.reveal(make_desk(duties=set(Duty) - {Duty.INDIVIDUAL_NUMBER}), first, 7)


def test_a_changed_row_does_not_open(make_desk, clock):
    (first,) = store.put([IndividualNumber(NUMBER)], clock.now())
    sealed = bytes(Number.objects.get(pk=first).sealed)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE vault_number DISABLE TRIGGER USER")
        cursor.execute("UPDATE vault_number SET sealed = %s", [sealed[:-1] + bytes([sealed[-1] ^ 1])])
    with pytest.raises(VaultShut, match="VLT-E-009"):
        store.reveal(make_desk(), first, 7)
