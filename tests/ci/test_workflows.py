# SPDX-License-Identifier: GPL-2.0-only
"""The workflows and actions as files: pinned, least permissions, and no step that is not a script of ci/."""

import os
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from kpatch_tools.model.run import Command
from kpatch_tools.tools import process
from tests.ci.runner import CHECKOUT, WORKFLOWS, load

ACTIONS = sorted((CHECKOUT / "ci").rglob("action.yml"))
FILES = [*sorted(WORKFLOWS.glob("*.yml")), *ACTIONS]
SCRIPTS = sorted((CHECKOUT / "ci" / "steps").glob("*.sh"))
SHARED = CHECKOUT / "ci" / "steps" / "common.sh"
_PINNED = re.compile(r"^(?P<name>[\w.-]+/[\w.-]+)(?:/[\w./-]+)?@(?P<commit>[0-9a-f]{40})$")
_USES = re.compile(r"uses: (\S+?)@([0-9a-f]{40}) # (v[0-9.]+)$")


def names(path):
    return str(path.relative_to(CHECKOUT))


def pins():
    return tomllib.loads((CHECKOUT / "ci" / "pins.toml").read_text())


def jobs(path):
    return load(path).get("jobs", {})


def steps(path):
    """Every step of a workflow or of a composite action."""
    document = load(path)
    every = [job.get("steps", []) for job in document.get("jobs", {}).values()]
    return [step for group in [*every, document.get("runs", {}).get("steps", [])] for step in group]


def script_of(path, run):
    """The script that a ``run:`` is, as a path; None when it is anything more."""
    if path in ACTIONS:
        match = re.fullmatch(r'"\$GITHUB_ACTION_PATH/((?:\.\./)?steps/[a-z]+\.sh)"', run)
        return (path.parent / match[1]).resolve() if match else None
    match = re.fullmatch(r"(ci/(?:steps/[a-z]+\.sh|lint))", run)
    return CHECKOUT / match[1] if match else None


def unpinned(path):
    """What a file uses that is neither ours nor in ci/pins.toml with that very commit."""
    known = {(one["name"], one["commit"]) for one in pins()["action"]}
    used = [step["uses"] for step in steps(path) if "uses" in step]
    found = []
    for use in used:
        match = _PINNED.fullmatch(use)
        if not use.startswith("$/ci") and (match is None or (match["name"], match["commit"]) not in known):
            found.append(use)
    images = {f"{one['name']}@{one['digest']}" for one in pins()["image"]}
    return found + [image for image in map(image_of, jobs(path).values()) if image not in {"", *images}]


def image_of(job):
    """The image of a job's container, "" for none."""
    container = job.get("container", "")
    return container if isinstance(container, str) else container["image"]


@pytest.mark.parametrize("path", FILES, ids=names)
def test_every_action_and_image_is_pinned(path):
    assert unpinned(path) == []


def test_an_action_that_is_not_pinned_is_seen(tmp_path):
    workflow = tmp_path / "w.yml"
    workflow.write_text(
        "on: push\njobs:\n  a:\n    container:\n      image: debian:12\n    steps:\n"
        "    - uses: actions/checkout@v4\n"
        f"    - uses: actions/checkout@{'0' * 40}\n"
    )
    assert unpinned(workflow) == ["actions/checkout@v4", f"actions/checkout@{'0' * 40}", "debian:12"]


@pytest.mark.parametrize("path", FILES, ids=names)
def test_the_comment_beside_a_commit_is_its_version(path):
    versions = {one["commit"]: (one["name"], one["version"]) for one in pins()["action"]}
    lines = [line for line in path.read_text().splitlines() if "uses: " in line and "$/" not in line]
    for line in lines:
        if line.lstrip().startswith("#"):
            continue
        match = _USES.search(line)
        assert match, line
        name, version = versions[match[2]]
        assert match[1].startswith(name)
        assert match[3] == version


def test_every_pin_is_used_and_named_where_it_was_seen():
    text = "".join(path.read_text() for path in FILES)
    for one in pins()["action"]:
        assert one["commit"] in text
        assert one["seen"]
    assert all(one["digest"] in text and one["seen"] for one in pins()["image"])


@pytest.mark.parametrize("path", FILES, ids=names)
def test_every_run_is_a_script_and_takes_its_inputs_from_the_environment(path):
    for step in steps(path):
        if "run" not in step:
            continue
        script = script_of(path, step["run"])
        assert script is not None, step["run"]
        assert script.is_file()
        assert os.access(script, os.X_OK)


def test_every_script_is_a_step_of_something():
    used = {script_of(path, step["run"]) for path in FILES for step in steps(path) if "run" in step}
    assert {script for script in SCRIPTS if script != SHARED} <= used


@pytest.mark.parametrize("path", SCRIPTS, ids=names)
def test_a_script_stops_at_the_first_error_and_mutes_the_runner(path):
    text = path.read_text()
    if path == SHARED:
        assert "set -euo pipefail" in text
        return
    assert "common.sh" in text
    # Where text of a series may come into the log, no line of it is a command.
    about_series = path.name not in {
        "annotate.sh",
        "setup.sh",
        "unit.sh",
        "kernel.sh",
        "wheel.sh",
        "workflows.sh",
    }
    assert ("\nmute\n" in text) is about_series
    assert "${{" not in text


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*.yml")), ids=names)
def test_permissions_are_the_least(path):
    document = load(path)
    assert document["permissions"] == {}
    assert document["concurrency"]["cancel-in-progress"] is True
    for name, job in document["jobs"].items():
        allowed = {"contents": "read"} if name != "alerts" else {"security-events": "write"}
        assert set(job["permissions"].items()) <= set(allowed.items()), name
        assert job["timeout-minutes"] <= 180
        assert job["runs-on"] == "ubuntu-24.04"
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_job_that_may_write_runs_nothing_of_ours_or_of_a_series():
    (job,) = (
        job for job in jobs(WORKFLOWS / "review.yml").values() if "security-events" in job["permissions"]
    )
    assert not any("run" in step or step["uses"].startswith("$/") for step in job["steps"])


def test_only_the_job_that_sees_no_series_keeps_what_it_built():
    for name, job in jobs(WORKFLOWS / "review.yml").items():
        for step in job["steps"]:
            if step.get("uses") == "$/ci":
                given = step["with"]
                assert (name == "base") == ("arguments" not in given) == (given.get("save-cache") != "false")
                assert "series" not in given
    order = [step["name"] for step in steps(CHECKOUT / "ci" / "action.yml")]
    assert order.index("Keep what was built of the base") < order.index("Review")


def program(name):
    """A program that the environment of the tests or the machine has; a skip says what brings it."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not installed: ci/bootstrap tests")
    return found


def lint(*argv, cwd=CHECKOUT):
    return process.run(Command(argv=tuple(str(word) for word in argv), cwd=cwd, timeout=100))


def test_zizmor_finds_nothing():
    done = lint(program("zizmor"), "--offline", "--pedantic", "--no-progress", ".github/workflows", "ci")
    assert done.returncode == 0, done.text + done.error_text
    assert "No findings" in done.text + done.error_text


def test_zizmor_would_see_an_injection(tmp_path):
    action = (CHECKOUT / "ci" / "plan" / "action.yml").read_text()
    (tmp_path / "action.yml").write_text(action.replace("plan.sh\"'", "plan.sh\" ${{ inputs.series }}'"))
    done = lint(program("zizmor"), "--offline", "--pedantic", "--no-progress", ".", cwd=tmp_path)
    assert "template-injection" in done.text + done.error_text


def test_actionlint_finds_nothing():
    done = lint(program("actionlint"), *sorted(WORKFLOWS.glob("*.yml")))
    assert done.returncode == 0, done.text + done.error_text


def test_actionlint_would_see_an_input_that_is_not_declared(tmp_path):
    text = (WORKFLOWS / "review.yml").read_text().replace("inputs.fail-on", "inputs.fail-over")
    (tmp_path / "review.yml").write_text(text)
    done = lint(program("actionlint"), tmp_path / "review.yml")
    assert done.returncode == 1
    assert "fail-over" in done.text


def test_shellcheck_finds_nothing():
    scripts = [CHECKOUT / "ci" / "bootstrap", CHECKOUT / "ci" / "lint", *SCRIPTS]
    done = lint(program("shellcheck"), "--external-sources", *scripts)
    assert done.returncode == 0, done.text
