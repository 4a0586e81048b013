# SPDX-License-Identifier: GPL-2.0-only
"""How git is started: with nothing of the caller's environment or configuration.

A hook's GIT_DIR or GIT_INDEX_FILE would redirect every command, and the user's configuration could start
programs (fsmonitor, filters, external diffs, hooks). So GIT_* are stripped, the user's and the system's
configuration are left out, deadlines hold, and what one configuration file could still start is switched
off on the command line.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.tools import process
from kpatch_tools.tools.private import private_folder

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
    return start(plain_command(*args, cwd=cwd, stdin=stdin, timeout=timeout))


def plain_command(*args: str, cwd: Path, stdin: bytes = b"", timeout: float = PLUMBING_TIMEOUT_S) -> Command:
    """What plain() runs."""
    environment = {**QUIET_ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(cwd.resolve().parent)}
    return Command(argv=quiet_argv(*args), timeout=timeout, cwd=cwd, env=environment, stdin=stdin)


def start(command: Command) -> RunResult:
    """Run a command whose program is git; EnvironmentFault where there is none."""
    return start_each([command])[0]


def start_each(commands: Sequence[Command]) -> list[RunResult]:
    """Run commands whose program is git side by side; EnvironmentFault where there is none."""
    results = process.run_each(commands)
    if any(result.ended is Ended.NOT_FOUND for result in results):
        raise EnvironmentFault("git is not installed", cure="apt-get install git")
    return results


def scratch() -> AbstractContextManager[Path]:
    """A temporary folder for git's files, gone when the ``with`` block ends."""
    return private_folder("kvet-git-")
