# SPDX-License-Identifier: GPL-2.0-only
"""Reports as a hostile mail, tree or guest could make them, for Hypothesis."""

from hypothesis import strategies as st

from kpatch_tools.model.conformance import Condition, Conformance, Observed, Stand
from kpatch_tools.model.excerpt import Excerpt, Source
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.perpatch import KernelState, PatchRow, ProgramState
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status, TreeId
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.model.told import Gone, Since

# Each is the way out of some medium: a terminal, a page, XML, a log command, a mail, a table, a string.
WAYS_OUT = (
    "",
    "plain words",
    "\x1b]0;owned\x07",
    "\x1b[2J\x1b[31m",
    "\x9b31m",
    "\x00",
    "\u202e\u2066abc\u2069",
    "\ud800",
    "\udcff\udc80",
    "\ufffe\uffff",
    "::error file=a,line=1::owned",
    "\n::error::owned\n",
    "##[error]owned",
    "]]>",
    "<![CDATA[",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></script></title></pre>",
    "-->",
    "<!-- ",
    "&amp;&#0;&lt;",
    "{{ 7*7 }}{% raw %}",
    "\nFrom nobody Mon Sep 17 00:00:00 2001\n",
    "\r\nSubject: owned\r\n\r\n",
    "\r",
    "a|b|c",
    "`code``",
    "```\n# owned\n```",
    "[text](javascript:alert(1))",
    "![x](https://example.org/x.png)",
    "<details><summary>",
    "| --- |\n| x |",
    "%0A::error::x%25",
    "a.c:12:3: error: not ours [x/y]",
    "verdict: PASS",
    "../../etc/passwd",
    "\u2028\u2029\x85\x0b\x0c\x1c",
    "\u0301\u0301\u200d",
    "\u4e2d\u6587" * 40,
    "x" * 3000,
    "word " * 300,
    "\t\t  lead",
    "\\",
    "-",
)
# One that a report has, one that is none in UTC, one without a zone, one that never was.
TIMES = (
    "2026-11-22T20:00:00+00:00",
    "0001-01-01T00:00:00+14:00",
    "2026-11-22T20:00:00",
    "2026-02-30T20:00:00Z",
)
TEXT = st.lists(
    st.one_of(
        st.sampled_from(WAYS_OUT), st.text(st.characters(exclude_categories=()), min_size=1, max_size=6)
    ),
    max_size=3,
).map("".join)
COUNT = st.integers(0, 3)
LINE = st.one_of(COUNT, st.integers(0, 10**9))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """A report with every kind of thing in it, all of its words out of a few hostile ones."""
    text = st.sampled_from([*draw(st.lists(TEXT, max_size=5)), "x"])
    texts = st.lists(text, max_size=2).map(tuple)
    pairs = st.lists(st.tuples(text, text), max_size=2).map(tuple)
    number = st.integers(-(2**63), 2**64 - 1)
    # One without a path is the message of a patch.
    locations = st.one_of(
        st.builds(Location, path=text.filter(bool), line=LINE, column=COUNT, patch=COUNT),
        st.builds(Location, path=st.just(""), line=COUNT, patch=st.integers(1, 3)),
    )
    excerpts = st.lists(
        st.builds(
            Excerpt,
            source=st.sampled_from(Source),
            path=text,
            line=st.integers(1, 9),
            lines=texts,
            mark=COUNT,
            case=text,
            mode=text,
        ),
        max_size=1,
    ).map(tuple)
    findings = st.builds(
        Finding,
        rule=text,
        severity=st.sampled_from(Severity),
        message=text,
        location=st.none() | locations,
        related=st.lists(locations, max_size=1).map(tuple),
        detail=text,
        hint=text,
        cases=texts,
        excerpts=excerpts,
        told=COUNT,
    )
    tests = st.builds(
        TestResult,
        name=text,
        status=st.sampled_from(Verdict),
        reason=st.one_of(text, text.map(lambda said: f"B1, fixed by 20a6cff3b283: {said}")),
        clause=text,
        mode=st.dictionaries(text, text, max_size=2),
        observed=st.dictionaries(text, st.one_of(text, number), max_size=2),
    )
    rows = st.builds(
        PatchRow,
        number=COUNT,
        subject=text,
        commit=text,
        kernel=st.sampled_from(KernelState),
        same_as=st.none() | COUNT,
        warnings=COUNT,
        docs_new=st.none() | COUNT,
        docs_mended=COUNT,
        programs=st.sampled_from(ProgramState),
        boot=st.none() | st.sampled_from(Verdict),
        cases=st.dictionaries(text, st.sampled_from(Verdict), max_size=2),
        flaky=texts,
        settled=COUNT,
        not_yet=COUNT,
        reasons=st.dictionaries(text, text, max_size=2),
        elapsed=st.floats(0, 1e6),
        reason=text,
    )
    modes = draw(texts)
    observed = st.builds(
        Observed, stand=st.sampled_from(Stand), outcomes=texts, cases=texts, bad=texts, reason=text
    )
    conditions = st.builds(
        Condition,
        errno=st.one_of(text, st.sampled_from(("EINVAL", "success"))),
        clause=text,
        condition=text,
        contract=text,
        documented=texts,
        line=LINE,
        general=st.booleans(),
        common=st.booleans(),
        observed=st.tuples(*[observed for _mode in modes]),
        reason=text,
    )
    matrix = st.builds(
        Conformance,
        contract=text,
        ioctl=text,
        document=text,
        section=st.booleans(),
        modes=st.just(modes),
        rows=st.lists(conditions, max_size=3).map(tuple),
    )
    checks = st.builds(
        CheckResult,
        check=st.one_of(text, st.sampled_from(("apply", "build", "docs", "tests"))),
        status=st.sampled_from(Status),
        reason=text,
        findings=st.lists(findings, max_size=4).map(tuple),
        tests=st.lists(tests, max_size=3).map(tuple),
        elapsed=st.floats(0, 1e6),
        logs=texts,
        facts=st.one_of(
            pairs, st.tuples(*(st.tuples(st.just(name), text) for name in ("contract", "kernel", "base")))
        ),
        patches=st.lists(rows, max_size=2).map(tuple),
        debts=st.lists(st.tuples(text, COUNT), max_size=2).map(tuple),
        conformance=st.none() | matrix,
        excerpts=excerpts,
        partial=st.booleans(),
    )
    gone = st.lists(st.builds(Gone, finding=findings, check=text, reason=text), max_size=1).map(tuple)
    since = st.builds(Since, version=COUNT, sources=texts, answered=gone, unproven=gone, notes=texts)
    series = st.builds(
        SeriesId,
        name=text,
        version=COUNT,
        message_id=text,
        patches=COUNT,
        hashes=texts,
        contents=texts,
        author=text,
        change_id=text,
        subjects=st.lists(st.tuples(COUNT, text), max_size=2).map(tuple),
    )
    return Report(
        tool=draw(text),
        tree=draw(st.none() | st.builds(TreeId, path=text, base=text, head=text)),
        series=draw(st.none() | series),
        checks=draw(st.lists(checks, max_size=2).map(tuple)),
        folder=draw(text),
        started=draw(st.one_of(text, st.sampled_from(TIMES))),
        since=draw(st.none() | since),
    )
