# SPDX-License-Identifier: GPL-2.0-only
"""What one types by mistake: one clear error, exit code 2, and what to do instead."""

import pytest

from kpatch_tools.cli import app
from kpatch_tools.flow.demo import run_demo

WRONG = {
    "empty": b"",
    "binary": bytes(range(256)) * 8,
    "text": b"hello\n",
    "json": b'{"a": 1}\n',
    "folder": None,
    "absent": None,
}
COMMANDS = {
    "review": ["review", "IT", "--tree", "TREE"],
    "review-tree": ["review", "demo/v1", "--tree", "IT"],
    "series-show": ["series", "show", "IT"],
    "series-check": ["series", "check", "IT", "--tree", "TREE"],
    "series-fetch": ["series", "fetch", "IT"],
    "series-diff": ["series", "diff", "IT", "demo/v1"],
    "apply": ["apply", "IT", "--tree", "TREE"],
    "plan": ["plan", "IT"],
    "docs-check": ["docs", "check", "IT"],
    "docs-check-tree": ["docs", "check", "--tree", "IT"],
    "docs-fix": ["docs", "fix", "IT"],
    "docs-build": ["docs", "build", "IT"],
    "docs-explain": ["docs", "explain", "IT"],
    "contract-show": ["contract", "show", "IT"],
    "contract-check": ["contract", "check", "IT", "--tree", "TREE"],
    "contract-ledger": ["contract", "ledger", "IT"],
    "gen": ["gen", "IT", "--tree", "TREE"],
    "test": ["test", "IT", "--tree", "TREE"],
    "matrix": ["matrix", "IT", "--dry-run"],
    "render": ["render", "html", "--from", "IT"],
    "tree-get": ["tree", "get", "IT"],
    "b4-setup": ["b4-setup", "--tree", "IT"],
    "man": ["man", "IT"],
    "completion": ["completion", "IT"],
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return str(run_demo(tmp_path_factory.mktemp("demo") / "new").tree)


@pytest.fixture(params=WRONG)
def name(request, tmp_path, monkeypatch):
    """A wrong file, or none, in the current directory."""
    monkeypatch.chdir(tmp_path)
    name = request.param
    content = WRONG[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    elif name == "folder":
        (tmp_path / name).mkdir()
    return name


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_file_is_one_clear_error(command, name, tree, capsys):
    words = [{"IT": name, "TREE": tree}.get(word, word) for word in COMMANDS[command]]
    assert app.run(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    told = [line for line in shown.err.splitlines() if not line.startswith("kvet: matrix:")]
    assert told[0].startswith("kvet")
    assert [line for line in told if line.startswith("  cure: ")] == [told[-1]]
    assert not [line for line in told[1:] if not line.startswith("  ")]
