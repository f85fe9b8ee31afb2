"""A clock to hand in: no test waits for time to pass."""

import os

import pytest

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig, _native

# It needs a wheel of its own, which panics where it is told to; `cargo xtask test python` makes it.
collect_ignore = [] if hasattr(_native, "force_panic") else ["test_panics.py"]

# How many times as long the long tests run: `K1S0_CB_SCALE=10` makes the sizes that are promised.
SCALE = int(os.environ.get("K1S0_CB_SCALE", "1"))


class ManualClock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 1000.0
        self.reads = 0

    def __call__(self):
        self.reads += 1
        return self.now

    def advance(self, seconds):
        self.now += seconds


class Boom(Exception):
    """What the guarded functions of these tests raise."""


def boom():
    raise Boom("boom")


def fail(breaker, times=1):
    for _ in range(times):
        with pytest.raises(Boom):
            breaker.execute_sync(boom)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def make(clock):
    """Makes a breaker on that clock: configuration fields and keywords of the breaker together."""

    def make(**said):
        own = ("name", "exclude", "failure_if", "classifier", "wrap_errors")
        keywords = {key: said.pop(key) for key in own if key in said}
        return CircuitBreaker(CircuitBreakerConfig(**said), clock=clock, **keywords)

    return make
