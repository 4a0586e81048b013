# SPDX-License-Identifier: GPL-2.0-only
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.errors import UserError
from kpatch_tools.parse.message import read_message
from kpatch_tools.parse.patch_lines import diff_lines
from tests.posted import AUTHOR, SIGNED, found, patch


def test_parts() -> None:
    one = read_message(patch(body=f"Text.\n\nMore: words here\n\nCc: a@b\n{SIGNED}\n\n\n"))
    assert one.text == 4
    assert [item.name for item in one.trailers] == ["cc", "signed-off-by"]
    assert one.trailers[1].address == AUTHOR.email
    assert one.strays == ()
    assert one.sender == AUTHOR.email
    assert [number for number, _line in one.prose] == [1, 2, 3, 4]


def test_last_paragraph_of_text_is_no_block() -> None:
    one = read_message(patch(body="Text.\n\nNote: this is text\n"))
    assert one.trailers == one.strays == ()
    assert one.text == 3


def test_strays() -> None:
    one = read_message(patch(body=f"{SIGNED}\n\nText.\n\nCc: a@b\n"))
    assert [item.line for item in one.strays] == [1]
    assert (1, SIGNED) not in one.prose


def test_empty() -> None:
    one = read_message(patch(body=""))
    assert (one.lines, one.text, one.trailers) == ((), 0, ())


WORDS = st.sampled_from(
    [
        "KVM: x86: ", "kvm_do_it", "Fixes: ", "Signed-off-by: ", "\n", "\n\n", "---\n", "--- a/x\n",
        "+++ b/x\n",
        "diff --git a/x b/x\n", "@@ -1 +1,2 @@\n", "+", "-", " ", "\t", "\x0c", "\u2028", "\udcff",
        "This patch adds ",
        "#define KVM_CAP_X 1\n", "0123456789ab (\"x\")", "<", ">", "x@y", ":", "\\", "0",
    ]
)  # fmt: skip
TEXT = st.lists(WORDS | st.characters(exclude_characters="\0"), max_size=40).map("".join)


@given(TEXT, TEXT, TEXT)
def test_hostile_text_raises_nothing_but_user_errors(subject: str, body: str, changes: str) -> None:
    try:
        lines = diff_lines(changes)
        one = patch(subject.encode("utf-8", "replace").decode(), body.encode("utf-8", "replace").decode())
    except UserError:
        return
    text = changes.split("\n")
    assert all(text[line.index].endswith(line.text) for line in lines)
    assert all(item.message for item in found(one))
