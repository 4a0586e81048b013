# SPDX-License-Identifier: GPL-2.0-only
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.event import silent
from kpatch_tools.tools import kernels

ImageMaker = Callable[..., Path]


def test_release_of_an_image(tmp_path: Path, kernel_image: ImageMaker) -> None:
    assert kernels.image_release(kernel_image(tmp_path / "bzImage")) == "6.1.0-test"


@pytest.mark.parametrize("content", [b"", b"\x7fELF" + bytes(5000), b"x" * 600])
def test_no_image(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vmlinux"
    path.write_bytes(content)
    with pytest.raises(UserError, match="no x86 kernel image"):
        kernels.from_image(path)
    with pytest.raises(UserError, match="No such file"):
        kernels.from_image(tmp_path / "absent")


def test_modules_beside_the_image_and_in_the_system(tmp_path: Path, kernel_image: ImageMaker) -> None:
    image = kernel_image(tmp_path / "deb" / "boot" / "vmlinuz")
    assert kernels.from_image(image, root=tmp_path / "sys").modules is None
    there = tmp_path / "sys/lib/modules/6.1.0-test"
    there.mkdir(parents=True)
    assert kernels.from_image(image, root=tmp_path / "sys").modules == there
    beside = tmp_path / "deb/lib/modules/6.1.0-test"
    beside.mkdir(parents=True)
    assert kernels.from_image(image, root=tmp_path / "sys").modules == beside


def test_select(tmp_path: Path, kernel_image: ImageMaker) -> None:
    image = kernel_image(tmp_path / "bzImage")
    assert kernels.select(str(image), sink=silent).image == image
    with pytest.raises(UserError, match=r"debian:6\.12"):
        kernels.select("debian:bookworm", sink=silent)


@pytest.fixture
def fake_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel_image: ImageMaker) -> Path:
    """apt-cache, apt-get, dpkg and depmod that tell and make what a test says."""
    folder = tmp_path / "bin"
    image = kernel_image(tmp_path / "vmlinuz", "6.12.9+deb12-amd64")
    scripts = {
        "apt-cache": 'test -e "$0.dead" && exit 1; echo "  Depends: linux-image-6.12.9+deb12-amd64"',
        "apt-get": 'test -e "$0.dead" && exit 1; : > "$(echo "$3" | tr / _)_1_amd64.deb"',
        "dpkg": f'mkdir -p "$3/boot" "$3/lib/modules/6.12.9+deb12-amd64" '
        f'&& cp {image} "$3/boot/vmlinuz-6.12.9+deb12-amd64"',
        "depmod": ': > "$2/lib/modules/$3/modules.dep"',
    }
    folder.mkdir()
    for name, body in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_debian_kernel_is_fetched_once(fake_apt: Path) -> None:
    kernel = kernels.select("debian:6.12", sink=silent)
    assert kernel.release == "6.12.9+deb12-amd64"
    assert kernel.modules is not None
    assert (kernel.modules / "modules.dep").is_file()
    (fake_apt / "apt-get.dead").touch()
    assert kernels.select("debian:6.12", sink=silent) == kernel
    (fake_apt / "apt-cache.dead").touch()
    assert kernels.select("debian:6.12", sink=silent) == kernel


def test_debian_kernel_that_cannot_be_had(fake_apt: Path) -> None:
    (fake_apt / "apt-get.dead").touch()
    with pytest.raises(EnvironmentFault, match="cannot download"):
        kernels.select("debian:6.12", sink=silent)
    (fake_apt / "apt-cache.dead").touch()
    with pytest.raises(EnvironmentFault, match="apt knows no package"):
        kernels.select("debian:6.12", sink=silent)


def test_a_kernel_that_apt_does_not_have_is_told_with_those_that_it_has(fake_apt: Path) -> None:
    names = "linux-image-6.12-amd64 linux-image-6.12.9+deb12-amd64 linux-image-6.1.0-9-amd64 linux-image-6-rt"
    (fake_apt / "apt-cache").write_text(
        f"#!/bin/sh\ntest $1 = depends && exit 100\nfor name in {names}; do echo $name; done\n"
    )
    with pytest.raises(
        UserError, match=r"debian:5\.2: apt knows no such kernel, only 6\.1, 6\.12$"
    ) as caught:
        kernels.select("debian:5.2", sink=silent)
    assert "--kernel debian:6.12" in caught.value.cure


def test_the_kernel_of_the_release_itself_has_a_name_without_a_version(fake_apt: Path) -> None:
    (fake_apt / "apt-cache").write_text(
        "#!/bin/sh\n"
        'test "$3" = linux-image-amd64 || exit 100\n'
        'echo "  Depends: linux-image-6.12.9+deb12-amd64"\n'
    )
    assert kernels.select("debian:6.12", sink=silent).release == "6.12.9+deb12-amd64"
    # Not another version's: 6.1 is not 6.12.
    with pytest.raises(EnvironmentFault, match=r"linux-image-6\.1-amd64"):
        kernels.select("debian:6.1", sink=silent)


def test_no_apt_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="no Debian machine"):
        kernels.select("debian:6.12", sink=silent)


@pytest.mark.parametrize("release", ["../../x", "/etc", ".."])
def test_a_release_that_is_a_path_is_none(tmp_path: Path, kernel_image: ImageMaker, release: str) -> None:
    with pytest.raises(UserError, match="is no name"):
        kernels.image_release(kernel_image(tmp_path / "bzImage", release))
