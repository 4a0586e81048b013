# SPDX-License-Identifier: GPL-2.0-only
"""series.toml -> SeriesManifest, with every fault and its line."""

import datetime
import re

from kpatch_tools.model.manifest import MANIFEST_SCHEMA, SeriesManifest, Version
from kpatch_tools.parse.diff import unsafe_path
from kpatch_tools.parse.known import MESSAGE_ID, check_comments
from kpatch_tools.parse.toml import Faults, decode

_OBJECT_ID = re.compile(r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")


def parse_manifest(text: str, name: str) -> SeriesManifest:
    """Read the document; ``name`` stands for it in messages.

    Raises UserError with all faults: form, repeated versions, patch numbers with gaps, object ids and
    Message-IDs that are none.
    """
    manifest, faults = decode(text, SeriesManifest, name=name, what="series manifest")
    if manifest.schema != MANIFEST_SCHEMA:
        faults.add(("schema",), f"schema {manifest.schema} is not known, this kvet reads {MANIFEST_SCHEMA}")
    for path, blob in manifest.base.blobs.items():
        if reason := unsafe_path(path):
            faults.add(("base", "blobs", path), f"{path!r}: {reason}")
        if not _OBJECT_ID.match(blob):
            faults.add(("base", "blobs", path), f"{blob!r} is no full blob id")
    seen: set[int] = set()
    for index, version in enumerate(manifest.versions):
        if version.version in seen:
            faults.add(("version", index, "version"), f"version {version.version} is there twice")
        seen.add(version.version)
        _check_version(version, index, faults)
    for posting in sorted({patch.version for patch in manifest.patches}):
        numbers = [patch.number for patch in manifest.patches if patch.version == posting]
        if numbers != list(range(1, len(numbers) + 1)):
            faults.add(("patch",), f"the patches of v{posting} are numbered {numbers}, not from 1 on")
    ours = {version.version for version in manifest.versions if version.dir}
    for index, patch in enumerate(manifest.patches):
        if patch.version not in ours:
            faults.add(("patch", index, "version"), f"version {patch.version} has no folder with our patches")
        if patch.posted_message_id and not MESSAGE_ID.fullmatch(patch.posted_message_id):
            faults.add(("patch", index, "posted_message_id"), f"{patch.posted_message_id!r} is no Message-ID")
    check_comments(manifest.comments, [version.version for version in manifest.versions], faults)
    faults.raise_any("series manifest")
    return manifest


def _check_version(version: Version, index: int, faults: Faults) -> None:
    for key in ("message_id", "our_message_id"):
        value = getattr(version, key)
        if value and not MESSAGE_ID.fullmatch(value):
            faults.add(("version", index, key), f"{value!r} is no Message-ID")
    for value in version.depends_on:
        if not MESSAGE_ID.fullmatch(value):
            faults.add(("version", index, "depends_on"), f"{value!r} is no Message-ID")
    for value in (version.base_commit, *version.prerequisite_patch_ids):
        if value and not _OBJECT_ID.match(value):
            faults.add(("version", index), f"{value!r} is no full object id")
    if version.dir and unsafe_path(version.dir):
        faults.add(("version", index, "dir"), f"{version.dir!r}: {unsafe_path(version.dir)}")
    try:
        datetime.date.fromisoformat(version.date)
    except ValueError:
        faults.add(("version", index, "date"), f"{version.date!r} is no date (YYYY-MM-DD)")
