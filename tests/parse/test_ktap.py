# SPDX-License-Identifier: GPL-2.0-only
"""Every shape that selftests print, each with what it must mean."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.ktap import MAX_DEPTH, MAX_FAULTS, MAX_RESULTS, TapStream, parse_ktap

CORPUS = Path(__file__).parents[1] / "corpus" / "ktap"


def statuses(stream: TapStream) -> list[tuple[str, Verdict]]:
    return [(test.name, test.status) for test in stream.tests]


def test_plain_success_says_nothing() -> None:
    stream = parse_ktap("Random seed: 0x6b8b4567\n")
    assert not stream.spoke
    assert stream.verdict is Verdict.NO_VERDICT


def test_skip_line_without_a_header() -> None:
    stream = parse_ktap("1..0 # SKIP - Requirement not met: kvm_check_cap(236)\n")
    assert stream.skipped
    assert stream.skip_reason == "Requirement not met: kvm_check_cap(236)"
    assert stream.verdict is Verdict.SKIP


def test_an_empty_plan_without_skip_proves_nothing() -> None:
    assert parse_ktap("TAP version 13\n1..0\n").verdict is Verdict.NO_VERDICT


def test_harness_pass_and_fail() -> None:
    stream = parse_ktap(
        "TAP version 13\n1..2\n# Starting 2 tests from 1 test cases.\n"
        "#  RUN           suite.good ...\n#            OK  suite.good\nok 1 suite.good\n"
        "#  RUN           suite.bad ...\n# foo_test.c:12:bad:Expected 0 (0) == 1 (1)\n"
        "#          FAIL  suite.bad\nnot ok 2 suite.bad\n# FAILED: 1 / 2 tests passed.\n"
    )
    assert statuses(stream) == [("suite.good", Verdict.PASS), ("suite.bad", Verdict.FAIL)]
    assert any("Expected 0" in line for line in stream.tests[1].log)
    assert stream.verdict is Verdict.FAIL
    assert stream.faults == ()


@pytest.mark.parametrize(
    ("line", "status", "name", "reason"),
    [
        ("ok 1 a", Verdict.PASS, "a", ""),
        ("ok 1 - a", Verdict.PASS, "a", ""),
        ("not ok 1 a", Verdict.FAIL, "a", ""),
        ("not ok", Verdict.FAIL, "test 1", ""),
        ("ok 1 a # SKIP no memory", Verdict.SKIP, "a", "no memory"),
        ("ok 1 a # skip: no memory", Verdict.SKIP, "a", "no memory"),
        ("ok 1 # SKIP a", Verdict.SKIP, "a", ""),
        ("not ok 1 a # SKIP odd", Verdict.FAIL, "a", "odd"),
        ("ok 1 a # XFAIL known", Verdict.XFAIL, "a", "known"),
        ("ok 1 a # XPASS", Verdict.FAIL, "a", ""),
        ("not ok 1 a # TODO later", Verdict.XFAIL, "a", "later"),
        ("ok 1 a # TODO later", Verdict.PASS, "a", "later"),
        ("not ok 1 a # TIMEOUT 45 seconds", Verdict.HANG, "a", "timeout: 45 seconds"),
        ("not ok 1 a # ERROR broke", Verdict.FAIL, "a", "broke"),
        ("not ok 1 # error broke", Verdict.FAIL, "broke", ""),
        ("not ok 1 a # exit=1", Verdict.FAIL, "a", "exit=1"),
        ("not ok 1 a # HANG not ended after 60 s", Verdict.HANG, "a", "not ended after 60 s"),
        ("not ok 1 a # CRASH signal 11", Verdict.CRASH, "a", "signal 11"),
        (
            "not ok 1 a # KNOWN-BUG B2, fixed by 20a6cff3b283: it looped",
            Verdict.KNOWN_BUG,
            "a",
            "B2, fixed by 20a6cff3b283: it looped",
        ),
        ("ok 1 a # KNOWN-BUG B2: it looped", Verdict.KNOWN_BUG, "a", "B2: it looped"),
        ("ok 1 a # XFAIL KNOWN-BUG B2: it looped", Verdict.KNOWN_BUG, "a", "B2: it looped"),
        ("ok 1 a # XFAIL no KNOWN-BUG B2", Verdict.XFAIL, "a", "no KNOWN-BUG B2"),
        ("not ok 1 a #  harness said", Verdict.FAIL, "a", "harness said"),
        ("ok 1 param # 3", Verdict.PASS, "param # 3", ""),
        ("not ok 1 param # 3", Verdict.FAIL, "param # 3", ""),
        ("[    2.512345] ok 1 a", Verdict.PASS, "a", ""),
        ("<6>[    2.512345][   T12] not ok 1 a", Verdict.FAIL, "a", ""),
        ("ok 1 a\r", Verdict.PASS, "a", ""),
    ],
)
def test_result_line(line: str, status: Verdict, name: str, reason: str) -> None:
    (test,) = parse_ktap(f"{line}\n").tests
    assert (test.status, test.name, test.reason) == (status, name, reason)


@pytest.mark.parametrize("line", ["ok then", "okay 1", "ok, 1 a", "# ok so far", "  ok 1 x", "not okay 1"])
def test_prose_is_no_result(line: str) -> None:
    assert parse_ktap(f"{line}\n").tests == ()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("ok 1 [    2.512345] kvm: warning", "test 1"),
        ("ok 1 first[   12.512345] kvm: a word", "first"),
        ("not ok 1 - a [    2.512345] kvm: a word", "a"),
    ],
)
def test_a_kernel_message_in_a_result_line_is_no_name(line: str, name: str) -> None:
    """Two writers on one channel: whether more was lost is not known, so it is no pass."""
    stream = parse_ktap(f"1..1\n{line}\n")
    assert stream.tests[0].name == name
    assert stream.faults == ("a message of the kernel stands in the line of result 1",)
    assert not stream.verdict.good


HARNESS = "TAP version 13\n1..2\n# Starting 2 tests from 1 test cases.\n"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Random seed: 0x6b8b4567\n", Verdict.NO_VERDICT),
        ("1..0 # SKIP - Requirement not met: x\n", Verdict.SKIP),
        ("TAP version 13\n1..0 # SKIP why\n", Verdict.SKIP),
        (f"{HARNESS}ok 1 s.a\nok 2 s.b\n# PASSED: 2 / 2 tests passed.\n", Verdict.PASS),
        (f"{HARNESS}ok 1 s.a\nnot ok 2 s.b\n# FAILED: 1 / 2 tests passed.\n", Verdict.FAIL),
        ("TAP version 13\n1..3\nok 1 a\n", Verdict.NO_VERDICT),
        ("TAP version 13\n1..1\n# not ok 1 inner\nok 1 outer\n", Verdict.FAIL),
        ("1..1\nnot ok 1 a # TIMEOUT 45 seconds\n", Verdict.HANG),
        ("1..1\nok 1 a # XFAIL known\n", Verdict.XFAIL),
        ("1..1\nnot ok 1 a # TODO later\n", Verdict.XFAIL),
        ("1..1\nok 1 [    2.500000] kvm: warning\n", Verdict.NO_VERDICT),
        ("1..2\nok 1 a\nBail out! why\n", Verdict.NO_VERDICT),
        ("TAP version 13\n1..1\nok 1 a\n  ---\n  message: yaml\n  ...\n", Verdict.PASS),
        ("KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 a\n", Verdict.NO_VERDICT),
        ("", Verdict.NO_VERDICT),
    ],
)
def test_every_shape_that_was_seen(text: str, verdict: Verdict) -> None:
    assert parse_ktap(text).verdict is verdict


def test_plan_that_was_not_kept() -> None:
    stream = parse_ktap("TAP version 13\n1..4\nok 1 a\n#  RUN           b ...\n")
    assert statuses(stream) == [("a", Verdict.PASS), ("b", Verdict.NO_VERDICT)]
    assert stream.verdict is Verdict.NO_VERDICT
    assert stream.faults == ("1 of 4 results were printed",)


def test_missing_results_are_one_result_whatever_the_plan_says() -> None:
    stream = parse_ktap("1..999999999\nok 1 a\n")
    assert statuses(stream)[1] == ("tests 2-999999999", Verdict.NO_VERDICT)


def test_more_results_than_planned() -> None:
    stream = parse_ktap("1..1\nok 1 a\nok 2 b\n")
    assert stream.verdict is Verdict.NO_VERDICT
    assert "2 results for a plan of 1" in stream.faults


def test_plan_at_the_end() -> None:
    assert parse_ktap("ok 1 a\nok 2 b\n1..2\n").verdict is Verdict.PASS


def test_two_plans_and_wrong_numbers_are_named() -> None:
    stream = parse_ktap("1..2\n1..3\nok 1 a\nok 1 b\nok 3 c\n")
    assert "two plans: 1..2 and 1..3" in stream.faults
    assert "result 2 is numbered 1" in stream.faults


def test_began_and_never_ended_without_a_plan() -> None:
    stream = parse_ktap("ok 1 a\n#  RUN           b ...\n")
    assert statuses(stream) == [("a", Verdict.PASS), ("b", Verdict.NO_VERDICT)]


def test_bail_out() -> None:
    stream = parse_ktap("1..2\nok 1 a\nBail out! no memory left\n")
    assert stream.bailed == "no memory left"
    assert Verdict.NO_VERDICT in [test.status for test in stream.tests]


def test_indented_subtests() -> None:
    stream = parse_ktap(
        "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: group\n    1..2\n"
        "    ok 1 a\n    not ok 2 b\nok 1 group\n"
    )
    (group,) = stream.tests
    assert group.status is Verdict.FAIL
    assert [(child.name, child.status) for child in group.children] == [
        ("a", Verdict.PASS),
        ("b", Verdict.FAIL),
    ]


def test_subtests_indented_by_two_as_the_document_has_them() -> None:
    stream = parse_ktap(
        "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n    KTAP version 1\n    1..2\n"
        "    ok 1 a\n    not ok 2 b\n  ok 1 inner\nok 1 outer\n"
    )
    (outer,) = stream.tests
    assert outer.status is Verdict.FAIL
    assert [test.name for test in outer.children[0].children] == ["a", "b"]
    assert stream.faults == ()


def test_subtests_behind_a_hash() -> None:
    """As the kselftest runner prints them; its own "ok" does not hide the failure inside."""
    stream = parse_ktap(
        "TAP version 13\n1..2\n# timeout set to 45\n# selftests: kvm: foo\n# TAP version 13\n# 1..2\n"
        "# ok 1 a\n# # observed b clause=hole ret=-1\n# not ok 2 b\n# # Totals: pass:1 fail:1\n"
        "ok 1 selftests: kvm: foo\nok 2 selftests: kvm: bar # SKIP\n"
    )
    foo, bar = stream.tests
    assert foo.status is Verdict.FAIL
    assert foo.children[1].clause == "hole"
    assert foo.children[1].observed == {"ret": -1}
    assert bar.status is Verdict.SKIP


def test_a_whole_group_that_skipped_itself() -> None:
    (test,) = parse_ktap("# 1..0 # SKIP no KVM\nok 1 selftests: kvm: foo\n").tests
    assert test.status is Verdict.SKIP
    assert test.reason == "no KVM"


def test_group_cut_off_in_the_middle() -> None:
    stream = parse_ktap("1..1\n    1..2\n    ok 1 a\n")
    assert stream.verdict is Verdict.NO_VERDICT
    assert any("unfinished group" in test.name for test in stream.tests)


def test_observed_line() -> None:
    stream = parse_ktap(
        "1..1\n# observed hole_first clause=no-memslot ret=-1 errno=EINVAL advanced=0 left=4096 pages_4k=0\n"
        "ok 1 hole_first\n"
    )
    (test,) = stream.tests
    assert test.clause == "no-memslot"
    assert test.observed == {"ret": -1, "errno": "EINVAL", "advanced": 0, "left": 4096, "pages_4k": 0}


def test_observed_belongs_to_the_next_result_of_that_name() -> None:
    stream = parse_ktap(
        "# observed b clause=second ret=2\n# observed a clause=first ret=1\nok 1 a\nok 2 suite.b\nok 3 a\n"
    )
    assert [test.clause for test in stream.tests] == ["first", "second", ""]


def test_observed_without_a_result_is_kept() -> None:
    stream = parse_ktap("1..1\n# observed hole clause=c ret=0\n")
    (test,) = stream.tests
    assert (test.name, test.status, test.clause) == ("hole", Verdict.NO_VERDICT, "c")


def test_depth_is_bounded() -> None:
    stream = parse_ktap("    " * 200 + "ok 1 deep\n" + "# " * 200 + "ok 1 deep\n")
    assert depth(stream.tests) <= MAX_DEPTH + 1


def depth(tests: tuple[TestResult, ...]) -> int:
    return 1 + max((depth(test.children) for test in tests), default=0) if tests else 0


PIECES = st.sampled_from(
    ["TAP version 13", "1..3", "1..0 # SKIP x", "ok 1 a", "not ok 2 b # TODO", "# ok 1 c", "    ok 1 d",
     "# observed a clause=x ret=-1", "#  RUN a ...", "Bail out!", "text", "    1..2", "# # not ok 9"]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=30), max_size=30))
def test_never_raises_and_never_passes_a_failure(lines: list[str]) -> None:
    stream = parse_ktap("\n".join(lines))
    flat = list(walk(stream.tests))
    bad = [test for test in flat if test.status not in (Verdict.PASS, Verdict.XFAIL)]
    if bad or stream.faults or stream.bailed:
        assert stream.verdict is not Verdict.PASS
    assert all(isinstance(value, int | str) for test in flat for value in test.observed.values())


def walk(tests: tuple[TestResult, ...]):
    for test in tests:
        yield test
        yield from walk(test.children)


@given(st.text())
def test_never_raises(text: str) -> None:
    parse_ktap(text)


@pytest.mark.parametrize(
    ("name", "results", "verdict"),
    [
        ("sync_regs_test", 10, Verdict.PASS),
        ("fix_hypercall_test", 2, Verdict.PASS),
        ("pre_fault_memory_test", 0, Verdict.NO_VERDICT),
        ("vmx_dirty_log_test", 0, Verdict.SKIP),
        ("pre_fault_npt_off_6.12", 0, Verdict.SKIP),
        ("pre_fault_6.12", 31, Verdict.PASS),
        ("map_memory_v2_6.1", 33, Verdict.FAIL),
    ],
)
def test_recorded_outputs(name: str, results: int, verdict: Verdict) -> None:
    stream = parse_ktap((CORPUS / f"{name}.out").read_text())
    assert (len(stream.tests), stream.verdict, stream.faults) == (results, verdict, ())


def test_recorded_observations() -> None:
    stream = parse_ktap((CORPUS / "map_memory_v2_6.1.out").read_text())
    by_name = {test.name: test for test in stream.tests}
    assert by_name["hole_first"].observed["errno"] == "EINVAL"
    assert by_name["thp_4k_inside"].status is Verdict.FAIL
    assert by_name["thp_4k_inside"].observed["left"] == 0xFFFFFFFFFFC04000
    assert all(test.clause for test in stream.tests if test.observed)


def test_more_results_than_any_test_has_are_cut_and_told() -> None:
    stream = parse_ktap("".join(f"ok {number} a\n" for number in range(1, MAX_RESULTS + 5000)))
    assert len(stream.tests) == MAX_RESULTS
    assert stream.faults == (f"more than {MAX_RESULTS} results",)
    assert stream.verdict is Verdict.NO_VERDICT


def test_faults_are_bounded() -> None:
    stream = parse_ktap("".join(f"ok {number + 7} a\n" for number in range(1000)))
    assert len(stream.faults) == MAX_FAULTS
    assert stream.verdict is Verdict.NO_VERDICT


@pytest.mark.parametrize(
    "text", ["# " * 60_000, "#  # 1 " * 20_000, "[ 1.1" * 30_000, "# # 1 # SKIP " * 9000]
)
def test_a_line_made_to_be_slow_is_read_once(text: str) -> None:
    """Each was a square of its length once; nothing is timed here, it would only never end."""
    for head in ("ok 1 ", "not ok 1 ", "1..1 # ", ""):
        parse_ktap(f"{head}{text}\n")


def test_a_plan_with_many_blanks_takes_no_time() -> None:
    start = time.process_time()
    parse_ktap("\n".join([f"1..1 # a x{' ' * 2000}b"] * 2000))
    assert time.process_time() - start < 1.0


def test_a_plan_keeps_its_reason() -> None:
    assert parse_ktap("1..0 # SKIP - no  /dev/kvm \n").skip_reason == "no  /dev/kvm"
