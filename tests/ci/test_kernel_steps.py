# SPDX-License-Identifier: GPL-2.0-only
"""The steps that bring a tree, build a base and boot, on this machine and with its cache.

A kernel of the base and of the patches is taken from there, or built: minutes where it is empty.
"""

import json
import os
import sys
from pathlib import Path

import pytest

from kpatch_tools.tools.files import cache_dir
from tests.ci import here
from tests.ci.runner import CHECKOUT
from tests.machines import debian_tree

pytestmark = [pytest.mark.kernel, pytest.mark.vm, pytest.mark.timeout(2400)]

INPUTS = {"series": "kvm-map-memory/v2", "tree": "debian:6.1", "modes": "npt=0"}


@pytest.fixture
def runner(tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    made = here.make_runner(tmp_path, workspace)
    # A runner has a cache of its own, which is empty: that of this machine spares the build.
    made.fixed = {"XDG_CACHE_HOME": str(cache_dir().parent), "CCACHE_MAXSIZE": "5G"}
    return made


def test_a_job_of_a_patch_builds_boots_and_is_collected(runner):
    base = runner.job("review.yml", "base", inputs=INPUTS)
    assert not base.failed, base.log
    assert base.steps[-1] == "Keep what was built of the base"
    (restored, kept) = runner.cached
    assert (restored[0], kept[0]) == ("actions/cache/restore", "actions/cache/save")
    assert restored[1]["key"] == kept[1]["key"]
    assert restored[1]["key"].startswith(restored[1]["restore-keys"])
    planned = runner.job("review.yml", "plan", inputs=INPUTS)
    assert not planned.failed, planned.log
    needs = {"plan": {"result": "success", "outputs": planned.outputs}}
    cells = {cell["id"]: cell for cell in json.loads(planned.outputs["matrix"])["include"]}
    cell = cells["kvet-patch-0003-npt-0"]
    assert (cell["patches"], cell["modes"]) == ("3", "npt=0")
    reviewed = runner.job("review.yml", "review", inputs=INPUTS, needs=needs, matrix=cell)
    assert not reviewed.failed, reviewed.log
    # What a job of the series builds is never kept for others.
    assert [name for name, _given in runner.cached].count("actions/cache/save") == 1
    assert "Build the base" not in reviewed.steps
    left = runner.artifacts / cell["id"] / cell["id"]
    assert list((left / "logs").rglob("console.log"))
    collected = runner.job("review.yml", "collect", inputs=INPUTS, needs=needs)
    assert collected.failed
    report = json.loads((runner.artifacts / "kvet-report" / "report.json").read_text())
    (stage,) = [check for check in report["checks"] if check["check"] == "per-patch"]
    assert [row["number"] for row in stage["patches"]] == [2, 3]
    assert all(row["kernel"] in {"built", "cached"} for row in stage["patches"])
    assert all("(npt=0)" in case for row in stage["patches"] for case in row["cases"])
    (lost,) = [check for check in report["checks"] if check["check"] == "jobs"]
    assert lost["status"] == "DID_NOT_RUN"
    assert f"{len(cells) - 2} of {len(cells) - 1} left no report" in lost["reason"]


def test_our_own_kernel_job_runs_the_tests_that_need_one(tmp_path):
    debian_tree("6.12")
    files = {}
    for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"):
        (tmp_path / name).touch()
        files[name] = str(tmp_path / name)
    chosen = "tests/tools/test_kbuild_kernel.py -p no:cacheprovider"
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "GITHUB_WORKSPACE": str(tmp_path),
        "PYTEST_ADDOPTS": chosen,
        **files,
    }
    script = str(CHECKOUT / "ci" / "steps" / "kernel.sh")
    code, log = here.execute(script, "bash", environment, str(tmp_path))
    assert code == 0, log
    assert " passed" in log
