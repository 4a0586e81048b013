# SPDX-License-Identifier: GPL-2.0-only
"""The documentation rules, and running them over a document or over a change of one."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from kpatch_tools.checks import (
    docs_code,
    docs_coverage,
    docs_field_form,
    docs_field_list,
    docs_fields,
    docs_glued,
    docs_inline,
    docs_literal,
    docs_markup,
    docs_names,
    docs_numbers,
    docs_references,
    docs_structs,
    docs_switch,
    docs_tables,
    docs_title_form,
    docs_titles,
    docs_wording,
    docs_wording_errors,
    docs_wording_structs,
    docs_words,
)
from kpatch_tools.checks.docs_diff import unchanged_lines
from kpatch_tools.checks.docs_rule import Context, Hit, Rule
from kpatch_tools.checks.docs_window import window_of
from kpatch_tools.model.document import ApiDocument
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.kernelfacts import KernelFacts
from kpatch_tools.model.profile import DocsProfile
from kpatch_tools.parse.rst_change import Versions

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "docs/markup": Rule(Severity.ERROR, docs_markup.markup),
        "docs/table": Rule(Severity.ERROR, docs_markup.table, across=True),
        "docs/quoted-literal": Rule(Severity.WARNING, docs_literal.quoted_literal),
        "docs/literal-glued": Rule(Severity.NOTE, docs_literal.literal_glued),
        "docs/list-glued": Rule(Severity.WARNING, docs_literal.list_glued),
        "docs/list-in-term": Rule(Severity.NOTE, docs_glued.list_in_term, changes_only=True),
        "docs/table-glued": Rule(Severity.WARNING, docs_glued.table_glued),
        "docs/code-as-text": Rule(Severity.WARNING, docs_glued.code_as_text),
        "docs/item-term": Rule(Severity.WARNING, docs_glued.item_term),
        "docs/item-lost": Rule(Severity.WARNING, docs_glued.item_lost),
        "docs/underline-length": Rule(Severity.WARNING, docs_titles.underline_length),
        "docs/title-without-underline": Rule(Severity.ERROR, docs_titles.title_without_underline),
        "docs/title-mark": Rule(Severity.ERROR, docs_titles.title_mark, across=True),
        "docs/section-number": Rule(Severity.ERROR, docs_numbers.section_number, across=True),
        "docs/same-subject": Rule(Severity.NOTE, docs_references.same_subject, across=True),
        "docs/section-reference": Rule(Severity.ERROR, docs_references.section_reference, across=True),
        "docs/prefer-ref": Rule(Severity.NOTE, docs_references.prefer_ref, changes_only=True, across=True),
        "docs/unknown-label": Rule(
            Severity.NOTE, docs_references.unknown_label, changes_only=True, across=True
        ),
        "docs/field-missing": Rule(Severity.ERROR, docs_fields.field_missing),
        "docs/field-form": Rule(Severity.ERROR, docs_field_form.field_form),
        "docs/field-name": Rule(Severity.ERROR, docs_field_form.field_name),
        "docs/field-spacing": Rule(Severity.ERROR, docs_field_list.field_spacing),
        "docs/field-twice": Rule(Severity.ERROR, docs_field_list.field_twice),
        "docs/field-order": Rule(Severity.WARNING, docs_field_list.field_order, changes_only=True),
        "docs/field-obsolete": Rule(Severity.WARNING, docs_field_list.field_obsolete, changes_only=True),
        "docs/field-value": Rule(Severity.WARNING, docs_fields.field_value),
        "docs/field-remark": Rule(Severity.WARNING, docs_fields.field_remark, changes_only=True),
        "docs/field-synonym": Rule(Severity.NOTE, docs_fields.field_synonym, changes_only=True),
        "docs/title-form": Rule(Severity.NOTE, docs_title_form.title_form),
        "docs/single-backtick": Rule(Severity.WARNING, docs_inline.single_backtick),
        "docs/unclosed-literal": Rule(Severity.WARNING, docs_inline.unclosed_literal),
        "docs/repeated-word": Rule(Severity.NOTE, docs_words.repeated_word),
        "docs/errno-row": Rule(Severity.WARNING, docs_tables.errno_row),
        "docs/register-size": Rule(Severity.ERROR, docs_tables.register_size),
        docs_switch.OWN_RULE: Rule(Severity.WARNING, docs_switch.off_switch, across=True),
        "docs/unknown-name": Rule(Severity.ERROR, docs_names.unknown_name, needs_facts=True),
        "docs/capability-unknown": Rule(Severity.ERROR, docs_names.capability_unknown, needs_facts=True),
        "docs/coverage": Rule(
            Severity.ERROR, docs_coverage.coverage, changes_only=True, needs_facts=True, across=True
        ),
        "docs/not-enabled": Rule(Severity.WARNING, docs_coverage.not_enabled, needs_facts=True),
        "docs/struct-differs": Rule(Severity.WARNING, docs_structs.struct_differs, needs_facts=True),
        "docs/define-differs": Rule(Severity.ERROR, docs_structs.define_differs, needs_facts=True),
        "docs/parameters": Rule(Severity.ERROR, docs_code.parameters, needs_facts=True),
        "docs/ioctl-type": Rule(Severity.WARNING, docs_code.ioctl_type, needs_facts=True),
        "docs/architectures-in-code": Rule(
            Severity.WARNING, docs_code.architectures_in_code, needs_facts=True
        ),
        "docs/returns-struct": Rule(Severity.WARNING, docs_code.returns_struct),
        "docs/flag-count": Rule(Severity.WARNING, docs_wording_structs.flag_count),
        "docs/define-unnamed": Rule(Severity.NOTE, docs_wording_structs.define_unnamed, changes_only=True),
        "docs/must-be-zero": Rule(Severity.WARNING, docs_wording_structs.must_be_zero, changes_only=True),
        "docs/error-empty": Rule(Severity.WARNING, docs_wording_errors.error_empty),
        "docs/error-cause": Rule(Severity.WARNING, docs_wording_errors.error_cause, changes_only=True),
        "docs/partial-error": Rule(Severity.WARNING, docs_wording_errors.partial_error),
        "docs/partial-success": Rule(
            Severity.WARNING, docs_wording_errors.partial_success, changes_only=True
        ),
        "docs/architecture-contradiction": Rule(Severity.WARNING, docs_wording.architecture_contradiction),
        "docs/vendor-word": Rule(Severity.NOTE, docs_wording.vendor_word),
        "docs/member-name": Rule(Severity.NOTE, docs_wording.member_name, changes_only=True),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The findings, and how many more the text itself switches off (``.. kvet: off RULE``)."""

    findings: tuple[Finding, ...] = ()
    switched_off: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """A hit with what identifies it: the rule and the section's name, never a line number.

    ``off`` is set when the text switches the rule off there.
    """

    rule: str
    place: str
    hit: Hit
    off: bool = False

    @property
    def thing(self) -> tuple[str, str]:
        return self.rule, " ".join((self.hit.key or self.hit.text).split())

    @property
    def key(self) -> tuple[str, tuple[str, str]]:
        return self.place, self.thing


def judge_document(
    document: ApiDocument, path: str, profile: DocsProfile | None = None, facts: KernelFacts | None = None
) -> Judged:
    """Every finding in one version of a document, by line, and how many the text switches off.

    ``path`` is relative to the kernel tree.
    """
    return _judged(_run(Context(document=document, profile=profile, facts=facts), whole=True), path)


def judge_versions(
    versions: Versions,
    path: str,
    profile: DocsProfile | None = None,
    *,
    facts: KernelFacts | None = None,
    facts_before: KernelFacts | None = None,
) -> Judged:
    """The findings that a change brings, by line in the newer version, and how many of them are switched off.

    A finding is old when one of the same rule and text stood in the section of the same name, each counted
    once and unchanged lines first, or when its line is unchanged and had it under another section's name
    (which was changed). Line numbers never count. An empty older version makes all of them new.
    """
    old, new = versions.before, versions.after
    # What other facts say of a section may be new without a word of it being so.
    near = window_of(versions) if facts == facts_before else None
    then, now = (near.before, near.after) if near else (None, None)
    earlier = _run(Context(document=old, profile=profile, facts=facts_before), near=then)
    later = _run(
        Context(document=new, profile=profile, before=old, facts=facts, facts_before=facts_before), near=now
    )
    same = unchanged_lines(old.lines, new.lines)
    # A fault that was switched off and is so no more is new; one that stays so is not counted again.
    shown = _only_new([one for one in earlier if not one.off], [one for one in later if not one.off], same)
    hidden = _only_new(earlier, later, same) if any(one.off for one in later) else []
    return _judged(shown + [one for one in hidden if one.off], path)


def _run(context: Context, *, whole: bool = False, near: ApiDocument | None = None) -> list[_Found]:
    part = replace(context, document=near) if near else context
    off = docs_switch.switches(context.document)
    covered = docs_switch.Covered(off)
    found = [
        _Found(
            name,
            _place(context.document, hit),
            hit,
            not hit.path and covered.holds(name, hit.line),
        )
        for name, rule in RULES.items()
        if not (whole and rule.changes_only)
        for hit in rule.check(context if rule.across else part)
    ]
    found += [
        _Found(docs_switch.OWN_RULE, _place(context.document, hit), hit)
        for hit in _bad_switches(context, found, off, whole=whole)
    ]
    return sorted(found, key=lambda one: (one.hit.line, one.hit.column, one.rule))


def _bad_switches(
    context: Context, found: list[_Found], off: tuple[docs_switch.Switch, ...], *, whole: bool
) -> Iterator[Hit]:
    yield from docs_switch.unknown_rules(context.document, RULES)
    if whole and off:
        judged = {
            name
            for name, rule in RULES.items()
            if not rule.changes_only and (context.facts or not rule.needs_facts)
        }
        yield from docs_switch.idle([(one.rule, one.hit.line) for one in found], off, judged)


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


def _judged(found: list[_Found], path: str) -> Judged:
    shown = [one for one in found if not one.off]
    return Judged(findings=tuple(_each(shown, path)), switched_off=len(found) - len(shown))


def _each(found: list[_Found], path: str) -> Iterator[Finding]:
    for one in found:
        hit = one.hit
        yield Finding(
            rule=one.rule,
            severity=hit.severity or RULES[one.rule].severity,
            message=f"{one.place}: {hit.text}" if one.place else hit.text,
            location=Location(path=hit.path or path, line=hit.line, column=hit.column),
            related=tuple(Location(path=path, line=line) for line in hit.related),
            detail="\n".join(f"see {path}:{line}" for line in hit.related),
            hint=hit.hint,
        )
