# SPDX-License-Identifier: GPL-2.0-only
"""A finding in the words of a review: what is wrong, what was seen, what would be right."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kpatch_tools.model.finding import Finding
from kpatch_tools.render.alike import Group, names, shape
from kpatch_tools.render.mailtext import literal, paragraph, sentence
from kpatch_tools.render.placing import ABOUT_API, TABLE, is_nit
from kpatch_tools.render.ran import NOTHING_RAN, Ran
from kpatch_tools.render.seen import evidence, see_also

_SECTION = re.compile(r"^[A-Z][A-Z0-9_]+: (?=\S)")
_KNOWN_BUG = re.compile(r"^(?:[A-Z]\w+: )?(?P<what>.+) \(known bug \w+, case \w+(?:: (?P<modes>[^()]*))?\)$")
# The words of reports made before 2026-11-23.
_EARLIER_BUG = re.compile(
    r"^(?:\w+: )?case \w+ shows the known bug \w+, clause \"[^\"]*\""
    r"(?: \((?P<modes>[^()]*)\))?: (?P<what>.+)$"
)
_WORDS_THEN_CODE = re.compile(r"^(?P<words>[^:]+:) (?P<code>[^\w\s\"'(]\S*)$")
_PROSE = re.compile(r"^[a-z]+(?:-[a-z]+)?,? \S")
_NUMBER = re.compile(r"(?:^| )\d+(?: |$)")
_MANY = 3
_CHOICE = (
    "If the document says what you want, mend the kernel instead. If the kernel does it right, here is the "
    "whole errno table, to paste:"
)


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
    above: Finding | None = None,
    more: int = 0,
    ran: Ran = NOTHING_RAN,
) -> list[str]:
    """The lines of a remark, wrapped for a mail; code and logs keep their form.

    ``line`` is the line quoted above, which evidence need not repeat; without ``placed`` the remark stands
    under no line and names its place. ``nit`` marks it as one. ``above`` said the same already: only what is
    otherwise here is told then. ``more`` is how often it holds further down too. ``ran`` is what evidence
    rests on.
    """
    place = finding.location
    where = f"{place}: " if not placed and place and place.path else ""
    message = _SECTION.sub("", finding.message) if finding.rule.startswith("docs/") else finding.message
    if finding.told:
        return paragraph(f"{where}Said for v{finding.told} and still there: {message}. {_again(more)}")
    if finding.rule == TABLE:
        return _table(finding)
    other = names(Group(first=above, others=(finding,)))[1] if above else ""
    if other and not _NUMBER.search(other):
        message = f"the same for {other}"
    told = f"{where}Nit: {message}." if nit else f"{where}{sentence(message)}"
    right = Right() if above else right_of(finding.hint)
    seen = evidence(finding, line, ran)
    if not seen:
        # What there is to paste stands directly below the words that announce it.
        ends = (_again(more), right.words) if right.code else (right.words, _again(more))
        words = " ".join(filter(None, (told, see_also(finding), *ends)))
        return _parts(paragraph(words), literal_of(right.code))
    return _parts(paragraph(told), seen, paragraph(right.words), literal_of(right.code))


def known_bug(finding: Finding) -> str:
    """The defect in words that a case shows, "" for a finding of another kind."""
    found = _bug_words(finding)
    return found["what"] if found and not finding.told else ""


def known_bugs(
    findings: Sequence[Finding], what: str, *, ran: Ran, patch: int = 0, said: str = ""
) -> list[str]:
    """One remark for several cases that show the same defect ``what``.

    It stands in the reply to ``patch`` (0: to the series). ``said`` is what was expected in the remark above.
    """
    first = findings[0]
    expected = promise_of(first)
    since = next(filter(None, (ran.first(case) for one in findings for case in one.cases)), None)
    words = [
        sentence(what),
        f"Expected: {expected}." if expected and expected != said else "",
        # What another commit mends is no fault of a patch of the series.
        right_of(first.hint).words or (since.words(patch) if since else ""),
    ]
    seen = [line for one in findings for line in evidence(one, "", ran, _modes(one))]
    return _parts(paragraph(" ".join(filter(None, words))), seen)


def promise_of(finding: Finding) -> str:
    """What the clause promises that a case contradicts, "" where the finding names none."""
    promise = next((line for line in finding.detail.splitlines() if line.startswith("clause ")), "")
    return promise.partition(": ")[2]


def _bug_words(finding: Finding) -> re.Match[str] | None:
    return _KNOWN_BUG.match(finding.message) or _EARLIER_BUG.match(finding.message)


def _modes(finding: Finding) -> str:
    found = _bug_words(finding)
    return (found["modes"] if found else "") or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """How many remarks say the same above and below one, and the first of them."""

    above: int = 0
    below: int = 0
    first: Finding | None = None


def repeated(findings: Sequence[Finding]) -> list[Repeated]:
    """For each finding how often what it says is said; only remarks of one weight without evidence count."""
    alike: dict[tuple[str, ...], list[Finding]] = {}
    for one in filter(_is_bare, findings):
        alike.setdefault(_key(one), []).append(one)
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for one in findings:
        same = alike.get(_key(one), []) if _is_bare(one) else []
        at = seen[_key(one)]
        seen[_key(one)] += bool(same)
        found.append(
            Repeated(above=at, below=len(same) - at - 1, first=same[0] if at else None)
            if same
            else Repeated()
        )
    return found


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
    first, *rest = finding.detail.splitlines() or [""]
    unseen = ", ".join(line.strip() for line in rest)
    return _parts(
        paragraph(_CHOICE),
        literal(table, indent="  "),
        paragraph(sentence(f"{first} {unseen}")),
    )


def _again(count: int) -> str:
    return f"The same in {count} more places below." if count else ""


def _parts(*blocks: list[str]) -> list[str]:
    lines: list[str] = []
    for block in filter(None, blocks):
        lines += [*([""] if lines else []), *block]
    return lines


def _key(finding: Finding) -> tuple[str, ...]:
    words = (shape(finding.message), shape(finding.hint))
    return (finding.rule, finding.severity, str(finding.told), *words)


def _is_bare(finding: Finding) -> bool:
    light = is_nit(finding) or finding.rule in ABOUT_API
    return light and (bool(finding.told) or not evidence(finding, "", NOTHING_RAN))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
