# SPDX-License-Identifier: GPL-2.0-only
"""The text of the mails that answer a series: one for each patch with findings, one for the whole."""

import re
from collections.abc import Sequence
from datetime import datetime

from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import Report, Status
from kpatch_tools.parse.message import read_message
from kpatch_tools.parse.patch_lines import DiffLine
from kpatch_tools.render import quote, told
from kpatch_tools.render.escape import terminal
from kpatch_tools.render.mailtext import harmless, paragraph
from kpatch_tools.render.placing import Placed, Placing, is_nit
from kpatch_tools.render.ran import what_ran
from kpatch_tools.render.remark import known_bug, known_bugs, promise_of, remark
from kpatch_tools.render.remarked import remarked
from kpatch_tools.render.severity import counted

_OPTION = re.compile(r"(?:^|\bleft out by )--\w")


def attribution(name: str, date: datetime | None) -> str:
    """The line above a quote that says whose words they are."""
    when = " ".join(f"{date:On %a, %b %d, %Y at %I:%M:%S%p %z}".split()) if date else ""
    # A name is what a stranger's mail says it is: it may look like a trailer.
    return harmless(f"{when}, {terminal(name)} wrote:" if when else f"{terminal(name)} wrote:")


def patch_text(placed: Placed, lines: Sequence[DiffLine], *, said: str) -> list[str]:
    """The answer to one patch: what stands under no line, then the quoted lines with the remarks.

    ``lines`` are those of its diff, ``said`` is the attribution.
    """
    words = remarked(placed)
    parts = quote.message_part(read_message(placed.patch).lines, words.message)
    if parts and words.diff:
        parts.append(quote.CUT)
    parts += quote.diff_part(lines, placed.patch.diff.split("\n"), words.diff)
    return tidy([*_opening(placed.findings), "", *words.above, "", *([said] if parts else []), *parts])


def cover_text(report: Report, placing: Placing) -> list[str]:
    """The answer to the cover: the verdict, what did not run, and what belongs to no patch."""
    return tidy([*_verdict(report, placing), "", *unproven(report), "", *_loose(placing)])


def closing(report: Report, untold: int) -> list[str]:
    """The last lines of every mail: how many notes were left out, and what it all rests on."""
    notes = [f"{untold} minor {'note is' if untold == 1 else 'notes are'} left out here."] if untold else []
    return [*notes, *paragraph(_basis(report))]


def signed(lines: Sequence[str], end: Sequence[str]) -> list[str]:
    """The lines with ``end`` where a signature stands: no reader takes it for a part of the last remark."""
    return [*tidy(lines), "", "-- ", *end]


def unproven(report: Report) -> list[str]:
    """What no verdict was reached on, with the reason; checks that share one are told together."""
    reasons: dict[tuple[Status, str], list[str]] = {}
    for check in report.checks:
        if check.status in (Status.DID_NOT_RUN, Status.SKIP):
            # An option of kvet's means nothing to the author of a series.
            why = "" if _OPTION.search(check.reason) else check.reason
            reasons.setdefault((check.status, why), []).append(check.check)
    lines: list[str] = []
    for (status, why), names in reasons.items():
        what = "Did not run" if status is Status.DID_NOT_RUN else "Not checked"
        lines += paragraph(f"{what}: {', '.join(names)}{f' ({why})' if why else ''}.", hang="  ")
    return lines


def debts(report: Report) -> list[str]:
    """What was there before the series and is not held against it, in a line; [] for nothing."""
    old = [f"{count} {what}" for check in report.checks for what, count in check.debts if count]
    return paragraph(f"There before the series, and not counted: {', '.join(old)}.") if old else []


def tidy(lines: Sequence[str]) -> list[str]:
    """The lines without empty ones at both ends, and never two of them in a row."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _opening(findings: Sequence[Finding]) -> list[str]:
    nits = sum(map(is_nit, findings))
    if nits == len(findings):
        return ["Only nits."] if nits > 1 else []
    heavy = [one for one in findings if one.severity is not Severity.NOTE and not is_nit(one)]
    # Cases that show one defect make one remark.
    count = len({known_bug(one) or one.fingerprint for one in heavy})
    if not count or not nits:
        return []
    wrong = "One thing is wrong" if count == 1 else f"{count} things are wrong"
    return [f"{wrong} here, besides nits."]


def _verdict(report: Report, placing: Placing) -> list[str]:
    weighty = tuple(one for one in report.findings if one.severity is not Severity.NOTE)
    found = counted(weighty).replace(", ", " and ") or ("only notes" if report.findings else "nothing")
    where = _where(report)
    lines = [f"kvet finds {found}{f' on {where}' if where else ''}."]
    numbers = [str(part.patch.number) for part in placing.patches]
    if numbers:
        what = "patch" if len(numbers) == 1 else "patches"
        lines.append(f"Comments are below the lines they are about, in reply to {what} {_listed(numbers)}.")
    if since := report.told:
        lines.append(f"Since v{since.version}: {told.summary(since)}.")
    return paragraph(" ".join(lines))


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _where(report: Report) -> str:
    facts = dict(fact for check in report.checks if check.check == "apply" for fact in check.facts)
    return facts.get("base") or (report.tree.base[:12] if report.tree else "")


def _loose(placing: Placing) -> list[str]:
    """What belongs to no line; cases that show one and the same defect make one remark."""
    findings = placing.loose
    bugs: dict[str, list[Finding]] = {}
    for one in findings:
        if what := known_bug(one):
            bugs.setdefault(what, []).append(one)
    lines: list[str] = []
    said = ""
    for one in findings:
        what = known_bug(one)
        if what and bugs[what][0] is not one:
            continue
        if what:
            words = known_bugs(bugs[what], what, ran=placing.ran, said=said)
            said = promise_of(one)
        else:
            words = remark(one, placed=False, ran=placing.ran)
        lines += [*([""] if lines else []), *words]
    return lines


def _basis(report: Report) -> str:
    where = _where(report)
    tests = [test for check in report.checks for test in check.tests]
    if not tests:
        return f"No kernel was run; the series was read on {where or 'its own'} ({report.tool})."
    facts = dict(fact for check in report.checks for fact in check.facts)
    proof = facts.get("evidence", "")
    modes = [mode.replace(", ", " ") for mode in what_ran(report).modes]
    ran = f", booted with {_listed(modes)}" if modes else ""
    return f"Tested: the series on {where}{ran}{f'; {proof}' if proof else ''} ({report.tool})."
