"""Plays a scenario on a breaker through one way in. The contract is in conformance/README.md."""

from __future__ import annotations

from fractions import Fraction
from math import isclose
from typing import Any, Callable

from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig, CircuitOpenError, Transition

from .entries import Business, Entry
from .suite import NAMES, arguments, nanoseconds, seconds

#: A metric's name in the suite where it is not `…_count` here.
SAME = {"epoch", "forced", "consecutive_failures", "probes_in_flight", "success_rate"}
NEVER = 2**64 - 1


class Clock:
    """Time that a scenario moves, and how often it was read."""

    def __init__(self) -> None:
        self.now = 0
        self.reads = 0

    def __call__(self) -> Fraction:
        self.reads += 1
        return seconds(self.now)


def same_seconds(expected: int | None, found: float | None) -> bool:
    """Nanoseconds, and what a float could say of them."""
    if expected is None or found is None:
        return expected is None and found is None
    return isclose(expected / 1e9, found, rel_tol=1e-12, abs_tol=1e-12)


class Player:
    def __init__(self, scenario: dict[str, Any], entry: type[Entry]) -> None:
        self.scenario = scenario
        self.clock = Clock()
        config = CircuitBreakerConfig(**arguments(scenario.get("config", {})))
        self.breaker = CircuitBreaker(config, clock=self.clock, exclude=Business)
        self.fresh: list[Transition] = []
        self.told: list[Transition] = []
        self.remembered: list[Transition] = []
        self.breaker.on_transition(self.fresh.append)
        self.last = ("closed", 1)
        self.entry = entry(self.breaker)
        self.clock.reads = 0

    def play(self) -> None:
        for number, step in enumerate(self.scenario["steps"], 1):
            try:
                getattr(self, f"do_{step['op']}")(step)
                self.look_at_transitions()
                if step["op"] == "transitions":
                    self.compare_transitions(step["expect"])
            except AssertionError as error:
                because = f"\nbecause {step['because']}" if "because" in step else ""
                raise AssertionError(f"step {number}, {step}{because}: {error}") from error

    def look_at_transitions(self) -> None:
        """P4: each `from` is the `to` before it, and epochs have no gaps."""
        fresh, self.fresh[:] = list(self.fresh), []
        for it in fresh:
            assert (it.from_state.value, it.epoch) == (self.last[0], self.last[1] + 1)
            self.last = (it.to_state.value, it.epoch)
        self.told += fresh
        self.remembered = (self.remembered + fresh)[-32:]
        # What is remembered is what was told.
        assert [words(it) for it in self.breaker.recent_transitions()] == [
            words(it) for it in self.remembered
        ]

    def compare_transitions(self, expected: list[dict[str, Any]]) -> None:
        told, self.told = self.told, []
        assert [(it["from"], it["to"], it["epoch"], it["reason"]) for it in expected] == [
            words(it) for it in told
        ]
        for mine, its in zip(expected, told):
            assert same_seconds(nanoseconds(mine, "at") or 0, its.at), (mine, its.at)

    def verdict(self, expected: Any, run: Callable[[], None]) -> bool:
        """Whether it went through, as it was to."""
        try:
            run()
        except CircuitOpenError as rejection:
            assert isinstance(expected, dict), f"rejected: {rejection!r}"
            assert rejection.reason == expected["rejected"]
            wait = nanoseconds(expected, "retry_after")
            assert same_seconds(wait, rejection.retry_after), f"{rejection.retry_after}, not {wait}"
            return False
        assert isinstance(expected, str), "not rejected"
        return True

    def do_advance(self, step: dict[str, Any]) -> None:
        self.clock.now += nanoseconds(step) or 0

    def do_set_clock(self, step: dict[str, Any]) -> None:
        self.clock.now = nanoseconds(step) or 0

    def do_acquire(self, step: dict[str, Any]) -> None:
        self.verdict(step["expect"], lambda: self.entry.acquire(step["permit"]))

    def do_settle(self, step: dict[str, Any]) -> None:
        asked = nanoseconds(step, "retry_after")
        # More than 64 bits can say is never, and so is what a float makes of it.
        wait = None if asked is None else seconds(min(asked, NEVER))
        effect = self.entry.settle(step["permit"], step["outcome"], wait)
        assert effect in (None, step["expect"]), effect

    def do_drop(self, step: dict[str, Any]) -> None:
        if step["permit"] in self.entry.held:
            self.entry.drop(step["permit"])

    def do_call(self, step: dict[str, Any]) -> None:
        takes = nanoseconds(step, "takes") or 0
        ran = 0

        def meanwhile() -> None:
            nonlocal ran
            ran += 1
            self.clock.now += takes

        for _ in range(step.get("times", 1)):
            before = ran
            through = self.verdict(
                step["expect"], lambda: self.entry.call(step["result"], meanwhile)
            )
            assert ran - before == int(through)

    def do_record(self, step: dict[str, Any]) -> None:
        record = {"success": self.breaker.record_success, "failure": self.breaker.record_failure}[
            step["outcome"]
        ]
        for _ in range(step.get("times", 1)):
            record()

    def do_tick(self, step: dict[str, Any]) -> None:
        self.breaker.tick()

    def do_control(self, step: dict[str, Any]) -> None:
        getattr(self.breaker, step["do"])()

    def do_state(self, step: dict[str, Any]) -> None:
        assert self.breaker.state.value == step["expect"]
        reads = self.clock.reads
        assert self.breaker.is_open == (step["expect"] == "open")
        self.clock.reads = reads

    def do_metrics(self, step: dict[str, Any]) -> None:
        found = self.breaker.metrics()
        for name, expected in step["expect"].items():
            if name.startswith("remaining_wait"):
                wait = None if expected is None else nanoseconds({name: expected}, "remaining_wait")
                assert same_seconds(wait, found.remaining_wait), (name, found.remaining_wait)
            elif name == "state":
                assert found.state.value == expected
            else:
                assert metric(found, name) == expected, name

    def do_transitions(self, step: dict[str, Any]) -> None:
        """Looked at after every step."""

    def do_clock_reads(self, step: dict[str, Any]) -> None:
        assert self.clock.reads == step["expect"]
        self.clock.reads = 0


def words(transition: Transition) -> tuple[str, str, int, str]:
    return (
        transition.from_state.value,
        transition.to_state.value,
        transition.epoch,
        transition.reason,
    )


def metric(found: Any, name: str) -> Any:
    for total in ("rejected", "would_reject"):
        if name.startswith(f"{total}_"):
            return getattr(found, f"{total}_by_reason")[name[len(total) + 1 :]]
    if name == "transitions":
        return found.transition_count
    if name in SAME or name.startswith("window_"):
        return getattr(found, name)
    return getattr(found, f"{name}_count")


def refused(scenario: dict[str, Any], error: Any) -> None:
    """The error names the field, the value and the range, in Python's words."""
    expected = scenario["refused"]
    field = expected["field"]
    if field == "window":
        field = "window_calls" if "window_calls" in scenario["config"] else "window_duration"
    assert error.field == NAMES.get(field, field)
    if "value" in expected:
        value = "off" if error.value is None else error.value
        assert str(value).lower() == expected["value"] or float(value) == float(expected["value"])
    wanted = expected["range"].replace("timeout or more", "open_duration or more")
    assert error.range == wanted
    assert str(error).startswith(f"{error.field} is ")
    assert str(error).endswith(f"; it must be {error.range}")
