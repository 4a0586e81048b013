# SPDX-License-Identifier: GPL-2.0-only
"""A profile of written rules (patches/profiles/*.toml), checked for what its types cannot say."""

from kpatch_tools.model.rules import Rules
from kpatch_tools.parse import toml

WHAT = "profile of rules"


def parse_rules(text: str, *, name: str) -> Rules:
    """Read one profile; ``name`` is its file for messages. Raises UserError with all faults and lines."""
    rules, faults = toml.decode(text, Rules, name=name, what=WHAT)
    if not rules.paths:
        faults.add(("paths",), "a profile without paths is for no patch at all")
    for key, values in (("paths", rules.paths), ("uapi", rules.uapi.headers)):
        if any(value.startswith("/") or ".." in value.split("/") for value in values):
            faults.add((key,), "paths are relative to the top of the kernel tree")
    if not rules.selftests.folder.endswith("/"):
        faults.add(("selftests", "folder"), "a folder ends in a slash")
    if rules.shortlog.firm > rules.shortlog.hard:
        faults.add(("shortlog", "firm"), "the firm limit is above the hard one")
    faults.raise_any(WHAT)
    return rules
