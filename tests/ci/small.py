# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree of a few files, and a series on it whose texts try to command a runner."""

from collections.abc import Callable
from pathlib import Path

DOCUMENT = "Documentation/virt/kvm/notes.rst"
BEFORE = b"Notes\n=====\n\nText.\n"
FILES = {
    DOCUMENT: BEFORE,
    "Makefile": b"VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\n",
    "virt/kvm/a.c": b"int a;\n",
}
# The forms in which a runner takes commands, at the start of a line and inside of one.
HOSTILE = "::error file=virt/kvm/a.c::owned ##[error]owned $(touch owned) `touch owned` ${{ github.token }}"


def make(tree: Path, git: Callable[..., str]) -> str:
    """Put a series of two patches on the tree as the branch "series"; returns its commits as A..B.

    The first brings a fault of the document (single backticks), with a hostile subject, message and text.
    """
    base = git(tree, "rev-parse", "HEAD")
    git(tree, "checkout", "--quiet", "-b", "series")
    (tree / DOCUMENT).write_bytes(BEFORE + f"\n::warning::owned `{HOSTILE[:30]}` is wrong.\n".encode())
    git(
        tree,
        "commit",
        "--quiet",
        "--all",
        f"--message={HOSTILE}\n\n::error::owned\n\nSigned-off-by: A <a@b.cc>",
    )
    (tree / "virt/kvm/a.c").write_bytes(b"int a;\nint b;\n")
    git(tree, "commit", "--quiet", "--all", "--message=KVM: Add b\n\nB.\n\nSigned-off-by: A <a@b.cc>")
    head = git(tree, "rev-parse", "HEAD")
    git(tree, "checkout", "--quiet", "main")
    return f"{base}..{head}"
