"""Nothing leaks, and cycles through what the user handed in are found."""

import asyncio
import gc
import sys
import weakref

import pytest

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError, Registry

from conftest import Boom


class Owner:
    """Something that holds a breaker, and that the breaker holds."""

    def clock(self):
        return 1.0

    def judge(self, *_):
        return None

    def told(self, transition):
        pass


@pytest.mark.parametrize(
    "by", ["clock", "classifier", "failure_if", "exclude", "listener", "guarded"]
)
def test_cycles_are_collected(by):
    owner = Owner()
    if by == "listener":
        owner.breaker = CircuitBreaker()
        owner.subscription = owner.breaker.on_transition(owner.told)
    elif by == "guarded":
        owner.breaker = CircuitBreaker()
        owner.call = owner.breaker(owner.judge)
        owner.call.itself = owner.call
    else:
        rule = owner.clock if by == "clock" else owner.judge
        owner.breaker = CircuitBreaker(**{by: rule})
    gone = weakref.ref(owner), weakref.ref(owner.breaker)
    del owner
    if by != "guarded":
        rule = None
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


def test_reference_counts_stay_as_they_are():
    cb = CircuitBreaker(CircuitBreakerConfig(failure_threshold=4_000_000_000), name="refs")
    rejecting = CircuitBreaker(name="refs too")
    rejecting.trip()
    argument, result = object(), object()

    def call(given, *, keyword=None):
        return result

    def fails(given):
        raise Boom

    async def later(given):
        return result

    guarded, guarded_fails, guarded_later = cb(call), cb(fails), cb(later)

    def everything():
        guarded(argument, keyword=argument)
        cb.execute_sync(call, argument, keyword=argument)
        for bad in (guarded_fails, lambda it: cb.execute_sync(fails, it)):
            try:
                bad(argument)
            except Boom:
                pass
        try:
            rejecting.execute_sync(call, argument)
        except CircuitOpenError:
            pass
        with cb:
            pass
        cb.acquire().failure()
        asyncio_free(guarded_later(argument))
        asyncio_free(cb.execute(later, argument))
        cb.explain()
        cb.metrics().to_dict()
        repr(guarded)

    everything()
    watched = [cb, argument, result, call, fails, cb.name, guarded, rejecting]
    before = [sys.getrefcount(it) for it in watched]
    for _ in range(200):
        everything()
    after = [sys.getrefcount(it) for it in watched]
    for it, was, now in zip(watched, before, after):
        assert abs(now - was) < 50, it


def asyncio_free(coroutine):
    """Runs a coroutine that never waits."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_million_breakers_made_and_dropped():
    def some(count):
        for _ in range(count):
            cb = CircuitBreaker()
            cb.execute_sync(int)
            cb(int)

    some(100_000)
    gc.collect()
    before = resident()
    some(900_000)
    gc.collect()
    assert resident() - before < 1 << 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_rejections_and_awaits_leave_nothing():
    cb = CircuitBreaker()
    cb.trip()
    well = CircuitBreaker()

    async def later():
        return None

    async def some(count):
        for _ in range(count):
            try:
                await cb.execute(later)
            except CircuitOpenError:
                pass
            await well.execute(later)
            with well:
                pass

    asyncio.run(some(20_000))
    gc.collect()
    before = resident()
    asyncio.run(some(100_000))
    gc.collect()
    assert resident() - before < 1 << 20


def test_many_breakers_of_a_registry_are_bounded():
    registry = Registry(capacity=10)
    for number in range(1000):
        registry.get_or_create(str(number)).execute_sync(int)
    assert len(registry) == 10
