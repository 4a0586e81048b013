# SPDX-License-Identifier: GPL-2.0-only
"""The evidence of a finding as a mail shows it: what the kernel did, or a log."""

import re

from kpatch_tools.model.finding import Finding
from kpatch_tools.render.mailtext import literal, paragraph

_CALL = re.compile(
    r"^(?:case (?P<case>\w+)|observed)(?: \((?P<where>[^()]*)\))?: (?P<values>\w+=\S*(?: \w+=\S*)*)$"
)
_MORE = re.compile(r"^and \d+ more$")
# What says something of a call to somebody who has not read the test; zeros say nothing, nor what was left
# of a range where nothing was done.
_TOLD = frozenset({"ret", "errno", "advanced", "left", "again", "taken", "sigbus", "cap_dev", "cap_vm"})
_NOTHING = frozenset({"ret=-1", "errno=0", "advanced=0", "left=0", "taken=0"})
# The rule says where it looked; the line itself is quoted.
_POINTERS = ("message line ", "subject: ", "see ")
_SEE = re.compile(r"^see (?P<path>\S+):(?P<line>\d+)$")
_MOST_CALLS, _MOST_LINES = 3, 12


def evidence(finding: Finding, line: str, modes: str = "") -> list[str]:
    """The lines of a finding's detail that tell more than the quoted ``line`` does, for a mail.

    ``line`` has its mark where it is one of a diff. ``modes`` are those of a call whose own line names none.
    """
    calls, other = _calls(finding, modes)
    if calls:
        return _shown(calls, finding)
    quoted = {"", line.strip(), line[1:].strip()}
    kept = [one for one in other if one.strip() not in quoted and not one.startswith(_POINTERS)]
    cut = [f"[{len(kept) - _MOST_LINES} more lines]"] if len(kept) > _MOST_LINES else []
    return [text for one in (*kept[:_MOST_LINES], *cut) for text in literal(one)]


def see_also(finding: Finding) -> str:
    """The other place that a finding points at, in words; "" for none."""
    found = _SEE.match(finding.detail)
    if not found or not finding.location:
        return ""
    same = found["path"] == finding.location.path
    return f"See also line {found['line']}{'' if same else f' of {found[1]}'}."


def _calls(finding: Finding, modes: str) -> tuple[dict[tuple[str, str], list[str]], list[str]]:
    """What was seen: (case, values) to the modes it was seen in; and the lines that tell of no call."""
    calls: dict[tuple[str, str], list[str]] = {}
    other: list[str] = []
    named = finding.cases[0] if len(finding.cases) == 1 else ""
    for line in finding.detail.splitlines():
        if found := _CALL.match(line):
            where = calls.setdefault((found["case"] or named, _values(found["values"])), [])
            where += [found["where"] or modes] if found["where"] or modes else []
        elif not _MORE.match(line):
            other.append(line)
    return calls, other


def _values(text: str) -> str:
    words = [word for word in text.split() if word.partition("=")[0] in _TOLD and word not in _NOTHING]
    done = any(word.startswith("advanced=") for word in words)
    return " ".join(word for word in words if done or not word.startswith("left="))


def _shown(calls: dict[tuple[str, str], list[str]], finding: Finding) -> list[str]:
    lines: list[str] = []
    for (case, values), modes in list(calls.items())[:_MOST_CALLS]:
        where = f" ({'; '.join(dict.fromkeys(modes))})" if modes else ""
        lines += paragraph(f"{case}{where}: {values}" if case else f"{values}{where}", indent="  ", hang="  ")
    told = {case for case, _values in list(calls)[:_MOST_CALLS]}
    if left := [case for case in finding.cases if case not in told]:
        what = "case" if len(left) == 1 else "cases"
        lines += paragraph(f"and {len(left)} more {what}", indent="  ")
    return lines
