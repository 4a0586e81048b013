# SPDX-License-Identifier: GPL-2.0-only
"""The documentation rules, and running them over a document or over a change of one."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from kpatch_tools.checks import docs_fields, docs_inline, docs_markup, docs_numbers, docs_titles
from kpatch_tools.checks.docs_diff import unchanged_lines
from kpatch_tools.checks.docs_rule import Context, Hit, Rule
from kpatch_tools.model.document import ApiDocument
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.kernelfacts import KernelFacts
from kpatch_tools.model.profile import DocsProfile
from kpatch_tools.parse.rst import parse_document

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "docs/markup": Rule(Severity.ERROR, docs_markup.markup),
        "docs/table": Rule(Severity.ERROR, docs_markup.table),
        "docs/underline-length": Rule(Severity.WARNING, docs_titles.underline_length),
        "docs/title-without-underline": Rule(Severity.ERROR, docs_titles.title_without_underline),
        "docs/section-number": Rule(Severity.ERROR, docs_numbers.section_number),
        "docs/field-missing": Rule(Severity.ERROR, docs_fields.field_missing),
        "docs/field-form": Rule(Severity.ERROR, docs_fields.field_form),
        "docs/field-value": Rule(Severity.WARNING, docs_fields.field_value),
        "docs/single-backtick": Rule(Severity.WARNING, docs_inline.single_backtick),
    }
)


@dataclass(frozen=True, slots=True)
class _Found:
    """A hit with what identifies it: the rule and the section's name, never a line number."""

    rule: str
    place: str
    hit: Hit

    @property
    def thing(self) -> tuple[str, str]:
        return self.rule, " ".join((self.hit.key or self.hit.text).split())

    @property
    def key(self) -> tuple[str, tuple[str, str]]:
        return self.place, self.thing


def check_all(
    text: str, path: str, profile: DocsProfile | None = None, facts: KernelFacts | None = None
) -> tuple[Finding, ...]:
    """Every finding in one version of a document, by line; ``path`` is relative to the kernel tree."""
    document = parse_document(text)
    return _findings(_run(Context(document=document, profile=profile, facts=facts)), path)


def check_change(  # noqa: PLR0913 - two versions, each with its tree's facts
    before: str,
    after: str,
    path: str,
    profile: DocsProfile | None = None,
    *,
    facts: KernelFacts | None = None,
    facts_before: KernelFacts | None = None,
) -> tuple[Finding, ...]:
    """The findings that a change brings, by line in ``after``; an empty ``before`` makes all of them new.

    A finding is old when one of the same rule and text stood in the section of the same name, each counted
    once and unchanged lines first, or when its line is unchanged and had it under another section's name
    (which was changed). Line numbers never count.
    """
    if before == after and facts == facts_before:
        return ()
    old, new = parse_document(before), parse_document(after)
    earlier = _run(Context(document=old, profile=profile, facts=facts_before))
    later = _run(Context(document=new, profile=profile, before=old, facts=facts, facts_before=facts_before))
    return _findings(_only_new(earlier, later, unchanged_lines(old.lines, new.lines)), path)


def _run(context: Context) -> list[_Found]:
    found = [
        _Found(name, _place(context.document, hit), hit)
        for name, rule in RULES.items()
        for hit in rule.check(context)
    ]
    return sorted(found, key=lambda one: (one.hit.line, one.hit.column, one.rule))


def _place(document: ApiDocument, hit: Hit) -> str:
    return document.place(hit.line) if hit.place is None else hit.place


def _only_new(earlier: list[_Found], later: list[_Found], same: Mapping[int, int]) -> list[_Found]:
    # Unchanged lines come first, so that of two `size` in a section the added one is reported; then text
    # that moved or was wrapped anew; last, lines that kept still while their section got another name.
    here: Sequence[Callable[[_Found], Hashable]] = (
        lambda one: (one.key, one.hit.line),
        lambda one: one.key,
        lambda one: (one.thing, one.hit.line),
    )
    there: Sequence[Callable[[_Found], Hashable]] = (
        lambda one: (one.key, same.get(one.hit.line, 0)),
        lambda one: one.key,
        lambda one: (one.thing, same.get(one.hit.line, 0)),
    )
    for old_mark, new_mark in zip(here, there, strict=True):
        earlier, later = _unpaired(earlier, later, old_mark, new_mark)
    return later


def _unpaired(
    earlier: list[_Found],
    later: list[_Found],
    old_mark: Callable[[_Found], Hashable],
    new_mark: Callable[[_Found], Hashable],
) -> tuple[list[_Found], list[_Found]]:
    # What is left of both when those of equal marks are taken out in pairs.
    waiting: dict[Hashable, list[_Found]] = defaultdict(list)
    for one in earlier:
        waiting[old_mark(one)].append(one)
    rest = []
    for one in later:
        if fellows := waiting.get(new_mark(one)):
            fellows.pop(0)
        else:
            rest.append(one)
    return [one for fellows in waiting.values() for one in fellows], rest


def _findings(found: list[_Found], path: str) -> tuple[Finding, ...]:
    return tuple(_each(found, path))


def _each(found: list[_Found], path: str) -> Iterator[Finding]:
    for one in found:
        hit = one.hit
        yield Finding(
            rule=one.rule,
            severity=hit.severity or RULES[one.rule].severity,
            message=f"{one.place}: {hit.text}" if one.place else hit.text,
            location=Location(path=path, line=hit.line, column=hit.column),
            related=tuple(Location(path=path, line=line) for line in hit.related),
            detail="\n".join(f"see {path}:{line}" for line in hit.related),
            hint=hit.hint,
        )
