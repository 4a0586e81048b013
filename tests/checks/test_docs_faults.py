# SPDX-License-Identifier: GPL-2.0-only
"""Every kind of fault that api.rst had, put into a document of our own in several places."""

from pathlib import Path

import pytest

from kpatch_tools.flow.docs import profile_for
from kpatch_tools.parse.kernelfacts import parse_facts
from kpatch_tools.tools.files import data_dir
from kpatch_tools.tools.kernelfacts import list_folder, read_folder
from tests.faults.page import Page, hits, spread
from tests.faults.table import MORE, ONLY_IN_A_CHANGE, THIRTY
from tests.judging import check_all, check_change

PATH = "Documentation/virt/kvm/api.rst"
PROFILE = profile_for(PATH)
OWN = Path(__file__).parents[1] / "faults" / "own.rst"
TREE = data_dir("docs-check") / "corpus" / "tree" / "small"
PLACES = 5
ALL = {**THIRTY, **MORE}


@pytest.fixture(scope="module")
def page() -> Page:
    facts = parse_facts(read_folder(TREE, list_folder(TREE)))
    return Page(OWN.read_text(), facts)


def test_the_document_has_no_fault(page):
    assert check_all(page.text, PATH, PROFILE, page.facts) == ()


@pytest.mark.parametrize("kind", ALL)
def test_a_fault_is_found_where_it_is_put_in(kind, page):
    places = spread(list(ALL[kind](page)), PLACES)
    assert places
    for number, injected in enumerate(places):
        facts = {"facts": page.facts, "facts_before": page.facts}
        found = check_change(page.text, injected.text, PATH, PROFILE, **facts)
        assert hits(found, injected), injected
        if number == 0 and kind not in ONLY_IN_A_CHANGE:
            whole = check_all(injected.text, PATH, PROFILE, page.facts)
            assert hits(whole, injected), injected
