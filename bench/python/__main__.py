"""`python bench/python [--quick] [FILE]`: measures, prints the report, and writes it to the file if there is one."""

from __future__ import annotations

import sys
from pathlib import Path

from report import lines


def main() -> None:
    arguments = sys.argv[1:]
    quick = "--quick" in arguments
    files = [Path(it) for it in arguments if not it.startswith("--")]
    text = "\n".join(lines(quick=quick)) + "\n"
    print(text)
    for file in files:
        file.write_text(text, encoding="utf-8")


main()
