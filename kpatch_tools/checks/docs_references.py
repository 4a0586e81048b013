# SPDX-License-Identifier: GPL-2.0-only
"""References to sections by number, and to labels."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.checks.docs_text import Text, all_text, prose
from kpatch_tools.model.document import ApiDocument, Title
from kpatch_tools.model.finding import Severity

_NAME = re.compile(r"KVM_[A-Z0-9_]*[A-Z0-9]")
_NUMBER = r"(?P<number>\d{1,2}(?:\.\d{1,3})+)(?![\w.]*\d)"
_REFERENCE = re.compile(
    rf"""(?:[Ss]ee\s+(?:also\s+)?(?:[Ss]ections?\s+)?
      |(?:described|documented|defined|explained|listed|list)\s+in\s+(?:[Ss]ection\s+)?
      |[Ss]ections?\s+)
    ["'`(]*{_NUMBER}(?P<after>["'`(]*\s+["'`(]*KVM_[A-Z0-9_]*[A-Z0-9])?""",
    re.X,
)
_QUOTED = re.compile(rf"[\"'`]{_NUMBER}\s+(?P<after>KVM_[A-Z0-9_]*[A-Z0-9])")
_NAMED_BEFORE = re.compile(
    r"(KVM_[A-Z0-9_]*[A-Z0-9])[`'\"*)]*(?: (?:vm |vcpu |system )?(?:ioctl|call|capability))?"
    r" ?[,;(]* ?(?:(?:which )?(?:is|are) )?(?:please )?(?:also )?$"
)
_BEFORE = 80
_MAYBE = re.compile(r"\d\.\d")
_ROLES = re.compile(r":(?:[a-z+-]{1,20}:){1,3}`[^`]*`")

# Words of the sentence that say that the number is one of another work, and where a sentence ends.
_FOREIGN = re.compile(
    r"\b(?:ISA|SDM|APM|TLFS|RFC|Book|Volume|Vol|[Mm]anual|[Ss]pec(?:ification)?s?|[Ss]tandard|Reference|"
    r"Architecture|Programmer|ACPI|PCIe?|USB|PAPR|PSCI|SMCCC|[A-Z]{3}\d{4}[A-Z0-9.]*|DDI\s?\d+|DEN\s?\d+)\b"
)
_SENTENCE_END = re.compile(r"[.;:!?]\s+(?=[A-Z(])")
_WINDOW = 160

_ANY_ROLE = re.compile(r":ref:`")
_ROLE = re.compile(r":ref:`(?:[^`<]*<)?\s*(?P<label>[^`<>]+?)\s*>?`")
_LABEL = re.compile(r"^\s*\.\.\s+_(?:`([^`]+)`|((?:[^:\\\s]|\\.|:(?=\S)|[ ](?=\S))+)):(?:\s|$)")


@dataclass(frozen=True, slots=True)
class _Reference:
    """A number that means a section of this document, the subject named beside it, and where it stands."""

    number: tuple[int, ...]
    subject: str
    text: Text
    start: int

    @property
    def label(self) -> str:
        return ".".join(str(part) for part in self.number)


def same_subject(context: Context) -> Iterator[Hit]:
    """An ioctl or capability that has two sections.

    Two descriptions of one thing drift apart, and a reader finds one of them.

    Bad:  7.21 KVM_CAP_X86_USER_SPACE_MSR and 8.26 KVM_CAP_X86_USER_SPACE_MSR
    Good: one section, and a reference where the other one was
    Source: one pair in api.rst from 6.1 to 7.1, of 221 names in titles.
    """
    if context.profile is None:
        return
    for name, titles in _subjects(context.document).items():
        first, *others = titles
        for title in others:
            yield Hit(
                line=title.line,
                column=1,
                text=f"{name} has a section already, {first.label}",
                hint=f"keep one of {first.label} and {title.label}, and let the other refer to it",
                related=(first.line,),
                place="",
                key=name,
            )


def section_reference(context: Context) -> Iterator[Hit]:
    """A reference to a section number that does not exist or that belongs to another subject.

    Numbers move when series are rebased, and the reference stays.

    Bad:  KVM_CAP_DIRTY_LOG_RING, see section 8.3, where 8.3 is KVM_CAP_PPC_MMU_RADIX
    Good: KVM_CAP_DIRTY_LOG_RING, see section 8.29
    Source: api.rst 6.12 line 291, of 8 references by number; mended upstream by badd5372eccc. Numbers of
    other works ("Power ISA", "DDI0587") are none of ours.
    """
    by_number = _numbered(context.document)
    subjects = _subjects(context.document)
    for found in _references(context.document, by_number):
        line, column = found.text.position(context.document, found.start)
        titles = by_number.get(found.number, ())
        right = subjects.get(found.subject, ())
        hint = f"{found.subject} is section {right[0].label}" if right else ""
        if not titles:
            yield Hit(line=line, column=column, text=f"there is no section {found.label}", hint=hint)
        elif right and not any(found.subject in _names(title) for title in titles):
            text = f"section {found.label} is '{titles[0].name}', not {found.subject}"
            yield Hit(line=line, column=column, text=text, hint=hint)


def prefer_ref(context: Context) -> Iterator[Hit]:
    """An added reference to a section by its number, where a label would move with the section.

    Bad:  see section 4.37
    Good: a line ".. _enable-cap:" above the title, and :ref:`enable-cap` in the text
    Source: api.rst 6.12 has no :ref:, 7.1 has 11, and badd5372eccc replaced a number that led astray.
    Only for what a change adds.
    """
    by_number = _numbered(context.document)
    for found in _references(context.document, by_number):
        if found.number in by_number:
            line, column = found.text.position(context.document, found.start)
            yield Hit(
                line=line,
                column=column,
                text=f"'{found.label}' is a reference by number",
                hint="put a label above the title there (.. _name:) and write :ref:`name`",
            )


def unknown_label(context: Context) -> Iterator[Hit]:
    """An added :ref: whose label is not in this document.

    Labels of other documents are not looked up, so that this is a note, and asked of documents with a
    profile only; where this document has a label that is nearly the same, it is a warning.

    Bad:  :ref:`enable_cap` where the label is enable-cap
    Good: :ref:`enable-cap`
    Source: of 30 kinds of fault that were mended in api.rst, only a whole Sphinx build found this one.
    Only for what a change adds.
    """
    if context.profile is None:
        return
    labels = _labels(context.document)
    for text in prose(context.document, _ANY_ROLE):
        for match in _ROLE.finditer(text.without_code()):
            label = _folded(match["label"])
            # "folder/document:Title" is the form of autosectionlabel and names another document.
            if label in labels or "/" in label:
                continue
            close = difflib.get_close_matches(label, labels, n=1, cutoff=0.8)
            line, column = text.position(context.document, match.start())
            yield Hit(
                line=line,
                column=column,
                text=f"the label '{label}' is not in this document",
                hint=f"perhaps :ref:`{close[0]}`" if close else "look whether another document has it",
                severity=Severity.WARNING if close else None,
            )


def _references(
    document: ApiDocument, by_number: Mapping[tuple[int, ...], tuple[Title, ...]]
) -> Iterator[_Reference]:
    # Only where the chapter exists: a document without numbers refers to another work.
    chapters = {number[0] for number in by_number}
    deepest = max((len(number) for number in by_number), default=0)
    for text in all_text(document, _MAYBE) if by_number else ():
        written = _ROLES.sub(lambda match: "\x00" * len(match[0]), text.text)
        seen = set()
        for pattern in (_REFERENCE, _QUOTED):
            for match in pattern.finditer(written):
                number = tuple(int(part) for part in match["number"].split("."))
                start = match.start("number")
                if start in seen or number[0] not in chapters or len(number) > deepest:
                    continue
                seen.add(start)
                if not _FOREIGN.search(_sentence(written, match.start(), match.end())):
                    yield _Reference(number, _subject(written, match), text, start)


def _subject(text: str, match: re.Match[str]) -> str:
    # The name behind the number, or the one that the words before it are about.
    after = _NAME.search(match.groupdict().get("after") or "")
    if after:
        return after[0]
    words = text[max(0, match.start() - _BEFORE) : match.start()]
    before = _NAMED_BEFORE.search(re.sub(r"\s+", " ", words))
    return before[1] if before else ""


def _sentence(text: str, start: int, end: int) -> str:
    before = _SENTENCE_END.split(text[max(0, start - _WINDOW) : start])[-1]
    after = _SENTENCE_END.split(text[end : end + _WINDOW])[0]
    return before + text[start:end] + after


def _numbered(document: ApiDocument) -> dict[tuple[int, ...], tuple[Title, ...]]:
    found: dict[tuple[int, ...], list[Title]] = defaultdict(list)
    for title in document.titles:
        if len(title.number) > 1:
            found[title.number].append(title)
    return {number: tuple(titles) for number, titles in found.items()}


def _names(title: Title) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_NAME.findall(title.name)))


def _subjects(document: ApiDocument) -> dict[str, tuple[Title, ...]]:
    found: dict[str, list[Title]] = defaultdict(list)
    for title in document.titles:
        if len(title.number) > 1:
            for name in _names(title):
                found[name].append(title)
    return {name: tuple(titles) for name, titles in found.items()}


def _labels(document: ApiDocument) -> list[str]:
    matches = (_LABEL.match(line) for line in document.lines)
    return [_folded((match[1] or match[2]).replace("\\", "")) for match in matches if match]


def _folded(label: str) -> str:
    return " ".join(label.split()).casefold()
