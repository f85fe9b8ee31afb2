"""What a library costs a process of its own: its import, and each breaker."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

IMPORT = """
import time
start = time.process_time_ns()
import {module}
print(time.process_time_ns() - start)
"""

MEMORY = """
import gc, os
{setup}
def rss():
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
keep = [make() for _ in range(2000)]
before = rss()
keep += [make() for _ in range({many})]
print((rss() - before) / {many})
"""

#: How a breaker is made, by library.
SETUPS = {
    "k1s0": "from k1s0_circuit_breaker import CircuitBreaker as make",
    "k1s0, window of 100 calls": (
        "from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig\n"
        "config = CircuitBreakerConfig(failure_rate=0.5, window_calls=100)\n"
        "def make(): return CircuitBreaker(config)"
    ),
    "circuitbreaker": "from circuitbreaker import CircuitBreaker as make",
    "pybreaker": "from pybreaker import CircuitBreaker as make",
    "interlock-cb": "from interlock import CircuitBreaker\ndef make(): return CircuitBreaker(name='one')",
}
MODULES = {
    "k1s0": "k1s0_circuit_breaker",
    "circuitbreaker": "circuitbreaker",
    "pybreaker": "pybreaker",
    "interlock-cb": "interlock",
}


def _answer(program: str) -> float:
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603
    return float(answer.stdout)


def imports(*, quick: bool = False) -> dict[str, float]:
    """Milliseconds of CPU for an import in a fresh process; the libraries take turns."""
    rounds = 1 if quick else 15
    samples: dict[str, list[float]] = {name: [] for name in MODULES}
    for _ in range(rounds):
        for name, module in MODULES.items():
            samples[name].append(_answer(IMPORT.format(module=module)) / 1e6)
    return {name: median(values) for name, values in samples.items()}


def memory(*, quick: bool = False) -> dict[str, float]:
    """Resident bytes for each of ten thousand breakers, in a fresh process."""
    many = 100 if quick else 10_000
    return {name: _answer(MEMORY.format(setup=setup, many=many)) for name, setup in SETUPS.items()}
