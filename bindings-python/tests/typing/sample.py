"""What type checkers must say of ordinary use; checked by mypy and pyright, never run."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from k1s0_circuit_breaker import (
    CircuitBreaker,
    CircuitBreakerConfig,
    CircuitBreakerExplanation,
    CircuitBreakerMetrics,
    CircuitBreakerState,
    CircuitOpenError,
    CircuitState,
    Outcome,
    Permit,
    Registry,
    Subscription,
    Transition,
)

if TYPE_CHECKING:
    from typing_extensions import assert_type

config = CircuitBreakerConfig(5, 2, 30.0, 1, failure_rate=0.5)
assert_type(config.failure_rate, "float | None")
assert_type(dataclasses.replace(config, jitter=0.5), CircuitBreakerConfig)
assert_type(config.replace(jitter=0.5), CircuitBreakerConfig)
cb = CircuitBreaker(config, name="payments", exclude=(KeyError, lambda error: error.args == ()))


@cb
def plain(a: int, *, b: str = "") -> bytes:
    return b.encode() * a


@cb
async def later(a: int) -> str:
    return str(a)


class Service:
    @cb
    def method(self, a: int) -> float:
        return a / 2

    @cb
    async def amethod(self) -> list[int]:
        return []

    @classmethod
    @cb
    def made(cls) -> Service:
        return cls()

    @staticmethod
    @cb
    def static(a: int) -> int:
        return a


async def main() -> None:
    assert_type(plain(1, b="x"), bytes)
    assert_type(await later(1), str)
    assert_type(await cb.execute(later, 1), str)
    assert_type(await cb.call(later, a=1), str)
    assert_type(cb.execute_sync(plain, 1, b="x"), bytes)
    assert_type(cb.call_sync(plain, 1), bytes)
    assert_type(Service().method(1), float)
    assert_type(await Service().amethod(), "list[int]")
    assert_type(Service.made(), Service)
    assert_type(Service.static(1), int)
    async with cb as entered:
        assert_type(entered, Permit)


with cb as permit:
    assert_type(permit, Permit)
    permit.failure(retry_after=3)

asked = cb.try_acquire()
assert_type(asked, "Permit | None")
if asked is not None:
    effect = asked.success()
    if effect == "stale":
        print(effect)

assert_type(cb.state, CircuitBreakerState)
assert_type(cb.state is CircuitState.OPEN, bool)
assert_type(cb.metrics(), CircuitBreakerMetrics)
assert_type(cb.metrics().remaining_wait, "float | None")
assert_type(cb.explain(), CircuitBreakerExplanation)
assert_type(cb.recent_transitions(), "list[Transition]")


def listener(transition: Transition) -> None:
    assert_type(transition.to_state, CircuitBreakerState)


assert_type(cb.on_transition(listener), Subscription)
assert_type(cb.on_transition(lambda transition: print(transition.reason)), Subscription)

try:
    plain(1)
except CircuitOpenError as error:
    assert_type(error.retry_after, "float | None")
    assert_type(error.name, "str | None")


def classify(result: object, error: Exception | None) -> Outcome | None:
    return Outcome.IGNORED if isinstance(error, KeyError) else None


classified = CircuitBreaker(classifier=classify, failure_if=lambda it: it is None)
registry = Registry(config, capacity=10, classifier=classify)
assert_type(registry.get("a"), "CircuitBreaker | None")
assert_type(registry.get_or_create("a"), CircuitBreaker)

# What must be refused: an unused `type: ignore` is an error itself.
plain("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cb.execute_sync(plain, "1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
CircuitBreakerConfig(failure_threshold="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
CircuitBreakerConfig(timeout=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
CircuitBreaker(nme="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
