# SPDX-License-Identifier: GPL-2.0-only
"""Progress of long work, told by flow and tools, shown by cli."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a stage; ``total`` is 0 while the amount of work is not known."""

    stage: str
    text: str
    done: int = 0
    total: int = 0


Sink = Callable[[Event], None]


def silent(_event: Event) -> None:
    """A sink for callers that show no progress."""
