"""The report: targets first, then the tables that they are from."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib.metadata import version

import cases as c
import processes
from timing import Case, gross, measure, net


class Group:
    """Cases that are measured together; the first is what the others are compared with."""

    def __init__(self, title: str, cases: list[Case], *, quick: bool, whole: bool = False) -> None:
        self.title, self.cases, self.bare = title, cases, cases[0]
        #: The first of ours, which the last column is about.
        self.ours = next(case.name for case in cases if case.name.startswith("k1s0"))
        #: Whether whole costs are compared: a rejection has no bare call.
        self.whole = whole
        measure(cases, quick=quick)

    def net(self, name: str) -> float:
        return net(self[name], self.bare)

    def gross(self, name: str) -> float:
        return gross(self[name])

    def times(self, peer: str) -> float:
        """How many times our overhead a peer's is."""
        return self.net(peer) / self.net(c.OURS)

    def __getitem__(self, name: str) -> Case:
        return next(case for case in self.cases if case.name == name)

    def table(self) -> Iterator[str]:
        yield f"### {self.title}"
        yield ""
        yield f"| | ns | net ns | × ours, {'whole' if self.whole else 'net'} |"
        yield "| --- | --: | --: | --: |"
        for case in self.cases:
            times = "" if case is self.bare else f"{self.of(case.name) / self.of(self.ours):.1f}"
            yield f"| {case.name} | {gross(case):.0f} | {self.net(case.name):.0f} | {times} |"
        yield ""

    def of(self, name: str) -> float:
        return self.gross(name) if self.whole else self.net(name)


def _target(what: str, limit: float, measured: float, *, least: bool) -> str:
    reached = measured >= limit if least else measured <= limit
    word = "at least" if least else "at most"
    return f"| {what} | {word} {limit:g} | {measured:.2f} | {'reached' if reached else '**missed**'} |"


def lines(*, quick: bool = False) -> Iterator[str]:
    """Measures everything and tells it, as Markdown."""
    load = os.getloadavg()
    groups = {
        "0": Group("Closed, success, no arguments", c.closed(c.zero, ""), quick=quick),
        "3": Group("Closed, success, two arguments and a keyword", c.closed(c.three, "1, 2, c=3"), quick=quick),
        "method": Group("Closed, success, a method through its instance", c.method(), quick=quick),
        "with": Group("Closed, success, a block", c.with_statement(), quick=quick),
        "async 0": Group("Closed, success, `async def`, no arguments", c.closed_async(c.azero, ""), quick=quick),
        "async 3": Group("Closed, success, `async def`, two arguments and a keyword", c.closed_async(c.athree, "1, 2, c=3"), quick=quick),
        "failed": Group("Closed, failure that opens nothing", c.failed(), quick=quick),
        "rejected": Group("Open, rejected and caught", c.rejected(), quick=quick, whole=True),
    }
    imports, memory = processes.imports(quick=quick), processes.memory(quick=quick)
    rejected = groups["rejected"]

    yield "# What a call costs, in Python"
    yield ""
    yield "Written by `cargo xtask bench python`."
    yield ""
    yield f"- interpreter: {platform.python_implementation()} {platform.python_version()} ({sys.platform}, {platform.machine()})"
    yield f"- processors: {os.cpu_count()}"
    for name in ("k1s0-circuit-breaker", "circuitbreaker", "pybreaker", "interlock-cb"):
        yield f"- {name}: {version(name)}"
    yield f"- date: {datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC"
    yield f"- load average at the start: {' '.join(f'{one:.2f}' for one in load)}"
    yield ""
    yield (
        "Read the ratios: the nanoseconds belong to one machine. ns is CPU time of the thread, the median over rounds in which all "
        "cases of a table take turns; net is over the bare call in the same round (`bench/python/timing.py`)."
    )
    yield ""
    yield "## Targets"
    yield ""
    yield "| target | limit | measured | |"
    yield "| --- | --- | --: | --- |"
    for key, text in (("0", "no arguments"), ("3", "arguments")):
        group = groups[key]
        yield _target(f"closed, sync, {text}: overhead of circuitbreaker, × ours", 15, group.times(c.FABFUEL), least=True)
        yield _target(f"closed, sync, {text}: overhead of pybreaker, × ours", 40, group.times(c.PYBREAKER), least=True)
        yield _target(f"closed, sync, {text}: overhead of interlock-cb, × ours", 100, group.times(c.INTERLOCK), least=True)
    for key, text in (("async 0", "no arguments"), ("async 3", "arguments")):
        yield _target(f"closed, async, {text}: overhead of circuitbreaker, × ours", 3, groups[key].times(c.FABFUEL), least=True)
    yield _target(
        "rejected: circuitbreaker's whole cost, × ours", 3.5, rejected.gross(c.FABFUEL) / rejected.gross(c.OURS), least=True
    )
    yield _target("import: CPU, × circuitbreaker's", 0.3, imports["k1s0"] / imports["circuitbreaker"], least=False)
    yield _target("memory per breaker, × circuitbreaker's", 0.6, memory["k1s0"] / memory["circuitbreaker"], least=False)
    yield ""
    yield "## Calls"
    yield ""
    for group in groups.values():
        yield from group.table()
    yield "## Processes"
    yield ""
    yield "| | bytes per breaker (of 10,000) | import, ms CPU |"
    yield "| --- | --: | --: |"
    for name, size in memory.items():
        took = f"{imports[name]:.1f}" if name in imports else ""
        yield f"| {name} | {size:.0f} | {took} |"
