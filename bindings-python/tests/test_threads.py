"""Many threads, one breaker: what is counted is exact, and no slot is lost."""

import threading

import pytest

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError

from conftest import SCALE, Boom, fail

THREADS = 64


def all_at_once(work, threads=THREADS):
    start = threading.Barrier(threads)
    errors = []

    def run(number):
        start.wait()
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    running = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(120)
    assert not any(thread.is_alive() for thread in running)
    assert errors == []


def test_totals_are_exact():
    cb = CircuitBreaker(CircuitBreakerConfig(failure_threshold=4_000_000_000), exclude=KeyError)
    rounds = 500 * SCALE

    def raising(error):
        raise error

    guarded = cb(raising)

    def work(number):
        for _ in range(rounds):
            cb.execute_sync(int)
            with pytest.raises(Boom):
                guarded(Boom())
            with pytest.raises(KeyError):
                guarded(KeyError())
            cb.acquire().cancel()

    all_at_once(work)
    metrics = cb.metrics()
    each = THREADS * rounds
    assert metrics.success_count == each
    assert metrics.failure_count == each
    assert metrics.ignored_count == each
    assert metrics.cancelled_count == each
    assert metrics.rejected_count == 0


def test_one_probe_at_a_time_and_none_lost(make, clock):
    cb = make(failure_threshold=1, success_threshold=1, open_duration=1.0)
    inside, most, admitted = [], [], []

    def probe():
        inside.append(1)
        most.append(len(inside))
        admitted.append(1)
        inside.pop()
        raise Boom

    def work(_):
        try:
            cb.execute_sync(probe)
        except (Boom, CircuitOpenError):
            pass

    fail(cb)
    for _ in range(20 * SCALE):
        clock.advance(1)
        before = len(admitted)
        all_at_once(work, threads=16)
        assert len(admitted) == before + 1, "each failed probe opens it again"
    assert max(most) == 1
    assert cb.metrics().probes_in_flight == 0


def test_a_breaker_goes_away_while_others_are_made():
    def work(number):
        for _ in range(200):
            cb = CircuitBreaker(name=str(number))
            cb(int)()
            cb.trip()

    all_at_once(work, threads=16)
