# SPDX-License-Identifier: GPL-2.0-only
"""A subsystem's written rules as data (patches/profiles/*.toml)."""

import msgspec


class Shortlog(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The form "PREFIX: topic: Summary" of a subject; lengths are characters.

    ``topics`` are the agreed ones, ``guest_prefix`` is the prefix that belongs to ``guest_paths`` only. A
    patch that touches one of ``except_paths`` follows rules of its own.
    """

    prefix: str
    topics: tuple[str, ...]
    firm: int = 75
    hard: int = 80
    guest_prefix: str = ""
    guest_paths: tuple[str, ...] = ()
    except_paths: tuple[str, ...] = ()


class Selftests(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where tests live and which files must name a new one; all below ``folder``.

    A .c file below ``folder`` but outside ``libraries`` that has a main() is a test.
    """

    folder: str
    makefiles: tuple[str, ...]
    gitignore: str
    libraries: tuple[str, ...] = ()


class Uapi(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What userspace sees: header patterns, the document, and how a feature is discovered.

    ``ioctl_magic`` is the first argument of _IOW() and its like; ``capability_prefix`` begins the name of a
    capability; ``discovery`` is part of the name of the functions that answer ``discovery_ioctl``.
    """

    headers: tuple[str, ...]
    document: str
    ioctl_magic: str
    capability_prefix: str
    discovery: str
    discovery_ioctl: str
    documented_prefixes: tuple[str, ...] = ()


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole profile. ``paths`` are patterns as in fnmatch(3); one with a last slash covers a folder."""

    name: str
    title: str
    sources: tuple[str, ...]
    paths: tuple[str, ...]
    shortlog: Shortlog
    selftests: Selftests
    uapi: Uapi
