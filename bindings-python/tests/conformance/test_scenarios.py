"""Each scenario through each way in, a test each."""

from __future__ import annotations

from typing import Any

import pytest

from k1s0_circuit_breaker import CircuitBreakerConfig, ConfigError

from .entries import ENTRIES
from .player import Player, refused
from .suite import arguments, scenarios

SCENARIOS = list(scenarios())


def has_retry_after(scenario: dict[str, Any]) -> bool:
    return any(
        key.startswith("retry_after")
        for step in scenario.get("steps", ())
        for key in step
        if step["op"] == "settle"
    )


def cases() -> list[Any]:
    return [
        pytest.param(scenario, entry, id=f"{entry}::{scenario['name']}")
        for scenario in SCENARIOS
        for entry, kind in ENTRIES.items()
        # What a way in cannot hand in, another one can.
        if kind.takes_retry_after or not has_retry_after(scenario)
    ]


@pytest.mark.parametrize(("scenario", "entry"), cases())
def test_scenario(scenario: dict[str, Any], entry: str) -> None:
    if "refused" in scenario:
        with pytest.raises(ConfigError) as error:
            CircuitBreakerConfig(**arguments(scenario["config"]))
        refused(scenario, error.value)
    else:
        Player(scenario, ENTRIES[entry]).play()
