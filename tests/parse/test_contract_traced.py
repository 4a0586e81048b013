# SPDX-License-Identifier: GPL-2.0-only
"""What a case expects of the tracepoint can fail: a trace that shows nothing proves nothing."""

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.parse.contract import parse_contract
from kpatch_tools.tools.files import data_dir

NAME = "kvm_map_memory.toml"
TEXT = (data_dir("selftests-gen") / "contracts" / NAME).read_text()
NONE_SET = "spte = { entries = 0, before = 16 }"
SOME_SET = 'spte = { entries = 4, first = "base+3p" }'


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (NONE_SET, "spte = { entries = 0 }", "a trace that is broken shows"),
        (SOME_SET, "spte = { entries = 4, before = 1 }", "no call of the set-up sets entries"),
        ('needs = ["thp", "trace", "tdp-mmu"]', 'needs = ["thp", "tdp-mmu"]', 'needs "trace"'),
        (NONE_SET, "spte = { entries = 0, before = 65 }", "before"),
    ],
)
def test_a_trace_that_proves_nothing_is_refused(old: str, new: str, fault: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(UserError, match=fault):
        parse_contract(TEXT.replace(old, new), path=NAME)


def test_the_shipped_contract_is_accepted() -> None:
    assert parse_contract(TEXT, path=NAME).name == "kvm_map_memory"
