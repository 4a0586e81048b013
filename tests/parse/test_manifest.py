# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.parse.manifest import parse_manifest

GOOD = """
schema = 1
name = "topic"
title = "A topic"
[base]
tree = "debian:6.1"
[base.blobs]
"mm/a.c" = "1111111111111111111111111111111111111111"
[[version]]
version = 1
date = "2024-03-01"
subject = "[PATCH 0/2] A topic"
author = "A. Author"
message_id = "cover@example.org"
patches = 2
dir = "v1"
[[patch]]
version = 1
number = 1
subject = "one"
purpose = "begin"
"""


def test_a_good_document() -> None:
    manifest = parse_manifest(GOOD, "series.toml")
    assert (manifest.name, manifest.contract, manifest.base.tree) == ("topic", "", "debian:6.1")
    assert manifest.versions[0].message_id == "cover@example.org"
    assert manifest.patches[0].purpose == "begin"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("schema = 1", "schema = 2", "schema 2 is not known"),
        ('name = "topic"', 'nmae = "topic"', "unknown key"),
        ("patches = 2", 'patches = "two"', "expected an integer"),
        ('"1111111111111111111111111111111111111111"', '"123"', "is no full blob id"),
        ('"mm/a.c"', '"../a.c"', "leaves the tree"),
        ('"cover@example.org"', '"<cover@example.org>"', "is no Message-ID"),
        ('"2024-03-01"', '"March"', "is no date"),
        ("number = 1", "number = 2", "not from 1 on"),
        ("patches = 2", 'patches = 2\nbase_commit = "abc"', "no full object id"),
        ('dir = "v1"', 'dir = "../v2"', "leaves the tree"),
        ('dir = "v1"', "", "version 1 has no folder with our patches"),
        ("version = 1\nnumber", "version = 2\nnumber", "version 2 has no folder with our patches"),
        ("patches = 2", 'patches = 2\ndepends_on = ["x"]', "is no Message-ID"),
        ('purpose = "begin"', 'purpose = "begin"\nposted_message_id = "x"', "is no Message-ID"),
        ("schema = 1", "schema = ", "series.toml"),
    ],
)
def test_faults_are_told_with_the_file(old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(UserError, match=words) as caught:
        parse_manifest(GOOD.replace(old, new, 1), "series.toml")
    assert "series.toml" in caught.value.message


def test_all_faults_at_once() -> None:
    text = GOOD.replace("2024-03-01", "soon").replace("number = 1", "number = 7")
    twice = text + text[text.index("[[version]]") : text.index("[[patch]]")]
    with pytest.raises(UserError, match="version 1 is there twice") as caught:
        parse_manifest(twice, "series.toml")
    assert "is no date" in caught.value.message
    assert "not from 1 on" in caught.value.message
