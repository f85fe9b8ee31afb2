"""``python -m k1s0_circuit_breaker``: what is installed, and ten seconds of it at work."""

from __future__ import annotations

import argparse
import platform
import sys
import time

from . import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError, __version__
from ._native import core_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from . import CircuitBreakerMetrics, Transition

# A service that is well, is down for a while, and is well again.
_DOWN = (2.0, 6.0)
_SECONDS = 10.0
_STEP = 0.1


class _Outage(Exception):
    pass


def about() -> list[str]:
    """What is installed, as lines."""
    return [
        f"k1s0-circuit-breaker {__version__}, core {core_version}",
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}",
    ]


def demo(
    show: Callable[[str], object] = print,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> CircuitBreakerMetrics:
    """One outage. Each character is a call: ``.`` answered, ``x`` failed, ``-`` rejected at once."""
    breaker = CircuitBreaker(
        CircuitBreakerConfig(failure_threshold=5, success_threshold=2, open_duration=1.5),
        name="demo",
        clock=clock,
    )
    began = clock()

    def since() -> float:
        return clock() - began

    line: list[str] = []

    def told(transition: Transition) -> None:
        show(f"{since():5.1f}s  {''.join(line)}")
        line.clear()
        states = f"{transition.from_state.value} -> {transition.to_state.value}"
        show(f"{'':6}  {states} ({transition.reason})")

    breaker.on_transition(told)

    @breaker
    def service() -> None:
        if _DOWN[0] <= since() < _DOWN[1]:
            raise _Outage

    show(f"a service that is down from {_DOWN[0]:.0f}s to {_DOWN[1]:.0f}s")
    show(". answered, x failed, - rejected")
    while since() < _SECONDS:
        try:
            service()
            mark = "."
        except CircuitOpenError:
            mark = "-"
        except _Outage:
            mark = "x"
        line.append(mark)
        sleep(_STEP)
    show(f"{since():5.1f}s  {''.join(line)}")
    metrics = breaker.metrics()
    show(
        f"{metrics.success_count} answered, {metrics.failure_count} failed, "
        f"{metrics.rejected_count} rejected at once instead of failing"
    )
    return metrics


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m k1s0_circuit_breaker", description=__doc__)
    parser.add_argument("--no-demo", action="store_true", help="only say what is installed")
    said = parser.parse_args(arguments)
    for line in about():
        print(line)
    if not said.no_demo:
        print()
        demo()
    return 0


if __name__ == "__main__":
    sys.exit(main())
