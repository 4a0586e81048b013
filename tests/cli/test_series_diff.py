# SPDX-License-Identifier: GPL-2.0-only
import json
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run

HEAD = "From: Ada <ada@example.org>\nDate: Mon, 1 Jan 2024 10:00:00 +0000\nMessage-ID: <{id}>\n"
DIFF = "diff --git a/a.c b/a.c\nnew file mode 100644\n--- /dev/null\n+++ b/a.c\n"
DIFF += "@@ -0,0 +1,2 @@\n+int one;\n+{line}\n"


@pytest.fixture
def posted(tmp_path: Path) -> Path:
    for version, line in ((1, "int two;"), (2, "long two;")):
        text = HEAD.format(id=f"v{version}@x") + f"Subject: [PATCH v{version} 1/1] a: Count\n\nText.\n---\n\n"
        (tmp_path / f"v{version}.mbox").write_text(text + DIFF.format(line=line))
    return tmp_path


def review(folder: Path, below: str) -> Path:
    quoted = [f"> {line}" for line in DIFF.format(line="int two;").rstrip("\n").split("\n")]
    at = next(at for at, line in enumerate(quoted) if below in line) + 1
    body = "\n".join([*quoted[:at], "", "Why \x1b[31mred?", "", *quoted[at:], ""])
    path = folder / "review.eml"
    path.write_text(f"From: R <r@x>\nSubject: Re: [PATCH v1 1/1] a: Count\nIn-Reply-To: <v1@x>\n\n{body}")
    return path


def diff(folder: Path, *args: str) -> int:
    return run(["series", "diff", str(folder / "v1.mbox"), str(folder / "v2.mbox"), *args])


def test_text_and_summary(posted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(posted) == 0
    shown = capsys.readouterr().out
    assert "1 -> 1  changed" in shown
    assert "++long two;" in shown
    assert diff(posted, "--summary") == 0
    assert "++long two;" not in capsys.readouterr().out


def test_an_open_comment_exits_with_1(posted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(posted, "--comments", str(review(posted, "int two"))) == 0
    shown = capsys.readouterr().out
    assert "a.c:2: changed (now line 2)" in shown
    assert "Why \\x1b[31mred?" in shown
    assert diff(posted, "--comments", str(review(posted, "int one"))) == 1
    assert "a.c:1: untouched" in capsys.readouterr().out


def test_json_is_alone_on_stdout(posted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(posted, "--format", "json", "--comments", str(review(posted, "int one"))) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["comments"][0]["state"] == "untouched"


def test_wrong_input_gives_one_error(posted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(posted, "--comments", str(posted / "none")) == 2
    assert diff(posted, "--tree", str(posted)) == 2
    assert run(["series", "diff", str(posted / "v1.mbox"), str(posted / "none")]) == 2
    assert capsys.readouterr().out == ""
