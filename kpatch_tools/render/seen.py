# SPDX-License-Identifier: GPL-2.0-only
"""The evidence of a finding as a mail shows it: what the kernel did, or a log."""

import re

from kpatch_tools.model.finding import Finding
from kpatch_tools.render.mailtext import literal, paragraph, sentence
from kpatch_tools.render.observed import words
from kpatch_tools.render.ran import Ran

_CALL = re.compile(
    r"^(?:case (?P<case>\w+)|observed)(?: \((?P<where>[^()]*)\))?: (?P<values>\w+=\S*(?: \w+=\S*)*)$"
)
_OF_CASE = re.compile(r"^\w+: (?:[A-Z]+|KNOWN-BUG|NO-VERDICT)(?::|$)")
_SENTENCE = re.compile(r"[a-z]{1,9} [a-z]{1,9} [a-z ,'-]{10,}")
_MORE = re.compile(r"^and \d+ more$")
# The rule says where it looked; the line itself is quoted.
_POINTERS = ("message line ", "subject: ", "see ", "contract: ")
_SEE = re.compile(r"^see (?P<path>\S+):(?P<line>\d+)$")
_DESCRIBED = "case: "
_MOST_CALLS, _MOST_LINES = 3, 12


def evidence(finding: Finding, line: str, ran: Ran, modes: str = "") -> list[str]:
    """The lines of a finding's detail that tell more than the quoted ``line`` does, for a mail.

    ``line`` has its mark where it is one of a diff. ``modes`` are those of a call whose own line names none.
    """
    calls, other = _calls(finding, modes)
    if calls:
        return _shown(calls, finding, ran)
    quoted = {"", line.strip(), line[1:].strip()}
    # What another rule says of the same is told by this one.
    said = (*_POINTERS, *(one.rule for one in finding.folded))
    kept = [one for one in other if one.strip() not in quoted and not one.startswith(said)]
    cut = [f"[{len(kept) - _MOST_LINES} more lines]"] if len(kept) > _MOST_LINES else []
    return [text for one in (*kept[:_MOST_LINES], *cut) for text in _line(one)]


def _line(text: str) -> list[str]:
    """A line of a log, code or output as it is; a sentence, and what is said of a case, are wrapped."""
    if _SENTENCE.fullmatch(text):
        return paragraph(sentence(text))
    return paragraph(text, indent="  ", hang="  ") if _OF_CASE.match(text) else literal(text)


def see_also(finding: Finding) -> str:
    """The other place that a finding points at, in words; "" for none."""
    found = _SEE.match(finding.detail)
    if not found or not finding.location:
        return ""
    same = found["path"] == finding.location.path
    return f"See also line {found['line']}{'' if same else f' of {found[1]}'}."


def _calls(finding: Finding, modes: str) -> tuple[dict[tuple[str, str], list[str]], list[str]]:
    """What was seen: (case, words) to the modes it was seen in; and the lines that tell of no call."""
    calls: dict[tuple[str, str], list[str]] = {}
    other: list[str] = []
    named = finding.cases[0] if len(finding.cases) == 1 else ""
    for line in finding.detail.splitlines():
        if found := _CALL.match(line):
            values = dict(word.split("=", 1) for word in found["values"].split())
            where = calls.setdefault((found["case"] or named, words(values)), [])
            where += filter(None, (found["where"] or modes).split("; "))
        elif not _MORE.match(line):
            other.append(line)
    return calls, other


def _shown(calls: dict[tuple[str, str], list[str]], finding: Finding, ran: Ran) -> list[str]:
    lines: list[str] = []
    scene = _scene(finding)
    told: set[str] = set()
    for (case, said), modes in list(calls.items())[:_MOST_CALLS]:
        name = f"{case}{f' ({scene})' if scene and case not in told else ''}: " if case else ""
        where = ran.where(modes)
        lines += paragraph(f"{name}{said}{f' ({where})' if where else ''}", indent="  ", hang="  ")
        told.add(case)
    if left := [case for case in finding.cases if case not in told]:
        what = "case" if len(left) == 1 else "cases"
        lines += paragraph(f"and {len(left)} more {what}", indent="  ")
    return lines


def _scene(finding: Finding) -> str:
    """What the one case of a finding sets up; its description goes on with what should come of it."""
    line = next((line for line in finding.detail.splitlines() if line.startswith(_DESCRIBED)), "")
    scene, colon, _expected = line.removeprefix(_DESCRIBED).partition(": ")
    return scene if colon else ""
