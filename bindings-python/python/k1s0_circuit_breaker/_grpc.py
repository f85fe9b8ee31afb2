"""What the interceptors for `grpc` and `grpc.aio` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Optional, Tuple

import grpc

from . import _native

if TYPE_CHECKING:
    from ._native import Permit

PUSHBACK = "grpc-retry-pushback-ms"


def settle(permit: Permit, code: grpc.StatusCode, trailers: Optional[Iterable[Tuple[str, Any]]]) -> None:
    """Settles a permit by a status that the server sent or the library made, and by the pushback in its
    trailers (SPEC 13.4)."""
    asked = None
    for key, value in trailers or ():
        if key == PUSHBACK and isinstance(value, str):
            asked = _native.grpc_retry_pushback(value)
    permit.settle(_native.classify_grpc_status(code.value[0]), retry_after=asked)


def pushback(retry_after: Optional[float]) -> str:
    """The pushback of a rejection, in whole milliseconds, rounded up; -1 where nobody can say."""
    if retry_after is None:
        return "-1"
    return str(int(-(-retry_after * 1000 // 1)))
