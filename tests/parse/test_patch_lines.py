# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.parse.patch_lines import added_lines, diff_lines

DIFF = """---
 a.c | 4 ++--

diff --git a/a.c b/a.c
index 1111111..2222222 100644
--- a/a.c
+++ b/a.c
@@ -3,3 +3,3 @@ int f(void)
 three
-four
+FOUR
 five
@@ -10,0 +11,2 @@
+eleven
+twelve
\\ No newline at end of file
diff --git a/n.c b/n.c
new file mode 100644
index 0000000..3333333
--- /dev/null
+++ b/n.c
@@ -0,0 +1 @@
+one
--\x20
2.39
"""


def test_each_line_has_its_place() -> None:
    assert [(one.path, one.line, one.text) for one in added_lines(DIFF)] == [
        ("a.c", 4, "FOUR"),
        ("a.c", 11, "eleven"),
        ("a.c", 12, "twelve"),
        ("n.c", 1, "one"),
    ]
    text = DIFF.split("\n")
    for one in diff_lines(DIFF):
        mark = "" if one.mark in ("", "@") else one.mark
        assert text[one.index] == f"{mark}{one.text}"
    assert "f(void)" in added_lines(DIFF)[0].hunk


def test_marks() -> None:
    marks = [one.mark for one in diff_lines(DIFF)]
    assert marks.count("@") == 3
    assert marks.count("-") == 1
    assert marks.count("") == 9


def test_empty() -> None:
    assert diff_lines("") == ()
