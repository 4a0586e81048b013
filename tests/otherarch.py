# SPDX-License-Identifier: GPL-2.0-only
"""Recorded boots of other architectures (tests/corpus/arch), as the evidence that they left."""

from pathlib import Path

from kpatch_tools.model.run import Ended
from kpatch_tools.model.vm import Evidence, TestOutput
from kpatch_tools.parse.guestrecord import parse_record, split_output

NAME = "kvm_pre_fault_memory"
_CORPUS = Path(__file__).parent / "corpus" / "arch"


def recorded(arch: str) -> Evidence:
    """What the boot of "arm64" or "riscv64" left; its one program is the probe for the contract NAME."""
    folder = _CORPUS / arch
    record = (folder / "record.txt").read_text()
    nonce = record.partition(" ")[0]
    out, _, err = (folder / "output.log").read_text().partition("\n--- standard error ---\n")
    parts = [split_output(text, nonce, 1)[0][1] for text in (out, err)]
    output = TestOutput(name=NAME, stdout=parts[0], stderr=parts[1])
    return Evidence(
        ended=Ended.EXITED,
        returncode=0,
        elapsed=9.0,
        timeout=240.0,
        console=(folder / "console.log").read_text(),
        record=parse_record(record, nonce),
        outputs=(output,),
    )
