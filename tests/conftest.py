# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures shared by all tests: nobody's real home, cache or git identity is ever used."""

from pathlib import Path

import pytest


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
