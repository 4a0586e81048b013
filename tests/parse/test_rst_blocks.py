# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.parse.rst_blocks import blocks_of

TEXT = """\
4.1 KVM_ONE
-----------

:Type: vm ioctl
:Returns: 0 on
  success

Words ``code`` and `one` *two*
**three** home_.

- a point
- another

  below it

term
  meaning

::

  struct a {
      __u32 b;
  };

======  ========
Name    Meaning
======  ========
EINVAL  bad `x`
        value
======  ========
"""


def shown(blocks):
    return [(block.kind, "".join(word.text or "|" for word in block.words)) for block in blocks]


def test_blocks_are_what_a_reader_sees():
    assert shown(blocks_of(TEXT)) == [
        ("title", "4.1 KVM_ONE"),
        ("field", "Type: vm ioctl"),
        ("field", "Returns: 0 on success"),
        ("text", "Words code and one two three home."),
        ("item", "a point"),
        ("item", "another"),
        ("text", "below it"),
        ("term", "term"),
        ("text", "meaning"),
        ("literal", "struct a {"),
        ("literal", "    __u32 b;"),
        ("literal", "};"),
        ("head", "Name|Meaning"),
        ("row", "EINVAL|bad x value"),
    ]


def test_marks_are_styles():
    (paragraph,) = [block for block in blocks_of(TEXT) if block.words[0].text == "Words"]
    styles = {word.text: word.style for word in paragraph.words}
    assert (styles["code"], styles["one"], styles["two"], styles["three"]) == (
        "literal", "cite", "emphasis", "strong",
    )  # fmt: skip


def test_lines_count_from_the_file():
    lines = {"".join(word.text for word in block.words): block.line for block in blocks_of(TEXT, 101)}
    source = TEXT.splitlines()
    assert lines["Type: vm ioctl"] == 101 + source.index(":Type: vm ioctl")
    assert lines["};"] == 101 + source.index("  };")
    assert lines["EINVALbad x value"] == 101 + source.index("EINVAL  bad `x`")


def test_how_a_paragraph_is_wrapped_does_not_count():
    one, two = blocks_of("a b\nc d\n"), blocks_of("a\nb c d\n")
    assert one[0].words == two[0].words


def test_comments_and_faults_of_markup_show_nothing():
    assert blocks_of(".. a comment\n\n.. _target:\n") == ()
    assert blocks_of("") == ()
    assert blocks_of("* a\nb\n")


def test_endless_nesting_is_no_crash():
    assert isinstance(blocks_of("\n".join(" " * depth + "- x\n" for depth in range(0, 1200, 2))), tuple)
