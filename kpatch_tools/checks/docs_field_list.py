# SPDX-License-Identifier: GPL-2.0-only
"""The field list of a section as a whole: where it stands, what is in it, and in which order."""

import itertools
from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import ApiDocument, Field, Section


def field_spacing(context: Context) -> Iterator[Hit]:
    """A field list that touches the title, or that a blank line cuts in two.

    Both are legal reStructuredText and show as they should; but the patch that adds a field to such a list,
    or the tool that reads it, sees two lists or none.

    Bad:  the underline, and :Capability: on the very next line
    Good: one blank line before the list, none in it, one after it
    Source: a blank line stands before and after all 218 field lists of api.rst 6.12. A list that touches
    what follows is a fault to the parser too, see docs/markup.
    """
    if context.profile is None:
        return
    document = context.document
    for section in document.sections:
        for fields in _lists(section, context.profile.fields, document):
            first = fields[0]
            if section.title.underline_line == first.line - 1:
                text = f"no blank line stands between the title and :{first.name}:"
                yield Hit(line=first.line, column=1, text=text, hint="put a blank line below the underline")
            for above, below in itertools.pairwise(fields):
                if not document.source(below.line - 1).strip():
                    text = f"a blank line stands between :{above.name}: and :{below.name}:"
                    yield Hit(line=below.line - 1, column=1, text=text, hint="remove the blank line")


def field_twice(context: Context) -> Iterator[Hit]:
    """A field that stands twice in one list.

    The second one is what a copied line leaves behind. A section that describes two capabilities has two
    lists with a blank line between.

    Bad:  :Type: vm ioctl, and again :Type: vcpu ioctl
    Good: :Type: vm ioctl, vcpu ioctl
    Source: none of the 218 field lists of api.rst 6.12 has a field twice; 4.37 has two lists.
    """
    if context.profile is None:
        return
    for section in context.document.sections:
        for fields in _lists(section, context.profile.fields, context.document):
            seen: dict[str, Field] = {}
            for field in fields:
                if field.name in seen:
                    text = f"the field :{field.name}: stands twice in the list"
                    other = seen[field.name]
                    yield Hit(line=field.line, column=1, text=text, hint="keep one", related=(other.line,))
                seen.setdefault(field.name, field)


def field_order(context: Context) -> Iterator[Hit]:
    """A field list in another order than that of the document. Counts in a change only.

    A reader who knows where :Type: stands finds it without reading.

    Bad:  :Type:, :Capability:, :Architectures:
    Good: :Capability:, :Architectures:, :Type:, :Parameters:, :Returns:
    Source: 130 of the 133 sections of chapter 4 of api.rst 6.12 have this order, the others lack a field
    or have two lists; of chapters 6 to 8 one has another.
    """
    if context.profile is None:
        return
    order = context.profile.fields
    for section in context.document.sections:
        for fields in _lists(section, order, context.document):
            names = list(dict.fromkeys(field.name for field in fields))
            right = sorted(names, key=order.index)
            if names != right:
                at = next(index for index, name in enumerate(names) if name != right[index])
                text = f"the field :{names[at]}: stands before :{right[at]}:"
                line = next(field.line for field in fields if field.name == names[at])
                hint = f"the order is {', '.join(f':{name}:' for name in right)}"
                yield Hit(line=line, column=1, text=text, hint=hint)


def field_obsolete(context: Context) -> Iterator[Hit]:
    """A field that older sections of its chapter have and new ones do not. Counts in a change only.

    In the chapters about capabilities the title already says what :Capability: repeats.

    Bad:  :Capability: KVM_CAP_X below the title 7.44 KVM_CAP_X
    Good: :Architectures: first
    Source: 12 of 88 sections of chapters 6 to 8 of api.rst 6.12 have it; 2f313018de0f and af339282e203
    took it out, none of 94 has it in 7.1.
    """
    if context.profile is None:
        return
    for section in context.document.sections:
        obsolete = context.profile.obsolete(section.title.number[0])
        for field in section.fields:
            if field.name in obsolete:
                chapter = section.title.number[0]
                text = f"the field :{field.name}: is no longer used in chapter {chapter}"
                yield Hit(line=field.line, column=1, text=text, hint="remove the line")


def _lists(section: Section, known: tuple[str, ...], document: ApiDocument) -> Iterator[list[Field]]:
    # A list ends where a line of text stands at the margin, and where a blank line comes before a name
    # that it has already.
    fields: list[Field] = []
    for field in section.fields:
        if field.name not in known:
            continue
        if fields:
            between = [document.source(line) for line in range(fields[-1].line + 1, field.line)]
            repeats = any(field.name == one.name for one in fields)
            blank = any(not text.strip() for text in between)
            if any(text.strip() and not text[0].isspace() for text in between) or (repeats and blank):
                yield fields
                fields = []
        fields.append(field)
    if fields:
        yield fields
