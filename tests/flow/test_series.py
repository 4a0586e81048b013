# SPDX-License-Identifier: GPL-2.0-only
import contextlib
import gzip
import io
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpatch_tools.checks.series import completeness
from kpatch_tools.errors import UserError
from kpatch_tools.flow.series import load_manifest, load_series
from kpatch_tools.model.series import ApplyState
from kpatch_tools.tools import mailbox
from kpatch_tools.tools.files import data_dir

DIFF = "diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-{old}\n+{new}\n"


def mail(
    subject: str, *, new: str = "b", path: str = "x", diff: bool = True, mid: str = "", body: str = "why"
) -> str:
    identity = f"Message-ID: <{mid or subject.replace(' ', '.').strip('[]') + '@x'}>\n"
    text = f"From 1234 Mon Sep 17 00:00:00 2001\nFrom: A B <a@b>\n{identity}"
    text += "Date: Mon, 1 Jan 2024 00:00:00 +0000\n"
    text += f"Subject: {subject}\n\n{body}\n---\n"
    return text + (DIFF.format(path=path, old="a", new=new) if diff else "") + "-- \n2.39\n\n"


def mbox(tmp_path: Path, *mails: str) -> str:
    path = tmp_path / "box.mbox"
    path.write_text("".join(mails))
    return str(path)


def state(spec: str) -> ApplyState | None:
    fault = completeness(load_series(spec))
    return fault[0] if fault else None


def test_an_mbox_in_any_order(tmp_path: Path) -> None:
    loaded = load_series(
        mbox(
            tmp_path,
            mail("[PATCH v2 2/2] two"),
            mail("[PATCH v2 0/2] cover", diff=False),
            mail("[PATCH v2 1/2] one", body="From: C D <c@d>\n\nwhy"),
            mail("Re: [PATCH v2 1/2] one"),
        )
    )
    assert (loaded.name, loaded.version, loaded.total) == ("box", 2, 2)
    assert [patch.subject for patch in loaded.patches] == ["one", "two"]
    assert str(loaded.patches[0].author) == "C D <c@d>"
    assert loaded.patches[0].body == "why\n"
    assert loaded.cover is not None
    assert loaded.message_id == "PATCH.v2.0/2].cover@x"
    assert loaded.notes == ("1 mails of the thread are no patches and were left out",)
    assert completeness(loaded) is None


def test_gzip_stdin_maildir_and_folder_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mails = [mail("[PATCH 0/2] cover", diff=False), mail("[PATCH 1/2] one"), mail("[PATCH 2/2] two")]
    plain = load_series(mbox(tmp_path, *mails))
    packed = tmp_path / "t.mbox.gz"
    packed.write_bytes(gzip.compress("".join(mails).encode()))
    folder, maildir = tmp_path / "folder", tmp_path / "maildir"
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    folder.mkdir()
    (folder / "series.toml").write_text("not read here")
    for number, text in enumerate(mails):
        (folder / f"{number:04}.patch").write_text(text)
        (maildir / "new" / f"{number}.host").write_text(text.partition("\n")[2])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("".join(mails).encode())))
    for spec in ("-", str(packed), str(folder), str(maildir)):
        loaded = load_series(spec)
        assert [patch.diff for patch in loaded.patches] == [patch.diff for patch in plain.patches]
        assert loaded.cover is not None
        assert completeness(loaded) is None


def test_the_same_mail_twice_is_dropped_without_a_word(tmp_path: Path) -> None:
    one = mail("[PATCH 1/2] one")
    loaded = load_series(mbox(tmp_path, one, one, mail("[PATCH 2/2] two")))
    assert len(loaded.patches) == 2
    assert loaded.notes == ()


def test_a_resend_replaces_the_first_and_is_noted(tmp_path: Path) -> None:
    loaded = load_series(
        mbox(
            tmp_path,
            mail("[PATCH 1/2] one"),
            mail("[PATCH 2/2] two"),
            mail("[PATCH RESEND 1/2] one", mid="again@x", body="why\n\nAcked-by: A B <a@b>"),
        )
    )
    assert [patch.number for patch in loaded.patches] == [1, 2]
    assert loaded.patches[0].message_id == "again@x"
    assert "Acked-by" in loaded.patches[0].body
    assert loaded.notes == ("patch 1/2 was sent more than once; the last mail is used",)
    assert completeness(loaded) is None


@pytest.mark.parametrize(
    ("mails", "expected"),
    [
        (
            [mail("[PATCH 1/2] a"), mail("[PATCH 1/2] a", new="c", mid="o@x"), mail("[PATCH 2/2] b")],
            "duplicate",
        ),
        # One Message-ID, two contents: somebody edited a mail.
        ([mail("[PATCH 1/1] a"), mail("[PATCH 1/1] a", new="c")], "duplicate"),
        ([mail("[PATCH 1/1] a"), mail("[PATCH v2 1/1] a", new="c")], "several-series"),
        ([mail("[PATCH 2/2] b")], "incomplete"),
        ([mail("[PATCH 0/2] c", diff=False)], "cover-only"),
        ([mail("[PATCH 1/2] a"), mail("[PATCH 2/2] b", diff=False)], "incomplete"),
        ([mail("hello", diff=False)], "incomplete"),
        ([mail("[PATCH 0/3] c", diff=False), mail("[PATCH 1/2] a"), mail("[PATCH 2/2] b")], "bad-count"),
        ([mail("[PATCH 1/2] a"), mail("[PATCH 3/3] b")], "bad-count"),
    ],
)
def test_odd_threads(tmp_path: Path, mails: list[str], expected: str) -> None:
    assert state(mbox(tmp_path, *mails)) == ApplyState(expected)


def test_a_lone_patch_needs_no_number(tmp_path: Path) -> None:
    loaded = load_series(mbox(tmp_path, mail("[PATCH] alone")))
    assert (loaded.patches[0].number, loaded.total) == (1, 1)
    assert completeness(loaded) is None


def test_files_without_numbers_count_in_a_folder_and_nowhere_else(tmp_path: Path) -> None:
    mails = [mail("[PATCH] b", new="1"), mail("[PATCH] a", new="2")]
    for number, text in enumerate(mails):
        (tmp_path / f"{number}.patch").write_text(text)
    loaded = load_series(str(tmp_path))
    assert [(patch.number, patch.subject) for patch in loaded.patches] == [(1, "b"), (2, "a")]
    with pytest.raises(UserError, match="nothing says their order"):
        load_series(mbox(tmp_path, *mails))
    with pytest.raises(UserError, match="has no number"):
        load_series(mbox(tmp_path, mails[0], mail("[PATCH 1/1] x")))


def test_recorded_base_and_a_diff_in_the_cover(tmp_path: Path) -> None:
    base = "a" * 40
    cover = mail("[PATCH 0/1] c", body=f"text\n\nbase-commit: {base}\nprerequisite-patch-id: {'b' * 40}")
    loaded = load_series(mbox(tmp_path, cover, mail("[PATCH 1/1] a")))
    assert (loaded.base_commit, loaded.prerequisites) == (base, ("b" * 40,))
    assert "the cover letter holds a diff, which is not applied" in loaded.notes
    first = mail("[PATCH 1/1] a") + f"base-commit: {base}\n"
    assert load_series(mbox(tmp_path, first)).base_commit == base


def test_bytes_that_are_no_utf_8_survive(tmp_path: Path) -> None:
    path = tmp_path / "latin.mbox"
    path.write_bytes(mail("[PATCH] l", new="NEW").encode().replace(b"NEW", b"\xe9\xff"))
    patch = load_series(str(path)).patches[0]
    assert b"+\xe9\xff\n" in patch.diff_bytes


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\x7fELF\0\0\0", "NUL byte"),
        (bytes(range(1, 256)), "no mailbox"),
        (b"diff --git a/x b/x\n", "no mailbox"),
        (b"From x Mon Sep 17 00:00:00 2001\n\njust text\n", "neither a Subject nor a From"),
        (b"\x1f\x8bnonsense", "damaged gzip"),
        (
            mail("[PATCH] w").encode().replace(b"@@ -1 +1 @@\n-a\n", b"@@ -1,9 +1,9 @@\n-a\n"),
            "git cannot read the diff",
        ),
        (mail("[PATCH] p", path="../../etc/passwd").encode(), "leaves the tree"),
        (mail("[PATCH] p", path="/etc/passwd").encode(), "an absolute path"),
        (mail("[PATCH] p", path=".git/hooks/post-checkout").encode(), "the repository's own data"),
        (b"Subject: [PATCH] z\nContent-Transfer-Encoding: base64\n\nAAAAAAAA\n", "NUL byte"),
    ],
)
def test_odd_files_are_told_plainly(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "odd.mbox"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        completeness(load_series(str(path)))
    assert words in caught.value.message
    assert "odd.mbox" in caught.value.message


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = mbox(tmp_path, mail("[PATCH 1/2] a"), mail("[PATCH 2/2] b"))
    monkeypatch.setattr("kpatch_tools.tools.mailbox.MAX_MAILS", 1)
    with pytest.raises(UserError, match="2 mails"):
        load_series(path)
    monkeypatch.setattr("kpatch_tools.tools.mailbox.MAX_BYTES", 10)
    with pytest.raises(UserError, match="no patch series"):
        load_series(path)
    bomb = tmp_path / "bomb.mbox.gz"
    bomb.write_bytes(gzip.compress(b"x" * 1_000_000))
    monkeypatch.setattr("kpatch_tools.tools.mailbox.MAX_BYTES", 100_000)
    with pytest.raises(UserError, match="no patch series"):
        load_series(str(bomb))


def test_words_that_name_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for spec, words in (
        ("v6.1..v6.2", "is not a git tree"),
        ("/no/user@example.org", "no such file"),
        ("box@example.mbox", "neither a file, a folder nor a series"),
        ("no-such-series", "neither a file, a folder nor a series"),
        ("../no/such/file", "no such file"),
        (str(tmp_path / "absent.mbox"), "no such file"),
        (str(tmp_path), "a folder without patch files"),
        ("", "no series is named"),
        ("x" * 5000, "too long"),
    ):
        with pytest.raises(UserError, match=words):
            load_series(spec)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "closed.mbox"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(UserError, match="Permission denied"):
        load_series(str(path))


def test_names_below_patches_take_the_newest_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in (2, 10):
        folder = tmp_path / "topic" / f"v{version}"
        folder.mkdir(parents=True)
        (folder / "0001.patch").write_text(mail(f"[PATCH v{version}] a"))
    (tmp_path / "topic" / "v11").mkdir()
    monkeypatch.setattr("kpatch_tools.flow.series.data_dir", lambda _name: tmp_path)
    for spec, version in (("topic", 10), ("topic/v2", 2), (str(tmp_path / "topic"), 10)):
        loaded = load_series(spec)
        assert (loaded.name, loaded.version) == ("topic", version)


def test_our_series_is_what_its_manifest_says() -> None:
    top = data_dir("patches")
    for folder in sorted(item.parent for item in top.glob("*/series.toml")):
        manifest = load_manifest(folder.name)
        assert manifest is not None
        assert manifest.name == folder.name
        seen: dict[str, str] = {}
        for ours in (version for version in manifest.versions if version.dir):
            loaded = load_series(f"{folder.name}/{ours.dir}")
            assert completeness(loaded) is None
            purposes = [patch for patch in manifest.patches if patch.version == ours.version]
            assert [patch.subject for patch in loaded.patches] == [patch.subject for patch in purposes]
            assert (loaded.version, loaded.message_id) == (ours.version, ours.our_message_id)
            before: dict[str, str] = {}
            for change in (change for patch in loaded.patches for change in patch.files):
                before.setdefault(change.path, change.old_blob or "0" * 40)
            assert before.items() <= manifest.base.blobs.items() or not manifest.base.blobs
            seen |= before
        # A tree that comes with the series needs no record.
        assert seen == manifest.base.blobs or not manifest.base.tree.startswith("debian:")
        # Every folder of patches is a version that the manifest knows.
        folders = {item.parent.name for item in folder.glob("*/*.patch")}
        assert folders == {version.dir for version in manifest.versions if version.dir}


def test_a_series_without_manifest(tmp_path: Path) -> None:
    assert load_manifest("-") is None
    assert load_manifest(mbox(tmp_path, mail("[PATCH] a"))) is None
    assert load_manifest(str(tmp_path)) is None
    with pytest.raises(UserError, match="too long"):
        load_manifest("x" * 5000)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [
                    b"From x Mon Sep 17 00:00:00 2001\n",
                    b"Subject: [PATCH 1/2] a\n",
                    b"Subject: =?x?q?\n",
                    b"\n",
                    b"From: a@b\n",
                    b"---\n",
                    b"diff --git a/x b/x\n",
                    b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
                    b"Content-Transfer-Encoding: base64\n",
                    b"Content-Type: multipart/mixed; boundary=b\n",
                    b"--b\n",
                ]
            ),
        ),
        max_size=14,
    )
)
def test_hostile_files_end_in_a_series_or_a_user_error(tmp_path: Path, parts: list[bytes]) -> None:
    path = tmp_path / "hostile.mbox"
    path.write_bytes(b"".join(parts))
    with contextlib.suppress(UserError):
        completeness(load_series(str(path)))


def test_a_full_disk_is_no_fault_of_the_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a.patch").touch()
    monkeypatch.setattr(mailbox, "read_folder", full)
    with pytest.raises(OSError, match="No space"):
        load_series(str(tmp_path))
