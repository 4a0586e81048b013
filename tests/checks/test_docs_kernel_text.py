# SPDX-License-Identifier: GPL-2.0-only
"""What the rules about text find in Linux 6.1 and 6.12, and nothing else: judged by reading the documents."""

import os
from pathlib import Path

import pytest

from kpatch_tools.flow.docs import profile_for
from tests.judging import check_all

PATH = "Documentation/virt/kvm/api.rst"
# Read while the module is loaded: the tests themselves run with an empty home.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kvet" / "trees"
RULES = (
    "errno-row", "list-glued", "literal-glued", "markup", "off-switch", "prefer-ref", "quoted-literal",
    "register-size", "repeated-word", "same-subject", "section-number", "section-reference", "table",
    "unknown-label",
)  # fmt: skip
# By line, and so of one release each.
EXPECTED = {
    "6.1.192": {
        ("section-reference", 272, 39),
        ("errno-row", 553, 4),
        ("errno-row", 554, 3),
        ("register-size", 2563, 3),
        ("section-number", 2961, 1),
        ("literal-glued", 5682, 1),
        ("same-subject", 7897, 1),
    },
    "6.12.117": {
        ("section-reference", 291, 39),
        ("errno-row", 556, 4),
        ("errno-row", 557, 3),
        ("section-number", 3006, 1),
        ("repeated-word", 4249, 4),
        ("quoted-literal", 5153, 1),
        ("literal-glued", 5924, 1),
        ("table", 8155, 36),
        ("same-subject", 8608, 1),
    },
}
_FOUND = {release: sorted(_CACHE.glob(f"debian-*-{release}-*/{PATH}")) for release in EXPECTED}


@pytest.mark.parametrize("version", EXPECTED)
def test_what_is_wrong_in_the_text_and_no_more(version):
    if not _FOUND[version]:
        pytest.skip(f"the faults are labelled for Debian's {version}, whose source is not in the cache")
    findings = check_all(_FOUND[version][-1].read_text(), PATH, profile_for(PATH))
    found = [(one.rule.removeprefix("docs/"), one.location.line, one.location.column) for one in findings]
    assert {one for one in found if one[0] in RULES} == EXPECTED[version]
