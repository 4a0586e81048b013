# SPDX-License-Identifier: GPL-2.0-only
"""One patch with its remarks in words, each at its line: what a mail and b4's review directory both show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kpatch_tools.model.finding import Finding
from kpatch_tools.parse.message import read_message
from kpatch_tools.render.placing import Placed, is_nit
from kpatch_tools.render.remark import known_bug, known_bugs, promise_of, remark, repeated, too_many


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarked:
    """Lines of text: ``above`` under no line, others by line of the message or by index in the diff."""

    above: list[str] = field(default_factory=list)
    message: dict[int, list[str]] = field(default_factory=dict)
    diff: dict[int, list[str]] = field(default_factory=dict)


def remarked(placed: Placed) -> Remarked:
    """Put the findings about a patch in words.

    What is said more than a few times is said once with the count; what comes again is told without what
    would be right. Faults of form are marked as such unless there is nothing else.
    """
    made = Remarked()
    findings = placed.findings
    mark = not all(map(is_nit, findings))
    short: list[str] | None = None
    bugs: list[Finding] = []
    shown: set[int] = set()
    beside = _bugs(placed)
    for one, same, (target, line) in zip(findings, repeated(findings), _targets(placed, made), strict=True):
        many = too_many(same.above + same.below + 1)
        if (many and same.above) or id(one) in shown:
            continue
        if what := known_bug(one):
            said = promise_of(bugs[-1]) if bugs else ""
            alike = beside[id(one)]
            words = known_bugs(alike, what, ran=placed.ran, patch=placed.patch.number, said=said)
            bugs += alike
            shown.update(map(id, alike))
        else:
            words = remark(
                one,
                line=line,
                nit=mark and is_nit(one),
                placed=target is not made.above,
                above=same.first,
                more=same.below if many else 0,
                ran=placed.ran,
            )
        # checkpatch.pl has many short remarks on one line: they make a list.
        listed = one.rule.startswith("checkpatch/") and len(words) == 1
        target += [*([""] if target and not (listed and short is target) else []), *words]
        short = target if listed else None
    return Remarked(above=made.above, message=_filled(made.message), diff=_filled(made.diff))


def _bugs(placed: Placed) -> dict[int, list[Finding]]:
    """For each finding of a known bug, by its id(), those that stand where it does and show the same."""
    alike: dict[tuple[int, str], list[Finding]] = {}
    for at, some in enumerate((placed.above, *placed.message.values(), *placed.diff.values())):
        for one in some:
            if what := known_bug(one):
                alike.setdefault((at, what), []).append(one)
    return {id(one): group for group in alike.values() for one in group}


def _filled(lines: dict[int, list[str]]) -> dict[int, list[str]]:
    return {line: words for line, words in lines.items() if words}


def _targets(placed: Placed, made: Remarked) -> Iterator[tuple[list[str], str]]:
    """For each of placed.findings where its words go, and the line that is quoted above them."""
    for _one in placed.above:
        yield made.above, ""
    message = read_message(placed.patch).lines if placed.message else ()
    for number, some in sorted(placed.message.items()):
        yield from _each(some, made.message.setdefault(number, []), message[number - 1])
    diff = placed.patch.diff.split("\n")
    for index, some in sorted(placed.diff.items()):
        yield from _each(some, made.diff.setdefault(index, []), diff[index])


def _each(findings: Sequence[Finding], target: list[str], line: str) -> Iterator[tuple[list[str], str]]:
    for _one in findings:
        yield target, line
