"""``os.fork``, with threads busy in the parent: the child can call, count and tell."""

import logging
import os
import signal
import threading
import time

import pytest

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig, Registry

from conftest import SCALE, Boom

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    # Python 3.12 and later warn of exactly what is tested here.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def _unlogged(monkeypatch):
    """The locks of Python's own buffered files are not released in a child; who logs while another thread forks, may
    hang in there. That is none of ours."""
    monkeypatch.setattr(logging.getLogger("k1s0_circuit_breaker"), "disabled", True)


def in_child(work, seconds=30):
    """Runs it in a child; whether it came to its end. The limit is for one that hangs: a busy machine takes its time."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.0005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def test_forks_with_busy_threads():
    cb = CircuitBreaker(CircuitBreakerConfig(failure_threshold=3, open_duration=0))
    told = []
    cb.on_transition(told.append)
    registry = Registry()
    stop = threading.Event()

    def failing():
        raise Boom

    def busy():
        number = 0
        while not stop.is_set():
            number += 1
            try:
                cb.execute_sync(failing if number % 3 else int)
            except Exception:
                pass
            cb.trip()
            cb.metrics()
            registry.get_or_create(str(number % 2000))
            CircuitBreaker().trip()

    threads = [threading.Thread(target=busy, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()

    def work():
        before = len(told)
        cb.reset()
        assert cb.execute_sync(lambda: "called") == "called"
        cb.trip()
        assert len(told) >= before + 2, "listeners are told in the child"
        assert registry.get_or_create("new in the child").execute_sync(int) == 0
        mine = CircuitBreaker()
        mine.trip()
        assert mine.is_open
        cb.metrics()

    try:
        for _ in range(100 * SCALE):
            assert in_child(work)
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def test_a_fork_while_another_thread_is_telling():
    """In the child nobody goes on with that; the next transition takes it over."""
    cb = CircuitBreaker()
    told, go_on, telling = [], threading.Event(), threading.Event()

    def listener(transition):
        told.append(transition.reason)
        if len(told) == 1:
            telling.set()
            go_on.wait()

    cb.on_transition(listener)
    thread = threading.Thread(target=cb.trip)
    thread.start()
    telling.wait()

    def work():
        cb.reset()
        assert told == ["trip", "reset"]

    assert in_child(work)
    go_on.set()
    thread.join()


def test_what_the_child_does_is_its_own():
    cb = CircuitBreaker()
    cb.trip()

    def work():
        assert cb.is_open, "it begins as a copy"
        cb.reset()

    assert in_child(work)
    assert cb.is_open
