"""A panic in the native half is an exception, costs no slot, and the breaker goes on.

Run with a wheel that is built for it (`--cfg k1s0_cb_force_panic`): each entry panics once when it is told to.
"""

import asyncio
import contextlib
import gc

import pytest

from k1s0_circuit_breaker import _native

from conftest import Boom, boom, fail


def panic_at(entry):
    assert _native.force_panic(entry) is None


@pytest.fixture
def probing(make, clock):
    """A breaker that has one slot, and lets one call through to find out whether the service is well."""

    def probing(**said):
        cb = make(failure_threshold=1, open_duration=1.0, **said)
        fail(cb)
        clock.advance(1)
        return cb

    return probing


def is_well(cb):
    """The slot is free, and a call through every entry does what it should."""
    gc.collect()
    assert _native.force_panic(None) is None, "it was not come to"
    assert cb.metrics().probes_in_flight == 0
    assert cb(lambda: 1)() == 1
    assert cb.execute_sync(lambda: 2) == 2
    assert asyncio.run(cb.execute(later)) == 3
    with cb as permit:
        pass
    assert permit.settled
    assert cb.metrics().probes_in_flight == 0


async def later():
    return 3


def block(cb):
    with cb:
        pass


def by_class(cb):
    type(cb).__enter__(cb)


async def async_block(cb):
    async with cb:
        pass


ENTRIES = [
    ("guarded", lambda cb: cb(int)()),
    ("execute_sync", lambda cb: cb.execute_sync(int)),
    ("execute_sync", lambda cb: _native.Breaker.execute_sync(cb)),
    ("_enter", lambda cb: asyncio.run(cb.execute(later))),
    ("_enter", lambda cb: asyncio.run(cb(later_guarded)())),
    ("_succeed", lambda cb: asyncio.run(cb.execute(later))),
    ("_succeed", lambda cb: cb._succeed()),
    ("settle", lambda cb: cb.execute_sync(int)),
    ("settle", lambda cb: cb(int)()),
    ("block lookup", block),
    ("block lookup", lambda cb: asyncio.run(async_block(cb))),
    ("block", block),
    ("block", lambda cb: asyncio.run(async_block(cb))),
    ("block by hand", by_class),
    ("repr", lambda cb: repr(cb(int))),
    ("block repr", lambda cb: repr(type(cb).__enter__)),
]


async def later_guarded():
    return 4


@pytest.mark.parametrize(
    ("entry", "call"), ENTRIES, ids=lambda it: it if isinstance(it, str) else ""
)
@pytest.mark.parametrize("state", ["closed", "probing"])
def test_a_panic_at_any_entry(make, probing, entry, call, state):
    cb = make() if state == "closed" else probing()
    panic_at(entry)
    with pytest.raises(BaseException, match="defect") as raised:
        call(cb)
    assert type(raised.value).__name__ == "PanicException"
    assert not isinstance(raised.value, Exception), "no handler takes it for the service's"
    del raised
    is_well(cb)


def test_a_panic_on_the_way_out_of_a_block(probing):
    """The block is left by a panic, whatever else it was left by; its permit counts as cancelled."""
    cb = probing()

    def leave():
        with contextlib.ExitStack() as stack:
            stack.callback(lambda: None)
            with cb:
                panic_at("block")
                raise Boom

    with pytest.raises(BaseException, match="defect"):
        leave()
    assert cb.metrics().cancelled_count == 1
    is_well(cb)


@pytest.mark.parametrize("way", ["call", "fails", "block", "await"])
def test_a_panic_in_the_rules(probing, way):
    """They are asked when the call is over; its slot comes back all the same."""
    cb = probing(classifier=lambda result, error: None)
    calls = {
        "call": lambda: cb.execute_sync(int),
        "fails": lambda: cb.execute_sync(boom),
        "block": lambda: block_that_fails(cb),
        "await": lambda: asyncio.run(cb.execute(later)),
    }
    panic_at("rules")
    with pytest.raises(BaseException) as raised:  # noqa: PT011
        calls[way]()
    assert type(raised.value).__name__ == "PanicException"
    del raised
    assert cb.metrics().cancelled_count == 1
    is_well(cb)


def block_that_fails(cb):
    with cb:
        raise Boom


def test_every_entry_is_tried():
    """All that these tests came to, they had panic."""
    assert set(_native.entries_seen()) == {entry for entry, _ in ENTRIES} | {"rules"}
