# SPDX-License-Identifier: GPL-2.0-only
"""Report in, text out; pure, one format a module."""

from collections.abc import Callable

from kpatch_tools.model.report import Report
from kpatch_tools.render import html, json_v1, text

RENDERERS: dict[str, Callable[[Report], str]] = {
    "text": text.render,
    "json": json_v1.render,
    "html": html.render,
}
