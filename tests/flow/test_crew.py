# SPDX-License-Identifier: GPL-2.0-only
"""The scheduler alone, with work that waits for what the test says; no assertion on how long."""

import threading
from collections.abc import Callable

import pytest

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.flow import crew as module
from kpatch_tools.flow.crew import (
    OVERHEAD_BYTES,
    RESERVE_BYTES,
    Crew,
    Limits,
    Progress,
    Refused,
    Task,
    _still,
)
from kpatch_tools.tools import sandbox
from kpatch_tools.tools.process import STOP, Stopped

GIB = 1 << 30
PLENTY = 64 * GIB


class Work:
    """Counts how many run at once; ``together`` of them wait for each other, so they must be parallel."""

    def __init__(self, together: int = 1) -> None:
        self.lock = threading.Lock()
        self.running: set[int] = set()
        self.most = 0
        self.seen: list[frozenset[int]] = []
        self.barrier = threading.Barrier(together, timeout=20) if together > 1 else None

    def __call__(self, index: int) -> str:
        with self.lock:
            self.running.add(index)
            self.most = max(self.most, len(self.running))
            self.seen.append(frozenset(self.running))
        if self.barrier:
            self.barrier.wait()
        with self.lock:
            self.running.remove(index)
        return f"done {index}"


def run(
    tasks: list[Task],
    work: Callable[[int], str],
    *,
    cores: int = 2,
    jobs: int | None = None,
    memory: int = PLENTY,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> tuple[dict[int, object], int]:
    results: dict[int, object] = {}
    crew = Crew(
        limits=Limits(cores=cores, jobs=jobs, memory=lambda: memory),
        work=work,
        ended=results.__setitem__,
        tell=tell,
    )
    crew.run(tasks)
    return results, crew.most


def tasks(count: int, **changes: object) -> list[Task]:
    return [Task(name=f"t{index}", memory=GIB, **changes) for index in range(count)]


def test_everything_runs_as_many_at_once_as_there_are_cores() -> None:
    work = Work(together=2)
    results, most = run(tasks(6), work)
    assert results == {index: f"done {index}" for index in range(6)}
    assert (work.most, most) == (2, 2)


def test_a_limit_of_one() -> None:
    work = Work()
    assert run(tasks(4), work, cores=8, jobs=1)[1] == 1
    assert work.most == 1


def test_wide_machines_count_with_all_their_cpus() -> None:
    work = Work()
    run(tasks(4, cpus=2), work, cores=3)
    assert work.most == 1


def test_a_machine_wider_than_this_one_runs_alone() -> None:
    work = Work()
    wide = [*tasks(2), Task(name="wide", cpus=16, memory=GIB), *tasks(2)]
    results, _most = run(wide, work, cores=2)
    assert len(results) == 5
    assert all(len(seen) == 1 for seen in work.seen if 2 in seen)


def test_memory_bounds_how_many_run() -> None:
    work = Work(together=2)
    room = RESERVE_BYTES + 2 * (GIB + OVERHEAD_BYTES)
    results, most = run(tasks(4), work, cores=16, memory=room)
    assert (len(results), most) == (4, 2)


def test_a_machine_that_memory_never_suffices_for_is_refused_and_the_others_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.0)
    monkeypatch.setattr(module, "TICK_S", 0.01)
    told: list[Progress] = []
    big = [Task(name="big", memory=900 * GIB), *tasks(2)]
    results, _most = run(big, Work(), tell=told.append)
    assert isinstance(results[0], Refused)
    assert "needs 9" in str(results[0])
    assert [results[1], results[2]] == ["done 1", "done 2"]


def test_what_cannot_run_does_not_stop_the_others() -> None:
    def work(index: int) -> str:
        if index == 1:
            raise EnvironmentFault("no qemu")
        if index == 2:
            raise OSError(28, "No space left on device")
        return "ok"

    results, _most = run(tasks(4), work)
    assert [str(results[index]) for index in range(4)] == [
        "ok",
        "no qemu",
        "[Errno 28] No space left on device",
        "ok",
    ]


def test_a_fault_in_kvet_is_not_swallowed() -> None:
    def work(index: int) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(tasks(2), work)


def test_ctrl_c_ends_the_machines_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_S", 0.01)
    started = threading.Barrier(3, timeout=20)
    stopped: list[int] = []

    def work(index: int) -> str:
        stop = STOP.get()
        assert stop is not None
        started.wait()
        assert stop.wait(20)
        stopped.append(index)
        raise Stopped

    def tell(progress: Progress) -> None:
        if len(progress.running) == 2:
            started.wait()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tasks(4), work, tell=tell)
    assert sorted(stopped) == [0, 1]


def test_the_estimate_is_of_earlier_times_then_of_what_ended() -> None:
    told: list[Progress] = []
    run(tasks(4, expected_s=10.0), Work(), jobs=1, tell=told.append)
    assert told[0].left_s == pytest.approx(40, abs=1)
    assert (told[0].done, told[0].total, told[0].running) == (0, 4, ("t0",))
    assert told[-1].left_s == pytest.approx(10, abs=1)


def test_nothing_known_is_no_estimate_until_something_ended() -> None:
    told: list[Progress] = []
    run(tasks(3), Work(), jobs=1, tell=told.append)
    assert told[0].left_s is None
    assert told[-1].left_s is not None


def test_one_that_is_over_its_time_may_take_as_long_again() -> None:
    assert _still(10.0, 4.0) == 6.0
    assert _still(10.0, 30.0) == 30.0


def test_the_estimate_shares_the_work_among_those_at_once() -> None:
    told: list[Progress] = []
    run(tasks(4, expected_s=100.0), Work(together=2), tell=told.append)
    assert told[0].left_s == pytest.approx(200, abs=5)


def test_what_the_caller_set_reaches_each_machine() -> None:
    with sandbox.unprotected():
        results, _most = run(tasks(2), lambda index: str(sandbox.OFF.get()))
    assert set(results.values()) == {"True"}
    assert set(run(tasks(2), lambda index: str(sandbox.OFF.get()))[0].values()) == {"False"}
