# SPDX-License-Identifier: GPL-2.0-only
"""Contracts that extend another: what comes of them, and that each fault is told where it stands.

The wrong ones are in tests/corpus/contracts/extends, with the words that kvet has to say beside the line.
"""

from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.model.contract import Contract
from kpatch_tools.parse.contract import parse_contract
from kpatch_tools.parse.contract_extends import NAMED, Text, extended_by
from kpatch_tools.parse.contract_places import contract_places

CORPUS = Path(__file__).parent.parent / "corpus" / "contracts"
GOOD = Text(path="good.toml", text=(CORPUS / "good.toml").read_text())
NEXT = (CORPUS / "extends" / "next.toml").read_text()
MARK = "# FAULT "
HEAD = 'schema = 1\nname = "c"\nextends = "good"\ntitle = "t"\n'


def parsed(text: str, base: Text = GOOD) -> Contract:
    return parse_contract(text, path="contract.toml", base=base)


def said(text: str, base: Text = GOOD) -> list[str]:
    """Each fault as "file:line: words"."""
    try:
        parsed(text, base)
    except UserError as error:
        lines = error.message.splitlines()
        return [line.strip() for line in (lines[1:] or lines)]
    return []


def expected(text: str) -> list[str]:
    return [
        f"contract.toml:{number}: {words.strip()}"
        for number, line in enumerate(text.split("\n"), 1)
        for words in line.split(MARK)[1:]
    ]


@pytest.mark.parametrize("path", sorted((CORPUS / "extends").glob("*.toml")), ids=lambda path: path.stem)
def test_a_wrong_extension_gets_exactly_the_words_beside_its_lines(path: Path) -> None:
    text = path.read_text()
    own = [one for one in said(text) if one.startswith("contract.toml:")]

    assert sorted(own) == sorted(expected(text))


def test_what_is_given_takes_the_place_and_the_rest_stays() -> None:
    whole, good = parsed(NEXT), parse_contract(GOOD.text, path="good.toml")

    assert (whole.name, whole.extends, whole.title) == (
        "kvm_probe_next",
        "good",
        "KVM_PROBE, the next version",
    )
    assert (whole.ioctl.struct, whole.ioctl.size, whole.ioctl.nr) == ("kvm_probe_next", 32, good.ioctl.nr)
    assert [member.name for member in whole.struct.field] == ["gpa", "size", "flags", "padding"]
    assert (whole.progress.on_partial, whole.progress.updated_on_error) == ("success", True)
    assert whole.known_bug == ()
    assert good.known_bug
    # The base's order, then what is new.
    names = [case.name for case in good.case]
    assert [case.name for case in whole.case] == [*names, "hole_first"]
    for before, after in zip(good.case, whole.case, strict=False):
        assert (before == after) is (before.name != "hole_mid")
    middle = whole.case[names.index("hole_mid")]
    assert (middle.clause, middle.expect.errno, middle.summary) == ("stops", None, "a hole")
    hole = next(error for error in whole.error if error.id == "hole")
    assert (hole.errno, hole.progress, hole.trigger) == ("ENOENT", "none", ("hole_first",))


def test_a_fault_of_what_was_taken_over_is_told_where_that_stands() -> None:
    """Success after progress, and the base's case that expects an error then: one file has to change."""
    found = said((CORPUS / "extends" / "contradicts-the-base.toml").read_text())
    lines = GOOD.text.split("\n")

    assert found
    assert all(one.startswith("good.toml:") for one in found)
    (case,) = [one for one in found if "hole_mid: the contract returns success after progress" in one]
    number = int(case.split(":")[1])
    assert lines[number - 1].startswith("expect = {")
    assert 'name = "hole_mid"' in lines[number - 9 : number]


def test_what_is_left_out_is_missed() -> None:
    found = said((CORPUS / "extends" / "without-what-the-base-needs.toml").read_text())

    assert any('whole: there is no clause "maps"' in one for one in found)


@pytest.mark.parametrize("array", sorted(NAMED))
def test_every_named_entry_can_be_left_out_and_changed_by_name(array: str) -> None:
    """No array is passed over: a name that is nowhere is a fault in each of them."""
    (fault,) = [one for one in said(f'{HEAD}[without]\n{array} = ["nowhere"]\n') if "nowhere" in one]

    assert fault == f'contract.toml:6: without: good.toml has no {array} "nowhere"'


def test_a_base_that_extends_another_is_refused() -> None:
    chained = Text(path="good.toml", text=GOOD.text.replace("schema = 1", 'schema = 1\nextends = "other"'))

    (fault,) = [one for one in said(NEXT, chained) if "extends" in one]
    assert fault == (
        "contract.toml:4: good.toml extends another contract itself: name one that stands by itself"
    )


def test_a_base_that_is_not_there() -> None:
    """What it would have taken over is not told one by one."""
    with pytest.raises(UserError) as caught:
        parse_contract(NEXT, path="c.toml")
    assert caught.value.message == 'c.toml:4: extends: there is no contract "good" beside this one'


@pytest.mark.parametrize("key", ["schema", "name", "title"])
def test_an_extension_speaks_for_itself(key: str) -> None:
    text = "\n".join(line for line in NEXT.split("\n") if not line.startswith(f"{key} ="))

    assert f'contract.toml:1: the document: the key "{key}" is missing' in said(text)


@pytest.mark.parametrize(
    "text",
    [
        'case = "x"',
        "case = [1]",
        "[case]\nname = 1",
        "[[case]]\nname = 7",
        "without = 3",
        'ioctl = "x"',
        "[[ioctl]]\nnr = 1",
        "[struct]\nfield = 1",
        "error = [[]]",
    ],
)
def test_any_other_form_is_refused_with_a_place(text: str) -> None:
    found = said(HEAD + text + "\n")

    assert found
    assert all(one.partition(":")[0] in ("contract.toml", "good.toml") for one in found)


def test_names_in_extends() -> None:
    assert extended_by(HEAD, path="c.toml") == "good"
    assert extended_by("extends = 3\n", path="c.toml") == ""
    assert extended_by(GOOD.text, path="c.toml") == ""
    with pytest.raises(UserError, match=r"c\.toml: no TOML"):
        extended_by("extends", path="c.toml")


def test_places_are_those_of_the_file_that_has_the_entry() -> None:
    places = contract_places(NEXT, path="next.toml", base=GOOD)
    texts = {"next.toml": NEXT.split("\n"), "good.toml": GOOD.text.split("\n")}

    for name, file in {"hole_mid": "next.toml", "hole_first": "next.toml", "whole": "good.toml"}.items():
        place = places.case(name)
        assert place is not None
        assert place.path == file
        assert texts[file][place.line] == f'name = "{name}"'
    for name, file in {"stops": "next.toml", "hole": "next.toml", "flags-set": "good.toml"}.items():
        place = places.clause(name)
        assert place is not None
        assert place.path == file
        assert texts[file][place.line] == f'id = "{name}"'
    nowhere = places.case("nowhere")
    assert nowhere is not None
    assert (nowhere.path, nowhere.line) == ("next.toml", 0)
