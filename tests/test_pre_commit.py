# SPDX-License-Identifier: GPL-2.0-only
"""The hooks as users get them: the real pre-commit clones a repository of ours and installs it with pip."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from kpatch_tools.model.run import Command
from kpatch_tools.tools import process
from tests.conftest import GIT_IDENTITY

pytestmark = [pytest.mark.pip, pytest.mark.timeout(600)]

CHECKOUT = Path(__file__).resolve().parent.parent
PATH = "Documentation/x.rst"
OLD = "An `old` one.\n"


def run(*argv, cwd, env=None):
    command = Command(
        argv=tuple(str(word) for word in argv), cwd=cwd, timeout=500, env={**GIT_IDENTITY, **(env or {})}
    )
    return process.run(command)


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """A repository with this checkout as it is, commit or not; pre-commit clones it."""
    asked = run(sys.executable, "-m", "pip", "index", "versions", "hatchling", cwd=CHECKOUT)
    if not asked.ok:
        pytest.skip(f"pip reaches no package index: {asked.tail.splitlines()[-1:]}")
    folder = tmp_path_factory.mktemp("ours")
    listed = run("git", "ls-files", "-co", "--exclude-standard", "-z", cwd=CHECKOUT).ok_or_raise("ls-files")
    for name in filter(None, listed.text.split("\0")):
        if (CHECKOUT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, folder / name)
    for words in (("init", "-q"), ("add", "--all"), ("commit", "-q", "-m", "snapshot")):
        run("git", *words, cwd=folder).ok_or_raise(words[0])
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where pre-commit keeps the environments: made once for all tests but the one of try-repo."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def tree(git_tree):
    return git_tree({PATH: OLD.encode(), "drivers/a.rst": b"A `driver` one.\n"})


@pytest.fixture
def pre_commit(ours, home, tree, git):
    """``pre_commit("run", ...)`` in the tree, whose configuration has both hooks."""
    hooks = [{"id": "kvet-docs"}, {"id": "kvet-docs-fix", "stages": ["manual"]}]
    rev = git(ours, "rev-parse", "HEAD")
    config = {"repos": [{"repo": str(ours), "rev": rev, "hooks": hooks}]}
    # JSON is YAML.
    (tree / ".pre-commit-config.yaml").write_text(json.dumps(config))
    git(tree, "add", ".pre-commit-config.yaml")
    git(tree, "commit", "--quiet", "--message=hooks")

    def call(*words):
        argv = (sys.executable, "-m", "pre_commit", *words)
        return run(*argv, cwd=tree, env={"PRE_COMMIT_HOME": str(home)})

    return call


def stage(tree, git, text):
    (tree / PATH).write_text(text)
    git(tree, "add", PATH)


def test_try_repo_stops_at_a_staged_fault(ours, home, tree, git):
    stage(tree, git, f"{OLD}\nA `new` one.\n")
    argv = (sys.executable, "-m", "pre_commit", "try-repo", "--color=never", ours, "kvet-docs")
    tried = run(*argv, cwd=tree, env={"PRE_COMMIT_HOME": str(home)})
    assert tried.returncode == 1, tried.text + tried.error_text
    assert "- hook id: kvet-docs\n- exit code: 1\n" in tried.text
    shown = "x.rst:3:3: warning: `new` in single backticks is not shown as code [docs/single-backtick]"
    # A long line is broken between words.
    assert f"Documentation/{shown}" in " ".join(tried.text.split())
    assert "`old`" not in tried.text


def test_the_check_is_about_what_is_staged(pre_commit, tree, git):
    stage(tree, git, f"{OLD}\nA clean one.\n")
    # A fault on disk that is not staged is not of this commit.
    (tree / PATH).write_text(f"{OLD}\nA `disk` one.\n")
    passed = pre_commit("run")
    assert passed.returncode == 0, passed.text + passed.error_text
    assert "kvet docs check" in passed.text
    assert "Passed" in passed.text
    # Nothing below Documentation/: the hook has nothing to do.
    git(tree, "checkout", "--quiet", "--force", "HEAD")
    (tree / "drivers" / "a.rst").write_text("A `driver` one.\n\nA `new` one.\n")
    git(tree, "add", "drivers")
    skipped = pre_commit("run")
    assert skipped.returncode == 0
    assert "Skipped" in skipped.text


def test_a_commit_is_refused_until_the_fault_is_mended(pre_commit, tree, git, home):
    assert pre_commit("install").returncode == 0
    stage(tree, git, f"{OLD}\nA `new` one.\n")
    commit = ("git", "commit", "--quiet", "--message=x")
    refused = run(*commit, cwd=tree, env={"PRE_COMMIT_HOME": str(home)})
    assert refused.returncode == 1
    assert "`new` in single backticks" in refused.text + refused.error_text
    # `git commit FILE` has an index of its own.
    assert run(*commit, PATH, cwd=tree, env={"PRE_COMMIT_HOME": str(home)}).returncode == 1
    mended = pre_commit("run", "kvet-docs-fix", "--hook-stage=manual")
    assert mended.returncode == 1
    assert "files were modified by this hook" in mended.text
    assert (tree / PATH).read_text() == f"{OLD}\nA ``new`` one.\n"
    git(tree, "add", PATH)
    assert pre_commit("run", "kvet-docs-fix", "--hook-stage=manual").returncode == 0
    accepted = run(*commit, cwd=tree, env={"PRE_COMMIT_HOME": str(home)})
    assert accepted.returncode == 0, accepted.text + accepted.error_text


def test_in_ci_it_is_about_the_commits_that_it_is_given(pre_commit, tree, git):
    git(tree, "checkout", "--quiet", "-b", "topic")
    stage(tree, git, f"{OLD}\nA `topic` one.\n")
    git(tree, "commit", "--quiet", "--message=topic")
    found = pre_commit("run", "--from-ref", "main", "--to-ref", "topic")
    assert found.returncode == 1
    assert "`topic` in single backticks" in found.text
    stage(tree, git, f"{OLD}\nA ``topic`` one.\n")
    git(tree, "commit", "--quiet", "--message=mended")
    assert pre_commit("run", "--from-ref", "main", "--to-ref", "topic").returncode == 0
