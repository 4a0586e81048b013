# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.tools.mailbox import numstat, numstats

CREATE = b"--- /dev/null\n+++ b/new\n@@ -0,0 +1,2 @@\n+a\n+b\n"
CHANGE = b"--- a/old\n+++ b/old\n@@ -1 +1 @@\n-a\n+b\n--- a/x y\t\n+++ b/x y\t\n@@ -1 +1,2 @@\n a\n+b\n"
BROKEN = b"--- a/old\n+++ b/old\n@@ -1,3 +1 @@\n-a\n"


def test_many_diffs_are_counted_as_one_by_one():
    diffs = [CREATE, CHANGE, b"", CHANGE + CREATE, CREATE]
    assert numstats(diffs) == [numstat(diff, "m") for diff in diffs]
    assert numstats(diffs)[1] == {"old": (1, 1), "x y": (1, 0)}


def test_one_that_git_refuses_spoils_the_run_and_no_diff_reaches_into_the_next():
    assert numstats([CREATE, BROKEN, CHANGE]) is None
    # Alone this is cut short; the lines of the next diff must not complete it.
    assert numstats([b"--- a/old\n+++ b/old\n@@ -1,2 +1,6 @@\n a\n b\n", CREATE]) is None


def test_a_diff_that_speaks_of_the_mark_moves_nothing():
    forged = b"--- /dev/null\n+++ b/kvet-0\n@@ -0,0 +1 @@\n+\n"
    assert numstats([forged, CREATE]) == [{"kvet-0": (1, 0)}, {"new": (2, 0)}]


def test_a_binary_patch_that_announces_a_huge_file_is_refused_at_once():
    ids = f"{'0' * 40}..{'1' * 40}"
    head = f"diff --git a/big b/big\nnew file mode 100644\nindex {ids}\nGIT binary patch\n"
    huge = f"{head}literal {3 << 30}\nHcmV?d00001\n\n"
    with pytest.raises(UserError, match=r"^m: a binary patch announces more than 1024 MiB$"):
        numstat(huge.encode(), "m")
    # Nor among others, where each is looked at by itself then.
    assert numstats([CREATE, huge.encode()]) is None
