# SPDX-License-Identifier: GPL-2.0-only
"""`kvet contract check` as a whole: compiled headers of a git tree, a plain folder, the ledger."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.errors import ToolFailed, UserError
from kpatch_tools.flow.audit import Asked, audit
from kpatch_tools.flow.contract import places_of
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.flow.ledger import Made, check_ledger, remember
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.tools import files
from kpatch_tools.tools.kernels import Kernel

CONTRACT = load_contract("kvm_map_memory")
# What of a kernel's Makefile the headers take; make's own log tells how often it ran.
MAKEFILE = b"""\
headers:
\tmkdir -p $(O)/usr/include/linux
\tcp include/uapi/linux/*.h $(O)/usr/include/linux
"""
TYPES = b"typedef unsigned long long __u64;\ntypedef __u64 __aligned_u64 __attribute__((aligned(8)));\n"
IOCTL = b"#define _IOWR(t, n, a) (3U << 30 | sizeof(a) << 16 | (t) << 8 | (n))\n"
KVM = b"""\
#include <linux/types.h>
#define KVMIO 0xAE
#define KVM_CAP_MAP_MEMORY 236
#define KVM_MAP_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_memory_mapping)
struct kvm_memory_mapping {
	__u64 base_address;
	__u64 size;
	__u64 flags;
};
"""
DOCUMENT = b"""\
4.138 KVM_MAP_MEMORY
--------------------

:Capability: KVM_CAP_MAP_MEMORY
:Architectures: x86
:Type: vcpu ioctl
:Parameters: struct kvm_memory_mapping (in/out)
:Returns: 0 on success

  ====== ===========================
  EINVAL Something is wrong.
  EFAULT No memory slot is there.
  ====== ===========================
"""
FILES = {
    "Makefile": MAKEFILE,
    "include/uapi/linux/types.h": TYPES,
    "include/uapi/linux/ioctl.h": IOCTL,
    CONTRACT.header: KVM,
    CONTRACT.document: DOCUMENT,
}
HOLE = {"ret": -1, "errno": "EINVAL", "control": "ok"}


@pytest.fixture
def tree(git_tree: Callable[..., Path]) -> Path:
    return git_tree(FILES)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def times_made() -> int:
    return sum(
        log.read_text().count("cp include/uapi/linux/")
        for log in files.cache_dir("logs").glob("headers-*.log")
    )


def states(report: Report) -> dict[str, Status]:
    return {check.check: check.status for check in report.checks}


def rules(report: Report) -> set[str]:
    return {finding.rule for finding in report.findings}


def commit(tree: Path, git: Callable[..., str], old: bytes, new: bytes) -> None:
    (tree / CONTRACT.header).write_bytes(KVM.replace(old, new))
    git(tree, "commit", "--quiet", "--all", "--message=change")


def seen(state: Path, tmp_path: Path, release: str, *tests: TestResult, made: bool = True) -> CheckResult:
    image = tmp_path / f"image-{release}"
    image.write_text(release)
    head = Made(base="b" * 40, head="e" * 40, series="map v2") if made else None
    return remember(
        state,
        CONTRACT,
        CheckResult(check="tests", status=Status.PASS, tests=tests),
        Kernel(image=image, release=release, origin=str(image)),
        read=FILES.get,
        made=head,
    )


def hole(verdict: Verdict = Verdict.PASS, **observed: object) -> TestResult:
    return TestResult(
        name="hole_first",
        status=verdict,
        clause="no-memslot",
        mode={"npt": "1"},
        observed={**HOLE, **observed},
    )


def test_the_headers_of_a_git_tree_are_compiled_once(tree: Path) -> None:
    report = audit("kvm_map_memory", Asked(tree=str(tree)))

    assert states(report)["layout"] is Status.PASS
    (layout,) = [check for check in report.checks if check.check == "layout"]
    facts = dict(layout.facts)
    assert facts["assertions"].startswith("12 of 12 hold, gcc")
    assert facts["headers"].endswith("made by the tree's own make headers")
    again = dict(
        next(c for c in audit("kvm_map_memory", Asked(tree=str(tree))).checks if c.check == "layout").facts
    )
    assert again["headers"].endswith("from the cache")
    assert times_made() == 1


def test_a_difference_has_value_and_line(tree: Path, git: Callable[..., str]) -> None:
    commit(tree, git, b"\t__u64 size;\n\t__u64 flags;", b"\t__u64 flags;\n\t__u64 size;")
    report = audit("kvm_map_memory", Asked(tree=str(tree)))

    assert states(report)["layout"] is Status.FAIL
    assert "contract/header-struct" not in rules(report)
    told = {finding.message: str(finding.location) for finding in report.findings if "abi" in finding.rule}
    path = CONTRACT.header
    assert told == {
        "offsetof(struct kvm_memory_mapping, size) is 16 in the header, expected 8": f"{path}:8",
        "offsetof(struct kvm_memory_mapping, flags) is 8 in the header, expected 16": f"{path}:7",
    }


def test_the_compiler_has_the_last_word_on_a_type(tree: Path, git: Callable[..., str]) -> None:
    commit(tree, git, b"__u64 size", b"__aligned_u64 size")
    report = audit("kvm_map_memory", Asked(tree=str(tree)))

    assert (states(report)["contract"], states(report)["layout"]) == (Status.PASS, Status.PASS)
    assert "contract/header-struct" not in rules(report)


def test_a_plain_folder_is_read_and_says_so(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tmp_path / "plain"
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    tree.rename(plain)
    (plain / ".git").rename(tmp_path / "gone")
    report = audit("kvm_map_memory", Asked(tree=str(plain)))
    (layout,) = [check for check in report.checks if check.check == "layout"]

    assert states(report)["contract"] is Status.PASS
    assert layout.status is Status.SKIP
    assert "no git tree" in layout.reason
    assert "read, not compiled" in layout.reason


def test_an_edited_header_is_not_what_would_be_compiled(tree: Path) -> None:
    (tree / CONTRACT.header).write_bytes(KVM.replace(b"236", b"237"))
    report = audit("kvm_map_memory", Asked(tree=str(tree)))
    (layout,) = [check for check in report.checks if check.check == "layout"]

    assert layout.status is Status.SKIP
    assert "not as committed" in layout.reason
    assert "contract/header-cap" in rules(report)
    assert times_made() == 0


def test_a_tree_whose_headers_cannot_be_made_proves_nothing(tree: Path, git: Callable[..., str]) -> None:
    (tree / "Makefile").write_text("headers:\n\tfalse\n")
    git(tree, "commit", "--quiet", "--all", "--message=break")

    with pytest.raises(ToolFailed, match="headers could not be made"):
        audit("kvm_map_memory", Asked(tree=str(tree)))


def test_the_ledger_is_audited_over_all_kernels(tree: Path, state: Path, tmp_path: Path) -> None:
    seen(state, tmp_path, "6.1.7", hole())
    seen(state, tmp_path, "6.12.9-amd64", hole(Verdict.FAIL, errno="ENOENT"), made=False)
    report = audit("kvm_map_memory", Asked(tree=str(tree), state=state))

    assert states(report)["conformance"] is Status.FAIL
    assert states(report)["ledger"] is Status.FAIL
    (differ,) = [finding for finding in report.findings if finding.rule == "contract/kernels-differ"]
    assert "EINVAL on 6.1.7 + map v2" in differ.message
    assert "ENOENT on 6.12.9-amd64;" in f"{differ.message};"
    (case,) = differ.related
    assert case.own
    text = (Path(__file__).parents[2] / case.path).read_text().splitlines()
    assert text[case.line - 1 : case.line + 1] == ["[[case]]", 'name = "hole_first"']
    errnos = [finding for finding in report.findings if finding.rule == "conformance/errno-differs"]
    assert {str(finding.location) for finding in errnos} == {f"{CONTRACT.document}:12"}
    assert "6.1.7" in errnos[0].detail
    (broken,) = [finding for finding in report.findings if finding.rule == "conformance/behaviour"]
    assert broken.related == differ.related


def test_every_place_of_a_contract_is_that_of_its_name() -> None:
    places = places_of("kvm_map_memory", CONTRACT)
    lines = (Path(__file__).parents[2] / places.path).read_text().splitlines()

    for name, line in places.cases.items():
        assert f'name = "{name}"' in lines[line : line + 4]
    for name, line in places.clauses.items():
        assert f'id = "{name}"' in lines[line : line + 2]


def test_results_are_remembered_for_kernel_and_mode(state: Path, tmp_path: Path) -> None:
    done = seen(state, tmp_path, "6.1.7", hole())
    path = state / "ledger" / "kvm_map_memory.json"

    assert dict(done.facts)["ledger"] == str(path)
    (entry,) = json.loads(path.read_text())["entries"]
    assert entry["kernel"]["series"] == "map v2"
    assert entry["mode"] == {"npt": "1"}
    assert [row["errno"] for row in entry["document"]] == ["EINVAL", "EFAULT"]
    assert entry["results"][0]["observed"] == HOLE
    assert str(tmp_path) not in path.read_text()


def test_tests_of_something_else_leave_no_ledger(state: Path, tmp_path: Path) -> None:
    done = seen(state, tmp_path, "6.1.7", TestResult(name="another", status=Verdict.PASS))

    assert done.facts == ()
    assert not state.exists()


def test_a_damaged_ledger_is_told_before_a_run_and_costs_none(state: Path, tmp_path: Path) -> None:
    seen(state, tmp_path, "6.1.7", hole())
    path = state / "ledger" / "kvm_map_memory.json"
    path.write_text(path.read_text()[:100])

    with pytest.raises(UserError, match="no ledger of kvet"):
        check_ledger(state, CONTRACT)
    done = seen(state, tmp_path, "6.1.7", hole())
    assert done.status is Status.PASS
    assert "not written" in dict(done.facts)["ledger"]
    assert len(path.read_text()) == 100


def test_the_commands(tree: Path, state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = ["contract", "ledger", "kvm_map_memory", "--state", str(state)]
    check = ["contract", "check", "kvm_map_memory", "--tree", str(tree), "--state", str(state), "--ledger"]
    for argv in (ledger, check):
        assert run(argv) == 2
        assert "cure: run kvet test kvm_map_memory" in capsys.readouterr().err
    seen(state, tmp_path, "6.1.7", hole())
    assert run(ledger) == 0
    shown = capsys.readouterr().out
    assert "6.1.7 + map v2" in shown
    assert max(map(len, shown.splitlines())) <= 100 + len(str(tmp_path))
    assert run([*ledger, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["columns"][0]["counts"] == {"PASS": 1}
    assert run([*check, "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [one["check"] for one in report["checks"]] == ["contract", "layout", "conformance", "ledger"]
    (state / "ledger" / "kvm_map_memory.json").write_text("{")
    for argv in (ledger, check):
        assert run(argv) == 2
        text = capsys.readouterr().err
        assert "cure: " in text
        assert "mv " in text
    assert run(["test", "kvm_map_memory", "--tree", str(tree), "--state", str(state)]) == 2
    assert "no ledger of kvet" in capsys.readouterr().err
    assert not (state / "runs").exists()


def test_a_table_is_printed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contract", "show", "kvm_map_memory", "--table"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert lines[0] == lines[-1]
    assert lines[0].startswith("  ==")
    assert max(map(len, lines)) <= 79
