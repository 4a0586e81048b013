# SPDX-License-Identifier: GPL-2.0-only
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.compare import compare_series
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.comparison import Answer, Change

Git = Callable[..., str]
Tree = Callable[..., Path]
BASE = {"frob.c": b"int a;\n" * 5, "Documentation/frob.rst": b"Frob\n====\n"}


@pytest.fixture
def versions(git: Git, git_tree: Tree, tmp_path: Path) -> tuple[Path, Path, Path]:
    """A tree, v1 with two patches, and v2: the first changed, the second dropped, another added."""
    tree = git_tree(BASE)

    def commit(path: str, text: str, subject: str, body: str) -> None:
        with (tree / path).open("a") as stream:
            stream.write(text)
        git(tree, "add", "--all")
        git(tree, "commit", "--quiet", "-m", subject, "-m", body)

    def post(version: int, name: str) -> Path:
        git(
            tree,
            "format-patch",
            "--quiet",
            f"-v{version}",
            "--cover-letter",
            "-o",
            str(tmp_path / name),
            "main~2",
        )
        git(tree, "reset", "--quiet", "--hard", "main~2")
        return tmp_path / name

    commit("frob.c", "int turns;\nint ends;\n", "frob: Turn", "Signed-off-by: A <a@b>")
    commit("Documentation/frob.rst", "It turns.\n", "frob: Say so", "Signed-off-by: A <a@b>")
    old = post(1, "v1")
    commit("frob.c", "long turns;\nint ends;\n", "frob: Turn", "Reviewed-by: R <r@b>\nSigned-off-by: A <a@b>")
    commit("new.c", "int c;\n", "frob: More", "Signed-off-by: A <a@b>")
    return tree, old, post(2, "v2")


def reply(folder: Path, name: str, below: str, words: str) -> str:
    """A mail without threading that quotes a patch file whole, with ``words`` below a line of it."""
    (source,) = folder.glob(f"*{name}*.patch")
    text = source.read_text()
    subject = next(line for line in text.split("\n") if line.startswith("Subject: "))[len("Subject: ") :]
    lines = ["Re: " + subject, "", "From: R", "Date: today", "", "On Monday, A wrote:"]
    for line in text.partition("\n\n")[2].split("\n"):
        lines.append(f"> {line}")
        if below in line:
            lines += ["", words, ""]
    page = folder.parent / f"review-{name}.txt"
    page.write_text("\n".join(lines))
    return str(page)


@pytest.mark.parametrize("with_tree", [True, False])
def test_patches_of_two_versions(versions: tuple[Path, Path, Path], git: Git, *, with_tree: bool) -> None:
    tree, old, new = versions
    before = git(tree, "count-objects", "-v")
    found = compare_series(load_series(str(old)), load_series(str(new)), tree=tree if with_tree else None)
    assert git(tree, "count-objects", "-v") == before
    assert found.method.startswith(
        "git range-diff, applied to" if with_tree else "the diffs of the mails, as text"
    )
    _cover, turn, dropped, more = found.pairs
    assert turn.changes == (Change.FILES, Change.TRAILERS)
    assert turn.gained == ("Reviewed-by: R <r@b>",)
    assert "-+int turns;" in turn.delta
    assert "++long turns;" in turn.delta
    assert dropped.changes == (Change.DROPPED,)
    assert more.changes == (Change.ADDED,)
    assert [item.path for item in found.files] == ["Documentation/frob.rst", "frob.c", "new.c"]
    assert found.comments is None


def test_git_pairs_what_neither_subject_nor_text_does(git: Git, git_tree: Tree, tmp_path: Path) -> None:
    tree = git_tree({"a.c": b"".join(b"line %d\n" % n for n in range(9))})
    lines = (tree / "a.c").read_text().splitlines()
    for version, subject, words in ((1, "one", "uno"), (2, "two", "due")):
        (tree / "a.c").write_text("\n".join([*lines[:4], words, *lines[4:]]) + "\n")
        git(tree, "commit", "--quiet", "-am", subject)
        git(tree, "format-patch", "--quiet", "-1", f"-v{version}", "-o", str(tmp_path / f"v{version}"))
        git(tree, "reset", "--quiet", "--hard", "HEAD~1")
    old, new = (load_series(str(tmp_path / name)) for name in ("v1", "v2"))
    (pair,) = compare_series(old, new, tree=tree).pairs
    assert pair.by == "range-diff"
    assert len(compare_series(old, new).pairs) == 2


def test_a_version_that_does_not_apply_is_compared_as_text(
    versions: tuple[Path, Path, Path], git_tree: Tree
) -> None:
    _tree, old, new = versions
    other = git_tree({"frob.c": b"nothing\n"}, name="other")
    found = compare_series(load_series(str(old)), load_series(str(new)), tree=other)
    assert "v1: conflict" in found.method
    assert found.pairs[1].delta


def test_two_bases(versions: tuple[Path, Path, Path], git: Git) -> None:
    tree, old, new = versions
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "next")
    found = compare_series(load_series(str(old)), load_series(str(new)), tree=tree, old_base="HEAD~1")
    assert " and " in found.method


def test_each_version_finds_its_own_base(versions: tuple[Path, Path, Path], git: Git) -> None:
    tree, old, new = versions
    # On main the lines around have moved on; a branch still has what both were made for.
    git(tree, "branch", "made-for")
    (tree / "frob.c").write_bytes(b"int b;\n" * 9)
    git(tree, "commit", "--quiet", "-am", "frob: rework")
    loaded = load_series(str(old)), load_series(str(new))
    plain = compare_series(*loaded, tree=tree)
    assert "v1: conflict" in plain.method
    found = compare_series(*loaded, tree=tree, old_base="auto", new_base="auto")
    base = git(tree, "rev-parse", "made-for")
    assert found.method == f"git range-diff, applied to {base[:12]}"


def test_an_incomplete_version_is_compared_and_named(versions: tuple[Path, Path, Path]) -> None:
    tree, old, new = versions
    next(new.glob("*0002*")).unlink()
    found = compare_series(load_series(str(old)), load_series(str(new)), tree=tree)
    assert "as text" in found.method
    assert any("not whole" in note for note in found.notes)


def test_comments_at_their_places(versions: tuple[Path, Path, Path]) -> None:
    _tree, old, new = versions
    mails = [
        reply(old, "0001", "+int turns;", "Long enough?"),
        reply(old, "0002", "It turns.", "Does it?\n\nReviewed-by: R <r@b>"),
    ]
    found = compare_series(load_series(str(old)), load_series(str(new)), reviews=mails)
    assert found.comments
    turn, doc = found.comments
    assert turn.patch
    assert turn.anchor
    assert (turn.patch.number, turn.anchor.path, turn.anchor.line) == (1, "frob.c", 6)
    assert (turn.answer, turn.now_text) == (Answer.CHANGED, ("+long turns;",))
    assert doc.anchor
    assert (doc.anchor.path, doc.answer) == ("Documentation/frob.rst", Answer.PATCH_GONE)
    assert found.offered[0].trailer == "Reviewed-by: R <r@b>"


def test_patches_and_other_versions_in_the_thread_are_no_reviews(
    versions: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    _tree, old, new = versions
    thread = tmp_path / "thread"
    thread.mkdir()
    for at, item in enumerate([*sorted(old.iterdir()), *sorted(new.iterdir())]):
        (thread / f"{at}.eml").write_bytes(item.read_bytes())
    Path(reply(old, "0001", "+int turns;", "Hm.")).rename(thread / "a.txt")
    Path(reply(new, "0001", "+int ends;", "Hm.")).rename(thread / "b.txt")
    found = compare_series(load_series(str(old)), load_series(str(new)), reviews=[str(thread)])
    assert found.comments
    assert len(found.comments) == 1
    assert any("another version (v2)" in note for note in found.notes)


def test_mails_that_review_nothing_here(versions: tuple[Path, Path, Path]) -> None:
    _tree, old, new = versions
    with pytest.raises(UserError, match=r"none of the 3 mails is a review of \S+ v1"):
        compare_series(load_series(str(old)), load_series(str(new)), reviews=[str(old)])
