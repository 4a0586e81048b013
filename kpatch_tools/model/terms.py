# SPDX-License-Identifier: GPL-2.0-only
"""What the hand-written TOML documents are made of: their base type and the forms of their words."""

from typing import Annotated

import msgspec

# Each form ends in $(?!\n): to Python a $ alone also stands before a last line break, and a word with one
# would begin a line of its own in C, in a shell or in a log. To readers of JSON Schema both mean the end.
# The descriptions are what somebody reads who wrote something else, in kvet's message and in an editor.
Identifier = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$(?!\n)", max_length=60, description="a name as C has them"
    ),
]
ClauseId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$(?!\n)",
        max_length=40,
        description="the id of a clause: lower case words joined by -, as in no-memslot",
    ),
]
CaseName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$(?!\n)",
        max_length=40,
        description="a name in lower case with words joined by _, as in hole_first",
    ),
]
Errno = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^E[A-Z0-9]+$(?!\n)", max_length=20, description="the name of an errno, as in EINVAL"
    ),
]
# It ends up in a C comment and in findings: one line, no comment end, nothing a terminal obeys.
Sentence = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?!.*\*/)[ -~]*[!-\-/-~]$(?!\n)",
        min_length=1,
        max_length=300,
        description="one line of printable ASCII without */ and without a full stop at its end",
    ),
]
Pages = Annotated[int, msgspec.Meta(ge=1, le=511)]
# Read from a tree that is given later, so it must not lead out of it.
TreePath = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_./-]*$(?!\n)",
        max_length=200,
        description="a path below the top of a kernel tree",
    ),
]
Release = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[1-9][0-9]?\.(0|[1-9][0-9]{0,2})$(?!\n)",
        description="a mainline release of the kernel, as in 6.12",
    ),
]
Commit = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9a-f]{12,40}$(?!\n)", description="12 to 40 hexadecimal digits of a commit's id"
    ),
]
# What a call comes to.
Outcome = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(success|E[A-Z0-9]+)$(?!\n)",
        max_length=20,
        description='"success" or the name of an errno',
    ),
]
BugResult = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(hang|loop|wrong|success|E[A-Z0-9]+)$(?!\n)",
        max_length=20,
        description='"hang", "loop", "wrong", "success" or the name of an errno',
    ),
]


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every table: frozen, and an unknown key is an error (mypy wants frozen said again)."""
