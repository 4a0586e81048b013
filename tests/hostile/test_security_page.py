# SPDX-License-Identifier: GPL-2.0-only
"""SECURITY.md names tests: each exists, and each row of what is held has one."""

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent.parent
PAGE = TOP / "SECURITY.md"
NAMED = re.compile(r"`(?P<file>tests/[\w/]+\.py)::(?P<test>\w+)`")


def missing(text: str) -> list[str]:
    """The named tests that no file has."""
    found = []
    for named in NAMED.finditer(text):
        place = TOP / named["file"]
        tree = ast.parse(place.read_text()) if place.is_file() else ast.Module([], [])
        tests = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
        if named["test"] not in tests:
            found.append(named[0])
    return found


def rows(text: str) -> list[str]:
    """The rows of the tables about what is held, without their heads."""
    held = text.partition("## What is held")[2].partition("## What is not held")[0]
    lines = [line for line in held.splitlines() if line.startswith("|")]
    return [line for line in lines if not line.startswith("|--") and "| test |" not in line]


def test_each_named_test_exists() -> None:
    text = PAGE.read_text()
    assert len(NAMED.findall(text)) > 30
    assert missing(text) == []


@pytest.mark.parametrize("name", ["tests/hostile/test_git.py::test_no_such", "tests/no_such.py::test_x"])
def test_one_that_does_not_is_seen(name: str) -> None:
    assert missing(f"see `{name}`") == [f"`{name}`"]


def test_each_promise_names_a_test() -> None:
    promises = rows(PAGE.read_text())
    assert len(promises) > 25
    assert [row for row in promises if not NAMED.search(row)] == []
    assert [
        row for row in rows("## What is held\n| a | test |\n|---|---|\n| x | - |\n") if not NAMED.search(row)
    ]


def test_each_file_of_hostile_tests_is_named() -> None:
    ours = {path.name for path in (TOP / "tests/hostile").glob("test_*.py")} - {"test_security_page.py"}
    assert ours <= {Path(name).name for name, _test in NAMED.findall(PAGE.read_text())}
