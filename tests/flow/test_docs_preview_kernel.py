# SPDX-License-Identifier: GPL-2.0-only
"""Previews of the real api.rst, from the base trees in the cache; `kvet tree get debian:6.1` brings one."""

import os
from pathlib import Path

import pytest

from kpatch_tools.flow.docs_files import DEFAULT_PATH, Against
from kpatch_tools.flow.docs_preview import Wanted, build_preview
from kpatch_tools.model.report import Status
from kpatch_tools.parse.rst import parse_document
from kpatch_tools.parse.rst_parts import excerpt, parts_of
from kpatch_tools.tools import probe

pytestmark = pytest.mark.kernel
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kvet" / "trees"
needs_sphinx = pytest.mark.skipif(
    not probe.locate("sphinx-build"), reason="Sphinx is not installed: pip install 'kpatch-tools[docs]'"
)


def tree(version: str) -> Path:
    found = sorted(_CACHE.glob(f"debian-{version}-*/{DEFAULT_PATH}"))
    if not found:
        pytest.skip(f"no Debian {version} tree in the cache")
    return Path(str(found[-1]).removesuffix(f"/{DEFAULT_PATH}"))


@pytest.mark.parametrize("version", ["6.1", "6.12"])
def test_every_part_alone_has_its_titles_at_their_levels(version):
    document = parse_document((tree(version) / DEFAULT_PATH).read_text())
    levels = {title.line: title.level for title in document.titles}
    parts = parts_of(document)
    assert len(parts) > 200
    for part in parts[::5]:
        made = excerpt(document, [part])
        again = parse_document(made.text)
        places = [made.source_line(title.line) for title in again.titles]
        assert [title.level for title in again.titles] == [levels[line] for line in places]
        assert not part.title or part.title.line in places
        lines = made.text.splitlines()
        assert all(text in ("", document.lines[made.source_line(at) - 1]) for at, text in enumerate(lines, 1))


@needs_sphinx
def test_our_series_on_6_1(tmp_path):
    wanted = Wanted(tree=tree("6.1"), series="kvm-map-memory/v2")
    found = build_preview(wanted, out=tmp_path / "out")
    (check,) = found.report.checks
    assert check.status is Status.PASS
    assert "4.138 KVM_MAP_MEMORY" in found.pages[0].read_text()
    assert "KVM_CREATE_VM" not in found.pages[0].read_text()


@needs_sphinx
def test_the_one_fault_that_sphinx_finds_in_6_12(tmp_path):
    wanted = Wanted(tree=tree("6.12"), against=Against.NOTHING)
    (check,) = build_preview(wanted, out=tmp_path / "out").report.checks
    (finding,) = check.findings
    source = (tree("6.12") / DEFAULT_PATH).read_text().splitlines()
    assert finding.message.startswith("KVM_CAP_DISABLE_QUIRKS2: Malformed table")
    assert "KVM_X86_QUIRK_VMCS12_ALLOW_FREEZE_IN_SMM" in source[finding.location.line - 1]
    assert finding.detail.count("\n") == 7
    assert "the tree's own" in dict(check.facts)["built with"]
