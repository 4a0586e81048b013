# SPDX-License-Identifier: GPL-2.0-only
"""A runner on this machine, in the environment of the tests: nothing is installed."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from kpatch_tools.model.run import Command
from kpatch_tools.tools import process
from tests.ci.runner import CHECKOUT, Runner

BOOTSTRAP = """#!/bin/sh
echo "bootstrap ${1-with a kernel}" >>"$(dirname "$0")/asked"
"""


def execute(script: str, shell: str, environment: Mapping[str, str], folder: str) -> tuple[int, str]:
    """Run a step on this machine, as a runner does for a step with that shell."""
    words = ("bash", "--noprofile", "--norc", "-eo", "pipefail") if shell == "bash" else ("sh", "-e")
    # The log has both streams in the order in which they came.
    argv = ("sh", "-c", 'exec "$@" 2>&1', "step", *words, script)
    done = process.run(Command(argv=argv, cwd=Path(folder), timeout=900, env=environment))
    return done.returncode, done.text


def make_runner(folder: Path, workspace: Path) -> Runner:
    """A runner for jobs in ``workspace``, with the rest below ``folder``; its ci/bootstrap only says how."""
    action = folder / "action"
    shutil.copytree(CHECKOUT / "ci", action / "ci")
    (action / "ci" / "bootstrap").write_text(BOOTSTRAP)
    (action / ".venv").symlink_to(Path(sys.prefix))
    artifacts = folder / "artifacts"
    artifacts.mkdir()
    return Runner(
        execute=execute,
        root=Path("/"),
        workspace=str(workspace),
        action=str(action),
        artifacts=artifacts,
        temporary=str(folder / "temporary"),
        environment={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
    )
