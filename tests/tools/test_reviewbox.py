# SPDX-License-Identifier: GPL-2.0-only
import gzip
import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.tools import mailbox
from kpatch_tools.tools.reviewbox import read_reviews

MAIL = b"From: a@b\nSubject: Re: [PATCH] x\n\nHm.\n"
MBOX = b"From a@b Mon Jan  1 00:00:00 2024\n" + MAIL + b"\nFrom a@b Mon Jan  1 00:00:00 2024\n" + MAIL
PAGE = b"Re: [PATCH] x\n\nFrom: A\nDate: today\n\nHm.\n"


def test_every_kind_of_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.eml").write_bytes(MAIL)
    (tmp_path / "two.mbox").write_bytes(MBOX)
    (tmp_path / "three.txt").write_bytes(PAGE)
    (tmp_path / "four.mbox").write_bytes(gzip.compress(MBOX))
    (tmp_path / "notes").write_bytes(b"no mail")
    counts = {
        name: len(read_reviews(str(tmp_path / name)))
        for name in ("one.eml", "two.mbox", "three.txt", "four.mbox")
    }
    assert counts == {"one.eml": 1, "two.mbox": 2, "three.txt": 1, "four.mbox": 2}
    assert len(read_reviews(str(tmp_path))) == 6
    for folder in ("cur", "new", "tmp"):
        (tmp_path / "maildir" / folder).mkdir(parents=True)
    (tmp_path / "maildir" / "new" / "1.host:2,S").write_bytes(MAIL)
    assert len(read_reviews(str(tmp_path / "maildir"))) == 1
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(MBOX)))
    assert len(read_reviews("-")) == 2


def test_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty.txt").write_bytes(b"\n")
    (tmp_path / "folder").mkdir()
    for name, words in (
        ("none", "No such file"),
        ("empty.txt", "empty: there is no mail"),
        ("folder", "a folder without mails"),
        ("a\0b", "cannot read the review mails"),
    ):
        with pytest.raises(UserError, match=words):
            read_reviews(f"{tmp_path}/{name}")
    monkeypatch.setattr(mailbox, "MAX_BYTES", 10)
    (tmp_path / "long.txt").write_bytes(PAGE)
    with pytest.raises(UserError, match="more than 0 MiB"):
        read_reviews(str(tmp_path / "long.txt"))
