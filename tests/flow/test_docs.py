# SPDX-License-Identifier: GPL-2.0-only
from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.docs import check_document, name_patches, profile_for, profiles
from kpatch_tools.flow.docs_files import DEFAULT_PATH, Against, check_files
from kpatch_tools.flow.docs_series import check_series
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import Status
from kpatch_tools.tools.git import Repository

FIELDS = ":Capability: basic\n:Architectures: all\n:Type: vm ioctl\n:Parameters: none\n:Returns: 0\n"
BASE = f"4. API\n======\n\n4.1 KVM_ONE\n-----------\n\n{FIELDS}\nThe `old` fault.\n"
ADDED = f"\n4.2 KVM_TWO\n-----------\n\n{FIELDS}\nA `new` fault.\n"
GENERAL = "Documentation/other.rst"


def documents(result) -> list[tuple[str, int, str]]:
    return [(one.location.path, one.location.line, one.rule) for one in result.findings]


def test_the_shipped_profiles_are_good_and_found_by_path():
    assert profile_for(DEFAULT_PATH).name == "kvm-api"
    assert profile_for(GENERAL) is None
    assert len({profile.path for profile in profiles()}) == len(profiles())


def test_check_document_finds_what_is_new_and_says_how_long_it_took():
    result = check_document(BASE.encode(), (BASE + ADDED).encode(), path=DEFAULT_PATH)
    assert (result.check, result.status) == ("docs", Status.FAIL)
    assert documents(result) == [(DEFAULT_PATH, 24, "docs/single-backtick")]
    assert result.elapsed > 0
    assert dict(result.facts)[DEFAULT_PATH].startswith("rules of kvm-api")


def test_a_new_file_is_new_as_a_whole():
    result = check_document(None, BASE.encode(), path=DEFAULT_PATH)
    assert documents(result) == [(DEFAULT_PATH, 13, "docs/single-backtick")]


def test_no_news_pass_and_the_threshold_decides():
    assert check_document(BASE.encode(), BASE.encode(), path=DEFAULT_PATH).status is Status.PASS
    result = check_document(None, BASE.encode(), path=DEFAULT_PATH, fail_on=Severity.ERROR)
    assert (result.status, len(result.findings)) == (Status.PASS, 1)


def test_another_document_gets_the_general_rules_only():
    text = BASE.replace(":Architectures: all", ":Architectures: none").encode()
    assert documents(check_document(None, text, path=GENERAL)) == [(GENERAL, 13, "docs/single-backtick")]
    assert len(check_document(None, text, path=DEFAULT_PATH).findings) == 2


@pytest.mark.parametrize(("before", "after"), [(None, b"\xff"), (b"\xff", b"text\n"), (None, b"a\0")])
def test_what_cannot_be_read_did_not_run(before, after):
    result = check_document(before, after, path=GENERAL)
    assert result.status is Status.DID_NOT_RUN
    assert GENERAL in result.reason
    assert result.findings == ()


def test_a_finding_names_the_patch_that_wrote_its_line():
    one, two = BASE, BASE + ADDED
    three = "A first line.\n\n" + two.replace("A `new` fault.", "A `new` fault,\nand a `newer` one.")
    result = check_document(
        None, three.encode(), path=GENERAL, steps=[one.encode(), two.encode(), three.encode()]
    )
    assert [(one.location.line, one.location.patch) for one in result.findings] == [(15, 1), (26, 3), (27, 3)]
    assert name_patches(result.findings, GENERAL, None, ()) == result.findings


def test_the_work_tree_against_its_head(git_tree):
    tree = git_tree({DEFAULT_PATH: BASE.encode()})
    (tree / DEFAULT_PATH).write_text(BASE + ADDED)
    report = check_files((), tree=tree)
    assert documents(report) == [(DEFAULT_PATH, 24, "docs/single-backtick")]
    assert report.tree.base == Repository.open(tree).head()
    assert report.verdict is Status.FAIL


def test_all_findings_count_when_asked(git_tree):
    tree = git_tree({DEFAULT_PATH: BASE.encode()})
    assert check_files((), tree=tree).findings == ()
    assert len(check_files((), tree=tree, against=Against.NOTHING).findings) == 1


def test_against_a_ref_and_a_file_that_it_has_not(git, git_tree):
    tree = git_tree({"README": b"x\n"})
    (tree / "new.rst").write_text("The `new` file.\n")
    git(tree, "add", "new.rst")
    git(tree, "commit", "-qm", "second")
    assert check_files(("new.rst",), tree=tree).findings == ()
    report = check_files(("new.rst",), tree=tree, against=Against.REF, ref="HEAD~")
    assert documents(report) == [("new.rst", 1, "docs/single-backtick")]
    assert "no such file" in dict(report.checks[0].facts)["new.rst"]
    with pytest.raises(UserError, match="names no commit"):
        check_files(("new.rst",), tree=tree, against=Against.REF, ref="no-such-ref")


def test_what_is_staged_and_not_what_lies_in_the_work_tree(git, git_tree, monkeypatch):
    tree = git_tree({DEFAULT_PATH: BASE.encode()})
    place = tree / DEFAULT_PATH
    place.write_text(BASE + ADDED)
    git(tree, "add", DEFAULT_PATH)
    place.write_text(BASE)
    assert documents(check_files((), tree=tree, against=Against.INDEX)) == [
        (DEFAULT_PATH, 24, "docs/single-backtick")
    ]
    # `git commit FILE` gives its hook another index.
    index = tree / ".git" / "other-index"
    git(tree, "read-tree", "HEAD", env={"GIT_INDEX_FILE": str(index)})
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    assert check_files((), tree=tree, against=Against.INDEX).findings == ()


def test_nothing_staged_is_said(git_tree):
    tree = git_tree({"README": b"x\n"})
    (tree / "new.rst").write_text("text\n")
    with pytest.raises(UserError, match="nothing of this name is staged"):
        check_files(("new.rst",), tree=tree, against=Against.INDEX)


def test_paths_are_found_from_anywhere_in_the_tree(git_tree, monkeypatch):
    tree = git_tree({DEFAULT_PATH: BASE.encode()})
    (tree / DEFAULT_PATH).write_text(BASE + ADDED)
    for folder, path in ((tree / "Documentation", ()), (tree / "Documentation/virt/kvm", ("api.rst",))):
        monkeypatch.chdir(folder)
        assert documents(check_files(path)) == [(DEFAULT_PATH, 24, "docs/single-backtick")]
    monkeypatch.chdir(tree.parent)
    assert documents(check_files((str(tree / DEFAULT_PATH),)))[0][0] == DEFAULT_PATH


def test_outside_of_git_all_findings_count_and_the_end_of_the_path_tells_the_document(tmp_path):
    place = tmp_path / DEFAULT_PATH
    place.parent.mkdir(parents=True)
    place.write_text(BASE.replace(": all", ": none"))
    report = check_files((), tree=tmp_path)
    assert {one.rule for one in report.findings} == {"docs/single-backtick", "docs/field-value"}
    assert "not in a git tree: all findings count" in report.checks[0].reason
    with pytest.raises(UserError, match="nothing to compare with"):
        check_files((), tree=tmp_path, against=Against.REF)


def test_a_repository_without_a_commit_counts_all(git, tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "x.rst").write_text("A `name`.\n")
    report = check_files(("x.rst",), tree=tmp_path)
    assert len(report.findings) == 1
    assert "no commit yet" in report.checks[0].reason


@pytest.mark.parametrize(
    ("path", "said"),
    [("none.rst", "no such file"), ("folder", "no .rst file below"), ("file.c", "not an .rst file")],
)
def test_a_path_that_is_no_document_is_refused(git_tree, path, said):
    tree = git_tree({"folder/x": b"x\n", "file.c": b"x\n"})
    with pytest.raises(UserError, match=said):
        check_files((path,), tree=tree)


def test_a_tree_without_the_document_is_refused(git_tree):
    with pytest.raises(UserError, match=f"there is no {DEFAULT_PATH}"):
        check_files((), tree=git_tree({"README": b"x\n"}))


def test_a_folder_stands_for_the_documents_below_it(git_tree):
    tree = git_tree(
        {f"Documentation/{name}.rst": b"text\n" for name in "abcd"} | {"Documentation/x.c": b"`x`\n"}
    )
    for name in "bd":
        (tree / f"Documentation/{name}.rst").write_text("A `name`.\n")
    report = check_files(("Documentation",), tree=tree)
    assert [path for path, _line, _rule in documents(report)] == [
        "Documentation/b.rst",
        "Documentation/d.rst",
    ]
    assert dict(report.checks[0].facts)["documents"].startswith("4, ")


def test_bytes_that_are_no_text_are_refused_by_name(git_tree):
    tree = git_tree({"x.rst": b"good\n"})
    (tree / "x.rst").write_bytes(b"good\nbad \xff\n")
    with pytest.raises(UserError, match=r"x\.rst:2: byte 0xff"):
        check_files(("x.rst",), tree=tree)


@pytest.fixture
def posted(git, git_tree, tmp_path):
    """A tree, and an mbox of two patches: one adds a section, the other a sentence to another document."""
    tree = git_tree({DEFAULT_PATH: BASE.encode(), GENERAL: b"text\n", "a.c": b"int x;\n"})
    work = tmp_path / "work"
    git(tmp_path, "clone", "--quiet", str(tree), str(work))
    (work / DEFAULT_PATH).write_text(BASE + ADDED)
    git(work, "commit", "-qam", "first")
    (work / GENERAL).write_text("text\n\nA `word`.\n")
    (work / "a.c").write_text("int y;\n")
    git(work, "commit", "-qam", "second")
    mbox = tmp_path / "series.mbox"
    mbox.write_text(git(work, "format-patch", "--stdout", "-n", "HEAD~2..HEAD") + "\n\n")
    return tree, mbox


def test_a_series_is_checked_by_what_it_adds_and_leaves_nothing(git, posted):
    tree, mbox = posted
    objects = git(tree, "count-objects", "-v")
    report = check_series(str(mbox), (), tree=tree)
    assert [(one.location.path, one.location.line, one.location.patch) for one in report.findings] == [
        (GENERAL, 3, 2),
        (DEFAULT_PATH, 24, 1),
    ]
    assert (report.series.patches, report.verdict) == (2, Status.FAIL)
    assert git(tree, "count-objects", "-v") == objects
    assert git(tree, "status", "--porcelain") == ""


def test_a_document_of_a_series_that_is_no_text_is_no_pass(git, posted, tmp_path):
    tree, _mbox = posted
    work: Path = tmp_path / "work"
    (work / GENERAL).write_bytes(b"text\nbad \xff\n")
    git(work, "commit", "-qam", "third")
    mbox = tmp_path / "bad.mbox"
    git(work, "format-patch", "--binary", "-n", "-o", str(mbox), "HEAD~3..HEAD")
    report = check_series(str(mbox), (), tree=tree)
    # The other document's finding stands; alone, the unreadable one is no verdict.
    assert report.verdict is Status.FAIL
    assert "byte 0xff is not UTF-8" in report.checks[0].reason
    assert check_series(str(mbox), (GENERAL,), tree=tree).verdict is Status.DID_NOT_RUN


def test_a_series_can_be_held_to_some_paths(posted):
    tree, mbox = posted
    assert {one.location.path for one in check_series(str(mbox), (GENERAL,), tree=tree).findings} == {GENERAL}
    with pytest.raises(UserError, match="not in the tree"):
        check_series(str(mbox), ("Documentation/none.rst",), tree=tree)


def test_a_series_that_does_not_apply_is_no_pass(posted):
    tree, mbox = posted
    mbox.write_text(mbox.read_text().replace(" The `old` fault.", " Some other line."))
    report = check_series(str(mbox), (), tree=tree)
    assert report.verdict is Status.DID_NOT_RUN
    assert "not applied" in report.checks[0].reason


def test_a_series_without_documents_is_skipped(git, posted, tmp_path):
    tree, _mbox = posted
    work: Path = tmp_path / "work"
    (work / "a.c").write_text("int z;\n")
    git(work, "commit", "-qam", "third")
    mbox = tmp_path / "code.mbox"
    mbox.write_text(git(work, "format-patch", "--stdout", "HEAD~..HEAD").replace("int y;", "int x;") + "\n\n")
    report = check_series(str(mbox), (), tree=tree)
    assert report.verdict is Status.SKIP
