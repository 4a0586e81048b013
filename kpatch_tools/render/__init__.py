# SPDX-License-Identifier: GPL-2.0-only
"""Report in, text out; pure, one format a module."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kpatch_tools.model.report import Report
    from kpatch_tools.model.rulepage import RulePage


def _by(module: str) -> "Callable[[Report], str]":
    # A format's module is imported when a report is rendered: they take longer than a short command.
    def render(report: "Report") -> str:
        rendered: str = importlib.import_module(f"{__name__}.{module}").render(report)
        return rendered

    return render


RENDERERS: "dict[str, Callable[[Report], str]]" = {
    "text": _by("text"),
    "json": _by("json_v1"),
    "html": _by("html"),
    "markdown": _by("markdown"),
    "github": _by("github"),
    "junit": _by("junit"),
    "kcidb": _by("kcidb"),
}


def _sarif(report: "Report", pages: "Mapping[str, RulePage]") -> str:
    from kpatch_tools.render import sarif  # noqa: PLC0415 - as above

    return sarif.render(report, pages)


# These show the help pages of rules as well.
WITH_PAGES: "dict[str, Callable[[Report, Mapping[str, RulePage]], str]]" = {"sarif": _sarif}
# All that a report of findings can become: what a command offers that gives one.
FORMATS = (*RENDERERS, *WITH_PAGES)
