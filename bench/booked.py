#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run one command line of kvet in this process and keep the books: what it took itself, and its children.

The figures go to a file as JSON, times in seconds: wall, own (user and system time of this process), children
(of all processes that it waited for), mib (peak resident MiB of this process), and for `kvet review` the same
three for each stage.

usage: .venv/bin/python bench/booked.py FILE COMMAND [ARGUMENT...]
"""

import importlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from kpatch_tools.cli import app

STARTED = time.monotonic()


def spent() -> tuple[float, float, float]:
    """Seconds up to now: wall clock, own, children."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        time.monotonic() - STARTED,
        own.ru_utime + own.ru_stime,
        children.ru_utime + children.ru_stime,
    )


def watch_stages() -> list[tuple[str, float, float, float]]:
    """What the stages of a review take, in the order in which they end; the list grows as they do."""
    stages: list[tuple[str, float, float, float]] = []
    run: Any = importlib.import_module("kpatch_tools.flow.review_run").Run
    real = run.stage

    def stage(self: object, name: str, work: object) -> object:
        before = spent()
        try:
            return real(self, name, work)
        finally:
            wall, own, children = (now - then for now, then in zip(spent(), before, strict=True))
            stages.append((name, wall, own, children))

    run.stage = stage
    return stages


def main() -> int:
    """The exit code of the command."""
    result, *argv = sys.argv[1:]
    stages = watch_stages() if argv[0] == "review" else []
    code = app.run(argv)
    wall, own, children = spent()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"wall": wall, "own": own, "children": children, "mib": peak, "stages": stages}
    Path(result).write_text(json.dumps(figures), encoding="utf-8")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
