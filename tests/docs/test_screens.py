# SPDX-License-Identifier: GPL-2.0-only
"""Every screen that the site shows is what kvet prints today."""

import re
import shutil
import tempfile
from pathlib import Path

import pytest

from kpatch_tools.tools.files import data_dir
from tests import screens

# Made in this order where one needs what another left; all others need the demonstration's folder only.
DEMO, FETCH = "demo", "fetch"
KERNEL = [f"kernel/{name}" for name in screens.names(screens.SCREENS / "kernel")]


@pytest.fixture(scope="module")
def short():
    """A folder with a short name: where a line is broken depends on the paths in it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def home(short):
    """A home in which the demonstration has been run, and what that printed."""
    folder = screens.world(short)
    return folder, screens.take(screens.read(DEMO)[0], folder)


def test_the_demonstration(home):
    screens.held(DEMO, home[1])


@pytest.mark.parametrize("name", [name for name in screens.names() if name not in {DEMO, FETCH}])
def test_a_screen(name, home):
    screens.held(name, screens.take(screens.read(name)[0], home[0]))


@pytest.mark.skipif(not shutil.which("b4", path=screens.PATH), reason="no b4 here")
def test_the_fetch(lore, tmp_path):
    for path in sorted((data_dir("patches") / "demo" / "v1").glob("*.patch")):
        lore.add(path.read_bytes())
    served = {"KVET_LORE": lore.url, "NO_PROXY": "127.0.0.1"}
    screens.held(FETCH, screens.take(screens.read(FETCH)[0], screens.world(tmp_path), served))


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A home for what needs a kernel: the cache is the user's, or each run would build one."""
    from kpatch_tools.tools.files import cache_dir

    return screens.world(tmp_path_factory.mktemp("machine")), {"XDG_CACHE_HOME": str(cache_dir().parent)}


@pytest.mark.kernel
@pytest.mark.vm
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("name", KERNEL)
def test_a_screen_of_a_kernel(name, machine):
    folder, env = machine
    printed = screens.take(screens.read(name)[0], folder, env, timeout=2300)
    why = "" if screens.writing() else screens.elsewhere(screens.read(name)[1], printed)
    if why:
        pytest.skip(why)
    screens.held(name, printed)


def test_a_screen_of_another_source_or_a_smaller_machine_is_told_from_an_old_one():
    shown = "base 1 in ~/trees/debian-6.1-6.1.192-2\ncase hugetlb_1g_inside shows D1\n"
    assert screens.elsewhere(shown, shown.replace("192", "193")) == (
        "the screen is of debian-6.1-6.1.192-2, here is debian-6.1-6.1.193-2"
    )
    small = "base 1 in ~/trees/debian-6.1-6.1.192-2\n"
    assert (
        screens.elsewhere(shown, small) == "the screen has a page of 1 GiB, for which there is no room here"
    )
    assert screens.elsewhere(shown, shown.replace("shows", "has")) == ""
    assert screens.elsewhere(shown, "kvet: no tree\n") == ""


def test_every_screen_is_shown_and_every_shown_screen_is_there():
    pages = "\n".join(path.read_text() for path in screens.CHECKOUT.glob("docs/**/*.rst"))
    shown = set(re.findall(r"literalinclude:: (?:\.\./)?screens/(\S+)\.txt", pages))
    assert shown == {*screens.names(), *KERNEL}


def test_a_screen_that_is_old_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(screens, "SCREENS", tmp_path)
    monkeypatch.delenv(screens.WRITE, raising=False)
    (tmp_path / "one.txt").write_text("$ echo new\nold\n  docs  pass   0.1 s  x\n")
    with pytest.raises(AssertionError, match="KVET_WRITE_SCREENS=1"):
        screens.held("one", "new\n  docs  pass  12.3 s  x\n")
    monkeypatch.setenv(screens.WRITE, "1")
    screens.held("one", "new\n  docs  pass  12.3 s  x\n")
    assert screens.read("one") == ("echo new", "new\n  docs  pass  12.3 s  x\n")
    screens.held("one", "new\n  docs  pass   4.5 s  x\n")
    assert "12.3 s" in (tmp_path / "one.txt").read_text()


def test_a_screen_is_what_the_command_printed(tmp_path):
    printed = screens.take("echo ~; echo kvet: apply [0/3]: x; echo kvet: report: y >&2; pwd", tmp_path)
    assert printed == "~\nkvet: report: y\n~\n"
