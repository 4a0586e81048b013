# SPDX-License-Identifier: GPL-2.0-only
"""The kinds of fault that patches to api.rst had, each as a way to put it in.

Each function gives every place of a document where its fault would be one. The classes are those of faults
mended upstream or caught in review between 2020 and 2025.
"""

import re
from collections.abc import Callable, Iterator

from kpatch_tools.checks.docs_code import titled
from kpatch_tools.checks.docs_structs import compared
from kpatch_tools.flow.docs import profiles
from tests.faults.page import NAME, Injected, Page, like

Kind = Callable[[Page], Iterator[Injected]]


def underline_short(page: Page) -> Iterator[Injected]:
    for section in page.sections:
        at = section.title.underline_line - 1
        yield page.put(at, 1, [page.lines[at][:-3]])


def underline_long(page: Page) -> Iterator[Injected]:
    for section in page.sections:
        at = section.title.underline_line - 1
        if len(page.lines[at]) == len(section.title.text):
            yield page.put(at, 1, [page.lines[at] + page.lines[at][0] * 4])


def number_twice(page: Page) -> Iterator[Injected]:
    for above, here in zip(page.sections, page.sections[1:], strict=False):
        if above.title.number[0] == here.title.number[0] and above.title.number < here.title.number:
            yield page.title(here, f"{above.title.label} {here.title.name}")


def number_order(page: Page) -> Iterator[Injected]:
    used = {section.title.number for section in page.document.sections}
    for above, here in zip(page.sections, page.sections[1:], strict=False):
        chapter, number = above.title.number
        free = [(chapter, low) for low in range(1, number) if (chapter, low) not in used]
        if free and here.title.number[0] == chapter:
            yield page.title(here, f"{chapter}.{free[-1][1]} {here.title.name}")


def title_no_underline(page: Page) -> Iterator[Injected]:
    for section in page.sections:
        yield page.put(section.title.line - 1, 2, [section.title.text])


def title_level(page: Page) -> Iterator[Injected]:
    for index, section in enumerate(page.sections):
        at = section.title.underline_line - 1
        yield page.put(at, 1, ["^=~"[index % 3] * len(page.lines[at])], near=(-1, 0))


def field_no_first_colon(page: Page) -> Iterator[Injected]:
    for _section, field in page.fields():
        yield page.put(field.line - 1, 1, [page.lines[field.line - 1][1:]])


def field_no_second_colon(page: Page) -> Iterator[Injected]:
    for _section, field in page.fields():
        yield page.swap(field.line, f":{field.name}:", f":{field.name}")


def field_missing(page: Page) -> Iterator[Injected]:
    profile = next(one for one in profiles() if one.name == "kvm-api")
    for section, field in page.fields():
        once = sum(one.name == field.name for one in section.fields) == 1
        if once and field.name in profile.required(section.title.number[0]):
            end = field.line
            while not page.blank(end) and page.lines[end][0].isspace():
                end += 1
            # The finding stands at the title.
            first = section.title.line - field.line
            yield page.put(field.line - 1, end - field.line + 1, [], near=(first, first))


def field_misspelt(page: Page) -> Iterator[Injected]:
    wrong = {"Architectures": "Architecture", "Capability": "Capabilities", "Returns": "Return"}
    for _section, field in page.fields():
        name = wrong.get(field.name, field.name[:2] + field.name[3:])
        yield page.swap(field.line, f":{field.name}:", f":{name}:")


def field_glued(page: Page) -> Iterator[Injected]:
    for section, field in page.fields():
        if field is section.fields[0] and field.line == section.title.underline_line + 2:
            yield page.put(field.line - 1, 0, ["This call is about one thing."], near=(1, 1))


def capability_wrong(page: Page) -> Iterator[Injected]:
    for section in page.sections:
        name = section.title.symbol
        if name.startswith("KVM_CAP_") and name in page.known:
            yield page.title(section, section.title.text.replace(name, page.misspelt(name)))
    for _section, field in page.fields("Capability"):
        match = NAME.search(page.lines[field.line - 1])
        if match and match[0] in page.known:
            yield page.swap(field.line, match[0], page.misspelt(match[0]))


def name_wrong(page: Page) -> Iterator[Injected]:
    for at, line in enumerate(page.lines):
        match = NAME.search(line)
        if match and page.plain(at) and match[0] in page.known and match[0].count("_") > 1:
            yield page.swap(at + 1, match[0], page.misspelt(match[0]))


def type_level(page: Page) -> Iterator[Injected]:
    other = {"vm ioctl": "vcpu ioctl", "vcpu ioctl": "vm ioctl", "system ioctl": "vm ioctl"}
    for section, field in page.fields("Type"):
        if field.value in other and section.title.number[0] == 4:
            levels = {one.level.value for name in titled(section) for one in page.facts.handled.get(name, ())}
            # What was wrong before may now be right.
            if field.value in levels:
                yield page.put(field.line - 1, 1, [f":Type: {other[field.value]}"])


def type_form(page: Page) -> Iterator[Injected]:
    for section, field in page.fields("Type"):
        if field.value.endswith(" ioctl") and section.title.number[0] == 4:
            yield page.put(field.line - 1, 1, [f":Type: {field.value.removesuffix(' ioctl')}"])


def section_reference(page: Page) -> Iterator[Injected]:
    for above, here in zip(page.sections, page.sections[1:], strict=False):
        at = here.fields[-1].line if here.fields else 0
        while at and not page.blank(at):
            at += 1
        if at and page.plain(at + 1):
            # Of another subject, and of none at all.
            number = above.title.label if here.title.number[1] % 2 else "4.777"
            new = ["", f"There is more about {here.title.symbol}, see section {number}."]
            yield page.put(at, 0, new, near=(1, 1))


def label_unknown(page: Page) -> Iterator[Injected]:
    for section in page.sections:
        at = section.fields[-1].line if section.fields else 0
        while at and not page.blank(at):
            at += 1
        if at:
            yield page.put(at, 0, ["", "More is said in :ref:`of_another_name`."], near=(1, 1))


def register_size(page: Page) -> Iterator[Injected]:
    row = re.compile(r"\s*0x[0-9a-f]{2}([0-9a-f])0 .*(?:\s(32|64|128|256)\s*$|\((\d+)-bit\))")
    for at, line in enumerate(page.lines):
        match = row.match(line)
        if match and 8 << int(match[1], 16) == int(match[2] or match[3]):
            start = match.start(1)
            digit = f"{int(match[1], 16) ^ 4:x}"
            yield page.put(at, 1, [line[:start] + digit + line[start + 1 :]])


def returns_struct(page: Page) -> Iterator[Injected]:
    structs = sorted(page.facts.structs)
    for section, field in page.fields("Returns"):
        taken = re.findall(
            r"struct (\w+)", " ".join(f.value for f in section.fields if f.name == "Parameters")
        )
        end = field.line
        while not page.blank(end):
            end += 1
        if taken and field is section.fields[-1]:
            new = f"         -EFAULT if struct {like(taken[0], structs)} cannot be read"
            yield page.put(end, 0, [new])


def parameters_struct(page: Page) -> Iterator[Injected]:
    structs = sorted(page.facts.structs)
    for section, field in page.fields("Parameters"):
        match = re.search(r"struct (\w+)", page.lines[field.line - 1])
        numbers = [page.facts.ioctls[name] for name in titled(section) if name in page.facts.ioctls]
        if match and any(one.argument == match[0] for one in numbers):
            yield page.swap(field.line, match[0], f"struct {like(match[1], structs)}")


def struct_member(page: Page) -> Iterator[Injected]:
    profile = next(one for one in profiles() if one.name == "kvm-api")
    for one in compared(page.document, page.facts, profile):
        lines = [member.line - 1 for member in one.struct.members if not member.members]
        whole = [at for at in lines if re.match(r"\s+[\w ]+\s\*?\w+(\[[\w ]*\])?;", page.lines[at])]
        if not one.found and len(one.struct.members) > 1 and whole:
            at = whole[len(whole) // 2]
            yield page.put(at, 1, [], near=(-5, 1))


def define_value(page: Page) -> Iterator[Injected]:
    for at, line in enumerate(page.lines):
        match = re.match(r"\s*#define\s+(KVM_\w+)\s+(.*?)(\d+)(\D*)$", line)
        if match and at in page.literal and page.facts.values.get(match[1]):
            yield page.put(at, 1, [line[: match.start(3)] + str(int(match[3]) + 1) + match[4]])


def single_backtick(page: Page) -> Iterator[Injected]:
    for at, line in enumerate(page.lines):
        match = re.search(r"(?<!`)``([\w.>-]+)``(?!`)", line)
        if match and at not in page.literal:
            yield page.swap(at + 1, match[0], f"`{match[1]}`")


def errno_wrong(page: Page) -> Iterator[Injected]:
    for section in page.document.sections:
        for row in section.errors:
            name = row.errno
            if name.startswith("E") and len(name) > 4:
                yield page.swap(row.line, name, name[:-2] + name[-1] + name[-2])


def errno_sign(page: Page) -> Iterator[Injected]:
    for section in page.document.sections:
        for row in section.errors:
            if row.errno.startswith("E") and f" {row.errno} " in page.lines[row.line - 1]:
                yield page.swap(row.line, f" {row.errno}", f"-{row.errno}")


def architectures_commas(page: Page) -> Iterator[Injected]:
    for _section, field in page.fields("Architectures"):
        if re.fullmatch(r"\w+(, \w+)+", field.value):
            yield page.swap(field.line, field.value, field.value.replace(",", ""))


def word_twice(page: Page) -> Iterator[Injected]:
    for at, line in enumerate(page.lines):
        if page.plain(at) and page.plain(at + 1) and page.indent(at) == page.indent(at + 1) == 0:
            last = line.split()[-1]
            if re.fullmatch(r"the|to|of|is|in|with|for", last):
                yield page.put(at + 1, 1, [f"{last} {page.lines[at + 1]}"])


def table_cell(page: Page) -> Iterator[Injected]:
    for table in page.document.tables:
        border = page.lines[table.line - 1].expandtabs().split()
        for row in table.rows[1:-1]:
            cell = row[0]
            line = page.lines[cell.line - 1].expandtabs()
            if cell.column and border and len(row) > 1 and row[1].column and " " not in cell.text:
                wide = cell.text + "_" + "X" * (len(border[0]) - len(cell.text) + 1)
                yield page.put(cell.line - 1, 1, [line.replace(cell.text, wide, 1).rstrip()], near=(0, 0))
