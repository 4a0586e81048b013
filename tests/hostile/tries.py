# SPDX-License-Identifier: GPL-2.0-only
"""What a hostile series tries while it is built: one try a patch, small enough to be read."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.hostile.fakekernel import Field

MIB = 1 << 20
SUBJECT = "kernel: Mend it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """Lines that a patch adds to the end of ``path``, and whether they got what they are after.

    ``told`` is the rule that names it in the report with patch and line, ``limit`` a word of the limit that
    ends the build. Without a sandbox each works, and does no harm: what it takes up is capped by itself.
    """

    lines: str
    worked: Callable[[Field], bool]
    path: str = "Kbuild"
    told: str = ""
    limit: str = ""

    def added(self, field: Field) -> str:
        """The lines with the places of this run."""
        words = {
            "{key}": field.key,
            "{outside}": field.outside,
            "{port}": field.port,
            "{seconds}": field.seconds,
        }
        text = self.lines
        for word, value in words.items():
            text = text.replace(word, str(value))
        return text


def _made(name: str, size: int = 0) -> Callable[[Field], bool]:
    return lambda field: any(path.stat().st_size >= size for path in field.objects.rglob(name))


TRIES = {
    "reads the home by its variable": Try(
        lines="$(info $(shell cat $$HOME/.ssh/id_ed25519 2>&1))",
        worked=lambda field: bool(field.spread(field.objects.parent)),
        told="build-file/secret",
    ),
    "reads the home by its path": Try(
        lines="$(info $(shell cat {key} 2>&1))",
        worked=lambda field: bool(field.spread(field.objects.parent)),
        told="build-file/secret",
    ),
    "takes a secret into an object": Try(
        path="a.c",
        lines='asm(".data; .incbin \\"{key}\\"");',
        worked=lambda field: bool(field.spread(field.objects)),
        told="build-file/outside",
    ),
    "writes outside": Try(
        lines="$(shell echo owned > {outside}/owned)",
        worked=lambda field: (field.outside / "owned").exists(),
        told="build-file/outside",
    ),
    "calls a listener": Try(
        lines="SAID := $(shell bash -c 'echo hello > /dev/tcp/127.0.0.1/{port}' 2>&1)",
        worked=lambda field: b"hello\n" in field.calls,
        told="build-file/network",
    ),
    "leaves a process": Try(
        lines="$(shell setsid sleep {seconds} > /dev/null 2>&1 &)",
        worked=lambda field: bool(field.left_behind()),
        told="build-file/stays",
    ),
    "runs what it decodes": Try(
        # cp "$K" key
        lines="$(shell cd $(O); export K={key}; echo Y3AgIiRLIiBrZXkK | base64 -d | sh)",
        worked=lambda field: bool(field.spread(field.objects)),
        told="build-file/hidden",
    ),
    "fills one file": Try(
        lines=f"$(shell ulimit -f {64 * MIB // 512}; cat /dev/zero > $(O)/fill)",
        worked=_made("fill", 64 * MIB),
        told="build-file/endless",
    ),
    "fills the disk": Try(
        lines="$(shell cd $(O); for i in 1 2 3 4 5; do head -c 12M /dev/zero > fill$$i; done;"
        " sleep 2; touch full)",
        worked=_made("full"),
        limit="on the disk",
    ),
    "fills the disk with many files": Try(
        lines="$(shell mkdir -p $(O)/many && cd $(O)/many && seq 4000 | xargs touch &&"
        " sleep 3 && touch ../all)",
        worked=_made("all"),
        limit="files",
    ),
    "fills memory": Try(
        lines="$(shell python3 -c 'import time; x = b\"x\" * (600 << 20); time.sleep(3)' && touch $(O)/got)",
        worked=_made("got"),
        limit="memory",
    ),
    "forks without end": Try(
        lines="$(shell for i in $$(seq 300); do sleep 3 & done; wait; touch $(O)/forked)",
        worked=_made("forked"),
        told="build-file/stays",
        limit="processes",
    ),
}


def mail(
    path: str, before: bytes, added: str, *, number: int = 1, total: int = 1, author: str = "Mallory"
) -> str:
    """A patch that adds lines to the end of a file."""
    sender = f"{author} <{author.lower()}@example.org>"
    old = before.decode().splitlines()
    new = added.splitlines()
    body = "".join(f" {line}\n" for line in old) + "".join(f"+{line}\n" for line in new)
    return (
        f"From 1234 Mon Sep 17 00:00:00 2001\nFrom: {sender}\n"
        "Date: Mon, 1 Jan 2024 00:00:00 +0000\n"
        f"Subject: [PATCH {number}/{total}] {SUBJECT} {number}\n\nIt needs mending.\n\n"
        f"Signed-off-by: {sender}\n---\n"
        f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
        f"@@ -1,{len(old)} +1,{len(old) + len(new)} @@\n{body}-- \n2.39\n\n"
    )
