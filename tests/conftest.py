# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures shared by all tests: nobody's real home, cache or git identity is ever used."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from kpatch_tools.model.run import Command
from kpatch_tools.tools import process
from tests.lore import Lore

GIT_IDENTITY = {
    "GIT_AUTHOR_NAME": "Tess Ter",
    "GIT_AUTHOR_EMAIL": "tess@example.org",
    "GIT_AUTHOR_DATE": "Mon, 1 Jan 2024 10:00:00 +0200",
    "GIT_COMMITTER_NAME": "Tess Ter",
    "GIT_COMMITTER_EMAIL": "tess@example.org",
    "GIT_COMMITTER_DATE": "Mon, 1 Jan 2024 10:00:00 +0200",
}


def pytest_configure() -> None:
    """Text is as wide as in a pipe everywhere: a worker of xdist has the 80 columns of no terminal."""
    os.environ.pop("COLUMNS", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker takes all that builds kernels or boots machines: two at a time would only be slower."""
    for item in items:
        if any(item.get_closest_marker(name) for name in ("kernel", "vm")):
            item.add_marker(pytest.mark.xdist_group("machine"))


@pytest.fixture(autouse=True)
def _own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, request) -> None:
    """Fast tests get an empty home and cache; kernel and vm tests keep the cache, or each would rebuild."""
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    if any(request.node.get_closest_marker(name) for name in ("kernel", "vm")):
        return
    home: Path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))


@pytest.fixture
def git() -> Callable[..., str]:
    """``git(folder, "log", ...)``: run git with a fixed identity, fail loudly, return its output."""

    def call(folder: Path, *args: str, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> str:
        environment = {**GIT_IDENTITY, **(env or {})}
        command = Command(argv=("git", *args), timeout=60, cwd=folder, env=environment, stdin=stdin)
        return process.run(command).ok_or_raise(f"git {args[0]}").text.strip()

    return call


@pytest.fixture
def git_tree(tmp_path: Path, git: Callable[..., str]) -> Callable[..., Path]:
    """``git_tree({"path": b"content"})``: a repository with these files in one commit."""

    def make(files: Mapping[str, bytes], name: str = "tree") -> Path:
        folder = tmp_path / name
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        git(folder, "init", "--quiet", "--initial-branch=main")
        git(folder, "add", "--force", "--all")
        git(folder, "commit", "--quiet", "--allow-empty", "--message=base")
        return folder

    return make


@pytest.fixture
def kernel_image() -> Callable[..., Path]:
    """``kernel_image(path, "6.1.0")``: a file with the least that an x86 boot header holds, in 4 KiB."""

    def make(path: Path, release: str = "6.1.0-test") -> Path:
        head = bytearray(0x1000)
        head[0x202:0x206] = b"HdrS"
        head[0x20E:0x210] = (0x400).to_bytes(2, "little")
        text = f"{release} (u@h) #1 SMP\0".encode()
        head[0x600 : 0x600 + len(text)] = text
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(head))
        return path

    return make


@pytest.fixture
def lore(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lore]:
    """A stand-in for the mail archive, and kvet pointed at it; fill it with ``lore.add(mails)``."""
    with Lore() as served:
        monkeypatch.setenv("KVET_LORE", served.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield served
