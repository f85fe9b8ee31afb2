"""The ways into a breaker. Each holds calls open, as a scenario's permits are, and ends them as it is told."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Generator
from typing import Any, Callable

from k1s0_circuit_breaker import CircuitBreaker, CircuitOpenError, Permit


class Ordinary(Exception):
    """A failure."""


class Business(Exception):
    """Says nothing of the service: excluded."""


#: What a guarded function raises so that its call ends so.
RAISES: dict[str, Callable[[], BaseException]] = {
    "failure": Ordinary,
    "panic": lambda: RuntimeError("unexpected"),
    "ignored": Business,
    "cancelled": asyncio.CancelledError,
    "cancel": asyncio.CancelledError,
}


class Entry:
    """One way in. `acquire` raises `CircuitOpenError`; `settle` answers the effect where this way says it."""

    #: Whether it can hand in a server's Retry-After.
    takes_retry_after = False

    def __init__(self, breaker: CircuitBreaker) -> None:
        self.breaker = breaker
        self.held: dict[str, Any] = {}

    def acquire(self, name: str) -> None:
        raise NotImplementedError

    def settle(self, name: str, outcome: str, retry_after: Any | None) -> str | None:
        raise NotImplementedError

    def drop(self, name: str) -> None:
        self.settle(name, "cancelled", None)

    def call(self, result: str, meanwhile: Callable[[], None]) -> None:
        """A whole call; what its function does meanwhile. It must come back as it ended."""
        raise NotImplementedError


def body(result: str, meanwhile: Callable[[], None], token: object) -> object:
    meanwhile()
    if result in RAISES:
        raise RAISES[result]()
    return token


def ends_as(result: str, run: Callable[[], object], token: object) -> None:
    """Runs a whole call and sees that what the function did comes back unchanged."""
    try:
        found = run()
    except CircuitOpenError:
        raise
    except BaseException as error:
        assert result in RAISES, error
        assert type(error) is type(RAISES[result]())
    else:
        assert result == "success"
        assert found is token


class Permits(Entry):
    """`acquire()` and a permit's own methods."""

    takes_retry_after = True

    def acquire(self, name: str) -> None:
        self.held[name] = self.breaker.acquire()

    def settle(self, name: str, outcome: str, retry_after: Any | None) -> str | None:
        permit: Permit = self.held[name]
        if retry_after is not None and outcome == "failure":
            return permit.failure(retry_after=retry_after)
        by_name = {
            "success": permit.success,
            "failure": permit.failure,
            "ignored": permit.ignore,
            "cancelled": permit.cancel,
        }
        return by_name[outcome]()

    def drop(self, name: str) -> None:
        del self.held[name]

    def call(self, result: str, meanwhile: Callable[[], None]) -> None:
        permit = self.breaker.acquire()
        token = object()

        def run() -> object:
            with permit:
                return body(result, meanwhile, token)

        ends_as(result, run, token)


class Settle(Permits):
    """`acquire()`, and `settle()` with an outcome's value."""

    def settle(self, name: str, outcome: str, retry_after: Any | None) -> str | None:
        permit: Permit = self.held[name]
        return permit.settle(outcome, retry_after=retry_after)


class Suspended:
    """An awaitable that suspends once and then ends as it is told."""

    def __init__(self) -> None:
        self.outcome = "success"

    def __await__(self) -> Generator[None, None, None]:
        yield
        if self.outcome in RAISES:
            raise RAISES[self.outcome]()


class Execute(Entry):
    """`await breaker.execute(function)`; a held call is a coroutine that is suspended in it."""

    def start(self, function: Callable[..., Any]) -> Any:
        return self.breaker.execute(function)

    def acquire(self, name: str) -> None:
        suspended = Suspended()

        async def function() -> None:
            await suspended

        coroutine = self.start(function)
        coroutine.send(None)
        self.held[name] = (coroutine, suspended)

    def settle(self, name: str, outcome: str, retry_after: Any | None) -> str | None:
        held = self.held.pop(name, None)
        if held is not None:
            coroutine, suspended = held
            suspended.outcome = outcome
            try:
                coroutine.send(None)
            except StopIteration:
                assert outcome == "success"
            except BaseException as error:
                assert type(error) is type(RAISES[outcome]())
        return None

    def drop(self, name: str) -> None:
        coroutine, _ = self.held.pop(name, (None, None))
        if coroutine is not None:
            coroutine.close()

    def call(self, result: str, meanwhile: Callable[[], None]) -> None:
        token = object()

        async def function() -> object:
            return body(result, meanwhile, token)

        def run() -> object:
            try:
                self.start(function).send(None)
            except StopIteration as ended:
                return ended.value
            raise AssertionError("it was suspended")

        ends_as(result, run, token)


class DecoratedAsync(Execute):
    """`@breaker` on an `async def`."""

    def start(self, function: Callable[..., Any]) -> Any:
        return self.breaker(function)()


class AsyncWith(Execute):
    """`async with breaker:`; each call in a context of its own, as a task is."""

    def start(self, function: Callable[..., Any]) -> Any:
        async def block() -> Any:
            async with self.breaker:
                return await function()

        return InContext(block())


class InContext:
    """A coroutine that is driven in a context of its own."""

    def __init__(self, coroutine: Any) -> None:
        self.context = contextvars.copy_context()
        self.coroutine = coroutine

    def send(self, value: None) -> None:
        self.context.run(self.coroutine.send, value)

    def close(self) -> None:
        self.context.run(self.coroutine.close)


class InThread:
    """A call that is held inside its function, on a thread of its own."""

    def __init__(self, run: Callable[[Callable[[], None]], object]) -> None:
        self.told: queue.Queue[str] = queue.Queue()
        self.began: queue.Queue[BaseException | None] = queue.Queue()
        self.ended: queue.Queue[BaseException | None] = queue.Queue()
        self.thread = threading.Thread(target=self._run, args=(run,), daemon=True)
        self.thread.start()
        error = self.began.get(timeout=30)
        if error is not None:
            self.thread.join(30)
            raise error

    def _run(self, run: Callable[[Callable[[], None]], object]) -> None:
        try:
            run(self._function)
        except CircuitOpenError as error:
            self.began.put(error)
        except BaseException as error:
            self.ended.put(error)
        else:
            self.ended.put(None)

    def _function(self) -> None:
        self.began.put(None)
        outcome = self.told.get(timeout=30)
        if outcome in RAISES:
            raise RAISES[outcome]()

    def end(self, outcome: str) -> None:
        self.told.put(outcome)
        error = self.ended.get(timeout=30)
        self.thread.join(30)
        assert (error is None) == (outcome == "success")
        if error is not None:
            assert type(error) is type(RAISES[outcome]())


class ExecuteSync(Entry):
    """`breaker.execute_sync(function)`; a held call is a thread that is inside of it."""

    def run(self, function: Callable[[], object]) -> object:
        return self.breaker.execute_sync(function)

    def acquire(self, name: str) -> None:
        self.held[name] = InThread(self.run)

    def settle(self, name: str, outcome: str, retry_after: Any | None) -> str | None:
        held = self.held.pop(name, None)
        if held is not None:
            held.end(outcome)
        return None

    def call(self, result: str, meanwhile: Callable[[], None]) -> None:
        token = object()
        ends_as(result, lambda: self.run(lambda: body(result, meanwhile, token)), token)


class Decorated(ExecuteSync):
    """`@breaker` on a plain function."""

    def run(self, function: Callable[[], object]) -> object:
        return self.breaker(function)()


class With(ExecuteSync):
    """`with breaker:`."""

    def run(self, function: Callable[[], object]) -> object:
        with self.breaker:
            return function()


ENTRIES: dict[str, type[Entry]] = {
    "permits": Permits,
    "settle": Settle,
    "execute": Execute,
    "decorated_async": DecoratedAsync,
    "async_with": AsyncWith,
    "execute_sync": ExecuteSync,
    "decorated": Decorated,
    "with": With,
}
