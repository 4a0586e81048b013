# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.checks.baseline import free_entries, split, stale
from kpatch_tools.model.baseline import Baseline, BaselineEntry
from kpatch_tools.model.finding import Finding, Location, Severity


def finding(message: str, line: int = 1) -> Finding:
    return Finding(
        rule="docs/x",
        severity=Severity.WARNING,
        message=message,
        location=Location(path="a.rst", line=line),
    )


def entry(message: str, line: int = 3) -> BaselineEntry:
    return BaselineEntry(
        fingerprint=finding(message).fingerprint, rule="docs/x", path="a.rst", message=message, line=line
    )


def test_an_entry_stands_for_one_finding_wherever_it_moved():
    new, unused = split([finding("S: fault", 7), finding("S: fault", 70)], [entry("S: fault")])
    assert (len(new), unused) == (1, ())
    new, unused = split([finding("S: fault", 9)], [entry("S: fault", 3), entry("S: fault", 4)])
    assert new == ()
    assert [one.line for one in unused] == [4]


def test_numbers_do_not_count_but_the_very_message_comes_first():
    new, unused = split([finding("S: KVM_X1"), finding("S: KVM_X2")], [entry("S: KVM_X2")])
    assert [one.message for one in new] == ["S: KVM_X1"]
    assert unused == ()
    assert split([finding("S: 27 characters")], [entry("S: 24 characters")]) == ((), ())


def test_another_message_or_section_is_not_known():
    new, unused = split([finding("S: other"), finding("T: fault")], [entry("S: fault")])
    assert (len(new), len(unused)) == (2, 1)


def test_an_old_finding_keeps_its_entry_from_a_new_one():
    old, new = finding("S: fault", 1), finding("S: fault", 5)
    assert free_entries([entry("S: fault")], [old, new], [new]) == ()
    assert len(free_entries([entry("S: fault"), entry("S: fault")], [old, new], [new])) == 1
    assert len(free_entries([entry("S: fault")], [new], [new])) == 1


def test_a_stale_entry_is_a_note_at_its_line_with_the_cure():
    (note,) = stale(Baseline(name="known.txt", entries=()), [entry("S: fault", 12)])
    assert (note.severity, str(note.location)) == (Severity.NOTE, "known.txt:12")
    assert "S: fault [docs/x]" in note.message
    assert "delete the line" in note.hint
    assert "--write-baseline known.txt" in note.hint
