# SPDX-License-Identifier: GPL-2.0-only
"""A documentation profile (docs-check/*.toml), checked for what its types cannot say."""

import re

import msgspec

from kpatch_tools.model.profile import DocsProfile
from kpatch_tools.model.wording import Wording
from kpatch_tools.parse import toml


def parse_profile(text: str, *, name: str) -> DocsProfile:
    """Read one profile; ``name`` is its file for messages. Raises UserError with all faults and lines."""
    profile, faults = toml.decode(text, DocsProfile, name=name, what="documentation profile")
    for index, chapter in enumerate(profile.chapters):
        for field in chapter.required:
            if field not in profile.fields:
                faults.add(("chapters", index, "required"), f'"{field}" is not one of the fields')
    for index, entry in enumerate(profile.vocabularies):
        where = ("vocabularies", index)
        if entry.field not in profile.fields:
            faults.add((*where, "field"), f'"{entry.field}" is not one of the fields')
        if bool(entry.values) == bool(entry.pattern):
            faults.add(where, "a vocabulary has either values or a pattern")
        try:
            re.compile(entry.pattern)
        except re.error as error:
            faults.add((*where, "pattern"), f"no regular expression: {error}")
    _wording(profile.wording, faults)
    faults.raise_any("documentation profile")
    return profile


def _wording(wording: Wording, faults: toml.Faults) -> None:
    for key in msgspec.structs.fields(Wording):
        value = getattr(wording, key.name)
        patterns = value if key.name in {"vendor", "limits"} else [value] if isinstance(value, str) else []
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                faults.add(("wording", key.name), f"no regular expression: {error}")
