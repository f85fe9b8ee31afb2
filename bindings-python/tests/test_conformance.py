"""Every scenario of the suite, through every entry point. The contract: ``conformance/README.md``."""

import asyncio
import json
import pathlib
import queue
import threading
from fractions import Fraction

import pytest

from k1s0_circuit_breaker import (
    CircuitBreaker,
    CircuitBreakerConfig,
    CircuitOpenError,
    ConfigError,
)

SUITE = pathlib.Path(__file__).resolve().parents[2] / "conformance"
MANIFEST = json.loads((SUITE / "manifest.json").read_text())
SCENARIOS = [
    scenario
    for file in MANIFEST["files"]
    for scenario in json.loads((SUITE / file["path"]).read_text())["scenarios"]
]
SECOND = 1_000_000_000


class Failed(Exception):
    """The ordinary error."""


class Ignored(Exception):
    """The error that says nothing."""


class Panic(Exception):
    """The unexpected one."""


ERRORS = {
    "failure": Failed,
    "ignored": Ignored,
    "panic": Panic,
    "cancel": asyncio.CancelledError,
    "cancelled": asyncio.CancelledError,
}


def nanos(step, name, default=None):
    """``name`` in milliseconds or nanoseconds; beyond 64 bits it is as much as there is."""
    if f"{name}_ns" in step:
        return int(step[f"{name}_ns"])
    if f"{name}_ms" in step:
        return round(Fraction(str(step[f"{name}_ms"])) * 1_000_000)
    return default


def seconds(it):
    return None if it is None else Fraction(it, SECOND)


def same(told, expected):
    """Whether a float of seconds is these nanoseconds, as near as a float comes."""
    return round(told * SECOND) == expected or abs(told * SECOND - expected) <= expected * 2e-16


class Clock:
    def __init__(self):
        self.now, self.reads = 0, 0

    def __call__(self):
        self.reads += 1
        return Fraction(self.now, SECOND)


# ----- entry points: begin a call and hold it, end it, drop it, make a whole one -----


class Permits:
    says_effects = True

    def __init__(self, breaker):
        self.breaker = breaker

    def begin(self):
        return self.breaker.acquire()

    def settle(self, held, outcome, retry_after):
        if outcome == "failure":
            return held.failure(retry_after=retry_after)
        ends = {"success": held.success, "ignored": held.ignore, "cancelled": held.cancel}
        return ends[outcome]()

    def drop(self, held):
        # The runner has forgotten it; this was the last reference.
        pass

    def call(self, function, result):
        permit = self.breaker.acquire()
        function()
        outcome = {"panic": "failure", "cancel": "cancelled"}.get(result, result)
        self.settle(permit, outcome, None)


class Awaited:
    """A coroutine that is driven by hand: it is held where it waits."""

    says_effects = False

    def guard(self, function):
        return self.breaker.execute(function)

    def __init__(self, breaker):
        self.breaker = breaker

    def begin(self):
        class Waiting:
            def __await__(self):
                return (yield)

        async def held():
            return await Waiting()

        coroutine = self.guard(held)
        coroutine.send(None)
        return coroutine

    def settle(self, held, outcome, retry_after):
        if held.cr_frame is None:
            return
        try:
            if outcome == "success":
                held.send("result")
            else:
                held.throw(ERRORS[outcome]())
        except StopIteration as ended:
            assert ended.value == "result"
        except (*ERRORS.values(),):
            pass

    def drop(self, held):
        held.close()

    def call(self, function, result):
        async def whole():
            function()
            if result in ERRORS:
                raise ERRORS[result]
            return "result"

        outcome(lambda: asyncio_free(self.guard(whole)), result)


class AwaitedDecorator(Awaited):
    def guard(self, function):
        return self.breaker(function)()


class AwaitedBlock(Awaited):
    def guard(self, function):
        async def block():
            async with self.breaker:
                return await function()

        return block()


def asyncio_free(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("it waits")


def outcome(call, result):
    if result in ERRORS:
        with pytest.raises(ERRORS[result]):
            call()
    else:
        assert call() == "result"


class Held:
    """A blocking call in a thread of its own, held inside of its function."""

    def __init__(self, guard):
        self.inside, self.end, self.done = queue.Queue(), queue.Queue(), False

        def function():
            self.inside.put(None)
            error = self.end.get()
            if error is not None:
                raise error
            return "result"

        def run():
            try:
                assert guard(function) == "result"
            except CircuitOpenError as error:
                self.inside.put(error)
            except (*ERRORS.values(),):
                pass

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        error = self.inside.get(timeout=10)
        if error is not None:
            self.thread.join(10)
            raise error

    def finish(self, error):
        if not self.done:
            self.done = True
            self.end.put(error)
            self.thread.join(10)


class Blocking:
    says_effects = False

    def guard(self, function):
        return self.breaker.execute_sync(function)

    def __init__(self, breaker):
        self.breaker = breaker

    def begin(self):
        return Held(self.guard)

    def settle(self, held, outcome, retry_after):
        held.finish(ERRORS[outcome]() if outcome in ERRORS else None)

    def drop(self, held):
        held.finish(asyncio.CancelledError())

    def call(self, function, result):
        def whole():
            function()
            if result in ERRORS:
                raise ERRORS[result]
            return "result"

        outcome(lambda: self.guard(whole), result)


class BlockingDecorator(Blocking):
    def guard(self, function):
        return self.breaker(function)()


class BlockingBlock(Blocking):
    def guard(self, function):
        with self.breaker:
            return function()


ENTRIES = [
    Permits,
    Awaited,
    AwaitedDecorator,
    AwaitedBlock,
    Blocking,
    BlockingDecorator,
    BlockingBlock,
]

# ----- the configuration -----

COUNTS = (
    "failure_threshold",
    "success_threshold",
    "half_open_max_calls",
    "minimum_calls",
    "window_calls",
    "window_buckets",
    "slow_minimum_calls",
    "failure_rate",
    "slow_call_rate",
    "count_hung_calls",
    "backoff_multiplier",
    "jitter",
    "shadow",
)
DURATIONS = {
    "timeout": "open_duration",
    "probe_timeout": "probe_timeout",
    "window_time": "window_duration",
    "slow_call_duration": "slow_call_duration",
    "max_timeout": "max_open_duration",
}


def configured(config):
    # The common default, where Python's specification has its own.
    fields = {"success_threshold": 3}
    fields.update({name: config[name] for name in COUNTS if name in config})
    if fields.get("failure_threshold") == "off":
        fields["failure_threshold"] = None
    for name, ours in DURATIONS.items():
        length = nanos(config, name)
        if length is not None:
            fields[ours] = seconds(length)
    if "jitter_seed" in config:
        fields["jitter_seed"] = int(config["jitter_seed"])
    return CircuitBreakerConfig(**fields)


OURS = {
    "timeout": {"open_duration"},
    "max_timeout": {"max_open_duration"},
    "window": {"window_calls", "window_duration"},
}


def refused(scenario):
    expected = scenario["refused"]
    with pytest.raises(ConfigError) as raised:
        configured(scenario["config"])
    error = raised.value
    assert error.field in OURS.get(expected["field"], {expected["field"]})
    assert error.range == expected["range"].replace("timeout or more", "open_duration or more")
    if "value" in expected:
        value = {None: "off", True: "true"}.get(error.value, error.value)
        assert str(value) == expected["value"] or float(value) == float(expected["value"])


# ----- playing -----

METRICS = {
    name: f"{name}_count"
    for name in ("success", "failure", "ignored", "cancelled", "rejected", "slow", "stale")
}
METRICS["would_reject"] = "would_reject_count"
METRICS["transitions"] = "transition_count"


class Play:
    def __init__(self, scenario, entry):
        self.clock, self.held = Clock(), {}
        self.breaker = CircuitBreaker(
            configured(scenario.get("config", {})), clock=self.clock, exclude=Ignored
        )
        self.told, self.new = [], []
        self.breaker.on_transition(self.hear)
        self.entry = entry(self.breaker)

    def hear(self, made):
        last = self.told[-1] if self.told else None
        assert made.from_state.value == (last.to_state.value if last else "closed")
        assert made.epoch == (last.epoch if last else 1) + 1
        self.told.append(made)
        self.new.append(made)

    def rejection(self, error, expected):
        assert error.reason == expected["rejected"]
        after = nanos(expected, "retry_after")
        assert (error.retry_after is None) == (after is None)
        assert after is None or same(error.retry_after, after)

    def acquire(self, step):
        try:
            self.held[step["permit"]] = self.entry.begin()
        except CircuitOpenError as error:
            self.rejection(error, step["expect"])
        else:
            assert step["expect"] == "admitted"

    def settle(self, step):
        held = self.held[step["permit"]]
        after = nanos(step, "retry_after")
        effect = self.entry.settle(held, step["outcome"], seconds(after))
        if self.entry.says_effects and "expect" in step:
            assert effect == step["expect"]

    def drop(self, step):
        held = self.held.pop(step["permit"])
        self.entry.drop(held)

    def call(self, step):
        for _ in range(step.get("times", 1)):
            ran = []

            def function(ran=ran):
                ran.append(1)
                self.clock.now = min(self.clock.now + nanos(step, "takes", 0), 2**64 - 1)

            try:
                self.entry.call(function, step["result"])
            except CircuitOpenError as error:
                assert ran == []
                self.rejection(error, step["expect"])
            else:
                assert step["expect"] == "ran"
                assert ran == [1]

    def record(self, step):
        for _ in range(step.get("times", 1)):
            getattr(self.breaker, f"record_{step['outcome']}")()

    def tick(self, step):
        self.breaker.tick()

    def control(self, step):
        getattr(self.breaker, step["do"])()

    def state(self, step):
        assert self.breaker.state.value == step["expect"]

    def advance(self, step):
        self.clock.now = min(self.clock.now + when(step), 2**64 - 1)

    def set_clock(self, step):
        self.clock.now = when(step)

    def clock_reads(self, step):
        assert self.clock.reads == step["expect"]
        self.clock.reads = 0

    def metrics(self, step):
        metrics = self.breaker.metrics()
        for name, expected in step["expect"].items():
            if name.startswith("remaining_wait"):
                wait = nanos(step["expect"], "remaining_wait") if expected is not None else None
                assert (metrics.remaining_wait is None) == (wait is None)
                assert wait is None or same(metrics.remaining_wait, wait)
                continue
            if name.startswith("rejected_"):
                found = metrics.rejected_by_reason[name[len("rejected_") :]]
            elif name.startswith("would_reject_"):
                found = metrics.would_reject_by_reason[name[len("would_reject_") :]]
            else:
                found = getattr(metrics, METRICS.get(name, name))
            assert getattr(found, "value", found) == expected, name

    def transitions(self, step):
        assert len(self.new) == len(step["expect"])
        for made, expected in zip(self.new, step["expect"]):
            assert made.from_state.value == expected["from"]
            assert made.to_state.value == expected["to"]
            assert made.reason == expected.get("reason", made.reason)
            assert made.epoch == expected.get("epoch", made.epoch)
            at = nanos(expected, "at")
            assert at is None or same(made.at, at)
        self.new.clear()


def when(step):
    return int(step["ns"]) if "ns" in step else round(Fraction(str(step["ms"])) * 1_000_000)


def hands_in_retry_after(scenario):
    return any("retry_after_ms" in it or "retry_after_ns" in it for it in scenario["steps"])


RAN = set()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[it["name"] for it in SCENARIOS])
def test_scenario(scenario):
    if "refused" in scenario:
        refused(scenario)
    else:
        for entry in ENTRIES:
            if entry is not Permits and hands_in_retry_after(scenario):
                continue
            play = Play(scenario, entry)
            for number, step in enumerate(scenario["steps"]):
                try:
                    getattr(play, step["op"])(step)
                except BaseException as error:
                    error.args = (f"{entry.__name__}, step {number}: {step}", *error.args)
                    raise
            for held in play.held.values():
                play.entry.drop(held)
    RAN.add(scenario["name"])


def test_all_were_played(capsys):
    assert MANIFEST["suite"] == 2
    assert len(SCENARIOS) == MANIFEST["scenarios"]
    failed = len(SCENARIOS) - len(RAN)
    with capsys.disabled():
        print(f"\nconformance: suite 2, {len(SCENARIOS)} run, {failed} failed, 0 skipped")
    assert failed == 0
