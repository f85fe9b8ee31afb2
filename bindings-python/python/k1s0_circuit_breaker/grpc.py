"""An interceptor for `grpc` channels that guards every call with a breaker.

    channel = grpc.intercept_channel(channel, CircuitBreakerInterceptor(CircuitBreaker(name="payments")))

A call is settled when it ends: by its status, as the same table says in every language of k1s0 (NOT_FOUND is a
healthy server's answer, UNAVAILABLE is not), with the `grpc-retry-pushback-ms` of its trailers. A stream keeps its
permit as long as it is open. A call that the caller cancels counts nowhere. A rejected call raises
`CircuitOpenRpcError`, which is a `CircuitOpenError` and a `grpc.RpcError` with the status UNAVAILABLE.

Needs grpcio (`pip install k1s0-circuit-breaker grpcio`), which is imported only here. For `grpc.aio` see
`k1s0_circuit_breaker.grpc_aio`.
"""

from __future__ import annotations

from typing import Any, Callable

import grpc

from . import _grpc, _http
from ._native import Permit
from .breaker import CircuitBreaker
from .exceptions import CircuitOpenError

__all__ = ["CircuitBreakerInterceptor", "CircuitOpenRpcError"]


class CircuitOpenRpcError(CircuitOpenError, grpc.RpcError):
    """The call was not made. It answers like any other error of a call."""

    def code(self) -> grpc.StatusCode:
        """UNAVAILABLE."""
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        """What went wrong."""
        return str(self)

    def initial_metadata(self) -> tuple[tuple[str, str], ...]:
        """None came."""
        return ()

    def trailing_metadata(self) -> Any:
        """When to come back, as a server would say it: pairs of `key` and `value`."""
        return (_grpc.pushback(self.retry_after),)


class CircuitBreakerInterceptor(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Guards calls of all four kinds."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker

    def _call(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        try:
            permit = self._breaker.acquire()
        except CircuitOpenError as error:
            raise CircuitOpenRpcError(error.name, error.retry_after, error.reason) from None
        try:
            call = continuation(details, request)
        except BaseException as error:
            _http.settle_error(permit, error, None)
            raise
        _settle_at_the_end(call, permit)
        return call

    def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Guards the call; see the module."""
        return self._call(continuation, client_call_details, request)

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Guards the call; see the module."""
        return self._call(continuation, client_call_details, request)

    def intercept_stream_unary(
        self, continuation: Callable[..., Any], client_call_details: Any, request_iterator: Any
    ) -> Any:
        """Guards the call; see the module."""
        return self._call(continuation, client_call_details, request_iterator)

    def intercept_stream_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request_iterator: Any
    ) -> Any:
        """Guards the call; see the module."""
        return self._call(continuation, client_call_details, request_iterator)


def _settle_at_the_end(call: Any, permit: Permit) -> None:
    def ended(*_: Any) -> None:
        if call.cancelled():
            permit.cancel()
        else:
            _grpc.settle(permit, call.code(), call.trailing_metadata())

    # What a stream on a single thread gives is no future.
    if hasattr(call, "add_done_callback"):
        call.add_done_callback(ended)
    elif not call.add_callback(ended):
        ended()
