# SPDX-License-Identifier: GPL-2.0-only
"""patches/<series>/series.toml: what was posted, what the patches here answer to, what they apply to."""

import msgspec

from kpatch_tools.model.known import KnownComment

MANIFEST_SCHEMA = 1


class Base(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The tree that the patches were made for.

    ``tree`` is a word for --tree ("debian:6.1"), ``tested`` the versions it was tried on, ``blobs`` the full
    blob id of each touched file before the first patch that changes it (all zeros: not there yet).
    """

    tree: str
    tested: tuple[str, ...] = ()
    blobs: dict[str, str] = {}


class Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One posting. ``date`` is YYYY-MM-DD, ``message_id`` that of its cover letter without angle brackets.

    ``depends_on`` holds Message-IDs of series that had to be applied before; ``dir`` the folder with our own
    patches for this version, whose cover letter is ``our_message_id``; ``merged_in`` the kernel release.
    """

    version: int
    date: str
    subject: str
    author: str
    message_id: str
    patches: int
    rfc: bool = False
    base_commit: str = ""
    depends_on: tuple[str, ...] = ()
    prerequisite_patch_ids: tuple[str, ...] = ()
    dir: str = ""
    our_message_id: str = ""
    merged_in: str = ""


class PatchPurpose(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one of our patches of a version is for, and the posted mail that it answers to."""

    version: int
    number: int
    subject: str
    purpose: str
    posted_message_id: str = ""


class SeriesManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole document. ``contract`` names the file in selftests-gen/contracts without its suffix."""

    schema: int
    name: str
    title: str
    base: Base
    contract: str = ""
    versions: tuple[Version, ...] = msgspec.field(name="version")
    patches: tuple[PatchPurpose, ...] = msgspec.field(name="patch", default=())
    comments: tuple[KnownComment, ...] = msgspec.field(name="comment", default=())
