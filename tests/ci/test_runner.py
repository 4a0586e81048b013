# SPDX-License-Identifier: GPL-2.0-only
"""The stand-in for GitHub's runner hears what that hears, and reads the expressions that we use."""

import pytest

from tests.ci.expressions import holds, insert
from tests.ci.runner import heard

CONTEXTS = {
    "inputs": {"series": "a b", "tree": "", "kernel": True, "n": 3},
    "steps": {"cache": {"outputs": {"cache-hit": ""}}},
    "needs": {"plan": {"result": "success", "outputs": {"matrix": '{"include": []}'}}},
}


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("::error file=a,line=1::text", ("error", "file=a,line=1", "text")),
        ("  ::set-env name=x::y", ("set-env", "name=x", "y")),
        ("words ##[error]text", ("error", "", "text")),
        ("::notice title=a%3Ab::x::y", ("notice", "title=a%3Ab", "x::y")),
    ],
)
def test_a_command_is_heard(line, command):
    assert heard(f"before\n{line}\nafter") == [command]


@pytest.mark.parametrize("line", ["a ::error::text", "kvet: x::y", ": :error::"])
def test_other_lines_are_none(line):
    assert heard(line) == []


def test_nothing_is_heard_between_stop_and_its_token():
    log = "::stop-commands::0f\n::error::a\n##[error]b\n::other::\n::0f::\n::warning::c"
    assert heard(log) == [("warning", "", "c")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x ${{ inputs.series }} y", "x a b y"),
        ("${{ inputs.tree || 'linux' }}", "linux"),
        ("${{ inputs.kernel }}", "true"),
        ("${{ inputs.n }}${{ inputs.absent }}", "3"),
        ("${{ needs.plan.outputs.matrix }}", '{"include": []}'),
    ],
)
def test_an_expression_is_filled_in(text, value):
    assert insert(text, CONTEXTS) == value


@pytest.mark.parametrize(
    ("condition", "failed", "runs"),
    [
        (None, False, True),
        (None, True, False),
        ("inputs.tree == ''", False, True),
        ("inputs.tree == ''", True, False),
        ("inputs.series != '' || inputs.tree != ''", False, True),
        ("${{ !cancelled() }}", True, True),
        ("${{ !cancelled() && needs.plan.result == 'success' }}", True, True),
        ("${{ !cancelled() && needs.plan.result == 'failure' }}", False, False),
        ("steps.cache.outputs.cache-hit != 'true'", False, True),
    ],
)
def test_a_condition_holds(condition, failed, runs):
    assert holds(condition, CONTEXTS, failed=failed) is runs


def test_what_is_not_understood_is_an_error():
    with pytest.raises(AssertionError):
        insert("${{ inputs.n > 2 }}", CONTEXTS)
    with pytest.raises(KeyError):
        insert("${{ unheard('x') }}", CONTEXTS)
