# SPDX-License-Identifier: GPL-2.0-only
import contextlib
import difflib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpatch_tools.errors import UserError
from kpatch_tools.model.series import FileChange
from kpatch_tools.parse.diff import content, read_diff, unsafe_path
from kpatch_tools.tools.mailbox import numstat

MIXED = """---
 stat | 2 +-

diff --git a/mm/a.c b/mm/a.c
index 1111111111111111111111111111111111111111..2222222222222222222222222222222222222222 100644
--- a/mm/a.c
+++ b/mm/a.c
@@ -1,3 +1,3 @@ int a(void)
 one
-two
+2
 three
@@ -10,2 +10,3 @@
 x
+diff --git a/not b/a-header
 y
diff --git a/old name.c b/new name.c
similarity index 100%
rename from old name.c
rename to new name.c
diff --git "a/n\\303\\244w.c" "b/n\\303\\244w.c"
new file mode 100755
index 0000000..3333333
--- /dev/null
+++ "b/n\\303\\244w.c"
@@ -0,0 +1 @@
+x
\\ No newline at end of file
diff --git a/gone b/gone
deleted file mode 100644
index 3333333..0000000
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
diff --git a/logo b/logo
index daa8f618e0690a8d31f6b1f9d29a5dee879911c1..10f50c4d4bd377007eaba60150cf5a6569eac0d1 100644
GIT binary patch
literal 2
JcmZQb0ssJH0Am0E

literal 2
JcmZQb1ONbI0Ac_D

SIGNATURE
2.39.5
""".replace("SIGNATURE", "-- ")


def test_all_kinds_of_change() -> None:
    files = read_diff(MIXED)
    assert [item.change for item in files] == [
        FileChange(
            path="mm/a.c",
            old_path="mm/a.c",
            status="M",
            old_blob="1" * 40,
            new_blob="2" * 40,
            added=2,
            removed=1,
        ),
        FileChange(path="new name.c", old_path="old name.c", status="R"),
        FileChange(path="n\u00e4w.c", old_path="n\u00e4w.c", status="A", new_blob="3" * 7, added=1),
        FileChange(path="gone", old_path="gone", status="D", old_blob="3" * 7, removed=1),
        FileChange(path="run.sh", old_path="run.sh", status="M"),
        FileChange(
            path="logo",
            old_path="logo",
            status="M",
            old_blob="daa8f618e0690a8d31f6b1f9d29a5dee879911c1",
            new_blob="10f50c4d4bd377007eaba60150cf5a6569eac0d1",
            binary=True,
        ),
    ]
    assert files[1].change.paths == ("old name.c", "new name.c")
    first = files[0].hunks
    assert [(hunk.old_start, hunk.line) for hunk in first] == [(1, 8), (10, 13)]
    assert first[0].header == "@@ -1,3 +1,3 @@ int a(void)"
    assert MIXED.split("\n")[first[1].line - 1].startswith("@@ -10,2")


def test_plain_unified_diff() -> None:
    text = "Index: x\n--- a/lib/x.c\t2024-01-01\n+++ b/lib/x.c\t2024-01-02\n@@ -1 +1 @@\n-a\n+b\n"
    (only,) = read_diff(text)
    assert (only.change.path, only.change.status, only.change.added) == ("lib/x.c", "M", 1)


def test_a_text_without_a_diff_has_no_files() -> None:
    assert read_diff("--- a/x\n+++ mentioned in passing\n") == ()


def test_content_is_the_same_whatever_surrounds_it() -> None:
    lines = MIXED.split("\n")
    other = "\n".join(["other stat", *lines[3:-3], "-- ", "9.9.9", ""])
    assert content(MIXED, read_diff(MIXED)) == content(other, read_diff(other))
    changed = MIXED.replace("+2\n", "+3\n")
    assert content(MIXED, read_diff(MIXED)) != content(changed, read_diff(changed))


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/.",
        ".git/config",
        "sub/.GIT/hooks/x",
        "a\nb",
        "git~1/x",
    ],
)
def test_paths_that_leave_the_tree(path: str) -> None:
    assert unsafe_path(path)


@pytest.mark.parametrize("path", ["Makefile", ".gitignore", "a/.github/x", "a..b/c", "\u00e4/b c"])
def test_paths_that_stay(path: str) -> None:
    assert unsafe_path(path) == ""


@pytest.mark.parametrize(
    "header",
    [
        "diff --git a/../x b/../x\nnew file mode 100644\n--- /dev/null\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n",
        "--- /dev/null\n+++ b/.git/hooks/post-checkout\n@@ -0,0 +1 @@\n+x\n",
        "diff --git a/x b/x\nrename from x\nrename to /etc/x\n",
        'diff --git "a/\\056\\056/x" "b/\\056\\056/x"\nold mode 100644\nnew mode 100755\n',
        "--- /dev/null\n+++ /dev/null\n@@ -0,0 +1 @@\n+x\n",
        "--- x\n+++ x\n@@ -0,0 +1 @@\n+x\n",
        "diff --git x\n",
        '--- "a/x\n+++ "b/x\n@@ -0,0 +1 @@\n+x\n',
    ],
)
def test_diffs_that_are_refused(header: str) -> None:
    with pytest.raises(UserError, match=r"m\.patch"):
        read_diff(header, "m.patch")


FRAGMENTS = st.sampled_from(
    [
        "diff --git a/x b/x", "--- a/x", "+++ b/x", "--- /dev/null", "+++ /dev/null", "@@ -1 +1 @@",
        "@@ -1,2 +1,3 @@", "@@ -999999999,9 +1 @@", "+a", "-a", " a", "", "rename from x", "rename to \"y",
        "index 1111111..2222222 100644", "GIT binary patch", "-- ", "\\ No newline", "new file mode 100644",
        '"a/\\', "@@ -1 +1 @@ tail\r", "--- \"a/\\303", "copy from", "Binary files a and b differ",
    ]
)  # fmt: skip


@given(st.lists(st.one_of(FRAGMENTS, st.text(max_size=10)), max_size=25))
def test_hostile_diffs_end_in_files_or_a_user_error(lines: list[str]) -> None:
    with contextlib.suppress(UserError):
        text = "\n".join(lines)
        content(text, read_diff(text))


LINE = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"), max_size=12)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.from_regex(r"[a-c]{1,2}/[a-z][a-z ._]{0,6}[a-z]", fullmatch=True),
        st.tuples(st.lists(LINE, max_size=8), st.lists(LINE, max_size=8)),
        min_size=1,
        max_size=4,
    )
)
def test_counts_agree_with_git(files: dict[str, tuple[list[str], list[str]]]) -> None:
    text = ""
    for path, (old, new) in files.items():
        before, after = [f"{line}\n" for line in old], [f"{line}\n" for line in new]
        names = (f"a/{path}" if before else "/dev/null", f"b/{path}" if after else "/dev/null")
        # A name with a blank in it ends at the tab that git writes after it.
        text += "".join(
            difflib.unified_diff(before, after, names[0] + "\t", names[1] + "\t", lineterm="\n")
        ).replace("/dev/null\t", "/dev/null")
    ours = {item.change.path: (item.change.added, item.change.removed) for item in read_diff(text)}
    assert ours == numstat(text.encode(), "generated")


def test_counts_agree_with_git_on_all_kinds() -> None:
    ours = {
        item.change.path: None if item.change.binary else (item.change.added, item.change.removed)
        for item in read_diff(MIXED)
    }
    assert ours == numstat(MIXED.encode(), "mixed")


def test_our_own_series_reads_as_git_reads_it() -> None:
    folder = Path(__file__).parents[2] / "patches"
    patches = sorted(folder.glob("*/v*/*.patch"))
    assert patches
    for path in patches:
        text = path.read_text(encoding="utf-8")
        ours = {item.change.path: (item.change.added, item.change.removed) for item in read_diff(text)}
        assert ours == numstat(text.encode(), path.name)
