# SPDX-License-Identifier: GPL-2.0-only
"""A report without what two runs of the same series never share: times, folders, what came from a cache."""

import json
import re
from typing import Any

# Seconds since the guest's boot and of a run; and entries of its page tables, which hold where pages lie.
_CHANCE = re.compile(r"\[ *\d+\.\d{6}\]|\bin \d+\.\d s\b|\b0x[0-9a-f]{9,16}\b")
# The log of a build that was made now; that of one from the cache is build.log.
_COMMIT = re.compile(r"-[0-9a-f]{12}(?=\.log$)")
_TIMES = {"started", "elapsed_s", "folder", "elapsed"}
# Whether an answer came from the cache, and where logs lie, says nothing about the series.
_CACHED = {("build", "cached"), ("tests", "test program")}
_FROM_CACHE = re.compile(r", from the cache$")


def comparable(text: str) -> str:
    """A report.json as text that two runs have in common byte for byte; ``unprotected`` is left out too."""
    report = json.loads(text)
    folder = report["folder"]
    report.pop("unprotected", None)
    return json.dumps(_without(report, folder), indent=1, sort_keys=True)


def _without(value: Any, folder: str) -> Any:
    if isinstance(value, dict):
        kept = {key: _without(item, folder) for key, item in value.items() if key not in _TIMES}
        if "logs" in kept:
            kept["logs"] = sorted(_COMMIT.sub("", log.rpartition("/")[2]) for log in value["logs"])
        if "facts" in kept:
            kept["facts"] = [
                [name, _FROM_CACHE.sub("", said)]
                for name, said in kept["facts"]
                if (kept.get("check"), name) not in _CACHED
            ]
        return kept
    if isinstance(value, list):
        return [_without(item, folder) for item in value]
    if isinstance(value, str):
        # The ledger lies beside the runs.
        state = folder.rpartition("/runs/")[0]
        return _CHANCE.sub("[-]", value.replace(folder, "RUN").replace(state, "STATE") if state else value)
    return value
