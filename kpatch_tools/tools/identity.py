# SPDX-License-Identifier: GPL-2.0-only
"""Who the user is, as git says it in a tree: user.name and user.email (git-config(1))."""

from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.series import Person
from kpatch_tools.parse.correspondents import is_address
from kpatch_tools.tools.gitrun import heard_command, start_each

_TIMEOUT_S = 20.0
# A folder of a clone may look like a bare repository, with an identity of somebody's choice.
_NO_BARE = ("safe.bareRepository=explicit",)
_CURE = "git config --global user.name 'Your Name' && git config --global user.email you@example.org"


def user(tree: Path | None = None) -> Person:
    """The identity that git has for the user in ``tree`` (None: the current directory).

    Nothing else of the configuration is read here, and nothing of the environment's GIT_AUTHOR_*. Raises
    EnvironmentFault when a name or an address is missing, or when no mail can be sent from that address.
    """
    cwd = tree if tree and tree.is_dir() else None
    name, address = (
        result.text.strip() if result.ok else ""
        for result in start_each(
            [
                heard_command("config", "--get", key, cwd=cwd, timeout=_TIMEOUT_S, more=_NO_BARE)
                for key in ("user.name", "user.email")
            ]
        )
    )
    if not name or not address:
        missing = " and ".join(
            key for key, value in (("user.name", name), ("user.email", address)) if not value
        )
        raise EnvironmentFault(f"git has no {missing}: whom would a reply be from?", cure=_CURE)
    if not is_address(address):
        raise EnvironmentFault(f"git's user.email is no mail address: {address[:200]}", cure=_CURE)
    return Person(name=" ".join(name.split()), email=address)
