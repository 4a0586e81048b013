# SPDX-License-Identifier: GPL-2.0-only
from pathlib import Path

import pytest

from kpatch_tools.errors import ToolFailed
from kpatch_tools.model.finding import Severity
from kpatch_tools.parse.checkpatch import read_terse

CORPUS = Path(__file__).parent.parent / "corpus/checkpatch"


def test_recorded_run() -> None:
    """probe.txt is what checkpatch.pl of Linux 6.1 printed about probe.patch, which was written for it."""
    found = read_terse((CORPUS / "probe.txt").read_text())
    lines = (CORPUS / "probe.patch").read_text().split("\n")
    kinds = {(one.type, one.severity) for one in found}
    assert ("SPACING", Severity.ERROR) in kinds
    assert ("AVOID_BUG", Severity.WARNING) in kinds
    assert ("CAMELCASE", Severity.NOTE) in kinds
    camel = next(one for one in found if one.type == "CAMELCASE")
    assert "kvm_probeCount" in lines[camel.line - 1]
    assert all(one.name == "kvet-mails/0001.patch" for one in found)


def test_summary_is_no_complaint() -> None:
    assert read_terse("total: 0 errors, 1 warnings, 0 checks, 9 lines checked\n\n") == ()


@pytest.mark.parametrize("line", ["Must be run from the top-level dir", "a:1: FATAL:X: y", "a:b: ERROR:X: y"])
def test_other_output_is_refused(line: str) -> None:
    with pytest.raises(ToolFailed):
        read_terse(f"{line}\n")
