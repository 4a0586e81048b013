# SPDX-License-Identifier: GPL-2.0-only
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.parse.assertion import MAX_LEFT_OUT, left_out, parse_assertion

CORPUS = Path(__file__).parents[1] / "corpus" / "ktap"
STDERR = (
    "==== Test Assertion Failure ====\n"
    "  x86_64/foo_test.c:42: ret == 0\n"
    "  pid=77 tid=77 errno=22 - Invalid argument\n"
    "     1\t0x0000000000402f7c: run_test at foo_test.c:42\n"
    "     2\t (inlined by) main at foo_test.c:90\n"
    "  KVM_MAP_MEMORY failed, rc: -1\n"
)


def test_assertion_is_read() -> None:
    found = parse_assertion(f"noise\n{STDERR}tail\n")
    assert found is not None
    assert (found.path, found.line, found.errno) == ("foo_test.c", 42, 22)
    assert found.message == "KVM_MAP_MEMORY failed, rc: -1"
    assert str(found).startswith("foo_test.c:42: KVM_MAP_MEMORY failed, rc: -1 (errno 22")


def test_without_a_stack_and_without_a_message() -> None:
    text = "==== Test Assertion Failure ====\n  a.c:1: x > y\n  pid=1 tid=1 errno=0 - Success\n"
    found = parse_assertion(f"{text}  (stack trace empty)\n  the message\n")
    assert found is not None
    assert found.message == "the message"
    assert found.errno == 0
    bare = parse_assertion(text)
    assert bare is not None
    assert str(bare) == "a.c:1: x > y"


def test_no_assertion() -> None:
    assert parse_assertion("all is well\n") is None


def test_parts_left_out() -> None:
    assert left_out("Random seed: 0x1\nSkipping tests for vm_type 0x1\nok\n") == (
        "Skipping tests for vm_type 0x1",
    )
    assert left_out("nothing here\n") == ()


@given(st.text())
def test_never_raises(text: str) -> None:
    parse_assertion(f"==== Test Assertion Failure ====\n{text}")


def test_recorded_assertions() -> None:
    for name, errno in (("assert_demo", 22), ("assert_denied", 13)):
        found = parse_assertion((CORPUS / f"{name}.err").read_text())
        assert found is not None
        assert (found.path, found.line, found.errno) == ("assert_demo.c", 6, errno)
        assert found.message.startswith("made to fail, argc")


def test_what_is_left_out_without_end_is_counted() -> None:
    found = left_out("".join(f"Skipping test {number}\n" for number in range(100_000)))
    assert len(found) == MAX_LEFT_OUT + 1
    assert found[-1] == f"Skipping tests: {100_000 - MAX_LEFT_OUT} more lines say so"
