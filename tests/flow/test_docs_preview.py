# SPDX-License-Identifier: GPL-2.0-only
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, ToolFailed, UserError
from kpatch_tools.flow import docs_preview, docs_sphinx
from kpatch_tools.flow.docs_files import DEFAULT_PATH, Against
from kpatch_tools.flow.docs_preview import Wanted, build_preview
from kpatch_tools.flow.docs_select import Subject, select
from kpatch_tools.flow.docs_sphinx import CONF, Trusted, trusted, why_plain
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.preview import Conf
from kpatch_tools.model.report import Status
from kpatch_tools.tools import probe
from kpatch_tools.tools.git import Repository

needs_sphinx = pytest.mark.skipif(
    not probe.locate("sphinx-build"), reason="Sphinx is not installed: pip install 'kpatch-tools[docs]'"
)
TOP = "=====\nTitle\n=====\n\n4. API\n======\n\n"
ONE = "4.1 KVM_ONE\n-----------\n\n:Type: vm ioctl\n\nThe words of one.\n\n"
TWO = ".. _two:\n\n4.2 KVM_TWO\n-----------\n\nThe words of two.\n\n"
BAD = "An old ``fault here.\n\n"
CONF_PY = """\
import os, sys
sys.path.insert(0, os.path.abspath("sphinx"))
extensions = ["own"]
html_theme = "alabaster"
"""
EXTENSION = "def setup(app):\n    app.add_generic_role('own', __import__('docutils.nodes').nodes.strong)\n"
WITH_CONF = {CONF: CONF_PY.encode(), "Documentation/sphinx/own.py": EXTENSION.encode()}


def preview(tmp_path, **fields):
    return build_preview(Wanted(**fields), out=tmp_path / "out")


def the_check(found):
    (check,) = found.report.checks
    return check


def text_of(found, number=0) -> str:
    return found.pages[number].read_text()


@pytest.fixture
def tree(git_tree) -> Path:
    return git_tree({DEFAULT_PATH: (TOP + ONE + TWO).encode()})


@pytest.fixture
def posted(git, tmp_path):
    """``posted(tree, {path: content})``: a series of one patch that changes these files, as a folder."""

    def make(tree: Path, files: dict[str, str]) -> Path:
        clone = tmp_path / "author"
        git(tmp_path, "clone", "--quiet", str(tree), str(clone))
        for path, content in files.items():
            (clone / path).parent.mkdir(parents=True, exist_ok=True)
            (clone / path).write_text(content)
        git(clone, "add", "--force", "--all")
        git(clone, "commit", "-qm", "doc: change it")
        git(clone, "format-patch", "-q", "-1", "-o", str(tmp_path / "series"))
        return tmp_path / "series"

    return make


@needs_sphinx
def test_only_the_changed_section_is_shown_with_its_titles(tree, tmp_path):
    (tree / DEFAULT_PATH).write_text(TOP + ONE + TWO.replace("words of two", "sense of it"))
    found = preview(tmp_path, tree=tree)
    assert [page.name for page in found.pages] == ["api.html", "api-diff.html"]
    page, diff = text_of(found), text_of(found, 1)
    assert "The sense of it." in page
    assert "4. API" in page
    assert "The words of one" not in page
    assert "<ins>sense</ins> of <ins>it.</ins>" in diff
    assert the_check(found).status is Status.PASS
    assert "no Documentation/conf.py" in dict(the_check(found).facts)["built with"]


@needs_sphinx
def test_what_sphinx_says_of_new_text_has_the_line_of_the_file(tree, tmp_path):
    bad = TWO.replace("words of two.", "words.\n\nA ``broken one.\n\nAnd :ref:`nowhere`.")
    (tree / DEFAULT_PATH).write_text(TOP + ONE + bad)
    found = preview(tmp_path, tree=tree)
    line = (TOP + ONE + bad).splitlines().index("A ``broken one.") + 1
    told = {(one.location.line, one.severity, one.message) for one in the_check(found).findings}
    assert told == {
        (line, Severity.WARNING, "KVM_TWO: Inline literal start-string without end-string"),
        (line + 2, Severity.WARNING, "KVM_TWO: undefined label: 'nowhere'"),
    }
    assert {one.rule for one in the_check(found).findings} == {"docs/sphinx"}
    assert the_check(found).status is Status.FAIL
    assert f"{DEFAULT_PATH}:{line}" in text_of(found)


@needs_sphinx
def test_an_old_fault_in_a_touched_section_is_no_finding(git_tree, tmp_path):
    tree = git_tree({DEFAULT_PATH: (TOP + ONE + BAD).encode()})
    (tree / DEFAULT_PATH).write_text(TOP + ONE + "A new first.\n\n" + BAD)
    assert the_check(preview(tmp_path, tree=tree)).findings == ()
    whole = build_preview(Wanted(tree=tree, against=Against.NOTHING), out=tmp_path / "all")
    assert len(the_check(whole).findings) == 1
    assert [page.name for page in whole.pages] == ["api.html"]


@needs_sphinx
def test_references_to_what_the_excerpt_leaves_out_are_no_findings(git_tree, tmp_path):
    other = "Documentation/virt/kvm/other.rst"
    tree = git_tree({DEFAULT_PATH: (TOP + ONE + TWO).encode(), other: b".. _far away:\n\nOther\n=====\n"})
    more = "See :ref:`two`, `4.2 KVM_TWO`_, :ref:`far away`, :doc:`other` and :doc:`/virt/kvm/other`.\n"
    (tree / DEFAULT_PATH).write_text(TOP + ONE + more + "\n" + TWO)
    assert the_check(preview(tmp_path, tree=tree)).findings == ()
    (tree / DEFAULT_PATH).write_text(TOP + ONE + more.replace("`other`", "`otter`") + "\n" + TWO)
    (finding,) = the_check(preview(tmp_path, tree=tree)).findings
    assert "otter" in finding.message


@needs_sphinx
def test_a_change_of_nothing_is_a_skip_without_pages(tree, tmp_path):
    found = preview(tmp_path, tree=tree)
    assert (the_check(found).status, found.pages) == (Status.SKIP, ())
    assert "no section changed" in the_check(found).reason
    assert not (tmp_path / "out").exists()


@needs_sphinx
def test_a_section_can_be_asked_for(tree, tmp_path):
    found = preview(tmp_path, tree=tree, sections=("KVM_ONE",))
    assert "The words of one." in text_of(found)
    assert "The words of two." not in text_of(found)


@pytest.mark.parametrize("name", ["KVM_ONE", "4.1", "4.1 KVM_ONE"])
def test_a_section_has_several_names(name):
    subject = Subject.read("a.rst", None, (TOP + ONE + TWO).encode(), what="")
    assert [one.name for one in select(subject, (name,)).changes] == ["4.1 KVM_ONE"]


def test_a_section_that_is_not_there_is_told_with_those_that_come_near():
    subject = Subject.read("a.rst", None, (TOP + ONE + TWO).encode(), what="")
    with pytest.raises(UserError, match="no section 'KVM_ONNE'") as raised:
        select(subject, ("KVM_ONNE",))
    assert "KVM_ONE" in raised.value.cure


@needs_sphinx
def test_the_trees_own_configuration_is_used_where_it_works(git_tree, tmp_path):
    tree = git_tree({DEFAULT_PATH: (TOP + ONE).encode(), **WITH_CONF})
    (tree / DEFAULT_PATH).write_text(TOP + ONE + "A :own:`role` of it.\n")
    # The configuration is that of the commit; what lies in the work tree does not run.
    (tree / CONF).write_text("raise SystemExit(1)\n")
    found = preview(tmp_path, tree=tree)
    assert the_check(found).findings == ()
    assert "<strong>role</strong>" in text_of(found)
    assert "the tree's own Documentation/conf.py" in dict(the_check(found).facts)["built with"]
    found = preview(tmp_path, tree=tree, conf=Conf.PLAIN)
    assert "asked for" in dict(the_check(found).facts)["built with"]
    assert 'Unknown interpreted text role "own"' in the_check(found).findings[0].message


@needs_sphinx
def test_one_that_does_not_work_is_left_with_its_reason(git_tree, tmp_path):
    tree = git_tree({DEFAULT_PATH: (TOP + ONE).encode(), CONF: b"extensions = ['no_such_extension']\n"})
    (tree / DEFAULT_PATH).write_text(TOP + ONE + "More.\n")
    found = preview(tmp_path, tree=tree)
    told = dict(the_check(found).facts)["built with"]
    assert "plain configuration" in told
    assert "no_such_extension" in told
    with pytest.raises(ToolFailed, match="no_such_extension") as raised:
        preview(tmp_path, tree=tree, conf=Conf.TREE)
    assert raised.value.cure == "--conf plain"


@needs_sphinx
def test_a_series_is_shown_before_and_after_and_names_its_patch(git_tree, posted, tmp_path):
    tree = git_tree({DEFAULT_PATH: (TOP + ONE).encode(), **WITH_CONF})
    series = posted(tree, {DEFAULT_PATH: TOP + ONE + TWO + BAD})
    found = preview(tmp_path, tree=tree, series=str(series))
    assert "The words of two." in text_of(found)
    assert "the tree's own" in dict(the_check(found).facts)["built with"]
    (finding,) = the_check(found).findings
    assert finding.location.patch == 1
    assert found.report.series.patches == 1
    assert (tree / DEFAULT_PATH).read_text() == TOP + ONE


@needs_sphinx
def test_the_configuration_of_a_series_never_runs(git_tree, posted, tmp_path):
    tree = git_tree({DEFAULT_PATH: (TOP + ONE).encode(), **WITH_CONF})
    marker = tmp_path / "it-ran"
    evil = f"open({str(marker)!r}, 'w')\n"
    files = {DEFAULT_PATH: TOP + ONE + TWO, CONF: evil, "Documentation/sphinx/own.py": evil}
    series = posted(tree, files)
    found = preview(tmp_path, tree=tree, series=str(series))
    assert "the change touches Documentation/" in dict(the_check(found).facts)["built with"]
    found = preview(tmp_path, tree=tree, series=str(series), conf=Conf.TREE)
    assert "the tree's own" in dict(the_check(found).facts)["built with"]
    assert not marker.exists()


@needs_sphinx
def test_nor_does_that_of_a_range(git, git_tree, tmp_path):
    tree = git_tree({DEFAULT_PATH: (TOP + ONE).encode(), **WITH_CONF})
    marker = tmp_path / "it-ran"
    (tree / CONF).write_text(f"open({str(marker)!r}, 'w')\n")
    (tree / DEFAULT_PATH).write_text(TOP + ONE + TWO)
    git(tree, "commit", "-qam", "change")
    found = preview(tmp_path, tree=tree, against=Against.REF, ref="HEAD~..HEAD")
    assert f"the change touches {CONF}" in dict(the_check(found).facts)["built with"]
    found = preview(tmp_path, tree=tree, against=Against.REF, ref="HEAD~")
    assert f"the change touches {CONF}" in dict(the_check(found).facts)["built with"]
    assert not marker.exists()


@needs_sphinx
def test_a_series_without_documents_or_that_does_not_apply(git_tree, posted, tmp_path):
    tree = git_tree({DEFAULT_PATH: (TOP + ONE).encode(), "README": b"x\n"})
    series = posted(tree, {"README": "y\n"})
    assert the_check(preview(tmp_path, tree=tree, series=str(series))).status is Status.SKIP
    other = git_tree({"README": b"quite\nanother\n"}, name="other")
    found = preview(tmp_path, tree=other, series=str(series))
    assert the_check(found).status is Status.DID_NOT_RUN
    assert "not applied" in the_check(found).reason


@needs_sphinx
def test_two_documents_of_one_name_get_pages_of_their_own(git_tree, tmp_path):
    paths = ("Documentation/a/index.rst", "Documentation/b/index.rst")
    tree = git_tree({path: f"In {path}\n".encode() for path in paths})
    found = preview(tmp_path, tree=tree, paths=paths, against=Against.NOTHING)
    assert [page.name for page in found.pages] == ["index.html", "b-index.html"]
    assert "In Documentation/b/index.rst" in text_of(found, 1)


@needs_sphinx
def test_a_file_outside_of_git_is_shown_as_a_whole(tmp_path):
    (tmp_path / "$(x) y.rst").write_text("Words <b>of</b> it.\n")
    found = preview(tmp_path, paths=(str(tmp_path / "$(x) y.rst"),))
    assert "Words &lt;b&gt;of&lt;/b&gt; it." in text_of(found)
    assert "not in a git tree" in the_check(found).reason


@needs_sphinx
def test_a_foreign_folder_is_refused_before_any_work(tree, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter").write_text("dear")
    monkeypatch.setattr(docs_preview, "render", None)
    with pytest.raises(UserError, match="no preview wrote"):
        preview(tmp_path, tree=tree, against=Against.NOTHING)


def test_no_sphinx_is_a_fault_of_the_environment(tree, tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "scripts_folder", lambda: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="sphinx-build is not installed"):
        preview(tmp_path, tree=tree)


def test_why_a_configuration_is_chosen(git_tree):
    store = Repository.open(git_tree(WITH_CONF))
    commit = store.head()
    clean = trusted(store, commit, touched=["Documentation/virt/kvm/api.rst", "Documentation/conf.pyx"])
    assert why_plain(Conf.AUTO, clean) == why_plain(Conf.TREE, clean) == ""
    assert why_plain(Conf.PLAIN, clean) == "asked for"
    for path in (CONF, "Documentation/sphinx/deep/x.py", "scripts/kernel-doc", "tools/lib/python/a.py"):
        hostile = trusted(store, commit, touched=[path])
        assert path in why_plain(Conf.AUTO, hostile)
    nowhere = Trusted(store=None, commit="", missing="no tree")
    assert why_plain(Conf.AUTO, nowhere) == "no tree"
    with pytest.raises(UserError, match="no tree"):
        why_plain(Conf.TREE, nowhere)


def test_a_long_quotation_is_cut():
    assert docs_sphinx._shortened(["a"] * 8).count("a") == 8
    assert docs_sphinx._shortened(["a"] * 20).endswith("a\n[13 more lines]")
