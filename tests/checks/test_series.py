# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.checks.series import completeness
from kpatch_tools.model.series import ApplyState, FileChange, Patch, Person, Series

CHANGE = FileChange(path="x", old_path="x", status="M")


def patch(number: int, total: int, *, version: int = 1, files: tuple[FileChange, ...] = (CHANGE,)) -> Patch:
    return Patch(
        number=number,
        subject=f"patch {number}",
        author=Person(name="A", email="a@b"),
        date="",
        message_id=f"{version}-{number}-{total}@x",
        body="",
        diff="",
        files=files,
        raw=b"",
        source="x.mbox",
        version=version,
        total=total,
    )


def series(*patches: Patch, cover: Patch | None = None) -> Series:
    every = [*patches, *([cover] if cover else [])]
    return Series(
        name="s",
        version=1,
        total=max((item.total for item in every), default=0),
        cover=cover,
        patches=patches,
    )


@pytest.mark.parametrize(
    "whole",
    [
        series(patch(1, 1)),
        series(patch(1, 2), patch(2, 2)),
        series(patch(1, 2), patch(2, 2), cover=patch(0, 2, files=())),
        # An afterthought, "[PATCH 3/2]", is a known habit.
        series(patch(1, 2), patch(2, 2), patch(3, 2)),
    ],
)
def test_whole_series(whole: Series) -> None:
    assert completeness(whole) is None


@pytest.mark.parametrize(
    ("broken", "state", "words"),
    [
        (series(), ApplyState.INCOMPLETE, "no patch at all"),
        (series(cover=patch(0, 2)), ApplyState.COVER_ONLY, "a cover letter and no patch of the 2 that it"),
        (series(patch(2, 2)), ApplyState.INCOMPLETE, "1 of 2 patches missing: 1/2"),
        (
            series(patch(1, 2), patch(2, 2), cover=patch(0, 3)),
            ApplyState.BAD_COUNT,
            "the cover announces 3 patches (0/3), the patches say 1/2, 2/2",
        ),
        (series(patch(1, 2), patch(3, 3)), ApplyState.BAD_COUNT, "disagree on how many they are: 1/2, 3/3"),
        (series(patch(1, 2), patch(9, 2)), ApplyState.BAD_COUNT, "9/2 is past the announced count"),
        (series(patch(1, 2), patch(1, 2), patch(2, 2)), ApplyState.DUPLICATE, "1/2 is there 2 times"),
        (
            series(patch(1, 1), patch(1, 2, version=2), patch(2, 2, version=2)),
            ApplyState.DUPLICATE,
            "several versions are mixed (v1: 1/1; v2: 1/2, 2/2)",
        ),
        (series(patch(1, 2), patch(2, 2, files=())), ApplyState.INCOMPLETE, "patch 2/2 holds no diff"),
        (series(patch(1, 999_999)), ApplyState.INCOMPLETE, "999998 of 999999 patches missing: 2/999999"),
    ],
)
def test_broken_series(broken: Series, state: ApplyState, words: str) -> None:
    fault = completeness(broken)
    assert fault is not None
    assert fault[0] is state
    assert words in fault[1]
