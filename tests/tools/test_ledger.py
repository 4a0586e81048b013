# SPDX-License-Identifier: GPL-2.0-only
"""The ledger's file: whole, locked, and told where it cannot be written."""

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.ledger import Entry, KernelId
from kpatch_tools.parse.ledger import added
from kpatch_tools.tools.ledger import image_digest, ledger_path, load, update


def write(state: Path, number: int) -> None:
    kernel = KernelId(release="6.1", image=str(number))
    entry = Entry(kernel=kernel, mode={}, when="now", results=())
    update(state, "one", partial(added, new=[entry]))


def test_many_runs_at_once_lose_nothing(tmp_path: Path) -> None:
    with ProcessPoolExecutor(max_workers=4) as pool:
        list(pool.map(partial(write, tmp_path), range(24)))
    ledger = load(tmp_path, "one")

    assert ledger is not None
    assert {entry.kernel.image for entry in ledger.entries} == {str(number) for number in range(24)}
    assert {path.name for path in ledger_path(tmp_path, "one").parent.iterdir()} == {"one.json", ".one.lock"}


def test_none_is_none_and_a_folder_is_an_error(tmp_path: Path) -> None:
    assert load(tmp_path, "one") is None
    ledger_path(tmp_path, "one").mkdir(parents=True)
    with pytest.raises(UserError, match="cannot read the ledger"):
        load(tmp_path, "one")


def test_a_place_that_cannot_be_written_is_told_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file")
    with pytest.raises(EnvironmentFault, match=r"one\.json") as caught:
        write(tmp_path, 1)
    assert "--state" in caught.value.cure


def test_an_image_is_known_by_its_content(tmp_path: Path) -> None:
    for name, text in (("a", "x"), ("b", "x"), ("c", "y")):
        (tmp_path / name).write_text(text)
    assert image_digest(tmp_path / "a") == image_digest(tmp_path / "b")
    assert image_digest(tmp_path / "a") != image_digest(tmp_path / "c")
