"""Blocks that are no ``with`` statement: those of an ``ExitStack``, or entered by hand. Private.

Whoever leaves such a block says only which breaker's it is. So the permits are kept in the context, which is of one
thread or one task, with the frame that entered: several generators share a context.
"""

from __future__ import annotations

from contextvars import ContextVar
from sys import _getframe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import _native

__all__ = ["entered", "left"]

# The innermost first: (permit, breaker, the frame that entered, those around it).
_entered: ContextVar[tuple[_native.Permit, _native.Breaker, int, Any] | None] = ContextVar(
    "k1s0_circuit_breaker_entered", default=None
)


def entered(permit: _native.Permit, breaker: _native.Breaker) -> None:
    """Puts the permit into the context. Called by the native half, from the frame that enters."""
    _entered.set((permit, breaker, id(_getframe(1)), _entered.get()))


def left(breaker: _native.Breaker) -> _native.Permit | None:
    """Takes the permit of the block that is left out of the context.

    That is the innermost of this breaker that this frame entered; or that anybody did, for an ``ExitStack`` enters and
    leaves in frames of its own.
    """
    frame = id(_getframe(1))
    entry = _entered.get()
    entries = []
    while entry is not None:
        entries.append(entry)
        entry = entry[3]
    ours = [number for number, it in enumerate(entries) if it[1] is breaker]
    if not ours:
        # Left in another context than it was entered in: the permit counts as cancelled when that one goes.
        return None
    number = next((it for it in ours if entries[it][2] == frame), ours[0])
    rest = entries[number][3]
    for permit, owner, place, _ in reversed(entries[:number]):
        rest = (permit, owner, place, rest)
    _entered.set(rest)
    return entries[number][0]
