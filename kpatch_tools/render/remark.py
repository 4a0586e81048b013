# SPDX-License-Identifier: GPL-2.0-only
"""A finding in the words of a review: what is wrong, what was seen, what would be right."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kpatch_tools.model.finding import Finding
from kpatch_tools.render.mailtext import literal, paragraph, sentence
from kpatch_tools.render.placing import TABLE, is_nit
from kpatch_tools.render.seen import evidence, see_also

_SECTION = re.compile(r"^[A-Z][A-Z0-9_]+: (?=\S)")
_KNOWN_BUG = re.compile(
    r"^(?:\w+: )?case \w+ shows the known bug \w+, clause \"[^\"]*\""
    r"(?: \((?P<modes>[^()]*)\))?: (?P<what>.+)$"
)
# What differs between two remarks that say the same: names in quotes, and names in capitals.
_NAMES = re.compile(r"`+[^`]*`+|\"[^\"]*\"|'[^']*'|\b[A-Z][A-Z0-9_]+\b|\d+")
_WORDS_THEN_CODE = re.compile(r"^(?P<words>[^:]+:) (?P<code>[^\w\s\"'(]\S*)$")
_PROSE = re.compile(r"^[a-z]+(?:-[a-z]+)?,? \S")
_MANY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What would be right: words, and lines to paste below them."""

    words: str = ""
    code: str = ""


def remark(  # noqa: PLR0913 - a finding, and how it stands among others
    finding: Finding,
    *,
    line: str = "",
    nit: bool = False,
    placed: bool = True,
    terse: bool = False,
    more: int = 0,
) -> list[str]:
    """The lines of a remark, wrapped for a mail; code and logs keep their form.

    ``line`` is the line quoted above, which evidence need not repeat; without ``placed`` the remark stands
    under no line and names its place. ``nit`` marks it as one. ``terse`` leaves out what would be right.
    ``more`` is how often it holds further down too.
    """
    place = finding.location
    where = f"{place}: " if not placed and place and place.path else ""
    message = _SECTION.sub("", finding.message) if finding.rule.startswith("docs/") else finding.message
    if finding.told:
        return paragraph(f"{where}Said for v{finding.told} and still there: {message}. {_again(more)}")
    if finding.rule == TABLE:
        return _table(finding)
    told = f"{where}Nit: {message}." if nit else f"{where}{sentence(message)}"
    right = Right() if terse else right_of(finding.hint)
    seen = evidence(finding, line)
    if not seen:
        # What there is to paste stands directly below the words that announce it.
        ends = (_again(more), right.words) if right.code else (right.words, _again(more))
        words = " ".join(filter(None, (told, see_also(finding), *ends)))
        return _parts(paragraph(words), literal_of(right.code))
    return _parts(paragraph(told), seen, paragraph(right.words), literal_of(right.code))


def known_bug(finding: Finding) -> str:
    """The defect in words that a case shows, "" for a finding of another kind."""
    found = _KNOWN_BUG.match(finding.message)
    return found["what"] if found and not finding.told else ""


def known_bugs(findings: Sequence[Finding], what: str) -> list[str]:
    """One remark for several cases that show the same defect ``what``."""
    first = findings[0]
    promise = next((line for line in first.detail.splitlines() if line.startswith("clause ")), "")
    expected = promise.partition(": ")[2]
    words = [sentence(what), f"Expected: {expected}." if expected else "", right_of(first.hint).words]
    seen = [line for one in findings for line in evidence(one, "", _modes(one))]
    return _parts(paragraph(" ".join(filter(None, words))), seen)


def _modes(finding: Finding) -> str:
    found = _KNOWN_BUG.match(finding.message)
    return (found["modes"] if found else "") or ""


def repeated(findings: Sequence[Finding]) -> tuple[list[int], list[int]]:
    """For each finding how often it says again what one above said, and how often what it says comes again.

    Only remarks without evidence of their own count, and only those of one weight.
    """
    total = Counter(_key(one) for one in findings if _is_bare(one))
    before: Counter[tuple[str, ...]] = Counter()
    above, below = [], []
    for one in findings:
        key = _key(one)
        bare = _is_bare(one)
        above.append(before[key] if bare else 0)
        below.append(total[key] - before[key] - 1 if bare else 0)
        before[key] += bare
    return above, below


def too_many(count: int) -> bool:
    """Whether a remark that comes ``count`` times is told once for all of them."""
    return count > _MANY


def right_of(hint: str) -> Right:
    """A hint as words of a mail, and what it has to paste."""
    first, _, rest = hint.partition("\n")
    if not first:
        return Right()
    if found := _WORDS_THEN_CODE.match(first):
        return Right(words=_upper(found["words"]), code="\n".join(filter(None, (found["code"], rest))))
    if first.startswith(":"):
        return Right(words="It should read:", code=hint)
    words = sentence(first) if _PROSE.match(first) else f"Better: {first}"
    return Right(words=words if not rest else f"{words.rstrip('.')}:", code=rest)


def literal_of(code: str) -> list[str]:
    """Lines to paste, indented; [] for none."""
    return literal(code) if code else []


def _table(finding: Finding) -> list[str]:
    _title, _, table = finding.hint.partition("\n")
    first, _, rest = finding.detail.partition("\n")
    return _parts(
        paragraph("The whole errno table, to paste:"),
        literal(table, indent="  "),
        paragraph(sentence(" ".join((first, *rest.split())) if first else "")),
    )


def _again(count: int) -> str:
    return f"The same in {count} more places below." if count else ""


def _parts(*blocks: list[str]) -> list[str]:
    lines: list[str] = []
    for block in filter(None, blocks):
        lines += [*([""] if lines else []), *block]
    return lines


def _key(finding: Finding) -> tuple[str, ...]:
    words = (_NAMES.sub("", finding.message), _NAMES.sub("", finding.hint))
    return (finding.rule, finding.severity, str(finding.told), *words)


def _is_bare(finding: Finding) -> bool:
    return is_nit(finding) and (bool(finding.told) or not evidence(finding, ""))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
