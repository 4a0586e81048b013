# SPDX-License-Identifier: GPL-2.0-only
"""The reusable workflow and the action, run step by step as their files say, in the environment of the tests.

Installing is the only step that is replaced here: ci/bootstrap is one of the test's. test_fresh_root.py runs
it too.
"""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.ci import here, small


@pytest.fixture
def machine(tmp_path, git_tree, git):
    """A runner whose workspace holds "linux", and the series there as A..B."""
    tree = git_tree(small.FILES, "workspace/linux")
    commits = small.make(tree, git)
    checked_out = []
    runner = here.make_runner(tmp_path, tree.parent)
    runner.checkout = checked_out.append
    return runner, commits, checked_out


def inputs(commits, **more):
    return {"series": commits, "onto": commits.partition(".")[0], "kernel": False, **more}


def test_the_whole_workflow_from_plan_to_verdict(machine, tmp_path):
    runner, commits, checked_out = machine
    given = inputs(commits, ref="0123")
    planned = runner.job("review.yml", "plan", inputs=given)
    assert not planned.failed, planned.log
    assert checked_out == [
        {"ref": "0123", "fetch-depth": "200", "path": "linux", "persist-credentials": "false"}
    ]
    (cell,) = json.loads(planned.outputs["matrix"])["include"]
    assert cell["id"] == "kvet-series"
    needs = {"plan": {"result": "success", "outputs": planned.outputs}}
    reviewed = runner.job("review.yml", "review", inputs=given, needs=needs, matrix=cell)
    assert not reviewed.failed, reviewed.log
    shutil.rmtree(Path(runner.workspace) / "kvet-out")
    collected = runner.job("review.yml", "collect", inputs=given, needs=needs)
    assert collected.outputs == {"verdict": "FAIL"}
    assert collected.failed
    assert collected.steps[-1] == "Keep the report"
    kept = runner.artifacts / "kvet-report"
    assert {path.name for path in kept.iterdir()} == {
        "report.json", "report.html", "report.sarif", "junit.xml", "report.md",
    }  # fmt: skip
    alerts = runner.job("review.yml", "alerts", inputs=given, needs=needs)
    assert alerts.steps == ["Fetch the report", "Upload the alerts"]
    # Nothing was asked for that only a kernel needs.
    asked = (Path(runner.action) / "ci" / "asked").read_text().splitlines()
    assert set(asked) == {"bootstrap light"}
    assert runner.cached == []


def test_no_text_of_a_series_is_a_command(machine):
    runner, commits, _ = machine
    given = inputs(commits)
    planned = runner.job("review.yml", "plan", inputs=given)
    (cell,) = json.loads(planned.outputs["matrix"])["include"]
    needs = {"plan": {"result": "success", "outputs": planned.outputs}}
    reviewed = runner.job("review.yml", "review", inputs=given, needs=needs, matrix=cell)
    collected = runner.job("review.yml", "collect", inputs=given, needs=needs)
    assert planned.commands + reviewed.commands == []
    assert "owned" in collected.log
    told = [(name, text) for name, _properties, text in collected.commands]
    assert told
    assert {name for name, _text in told} <= {"error", "warning", "notice"}
    titles = [properties for _name, properties, _text in collected.commands]
    # An annotation of ours names its rule; one of the series' own would not.
    assert all("title=" in properties for properties in titles), collected.commands
    assert not list(Path(runner.workspace).rglob("owned"))
    assert collected.summary


def test_without_the_mute_texts_of_the_series_would_be_commands(machine):
    runner, commits, _ = machine
    shared = Path(runner.action) / "ci" / "steps" / "common.sh"
    shared.write_text(shared.read_text().replace('echo "::stop-commands::$token"', ":"))
    given = inputs(commits)
    planned = runner.job("review.yml", "plan", inputs=given)
    (cell,) = json.loads(planned.outputs["matrix"])["include"]
    needs = {"plan": {"result": "success", "outputs": planned.outputs}}
    runner.job("review.yml", "review", inputs=given, needs=needs, matrix=cell)
    collected = runner.job("review.yml", "collect", inputs=given, needs=needs)
    assert any(
        "owned" in text for _name, properties, text in collected.commands if "title=" not in properties
    )


def test_a_job_that_leaves_no_report_did_not_run(machine):
    runner, commits, _ = machine
    given = inputs(commits)
    planned = runner.job("review.yml", "plan", inputs=given)
    needs = {"plan": {"result": "success", "outputs": planned.outputs}}
    collected = runner.job("review.yml", "collect", inputs=given, needs=needs)
    assert collected.outputs == {"verdict": "DID_NOT_RUN"}
    assert collected.failed
    report = json.loads((runner.artifacts / "kvet-report" / "report.json").read_text())
    assert {check["status"] for check in report["checks"]} == {"DID_NOT_RUN"}


def test_a_series_that_cannot_be_read_ends_the_plan(machine):
    runner, _, _ = machine
    planned = runner.job("review.yml", "plan", inputs=inputs("none.mbox"))
    assert planned.failed
    assert "none.mbox: neither a file" in planned.log
    assert planned.steps[-1] == "Plan" or planned.steps[-1] == "Divide the review into jobs"
    assert not list(runner.artifacts.iterdir())


def test_the_action_by_itself_fails_as_the_verdict_says(machine):
    runner, commits, _ = machine
    base = commits.partition(".")[0]
    given = {"series": commits, "tree": "linux", "onto": base, "kernel": "false"}
    done = runner.use("ci", given)
    assert done.failed
    assert done.outputs["verdict"] == "FAIL"
    assert done.outputs["exit-code"] == "1"
    assert done.outputs["folder"] == "kvet-out/jobs/kvet-series"
    for name in ("report", "html", "sarif", "junit"):
        assert (Path(runner.workspace) / done.outputs[name]).is_file()
    assert done.summary
    assert done.commands
    assert done.steps[-1] == "Tell the verdict"
    told = runner.use("ci", {**given, "fail": "false", "annotations": "false", "summary": "false"})
    assert not told.failed
    assert (told.commands, told.summary) == ([], "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kernel": "perhaps"}, "KVET_KERNEL is neither true nor false"),
        ({"job": "../x"}, "KVET_JOB is no name"),
        ({"arguments": '["rm", "-rf"]'}, "KVET_ARGUMENTS are not the words of a review"),
        ({"modes": "npt=0"}, "KVET_MODES are those of the patches"),
    ],
)
def test_a_wrong_input_is_named(machine, given, said):
    runner, commits, _ = machine
    done = runner.use("ci", {"series": commits, "tree": "linux", "kernel": "false", **given})
    assert done.failed
    assert said in done.log
    assert not (Path(runner.workspace) / "kvet-out" / "jobs" / "kvet-series" / "report.json").exists()


def test_a_summary_that_is_too_large_says_where_to_look(machine, tmp_path):
    runner, _, _ = machine
    folder = Path(runner.workspace) / "kvet-out" / "report"
    folder.mkdir(parents=True)
    step = str(Path(runner.action) / "ci" / "steps" / "summary.sh")
    files = {}
    for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"):
        (tmp_path / name).touch()
        files[name] = str(tmp_path / name)
    environment = {**runner.environment, **files, "GITHUB_WORKSPACE": runner.workspace}
    for size, kept in ((1024 * 1024, True), (1024 * 1024 + 1, False)):
        (folder / "report.md").write_bytes(b"x" * size)
        (tmp_path / "GITHUB_STEP_SUMMARY").write_bytes(b"")
        code, log = here.execute(
            step, "bash", {**environment, "KVET_FOLDER": "kvet-out/report"}, runner.workspace
        )
        assert code == 0, log
        shown = (tmp_path / "GITHUB_STEP_SUMMARY").read_bytes()
        assert (shown == b"x" * size) is kept
        assert len(shown) <= 1024 * 1024


def test_a_message_id_is_fetched_once_and_every_job_reads_the_same_mails(machine, git, lore):
    runner, commits, _ = machine
    tree = Path(runner.workspace) / "linux"
    mails = tree.parent / "mails"
    git(tree, "format-patch", "--quiet", "--thread", "-o", str(mails), commits)
    texts = [path.read_text() for path in sorted(mails.iterdir())]
    message_id = re.search(r"^Message-I[dD]: <(.*)>$", texts[0], re.MULTILINE)[1]
    lore.add(*(text.partition("\n")[2] for text in texts))
    runner.fixed = {name: os.environ[name] for name in ("KVET_LORE", "NO_PROXY")}
    given = inputs(commits, series=message_id)
    planned = runner.job("review.yml", "plan", inputs=given)
    assert not planned.failed, planned.log
    (cell,) = json.loads(planned.outputs["matrix"])["include"]
    series = json.loads(cell["arguments"])[-1]
    assert series.startswith("kvet-out/plan/")
    assert (runner.artifacts / "kvet-plan" / Path(series).name).is_file()
    asked = len(lore.requests)
    needs = {"plan": {"result": "success", "outputs": planned.outputs}}
    reviewed = runner.job("review.yml", "review", inputs=given, needs=needs, matrix=cell)
    assert not reviewed.failed, reviewed.log
    report = json.loads((runner.artifacts / cell["id"] / cell["id"] / "report.json").read_text())
    assert report["series"]["message_id"] == message_id
    assert not [request for request in lore.requests[asked:] if "t.mbox" in request]
