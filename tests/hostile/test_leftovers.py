# SPDX-License-Identifier: GPL-2.0-only
"""What a build leaves where kvet looks for results: links to a secret, pipes, folders that are links."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.errors import ToolkitError
from kpatch_tools.flow.selftest import build_tree_test
from kpatch_tools.model.event import silent
from kpatch_tools.tools import kbuild, sandbox
from tests.hostile.fakekernel import FILES, Field
from tests.hostile.test_series import build_of, field, review, rules, tree
from tests.hostile.tries import mail

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in ("bwrap", "make", "gcc")), reason="needs bwrap, make and gcc"
)
__all__ = ["field", "tree"]
SELFTEST_MAKE = "tools/testing/selftests/kvm/tries.mk"

# Each is a goal that bzImage, or the configuration, needs: it runs behind the recipe.
LEFT = {
    "the image is a link to the key": "bzImage: late\n.PHONY: late\nlate: a.o\n"
    "\t@rm -rf $(O)/arch; mkdir -p $(O)/arch/x86/boot; ln -s {key} $(O)/arch/x86/boot/bzImage; false",
    "the image's folder is a link to the home": "bzImage: late\n.PHONY: late\nlate: a.o\n"
    "\t@rm -rf $(O)/arch; ln -s {home} $(O)/arch; false",
    "the image is a pipe": "bzImage: late\n.PHONY: late\nlate: a.o\n"
    "\t@mkdir -p $(O)/arch/x86/boot; mkfifo $(O)/arch/x86/boot/bzImage; false",
    "the configuration is a link to the key": "$(shell ln -sf {key} $(O)/.config)",
    "the configuration is a pipe": "$(shell rm -f $(O)/.config; mkfifo $(O)/.config; sleep 0)",
    "an object is a link to the key": "$(shell ln -sf {key} $(O)/vmlinux; ln -sf {key} $(O)/.a.o.cmd)",
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_is_not_followed(  # noqa: PLR0917 - fixtures
    tree: Path,
    field: Field,
    tmp_path: Path,
    name: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What writes into a pipe that nobody reads hangs until it has been silent for too long.
    monkeypatch.setattr(kbuild, "CONFIGURE_QUIET_S", 3.0)
    lines = LEFT[name].replace("{key}", str(field.key)).replace("{home}", str(field.home))
    before = sorted(field.home.iterdir())
    report = review(tree, tmp_path / "state", mail("Kbuild", FILES["Kbuild"], lines))
    said = capfd.readouterr()
    assert field.secret not in said.out + said.err
    assert field.spread(tmp_path, field.home) == []
    assert field.key.read_text() == f"{field.secret}\n"
    assert sorted(path for path in field.home.iterdir() if path.name != ".cache") == [
        path for path in before if path.name != ".cache"
    ]
    assert report["verdict"] != "PASS"
    # The series of another finds nothing of it.
    again = review(tree, tmp_path / "next", mail("a.c", FILES["a.c"], "int b;", author="Carol"))
    assert build_of(again)["status"] == "PASS"
    assert not [rule for rule, _patch, _path in rules(again) if rule.startswith("build")]


def test_a_plain_copy_would_follow(field: Field, tmp_path: Path) -> None:
    (tmp_path / "bzImage").symlink_to(field.key)
    shutil.copyfile(tmp_path / "bzImage", tmp_path / "copy")
    assert field.secret in (tmp_path / "copy").read_text()


@pytest.mark.parametrize("bare", [True, False])
def test_the_makefile_of_the_selftests_runs_in_the_sandbox_too(  # noqa: PLR0917 - fixtures
    tree: Path,
    field: Field,
    tmp_path: Path,
    bare: bool,
    git: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kbuild, "HEADERS_PROGRAMS", {"make": "make"})
    (tree / SELFTEST_MAKE).write_text(
        f"$(info $(shell cat {field.key} 2>&1))\n$(shell echo owned > {field.outside}/owned)\n"
    )
    git(tree, "commit", "-qam", "hostile")
    commit = git(tree, "rev-parse", "HEAD")
    off = sandbox.OFF.set(bare)
    try:
        build_tree_test(tree, commit, "foo", sink=silent, state=tmp_path / "logs")
    except ToolkitError:
        assert not bare
    finally:
        sandbox.OFF.reset(off)
    assert (field.outside / "owned").exists() is bare
    assert bool(field.spread(tmp_path / "logs", field.home)) is bare


CONF = """
open({owned!r}, "w").write(open({key!r}).read())
"""


def test_sphinx_runs_no_configuration_that_a_series_brings(tree: Path, field: Field, tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    changes = CONF.format(owned=str(field.outside / "owned"), key=str(field.key))
    page = mail("Documentation/page.rst", FILES["Documentation/page.rst"], "\nMore text.", number=2, total=2)
    conf = mail("Documentation/conf.py", FILES["Documentation/conf.py"], changes, total=2)
    box = tmp_path / "series.mbox"
    box.write_text(conf + page)
    asked = ["docs", "build", "--series", str(box), "--tree", str(tree), "--out", str(tmp_path / "out")]
    for more in ([], ["--conf", "tree"]):
        run([*asked, *more])
        assert not (field.outside / "owned").exists()
    assert field.spread(tmp_path, field.home) == []


@pytest.mark.parametrize("bare", [True, False])
def test_the_configuration_of_the_tree_itself_sees_no_home(
    tree: Path, field: Field, tmp_path: Path, bare: bool, git: Callable[..., str]
) -> None:
    pytest.importorskip("sphinx")
    conf = tree / "Documentation/conf.py"
    conf.write_text(conf.read_text() + CONF.format(owned=str(field.outside / "owned"), key=str(field.key)))
    git(tree, "commit", "-qam", "hostile")
    box = tmp_path / "series.mbox"
    box.write_text(mail("Documentation/page.rst", FILES["Documentation/page.rst"], "\nMore text."))
    off = sandbox.OFF.set(bare)
    try:
        run(["docs", "build", "--series", str(box), "--tree", str(tree), "--out", str(tmp_path / "out")])
    finally:
        sandbox.OFF.reset(off)
    assert (field.outside / "owned").exists() is bare
