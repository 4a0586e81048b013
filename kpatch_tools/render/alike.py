# SPDX-License-Identifier: GPL-2.0-only
"""Findings that say the same of several places: a report for people tells them once, with all the places."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kpatch_tools.model.finding import Finding

# What differs between two findings that say the same: names in quotes, names in capitals, numbers.
_NAMES = re.compile(r"`+[^`]*`+|\"[^\"]*\"|'[^']*'|\b[A-Z][A-Z0-9_]+\b|\d+")
_CASE = re.compile(r"\bcase \w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One finding, and the ``others`` that say the same of other places or names."""

    first: Finding
    others: tuple[Finding, ...] = ()

    @property
    def placed(self) -> bool:
        """They are in lines, and not all in the same one, so that they can be told apart."""
        return bool(_line(self.first)) and bool(places(self))


def shape(text: str) -> str:
    """The text without what differs between two that say the same."""
    return _NAMES.sub("", text)


def grouped(findings: Iterable[Finding], *, evidence: bool = True) -> list[Group]:
    """The findings in groups, in the order of the first of each.

    ``evidence``: what is shown of a group has to prove all of it, so that only findings with the same
    evidence stand together. Without it two test cases that show one defect do as well.
    """
    found: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        found.setdefault(_key(finding, evidence=evidence), []).append(finding)
    return [Group(first=first, others=tuple(others)) for first, *others in found.values()]


def again(group: Group) -> str:
    """How often the others of a group say it, in words."""
    count = len(places(group)) if group.placed else len(group.others)
    if group.placed:
        return f"the same in {count} more {'place' if count == 1 else 'places'}"
    return "the same once more" if count == 1 else f"the same {count} more times"


def differing(first: Finding, other: Finding) -> str:
    """What ``other`` names where ``first``, a message of the same shape, names something else."""
    parts = zip(_names(first), _names(other), strict=False)
    return " ".join(dict.fromkeys(there for here, there in parts if here != there))


def names(group: Group) -> list[str]:
    """For each finding of a group, the first one first, what it names where another names something else."""
    found = [_names(one) for one in (group.first, *group.others)]
    varied = [at for at, same in enumerate(zip(*found, strict=False)) if len(set(same)) > 1]
    return [" ".join(dict.fromkeys(own[at] for at in varied)) for own in found]


def places(group: Group) -> list[tuple[Finding, str]]:
    """The others of a group with what names() has for them, each line and name once.

    A kernel that complains in the same line in three boots says it of one place.
    """
    seen = {(_line(group.first), names(group)[0])}
    found = []
    for other, name in zip(group.others, names(group)[1:], strict=True):
        if (place := (_line(other), name)) not in seen:
            seen.add(place)
            found.append((other, name))
    return found


def _line(finding: Finding) -> int:
    return finding.location.line if finding.location else 0


def _key(finding: Finding, *, evidence: bool) -> tuple[object, ...]:
    place = finding.location
    where = (place.path if place else "", place.patch if place else 0, bool(place and place.line))
    message, hint = finding.message, finding.hint
    if not where[2]:
        # Without a line there is nothing but the words to tell one from the other.
        return (finding.rule, finding.severity, finding.told, *where, message, hint, finding.detail)
    if evidence:
        return (
            finding.rule,
            finding.severity,
            finding.told,
            *where,
            shape(message),
            shape(hint),
            finding.detail,
        )
    # A case of a contract has its defect's name in capitals: two defects are two findings.
    words = _CASE.sub("", message)
    return (
        finding.rule,
        finding.severity,
        finding.told,
        *where,
        words if finding.cases else shape(words),
        shape(hint),
    )


def _names(finding: Finding) -> list[str]:
    # The numbers in the name of a case are none of their own.
    return _CASE.findall(finding.message) if finding.cases else _NAMES.findall(finding.message)
