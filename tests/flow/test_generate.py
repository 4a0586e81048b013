# SPDX-License-Identifier: GPL-2.0-only
"""From a name and a tree to C files: contracts found, dialects probed, files written and compared."""

import os
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow.generate import (
    SELFTESTS,
    choose_dialect,
    contract_names,
    dialects,
    generate,
    load_contract,
    probe_dialect,
    stale,
    tree_folder,
    tree_reader,
    write_out,
)

# What the probes look for, in files of our own that hold nothing else.
COMMON = {
    "Makefile": "TEST_GEN_PROGS_x86_64 = x86_64/cpuid_test\n",
}
LIBRARY = (
    "static struct kvm_vm *vm_create_with_one_vcpu(struct kvm_vcpu **vcpu, void *code);\n"
    "void read_stat_data(int stats_fd, struct kvm_stats_header *header);\n"
)
OLD = {**COMMON, "include/kvm_util_base.h": LIBRARY}
NEW = {
    **COMMON,
    "include/kvm_util.h": LIBRARY,
    "include/kvm_util_types.h": "#define kvm_static_assert(expr, ...) x\n",
    "include/ucall_common.h": "uint64_t get_ucall(struct kvm_vcpu *vcpu, struct ucall *uc);\n",
}


def tree(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / SELFTESTS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize(("files", "name"), [(OLD, "kselftest-6.1"), (NEW, "kselftest-6.12")])
def test_a_tree_is_recognised_by_what_its_files_hold(
    tmp_path: Path, files: dict[str, str], name: str
) -> None:
    assert probe_dialect(tree(tmp_path, files)).name == name


@pytest.mark.parametrize(("files", "name"), [(OLD, "kselftest-6.1"), (NEW, "kselftest-6.12")])
def test_at_most_one_dialect_fits(files: dict[str, str], name: str) -> None:
    objects = {f"{SELFTESTS}/{path}": text for path, text in files.items()}

    assert choose_dialect(objects.get, "objects").name == name


def test_git_objects_are_bytes() -> None:
    objects = {f"{SELFTESTS}/{path}": text.encode() for path, text in OLD.items()}

    assert choose_dialect(objects.get, "objects").name == "kselftest-6.1"


def test_an_unknown_library_names_each_probe_that_failed(tmp_path: Path) -> None:
    folder = tree(tmp_path, {**OLD, "Makefile": "TEST_GEN_PROGS_x86 = x86/cpuid_test\n"})
    with pytest.raises(UserError) as caught:
        probe_dialect(folder)

    lines = caught.value.message.splitlines()
    assert lines[0].endswith("no known dialect of the KVM selftest library fits")
    assert (
        lines[1].strip().startswith("kselftest-6.1: is not in Makefile below tools/testing/selftests/kvm: ")
    )
    assert lines[2].strip().startswith("kselftest-6.12: ")
    assert "TEST_GEN_PROGS_x86_64" in lines[1]


def test_what_must_be_absent_is_named_too(tmp_path: Path) -> None:
    both = {**OLD, "include/test_util.h": "#define kvm_static_assert(x) x\n"}
    with pytest.raises(UserError) as caught:
        probe_dialect(tree(tmp_path, both))

    assert "kselftest-6.1: must not be in include/kvm_util_base.h or" in caught.value.message


def test_a_folder_that_is_no_kernel_tree(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no kernel tree with KVM selftests") as caught:
        probe_dialect(tmp_path)
    assert "--tree" in caught.value.cure


def test_a_reader_knows_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    read = tree_reader(tmp_path)

    assert read("file") == b"x"
    assert read("none") is None
    assert read("folder") is None
    assert read("file/below") is None


def test_tree_folder_takes_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tree_folder(str(tmp_path)) == tmp_path
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EnvironmentFault):
        tree_folder(None)


def test_shipped_contracts_load_by_name() -> None:
    assert contract_names() == ("kvm_map_memory", "kvm_pre_fault_memory")
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
    assert (
        "kvm_map_memory, kvm_pre_fault_memory" in caught.value.cure or "cannot read" in caught.value.message
    )


def test_a_contract_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"x\.toml: cannot read contract"):
        load_contract(str(tmp_path / "x.toml"))


def test_writing_leaves_what_is_current_alone(tmp_path: Path) -> None:
    files = generate(load_contract("kvm_map_memory"), dialects()[0])
    assert [state for _path, state in stale(files, tmp_path)] == ["missing"]

    (path,) = write_out(files, tmp_path)
    os.utime(path, (1, 1))
    assert write_out(files, tmp_path) == (path,)
    assert path.stat().st_mtime == 1
    assert stale(files, tmp_path) == ()

    path.write_text(path.read_text() + "/* edited */\n")
    assert stale(files, tmp_path) == ((path, "differs"),)
    write_out(files, tmp_path)
    assert stale(files, tmp_path) == ()
