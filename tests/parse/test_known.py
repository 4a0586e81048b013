# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.model.known import CasePasses, FindingGone, LineChanged, TextGone, TextThere
from kpatch_tools.parse.manifest import parse_manifest

HEAD = """schema = 1
name = "topic"
title = "A topic"
[base]
tree = "debian:6.1"
[[version]]
version = 2
date = "2024-03-01"
subject = "[PATCH v2 0/2] A topic"
author = "A. Author"
message_id = "v2@example.org"
patches = 2
[[version]]
version = 3
date = "2024-04-01"
subject = "[PATCH v3 0/2] A topic"
author = "A. Author"
message_id = "v3@example.org"
patches = 2
"""
COMMENT = """[[comment]]
id = "one-thing"
version = 2
patch = 1
file = "mm/a.c"
anchor = "frob()"
by = "R. Reviewer"
posted = "1@example.org"
asks = "Do it once."
claim = { version = 3, patches = [1, 2], says = "Once." }
proof = [
  { kind = "finding", rule = "docs/x", words = "twice" },
  { kind = "case", case = "one_thing", observed = { errno = "ENOENT", ret = -1 } },
  { kind = "absent", file = "mm/a.c", text = "twice" },
  { kind = "present", text = "once" },
  { kind = "line", text = "frob();" },
]
"""
FIRST = HEAD.count("\n") + 1


def test_a_good_comment() -> None:
    (comment,) = parse_manifest(HEAD + COMMENT, "series.toml").comments
    assert (comment.id, comment.patch, comment.file, comment.by) == ("one-thing", 1, "mm/a.c", "R. Reviewer")
    assert comment.claim is not None
    assert (comment.claim.state, comment.claim.patches) == ("answered", (1, 2))
    assert [type(one) for one in comment.proof] == [
        FindingGone, CasePasses, TextGone, TextThere, LineChanged,
    ]  # fmt: skip


def test_a_document_without_comments_has_none() -> None:
    assert parse_manifest(HEAD, "series.toml").comments == ()


# What is replaced, by what, the line of the fault within the comment, and the fault.
FAULTS = [
    ('id = "one-thing"', 'id = "One"', 1, "'One' is no id: lower-case words with hyphens between them"),
    ('id = "one-thing"\n', "", 0, 'comment[1]: the key "id" is missing'),
    ("version = 2\n", "version = 7\n", 2, "there is no version 7"),
    ("patch = 1\n", "patch = -1\n", 3, "-1 is no patch; the cover letter is 0"),
    ("patch = 1\n", 'patch = "one"\n', 3, "comment[1].patch: expected an integer, got a string"),
    ('file = "mm/a.c"\n', 'file = "../a.c"\n', 4, "'../a.c': a path that leaves the tree"),
    ('by = "R. Reviewer"', 'by = " "', 6, "by has to be one line that says something"),
    ('anchor = "frob()"', 'ancor = "frob()"', 5, 'comment[1]: unknown key "ancor", did you mean "anchor"?'),
    ('posted = "1@example.org"', 'posted = "<1@example.org>"', 7, "'<1@example.org>' is no Message-ID"),
    ('asks = "Do it once."', 'asks = "Do\\nit."', 8, "asks has to be one line that says something"),
    ("version = 3, patches", "version = 2, patches", 9, "version 2 cannot answer a comment on version 2"),
    ("version = 3, patches", "version = 9, patches", 9, "there is no version 9"),
    ("patches = [1, 2], says", "says", 9, "a claim that it is answered names the patches that do"),
    ("patches = [1, 2]", "patches = [0, 2]", 9, "[0, 2] are no numbers of patches, each once"),
    ("patches = [1, 2]", "patches = [2, 2]", 9, "[2, 2] are no numbers of patches, each once"),
    ('says = "Once."', 'says = ""', 9, "says has to be one line that says something"),
    ('says = "Once."', 'says = "Once.", state = "withdrawn"', 9,
     "what was withdrawn needs no proof: leave one of the two out"),
    ('says = "Once."', 'says = "Once.", state = "done"', 9,
     'comment[1].claim.state: expected "answered" or "withdrawn"; "done" is not'),
    ('rule = "docs/x"', 'rule = "docs"', 11, "'docs' is no rule: family/name"),
    ('kind = "finding"', 'kind = "findings"', 11,
     'comment[1].proof[1]: there is no kind = "findings", did you mean "finding"?'),
    ('kind = "finding", rule', 'rule', 11,
     'comment[1].proof[1]: kind has to be one of "finding", "case", "absent", "present", "line"'),
    ('case = "one_thing"', 'case = "kvm.one"', 12, "'kvm.one' is no name of a test case"),
    ("ret = -1", "ret = 1.5", 12,
     "comment[1].proof[2].observed: expected an integer or a string, got a number"),
    ('file = "mm/a.c", text', 'file = "/mm/a.c", text', 13, "'/mm/a.c': an absolute path"),
    ('text = "twice"', 'text = " "', 13, "text has to be one line that says something"),
    ('text = "once"', 'text = "at\\nonce"', 14, "text has to be one line that says something"),
    ('text = "frob();"', 'text = "frob();", file = "a"', 15,
     'comment[1].proof[5]: unknown key "file"'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "words"), FAULTS)
def test_each_fault_has_its_line(old: str, new: str, line: int, words: str) -> None:
    assert COMMENT.count(old) == 1
    with pytest.raises(UserError) as caught:
        parse_manifest(HEAD + COMMENT.replace(old, new), "series.toml")
    assert caught.value.message == f"series.toml:{FIRST + line}: {words}"


def test_all_faults_of_all_comments_at_once() -> None:
    text = HEAD + COMMENT.replace("version = 2\n", "version = 7\n") + COMMENT.replace('"docs/x"', '"x"')
    with pytest.raises(UserError) as caught:
        parse_manifest(text, "series.toml")
    second = FIRST + COMMENT.count("\n")
    assert caught.value.message.split("\n  ") == [
        "series.toml: 3 faults in this series manifest",
        f"series.toml:{FIRST + 2}: there is no version 7",
        f"series.toml:{second + 1}: the comment 'one-thing' is there twice",
        f"series.toml:{second + 11}: 'x' is no rule: family/name",
    ]


def test_withdrawn_needs_neither_patch_nor_proof() -> None:
    claim = 'claim = { version = 3, state = "withdrawn", says = "Asked by mistake." }\n'
    text = COMMENT[: COMMENT.index("claim")] + claim
    (comment,) = parse_manifest(HEAD + text, "series.toml").comments
    assert comment.claim is not None
    assert comment.claim.state == "withdrawn"
