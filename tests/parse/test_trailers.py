# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.parse.trailers import is_offered, split_trailers


def test_last_paragraphs_are_trailers() -> None:
    body = (
        'Turn it.\n\nNote: this is text,\nfor its second line is none.\n\nFixes: 0123 ("frob")\n\n'
        "Reviewed-by: R  <r@example.org>\n[a: adjusted]\nLink: https://example.org/\n  1\n"
        "Signed-off-by: A <a@b>\n"
    )
    text, trailers = split_trailers(body)
    assert text.endswith("for its second line is none.")
    assert trailers == (
        'Fixes: 0123 ("frob")',
        "Reviewed-by: R <r@example.org>",
        "[a: adjusted]",
        "Link: https://example.org/ 1",
        "Signed-off-by: A <a@b>",
    )


@pytest.mark.parametrize("body", ["", "\n\n", "Only text.", "http://example.org/\n", "  indented: x"])
def test_text_alone_has_none(body: str) -> None:
    assert split_trailers(body) == (body.rstrip(), ())


def test_trailers_alone() -> None:
    assert split_trailers("\nSigned-off-by: A <a@b>\n") == ("", ("Signed-off-by: A <a@b>",))


def test_offered_in_a_review() -> None:
    assert is_offered("  Reviewed-by: R <r@example.org>")
    assert is_offered("Reported-and-tested-by: R <r@example.org>")
    assert not is_offered("Reviewed-by: should come after the text")
    assert not is_offered("Fixes: 0123 (x@y)")
