# SPDX-License-Identifier: GPL-2.0-only
"""Configurations of real kernels: the shipped ones leave no line unmet, and Kconfig is read as by conf."""

import re
from pathlib import Path

import pytest

from kpatch_tools.flow.kconfig import explain_unmet
from kpatch_tools.model.event import silent
from kpatch_tools.parse.kconfig import parse_config
from kpatch_tools.parse.kconfig_expr import lacks
from kpatch_tools.parse.kconfig_tree import parse_kconfig
from kpatch_tools.tools import kbuild, kept
from tests.machines import debian_tree

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(600)]
# They ask the compiler, which the reader never does.
ASKS = {"CFI_CLANG", "GCC_PLUGINS"}


@pytest.mark.parametrize("version", ["6.1", "6.12"])
def test_the_debug_fragment(version: str, tmp_path: Path) -> None:
    found = debian_tree(version)
    wrong = tmp_path / "wrong.config"
    wrong.write_text("CONFIG_VHOST_NET=y\n")
    with kept.worktree(found.path, found.commit, silent) as source:
        site = kbuild.Site(source=source, objects=tmp_path / "objects", log=tmp_path / "log")
        done = kbuild.configure(site, kbuild.fragments(extra=["debug"]))
        assert done.unmet == ()
        assert "CONFIG_KASAN=y" in done.text

        refused = kbuild.configure(site, kbuild.fragments(extra=["debug", str(wrong)]))
        (finding,) = explain_unmet(source, refused.unmet, refused.text)
        assert "VHOST_MENU is off" in finding.message
        assert finding.hint == "add CONFIG_VHOST_MENU=y"

        values = {name.removeprefix("CONFIG_"): value for name, value in parse_config(done.text).items()}
        tree = parse_kconfig(lambda path: _text(source / path), variables={"SRCARCH": "x86"})
    listed = set(re.findall(r"^(?:# )?CONFIG_(\w+)(?:=| is not set)", done.text, re.MULTILINE))
    offered = set(re.findall(r"^# CONFIG_(\w+) is not set", done.text, re.MULTILINE))
    assert len(offered) > 500
    assert offered <= set(tree.symbols)
    for name, entries in tree.symbols.items():
        free = [
            entry
            for entry in entries
            if entry.prompt and not any(lacks(expr, values) for expr in (*entry.depends, *entry.shown))
        ]
        if name in offered:
            assert free, name
        elif name not in listed and name not in ASKS:
            assert not [entry for entry in free if entry.kind in {"bool", "tristate"}], name


def _text(path: Path) -> str | None:
    return path.read_text(errors="replace") if path.is_file() else None
