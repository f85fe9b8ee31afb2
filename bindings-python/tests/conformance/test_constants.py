"""`constants.json`, replayed: what is committed is what this package has."""

from __future__ import annotations

from typing import Any

import pytest

from k1s0_circuit_breaker import (
    CircuitBreaker,
    CircuitBreakerConfig,
    CircuitBreakerState,
    Outcome,
)

from .suite import NAMES, read

CONSTANTS: dict[str, Any] = read("constants.json")
DEFAULTS = CONSTANTS["defaults"]


def test_states_and_outcomes() -> None:
    assert [it["label"] for it in CONSTANTS["states"]] == [it.value for it in CircuitBreakerState]
    assert [it["name"] for it in CONSTANTS["outcomes"]] == [it.value for it in Outcome]


def test_effects() -> None:
    breaker = CircuitBreaker()
    current, stale = breaker.acquire(), breaker.acquire()
    found = [current.success(), None, current.success(), None]
    breaker.reset()
    found[1] = stale.success()
    shadow = CircuitBreaker(CircuitBreakerConfig(shadow=True))
    shadow.trip()
    found[3] = shadow.acquire().success()
    assert [it["name"] for it in CONSTANTS["effects"]] == found


@pytest.mark.parametrize(
    "field", [it for it in DEFAULTS if it not in ("exceptions", "max_timeout_ms")]
)
def test_defaults(field: str) -> None:
    config = CircuitBreakerConfig()
    name, expected = field, DEFAULTS["exceptions"]["python"].get(field, DEFAULTS[field])
    if field.endswith("_ms"):
        name = field[:-3]
        expected = None if expected is None else expected / 1000
    assert getattr(config, NAMES.get(name, name)) == expected


def test_a_breaker_that_was_told_nothing_has_them() -> None:
    breaker = CircuitBreaker(clock=lambda: 7.0)
    assert breaker.metrics().epoch == CONSTANTS["first_epoch"]
    for _ in range(DEFAULTS["failure_threshold"]):
        assert breaker.state is CircuitBreakerState.CLOSED
        breaker.record_failure()
    assert breaker.metrics().remaining_wait == DEFAULTS["timeout_ms"] / 1000


def test_a_server_that_asks_for_more_than_the_longest_wait_gets_that() -> None:
    breaker = CircuitBreaker(CircuitBreakerConfig(failure_threshold=1), clock=lambda: 7.0)
    breaker.acquire().failure(retry_after=1e9)
    assert breaker.metrics().remaining_wait == DEFAULTS["max_timeout_ms"] / 1000
