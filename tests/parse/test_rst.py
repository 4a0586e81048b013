# SPDX-License-Identifier: GPL-2.0-only
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpatch_tools.errors import UserError
from kpatch_tools.parse.rst import decode, parse_document
from kpatch_tools.parse.rst_limits import MAX_BYTES, MAX_LINE

DOCUMENT = """\
.. SPDX-License-Identifier: GPL-2.0-only

========
A manual
========

4. Calls
========

4.1 KVM_FIRST
-------------

:Capability: basic
:Parameters: a value
   that goes on
:Returns: 0

Errors:

  ======= ==========================
  EINVAL  the value is bad
  EAGAIN  try again, with what is
          left of it
  ======= ==========================

The `size` is here and `in
two` lines, but ``code`` is not.

::

  struct first {
\t__u64 size;
  };

A part without number
^^^^^^^^^^^^^^^^^^^^^

  :Nested: list

4.2 KVM_SECOND/KVM_THIRD
------------------------

- one `item`
"""


@pytest.fixture(scope="module")
def document():
    return parse_document(DOCUMENT)


def test_titles_have_number_symbol_level_and_both_lines(document):
    first = next(title for title in document.titles if title.number == (4, 1))
    assert (first.text, first.symbol, first.name) == ("4.1 KVM_FIRST", "KVM_FIRST", "KVM_FIRST")
    assert (first.line, first.underline_line, first.underline) == (10, 11, "-" * 13)
    assert first.level == 3
    assert [title.text for title in document.titles] == [
        "A manual",
        "4. Calls",
        "4.1 KVM_FIRST",
        "A part without number",
        "4.2 KVM_SECOND/KVM_THIRD",
    ]
    assert [title.number for title in document.titles] == [(), (4,), (4, 1), (), (4, 2)]


def test_a_section_ends_before_the_next_numbered_title_and_keeps_its_unnumbered_parts(document):
    first = document.section_named("KVM_FIRST")
    assert (first.title.line, first.end_line) == (10, 39)
    assert document.section_at(37) is first
    assert document.section_at(3) is None
    assert document.section_named("KVM_THIRD") is document.section_at(42)
    assert document.section_named("KVM_FIR") is None
    assert document.place(26) == "KVM_FIRST"
    assert document.place(4) == "A manual"
    assert document.place(1) == ""


def test_fields_are_those_of_the_section_itself_with_long_values_joined(document):
    first = document.section_named("KVM_FIRST")
    assert [(field.name, field.value, field.line) for field in first.fields] == [
        ("Capability", "basic", 13),
        ("Parameters", "a value that goes on", 14),
        ("Returns", "0", 16),
    ]


def test_errno_rows_by_cell(document):
    rows = document.section_named("KVM_FIRST").errors
    assert [(row.errno, row.text, row.line, row.column) for row in rows] == [
        ("EINVAL", "the value is bad", 21, 3),
        ("EAGAIN", "try again, with what is left of it", 22, 3),
    ]


def test_a_literal_block_knows_its_first_line(document):
    (block,) = document.section_named("KVM_FIRST").literals
    assert block.line == 31
    assert block.text.splitlines() == ["struct first {", "      __u64 size;", "};"]


def test_single_backticks_have_line_and_column_even_over_a_line_break(document):
    assert [(span.text, span.line, span.column) for span in document.single_backticks] == [
        ("`size`", 26, 5),
        ("`in two`", 26, 24),
        ("`item`", 43, 7),
    ]


def test_a_repeated_span_is_found_at_each_place():
    text = "Both `a` and ``a`` and `a`\nand once more `a`.\n"
    spans = parse_document(text).single_backticks
    assert [(span.line, span.column) for span in spans] == [(1, 6), (1, 24), (2, 15)]


def test_a_backtick_in_a_title_is_found_on_its_line():
    text = "Intro\n\nThe `x` call\n============\n\ntext\n"
    (span,) = parse_document(text).single_backticks
    assert (span.line, span.column) == (3, 5)


def test_lines_count_as_in_an_editor():
    text = "one\x0btwo\u2028three\x85four\n\nfive `six`\r\n"
    document = parse_document(text)
    assert len(document.lines) == 3
    assert (document.single_backticks[0].line, document.single_backticks[0].column) == (3, 6)


def test_an_error_table_with_a_header_gives_its_body_only():
    text = "======  ====\nerrno   when\n======  ====\nEINVAL  bad\n======  ====\n"
    text = "1. X\n====\n\n" + text
    rows = parse_document(text).sections[0].errors
    assert [(row.errno, row.line) for row in rows] == [("EINVAL", 7)]


def test_a_table_of_other_things_is_no_errno_table():
    text = "1. X\n====\n\n====== ====\nRAX    64\nEXIT   32\nRBX    64\n====== ====\n"
    assert parse_document(text).sections[0].errors == ()


def test_tabs_in_a_table_do_not_move_the_column():
    text = "1. X\n====\n\n\t======\t====\n\tEINVAL\tbad\n\t======\t====\n"
    (row,) = parse_document(text).sections[0].errors
    assert (row.errno, row.line, row.column) == ("EINVAL", 5, 2)


SPHINX = """\
A :ref:`link <label>`, :c:func:`call`, :c:anything-new:`x`, :doc:`/other`, :file:`path`.

.. toctree::
   :maxdepth: 2

   one

.. kernel-doc:: include/linux/x.h
   :functions: one two
   :no-such-option: 3

.. flat-table:: caption
   :header-rows: 1

   * - a
     - b

.. c:function:: int call(void)

   It has a `body`.

.. code-block:: c
   :linenos:

   int x;

.. only:: html

   Index
   =====
"""


def test_names_of_sphinx_are_known_and_bodies_are_read():
    document = parse_document(SPHINX)
    assert [message for message in document.messages if message.level > 1] == []
    assert [(span.text, span.line) for span in document.single_backticks] == [("`body`", 20)]


def test_an_unknown_name_is_still_a_message():
    messages = parse_document(".. no-such-thing:: x\n\nA :nonsense:`x`.\n").messages
    assert {message.line for message in messages if message.level > 2} == {1, 3}


def test_one_document_cannot_change_how_the_next_one_is_read():
    parse_document(".. default-role:: strong\n\n.. role:: mine\n\n:mine:`x`\n")
    later = parse_document("A `name` and :mine:`x`.\n")
    assert [span.text for span in later.single_backticks] == ["`name`"]
    assert any("mine" in message.text for message in later.messages if message.level > 2)


def test_no_file_is_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden words\n")
    text = (
        f".. include:: {secret}\n\n.. csv-table::\n   :file: {secret}\n\n.. raw:: html\n   :file: {secret}\n"
    )
    document = parse_document(text)
    assert "hidden" not in "".join(paragraph.text for paragraph in document.paragraphs)
    assert not any("hidden" in message.text for message in document.messages)


def test_what_docutils_cannot_read_at_all_is_a_message_and_not_a_pass():
    document = parse_document("- " * 3000 + "deep\n")
    assert any(message.level == 4 for message in document.messages)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"good\nbad \xff\n", "x.rst:2: byte 0xff is not UTF-8"),
        (b"one\ntwo\nthree\0\n", "x.rst:3: a NUL byte"),
        (b"short\n" + b"a" * (MAX_LINE + 1), "x.rst:2: a line of 2001 characters"),
        (b"\n" * (MAX_BYTES + 1), "too many for a document"),
    ],
)
def test_what_no_document_may_hold_is_refused_with_its_line(raw, said):
    with pytest.raises(UserError) as caught:
        decode(raw, "x.rst")
    assert said in caught.value.message
    assert caught.value.cure


def test_a_good_document_is_decoded():
    assert decode("naïve\n".encode(), "x.rst") == "naïve\n"
    assert decode(b"", "x.rst") == ""


PIECES = st.sampled_from(
    [
        *(
            "",
            "text::",
            "::",
            "> q",
            "    deep",
            "\ttab",
            "- item",
            "1. item",
            "4.1 KVM_X",
            "| line",
            "__",
            "\\",
        ),
        *("=====", "===== =====", "=== ===== ==", "  ====== ====", "-----", "- - -", "-----------"),
        *("+---+---+", "| a | b |", "+===+===+", "EINVAL text", "EINVALIDEST x", "a  b"),
        *("`x`", "``x``", "`x", "*x", ":a:`b`", ":c:func:`b`", "[1]_", ".. [1] x", ".. _t:"),
        *(":Field: value", ":Field value", ":Type x", "Type: x", ":Architectures: none"),
        *(
            ".. note:: x",
            ".. c:type:: x",
            ".. role:: r",
            ".. |s| replace:: x",
            ".. table:: x",
            ".. list-table::",
        ),
        *(".. default-role:: c", ".. include:: /etc/passwd", "\x00", "\u2028", "e\u0301", "\u6f22\u5b57"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "  ", "    ", "\t"]), PIECES), max_size=25))
def test_no_arrangement_of_markup_raises(pieces):
    document = parse_document("\n".join(indent + piece for indent, piece in pieces))
    for span in document.single_backticks:
        assert 0 < span.line <= len(document.lines)
    for fault in document.table_faults:
        assert 0 <= fault.line <= len(document.lines) + 1


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_no_text_raises(text):
    assert parse_document(text).lines == tuple(parse_document(text).lines)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_are_decoded_or_refused(raw):
    with contextlib.suppress(UserError):
        parse_document(decode(raw, "x.rst"))


def test_a_tab_in_a_title_is_blank_space():
    (section,) = parse_document("3.5\tAbout mounts\n" + "-" * 20 + "\n\ntext\n").sections
    assert section.title.number == (3, 5)
    assert section.title.name == "About mounts"
    assert section.title.text == "3.5     About mounts"


def test_a_year_is_no_section_number():
    assert parse_document("1404 AUDIT_STATUS\n-----------------\n\ntext\n").sections == ()


def test_the_document_holds_all_literal_blocks():
    text = "::\n\n  one\n\nTitle\n=====\n\n::\n\n  two\n"
    assert [(block.text, block.line) for block in parse_document(text).literals] == [("one", 3), ("two", 10)]
