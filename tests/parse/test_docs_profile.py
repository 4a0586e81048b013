# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.parse.docs_profile import parse_profile

GOOD = """\
name = "x"
path = "Documentation/x.rst"
fields = ["A", "B"]

[[chapters]]
number = 4
required = ["A"]

[[vocabularies]]
field = "A"
chapters = [4]
values = ["one"]
hint = "one"

[[vocabularies]]
field = "B"
pattern = "x+"
hint = "some x"
"""


def test_a_profile_answers_by_chapter():
    profile = parse_profile(GOOD, name="x.toml")
    assert profile.required(4) == ("A",)
    assert profile.required(5) == ()
    assert profile.vocabulary("A", 4).values == ("one",)
    assert profile.vocabulary("A", 5) is None
    assert profile.vocabulary("B", 5).pattern == "x+"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('required = ["A"]', 'required = ["C"]', 'x.toml:7: "C" is not one of the fields'),
        ('field = "B"', 'field = "C"', 'x.toml:16: "C" is not one of the fields'),
        ('pattern = "x+"', 'pattern = "x("', "x.toml:17: no regular expression"),
        ('pattern = "x+"', "", "has either values or a pattern"),
        ("number = 4", "numbr = 4", 'unknown key "numbr"'),
        ("name = ", "name", "no TOML"),
    ],
)
def test_a_bad_profile_is_refused_with_its_line(old, new, said):
    with pytest.raises(UserError, match=r"x\.toml") as caught:
        parse_profile(GOOD.replace(old, new), name="x.toml")
    assert said in caught.value.message


WORDING = """
[wording]
vendor = ["ABC", "x("]
bit = "["
"""


def test_a_bad_pattern_of_the_wording_is_refused_with_its_line():
    with pytest.raises(UserError, match=r"x\.toml") as caught:
        parse_profile(GOOD + WORDING, name="x.toml")
    lines = GOOD.count("\n") + 3
    assert f"x.toml:{lines}: no regular expression" in caught.value.message
    assert f"x.toml:{lines + 1}: no regular expression" in caught.value.message
    assert parse_profile(GOOD + WORDING.replace("x(", "x").replace('["\n', 'x"\n'), name="x.toml").wording.bit
