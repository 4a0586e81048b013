# SPDX-License-Identifier: GPL-2.0-only
"""The wheel is what users get: built here, installed apart, run from another directory."""

import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from kpatch_tools.model.run import Command
from kpatch_tools.tools import process

CHECKOUT = Path(__file__).resolve().parent.parent


def run(*argv, cwd, timeout=100.0):
    result = process.run(Command(argv=tuple(str(word) for word in argv), cwd=cwd, timeout=timeout))
    assert result.ok, result.error_text + result.text
    return result.text


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment that holds the wheel, and the dependencies of this one but not its editable install."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder, CHECKOUT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(
        sys.executable,
        "-m",
        "pip",
        "-q",
        "--python",
        python,
        "install",
        "--no-deps",
        "--no-index",
        wheel,
        cwd=folder,
    )
    site = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    )
    # A folder named in a .pth file is searched, but its own .pth files (the editable install) are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder, wheel


def test_the_wheel_holds_every_data_folder(installed):
    names = zipfile.ZipFile(installed[1]).namelist()
    for folder in ("patches", "docs-check", "selftests-gen", "ci"):
        tracked = [
            path
            for path in run("git", "ls-files", "-co", "--exclude-standard", folder, cwd=CHECKOUT).splitlines()
            if (CHECKOUT / path).is_file()
        ]
        assert tracked
        assert {f"kpatch_tools/_data/{path}" for path in tracked} <= set(names)


def test_the_installed_command_works_from_elsewhere(installed):
    folder = installed[0]
    kvet = folder / "venv" / "bin" / "kvet"
    assert run(kvet, "--version", cwd="/").startswith("kvet, version")
    where = run(
        folder / "venv" / "bin" / "python", "-c", "import kpatch_tools; print(kpatch_tools.__file__)", cwd="/"
    )
    assert str(folder) in where
    assert "10" in run(kvet, "series", "show", "kvm-map-memory/v2", cwd="/")
    assert "docs/underline-length" in run(kvet, "docs", "rules", cwd="/")
    assert "KVM_MAP_MEMORY" in run(kvet, "contract", "show", "kvm_map_memory", cwd="/")


def test_the_installed_demonstration_needs_no_checkout(installed, tmp_path):
    """Everything that it lays out comes with the wheel."""
    kvet = installed[0] / "venv" / "bin" / "kvet"
    shown = run(kvet, "demo", "--folder", tmp_path / "demo", cwd=tmp_path)
    assert "docs/section-number" in shown
    assert "KVET\\-REVIEW" in run(kvet, "man", "review", cwd=tmp_path)
