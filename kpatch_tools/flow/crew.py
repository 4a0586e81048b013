# SPDX-License-Identifier: GPL-2.0-only
"""Runs many machines at once, as many as memory and processors allow, and says when they will be done."""

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from kpatch_tools.errors import ToolkitError
from kpatch_tools.tools import meminfo
from kpatch_tools.tools.process import STOP, Stopped

# qemu's own memory beside the guest's; TCG's translated code is the larger part of it.
OVERHEAD_BYTES = 384 << 20
# Left to everything else on this machine.
RESERVE_BYTES = 1 << 30
PATIENCE_S = 60.0
TICK_S = 1.0
END_WITHIN_S = 15.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One machine to run: what it takes of this one, and how long it will take (0: not known)."""

    name: str
    cpus: int = 1
    memory: int = 0
    expected_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be used: processors, ``jobs`` machines at most (None: no such limit), free memory in bytes."""

    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    jobs: int | None = None
    memory: Callable[[], int] = meminfo.memory_available


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where the work stands. ``left_s`` is None as long as nothing is known about how long machines take."""

    done: int
    total: int
    running: tuple[str, ...]
    left_s: float | None
    waiting_for_memory: bool = False


class Refused(Exception):  # noqa: N818 - a result of its own, no error of the program
    """This machine cannot run that one; says why."""


@dataclass(slots=True)
class Crew(Generic[T]):
    """One run of many machines.

    ``work`` runs one task in a thread of its own; ``ended`` receives its result, or the ToolkitError,
    OSError or Refused that stood in its way, in the caller's thread and in the order of ending. ``tell``
    receives the progress, at least once a second.
    """

    limits: Limits
    work: Callable[[int], T]
    ended: Callable[[int, T | Exception], None]
    tell: Callable[[Progress], None]
    _running: dict[int, tuple[threading.Thread, float]] = field(default_factory=dict)
    _took: dict[int, float] = field(default_factory=dict)
    _budget: int = 0
    _most: int = 0

    @property
    def most(self) -> int:
        """How many machines ran at the same time at most."""
        return self._most

    def run(self, tasks: Sequence[Task]) -> None:
        """Run all tasks. Whatever interrupts it, Ctrl-C first of all, ends the machines that run."""
        stop = threading.Event()
        results: queue.SimpleQueue[tuple[int, T | BaseException]] = queue.SimpleQueue()
        waiting = list(range(len(tasks)))
        self._budget = self.limits.memory() - RESERVE_BYTES
        starved = time.monotonic()
        try:
            while waiting or self._running:
                short = self._start_all(tasks, waiting, results, stop)
                if self._running or not short:
                    starved = time.monotonic()
                elif time.monotonic() - starved > PATIENCE_S:
                    self._refuse(waiting.pop(0), tasks)
                    continue
                self.tell(self._progress(tasks, waiting, short=short and not self._running))
                try:
                    index, outcome = results.get(timeout=TICK_S)
                except queue.Empty:
                    continue
                self._finish(index, outcome)
        except BaseException:
            stop.set()
            deadline = time.monotonic() + END_WITHIN_S
            for thread, _began in self._running.values():
                thread.join(max(0.0, deadline - time.monotonic()))
            raise

    def _start_all(
        self,
        tasks: Sequence[Task],
        waiting: list[int],
        results: "queue.SimpleQueue[tuple[int, T | BaseException]]",
        stop: threading.Event,
    ) -> bool:
        """Start what fits; True when the first that waits does so for memory."""
        short = False
        for index in tuple(waiting):
            if self.limits.jobs is not None and len(self._running) >= self.limits.jobs:
                break
            if not self._cores_for(tasks[index], tasks):
                continue
            if not self._memory_for(tasks[index], tasks):
                short = short or index == waiting[0]
                continue
            waiting.remove(index)
            # A thread begins with an empty context: --no-sandbox has to reach the machines too.
            thread = threading.Thread(
                target=copy_context().run,
                args=(self._work_in, index, results, stop),
                name=tasks[index].name,
                daemon=True,
            )
            self._running[index] = (thread, time.monotonic())
            self._most = max(self._most, len(self._running))
            thread.start()
        return short

    def _cores_for(self, task: Task, tasks: Sequence[Task]) -> bool:
        used = sum(tasks[index].cpus for index in self._running)
        return not used or used + task.cpus <= self.limits.cores

    def _memory_for(self, task: Task, tasks: Sequence[Task]) -> bool:
        """By our own account, since a machine takes its memory only by and by, and by the system's."""
        need = task.memory + OVERHEAD_BYTES
        used = sum(tasks[index].memory + OVERHEAD_BYTES for index in self._running)
        return used + need <= self._budget and need <= self.limits.memory() - RESERVE_BYTES

    def _refuse(self, index: int, tasks: Sequence[Task]) -> None:
        need = (tasks[index].memory + OVERHEAD_BYTES + RESERVE_BYTES) >> 20
        free = self.limits.memory() >> 20
        self._took[index] = 0.0
        self.ended(index, Refused(f"it needs {need} MiB of free memory, {free} MiB are there"))
        self._budget = self.limits.memory() - RESERVE_BYTES

    def _work_in(
        self,
        index: int,
        results: "queue.SimpleQueue[tuple[int, T | BaseException]]",
        stop: threading.Event,
    ) -> None:
        STOP.set(stop)
        try:
            results.put((index, self.work(index)))
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody sees it
            results.put((index, error))

    def _finish(self, index: int, outcome: T | BaseException) -> None:
        thread, began = self._running.pop(index)
        thread.join()
        self._took[index] = time.monotonic() - began
        if isinstance(outcome, Stopped) or (
            isinstance(outcome, BaseException) and not isinstance(outcome, ToolkitError | OSError | Refused)
        ):
            raise outcome
        self.ended(index, outcome)

    def _progress(self, tasks: Sequence[Task], waiting: Sequence[int], *, short: bool) -> Progress:
        return Progress(
            done=len(self._took),
            total=len(tasks),
            running=tuple(tasks[index].name for index in self._running),
            left_s=self._left(tasks, waiting),
            waiting_for_memory=short,
        )

    def _left(self, tasks: Sequence[Task], waiting: Sequence[int]) -> float | None:
        """Seconds to the end: what is left of all machines, shared among those that run at once."""
        known = [took for took in self._took.values() if took] or [
            task.expected_s for task in tasks if task.expected_s
        ]
        if not known:
            return None
        usual = sum(known) / len(known)
        now = time.monotonic()
        ahead = [tasks[index].expected_s or usual for index in waiting]
        under_way = [
            _still(tasks[index].expected_s or usual, now - began)
            for index, (_thread, began) in self._running.items()
        ]
        width = max(1, len(self._running))
        return max((sum(ahead) + sum(under_way)) / width, *under_way, *ahead, 0.0)


def _still(expected: float, ran: float) -> float:
    """Seconds that a machine will still run; one that is over its time may well take as long again."""
    return expected - ran if ran < expected else ran
