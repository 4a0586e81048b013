# SPDX-License-Identifier: GPL-2.0-only
"""A git tree whose configuration, hooks and attributes are traps, and plain git to show that they snap."""

import os
import subprocess  # noqa: TID251 - plain git, as a user starts it
from collections.abc import Mapping
from pathlib import Path

HEAD = "From 1234 Mon Sep 17 00:00:00 2001\nFrom: A B <a@b>\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n"
IDENTITY = ("-c", "user.name=T", "-c", "user.email=t@example.org")
DOCUMENT = "Documentation/x.rst"


def patch(diff: str, subject: str) -> str:
    return f"{HEAD}Subject: {subject}\n\nwhy\n---\n{diff}-- \n2.39\n\n"


def added(path: str, text: str, mode: str = "100644") -> str:
    lines = "".join(f"+{line}\n" for line in text.split("\n"))
    end = "\\ No newline at end of file\n" if mode == "120000" else ""
    count = text.count("\n") + 1
    return (
        f"diff --git a/{path} b/{path}\nnew file mode {mode}\nindex 0000000..1111111\n--- /dev/null\n"
        f"+++ b/{path}\n@@ -0,0 +1,{count} @@\n{lines}{end}"
    )


def moved(old: str, new: str) -> str:
    return f"diff --git a/{old} b/{new}\nsimilarity index 100%\nrename from {old}\nrename to {new}\n"


def edited(old: str, new: str) -> str:
    return f"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n one\n-{old}\n+{new}\n three\n"


def git(
    folder: Path, *args: str, env: Mapping[str, str] | None = None, stdin: bytes = b"", ok: bool = True
) -> str:
    """Git as a user types it, with the user's configuration and the tree's."""
    done = subprocess.run(
        ("git", *IDENTITY, *args),
        cwd=folder,
        env={**os.environ, **(env or {})},
        input=stdin,
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert not ok or done.returncode == 0, done.stderr.decode()
    return done.stdout.decode(errors="surrogateescape").rstrip("\n")


class Trap:
    """A script that leaves a mark when somebody runs it, and then passes its input on."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "trap"
        self._mark = folder / "mark"
        self.path.write_text(
            f'#!/bin/sh\necho "$0 $*" >> "{self._mark}"\ncat ${{1:+"$1"}} 2>/dev/null\nexit 0\n'
        )
        self.path.chmod(0o755)

    def __str__(self) -> str:
        return str(self.path)

    def snapped(self) -> bool:
        """Whether it was run since the last question."""
        there = self._mark.exists()
        self._mark.unlink(missing_ok=True)
        return there


class Tree:
    """A small tree with two commits, something staged, and two versions of a series for it."""

    def __init__(self, folder: Path) -> None:
        self.trap = Trap(folder / "trap")
        self.path = folder / "tree"
        (self.path / "Documentation").mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main", str(self.path))
        (self.path / DOCUMENT).write_text("Title\n=====\n\nText.\n")
        (self.path / "x").write_text("one\ntwo\nthree\n")
        self.commit("first")
        (self.path / DOCUMENT).write_text("Title\n=====\n\nMore text.\n")
        (self.path / "x").write_text("one\n2\nthree\n")
        self.commit("second")
        (self.path / DOCUMENT).write_text("Title\n=====\n\nStill more text.\n")
        git(self.path, "add", DOCUMENT)
        self.series = []
        for version, word in (("", "drei"), (" v2", "trois")):
            at = folder / f"series{version.strip()}.mbox"
            diff = edited("2", word)
            at.write_text(
                patch(diff, f"[PATCH{version} 1/2] change")
                + patch(added("new", "1"), f"[PATCH{version} 2/2] new")
            )
            self.series.append(at)

    def commit(self, message: str) -> str:
        git(self.path, "add", "--all")
        git(self.path, "commit", "-q", "--allow-empty", "-m", message)
        return git(self.path, "rev-parse", "HEAD")

    def config(self, key: str, value: str) -> None:
        git(self.path, "config", key, value)

    def attributes(self, text: str) -> None:
        """Attributes that count whatever is checked out."""
        (self.path / ".git/info").mkdir(exist_ok=True)
        (self.path / ".git/info/attributes").write_text(f"{text}\n")


def partial(tree: Tree, url: str) -> None:
    """Make ``tree`` a partial clone that lacks its blobs, from a server at ``url``."""
    folder = tree.path.with_name("whole")
    tree.path.rename(folder)
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(folder, "clone", "-q", "--no-checkout", "--filter=blob:none", folder.as_uri(), str(tree.path))
    tree.config("remote.origin.url", url.format(folder=folder))
