# SPDX-License-Identifier: GPL-2.0-only
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.model.vm import GuestRecord
from kpatch_tools.parse.guestrecord import parse_record, split_output

RECORD = """start 4.20
release 6.12.0-test
param kvm_amd.npt Y
param kvm.tdp_mmu N
cpu svm npt
kvm yes
taint-before 0
begin 1 60 5.00
end 1 4 6.50
begin 2 60 6.60
taint-after 512
done
"""


def marked(text: str, nonce: str = "ab12") -> str:
    return "".join(f"{nonce} {line}" for line in text.splitlines(keepends=True))


def read(text: str) -> GuestRecord:
    return parse_record(marked(text), "ab12")


def test_whole_record() -> None:
    record = read(RECORD)
    assert record.started
    assert record.done
    assert record.release == "6.12.0-test"
    assert record.kvm
    assert record.parameters == {"kvm_amd.npt": "Y", "kvm.tdp_mmu": "N"}
    assert record.nested_paging
    assert (record.taint_before, record.taint_after) == (0, 512)
    first, second = record.tests
    assert (first.code, first.elapsed, first.limit) == (4, 1.5, 60.0)
    assert second.code is None
    assert second.elapsed == 0.0


def test_nothing_written() -> None:
    record = read("")
    assert not record.started
    assert not record.done
    assert not record.kvm
    assert not record.nested_paging
    assert record.taint_after is None


def test_a_line_that_was_cut_off_counts_for_nothing() -> None:
    assert not read("start 1\ndone").done


def test_lines_without_the_word_of_this_boot_are_nobodys() -> None:
    """What a program prints, or an earlier boot left: none of it can end the record well."""
    forged = "start 1\ndone\nnonce done\nab13 done\nab12done\n ab12 done\nab12  done\n"
    record = parse_record(forged, "ab12")
    assert not record.started
    assert not record.done
    assert parse_record(marked("start 1\n") + forged, "ab12").started
    assert not parse_record(marked("start 1\n") + forged, "ab12").done


def test_a_line_broken_by_another_writer_is_lost_and_not_believed() -> None:
    record = parse_record(marked("start 1\nbegin 1 60 5.0\n") + "garbage ab12 end 1 0 6.0\n", "ab12")
    assert record.tests[0].code is None


def test_nested_paging_needs_parameter_and_flags() -> None:
    assert not read("param kvm_amd.npt N\ncpu svm npt\n").nested_paging
    assert not read("param kvm_amd.npt Y\ncpu svm\n").nested_paging
    assert not read("param kvm_intel.ept Y\ncpu svm npt\n").nested_paging
    assert read("param kvm_intel.ept Y\ncpu vmx ept\n").nested_paging


def test_bad_numbers_are_passed_over() -> None:
    record = read("begin x 1 2\nbegin 1 2\nend 7 0 1\ntaint-before -1\nend 1 zero 1\n")
    assert record.tests == ()
    assert record.taint_before is None


def test_output_is_split_at_the_marks() -> None:
    text = "before\nkvet-ab begin 1\none\nkvet-zz begin 2\nno newlinekvet-ab begin 2\ntwo\n"
    assert split_output(text, "ab") == {1: "one\nkvet-zz begin 2\nno newline", 2: "two\n"}
    assert split_output("nothing\n", "ab") == {}


@given(st.text(), st.text(max_size=8))
def test_never_raises(text: str, nonce: str) -> None:
    parse_record(text, nonce)
    read(text)
    split_output(text, nonce)
