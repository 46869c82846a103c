"""Prepared statements: same answers, one transaction with everything else, Django's errors, one plan."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from yakuba.platform import prepared
from yakuba.platform.access.models import Office

pytestmark = pytest.mark.django_db


def test_rows_come_as_from_djangos_cursor() -> None:
    statement = "SELECT %s::int, %s::text, %s::date, now() AT TIME ZONE 'UTC' > '2020-01-01', ARRAY[1, 2], NULL"
    parameters = [7, "見本 100%", "2026-11-21"]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        expected = cursor.fetchall()
    assert prepared.fetch(statement, parameters) == expected


def test_the_second_run_is_of_a_prepared_plan() -> None:
    statement = "SELECT count(*) FROM access_office WHERE code = %(code)s"
    for code in ("1", "2"):
        prepared.fetch(statement, {"code": code})
    plans = prepared.fetch(
        "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE %s",
        ["%access_office WHERE code = $1"],
    )
    assert plans == [(2, 0)]


def test_it_belongs_to_the_transaction() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert prepared.run("INSERT INTO access_office (code, name) VALUES (%s, %s)", ["900", "見本課"]) == 1
        assert Office.objects.filter(code="900").exists()
        raise ZeroDivisionError
    assert not Office.objects.filter(code="900").exists()


def test_errors_are_djangos() -> None:
    with pytest.raises(ProgrammingError), transaction.atomic():
        prepared.fetch("SELECT nothing_like_that")
    insert = "INSERT INTO access_office (code, name) VALUES (%s, %s)"
    prepared.run(insert, ["901", "見本課"])
    with pytest.raises(IntegrityError), transaction.atomic():
        prepared.run(insert, ["901", "見本課"])
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic(savepoint=False):
            prepared.run(insert, ["901", "見本課"])
        with pytest.raises(transaction.TransactionManagementError):
            prepared.fetch("SELECT 1")


def test_who_counts_queries_sees_it(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        prepared.fetch("SELECT 1")
        prepared.run("UPDATE access_office SET name = %s WHERE code = %s", ["x", "none"])
