# SPDX-License-Identifier: GPL-2.0-only
"""What a series' make leaves instead of user-space headers, and what it may write while it makes them."""

from pathlib import Path

import pytest

from kpatch_tools.errors import ToolkitError
from kpatch_tools.flow.selftest import build_tree_test
from kpatch_tools.model.event import silent
from kpatch_tools.tools import kbuild, kept, outputs
from kpatch_tools.tools.files import cache_dir
from tests.hostile.fakekernel import FILES, Field
from tests.hostile.test_series import build_of, field, review, tree
from tests.hostile.tries import mail

__all__ = ["field", "tree"]
HEADERS = ".PHONY: late\nheaders: late\nlate:\n\t@{words}\n.IGNORE:"


def make_headers(tree: Path, state: Path, words: str) -> None:
    """Review a series whose ``make headers`` does that, and build a test of its tree."""
    review(tree, state / "state", mail("Makefile", FILES["Makefile"], HEADERS.format(words=words)))
    (note,) = (kept.store_for(tree).parent / "origins").iterdir()
    try:
        build_tree_test(tree, note.name, "foo", sink=silent, state=state / "logs")
    except ToolkitError as fault:
        assert "make headers left no folder" in fault.message  # noqa: PT017 - or none at all


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kbuild, "HEADERS_PROGRAMS", {"make": "make"})


def test_the_users_ccache_is_not_written(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ccache.conf may name a program (prefix_command) that the user's next compilation starts."""
    mine = tmp_path / "ccache"
    mine.mkdir()
    monkeypatch.setenv("CCACHE_DIR", str(mine))
    words = f"for d in $$CCACHE_DIR {mine} {cache_dir('ccache-shared')}; do touch $$d/owned; done"
    make_headers(tree, tmp_path, words)
    assert not list(mine.rglob("owned"))
    assert not list(cache_dir("ccache-shared").rglob("owned"))


def test_a_link_for_headers_shows_no_folder_of_the_users(tree: Path, field: Field, tmp_path: Path) -> None:
    words = f"rm -rf $(O)/usr; mkdir $(O)/usr; ln -s {field.key.parent} $(O)/usr/include"
    make_headers(tree, tmp_path, words)
    assert [path for path in cache_dir("headers").glob("*/include") if path.is_symlink()] == []


def test_a_link_above_the_headers_moves_no_folder_of_the_users(
    tree: Path, field: Field, tmp_path: Path
) -> None:
    mine = field.home / "project/include/mine.h"
    mine.parent.mkdir(parents=True)
    mine.touch()
    make_headers(tree, tmp_path, f"rm -rf $(O)/usr; ln -s {field.home}/project $(O)/usr")
    assert mine.exists()


@pytest.mark.parametrize("name", ["/root/" + "x" * 300, "a/" * 3000 + "x", "../../x", "x\\0y"])
def test_names_in_cmd_files_are_no_fault_of_kvets(tree: Path, tmp_path: Path, name: str) -> None:
    lines = f"$(shell printf 'savedcmd_{name}.o := x\\n' > $(O)/.x.o.cmd)"
    report = review(tree, tmp_path / "state", mail("Kbuild", FILES["Kbuild"], lines))
    assert build_of(report)["status"] == "PASS"


def test_folders_by_the_thousand_are_none_either(tree: Path, tmp_path: Path) -> None:
    script = "import os; [(os.mkdir('d'), os.chdir('d')) for _ in range(990)]"
    lines = f'$(shell cd $(O) && python3 -c "{script}")'
    try:
        report = review(tree, tmp_path / "state", mail("Kbuild", FILES["Kbuild"], lines))
    finally:
        # pytest cannot.
        outputs.remove_tree(cache_dir("owners"))
    assert build_of(report)["status"] == "PASS"
