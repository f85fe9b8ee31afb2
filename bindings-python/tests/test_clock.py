"""The time: looked up when it is needed, from where the user can reach it, and never wedging."""

import asyncio
import time

import pytest

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig
from k1s0_circuit_breaker import CircuitBreakerState as State

from conftest import Boom, fail


def test_a_patched_time_monotonic_is_seen(monkeypatch):
    cb = CircuitBreaker(CircuitBreakerConfig(failure_threshold=1, open_duration=60.0))
    fail(cb)
    assert cb.state is State.OPEN
    later = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert cb.state is State.HALF_OPEN
    monkeypatch.undo()
    assert cb.state is State.OPEN


def test_a_closed_breaker_reads_no_clock(make, clock):
    cb = make(failure_threshold=3, failure_rate=0.5)
    cb.execute_sync(lambda: None)
    fail(cb, 2)
    with cb:
        pass
    cb.acquire().ignore()
    asyncio.run(cb.execute(asyncio.sleep, 0))
    assert cb.state is State.CLOSED
    cb.metrics()
    assert clock.reads == 0
    fail(cb)
    assert clock.reads == 0, "a success stood between"
    fail(cb, 2)
    assert cb.is_open
    assert clock.reads == 2, "one for opening, one for reading the state"


def test_a_clock_that_raises_at_admission_changes_nothing(make):
    broken = []

    def clock():
        if broken:
            raise Boom("clock")
        return 5.0

    cb = CircuitBreaker(CircuitBreakerConfig(failure_threshold=1, open_duration=0), clock=clock)
    fail(cb)
    broken.append(1)
    called = []
    for call in (
        lambda: cb.execute_sync(called.append, 1),
        lambda: cb(called.append)(1),
        cb.acquire,
        cb.try_acquire,
        lambda: cb.state,
        cb.metrics,
        cb.reset,
        cb.record_failure,
    ):
        with pytest.raises(Boom, match="clock"):
            call()
    assert called == []
    broken.clear()
    assert cb.state is State.HALF_OPEN
    assert cb.execute_sync(lambda: 1) == 1
    cb.trip()
    assert "half_open" in repr(cb)
    broken.append(1)
    assert "?" in repr(cb)


def test_a_clock_that_raises_at_the_end_costs_neither_result_nor_slot(monkeypatch):
    reported = []
    monkeypatch.setattr("sys.unraisablehook", lambda it: reported.append(it.exc_type))
    broken = []

    def clock():
        if broken:
            raise Boom("clock")
        return 5.0

    cb = CircuitBreaker(
        CircuitBreakerConfig(failure_threshold=1, success_threshold=1, open_duration=0), clock=clock
    )

    def breaks_it():
        broken.append(1)
        return "result"

    fail(cb)
    assert cb.execute_sync(breaks_it) == "result"
    assert reported == [Boom]
    broken.clear()
    assert cb.state is State.CLOSED
    assert cb.recent_transitions()[-1].at == 5.0, "the last reading"


@pytest.mark.parametrize("answer", [None, "1", float("nan"), float("inf"), -1.0, -1])
def test_a_clock_that_answers_nonsense(answer):
    cb = CircuitBreaker(clock=lambda: answer)
    with pytest.raises((TypeError, ValueError), match="a clock answers a number of seconds"):
        cb.trip()
    assert cb.metrics().transition_count == 0


@pytest.mark.parametrize("answer", [0, 7, 7.25, 2**33])
def test_a_clock_may_answer_any_number(answer):
    cb = CircuitBreaker(clock=lambda: answer)
    assert cb.trip().at == answer


def test_a_clock_may_use_the_breaker():
    def clock():
        cb.is_idle  # noqa: B018
        return 1.0

    cb = CircuitBreaker(clock=clock)
    cb.trip()


def test_a_clock_that_steps_back_restarts_the_wait_at_most(make, clock):
    cb = make(failure_threshold=1, open_duration=10.0)
    fail(cb)
    clock.advance(-500)
    assert cb.is_open
    assert cb.try_acquire() is None
    clock.advance(10)
    assert cb.state is State.HALF_OPEN
