# SPDX-License-Identifier: GPL-2.0-only
"""How git is started: GitPython's command wrapper on our process layer.

GitPython starts git with the caller's whole environment. A hook's GIT_DIR or GIT_INDEX_FILE would then
redirect every command, and the user's configuration could start programs (fsmonitor, filters, external
diffs, hooks). The subclass here replaces that one step: GIT_* are stripped, the user's and the system's
configuration are left out, deadlines hold, and what one configuration file could still start is switched
off on the command line.
"""

import io
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.tools import process

try:
    import git
except ImportError as error:  # GitPython looks for the git program while it is imported
    raise EnvironmentFault("git is not installed", cure="apt-get install git") from error

PLUMBING_TIMEOUT_S = 600.0
IDENTITY = ("kvet", "kvet@localhost")

# What each silences is said in git-config(1); every one of them may name a program or rewrite content.
QUIET_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.autocrlf=false",
    "core.quotePath=false",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "diff.external=",
    "protocol.ext.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "commit.gpgSign=false",
    "advice.detachedHead=false",
)
QUIET_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
}


def quiet_argv(*args: str) -> tuple[str, ...]:
    """The argv of a git command that listens to no configuration but ours and the repository's own."""
    options = [word for setting in QUIET_CONFIG for word in ("-c", setting)]
    return ("git", *options, *args)


def plain(*args: str, cwd: Path, stdin: bytes = b"", timeout: float = PLUMBING_TIMEOUT_S) -> RunResult:
    """Run git outside of any repository (mailinfo, mailsplit, apply --numstat); ``cwd`` is a scratch folder.

    Paths of a diff are judged from ``cwd``, so a repository above it must stay unseen.
    """
    environment = {**QUIET_ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(cwd.resolve().parent)}
    return process.run(
        Command(argv=quiet_argv(*args), timeout=timeout, cwd=cwd, env=environment, stdin=stdin)
    )


class CleanGit(git.Git):
    """GitPython's command wrapper on our process layer; persistent processes are not offered."""

    def __init__(self, working_dir: str | None = None) -> None:
        super().__init__(working_dir)
        self.place: dict[str, str] = {}

    def plumb(
        self,
        args: Sequence[str],
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout: float = PLUMBING_TIMEOUT_S,
    ) -> RunResult:
        """Run one git command in this repository and return how it ended."""
        environment = {**QUIET_ENVIRONMENT, **self.place, **(env or {})}
        command = Command(
            argv=quiet_argv(*args),
            timeout=timeout,
            cwd=Path(self.working_dir) if self.working_dir else None,
            env=environment,
            stdin=stdin,
        )
        return process.run(command)

    def execute(  # type: ignore[override]
        self, command: Sequence[str], istream: io.BufferedIOBase | None = None, **options: Any
    ) -> Any:
        """Stand in for GitPython's own: same options and results, started by tools/process."""
        if options.get("as_process") or options.get("output_stream"):
            raise NotImplementedError("git processes that stay open bypass the process layer")
        result = self.plumb(
            command[1:],
            stdin=istream.read() if istream else b"",
            env=options.get("env"),
            timeout=options.get("kill_after_timeout") or PLUMBING_TIMEOUT_S,
        )
        if options.get("with_exceptions", True) and not result.ok:
            raise git.GitCommandError(list(command), result.returncode, result.stderr, result.stdout)
        out = result.stdout
        if options.get("strip_newline_in_stdout", True) and out.endswith(b"\n"):
            out = out[:-1]
        value = out.decode(errors="surrogateescape") if options.get("stdout_as_string", True) else out
        return (result.returncode, value, result.error_text) if options.get("with_extended_output") else value


class CleanRepo(git.Repo):
    """GitPython's repository whose commands are CleanGit's."""

    GitCommandWrapperType = CleanGit  # type: ignore[assignment]  # documented as the place for a subclass


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A temporary folder for git's files, gone when the ``with`` block ends."""
    return tempfile.TemporaryDirectory(prefix="kvet-git-", ignore_cleanup_errors=True)
