# SPDX-License-Identifier: GPL-2.0-only
"""Who the user is, as git says it in a tree."""

import os
import re
from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.model.series import Person
from kpatch_tools.parse.correspondents import is_address
from kpatch_tools.tools.gitrun import heard_command, start_each

_TIMEOUT_S = 20.0
# git must not guess an identity from the host.
_OWN = ("user.useConfigOnly=true",)
# A folder of a clone may look like a bare repository, with an identity of somebody's choice.
_FOUND = (*_OWN, "safe.bareRepository=explicit")
_HEARD = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL")
_IDENT = re.compile(r"^(?P<name>.*) <(?P<email>[^<>]*)> \d+ [+-]\d{4}$")
_CURE = "git config --global user.name 'Your Name' && git config --global user.email you@example.org"


def user(tree: Path | None = None, *, sends: bool = False, named: bool = False) -> Person:
    """The author that git would name for the user in ``tree`` (None: the current directory).

    ``tree`` may be a bare repository where it is ``named`` by the user, as for Repository.open().

    GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL come before author.* and user.* of the configuration, as for
    `git commit` (git-var(1), GIT_AUTHOR_IDENT). For a mail that the user writes and ``sends`` sendemail.from
    comes before all of them, as for `git send-email` and b4: a mail that is from somebody else they would
    send with a "From:" line in its text. A patch has that line on purpose, and its author in it.

    Nothing else of the configuration or the environment is read here. Raises EnvironmentFault when a name or
    an address is missing, or when no mail can be sent from that address.
    """
    cwd = tree if tree and tree.is_dir() else None
    settings = _OWN if cwd and named else _FOUND
    given = {name: os.environ[name] for name in _HEARD if name in os.environ}
    ident, sent = start_each(
        [
            _asked(cwd, settings, "var", "GIT_AUTHOR_IDENT", env=given),
            _asked(cwd, settings, "config", "--get", "sendemail.from"),
        ]
    )
    found = _IDENT.match(_text(ident))
    name, address = (found["name"], found["email"]) if found else ("", "")
    source = "GIT_AUTHOR_EMAIL" if given.get("GIT_AUTHOR_EMAIL") else "user.email"
    if sends and _text(sent):
        sender, address = parseaddr(_text(sent))
        name, source = sender or name, "sendemail.from"
    if not name or (not address and not (sends and _text(sent))):
        raise EnvironmentFault(
            f"git has no {_missing(cwd, settings, given)}, and a mail needs a sender", cure=_CURE
        )
    if not is_address(address):
        raise EnvironmentFault(
            f"git's {source} is no mail address: {(address or _text(sent))[:200]}", cure=_CURE
        )
    return Person(name=" ".join(name.split()), email=address)


def _missing(cwd: Path | None, settings: tuple[str, ...], given: Mapping[str, str]) -> str:
    """What of an identity is not there."""
    keys = {"user.name": "GIT_AUTHOR_NAME", "user.email": "GIT_AUTHOR_EMAIL"}
    results = start_each([_asked(cwd, settings, "config", "--get", key) for key in keys])
    lacking = [
        key
        for (key, variable), result in zip(keys.items(), results, strict=True)
        if not given.get(variable) and not _text(result)
    ]
    return " and ".join(lacking or keys)


def _asked(
    cwd: Path | None, settings: tuple[str, ...], *words: str, env: Mapping[str, str] | None = None
) -> Command:
    return heard_command(*words, cwd=cwd, env=env, timeout=_TIMEOUT_S, more=settings)


def _text(result: RunResult) -> str:
    return result.text.strip() if result.ok else ""
