"""Transports for httpx that guard every request with a breaker.

    client = httpx.Client(transport=CircuitBreakerTransport(CircuitBreaker(name="payments")))

A call is settled by the head of its response: by the status, as the same table says in every language of k1s0 (a
404 is a healthy server's answer, a 503 is not), with the `Retry-After` of a 429 or 503. What happens to the body
later counts nowhere. A rejected request raises `CircuitOpenError` and reaches no socket.

Needs httpx (`pip install k1s0-circuit-breaker httpx`), which is imported only here.
"""

from __future__ import annotations

from typing import Callable, Union

import httpx

from . import _http
from .breaker import CircuitBreaker

__all__ = ["AsyncCircuitBreakerTransport", "CircuitBreakerTransport"]

#: A breaker, or what finds the one for a request: `lambda request: breakers.get(request.url.host)`.
BreakerFor = Union[CircuitBreaker, Callable[[httpx.Request], CircuitBreaker]]

# The first that fits says which transport error it is. A pool that is full says nothing of the service that
# this request is for.
_KINDS = (
    (httpx.PoolTimeout, "invalid_request"),
    (httpx.TimeoutException, "timeout"),
    (httpx.ConnectError, "connect"),
    (httpx.ProxyError, "connect"),
    (httpx.LocalProtocolError, "invalid_request"),
    (httpx.UnsupportedProtocol, "invalid_request"),
    (httpx.TransportError, "reset"),
)


def _kind(error: BaseException) -> str | None:
    return next((kind for known, kind in _KINDS if isinstance(error, known)), None)


def _finder(breaker: BreakerFor) -> Callable[[httpx.Request], CircuitBreaker]:
    if isinstance(breaker, CircuitBreaker):
        return lambda request: breaker
    return breaker


class CircuitBreakerTransport(httpx.BaseTransport):
    """Guards each request that goes through `transport`, by default a new `httpx.HTTPTransport`."""

    def __init__(self, breaker: BreakerFor, transport: httpx.BaseTransport | None = None) -> None:
        self._breaker_for = _finder(breaker)
        self._transport = transport if transport is not None else httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Makes the request if it is admitted; raises `CircuitOpenError` if not."""
        permit = self._breaker_for(request).acquire()
        try:
            response = self._transport.handle_request(request)
        except BaseException as error:
            _http.settle_error(permit, error, _kind(error))
            raise
        _http.settle_response(permit, response.status_code, response.headers)
        return response

    def close(self) -> None:
        """Closes the transport inside."""
        self._transport.close()


class AsyncCircuitBreakerTransport(httpx.AsyncBaseTransport):
    """As `CircuitBreakerTransport`, for `httpx.AsyncClient`. A task that is cancelled while it waits gives its
    slot back, and counts nowhere."""

    def __init__(
        self, breaker: BreakerFor, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._breaker_for = _finder(breaker)
        self._transport = transport if transport is not None else httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Makes the request if it is admitted; raises `CircuitOpenError` if not."""
        permit = self._breaker_for(request).acquire()
        try:
            response = await self._transport.handle_async_request(request)
        except BaseException as error:
            _http.settle_error(permit, error, _kind(error))
            raise
        _http.settle_response(permit, response.status_code, response.headers)
        return response

    async def aclose(self) -> None:
        """Closes the transport inside."""
        await self._transport.aclose()
