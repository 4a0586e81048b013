# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.parse.difflines import DiffLine, hunk_span, read_lines

DIFF = """diff --git a/a.c b/a.c
index 1111111111..2222222222 100644
--- a/a.c
+++ b/a.c
@@ -4,3 +4,3 @@ int f(void)
 one
-two
+deux
 three
\\ No newline at end of file
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
"""


def test_lines_carry_marks_and_numbers() -> None:
    first, second = read_lines(DIFF, "x")
    assert (first.path, first.header, first.added, first.removed) == ("a.c", (), 1, 1)
    assert first.lines == (
        DiffLine(" ", "one", 4),
        DiffLine("-", "two", 5),
        DiffLine("+", "deux", 5),
        DiffLine(" ", "three", 6),
    )
    assert first.edits == ("-two", "+deux")
    assert (second.header, second.lines) == (("old mode 100644", "new mode 100755"), ())


def test_position_and_blob_ids_do_not_count() -> None:
    elsewhere = DIFF.replace("@@ -4,3 +4,3 @@ int f(void)", "@@ -90,3 +91,3 @@").replace(
        "1111111111", "3333333333"
    )
    assert [item.content for item in read_lines(DIFF, "x")] == [
        item.content for item in read_lines(elsewhere, "x")
    ]
    other = read_lines(DIFF.replace(" three", " drei"), "x")[0]
    assert other.edits == read_lines(DIFF, "x")[0].edits
    assert other.content != read_lines(DIFF, "x")[0].content


def test_a_line_of_numbers() -> None:
    assert hunk_span("@@ -4 +4,3 @@ int f(void)") == (4, 1, 4, 3)
    assert hunk_span("@@ nothing @@") is None
