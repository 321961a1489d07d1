"""What the dictionary says of chance is what the simulations give; they are run anew, with fewer rounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assets.measures import dictionary
from benchmarks import design_effects, quota_pull

MEASURES = dictionary().measures


def test_every_measure_of_what_was_answered_or_paired_has_a_design_effect() -> None:
    assert {name for name, measure in MEASURES.items() if measure.design_effect} == set(design_effects.COUNTED)
    plain = {name for name, m in MEASURES.items() if m.section != "workload" and not m.design_effect}
    assert plain == {"wait_versus_fit", "unmet_needs", "profile_freshness"}  # of everybody who asked, or works


def test_independent_answers_have_a_design_effect_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(design_effects, "ROUNDS", 600)
    alone = design_effects.Answers(clients=12, answers=1, rate=0.4, of_therapist=0)
    assert design_effects.design_effect(alone, np.random.default_rng(1)) == pytest.approx(1, abs=0.2)


def test_ten_answers_that_are_always_alike_are_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """With m answers of each client the design effect is near 1 + (m - 1) ρ; here all that differs lies with the client."""
    monkeypatch.setattr(design_effects, "ROUNDS", 600)
    alike = design_effects.Answers(clients=12, answers=10, rate=0.5, of_therapist=0, of_client=0.999)
    assert design_effects.design_effect(alike, np.random.default_rng(1)) == pytest.approx(
        11, rel=0.2
    )  # Poisson: 10 + 1


@pytest.mark.long
@pytest.mark.parametrize("name", design_effects.COUNTED)
def test_design_effects_are_the_upper_end_of_those_simulated(name: str) -> None:
    counted = design_effects.COUNTED[name]
    alike = replace(counted, of_therapist=design_effects.TIMES[-1] * counted.of_therapist)
    found = design_effects.design_effect(alike, np.random.default_rng(2))
    assert MEASURES[name].design_effect == pytest.approx(found, rel=0.12)


def test_the_share_to_expect_in_quota_pull_is_that_of_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota_pull, "ROUNDS", 2000)
    found = 100 * quota_pull.shares(quota_pull.HELD[0], np.random.default_rng(2))
    by_chance = MEASURES["quota_pull"].by_chance
    assert by_chance and by_chance.error_percent == quota_pull.ERROR_PERCENT
    assert np.median(found) == pytest.approx(by_chance.percent, abs=1.5)
    assert 3 <= 100 * (found > by_chance.at_most).mean() <= 7


def test_fewer_sessions_that_fall_out_are_a_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota_pull, "ROUNDS", 1000)
    bounds = [np.percentile(quota_pull.shares(held, np.random.default_rng(2)), 95) for held in quota_pull.HELD]
    assert bounds == sorted(bounds, reverse=True)
