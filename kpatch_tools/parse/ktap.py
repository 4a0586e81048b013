# SPDX-License-Identifier: GPL-2.0-only
"""Reader for what kernel selftests print: TAP, KTAP and the bare skip line of a plain program.

Written for shapes that the readers at hand lose (kunit's own and tap.py): a skip line without a header,
subtests behind "# ", the directives of kselftest beyond SKIP and TODO, output that ends in the middle. The
formats are described in Documentation/dev-tools/ktap.rst and tools/testing/selftests/kselftest.h. It never
raises: whatever is odd is named in ``faults``, for checks/vm.py to weigh.

The generated tests print one more line before a result, read into TestResult.observed and .clause::

    # observed hole_first clause=no-memslot ret=-1 errno=EINVAL advanced=0 left=4096 pages_4k=0
"""

import re
from dataclasses import dataclass, field

from kpatch_tools.model.test import TestResult, Verdict, worst

MAX_DEPTH = 16
MAX_RESULTS = 10_000
MAX_FAULTS = 20
KEEP_LOG_LINES = 200

_KERNEL_PREFIX = re.compile(r"^(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")
# printk's time in the middle of a line: two writers shared a channel, and some words are lost.
_INTERLEAVED = re.compile(r"\[ *\d+\.\d{6}\]")
_VERSION = re.compile(r"^K?TAP version \d+\s*$")
# Greedy at the end: with "(.*?)\s*$" a line of blanks costs its length squared.
_PLAN = re.compile(r"^1\.\.(\d{1,9})(?:\s*#\s*(\S+)\s*(.*))?\s*$")
# "ok" needs its number ("ok then" is prose); a failure counts even without one.
_RESULT = re.compile(r"^(?:ok\s+(?P<good>\d{1,9})|not ok(?:\s+(?P<bad>\d{1,9}))?)(?=\s|$)\s*(?P<rest>.*)$")
# HANG, CRASH and KNOWN-BUG are what the generated tests add to kselftest's own words.
_DIRECTIVE = re.compile(
    r"(SKIP|XFAIL|XPASS|TODO|TIMEOUT|ERROR|HANG|CRASH|KNOWN-BUG)\b[:,]?\s*(.*)$", re.IGNORECASE
)
_OBSERVED = re.compile(r"^observed\s+(\S+)\s*(.*)$")
_RUN = re.compile(r"^RUN\s+(\S+)")
_INTEGER = re.compile(r"^-?\d{1,20}$")
# ktap.rst nests by two blanks and a version line of its own, kunit by four.
_NESTED_BY_TWO = re.compile(r"^ {2}K?TAP version \d+\s*$", re.MULTILINE)
_PREFIXES, _PREFIXES_OF_TWO = ("    ", "# ", "\t"), ("  ", "# ", "\t")
_BAIL = re.compile(r"^Bail out!\s*(.*)$")

_BY_DIRECTIVE = {
    "SKIP": Verdict.SKIP,
    "XFAIL": Verdict.XFAIL,
    "TODO": Verdict.XFAIL,
    "XPASS": Verdict.FAIL,
    "TIMEOUT": Verdict.HANG,
    "ERROR": Verdict.FAIL,
    "HANG": Verdict.HANG,
    "CRASH": Verdict.CRASH,
    "KNOWN-BUG": Verdict.KNOWN_BUG,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TapStream:
    """One stream of results. ``planned`` is the number in the plan, None when no plan was printed.

    ``skip_reason`` is set when the whole program skipped itself ("1..0 # SKIP why"), ``bailed`` when it gave
    up, ``faults`` lists what contradicts itself: results missing, surplus or numbered wrongly.
    """

    tests: tuple[TestResult, ...] = ()
    planned: int | None = None
    skipped: bool = False
    skip_reason: str = ""
    bailed: str = ""
    faults: tuple[str, ...] = ()

    @property
    def spoke(self) -> bool:
        """Anything that is a test protocol was seen at all."""
        return bool(self.tests or self.planned is not None or self.bailed)

    @property
    def verdict(self) -> Verdict:
        """The worst result; SKIP when it skipped itself, NO-VERDICT when results are missing."""
        parts = [test.status for test in self.tests]
        if self.skipped:
            parts.append(Verdict.SKIP)
        if self.bailed:
            parts.append(Verdict.FAIL)
        if self.faults:
            parts.append(Verdict.NO_VERDICT)
        return worst(tuple(parts))


@dataclass(slots=True)
class _Level:
    """One open level of nesting: what its parent line will receive as children."""

    tests: list[TestResult] = field(default_factory=list)
    planned: int | None = None
    skipped: bool = False
    skip_reason: str = ""
    log: list[str] = field(default_factory=list)
    observed: dict[str, tuple[str, dict[str, str | int]]] = field(default_factory=dict)
    children: "_Level | None" = None
    running: str = ""
    faults: list[str] = field(default_factory=list)


def parse_ktap(text: str) -> TapStream:
    """Read a program's whole standard output; see the module's text for the shapes."""
    top = _Level()
    bailed, results = "", 0
    prefixes = _PREFIXES_OF_TWO if _NESTED_BY_TWO.search(text) else _PREFIXES
    for raw in text.split("\n"):
        depth, line = _depth(_KERNEL_PREFIX.sub("", raw.rstrip()), prefixes)
        bail = _BAIL.match(line)
        if bail:
            bailed = bail[1] or "no reason given"
            continue
        results += bool(_RESULT.match(line))
        if results > MAX_RESULTS:
            top.faults.append(f"more than {MAX_RESULTS} results")
            break
        _line(top, depth, line)
    _close(top, "")
    return TapStream(
        tests=tuple(top.tests),
        planned=top.planned,
        skipped=top.skipped,
        skip_reason=top.skip_reason,
        bailed=bailed,
        faults=tuple(dict.fromkeys(top.faults))[:MAX_FAULTS],
    )


def _depth(line: str, prefixes: tuple[str, ...]) -> tuple[int, str]:
    """How deep a protocol line is nested (a prefix a level), and the line without that.

    Only lines of the protocol nest: "#   RUN x" of the harness and "# observed" are remarks of their level.
    """
    depth = 0
    while depth < MAX_DEPTH:
        for prefix in prefixes:
            rest = line.removeprefix(prefix)
            if line.startswith(prefix) and (prefix != "# " or _is_protocol(rest)):
                break
        else:
            return depth, line
        depth, line = depth + 1, rest
    return depth, line


def _is_protocol(rest: str) -> bool:
    bare = rest.lstrip("# \t")
    if rest.startswith("# ") and _OBSERVED.match(bare):
        return True
    return any(pattern.match(bare) for pattern in (_VERSION, _PLAN, _RESULT))


def _line(top: _Level, depth: int, line: str) -> None:
    level = top
    for _ in range(depth):
        level.children = level.children or _Level()
        level = level.children
    plan = _PLAN.match(line)
    result = _RESULT.match(line)
    if _VERSION.match(line):
        return
    if plan:
        _plan(level, plan)
    elif result:
        _result(level, result)
    elif line.startswith("#"):
        _remark(level, line.lstrip("#").strip())
    elif line.strip():
        _keep(level, line)


def _plan(level: _Level, plan: re.Match[str]) -> None:
    if level.planned is not None and level.planned != int(plan[1]):
        level.faults.append(f"two plans: 1..{level.planned} and 1..{plan[1]}")
    level.planned = int(plan[1])
    if (plan[2] or "").upper().startswith("SKIP"):
        level.skipped = True
        level.skip_reason = plan[3].removeprefix("-").strip()


def _result(level: _Level, match: re.Match[str]) -> None:
    failed, number = match["good"] is None, match["good"] or match["bad"]
    description, directive = _split_directive(match["rest"], failed=failed)
    name = description.removeprefix("- ").strip()
    mixed = _INTERLEAVED.search(name)
    if mixed:
        level.faults.append(f"a message of the kernel stands in the line of result {len(level.tests) + 1}")
        name = name[: mixed.start()].strip()
    status, reason = _status(failed, directive)
    if not name:
        # kselftest.h up to 6.3 put the name behind the directive: "ok 3 # SKIP name".
        name, reason = reason or f"test {number or len(level.tests) + 1}", ""
    position = len(level.tests) + 1
    if number and int(number) != position:
        level.faults.append(f"result {position} is numbered {number}")
    inner, level.children = level.children or _Level(), None
    _close(inner, name)
    level.faults.extend(inner.faults)
    # The group's own line may claim "ok" for what a test inside it contradicts: the worst of both counts.
    below = [child.status for child in inner.tests] or [Verdict.SKIP] * inner.skipped
    clause, observed = _observation(level, name)
    level.tests.append(
        TestResult(
            name=name,
            status=worst((status, *below)),
            reason=reason or (inner.skip_reason if inner.skipped else ""),
            clause=clause,
            observed=observed,
            children=tuple(inner.tests),
            log=tuple((level.log + inner.log)[-KEEP_LOG_LINES:]),
        )
    )
    level.log = []
    level.running = ""


def _observation(level: _Level, name: str) -> tuple[str, dict[str, str | int]]:
    """What was observed under that name; the harness prints "suite.case" where the case knows "case"."""
    for key in (name, name.rpartition(".")[2]):
        if key in level.observed:
            return level.observed.pop(key)
    return "", {}


def _split_directive(rest: str, *, failed: bool) -> tuple[str, str]:
    """Description and remark. The remark starts at the first "# " before a directive.

    A failure's remark may also be free text (exit=1, a reason); elsewhere a "#" is part of the name, as
    kunit gives its parameters.
    """
    for found in re.finditer(r"(?:^|(?<=\s))#\s+", rest):
        # Without a copy of the rest for each "#": a line of them would take for ever.
        if _DIRECTIVE.match(rest, found.end()):
            return rest[: found.start()], rest[found.end() :].strip()
        if failed and (words := rest[found.end() :].strip()) and not words.isdecimal():
            return rest[: found.start()], words
    # Two blanks behind the "#" set off a remark that is no directive (ksft_test_result_code).
    name, _, remark = rest.partition(" #  ")
    return name, remark.strip()


def _status(failed: bool, directive: str) -> tuple[Verdict, str]:
    match = _DIRECTIVE.match(directive)
    if not match:
        return (Verdict.FAIL if failed else Verdict.PASS), directive
    word, reason = match[1].upper(), match[2].removeprefix("-").strip()
    status = _BY_DIRECTIVE[word]
    if word == "SKIP" and failed:
        return Verdict.FAIL, reason
    if word == "TODO" and not failed:
        return Verdict.PASS, reason
    if word == "XFAIL" and reason.startswith(f"{Verdict.KNOWN_BUG} "):
        # kselftest_harness.h has no word of its own for it.
        return Verdict.KNOWN_BUG, reason.removeprefix(f"{Verdict.KNOWN_BUG} ")
    return status, f"timeout: {reason}" if word == "TIMEOUT" else reason


def _remark(level: _Level, text: str) -> None:
    observed = _OBSERVED.match(text)
    if observed:
        clause, values = _values(observed[2])
        level.observed[observed[1]] = (clause, values)
        return
    running = _RUN.match(text)
    if running:
        level.running = running[1]
    if text:
        _keep(level, text)


def _values(text: str) -> tuple[str, dict[str, str | int]]:
    clause = ""
    values: dict[str, str | int] = {}
    for word in text.split():
        key, equals, value = word.partition("=")
        if not equals or not key:
            continue
        if key == "clause":
            clause = value
        else:
            values[key] = int(value) if _INTEGER.match(value) else value
    return clause, values


def _keep(level: _Level, line: str) -> None:
    level.log.append(line)
    del level.log[:-KEEP_LOG_LINES]


def _close(level: _Level, parent: str) -> None:
    """End a level: what it announced and did not deliver becomes one result without a verdict."""
    of = f" of {parent}" if parent else ""
    if level.children:
        inner, level.children = level.children, None
        _close(inner, "")
        level.faults.extend(inner.faults)
        if inner.tests:
            why = "the output ended before the result of this group"
            level.faults.append("a group of results has no result line of its own")
            level.tests.append(TestResult(name="unfinished group", reason=why, children=tuple(inner.tests)))
    seen = len(level.tests)
    if level.planned is not None and seen > level.planned:
        level.faults.append(f"{seen} results{of} for a plan of {level.planned}")
    elif level.planned is not None and seen < level.planned:
        level.faults.append(f"{seen} of {level.planned} results{of} were printed")
        which = f"test {seen + 1}" if level.planned == seen + 1 else f"tests {seen + 1}-{level.planned}"
        _lost(level, which, f"no result line: the output{of} ended after {seen} of {level.planned}")
    elif level.running:
        level.faults.append(f"{level.running} began and printed no result")
        _lost(level, level.running, "no result line: it began and never ended")


def _lost(level: _Level, which: str, reason: str) -> None:
    """A result that never came, under the name of the test that was running, where that is known."""
    name = level.running or next(reversed(level.observed), "") or which
    clause, observed = _observation(level, name)
    log = tuple(level.log)
    level.tests.append(TestResult(name=name, reason=reason, clause=clause, observed=observed, log=log))
