"""Interceptors for `grpc.aio` channels that guard every call with a breaker.

    channel = grpc.aio.insecure_channel(target, interceptors=interceptors(CircuitBreaker(name="payments")))

As in `k1s0_circuit_breaker.grpc`; a rejected call raises `CircuitOpenAioRpcError`, which is a `CircuitOpenError` and
a `grpc.aio.AioRpcError` with the status UNAVAILABLE.
"""

from __future__ import annotations

from typing import Any, Callable, Coroutine, List, Optional, Tuple, TypeVar

import grpc
import grpc.aio

from . import _grpc
from ._native import Permit
from .breaker import CircuitBreaker
from .exceptions import CircuitOpenError

__all__ = ["CircuitOpenAioRpcError", "interceptors"]

T = TypeVar("T")


class CircuitOpenAioRpcError(CircuitOpenError, grpc.aio.AioRpcError):
    """The call was not made. It answers like any other error of a call."""

    def __init__(
        self, name: Optional[str] = None, retry_after: Optional[float] = None, reason: str = "open"
    ) -> None:
        # Past AioRpcError, which would throw them away.
        Exception.__init__(self, name, retry_after, reason)

    def __reduce__(self) -> Tuple[Any, ...]:
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

    def trailing_metadata(self) -> grpc.aio.Metadata:
        """When to come back, as a server would say it."""
        return grpc.aio.Metadata((_grpc.PUSHBACK, _grpc.pushback(self.retry_after)))

    def debug_error_string(self) -> str:
        """What went wrong."""
        return str(self)


def interceptors(breaker: CircuitBreaker) -> List[grpc.aio.ClientInterceptor]:
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
        except Exception:
            permit.failure()
            raise
        except BaseException:
            permit.cancel()
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
    intercept_unary_unary = _Interceptor._call


class _UnaryStream(_Interceptor, grpc.aio.UnaryStreamClientInterceptor):
    intercept_unary_stream = _Interceptor._call


class _StreamUnary(_Interceptor, grpc.aio.StreamUnaryClientInterceptor):
    intercept_stream_unary = _Interceptor._call


class _StreamStream(_Interceptor, grpc.aio.StreamStreamClientInterceptor):
    intercept_stream_stream = _Interceptor._call
