"""The closing line of the suite, by the runner's own counts."""

from __future__ import annotations

from typing import Any

import pytest

from .suite import SUITE, read

RAN: dict[str, bool] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "test_scenario[" in report.nodeid and (report.when == "call" or report.failed):
        name = report.nodeid.split("::", 3)[-1].rstrip("]")
        RAN[name] = RAN.get(name, True) and report.passed


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    if RAN:
        failed = sum(not passed for passed in RAN.values())
        promised = read("manifest.json")["scenarios"]
        terminalreporter.write_line(
            f"conformance: suite {SUITE}, {len(RAN)} run, {failed} failed, 0 skipped"
        )
        if len(RAN) != promised:
            terminalreporter.write_line(f"conformance: the manifest promises {promised}")
