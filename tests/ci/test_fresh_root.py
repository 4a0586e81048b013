# SPDX-License-Identifier: GPL-2.0-only
"""The steps of the workflows in a fresh Debian 12: everything that they need they bring.

The workspace belongs to another user at first, as that of a container does, and there is no git in the root.
"""

import json
import shutil
from functools import partial

import pytest

from tests.ci import freshroot, small
from tests.ci.runner import Runner

pytestmark = [pytest.mark.root, pytest.mark.pip, pytest.mark.timeout(1800)]

WORKSPACE = "/__w/linux/linux"
ACTION = "/__w/_actions/kvet"
RUNNER_USER = 1001


@pytest.fixture
def machine(tmp_path):
    """A runner that is root in a fresh Debian, with our files where a runner puts those of an action."""
    freshroot.need_root()
    root = freshroot.make_root(tmp_path / "root")
    try:
        freshroot.copy_checkout(root / ACTION.lstrip("/"))
        workspace = root / WORKSPACE.lstrip("/")
        workspace.mkdir(parents=True)
        shutil.chown(workspace, RUNNER_USER, RUNNER_USER)
        artifacts = tmp_path / "artifacts"
        artifacts.mkdir()
        yield Runner(
            execute=partial(freshroot.enter, root),
            root=root,
            workspace=WORKSPACE,
            action=ACTION,
            artifacts=artifacts,
            temporary="/tmp/runner",
            environment={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"},
        )
    finally:
        shutil.rmtree(root)


def test_the_reusable_workflow_installs_plans_reviews_and_reports(machine, git_tree, git):
    tree = git_tree(small.FILES)
    commits = small.make(tree, git)

    def checkout(given):
        # Only what install.sh brought makes this possible: without git the runner leaves no repository.
        assert machine.here("/usr/bin/git").is_file()
        target = machine.here(f"{WORKSPACE}/{given['path']}")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(tree, target, symlinks=True)

    machine.checkout = checkout
    given = {"series": commits, "onto": commits.partition(".")[0], "kernel": False}
    planned = machine.job("review.yml", "plan", inputs=given)
    assert not planned.failed, planned.log
    assert "kvet, version" in planned.log
    needs = {"plan": {"result": "success", "outputs": planned.outputs}}
    (cell,) = json.loads(planned.outputs["matrix"])["include"]
    reviewed = machine.job("review.yml", "review", inputs=given, needs=needs, matrix=cell)
    assert not reviewed.failed, reviewed.log
    collected = machine.job("review.yml", "collect", inputs=given, needs=needs)
    assert collected.outputs == {"verdict": "FAIL"}, collected.log
    assert collected.failed
    assert collected.summary
    assert collected.commands
    report = json.loads((machine.artifacts / "kvet-report" / "report.json").read_text())
    states = {check["check"]: check["status"] for check in report["checks"]}
    assert states["apply"] == "PASS"
    assert states["docs"] == "FAIL"
    assert states["build"] == "SKIP"


def test_our_own_ci_sets_up_lints_tests_and_builds_the_wheel(machine):
    def checkout(_given):
        # As the runner does it where there is no git: files, and no repository.
        freshroot.copy_checkout(machine.here(WORKSPACE))

    machine.checkout = checkout
    # A few tests stand for all: what is tried here is whether the steps bring what tests need.
    machine.environment["PYTEST_ADDOPTS"] = "tests/model tests/ci/test_workflows.py -p no:cacheprovider"
    for name in ("lint", "unit", "wheel"):
        if name == "wheel":
            del machine.environment["PYTEST_ADDOPTS"]
        ran = machine.job("ci.yml", name)
        assert not ran.failed, ran.log[-4000:]
        if name == "unit":
            assert " passed" in ran.log
            assert "skipped" not in ran.log
    assert list((machine.artifacts / "wheel").glob("*.whl"))
