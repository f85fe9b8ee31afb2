"""``with breaker:`` in every way that blocks are entered and left."""

import asyncio
import contextlib
import contextvars
import gc
import inspect
import sys
import threading
import weakref
from collections.abc import Coroutine
from functools import partial

import pytest

from k1s0_circuit_breaker import CircuitBreaker, CircuitOpenError, Permit, _blocks

from conftest import Boom, fail


def counts(cb):
    """Successes, failures, cancelled, late."""
    it = cb.metrics()
    return it.success_count, it.failure_count, it.cancelled_count, it.stale_count


def step(coroutine):
    """Drives a coroutine to where it waits."""
    return coroutine.send(None)


class Turn:
    """Awaiting it waits once."""

    def __await__(self):
        yield


def test_a_statement_is_known_without_the_context(make):
    """And so costs what it does: a new Python that looks the two up in another way would be found here."""
    cb = make()

    async def main():
        async with cb:
            assert _blocks._entered.get() is None

    with cb:
        assert _blocks._entered.get() is None
    asyncio.run(main())
    cb.__enter__()
    assert _blocks._entered.get() is not None
    cb.__exit__(None, None, None)
    assert _blocks._entered.get() is None


# A late block (its breaker was reset since) and a current one must each leave with its own permit: the late one's result
# is stale, the current one's counts.


def test_threads_have_their_own(make):
    cb = make(failure_threshold=1)
    entered, leave = threading.Event(), threading.Event()

    def late():
        with contextlib.suppress(Boom), cb:
            entered.set()
            leave.wait(60)
            raise Boom

    thread = threading.Thread(target=late)
    thread.start()
    entered.wait(60)
    cb.reset()
    with cb:
        leave.set()
        thread.join(60)
    assert counts(cb) == (1, 0, 0, 1)


def test_a_generator_goes_to_another_thread(make):
    """Entered on one thread and left on another, while the first is in a block of its own."""
    cb = make(failure_threshold=1)

    def block():
        with cb:
            yield

    late = block()
    next(late)
    cb.reset()

    def throw():
        with pytest.raises(Boom):
            late.throw(Boom())

    with cb:
        thread = threading.Thread(target=throw)
        thread.start()
        thread.join(60)
    assert counts(cb) == (1, 0, 0, 1)


def test_recursion_and_the_same_line_twice(make):
    cb = make(failure_threshold=10)

    def down(depth):
        with cb as permit:
            if depth:
                down(depth - 1)
            assert not permit.settled
            if depth == 2:
                permit.ignore()
        assert permit.settled

    down(4)
    assert counts(cb)[0] == 4
    assert cb.metrics().ignored_count == 1
    with cb as outer, cb as inner:
        assert outer is not inner


def test_async_blocks_of_one_context(make):
    """Coroutines driven by hand share a context, as generators do."""
    cb = make(failure_threshold=1)

    async def block():
        async with cb:
            await Turn()

    late, current = block(), block()
    step(late)
    cb.reset()
    step(current)
    with pytest.raises(Boom):
        late.throw(Boom())
    with pytest.raises(StopIteration):
        step(current)
    assert counts(cb) == (1, 0, 0, 1)


def test_async_generators_and_tasks(make):
    cb = make(failure_threshold=1)

    async def lines():
        async with cb:
            yield 1
            yield 2

    async def main():
        late = lines()
        assert await late.__anext__() == 1
        cb.reset()
        async with cb:
            with pytest.raises(Boom):
                await late.athrow(Boom())
        assert counts(cb) == (1, 0, 0, 1)

        async def cancelled():
            async with cb:
                await asyncio.Event().wait()

        task = asyncio.create_task(cancelled())
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert counts(cb) == (1, 0, 1, 1)


def test_a_block_that_is_never_left(make, clock):
    """A generator that is dropped in a block gives the probe's slot back, at once or when its cycle is collected."""
    cb = make(failure_threshold=1, open_duration=1.0)
    fail(cb)
    clock.advance(1)

    def block():
        with cb:
            yield

    dropped = block()
    next(dropped)
    assert cb.metrics().probes_in_flight == 1
    del dropped
    assert cb.metrics().probes_in_flight == 0

    cycle = [block()]
    next(cycle[0])
    cycle.append(cycle)
    del cycle
    gc.collect()
    assert (cb.metrics().probes_in_flight, counts(cb)[2]) == (0, 2)


def test_a_cycle_through_a_block_is_collected():
    """Generator, block, breaker, listener, generator."""
    cb = CircuitBreaker()

    def block(breaker):
        with breaker:
            yield

    held = block(cb)
    next(held)
    cb.on_transition(partial(lambda _generator, _transition: None, held))
    gone = weakref.ref(held), weakref.ref(cb)
    del cb, held
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


def test_a_block_keeps_its_breaker(make):
    def block():
        with CircuitBreaker() as permit:
            yield permit

    generator = block()
    permit = next(generator)
    gc.collect()
    assert next(generator, "done") == "done"
    assert permit.settled


def test_looking_up_leaves_nothing():
    cb = CircuitBreaker()
    for name in ("__enter__", "__exit__", "__aenter__", "__aexit__"):
        assert hasattr(cb, name)
    kept = cb.__enter__, cb.__exit__
    before = sys.getrefcount(cb)
    for _ in range(100):
        hasattr(cb, "__enter__")
        with cb:
            pass
    assert sys.getrefcount(cb) == before
    gone = weakref.ref(cb)
    del kept, cb
    assert gone() is None


def test_another_breaker_between(make):
    """What was looked up last is not what is entered."""
    one, other = make(), make()
    enter = one.__enter__
    with other:
        leave = one.__exit__
        enter()
    leave(None, None, None)
    assert counts(one) == counts(other) == (1, 0, 0, 0)


def test_by_hand_in_each_order(make):
    cb = make(failure_threshold=10)
    kept = cb.__exit__
    cb.__enter__()
    cb.__exit__(None, None, None)
    assert counts(cb) == (1, 0, 0, 0)
    enter, leave = cb.__enter__, cb.__exit__
    for _ in range(2):
        first, second = enter(), enter()
        leave(None, None, None)
        assert (first.settled, second.settled) == (False, True)
        leave(Boom, Boom(), None)
        assert first.settled
    kept(None, None, None)
    assert counts(cb) == (3, 2, 0, 0)


def test_bound_once_and_used_by_threads(make):
    """Who keeps both bound and calls them from anywhere has a permit of each context's."""
    cb = make(failure_threshold=1)
    enter, leave = cb.__enter__, cb.__exit__
    late, current = contextvars.copy_context(), contextvars.copy_context()
    late.run(enter)
    cb.reset()
    current.run(enter)
    late.run(leave, Boom, Boom(), None)
    assert counts(cb) == (0, 0, 0, 1)
    current.run(leave, None, None, None)
    assert counts(cb) == (1, 0, 0, 1)


def test_looked_up_on_one_thread_and_dropped_on_another(make):
    """Nobody finds what is gone."""
    cb = make()
    kept = [cb.__enter__]
    thread = threading.Thread(target=kept.clear)
    thread.start()
    thread.join(60)
    garbage = [bytearray(96) for _ in range(100)]
    leave = cb.__exit__
    cb.__enter__()
    leave(None, None, None)
    assert counts(cb) == (1, 0, 0, 0)
    assert len(garbage) == 100


@pytest.mark.parametrize("overridden", ["enter", "exit", "both"])
def test_subclasses(make, overridden):
    class Own(CircuitBreaker):
        if overridden != "exit":

            def __enter__(self):
                with other:
                    return super().__enter__()

        if overridden != "enter":

            def __exit__(self, *ended):
                with other:
                    return super().__exit__(*ended)

    cb = other = Own()
    other = CircuitBreaker()
    for _ in range(3):
        with cb, cb as permit:
            assert isinstance(permit, Permit)
    with pytest.raises(Boom), cb:
        raise Boom
    assert counts(cb) == (6, 1, 0, 0)


def test_a_subclass_that_enters_itself_on_the_way(make):
    class Twice(CircuitBreaker):
        busy = False

        def __enter__(self):
            if not self.busy:
                self.busy = True
                with self:
                    pass
            return super().__enter__()

    cb = Twice()
    with cb:
        assert counts(cb) == (1, 0, 0, 0)
    assert counts(cb) == (2, 0, 0, 0)


def test_rejections_leave_nothing_behind(make):
    """A statement that was rejected is not taken for the next one's."""
    cb = make(failure_threshold=1)
    cb.trip()
    for _ in range(3):
        with pytest.raises(CircuitOpenError), cb:
            raise AssertionError("never runs")
    cb.reset()
    with cb:
        pass
    assert counts(cb) == (1, 0, 0, 0)


def test_a_clock_that_uses_the_breaker():
    """Python runs between the lookups and the permit."""
    inside = []

    def clock():
        if not inside:
            inside.append(True)
            with other:
                pass
            with contextlib.suppress(CircuitOpenError), cb:
                pass
            inside.pop()
        return 0.0

    other, cb = CircuitBreaker(), CircuitBreaker(clock=clock)
    cb.trip()
    assert counts(cb) == (1, 0, 0, 0), "before it tripped"
    with pytest.raises(CircuitOpenError), cb:
        raise AssertionError("never runs")
    assert counts(other)[0] > 1
    cb.reset()
    inside.append("stays")
    with cb:
        pass
    assert counts(cb) == (2, 0, 0, 0)


def test_garbage_that_uses_the_breaker():
    """Making the object of a statement may collect garbage, whose finalizers enter blocks of their own."""
    cb = CircuitBreaker()
    ran = []

    class Garbage:
        def __init__(self):
            self.itself = self

        def __del__(self):
            ran.append(hasattr(cb, "__enter__"))
            with cb:
                pass

    thresholds = gc.get_threshold()
    gc.set_threshold(3, 1, 1)
    try:
        for _ in range(300):
            Garbage()
            with cb as permit:
                assert not permit.settled
            assert permit.settled
    finally:
        gc.set_threshold(*thresholds)
    gc.collect()
    assert len(ran) == 300
    assert counts(cb) == (600, 0, 0, 0)


def test_stacks(make):
    cb, other = make(failure_threshold=10), make()
    with contextlib.ExitStack() as stack:
        permits = [stack.enter_context(it) for it in (cb, other, cb)]
        with cb:
            pass
        kept = stack.pop_all()
    assert not any(permit.settled for permit in permits)
    kept.close()
    assert (counts(cb), counts(other)) == ((3, 0, 0, 0), (1, 0, 0, 0))

    async def main():
        async with contextlib.AsyncExitStack() as stack:
            permit = await stack.enter_async_context(cb)
            assert isinstance(permit, Permit)
            raise Boom

    with pytest.raises(Boom):
        asyncio.run(main())
    assert counts(cb) == (3, 1, 0, 0)


def test_what_async_blocks_await(make):
    cb = make()
    entering = cb.__aenter__()
    assert isinstance(entering, Coroutine)
    assert inspect.isawaitable(entering)
    entering.close()
    with pytest.raises(Boom):
        entering.throw(Boom("thrown"))
    with pytest.raises(Boom):
        entering.throw(Boom, Boom("thrown"), None)
    with pytest.raises(Boom):
        entering.throw(Boom)
    with pytest.raises(TypeError):
        entering.throw()
    with pytest.raises(TypeError):
        entering.throw(1)

    async def main():
        permit = await entering
        assert isinstance(permit, Permit)
        assert await cb.__aexit__(None, None, None) is None
        assert permit.settled

    asyncio.run(main())


def test_wrong_calls(make):
    cb = make()
    for wrong in (
        partial(cb.__enter__, 1),
        partial(cb.__exit__, None, None),
        partial(cb.__exit__),
        partial(cb.__enter__, None, None, None),
        partial(cb.__enter__, keyword=1),
        partial(type(cb).__enter__),
        partial(type(cb).__enter__, object()),
        partial(type(cb).__exit__, cb),
        type(cb.__enter__),
        type(type(cb).__enter__),
    ):
        with pytest.raises(TypeError):
            wrong()()
    assert counts(cb) == (0, 0, 0, 0)
    foreign = type("Foreign", (), {"__enter__": type(cb).__enter__})
    with pytest.raises(TypeError):
        foreign().__enter__  # noqa: B018


def test_they_look_like_methods():
    assert CircuitBreaker.__enter__.__name__ == "__enter__"
    assert "CircuitOpenError" in CircuitBreaker.__enter__.__doc__
    assert "__exit__" in repr(CircuitBreaker.__exit__)
    cb = CircuitBreaker()
    assert cb.__enter__.__self__ is cb
    assert isinstance(cb, contextlib.AbstractContextManager)
    assert isinstance(cb, contextlib.AbstractAsyncContextManager)


def test_the_permit_comes_back_from_an_interrupted_block(make, clock):
    """Between entering and the block there may be a `KeyboardInterrupt`: nothing holds the permit then."""
    cb = make(failure_threshold=1, open_duration=1.0)
    fail(cb)
    clock.advance(1)
    enter, leave = cb.__enter__, cb.__exit__
    contextvars.copy_context().run(enter)
    del enter, leave
    assert cb.metrics().probes_in_flight == 0
