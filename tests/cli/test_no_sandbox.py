# SPDX-License-Identifier: GPL-2.0-only
"""--no-sandbox: loud before, told in each form of the report, and over with the command."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kpatch_tools.cli import build, contract, docs_build, matrix, options, review, series_check
from kpatch_tools.cli import test as cli_test
from kpatch_tools.cli.output import rendered
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import html, json_v1, markdown, outline, text
from kpatch_tools.tools import sandbox

REPORT = Report(tool="kvet", checks=(CheckResult(check="build", status=Status.PASS),))
RENDERERS = (text.render, html.render, markdown.render)


@pytest.mark.parametrize(
    "command",
    [
        build.command,
        contract.check,
        docs_build.build,
        matrix.command,
        review.command,
        series_check.check,
        cli_test.command,
    ],
)
def test_every_command_that_runs_a_trees_code_has_it(command: click.Command) -> None:
    assert "--no-sandbox" in {name for one in command.params for name in one.opts}


def test_it_holds_for_the_command_alone_and_is_told() -> None:
    @click.command()
    @options.no_sandbox
    def run() -> None:
        click.echo(f"{sandbox.OFF.get()} {json.loads(rendered(REPORT, 'json'))['unprotected']}")

    with_it, without = CliRunner().invoke(run, ["--no-sandbox"]), CliRunner().invoke(run)
    assert (with_it.stdout, without.stdout) == ("True True\n", "False False\n")
    assert "warning: --no-sandbox: code of the series runs with all your rights" in with_it.stderr
    assert without.stderr == ""


@pytest.mark.parametrize("render", RENDERERS)
def test_the_report_tells_it(render) -> None:
    whole = Report(tool="kvet", checks=REPORT.checks, unprotected=True)
    assert "ran without a sandbox" in outline.UNPROTECTED
    assert "ran without a sandbox" in render(whole)
    assert "ran without a sandbox" not in render(REPORT)


def test_the_document_keeps_it(tmp_path: Path) -> None:
    whole = Report(tool="kvet", checks=REPORT.checks, unprotected=True)
    assert parse_report(json_v1.render(whole)).unprotected
    assert not parse_report(json_v1.render(REPORT)).unprotected
