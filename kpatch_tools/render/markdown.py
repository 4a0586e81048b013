# SPDX-License-Identifier: GPL-2.0-only
"""Report -> Markdown for the summary of a GitHub job: verdict, counts, what blocks, matrix, the rest folded.

GitHub takes 1 MiB a step and shows nothing of more. What does not fit is left out, the lightest first, and
a line says how much that is.
"""

from collections.abc import Iterable, Iterator, Sequence

from kpatch_tools.model.conformance import Condition, Conformance
from kpatch_tools.model.excerpt import Excerpt
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render import conformance, outline, per_patch, told
from kpatch_tools.render.alike import Group, again, grouped, places
from kpatch_tools.render.escape import markdown
from kpatch_tools.render.evidence import readable
from kpatch_tools.render.severity import PLURAL, STATUS_WORDS, counted

# GitHub's limit is 1024 KiB; a line that says what is left out, and a step that writes more, have to fit.
MOST_BYTES = 1_000_000
# Of one thing: no text of a tree or a guest takes the room of all others.
_LONGEST = 4_000
_MOST_ROWS = 200
# Of what is no finding: six of these, the head and the words between the parts leave room for findings.
_LARGEST_BLOCK = MOST_BYTES // 8
_BETWEEN = 10_000


def render(report: Report) -> str:
    """The summary; of a report of any size at most MOST_BYTES bytes of UTF-8."""
    warned = ["", f"**{outline.UNPROTECTED}**"] if report.unprotected else []
    head = [*_head(report), *warned, *_block_of("counts", _counts(report))]
    silent = _block_of("checks without a result", _silent(report))
    tail = [
        *_block_of("what is not counted", _beside(report)),
        *_block_of("the conformance matrix", _matrices(report.checks)),
        *_block_of("the rows of the patches", _patches(report.checks)),
        *_block_of("the stages", _stages(report)),
    ]
    room = MOST_BYTES - _BETWEEN - _size(head) - _size(silent) - _size(tail)
    parts: list[str] = []
    left: list[Finding] = []
    for severity in outline.PARTS:
        findings = outline.part(report, severity)
        items: list[str] = []
        for group in grouped(findings):
            item = "\n".join(_item(group))
            # Once one is left out, so are all lighter ones: what is shown is the heaviest.
            if left or _size([item]) > room:
                left += (group.first, *group.others)
                continue
            room -= _size([item])
            items.append(item)
        above = silent if severity is Severity.ERROR else []
        parts += _part(outline.title(report, severity), severity, [*above, *items], counted(findings))
    if left:
        told_left = counted(tuple(left))
        parts += [
            "",
            f"**{told_left} more left out**: a summary may not be larger; report.json has them all.",
        ]
    return "\n".join([*head, *parts, *tail]).strip("\n") + "\n"


def _block_of(what: str, lines: Iterable[str]) -> list[str]:
    """The lines, or a word in their place where no summary could hold them."""
    kept = list(lines)
    if _size(kept) <= _LARGEST_BLOCK:
        return kept
    return ["", f"- {what}: left out, too large for a summary; report.json has it all."]


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _short(text: str) -> str:
    """The text as Markdown, cut where it would take more than its part of the room."""
    return markdown(text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ...")


def _code(text: str) -> str:
    return f"<code>{_short(text)}</code>"


def _block(text: str) -> str:
    """Lines as they are; a blank line would end the list that they stand in."""
    lines = (text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ...").split("\n")
    return f"<pre>{'<br>'.join(markdown(line) for line in lines)}</pre>"


def _head(report: Report) -> Iterator[str]:
    name = f" {_short(report.series.name)} v{report.series.version}" if report.series else ""
    yield f"## {report.verdict.value.replace('_', ' ')}{name}"
    yield ""
    yield f"{_short(outline.why(report))}."
    if report.tree and report.tree.base:
        head = f", head {_code(report.tree.head[:12])}" if report.tree.head else ""
        yield ""
        yield f"Base {_code(report.tree.base[:12])}{head}, {_short(report.tool)}."


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _counts(report: Report) -> Iterator[str]:
    rows = [*outline.per_kind(report), *outline.per_patch(report)]
    if not rows:
        return
    yield ""
    yield _row(["findings", *(PLURAL[severity] for severity in outline.PARTS)])
    yield "| :-- | --: | --: | --: |"
    for count in rows[:_MOST_ROWS]:
        yield _row([_short(count.name), *(str(number or "-") for number in count.numbers.values())])
    if len(rows) > _MOST_ROWS:
        yield ""
        yield f"{len(rows) - _MOST_ROWS} more rows left out."


def _silent(report: Report) -> Iterator[str]:
    for check in outline.silent(report):
        yield f"- **{_state(check)}**{f': {_short(check.reason)}' if check.reason else ''}"


def _part(title: str, severity: Severity, items: Sequence[str], count: str) -> Iterator[str]:
    if not items:
        return
    if severity is Severity.ERROR:
        yield from ("", f"### {title}: {count or 'no finding'}", "")
        yield from items
    else:
        yield from ("", "<details>", f"<summary>{title}: {count}</summary>", "")
        yield from items
        yield from ("", "</details>")


def _state(check: CheckResult) -> str:
    word = "failed" if check.status is Status.FAIL else STATUS_WORDS[check.status]
    return f"{_short(check.check)} {word}"


def _item(group: Group) -> Iterator[str]:
    finding = group.first
    where = f" {_code(str(finding.location))}" if finding.location else ""
    place = finding.location
    by = f" patch {place.patch}" if place and place.path and place.patch else ""
    known = f", told for v{finding.told} already" if finding.told else ""
    rule = _code(f"[{finding.rule}]")
    yield f"- **{finding.severity.value}** {_short(finding.message)}{where}{by} {rule}{known}"
    first, _end, more = finding.hint.partition("\n")
    if first:
        yield f"  <br>hint: {_short(first)}"
    if group.others:
        yield f"  <br>the same in {', '.join(_others(group))}" if group.placed else f"  <br>{again(group)}"
    evidence = [_block(text) for text in (more, "\n".join(readable(finding.detail))) if text]
    evidence += [_excerpt(one) for one in finding.excerpts]
    if evidence:
        yield f"  <details><summary>evidence</summary>{''.join(evidence)}</details>"


def _others(group: Group) -> Iterator[str]:
    """The places of the others with the names that differ; of very many only the first."""
    found = places(group)
    for other, name in found[:_MOST_ROWS]:
        line = f"line {other.location.line}" if other.location else ""
        yield f"{line}{f' ({_short(name)})' if name else ''}"
    if len(found) > _MOST_ROWS:
        yield f"and {len(found) - _MOST_ROWS} more"


def _excerpt(one: Excerpt) -> str:
    rows = (
        f"{'>' if number == one.mark else ' '}{number:>6}  {text}"
        for number, text in enumerate(one.lines, one.line)
    )
    return f"{_code(one.path)}{_block(chr(10).join(rows))}"


def _beside(report: Report) -> Iterator[str]:
    skipped, debts, found = outline.skipped(report), outline.debts(report), report.told
    if skipped or debts or found:
        yield ""
    for check in skipped:
        yield f"- {_state(check)}{f': {_short(check.reason)}' if check.reason else ''}"
    if debts:
        yield f"- old debts, not of this series: {_short(debts)}"
    if found:
        yield f"- since v{found.version}: {told.summary(found)}"


def _matrices(checks: Iterable[CheckResult]) -> Iterator[str]:
    for check in checks:
        if check.conformance:
            yield from _matrix(check.conformance)


def _matrix(matrix: Conformance) -> Iterator[str]:
    """Conditions as an open table; the effects of success, for which no document is read, folded below it."""
    laid = conformance.layout(matrix)
    conditions = [row for row in laid.rows if not row.promise][:_MOST_ROWS]
    effects = [row for row in laid.rows if row.promise][:_MOST_ROWS]
    yield from (
        "",
        f"### Conformance of {_short(matrix.ioctl)}",
        "",
        f"{_short(conformance.tally(matrix))}.",
        "",
    )
    if conditions:
        yield from _table(matrix, conditions, laid.columns)
    if effects:
        yield from ("", "<details>", "<summary>What a call that succeeds has done</summary>", "")
        yield from _table(matrix, effects, laid.columns)
        yield from ("", "</details>")
    legend = conformance.legend(matrix, laid.rows, laid.columns)
    told = [_short("; ".join(f"{word}: {meaning}" for word, meaning in legend))] if legend else []
    told += [f"{_short(name)}: {_short(meaning)}" for name, meaning in matrix.bugs[:_MOST_ROWS]]
    told += [f"{_short(mode)}: nothing was observed there" for mode in laid.empty]
    for reason, rows in laid.unseen[:_MOST_ROWS]:
        words, named = conformance.unseen_words(rows, reason)
        told.append(_short(f"{words} ({named})" if named else words))
    yield from ("", *(f"- {line}" for line in told)) if told else ()


def _table(matrix: Conformance, rows: Sequence[Condition], columns: Sequence[int]) -> Iterator[str]:
    modes = (_short(matrix.modes[at]) for at in columns)
    yield _row(["errno", "condition", "document", "contract", *modes])
    yield _row([":--"] * (4 + len(columns)))
    for row in rows:
        reason = f"<br>not shown: {_short(row.reason)}" if row.reason else ""
        cells = [
            f"{_short(conformance.outcome(one))} {_short(conformance.stand(one))}"
            for one in (row.observed[at] for at in columns)
        ]
        says = conformance.document(row, matrix)
        yield _row(
            [
                _short(row.errno),
                f"{_short(row.condition)}{reason}",
                _short(f"{says}, line {row.line}" if row.line else says),
                _short(conformance.expected(row)),
                *cells,
            ]
        )


def _patches(checks: Iterable[CheckResult]) -> Iterator[str]:
    for check in checks:
        if check.patches:
            yield from ("", "<details>", "<summary>Patch by patch</summary>", "")
            yield _row(per_patch.HEADINGS)
            yield _row([":--"] * len(per_patch.HEADINGS))
            for row in check.patches[:_MOST_ROWS]:
                yield _row(_short(cell) for cell in per_patch.cells(row))
            told = [f"- {_short(remark)}" for remark in per_patch.remarks(check.patches[:_MOST_ROWS])]
            yield from ("", *told) if told else ()
            yield from ("", "</details>")


def _stages(report: Report) -> Iterator[str]:
    yield from ("", "<details>", "<summary>Stages</summary>", "", "| check | state | seconds | result |")
    yield "| :-- | :-- | --: | :-- |"
    for check in report.checks[:_MOST_ROWS]:
        words = [
            _short(check.check),
            STATUS_WORDS[check.status],
            f"{check.elapsed:.1f}",
            _short(outline.came_to(report, check)),
        ]
        yield _row(words)
    yield from ("", "</details>")
