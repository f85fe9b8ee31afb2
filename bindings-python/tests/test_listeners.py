"""Listeners: told once, in order, outside of every lock."""

import logging
import subprocess
import sys
import threading

import pytest

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig
from k1s0_circuit_breaker import CircuitBreakerState as State

from conftest import Boom, fail


def test_what_is_told(make, clock):
    cb = make(failure_threshold=2, success_threshold=1, open_duration=1.0, name="orders")
    told = []
    cb.on_transition(told.append)
    fail(cb, 2)
    clock.advance(1)
    cb.execute_sync(lambda: None)
    assert [(it.from_state, it.to_state, it.reason, it.epoch) for it in told] == [
        (State.CLOSED, State.OPEN, "failure_threshold", 2),
        (State.OPEN, State.HALF_OPEN, "timeout_elapsed", 3),
        (State.HALF_OPEN, State.CLOSED, "success_threshold", 4),
    ]
    assert [(it.name, it.at) for it in told] == [
        ("orders", 1000),
        ("orders", 1001),
        ("orders", 1001),
    ]
    assert told[0].consecutive_failures == 2
    assert told[2].successful_probes == 1
    assert "closed -> open" in repr(told[0])


def test_unsubscribing(make):
    cb = make()
    told = []
    first = cb.on_transition(lambda _: told.append(1))
    with cb.on_transition(lambda _: told.append(2)):
        cb.trip()
    cb.reset()
    first.cancel()
    first.cancel()
    cb.trip()
    assert told == [1, 2, 1]
    with pytest.raises(TypeError, match="callable"):
        cb.on_transition(3)


def test_one_that_comes_late_hears_what_happens_from_then_on(make):
    cb = make()
    cb.trip()
    told = []
    cb.on_transition(lambda it: told.append(it.reason))
    cb.reset()
    assert told == ["reset"]


def test_a_listener_that_raises_costs_nobody_anything(make, monkeypatch):
    cb = make(failure_threshold=1)
    reported, told = [], []
    monkeypatch.setattr(sys, "unraisablehook", lambda it: reported.append((it.exc_type, it.object)))

    def bad(_):
        raise ZeroDivisionError

    cb.on_transition(bad)
    cb.on_transition(told.append)
    fail(cb)
    assert reported == [(ZeroDivisionError, bad)]
    assert len(told) == 1


def test_a_listener_may_use_the_breaker(make):
    """And what it brings about is told after what it was told of."""
    cb = make(failure_threshold=1)
    told = []

    def listener(transition):
        told.append(("begin", transition.reason))
        if transition.reason == "failure_threshold":
            assert cb.is_open
            cb.reset()
            cb.explain()
        told.append(("end", transition.reason))

    cb.on_transition(listener)
    fail(cb)
    assert told == [
        ("begin", "failure_threshold"),
        ("end", "failure_threshold"),
        ("begin", "reset"),
        ("end", "reset"),
    ]


def test_a_listener_that_takes_a_lock_deadlocks_nobody(make):
    cb = make()
    lock = threading.Lock()
    seen = []

    def listener(transition):
        with lock:
            seen.append(transition.epoch)

    cb.on_transition(listener)

    def work():
        for _ in range(300):
            with lock:
                cb.metrics()
            cb.trip()
            cb.reset()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert seen == list(range(2, 2 + 8 * 600)), "each once, in order"


def test_transitions_are_logged(make, caplog):
    cb = make(failure_threshold=1, name="orders")
    with caplog.at_level(logging.INFO, "k1s0_circuit_breaker"):
        fail(cb)
        cb.reset()
    assert [(it.levelname, it.getMessage()) for it in caplog.records] == [
        ("WARNING", "circuit breaker orders: closed -> open (failure_threshold)"),
        ("INFO", "circuit breaker orders: open -> closed (reset)"),
    ]


def test_a_keyboard_interrupt_in_a_listener_is_not_lost(make):
    cb = make()

    def listener(_):
        raise KeyboardInterrupt

    cb.on_transition(listener)
    with pytest.raises(KeyboardInterrupt):
        cb.trip()
        for _ in range(1000):
            pass
    assert cb.is_open


def test_a_program_that_does_not_log_says_nothing():
    program = (
        "import sys, k1s0_circuit_breaker as k\n"
        "k.CircuitBreaker().trip()\n"
        "assert 'logging' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-S", "-c", _path() + program], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def _path():
    return f"import sys; sys.path[:] = {sys.path!r}\n"


def test_default_breakers_share_nothing():
    one, two = CircuitBreaker(), CircuitBreaker(CircuitBreakerConfig())
    one.trip()
    assert not two.is_open
    assert one.config == two.config
    with pytest.raises(Boom):
        two.execute_sync(_boom)


def _boom():
    raise Boom
