"""What the adapters have in common: how a response, and a call without one, settle a permit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from . import _native

if TYPE_CHECKING:
    from ._native import Permit


def settle_response(permit: Permit, status: int, headers: Mapping[str, str]) -> None:
    """Settles a permit by the head of a response, its `Retry-After` too (SPEC 13.4)."""
    asked = _native.retry_after(status, headers.get("Retry-After"), headers.get("Date"))
    permit.settle(_native.http_status(status), retry_after=asked)


def settle_error(permit: Permit, error: BaseException, kind: str | None) -> None:
    """Settles a permit by what ended a call without a response.

    `kind` is a transport error's name, or None: then it is a failure if it is an `Exception`, and what is none,
    such as `KeyboardInterrupt` and `CancelledError`, is the caller giving up (SPEC 7.4).
    """
    if not isinstance(error, Exception):
        permit.cancel()
    elif kind is None:
        permit.failure()
    else:
        permit.settle(_native.transport_error(kind))
