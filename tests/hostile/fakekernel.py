# SPDX-License-Identifier: GPL-2.0-only
"""A tree that builds as a kernel does where kvet touches it, and a place with things to steal."""

import contextlib
import os
import secrets
import signal
import socket
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MAKEFILE = b"""\
VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 0
.PHONY: allnoconfig bzImage headers
allnoconfig:
\t@cp $(KCONFIG_ALLCONFIG) $(O)/.config
bzImage: a.o
\t@mkdir -p $(O)/arch/x86/boot
\t@cp $(CURDIR)/image $(O)/arch/x86/boot/bzImage
a.o:
\t@echo "  CC      a.o"
\t@$(CC) -Wall -c -o $(O)/a.o $(CURDIR)/a.c
headers:
\t@mkdir -p $(O)/usr/include/linux
\t@cp include/uapi/linux/* $(O)/usr/include/linux/
include Kbuild
"""
SELFTESTS = b"""\
$(OUTPUT)/%: %.c
\t$(CC) -Wall $(KHDR_INCLUDES) $(EXTRA_CFLAGS) -o $@ $<
include tries.mk
"""
FILES = {
    "Makefile": MAKEFILE,
    "Kbuild": b"# what the tree adds\n",
    "MAINTAINERS": b"List\n",
    "a.c": b"int a;\n",
    "include/uapi/linux/foo.h": b"#define FOO 1\n",
    "tools/testing/selftests/kvm/Makefile": SELFTESTS,
    "tools/testing/selftests/kvm/tries.mk": b"# what the tests add\n",
    "tools/testing/selftests/kvm/foo.c": b"int main(void) { return 0; }\n",
    "Documentation/conf.py": b"project = 'tree'\n",
    "Documentation/page.rst": b"Title\n=====\n\nText.\n",
}


@dataclass(slots=True, kw_only=True)
class Field:
    """What a series is after: a secret in a home, a folder outside, a listener; and what it got of them."""

    home: Path
    outside: Path
    objects: Path
    port: int
    secret: str = field(default_factory=lambda: f"kvet-secret-{secrets.token_hex(12)}")
    seconds: str = field(default_factory=lambda: f"97.{secrets.randbelow(10**9):09d}")
    calls: list[bytes] = field(default_factory=list)

    @property
    def key(self) -> Path:
        """The file with the secret."""
        return self.home / ".ssh" / "id_ed25519"

    def plant(self) -> None:
        """Put the secret where it belongs."""
        self.key.parent.mkdir(parents=True, exist_ok=True)
        self.key.write_text(f"{self.secret}\n")
        self.outside.mkdir(exist_ok=True)

    def left_behind(self) -> list[int]:
        """The processes that sleep for our odd number of seconds."""
        found = []
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if self.seconds.encode() in place.read_bytes().split(b"\0"):
                    found.append(int(place.parent.name))
        return found

    def end(self) -> None:
        """End what a try left, by the number that it alone has."""
        for pid in self.left_behind():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def spread(self, *folders: Path) -> list[Path]:
        """The plain files below the folders that hold the secret, and the links, but for the planted one."""
        found = []
        for folder in folders:
            # Not rglob(): in a cache that others use as well, a folder may go away while it is looked at.
            for above, _folders, names in os.walk(folder):
                for path in (Path(above, name) for name in names):
                    with contextlib.suppress(FileNotFoundError):
                        if path == self.key or not stat.S_ISREG(path.lstat().st_mode):
                            continue
                        if self.secret.encode() in path.read_bytes():
                            found.append(path)
        return found


@contextlib.contextmanager
def listening(calls: list[bytes]) -> Iterator[int]:
    """A listener on 127.0.0.1 that notes who comes; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _address = server.accept()
                    with connection:
                        connection.settimeout(2)
                        with contextlib.suppress(OSError):
                            calls.append(connection.recv(200))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            stop.set()
            thread.join()
