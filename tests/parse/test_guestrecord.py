# SPDX-License-Identifier: GPL-2.0-only
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.model.vm import GuestRecord
from kpatch_tools.parse.guestrecord import MAX_FAULTS, parse_record, split_output

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
end 2 139 7.00
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
    assert second.code == 139
    assert record.faults == ()


def test_a_program_that_never_ended() -> None:
    """A panic ends the record anywhere; that is no fault of it."""
    record = read("start 1\nbegin 1 60 5.00\n")
    assert record.tests[0].code is None
    assert record.tests[0].elapsed == 0.0
    assert record.faults == ()


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
    both = parse_record(marked("start 1\n") + forged, "ab12")
    assert both.started
    assert not both.done
    assert both.faults[0] == "a line in it does not bear the word of this boot"


FORGED = {
    "two ends": ("start 1\nbegin 1 9 2\nend 1 1 3\nend 1 0 3\n", "program 1 ends twice"),
    "an end for another": ("start 1\nbegin 1 9 2\nend 2 0 3\n", "program 2 ends and did not begin"),
    "two beginnings": ("start 1\nbegin 1 9 2\nend 1 1 3\nbegin 1 9 4\n", "two lines begin 1"),
    "a later one first": ("start 1\nbegin 2 9 2\n", "program 2 begins out of turn"),
    "two at once": ("start 1\nbegin 1 9 2\nbegin 2 9 3\n", "program 2 begins out of turn"),
    "two taints": ("start 1\ntaint-after 512\ntaint-after 0\n", "two lines 'taint-after'"),
    "two modes": ("start 1\nparam kvm_amd.npt N\nparam kvm_amd.npt Y\n", "two lines for the parameter"),
    "after the end": ("start 1\ndone\nbegin 1 9 2\n", "'begin 1 9 2' stands after its end"),
    "before the start": ("done\nstart 1\n", "'done' stands before its start"),
    "two starts": ("start 1\nstart 1\n", "two lines 'start'"),
    "a word nobody knows": ("start 1\nverdict PASS\n", "'verdict PASS' is no line of it"),
    "another module": ("start 1\nparam loop.max_part 9\n", "is no line of it"),
    "time backwards": ("start 1\nbegin 1 9 5\nend 1 0 4\n", "time runs backwards at program 1"),
    "no number": ("start 1\nbegin 1 9 5\nend 1 nan 6\n", "has no exit code"),
    "a code too big": ("start 1\nbegin 1 9 5\nend 1 256 6\n", "has no exit code"),
    "no time": ("start 1\nbegin 1 inf 5\n", "has no time"),
    "a million lines": ("start 1\n" + "kvm yes\n" * 1_000_000, "it has 1000001 lines"),
}


@pytest.mark.parametrize("how", FORGED)
def test_what_the_script_never_writes_is_a_fault(how: str) -> None:
    text, why = FORGED[how]
    record = read(text)
    assert any(why in fault for fault in record.faults), record.faults
    assert len(record.faults) <= MAX_FAULTS + 1


def test_the_first_of_two_lines_counts() -> None:
    record = read("start 1\nbegin 1 9 2\nend 1 1 3\nend 1 0 3\ntaint-after 512\ntaint-after 0\n")
    assert record.tests[0].code == 1
    assert record.taint_after == 512


def test_hostile_words_are_shown_short_and_quoted() -> None:
    (fault,) = read("start 1\n\x1b[31mred" + "x" * 10_000 + "\n").faults
    assert "\x1b" not in fault
    assert len(fault) < 200


def test_a_line_broken_by_another_writer_is_lost_and_not_believed() -> None:
    record = parse_record(marked("start 1\nbegin 1 60 5.0\n") + "garbage ab12 end 1 0 6.0\n", "ab12")
    assert record.tests[0].code is None
    assert record.faults


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
    assert split_output(text, "ab", 2) == ({1: "one\nkvet-zz begin 2\nno newline", 2: "two\n"}, ())
    assert split_output("nothing\n", "ab", 2) == ({}, ())


def test_a_mark_that_does_not_come_next_is_not_obeyed() -> None:
    """A program that knows the word cannot put words into another's mouth, nor take back its own."""
    text = "kvet-ab begin 1\nnot ok 1 a\nkvet-ab begin 1\nok 1 a\nkvet-ab begin 2\n"
    parts, faults = split_output(text, "ab", 2)
    assert parts[1] == "not ok 1 a\nkvet-ab begin 1\nok 1 a\n"
    assert faults == ("a mark for program 1 after that of 1",)
    assert split_output("kvet-ab begin 7\nok 1 a\n", "ab", 2) == (
        {},
        ("a mark for program 7 after that of none",),
    )
    early = "kvet-ab begin 1\nkvet-ab begin 2\nok 1 forged\nkvet-ab begin 2\nnot ok 1 real\n"
    assert split_output(early, "ab", 2)[1] == ("a mark for program 2 after that of 2",)


@given(st.text(), st.text(max_size=8))
def test_never_raises(text: str, nonce: str) -> None:
    parse_record(text, nonce)
    read(text)
    split_output(text, nonce, 3)
