# SPDX-License-Identifier: GPL-2.0-only
"""Report in, text out; pure, one format a module."""

from collections.abc import Callable

from kpatch_tools.model.report import Report
from kpatch_tools.render import json_v1, text


def _html(report: Report) -> str:
    from kpatch_tools.render import html  # noqa: PLC0415 - Jinja2 is a third of the start of every command

    return html.render(report)


RENDERERS: dict[str, Callable[[Report], str]] = {
    "text": text.render,
    "json": json_v1.render,
    "html": _html,
}
