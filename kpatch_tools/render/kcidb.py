# SPDX-License-Identifier: GPL-2.0-only
"""Report -> KCIDB JSON v5.3, as KernelCI takes results from whoever has some.

The patched tree is a checkout, its kernel a build, and every check and test case a test of that build; so is
a check that no kernel is needed for, since KCIDB hangs tests on builds alone. What was booted and not built
here has a checkout and a build of its own, of which nothing is claimed. With --per-patch each step of the
series is a checkout. Ids come from the report: rendered twice it is the same run, and two runs never meet.
What a report does not hold is left out, never guessed, and no file is named: a report knows local ones only.
Source: the schema of kcidb-io, kcidb_io/schema/v05_03.py.
"""

import hashlib
from collections.abc import Iterator, Mapping

import msgspec

from kpatch_tools.model.perpatch import PatchRow
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.seen_bug import seen_bug
from kpatch_tools.render import json_v1
from kpatch_tools.render.escape import json_text
from kpatch_tools.render.kcidb_document import FLAKY, KERNELS, STATUSES, VERDICTS, Document, Entry
from kpatch_tools.render.kcidb_source import APPLY, BUILD, build, checkout
from kpatch_tools.render.kcidb_text import (
    DEFAULT_ORIGIN,
    architecture,
    commit,
    excerpt,
    line,
    need_origin,
    patchset_hash,
    path,
    time,
)
from kpatch_tools.render.severity import by_weight, summary

_ROOT = "kvet"


def render(report: Report, origin: str = DEFAULT_ORIGIN) -> str:
    """One document, indented by two, ending in a newline; ``origin`` names the CI system that submits it.

    Raises UserError for an origin that the schema does not take.
    """
    run = hashlib.sha256(json_v1.render(report).encode()).hexdigest()[:16]
    document = Document(origin=need_origin(origin), run=run)
    source = document.add("checkouts", "", **checkout(report))
    checks = [check for check in report.checks if check.check != APPLY]
    if checks:
        _checks(document, source, checks)
    for check in checks:
        for row in check.patches:
            _row(document, report, check, row)
    return json_text(msgspec.json.format(msgspec.json.encode(document.whole()), indent=2).decode()) + "\n"


def _checks(document: Document, source: str, checks: list[CheckResult]) -> None:
    made = next((check for check in checks if check.check == BUILD), None)
    own = document.add("builds", BUILD, checkout_id=source, **(build(made) if made else {}))
    release = dict(made.facts).get("kernel", "") if made else ""
    others: dict[tuple[str, str], str] = {}
    for check in checks:
        facts = dict(check.facts)
        kernel = facts.get("kernel", release)
        place = own
        if kernel != release:
            key = (kernel, facts.get("architecture", ""))
            place = others.get(key) or _other(document, *key)
            others[key] = place
        _tests(document, place, check)


def _other(document: Document, kernel: str, arch: str) -> str:
    said = f"kernel {line(kernel)}, as booted; this report does not say how it was built"
    source = document.add("checkouts", document.number("checkouts"), comment=said)
    name = document.number("builds")
    return document.add("builds", name, checkout_id=source, architecture=architecture(arch), comment=said)


def _tests(document: Document, build_id: str, check: CheckResult) -> None:
    """The check as a whole, so that none can look better than it is, and its test cases."""
    facts = dict(check.facts)
    ran = check.status in (Status.PASS, Status.FAIL)
    area = (_ROOT, *check.check.split())
    _test(
        document,
        build_id,
        path=path(*area),
        status=STATUSES[check.status],
        comment=line(summary(check)) or None,
        duration=round(check.elapsed, 3) if ran else None,
        log_excerpt=excerpt(by_weight(check.findings)) or None,
    )
    contract = facts.get("contract", "") if check.tests else ""
    for test in check.tests:
        below = () if not contract or test.name.startswith(f"{contract}.") else (contract,)
        ident = _test(
            document,
            build_id,
            path=path(*area, *below, test.name),
            status=VERDICTS[test.status],
            comment=line(test.reason) or None,
            environment=_environment(facts, test),
            misc=dict(_misc(test)),
        )
        if contract:
            _known_bug(document, ident, contract, test)


def _test(document: Document, build_id: str, **values: object) -> str:
    return document.add("tests", document.number("tests"), build_id=build_id, **values)


def _environment(facts: Mapping[str, str], test: TestResult) -> Entry | None:
    known: Entry = {}
    if acceleration := facts.get("acceleration"):
        known["comment"] = f"virtual machine, {line(acceleration)}"
    if test.mode:
        known["misc"] = {"mode": {line(name): line(value) for name, value in test.mode.items()}}
    return known or None


def _misc(test: TestResult) -> Iterator[tuple[str, object]]:
    yield "verdict", test.status.value
    if test.clause:
        yield "clause", line(test.clause)
    if test.observed:
        observed = test.observed.items()
        yield (
            "observed",
            {line(key): line(value) if isinstance(value, str) else value for key, value in observed},
        )


def _known_bug(document: Document, test_id: str, contract: str, test: TestResult) -> None:
    seen = seen_bug(test.reason) if test.status is Verdict.KNOWN_BUG else None
    if seen is None:
        return
    fixed = f", fixed by {seen.fixed_by}" if seen.fixed_by else ""
    issue = document.issue(
        f"{path(contract)}:{seen.id}",
        comment=f"known bug {seen.id} of {line(contract)}{fixed}",
        culprit={"code": True},
        misc={"fixed_by": seen.fixed_by} if seen.fixed_by else None,
    )
    document.add(
        "incidents",
        document.number("incidents"),
        issue_id=issue,
        issue_version=1,
        test_id=test_id,
        present=True,
        comment=line(seen.symptom) or None,
    )


def _row(document: Document, report: Report, check: CheckResult, row: PatchRow) -> None:
    tree, hashes = report.tree, report.series.hashes if report.series else ()
    known = row.number <= len(hashes)
    source = document.add(
        "checkouts",
        document.number("checkouts"),
        git_commit_hash=commit(tree.base) if tree else None,
        patchset_hash=patchset_hash(hashes[: row.number]) if known else None,
        comment=line(f"{row.name}: {row.subject}"),
        start_time=time(report.started),
        valid=True,
        misc={"commit": row.commit} if commit(row.commit) else None,
    )
    same = "" if row.same_as is None else f"the same kernel as {row.same_as}"
    build_id = document.add(
        "builds",
        document.number("builds"),
        checkout_id=source,
        status=KERNELS[row.kernel],
        comment=line("; ".join(filter(None, (same, row.reason)))) or None,
        misc={"kernel": row.kernel.value, "warnings": row.warnings},
    )
    area = (_ROOT, *check.check.split())
    if row.boot:
        values = {"status": VERDICTS[row.boot], "misc": {"verdict": row.boot.value}}
        _test(document, build_id, path=path(*area, "boot"), **values)
    for name, verdict in row.cases.items():
        flaky = name in row.flaky
        misc = {"verdict": verdict.value, "flaky": flaky}
        status = FLAKY if flaky else VERDICTS[verdict]
        _test(document, build_id, path=path(*area, "cases", name), status=status, misc=misc)
