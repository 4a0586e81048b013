# SPDX-License-Identifier: GPL-2.0-only
"""The pages of a documentation preview: self-contained, no script, no request to anywhere."""

import html
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import jinja2
from markupsafe import Markup

from kpatch_tools.model.preview import DiffPage, DiffRow, Fate, PreviewPage
from kpatch_tools.render.escape import html_text, xml_text
from kpatch_tools.render.severity import by_weight

_CONTEXT = 2
_HEADING = re.compile(
    r'<section id="([^"]+)">\s*(?:<span id="[^"]*"></span>)*<h\d>(.*?)<a class="headerlink"', re.S
)
_TAG = re.compile(r"<[^>]*>")
_TAGS = {"literal": "code", "emphasis": "em", "strong": "strong", "cite": "cite", "link": "u"}


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that belong together; folded when nothing changed in them."""

    folded: bool
    rows: tuple[DiffRow, ...]


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("kpatch_tools.render", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) else html_text(str(value)),
    )


def page(shown: PreviewPage) -> str:
    """The preview of one document: what changed and what Sphinx says on top, then Sphinx's own rendering."""
    anchors: dict[str, str] = {}
    for anchor, heading in _HEADING.findall(shown.body):
        anchors.setdefault(_flat(html.unescape(_TAG.sub("", heading))), html.unescape(anchor))
    return (
        _environment()
        .get_template("docs_page.html.j2")
        .render(
            shown=shown,
            sections=[(change, anchors.get(_flat(_plain(change.name)), "")) for change in shown.changes],
            findings=by_weight(shown.findings),
            # Sphinx escaped the body; raw HTML is off in it, and the page's policy forbids scripts.
            body=Markup(xml_text(shown.body)),  # noqa: S704 - see above
            style=Markup(xml_text(shown.style)),  # noqa: S704 - a style sheet with no "</" in it
        )
    )


def _flat(text: str) -> str:
    return " ".join(text.split())


def _plain(title: str) -> str:
    """A title as it is shown: without the marks of inline literals."""
    return title.replace("`", "")


def diff(shown: DiffPage) -> str:
    """The differences of one document, section by section, both sides beside each other."""
    return (
        _environment()
        .get_template("docs_diff.html.j2")
        .render(
            shown=shown,
            sections=[(section, tuple(_groups(section.rows))) for section in shown.sections],
            tags=_TAGS,
            Fate=Fate,
        )
    )


def _groups(rows: Sequence[DiffRow]) -> Iterator[_Group]:
    """Rows as they are, but of a stretch without change only the ends that stand beside one."""
    runs = [
        (same, tuple(run)) for same, run in itertools.groupby(rows, key=lambda row: row.fate is Fate.SAME)
    ]
    for at, (same, run) in enumerate(runs):
        head = _CONTEXT if at else 0
        tail = _CONTEXT if at + 1 < len(runs) else 0
        if not same or len(run) <= head + tail + 1:
            yield _Group(False, run)
            continue
        if head:
            yield _Group(False, run[:head])
        yield _Group(True, run[head : len(run) - tail])
        if tail:
            yield _Group(False, run[-tail:])
