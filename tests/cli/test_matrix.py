# SPDX-License-Identifier: GPL-2.0-only
"""`kvet matrix` as typed; the machines are made up, real ones are in tests/flow/test_matrix_vm.py."""

import json
from pathlib import Path

import junitparser
import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.flow import matrix as flow
from tests.flow.matrix_fake import BREAKS, FAILS, PASSES, SKIPS, TCG, Guests, Shelf

TEXT = (
    'schema = 1\ntitle = "made up"\n[[test]]\nselftest = "a_test"\n[[mode]]\n[[mode]]\nnpt = false\n'
    '[[kernel]]\nimage = "one"\ntree = "t"\n'
)


@pytest.fixture
def guests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Guests:
    (tmp_path / "shelf").mkdir()
    guests = Guests()
    monkeypatch.setattr(flow, "stock_up", Shelf(tmp_path / "shelf"))
    monkeypatch.setattr(flow.probe, "acceleration", lambda: TCG)
    monkeypatch.setattr("kpatch_tools.tools.meminfo.memory_available", lambda: 1 << 40)
    monkeypatch.setattr(flow, "_booter", lambda backend: guests)
    monkeypatch.chdir(tmp_path)
    Path("m.toml").write_text(TEXT)
    return guests


def folder() -> Path:
    (found,) = Path(".kvet/runs").glob("*-matrix-m")
    return found


def test_good(guests: Guests, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["matrix", "m.toml"]) == 0
    shown = capsys.readouterr()
    assert "  npt=0    pass 2s\n" in shown.out
    assert shown.out.splitlines()[-1].startswith("2 cells: 2 as expected; ")
    assert f"kvet: 2 cells, kept in {folder()}" in shown.err
    assert f"kvet: report: {folder()}/report.json" in shown.err
    assert json.loads((folder() / "report.json").read_text())["verdict"] == "PASS"


def test_a_failure_and_a_flaky_one_are_1(guests: Guests, capsys: pytest.CaptureFixture[str]) -> None:
    guests.outcomes["a_test", "default"] = [FAILS]
    assert run(["matrix", "m.toml"]) == 1
    guests.forget()
    guests.outcomes = {("a_test", "npt=0"): [FAILS, PASSES]}
    assert run(["matrix", "m.toml"]) == 1
    assert "1 as expected, 1 flaky" in capsys.readouterr().out


def test_nothing_proven_is_3_however_it_came(guests: Guests) -> None:
    for outcome in (SKIPS, BREAKS):
        guests.outcomes["a_test", "default"] = guests.outcomes["a_test", "npt=0"] = [outcome]
        assert run(["matrix", "m.toml"]) == 3


def test_one_that_could_not_run_is_1_and_the_way_on_is_told(
    guests: Guests, capsys: pytest.CaptureFixture[str]
) -> None:
    guests.outcomes["a_test", "npt=0"] = [BREAKS]
    assert run(["matrix", "m.toml"]) == 1
    assert f"kvet matrix --resume {folder()}" in capsys.readouterr().err
    guests.outcomes.clear()
    assert run(["matrix", "--resume", str(folder())]) == 0
    assert run(["matrix", "m.toml", "--resume", str(folder())]) == 0


def test_ctrl_c_tells_how_to_go_on(guests: Guests, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(number: int) -> None:
        raise KeyboardInterrupt

    guests.before = interrupt
    assert run(["matrix", "m.toml", "--jobs-vm", "1"]) == 130
    assert f"kvet: go on with: kvet matrix --resume {folder()}" in capsys.readouterr().err


@pytest.mark.parametrize("fmt", ["json", "junit", "html", "sarif", "github"])
def test_other_formats_are_alone_on_standard_output(
    fmt: str, guests: Guests, capsys: pytest.CaptureFixture[str]
) -> None:
    guests.outcomes["a_test", "npt=0"] = [FAILS, PASSES]
    assert run(["matrix", "m.toml", "--format", fmt]) == 1
    shown = capsys.readouterr().out
    if fmt == "json":
        checks = json.loads(shown)["checks"]
        assert dict(checks[-1]["facts"])["verdict"] == "FLAKY"
    if fmt == "junit":
        read_back = junitparser.JUnitXml.fromstring(shown.encode())
        assert read_back.failures == 2
        assert [suite.name for suite in read_back] == [
            "matrix",
            "a_test [default] on one",
            "a_test [npt=0] on one",
        ]


def test_a_kept_report_becomes_junit(guests: Guests, capsys: pytest.CaptureFixture[str]) -> None:
    run(["matrix", "m.toml", "--format", "junit"])
    direct = capsys.readouterr().out
    assert run(["render", "junit", "--from", str(folder() / "report.json")]) == 0
    assert capsys.readouterr().out == direct


def test_dry_run_boots_nothing_and_leaves_nothing(guests: Guests, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["matrix", "m.toml", "--dry-run"]) == 0
    assert "2 cells" in capsys.readouterr().out
    assert guests.boots == []
    assert not Path(".kvet").exists()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "no matrix is named"),
        (["no-such"], "no matrix of that name"),
        (["--resume", "."], "no run of a matrix was begun there"),
        (["m.toml", "--jobs-vm", "0"], "--jobs-vm"),
    ],
)
def test_wrong_usage(argv: list[str], said: str, guests: Guests, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["matrix", *argv]) == 2
    assert said in capsys.readouterr().err


def test_resuming_with_other_options_is_refused(guests: Guests, capsys: pytest.CaptureFixture[str]) -> None:
    run(["matrix", "m.toml"])
    where = str(folder())
    for option in (["--retries", "3"], ["--backend", "vng"], ["--host-root"], ["--tree", "x"]):
        assert run(["matrix", "--resume", where, *option]) == 2
        assert "was begun with" in capsys.readouterr().err
    Path("other.toml").write_text(TEXT)
    assert run(["matrix", "other.toml", "--resume", where]) == 2
    assert "is of" in capsys.readouterr().err


def test_the_hosts_root_is_told(guests: Guests, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["matrix", "m.toml", "--host-root"]) == 2
    assert "--host-root is for --backend vng" in capsys.readouterr().err
    assert run(["matrix", "m.toml", "--backend", "vng", "--host-root"]) == 0
    report = json.loads((folder() / "report.json").read_text())
    (whole,) = [check for check in report["checks"] if check["check"] == "matrix"]
    assert [finding["rule"] for finding in whole["findings"]] == ["guest/host-root"]
    assert ["back end", "vng --host-root"] in whole["facts"]
    assert run(["matrix", "--resume", str(folder())]) == 0
    assert run(["matrix", "--resume", str(folder()), "--host-root"]) == 0


def test_faults_of_the_file_all_at_once(guests: Guests, capsys: pytest.CaptureFixture[str]) -> None:
    Path("m.toml").write_text(TEXT + '[[mode]]\nnpt = "maybe"\nhuge = 1\n')
    assert run(["matrix", "m.toml"]) == 2
    said = capsys.readouterr().err
    assert "m.toml:12: mode[3].npt" in said
    assert 'm.toml:13: mode[3]: unknown key "huge"' in said
