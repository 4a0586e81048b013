# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.parse.seen_bug import SeenBug, seen_bug


@pytest.mark.parametrize(
    ("reason", "seen"),
    [
        (
            "B2, fixed by 20a6cff3b283: the call looped",
            SeenBug(id="B2", fixed_by="20a6cff3b283", symptom="the call looped"),
        ),
        ("D1_1G: size wraps", SeenBug(id="D1_1G", fixed_by="", symptom="size wraps")),
        ("B7", SeenBug(id="B7", fixed_by="", symptom="")),
    ],
)
def test_what_a_generated_test_says(reason, seen):
    assert seen_bug(reason) == seen


@pytest.mark.parametrize("reason", ["", "1B: x", "B2, fixed by nobody: x", "B2 looped", "B2,: x"])
def test_what_names_no_bug(reason):
    assert seen_bug(reason) is None
