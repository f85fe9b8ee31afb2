"""Giving up says nothing about the service, and gives the slot back."""

import asyncio
import sys

import pytest

from k1s0_circuit_breaker import CircuitBreakerState as State

from conftest import fail


@pytest.fixture
def half_open(make, clock):
    """One probe may go, and one success closes."""
    cb = make(failure_threshold=1, success_threshold=1, open_duration=1.0)
    fail(cb)
    clock.advance(1)
    return cb


def untouched(cb):
    """No slot is lost, nothing was counted but the cancellation."""
    metrics = cb.metrics()
    assert metrics.probes_in_flight == 0
    assert (metrics.success_count, metrics.failure_count) == (0, 1)
    assert cb.state is State.HALF_OPEN
    assert cb.execute_sync(lambda: "well") == "well"
    assert cb.state is State.CLOSED


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError]
)
def test_what_is_no_exception_is_a_cancellation(half_open, error):
    def stop():
        raise error

    async def stop_later():
        raise error

    with pytest.raises(error):
        half_open.execute_sync(stop)
    with pytest.raises(error):
        half_open(stop)()
    with pytest.raises(error), half_open:
        stop()
    for coroutine in (half_open.execute(stop_later), half_open(stop_later)()):
        with pytest.raises(error):
            coroutine.send(None)
    assert half_open.metrics().cancelled_count == 5
    untouched(half_open)


@pytest.mark.parametrize("how", ["execute", "decorator", "with", "async with"])
def test_a_cancelled_task(half_open, how):
    async def hang():
        await asyncio.Event().wait()

    async def guarded():
        if how == "execute":
            await half_open.execute(hang)
        elif how == "decorator":
            await half_open(hang)()
        elif how == "with":
            with half_open:
                await hang()
        else:
            async with half_open:
                await hang()

    async def main():
        task = asyncio.create_task(guarded())
        await asyncio.sleep(0)
        assert half_open.metrics().probes_in_flight == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    untouched(half_open)


def test_a_timeout_inside_is_a_failure_and_outside_a_cancellation(make):
    cb = make(failure_threshold=1)

    async def hang():
        await asyncio.Event().wait()

    async def with_deadline():
        await asyncio.wait_for(hang(), 0.001)

    async def outside():
        await asyncio.wait_for(cb.execute(hang), 0.001)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(outside())
    assert (cb.metrics().cancelled_count, cb.metrics().failure_count) == (1, 0)

    async def inside():
        await cb.execute(with_deadline)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(inside())
    assert cb.is_open


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout is of 3.11")
def test_asyncio_timeout(make):
    cb = make(failure_threshold=1)

    @cb
    async def call():
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(call())
    assert cb.is_open


def test_a_coroutine_that_never_runs_holds_nothing(half_open):
    async def never():
        raise AssertionError

    half_open.execute(never).close()
    half_open(never)().close()
    with pytest.warns(RuntimeWarning, match="never awaited"):
        half_open(never)()
    assert half_open.metrics().cancelled_count == 0
    untouched(half_open)


def test_a_coroutine_that_is_dropped_while_it_waits(half_open):
    async def hang():
        await asyncio.sleep(0)

    coroutine = half_open.execute(hang)
    coroutine.send(None)
    assert half_open.metrics().probes_in_flight == 1
    del coroutine
    assert half_open.metrics().cancelled_count == 1
    untouched(half_open)


@pytest.mark.parametrize("slots", [1, 100, 65535])
def test_100_000_cancellations_lose_no_slot(make, clock, slots):
    """At every moment: before it starts, while it waits, while it finishes."""
    cb = make(
        failure_threshold=1,
        success_threshold=4_000_000_000,
        open_duration=1.0,
        half_open_max_calls=slots,
    )
    fail(cb)
    clock.advance(1)
    rounds, tasks_per_round = 200, 500

    async def work(steps):
        for _ in range(steps):
            await asyncio.sleep(0)

    async def main():
        for number in range(rounds):
            tasks = [
                asyncio.create_task(cb.execute(work, task % 3)) for task in range(tasks_per_round)
            ]
            for _ in range(number % 4):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
    metrics = cb.metrics()
    assert metrics.probes_in_flight == 0
    assert metrics.failure_count == 1
    if slots == 65535:
        assert metrics.cancelled_count > 20_000, "while they waited"
        assert metrics.success_count > 0
    assert cb.execute_sync(lambda: 1) == 1
