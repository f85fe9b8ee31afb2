"""The recipe: retries outside, the breaker inside, and a rejection is waited for, not hammered."""

from __future__ import annotations

import pytest
import tenacity

from k1s0_circuit_breaker import CircuitBreaker, CircuitOpenError

from .conftest import Clock


def test_retries_stop_where_the_circuit_opens(breaker: CircuitBreaker) -> None:
    attempts = 0

    @tenacity.retry(
        retry=tenacity.retry_if_not_exception_type(CircuitOpenError),
        stop=tenacity.stop_after_attempt(10),
        reraise=True,
        sleep=lambda seconds: None,
    )
    @breaker
    def fetch() -> None:
        nonlocal attempts
        attempts += 1
        raise ConnectionError

    with pytest.raises(CircuitOpenError):
        fetch()
    assert attempts == 2


def test_a_retry_may_wait_for_as_long_as_the_breaker_asks(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    slept: list[float] = []

    def wait(state: tenacity.RetryCallState) -> float:
        assert state.outcome is not None
        error = state.outcome.exception()
        return error.retry_after or 1.0 if isinstance(error, CircuitOpenError) else 0.1

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now += seconds

    answers = iter([ConnectionError, ConnectionError, "well"])

    @tenacity.retry(wait=wait, stop=tenacity.stop_after_attempt(5), sleep=sleep)
    @breaker
    def fetch() -> str:
        answer = next(answers)
        if isinstance(answer, str):
            return answer
        raise answer

    assert fetch() == "well"
    assert slept == [0.1, 0.1, pytest.approx(29.9)]
