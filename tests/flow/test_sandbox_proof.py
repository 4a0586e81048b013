# SPDX-License-Identifier: GPL-2.0-only
"""The proof of the sandbox: it passes here, and each point fails where the sandbox has that hole."""

import shutil
from collections.abc import Callable

import pytest

from kpatch_tools.flow import sandbox_proof
from kpatch_tools.model.capability import State
from kpatch_tools.model.run import Command
from kpatch_tools.tools import process, sandbox

pytestmark = pytest.mark.skipif(shutil.which(sandbox.PROGRAM) is None, reason="needs bubblewrap")
Words = tuple[str, ...]
USERS = process.run(Command(argv=("unshare", "--user", "true"), timeout=20)).ok


def failed() -> set[str]:
    return {one.name for one in sandbox_proof.prove() if one.state is not State.OK}


def test_it_holds_here() -> None:
    found = tuple(sandbox_proof.prove())
    assert [one.name for one in found if one.state is not State.OK] == []
    assert len(found) == 11


def without(*dropped: str) -> Callable[[Words], Words]:
    return lambda words: tuple(word for word in words if word not in dropped)


def then(*added: str) -> Callable[[Words], Words]:
    """The options with these behind them, before the program."""

    def change(words: Words) -> Words:
        at = words.index("--chdir")
        return (*words[:at], *added, *words[at:])

    return change


@pytest.mark.parametrize(
    ("change", "point"),
    [
        (without("--unshare-net"), "sandbox network"),
        (without("--unshare-ipc"), "sandbox namespaces"),
        (without("--unshare-uts"), "sandbox namespaces"),
        (without("--disable-userns"), "sandbox rights"),
        (then("--setenv", "TOKEN", "x"), "sandbox variables"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hole_is_found(
    change: Callable[[Words], Words], point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if point == "sandbox rights" and not USERS:
        pytest.skip("in a chroot no program makes a user namespace, with the option or without")
    whole = sandbox.arguments
    monkeypatch.setattr(sandbox, "arguments", lambda *args, **asked: change(whole(*args, **asked)))
    assert point in failed()


def test_a_home_that_is_shown_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sandbox.arguments
    shown = str(sandbox_proof.cache_dir())
    monkeypatch.setattr(
        sandbox, "arguments", lambda *args, **asked: then("--bind", shown, shown)(whole(*args, **asked))
    )
    assert {"sandbox files", "sandbox writing"} <= failed()


def test_limits_that_are_not_kept_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_bounded", lambda _limits: ())
    monkeypatch.setattr(sandbox_proof, "Limits", lambda **_asked: sandbox.Limits())
    assert {"sandbox processes", "sandbox memory", "sandbox file size"} <= failed()


def test_processes_that_stay_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_proof, "_alive", lambda _word: True)
    assert "sandbox end" in failed()


def test_where_none_can_be_made_there_is_one_line_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "ways", lambda: ())
    (found,) = sandbox_proof.prove()
    assert (found.name, found.state) == ("sandbox", State.MISSING)
    assert "seccomp=unconfined" in found.cure
