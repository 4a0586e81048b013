# SPDX-License-Identifier: GPL-2.0-only
"""KCIDB documents: accepted by KernelCI's own schema package, and true to the report."""

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.prepare import now, series_id
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.perpatch import KernelState, PatchRow
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status, TreeId
from kpatch_tools.model.run import Command
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import kcidb, kcidb_text
from kpatch_tools.render.kcidb_document import KERNELS, STATUSES, VERDICTS
from kpatch_tools.tools.files import data_dir
from kpatch_tools.tools.process import run
from tests.render.test_formats import HOSTILE, REPORT

BASE, HEAD = "b" * 40, "d" * 40
HASHES = tuple(hashlib.sha256(text).hexdigest() for text in (b"one", b"two"))
APPLY = CheckResult(check="apply", status=Status.PASS, facts=(("base", "Linux 6.1.192 (bbbbbbbbbbbb)"),))
BUILD = CheckResult(
    check="build",
    status=Status.PASS,
    elapsed=201.5,
    facts=(
        ("kernel", "6.1.192"),
        ("architecture", "x86_64"),
        ("configuration", "base+vng+optional"),
        ("compiler", "gcc 12.2.0"),
        ("cached", "no"),
    ),
)
RAN = CheckResult(
    check="tests",
    status=Status.FAIL,
    elapsed=28.5,
    facts=(("contract", "kvm_x"), ("architecture", "x86_64"), ("kernel", "6.1.192"), ("acceleration", "tcg")),
    tests=(
        TestResult(
            name="one",
            status=Verdict.PASS,
            mode={"npt": "1"},
            clause="maps",
            observed={"ret": -1, "errno": "EINVAL", "left": 2**64 - 1},
        ),
        TestResult(name="two", status=Verdict.KNOWN_BUG, reason="B2, fixed by 20a6cff3b283: it looped"),
        TestResult(name="two", status=Verdict.KNOWN_BUG, reason="B2, fixed by 20a6cff3b283: again"),
        TestResult(name="three", status=Verdict.SKIP, reason="needs 1 GiB"),
    ),
)
WHOLE = Report(
    tool="kvet 0.1.0",
    tree=TreeId(path="linux", base=BASE, head=HEAD),
    series=SeriesId(name="x", version=2, message_id="a@b", patches=2, hashes=HASHES),
    checks=(APPLY, CheckResult(check="docs", status=Status.PASS), BUILD, RAN),
    started="2026-11-22T20:00:00+00:00",
)
NOT_BUILT = replace(
    WHOLE,
    checks=(
        APPLY,
        CheckResult(
            check="build",
            status=Status.FAIL,
            reason="the kernel does not build",
            findings=(Finding(rule="gcc/error", severity=Severity.ERROR, message="x undeclared"),),
            facts=BUILD.facts[1:],
        ),
        CheckResult(check="tests", reason="there is no kernel to boot"),
    ),
)
PER_PATCH = replace(
    WHOLE,
    checks=(
        APPLY,
        CheckResult(
            check="per-patch",
            status=Status.FAIL,
            patches=(
                PatchRow(number=0, subject="the base", commit=BASE, kernel=KernelState.CACHED),
                PatchRow(
                    number=1,
                    subject="x: \x1b one",
                    commit="c" * 40,
                    kernel=KernelState.BUILT,
                    boot=Verdict.FAIL,
                    cases={"one": Verdict.PASS, "two": Verdict.PASS, "three": Verdict.NO_VERDICT},
                    flaky=("two",),
                ),
                PatchRow(number=2, subject="two", commit=HEAD, kernel=KernelState.FAILS, reason="no"),
            ),
        ),
    ),
)
OTHERS = replace(
    WHOLE,
    series=None,
    tree=TreeId(path="linux", base=BASE),
    checks=(
        replace(
            RAN,
            check="tests arm64",
            facts=(("contract", "kvm_x"), ("architecture", "arm64"), ("kernel", "6.12.9-arm64, debian")),
        ),
        replace(RAN, facts=(("kernel", "6.12.9-amd64"),)),
        replace(RAN, check="btf", tests=(), facts=(("kernel", "6.12.9-amd64"),)),
    ),
)
REFUSED = replace(
    WHOLE,
    tree=TreeId(path="linux", base=BASE),
    checks=(
        replace(
            APPLY,
            status=Status.FAIL,
            findings=(Finding(rule="apply/conflict", severity=Severity.ERROR, message="patch 2 stops"),),
        ),
        CheckResult(check="build", reason="the series does not apply"),
    ),
)
NOTHING = Report(tool="kvet 0.1.0")
# Cut down from a review of our v2 on Debian's 6.1: seven of its cases, three findings a check.
RECORDED = parse_report((Path(__file__).parents[1] / "corpus/report/review-v2.json").read_bytes())
ALL = {
    "recorded": RECORDED,
    "whole": WHOLE,
    "not built": NOT_BUILT,
    "patch by patch": PER_PATCH,
    "other kernels": OTHERS,
    "does not apply": REFUSED,
    "nothing": NOTHING,
    "hostile": REPORT,
}


def document(report: Report, **given: str) -> dict:
    return json.loads(kcidb.render(report, **given))


def faults(given: dict) -> list[str]:
    """What is wrong by KernelCI's schema: their own validator, with the formats."""
    io = pytest.importorskip("kcidb_io", reason="kcidb-io is not installed: pip install kcidb-io")
    checker = io.schema.LATEST
    from jsonschema import ValidationError

    try:
        assert checker.validate(given) is given
        assert checker.is_compatible_exactly(given), "not the newest version"
    except ValidationError as error:
        return [error.message]
    return []


@pytest.mark.parametrize("name", ALL)
def test_kernelci_takes_it(name: str):
    assert not faults(document(ALL[name]))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["checkouts"][0].update(id="kvet"),
        lambda d: d["checkouts"][0].update(git_commit_hash="b" * 12),
        lambda d: d["checkouts"][0].update(message_id="none"),
        lambda d: d["checkouts"][0].update(start_time="yesterday"),
        lambda d: d["tests"][0].update(status="FLAKY"),
        lambda d: d["tests"][0].update(path="a b"),
        lambda d: d["builds"][0].update(comment=None),
        lambda d: d["version"].update(minor=99),
    ],
)
def test_their_validator_refuses_what_is_wrong(spoil):
    """The checks above are worth something only when this fires."""
    given = document(WHOLE)
    spoil(given)
    assert faults(given)


@pytest.mark.parametrize("name", ALL)
def test_everything_hangs_together(name: str):
    """Needs no package: ids are unique and of the origin, every reference is to an object that is there."""
    given = document(ALL[name])
    ids = {kind: [item["id"] for item in given.get(kind, ())] for kind in given if kind != "version"}
    for found in ids.values():
        assert len(found) == len(set(found))
        assert all(one.startswith("kvet:") for one in found)
    for kind, key, parent in (
        ("builds", "checkout_id", "checkouts"),
        ("tests", "build_id", "builds"),
        ("incidents", "issue_id", "issues"),
        ("incidents", "test_id", "tests"),
    ):
        assert all(item[key] in ids[parent] for item in given.get(kind, ()))
    assert all(re.fullmatch(r"kvet(\.[A-Za-z0-9_-]+)+", test["path"]) for test in given.get("tests", ()))
    assert all(test["status"] in {*VERDICTS.values()} for test in given.get("tests", ()))


@pytest.mark.parametrize("verdict", list(Verdict))
def test_each_verdict(verdict: Verdict):
    """Total, and only what is proven passes: a skip, silence and a fault of the machine never do."""
    check = CheckResult(check="tests", tests=(TestResult(name="a", status=verdict),))
    found = document(Report(tool="kvet", checks=(check,)))["tests"][1]
    assert found["status"] == VERDICTS[verdict]
    assert (found["status"] == "PASS") == (verdict is Verdict.PASS)
    assert (found["status"] in {"PASS", "DONE"}) == verdict.good
    assert found["misc"]["verdict"] == verdict.value


@pytest.mark.parametrize("status", list(Status))
def test_each_status(status: Status):
    found = document(Report(tool="kvet", checks=(CheckResult(check="docs", status=status),)))["tests"][0]
    assert (found["path"], found["status"]) == ("kvet.docs", STATUSES[status])
    assert (found["status"] in {"PASS", "DONE"}) == (status is Status.PASS)


@pytest.mark.parametrize("state", list(KernelState))
def test_each_kernel_of_a_step(state: KernelState):
    row = PatchRow(number=0, subject="s", commit=BASE, kernel=state)
    check = CheckResult(check="per-patch", status=Status.FAIL, patches=(row,))
    found = document(Report(tool="kvet", checks=(check,)))["builds"][1]
    assert found["status"] == KERNELS[state]
    assert (found["status"] == "PASS") == state.good


def test_the_whole_review():
    given = document(WHOLE)
    (checkout,), (build,) = given["checkouts"], given["builds"]
    assert checkout["git_commit_hash"] == BASE
    assert checkout["valid"] is True
    assert checkout["message_id"] == "a@b"
    assert checkout["start_time"] == "2026-11-22T20:00:00+00:00"
    assert checkout["comment"] == "x v2 on Linux 6.1.192 (bbbbbbbbbbbb)"
    assert (build["status"], build["architecture"], build["duration"]) == ("PASS", "x86_64", 201.5)
    assert (build["compiler"], build["config_name"]) == ("gcc 12.2.0", "base+vng+optional")
    paths = {test["path"]: test for test in given["tests"]}
    assert list(paths) == [
        "kvet.docs",
        "kvet.build",
        "kvet.tests",
        "kvet.tests.kvm_x.one",
        "kvet.tests.kvm_x.two",
        "kvet.tests.kvm_x.three",
    ]
    one = paths["kvet.tests.kvm_x.one"]
    assert one["misc"]["observed"] == {"ret": -1, "errno": "EINVAL", "left": 2**64 - 1}
    assert one["environment"] == {"comment": "virtual machine, tcg", "misc": {"mode": {"npt": "1"}}}
    (issue,) = given["issues"]
    assert (issue["id"], issue["misc"]) == ("kvet:kvm_x:B2", {"fixed_by": "20a6cff3b283"})
    assert [item["comment"] for item in given["incidents"]] == ["it looped", "again"]
    assert all(item["present"] and item["issue_id"] == issue["id"] for item in given["incidents"])


def test_a_recorded_review():
    given = document(RECORDED)
    (checkout,), (build,) = given["checkouts"], given["builds"]
    assert checkout["patchset_hash"] == kcidb_text.patchset_hash(RECORDED.series.hashes)
    assert (build["status"], build["architecture"]) == ("PASS", "x86_64")
    tests = [test for check in RECORDED.checks for test in check.tests]
    assert len(given["tests"]) == len(tests) + len(RECORDED.checks) - 1
    assert {issue["id"] for issue in given["issues"]} == {
        f"kvet:kvm_map_memory:{bug}" for bug in ("B4", "D1", "D7")
    }
    assert len(given["incidents"]) == sum(test.status is Verdict.KNOWN_BUG for test in tests)


def test_a_bug_of_no_known_contract_is_no_issue():
    """B2 of one contract is not B2 of another."""
    given = document(replace(WHOLE, checks=(replace(RAN, facts=()),)))
    assert "issues" not in given
    assert "incidents" not in given
    assert [test["status"] for test in given["tests"]][2:4] == ["FAIL", "FAIL"]


def test_a_kernel_that_does_not_build():
    given = document(NOT_BUILT)
    (build,) = given["builds"]
    assert build["status"] == "FAIL"
    assert "error: x undeclared [gcc/error]" in build["log_excerpt"]
    assert [test["status"] for test in given["tests"]] == ["FAIL", "MISS"]


def test_warnings_fail_the_check_and_not_the_kernel():
    """KCIDB takes no test of a build that failed; this one gave a kernel."""
    noisy = replace(BUILD, status=Status.FAIL)
    given = document(replace(WHOLE, checks=(APPLY, noisy)))
    assert (given["builds"][0]["status"], given["tests"][0]["status"]) == ("PASS", "FAIL")


def test_a_kernel_from_the_cache_took_no_time_to_build():
    cached = replace(BUILD, facts=(*BUILD.facts[:-1], ("cached", "yes")))
    assert "duration" not in document(replace(WHOLE, checks=(cached,)))["builds"][0]


def test_a_series_that_does_not_apply_is_no_valid_checkout():
    given = document(REFUSED)
    assert given["checkouts"][0]["valid"] is False
    assert "patch 2 stops" in given["checkouts"][0]["log_excerpt"]
    assert given["builds"][0]["status"] == "MISS"
    unknown = replace(REFUSED, checks=(CheckResult(check="apply", reason="no room"),))
    assert "valid" not in document(unknown)["checkouts"][0]


def test_each_step_is_a_checkout():
    given = document(PER_PATCH)
    steps = given["checkouts"][1:]
    assert steps[0]["patchset_hash"] == ""
    assert steps[2]["patchset_hash"] == given["checkouts"][0]["patchset_hash"]
    assert len({step["patchset_hash"] for step in steps}) == 3
    assert steps[1]["comment"] == "patch 1: x: \\x1b one"
    assert [build.get("status") for build in given["builds"]][1:] == ["PASS", "PASS", "FAIL"]
    found = {test["path"]: test["status"] for test in given["tests"]}
    assert found == {
        "kvet.per-patch": "FAIL",
        "kvet.per-patch.boot": "FAIL",
        "kvet.per-patch.cases.one": "PASS",
        "kvet.per-patch.cases.two": "ERROR",
        "kvet.per-patch.cases.three": "ERROR",
    }


def test_a_kernel_that_was_not_built_here_claims_nothing():
    given = document(OTHERS)
    assert [item.get("architecture") for item in given["builds"]] == [None, "arm64", None]
    assert not any("status" in build for build in given["builds"])
    own, *others = given["checkouts"]
    assert own["patchset_hash"] == ""
    assert all(set(other) == {"id", "origin", "comment"} for other in others)
    builds = {test["path"]: test["build_id"] for test in given["tests"]}
    assert builds["kvet.tests.arm64.kvm_x.one"] == given["builds"][1]["id"]
    assert builds["kvet.tests.one"] == builds["kvet.btf"] == given["builds"][2]["id"]


def test_nothing_ran_and_nothing_is_said_of_it():
    given = document(NOTHING)
    assert set(given) == {"version", "checkouts"}
    assert not set(given["checkouts"][0]) & {"valid", "patchset_hash", "git_commit_hash"}
    assert given["checkouts"][0]["misc"]["verdict"] == "DID_NOT_RUN"


def test_the_patchset_hash_is_what_coreutils_says():
    """The shell command of the schema's own text."""
    series = series_id(load_series("kvm-map-memory/v2"))
    given = document(replace(WHOLE, series=series))
    folder = data_dir("patches") / "kvm-map-memory/v2"
    said = "sha256sum 000[1-9]*.patch 0010*.patch | cut -c-64 | sha256sum | cut -c-64"
    found = run(Command(argv=("sh", "-c", said), cwd=folder, timeout=60)).ok_or_raise("sha256sum")
    assert given["checkouts"][0]["patchset_hash"] == found.text.strip()


def test_the_base_itself_has_no_patches():
    already = replace(WHOLE, tree=TreeId(path="linux", base=BASE, head=BASE))
    assert document(already)["checkouts"][0]["patchset_hash"] == ""


@pytest.mark.parametrize("hashes", [(), ("x",), (HASHES[0].upper(),), (f"{HASHES[0]}\n",)])
def test_a_hash_that_is_not_known_is_left_out(hashes: tuple[str, ...]):
    series = replace(WHOLE.series, hashes=hashes)
    given = document(replace(WHOLE, series=series))
    assert "patchset_hash" not in given["checkouts"][0]
    assert not faults(given)


@pytest.mark.parametrize("bad", ["", "\0", "\ud800", "a b", "a@b@c", "\n", HOSTILE, "a" * 40 + "\n", "."])
def test_what_fits_no_schema_is_left_out_or_made_harmless(bad: str):
    test = TestResult(
        name=bad,
        status=Verdict.KNOWN_BUG,
        reason=f"B1: {bad}",
        mode={bad: bad},
        observed={bad: bad},
        clause=bad,
    )
    facts = (("contract", bad), ("architecture", bad), ("kernel", bad), ("acceleration", bad))
    given = document(
        Report(
            tool=bad,
            tree=TreeId(path=bad, base=bad, head=bad),
            series=SeriesId(name=bad, version=1, message_id=bad, patches=1, hashes=(bad,)),
            started=bad,
            checks=(
                CheckResult(check="apply", status=Status.PASS, facts=(("base", bad),)),
                CheckResult(check="build", status=Status.FAIL, reason=bad, facts=facts),
                CheckResult(check=bad, status=Status.FAIL, reason=bad, tests=(test,), facts=facts),
            ),
        )
    )
    assert not faults(given)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", kcidb.render(REPORT))
    assert all(not set(item) & {"git_commit_hash", "message_id", "start_time"} for item in given["checkouts"])


def test_an_excerpt_is_bounded_and_says_that_it_is_cut():
    long = Finding(
        rule="a/b", severity=Severity.ERROR, message="m", detail="x" * 3 * kcidb_text.EXCERPT_CHARACTERS
    )
    check = CheckResult(check="docs", status=Status.FAIL, findings=(long,))
    said = document(Report(tool="kvet", checks=(check,)))["tests"][0]["log_excerpt"]
    assert len(said) == kcidb_text.EXCERPT_CHARACTERS
    assert said.endswith("\n[...]")


def test_ids_are_of_the_run():
    """Twice the same report is the same run; another run of the same series must not be merged with it."""
    again = parse_report(json.dumps(json.loads(_json(WHOLE))))
    assert document(WHOLE) == document(again)
    other = replace(WHOLE, checks=(*WHOLE.checks[:-1], replace(RAN, elapsed=28.6)))
    for kind in ("checkouts", "builds", "tests"):
        ids = {item["id"] for item in document(WHOLE)[kind]}
        assert not ids & {item["id"] for item in document(other)[kind]}
    assert document(WHOLE)["issues"] == document(other)["issues"]


def _json(report: Report) -> str:
    from kpatch_tools.render import json_v1

    return json_v1.render(report)


def test_the_origin_is_the_users():
    given = document(WHOLE, origin="my_lab2")
    assert all(
        item["origin"] == "my_lab2" and item["id"].startswith("my_lab2:")
        for kind, items in given.items()
        if kind != "version"
        for item in items
    )
    assert not faults(given)


@pytest.mark.parametrize("bad", ["", "A", "a-b", "a b", "a:b", "a\n", "ä"])
def test_an_origin_that_kernelci_would_refuse(bad: str):
    with pytest.raises(UserError, match="cannot name the origin"):
        kcidb.render(WHOLE, origin=bad)


def test_the_time_of_a_report_is_one_that_kernelci_takes():
    given = document(replace(WHOLE, started=now()))
    assert not faults(given)
    assert datetime.fromisoformat(given["checkouts"][0]["start_time"]).tzinfo == UTC
