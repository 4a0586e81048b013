# SPDX-License-Identifier: GPL-2.0-only
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, ToolFailed
from kpatch_tools.tools import probe, sphinx
from kpatch_tools.tools.sphinx import build, find_sphinx

needs_sphinx = pytest.mark.skipif(
    not probe.locate("sphinx-build"), reason="Sphinx is not installed: pip install 'kpatch-tools[docs]'"
)
GOOD = "Title\n=====\n\nSome ``code``.\n"


def program(folder: Path, text: str) -> Path:
    place = folder / "sphinx-build"
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(0o755)
    return place


def only_in(monkeypatch, folder: Path) -> None:
    monkeypatch.setattr(probe, "scripts_folder", lambda: str(folder / "nothing"))
    monkeypatch.setenv("PATH", str(folder))


def test_no_sphinx_is_a_fault_of_the_environment_with_its_cure(monkeypatch, tmp_path):
    only_in(monkeypatch, tmp_path)
    with pytest.raises(EnvironmentFault, match="sphinx-build is not installed") as raised:
        find_sphinx()
    assert raised.value.cure == "pip install sphinx"
    assert raised.value.exit_code == 3


def test_the_one_in_path_is_found_with_its_version(monkeypatch, tmp_path):
    only_in(monkeypatch, tmp_path)
    place = program(tmp_path, "echo sphinx-build 7.4.7")
    found = find_sphinx()
    assert (found.path, found.version) == (place, "7.4.7")


def test_the_one_beside_python_comes_first(monkeypatch, tmp_path):
    only_in(monkeypatch, tmp_path)
    program(tmp_path, "echo sphinx-build 1.0")
    (tmp_path / "nothing").mkdir()
    place = program(tmp_path / "nothing", "echo sphinx-build 8.2.3")
    assert find_sphinx().path == place


@pytest.mark.parametrize("text", ["exit 1", "echo what", "echo broken >&2; exit 3"])
def test_one_that_does_not_run_is_told(monkeypatch, tmp_path, text):
    only_in(monkeypatch, tmp_path)
    program(tmp_path, text)
    with pytest.raises(ToolFailed, match="does not say its version"):
        find_sphinx()


def test_a_run_without_pages_gives_its_reason(tmp_path):
    place = program(tmp_path, "echo 'sphinx.errors.ConfigError: bad thing' >&2; exit 2")
    (tmp_path / "work").mkdir()
    with pytest.raises(ToolFailed, match=r"Sphinx 9\.9: bad thing"):
        build(sphinx.Sphinx(path=place, version="9.9"), tmp_path / "work", {"a": GOOD})


def test_a_run_that_claims_success_without_pages_is_none(tmp_path):
    place = program(tmp_path, "exit 0")
    (tmp_path / "work").mkdir()
    with pytest.raises(ToolFailed, match="exit code 0"):
        build(sphinx.Sphinx(path=place, version="9.9"), tmp_path / "work", {"a": GOOD})


@needs_sphinx
def test_the_plain_configuration_knows_the_kernels_names_and_reads_no_file(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("do not show this\n")
    text = (
        f"{GOOD}\n.. include:: {secret}\n\n.. literalinclude:: {secret}\n\n"
        ".. raw:: html\n\n   <script>x</script>\n\n"
        f".. csv-table::\n   :file: {secret}\n\n"
        ".. kernel-doc:: kernel/x.c\n   :export:\n\n.. kernel-figure:: a.svg\n\n   A figure.\n\n"
        ".. flat-table:: t\n   :header-rows: 1\n\n   * - :cspan:`1` one\n\n"
        ":c:func:`kvm_x` <b>bold</b> & more\n"
    )
    (tmp_path / "work").mkdir()
    built = build(find_sphinx(), tmp_path / "work", {"virt/kvm/api": text, "other": "Other\n=====\n"})
    assert list(built.bodies) == ["virt/kvm/api", "other"]
    body = built.bodies["virt/kvm/api"]
    assert "do not show this" not in body
    assert "<script" not in body
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; more" in body
    assert "kernel-doc is not shown in this preview" in body
    assert "A figure." in body
    assert "div.body" in built.style
    assert "@import" not in built.style
    told = [one.text for one in built.messages if one.path == "virt/kvm/api.rst"]
    # Of the file itself nothing is said: the sandbox does not show that it is there.
    assert len(told) == 4
    assert sum(any(words in text for words in sphinx.DISABLED) for text in told) == 4, told


@needs_sphinx
def test_messages_have_the_lines_of_the_document_and_do_not_end_the_run(tmp_path):
    text = "Title\n=====\n\nSub title\n-----\n\nA `link_ and ``x.\n\n===  ===\na  b\n===  ===\n"
    (tmp_path / "work").mkdir()
    built = build(find_sphinx(), tmp_path / "work", {"a": text})
    lines = {(one.path, one.line) for one in built.messages}
    assert ("a.rst", 5) in lines
    assert any(one.level == "ERROR" for one in built.messages)


@pytest.mark.parametrize("page", ["[]", "{", "[" * 100_000, '{"body": 1}', ""])
def test_a_page_that_is_none_is_told(tmp_path, page):
    (tmp_path / "a.fjson").write_text(page)
    with pytest.raises(ToolFailed, match=r"a page without a body: a\.fjson"):
        sphinx._body(tmp_path, "a.fjson")
