from __future__ import annotations

import pytest
from tests.core.rules.fares import INPUTS, PARAMETERS, RULES, written

from yakuba.core.rules import ParameterFile, RuleBook


@pytest.fixture(scope="session")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> ParameterFile:
    return written(tmp_path_factory.mktemp("fares"), PARAMETERS)


@pytest.fixture(scope="session")
def fares(parameters: ParameterFile) -> RuleBook:
    return RuleBook.load("運賃", RULES, INPUTS, parameters, first=2021, last=2024)
