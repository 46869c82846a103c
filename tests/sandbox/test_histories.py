"""A state machine over every kind of filing: whatever is filed in whatever order, the register stays whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from yakuba.sandbox import histories
from yakuba.systems.residents import planning, rules
from yakuba.systems.residents.filings import KINDS
from yakuba.systems.residents.items import BY_NAME

SEEDS = st.integers(0, 2**32 - 1)


class RegisterMachine(RuleBasedStateMachine):
    @initialize(seed=SEEDS)
    def begin(self, seed: int) -> None:
        self.history = histories.History(np.random.default_rng(seed))
        self.versions: dict[int, list[histories.Version]] = {}
        for _ in range(3):
            assert self.history.step("move_in") == []

    @rule(kind=st.sampled_from(sorted(KINDS)))
    def file(self, kind: str) -> None:
        assert self.history.step(kind) == []

    @invariant()
    def nothing_is_overwritten(self) -> None:
        if not hasattr(self, "history"):
            return
        for person, versions in self.versions.items():
            assert self.history.register.history[person][: len(versions)] == versions
        self.versions = {person: list(versions) for person, versions in self.history.register.history.items()}


TestRegister = RegisterMachine.TestCase
TestRegister.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_the_same_seed_is_the_same_history():
    one, two = histories.Tally(), histories.Tally()
    assert histories.play(7, 15, one) == histories.play(7, 15, two) == []
    assert (one.registered, one.refused) == (two.registered, two.refused)


def test_every_item_of_the_model_is_one_of_the_record():
    history = histories.History(np.random.default_rng(1))
    for _ in range(20):
        assert history.step() == []
    for versions in history.register.history.values():
        assert set(versions[-1].items) <= set(BY_NAME)


@pytest.mark.parametrize("fault", ["householder", "kind", "code"])
def test_a_rule_that_breaks_the_register_is_noticed(monkeypatch, fault):
    """The histories find what they are for: each fault is planted in the rules and must be seen."""
    if fault == "householder":
        monkeypatch.setattr(rules, "settle_households", lambda *_: None)
    elif fault == "kind":
        empty = planning.of_the_other_kind
        monkeypatch.setattr(
            "yakuba.systems.residents.identity.of_the_other_kind", lambda kind: dict(list(empty(kind).items())[:1])
        )
    else:
        real = rules.plan

        def same_code(filing, view):
            plan = real(filing, view)
            plan.changes[:] = [replace(c, items={**c.items, "resident_code": "one"}) for c in plan.changes]
            return plan

        monkeypatch.setattr(rules, "plan", same_code)
    found = [broken for seed in range(60) for broken in histories.play(seed, 15, histories.Tally())]
    assert found, "nobody noticed"
