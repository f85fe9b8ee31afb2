"""The instruments, collected by the real SDK."""

from __future__ import annotations

import gc

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig, _native
from k1s0_circuit_breaker.otel import CircuitBreakerInstruments

from .conftest import Clock


class Collected:
    def __init__(self) -> None:
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider([self.reader])
        self.instruments = CircuitBreakerInstruments(self.provider)

    def __call__(self) -> dict[str, float]:
        """Every series by "instrument{attributes}"."""
        found = {}
        data = self.reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                if scope.scope.name != "k1s0_circuit_breaker":
                    continue  # The SDK's own, in some versions.
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        attributes = ",".join(
                            f"{key}={value}" for key, value in sorted(point.attributes.items())
                        )
                        found[f"{metric.name}{{{attributes}}}"] = point.value
        return found


@pytest.fixture
def collect() -> Collected:
    return Collected()


def test_every_series_has_its_value(
    collect: Collected, breaker: CircuitBreaker, clock: Clock
) -> None:
    collect.instruments.observe(breaker)
    idle = collect()
    assert idle["circuit_breaker.state{name=payments,state=closed}"] == 1
    assert not any(
        series.startswith(("circuit_breaker.success_rate", "circuit_breaker.transitions"))
        for series in idle
    )

    for _ in range(6):
        breaker.acquire().success()
    breaker.acquire().ignore()
    breaker.acquire().cancel()
    for _ in range(2):
        breaker.acquire().failure()
    assert breaker.try_acquire() is None
    found = collect()
    assert {
        "circuit_breaker.calls{name=payments,outcome=success}": 6,
        "circuit_breaker.calls{name=payments,outcome=failure}": 2,
        "circuit_breaker.calls{name=payments,outcome=ignored}": 1,
        "circuit_breaker.calls{name=payments,outcome=cancelled}": 1,
        "circuit_breaker.rejections{name=payments,reason=open}": 1,
        "circuit_breaker.rejections{name=payments,reason=half_open}": 0,
        "circuit_breaker.rejections{name=payments,reason=forced_open}": 0,
        "circuit_breaker.transitions{from=closed,name=payments,to=open}": 1,
        "circuit_breaker.state{name=payments,state=closed}": 0,
        "circuit_breaker.state{name=payments,state=open}": 1,
        "circuit_breaker.state{name=payments,state=half_open}": 0,
        "circuit_breaker.slow_calls{name=payments}": 0,
        "circuit_breaker.success_rate{name=payments}": 0.75,
    }.items() <= found.items()

    # The wait is over though no call has come: the gauge says so (SPEC 9.1).
    clock.now = 30.0
    assert collect()["circuit_breaker.state{name=payments,state=half_open}"] == 1


def test_shadowed_rejections_are_told(collect: Collected) -> None:
    breaker = CircuitBreaker(CircuitBreakerConfig(shadow=True), name="shadow")
    collect.instruments.observe(breaker)
    breaker.trip()
    breaker.execute_sync(lambda: None)
    found = collect()
    assert found["circuit_breaker.would_reject{name=shadow,reason=open}"] == 1
    assert found["circuit_breaker.rejections{name=shadow,reason=open}"] == 0


def test_every_instrument_is_there(collect: Collected) -> None:
    breaker = CircuitBreaker()
    collect.instruments.observe(breaker)
    breaker.record_success()
    breaker.trip()
    names = {series.split("{")[0] for series in collect()}
    assert names == {name for name, *_ in _native.instruments()}


def test_a_dead_breakers_series_end_and_names_are_added_up(collect: Collected) -> None:
    one, two, other = (
        CircuitBreaker(name="same"),
        CircuitBreaker(name="same"),
        CircuitBreaker(name="other"),
    )
    collect.instruments.observe(one, two, other)
    collect.instruments.observe(one)
    for breaker in (one, two, other):
        breaker.record_success()
    del breaker
    assert collect()["circuit_breaker.calls{name=same,outcome=success}"] == 2
    del other
    gc.collect()
    assert not any("other" in series for series in collect())


def test_the_global_provider_may_come_later() -> None:
    from opentelemetry import metrics

    instruments = CircuitBreakerInstruments()
    breaker = CircuitBreaker(name="global")
    instruments.observe(breaker)
    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([reader]))
    data = reader.get_metrics_data()
    assert data is not None
    names = {it.name for it in data.resource_metrics[0].scope_metrics[0].metrics}
    assert "circuit_breaker.state" in names
