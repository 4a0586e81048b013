# SPDX-License-Identifier: GPL-2.0-only
"""Linux 6.1's api.rst, taken from the base tree in the cache where there is one: the faults that it has.

How many there are of each kind is in tests/faults/api.txt; other tests prove the rules without a tree.
"""

import os
from pathlib import Path

import pytest

from kpatch_tools.flow.docs import profile_for
from kpatch_tools.parse.rst import parse_document
from tests.judging import check_all, check_change

PATH = "Documentation/virt/kvm/api.rst"
# Read while the module is loaded: the tests themselves run with an empty home.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kvet" / "trees"
_FOUND = sorted(_CACHE.glob(f"debian-6.1-*/{PATH}"))


@pytest.fixture(scope="module")
def text() -> str:
    if not _FOUND:
        pytest.skip("no Debian 6.1 tree in the cache; kvet tree get debian:6.1 brings one")
    return _FOUND[-1].read_text()


@pytest.fixture(scope="module")
def findings(text):
    return check_all(text, PATH, profile_for(PATH))


def test_what_stands_where(findings):
    said = {(one.rule, one.message) for one in findings}
    assert (
        "docs/section-number",
        "4.71 is the number of both 'KVM_SIGNAL_MSI' and 'KVM_CREATE_PIT2'",
    ) in said
    title = "'7.18 KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2' has no underline"
    assert ("docs/title-without-underline", title) in said
    missing = [one.message for one in findings if one.rule == "docs/field-missing"]
    assert missing == [
        "KVM_CREATE_DEVICE: the field :Architectures: is missing",
        "KVM_SET_DEVICE_ATTR: the field :Architectures: is missing",
        "KVM_HAS_DEVICE_ATTR: the field :Architectures: is missing",
        "KVM_ARM_VCPU_FINALIZE: the field :Capability: is missing",
    ]
    second = [one.message for one in findings if "second colon" in one.message]
    assert second == [
        "KVM_CAP_PMU_CAPABILITY: the field :Capability: lacks its second colon",
        "KVM_CAP_PMU_CAPABILITY: the field :Returns: lacks its second colon",
    ]
    assert sum("first colon" in one.message for one in findings) == 10


def test_every_position_is_that_of_the_thing(text, findings):
    lines = text.split("\n")
    for one in findings:
        here = lines[one.location.line - 1][one.location.column - 1 :]
        if one.rule == "docs/single-backtick":
            assert here.startswith("`")
            assert not here.startswith("``")
        if one.rule == "docs/field-value":
            assert here.split()[0] in one.message


def test_the_model_agrees_with_the_source(text):
    document = parse_document(text)
    for section in document.sections:
        assert document.source(section.title.line).strip() == section.title.text
        for field in section.fields:
            assert document.source(field.line).startswith(f":{field.name}:")
        for block in section.literals:
            first = block.text.split("\n")[0].strip()
            assert document.source(block.line).expandtabs().strip() == first
        for row in section.errors:
            assert document.source(row.line)[row.column - 1 :].startswith(row.errno)
    run = document.section_named("KVM_RUN")
    assert [row.errno for row in run.errors] == ["EINTR", "ENOEXEC", "ENOSYS", "EPERM"]


def test_a_change_somewhere_brings_nothing_of_all_that(text):
    after = text.replace("4. API description\n", "A line more.\n\n4. API description\n", 1)
    assert after != text
    assert check_change(text, after, PATH, profile_for(PATH)) == ()
