# SPDX-License-Identifier: GPL-2.0-only
"""The demonstration is the real review: what it finds are the faults that its cover letter lists."""

import re

import pytest

from kpatch_tools.errors import EnvironmentFault, ToolFailed, UserError
from kpatch_tools.flow.demo import run_demo
from kpatch_tools.flow.docs_files import Against, check_files
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import Status
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.tools.files import data_dir

COVER = data_dir("patches") / "demo" / "v1" / "0000-cover-letter.patch"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return run_demo(tmp_path_factory.mktemp("demo") / "new")


def labels() -> set[str]:
    """The rules that the cover letter names between brackets."""
    lists = re.findall(r"\[([a-z][a-z-]*/[^\]]+)\]", COVER.read_text().partition("\n\n")[2])
    return {rule.strip() for found in lists for rule in found.split(",")}


def test_every_fault_of_the_cover_letter_is_found(demo):
    assert len(labels()) > 10
    assert labels() <= {finding.rule for finding in demo.reviewed.report.every}


def test_nothing_else_is_found(demo):
    heavy = {one.rule for one in demo.reviewed.report.findings if one.severity is not Severity.NOTE}
    assert heavy <= labels()


def test_the_tree_itself_is_clean(demo):
    report = check_files((), tree=demo.tree, against=Against.NOTHING, ref="HEAD", fail_on=Severity.NOTE)
    assert report.findings == ()


def test_what_needs_a_kernel_does_not_pass(demo):
    status = {check.check: check.status for check in demo.reviewed.report.checks}
    assert status["apply"] is Status.PASS
    assert status["build"] is not Status.PASS
    assert status["tests"] is not Status.PASS


def test_the_report_is_whole(demo):
    saved = demo.reviewed.folder / "report.json"
    assert parse_report(saved.read_bytes(), name="saved").findings == demo.reviewed.report.findings
    assert (demo.reviewed.folder / "report.html").is_file()


def test_the_commits_are_the_same_everywhere(demo, tmp_path):
    again = run_demo(tmp_path / "other")
    assert again.reviewed.report.tree.head == demo.reviewed.report.tree.head


def test_an_edit_is_seen_by_the_next_run(tmp_path):
    first = run_demo(tmp_path / "mine")
    (patch,) = first.series.glob("0003-*")
    patch.write_text(patch.read_text().replace("Added a test", "Add a test"))
    second = run_demo(tmp_path / "mine")
    assert (first.used_again, second.used_again) == (False, True)
    gone = {f.rule for f in first.reviewed.report.findings} - {
        f.rule for f in second.reviewed.report.findings
    }
    assert gone == {"message/imperative"}


def test_somebody_elses_folder_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("x")
    with pytest.raises(UserError, match="something else already"):
        run_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    with pytest.raises((UserError, EnvironmentFault)):
        run_demo(tmp_path / "mine" / "below")


def test_a_full_disk_leaves_nothing_that_the_next_run_would_take_for_its_own(tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise ToolFailed("the disk is full", cure="make room there")

    with monkeypatch.context() as patch:
        patch.setattr("kpatch_tools.flow.demo.commit_all", full)
        with pytest.raises(ToolFailed):
            run_demo(tmp_path / "mine")
    assert not any((tmp_path / "mine").iterdir())
    assert not run_demo(tmp_path / "mine").used_again
