# SPDX-License-Identifier: GPL-2.0-only
"""GitPython on our process layer.

GitPython starts git with the caller's whole environment; the subclass here replaces that one step. Importing
this module takes as long as the rest of a short command, so that is done where GitPython's view is asked for.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command
from kpatch_tools.tools.gitrun import PLUMBING_TIMEOUT_S, QUIET_ENVIRONMENT, quiet_argv, start

try:
    import git
except ImportError as error:  # GitPython looks for the git program while it is imported
    raise EnvironmentFault("git is not installed", cure="apt-get install git") from error


class CleanGit(git.Git):
    """GitPython's command wrapper on our process layer; persistent processes are not offered.

    ``place`` is the environment that names the repository, ``settings`` what overrules its configuration.
    """

    def __init__(self, working_dir: str | None = None) -> None:
        super().__init__(working_dir)
        self.place: Mapping[str, str] = {}
        self.settings: Sequence[str] = ()

    def execute(  # type: ignore[override]
        self, command: Sequence[str], istream: io.BufferedIOBase | None = None, **options: Any
    ) -> Any:
        """Stand in for GitPython's own: same options and results, started by tools/process."""
        if options.get("as_process") or options.get("output_stream"):
            raise NotImplementedError("git processes that stay open bypass the process layer")
        result = start(
            Command(
                argv=quiet_argv(*command[1:], more=self.settings),
                timeout=options.get("kill_after_timeout") or PLUMBING_TIMEOUT_S,
                cwd=Path(self.working_dir) if self.working_dir else None,
                env={**QUIET_ENVIRONMENT, **self.place, **(options.get("env") or {})},
                stdin=istream.read() if istream else b"",
            )
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
