# SPDX-License-Identifier: GPL-2.0-only
"""The generated tests against a real tree: its own flags and -Werror, and its own checkpatch."""

from pathlib import Path

import pytest

from kpatch_tools.flow.generate import choose_dialect, contract_names, generate, load_contract, write_out
from kpatch_tools.flow.selftest import build_selftest
from kpatch_tools.flow.tree import FoundTree, find_tree
from kpatch_tools.model.event import silent
from kpatch_tools.model.run import Command
from kpatch_tools.tools import process
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def found() -> FoundTree:
    return find_tree("debian:6.1")


@pytest.fixture(params=contract_names())
def sources(found: FoundTree, request: pytest.FixtureRequest) -> dict[str, str]:
    store = Repository.open(store_for(found.path))
    dialect = choose_dialect(lambda path: store.read_blob(found.commit, path), "debian:6.1")
    return generate(load_contract(request.param), dialect)


def test_it_compiles_with_the_flags_of_the_tree(
    found: FoundTree, sources: dict[str, str], tmp_path: Path
) -> None:
    built = build_selftest(found.path, found.commit, sources, sink=silent, state=tmp_path)

    assert built.findings == ()
    assert set(built.binaries) == set(sources)


def test_checkpatch_has_nothing_to_say(found: FoundTree, sources: dict[str, str], tmp_path: Path) -> None:
    (path,) = write_out(sources, tmp_path)
    script = found.path / "scripts/checkpatch.pl"
    command = Command(argv=("perl", str(script), "--no-tree", "--strict", "-f", str(path)), timeout=120)
    result = process.run(command)

    assert "total: 0 errors, 0 warnings, 0 checks" in result.text, result.text
