"""Closed, open, half-open, closed: what a user relies on. The rules themselves are core's."""

import pytest

from k1s0_circuit_breaker import CircuitBreakerState as State
from k1s0_circuit_breaker import CircuitOpenError

from conftest import Boom, fail


def test_the_whole_way(make, clock):
    cb = make(failure_threshold=3, success_threshold=2, open_duration=30.0)
    assert cb.state is State.CLOSED
    fail(cb, 2)
    assert cb.state is State.CLOSED
    fail(cb)
    assert cb.state is State.OPEN
    assert cb.is_open
    clock.advance(29.5)
    with pytest.raises(CircuitOpenError) as rejected:
        cb.execute_sync(lambda: 1)
    assert rejected.value.retry_after == pytest.approx(0.5)
    clock.advance(0.5)
    assert cb.state is State.HALF_OPEN
    assert cb.execute_sync(lambda: 1) == 1
    assert cb.state is State.HALF_OPEN
    assert cb.execute_sync(lambda: 2) == 2
    assert cb.state is State.CLOSED


def test_a_failed_probe_opens_again(make, clock):
    cb = make(failure_threshold=1, open_duration=10.0)
    fail(cb)
    clock.advance(10)
    fail(cb)
    assert cb.state is State.OPEN
    assert [made.reason for made in cb.recent_transitions()] == [
        "failure_threshold",
        "timeout_elapsed",
        "probe_failed",
    ]


def test_a_success_forgets_failures(make):
    cb = make(failure_threshold=2)
    fail(cb)
    cb.execute_sync(lambda: None)
    fail(cb)
    assert cb.state is State.CLOSED


def test_no_more_probes_than_configured(make, clock):
    cb = make(failure_threshold=1, open_duration=1.0, half_open_max_calls=2)
    fail(cb)
    clock.advance(1)
    first, second = cb.acquire(), cb.acquire()
    assert cb.metrics().probes_in_flight == 2
    with pytest.raises(CircuitOpenError) as rejected:
        cb.acquire()
    assert (rejected.value.reason, rejected.value.retry_after) == ("half_open", None)
    first.success()
    second.success()
    assert cb.state is State.CLOSED


def test_records_without_a_permit(make, clock):
    cb = make(failure_threshold=2, success_threshold=1, open_duration=5.0)
    cb.record_failure()
    cb.record_failure()
    assert cb.is_open
    clock.advance(5)
    cb.record_success()
    assert cb.state is State.CLOSED


def test_forced_modes(make):
    cb = make(failure_threshold=1)
    made = cb.force_open()
    assert (made.from_state, made.to_state, made.reason) == (State.CLOSED, State.OPEN, "forced")
    with pytest.raises(CircuitOpenError) as rejected:
        cb.execute_sync(lambda: None)
    assert (rejected.value.reason, rejected.value.retry_after) == ("forced_open", None)
    assert cb.trip() is None
    cb.force_closed()
    fail(cb, 3)
    assert cb.state is State.CLOSED
    cb.automatic()
    assert cb.automatic() is None
    assert cb.trip().reason == "trip"
    assert cb.is_open
    cb.reset()
    assert cb.state is State.CLOSED


def test_failure_rate_of_the_last_calls(make):
    cb = make(failure_threshold=None, failure_rate=0.5, window_calls=4, minimum_calls=4)
    cb.execute_sync(lambda: None)
    cb.execute_sync(lambda: None)
    fail(cb)
    assert not cb.is_open
    fail(cb)
    assert cb.is_open
    assert cb.recent_transitions()[-1].reason == "failure_rate"
    assert cb.recent_transitions()[-1].window_calls == 4
    assert cb.recent_transitions()[-1].window_failures == 2


def test_failure_rate_over_time(make, clock):
    cb = make(failure_rate=0.5, window_duration=10.0, minimum_calls=2, failure_threshold=None)
    fail(cb)
    clock.advance(11)
    fail(cb)
    assert not cb.is_open, "the first is forgotten"
    fail(cb)
    assert cb.is_open


def test_slow_calls(make, clock):
    cb = make(slow_call_duration=1.0, slow_call_rate=0.5, slow_minimum_calls=2)
    for _ in range(2):
        cb.execute_sync(clock.advance, 1.5)
    assert cb.is_open
    assert cb.metrics().slow_count == 2


def test_hung_calls(make, clock):
    cb = make(
        slow_call_duration=1.0, slow_call_rate=0.5, slow_minimum_calls=1, count_hung_calls=True
    )
    permit = cb.acquire()
    clock.advance(1.2)
    assert cb.tick().reason == "slow_call_rate"
    assert permit.success() == "stale"


def test_backoff(make, clock):
    cb = make(failure_threshold=1, open_duration=1.0, backoff_multiplier=2.0, max_open_duration=3)
    waits = []
    for _ in range(3):
        fail(cb)
        waits.append(cb.metrics().remaining_wait)
        clock.advance(waits[-1])
    assert waits == [1.0, 2.0, 3.0]


def test_shadow_rejects_nothing(make):
    cb = make(failure_threshold=1, shadow=True)
    fail(cb)
    assert cb.is_open
    assert cb.execute_sync(lambda: "served") == "served"
    metrics = cb.metrics()
    assert (metrics.rejected_count, metrics.would_reject_count) == (0, 1)
    assert metrics.would_reject_by_reason == {"open": 1, "half_open": 0, "forced_open": 0}


def test_late_results_do_not_count(make):
    cb = make(failure_threshold=1)
    late = cb.acquire()
    cb.reset()
    assert late.failure() == "stale"
    assert cb.state is State.CLOSED
    assert cb.metrics().stale_count == 1


def test_a_breaker_of_another_kind_of_failure(make):
    cb = make(failure_threshold=1)
    with pytest.raises(Boom):
        cb.execute_sync(lambda: (_ for _ in ()).throw(Boom()).send(None))
    assert cb.is_open
