# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.flow.docs import profile_for
from kpatch_tools.model.kernelfacts import KernelFacts
from tests.judging import check_all

KVM = profile_for("Documentation/virt/kvm/api.rst")


def table(*rows: str, head: str = "") -> str:
    border = "=" * 24 + "  " + "=" * 20 + "\n"
    body = "".join(f"{name:<24}  {text}\n" for name, text in (row.split("|") for row in rows))
    top = "{:<24}  {}\n".format(*head.split("|")) + border if head else ""
    return f"Title\n=====\n\n{border}{top}{body}{border}"


def messages(text: str, profile=KVM, facts=None) -> list[str]:
    return [one.message for one in check_all(text, "x.rst", profile, facts) if "errno-row" in one.rule]


@pytest.mark.parametrize("name", ["EOPNOTSUPP", "EWOULDBLOCK", "EHWPOISON", "EDEADLOCK", "ENOSYS"])
def test_aliases_are_names(name):
    assert messages(table(f"{name}|a", "EFAULT|b")) == []


def test_the_names_of_the_tree_count():
    facts = KernelFacts(label="a tree", errnos=frozenset({"EONE", "ETWO"}))
    assert messages(table("EONE|a", "ETWO|b"), facts=facts) == []
    assert messages(table("EONE|a", "EFAULT|b"), facts=facts) == ["Title: there is no error EFAULT"]
    assert messages(table("EONE|a", "ETWO|b")) != []


def test_two_names_in_a_cell_are_two():
    assert messages(table("EINVAL, EFUALT|a", "EFAULT|b", "ENXIO|c")) == ["Title: there is no error EFUALT"]


def test_a_name_without_its_first_letter():
    found = messages(table("EINVAL|a", "EFAULT|b", "ENXIO|e", "NOMEM|c", "OTHERS|d"))
    assert found == ["Title: there is no error NOMEM"]


def test_the_same_error_with_another_cause_is_fine():
    assert messages(table("EINVAL|a value", "EINVAL|a flag")) == []
    assert len(messages(table("EINVAL|a value", "EINVAL|A value."))) == 1


def test_signs_are_asked_of_kvm_only():
    text = table("-EINVAL|a", "-EFAULT|b", "0|c")
    assert len(messages(text)) == 2
    assert messages(text, profile=None) == []


def test_register_widths():
    text = table("0x6030 0000 0010 0000|64", "0x6040 0000 0010 0000|64", "...|", head="Encoding|Bits")
    (found,) = check_all(text, "x.rst", KVM)
    assert found.rule == "docs/register-size"
    assert found.hint == "for 64 bits it begins with 0x6030"
    assert found.location.line == 8
    assert check_all(text, "x.rst") == ()
