# SPDX-License-Identifier: GPL-2.0-only
"""`kvet render mail` as it is typed."""

from pathlib import Path

import pytest

from kpatch_tools.cli import app
from kpatch_tools.flow.prepare import series_id
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render import json_v1

V2 = "kvm-map-memory/v2"


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Ann User\n\temail = ann@example.org\n")
    monkeypatch.setenv("HOME", str(home))
    place = Location(path="Documentation/virt/kvm/api.rst", line=5929, patch=1)
    one = Finding(rule="docs/x", severity=Severity.ERROR, message="it is wrong", location=place)
    checks = (CheckResult(check="patches", status=Status.FAIL, findings=(one,)),)
    report = Report(tool="kvet 1", series=series_id(load_series(V2)), checks=checks)
    path = tmp_path / "report.json"
    path.write_text(json_v1.render(report))
    return path


def test_to_a_file(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = saved.parent / "reply.mbox"
    assert app.run(["render", "mail", "--from", str(saved), "--series", V2, "-o", str(box)]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"kvet: reply: {box}, 1 mail; yours to read and to send: mutt -f {box}" in shown.err
    assert box.read_text().count("From: Ann User <ann@example.org>") == 1


def test_to_standard_output_and_only_mails_there(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["render", "mail", "--from", str(saved), "--series", V2]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("From mboxrd@z ")
    assert "> +:Architectures: none\n\nIt is wrong.\n" in shown.out
    assert "mutt" not in shown.err
    assert "the tree cannot be asked: the report names no tree" in shown.err


def test_the_series_must_be_named_when_its_mailbox_is_gone(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["render", "mail", "--from", str(saved)]) == 2
    shown = capsys.readouterr()
    assert f"there is no series.mbox in {saved.parent}" in shown.err
    assert "--series SPEC" in shown.err
    assert shown.out == ""


def test_series_is_for_mail_alone(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["render", "text", "--from", str(saved), "--series", V2]) == 2
    assert "--series is for mail" in capsys.readouterr().err


def test_without_an_identity(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (saved.parent / "home" / ".gitconfig").unlink()
    assert app.run(["render", "mail", "--from", str(saved), "--series", V2]) == 3
    shown = capsys.readouterr()
    assert "git has no user.name and user.email" in shown.err
    assert shown.err.count("git config --global user.name") == 1


def test_without_findings(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checks = (CheckResult(check="docs", status=Status.PASS),)
    saved.write_text(json_v1.render(Report(tool="kvet 1", series=series_id(load_series(V2)), checks=checks)))
    box = saved.parent / "reply.mbox"
    assert app.run(["render", "mail", "--from", str(saved), "--series", V2, "-o", str(box)]) == 0
    assert "there is nothing to tell the author, no mail was written" in capsys.readouterr().err
    assert not box.exists()


def test_the_help_says_that_nothing_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("render", "review"):
        assert app.run([command, "--help"]) == 0
        assert "kvet sends no mail" in " ".join(capsys.readouterr().out.split())


def test_no_code_could_send_one() -> None:
    """Neither a mail library that sends nor a program that does is named anywhere in the package."""
    top = Path(app.__file__).parent.parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in top.rglob("*.py"))
    assert not any(word in text for word in ("smtplib", "sendmail", 'send-email"', "msmtp"))
