"""``exclude``, ``failure_if``, ``classifier``."""

import asyncio
import sys

import pytest

from k1s0_circuit_breaker import CircuitBreaker, Outcome

from conftest import Boom


def counts(cb):
    metrics = cb.metrics()
    return (
        metrics.success_count,
        metrics.failure_count,
        metrics.ignored_count,
        metrics.cancelled_count,
    )


def raising(error):
    def call():
        raise error

    return call


@pytest.mark.parametrize(
    "exclude",
    [
        KeyError,
        (KeyError,),
        [ValueError, KeyError],
        LookupError,
        lambda error: isinstance(error, KeyError),
        [ValueError, lambda error: error.args == ("k",)],
    ],
)
def test_exclude(make, exclude):
    cb = make(failure_threshold=1, exclude=exclude)
    with pytest.raises(KeyError):
        cb.execute_sync(raising(KeyError("k")))
    assert counts(cb) == (0, 0, 1, 0)
    with pytest.raises(Boom):
        cb.execute_sync(raising(Boom()))
    assert cb.is_open


@pytest.mark.parametrize("exclude", [3, "KeyError", [KeyError, 3], int, [object()]])
def test_exclude_must_be_exceptions_or_predicates(exclude):
    with pytest.raises(TypeError, match=r"exclude|iterable"):
        CircuitBreaker(exclude=exclude)


def test_failure_if_looks_at_results(make):
    cb = make(failure_threshold=2, failure_if=lambda status: status >= 500)

    async def later(status):
        return status

    assert cb.execute_sync(lambda: 200) == 200
    assert cb.execute_sync(lambda: 503) == 503
    assert asyncio.run(cb.execute(later, 502)) == 502
    assert cb.is_open
    assert counts(cb) == (1, 2, 0, 0)


def test_classifier(make):
    seen = []

    def classify(result, error):
        seen.append((result, error))
        if isinstance(error, KeyError):
            return Outcome.SUCCESS
        if result == "odd":
            return "ignored"
        if result == "given up":
            return Outcome.CANCELLED
        return None

    cb = make(classifier=classify, exclude=Boom)
    error = KeyError("k")
    with pytest.raises(KeyError):
        cb.execute_sync(raising(error))
    with pytest.raises(Boom):
        cb(raising(Boom()))()
    cb(lambda: "odd")()
    cb(lambda: "given up")()
    cb(lambda: "fine")()
    assert seen[0] == (None, error)
    assert seen[-1] == ("fine", None)
    assert counts(cb) == (2, 0, 2, 1)


def test_what_is_no_exception_is_never_classified(make):
    def classify(result, error):
        raise AssertionError

    cb = make(classifier=classify, exclude=BaseException)
    with pytest.raises(KeyboardInterrupt):
        cb.execute_sync(raising(KeyboardInterrupt()))
    assert counts(cb) == (0, 0, 0, 1)


@pytest.mark.parametrize(
    "rules",
    [
        {"exclude": lambda error: 1 / 0},
        {"failure_if": lambda result: 1 / 0},
        {"classifier": lambda result, error: 1 / 0},
        {"classifier": lambda result, error: "no such outcome"},
        {"classifier": lambda result, error: 3},
        {"classifier": lambda: None},
    ],
)
def test_a_rule_that_raises_costs_nobody_anything(make, rules, monkeypatch):
    reported = []
    monkeypatch.setattr(sys, "unraisablehook", lambda it: reported.append(it.exc_type))
    cb = make(**rules)
    assert cb.execute_sync(lambda: "result") == "result"
    with pytest.raises(Boom):
        cb.execute_sync(raising(Boom()))
    assert counts(cb) == (1, 1, 0, 0)
    assert set(reported) <= {ZeroDivisionError, ValueError, TypeError}
    assert reported


def test_a_rule_may_use_the_breaker(make):
    cb = make(failure_if=lambda result: cb.metrics().success_count > 0 and cb.execute_sync(list))
    assert cb.execute_sync(lambda: 1) == 1
    assert cb.is_open is False


@pytest.mark.parametrize("field", ["failure_if", "classifier", "clock"])
def test_rules_must_be_callable(field):
    with pytest.raises(TypeError, match=f"{field} is 3; it must be callable"):
        CircuitBreaker(**{field: 3})
