# SPDX-License-Identifier: GPL-2.0-only
"""The generated tests against real trees: their own flags and -Werror, their checkpatch, their clang-format.

The later trees are 6.12 laid out as since 6.14, and with the types of 2026 (tests/latertree.py).
"""

import difflib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kpatch_tools.flow.dialect import SELFTESTS, choose_dialect, in_form
from kpatch_tools.flow.gen_patch import make_patch
from kpatch_tools.flow.generate import contract_names, generate, load_contract, write_out
from kpatch_tools.flow.selftest import build_selftest
from kpatch_tools.model.dialect import Dialect, Form
from kpatch_tools.model.event import silent
from kpatch_tools.model.run import Command
from kpatch_tools.parse.maintainers import uncovered
from kpatch_tools.tools import process
from kpatch_tools.tools.checkpatch import Mail, run_checkpatch
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for
from tests.latertree import later_commit
from tests.machines import debian_tree

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(1200)]

TREES = {
    "6.1": ("6.1", "kselftest-6.1", "classic"),
    "6.12": ("6.12", "kselftest-6.12", "classic"),
    "6.12-harness": ("6.12", "kselftest-6.12-harness", "harness"),
    "6.14": ("6.12", "kselftest-6.14", "classic"),
    "2026": ("6.12", "kselftest-6.14", "classic"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Harness:
    """A tree, the commit in it (or in its store) that is meant, and the dialect that it has to have."""

    name: str
    tree: Path
    commit: str
    store: Repository
    expected: str
    form: Form

    def read(self, path: str) -> bytes | None:
        return self.store.read_blob(self.commit, path)

    @property
    def dialect(self) -> Dialect:
        return in_form(choose_dialect(self.read, self.name), self.form, self.read)


@pytest.fixture(params=TREES, scope="module")
def harness(request: pytest.FixtureRequest) -> Harness:
    spec, expected, form = TREES[request.param]
    found = debian_tree(spec)
    store = Repository.open(store_for(found.path))
    commit = found.commit
    if request.param in {"6.14", "2026"}:
        commit = later_commit(store, commit, types=request.param == "2026")
    return Harness(
        name=request.param, tree=found.path, commit=commit, store=store, expected=expected, form=form
    )


@pytest.fixture(params=contract_names())
def sources(harness: Harness, request: pytest.FixtureRequest) -> dict[str, str]:
    return generate(load_contract(request.param), harness.dialect)


def test_the_dialect_is_found(harness: Harness) -> None:
    assert harness.dialect.name == harness.expected


def test_it_compiles_with_the_flags_of_the_tree(
    harness: Harness, sources: dict[str, str], tmp_path: Path
) -> None:
    built = build_selftest(harness.tree, harness.commit, sources, sink=silent, state=tmp_path)

    assert built.findings == ()
    assert set(built.binaries) == set(sources)


def test_checkpatch_has_nothing_to_say(harness: Harness, sources: dict[str, str], tmp_path: Path) -> None:
    (path,) = write_out(sources, tmp_path)
    script = harness.tree / "scripts/checkpatch.pl"
    command = Command(argv=("perl", str(script), "--no-tree", "--strict", "-f", str(path)), timeout=120)
    result = process.run(command)

    assert "total: 0 errors, 0 warnings, 0 checks" in result.text, result.text


@pytest.mark.skipif(not shutil.which("clang-format"), reason="no clang-format")
def test_clang_format_would_change_nothing(harness: Harness, sources: dict[str, str], tmp_path: Path) -> None:
    (path,) = write_out(sources, tmp_path)
    style = tmp_path / ".clang-format"
    style.write_bytes(harness.read(".clang-format") or b"")
    assert style.stat().st_size > 1000
    command = Command(argv=("clang-format", f"--style=file:{style}", str(path)), timeout=120)
    result = process.run(command).ok_or_raise("clang-format")

    (text,) = sources.values()
    changes = list(
        difflib.unified_diff(
            text.split("\n"), result.text.split("\n"), "generated", "formatted", "", "", 1, ""
        )
    )
    assert changes == [], "\n".join(changes)


@pytest.mark.parametrize("name", contract_names())
def test_its_patch_applies_and_passes_checkpatch(
    harness: Harness, name: str, tmp_path: Path, git: Callable[..., str]
) -> None:
    # A repository of its own for HEAD, with a name to sign with; the tree itself is only read.
    tree = Repository.create(tmp_path / "tree.git", borrow=harness.store)
    git(tree.path, "update-ref", "HEAD", harness.commit)
    git(tree.path, "config", "user.name", "Tess Ter")
    git(tree.path, "config", "user.email", "tess@example.org")

    mail = make_patch(load_contract(name), tree.path, form=harness.form)

    index = {"GIT_INDEX_FILE": str(tmp_path / "index")}
    git(tree.path, "read-tree", "HEAD", env=index)
    git(tree.path, "apply", "--cached", "-", env=index, stdin=mail.encode())
    changed = git(tree.path, "diff-index", "--cached", "--name-only", "HEAD", env=index).split()
    dialect = harness.dialect
    test = f"{SELFTESTS}/{dialect.directory}/{name}_gen_test.c"
    lists = [f"{SELFTESTS}/{dialect.makefile}"]
    lists += [f"{SELFTESTS}/.gitignore"] if harness.name == "6.1" else []
    assert changed == sorted([*lists, test])

    found = run_checkpatch(harness.store, harness.commit, [Mail(name="0001.patch", data=mail.encode())])
    # It asks this for every new file; MAINTAINERS answers it.
    assert {one.type for one in found["0001.patch"]} == {"FILE_PATH_CHANGES"}
    maintainers = (harness.read("MAINTAINERS") or b"").decode(errors="replace")
    assert uncovered(maintainers, (test,)) == ()
