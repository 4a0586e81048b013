# SPDX-License-Identifier: GPL-2.0-only
"""The BTF of a kernel that is booted, out of its own image and its KVM module; nothing of it is run.

The guest loads exactly these files. What is taken out is kept in the cache by their content.
"""

import hashlib
import lzma
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command, Ended
from kpatch_tools.model.sandbox import Sandbox
from kpatch_tools.parse.elf import section
from kpatch_tools.tools import outputs, process
from kpatch_tools.tools.files import cache_dir, locked, write_atomic
from kpatch_tools.tools.kernels import Kernel

SECTION = ".BTF"
LARGEST_BYTES = 1024 * 1024 * 1024
TIMEOUT_S = 120.0
_KVM = "kernel/arch/x86/kvm/kvm.ko"
# Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length of the boot header.
_SECTORS_AT, _PAYLOAD_AT, _LENGTH_AT, _SECTOR = 0x1F1, 0x248, 0x24C, 512
_ZSTD, _LZ4 = b"\x28\xb5\x2f\xfd", b"\x02\x21\x4c\x18"
# What follows the payload of an image that is compressed: its size, four bytes.
_TRAILER = 4
_DIGITS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBtf:
    """The sections of vmlinux and of kvm.ko; the second one None where KVM is built in."""

    base: bytes
    module: bytes | None


def read_btf(kernel: Kernel) -> RawBtf | None:
    """The kernel's BTF, None when it has none.

    Raises EnvironmentFault when a file cannot be read or the program that unpacks it is not installed.
    """
    module = _module_file(kernel)
    try:
        digest = hashlib.sha256()
        for path in (kernel.image, module):
            digest.update(path.read_bytes() if path else b"")
        folder = cache_dir("btf", digest.hexdigest()[:_DIGITS])
        with locked(folder.parent / f".{folder.name}.lock"):
            base = _kept(folder / "vmlinux", lambda: _of_image(kernel.image))
            own = _kept(folder / "kvm", lambda: _of_module(module)) if module else None
    except (OSError, lzma.LZMAError, zlib.error, EOFError) as error:
        raise EnvironmentFault(
            f"{kernel.image}: its BTF cannot be read: {error}",
            cure="a kernel with CONFIG_DEBUG_INFO_BTF=y, as Debian's: --kernel debian:6.12",
        ) from error
    if not base or (module and not own):
        return None
    return RawBtf(base=base, module=own)


def _kept(place: Path, make: Callable[[], bytes | None]) -> bytes:
    """What was taken out before, or now; b"" for a file that has none."""
    if not place.is_file():
        write_atomic(place, make() or b"")
    return place.read_bytes()


def _module_file(kernel: Kernel) -> Path | None:
    if kernel.modules is None:
        return None
    found = (kernel.modules / f"{_KVM}{suffix}" for suffix in ("", ".xz", ".zst", ".gz"))
    return next((path for path in found if path.is_file()), None)


def _of_module(path: Path) -> bytes | None:
    raw = path.read_bytes()
    unpack = {".xz": _unxz, ".gz": _gunzip, ".zst": _unzstd}
    return section(unpack.get(path.suffix, bytes)(raw), SECTION)


def _unxz(packed: bytes) -> bytes:
    return lzma.LZMADecompressor().decompress(packed, LARGEST_BYTES)


def _gunzip(packed: bytes) -> bytes:
    return zlib.decompressobj(wbits=31).decompress(packed, LARGEST_BYTES)


def _of_image(path: Path) -> bytes | None:
    with path.open("rb") as stream:
        head = stream.read(_LENGTH_AT + 4)
        start = ((head[_SECTORS_AT] or 4) + 1) * _SECTOR + _number(head, _PAYLOAD_AT)
        stream.seek(start)
        payload = stream.read(min(_number(head, _LENGTH_AT), LARGEST_BYTES))
    return section(_unpacked(payload, path), SECTION)


def _number(head: bytes, at: int) -> int:
    return int.from_bytes(head[at : at + 4], "little")


def _unpacked(payload: bytes, path: Path) -> bytes:
    if payload.startswith(b"\x7fELF"):
        return payload
    if payload.startswith(_ZSTD):
        return _unzstd(payload[:-_TRAILER])
    if payload.startswith(_LZ4):
        return _by_program(("lz4", "-d", "-q", "-f"), "lz4", payload[:-_TRAILER])
    if payload.startswith(b"\x1f\x8b"):
        return _gunzip(payload)
    if payload.startswith(b"\xfd7zXZ\0"):
        return _unxz(payload)
    raise EnvironmentFault(
        f"{path}: compressed in a way that kvet does not unpack ({payload[:4].hex()})",
        cure="give an uncompressed kernel: scripts/extract-vmlinux of the tree unpacks it",
    )


def _unzstd(data: bytes) -> bytes:
    return _by_program(("zstd", "-d", "-q", "-f"), "zstd", data)


def _by_program(argv: tuple[str, ...], package: str, data: bytes) -> bytes:
    """Unpack by a program, through files: a kernel is larger than what is kept of a program's output."""
    with tempfile.TemporaryDirectory(prefix="kvet-btf-") as name:
        packed, plain = Path(name) / "packed", Path(name) / "plain"
        packed.write_bytes(data)
        words = (*argv, str(packed), *_out(argv[0], plain))
        # A stranger's build packed it.
        shown = Sandbox(writable=(Path(name),))
        done = process.run(Command(argv=words, timeout=TIMEOUT_S, sandbox=shown))
        if done.ended is Ended.NOT_FOUND:
            raise EnvironmentFault(f"{argv[0]} is not installed", cure=f"apt-get install -y {package}")
        if not plain.is_file():
            done.ok_or_raise("cannot unpack a kernel")
        return outputs.read_bytes(Path(name), plain.name, LARGEST_BYTES) or b""


def _out(program: str, plain: Path) -> tuple[str, ...]:
    return ("-o", str(plain)) if program == "zstd" else (str(plain),)
