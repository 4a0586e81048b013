# SPDX-License-Identifier: GPL-2.0-only
"""Patches and series for tests, made from their parts without any mail."""

from collections.abc import Mapping

from kpatch_tools.checks.patch_rule import PatchContext, SeriesContext
from kpatch_tools.checks.patches import check_patch, check_whole
from kpatch_tools.flow.patches import profiles
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.series import Patch, Person, Series
from kpatch_tools.parse.diff import read_diff
from kpatch_tools.parse.message import read_message
from kpatch_tools.parse.patch_lines import diff_lines

AUTHOR = Person(name="Tess Ter", email="tess@example.org")
SIGNED = "Signed-off-by: Tess Ter <tess@example.org>"


def diff(path: str, *added: str, new: bool = False, hunk: str = "") -> str:
    """A diff that adds lines to a file, or a file of these lines."""
    head = f"diff --git a/{path} b/{path}\n"
    if new:
        head += f"new file mode 100644\nindex 0000000..1111111\n--- /dev/null\n+++ b/{path}\n"
        head += f"@@ -0,0 +1,{len(added)} @@\n"
    else:
        head += f"index 2222222..1111111 100644\n--- a/{path}\n+++ b/{path}\n"
        head += f"@@ -9,1 +9,{len(added) + 1} @@{hunk and f' {hunk}'}\n before\n"
    return head + "".join(f"+{line}\n" for line in added)


def patch(
    subject: str = "KVM: x86: Do it",
    body: str = f"Because.\n\n{SIGNED}\n",
    changes: str = "",
    *,
    number: int = 1,
    total: int = 1,
    sender: str = "Tess Ter <tess@example.org>",
    tags: str = "PATCH",
    below: str = "---\n",
) -> Patch:
    text = below + (changes or diff("virt/kvm/x.c", "int x;"))
    count = f" {number}/{total}" if total > 1 else ""
    return Patch(
        number=number,
        subject=subject,
        author=AUTHOR,
        date="",
        message_id=f"{number}@example.org",
        body=body,
        diff=text,
        files=tuple(one.change for one in read_diff(text)),
        raw=f"From: {sender}\nSubject: [{tags}{count}] {subject}\n\n{body}{text}".encode(),
        source="test",
        total=total,
    )


def found(one: Patch, *, rules: bool = True, commits: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    """What the rules about one patch say, with KVM's profile or without."""
    return check_patch(
        PatchContext(
            patch=one,
            message=read_message(one),
            lines=diff_lines(one.diff),
            profile=profiles()[0] if rules else None,
            commits=commits or {},
        )
    )


def found_whole(
    *patches: Patch, files: Mapping[str, str] | None = None, base: str = "abc"
) -> tuple[Finding, ...]:
    """What the rules about a whole series say; ``files`` is what it leaves behind."""
    series = Series(name="s", version=1, total=len(patches), cover=None, patches=patches, base_commit=base)
    lines = {one.number: diff_lines(one.diff) for one in patches}
    return check_whole(
        SeriesContext(series=series, lines=lines, profile=profiles()[0], files=dict(files or {}))
    )


def names(findings: tuple[Finding, ...]) -> set[str]:
    return {one.rule for one in findings}
