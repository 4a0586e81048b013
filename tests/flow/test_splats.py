# SPDX-License-Identifier: GPL-2.0-only
from pathlib import Path

import pytest

from kpatch_tools.checks.vm import Judgement
from kpatch_tools.errors import UserError
from kpatch_tools.flow.splats import load_allowed, never_seen
from kpatch_tools.model.splats import Allowed
from kpatch_tools.model.test import Verdict

ENTRY = "[[splat]]\nkind = 'warning'\ntitle = 'a'\nreason = 'r'\nrelease = '^6[.]1[.]'\n"


def judged(*used: Allowed) -> Judgement:
    return Judgement(verdict=Verdict.PASS, reason="", tests=(), findings=(), splats=(), used=used)


def test_the_users_file_comes_beside_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(ENTRY)
    assert load_allowed(str(path))[-1].place == f"{path}:1"
    assert len(load_allowed(str(path))) == len(load_allowed()) + 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read allow list"):
        load_allowed(str(tmp_path / "none"))


def test_an_entry_that_no_boot_needed_is_a_note(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(ENTRY)
    allowed = load_allowed(str(path))
    (finding,) = never_seen(allowed, [judged()], ["6.1.192"])
    assert finding.rule == "splat/unused"
    assert f"{path}:1: no warning was seen" in finding.message
    assert not list(never_seen(allowed, [judged(), judged(allowed[-1])], ["6.1.192"]))
    assert not list(never_seen(allowed, [judged()], ["6.12.1"])), "it is not for this kernel"
