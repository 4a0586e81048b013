# SPDX-License-Identifier: GPL-2.0-only
"""A stand-in for GitHub's runner: it reads a workflow and runs a job of it, step by step, as the file says.

Our own composite actions (``$/ci``) are run from the files; other actions are replaced by what they do for
us: artifacts are folders, a cache is remembered and never hits. Commands in the log are heard as the runner
hears them, so a test can see whether a text of a series was taken for one.
"""

import fnmatch
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.ci.expressions import holds, insert

CHECKOUT = Path(__file__).resolve().parents[2]
WORKFLOWS = CHECKOUT / ".github" / "workflows"
# ActionCommand.TryParseV2 and TryParse of the runner: the old form is heard anywhere in a line.
_COMMAND = re.compile(r"^\s*::([a-z-]+)(?: ([^:]*(?::(?!:)[^:]*)*?))?::(.*)$")
_OLD = re.compile(r"##\[([a-z-]+)[^\]]*\](.*)$")


def load(path: Path) -> dict[str, Any]:
    """A YAML file of Actions; the key ``on``, which YAML takes for true, is renamed back."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {("on" if key is True else key): value for key, value in found.items()}


@dataclass(slots=True, kw_only=True)
class Ran:
    """What a job came to: its outputs and log, the commands that the log held, its summary."""

    failed: bool = False
    outputs: dict[str, str] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    log: str = ""
    commands: list[tuple[str, str, str]] = field(default_factory=list)
    summary: str = ""


Execute = Callable[[str, str, Mapping[str, str], str], tuple[int, str]]


@dataclass(slots=True, kw_only=True)
class Runner:
    """One machine. ``execute(script, shell, environment, folder)`` runs a step and returns code and output.

    ``root`` is where the machine's "/" is on this disk; ``workspace`` and ``action`` are paths on the
    machine: where jobs work, and where our repository was put for ``$/``. ``artifacts`` is a folder that all
    jobs share, ``temporary`` one of the machine for the runner's own files. ``checkout`` is called with the
    inputs of actions/checkout. No step can change what is ``fixed`` in its environment.
    """

    execute: Execute
    root: Path
    workspace: str
    action: str
    artifacts: Path
    temporary: str
    checkout: Callable[[Mapping[str, str]], None] = lambda _given: None
    environment: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    cached: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    _paths: list[str] = field(default_factory=list)
    _number: int = 0

    def here(self, path: str) -> Path:
        """A path of the machine as this disk knows it."""
        return self.root / path.lstrip("/")

    def job(
        self,
        workflow: str,
        name: str,
        *,
        inputs: Mapping[str, Any] | None = None,
        needs: Mapping[str, Any] | None = None,
        matrix: Mapping[str, Any] | None = None,
    ) -> Ran:
        """Run one job of a file in .github/workflows; ``inputs`` stand over the defaults of workflow_call."""
        document = load(WORKFLOWS / workflow)
        declared = (document["on"].get("workflow_call") or {}).get("inputs", {})
        given = {key: one.get("default") for key, one in declared.items()} | dict(inputs or {})
        assert set(given) <= set(declared), given
        self._paths, self.environment = [], dict(self.environment)
        ran = Ran()
        contexts = {
            "inputs": given,
            "needs": needs or {},
            "matrix": matrix or {},
            "github": {"workflow": document["name"], "ref": "refs/heads/main", "sha": "0" * 40},
        }
        job = document["jobs"][name]
        outputs = self._steps(job["steps"], contexts, ran)
        contexts = {**contexts, "steps": outputs}
        ran.outputs = {key: insert(value, contexts) for key, value in job.get("outputs", {}).items()}
        return ran

    def use(self, path: str, given: Mapping[str, str]) -> Ran:
        """Run a composite action of ours by itself, as a step of somebody's job would."""
        ran = Ran()
        ran.outputs = self._composite(path, dict(given), ran)
        return ran

    def _steps(self, steps: list[dict[str, Any]], contexts: Mapping[str, Any], ran: Ran) -> dict[str, Any]:
        done: dict[str, Any] = {}
        for step in steps:
            seen = {**contexts, "steps": done}
            if not holds(step.get("if"), seen, failed=ran.failed):
                continue
            ran.steps.append(step["name"])
            env = {key: insert(value, seen) for key, value in step.get("env", {}).items()}
            given = {key: insert(value, seen) for key, value in step.get("with", {}).items()}
            if "run" in step:
                shell = step.get("shell", "sh")
                outputs = self._run(step["run"], shell, {**env, **contexts.get("action", {})}, ran)
            elif step["uses"].startswith("$/"):
                outputs = self._composite(step["uses"].removeprefix("$/"), given, ran)
            else:
                outputs = self._foreign(step["uses"].partition("@")[0], given)
            done[step.get("id", f"step-{len(done)}")] = {"outputs": outputs}
        return done

    def _composite(self, path: str, given: dict[str, str], ran: Ran) -> dict[str, str]:
        action = load(CHECKOUT / path / "action.yml")
        declared = action["inputs"]
        assert set(given) <= set(declared), given
        absent = [key for key, one in declared.items() if one.get("required") and key not in given]
        assert not absent, absent
        inputs = {key: str(one.get("default", "")) for key, one in declared.items()} | given
        contexts = {"inputs": inputs, "action": {"GITHUB_ACTION_PATH": f"{self.action}/{path}"}}
        outputs = self._steps(action["runs"]["steps"], contexts, ran)
        contexts = {**contexts, "steps": outputs}
        return {key: insert(one["value"], contexts) for key, one in action.get("outputs", {}).items()}

    def _run(self, script: str, shell: str, env: Mapping[str, str], ran: Ran) -> dict[str, str]:
        self._number += 1
        folder = f"{self.temporary}/{self._number}"
        self.here(folder).mkdir(parents=True)
        files = {
            name: f"{folder}/{name.lower()}"
            for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        }
        for path in files.values():
            self.here(path).touch()
        program = f"{folder}/step.sh"
        self.here(program).write_text(f"{script}\n", encoding="utf-8")
        path = ":".join([*reversed(self._paths), self.environment["PATH"]])
        environment = {
            **self.environment,
            "PATH": path,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": self.workspace,
            "RUNNER_TEMP": self.temporary,
            **files,
            **env,
            **self.fixed,
        }
        code, text = self.execute(program, shell, environment, self.workspace)
        self.used.add(script)
        ran.log += text
        ran.commands += heard(text)
        ran.failed |= code != 0
        ran.summary += self.here(files["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")
        self.environment |= _assigned(self.here(files["GITHUB_ENV"]))
        self._paths += self.here(files["GITHUB_PATH"]).read_text(encoding="utf-8").split()
        return _assigned(self.here(files["GITHUB_OUTPUT"]))

    def _foreign(self, name: str, given: dict[str, str]) -> dict[str, str]:
        place = self.here(self.workspace)
        if name == "actions/checkout":
            self.checkout(given)
        elif name.startswith("actions/cache"):
            self.cached.append((name, given))
            return {"cache-hit": ""}
        elif name == "actions/upload-artifact":
            source, target = place / given["path"], self.artifacts / given["name"]
            assert source.is_dir() or given.get("if-no-files-found") != "error", source
            if source.is_dir():
                shutil.copytree(source, target)
        elif name == "actions/download-artifact":
            for source in sorted(self.artifacts.iterdir()):
                if _wanted(source.name, given):
                    shutil.copytree(source, place / given["path"], dirs_exist_ok=True)
        elif name == "github/codeql-action/upload-sarif":
            assert (place / given["sarif_file"]).is_file()
        else:
            raise AssertionError(f"what does {name} do?")
        return {}


def heard(log: str) -> list[tuple[str, str, str]]:
    """The commands that a runner finds in a log: name, properties, text; none while they are stopped."""
    found: list[tuple[str, str, str]] = []
    token = ""
    for line in log.splitlines():
        match = _COMMAND.match(line)
        if token:
            token = "" if line.strip() == f"::{token}::" else token
            continue
        if match and match[1] == "stop-commands":
            token = match[3]
        elif match:
            found.append((match[1], match[2] or "", match[3]))
        elif old := _OLD.search(line):
            found.append((old[1], "", old[2]))
    return found


def _wanted(name: str, given: Mapping[str, str]) -> bool:
    if "name" in given:
        return name == given["name"]
    assert given["merge-multiple"] == "true"
    patterns = given["pattern"].strip("{}").split(",")
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _assigned(path: Path) -> dict[str, str]:
    """name=value lines of a file of the runner's; the form for several lines is not used by us."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all("=" in line.partition("<<")[0] for line in lines), lines
    return {name: value for name, _equals, value in (line.partition("=") for line in lines)}
