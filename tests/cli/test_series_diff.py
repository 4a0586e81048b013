# SPDX-License-Identifier: GPL-2.0-only
import json
from dataclasses import replace
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.flow.prepare import series_id
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render import json_v1

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


MANIFEST = """schema = 1
name = "topic"
title = "A topic"
[base]
tree = "debian:6.1"
"""
VERSION = """[[version]]
version = {0}
date = "2024-03-0{0}"
subject = "[PATCH v{0} 1/1] a: Count"
author = "Ada"
message_id = "v{0}@x"
patches = 1
"""
COMMENT = """[[comment]]
id = "no-longs"
version = 1
patch = 1
file = "a.c"
by = "R. Reviewer"
asks = "Make it a long."
claim = { version = 2, patches = [1], says = "It is one." }
"""


@pytest.fixture
def known(posted: Path) -> Path:
    """The two versions as folders of one series, with a document that knows a comment and no proof."""
    for version in (1, 2):
        folder = posted / "topic" / f"v{version}"
        folder.mkdir(parents=True)
        (folder / "1.patch").write_text((posted / f"v{version}.mbox").read_text())
    text = MANIFEST + VERSION.format(1) + VERSION.format(2) + COMMENT
    (posted / "topic" / "series.toml").write_text(text)
    return posted / "topic"


def diff_known(folder: Path, *args: str) -> int:
    state = str(folder.parent / "state")
    return run(["series", "diff", str(folder / "v1"), str(folder / "v2"), "--state", state, *args])


def report(folder: Path, version: int, *messages: str, of: int = 0) -> str:
    """A report on a version (made of the mails of the version ``of``) that tells ``messages``."""
    series = load_series(str(folder / f"v{of or version}"))
    findings = tuple(Finding(rule="docs/x", severity=Severity.ERROR, message=text) for text in messages)
    check = CheckResult(check="docs", status=Status.FAIL, findings=findings)
    about = replace(series_id(series), version=version)
    path = folder.parent / "state" / "runs" / f"{version}-topic" / "report.json"
    path.parent.mkdir(parents=True)
    path.write_text(json_v1.render(Report(tool="kvet", series=about, checks=(check,))))
    return str(path)


def test_a_claim_alone_leaves_a_known_comment_open(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff_known(known) == 1
    shown = capsys.readouterr().out
    assert "1 known comment on v1: 1 not proven" in shown
    assert "only claimed: nothing shows it" in shown
    assert "since v1" not in shown


def test_reports_below_state_prove_a_comment(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (known / "series.toml").open("a") as stream:
        stream.write('proof = [{ kind = "finding", rule = "docs/x", words = "an int" }]\n')
    report(known, 1, "an int", "other")
    assert diff_known(known) == 1
    assert "there is no report on v2" in capsys.readouterr().out
    report(known, 2, "other", "fresh")
    assert diff_known(known) == 0
    shown = capsys.readouterr().out
    assert "1 known comment on v1: 1 answered" in shown
    assert "since v1: 1 answered, 1 still there, 1 new" in shown
    assert diff_known(known, "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["known_comments"][0]["state"] == "answered"
    assert [one["message"] for one in document["findings"]["new"]] == ["fresh"]


def test_a_report_on_other_mails_is_no_evidence(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = report(known, 1, "an int"), report(known, 2, of=1)
    assert diff_known(known) == 1
    assert "since v1" not in capsys.readouterr().out
    assert diff_known(known, "--reports", old, new) == 2
    assert "was not made of the mails of topic v2" in capsys.readouterr().err


def test_reports_that_are_named(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = report(known, 1, "an int"), report(known, 2)
    named = ["--state", str(known / "none"), "--reports", str(Path(old).parent), new]
    assert diff_known(known, *named) == 1
    assert "since v1: 1 answered, 0 still there, 0 new" in capsys.readouterr().out
    assert diff_known(known, "--reports", old, str(known / "none.json")) == 2


def test_a_wrong_document_is_told_with_its_line(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (known / "series.toml").read_text()
    (known / "series.toml").write_text(text.replace("version = 1\npatch", "version = 9\npatch"))
    assert diff_known(known) == 2
    line = text[: text.index('id = "no-longs"')].count("\n") + 2
    assert f"series.toml:{line}: there is no version 9" in capsys.readouterr().err
