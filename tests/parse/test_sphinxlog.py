# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.parse.sphinxlog import read_warnings, why_it_stopped

LOG = """\
WARNING: dot(1) not found
/w/source/virt/api.rst:12: WARNING: Title underline too short.

4.1 KVM_ONE
--- [docutils]
/w/source/virt/api.rst:20: ERROR: Malformed table.
/elsewhere/x.rst:1: ERROR: not a message but quoted text
/w/source/virt/api.rst: WARNING: document isn't included in any toctree [toc.not_included]
/w/source/virt/api.rst:30: WARNING: duplicate label x, other instance in /w/source/virt/other.rst
"""


def test_messages_with_their_places_and_what_they_quote():
    found = read_warnings(LOG, "/w/source")
    assert [(one.level, one.path, one.line) for one in found] == [
        ("WARNING", "", 0),
        ("WARNING", "virt/api.rst", 12),
        ("ERROR", "virt/api.rst", 20),
        ("WARNING", "virt/api.rst", 0),
        ("WARNING", "virt/api.rst", 30),
    ]
    assert found[1].more == "4.1 KVM_ONE\n---"
    assert "quoted text" in found[2].more
    assert found[3].text == "document isn't included in any toctree"
    assert found[4].text.endswith("other instance in virt/other.rst")


def test_a_flood_is_cut():
    assert len(read_warnings("/w/a.rst:1: WARNING: x\n" * 2000, "/w/")) == 500


def test_an_empty_log_has_no_message():
    assert read_warnings("", "/w") == ()


def test_the_last_error_is_the_reason():
    text = "Extension error!\n\n    sphinx.errors.ExtensionError: Could not import extension y\n\nmore\n"
    assert why_it_stopped(text) == "Could not import extension y"
    assert why_it_stopped("nothing of use\n") == ""
