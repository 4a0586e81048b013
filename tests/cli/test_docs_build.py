# SPDX-License-Identifier: GPL-2.0-only
import json
from pathlib import Path

import click
import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.tools import probe

needs_sphinx = pytest.mark.skipif(
    not probe.locate("sphinx-build"), reason="Sphinx is not installed: pip install 'kpatch-tools[docs]'"
)
PATH = "Documentation/virt/kvm/api.rst"
TEXT = "4. API\n======\n\n4.1 KVM_ONE\n-----------\n\nWords.\n"


@pytest.fixture
def tree(git_tree, monkeypatch, tmp_path) -> Path:
    monkeypatch.chdir(tmp_path)
    return git_tree({PATH: TEXT.encode()})


@needs_sphinx
def test_a_change_is_rendered_and_the_pages_are_named(tree, tmp_path, capsys):
    (tree / PATH).write_text(TEXT + "\nMore ``words.\n")
    assert run(["docs", "build", "--tree", str(tree)]) == 1
    captured = capsys.readouterr()
    (page,) = tmp_path.glob(".kvet/preview/*/api.html")
    assert f"kvet: wrote {page.relative_to(tmp_path)}" in captured.err
    assert f"{PATH}:9: warning: KVM_ONE: Inline literal start-string" in captured.out
    assert "[docs/sphinx]" in captured.out
    assert run(["docs", "build", "--tree", str(tree), "--fail-on", "error", "--out", "out"]) == 0
    assert (tmp_path / "out" / "api-diff.html").is_file()


@needs_sphinx
def test_json_names_the_pages_and_open_starts_a_browser(tree, tmp_path, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(click, "launch", lambda address: opened.append(address) or 1)
    assert (
        run(["docs", "build", "--tree", str(tree), "--all", "--open", "--out", "o", "--format", "json"]) == 0
    )
    captured = capsys.readouterr()
    (check,) = json.loads(captured.out)["checks"]
    assert ["page", "o/api.html"] in [list(fact) for fact in check["facts"]]
    assert opened == [(tmp_path / "o" / "api.html").as_uri()]
    assert "no browser could be started" in captured.err


@needs_sphinx
def test_no_change_is_said_and_exits_0(tree, capsys):
    assert run(["docs", "build", "--tree", str(tree)]) == 0
    captured = capsys.readouterr()
    assert "no section changed: what is new against HEAD" in captured.err
    assert "wrote" not in captured.err


def test_no_sphinx_exits_3_with_the_cure(tree, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(probe, "scripts_folder", lambda: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(["docs", "build", "--tree", str(tree)]) == 3
    assert "cure: pip install sphinx" in capsys.readouterr().err


@needs_sphinx
@pytest.mark.parametrize(
    "arguments",
    [
        ["none.rst"],
        ["--all", "--staged"],
        ["--diff", "HEAD", "--series", "x"],
        ["--diff", "no-such-ref"],
        ["--section", "KVM_NONE"],
        ["--conf", "mine"],
        ["--format", "html"],
        ["--conf", "tree", "--all"],
        ["--out", "full"],
    ],
)
def test_wrong_usage_exits_2_with_one_clear_message(tree, tmp_path, capsys, arguments):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").write_text("dear")
    assert run(["docs", "build", "--tree", str(tree), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert not (tmp_path / ".kvet").exists()
