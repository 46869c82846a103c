"""What is written in binary is what PostgreSQL reads."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yakuba.systems.residents.transfer import binary

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
DAYS = st.dates(date(1, 1, 1), date(9998, 12, 31))
BIG, SMALL = st.integers(-(2**63), 2**63 - 1), st.integers(-(2**15), 2**15 - 1)
COLUMNS = {
    "words": ("text", pl.String, TEXT),
    "flag": ("boolean", pl.Boolean, st.booleans()),
    "day": ("date", pl.Date, DAYS),
    "big": ("bigint", pl.Int64, BIG),
    "small": ("smallint", pl.Int16, SMALL),
}
ROW = st.tuples(*(st.none() | values for _, _, values in COLUMNS.values()))
GRAMS = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5)
pytestmark = pytest.mark.django_db


def through_postgres(types: dict[str, str], columns: list[binary.Encoded]) -> list[tuple[object, ...]]:
    """The rows as a table of these types holds them after the COPY, in its order."""
    names = ", ".join(types)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE arrived ({', '.join(f'{name} {type_}' for name, type_ in types.items())})"
        )
        with cursor.copy(f"COPY arrived ({names}) FROM STDIN (FORMAT binary)") as copy:
            copy.write(binary.rows(columns))
        cursor.execute(f"SELECT {names} FROM arrived ORDER BY ctid")
        arrived = list(cursor.fetchall())
        cursor.execute("DROP TABLE arrived")
    return arrived


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(ROW, GRAMS), max_size=12))
def test_postgresql_reads_what_was_meant(rows):
    frame = pl.DataFrame(
        [row for row, _ in rows], schema={name: type_ for name, (_, type_, _) in COLUMNS.items()}, orient="row"
    )
    grams = [numbers for _, numbers in rows]
    arrays = binary.integer_arrays(np.array([len(numbers) for numbers in grams], np.int64),
                                   np.array([number for numbers in grams for number in numbers], np.int64))  # fmt: skip
    types = {name: type_ for name, (type_, _, _) in COLUMNS.items()} | {"grams": "integer[]"}
    arrived = through_postgres(types, [*(binary.encode(frame[name]) for name in COLUMNS), arrays])
    assert arrived == [(*row, numbers) for row, numbers in rows]


def test_a_moment_is_exact_to_the_microsecond():
    moments = [datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 11, 21, 3, 4, 5, 678901, tzinfo=UTC)]
    for moment in moments:
        column = binary.Encoded.constant(binary.moment(moment), 2)
        assert through_postgres({"at": "timestamptz"}, [column]) == [(moment,), (moment,)]


def test_long_and_short_texts_in_one_column():
    texts = ["", "見本", "長" * 40_000, None, "a" * 65_534, "a" * 65_535, "b"]
    column = binary.encode(pl.Series(texts))
    assert through_postgres({"words": "text"}, [column]) == [(text,) for text in texts]


def test_what_has_no_binary_form_is_refused():
    with pytest.raises(TypeError, match="Float64"):
        binary.encode(pl.Series("share", [0.5]))
