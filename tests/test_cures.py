# SPDX-License-Identifier: GPL-2.0-only
"""Every error that stops kvet says what to do about it."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "kpatch_tools"
NAMES = ("UserError", "EnvironmentFault", "ToolFailed")
# A program said something that it never says: there is nothing to type, and its own words are shown.
WITHOUT = {
    "flow/selftest_library.py": 1,  # the tree's selftest library does not compile: the compiler's last lines
    "parse/checkpatch.py": 1,  # a line of another form
    "parse/fastimport.py": 1,  # fewer commits than were given
    "parse/gitindex.py": 3,  # an index of another form
    "tools/git.py": 2,  # an answer of another form
    "tools/kernelfacts.py": 1,  # a tree that names an object which is not there
    "tools/sphinx.py": 2,  # Sphinx's own last lines; a page without a body
}


def bare(source: str) -> Iterator[str]:
    """The calls that make one of our errors and give no cure, as source."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        cures = [word.value for word in call.keywords if word.arg == "cure"]
        empty = cures and isinstance(cures[0], ast.Constant) and not cures[0].value
        if name in NAMES and (not cures or empty):
            yield ast.unparse(call)


def test_every_error_has_a_cure_but_for_those_with_a_reason():
    found = {
        path.relative_to(PACKAGE).as_posix(): list(bare(path.read_text()))
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    assert {path: len(calls) for path, calls in found.items() if calls} == WITHOUT, found


def test_an_error_without_a_cure_is_seen():
    assert list(bare('raise UserError("no")')) == ["UserError('no')"]
    assert list(bare('raise errors.EnvironmentFault("no", cure="")')) == [
        "errors.EnvironmentFault('no', cure='')"
    ]
    assert not list(bare('raise ToolFailed("no", tail="x", cure="apt-get update")'))
    assert not list(bare("raise UserError(message, cure=cure)"))
