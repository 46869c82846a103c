"""An 個人番号 in the place of something else is refused or sealed, never kept."""

from __future__ import annotations

import pytest

from yakuba.core.findings import Finding, Refused
from yakuba.platform.vault import sealing
from yakuba.systems.residents import services
from yakuba.systems.residents.models import Filing
from yakuba.systems.residents.transfer.job import SEALING_CONTEXT
from yakuba.systems.residents.transfer.layout import COLUMNS, PLACE
from yakuba.systems.residents.transfer.refusals import refusal

from .conftest import individual_number

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("typed", [individual_number(7), " ".join(individual_number(7)[i : i + 4] for i in (0, 4, 8))])
def test_a_form_takes_it_in_its_own_field_only(clerk, move_in, person, typed):
    for form in (
        move_in(notifier_name=f"見本 {typed}"),
        move_in(persons=[person(1, domicile={"town": typed, "banchi": "１番"})]),
    ):
        with pytest.raises(Refused, match="FIL-E-008") as refused:
            services.file(clerk, "move_in", form)
        assert typed not in str(refused.value)
    assert not Filing.objects.exists()


@pytest.mark.parametrize("column", ["remark", "name", "address_banchi"])
def test_a_refused_line_is_sealed_whole_when_it_stands_in_another_column(column):
    digits, other = individual_number(1), individual_number(2)
    fields = [""] * len(COLUMNS)
    fields[PLACE["individual_number"] - 1] = digits
    wrong = [Finding("X", "sex", "")]
    kept = refusal(1, 2, ",".join(fields).encode(), wrong, is_record=True)
    assert (kept.line.count(","), sealing.unseal(SEALING_CONTEXT, kept.sealed)) == (len(COLUMNS) - 1, digits.encode())
    fields[PLACE[column] - 1] = f"番号{other}"
    line = ",".join(fields).encode()
    kept = refusal(1, 2, line, wrong, is_record=True)
    assert (kept.line, sealing.unseal(SEALING_CONTEXT, kept.sealed)) == ("", line)
