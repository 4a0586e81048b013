# SPDX-License-Identifier: GPL-2.0-only
"""What one types by mistake: one clear error, exit code 2, and what to do instead."""

from pathlib import Path

import pytest

from kpatch_tools.cli import app
from kpatch_tools.flow.demo import run_demo

WRONG = {
    "blank": b"",
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


# What is typed, the exit code, a word of the message, a word of the cure. TREE, SERIES, REPORT: good ones.
TOLD = (
    ("review SERIES --tree .", 2, "is not a git tree", "debian:6.1"),
    ("review SERIES", 2, "no tree to work on", "--tree ~/linux"),
    ("apply SERIES --tree unborn", 2, "without a commit", "debian:6.1"),
    ("build --tree unborn", 2, "without a commit", "debian:6.1"),
    ("build --tree TREE --onto nope", 2, "'nope' names no commit", "branch --all"),
    ("build --tree TREE --onto HEAD~9", 2, "names no commit", "log --oneline"),
    ("tree get debian:foo", 2, "no kernel version", "debian:6.12"),
    ("tree get file:///no/such/place", 3, "cannot fetch", "ls-remote"),
    ("series show HEAD..HEAD --tree TREE", 2, "the same commit", "~3.."),
    ("series show HEAD...HEAD --tree TREE", 2, "symmetric", "HEAD..HEAD"),
    ("series show demo/v9", 2, "demo has no such version", "name demo/v1"),
    ("series show demo@v9", 2, "demo has no such version", "name demo/v1"),
    ("series show demo -v 9", 2, "v9 is not there", "v1"),
    ("series show SERIES@v7", 2, "v7 is not there", "one of these"),
    ("series fetch nobody", 2, "no Message-ID", "ID@HOST"),
    ("series diff SERIES SERIES --reports x y", 2, "x: cannot read report", "that is there"),
    ("review SERIES --tree TREE --patch 9", 2, "has 3 patches", "from 1 to 3"),
    ("review SERIES --tree TREE --mode npt=0", 2, "--per-patch", "--per-patch"),
    ("review SERIES --tree TREE --since x", 2, "x: cannot read report", "that is there"),
    ("review SERIES --tree TREE --onto nope --no-kernel", 2, "names no commit", "branch --all"),
    ("apply SERIES --tree TREE --branch main", 2, "exists already", "another name"),
    ("apply SERIES --tree TREE --check --branch x", 2, "one of them", "--check first"),
    ("docs check --tree unborn", 2, "there is no Documentation/virt/kvm/api.rst", "--tree ~/linux"),
    ("docs check --tree TREE --diff nope", 2, "names no commit", "branch --all"),
    ("docs check --tree TREE --all --baseline x", 2, "x: cannot read baseline", "that is there"),
    ("docs check --tree TREE --all --write-baseline .", 2, "cannot be written", "name a file"),
    ("docs explain underline-lenght", 2, "no rule", "underline-length"),
    ("render html --from REPORT -o .", 2, "is a folder", "report.html"),
    ("render html --from REPORT -o text.json/x", 2, "cannot be written", "name a file"),
    ("render kcidb --from REPORT --origin Bad-Name", 2, "cannot name the origin", "mylab"),
    ("render mail --from REPORT --series kvm-map-memory/v2", 2, "not that of the report", "--series"),
    ("collect . --plan text.json", 2, "no plan", "kvet plan -o"),
    ("plan SERIES --mode foo=1", 2, "no KVM module parameter", "tdp_mmu"),
    ("plan SERIES -o text.json/x", 2, "cannot be written", "name a file"),
    ("matrix kvm --resume x", 2, "no run of a matrix", "kvet matrix"),
    ("gen", 2, "which contract", "kvm_map_memory"),
    ("man -o text.json", 2, "is a file, not a folder", "name a folder"),
    ("test kvm_map_memory --tree TREE --kernel x", 2, "x: No such file", "debian:6.12"),
    ("test kvm_map_memory --tree TREE --kernel text.json", 2, "no x86 kernel image", "bzImage"),
    ("test kvm_map_memory --tree TREE --kernel debian:", 2, "debian:6.12", "vmlinuz"),
    ("test kvm_map_memory --tree TREE --mode foo=1", 2, "no KVM module parameter", "tdp_mmu"),
    ("demo --folder full", 2, "something else", "a new DIR"),
)


@pytest.fixture
def place(tmp_path, tree, monkeypatch, git):
    """A current directory with what is wrong in it; returns the words for what is right."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "unborn").mkdir()
    git(tmp_path / "unborn", "init", "--quiet")
    (tmp_path / "text.json").write_text('{"schema": 1}\n')
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    demo = Path(tree).parent
    return {
        "TREE": tree,
        "SERIES": str(demo / "map-ahead"),
        "REPORT": str(next(demo.glob("state/runs/*/report.json"))),
    }


@pytest.mark.parametrize(("line", "code", "said", "cure"), TOLD, ids=[line for line, *_rest in TOLD])
def test_a_wrong_word_is_told_with_its_cure(line, code, said, cure, place, tmp_path, capsys):  # noqa: PLR0917 - a row
    before = sorted(path for path in tmp_path.rglob("*") if ".git" not in path.parts)
    words = line.split()
    for word, good in place.items():
        words = [good + one.removeprefix(word) if one.startswith(word) else one for one in words]
    assert app.run(words) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    *told, last = [
        one for one in shown.err.splitlines() if not one.startswith(("kvet: tree: ", "kvet: docs ["))
    ]
    assert said in "\n".join(told)
    assert last.startswith("  cure: ")
    assert cure in last
    assert sorted(path for path in tmp_path.rglob("*") if ".git" not in path.parts) == before


def test_a_series_that_conflicts_is_told_how_to_find_its_commit(place, tmp_path, tree, git, capsys):
    other = tmp_path / "linux"
    git(tmp_path, "clone", "--quiet", tree, "linux")
    (other / "include" / "uapi" / "linux" / "kvm.h").write_text("/* all else is gone */\n")
    git(other, "commit", "--quiet", "-am", "another header")
    argv = ["review", place["SERIES"], "--tree", str(other), "--no-kernel", "--state", str(tmp_path / "s")]
    assert app.run(argv) == 1
    assert "kvet: --onto auto looks for the commit" in capsys.readouterr().err
    assert app.run([*argv, "--onto", "auto"]) == 1
    shown = capsys.readouterr()
    assert "3 patches applied" in shown.out
    assert "kvet: --onto auto looks" not in shown.err
