"""A circuit breaker: it guards calls to another service, stops calling it while it is sick, and finds out by
itself when it is well again.

::

    from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig

    cb = CircuitBreaker(CircuitBreakerConfig(failure_threshold=5, open_duration=30.0), name="payments")

    result = await cb.execute(client.call_service, request)   # or:

    @cb
    def fetch(url): ...

A breaker is closed and lets every call through, until ``failure_threshold`` calls in a row have failed. Then it is
open: calls are rejected at once, for ``open_duration`` seconds. After that it is half-open: one call at a time (or
``half_open_max_calls``) goes through as a probe; ``success_threshold`` good ones close it, a bad one opens it
again. Late results never count, a slot always comes back, and your code never runs under a lock.
"""

from ._native import (
    CircuitBreakerExplanation,
    CircuitBreakerMetrics,
    Permit,
    Subscription,
    Transition,
    __version__,
)
from .breaker import CircuitBreaker
from .config import CircuitBreakerConfig
from .exceptions import (
    CircuitBreakerError,
    CircuitOpenError,
    ConfigError,
    ExecutionFailedError,
)
from .state import CircuitBreakerState, CircuitState, Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .registry import Registry, RegistryFullError

__all__ = [
    "CircuitBreaker",
    "CircuitBreakerConfig",
    "CircuitBreakerState",
    "CircuitState",
    "CircuitBreakerError",
    "CircuitOpenError",
    "ExecutionFailedError",
    "ConfigError",
    "Permit",
    "Outcome",
    "Transition",
    "Subscription",
    "CircuitBreakerMetrics",
    "CircuitBreakerExplanation",
    "Registry",
    "RegistryFullError",
    "__version__",
]


def __getattr__(name: str) -> object:
    # Not everybody needs it, and it takes `weakref`.
    if name in ("Registry", "RegistryFullError"):
        from . import registry

        return getattr(registry, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), "Registry", "RegistryFullError"]
