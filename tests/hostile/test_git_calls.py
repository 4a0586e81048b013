# SPDX-License-Identifier: GPL-2.0-only
"""Every git that kvet starts is hardened: no other place makes its command line, and a git on PATH looks."""

import ast
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import kpatch_tools
from kpatch_tools.cli.app import run
from kpatch_tools.model.event import silent
from kpatch_tools.tools import kept, trees
from kpatch_tools.tools.formatpatch import mail_of
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.gitrun import (
    HEARD_ENVIRONMENT,
    QUIET_CONFIG,
    QUIET_ENVIRONMENT,
    heard_command,
)
from kpatch_tools.tools.identity import user
from tests.hostile.traps import DOCUMENT, Tree, git

# What a caller may add to the environment of a command: where it works, and as whom.
PLACES = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CEILING_DIRECTORIES"} | {
    f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL", "DATE")
}
# The only questions that the user's configuration may answer.
HEARD = {"rev-parse", "fetch", "config", "var"}
RECORDER = """#!/bin/sh
{ printf '%s\\0' "$@"; printf 'ENVIRONMENT\\0'; env -0; } > "$KVET_TEST_LOG/$$"
exec "$KVET_TEST_GIT" "$@"
"""


def settings(argv: list[str]) -> list[str]:
    return [argv[at + 1] for at in range(0, len(argv) - 1, 2) if argv[at] == "-c"]


def calls(log: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
    for file in log.iterdir():
        argv, _, environment = file.read_text(errors="surrogateescape").partition("ENVIRONMENT\0")
        pairs = (line.partition("=") for line in environment.split("\0") if line)
        yield argv.split("\0")[:-1], {name: value for name, _, value in pairs if name.startswith("GIT_")}


def faults(argv: list[str], environment: dict[str, str]) -> list[str]:
    """What a call of git lacks, or has too much."""
    given = settings(argv)
    verb = argv[2 * len(given)]
    heard = set(heard_command(cwd=None).argv[2::2])
    # A heard command is one whose configuration nobody narrowed down; no other may look like one.
    narrow = verb not in HEARD or "GIT_CONFIG_GLOBAL" in environment
    lacks = (set(QUIET_CONFIG) if narrow else heard) - set(given)
    wanted = QUIET_ENVIRONMENT if narrow else HEARD_ENVIRONMENT
    # One pathspec of ours has a wildcard.
    wrong = {name for name, value in wanted.items() if environment.get(name) != value} - {
        "GIT_LITERAL_PATHSPECS"
    }
    return sorted(lacks) + sorted(wrong) + sorted(environment.keys() - wanted.keys() - PLACES)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder, programs = tmp_path / "log", tmp_path / "programs"
    folder.mkdir()
    programs.mkdir()
    (programs / "git").write_text(RECORDER)
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("KVET_TEST_LOG", str(folder))
    monkeypatch.setenv("KVET_TEST_GIT", shutil.which("git") or "")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return folder


def test_every_call_that_is_made_is_hardened(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = Tree(tmp_path)
    git(tree.path, "config", "--global", "user.name", "T")
    git(tree.path, "config", "--global", "user.email", "t@example.org")
    for name in ("GIT_CONFIG_COUNT", "GIT_TRACE", "GIT_NAMESPACE", "GIT_CONFIG_PARAMETERS"):
        monkeypatch.setenv(name, "0")
    for file in log.iterdir():
        file.unlink()
    where = ("--tree", str(tree.path))
    mails = [str(item) for item in tree.series]
    codes = [
        run(["apply", mails[0], *where, "--branch", "made"]),
        run(["apply", mails[0], *where, "--onto", "auto"]),
        run(["apply", mails[1], *where, "--onto", "made"]),
        run(["series", "show", "HEAD~1..HEAD", *where]),
        run(["series", "diff", *mails, *where]),
        run(["series", "check", mails[0], *where]),
        run(["docs", "check", DOCUMENT, *where, "--diff", "HEAD~1..HEAD"]),
        run(["docs", "check", DOCUMENT, *where, "--staged"]),
        run(["docs", "fix", DOCUMENT, *where]),
        run(["b4-setup", *where]),
    ]
    with kept.worktree(tree.path, Repository.open(tree.path).head()):
        pass
    repository = Repository.open(tree.path)
    assert repository.repo.git.log("-1")
    author = user(tree.path)
    assert user(tree.path, sends=True) == author
    mail_of(repository, repository.head(), {"y": "1\n"}, message="add\n", author=author)
    trees.tree_from_url(tree.path.as_uri(), "", tmp_path / "fetched", silent)
    (tmp_path / "files").mkdir()
    (tmp_path / "files/x").write_text("x")
    trees.commit_all(tmp_path / "files", "x", silent)

    made = list(calls(log))
    assert set(codes) <= {0, 1, 2}, codes
    verbs = {argv[2 * len(settings(argv))] for argv, _environment in made}
    assert verbs >= {
        "apply", "cat-file", "checkout", "commit", "config", "fast-import", "fetch", "format-patch", "init",
        "log", "mailinfo", "mailsplit", "pack-objects", "range-diff", "read-tree", "rev-parse", "var",
    }  # fmt: skip
    assert [(argv, found) for argv, environment in made if (found := faults(argv, environment))] == []


def test_a_call_that_is_not_hardened_is_seen(tmp_path: Path, log: Path) -> None:
    git(tmp_path, "init", "-q", "tree", env={"GIT_TRACE": "0"})
    ((argv, environment),) = calls(log)
    found = faults(argv, environment)
    assert {"core.hooksPath=/dev/null", "credential.helper=", "GIT_CONFIG_GLOBAL", "GIT_TRACE"} <= set(found)


def test_git_is_asked_for_a_configuration_only_where_it_could_start_something(
    tmp_path: Path, log: Path
) -> None:
    tree = Tree(tmp_path)
    tree.config("remote.origin.url", "https://example.org/linux.git")
    for key, questions in (("user.name", 1), ("filter.lfs.smudge", 2)):
        tree.config(key, "x")
        for file in log.iterdir():
            file.unlink()
        Repository.open(tree.path)
        assert len(list(calls(log))) == questions


def test_no_other_place_makes_a_command_line_of_git() -> None:
    """A tuple or list that begins with the program; doctor asks for its version, and of nothing else."""
    package = Path(kpatch_tools.__file__).parent
    found = set()
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Tuple | ast.List) and node.elts:
                first = node.elts[0]
                if isinstance(first, ast.Constant) and first.value == "git":
                    found.add(file.relative_to(package).as_posix())
    assert found == {"tools/gitrun.py"}
