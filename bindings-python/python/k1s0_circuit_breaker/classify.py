"""What an HTTP status, a gRPC status and a transport error say about a service's health.

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

__all__ = ["grpc_status", "http_status", "transport_error"]


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
