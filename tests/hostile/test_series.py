# SPDX-License-Identifier: GPL-2.0-only
"""A hostile series on its way through `kvet review`: each try works without the sandbox, and none in it.

What is taken is a secret planted for the test, and what is filled up is capped by the try itself.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.model.sandbox import Limits, Sandbox
from kpatch_tools.tools import kbuild
from tests.hostile.fakekernel import FILES, Field, listening
from tests.hostile.tries import MIB, TRIES, mail

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in ("bwrap", "make", "gcc", "bash")),
    reason="needs bwrap, make and gcc",
)
SMALL = Limits(memory=200 * MIB, processes=60, file=16 * MIB, disk=32 * MIB, files=1000, temporary=16 * MIB)


@pytest.fixture
def field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Field]:
    calls: list[bytes] = []
    home = Path(os.environ["HOME"])
    with listening(calls) as port:
        made = Field(
            home=home, outside=tmp_path / "outside", objects=home / ".cache/kvet", port=port, calls=calls
        )
        made.plant()
        yield made
        made.end()


@pytest.fixture
def tree(
    git_tree: Callable[..., Path],
    kernel_image: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    monkeypatch.setattr(kbuild, "PROGRAMS", {"make": "make", "gcc": "gcc"})
    # The fake tree takes each line as it is; 60 processes are enough for its make.
    monkeypatch.setattr(kbuild, "Sandbox", lambda **asked: Sandbox(**{**asked, "limits": SMALL}))
    return git_tree({**FILES, "image": kernel_image(tmp_path / "image").read_bytes()})


def review(tree: Path, state: Path, *mails: str, more: tuple[str, ...] = ()) -> dict[str, Any]:
    box = tree.with_name("series.mbox")
    box.write_text("".join(mails))
    words = ["review", str(box), "--tree", str(tree), "--state", str(state), "--jobs", "1", *more]
    assert run(words) in {0, 1, 3}
    (report,) = (state / "runs").glob("*/report.json")
    return json.loads(report.read_text())


def rules(report: dict[str, Any]) -> set[tuple[str, int, str]]:
    """Rule, patch and file of each finding."""
    return {
        (one["rule"], one.get("patch") or 0, one.get("path") or "")
        for check in report["checks"]
        for one in check["findings"]
    }


def build_of(report: dict[str, Any]) -> dict[str, Any]:
    (found,) = (check for check in report["checks"] if check["check"] == "build")
    return found


def test_a_harmless_series_is_built_in_these_limits(tree: Path, tmp_path: Path) -> None:
    report = review(tree, tmp_path / "state", mail("a.c", FILES["a.c"], "int b;"))
    assert build_of(report)["status"] == "PASS"
    assert not [
        rule for rule, _patch, _path in rules(report) if rule.startswith(("build-file", "build/", "sandbox/"))
    ]


@pytest.mark.parametrize("name", TRIES)
def test_without_the_sandbox_it_works(tree: Path, field: Field, tmp_path: Path, name: str) -> None:
    """Else the test below would prove nothing."""
    one = TRIES[name]
    changed = mail(one.path, FILES[one.path], one.added(field))
    report = review(tree, tmp_path / "state", changed, more=("--no-sandbox",))
    assert one.worked(field)
    assert report["unprotected"]


@pytest.mark.parametrize("name", TRIES)
def test_in_the_sandbox_it_fails_and_is_named(
    tree: Path, field: Field, tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    one = TRIES[name]
    others = {path: path.stat().st_mtime_ns for path in field.outside.rglob("*")}
    report = review(tree, tmp_path / "state", mail(one.path, FILES[one.path], one.added(field)))
    assert not one.worked(field)
    assert not field.left_behind()
    assert field.calls == []
    assert {path: path.stat().st_mtime_ns for path in field.outside.rglob("*")} == others
    said = capfd.readouterr()
    assert field.secret not in said.out + said.err
    assert field.spread(tmp_path, field.home) == []
    if one.told:
        assert (one.told, 1, one.path) in rules(report)
        assert one.told in said.out
    if one.limit:
        assert build_of(report)["status"] == "FAIL"
        (told,) = [found for found in build_of(report)["findings"] if found["rule"] == "sandbox/limit"]
        assert one.limit in told["message"]
    assert one.told or one.limit
    assert report["verdict"] != "PASS"
