# SPDX-License-Identifier: GPL-2.0-only
import re
from html.parser import HTMLParser

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.preview import DiffPage, DiffRow, Fate, PartChange, Piece, PreviewPage, SectionDiff
from kpatch_tools.parse.rst import parse_document
from kpatch_tools.parse.rst_parts import parts_of
from kpatch_tools.render import docs_preview

HOSTILE = "</style><script>alert(1)</script>\x1b\x00"
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Balanced(HTMLParser):
    """Fails on a tag that is closed wrongly, and keeps the names of all tags and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.targets: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.targets += [value for name, value in attrs if name in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(text: str) -> Balanced:
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []
    return parser


def change(title: str, fate: Fate = Fate.ADDED) -> PartChange:
    (part,) = parts_of(parse_document(f"{title}\n{'=' * len(title)}\n\ntext\n"))
    return PartChange(fate=fate, before=None, after=part)


def shown(**fields) -> PreviewPage:
    heading = '<h1>4.1 KVM_A &amp; <code>b</code><a class="headerlink" href="#x">P</a></h1>'
    values = {
        "path": "a.rst",
        "what": "what is new",
        "conf": "Sphinx 9",
        "tool": "kvet",
        "changes": (),
        "findings": (),
        "body": f'<section id="x">\n{heading}\n</section>',
        "style": "p { color: red; }",
        "diff": "",
        "whole": False,
        **fields,
    }
    return PreviewPage(**values)


def rows(*fates: Fate) -> tuple[DiffRow, ...]:
    words = (Piece("words ", "", False), Piece("x", "literal", True))
    sides = {
        Fate.ADDED: {"new": words, "new_line": 3},
        Fate.REMOVED: {"old": words, "old_line": 2},
    }
    both = {"old": words, "new": words, "old_line": 2, "new_line": 3}
    return tuple(DiffRow(fate=fate, kind="text", depth=0, **sides.get(fate, both)) for fate in fates)


def diff_of(section: SectionDiff) -> str:
    return docs_preview.diff(
        DiffPage(path="a.rst", what="new", tool="kvet", sections=(section,), page="a.html")
    )


def test_the_page_is_self_contained_and_links_its_sections():
    text = docs_preview.page(shown(changes=(change("4.1 KVM_A & ``b``"),), diff="a-diff.html"))
    parsed = read(text)
    assert parsed.targets == ["a-diff.html", "#x", "#x"]
    assert "script" not in parsed.seen
    assert "default-src 'none'" in text
    assert "Sphinx has nothing to say" in text


def test_all_but_sphinx_body_is_escaped():
    finding = Finding(
        rule="docs/sphinx", severity=Severity.ERROR, message=HOSTILE, detail=HOSTILE,
        location=Location(path=HOSTILE, line=3),
    )  # fmt: skip
    text = docs_preview.page(
        shown(
            path=HOSTILE,
            what=HOSTILE,
            conf=HOSTILE,
            changes=(change("<script>x</script>"),),
            findings=(finding,),
        )
    )
    assert "script" not in read(text).seen
    assert "\x1b" not in text
    assert "\x00" not in text


def test_findings_stand_with_their_places_errors_first():
    findings = [
        Finding(
            rule="docs/sphinx",
            severity=severity,
            message=f"m {severity}",
            location=Location(path="a.rst", line=7),
        )
        for severity in (Severity.WARNING, Severity.ERROR)
    ]
    text = docs_preview.page(shown(findings=tuple(findings)))
    assert text.index("m error") < text.index("m warning")
    assert "a.rst:7" in text


def test_a_changed_section_has_two_sides_and_folds_what_did_not_change():
    text = diff_of(
        SectionDiff(
            name="4.1", fate=Fate.CHANGED, rows=rows(*[Fate.SAME] * 9, Fate.CHANGED, *[Fate.SAME] * 2)
        )
    )
    read(text)
    assert "7 blocks without change" in text
    assert text.count('class="row same"') == 11
    assert "<del><code>x</code></del>" in text
    assert "<ins><code>x</code></ins>" in text


def test_an_added_section_has_one_side():
    text = diff_of(SectionDiff(name="4.1", fate=Fate.ADDED, rows=rows(Fate.ADDED)))
    read(text)
    assert 'class="section both"' not in text
    assert 'class="section"' in text


def test_an_empty_side_stands_where_the_other_has_a_block():
    text = diff_of(SectionDiff(name="4.1", fate=Fate.CHANGED, rows=rows(Fate.ADDED, Fate.REMOVED)))
    assert text.count('class="side none"') == 2


def test_the_words_of_a_diff_are_escaped_and_keep_their_blanks():
    piece = (Piece(f"  \t{HOSTILE}", "literal", True), Piece("", "cell", False))
    row = DiffRow(fate=Fate.ADDED, kind="literal", depth=0, new=piece, new_line=1)
    text = diff_of(SectionDiff(name=HOSTILE, fate=Fate.ADDED, rows=(row,)))
    assert "script" not in read(text).seen
    assert re.search(r"<ins><code>  \t&lt;/style&gt;", text)
    assert "prefers-color-scheme: dark" in text
