# SPDX-License-Identifier: GPL-2.0-only
"""apt with a configuration of its own: the host's archives, another architecture, another release."""

from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, ToolFailed
from kpatch_tools.parse.aptsources import Archive
from kpatch_tools.tools import apt

HOST = (
    Archive(uri="http://mirror.example/debian/", codename="bookworm", component="main"),
    Archive(uri="http://mirror.example/debian/", codename="bookworm-updates", component="main"),
    Archive(uri="http://mirror.example/security/", codename="bookworm-security", component="main"),
    Archive(uri="http://mirror.example/debian/", codename="sid", component="main"),
)


def fake(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    """Programs of those names ("apt_get" for apt-get) that are shell scripts, first in PATH."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    for name, body in scripts.items():
        path = programs / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")


@pytest.fixture
def private(tmp_path: Path) -> apt.Apt:
    return apt.prepare(tmp_path / "apt", "riscv64", HOST, "trixie")


def test_the_sources_are_the_hosts_for_another_release(private: apt.Apt) -> None:
    text = (private.folder / "sources" / "kvet.sources").read_text()
    stanzas = [dict(line.split(": ", 1) for line in part.splitlines()) for part in text.split("\n\n")]

    assert [stanza["Suites"] for stanza in stanzas] == ["trixie", "trixie-updates", "trixie-security"]
    assert {stanza["Architectures"] for stanza in stanzas} == {"riscv64"}
    assert stanzas[2]["URIs"] == "http://mirror.example/security/"
    assert {stanza["Types"] for stanza in stanzas} == {"deb"}
    assert "bookworm" not in text
    assert "[trusted" not in text.lower()
    assert "allow-insecure" not in text.lower()


def test_the_hosts_own_release_stays_as_it_is(tmp_path: Path) -> None:
    apt.prepare(tmp_path, "arm64", HOST, "bookworm")

    text = (tmp_path / "sources" / "kvet.sources").read_text()
    assert "Suites: bookworm-security\n" in text
    assert "sid" not in text


def test_nothing_of_the_host_is_written(private: apt.Apt) -> None:
    options = dict(
        word.removeprefix("-o").split("=", 1) for word in private.argv("apt-get") if word.startswith("-o")
    )

    for name in ("Dir::State::Lists", "Dir::State::status", "Dir::Cache", "Dir::Etc::SourceParts"):
        assert options[name].startswith(str(private.folder))
        assert Path(options[name]).exists()
    assert options["Dir::Etc::SourceList"] == "/dev/null"
    assert options["APT::Architectures"] == "riscv64"
    assert "#clear APT::Update::Post-Invoke;" in (private.folder / "apt.conf").read_text()


def test_no_archive_of_debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, apt_get="echo 'Origin: Other'")
    with pytest.raises(EnvironmentFault, match="no archive of Debian") as caught:
        apt.archives()
    assert caught.value.cure == "apt-get update"

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="apt-get is not installed"):
        apt.archives()


def test_what_apt_knows(tmp_path: Path, private: apt.Apt, monkeypatch: pytest.MonkeyPatch) -> None:
    body = """case "$*" in
*pkgnames*) echo linux-image-b; echo linux-image-a; echo 'bad name' ;;
*depends*absent*) exit 100 ;;
*depends*) echo meta; echo '  Depends: linux-image-6.12.1'; echo '  Depends: <virtual>' ;;
esac"""
    fake(tmp_path, monkeypatch, apt_cache=body)

    assert apt.names(private, "linux-image-")[:2] == ("bad", "linux-image-a")
    assert apt.depends(private, "meta") == ("linux-image-6.12.1",)
    assert apt.depends(private, "absent") == ()


def test_downloads_are_named_by_package(
    tmp_path: Path, private: apt.Apt, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "debs"
    place.mkdir()
    fake(tmp_path, monkeypatch, apt_get=": > 'libc6_2.36-9_arm64.deb'; : > 'perl-base_1%3a5.36_arm64.deb'")

    files = apt.download(private, ("perl-base", "libc6"), place)

    assert list(files) == ["perl-base", "libc6"]
    assert apt.version(files["perl-base"]) == "1:5.36"
    with pytest.raises(ToolFailed, match="did not leave busybox-static"):
        apt.download(private, ("busybox-static",), place)


def test_a_download_that_fails(tmp_path: Path, private: apt.Apt, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, apt_get="echo 'E: no network' >&2; exit 100")

    with pytest.raises(ToolFailed, match="cannot download x for riscv64"):
        apt.download(private, ("x",), tmp_path)
    with pytest.raises(ToolFailed, match="trixie for riscv64 lacks a package"):
        apt.sizes(private, ("x",))
    assert not apt.update(private).ok
