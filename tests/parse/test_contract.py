# SPDX-License-Identifier: GPL-2.0-only
"""The contract language: what is accepted, and that every fault is named at its line, all at once."""

import re
from collections.abc import Callable

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.generate import contract_names, load_contract
from kpatch_tools.model.case import Slot, WarmUp
from kpatch_tools.model.contract import Contract, Role
from kpatch_tools.model.place import place
from kpatch_tools.parse.contract import parse_contract
from kpatch_tools.parse.contract_clauses import recogniser

GOOD = """\
schema = 1
name = "kvm_probe"
title = "KVM_PROBE"
architectures = ["x86"]
document = "Documentation/virt/kvm/api.rst"
header = "include/uapi/linux/kvm.h"

[ioctl]
name = "KVM_PROBE"
nr = 0xe0
dir = "read-write"
fd = "vcpu"
struct = "kvm_probe"
size = 32
cap = "KVM_CAP_PROBE"
cap_nr = 300

[struct]
field = [
  { name = "gpa", type = "__u64", role = "address" },
  { name = "size", type = "__u64", role = "size" },
  { name = "flags", type = "__u64", role = "flags" },
  { name = "pad", type = "__u32", role = "padding", count = 2 },
]

[progress]
on_partial = "error"
updated_on_error = true

[signals]
interrupted_by = "unmasked"
clause = "interrupted"

[[concurrency]]
beside = "other-vcpu"
outcome = "parallel"
clause = "maps"

[[mode]]
name = "tdp_off"
condition = "shadow paging"
result = "ENOENT"
clause = "hole"
needs = ["no-tdp"]
parameters = { npt = "0" }

[[check]]
id = "flags-set"
when = "flags is not 0"

[[error]]
id = "flags-set"
errno = "EINVAL"
condition = "a flag is set"
trigger = ["flags_low"]
document = ['\\bflags?\\b']

[[error]]
id = "hole"
errno = "ENOENT"
condition = "no memslot is there"
trigger = ["hole_mid"]
progress = "partial"

[[error]]
id = "no-memory"
errno = "ENOMEM"
condition = "memory is short"

[[error]]
id = "interrupted"
errno = "EINTR"
condition = "a signal is pending"

[[unprovoked]]
clause = "interrupted"
reason = "needs a signal"

[[unprovoked]]
mode = "tdp_off"
reason = "needs another machine"

[[unprovoked]]
errno = "ENOMEM"
reason = "needs fault injection"

[[effect]]
id = "maps"
promise = "pages are mapped"
shown_by = ["pages"]

[[known_bug]]
id = "B1"
cases = ["whole"]
symptom = "it does not map"
result = "EAGAIN"
fixed_by = "0123456789ab"

[[case]]
name = "flags_low"
number = 8
clause = "flags-set"
summary = "a flag"
setup = [{ do = "slot", pages = 4 }]
call = { flags = "bit0" }
expect = { errno = "EINVAL", pages_4k = 0 }
control = { flags = "0" }

[[case]]
name = "hole_mid"
number = 30
clause = "hole"
summary = "a hole"
setup = [{ do = "slot", pages = 2 }]
call = { size = "4p" }
expect = { errno = "ENOENT", advanced = "2p", pages_4k = 2 }
again = { errno = "ENOENT" }

[[case]]
name = "whole"
number = 18
clause = "maps"
summary = "all of it"
setup = [{ do = "slot", pages = 4 }, { do = "warm_up" }]
call = { size = "4p" }
expect = { advanced = "4p", pages_4k = 4 }
guest = { pages = 4, taken = 0 }

[[case]]
name = "two"
number = 46
clause = "maps"
summary = "two vCPUs at once"
setup = [{ do = "slot", pages = 4 }]
call = { size = "3p", vcpus = 2 }
expect = { advanced = "3p", pages_4k = 3 }
"""


def edited(*pairs: tuple[str, str]) -> str:
    text = GOOD
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def faults(*pairs: tuple[str, str]) -> list[str]:
    """The faults of the good contract after these edits, one a line."""
    with pytest.raises(UserError) as caught:
        parse_contract(edited(*pairs), path="c.toml")
    lines = caught.value.message.splitlines()
    return [line.strip() for line in (lines[1:] if len(lines) > 1 else lines)]


def line_of(text: str) -> int:
    return GOOD[: GOOD.index(text)].count("\n") + 1


def test_a_good_contract_is_read() -> None:
    contract = parse_contract(GOOD, path="c.toml")

    assert contract.request == 0xC020AEE0
    assert contract.member(Role.SIZE).name == "size"
    whole = contract.case[2]
    assert whole.setup == (Slot(pages=4), WarmUp())
    assert whole.call is not None
    assert whole.call.size == place("4p")
    assert whole.expect.errno is None


@pytest.mark.parametrize(
    ("pair", "line", "fault"),
    [
        (("size = 32", "size = 24"), None, "ioctl.size is 24, but the members of the struct take 32"),
        (('role = "size"', 'role = "flags"'), "[struct]", 'members have the role "size", one is needed'),
        (('"size", type = "__u64"', '"size", type = "__u32"'), "[struct]", "struct.size: the templates need"),
        (('[[check]]\nid = "flags-set"', '[[check]]\nid = "x"'), None, 'check: there is no error "x"'),
        (('id = "hole"', 'id = "flags-set"'), None, 'clause: "flags-set" is there twice, first in line'),
        (
            ('name = "hole_mid"', 'name = "whole"'),
            '[[case]]\nname = "whole"',
            'case: "whole" is there twice, first in line',
        ),
        (('trigger = ["hole_mid"]', 'trigger = ["nope"]'), 'trigger = ["hole', 'there is no case "nope"'),
        (('cases = ["whole"]', 'cases = ["gone"]'), 'cases = ["whole"]', 'there is no case "gone"'),
        (('errno = "ENOMEM"\nreason', 'errno = "EPERM"\nreason'), None, "unprovoked: no error has EPERM"),
        (('errno = "ENOMEM"\nreason', 'errno = "ENOENT"\nreason'), None, "nor an [[unprovoked]] reason"),
        (("'\\bflags?\\b'", "'(flags'"), "document = ['", "bad regular expression"),
        (('trigger = ["flags_low"]', 'trigger = ["whole"]'), None, "whole belongs to the clause"),
        (
            ('"whole"\nnumber = 18\nclause = "maps"', '"whole"\nnumber = 18\nclause = "nothing"'),
            None,
            'there is no clause "nothing"',
        ),
        (('id = "maps"', 'id = "other"'), "[[effect]]", 'effect "other": no case has it as its clause'),
        (
            ('errno = "EINVAL", pages', 'errno = "EPERM", pages'),
            None,
            "expects EPERM, its clause says EINVAL",
        ),
        (('errno = "EINVAL", pages', "pages"), None, "expects success, its clause says EINVAL"),
        (('\ncontrol = { flags = "0" }', ""), None, "so it needs a control"),
        (('control = { flags = "0" }', "control = {}"), None, "in exactly one field, it gives: none"),
        (('control = { flags = "0" }', 'control = { flags = "bit0" }'), None, "in exactly one field"),
        (
            ('control = { flags = "0" }', 'control = { flags = "0", size = "2p" }'),
            "control = {",
            "it gives: size, flags",
        ),
        (('progress = "partial"\n', ""), None, "expects progress, its clause"),
        (('on_partial = "error"', 'on_partial = "success"'), None, "returns success after progress, yet it"),
        (('advanced = "4p", pages', 'advanced = "3p", pages'), None, "success with 4096 bytes left"),
        (
            ('call = { size = "4p" }\nexpect = { adv', "expect = { adv"),
            None,
            "without a call nothing advances",
        ),
        (('call = { size = "4p" }\nexpect = { advanced = "4p",', "expect = {"), None, None),
        ((', { do = "warm_up" }', ""), None, "the set-up needs a warm_up"),
        (("pages = 2 }]", 'pages = 2, backing = "thp" }]'), None, 'needs "thp" among the needs'),
        (("pages = 2 }]", "pages = 2, readonly = true }]"), None, 'needs "readonly-mem" among the needs'),
        (
            ('summary = "a flag"', 'summary = "a */ flag"'),
            'summary = "a flag"',
            "expected one line of printable ASCII",
        ),
        (('name = "flags_low"', 'name = "flags-low"'), None, "expected a name in lower case"),
        (('flags = "bit0"', 'flags = "bit64"'), None, "a u64 has bits 0 to 63"),
        (('flags = "bit0"', "flags = 1"), None, "expected a string such as"),
    ],
)
def test_each_fault_is_found_at_its_line(pair: tuple[str, str], line: str | None, fault: str | None) -> None:
    if fault is None:
        assert parse_contract(edited(pair), path="c.toml").case[2].call is None
        return
    found = faults(pair)

    hit = [text for text in found if fault in text]
    assert hit, found
    if line is not None:
        assert hit[0].startswith(f"c.toml:{line_of(line)}: "), (hit[0], line_of(line))
    assert re.match(r"c\.toml:\d+: ", hit[0])


def test_a_call_that_is_only_half_there() -> None:
    without = ('call = { flags = "bit0" }\n', "")

    assert any("neither a call nor a guest" in fault for fault in faults(without))
    assert any("nothing to repeat, to control or to fail" in fault for fault in faults(without))


def test_a_contract_whose_cases_never_call_is_refused() -> None:
    head = GOOD[: GOOD.index("[[error]]")].replace(
        '[[check]]\nid = "flags-set"\nwhen = "flags is not 0"\n', ""
    )
    tail = GOOD[GOOD.index("[[effect]]") :]
    case = tail[tail.index('[[case]]\nname = "whole"') :].replace('call = { size = "4p" }\n', "")
    case = case[: case.index('[[case]]\nname = "two"')]
    text = "check = []\nerror = []\n" + head + tail[: tail.index("[[case]]")] + case

    with pytest.raises(UserError, match="no case calls the ioctl"):
        parse_contract(text, path="c.toml")


def test_padding_needs_a_member_for_it() -> None:
    found = faults(
        ('role = "padding", count = 2', 'role = "flags", count = 2'),
        ('call = { flags = "bit0" }', 'call = { flags = "bit0", padding = 1 }'),
    )

    assert any("the struct has no padding array to fill" in fault for fault in found)


def test_faults_of_several_kinds_come_together_in_the_order_of_their_lines() -> None:
    found = faults(
        ("size = 32", "size = 24"),
        ("'\\bflags?\\b'", "'('"),
        ('\ncontrol = { flags = "0" }', ""),
    )

    assert len(found) == 3
    numbers = [int(fault.split(":")[1]) for fault in found]
    assert numbers == sorted(numbers)


def test_unknown_keys_are_errors() -> None:
    found = faults(('summary = "a flag"', 'sumary = "a flag"'), ("[progress]", "[progress]\nclamp = 1"))

    assert any('unknown key "sumary", did you mean "summary"?' in fault for fault in found)
    assert any('unknown key "clamp"' in fault for fault in found)
    assert any('the key "summary" is missing' in fault for fault in found)


def test_a_recogniser_folds_case_and_white_space() -> None:
    assert recogniser("no memory slot").search("There is No\n  memory   slot")
    assert not recogniser("no memory slot").search("no memoryslot")


@pytest.fixture(params=contract_names())
def shipped(request: pytest.FixtureRequest) -> Contract:
    return load_contract(request.param)


def test_every_shipped_error_is_triggered_or_excused(shipped: Contract) -> None:
    cases = {case.name for case in shipped.case}

    for error in shipped.error:
        assert error.trigger or shipped.reason_unprovoked(error)
        assert set(error.trigger) <= cases


def test_every_shipped_einval_has_a_control(shipped: Contract) -> None:
    assert all(case.control for case in shipped.case if case.expect.errno == "EINVAL")


def test_the_rows_that_the_matrix_asks_for_are_there(shipped: Contract) -> None:
    rows = {case.number for case in shipped.case}

    assert {2, *range(5, 15), 17, 18, 19, 20, 23, 24, 29, 30, 31} <= rows


def test_shipped_request_numbers() -> None:
    assert load_contract("kvm_map_memory").request == 0xC018AED5
    assert load_contract("kvm_pre_fault_memory").request == 0xC040AED5


ROWS: list[tuple[str, str, set[str]]] = [
    ("kvm_map_memory", "The range is not backed by a memory slot.", {"no-memslot"}),
    ("kvm_map_memory", "No memslot covers the range.", {"no-memslot"}),
    ("kvm_map_memory", "The region isn't covered by a KVM memslot.", {"no-memslot"}),
    ("kvm_pre_fault_memory", "The specified gpa is outside defined memslots.", {"no-memslot"}),
    ("kvm_map_memory", "No memory slot backs the range.", {"no-memslot"}),
    ("kvm_map_memory", "The memslot is read-only.", set()),
    ("kvm_map_memory", "The parameter address was invalid.", {"argument-unreadable"}),
    ("kvm_map_memory", "A parameter is invalid.", set()),
    ("kvm_map_memory", "Invalid arguments.", set()),
    ("kvm_map_memory", "size is zero.", {"empty"}),
    ("kvm_map_memory", "Call again while size is greater than 0.", {"raced"}),
    ("kvm_map_memory", "The address is not page aligned, or the range overflows.", {"unaligned", "overflow"}),
    ("kvm_map_memory", "Unknown flags.", {"flags-set"}),
    ("kvm_map_memory", "A signal is pending.", {"signal"}),
    ("kvm_map_memory", "The vCPU uses shadow paging.", {"tdp-off"}),
    ("kvm_map_memory", "The host page cannot be accessed.", {"backing-inaccessible"}),
    ("kvm_map_memory", "Out of memory.", {"no-memory"}),
    ("kvm_map_memory", "An unexpected error.", set()),
]


@pytest.mark.parametrize(("name", "row", "ids"), ROWS)
def test_conditions_are_recognised_in_words_of_a_document(
    name: str, row: str, ids: set[str], loaded: Callable[[str], Contract]
) -> None:
    found = {
        error.id
        for error in loaded(name).error
        if any(recogniser(pattern).search(row) for pattern in error.document)
    }

    assert found == ids


@pytest.fixture(scope="module")
def loaded() -> Callable[[str], Contract]:
    known = {name: load_contract(name) for name in contract_names()}
    return known.__getitem__
