"""個人住民税 as rules: 令和3年度 to 令和8年度. `taxpayer()` and `relative()` are the two books; inputs.py says what they need."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from yakuba.core.rules import ParameterFile, RuleBook

FIRST, LAST = 2021, 2026
PARAMETERS = Path(__file__).with_name("data") / "parameters.yaml"
_OF_RELATIVES = frozenset({"relative_income", "relative_ages", "specific_relative_deduction"})


@cache
def taxpayer() -> RuleBook:
    """The rules of one person's tax."""
    from . import credits, deductions, income, inputs, levy

    parameters = ParameterFile.load(PARAMETERS)
    return RuleBook.load(
        "個人住民税",
        (*income.RULES, *deductions.RULES, *levy.RULES, *credits.RULES),
        inputs.TAXPAYER,
        parameters.only(set(parameters.groups) - _OF_RELATIVES | {"relative_income"}),
        first=FIRST,
        last=LAST,
    )


@cache
def relative() -> RuleBook:
    """The rules by which a relative counts for a taxpayer."""
    from . import inputs, relatives

    parameters = ParameterFile.load(PARAMETERS).only(_OF_RELATIVES)
    return RuleBook.load("扶養親族", relatives.RULES, inputs.RELATIVE, parameters, first=FIRST, last=LAST)
