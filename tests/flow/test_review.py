# SPDX-License-Identifier: GPL-2.0-only
"""How the stages are joined; the stages themselves have tests of their own, the whole path a vm test."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kpatch_tools.cli import app
from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow import review as flow
from kpatch_tools.flow import review_kernel as stages
from kpatch_tools.flow.build import BuildResult
from kpatch_tools.flow.review_run import Options
from kpatch_tools.flow.stages import STAGES
from kpatch_tools.flow.told import CUT_OFF, runs
from kpatch_tools.model.conformance import Stand
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.model.vm import Backend
from kpatch_tools.parse.report_json import parse_report

API = "Documentation/virt/kvm/api.rst"
UAPI = "include/uapi/linux/kvm.h"
MAKEFILE = b"VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\n"
BEFORE = b"""\
4. API description
==================

4.1 KVM_GET_API_VERSION
-----------------------

:Capability: basic
:Architectures: all
:Type: system ioctl
:Parameters: none
:Returns: a number

5. The kvm_run structure
========================

Text.
"""
SECTION = b"""\
4.2 KVM_MAP_MEMORY
------------------

:Capability: KVM_CAP_MAP_MEMORY
:Architectures: x86
:Type: vcpu ioctl
:Parameters: struct kvm_memory_mapping (in/out)
:Returns: 0 on success, < 0 on error

Errors:

  ====== ===============================
  EFAULT the range has no memory slot
  ====== ===============================

Words.

"""
HEADER = b"#define KVMIO 0xAE\n"
ADDED = b"""\
#define KVM_CAP_MAP_MEMORY 236
#define KVM_MAP_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_memory_mapping)
struct kvm_memory_mapping {
\t__u64 base_address;
\t__u64 size;
\t__u64 flags;
};
"""


@pytest.fixture
def posted(git, git_tree, tmp_path):
    """A tree and a series of two patches on it, as an mbox: (tree, mbox)."""
    tree = git_tree({API: BEFORE, UAPI: HEADER, "Makefile": MAKEFILE})
    base = git(tree, "rev-parse", "HEAD")
    at = BEFORE.index(b"5. The kvm_run")
    (tree / API).write_bytes(BEFORE[:at] + SECTION + BEFORE[at:])
    git(tree, "commit", "-qam", "KVM: Document it")
    (tree / UAPI).write_bytes(HEADER + ADDED)
    git(tree, "commit", "-qam", "KVM: Define it")
    mbox = tmp_path / "series.mbox"
    mbox.write_text(git(tree, "format-patch", "--stdout", "-n", base) + "\n")
    git(tree, "reset", "-q", "--hard", base)
    return tree, mbox


def states(report):
    return {check.check: check.status for check in report.checks}


def image(tmp_path, *, fails=False):
    log = tmp_path / "build.log"
    log.write_text("")
    return BuildResult(
        image=None if fails else tmp_path / "bzImage",
        config=None,
        release="6.1.7",
        findings=(),
        elapsed=1.0,
        log=log,
        cached=False,
        compiler="gcc 12",
    )


def test_a_review_without_kernel_says_what_it_left_out(posted, tmp_path):
    tree, mbox = posted
    mbox.write_text(mbox.read_text().replace("+  EFAULT the range", "+  EINVAL the range"))
    done = flow.review(str(mbox), tree=str(tree), state=tmp_path / "state", options=Options(kernel=False))
    assert states(done.report) == {
        "apply": Status.PASS,
        # The toy commits have no message worth the name, and the toy tree no checkpatch.pl.
        "patches": Status.FAIL,
        "docs": Status.PASS,
        "build": Status.SKIP,
        "warnings": Status.SKIP,
        "selftests": Status.SKIP,
        "contract": Status.PASS,
        "layout": Status.SKIP,
        "tests": Status.SKIP,
        "conformance": Status.SKIP,
    }
    assert done.report.verdict is Status.FAIL
    assert ("base", f"Linux 6.1.7 ({done.report.tree.base[:12]})") in done.report.checks[0].facts
    assert parse_report((done.folder / "report.json").read_text()).series == done.report.series
    assert (done.folder / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_without_a_kernel_the_contract_speaks_and_no_more_than_warns(posted, tmp_path):
    tree, mbox = posted
    report = flow.review(
        str(mbox), tree=str(tree), state=tmp_path / "state", options=Options(kernel=False)
    ).report
    (wrong,) = [finding for finding in report.findings if finding.rule.startswith("contract/")]
    assert (wrong.rule, wrong.severity) == ("contract/document-errno", Severity.WARNING)
    assert "no test has shown" in wrong.detail


def test_what_the_kernel_did_is_held_against_the_document(posted, tmp_path, monkeypatch):
    tree, mbox = posted
    seen = {"ret": -1, "errno": "EINVAL", "advanced": 0, "left": 4096, "control": "ok"}
    ran = CheckResult(
        check="tests",
        status=Status.PASS,
        tests=(TestResult(name="hole_first", status=Verdict.PASS, clause="no-memslot", observed=seen),),
    )
    monkeypatch.setattr(stages.build, "build_kernel", lambda *_a, **_k: image(tmp_path))
    monkeypatch.setattr(stages, "_test", lambda *_a: ran)
    monkeypatch.setattr(BuildResult, "kernel", property(lambda _self: "a kernel"))
    report = flow.review(str(mbox), tree=str(tree), state=tmp_path / "state").report
    (wrong,) = [finding for finding in report.findings if finding.rule == "conformance/errno-differs"]
    place = (BEFORE[: BEFORE.index(b"5. The")] + SECTION).splitlines()
    assert place[wrong.location.line - 1].startswith(b"  EFAULT")
    assert wrong.location.patch == 1
    (shown,) = wrong.excerpts
    assert shown.lines[shown.mark - shown.line].startswith("  EFAULT")
    (matrix,) = [check.conformance for check in report.checks if check.conformance]
    (hole,) = [row for row in matrix.rows if row.clause == "no-memslot"]
    assert (hole.documented, [one.stand for one in hole.observed]) == (("EFAULT",), [Stand.NO_DOCUMENT])
    assert any(one.case == "hole_first" for check in report.checks for one in check.excerpts)
    assert Path(report.folder).is_dir()
    assert "EFAULT" in wrong.message
    assert "EINVAL" in wrong.message
    assert report.verdict is Status.FAIL


def test_a_kernel_that_does_not_build_is_a_failure_and_proves_nothing(posted, tmp_path, monkeypatch):
    tree, mbox = posted
    monkeypatch.setattr(stages.build, "build_kernel", lambda *_a, **_k: image(tmp_path, fails=True))
    report = flow.review(str(mbox), tree=str(tree), state=tmp_path / "state").report
    found = states(report)
    assert (found["build"], found["tests"]) == (Status.FAIL, Status.DID_NOT_RUN)
    assert found["conformance"] is not Status.PASS


def test_old_warnings_do_not_fail_the_build_and_new_ones_are_a_stage(posted, tmp_path, monkeypatch):
    old = Finding(
        rule="gcc/-Wx", severity=Severity.WARNING, message="old", location=Location(path="a.c", line=1)
    )
    new = replace(old, message="new", location=Location(path="a.c", line=9, patch=1))
    asked = []

    def told(_tree, _base, commits, **options):
        asked.append((len(commits), options["built"].image))
        check = CheckResult(check="warnings", status=Status.FAIL, findings=(new,))
        return stages.warnings.Warned(check=check, files=frozenset({"a.c"}))

    tree, mbox = posted
    built = replace(image(tmp_path), findings=(old,))
    monkeypatch.setattr(stages.build, "build_kernel", lambda *_a, **_k: built)
    monkeypatch.setattr(stages.warnings, "check_warnings", told)
    monkeypatch.setattr(BuildResult, "kernel", None)
    report = flow.review(str(mbox), tree=str(tree), state=tmp_path / "state").report
    found = states(report)
    assert (found["build"], found["warnings"]) == (Status.PASS, Status.FAIL)
    assert [one.message for one in report.findings if one.rule == "gcc/-Wx"] == ["new"]
    assert asked == [(2, built.image)]


def test_what_the_machine_lacks_is_told_with_its_cure(posted, tmp_path, monkeypatch):
    def lacking(*_args, **_kwargs):
        raise EnvironmentFault("gcc is not installed", cure="apt-get install gcc")

    tree, mbox = posted
    monkeypatch.setattr(stages.build, "build_kernel", lacking)
    report = flow.review(str(mbox), tree=str(tree), state=tmp_path / "state").report
    (built,) = [check for check in report.checks if check.check == "build"]
    assert built.status is Status.DID_NOT_RUN
    assert built.reason == "gcc is not installed; cure: apt-get install gcc"


def test_a_tree_whose_harness_is_unknown_costs_its_stage_and_not_the_report(posted, tmp_path, monkeypatch):
    def unknown(*_args, **_kwargs):
        raise UserError("no dialect fits this tree", cure="write one")

    tree, mbox = posted
    monkeypatch.setattr(stages.build, "build_kernel", lambda *_a, **_k: image(tmp_path))
    monkeypatch.setattr(BuildResult, "kernel", property(lambda _self: "a kernel"))
    monkeypatch.setattr(stages.tests, "run_contract", unknown)
    done = flow.review(str(mbox), tree=str(tree), state=tmp_path / "state")
    (ran,) = [check for check in done.report.checks if check.check == "tests"]
    assert (ran.status, ran.reason) == (Status.DID_NOT_RUN, "no dialect fits this tree; cure: write one")
    assert (done.folder / "report.json").is_file()


def test_the_back_end_is_the_one_asked_for(posted, tmp_path, monkeypatch):
    asked = []

    def noted(*_args, settings, **_kwargs):
        asked.append(settings.backend)
        raise UserError("enough")

    tree, mbox = posted
    monkeypatch.setattr(stages.build, "build_kernel", lambda *_a, **_k: image(tmp_path))
    monkeypatch.setattr(BuildResult, "kernel", property(lambda _self: "a kernel"))
    monkeypatch.setattr(stages.tests, "run_contract", noted)
    argv = ["review", str(mbox), "--tree", str(tree), "--state", str(tmp_path / "state")]
    for words in ((), ("--backend", "direct")):
        assert app.run([*argv, *words]) == 1
    assert asked == [Backend.VNG, Backend.DIRECT]


def test_a_commit_that_is_not_there_is_2_and_leaves_nothing(posted, tmp_path):
    tree, mbox = posted
    state = tmp_path / "state"
    argv = ["review", str(mbox), "--tree", str(tree), "--onto", "no-such-ref", "--state", str(state)]
    assert app.run(argv) == 2
    assert not state.exists()


def test_a_conflict_names_patch_file_and_hunk_and_nothing_else_runs(posted, tmp_path, git):
    tree, mbox = posted
    (tree / UAPI).write_bytes(b"/* another file altogether */\n")
    git(tree, "commit", "-qam", "elsewhere")
    report = flow.review(str(mbox), tree=str(tree), state=tmp_path / "state").report
    (conflict,) = report.checks[0].findings
    assert conflict.rule == "apply/conflict"
    assert (conflict.location.path, conflict.location.patch) == (UAPI, 2)
    assert "@@" in conflict.message
    assert {check.status for check in report.checks[2:]} == {Status.DID_NOT_RUN}
    assert report.tree.head == ""


def test_a_repository_that_is_no_kernel_is_a_mistake_and_no_verdict(posted, git_tree, tmp_path, capsys):
    _tree, mbox = posted
    other = git_tree({"README": b"words\n", "Makefile": b"all:\n\ttrue\n"}, "other")
    for command in (["review", str(mbox)], ["build", "--series", str(mbox)]):
        assert app.run([*command, "--tree", str(other), "--state", str(tmp_path / "state")]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert "is no Linux kernel tree" in told.err
        assert "--tree debian:6.1" in told.err
    assert not (tmp_path / "state").exists()


def test_a_tree_without_a_version_that_takes_the_series_is_reviewed(posted, tmp_path, git):
    tree, mbox = posted
    git(tree, "rm", "-q", "Makefile")
    git(tree, "commit", "-qm", "no version")
    options = Options(kernel=False)
    report = flow.review(str(mbox), tree=str(tree), state=tmp_path / "state", options=options).report
    assert states(report)["apply"] is Status.PASS


def test_per_patch_is_a_stage_of_the_review(posted, tmp_path):
    tree, mbox = posted
    options = Options(kernel=False, per_patch=True)
    report = flow.review(str(mbox), tree=str(tree), state=tmp_path / "state", options=options).report
    (stage,) = [check for check in report.checks if check.check == "per-patch"]
    assert stage.status is Status.SKIP
    assert [row.number for row in stage.patches] == [0, 1, 2]
    assert (stage.patches[1].subject, stage.patches[2].commit) == ("KVM: Document it", report.tree.head)
    # What patch 1 describes is defined by patch 2.
    assert stage.patches[1].docs_mended
    assert {one.severity for one in stage.findings} == {Severity.NOTE}


def test_one_patch_is_all_that_is_looked_at(posted, tmp_path):
    tree, mbox = posted
    options = Options(kernel=False, per_patch=True, patches=(2,))
    report = flow.review(str(mbox), tree=str(tree), state=tmp_path / "state", options=options).report
    assert [check.check for check in report.checks] == ["apply", "per-patch"]
    assert [row.number for row in report.checks[1].patches] == [1, 2]


def test_one_patch_did_not_run_where_the_series_does_not_apply(posted, tmp_path, git):
    tree, mbox = posted
    (tree / UAPI).write_bytes(b"/* another file altogether */\n")
    git(tree, "commit", "-qam", "elsewhere")
    options = Options(per_patch=True, patches=(2,))
    report = flow.review(str(mbox), tree=str(tree), state=tmp_path / "state", options=options).report
    assert {check.check for check in report.checks} == {"apply", "per-patch"}
    assert states(report)["per-patch"] is Status.DID_NOT_RUN


def test_per_patch_says_that_it_did_not_run_where_the_series_does_not_apply(posted, tmp_path, git):
    tree, mbox = posted
    (tree / UAPI).write_bytes(b"/* another file altogether */\n")
    git(tree, "commit", "-qam", "elsewhere")
    options = Options(per_patch=True)
    report = flow.review(str(mbox), tree=str(tree), state=tmp_path / "state", options=options).report
    assert states(report)["per-patch"] is Status.DID_NOT_RUN


def test_a_series_without_a_known_ioctl_claims_nothing(git, git_tree, tmp_path):
    tree = git_tree({"Makefile": MAKEFILE})
    (tree / "Makefile").write_bytes(MAKEFILE + b"\n")
    git(tree, "commit", "-qam", "x")
    mbox = tmp_path / "one.mbox"
    mbox.write_text(git(tree, "format-patch", "--stdout", "-1") + "\n")
    git(tree, "reset", "-q", "--hard", "HEAD~")
    report = flow.review(
        str(mbox), tree=str(tree), state=tmp_path / "state", options=Options(kernel=False)
    ).report
    found = states(report)
    assert {found[name] for name in ("contract", "tests", "conformance")} == {Status.SKIP}


def test_command_prints_json_alone_on_stdout_and_exits_1(posted, tmp_path, capsys):
    tree, mbox = posted
    mbox.write_text(mbox.read_text().replace("+4.2 KVM_MAP", "+4.7 KVM_MAP"))
    state = tmp_path / "state"
    argv = [
        "review",
        str(mbox),
        "--tree",
        str(tree),
        "--no-kernel",
        "--state",
        str(state),
        "--format",
        "json",
    ]
    assert app.run(argv) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["verdict"] == "FAIL"
    assert "report.html" in shown.err
    assert len(list(Path(state, "runs").iterdir())) == 1


def test_bad_input_is_2_and_leaves_nothing(tmp_path, capsys):
    assert app.run(["review", str(tmp_path / "none"), "--state", str(tmp_path / "state")]) == 2
    assert not (tmp_path / "state").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_a_known_bug_is_told_once_by_the_stage_that_knows_the_clause() -> None:
    bug = Finding(rule="test/known-bug", severity=Severity.WARNING, message="a: KNOWN-BUG: B2: it looped")
    other = Finding(rule="test/fail", severity=Severity.ERROR, message="b: FAIL: wrong")
    tests = (TestResult(name="a", status=Verdict.KNOWN_BUG), TestResult(name="b", status=Verdict.FAIL))
    judged = Finding(
        rule="conformance/known-bug",
        severity=Severity.WARNING,
        message="KVM_X: it wraps (known bug B2, case a)",
        cases=("a",),
    )

    told = stages._told_once(
        CheckResult(check="tests", findings=(bug, other), tests=tests),
        CheckResult(check="conformance", findings=(judged,)),
    )
    assert told.findings == (other,)


def later(mbox, tmp_path):
    """The same series as v2, with the wrong errno of its document mended."""
    text = (
        mbox.read_text().replace("[PATCH", "[PATCH v2").replace("+  EFAULT the range", "+  EINVAL the range")
    )
    path = tmp_path / "v2" / "series.mbox"
    path.parent.mkdir()
    path.write_text(text)
    return path


def test_what_was_told_for_an_earlier_version_is_told_as_such(posted, tmp_path, capsys):
    tree, mbox = posted
    state = ["--tree", str(tree), "--state", str(tmp_path / "state"), "--no-kernel"]
    assert app.run(["review", str(mbox), *state]) == 1
    assert "since v" not in capsys.readouterr().out
    (first,) = (tmp_path / "state" / "runs").glob("*/report.json")
    new = later(mbox, tmp_path)
    assert app.run(["review", str(new), *state]) == 1
    shown = capsys.readouterr().out
    assert "since v1: 0 answered, " in shown
    # Only a kernel can show that the document is right now.
    assert "not proven  conformance: held against the contract only" in shown
    assert "told for v1" in shown
    assert app.run(["review", str(new), *state, "--since", "none", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["since"] is None
    assert app.run(["review", str(new), *state, "--since", str(first), "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["since"]["version"] == 1
    told = [finding["told"] for check in document["checks"] for finding in check["findings"]]
    assert set(told) == {1}
    unproven = {item["finding"]["rule"] for item in document["since"]["unproven"]}
    assert "contract/document-errno" in unproven


def test_a_bad_earlier_report_is_told_before_anything_is_done(posted, tmp_path, capsys):
    tree, mbox = posted
    state = tmp_path / "state"
    told = ["--since", str(tmp_path / "none.json")]
    assert app.run(["review", str(mbox), "--tree", str(tree), "--state", str(state), *told]) == 2
    assert "none.json" in capsys.readouterr().err
    assert not state.exists()


def test_a_review_leaves_its_replies_and_says_where(posted, tmp_path, capsys, monkeypatch):
    tree, mbox = posted
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Ann User\n\temail = ann@example.org\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    state = tmp_path / "state"
    assert app.run(["review", str(mbox), "--tree", str(tree), "--state", str(state), "--no-kernel"]) == 1
    told = capsys.readouterr().err
    (box,) = state.glob("runs/*/reply.mbox")
    assert f"kvet: reply: {box}, 2 mails; yours to read and to send: mutt -f {box}" in told
    assert "2 mails answer none" in told
    again = tmp_path / "again.mbox"
    assert app.run(["render", "mail", "--from", str(box.with_name("report.json")), "-o", str(again)]) == 0
    assert again.read_bytes() == box.read_bytes()
    assert "cannot be asked" not in capsys.readouterr().err


def test_a_review_without_an_identity_says_how_to_get_one(posted, tmp_path, capsys):
    tree, mbox = posted
    state = tmp_path / "state"
    assert app.run(["review", str(mbox), "--tree", str(tree), "--state", str(state), "--no-kernel"]) == 1
    told = capsys.readouterr().err
    assert "kvet: reply: no reply.mbox: git has no user.name and user.email" in told
    assert "git config --global user.name" in told
    assert not list(state.glob("runs/*/reply.mbox"))
    assert list(state.glob("runs/*/series.mbox"))


def test_a_ctrl_c_marks_the_folder_and_says_where_the_logs_are(posted, tmp_path, capsys, monkeypatch):
    tree, mbox = posted

    def stop(*_args, **_rest):
        raise KeyboardInterrupt

    monkeypatch.setattr(flow.docs_series, "check_applied", stop)
    state = tmp_path / "state"
    words = ["review", str(mbox), "--tree", str(tree), "--state", str(state), "--no-kernel"]
    assert app.run(words) == 130
    (folder,) = (state / "runs").iterdir()
    assert (folder / CUT_OFF).is_file()
    assert not (folder / "report.json").exists()
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "kvet: interrupted",
        f"  {folder} holds the logs of what was done, and no report",
    ]
    assert list(runs(state)) == []
    assert app.run([*words, "--since", str(folder)]) == 2
    assert "cut off before its report" in capsys.readouterr().err


def test_what_cannot_be_rendered_leaves_no_report_and_nothing_for_b4(posted, tmp_path, monkeypatch):
    tree, mbox = posted
    kept = []

    def fail(_report):
        raise OSError(28, "no room")

    monkeypatch.setattr(flow.html, "render", fail)
    monkeypatch.setattr(flow.b4, "remember", lambda *_args: kept.append(1))
    with pytest.raises(OSError, match="no room") as caught:
        flow.review(str(mbox), tree=str(tree), state=tmp_path / "s", options=Options(kernel=False))
    (folder,) = (tmp_path / "s" / "runs").iterdir()
    assert {item.name for item in folder.iterdir()} <= {CUT_OFF, "logs"}
    assert str(folder) in caught.value.__notes__[0]
    assert kept == []


def test_the_stages_of_a_series_that_does_not_apply_are_those_of_one_that_does(posted, git, tmp_path):
    tree, mbox = posted
    good = flow.review(str(mbox), tree=str(tree), state=tmp_path / "s", options=Options(kernel=False))
    assert [check.check for check in good.report.checks] == list(STAGES)
    (tree / API).write_text("Another document.\n")
    git(tree, "commit", "-qam", "other")
    bad = flow.review(str(mbox), tree=str(tree), state=tmp_path / "s", options=Options(kernel=False))
    assert sorted(check.check for check in bad.report.checks) == sorted(STAGES)
    assert {check.status for check in bad.report.checks if check.check not in {"apply", "patches"}} == {
        Status.DID_NOT_RUN
    }
