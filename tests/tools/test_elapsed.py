# SPDX-License-Identifier: GPL-2.0-only
import threading

import pytest

from kpatch_tools.tools import elapsed
from kpatch_tools.tools.files import cache_dir


def test_nothing_known() -> None:
    assert elapsed.load("x") == {}


def test_what_is_remembered_comes_back_and_the_last_time_counts() -> None:
    elapsed.remember("x", {"a": 1.25, "b": 2.0})
    elapsed.remember("x", {"a": 7.0, "never": 0.0})
    assert elapsed.load("x") == {"b": 2.0, "a": 7.0}
    assert elapsed.load("y") == {}


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elapsed, "MOST", 2)
    for name in ("a", "b", "a", "c"):
        elapsed.remember("x", {name: 1.0})
    assert list(elapsed.load("x")) == ["a", "c"]


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b'{"a": "x"}', b"\xff"])
def test_a_damaged_file_is_as_none(text: bytes) -> None:
    (cache_dir("elapsed") / "x.json").write_bytes(text)
    assert elapsed.load("x") == {}
    elapsed.remember("x", {"a": 1.0})
    assert elapsed.load("x") == {"a": 1.0}


def test_impossible_times_are_left_out() -> None:
    (cache_dir("elapsed") / "x.json").write_bytes(b'{"a": -1, "b": 1e300, "c": 3}')
    assert elapsed.load("x") == {"c": 3.0}


def test_two_runs_at_once() -> None:
    threads = [threading.Thread(target=elapsed.remember, args=("x", {f"n{at}": 1.0})) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(elapsed.load("x")) == 8
