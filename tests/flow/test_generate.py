# SPDX-License-Identifier: GPL-2.0-only
"""From a name and a tree to C files: contracts found, files written."""

import os
from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.dialect import dialects
from kpatch_tools.flow.generate import contract_names, generate, load_contract, tree_folder, write_out


def test_tree_folder_takes_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tree_folder(str(tmp_path)) == tmp_path
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="there is no tree to work on"):
        tree_folder(None)


def test_shipped_contracts_load_by_name() -> None:
    assert contract_names() == ("kvm_map_memory", "kvm_map_memory_v3", "kvm_pre_fault_memory")
    for name in contract_names():
        assert load_contract(name).name == name


def test_a_contract_loads_by_path(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "selftests-gen/contracts/kvm_map_memory.toml"
    copy = tmp_path / "kvm_map_memory.toml"
    copy.write_text(source.read_text())

    assert load_contract(str(copy)) == load_contract("kvm_map_memory")


def test_name_and_file_have_to_agree(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "selftests-gen/contracts/kvm_map_memory.toml"
    copy = tmp_path / "other.toml"
    copy.write_text(source.read_text())

    with pytest.raises(UserError, match=r'calls itself "kvm_map_memory", the file other\.toml'):
        load_contract(str(copy))


@pytest.mark.parametrize("name", ["nope", "../kvm_map_memory", ""])
def test_an_unknown_contract_names_those_there_are(name: str) -> None:
    with pytest.raises(UserError) as caught:
        load_contract(name)
    known = ", ".join(contract_names())
    assert known in caught.value.cure or "cannot read" in caught.value.message


def test_a_contract_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"x\.toml: cannot read contract"):
        load_contract(str(tmp_path / "x.toml"))


def test_writing_leaves_what_is_current_alone(tmp_path: Path) -> None:
    files = generate(load_contract("kvm_map_memory"), dialects()[0])

    (path,) = write_out(files, tmp_path)
    os.utime(path, (1, 1))
    assert write_out(files, tmp_path) == (path,)
    assert path.stat().st_mtime == 1

    path.write_text(path.read_text() + "/* edited */\n")
    write_out(files, tmp_path)
    assert path.read_text() == next(iter(files.values()))
