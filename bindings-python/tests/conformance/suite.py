"""The suite's files, and a scenario's words in Python's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[3] / "conformance"
#: What this runner was written for.
SUITE = 2

#: A field of SPEC 3, and what it is called here.
NAMES = {"timeout": "open_duration", "max_timeout": "max_open_duration"}
DURATIONS = ("timeout", "probe_timeout", "slow_call_duration", "max_timeout", "window_time")


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def scenarios() -> Iterator[dict[str, Any]]:
    """Every scenario of the manifest; fewer than it promises is an error."""
    manifest = read("manifest.json")
    if manifest["suite"] != SUITE:
        raise ValueError(f"this runner is for suite {SUITE}, not {manifest['suite']}")
    found = [it for file in manifest["files"] for it in read(file["path"])["scenarios"]]
    if not found or len(found) != manifest["scenarios"]:
        raise ValueError(
            f"{len(found)} scenarios, and the manifest promises {manifest['scenarios']}"
        )
    yield from found


def seconds(nanoseconds: int) -> Fraction:
    """Exactly: scenarios go to the ends of 64 bits of nanoseconds, where a float has gaps."""
    return Fraction(nanoseconds, 10**9)


def nanoseconds(of: dict[str, Any], name: str = "") -> int | None:
    """A time of a step or a config, in whichever unit it is given."""
    prefix = f"{name}_" if name else ""
    if f"{prefix}ns" in of:
        return int(of[f"{prefix}ns"])
    milliseconds = of.get(f"{prefix}ms")
    return None if milliseconds is None else milliseconds * 1_000_000


def arguments(config: dict[str, Any]) -> dict[str, Any]:
    """What `CircuitBreakerConfig` is given. Python's own default for `success_threshold` is another one."""
    given: dict[str, Any] = {"success_threshold": 3}
    for name in DURATIONS:
        length = nanoseconds(config, name)
        if length is not None:
            field = "window_duration" if name == "window_time" else NAMES.get(name, name)
            given[field] = seconds(length)
    for name, value in config.items():
        if name.endswith(("_ms", "_ns")):
            continue
        if name == "jitter_seed":
            value = int(value)
        if name == "failure_threshold" and value == "off":
            value = None
        given[name] = value
    return given
