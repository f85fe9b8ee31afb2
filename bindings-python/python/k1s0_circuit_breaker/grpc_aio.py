"""Interceptors for `grpc.aio` channels that guard every call with a breaker.

    channel = grpc.aio.insecure_channel(target, interceptors=interceptors(CircuitBreaker(name="payments")))

As in `k1s0_circuit_breaker.grpc`; a rejected call raises `CircuitOpenAioRpcError`, which is a `CircuitOpenError` and
a `grpc.aio.AioRpcError` with the status UNAVAILABLE.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Callable, TypeVar

import grpc
import grpc.aio

from . import _grpc, _http
from ._native import Permit
from .breaker import CircuitBreaker
from .exceptions import CircuitOpenError

__all__ = ["CircuitOpenAioRpcError", "interceptors"]

T = TypeVar("T")


class CircuitOpenAioRpcError(CircuitOpenError, grpc.aio.AioRpcError):
    """The call was not made. It answers like any other error of a call."""

    def __init__(
        self, name: str | None = None, retry_after: float | None = None, reason: str = "open"
    ) -> None:
        # Past AioRpcError, which would throw them away.
        Exception.__init__(self, name, retry_after, reason)

    def __reduce__(self) -> tuple[Any, ...]:
        # AioRpcError's own would lose what a CircuitOpenError is made of.
        return type(self), self.args

    __repr__ = CircuitOpenError.__repr__

    def code(self) -> grpc.StatusCode:
        """UNAVAILABLE."""
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        """What went wrong."""
        return str(self)

    def initial_metadata(self) -> grpc.aio.Metadata:
        """None came."""
        return grpc.aio.Metadata()

    def trailing_metadata(self) -> Any:
        """When to come back, as a server would say it: a `grpc.aio.Metadata`."""
        pushback = _grpc.pushback(self.retry_after)
        return grpc.aio.Metadata((pushback.key, pushback.value))

    def debug_error_string(self) -> str:
        """What went wrong."""
        return str(self)


def interceptors(breaker: CircuitBreaker) -> list[grpc.aio.ClientInterceptor]:
    """One interceptor for each of the four kinds of calls: `grpc.aio` takes each object for one kind only."""
    return [kind(breaker) for kind in (_UnaryUnary, _UnaryStream, _StreamUnary, _StreamStream)]


class _Interceptor:
    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker

    async def _call(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        try:
            permit = self._breaker.acquire()
        except CircuitOpenError as error:
            raise CircuitOpenAioRpcError(error.name, error.retry_after, error.reason) from None
        try:
            call = await continuation(details, request)
        except grpc.aio.AioRpcError as error:
            # From an interceptor inside.
            _grpc.settle(permit, error.code(), error.trailing_metadata())
            raise
        except BaseException as error:
            _http.settle_error(permit, error, None)
            raise
        call.add_done_callback(lambda _: _settle(call, permit))
        return call


def _gave_up(call: Any) -> bool:
    # `cancelled()` is true also where the server sent CANCELLED, which is its failure. What grpc.aio itself asks, to
    # tell the two apart, is not public; where it is gone, both count as cancelled.
    ask = getattr(getattr(call, "_cython_call", None), "is_locally_cancelled", call.cancelled)
    gave_up: bool = ask()
    return gave_up


def _settle(call: Any, permit: Permit) -> None:
    if _gave_up(call):
        permit.cancel()
    else:
        _grpc.settle(permit, _at_once(call.code()), _at_once(call.trailing_metadata()))


def _at_once(answer: Coroutine[Any, Any, T]) -> T:
    """What a call that has ended answers: without waiting, so here and now."""
    try:
        answer.send(None)
    except StopIteration as ended:
        value: T = ended.value
        return value
    finally:
        answer.close()
    raise RuntimeError("a call that has ended made its caller wait")


class _UnaryUnary(_Interceptor, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Guards the call; see the module."""
        return await self._call(continuation, client_call_details, request)


class _UnaryStream(_Interceptor, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Guards the call; see the module."""
        return await self._call(continuation, client_call_details, request)


class _StreamUnary(_Interceptor, grpc.aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(
        self, continuation: Callable[..., Any], client_call_details: Any, request_iterator: Any
    ) -> Any:
        """Guards the call; see the module."""
        return await self._call(continuation, client_call_details, request_iterator)


class _StreamStream(_Interceptor, grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request_iterator: Any
    ) -> Any:
        """Guards the call; see the module."""
        return await self._call(continuation, client_call_details, request_iterator)
