# SPDX-License-Identifier: GPL-2.0-only
"""What a repository's own configuration could start, under names of its choice, and what overrules it.

The configuration of a tree that came from somebody else with its .git folder (an archive, a shared disk) is
theirs. kvet takes what git needs from it (object format, remotes, partial clone, the identity) and starts no
program that it names. Settings of a fixed name are overruled in tools/gitrun.
"""

from collections.abc import Mapping
from pathlib import Path

from kpatch_tools.errors import UserError
from kpatch_tools.model.run import Command
from kpatch_tools.tools.gitrun import PLUMBING_TIMEOUT_S, QUIET_ENVIRONMENT, quiet_argv, start

# (section, key) to the value that starts nothing and changes nothing. Source: git-config(1),
# gitattributes(5); an empty filter passes content on, an empty program cannot be run.
_HARMLESS = {
    ("credential", "helper"): "",
    ("diff", "command"): "",
    ("diff", "textconv"): "cat",
    ("filter", "clean"): "",
    ("filter", "process"): "",
    ("filter", "required"): "false",
    ("filter", "smudge"): "",
    ("hook", "command"): "true",
    ("http", "savecookies"): "false",
    ("merge", "driver"): "false",
    ("remote", "vcs"): "",
}
# Of this one the first value counts. Nothing fetches but git itself, what a partial clone lacks.
_FIRST_COUNTS = "uploadpack"
_PARTIAL = frozenset({"promisor", "partialclonefilter", "partialclone"})
# A key cannot be written in any other way than by these letters: without them there is nothing to ask for.
_SUSPECT = ("include", _FIRST_COUNTS, *(key for _section, key in _HARMLESS))


def overruling(git_dir: Path, common_dir: Path, place: Mapping[str, str]) -> tuple[str, ...]:
    """Settings ("key=value") that overrule what this repository's configuration could start.

    ``place`` is the environment that names the repository. git is asked only where a file of the
    configuration holds one of the words. Raises UserError for a name that cannot be overruled.
    """
    files = (common_dir / "config", common_dir / "config.worktree", git_dir / "config.worktree")
    text = b"".join(file.read_bytes() for file in dict.fromkeys(files) if file.is_file()).lower()
    if not any(word.encode() in text for word in _SUSPECT):
        return ()
    asked = start(
        Command(
            argv=quiet_argv("config", "--list", "--name-only", "--includes", "-z"),
            timeout=PLUMBING_TIMEOUT_S,
            cwd=git_dir,
            env={**QUIET_ENVIRONMENT, **place},
        )
    ).ok_or_raise(f"cannot read the configuration of {git_dir}")
    names = dict.fromkeys(asked.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1])
    if any(name.rpartition(".")[2] in _PARTIAL for name in names):
        for name in names:
            if name.startswith("remote.") and name.endswith(f".{_FIRST_COUNTS}"):
                raise UserError(
                    f"{git_dir}: a partial clone that fetches by a program of its own: {name}",
                    cure=f"name a whole clone, or git --git-dir={git_dir} config --unset {name}",
                )
    return tuple(f"{name}={value}" for name in names if (value := _harmless(name, git_dir)) is not None)


def _harmless(name: str, git_dir: Path) -> str | None:
    section, _, rest = name.partition(".")
    own, dot, key = rest.rpartition(".")
    value = _HARMLESS.get((section, key)) if dot else None
    if value is not None and "=" in own:
        # git takes what is before the first "=" for the name.
        raise UserError(
            f"{git_dir}: its configuration sets {name}, which cannot be switched off",
            cure=f"git --git-dir={git_dir} config --edit: rename {section} {own!r}, or leave it out",
        )
    return value
