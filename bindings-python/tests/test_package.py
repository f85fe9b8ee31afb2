"""The package as it is installed."""

import importlib.metadata
import pathlib
import re
import subprocess
import sys

import pytest

import k1s0_circuit_breaker
from k1s0_circuit_breaker import __main__ as main
from k1s0_circuit_breaker._native import core_version

from conftest import ManualClock

HERE = pathlib.Path(__file__).resolve().parent


def test_one_version():
    cargo = (HERE.parents[1] / "Cargo.toml").read_text()
    version = re.search(r'^version = "(.*)"', cargo, re.MULTILINE).group(1)
    assert k1s0_circuit_breaker.__version__ == version
    assert core_version == version
    assert importlib.metadata.version("k1s0-circuit-breaker") == version


def test_the_tests_see_the_installed_package():
    where = pathlib.Path(k1s0_circuit_breaker.__file__).resolve()
    assert HERE.parent not in where.parents
    assert (where.parent / "py.typed").exists()


@pytest.mark.parametrize(
    "unwanted",
    ["asyncio", "dataclasses", "typing", "inspect", "logging", "threading", "json", "weakref"],
)
def test_importing_it_imports_little(unwanted):
    program = (
        "import sys; before = set(sys.modules); import k1s0_circuit_breaker;"
        f"assert {unwanted!r} in before or {unwanted!r} not in sys.modules"
    )
    path = str(pathlib.Path(k1s0_circuit_breaker.__file__).parents[1])
    program = f"import sys; sys.path.append({path!r}); {program}"
    # Without `site`, which imports what this machine's packages ask it to.
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True)


def test_what_it_says_of_itself(capsys):
    assert main.main(["--no-demo"]) == 0
    said = capsys.readouterr().out
    assert k1s0_circuit_breaker.__version__ in said
    assert sys.platform.startswith(said.split(", ")[2].split()[0].lower())


def test_the_demonstration(monkeypatch):
    clock = ManualClock()
    lines = []
    metrics = main.demo(show=lines.append, clock=clock, sleep=clock.advance)
    assert metrics.failure_count < metrics.rejected_count < metrics.success_count
    assert any("closed -> open (failure_threshold)" in line for line in lines)
    assert any("half_open -> closed (success_threshold)" in line for line in lines)


def test_python_minus_m():
    done = subprocess.run(
        [sys.executable, "-m", "k1s0_circuit_breaker", "--no-demo"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    assert done.stdout.startswith("k1s0-circuit-breaker ")


def test_unknown_names_are_unknown():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        k1s0_circuit_breaker.nothing  # noqa: B018
    assert "Registry" in dir(k1s0_circuit_breaker)
