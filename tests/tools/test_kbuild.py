# SPDX-License-Identifier: GPL-2.0-only
"""The fragments of ci/kernel; builds are in tests/flow/test_build.py."""

import pytest

from kpatch_tools.errors import UserError
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


def test_a_further_fragment_wins_and_must_hold(tmp_path) -> None:
    (tmp_path / "more.config").write_text("# CONFIG_KVM_AMD is not set\nCONFIG_KVM_SMM=y\nCONFIG_X=y\n")
    one, more = kbuild.fragments(), kbuild.fragments(extra=[str(tmp_path / "more.config")])
    assert more.digest != one.digest
    assert more.wanted["CONFIG_KVM_AMD"] == "n"
    assert (more.wanted["CONFIG_X"], more.wanted["CONFIG_KVM_SMM"]) == ("y", "y")
    assert "CONFIG_KVM_SMM" in one.optional
    assert "CONFIG_KVM_SMM" not in more.optional
    assert more.text.startswith(one.text)


def test_a_shipped_fragment_goes_by_its_name() -> None:
    assert kbuild.fragments(extra=["debug"]).wanted["CONFIG_PROVE_LOCKING"] == "y"


@pytest.mark.parametrize(("name", "said"), [("none-such", "cannot read"), ("bad.config", "bad.config:2")])
def test_what_is_no_fragment(name: str, said: str, tmp_path) -> None:
    (tmp_path / "bad.config").write_text("CONFIG_A=y\nmake it so\n")
    path = str(tmp_path / name) if name.endswith("config") else name
    with pytest.raises(UserError, match=said):
        kbuild.fragments(extra=[path])


def test_the_recipe_names_nothing_of_this_machine(tmp_path, monkeypatch) -> None:
    """The key of a kept kernel, and the words that go into the image, are the same for everybody."""
    recipe = kbuild.recipe()
    for word in (str(tmp_path.parent), "/home", "/root", "/tmp", "ccache", "-j"):
        assert word not in recipe
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USER", "somebody")
    assert kbuild.recipe() == recipe
    # The folders that make is given are mapped to those names in the line tables.
    site = kbuild.Site(source=tmp_path / "s", objects=tmp_path / "o", log=tmp_path / "log")
    (flags, _goal) = kbuild._image_words(site)
    assert f"-fdebug-prefix-map={site.source}={kbuild.MAPPED_SOURCE}" in flags
    assert f"-fdebug-prefix-map={site.objects}={kbuild.MAPPED_OBJECTS}" in flags
    assert "KBUILD_BUILD_TIMESTAMP=1970-01-01" in recipe
    assert "KBUILD_BUILD_USER=kvet" in recipe
