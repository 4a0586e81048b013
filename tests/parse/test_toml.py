# SPDX-License-Identifier: GPL-2.0-only
"""The shared TOML reader: every fault at once, each with its line."""

import tomllib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.errors import UserError
from kpatch_tools.parse.toml import MAX_SHOWN, decode
from kpatch_tools.parse.toml_lines import key_lines, nearest_line


class Wheel(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="wheel"):
    spokes: int


class Wing(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="wing"):
    span: int
    flaps: tuple[str, ...] = ()


class Engine(msgspec.Struct, forbid_unknown_fields=True):
    power: int
    fuel: str = "none"


class Machine(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    engine: Engine | None = None
    part: tuple[Wheel | Wing, ...] = ()


def read(text: str) -> Machine:
    return decode(text, Machine, name="m.toml", what="machine")[0]


def refused(text: str) -> str:
    with pytest.raises(UserError) as caught:
        read(text)
    return caught.value.message


def test_a_good_document_becomes_its_type() -> None:
    machine = read('name = "x"\n[engine]\npower = 3\n[[part]]\nkind = "wing"\nspan = 2\nflaps = ["a"]\n')

    assert machine == Machine(name="x", engine=Engine(power=3), part=(Wing(span=2, flaps=("a",)),))


def test_every_fault_is_named_at_once_with_its_line() -> None:
    message = refused(
        'nam = "x"\n[engine]\npower = "much"\nfule = "oil"\n\n[[part]]\nkind = "wheel"\n\n'
        '[[part]]\nkind = "sail"\n[[part]]\nkind = "wing"\nspan = 1\nflaps = [1]\n'
    )

    assert message.splitlines() == [
        "m.toml: 7 faults in this machine",
        '  m.toml:1: the document: the key "name" is missing',
        '  m.toml:1: the document: unknown key "nam", did you mean "name"?',
        "  m.toml:3: engine.power: expected an integer, got a string",
        '  m.toml:4: engine: unknown key "fule", did you mean "fuel"?',
        '  m.toml:6: part[1]: the key "spokes" is missing',
        '  m.toml:9: part[2]: kind has to be one of "wheel", "wing"',
        "  m.toml:14: part[3].flaps[1]: expected a string, got an integer",
    ]


def test_a_single_fault_is_one_line() -> None:
    assert refused("name = 1\n") == "m.toml:1: name: expected a string, got an integer"


def test_a_table_where_a_value_belongs_and_the_other_way_round() -> None:
    assert "engine: expected a table" in refused('name = "x"\nengine = 3\n')
    assert "name: expected a string, got a table" in refused("[name]\nx = 1\n")
    assert "part: expected a list" in refused('name = "x"\n[part]\nkind = "wheel"\n')


def test_bad_toml_names_file_and_line() -> None:
    assert refused("name = \n") == "m.toml:1: no TOML: invalid value (column 8)"
    assert refused("name = 'x'\nname = 'y'\n").startswith("m.toml:2: no TOML: ")
    assert refused('name = """') == "m.toml: no TOML: Unterminated string (at end of document)"


def test_a_document_nested_too_deeply_is_refused() -> None:
    assert refused("a = " + "[" * 100_000) == "m.toml: no machine: nested too deeply"


def test_a_flood_of_faults_is_cut() -> None:
    message = refused("\n".join(f"k{number} = 1" for number in range(100)) + '\nname = "x"\n')

    assert message.splitlines()[0] == "m.toml: 100 faults in this machine"
    assert len(message.splitlines()) == MAX_SHOWN + 2
    assert message.splitlines()[-1] == "  and 60 more"


WAYS = """\
# line 1
a = 1 # [b]
"q k".b = \"\"\"x
# no [[table]] ""
\"\"\""
[t]
x = [ # line 7
  { do = "slot", n = 3 },
  { do = 'y#', z = [1,
    2] },
]
[[case]]
[[case.setup]]
[[case.setup]]
p = 2
[case.deep.er]
z = 1979-05-27T07:32:00Z
[[case]]
e = {}
's\\' = ''"""


def test_lines_of_every_way_to_write_a_key() -> None:
    tomllib.loads(WAYS)
    lines = key_lines(WAYS)

    assert lines["a",] == 2
    assert lines["q k", "b"] == 3
    assert lines["t",] == 6
    assert lines["t", "x", 0, "n"] == 8
    assert lines["t", "x", 1, "z", 1] == 10
    assert lines["case", 0] == 12
    assert lines["case", 0, "setup", 1, "p"] == 15
    assert lines["case", 0, "deep", "er", "z"] == 17
    assert lines["case", 1] == 18
    assert lines["case", 1, "s\\"] == 20
    assert nearest_line(lines, ("case", 1, "e", "f", "g")) == 19
    assert nearest_line(lines, ("nowhere",)) == 1


@given(st.text(alphabet="ab.[]{}=\"'#,\n \\12", max_size=60))
def test_whatever_tomllib_accepts_has_lines(text: str) -> None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = key_lines(text)

    assert set(document) == {path[0] for path in lines if len(path) == 1}
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
