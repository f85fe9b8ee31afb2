"""The interceptors for `grpc` and `grpc.aio`, against a real server that fails, hangs and recovers."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Iterator
from typing import Any, Callable

import grpc
import grpc.aio
import pytest

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerState, CircuitOpenError
from k1s0_circuit_breaker.grpc import CircuitBreakerInterceptor, CircuitOpenRpcError
from k1s0_circuit_breaker.grpc_aio import CircuitOpenAioRpcError, interceptors

from .conftest import Clock
from .grpc_service import KINDS, Scripted, method, request, wait_until

#: Makes a call of a kind to a target, and gives the status it ended with.
Call = Callable[..., grpc.StatusCode]


@pytest.fixture
def service() -> Iterator[Scripted]:
    it = Scripted()
    yield it
    it.stop()


def sync_call(
    breaker: CircuitBreaker, target: str, kind: str, script: str, timeout: float = 10
) -> grpc.StatusCode:
    with grpc.insecure_channel(target) as plain:
        channel = grpc.intercept_channel(plain, CircuitBreakerInterceptor(breaker))
        settled = breaker.metrics()
        try:
            answer = method(channel, kind)(request(kind, script), timeout=timeout)
            if kind.endswith("stream"):
                list(answer)
        except CircuitOpenError:
            raise
        except grpc.RpcError as error:
            code = error.code()
        else:
            code = grpc.StatusCode.OK
        # A stream's end reaches its reader before its callbacks.
        wait_until(lambda: ended(breaker.metrics()) > ended(settled))
        return code


def ended(metrics: Any) -> int:
    return (
        metrics.success_count
        + metrics.failure_count
        + metrics.ignored_count
        + metrics.cancelled_count
    )


def aio_call(
    breaker: CircuitBreaker, target: str, kind: str, script: str, timeout: float = 10
) -> grpc.StatusCode:
    async def main() -> grpc.StatusCode:
        async with grpc.aio.insecure_channel(target, interceptors=interceptors(breaker)) as channel:
            call = method(channel, kind)(request(kind, script), timeout=timeout)
            try:
                if kind.endswith("stream"):
                    assert [it async for it in call] == [b"one", b"two"]
                else:
                    assert await call == b"well"
            except CircuitOpenError:
                raise
            except grpc.aio.AioRpcError as error:
                return error.code()
            return await call.code()

    return asyncio.run(main())


@pytest.fixture(params=[sync_call, aio_call])
def call(request: pytest.FixtureRequest, breaker: CircuitBreaker) -> Call:
    return lambda *args, **kwargs: request.param(breaker, *args, **kwargs)


@pytest.mark.parametrize("kind", KINDS)
def test_unavailable_opens_and_a_probe_closes(
    call: Call, kind: str, service: Scripted, breaker: CircuitBreaker, clock: Clock
) -> None:
    assert call(service.target, kind, "0") is grpc.StatusCode.OK
    for _ in range(2):
        assert call(service.target, kind, "14") is grpc.StatusCode.UNAVAILABLE
    assert breaker.state is CircuitBreakerState.OPEN
    hits = service.hits
    with pytest.raises(CircuitOpenError) as rejected:
        call(service.target, kind, "0")
    assert (rejected.value.name, rejected.value.retry_after) == ("payments", 30.0)
    assert service.hits == hits == 3

    clock.now = 30.0
    assert call(service.target, kind, "0") is grpc.StatusCode.OK
    assert breaker.state is CircuitBreakerState.CLOSED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("script", "counted"), [("5", "success"), ("1", "failure"), ("8", "failure"), ("13", "failure")]
)
def test_statuses_count_as_the_table_says(
    call: Call, kind: str, service: Scripted, breaker: CircuitBreaker, script: str, counted: str
) -> None:
    call(service.target, kind, script)
    metrics = breaker.metrics()
    assert (metrics.success_count, metrics.failure_count, metrics.cancelled_count) == (
        int(counted == "success"),
        int(counted == "failure"),
        0,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_deadline_is_a_failure(
    call: Call, kind: str, service: Scripted, breaker: CircuitBreaker
) -> None:
    assert call(service.target, kind, "hang", timeout=0.2) is grpc.StatusCode.DEADLINE_EXCEEDED
    assert breaker.metrics().failure_count == 1


def test_nobody_there_is_a_failure(call: Call, nobody: str, breaker: CircuitBreaker) -> None:
    target = nobody.removeprefix("http://").rstrip("/")
    assert call(target, "unary_unary", "0") is grpc.StatusCode.UNAVAILABLE
    assert breaker.metrics().failure_count == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("script", "wait"), [("14/45000", 45.0), ("14/1", 30.0), ("14/-1", 30.0)])
def test_a_pushback_makes_the_wait_longer(
    call: Call, kind: str, service: Scripted, breaker: CircuitBreaker, script: str, wait: float
) -> None:
    call(service.target, kind, "14")
    call(service.target, kind, script)
    assert breaker.metrics().remaining_wait == wait


def test_a_rejection_answers_like_an_error_of_a_call(
    service: Scripted, breaker: CircuitBreaker
) -> None:
    breaker.trip()
    with grpc.insecure_channel(service.target) as plain:
        channel = grpc.intercept_channel(plain, CircuitBreakerInterceptor(breaker))
        with pytest.raises(grpc.RpcError) as found:
            method(channel, "unary_unary")(b"0")
        # As a future, and as a stream, it comes when the result is asked for.
        future = method(channel, "unary_unary").future(b"0")
        assert isinstance(future.exception(), CircuitOpenRpcError)
        with pytest.raises(CircuitOpenRpcError):
            next(method(channel, "unary_stream")(b"0"))
    error = found.value
    assert isinstance(error, CircuitOpenRpcError)
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert error.details() == "circuit breaker 'payments' is open; try again in 30s"
    assert error.trailing_metadata() == (("grpc-retry-pushback-ms", "30000"),)
    assert error.initial_metadata() == ()
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.name, copy.retry_after) == (CircuitOpenRpcError, "payments", 30.0)

    breaker.force_open()
    with (
        grpc.insecure_channel(service.target) as plain,
        pytest.raises(CircuitOpenRpcError) as found,
    ):
        channel = grpc.intercept_channel(plain, CircuitBreakerInterceptor(breaker))
        method(channel, "unary_unary")(b"0")
    assert found.value.trailing_metadata() == (("grpc-retry-pushback-ms", "-1"),)


def test_a_rejection_answers_like_an_error_of_an_aio_call(
    service: Scripted, breaker: CircuitBreaker
) -> None:
    breaker.trip()

    async def main() -> grpc.aio.AioRpcError:
        async with grpc.aio.insecure_channel(
            service.target, interceptors=interceptors(breaker)
        ) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as found:
                await method(channel, "unary_unary")(b"0")
            return found.value

    error = asyncio.run(main())
    assert isinstance(error, CircuitOpenAioRpcError)
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert error.details() == error.debug_error_string() == str(error)
    assert tuple(error.trailing_metadata()) == (("grpc-retry-pushback-ms", "30000"),)
    assert not tuple(error.initial_metadata())
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.name, copy.retry_after) == (CircuitOpenAioRpcError, "payments", 30.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_that_the_caller_cancels_counts_nowhere(
    kind: str, service: Scripted, breaker: CircuitBreaker, clock: Clock
) -> None:
    breaker.trip()
    clock.now = 30.0
    with grpc.insecure_channel(service.target) as plain:
        channel = grpc.intercept_channel(plain, CircuitBreakerInterceptor(breaker))
        stub = method(channel, kind)
        make = stub if kind.endswith("stream") else stub.future
        call = make(request(kind, "hang"))
        assert breaker.metrics().probes_in_flight == 1
        call.cancel()
        wait_until(lambda: breaker.metrics().probes_in_flight == 0)
    metrics = breaker.metrics()
    assert (metrics.cancelled_count, metrics.failure_count) == (1, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_an_aio_call_that_the_caller_cancels_counts_nowhere(
    kind: str, service: Scripted, breaker: CircuitBreaker, clock: Clock
) -> None:
    breaker.trip()
    clock.now = 30.0

    async def main() -> None:
        async with grpc.aio.insecure_channel(
            service.target, interceptors=interceptors(breaker)
        ) as channel:
            call = method(channel, kind)(request(kind, "hang"))

            async def read() -> None:
                if kind.endswith("stream"):
                    async for _ in call:
                        pass
                else:
                    await call

            task = asyncio.ensure_future(read())
            while service.hits == 0:
                await asyncio.sleep(0.001)
            assert breaker.metrics().probes_in_flight == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            call.cancel()
            while breaker.metrics().probes_in_flight:
                await asyncio.sleep(0.001)

    asyncio.run(main())
    metrics = breaker.metrics()
    assert (metrics.cancelled_count, metrics.failure_count) == (1, 0)


def test_a_stream_on_a_single_thread(service: Scripted, breaker: CircuitBreaker) -> None:
    option = (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1)
    with grpc.insecure_channel(service.target, options=[option]) as plain:
        channel = grpc.intercept_channel(plain, CircuitBreakerInterceptor(breaker))
        assert list(method(channel, "unary_stream")(b"0")) == [b"one", b"two"]
        with pytest.raises(grpc.RpcError):
            list(method(channel, "unary_stream")(b"14/45000"))
        wait_until(lambda: ended(breaker.metrics()) == 2)
    metrics = breaker.metrics()
    assert (metrics.success_count, metrics.failure_count) == (1, 1)


class Broken(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """An interceptor inside of ours that raises, as what it was made with."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def intercept_unary_unary(self, *_: Any) -> Any:
        raise self.error

    def intercept_unary_stream(self, *_: Any) -> Any:
        raise self.error


@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream"])
def test_an_interceptor_inside_that_gives_up(
    kind: str, breaker: CircuitBreaker, nobody: str
) -> None:
    with grpc.insecure_channel(nobody.removeprefix("http://")) as plain:
        inside = Broken(KeyboardInterrupt())
        channel = grpc.intercept_channel(plain, CircuitBreakerInterceptor(breaker), inside)
        with pytest.raises(KeyboardInterrupt):
            method(channel, kind)(b"0")
    metrics = breaker.metrics()
    assert (metrics.cancelled_count, metrics.failure_count) == (1, 0)


class BrokenAio(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def intercept_unary_unary(self, *_: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (RuntimeError(), (1, 0)),
        (asyncio.CancelledError(), (0, 1)),
        (
            grpc.aio.AioRpcError(
                grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata()
            ),
            (1, 0),
        ),
    ],
)
def test_an_aio_interceptor_inside_that_raises(
    error: BaseException, counted: tuple[int, int], breaker: CircuitBreaker, nobody: str
) -> None:
    async def main() -> None:
        inside = [*interceptors(breaker), BrokenAio(error)]
        async with grpc.aio.insecure_channel(
            nobody.removeprefix("http://"), interceptors=inside
        ) as channel:
            with pytest.raises(type(error)):
                await method(channel, "unary_unary")(b"0")

    asyncio.run(main())
    metrics = breaker.metrics()
    assert (metrics.failure_count, metrics.cancelled_count) == counted
