# SPDX-License-Identifier: GPL-2.0-only
"""The errno rows of a section against the contract's conditions and the errnos that were observed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kpatch_tools.checks.evidence import SUCCESS, Evidence, in_span, places_text, results_of
from kpatch_tools.model.contract import Contract, Error
from kpatch_tools.model.document import ErrorRow, Section
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.contract_clauses import recogniser

_MAX_SHOWN = 5
_MARKS = ",.;()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A condition recognised in a row: the part of the sentence that speaks of it."""

    error: Error
    row: ErrorRow
    words: str


@dataclass(slots=True, kw_only=True)
class _Group:
    """Conditions that the same words of a row give the same wrong errno; ``wanted`` is the right one."""

    row: ErrorRow
    words: str
    wanted: str
    errors: list[Error] = field(default_factory=list)
    seen: list[Evidence] = field(default_factory=list)

    @property
    def says(self) -> str:
        """What the row says of these conditions, in its own words."""
        return f'the {row_errno(self.row)} row says "{self.words}"; when {_conditions(self.errors)}, '


def differing(
    contract: Contract,
    section: Section,
    seen: tuple[Evidence, ...],
    *,
    path: str,
    lines: tuple[str, ...],
) -> Iterator[Finding]:
    """Rows that promise one errno for a condition where the kernel returned another one, or none.

    A kernel of a release in which the condition does not hold contradicts no row.
    """
    spoken = tuple(mentions(contract, section))
    groups: dict[tuple[int, str, str], _Group] = {}
    for mention in spoken:
        for item in seen:
            other = item.errno != row_errno(mention.row) and in_span(mention.error, item.test)
            if item.case.name in mention.error.trigger and other:
                _add(groups, mention, item.errno, item)
    for group in groups.values():
        also = _also_right(group, spoken)
        got = "the kernel succeeded" if group.wanted == SUCCESS else f"the kernel returned {group.wanted}"
        yield Finding(
            rule="conformance/errno-differs",
            severity=Severity.WARNING if also else Severity.ERROR,
            message=f"{group.says}{got}{also}",
            location=Location(path=path, line=_line_of(group.row, group.words, section, lines)),
            detail=shown(group.seen),
            hint=_correction(group, section),
            cases=tuple(dict.fromkeys(item.case.name for item in group.seen)),
        )


def against_contract(
    contract: Contract, section: Section, *, path: str, lines: tuple[str, ...]
) -> Iterator[Finding]:
    """The same without a run: rows that promise another errno than the contract has."""
    spoken = tuple(mentions(contract, section))
    groups: dict[tuple[int, str, str], _Group] = {}
    for mention in spoken:
        if mention.error.errno != row_errno(mention.row):
            _add(groups, mention, mention.error.errno, None)
    for group in groups.values():
        also = _also_right(group, spoken)
        yield Finding(
            rule="contract/document-errno",
            severity=Severity.WARNING,
            message=f"{group.says}{group.wanted} is expected{also}",
            location=Location(path=path, line=_line_of(group.row, group.words, section, lines)),
            detail="no test has shown yet which of the two the kernel does",
            hint=_correction(group, section),
        )


def unmentioned(
    contract: Contract, section: Section, seen: tuple[Evidence, ...], *, path: str
) -> Iterator[Finding]:
    """Errnos that were observed and have no row; conditions that a row listing others leaves out."""
    errors = {error.id: error for error in contract.error}
    mentioned = {mention.error.id for mention in mentions(contract, section)}
    rows = {row_errno(row): row for row in section.errors}
    observed: dict[str, list[Evidence]] = {}
    for item in seen:
        error = errors.get(item.case.clause)
        if error and not error.common and item.errno != SUCCESS:
            observed.setdefault(item.errno, []).append(item)
    for errno, items in observed.items():
        conditions = list(dict.fromkeys(errors[item.case.clause].condition for item in items))
        if errno not in rows:
            yield Finding(
                rule="conformance/undocumented",
                severity=Severity.WARNING,
                message=f"the kernel returned {errno} when {_when(conditions)}; "
                "no row of the section has that errno",
                location=Location(path=path, line=section.title.line),
                detail=shown(items),
                hint=f"add a row: {errno}  {_sentence(conditions)}",
                cases=tuple(dict.fromkeys(item.case.name for item in items)),
            )
            continue
        row = rows[errno]
        left_out = [
            error
            for error in dict.fromkeys(errors[item.case.clause] for item in items)
            if error.document and error.id not in mentioned
        ]
        # A row in general words leaves nothing out; one that lists some conditions does.
        if left_out and any(mention.row is row for mention in mentions(contract, section)):
            yield Finding(
                rule="conformance/incomplete-row",
                severity=Severity.NOTE,
                message=f"the {errno} row lists conditions but not when {_conditions(left_out)}",
                location=Location(path=path, line=row.line),
                detail=shown([item for item in items if errors[item.case.clause] in left_out]),
                cases=tuple(
                    dict.fromkeys(item.case.name for item in items if errors[item.case.clause] in left_out)
                ),
            )


def unprovoked(
    contract: Contract,
    section: Section,
    seen: tuple[Evidence, ...],
    tests: tuple[TestResult, ...],
    *,
    path: str,
) -> Iterator[Finding]:
    """Rows whose errno no case has made the kernel return, with the reason."""
    observed = {item.errno for item in seen}
    reasons: dict[str, str] = {}
    for error in contract.error:
        if reason := contract.reason_unprovoked(error):
            reasons.setdefault(error.errno, reason)
    for row in section.errors:
        errno = row_errno(row)
        if errno in observed:
            continue
        yield Finding(
            rule="conformance/unprovoked",
            severity=Severity.NOTE,
            message=f"no case made the kernel return {errno}: "
            + (_skipped(contract, errno, tests) or reasons.get(errno) or "the contract does not know it"),
            location=Location(path=path, line=row.line),
        )


def _skipped(contract: Contract, errno: str, tests: tuple[TestResult, ...]) -> str:
    triggers = {name for error in contract.error if error.errno == errno for name in error.trigger}
    for case, test in results_of(contract, tests):
        if case.name in triggers:
            why = f" ({test.reason})" if test.reason else ""
            was = "was skipped" if test.status is Verdict.SKIP else f"ended as {test.status}"
            return f"{case.name} {was}{why}"
    return f"{min(triggers)} did not run" if triggers else ""


def mentions(contract: Contract, section: Section) -> Iterator[Mention]:
    """The conditions that each row speaks of; words that are a part of a longer condition are that one's."""
    for row in section.errors:
        text = row.text.replace("`", "")
        spans = {
            error.id: [hit.span() for one in error.document for hit in recogniser(one).finditer(text)]
            for error in contract.error
        }
        for error in contract.error:
            others = [span for name, found in spans.items() if name != error.id for span in found]
            own = next((span for span in spans[error.id] if not _within_one(span, others)), None)
            if own:
                yield Mention(error=error, row=row, words=_part(text, *own))


def _within_one(span: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end and (start, end) != span for start, end in others)


def _part(text: str, start: int, end: int) -> str:
    """The part of a sentence, between its marks, that holds the recognised words: what a hint can quote."""
    before = max((text.rfind(mark, 0, start) for mark in ",.;("), default=-1)
    after = min((at for mark in ",.;)" if (at := text.find(mark, end)) >= 0), default=len(text))
    return text[before + 1 : after].strip().removeprefix("or ").removeprefix("and ")


def _add(
    groups: dict[tuple[int, str, str], _Group], mention: Mention, wanted: str, item: Evidence | None
) -> None:
    key = (mention.row.line, mention.words, wanted)
    group = groups.setdefault(key, _Group(row=mention.row, words=mention.words, wanted=wanted))
    if mention.error not in group.errors:
        group.errors.append(mention.error)
    if item:
        group.seen.append(item)


def _also_right(group: _Group, spoken: tuple[Mention, ...]) -> str:
    """A remark when another row gives these conditions the right errno: then the document has both."""
    right = [
        mention
        for mention in spoken
        if mention.error in group.errors and row_errno(mention.row) == group.wanted
    ]
    return f"; line {right[0].row.line} of the document says {group.wanted} too" if right else ""


def _correction(group: _Group, section: Section) -> str:
    conditions = _sentence([error.condition for error in group.errors])
    cut = f'drop "{group.words}" from the {row_errno(group.row)} row'
    if group.wanted == SUCCESS:
        return cut
    if any(row_errno(row) == group.wanted for row in section.errors):
        return f"{cut}, add to the {group.wanted} row: {conditions}"
    return f"{cut}, add a row: {group.wanted}  {conditions}"


def _line_of(row: ErrorRow, words: str, section: Section, lines: tuple[str, ...]) -> int:
    """The line in the document where the words of a row begin; that of the row when they are not found."""
    later = [other.line for other in section.errors if other.line > row.line]
    end = min(later, default=section.end_line + 1)
    wanted = [word.strip(_MARKS) for word in words.split()]
    found: list[tuple[str, int]] = []
    for number in range(row.line, min(end, len(lines) + 1)):
        text = lines[number - 1].replace("`", "").strip()
        if text.startswith("=="):
            break
        found += [(word.strip(_MARKS), number) for word in text.split()]
    for index in range(len(found) - len(wanted) + 1):
        if [word for word, _ in found[index : index + len(wanted)]] == wanted:
            return found[index][1]
    return row.line


def _conditions(errors: list[Error]) -> str:
    return _when([error.condition for error in errors])


def _sentence(conditions: list[str]) -> str:
    text = "; ".join(conditions)
    # A name of a member keeps its spelling.
    start = text if "_" in text.partition(" ")[0] else text[:1].upper() + text[1:]
    return f"{start}."


def _when(conditions: list[str]) -> str:
    """Conditions in a row: "x", "x or when y", "x, when y, or when z"."""
    if len(conditions) < 3:
        return " or when ".join(conditions)
    return ", when ".join(conditions[:-1]) + f", or when {conditions[-1]}"


def shown(items: Sequence[Evidence]) -> str:
    """A line for what was observed of a case, with every kernel and mode that showed the same."""
    lines: dict[tuple[str, str], list[Evidence]] = {}
    for item in items:
        lines.setdefault((item.case.name, item.values), []).append(item)
    told = [
        f"case {case}{places_text(item.test for item in same)}: {values}"
        for (case, values), same in lines.items()
    ]
    more = [f"and {len(told) - _MAX_SHOWN} more"] if len(told) > _MAX_SHOWN else []
    return "\n".join((*told[:_MAX_SHOWN], *more))


def row_errno(row: ErrorRow) -> str:
    """The errno of a row as a name: "EINVAL"."""
    return row.errno.strip().lstrip("-")
