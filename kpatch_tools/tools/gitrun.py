# SPDX-License-Identifier: GPL-2.0-only
"""How git is started: the one place that builds what hardens it, for every git command of kvet.

A hook's GIT_DIR or GIT_INDEX_FILE would redirect every command, and a configuration could start programs
(fsmonitor, filters, external diffs, hooks, helpers). So GIT_* are stripped, deadlines hold, and the user's
and the system's configuration are left out. A repository's own configuration cannot be left out: what it
could start under a fixed name is overruled here, what has a name of its own (a driver, a remote) in
tools/gitconfig. heard_command() is for the few questions that only the user's configuration answers.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.tools import process
from kpatch_tools.tools.private import private_folder

PLUMBING_TIMEOUT_S = 600.0
# A binary patch of a few bytes may announce a file of any size, and git makes room for it while it reads.
# Packs are mapped and do not count.
READING_MEMORY = 1 << 30
IDENTITY = ("kvet", "kvet@localhost")

# What each silences is said in git-config(1); every one of them may name a program or rewrite content.
_ALWAYS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.alternateRefsCommand=true",
    "core.autocrlf=false",
    "core.quotePath=false",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "diff.external=",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "log.showSignature=false",
    "gpg.program=false",
    "gpg.openpgp.program=false",
    "gpg.x509.program=false",
    "gpg.ssh.program=false",
    "advice.detachedHead=false",
)
QUIET_CONFIG = (
    *_ALWAYS,
    "core.sshCommand=ssh",
    "core.askPass=",
    # With http.cookieFile a server writes the file of the user's that the tree chose: ~/.bashrc.
    "http.saveCookies=false",
    # An empty one forgets all that came before it, those for one address too.
    "credential.helper=",
)
HEARD_ENVIRONMENT = {
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    # A file that is there would make git advise against grafts; see gitrepository-layout(5).
    "GIT_GRAFT_FILE": "/dev/null/none",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_TEMPLATE_DIR": "",
}
QUIET_ENVIRONMENT = {
    **HEARD_ENVIRONMENT,
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    # Beats protocol.*.allow of any configuration, and knows no remote helper but git's own.
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    # Set, though empty, it keeps core.gitProxy out, which -c cannot: the first value wins there.
    "GIT_PROXY_COMMAND": "",
}


def quiet_argv(*args: str, more: Sequence[str] = ()) -> tuple[str, ...]:
    """The argv of a git command that hears no configuration but ours, ``more``, and the repository's own."""
    return ("git", *_options((*QUIET_CONFIG, *more)), *args)


def heard_command(
    *args: str,
    cwd: Path | None,
    env: Mapping[str, str] | None = None,
    timeout: float = PLUMBING_TIMEOUT_S,
    more: Sequence[str] = (),
) -> Command:
    """A git command that hears the user's and the system's configuration, with all that may be off off.

    For whose repositories are trusted, who the user is, and how to reach a server: proxies, credentials.
    """
    argv = ("git", *_options((*_ALWAYS, *more)), *args)
    return Command(argv=argv, timeout=timeout, cwd=cwd, env={**HEARD_ENVIRONMENT, **(env or {})})


def _options(settings: Sequence[str]) -> list[str]:
    return [word for setting in settings for word in ("-c", setting)]


def plain(*args: str, cwd: Path, stdin: bytes = b"", timeout: float = PLUMBING_TIMEOUT_S) -> RunResult:
    """Run git outside of any repository (mailinfo, mailsplit, apply --numstat); ``cwd`` is a scratch folder.

    Paths of a diff are judged from ``cwd``, so a repository above it must stay unseen.
    """
    return start(plain_command(*args, cwd=cwd, stdin=stdin, timeout=timeout))


def plain_command(*args: str, cwd: Path, stdin: bytes = b"", timeout: float = PLUMBING_TIMEOUT_S) -> Command:
    """What plain() runs."""
    environment = {**QUIET_ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(cwd.resolve().parent)}
    return Command(
        argv=quiet_argv(*args),
        timeout=timeout,
        cwd=cwd,
        env=environment,
        stdin=stdin,
        memory=READING_MEMORY,
    )


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
