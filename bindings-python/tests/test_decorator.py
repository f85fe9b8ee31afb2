"""``@cb``: what is decorated stays what it was."""

import asyncio
import copy
import functools
import inspect
import pickle
import typing

import pytest

from k1s0_circuit_breaker import CircuitBreaker, CircuitOpenError

from conftest import Boom, fail

cb = CircuitBreaker(name="module")


@cb
def plus(a: int, b: int = 2, *, c: int = 3) -> int:
    """Adds."""
    return a + b + c


@cb
async def aplus(a: int, b: int = 2) -> int:
    """Adds, later."""
    await asyncio.sleep(0)
    return a + b


def test_arguments_and_result_pass_through():
    assert plus(1) == 6
    assert plus(1, 1, c=1) == 3
    assert plus(*[1], b=5) == 9
    assert plus.__call__(1) == 6
    assert asyncio.run(aplus(1, b=4)) == 5
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        plus()


@pytest.mark.parametrize("function", [plus, aplus])
def test_it_looks_like_the_function(function):
    wrapped = function.__wrapped__
    assert function.__name__ == wrapped.__name__
    assert function.__qualname__ == wrapped.__qualname__
    assert function.__module__ == __name__
    assert function.__doc__ == wrapped.__doc__
    assert inspect.signature(function) == inspect.signature(wrapped)
    assert typing.get_type_hints(function)["return"] is int
    assert function.breaker is cb


def test_a_coroutine_function_stays_one():
    assert inspect.iscoroutinefunction(aplus)
    assert not inspect.iscoroutinefunction(plus)


def test_it_can_be_pickled_by_name_and_hashed():
    assert pickle.loads(pickle.dumps(plus)) is plus
    assert pickle.loads(pickle.dumps(aplus)) is aplus
    assert {plus: 1}[plus] == 1
    assert "plus" in repr(plus)


class Service:
    def __init__(self):
        self.calls = []

    @cb
    def method(self, *args, **kwargs):
        self.calls.append((args, kwargs))
        return self

    @cb
    async def amethod(self, x):
        return self, x

    @cb
    @classmethod
    def outside_of_classmethod(cls):
        return cls

    @classmethod
    @cb
    def inside_of_classmethod(cls):
        return cls

    @cb
    @staticmethod
    def outside_of_staticmethod(x):
        return x

    @staticmethod
    @cb
    def inside_of_staticmethod(x):
        return x

    @property
    @cb
    def prop(self):
        return self


def test_methods():
    service = Service()
    assert service.method(1, k=2) is service
    bound = service.method
    assert bound(3) is service
    assert service.calls == [((1,), {"k": 2}), ((3,), {})]
    assert Service.method(service) is service
    assert asyncio.run(service.amethod(4)) == (service, 4)
    assert Service.outside_of_classmethod() is Service
    assert service.inside_of_classmethod() is Service
    assert Service.outside_of_staticmethod(5) == 5
    assert service.inside_of_staticmethod(6) == 6
    assert service.prop is service


def test_many_kinds_of_callables(make):
    cb = make(failure_threshold=1)

    class Callable:
        def __call__(self, x):
            return x + 1

    assert cb(Callable())(1) == 2
    assert cb(functools.partial(plus.__wrapped__, 1))(1) == 5
    assert cb(len)("four") == 4
    assert cb(Service().method)().calls == [((), {})]
    assert cb(Service)().calls == []
    assert cb.metrics().success_count == 5
    for nothing in (None, 3, "text"):
        with pytest.raises(TypeError, match="not callable"):
            cb(nothing)


def test_asynchronous_callables_of_other_kinds(make):
    cb = make()

    class Callable:
        async def __call__(self, x):
            return x + 1

    assert asyncio.run(cb(Callable())(1)) == 2
    assert asyncio.run(cb(functools.partial(aplus.__wrapped__, 1))(1)) == 2
    assert asyncio.run(cb(Service().amethod)(1))[1] == 1
    assert cb.metrics().success_count == 3


@pytest.mark.skipif(not hasattr(inspect, "markcoroutinefunction"), reason="of 3.12")
def test_a_function_that_is_marked_as_a_coroutine_function(make):
    cb = make()
    marked = inspect.markcoroutinefunction(lambda x: aplus.__wrapped__(x))
    assert inspect.iscoroutinefunction(cb(marked))
    assert asyncio.run(cb(marked)(1)) == 3
    assert cb.metrics().success_count == 1


def test_a_breaker_cannot_be_pickled_or_copied(make):
    """It would be another breaker, with another state."""
    cb = make()
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot pickle"):
            copied(cb)


def test_a_subclass_is_one_too():
    class Named(CircuitBreaker):
        """With a dict of its own."""

    named = Named(name="x")
    named.anything = 3
    assert repr(named) == "<Named 'x' closed>"
    assert named(len)("four") == 4


def test_generators_are_refused(make):
    cb = make()

    def generator():
        yield 1

    async def async_generator():
        yield 1

    class Lazy:
        def __call__(self):
            yield 1

    for lazy in (generator, async_generator, functools.partial(generator), Lazy()):
        with pytest.raises(TypeError, match="generator function"):
            cb(lazy)


def test_what_turns_out_to_be_lazy_is_refused(make):
    cb = make()

    async def coroutine():
        raise AssertionError("never runs")

    async def async_generator():
        yield 1

    for lazy in (coroutine, async_generator, lambda: (x for x in ())):
        with pytest.raises(TypeError, match="would run unguarded"):
            cb.execute_sync(lazy)
        with pytest.raises(TypeError, match="would run unguarded"):
            cb(lambda lazy=lazy: lazy())()
    metrics = cb.metrics()
    assert (metrics.success_count, metrics.failure_count, metrics.cancelled_count) == (0, 0, 6)


def test_stacked(make):
    outer, inner = make(failure_threshold=1), make(failure_threshold=2)

    @outer
    @inner
    def call():
        raise Boom

    with pytest.raises(Boom):
        call()
    with pytest.raises(CircuitOpenError):
        call()
    assert (outer.is_open, inner.is_open) == (True, False)


def test_the_traceback_is_the_functions_own(make):
    cb = make()

    @cb
    def deep():
        raise Boom("deep")

    with pytest.raises(Boom, match="deep") as caught:
        deep()
    assert [entry.name for entry in caught.traceback][-1] == "deep"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_failures_through_every_entry(make):
    def sync():
        raise Boom

    async def later():
        raise Boom

    for call in (
        lambda cb: cb.execute_sync(sync),
        lambda cb: cb.call_sync(sync),
        lambda cb: cb(sync)(),
        lambda cb: asyncio.run(cb.execute(later)),
        lambda cb: asyncio.run(cb.call(later)),
        lambda cb: asyncio.run(cb(later)()),
    ):
        cb = make(failure_threshold=1)
        with pytest.raises(Boom):
            call(cb)
        with pytest.raises(CircuitOpenError):
            call(cb)
        metrics = cb.metrics()
        assert (metrics.failure_count, metrics.rejected_count) == (1, 1)


def test_execute_sync_needs_a_function(make):
    cb = make()
    with pytest.raises(TypeError, match="needs the function"):
        cb.execute_sync()
    with pytest.raises(TypeError, match="not callable"):
        cb.execute_sync(3)
    # That is no success of the service.
    assert cb.metrics().success_count == 0


def test_an_open_breaker_calls_nothing(make):
    cb = make(failure_threshold=1)
    fail(cb)
    called = []
    with pytest.raises(CircuitOpenError):
        cb(called.append)(1)

    async def later():
        called.append(2)

    with pytest.raises(CircuitOpenError):
        asyncio.run(cb.execute(later))
    assert called == []
