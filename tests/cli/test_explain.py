# SPDX-License-Identifier: GPL-2.0-only
"""`kvet explain` and `kvet rules` as they are typed."""

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.flow.rulepages import rules_of


@pytest.mark.parametrize(
    "typed",
    [
        ["explain", "conformance/errno-differs"],
        ["explain", "errno-differs"],
        ["explain", "[conformance/errno-differs, patch 1]"],
        ["docs", "explain", "conformance/errno-differs"],
        ["series", "rules", "conformance/errno-differs"],
    ],
)
def test_a_name_out_of_a_report_is_explained(typed, capsys):
    assert run(typed) == 0
    out = capsys.readouterr().out
    assert out.startswith("conformance/errno-differs (error)\n")
    assert [word for word in ("Judged: ", "Bad: ", "Good: ", "Mend: ") if word not in out] == []


def test_an_unknown_rule_is_wrong_usage_with_the_nearest_names(capsys):
    assert run(["explain", "conformance/errno-difers"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "did you mean conformance/errno-differs" in captured.err


def test_a_hostile_name_is_not_written_to_the_terminal(capsys):
    assert run(["explain", "gcc/-W\x1b]0;x\x07"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_all_rules_or_those_of_a_kind_are_listed(capsys):
    for typed, kind in ((["rules"], None), (["rules", "--kind", "conformance"], "conformance")):
        assert run(typed) == 0
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 100
        assert [line.split()[0] for line in lines if line[0] != " "] == [one.shown for one in rules_of(kind)]


def test_an_unknown_kind_is_wrong_usage(capsys):
    assert run(["rules", "--kind", "conf"]) == 2
    assert "did you mean conformance?" in capsys.readouterr().err
