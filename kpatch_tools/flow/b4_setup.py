# SPDX-License-Identifier: GPL-2.0-only
"""Wiring kvet into b4: which check commands, and putting them into a tree's configuration."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools import __version__
from kpatch_tools.tools.git import Repository

# Finds our own entries of an older version again, whatever path they were started by.
_OURS = r"series check - .*--format b4-(lines|json)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One line of configuration in the section [b4]; ``others`` are commands of the user that stay."""

    name: str
    value: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What belongs into the tree's .git/config, and what a project may put into its .b4-config."""

    path: Path
    tree: tuple[Setting, ...]
    project: tuple[Setting, ...]


def plan(tree: Path, program: str = "kvet") -> Setup:
    """The settings for the git tree ``tree``; ``program`` is how b4 will start kvet.

    The version is part of each command because b4 0.16 keeps the answer of a check command for 30 days by
    its argv and the Message-ID: a newer kvet would never be asked. b4 reads check commands from .b4-config
    only where they are for its prep. Raises UserError when ``tree`` is no git tree.
    """
    source = Repository.open(tree)
    lines = _command(program, "b4-lines")
    settings = (
        ("am-perpatch-check-cmd", lines),
        ("review-perpatch-check-cmd", _command(program, "b4-json")),
        ("review-series-check-cmd", _command(program, "b4-json", "--whole")),
    )
    return Setup(
        path=source.path,
        tree=tuple(
            Setting(name=name, value=value, others=_others(source, name, value)) for name, value in settings
        ),
        project=(Setting(name="prep-perpatch-check-cmd", value=_command("kvet", "b4-lines")),),
    )


def write(setup: Setup) -> None:
    """Put the settings into the tree's .git/config; commands that are not ours stay beside them.

    Raises ToolFailed with git's words when it cannot.
    """
    source = Repository.open(setup.path)
    for setting in setup.tree:
        key = f"b4.{setting.name}"
        source.ask("config", "--local", "--replace-all", key, setting.value, _OURS, what=f"cannot set {key}")


def _command(program: str, form: str, *more: str) -> str:
    words = (program, "series", "check", "-", "--tree", ".", "--format", form, *more)
    return shlex.join((*words, "--cache-key", __version__))


def _others(source: Repository, name: str, value: str) -> tuple[str, ...]:
    have = source.run("config", "--local", "--get-all", f"b4.{name}").text.splitlines()
    return tuple(one for one in have if one != value and "series check - " not in one)
