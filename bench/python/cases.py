"""What is measured: the same guarded functions through each library.

Each breaker has its library's own defaults, but for what a case is about. A peer's breaker counts fewer things
than ours does with a window; ours without one counts what theirs does.
"""

from __future__ import annotations

from typing import Any

import circuitbreaker
import interlock
import pybreaker

import k1s0_circuit_breaker as k1s0
from timing import Case

NEVER = 2**31 - 1


def zero() -> int:
    return 1


def three(a: int, b: int, *, c: int) -> int:
    return a


class Service:
    def method(self) -> int:
        return 1


async def azero() -> int:
    return 1


async def athree(a: int, b: int, *, c: int) -> int:
    return a


def failing() -> int:
    raise ValueError


def ours(**config: Any) -> k1s0.CircuitBreaker:
    return k1s0.CircuitBreaker(k1s0.CircuitBreakerConfig(**config))


#: A window of the last hundred calls, and one of the last ten seconds.
WINDOW = {"failure_rate": 0.5, "window_calls": 100}
TIME = {"failure_rate": 0.5, "window_duration": 10.0}

OURS = "k1s0 `@breaker`"
FABFUEL = "circuitbreaker (fabfuel)"
PYBREAKER = "pybreaker"
INTERLOCK = "interlock-cb"
BARE = "bare call"


def _guards() -> dict[str, Any]:
    """Decorators, each with a breaker of its own."""
    return {
        BARE: lambda function: function,
        OURS: ours(),
        "k1s0 `@breaker`, window of 100 calls": ours(**WINDOW),
        "k1s0 `@breaker`, window of 10 s": ours(**TIME),
        FABFUEL: circuitbreaker.circuit,
        PYBREAKER: pybreaker.CircuitBreaker(),
        INTERLOCK: interlock.CircuitBreaker(name="bench"),
    }


def closed(function: Any, arguments: str) -> list[Case]:
    """A healthy call of a plain function."""
    cases = [Case(name, f"f({arguments})", {"f": guard(function)}) for name, guard in _guards().items()]
    comma = ", " if arguments else ""
    cases.append(
        Case(
            "k1s0 `breaker.execute_sync`",
            f"execute(f{comma}{arguments})",
            {"execute": ours().execute_sync, "f": function},
        )
    )
    return cases


def with_statement() -> list[Case]:
    """A healthy block."""
    return [
        Case(BARE, "f()", {"f": zero}),
        Case("k1s0 `with breaker:`", "with cb:\n    f()", {"cb": ours(), "f": zero}),
        Case("k1s0 `try_acquire()`, `success()`", "permit = acquire()\nf()\npermit.success()", {"acquire": ours().try_acquire, "f": zero}),
        Case(f"{FABFUEL}, `with`", "with cb:\n    f()", {"cb": circuitbreaker.CircuitBreaker(), "f": zero}),
        Case(f"{INTERLOCK}, `with`", "with cb:\n    f()", {"cb": interlock.CircuitBreaker(name="with"), "f": zero}),
    ]


def method() -> list[Case]:
    """A healthy call of a guarded method, through its instance."""
    cases = []
    for name, guard in _guards().items():
        owner = type("Owner", (), {"method": guard(Service.method)})
        cases.append(Case(name, "o.method()", {"o": owner()}))
    return cases


def closed_async(function: Any, arguments: str) -> list[Case]:
    """A healthy call of an `async def` that does not suspend."""
    guards = {name: guard for name, guard in _guards().items() if name != PYBREAKER}
    cases = [Case(name, f"await f({arguments})", {"f": guard(function)}, is_async=True) for name, guard in guards.items()]
    comma = ", " if arguments else ""
    cases.append(
        Case(
            "k1s0 `await breaker.execute`",
            f"await execute(f{comma}{arguments})",
            {"execute": ours().execute, "f": function},
            is_async=True,
        )
    )
    return cases


def rejected() -> list[Case]:
    """A call that is not admitted, and its exception caught."""
    cb = ours()
    cb.trip()
    fabfuel = circuitbreaker.CircuitBreaker(failure_threshold=1, recovery_timeout=NEVER)
    listed = pybreaker.CircuitBreaker(fail_max=1, reset_timeout=NEVER)
    other = interlock.CircuitBreaker(name="open")
    for guard in (fabfuel, listed):
        try:
            guard(failing)()
        except Exception:  # noqa: BLE001, S110
            pass
    other.force_open()
    statement = "try:\n    f()\nexcept E:\n    pass"
    return [
        Case("bare `raise`", "try:\n    f()\nexcept E:\n    pass", {"f": failing, "E": ValueError}),
        Case(OURS, statement, {"f": cb(zero), "E": k1s0.CircuitOpenError}),
        Case(FABFUEL, statement, {"f": fabfuel(zero), "E": circuitbreaker.CircuitBreakerError}),
        Case(PYBREAKER, statement, {"f": listed(zero), "E": pybreaker.CircuitBreakerError}),
        Case(INTERLOCK, statement, {"f": other(zero), "E": interlock.CircuitOpenError}),
    ]


def failed() -> list[Case]:
    """A call that fails and opens nothing."""
    statement = "try:\n    f()\nexcept E:\n    pass"
    guards = {
        "bare `raise`": lambda function: function,
        OURS: ours(failure_threshold=NEVER),
        FABFUEL: circuitbreaker.circuit(failure_threshold=NEVER),
        PYBREAKER: pybreaker.CircuitBreaker(fail_max=NEVER),
    }
    return [Case(name, statement, {"f": guard(failing), "E": ValueError}) for name, guard in guards.items()]
