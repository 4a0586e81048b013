# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.checks.compare import match
from kpatch_tools.checks.delta import overall_files, text_delta
from kpatch_tools.model.comparison import Change, FileState, PatchPair
from kpatch_tools.model.series import Patch, Person, Series
from kpatch_tools.parse.diff import read_diff


def diff(path: str, *lines: str, at: int = 1) -> str:
    old = sum(line[0] != "+" for line in lines)
    new = sum(line[0] != "-" for line in lines)
    head = [
        f"diff --git a/{path} b/{path}",
        f"--- a/{path}",
        f"+++ b/{path}",
        f"@@ -{at},{old} +{at},{new} @@",
    ]
    return "\n".join([*head, *lines, ""])


def patch(subject: str, *diffs: str, body: str = "", author: str = "A", number: int = 0) -> Patch:
    text = "".join(diffs)
    return Patch(
        number=number,
        subject=subject,
        author=Person(name=author, email="a@example.org"),
        date="",
        message_id="",
        body=body,
        diff=text,
        files=tuple(item.change for item in read_diff(text)),
        raw=b"",
        source="x",
    )


def series(*patches: Patch, version: int = 1, cover: Patch | None = None) -> Series:
    numbered = [
        patch(item.subject, item.diff, body=item.body, author=item.author.name, number=at)
        for at, item in enumerate(patches, 1)
    ]
    return Series(name="s", version=version, total=len(patches), cover=cover, patches=tuple(numbered))


def told(pairs: tuple[PatchPair, ...]) -> list[tuple[int, int, str]]:
    return [
        (
            pair.old.number if pair.old else 0,
            pair.new.number if pair.new else 0,
            " ".join(change.value for change in pair.changes),
        )
        for pair in pairs
    ]


A = patch("a", diff("a.c", " x", "+one", "+two", "+three"))
B = patch("b", diff("b.c", " x", "+vier"))
C = patch("c", diff("c.c", " x", "-cinq"))


def test_same_series_at_another_place_is_unchanged() -> None:
    moved = patch("a", diff("a.c", " x", "+one", "+two", "+three", at=90))
    assert told(match(series(A, B), series(moved, B))) == [(1, 1, "unchanged"), (2, 2, "unchanged")]
    assert overall_files(series(A, B), series(moved, B)) == ()


def test_added_dropped_and_a_number_that_only_shifts() -> None:
    assert told(match(series(A, B), series(C, A))) == [
        (0, 1, "added"),
        (1, 2, "unchanged"),
        (2, 0, "dropped"),
    ]
    assert told(match(series(A, B, C), series(C))) == [
        (1, 0, "dropped"),
        (2, 0, "dropped"),
        (3, 1, "unchanged"),
    ]


def test_moved_is_the_one_that_changed_its_place() -> None:
    assert told(match(series(A, B, C), series(B, C, A))) == [
        (2, 1, "unchanged"),
        (3, 2, "unchanged"),
        (1, 3, "moved"),
    ]


def test_renamed_pairs_by_its_diff_or_by_likeness() -> None:
    (pair,) = match(series(A), series(patch("new name", A.diff)))
    assert (pair.by, pair.changes) == ("diff", (Change.RENAMED,))
    alike = patch("new name", diff("a.c", " x", "+one", "+two", "+drei"))
    (pair,) = match(series(A), series(alike))
    assert (pair.by, pair.changes) == ("similarity", (Change.RENAMED, Change.FILES))
    assert told(match(series(A), series(patch("other", diff("a.c", " x", "+zzz"))))) == [
        (1, 0, "dropped"),
        (0, 1, "added"),
    ]


def test_what_git_paired_counts_where_subjects_and_diffs_differ() -> None:
    other = patch("other", diff("a.c", " x", "+zzz"))
    (pair,) = match(series(A), series(other), [(0, 0)])
    assert pair.by == "range-diff"


def test_two_patches_of_one_subject_pair_by_their_diffs() -> None:
    first, second = patch("same", B.diff), patch("same", C.diff)
    assert told(match(series(first, second), series(second, first)))[0][:2] == (2, 1)


def test_only_the_message_only_the_trailers_only_the_author() -> None:
    old = patch("a", A.diff, body="Text.\n\nCc: c@example.org\nSigned-off-by: A <a@b>\n")
    words = patch("a", A.diff, body="Other text.\n\nCc: c@example.org\nSigned-off-by: A <a@b>\n")
    assert told(match(series(old), series(words))) == [(1, 1, "message")]
    given = patch("a", A.diff, body="Text.\n\nReviewed-by: R <r@b>\nSigned-off-by: A <a@b>\n")
    (pair,) = match(series(old), series(given))
    assert pair.changes == (Change.TRAILERS,)
    assert (pair.gained, pair.lost) == (("Reviewed-by: R <r@b>",), ("Cc: c@example.org",))
    assert told(match(series(A), series(patch("a", A.diff, author="B")))) == [(1, 1, "author")]


def test_changed_files_and_another_context() -> None:
    new = patch("a", diff("a.c", " y", "+one", "+two", "+three"), diff("n.c", " x", "+new"))
    (pair,) = match(series(A), series(new))
    assert [(item.path, item.state) for item in pair.files] == [
        ("a.c", FileState.CONTEXT),
        ("n.c", FileState.ADDED),
    ]
    (only,) = overall_files(series(A), series(new))
    assert (only.path, only.state, only.old, only.new) == ("n.c", FileState.ADDED, (0, 0), (1, 0))
    (gone,) = overall_files(series(A, C), series(A))
    assert (gone.state, gone.old) == (FileState.REMOVED, (0, 1))


def test_a_line_that_went_to_another_patch_changes_no_file() -> None:
    half = [patch("a", diff("a.c", " x", "+one", "+two")), patch("a2", diff("a.c", " x", "+three"))]
    assert overall_files(series(A), series(*half)) == ()


def test_covers_make_the_first_pair() -> None:
    old, new = patch("cover", body="x"), patch("cover", body="y")
    assert match(series(A, cover=old), series(A, cover=new))[0].changes == (Change.MESSAGE,)
    assert match(series(A), series(A, cover=new))[0].changes == (Change.ADDED,)


def test_text_delta_shows_what_differs() -> None:
    shown = text_delta(A, patch("a", diff("a.c", " x", "+one", "+2", "+three", at=700)))
    assert "-+two" in shown
    assert "++2" in shown
    assert "@@ -700" not in shown
