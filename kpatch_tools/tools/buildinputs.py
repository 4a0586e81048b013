# SPDX-License-Identifier: GPL-2.0-only
"""Which files a build of the kernel image reads: two commits that differ in others only give one kernel.

What the image is made of, seen in the .cmd files of whole builds of 6.1 and 6.12: nothing of Documentation
but what the top Kconfig sources from there, and nothing of tools/testing. All else counts as read, tools/
too: objtool is built from it.
"""

from kpatch_tools.tools.git import Repository

_UNREAD_FOLDERS = ("tools/testing/",)
_UNREAD_FILES = frozenset({"MAINTAINERS", "CREDITS", ".mailmap"})
_TEXT_FOLDER = "Documentation/"
_TEXT_READ = ("Kconfig", "Makefile")


def is_read(path: str) -> bool:
    """A build of the image may read the file ``path`` (relative to the top of the tree)."""
    if path.startswith(_TEXT_FOLDER):
        return path.rpartition("/")[2].startswith(_TEXT_READ)
    return path not in _UNREAD_FILES and not path.startswith(_UNREAD_FOLDERS)


def changed_inputs(repository: Repository, before: str, after: str) -> tuple[str, ...]:
    """The paths in which two commits differ and that a build may read; () means: one and the same kernel."""
    asked = repository.ask("diff-tree", "-r", "-z", "--no-renames", "--name-only", before, after)
    names = asked.stdout.decode("utf-8", "surrogateescape").split("\0")
    return tuple(name for name in names if name and is_read(name))
