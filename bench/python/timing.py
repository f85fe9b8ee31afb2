"""CPU time of one call, taken in turns.

Every case has a loop of its own, compiled from its text, so that none is measured through another's call. All
cases of a group take turns, round by round; what is compared was measured within milliseconds of each other. CPU
time of the thread, not wall time: a busy machine makes a run longer rather than wrong.
"""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass, field
from statistics import median
from time import thread_time_ns
from typing import Any

#: One sample takes about this long.
SAMPLE_NS = 4_000_000
ROUNDS = 21


@dataclass
class Case:
    """One line of a table: a statement, and what it uses."""

    name: str
    statement: str
    using: dict[str, Any]
    is_async: bool = False
    #: Samples in nanoseconds for each call.
    samples: list[float] = field(default_factory=list)

    def loop(self) -> Any:
        """A function that runs the statement so many times and gives the CPU time that it took."""
        kind = "async def" if self.is_async else "def"
        body = "\n".join(f"        {line}" for line in self.statement.splitlines())
        source = (
            f"{kind} loop(times, {', '.join(self.using)}):\n"
            "    start = clock()\n"
            "    for _ in repeat(None, times):\n"
            f"{body}\n"
            "    return clock() - start\n"
        )
        from itertools import repeat

        names: dict[str, Any] = {"clock": thread_time_ns, "repeat": repeat}
        exec(compile(source, f"<{self.name}>", "exec"), names)  # noqa: S102
        loop, using = names["loop"], list(self.using.values())
        if self.is_async:
            return lambda times: asyncio.run(loop(times, *using))
        return lambda times: loop(times, *using)


def measure(cases: list[Case], *, quick: bool = False) -> None:
    """Fills in the samples of all the cases, in turns."""
    loops = [case.loop() for case in cases]
    times = [_calibrated(loop, quick=quick) for loop in loops]
    gc.collect()
    gc.disable()
    try:
        for _ in range(1 if quick else ROUNDS):
            for case, loop, many in zip(cases, loops, times):
                case.samples.append(loop(many) / many)
    finally:
        gc.enable()


def _calibrated(loop: Any, *, quick: bool) -> int:
    many = 10
    if quick:
        return many
    # Twice: an interpreter that specialises its code does so in the first.
    for _ in range(2):
        while (took := loop(many)) < SAMPLE_NS // 10:
            many *= 4
        many = max(1, many * SAMPLE_NS // took)
    return many


def net(case: Case, bare: Case) -> float:
    """The median, over the rounds, of what the case took more than the bare call in the same round."""
    return median(mine - its for mine, its in zip(case.samples, bare.samples))


def gross(case: Case) -> float:
    """The median of what the whole call took."""
    return median(case.samples)
