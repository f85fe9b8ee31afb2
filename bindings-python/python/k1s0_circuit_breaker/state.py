"""The states of a circuit breaker, and how a call may end."""

from enum import Enum

__all__ = ["CircuitBreakerState", "CircuitState", "Outcome"]


class CircuitBreakerState(Enum):
    """The state of a circuit breaker (SPEC 1.1); the values are the labels of metrics."""

    CLOSED = "closed"
    """Calls go through."""
    OPEN = "open"
    """Calls are rejected until the wait is over."""
    HALF_OPEN = "half_open"
    """A few calls go through as probes; their results decide."""


CircuitState = CircuitBreakerState


class Outcome(Enum):
    """How an admitted call ended (SPEC 1.2): what a ``classifier`` answers."""

    SUCCESS = "success"
    """The service did its work."""
    FAILURE = "failure"
    """It did not."""
    IGNORED = "ignored"
    """The result says nothing about the service: a business error."""
    CANCELLED = "cancelled"
    """The caller gave up."""
