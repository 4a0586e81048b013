# SPDX-License-Identifier: GPL-2.0-only
"""`kvet contract`, as typed."""

import json
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.flow.dialect import SELFTESTS
from kpatch_tools.flow.generate import load_contract

CONTRACT = load_contract("kvm_map_memory")
FILES = {
    f"{SELFTESTS}/Makefile": "TEST_GEN_PROGS_x86_64 = x86_64/x\n",
    f"{SELFTESTS}/include/kvm_util_base.h": (
        "vm_create_with_one_vcpu(struct kvm_vcpu **vcpu)\n"
        "read_stat_data(int stats_fd, struct kvm_stats_header *h)\n"
    ),
    CONTRACT.header: (
        "#define KVM_CAP_MAP_MEMORY 236\n"
        "#define KVM_MAP_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_memory_mapping)\n"
        "struct kvm_memory_mapping {\n\t__u64 base_address;\n\t__u64 size;\n\t__u64 flags;\n};\n"
    ),
    CONTRACT.document: (
        "4.138 KVM_MAP_MEMORY\n--------------------\n\n:Capability: KVM_CAP_MAP_MEMORY\n:Architectures: x86\n"
        ":Type: vcpu ioctl\n:Parameters: struct kvm_memory_mapping (in/out)\n:Returns: 0 on success\n\n"
        "  ====== ==================\n  EINVAL A bad value.\n  EFAULT No memslot is there.\n"
        "  ====== ==================\n"
    ),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "tree"


def report(folder: Path, **observed: object) -> Path:
    test = {"name": "hole_first", "status": "PASS", "mode": {}, "observed": observed, "clause": "no-memslot"}
    check = {
        "check": "tests",
        "status": "PASS",
        "reason": "",
        "elapsed_s": 0.1,
        "findings": [],
        "tests": [test],
    }
    document = {
        "schema": 1,
        "tool": "kvet 0",
        "verdict": "PASS",
        "tree": None,
        "series": None,
        "checks": [check],
    }
    path = folder / "report.json"
    path.write_text(json.dumps(document))
    return path


def test_contract_check_without_and_with_results(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["contract", "check", "kvm_map_memory", "--tree", str(tree)]

    assert run(arguments) == 1
    assert "[contract/document-errno]" in capsys.readouterr().out
    assert run([*arguments, "--fail-on", "error"]) == 0
    capsys.readouterr()
    saved = report(tmp_path, ret=-1, errno="EINVAL", control="ok")
    assert run([*arguments, "--results", str(saved), "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    rules = {finding["rule"] for check in found["checks"] for finding in check["findings"]}
    assert "conformance/errno-differs" in rules


def test_contract_check_with_results_that_prove_nothing(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = report(tmp_path)

    assert run(["contract", "check", "kvm_map_memory", "--tree", str(tree), "--results", str(saved)]) == 3
    assert "did not run" in capsys.readouterr().out


def test_contract_check_needs_a_kernel_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contract", "check", "kvm_map_memory", "--tree", str(tmp_path)]) == 2
    assert "include/uapi/linux/kvm.h is not there" in capsys.readouterr().err


def test_contract_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contract", "show", "kvm_pre_fault_memory"]) == 0
    assert "0xc040aed5" in capsys.readouterr().out


def test_contract_schema_is_json_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contract", "schema"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["else"] == {"$ref": "#/$defs/Contract"}
    assert shown.err == ""
