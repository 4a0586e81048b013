# SPDX-License-Identifier: GPL-2.0-only
"""The harness form of a generated test on a stock kernel: each case a result, read as of the classic form."""

from pathlib import Path

import pytest

from kpatch_tools.checks.vm import judge
from kpatch_tools.flow.dialect import choose_dialect, in_form
from kpatch_tools.flow.generate import generate, load_contract
from kpatch_tools.flow.selftest import build_selftest
from kpatch_tools.model.event import silent
from kpatch_tools.model.test import Verdict
from kpatch_tools.tools import direct, guest, probe
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for
from kpatch_tools.tools.kernels import select
from kpatch_tools.tools.machine import Machine
from tests.machines import debian_tree

pytestmark = [pytest.mark.vm, pytest.mark.timeout(900)]


def test_the_kselftest_harness_runs_every_case(tmp_path: Path) -> None:
    found = debian_tree("6.12")
    store = Repository.open(store_for(found.path))

    def read(path: str) -> bytes | None:
        return store.read_blob(found.commit, path)

    contract = load_contract("kvm_pre_fault_memory")
    dialect = in_form(choose_dialect(read, "debian:6.12"), "harness", read)
    sources = generate(contract, dialect)
    built = build_selftest(found.path, found.commit, sources, sink=silent, state=tmp_path)
    (binary,) = built.binaries.values()
    machine = Machine(
        kernel=select("debian:6.12", sink=silent),
        acceleration=probe.acceleration(),
        mode={},
        cpus=1,
        memory="1G",
    )
    program = guest.Program(name=contract.name, binary=binary, limit=300)

    judgement = judge(direct.boot(machine, (program,), logs=tmp_path / "vm", sink=silent).evidence)

    results = {test.name.rpartition(".")[2]: test for test in judgement.tests}
    assert list(results) == [case.name for case in contract.case]
    bad = {name: test.reason for name, test in results.items() if test.status not in (
        Verdict.PASS, Verdict.SKIP, Verdict.KNOWN_BUG)}  # fmt: skip
    assert bad == {}
    assert results["stale_root"].status is Verdict.KNOWN_BUG
    assert results["stale_root"].reason.startswith("B2, fixed by 20a6cff3b283")
    assert results["one_page"].observed["pages_4k"] == 1
