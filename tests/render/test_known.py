# SPDX-License-Identifier: GPL-2.0-only
import json
from dataclasses import replace

import jsonschema

from kpatch_tools.model.comparison import Comparison
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.known import Claim, KnownAnswer, KnownComment, Outcome, Proved, State
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.series import Patch, Person, Series
from kpatch_tools.model.told import Gone, Since
from kpatch_tools.render import comparison as render
from kpatch_tools.render import comparison_json, known

HOSTILE = "\x1b]0;owned\x07\u202ea.c:12: error: x"
LONG = "so " * 60


def series(version: int) -> Series:
    one = Patch(
        number=1, subject="KVM: " + "long " * 30, author=Person(name="a", email="a@b"), date="",
        message_id="", body="", diff="", files=(), raw=b"", source="x",
    )  # fmt: skip
    return Series(name="topic", version=version, total=1, cover=None, patches=(one,))


def comment(name: str, claim: Claim | None = None, *, file: str = "mm/a.c", patch: int = 1) -> KnownComment:
    return KnownComment(
        id=name, version=2, patch=patch, by=f"R{HOSTILE}", asks=f"Do it. {LONG}", file=file,
        anchor=f"frob(){HOSTILE}", claim=claim,
    )  # fmt: skip


def answer(
    name: str, state: State, *proofs: Proved, claim: Claim | None = None, **more: object
) -> KnownAnswer:
    return KnownAnswer(comment=comment(name, claim, **more), state=state, proofs=proofs)  # type: ignore[arg-type]


ONE = Claim(version=3, says=f"Done{HOSTILE} {LONG}", patches=(1,))
KNOWN = (
    answer("yes", State.ANSWERED, Proved(outcome=Outcome.HOLDS, words=f"seen {HOSTILE} {LONG}"), claim=ONE),
    answer("no", State.STILL, Proved(outcome=Outcome.FAILS, words="it stands"),
           claim=Claim(version=3, says="Done.", patches=(1, 2))),
    answer("claimed", State.UNPROVEN, claim=ONE, file=""),
    answer("silent", State.UNPROVEN, patch=0, file=""),
    answer("lacks", State.UNPROVEN, Proved(outcome=Outcome.UNKNOWN, words="no report")),
    answer("taken-back", State.WITHDRAWN, claim=Claim(version=3, says="A mistake.", state="withdrawn")),
)  # fmt: skip
FINDING = Finding(
    rule="docs/x",
    severity=Severity.ERROR,
    message=f"it is {HOSTILE}",
    location=Location(path="d/a.rst", line=1),
)
REPORT = Report(
    tool="kvet",
    checks=(
        CheckResult(
            check="docs",
            status=Status.FAIL,
            findings=(replace(FINDING, told=2), replace(FINDING, message="fresh")),
        ),
    ),
    since=Since(
        version=2,
        sources=("old.json",),
        answered=(Gone(finding=replace(FINDING, message="mended"), check="docs"),),
        unproven=(Gone(finding=replace(FINDING, message="who knows"), check="tests", reason="tests: none"),),
    ),
)
WHOLE = Comparison(
    old=series(2), new=series(3), pairs=(), files=(), method="text", known=KNOWN, report=REPORT
)


def shown() -> list[str]:
    return render.text(WHOLE).split("\n")


def test_what_is_open_stands_first() -> None:
    text = shown()
    assert "6 known comments on v2: 1 answered, 1 still there, 3 not proven, 1 withdrawn" in text
    states = [line[2:14].strip() for line in text if line.startswith("  ") and "Do it." in line]
    assert states == ["still there", "not proven", "not proven", "not proven", "answered", "withdrawn"]
    assert text[2:4] == [
        "  comments  1 answered, 1 still there, 3 not proven, 1 withdrawn",
        "  findings  1 answered, 1 still there, 1 new, 1 not proven",
    ]


def test_each_says_who_where_what_is_claimed_and_what_shows_it() -> None:
    text = " ".join(" ".join(shown()).split())
    for words in (
        "on patch 1, mm/a.c: frob()",
        "on cover letter, the message: frob()",
        "v3, patch 1: Done",
        "v3, patches 1, 2: Done.",
        "v3: A mistake.",
        "proof seen",
        "no it stands",
        "open no report",
        "open only claimed: nothing shows it",
        "open nobody claims an answer",
        "[taken-back]",
    ):
        assert words in text
    assert text.count("open ") == 3


def test_findings_of_both_reports_are_divided() -> None:
    text = shown()
    at = text.index("since v2: 1 answered, 1 still there, 1 new, 1 not proven")
    assert [line[:14].strip() for line in text[at + 1 :] if line] == [
        "told in", "answered", "not proven", "", "still there", "new",
    ]  # fmt: skip


def test_it_fits_and_is_harmless() -> None:
    text = shown()
    assert max(map(len, text)) <= render.WIDTH
    assert all(char.isprintable() and char != "\u202e" for line in text for char in line)
    assert "\\x1b]0;owned" in "".join(text)


def test_nothing_is_said_where_nothing_is_known() -> None:
    bare = replace(WHOLE, known=None, report=None)
    assert known.comments(bare) == known.comments(replace(bare, known=())) == known.findings(bare) == []
    assert "comments" not in render.text(bare)
    assert "findings" not in render.text(bare)


def test_whether_a_comment_is_open() -> None:
    for item in KNOWN:
        one = replace(WHOLE, known=(item,))
        assert one.is_open is (item.state in (State.STILL, State.UNPROVEN))
    assert not replace(WHOLE, known=None).is_open


def test_json_fits_its_schema() -> None:
    document = json.loads(comparison_json.as_json(WHOLE, tool="kvet"))
    jsonschema.validate(document, comparison_json.json_schema())
    assert [item["state"] for item in document["known_comments"]] == [item.state.value for item in KNOWN]
    assert document["known_comments"][0]["claim"]["patches"] == [1]
    assert document["known_comments"][1]["proofs"] == [{"outcome": "fails", "words": "it stands"}]
    found = document["findings"]
    assert [item["finding"]["message"] for item in found["answered"]] == ["mended"]
    assert [item["message"] for item in found["new"]] == ["fresh"]
    assert [item["told"] for item in found["still"]] == [2]
    assert found["unproven"][0]["reason"] == "tests: none"
    bare = json.loads(comparison_json.as_json(replace(WHOLE, known=None, report=None), tool="kvet"))
    assert (bare["known_comments"], bare["findings"]) == (None, None)
