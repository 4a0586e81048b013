# SPDX-License-Identifier: GPL-2.0-only
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.errors import UserError
from kpatch_tools.model.comparison import Comment, Region, ReviewMail
from kpatch_tools.parse.review_mail import is_page, read_review

CORPUS = Path(__file__).parent.parent / "corpus" / "review"
SEED = Path(__file__).parent.parent.parent.parent / "shared" / "seed"


def corpus(name: str) -> ReviewMail:
    return read_review((CORPUS / name).read_bytes(), name)


def mail(body: str, subject: str = "Re: [PATCH 1/1] x") -> ReviewMail:
    return read_review(f"From: R <r@example.org>\nSubject: {subject}\n\n{body}".encode(), "m")


def place(comment: Comment) -> tuple[str, int, str]:
    assert comment.anchor
    return comment.anchor.path or comment.anchor.region.value, comment.anchor.line, comment.anchor.text


def test_page_of_a_list_archive() -> None:
    found = corpus("page.txt")
    assert (found.author, found.date) == ("Reviewer, Rhea", "Tue Feb 06 2024 - 09:14:03 EST")
    assert (found.subject, found.version, found.number) == ("frob: Document the spindle ioctl", 4, 2)
    general, *inline = found.comments
    assert (general.text, general.anchor) == ("Small things only.", None)
    assert [place(comment) for comment in inline] == [
        ("message", 4, "It is the right end what the driver turns."),
        ("message", 7, "hundreds of turns."),
        ("Documentation/frob/api.rst", 54, "such a step."),
    ]
    assert all(comment.anchor and comment.anchor.exact for comment in inline)
    # The paragraph in question, its wrapped lines whole again; the first reaches up to the comment before.
    assert inline[1].anchor
    assert inline[1].anchor.block[0].strip() == "The left"
    assert inline[2].anchor
    assert inline[2].anchor.block[1].endswith("The tools of the vendor are required for")
    assert [comment.mail_line for comment in found.comments] == [7, 17, 23, 58]


def test_reply_to_a_reply_is_tied_to_the_patch_below_both() -> None:
    found = corpus("nested.eml")
    assert found.parents == ("rhea-1@example.org", "patch-1@example.org", "cover@example.org")
    (comment,) = found.comments
    assert comment.text == "A write barrier does, I f\u00fcrchte."
    assert place(comment)[1:] == (13, "     mb();")


def test_top_posting_has_no_line_and_offers_a_trailer() -> None:
    found = corpus("top-post.eml")
    assert found.author.startswith("T\u00f6p Poster")
    assert [(comment.text, comment.anchor) for comment in found.comments] == [
        ("Works for me on a Zyx.", None)
    ]
    assert found.trailers == ("Tested-by: Top Poster <top@example.org>",)


def test_quotes_without_a_blank_and_a_line_wrapped_without_a_mark() -> None:
    first, second = corpus("tight.eml").comments
    assert first.text == "Shorter, please."
    assert place(first) == ("drivers/frob.c", 14, "\treturn;")
    assert second.text == "Does nobody else free it?"
    assert place(second) == ("drivers/frob.c", 91, "\tkfree(frob->left);")
    assert second.anchor
    assert second.anchor.mark == "-"


@pytest.mark.parametrize(
    "attribution",
    [
        "On Mon, 5 Feb 2024, Ada wrote:",
        "On Mon, Feb 05, 2024 at 11:20:00AM +0100, Ada Author\n<ada@example.org> wrote:",
        "Ada Author <ada@example.org> writes:",
        "* Ada Author <ada@example.org> wrote:",
    ],
)
def test_attributions_are_no_comments(attribution: str) -> None:
    found = mail(f"{attribution}\n> Turn it.\n\nWhy?\n")
    assert [comment.text for comment in found.comments] == ["Why?"]


def test_a_comment_that_ends_like_an_attribution_stays() -> None:
    found = mail("> a\n\nPlease use what the manual\nsaid:\n\nturn it\n\n> b\n")
    assert found.comments[0].text.startswith("Please use")


def test_signature_closing_and_outlook_quote_are_left_out() -> None:
    found = mail("> a line\n\nNo.\n\nThanks,\nRhea\n\n-- \nRhea, Inc.\nsecond line\n")
    assert [comment.text for comment in found.comments] == ["No."]
    found = mail("Fine.\n\n-----Original Message-----\nFrom: Ada\n\nthe patch\n")
    assert [comment.text for comment in found.comments] == ["Fine."]


def test_what_was_cut_out_makes_the_line_uncertain() -> None:
    body = "> +++ b/a.c\n> @@ -1,9 +1,9 @@\n>  one\n> [...]\n> +two\n\nHm.\n"
    (comment,) = mail(body).comments
    assert place(comment) == ("a.c", 2, "two")
    assert comment.anchor
    assert not comment.anchor.exact


def test_dots_in_the_diff_itself_are_no_cut() -> None:
    (comment,) = mail("> +++ b/a.rst\n> @@ -1,1 +1,3 @@\n>  one\n> +...\n> +two\n\nHm.\n").comments
    assert place(comment) == ("a.rst", 3, "two")
    assert comment.anchor
    assert comment.anchor.exact


def test_notes_below_the_dashes_and_text_behind_the_patch() -> None:
    body = "> Text.\n> ---\n> v2: turned\n\nWhich way?\n\n> -- \n> 2.43.0\n\nApplied.\n"
    notes, end = mail(body).comments
    assert notes.anchor
    assert notes.anchor.region is Region.NOTES
    assert end.anchor is None


def test_removed_line_that_looks_like_a_header_stays_in_its_hunk() -> None:
    body = "> diff --git a/a.sql b/a.sql\n> @@ -1,3 +1,1 @@\n> --- a/comment\n> -++ b\n>  end\n\nWhy?\n"
    (comment,) = mail(body).comments
    assert place(comment) == ("a.sql", 1, "end")


def test_mail_of_html_alone_has_no_comments() -> None:
    raw = b"From: a@b\nSubject: Re: x\nContent-Type: text/html\n\n<p>&gt; x</p>\n"
    assert read_review(raw, "m").comments == ()


def test_neither_mail_nor_page() -> None:
    with pytest.raises(UserError, match=r"some\.txt: neither a mail nor a page") as caught:
        read_review(b"just some words\n\nand more\n", "some.txt")
    assert "maildir" in caught.value.cure
    with pytest.raises(UserError, match="NUL byte"):
        read_review(b"Re: x\n\nFrom: a\n\n\0", "x")
    assert is_page((CORPUS / "page.txt").read_bytes())
    assert not is_page((CORPUS / "tight.eml").read_bytes())


PIECES = st.sampled_from(
    [
        "> ", ">", "> > ", "+", "-", " ", "@@ -1,2 +1,3 @@ f", "diff --git a/x b/x", "diff --git ",
        "--- a/x", "+++ b/x", "---", "-- ", "On x wrote:", "[...]", "\n", "\n\n", "\t", "From: a",
        "Subject: Re: [PATCH v2 1/2] x", "Re: [PATCH] x\n\nFrom: a\nDate: b\n\n", "\x00", "\u2028", "\xa0",
        "Content-Type: text/plain; charset=nope", "Thanks,", "Reviewed-by: A <a@b>",
        "Content-Transfer-Encoding: base64", "@@ -999999999,999999999 +1 @@",
    ]
)  # fmt: skip


@given(st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=60).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    for raw in (
        text.encode("utf-8", "surrogatepass"),
        b"From: a\nSubject: Re: [PATCH 1/2] x\n\n" + text.encode("utf-8", "surrogatepass"),
    ):
        try:
            found = read_review(raw, "m")
        except UserError:
            continue
        for comment in found.comments:
            assert comment.text.strip()
            assert comment.mail_line >= 1


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for data in (
        raw,
        b"From: a\n" + raw,
        b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" + raw,
    ):
        try:
            read_review(data, "m")
        except UserError:
            continue


@pytest.mark.skipif(not any(SEED.glob("*.txt")), reason="the seed mail lies beside the checkout only")
def test_the_seed_mail() -> None:
    (path,) = SEED.glob("*.txt")
    found = read_review(path.read_bytes(), path.name)
    assert (found.version, found.number) == (2, 1)
    general, scope, scaling, tdx = found.comments
    assert general.anchor is None
    assert place(scope)[:2] == ("message", 9)
    assert place(scope)[2].startswith("The key point is to adapt of vcpu ioctl")
    assert place(scaling) == ("message", 14, "hundreds of GB.")
    assert place(tdx)[:2] == ("Documentation/virt/kvm/api.rst", 6404)
    assert tdx.anchor
    assert tdx.anchor.exact
    assert any("TDX" in line for line in tdx.anchor.block)
