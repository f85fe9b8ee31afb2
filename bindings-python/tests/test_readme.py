"""Every example of the README runs, one after the other."""

import asyncio
import pathlib
import re

import pytest

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def names():
    return {"__name__": "readme"}


def test_there_are_examples():
    assert len(EXAMPLES) == 10


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example(names, number):
    exec(compile(EXAMPLES[number], f"README, example {number}", "exec"), names)
    if number == 1:
        asyncio.run(names["main"]())
        assert names["cb"].metrics().success_count == 5
    if number == 3:
        assert asyncio.run(names["fetch"]()) == "fetched"
