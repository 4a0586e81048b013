# SPDX-License-Identifier: GPL-2.0-only
"""The fragments of ci/kernel; builds are in tests/flow/test_build.py."""

from kpatch_tools.tools import kbuild


def test_the_fragments_agree_with_each_other() -> None:
    found = kbuild.fragments()
    assert found.wanted["CONFIG_KVM_AMD"] == "y"
    assert found.wanted["CONFIG_9P_FS"] == "y"
    assert not set(found.wanted) & set(found.optional)
    assert all(f"{name}={value}" in found.text for name, value in found.wanted.items() if value != "n")


def test_other_text_is_another_key(tmp_path) -> None:
    for name in (*kbuild.REQUIRED_FRAGMENTS, kbuild.OPTIONAL_FRAGMENT):
        (tmp_path / name).write_text("CONFIG_KVM=y\n")
    one = kbuild.fragments(tmp_path)
    (tmp_path / kbuild.OPTIONAL_FRAGMENT).write_text("CONFIG_NEW=y\n")
    assert kbuild.fragments(tmp_path).digest != one.digest
