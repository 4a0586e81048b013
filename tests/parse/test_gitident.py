# SPDX-License-Identifier: GPL-2.0-only
"""What is computed here is held against git itself, on mails as they come and on hostile ones."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.model.series import Person
from kpatch_tools.parse.gitident import ident, stamp, stripspace
from kpatch_tools.tools import process

ME = Person(name="kvet", email="kvet@localhost")
PIECES = st.sampled_from(["", " ", "\t", "\r", "\v", "\f", "a", "é ", " b c", "\n", "\n\n", "\r\n", " \n"])
WEEKDAYS = st.sampled_from(["", "Mon, ", "Thu, ", "Sun, "])
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Foo"]


def git(*args: str, cwd: Path, stdin: bytes = b"", **env: str) -> RunResult:
    return process.run(Command(argv=("git", *args), timeout=60.0, cwd=cwd, stdin=stdin, env=env))


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    git("init", "-q", "--bare", ".", cwd=folder)
    return folder


def by_git(store: Path, author: Person, date: str) -> str:
    """What `git var` says, "" where git refuses."""
    env = {"GIT_AUTHOR_NAME": author.name, "GIT_AUTHOR_EMAIL": author.email, "GIT_AUTHOR_DATE": date}
    return git("var", "GIT_AUTHOR_IDENT", cwd=store, **env).text.removesuffix("\n")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=12).map("".join))
def test_messages_are_tidied_as_git_does(store: Path, text: str):
    assert stripspace(text.encode()) == git("stripspace", cwd=store, stdin=text.encode()).stdout


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    day=st.integers(0, 32),
    rest=st.tuples(
        WEEKDAYS, st.sampled_from(MONTHS), st.integers(1969, 2090), st.integers(0, 25), st.integers(0, 60),
        st.integers(0, 60), st.sampled_from("+-"),
        st.sampled_from(["0000", "0530", "0700", "1245", "1400", "1500"]),
    ),
    name=st.text(st.sampled_from("aé. ,<>\"'\\Z9-\x01"), max_size=6),
    email=st.text(st.sampled_from("a@b.c- <>"), max_size=6),
)  # fmt: skip
def test_idents_are_git_s_own_or_left_to_git(store: Path, *, day: int, rest, name: str, email: str):
    weekday, month, year, hour, minute, second, sign, zone = rest
    date = f"{weekday}{day} {month} {year} {hour:02}:{minute:02}:{second:02} {sign}{zone}"
    author = Person(name=name, email=email)
    made = ident(author, date)
    if made is not None:
        assert made == by_git(store, author, date)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Thu, 11 Apr 2024 15:07:23 -0700", "1712873243 -0700"),
        ("Thu, 1 Jan 1970 01:00:00 +0100", "0 +0100"),
        ("12 Mar 2024 00:00:00 -0000", "1710201600 +0000"),
        ("Thu, 11 Apr 2024 15:07:23 -0030", "1712849843 -0030"),
    ],
)
def test_plain_dates(store: Path, date: str, expected: str):
    assert stamp(date) == expected
    assert ident(ME, date) == f"kvet <kvet@localhost> {expected}" == by_git(store, ME, date)


GOOD = "Thu, 11 Apr 2024 15:07:23 -0700"


@pytest.mark.parametrize(
    ("name", "email", "date"),
    [
        ("", "a@b", GOOD),
        ("A.", "a@b", GOOD),
        ("A <B>", "a@b", GOOD),
        ("A", "", GOOD),
        ("A", "a@b", "yesterday"),
        ("A", "a@b", "Wed, 31 Dec 1969 23:00:00 -0000"),
        ("A", "a@b", "Thu, 31 Apr 2024 15:07:23 -0700"),
        ("A", "a@b", "Thu, 11 Apr 2024 15:07:23 GMT"),
    ],
)
def test_what_needs_judgement_is_left_to_git(name: str, email: str, date: str):
    assert ident(Person(name=name, email=email), date) is None
