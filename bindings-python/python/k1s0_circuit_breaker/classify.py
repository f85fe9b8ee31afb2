"""What an HTTP status, a gRPC status and a transport error say about a service's health, and for how long it asks
not to be called.

They ask "is the service able to do its work?", not "did the caller get what it wanted": a 404 is a healthy
server's answer. The tables are the core's, the same in every language.
"""

from __future__ import annotations

from . import _native
from .state import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    _TransportError = Literal["connect", "tls", "reset", "timeout", "cancelled", "invalid_request"]

__all__ = [
    "grpc_retry_pushback",
    "grpc_status",
    "http_status",
    "retry_after",
    "transport_error",
]


def http_status(status: int) -> Outcome:
    """What an HTTP status says. What is no status of HTTP is a failure."""
    return Outcome(_native.http_status(status))


def grpc_status(code: int) -> Outcome:
    """What a gRPC status code says. What is no code of gRPC is a failure.

    A call that its caller cancelled is ``Outcome.CANCELLED``, whatever status the client library makes of it.
    """
    return Outcome(_native.grpc_status(code))


def transport_error(error: _TransportError) -> Outcome:
    """What a call says that ended without a status, by what ended it."""
    return Outcome(_native.transport_error(error))


def retry_after(status: int, retry_after: str | None, date: str | None = None) -> float | None:
    """For how many seconds an HTTP response asks not to be called, or None: its ``Retry-After``, where its status is
    429 or 503 (SPEC 13.4).

    An HTTP-date is taken against the response's own ``Date``, so that neither side's clock matters. Hand the answer
    in with the failure: ``permit.failure(retry_after=...)``.
    """
    return _native.retry_after(status, retry_after, date)


def grpc_retry_pushback(value: str) -> float | None:
    """The same of a gRPC response, in seconds: its ``grpc-retry-pushback-ms``. A negative one asks for nothing."""
    return _native.grpc_retry_pushback(value)
