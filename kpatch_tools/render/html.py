# SPDX-License-Identifier: GPL-2.0-only
"""Report -> one self-contained HTML page: no script, no request to anywhere, all text escaped.

The page's own style is named by its digest in the policy, so that not even a style of hostile text would
count. Findings are filtered by radio buttons that the style looks at (:has), which needs no script.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from kpatch_tools.model.excerpt import Excerpt, Source
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Report
from kpatch_tools.render import conformance, evidence, outline, per_patch, told
from kpatch_tools.render.alike import again, grouped, places
from kpatch_tools.render.escape import html_text, uri_path
from kpatch_tools.render.severity import PLURAL, STATUS_WORDS, counted

_IDS = {Severity.ERROR: "blocks", Severity.WARNING: "mend", Severity.NOTE: "nice"}
_NAMES = {
    Source.TREE: "",
    Source.MESSAGE: "message of ",
    Source.CONTRACT: "the case in the contract, ",
    Source.PROGRAM: "the generated test, ",
    Source.OUTPUT: "what it printed",
    Source.CONSOLE: "the console",
}
_IN_FOLDER = frozenset({Source.PROGRAM, Source.OUTPUT, Source.CONSOLE})


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("kpatch_tools.render", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A location is no text yet, and its path comes from a mail.
        finalize=lambda value: value if isinstance(value, Markup) else html_text(str(value)),
    )


def render(report: Report) -> str:
    """The page; readable without style sheets, on a phone, in dark mode and on paper."""
    environment = _environment()
    kinds, patches = outline.per_kind(report), outline.per_patch(report)
    cases = _cases(report.checks)
    anchors = {case: f"case-{at}" for at, case in enumerate(cases)}
    filters = _filters(report, kinds, patches)
    style = _style(filters)
    link = _linker(report.folder)
    template = environment.get_template("report.html.j2")
    return template.render(
        report=report,
        verdict=report.verdict.value,
        style=Markup(style),  # noqa: S704 - ours, and of names that we made
        digest=_digest(style),
        words=STATUS_WORDS,
        plurals=[PLURAL[severity] for severity in outline.PARTS],
        parts=[_part(report, severity) for severity in outline.PARTS],
        filters=filters,
        kinds=kinds,
        patches=patches,
        skipped=outline.skipped(report),
        unprotected=outline.UNPROTECTED,
        debts=outline.debts(report),
        since=report.since,
        told_summary=told.summary(report.told) if report.told else "",
        cases=cases,
        anchors=anchors,
        link=link,
        link_to=lambda one: link(one.path) if one.source in _IN_FOLDER else "",
        classes=_classes(kinds),
        named=lambda finding: [case for case in map(_bare, finding.cases) if case in anchors],
        caption=_caption,
        numbered=_numbered,
        counted=counted,
        came_to=lambda check: outline.came_to(report, check),
        evidence=evidence,
        again=again,
        others=places,
        laid=conformance.layout,
        outline=outline,
        conformance=conformance,
        per_patch=per_patch,
    )


def _part(report: Report, severity: Severity) -> dict[str, Any]:
    findings = outline.part(report, severity)
    return {
        "id": _IDS[severity],
        "title": outline.title(report, severity),
        "findings": findings,
        "groups": grouped(findings),
        "silent": outline.silent(report) if severity is Severity.ERROR else (),
    }


def _filters(
    report: Report, kinds: tuple[outline.Count, ...], patches: tuple[outline.Count, ...]
) -> list[dict[str, Any]]:
    """What to choose from, where there is a choice; each option's key is the class of its findings."""
    weights = [
        {"key": severity.value, "name": PLURAL[severity], "count": len(own), "title": ""}
        for severity in outline.PARTS
        if (own := outline.part(report, severity))
    ]
    found: list[dict[str, Any]] = [{"key": "weight", "name": "weight", "options": weights}]
    for key, counts in (("patch", patches), ("kind", kinds)):
        options = [
            {
                "key": count.key,
                "name": count.name.partition(":")[0],
                "count": sum(count.numbers.values()),
                "title": count.name,
            }
            for count in counts
        ]
        found.append({"key": key, "name": key, "options": options})
    return [one for one in found if len(one["options"]) > 1]


def _style(filters: Iterable[Mapping[str, Any]]) -> str:
    # :has() of the small element: of the body a browser would ask it again for each element that it reads.
    rules = [
        f".filter:has(#only-{option['key']}:checked) ~ section .finding:not(.{option['key']})"
        " { display: none; }\n"
        for one in filters
        for option in one["options"]
    ]
    source = _environment().loader
    assert source is not None
    css, _path, _fresh = source.get_source(_environment(), "report.css")
    return f"\n{css}{''.join(rules)}"


def _digest(style: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"


def _classes(kinds: Iterable[outline.Count]) -> Callable[[Finding], str]:
    keys = {count.name: count.key for count in kinds}
    return lambda finding: f"patch-{outline.patch_of(finding)} {keys[outline.kind_of(finding)]}"


def _cases(checks: Iterable[CheckResult]) -> dict[str, list[Excerpt]]:
    """The excerpts of each test case, under its name; of all stages together."""
    found: dict[str, list[Excerpt]] = {}
    for check in checks:
        for one in check.excerpts:
            found.setdefault(one.case, []).append(one)
    return found


def _bare(case: str) -> str:
    return case.rpartition(".")[2]


def _linker(folder: str) -> Callable[[str], str]:
    """The address of a file of the run's folder for a page that lies in it, "" for a file elsewhere."""

    def link(path: str) -> str:
        if path.startswith("/"):
            below = path.removeprefix(f"{folder}/")
            path = below if folder and below != path else ""
        leads_out = ".." in path.split("/")
        return f"./{uri_path(path)}" if folder and path and not leads_out else ""

    return link


def _caption(one: Excerpt) -> str:
    last = one.line + len(one.lines) - 1
    where = one.path if one.source not in (Source.OUTPUT, Source.CONSOLE) else ""
    name = f"{_NAMES[one.source]}{where}"
    mode = f" in mode {one.mode}" if one.mode else ""
    return f"{name}{mode}, lines {one.line} to {last}" if last > one.line else f"{name}{mode}, line {last}"


def _numbered(one: Excerpt) -> Markup:
    """The lines beside their numbers, the one that they are about marked.

    All numbers are one element: an element a line is what a browser spends most of its time on.
    """
    numbers = "\n".join(str(number) for number in range(one.line, one.line + len(one.lines)))
    rows = []
    for number, text in enumerate(one.lines, one.line):
        shown = escape(html_text(text.replace("\n", " ")))
        rows.append(f"<mark>{shown}</mark>" if number == one.mark else shown)
    lines = "\n".join(rows)
    return Markup(f'<pre aria-hidden="true">{numbers}</pre><pre tabindex="0">{lines}</pre>')  # noqa: S704 - escaped above
