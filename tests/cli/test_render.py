# SPDX-License-Identifier: GPL-2.0-only
import io
import json
import sys

import pytest

from kpatch_tools.cli import app
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import FORMATS, json_v1, sarif

FINDING = Finding(
    rule="docs/table",
    severity=Severity.ERROR,
    message="wrong",
    location=Location(path="a.rst", line=7, column=3),
)
REPORT = Report(
    tool="kvet 1.0.0", checks=(CheckResult(check="docs", status=Status.FAIL, findings=(FINDING,)),)
)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "report.json"
    path.write_text(json_v1.render(REPORT))
    return path


@pytest.mark.parametrize(
    ("fmt", "shown"),
    [
        ("text", "a.rst:7:3: error: wrong [docs/table]"),
        ("json", '"rule": "docs/table"'),
        ("html", "<!DOCTYPE html>"),
        ("sarif", '"ruleId": "docs/table"'),
        ("github", "::error file=a.rst,line=7,col=3,title=docs/table::wrong"),
        ("junit", "<failure message="),
        ("kcidb", '"path": "kvet.docs"'),
        ("markdown", "### What is wrong: 1 error"),
    ],
)
def test_every_format_from_a_saved_report(saved, capsys, fmt, shown):
    assert app.run(["render", fmt, "--from", str(saved)]) == 0
    captured = capsys.readouterr()
    assert shown in captured.out
    assert captured.err == ""


def test_the_formats_of_the_test_are_all_there_are():
    assert set(FORMATS) == {"text", "json", "html", "markdown", "sarif", "github", "junit", "kcidb"}


def test_the_origin_of_a_kcidb_document(saved, capsys, monkeypatch):
    def origin(*options: str) -> str:
        assert app.run(["render", "kcidb", "--from", str(saved), *options]) == 0
        return json.loads(capsys.readouterr().out)["checkouts"][0]["origin"]

    assert origin() == "kvet"
    monkeypatch.setenv("KVET_ORIGIN", "lab")
    assert origin() == "lab"
    assert origin("--origin", "farm_2") == "farm_2"
    assert app.run(["render", "kcidb", "--from", str(saved), "--origin", "My Lab"]) == 2
    assert "--origin mylab" in capsys.readouterr().err
    monkeypatch.setenv("KVET_ORIGIN", "My Lab")
    assert app.run(["docs", "check", "none.rst", "--format", "kcidb"]) == 2
    assert "KVET_ORIGIN=mylab" in capsys.readouterr().err, "told before there is work done"
    assert app.run(["render", "text", "--from", str(saved), "--origin", "lab"]) == 2
    assert "--origin is for kcidb, not for text" in capsys.readouterr().err


def test_to_a_file_and_from_standard_input(tmp_path, capsys, monkeypatch):
    page = tmp_path / "out" / "report.html"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json_v1.render(REPORT).encode())))
    assert app.run(["render", "html", "--from", "-", "-o", str(page)]) == 0
    assert page.read_text().startswith("<!DOCTYPE html>")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert str(page) in captured.err


def test_a_report_comes_back_with_the_patch_of_a_commit_message():
    one = Finding(rule="m/x", severity=Severity.NOTE, message="m", location=Location(path="", patch=3))
    report = Report(tool="kvet", checks=(CheckResult(check="patches", findings=(one,)),))
    assert parse_report(json_v1.render(report)).findings == (one,)


@pytest.mark.parametrize("content", [b"", b"{", b"\x7fELF\xff", b'{"version": "2.1.0", "runs": []}', b"[]"])
def test_what_is_no_report_is_2_and_writes_nothing(tmp_path, capsys, content):
    (tmp_path / "bad").write_bytes(content)
    out = tmp_path / "out.txt"
    assert app.run(["render", "text", "--from", str(tmp_path / "bad"), "-o", str(out)]) == 2
    captured = capsys.readouterr()
    assert str(tmp_path / "bad") in captured.err
    assert captured.out == ""
    assert not out.exists()


def test_places_that_cannot_be_read_or_written_are_2(tmp_path, saved, capsys):
    assert app.run(["render", "text", "--from", str(tmp_path / "none")]) == 2
    assert app.run(["render", "text", "--from", str(tmp_path)]) == 2
    assert app.run(["render", "text", "--from", str(saved), "-o", str(tmp_path)]) == 2
    assert f"-o {tmp_path / 'report.txt'}" in capsys.readouterr().err
    assert app.run(["render", "text", "--from", str(saved), "-o", str(saved / "x")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_what_is_left_out_for_github_is_said(tmp_path, capsys):
    many = (FINDING,) * (sarif.MOST_RESULTS + 2)
    report = Report(tool="kvet", checks=(CheckResult(check="docs", status=Status.FAIL, findings=many),))
    (tmp_path / "r.json").write_text(json_v1.render(report))
    assert app.run(["render", "sarif", "--from", str(tmp_path / "r.json")]) == 0
    captured = capsys.readouterr()
    assert "the lightest 2 of 5002 findings are left out" in captured.err
    assert len(json.loads(captured.out)["runs"][0]["results"]) == sarif.MOST_RESULTS


@pytest.mark.parametrize(
    ("fmt", "shown"),
    [
        ("sarif", '"ruleId": "docs/single-backtick"'),
        ("github", "::warning file=Documentation/x.rst,line=3,col=3,"),
    ],
)
def test_a_command_with_findings_gives_them_in_every_format(git_tree, capsys, fmt, shown):
    tree = git_tree({"Documentation/x.rst": b"An `old` one.\n"})
    (tree / "Documentation/x.rst").write_text("An `old` one.\n\nA `new` one.\n")
    assert app.run(["docs", "check", str(tree / "Documentation/x.rst"), "--format", fmt]) == 1
    out = capsys.readouterr().out
    assert shown in out
    assert out.count("docs/single-backtick::") + out.count('"ruleId"') == 1
