# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.tools.export import export
from kpatch_tools.tools.git import Repository


def test_named_paths_become_files_and_nothing_else(git_tree, tmp_path):
    tree = git_tree({"Makefile": b"V = 1\n", "doc/a/b.py": b"b\n", "doc/c.py": b"\xff\0", "other": b"x"})
    store = Repository.open(tree)
    out = tmp_path / "out"
    assert export(store, store.head(), ("doc", "Makefile", "not/there"), out) == 3
    found = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert found == {"Makefile": b"V = 1\n", "doc/a/b.py": b"b\n", "doc/c.py": b"\xff\0"}


def test_links_are_left_out(git, git_tree, tmp_path):
    tree = git_tree({"doc/a": b"a\n"})
    (tree / "doc" / "link").symlink_to("/etc/passwd")
    git(tree, "add", "--all")
    git(tree, "commit", "-qm", "link")
    store = Repository.open(tree)
    assert export(store, store.head(), ("doc",), tmp_path / "out") == 1
    assert not (tmp_path / "out" / "doc" / "link").is_symlink()


def test_what_the_work_tree_holds_does_not_matter(git_tree, tmp_path):
    tree = git_tree({"doc/a": b"committed\n"})
    (tree / "doc" / "a").write_bytes(b"changed\n")
    store = Repository.open(tree)
    export(store, store.head(), ("doc",), tmp_path / "out")
    assert (tmp_path / "out" / "doc" / "a").read_bytes() == b"committed\n"
