"""OpenTelemetry instruments over live breakers.

    instruments = CircuitBreakerInstruments()
    instruments.observe(breaker)

Nothing happens on the call path: when the SDK collects, the breakers' counters are read. A breaker that is gone is
not shown any more; these instruments do not keep it alive. Names, units and descriptions are the same in every
language of k1s0 (docs/metrics.md).

Needs opentelemetry-api 1.29 or newer (`pip install "k1s0-circuit-breaker[otel]"`), which is imported only here.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Iterator
from typing import Callable

from opentelemetry.metrics import CallbackOptions, Meter, MeterProvider, Observation, get_meter

from . import _native
from ._native import CircuitBreakerMetrics
from .breaker import CircuitBreaker
from .state import CircuitBreakerState

__all__ = ["CircuitBreakerInstruments"]

# The metrics of the breakers that have one name.
_Namesakes = list[CircuitBreakerMetrics]


class CircuitBreakerInstruments:
    """The instruments of one meter, and the breakers that they show.

    Make one for each meter provider and keep it: a meter's instruments cannot be taken back. May be used from any
    thread.
    """

    def __init__(self, meter_provider: MeterProvider | None = None) -> None:
        """`meter_provider`: by default the global one, also if that is set later."""
        self._lock = threading.Lock()
        self._breakers: weakref.WeakSet[CircuitBreaker] = weakref.WeakSet()
        meter = get_meter(_native.SCOPE, _native.__version__, meter_provider)
        for name, kind, unit, description in _native.instruments():
            make = _maker(meter, kind)
            make(name, [self._callback(_READERS[name])], unit, description)

    def observe(self, *breakers: CircuitBreaker) -> None:
        """Shows these breakers from now on, for as long as they live."""
        with self._lock:
            for breaker in breakers:
                self._breakers.add(breaker)

    def _callback(
        self, read: Callable[[_Namesakes], Iterable[Observation]]
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observed(_: CallbackOptions) -> Iterator[Observation]:
            for name, found in self._by_name().items():
                for one in read(found):
                    yield Observation(one.value, {"name": name, **(one.attributes or {})})

        return observed

    def _by_name(self) -> dict[str, _Namesakes]:
        """Two breakers with one name would write the same series twice; they are given together instead."""
        with self._lock:
            live = list(self._breakers)
        by_name: dict[str, _Namesakes] = {}
        # Outside of the lock: a breaker may ask a clock of the user's.
        for breaker in live:
            by_name.setdefault(breaker.name or _native.UNNAMED, []).append(breaker.metrics())
        return by_name


def _maker(meter: Meter, kind: str) -> Callable[..., object]:
    return meter.create_observable_counter if kind == "counter" else meter.create_observable_gauge


def _calls(found: _Namesakes) -> Iterator[Observation]:
    for outcome in ("success", "failure", "ignored", "cancelled"):
        total = sum(getattr(one, f"{outcome}_count") for one in found)
        yield Observation(total, {"outcome": outcome})


def _by_reason(field: str) -> Callable[[_Namesakes], Iterator[Observation]]:
    def read(found: _Namesakes) -> Iterator[Observation]:
        for reason in getattr(found[0], field):
            yield Observation(sum(getattr(one, field)[reason] for one in found), {"reason": reason})

    return read


def _slow_calls(found: _Namesakes) -> Iterator[Observation]:
    yield Observation(sum(one.slow_count for one in found))


def _transitions(found: _Namesakes) -> Iterator[Observation]:
    for between in found[0].transitions:
        count = sum(one.transitions[between] for one in found)
        # Most pairs never happen; a series begins with its first transition.
        if count:
            before, after = between
            yield Observation(count, {"from": before.value, "to": after.value})


def _state(found: _Namesakes) -> Iterator[Observation]:
    # Every state at every collection: a label that just moved would leave its old series behind.
    for state in CircuitBreakerState:
        yield Observation(int(any(one.state is state for one in found)), {"state": state.value})


def _success_rate(found: _Namesakes) -> Iterator[Observation]:
    successes = sum(one.success_count for one in found)
    ended = successes + sum(one.failure_count for one in found)
    if ended:
        yield Observation(successes / ended)


_READERS: dict[str, Callable[[_Namesakes], Iterable[Observation]]] = {
    "circuit_breaker.calls": _calls,
    "circuit_breaker.rejections": _by_reason("rejected_by_reason"),
    "circuit_breaker.would_reject": _by_reason("would_reject_by_reason"),
    "circuit_breaker.slow_calls": _slow_calls,
    "circuit_breaker.transitions": _transitions,
    "circuit_breaker.state": _state,
    "circuit_breaker.success_rate": _success_rate,
}
