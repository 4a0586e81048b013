# SPDX-License-Identifier: GPL-2.0-only
"""A report as JSON: matrix, excerpts and debts follow the schema and come back; older reports do too."""

import json
from dataclasses import replace

import jsonschema
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.model.conformance import Stand
from kpatch_tools.model.json_v1 import json_schema
from kpatch_tools.model.report import Status
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import json_v1
from tests.render.test_html import FULL

OLD_KEYS = {"check", "status", "reason", "elapsed_s", "findings", "tests", "logs", "facts"}
REPORT = replace(
    FULL, checks=(*FULL.checks[:-1], replace(FULL.checks[-1], debts=(("warnings of sparse", 4),)))
)


def document() -> dict[str, object]:
    found: dict[str, object] = json.loads(json_v1.render(REPORT))
    return found


def test_all_of_it_follows_the_schema_and_comes_back_equal():
    jsonschema.validate(document(), json_schema())
    assert parse_report(json_v1.render(REPORT)) == REPORT
    check = document()["checks"][-1]
    assert check["debts"] == [["warnings of sparse", 4]]
    assert check["conformance"]["rows"][0]["observed"][1]["stand"] == "known bug"
    assert [one["source"] for one in check["excerpts"]] == ["contract", "program", "output"]
    assert check["findings"][0]["excerpts"][0]["mark"] == 12


def test_a_report_of_before_reads_as_one_without_all_that():
    old = document()
    old.pop("folder")
    for check in old["checks"]:
        for key in set(check) - OLD_KEYS:
            check.pop(key)
        for finding in check["findings"]:
            finding.pop("cases")
            finding.pop("excerpts")
    report = parse_report(json.dumps(old))
    assert report.verdict is Status.FAIL
    assert report.folder == ""
    assert report.checks[-1].conformance is None
    assert report.findings[-1].excerpts == ()
    assert json_v1.render(report)


@pytest.mark.parametrize("stand", Stand)
def test_the_schema_knows_every_word_of_a_cell(stand: Stand):
    changed = document()
    changed["checks"][-1]["conformance"]["rows"][0]["observed"][0]["stand"] = stand.value
    jsonschema.validate(changed, json_schema())
    assert parse_report(json.dumps(changed)).checks[-1].conformance.rows[0].observed[0].stand is stand


def test_a_word_that_is_none_is_refused_with_its_place():
    changed = document()
    changed["checks"][-1]["conformance"]["rows"][0]["observed"][0]["stand"] = "great"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, json_schema())
    with pytest.raises(UserError, match=r"conformance\.rows"):
        parse_report(json.dumps(changed))


def test_a_row_has_a_cell_for_each_mode():
    changed = document()
    changed["checks"][-1]["conformance"]["rows"][0]["observed"].pop()
    with pytest.raises(UserError, match="a row has 1 cells, there are 2 modes"):
        parse_report(json.dumps(changed))


def test_a_report_of_another_version_says_so():
    with pytest.raises(UserError, match="a report of schema 99, and this kvet reads schema 1"):
        parse_report(json.dumps({**document(), "schema": 99}))
    with pytest.raises(UserError, match="no kvet report"):
        parse_report(json.dumps({**document(), "schema": "99"}))
