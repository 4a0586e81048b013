# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.parse.rst import parse_document
from kpatch_tools.parse.rst_parts import defined_names, excerpt, normalised, parts_of, text_of

DOCUMENT = """\
.. SPDX-License-Identifier: GPL-2.0

=====
Title
=====

1. First
========

Words of one.

.. _a label:

1.1 KVM_ONE
-----------

See home_ and |it|.

Deeper
^^^^^^

More of one.

1.2 KVM_TWO
-----------

Words of two.

2. Second
=========

2.1 KVM_THREE
-------------

Words of three.

.. _home: https://example.org/
.. |it| replace:: that
.. [9] A note.
"""


def parsed():
    return parse_document(DOCUMENT)


def named(document, name):
    return next(part for part in parts_of(document) if part.name == name)


def test_every_line_belongs_to_one_part_in_order():
    document = parsed()
    parts = parts_of(document)
    assert [part.name for part in parts] == [
        "(above the first title)", "Title", "1. First", "1.1 KVM_ONE", "1.2 KVM_TWO", "2. Second",
        "2.1 KVM_THREE",
    ]  # fmt: skip
    lines = [line for part in parts for line in range(part.first, part.last + 1)]
    assert lines == list(range(1, len(document.lines) + 1))


def test_an_overline_and_a_label_belong_to_the_title_below():
    document = parsed()
    assert text_of(document, named(document, "Title")).startswith("=====\nTitle\n")
    assert text_of(document, named(document, "1.1 KVM_ONE")).startswith(".. _a label:\n")


def test_a_deeper_title_stays_in_its_numbered_section_but_not_elsewhere():
    document = parsed()
    assert "More of one" in text_of(document, named(document, "1.1 KVM_ONE"))
    loose = parse_document("Top\n===\n\nA\n-\n\nB\n^\n\ntext\n\nC\n-\n")
    assert [part.name for part in parts_of(loose)] == ["Top", "A", "B", "C"]


def test_a_document_without_a_title_is_one_part():
    (part,) = parts_of(parse_document("Only words.\n\nMore.\n"))
    assert (part.title, part.first, part.last) == (None, 1, 3)
    assert parts_of(parse_document("")) == ()


def test_an_excerpt_keeps_the_levels_and_knows_its_lines():
    document = parsed()
    made = excerpt(document, [named(document, "2.1 KVM_THREE"), named(document, "1.2 KVM_TWO")])
    again = parse_document(made.text)
    assert [(title.text, title.level) for title in again.titles] == [
        ("Title", 1), ("1. First", 2), ("1.2 KVM_TWO", 3), ("2. Second", 2), ("2.1 KVM_THREE", 3),
    ]  # fmt: skip
    assert again.messages == ()
    assert "Words of one" not in made.text
    for at, text in enumerate(made.text.splitlines(), 1):
        assert text in ("", document.lines[made.source_line(at) - 1])


def test_an_excerpt_brings_the_targets_that_it_refers_to():
    document = parsed()
    made = excerpt(document, [named(document, "1.1 KVM_ONE")])
    assert [message for message in parse_document(made.text).messages if message.level > 1] == []
    assert made.text.endswith(".. _home: https://example.org/\n.. |it| replace:: that\n")
    assert made.source_line(made.text.count("\n")) == document.lines.index(".. |it| replace:: that") + 1


def test_lines_outside_of_the_excerpt_are_none_or_its_last():
    made = excerpt(parsed(), [named(parsed(), "1.2 KVM_TWO")])
    assert made.source_line(0) == 0
    assert made.source_line(10_000) == made.lines[-1]
    assert excerpt(parse_document(""), []).source_line(1) == 0


def test_the_names_that_may_be_referred_to():
    names = defined_names(parsed())
    assert {"a label", "home", "9", "1.1 kvm_one"} <= names
    assert normalised("A\n  Label") in names
    assert "nowhere" not in names
