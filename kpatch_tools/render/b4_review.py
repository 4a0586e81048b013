# SPDX-License-Identifier: GPL-2.0-only
"""Findings -> the files of a b4 review directory, as `b4 review` takes them from an agent.

b4 0.16 reads .git/b4-review/<HEAD>/ (review/_review.py, _integrate_agent_reviews): identity.txt with a name
and an address, series.txt, and NNNN.txt a patch: a note, then the whole diff with "> " in front of each
line, and comments unquoted below the line that they are about. Nothing is sent by that: a comment stays
read-only until a maintainer adopts it. The words and their places are those of the reply mail.
"""

from kpatch_tools.model.report import Report
from kpatch_tools.model.series import Series
from kpatch_tools.parse.message import read_message
from kpatch_tools.parse.origins import Origins
from kpatch_tools.render import quote
from kpatch_tools.render.placing import Placed, placed
from kpatch_tools.render.remarked import remarked
from kpatch_tools.render.reply import closing, cover_text, tidy

IDENTITY = "kvet <kvet@localhost>"


def render(report: Report, series: Series, origins: Origins | None = None) -> dict[str, str]:
    """File name to text. A patch without findings has no file; notes are left out, as in a mail.

    A finding whose line the diff of its patch does not show stands in the note above that diff. ``origins``
    says where the lines of the tree come from; without it the patches are taken to apply where they say.
    """
    known = origins or Origins(series.patches)
    placing = placed(report, series, known)
    whole = tidy([*cover_text(report, placing), "", *closing(report, placing.untold)])
    files = {"identity.txt": f"{IDENTITY}\n", "series.txt": _text(whole)}
    for one in placing.patches:
        files[f"{one.patch.number:04}.txt"] = _text(_patch(one, known))
    return files


def _patch(one: Placed, origins: Origins) -> list[str]:
    words = remarked(one)
    raw = one.patch.diff.split("\n")
    last = {line.index for line in origins.lines(one.patch.number)}
    kept = {index: raw[index] for index in range(len(raw)) if index in last or raw[index].startswith("\\ ")}
    note = tidy([*words.above, "", *quote.message_part(read_message(one.patch).lines, words.message)])
    return [*note, *([""] if note else []), *quote.with_remarks(kept, words.diff)]


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
