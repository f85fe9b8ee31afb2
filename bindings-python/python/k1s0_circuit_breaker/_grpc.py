"""What the interceptors for `grpc` and `grpc.aio` have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc

from . import _native

if TYPE_CHECKING:
    from ._native import Permit

PUSHBACK = "grpc-retry-pushback-ms"


def settle(
    permit: Permit, code: grpc.StatusCode, trailers: Iterable[tuple[str, Any]] | None
) -> None:
    """Settles a permit by a status that the server sent or the library made, and by the pushback in its
    trailers (SPEC 13.4)."""
    asked = None
    for key, value in trailers or ():
        if key == PUSHBACK and isinstance(value, str):
            asked = _native.grpc_retry_pushback(value)
    permit.settle(_native.grpc_status(code.value[0]), retry_after=asked)


class Metadatum(NamedTuple):
    """One pair of metadata, as grpc gives them."""

    key: str
    value: str


def pushback(retry_after: float | None) -> Metadatum:
    """The pushback of a rejection, in whole milliseconds, rounded up; -1 where nobody can say."""
    wait = -1 if retry_after is None else int(-(-retry_after * 1000 // 1))
    return Metadatum(PUSHBACK, str(wait))
