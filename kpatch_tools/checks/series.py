# SPDX-License-Identifier: GPL-2.0-only
"""Is the series whole? Decided from the mails alone, before anything is applied."""

from collections import Counter
from itertools import islice

from kpatch_tools.model.series import ApplyState, Patch, Series

_NAMED = 5


def completeness(series: Series) -> tuple[ApplyState, str] | None:
    """Why a series must not be applied, as a state and one line; None when it is whole.

    A part of a series applies without complaint and says nothing about the whole. b4 0.16 exits 0 on each
    of these; so does `git am`.
    """
    for rule in (_several, _empty, _versions, _totals, _doubles, _missing, _no_diff, _damaged):
        if fault := rule(series):
            return fault
    return None


def _several(series: Series) -> tuple[ApplyState, str] | None:
    if not series.rivals:
        return None
    listing = _list(list(series.rivals), "; ")
    cure = "name one of them: FILE@v2 or FILE@MESSAGE-ID"
    return ApplyState.SEVERAL, f"{len(series.rivals)} series in one input ({listing}); {cure}"


def _empty(series: Series) -> tuple[ApplyState, str] | None:
    if series.patches:
        return None
    if series.cover:
        announced = f" of the {series.total} that it announces" if series.total else ""
        return ApplyState.COVER_ONLY, f"the input holds a cover letter and no patch{announced}"
    return ApplyState.INCOMPLETE, "the input holds no patch at all"


def _versions(series: Series) -> tuple[ApplyState, str] | None:
    versions = sorted({patch.version for patch in _mails(series)})
    if len(versions) < 2:
        return None
    parts = [
        f"v{version}: {_list([patch.count for patch in _mails(series) if patch.version == version])}"
        for version in versions
    ]
    return ApplyState.DUPLICATE, f"several versions are mixed ({'; '.join(parts)}); give one of them"


def _totals(series: Series) -> tuple[ApplyState, str] | None:
    totals = {patch.total for patch in series.patches}
    cover = series.cover
    if cover and cover.total and totals != {cover.total}:
        others = _list([patch.count for patch in series.patches if patch.total != cover.total])
        return (
            ApplyState.BAD_COUNT,
            f"the cover announces {cover.total} patches ({cover.count}), the patches say {others}",
        )
    if len(totals) > 1:
        counts = _list([patch.count for patch in series.patches])
        return ApplyState.BAD_COUNT, f"the patches disagree on how many they are: {counts}"
    beyond = [patch for patch in series.patches if patch.number > max(patch.total, len(series.patches))]
    if beyond:
        return ApplyState.BAD_COUNT, f"{beyond[0].count} is past the announced count"
    return None


def _doubles(series: Series) -> tuple[ApplyState, str] | None:
    counted = Counter(patch.number for patch in series.patches)
    for number, times in sorted(counted.items()):
        if times > 1:
            rivals = [patch for patch in series.patches if patch.number == number]
            ids = _list([patch.message_id or patch.source for patch in rivals])
            return (
                ApplyState.DUPLICATE,
                f"{rivals[0].count} is there {times} times with different diffs: {ids}",
            )
    return None


def _missing(series: Series) -> tuple[ApplyState, str] | None:
    have = {patch.number for patch in series.patches}
    # A subject may announce a million patches: never more than a handful are looked for.
    wanted = max(series.total, *have)
    absent = list(islice((number for number in range(1, wanted + 1) if number not in have), _NAMED + 1))
    if not absent:
        return None
    names = _list([f"{number}/{series.total}" for number in absent])
    count = wanted - len(have)
    return ApplyState.INCOMPLETE, f"{count} of {wanted} patches missing: {names}"


def _no_diff(series: Series) -> tuple[ApplyState, str] | None:
    for patch in series.patches:
        if not patch.files:
            return ApplyState.INCOMPLETE, f"patch {patch.count} holds no diff"
    return None


def _damaged(series: Series) -> tuple[ApplyState, str] | None:
    for patch in series.patches:
        if patch.damage:
            return ApplyState.DAMAGED, f"patch {patch.count}: {patch.damage}"
    return None


def _mails(series: Series) -> tuple[Patch, ...]:
    return (series.cover, *series.patches) if series.cover else series.patches


def _list(words: list[str], between: str = ", ") -> str:
    shown = between.join(words[:_NAMED])
    return f"{shown} and more" if len(words) > _NAMED else shown
