# SPDX-License-Identifier: GPL-2.0-only
"""One fault that several rules tell: which of them is told, and which become its evidence.

Rules do not know of each other: each is right about what it sees. Only all checks together show that two of
them speak of the same words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from kpatch_tools.model.finding import Finding, Location
from kpatch_tools.model.report import CheckResult

# The first says all that the others say of the same words of a field: a call that works on x86 proves more
# than that "none" is a strange word, or that a sentence below speaks of machines.
SAYS: Mapping[str, tuple[str, ...]] = {
    "conformance/architectures": ("docs/field-value", "docs/architecture-contradiction"),
}
FACT = "told elsewhere"
_FIELD = re.compile(r"""["']:(?P<name>[\w -]+): (?P<value>[^"']*)["']""")


def folded(checks: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """The checks with each finding that another one says better taken into that one.

    It stays whole in ``Finding.folded``, and its words are a line of the other's evidence. None goes into a
    lighter one, and a check keeps its status: what it found is still found.
    """
    into: dict[int, list[Finding]] = {}
    taken: dict[int, Finding] = {}
    every = [one for check in checks for one in check.findings]
    for main in (one for one in every if one.rule in SAYS):
        for one in every:
            if id(one) not in taken and _says(main, one):
                into.setdefault(id(main), []).append(one)
                taken[id(one)] = main
    return tuple(_without(check, into, taken) for check in checks) if taken else tuple(checks)


def _says(main: Finding, one: Finding) -> bool:
    if one.rule not in SAYS[main.rule] or one.severity.rank > main.severity.rank:
        return False
    here = _spot(main.location)
    there = {_spot(place) for place in (one.location, *one.related)}
    words, others = _FIELD.search(main.message), _FIELD.search(one.message)
    return bool(here and here in there and words and others and words.groups() == others.groups())


def _spot(place: Location | None) -> tuple[str, int] | None:
    return (place.path, place.line) if place and place.path and place.line else None


def _without(
    check: CheckResult, into: Mapping[int, list[Finding]], taken: Mapping[int, Finding]
) -> CheckResult:
    kept = tuple(_with(one, into.get(id(one), [])) for one in check.findings if id(one) not in taken)
    mains = dict.fromkeys(taken[id(one)].rule for one in check.findings if id(one) in taken)
    count = len(check.findings) - len(kept)
    if not count:
        return replace(check, findings=kept)
    said = f"{count} finding{'s' if count > 1 else ''}, with {', '.join(mains)}"
    return replace(check, findings=kept, facts=(*check.facts, (FACT, said)))


def _with(main: Finding, more: Sequence[Finding]) -> Finding:
    if not more:
        return main
    elsewhere = [one.location for one in more if one.location and _spot(one.location) != _spot(main.location)]
    return replace(
        main,
        detail="\n".join(filter(None, (main.detail, *(_line(one, main) for one in more)))),
        related=tuple(dict.fromkeys((*main.related, *elsewhere))),
        excerpts=tuple(dict.fromkeys((*main.excerpts, *(part for one in more for part in one.excerpts)))),
        folded=(*main.folded, *more),
    )


def _line(one: Finding, main: Finding) -> str:
    place = one.location
    where = f", line {place.line}" if place and _spot(place) != _spot(main.location) else ""
    return f"{one.rule}{where}: {one.message}"
