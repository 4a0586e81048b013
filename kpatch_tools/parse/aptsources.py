# SPDX-License-Identifier: GPL-2.0-only
"""What apt itself says of the archives it is configured for: ``apt-get indextargets`` (apt-get(8))."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Only what Debian publishes as its releases: backports and other people's archives have other labels.
_LABELS = frozenset({"Debian", "Debian-Security"})
_CODENAME = re.compile(r"^[a-z][a-z0-9]*(?:-[a-z-]+)?$")
_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*:\S+$")
_COMPONENT = re.compile(r"^[a-z0-9][a-z0-9./-]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """One archive of Debian: its address, the codename ("bookworm-security") and a component ("main")."""

    uri: str
    codename: str
    component: str

    @property
    def release(self) -> str:
        """The release that the codename belongs to: "bookworm" of "bookworm-security"."""
        return self.codename.partition("-")[0]


def parse_targets(text: str) -> tuple[Archive, ...]:
    """Debian's archives among the index targets, each once, in apt's order.

    A target says whose it is only when apt has its Release file: before the first ``apt-get update`` there
    are none. What is no plain address or name is passed over.
    """
    return tuple(dict.fromkeys(_archives(text)))


def _archives(text: str) -> Iterator[Archive]:
    for stanza in re.split(r"\n[ \t]*\n", text):
        fields = dict[str, str]()
        for line in stanza.splitlines():
            key, colon, value = line.partition(":")
            if colon and not key[:1].isspace():
                fields[key] = value.strip()
        packages = fields.get("Created-By") == "Packages" and fields.get("Target-Of") == "deb"
        if not packages or fields.get("Origin") != "Debian" or fields.get("Label") not in _LABELS:
            continue
        uri, codename, component = (fields.get(name, "") for name in ("Repo-URI", "Codename", "Component"))
        if _ADDRESS.match(uri) and _CODENAME.match(codename) and _COMPONENT.match(component):
            yield Archive(uri=uri, codename=codename, component=component)


def parse_uris(text: str) -> dict[str, int]:
    """``apt-get download --print-uris``: the file that each package will be, and its size in bytes."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"^'\S+' ([^\s/]+\.deb) (\d+)(?: |$)", line)
        if match:
            found[match[1]] = int(match[2])
    return found
