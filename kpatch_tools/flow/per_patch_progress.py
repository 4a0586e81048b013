# SPDX-License-Identifier: GPL-2.0-only
"""Tells which patch of a series is at work, and when all of them will be done."""

import time

from kpatch_tools.model.event import Event, Sink

STAGE = "per-patch"
BASE = "the base"


class Progress:
    """Tells which patch is at work and when all will be done, from how long those before it took."""

    def __init__(self, sink: Sink, patches: int) -> None:
        self._sink, self._patches = sink, patches
        self._times: list[float] = []
        self._began = time.monotonic()
        self._at, self._left = 0, 0

    def start(self, number: int, left: int) -> None:
        """A row begins; ``left`` rows from here on, this one too, have a kernel of their own."""
        self._at, self._left, self._began = number, left, time.monotonic()

    def done(self, *, worked: bool) -> None:
        """The row is through; what was quick because there was nothing to do says nothing of the others."""
        if worked:
            self._times.append(time.monotonic() - self._began)

    def tell(self, text: str) -> None:
        """What is done for this row right now."""
        name = f"patch {self._at}/{self._patches}" if self._at else BASE
        self._sink(Event(STAGE, f"{name}: {text}{self._ends()}", self._at, self._patches))

    def relay(self, event: Event) -> None:
        """A step of a stage inside: shown as part of this one."""
        self.tell(f"{event.stage}: {event.text}")

    def _ends(self) -> str:
        if not self._times or not self._left:
            return ""
        each = sum(self._times) / len(self._times)
        seconds = max(each * self._left - (time.monotonic() - self._began), 1.0)
        return f" (about {duration(seconds)} left)"


def duration(seconds: float) -> str:
    """A coarse duration for people: "40 s", "3 min"."""
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(round(seconds, -1), 10):.0f} s"
