# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.parse.rst import decode, parse_document
from kpatch_tools.parse.rst_includes import from_outside
from tests.edits import document

PATH = "Documentation/virt/kvm/api.rst"
GRID = ("+--" * 80 + "+\n" + "|  " * 80 + "|\n") * 130 + "+--" * 80 + "+\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("*a `b |c _`d " * 6 + "\n", "too full of inline markup"),
        (GRID, "grid tables"),
        (" " * 900 + "deep\n\n", "indented too far"),
        ("\t" * 150 + "deep\n\n", "indented too far"),
    ],
    ids=["inline", "grid", "indented", "tabs"],
)
def test_what_would_take_docutils_hours_is_refused(text, said):
    with pytest.raises(UserError, match=said) as caught:
        decode((text * (1 if text is GRID else 2000)).encode(), "x.rst")
    assert caught.value.message.startswith("x.rst: ")
    assert caught.value.cure


def test_large_documents_of_the_usual_kind_are_read():
    text = document(900)
    assert len(text) > 350_000
    assert decode(text.encode(), "x.rst") == text
    # White space on the blank lines makes no paragraph of the whole.
    blanks = text.replace("\n\n", "\n  \n").replace("\n", "\r\n")
    assert decode(blanks.encode(), "x.rst") == blanks


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (".. include:: /etc/passwd\n", (1, "/etc/passwd")),
        ("x\n\n  .. literalinclude:: ../../../../secret\n", (3, "../../../../secret")),
        (".. kernel-include:: ~/x\n", (1, "~/x")),
        (".. raw:: html\n   :file: /etc/passwd\n", (2, "/etc/passwd")),
        (".. csv-table:: T\n   :widths: 1\n   :url: http://localhost/x\n", (3, "http://localhost/x")),
        (".. include:: ../../../include/uapi/linux/kvm.h\n", None),
        (".. include:: sister.rst\n\n.. include:: <isonum.txt>\n", None),
        (".. kernel-include:: $BUILDDIR/x.rst\n", None),
        ("::\n\n  .. include:: /etc/passwd\n", None),
        (":file: /dev/kvm\n", None),
        (".. csv-table::\n   :file: a.csv\n\n:file: /dev/kvm\n", None),
    ],
)
def test_files_from_outside_of_the_tree(text, found):
    assert from_outside(parse_document(text), PATH) == found


def test_outside_of_a_kernel_tree_nobody_knows_where_it_ends():
    assert from_outside(parse_document(".. include:: ../../x\n"), "notes.rst") is None
    assert from_outside(parse_document(".. include:: /x\n"), "notes.rst") == (1, "/x")
