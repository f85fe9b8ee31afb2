"""Two steps, and ``with``."""

import asyncio
import contextlib
import contextvars
import gc
import threading
import weakref

import pytest

from k1s0_circuit_breaker import CircuitBreakerState as State
from k1s0_circuit_breaker import CircuitOpenError, ExecutionFailedError

from conftest import Boom, fail


@pytest.mark.parametrize(
    ("settle", "count"),
    [
        ("success", "success_count"),
        ("failure", "failure_count"),
        ("ignore", "ignored_count"),
        ("cancel", "cancelled_count"),
    ],
)
def test_each_outcome_once(make, settle, count):
    cb = make()
    permit = cb.try_acquire()
    assert not permit.settled
    assert getattr(permit, settle)() == "applied"
    assert permit.settled
    assert permit.success() == "already_settled"
    metrics = cb.metrics().to_dict()
    assert metrics[count] == 1
    assert sum(metrics[name] for name in metrics if name.endswith("_count")) == 1


def test_try_acquire_answers_none_where_acquire_raises(make):
    cb = make(failure_threshold=1, name="p")
    fail(cb)
    assert cb.try_acquire() is None
    with pytest.raises(CircuitOpenError):
        cb.acquire()
    assert cb.metrics().rejected_count == 2


def test_dropped_is_cancelled(make, clock):
    cb = make(failure_threshold=1, open_duration=1.0)
    fail(cb)
    clock.advance(1)
    permit = cb.acquire()
    gone = weakref.ref(permit)
    del permit
    assert gone() is None
    assert cb.metrics().cancelled_count == 1
    assert cb.metrics().probes_in_flight == 0


def test_dropped_while_an_exception_passes(make, clock):
    """The slot comes back, listeners may run, and the exception goes on unharmed."""
    cb = make(slow_call_duration=1.0, slow_call_rate=0.5, slow_minimum_calls=1)
    told = []
    cb.on_transition(lambda transition: told.append(transition.reason))

    def leaves_it():
        permit = cb.acquire()
        clock.advance(2)
        assert not permit.settled
        raise Boom("passing")

    with pytest.raises(Boom, match="passing") as caught:
        leaves_it()
    del caught
    gc.collect()
    assert told == ["slow_call_rate"], "a cancelled call that was slow is a slow one"


def test_a_permit_as_a_block(make):
    cb = make()
    with cb.acquire():
        pass
    with pytest.raises(Boom), cb.acquire():
        raise Boom
    with cb.acquire() as permit:
        permit.ignore()
    metrics = cb.metrics()
    assert (metrics.success_count, metrics.failure_count, metrics.ignored_count) == (1, 1, 1)


def test_with(make):
    cb = make(failure_threshold=2)
    with cb as permit:
        assert not permit.settled
    with pytest.raises(Boom), cb:
        raise Boom
    with cb as permit:
        permit.failure()
    assert cb.is_open
    with pytest.raises(CircuitOpenError), cb:
        raise AssertionError("never runs")
    assert cb.metrics().success_count == 1


def test_async_with(make):
    cb = make(failure_threshold=1)

    async def main():
        async with cb as permit:
            await asyncio.sleep(0)
            assert not permit.settled
        with pytest.raises(Boom):
            async with cb:
                await asyncio.sleep(0)
                raise Boom
        with pytest.raises(CircuitOpenError):
            async with cb:
                raise AssertionError("never runs")

    asyncio.run(main())
    assert cb.metrics().success_count == 1


def test_blocks_of_tasks_do_not_mix(make, clock):
    """The late one's result is stale, though its block is left between those of the others."""
    cb = make(failure_threshold=1)

    async def block(entered, leave, error=None):
        async with cb:
            entered.set()
            await leave.wait()
            if error:
                raise error

    async def main():
        events = [asyncio.Event() for _ in range(4)]
        late = asyncio.create_task(block(events[0], events[1], Boom()))
        await events[0].wait()
        cb.reset()
        current = asyncio.create_task(block(events[2], events[3]))
        await events[2].wait()
        events[1].set()
        with pytest.raises(Boom):
            await late
        events[3].set()
        await current

    asyncio.run(main())
    metrics = cb.metrics()
    assert (metrics.stale_count, metrics.success_count, metrics.failure_count) == (1, 1, 0)
    assert cb.state is State.CLOSED


def test_nested_blocks(make):
    outer, inner = make(), make()
    with outer, inner, outer:
        pass
    with pytest.raises(Boom), outer, inner:
        raise Boom
    assert outer.metrics().success_count == 2
    assert (inner.metrics().success_count, inner.metrics().failure_count) == (1, 1)


def test_a_block_in_a_generator(make):
    cb = make()

    def lines():
        for line in "ab":
            with cb:
                yield line

    first, second = lines(), lines()
    assert [next(first), next(second), next(first)] == ["a", "a", "b"]
    first.close()
    assert list(second) == ["b"]
    metrics = cb.metrics()
    assert (metrics.success_count, metrics.cancelled_count) == (3, 1)


def test_blocks_may_be_left_in_any_order(make):
    outer, inner = make(), make()
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    inner.__exit__(Boom, Boom(), None)
    assert (outer.metrics().success_count, inner.metrics().failure_count) == (1, 1)


def test_a_block_left_in_another_context_is_cancelled(make, clock):
    """Nobody knows there which permit it was; the slot comes back with the context that does."""
    cb = make(failure_threshold=1, open_duration=1.0)
    fail(cb)
    clock.advance(1)
    context = contextvars.copy_context()
    context.run(cb.__enter__)
    assert cb.metrics().probes_in_flight == 1
    cb.__exit__(None, None, None)
    del context
    gc.collect()
    assert (cb.metrics().probes_in_flight, cb.metrics().cancelled_count) == (0, 1)


def test_blocks_of_generators_do_not_mix(make):
    """One context, two frames: each leaves with its own permit."""
    cb = make(failure_threshold=1)

    def block():
        with cb:
            yield

    late = block()
    next(late)
    cb.reset()
    current = block()
    next(current)
    with pytest.raises(Boom):
        late.throw(Boom())
    assert (cb.metrics().stale_count, cb.metrics().failure_count) == (1, 0)
    assert next(current, "done") == "done"
    assert cb.metrics().success_count == 1


def test_exit_stacks(make):
    cb = make(failure_threshold=1)
    with pytest.raises(Boom), contextlib.ExitStack() as stack:
        stack.enter_context(cb)
        raise Boom
    assert cb.is_open


def test_a_permit_goes_to_another_thread(make):
    cb = make()
    permit = cb.acquire()
    thread = threading.Thread(target=permit.success)
    thread.start()
    thread.join()
    assert cb.metrics().success_count == 1


def test_retry_after_of_the_server(make):
    cb = make(failure_threshold=1, open_duration=1.0)
    cb.acquire().failure(retry_after=7.5)
    assert cb.metrics().remaining_wait == 7.5
    for bad in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="retry_after"):
            cb.try_acquire() or make().acquire().failure(retry_after=bad)


def test_wrap_errors(make):
    cb = make(name="wrapped", wrap_errors=True, exclude=KeyError)

    async def later():
        raise Boom("inner")

    def now():
        raise Boom("inner")

    def block():
        with cb:
            raise Boom("inner")

    for call in (
        lambda: cb.execute_sync(now),
        cb(now),
        lambda: asyncio.run(cb.execute(later)),
        lambda: asyncio.run(cb(later)()),
        block,
    ):
        with pytest.raises(ExecutionFailedError) as failed:
            call()
        assert isinstance(failed.value.__cause__, Boom)
        assert failed.value.name == "wrapped"
        assert "inner" in str(failed.value)
        cb.reset()
    with pytest.raises(KeyError):
        cb.execute_sync({}.__getitem__, 1)
    with pytest.raises(KeyboardInterrupt):
        cb.execute_sync(lambda: (_ for _ in ()).throw(KeyboardInterrupt).__next__())
