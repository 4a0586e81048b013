# SPDX-License-Identifier: GPL-2.0-only
"""A review of our v2 says the same with the sandbox as without: the same report, byte for byte but times."""

import difflib
import json
from pathlib import Path

import pytest

from kpatch_tools.cli import app
from tests.hostile.samereport import comparable
from tests.machines import require

REPORT = {
    "tool": "kvet",
    "verdict": "FAIL",
    "folder": "/a/runs/1",
    "started": "2026-11-22T20:00:00+00:00",
    "unprotected": False,
    "checks": [
        {
            "check": "build",
            "elapsed_s": 1.5,
            "logs": ["/a/runs/1/logs/build.log"],
            "facts": [["cached", "yes"], ["kernel", "6.1.192"], ["nested", "yes"]],
            "findings": [{"message": "x", "detail": "[   1.234567] WARNING in /a/runs/1/logs"}],
        }
    ],
}


def test_times_folders_and_caches_are_left_out() -> None:
    other = json.loads(json.dumps(REPORT).replace("/a/runs/1", "/b/runs/2").replace("1.234567", "9.876543"))
    other |= {"started": "2027-01-01T00:00:00+00:00", "unprotected": True}
    other["checks"][0] |= {"elapsed_s": 9.0, "facts": [["cached", "no"], *REPORT["checks"][0]["facts"][1:]]}
    other["checks"][0]["logs"] = ["/b/runs/2/build-0123456789ab.log"]
    assert comparable(json.dumps(REPORT)) == comparable(json.dumps(other))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FAIL", "PASS"),
        ('"nested", "yes"', '"nested", "no"'),
        ("6.1.192", "6.1.193"),
        ('"x"', '"y"'),
        ("WARNING", "BUG"),
        ("build", "b"),
    ],
)
def test_all_else_counts(old: str, new: str) -> None:
    text = json.dumps(REPORT)
    assert comparable(text) != comparable(text.replace(old, new))


@pytest.mark.kernel
@pytest.mark.vm
@pytest.mark.timeout(3600)
def test_the_sandbox_changes_nothing_in_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require("bwrap", "vng", "make", "gcc")
    texts = []
    for name, more in (("inside", ()), ("outside", ("--no-sandbox",))):
        state = tmp_path / name
        app.run(["review", "kvm-map-memory/v2", "--tree", "debian:6.1", "--state", str(state), *more])
        (written,) = (state / "runs").glob("*/report.json")
        texts.append(written.read_text())
        said = capsys.readouterr()
        assert ("without a sandbox" in said.out) is bool(more)
        assert json.loads(texts[-1])["unprotected"] is bool(more)
    inside, outside = (comparable(text).splitlines() for text in texts)
    assert list(difflib.unified_diff(outside, inside, "without", "with", lineterm="", n=1)) == []
