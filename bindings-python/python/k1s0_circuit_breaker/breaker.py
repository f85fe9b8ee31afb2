"""The circuit breaker: the native one, and what is ``async`` or happens once per decorated function."""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    # At run time `typing` is not imported: it costs more than all the rest.
    from collections.abc import Awaitable, Callable
    from typing import Any, TypeVar

    from typing_extensions import ParamSpec

    _P = ParamSpec("_P")
    _R = TypeVar("_R")
    _F = TypeVar(
        "_F", bound="Callable[..., Any] | classmethod[Any, ..., Any] | staticmethod[..., Any]"
    )

__all__ = ["CircuitBreaker"]

# What a function's code says of it (`inspect`, which is not imported here, has the same numbers).
_COROUTINE = 0x80 | 0x100
_GENERATOR = 0x20
_ASYNC_GENERATOR = 0x200

_LIKE = ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__", "__type_params__")


class CircuitBreaker(_native.Breaker):
    """A circuit breaker: it guards calls to another service.

    Any number of threads and tasks may use one at once. See the package for how it behaves.

    ``name`` stands in logs, metrics and errors. ``clock`` is a callable that answers seconds and never
    goes back; otherwise ``time.monotonic`` is looked up at each reading. ``exclude`` has exceptions that
    say nothing about the service's health: classes, predicates, or several of either. ``failure_if`` is a
    predicate of results that are failures. ``classifier(result, error)`` is asked before these and answers an
    ``Outcome``, or None for "as usual". ``wrap_errors`` raises ``ExecutionFailedError`` from the function's own
    exception where that was a failure; otherwise it comes through unchanged.

    What is not an ``Exception`` (``CancelledError``, ``KeyboardInterrupt``, ``SystemExit``, ``GeneratorExit``) is
    the caller giving up: the slot comes back and nothing is counted against the service.
    """

    __slots__ = ()

    async def execute(
        self, function: Callable[_P, Awaitable[_R]], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> _R:
        """Awaits ``function(*args, **kwargs)`` and answers its result.

        Its own exception comes through unchanged. Raises ``CircuitOpenError`` where the call is rejected; then
        nothing was called. Cancelling is cancelled (SPEC 7.4): put a timeout *inside* of the function, and its
        ``TimeoutError`` is a failure; around this call it is a cancellation, which says nothing about the service.
        """
        entered = self._enter()
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            self._fail(entered, error)
            raise
        self._succeed(entered, result)
        return result

    call = execute

    def __call__(self, function: _F, /) -> _F:
        """Guards a function: ``@breaker``.

        A plain function stays one to call, an ``async def`` stays a coroutine function; a method, a class method and a
        static method stay what they are. Generators are refused: their work is done outside of the call.
        """
        guarded: Any
        if isinstance(function, (classmethod, staticmethod)):
            guarded = type(function)(self(function.__func__))
            return guarded  # type: ignore[no-any-return]
        if not callable(function):
            raise TypeError(f"{function!r} cannot be guarded: it is not callable")
        flags = _flags(function)
        if flags & (_GENERATOR | _ASYNC_GENERATOR) and not flags & 0x100:
            kind = "an async generator" if flags & _ASYNC_GENERATOR else "a generator"
            raise TypeError(
                f"{function!r} is {kind} function: its body runs after the guarded call has ended. "
                "Use `with breaker:` inside of it, around the work"
            )
        if flags & _COROUTINE:
            guarded = _guard_async(self, function)
        else:
            guarded = _native.guard(self, function)
        _look_like(guarded, function, self)
        return guarded  # type: ignore[no-any-return]


def _guard_async(breaker: CircuitBreaker, function: Callable[..., Awaitable[_R]]) -> Any:
    enter, succeed, fail = breaker._enter, breaker._succeed, breaker._fail

    # As `execute`, without looking anything up, and without a dict where there is nothing in it. Nothing is held until
    # the coroutine runs.
    async def guarded(*args: Any, **kwargs: Any) -> _R:
        entered = enter()
        try:
            if kwargs:
                result = await function(*args, **kwargs)
            else:
                result = await function(*args)
        except BaseException as error:
            fail(entered, error)
            raise
        succeed(entered, result)
        return result

    return guarded


def _flags(function: Any) -> int:
    """The flags of the code that calling this runs; 0 where there is none."""
    while True:
        if type(function).__name__ == "partial" and hasattr(function, "func"):
            function = function.func
        elif hasattr(function, "__func__"):
            function = function.__func__
        else:
            break
    # inspect.markcoroutinefunction: an ordinary function that answers a coroutine, and says so.
    if hasattr(function, "_is_coroutine_marker"):
        return _COROUTINE
    code = getattr(function, "__code__", None)
    if code is None and not isinstance(function, type):
        # Not whether it is callable, which it is: how it was written.
        code = getattr(getattr(type(function), "__call__", None), "__code__", None)  # noqa: B004
    return getattr(code, "co_flags", 0)


def _look_like(guarded: Any, function: Any, breaker: CircuitBreaker) -> None:
    """What ``functools.update_wrapper`` does, for a wrapper of either kind."""
    for name in _LIKE:
        if hasattr(function, name):
            setattr(guarded, name, getattr(function, name))
    guarded.__dict__.update(getattr(function, "__dict__", {}))
    guarded.__wrapped__ = function
    if type(guarded) is not _native.Guarded:
        guarded.breaker = breaker
