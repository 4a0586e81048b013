# SPDX-License-Identifier: GPL-2.0-only
"""Which contract a series is held against: its uapi header decides, wherever the mails come from."""

from pathlib import Path

import pytest

from kpatch_tools.flow.generate import base_text, load_contract
from kpatch_tools.flow.review_run import contracts_of
from kpatch_tools.flow.series import load_series
from kpatch_tools.tools.files import data_dir

HEADER = "include/uapi/linux/kvm.h"


def chosen(spec: str) -> list[str]:
    return [contract.name for contract in contracts_of(load_series(spec))]


def posting(tmp_path: Path, *added: str, path: str = HEADER) -> str:
    """A mail that adds those lines to one file."""
    lines = "".join(f"+{line}\n" for line in added)
    box = tmp_path / "thread.mbox"
    box.write_text(
        "From 1 Mon Sep 17 00:00:00 2001\nFrom: A B <a@b>\nMessage-ID: <1@x>\n"
        "Date: Mon, 1 Jan 2024 00:00:00 +0000\nSubject: [PATCH] KVM: Add it\n\nwhy\n---\n"
        f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
        f"@@ -1,0 +2,{len(added)} @@\n{lines}-- \n2.39\n\n"
    )
    return str(box)


@pytest.mark.parametrize(("version", "contract"), [("v2", "kvm_map_memory"), ("v3", "kvm_map_memory_v3")])
def test_each_version_has_its_contract_as_a_folder_and_as_an_mbox(
    version: str, contract: str, tmp_path: Path
) -> None:
    folder = data_dir("patches") / "kvm-map-memory" / version
    box = tmp_path / "thread.mbox"
    box.write_bytes(b"".join(path.read_bytes() for path in sorted(folder.glob("*.patch"))))

    assert chosen(f"kvm-map-memory/{version}") == [contract]
    assert chosen(str(box)) == [contract]


@pytest.mark.parametrize(
    ("define", "contract"),
    [
        ("#define KVM_MAP_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_map_memory)", "kvm_map_memory_v3"),
        ("#define KVM_MAP_MEMORY\t_IOWR( KVMIO,0xD5,struct  kvm_memory_mapping )", "kvm_map_memory"),
        # Another number: the struct counts before it.
        ("#define KVM_MAP_MEMORY _IOWR(KVMIO, 0xd6, struct kvm_map_memory)", "kvm_map_memory_v3"),
        ("#define KVM_MAP_MEMORY _IOW(KVMIO, 0xd5, struct kvm_map_memory)", "kvm_map_memory_v3"),
        # What fits no contract is held against the first: its header is then a finding.
        ("#define KVM_MAP_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_odd)", "kvm_map_memory"),
        ("#define KVM_MAP_MEMORY 17", "kvm_map_memory"),
        ("#define KVM_PRE_FAULT_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_odd)", "kvm_pre_fault_memory"),
    ],
)
def test_the_struct_of_the_number_decides(define: str, contract: str, tmp_path: Path) -> None:
    assert chosen(posting(tmp_path, define)) == [contract]


def test_a_define_of_several_lines(tmp_path: Path) -> None:
    lines = ("#define KVM_MAP_MEMORY \\", "\t_IOWR(KVMIO, 0xd5, \\", "\t      struct kvm_map_memory)")

    assert chosen(posting(tmp_path, *lines)) == ["kvm_map_memory_v3"]


@pytest.mark.parametrize(
    "added",
    [
        "#define KVM_MAP_MEMORIES _IOWR(KVMIO, 0xd5, struct kvm_map_memory)",
        "/* #define KVM_MAP_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_map_memory) */",
        "#define KVM_CAP_MAP_MEMORY 236",
        "struct kvm_map_memory;",
    ],
)
def test_what_defines_no_such_ioctl_has_no_contract(added: str, tmp_path: Path) -> None:
    assert chosen(posting(tmp_path, added)) == []


def test_a_test_that_defines_the_ioctl_for_itself_adds_none(tmp_path: Path) -> None:
    define = "#define KVM_MAP_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_map_memory)"
    test = "tools/testing/selftests/kvm/x86_64/map_memory_test.c"

    assert chosen(posting(tmp_path, define, path=test)) == []


def test_two_ioctls_have_two_contracts(tmp_path: Path) -> None:
    lines = (
        "#define KVM_PRE_FAULT_MEMORY _IOWR(KVMIO, 0xd6, struct kvm_pre_fault_memory)",
        "#define KVM_MAP_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_map_memory)",
    )

    assert sorted(chosen(posting(tmp_path, *lines))) == ["kvm_map_memory_v3", "kvm_pre_fault_memory"]


def test_the_contract_of_v3_is_that_of_v2_with_what_v3_changes() -> None:
    """Nothing of v2's is lost: what is not taken over is named as left out."""
    before, after = load_contract("kvm_map_memory"), load_contract("kvm_map_memory_v3")

    assert after.extends == before.name
    assert {case.name for case in after.case} == {case.name for case in before.case} | {
        "padding_set",
        "slot_dying",
    }
    assert {error.id for error in before.error} < {error.id for error in after.error}
    # Our own code has no known bug, and no case of it may do one thing or another.
    assert after.known_bug == ()
    assert not any(case.otherwise or case.expect.retry for case in after.case)
    assert before.request != after.request


def test_a_contract_by_its_path_finds_what_it_extends_beside_it(tmp_path: Path) -> None:
    shipped = data_dir("selftests-gen") / "contracts"
    for name in ("kvm_map_memory", "kvm_map_memory_v3"):
        (tmp_path / f"{name}.toml").write_text((shipped / f"{name}.toml").read_text())

    assert load_contract(str(tmp_path / "kvm_map_memory_v3.toml")) == load_contract("kvm_map_memory_v3")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a.b", ""])
def test_extends_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text("schema = 1\n")
    path = tmp_path / "below" / "c.toml"

    assert base_text(f'extends = "{name}"\n', path, shown="c.toml") is None
