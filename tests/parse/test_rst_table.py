# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.parse.rst import parse_document


def faults(text: str):
    return [
        (one.line, one.column, one.cell, one.position, one.width, one.needed)
        for one in parse_document(text).table_faults
    ]


def test_a_cell_that_is_too_wide_has_place_column_and_width():
    text = "intro\n\n===== =====\nEINVAL a\n===== =====\n"
    assert faults(text) == [(4, 6, "EINVAL", 1, 5, 6)]


def test_only_the_token_that_crosses_the_edge_counts():
    text = "======= =====\ntwo wordsthatrun  b\n======= =====\n"
    assert faults(text) == [(2, 8, "two wordsthatrun", 1, 7, 16)]


def test_every_bad_row_is_found_though_docutils_stops_at_the_first():
    text = "==== ==== ====\na    b    c\ntoolong b  c\n\na    toolong2 c\n==== ==== ====\n"
    assert [(line, cell, position) for line, _c, cell, position, _w, _n in faults(text)] == [
        (3, "toolong", 1),
        (5, "toolong2", 2),
    ]


def test_the_last_column_may_be_as_wide_as_it_likes():
    assert faults("==== ====\na    very long text in the last column\n==== ====\n") == []


def test_a_nested_and_indented_table_counts_from_the_line():
    text = "- item\n\n  - inner\n\n    ==== ====\n    EFAULT b\n    ==== ====\n"
    assert faults(text) == [(6, 9, "EFAULT", 1, 4, 6)]


def test_tabs_before_the_table_count_as_one_character():
    text = "::\n\n  x\n\n\t==== ====\n\tEFAULT b\n\t==== ====\n"
    # The literal block holds it: no table at all.
    assert faults(text) == []
    text = "text\n\n\t==== ====\n\tEFAULT b\n\t==== ====\n"
    assert faults(text) == [(4, 6, "EFAULT", 1, 4, 6)]


def test_a_cell_left_of_its_column_is_named_as_such():
    (fault,) = parse_document("======  ======\nEPERM  twice\n======  ======\n").table_faults
    assert (fault.line, fault.column, fault.cell, fault.position, fault.starts) == (2, 8, "twice", 2, 9)
    assert fault.needed == 0


def test_a_border_of_another_length_is_found_where_it_begins_to_differ():
    shorter = "==== ====\na    b\n==== ===\n\nafter\n"
    longer = "text\n\n  ==== ====\n  a    b\n  ==== =====\n"
    for text, line, column in ((shorter, 3, 9), (longer, 5, 12)):
        (fault,) = parse_document(text).table_faults
        assert (fault.line, fault.column, fault.cell) == (line, column, "")
        assert "not as long" in fault.reason


@pytest.mark.parametrize("text", ["==== ====\na    b\n", "+---+---+\n| a | b\n+---+---+\n"])
def test_other_faults_keep_the_line_of_docutils(text):
    # Which is that of the table or of the bad row, by its version.
    (fault,) = parse_document(text).table_faults
    assert fault.line in {1, 2}
    assert fault.cell == ""
    assert fault.reason


def test_a_table_with_spans_and_headers_is_read():
    head = "1. X\n====\n\n====== =====\nboth of them\n------------\nerrno  when\n====== =====\n"
    text = f"{head}EINVAL bad\nEPERM  no\n====== =====\n"
    rows = parse_document(text).sections[0].errors
    assert [(row.errno, row.text, row.line) for row in rows] == [("EINVAL", "bad", 9), ("EPERM", "no", 10)]


def test_rows_keep_their_sign_and_a_zero_row():
    text = "1. X\n====\n\n ======= =====\n  0      good\n -EINVAL bad\n -EIO    worse\n ======= =====\n"
    rows = parse_document(text).sections[0].errors
    assert [(row.errno, row.line, row.column) for row in rows] == [
        ("0", 5, 3),
        ("-EINVAL", 6, 2),
        ("-EIO", 7, 2),
    ]


def test_cells_have_text_line_and_column_with_spans_and_empty_ones():
    text = (
        "Title\n=====\n\n  =====  =====  =====\n  one    two    three\n  =====  =====  =====\n"
        "  a      b\n         go on  c\n  d      e\n  =====  =====  =====\n"
    )
    (table,) = parse_document(text).tables
    assert table.line == 4
    assert [[cell.text for cell in row] for row in table.head] == [["one", "two", "three"]]
    assert [[cell.text for cell in row] for row in table.rows] == [["a", "b go on", "c"], ["d", "e", ""]]
    first, second, third = table.rows[0]
    assert (first.line, first.column) == (7, 3)
    assert (second.line, second.column) == (7, 10)
    assert (third.line, third.column) == (8, 17)


def test_a_cell_that_spans_columns_leaves_empty_ones():
    text = "===  ===\na    b\nall of it\n--------\nc    d\n===  ===\n"
    (table,) = parse_document(text).tables
    assert [[cell.text for cell in row] for row in table.rows] == [["a", "b"], ["all of it", ""], ["c", "d"]]


def test_grid_tables_and_malformed_ones_are_left_out():
    assert parse_document("+---+\n| a |\n+---+\n").tables == ()
    assert parse_document("=== ===\ntoowide x\n=== ===\n").tables == ()
