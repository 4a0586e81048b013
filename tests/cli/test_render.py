# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.cli import app
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render import json_v1


def test_render_from_a_saved_report(tmp_path, capsys):
    report = Report(tool="kvet", checks=(CheckResult(check="docs", status=Status.PASS),))
    saved = tmp_path / "report.json"
    saved.write_text(json_v1.render(report))
    assert app.run(["render", "text", "--from", str(saved)]) == 0
    assert "verdict: PASS" in capsys.readouterr().out
    page = tmp_path / "out" / "report.html"
    assert app.run(["render", "html", "--from", str(saved), "-o", str(page)]) == 0
    assert page.read_text().startswith("<!DOCTYPE html>")


def test_bad_reports_are_2(tmp_path, capsys):
    assert app.run(["render", "text", "--from", str(tmp_path / "none")]) == 2
    (tmp_path / "bad").write_text("{")
    assert app.run(["render", "text", "--from", str(tmp_path / "bad")]) == 2
    assert "no kvet report" in capsys.readouterr().err
