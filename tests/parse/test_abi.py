# SPDX-License-Identifier: GPL-2.0-only
"""gcc's words about a program of assertions."""

from kpatch_tools.parse.abi import error_elsewhere, failed_lines, values

SAID = """\
<stdin>:4:1: error: static assertion failed: "sizeof(struct x)"
<stdin>:5:40: error: 'struct x' has no member named 'gpa'
<stdin>:5:60: error: expression in static assertion is not an integer
<stdin>:9:1: warning: something else
"""


def test_failed_assertions_have_no_words_other_errors_their_first() -> None:
    assert failed_lines(SAID) == {4: "", 5: "'struct x' has no member named 'gpa'"}
    assert failed_lines("") == {}


def test_errors_of_the_headers_are_told_apart() -> None:
    text = "In file included from <stdin>:3:\ninc/linux/kvm.h:7:2: error: unknown type name 'foo'\n"

    assert error_elsewhere(SAID) == ""
    assert error_elsewhere(text) == "inc/linux/kvm.h:7: unknown type name 'foo'"
    assert error_elsewhere("inc/a.h:7:2: fatal error: b.h: No such file or directory") != ""


def test_values_come_out_of_assembler_text() -> None:
    text = (
        '\t.text\n#APP\n# 6 "<stdin>" 1\n\t\nkvet-value 0 0 0 24\n\n# 0\nkvet-value 3 0 192 1617621\n\tret\n'
    )

    assert values(text) == {0: 24, 3: 0xC018AED5}
    assert values("kvet-value x 3\n") == {}
