"""Metrics, explanations, repr."""

import json

import pytest

from k1s0_circuit_breaker import CircuitBreakerMetrics
from k1s0_circuit_breaker import CircuitBreakerState as State

from conftest import fail


def test_metrics(make, clock):
    cb = make(failure_threshold=2, open_duration=10.0)
    assert cb.metrics().success_rate is None
    for _ in range(6):
        cb.execute_sync(lambda: None)
    fail(cb, 2)
    clock.advance(4)
    assert cb.try_acquire() is None
    metrics = cb.metrics()
    assert isinstance(metrics, CircuitBreakerMetrics)
    assert (metrics.success_count, metrics.failure_count, metrics.rejected_count) == (6, 2, 1)
    assert metrics.success_rate == 0.75
    assert metrics.state is State.OPEN
    assert metrics.remaining_wait == 6.0
    assert (metrics.epoch, metrics.transition_count, metrics.forced) == (2, 1, False)
    assert metrics.rejected_by_reason == {"open": 1, "half_open": 0, "forced_open": 0}
    assert metrics.transitions[State.CLOSED, State.OPEN] == 1
    assert sum(metrics.transitions.values()) == 1
    assert metrics == cb.snapshot()
    assert metrics != 3
    assert "6 succeeded, 2 failed, 1 rejected" in repr(metrics)
    shown = metrics.to_dict()
    assert all(getattr(metrics, name) == value for name, value in shown.items())
    with pytest.raises(AttributeError):
        metrics.success_count = 3


def test_explain(make, clock):
    cb = make(name="payments", failure_threshold=2, open_duration=30.0)
    fail(cb, 2)
    clock.advance(17.5)
    explanation = cb.explain()
    text = str(explanation)
    assert text.startswith('circuit breaker "payments" is Open, epoch 2\n')
    assert "the next call after 12.5s is a probe" in text
    told = explanation.to_dict()
    assert told == json.loads(explanation.to_json())
    assert (told["name"], told["state"]) == ("payments", "Open")
    assert told["remaining_wait_ns"] == 12_500_000_000
    assert repr(explanation) == "<CircuitBreakerExplanation open>"


def test_recent_transitions_are_bounded(make):
    cb = make()
    for _ in range(40):
        cb.trip()
        cb.reset()
    recent = cb.recent_transitions()
    assert len(recent) == 32
    assert [made.epoch for made in recent] == list(range(50, 82))


def test_repr(make):
    cb = make(name="a")
    assert repr(cb) == "<CircuitBreaker 'a' closed>"
    cb.trip()
    assert repr(cb) == "<CircuitBreaker 'a' open>"
    assert repr(make()) == "<CircuitBreaker closed>"


def test_idle(make):
    cb = make()
    assert cb.is_idle
    fail(cb)
    assert not cb.is_idle
