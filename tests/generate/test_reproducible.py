# SPDX-License-Identifier: GPL-2.0-only
"""The same input gives the same bytes: from another folder, in another locale, with another hash seed."""

import sys
from pathlib import Path

import pytest

from kpatch_tools.flow.dialect import SELFTESTS
from kpatch_tools.flow.generate import contract_names
from kpatch_tools.model.run import Command
from kpatch_tools.tools import process
from tests.flow.test_dialect import TREES, tree

WORLDS = (
    {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"},
    {"PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8", "TZ": "America/Lima", "PYTHONUTF8": "0"},
)


@pytest.mark.parametrize("name", contract_names())
def test_the_bytes_depend_on_nothing_around(name: str, tmp_path: Path) -> None:
    seen = set()
    for number, world in enumerate(WORLDS):
        here = tmp_path / f"folder {number}"
        kernel = tree(here / f"linux-{number}", TREES["kselftest-6.12"])
        arguments = ("gen", name, "--tree", kernel.name, "--out", "out")
        command = Command(
            argv=(sys.executable, "-m", "kpatch_tools", *arguments), timeout=60, cwd=here, env=world
        )
        process.run(command).ok_or_raise("kvet gen")
        (made,) = (here / "out").rglob("*.c")
        seen.add(made.read_bytes())

    assert len(seen) == 1
    (text,) = seen
    assert str(tmp_path).encode() not in text
    assert SELFTESTS.encode() not in text
