# SPDX-License-Identifier: GPL-2.0-only
"""`kvet build` and `kvet test` as typed; what they call is made up here, and real elsewhere."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.flow.build import BuildResult
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.model.vm import Backend


@pytest.fixture
def tree(git_tree: Callable[..., Path]) -> Path:
    return git_tree({"Makefile": b"VERSION = 6\n"})


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """``build(findings)``: what the next build comes to."""

    def come_to(*findings: Finding) -> None:
        result = BuildResult(
            image=None if findings else tmp_path / "bzImage",
            config=None,
            release="" if findings else "6.1.0",
            findings=findings,
            elapsed=1.0,
            log=tmp_path / "log",
            cached=False,
            compiler="gcc 12",
        )
        monkeypatch.setattr("kpatch_tools.flow.warnings.build_kernel", lambda *args, **kwargs: result)

    return come_to


def test_build_that_is_good(
    build: Callable[..., None], tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build()
    assert run(["build", "--tree", str(tree), "--state", str(tmp_path / "s")]) == 0
    shown = capsys.readouterr()
    assert "verdict: PASS" in shown.out
    assert shown.err.rstrip().endswith(f"kvet: image: {tmp_path}/bzImage")


def test_build_that_is_bad(
    build: Callable[..., None], tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(Finding(rule="gcc/error", severity=Severity.ERROR, message="no such thing"))
    assert run(["build", "--tree", str(tree), "--state", str(tmp_path / "s"), "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["checks"][0]["findings"][0]["rule"] == "gcc/error"


def test_a_fragment_that_is_none(tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.config").write_text("CONFIG_A=y\nKASAN=y\n")
    argv = [
        "build",
        "--tree",
        str(tree),
        "--state",
        str(tmp_path / "s"),
        "--config",
        str(tmp_path / "x.config"),
    ]
    assert run(argv) == 2
    said = capsys.readouterr().err
    assert "x.config:2: 'KASAN=y' is no line of a kernel configuration" in said
    assert "CONFIG_KASAN=y" in said


def test_a_fragment_for_a_finished_kernel(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["test", "kvm_map_memory", "--tree", str(tree), "--kernel", "debian:6.12", "--config", "debug"]
    assert run([*argv, "--state", str(tmp_path)]) == 2
    assert "--config is for a kernel that kvet builds" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["build"], ["test", "kvm_map_memory"]])
def test_no_tree(verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*verb, "--tree", str(tmp_path), "--state", str(tmp_path / "s")]) == 2
    assert "is not a git tree" in capsys.readouterr().err


@pytest.fixture
def tested(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, object]]]:
    """``tested(check)``: what the next test comes to; returns what the flow was called with."""

    def come_to(outcome: CheckResult | Exception) -> list[dict[str, object]]:
        calls: list[dict[str, object]] = []

        def flow(contract: str, prepared: object, **options: object) -> tuple[CheckResult, ...]:
            calls.append({"contract": contract, **options})
            if isinstance(outcome, Exception):
                raise outcome
            return (outcome,)

        monkeypatch.setattr("kpatch_tools.cli.test.run_on_commit", flow)
        return calls

    return come_to


GOOD = CheckResult(check="tests", status=Status.PASS, tests=(TestResult(name="a", status=Verdict.PASS),))


def test_good_tests_and_the_options(
    tested: Callable[..., list[dict[str, object]]],
    tree: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = tested(GOOD)
    monkeypatch.setattr("kpatch_tools.cli.test.select", lambda spec, sink: f"the kernel of {spec}")
    argv = ["test", "kvm_map_memory", "--tree", str(tree), "--kernel", "debian:6.12", "--mode", "npt=0"]
    argv += ["--mode", "default", "--cpus", "2", "--memory", "2G", "--timeout", "9", "--state", str(tmp_path)]
    assert run([*argv, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "PASS"
    (call,) = calls
    assert call["modes"] == ({"npt": "0"}, {})
    assert call["kernel"] == "the kernel of debian:6.12"
    settings = call["settings"]
    assert (settings.cpus, settings.memory, settings.limit, settings.config) == (2, "2G", 9, ())
    (report,) = tmp_path.glob("runs/*-test-kvm_map_memory/report.json")
    assert json.loads(report.read_text())["verdict"] == "PASS"


def test_the_back_end_and_the_allow_list_reach_the_flow(
    tested: Callable[..., list[dict[str, object]]], tree: Path, tmp_path: Path
) -> None:
    calls = tested(GOOD)
    entries = tmp_path / "mine.toml"
    entries.write_text("[[splat]]\nkind = 'warning'\ntitle = 'a'\nreason = 'r'\n")
    argv = ["test", "kvm_map_memory", "--tree", str(tree), "--state", str(tmp_path)]
    assert run([*argv, "--backend", "direct", "--allow-splats", str(entries)]) == 0
    assert run(argv) == 0
    direct, plain = (call["settings"] for call in calls)
    assert (direct.backend, [entry.place for entry in direct.allowed]) == ("direct", [f"{entries}:1"])
    assert (plain.backend, plain.allowed) == ("vng", ())


def test_the_hosts_root_has_to_be_asked_for_by_name(
    tested: Callable[..., list[dict[str, object]]],
    tree: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = tested(GOOD)
    argv = ["test", "kvm_map_memory", "--tree", str(tree), "--state", str(tmp_path)]
    assert run([*argv, "--host-root"]) == 0
    assert calls[0]["settings"].backend is Backend.HOST_ROOT
    assert run([*argv, "--backend", Backend.HOST_ROOT.value]) == 2
    assert run([*argv, "--host-root", "--backend", "direct"]) == 2
    assert "--host-root is for --backend vng" in capsys.readouterr().err


def test_an_allow_list_with_a_bad_expression(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = tmp_path / "mine.toml"
    entries.write_text("[[splat]]\nkind = 'warning'\ntitle = 'a('\nreason = 'r'\n")
    argv = ["test", "kvm_map_memory", "--tree", str(tree), "--state", str(tmp_path)]
    assert run([*argv, "--allow-splats", str(entries)]) == 2
    assert "mine.toml:3: 'a(' is no regular expression" in capsys.readouterr().err


def test_failed_tests(tested: Callable[..., list[dict[str, object]]], tree: Path, tmp_path: Path) -> None:
    tested(CheckResult(check="tests", status=Status.FAIL))
    assert run(["test", "kvm_map_memory", "--tree", str(tree), "--state", str(tmp_path)]) == 1


def test_tests_that_did_not_run(
    tested: Callable[..., list[dict[str, object]]], tree: Path, tmp_path: Path
) -> None:
    tested(CheckResult(check="tests", status=Status.DID_NOT_RUN, reason="no nested paging"))
    assert run(["test", "kvm_map_memory", "--tree", str(tree), "--state", str(tmp_path)]) == 3


def test_skips_alone_prove_nothing(
    tested: Callable[..., list[dict[str, object]]],
    tree: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    skipped = TestResult(name="a", status=Verdict.SKIP)
    tested(CheckResult(check="tests", status=Status.SKIP, tests=(skipped,)))
    assert run(["test", "kvm_map_memory", "--tree", str(tree), "--state", str(tmp_path)]) == 3
    assert "nothing was proven" in capsys.readouterr().err


def test_a_missing_program_is_one_line_with_the_cure(
    tested: Callable[..., list[dict[str, object]]],
    tree: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tested(EnvironmentFault("qemu-system-x86_64 is not installed", cure="apt-get install -y qemu-system-x86"))
    assert run(["test", "kvm_map_memory", "--tree", str(tree), "--state", str(tmp_path)]) == 3
    lines = [line for line in capsys.readouterr().err.splitlines() if "qemu" in line]
    assert lines == [
        "kvet: qemu-system-x86_64 is not installed",
        "  cure: apt-get install -y qemu-system-x86",
    ]


@pytest.mark.parametrize(
    "option",
    [["--backend", "qemu"], ["--mode", "npt"], ["--memory", "1Z"], ["--cpus", "0"], ["--timeout", "x"]],
)
def test_wrong_options(option: list[str], tree: Path, tmp_path: Path) -> None:
    assert run(["test", "kvm_map_memory", "--tree", str(tree), "--state", str(tmp_path), *option]) == 2
