# SPDX-License-Identifier: GPL-2.0-only
"""Report -> one self-contained HTML page: no script, no request to anywhere, all text escaped."""

from functools import cache

import jinja2
from markupsafe import Markup

from kpatch_tools.model.report import Report
from kpatch_tools.render import per_patch
from kpatch_tools.render.escape import xml_text
from kpatch_tools.render.severity import STATUS_WORDS, by_weight, counted, summary


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("kpatch_tools.render", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A location is no text yet, and its path comes from a mail.
        finalize=lambda value: value if isinstance(value, Markup) else xml_text(str(value)),
    )
    return environment.get_template("report.html.j2")


def render(report: Report) -> str:
    """The page; readable without style sheets, on a phone and in dark mode."""
    return _template().render(
        report=report,
        verdict=report.verdict.value,
        words=STATUS_WORDS,
        by_weight=by_weight,
        counted=counted,
        summary=summary,
        per_patch=per_patch,
    )
