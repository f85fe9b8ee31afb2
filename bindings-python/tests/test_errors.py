"""The exceptions: new each time, picklable, and with something to say."""

import copy
import pickle

import pytest

from k1s0_circuit_breaker import (
    CircuitBreakerError,
    CircuitOpenError,
    ConfigError,
    ExecutionFailedError,
)


def rejection(cb):
    with pytest.raises(CircuitOpenError) as rejected:
        cb.execute_sync(lambda: None)
    return rejected.value


def test_what_a_rejection_says(make, clock):
    cb = make(name="orders", open_duration=30.0)
    cb.trip()
    clock.advance(17.75)
    error = rejection(cb)
    assert isinstance(error, CircuitBreakerError)
    assert (error.name, error.retry_after, error.reason) == ("orders", 12.25, "open")
    assert str(error) == "circuit breaker 'orders' is open; try again in 12.2s"
    cb.force_open()
    assert str(rejection(cb)) == "circuit breaker 'orders' is forced open"
    nameless = make()
    nameless.trip()
    assert str(rejection(nameless)).startswith("circuit breaker is open; try")


def test_never_the_same_instance(make):
    cb = make()
    cb.trip()
    one, two = rejection(cb), rejection(cb)
    assert one is not two
    one.note = "mine"
    assert not hasattr(two, "note")


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickling(make, protocol):
    cb = make(name="orders")
    cb.trip()
    error = rejection(cb)
    for same in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error)):
        assert type(same) is CircuitOpenError
        assert (same.name, same.retry_after, same.reason) == ("orders", 30.0, "open")
        assert str(same) == str(error)
    failed = pickle.loads(pickle.dumps(ExecutionFailedError("orders"), protocol))
    assert failed.name == "orders"


def test_they_can_be_made_by_hand():
    error = CircuitOpenError(retry_after=2.5)
    assert (error.name, error.retry_after, error.reason) == (None, 2.5, "open")
    assert CircuitOpenError("n", reason="half_open").reason == "half_open"
    assert issubclass(ExecutionFailedError, CircuitBreakerError)
    assert issubclass(ConfigError, ValueError)
    assert str(ConfigError("jitter", 10**5000, "0 to 1")) == (
        "jitter is a huge number; it must be 0 to 1"
    )
    assert str(ExecutionFailedError()) == "a call through circuit breaker failed"


def test_the_context_is_kept(make):
    cb = make()
    cb.trip()
    with pytest.raises(CircuitOpenError) as rejected:
        try:
            raise KeyError("before")
        except KeyError:
            cb.execute_sync(lambda: None)
    assert isinstance(rejected.value.__context__, KeyError)
