# SPDX-License-Identifier: GPL-2.0-only
"""Report -> JUnit XML, as CI servers read it: a suite a check, a case a test.

The format has no schema of its own; this keeps to what all readers know (testsuites, testsuite, testcase with
failure, error or skipped). Every check is a case too, so that one without tests, or one that failed for
another reason than a test, cannot look green.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.render.escape import terminal, xml_text
from kpatch_tools.render.findings import finding_lines
from kpatch_tools.render.severity import by_weight, summary

# What only says that nothing was decided is an error there, all else that is bad is a failure.
_ERRORS = frozenset({Verdict.NO_VERDICT, Verdict.INFRA})
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}
_SHOWN_FINDINGS = 50


def render(report: Report) -> str:
    """One XML document that ends in a newline; hostile text is text in it, and nothing else."""
    root = ET.Element("testsuites", {"name": _plain(report.tool)})
    for check in report.checks:
        root.append(_suite(check))
    _count(root, root.iter("testcase"))
    root.set("time", f"{sum(check.elapsed for check in report.checks):.3f}")
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(check: CheckResult) -> ET.Element:
    suite = ET.Element("testsuite", {"name": _plain(check.check), "time": f"{check.elapsed:.3f}"})
    if check.facts:
        properties = ET.SubElement(suite, "properties")
        for name, value in check.facts:
            ET.SubElement(properties, "property", {"name": _plain(name), "value": _plain(value)})
    suite.append(_whole(check))
    for test in check.tests:
        suite.append(_case(check, test))
    _count(suite, suite.iter("testcase"))
    return suite


def _count(element: ET.Element, cases: Iterator[ET.Element]) -> None:
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for case in cases:
        counts["tests"] += 1
        for child in case:
            if child.tag in _COUNTED:
                counts[_COUNTED[child.tag]] += 1
    for name, number in counts.items():
        element.set(name, str(number))


def _whole(check: CheckResult) -> ET.Element:
    name = _plain(check.check)
    case = ET.Element("testcase", {"name": name, "classname": name, "time": f"{check.elapsed:.3f}"})
    said = _plain(check.reason or summary(check) or check.status.value)
    findings = by_weight(check.findings)
    detail = "\n".join(line for finding in findings[:_SHOWN_FINDINGS] for line in finding_lines(finding))
    if check.status is Status.FAIL:
        kind = findings[0].rule if findings else check.status.value
        _child(case, "failure", kind, said, detail)
    elif check.status is Status.DID_NOT_RUN:
        _child(case, "error", check.status.value, said, detail)
    elif check.status is Status.SKIP:
        ET.SubElement(case, "skipped", {"message": said})
    if check.logs:
        ET.SubElement(case, "system-out").text = "\n".join(f"log: {_plain(log)}" for log in check.logs)
    return case


def _case(check: CheckResult, test: TestResult) -> ET.Element:
    mode = " ".join(f"{key}={value}" for key, value in sorted(test.mode.items()))
    name = f"{test.name} ({mode})" if mode else test.name
    case = ET.Element("testcase", {"name": _plain(name), "classname": _plain(check.check)})
    said = _plain(test.reason or test.status.value)
    observed = _plain(" ".join(f"{key}={value}" for key, value in test.observed.items()))
    if test.status is Verdict.SKIP:
        ET.SubElement(case, "skipped", {"message": said})
    elif not test.status.good:
        tag = "error" if test.status in _ERRORS else "failure"
        _child(case, tag, test.status.value, said, f"observed {observed}" if observed else "")
    return case


def _child(case: ET.Element, tag: str, kind: str, message: str, text: str) -> None:
    child = ET.SubElement(case, tag, {"message": message, "type": _plain(kind)})
    if text:
        child.text = xml_text(text)


def _plain(text: str) -> str:
    """One line without control characters and without what XML 1.0 forbids."""
    return xml_text(terminal(text))
