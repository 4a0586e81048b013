# SPDX-License-Identifier: GPL-2.0-only
"""Report -> SARIF 2.1.0, as GitHub's code scanning takes it.

Facts about GitHub are from its "SARIF support for code scanning" and from the code of its upload action:
* A result needs a physical location with a relative, non-empty URI; a logical one alone rejects the file.
* 25,000 results are the most, the heaviest 5,000 are kept; 100 locations a result are shown.
* Of the fingerprints only ``primaryLocationLineHash`` counts. The upload action computes it from the source
  line, and warns once a result about a value that is not its own. So it is left to the action where there is
  a source line, and is ours where there is none.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any
from urllib.parse import quote

import msgspec

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.rulepage import RulePage
from kpatch_tools.render.escape import json_text, sarif_text, uri_path
from kpatch_tools.render.severity import by_weight, counted

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 5_000
_MOST_RELATED = 99
_MOST_DESCRIPTION = 1_024
_ROOT = "%SRCROOT%"
# Contracts: no file of the repository, so that nobody looks for them there.
_OWN = "KVET"
_BASES = {_OWN: {"description": {"text": "contracts: files of kvet or of its user, not of the kernel tree"}}}
_SEMANTIC = re.compile(r"\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?")
_FINGERPRINT = "kvetFinding/v1"
_RECOMMENDED = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}


def render(report: Report, pages: Mapping[str, RulePage]) -> str:
    """One SARIF log with one run, indented by two, ending in a newline.

    ``pages`` are the help pages of rules by name; one whose name ends in "/" stands for each rule of that
    family that has none. At most MOST_RESULTS findings are written, the heaviest, and a notification of the
    run says what was left out. Every check that did not run is a notification too.
    """
    ordered = [(check.check, one) for check in report.checks for one in check.findings]
    rank = {id(one): number for number, one in enumerate(by_weight(report.findings))}
    ordered.sort(key=lambda pair: rank[id(pair[1])])
    kept, cut = ordered[:MOST_RESULTS], ordered[MOST_RESULTS:]
    rules = _rules(pages, {sarif_text(one.rule) for _check, one in kept})
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {**_tool(report.tool), "rules": rules}},
                "automationDetails": {"id": _category(report)},
                "originalUriBaseIds": _BASES,
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(report, tuple(one for _check, one in cut))],
                "results": list(_results(kept, index)),
            }
        ],
    }
    return json_text(msgspec.json.format(msgspec.json.encode(log), indent=2).decode()) + "\n"


def _tool(tool: str) -> dict[str, str]:
    name, _blank, version = sarif_text(tool).partition(" ")
    key = "semanticVersion" if _SEMANTIC.fullmatch(version) else "version"
    return {"name": name or "kvet", **({key: version} if version else {})}


def _category(report: Report) -> str:
    """What keeps two uploads for one commit apart: all before the last slash is GitHub's category."""
    words = ["kvet", "+".join(check.check for check in report.checks) or "nothing"]
    if report.series:
        words.append(f"{report.series.name}-v{report.series.version}")
    return "".join(f"{quote(sarif_text(word), safe='+')}/" for word in words)


def _invocation(report: Report, cut: tuple[Finding, ...]) -> dict[str, Any]:
    told = [_not_run(check) for check in report.checks if check.status is Status.DID_NOT_RUN]
    if cut:
        text = f"{counted(cut)} left out: {MOST_RESULTS} results are kept, the heaviest"
        told.append({"level": "warning", "message": {"text": text}})
    return {
        "executionSuccessful": bool(report.checks) and report.verdict is not Status.DID_NOT_RUN,
        **({"toolExecutionNotifications": told} if told else {}),
    }


def _not_run(check: CheckResult) -> dict[str, Any]:
    text = f"{check.check} did not run{f': {check.reason}' if check.reason else ''}"
    return {"level": "error", "message": {"text": sarif_text(text)}}


def _rules(pages: Mapping[str, RulePage], used: set[str]) -> list[dict[str, Any]]:
    """All rules with a page, in their order, then those of the report that only a family describes."""
    own = [_rule(name, page) for name, page in pages.items() if not name.endswith("/")]
    others = (name for name in sorted(used) if name not in pages)
    return own + [_rule(name, pages.get(f"{name.partition('/')[0]}/")) for name in others]


def _rule(name: str, page: RulePage | None) -> dict[str, Any]:
    page = page or RulePage(rule=name, severity=Severity.WARNING, text=f"The rule {name} has no page.")
    said = " ".join(text for _example, text in takewhile(lambda block: not block[0], page.blocks))
    return {
        "id": name,
        "shortDescription": {"text": page.summary[:_MOST_DESCRIPTION]},
        "fullDescription": {"text": said[:_MOST_DESCRIPTION]},
        "help": {"text": page.text, "markdown": _markdown(page)},
        **({"helpUri": page.uri} if page.uri else {}),
        "defaultConfiguration": {"level": page.severity.value},
        "properties": {
            "tags": [name.partition("/")[0]],
            "problem.severity": _RECOMMENDED[page.severity],
        },
    }


def _markdown(page: RulePage) -> str:
    """The page with its examples as code, which Markdown would otherwise fold and take marks from."""
    return "\n\n".join(f"~~~~\n{text}\n~~~~" if example else text for example, text in page.blocks)


def _results(kept: list[tuple[str, Finding]], index: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    seen: dict[str, int] = defaultdict(int)
    for check, finding in kept:
        seen[finding.fingerprint] += 1
        # Two findings that differ in numbers only would be one alert.
        mark = f"{finding.fingerprint}:{seen[finding.fingerprint]}"
        rule = sarif_text(finding.rule)
        related = list(_related(finding))
        yield {
            "ruleId": rule,
            "ruleIndex": index[rule],
            "level": finding.severity.value,
            "message": {"text": _message(finding)},
            "locations": [_location(finding.location, check)],
            "partialFingerprints": {
                _FINGERPRINT: mark,
                **({} if finding.location and finding.location.path else {"primaryLocationLineHash": mark}),
            },
            **({"relatedLocations": related} if related else {}),
        }


def _message(finding: Finding) -> str:
    related = finding.related[:_MOST_RELATED]
    # A link would lead to a file of the repository: a place of ours is told as text, in the detail.
    links = [
        f"See [{sarif_text(str(place)).replace('[', '(').replace(']', ')')}]({number})."
        for number, place in enumerate(related, start=1)
        if not place.own
    ]
    # The first sentence is the alert's title.
    said = {f"see {place}" for place in related}
    detail = "\n".join(line for line in finding.detail.splitlines() if line not in said)
    place = finding.location
    where = f"{place}: " if place and not place.path else ""
    parts = [f"{where}{finding.message}.", f"Hint: {finding.hint}" if finding.hint else "", detail]
    return "\n".join([*(sarif_text(part) for part in parts if part), *links])


def _location(place: Location | None, check: str) -> dict[str, Any]:
    """A place in the tree, or a stand-in: "patch/3" for a commit message, "check/build" for a stage.

    There is no such file; GitHub shows the alert and says that it has no preview.
    """
    if place and place.path:
        return {"physicalLocation": _physical(place)}
    name = f"patch {place.patch}" if place else check
    stand_in = Location(path=f"patch/{place.patch}" if place else f"check/{check}", line=1)
    return {
        "physicalLocation": _physical(stand_in),
        "logicalLocations": [{"fullyQualifiedName": sarif_text(name), "kind": "module"}],
    }


def _related(finding: Finding) -> Iterator[dict[str, Any]]:
    for number, place in enumerate(finding.related[:_MOST_RELATED], start=1):
        yield {"id": number, **_location(place, ""), "message": {"text": sarif_text(str(place))}}


def _physical(place: Location) -> dict[str, Any]:
    region = {"startLine": max(place.line, 1)}
    if place.line and place.column:
        region["startColumn"] = place.column
    return {"artifactLocation": _artifact(place), "region": region}


def _artifact(place: Location) -> dict[str, str]:
    if place.path.startswith("/"):
        return {"uri": f"file://{uri_path(place.path)}"}
    return {"uri": uri_path(place.path), "uriBaseId": _OWN if place.own else _ROOT}
