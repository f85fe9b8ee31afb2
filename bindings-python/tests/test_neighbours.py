"""Libraries that come near: they need nothing of ours, and find it as they expect it."""

import pytest

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig
from k1s0_circuit_breaker import CircuitBreakerState as State

from conftest import fail


def test_freezegun_moves_our_time():
    freezegun = pytest.importorskip("freezegun")
    with freezegun.freeze_time("2026-01-01") as frozen:
        cb = CircuitBreaker(CircuitBreakerConfig(failure_threshold=1, open_duration=30.0))
        fail(cb)
        frozen.tick(29.9)
        assert cb.state is State.OPEN
        frozen.tick(0.2)
        assert cb.state is State.HALF_OPEN


def test_trio_cancels():
    trio = pytest.importorskip("trio")
    pytest.importorskip("trio.testing")
    cb = CircuitBreaker(CircuitBreakerConfig(failure_threshold=1))

    @cb
    async def hang():
        await trio.sleep_forever()

    async def main():
        with trio.move_on_after(0):
            await hang()
        with trio.move_on_after(0):
            async with cb:
                await trio.sleep_forever()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(cb.execute, trio.sleep_forever)
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()

    trio.run(main)
    metrics = cb.metrics()
    assert (metrics.cancelled_count, metrics.failure_count) == (3, 0)
    assert cb.execute_sync(int) == 0
