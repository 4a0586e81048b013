# SPDX-License-Identifier: GPL-2.0-only
"""Which dialect of the selftest library a tree speaks, found by probes, and the evidence for it."""

from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.dialect import (
    SELFTESTS,
    choose_dialect,
    dialects,
    explained,
    in_form,
    probe_all,
    tree_reader,
)
from kpatch_tools.model.dialect import Dialect

# What the probes look for, in files of our own that hold nothing else.
LIBRARY = (
    "static struct kvm_vm *vm_create_with_one_vcpu(struct kvm_vcpu **vcpu, void *code);\n"
    "void read_stat_data(int stats_fd, struct kvm_stats_header *header);\n"
)
ASSERTION = {"include/kvm_util_types.h": "#define kvm_static_assert(expr, ...) x\n"}
UCALL = {"include/ucall_common.h": "uint64_t get_ucall(struct kvm_vcpu *vcpu, struct ucall *uc);\n"}
CLASSIC = {"Makefile": "TEST_GEN_PROGS_x86_64 = x86_64/cpuid_test\n"}
HARNESS = {"include/kvm_test_harness.h": '#include "kselftest_harness.h"\n'}
TREES = {
    "kselftest-6.1": {**CLASSIC, "include/kvm_util_base.h": LIBRARY},
    "kselftest-6.12": {**CLASSIC, "include/kvm_util.h": LIBRARY, **ASSERTION, **UCALL, **HARNESS},
    "kselftest-6.14": {
        "Makefile": "include Makefile.kvm\n",
        "Makefile.kvm": "# lists\nTEST_GEN_PROGS_x86 = $(TEST_GEN_PROGS_COMMON)\n",
        "include/kvm_util.h": f"{LIBRARY}#define vm_get_stat(vm, stat) __get_stat(&(vm)->stats, stat)\n",
        **ASSERTION,
        "include/ucall_common.h": "u64 get_ucall(struct kvm_vcpu *vcpu, struct ucall *uc);\n",
    },
}


def tree(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / SELFTESTS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def choose(folder: Path) -> Dialect:
    return choose_dialect(tree_reader(folder), str(folder))


@pytest.mark.parametrize("name", TREES)
def test_a_tree_is_recognised_by_what_its_files_hold(tmp_path: Path, name: str) -> None:
    assert choose(tree(tmp_path, TREES[name])).name == name


def test_every_dialect_has_a_tree_here_and_exactly_one_fits(tmp_path: Path) -> None:
    assert [item.name for item in dialects()] == list(TREES)
    for name, files in TREES.items():
        read = tree_reader(tree(tmp_path / name, files))
        assert [item.dialect.name for item in probe_all(read, name) if item.fits] == [name]


def test_git_objects_are_bytes() -> None:
    objects = {f"{SELFTESTS}/{path}": text.encode() for path, text in TREES["kselftest-6.1"].items()}

    assert choose_dialect(objects.get, "objects").name == "kselftest-6.1"


def test_an_unknown_library_names_each_probe_that_failed(tmp_path: Path) -> None:
    files = {**TREES["kselftest-6.1"], "Makefile": "TEST_GEN_PROGS = x86/cpuid_test\n"}
    with pytest.raises(UserError) as caught:
        choose(tree(tmp_path, files))

    head, *lines = caught.value.message.splitlines()
    assert head.endswith("no known dialect of the KVM selftest library fits")
    assert [line.split(":")[0].strip() for line in lines] == list(TREES)
    assert "^TEST_GEN_PROGS_x86_64\\b is not in Makefile below tools/testing/selftests/kvm" in lines[0]
    assert "is not in Makefile.kvm" in lines[2]
    assert "--explain" in caught.value.cure


def test_what_must_be_absent_is_named_with_its_line(tmp_path: Path) -> None:
    both = {**TREES["kselftest-6.1"], "include/test_util.h": "\n#define kvm_static_assert(x) x\n"}
    with pytest.raises(UserError) as caught:
        choose(tree(tmp_path, both))

    assert f"must not be in {SELFTESTS}/include/test_util.h:2" in caught.value.message


def test_the_evidence_has_file_and_line(tmp_path: Path) -> None:
    probed = probe_all(tree_reader(tree(tmp_path, TREES["kselftest-6.14"])), "tree")
    lines = list(explained(probed))

    start = lines.index("kselftest-6.14: KVM selftest library as of 6.14 and later: fits")
    assert lines[start + 1] == "  yes  tests for x86 are built from the folder x86"
    found = f"{SELFTESTS}/Makefile.kvm:2: TEST_GEN_PROGS_x86 = $(TEST_GEN_PROGS_COMMON)"
    assert lines[start + 2].strip() == found
    assert "kselftest-6.1: KVM selftest library as of 6.1 (classic): does not fit" in lines
    assert any("^TEST_GEN_PROGS_x86_64\\b is not in Makefile" in line for line in lines)


def test_two_dialects_that_fit_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tree(tmp_path, TREES["kselftest-6.1"])
    (first, *_) = dialects()
    monkeypatch.setattr("kpatch_tools.flow.dialect.dialects", lambda: (first, first))

    with pytest.raises(UserError, match="more than one dialect fits: kselftest-6"):
        choose(folder)


def test_the_harness_is_a_form_of_its_own_where_the_library_has_it(tmp_path: Path) -> None:
    read = tree_reader(tree(tmp_path / "new", TREES["kselftest-6.12"]))
    dialect = choose_dialect(read, "new")

    assert in_form(dialect, "classic", read) is dialect
    assert in_form(dialect, "harness", read).name == "kselftest-6.12-harness"
    with pytest.raises(UserError, match=r"kselftest_harness.h\" is not in include/kvm_test_harness.h"):
        in_form(dialect, "harness", lambda _path: None)
    old = tree_reader(tree(tmp_path / "old", TREES["kselftest-6.1"]))
    with pytest.raises(UserError, match="it has no harness"):
        in_form(choose_dialect(old, "old"), "harness", old)


def test_a_folder_that_is_no_kernel_tree(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no kernel tree with KVM selftests") as caught:
        choose(tmp_path)
    assert "--tree" in caught.value.cure


def test_a_reader_knows_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    read = tree_reader(tmp_path)

    assert read("file") == b"x"
    assert read("none") is None
    assert read("folder") is None
    assert read("file/below") is None


def test_private_memory_is_what_a_library_may_lack(tmp_path: Path) -> None:
    """6.2 to 6.7 have the dialect of 6.12 without it: the tree decides, not the dialect."""
    without = tree_reader(tree(tmp_path / "without", TREES["kselftest-6.12"]))
    library = f"{LIBRARY}void vm_mem_set_private(struct kvm_vm *vm, uint64_t gpa, uint64_t size);\n"
    files = {**TREES["kselftest-6.12"], "include/kvm_util.h": library}
    there = tree_reader(tree(tmp_path / "there", files))

    assert choose_dialect(there, "there").private_memory is not None
    lacking = choose_dialect(without, "without")
    assert (lacking.name, lacking.private_memory) == ("kselftest-6.12", None)
    shown = "\n".join(explained(probe_all(without, "without")))
    assert "  no   VMs can have private memory (6.8) (need not be)" in shown
    assert "  yes  tests can be run by the kselftest harness (need not be)" in shown
    assert "yes  VMs can have private memory" in "\n".join(explained(probe_all(there, "there")))
