# SPDX-License-Identifier: GPL-2.0-only
"""What the fields of an ioctl's section say, against the ioctl's number and the code that handles it."""

import re
from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import ApiDocument, Field, Section
from kpatch_tools.model.kernelfacts import FactIoctl, Handler, KernelFacts, Level
from kpatch_tools.model.profile import DocsProfile

_STRUCT = re.compile(r"\bstruct\s+(\w+)")
_IOCTL = re.compile(r"KVM_[A-Z0-9_()]+")
_OPTIONAL = re.compile(r"\(([A-Z0-9_]+)\)")
_WAY = re.compile(r"\((in|out|in\s*/\s*out|in and out|in,\s*out)\)\s*$")
_NOTHING = re.compile(r"none\.?", re.IGNORECASE)
_NUMBER_OF = {"in": "write", "out": "read", "in/out": "read-write"}
_MACRO = {"none": "_IO", "write": "_IOW", "read": "_IOR", "read-write": "_IOWR"}
_LONGEST_FIELD = 12


def parameters(context: Context) -> Iterator[Hit]:
    """A :Parameters: field that names another struct than the ioctl's number has.

    The number holds the size of the struct, so a program that passes the documented one gets ENOTTY or has
    too little memory written. For an added ioctl the direction must be that of the number, too.

    Bad:  :Parameters: none, for _IOWR(KVMIO, 0xd5, struct kvm_x)
    Good: :Parameters: struct kvm_x (in/out)
    Source: 104 of the 107 :Parameters: in api.rst 6.12 that can be compared name the struct of the number,
    and the other 3 are wrong. The direction of 14 old numbers is wrong in the header, so it counts for added
    ones only.
    """
    facts = context.facts
    if facts is None or context.profile is None:
        return
    for section in context.document.sections:
        known = _ioctls(section, facts)
        for field in _fields(section, "Parameters") if known else ():
            yield from _parameter(field, known, context)


def _parameter(field: Field, ioctls: tuple[FactIoctl, ...], context: Context) -> Iterator[Hit]:
    named = _STRUCT.findall(field.value)
    wanted = [ioctl for ioctl in ioctls if ioctl.argument.startswith("struct ")]
    structs = {ioctl.argument.removeprefix("struct ") for ioctl in wanted}
    if not wanted:
        return
    first = wanted[0]
    source = f"{first.path}:{first.line}"
    if named and not structs.intersection(named):
        text = f"':Parameters: struct {named[0]}', but {first.name} takes {first.argument}"
        line, column = _find(context.document, field, named[0])
        yield Hit(line=line, column=column, text=text, hint=f"write {first.argument} ({source})")
    elif _NOTHING.fullmatch(field.value):
        text = f"':Parameters: {field.value}', but {first.name} takes {first.argument}"
        line, column = _find(context.document, field, field.value)
        yield Hit(line=line, column=column, text=text, hint=f"write {first.argument} ({source})")
    elif named and _is_added(first, context):
        yield from _direction(field, first, context.document)


def _is_added(ioctl: FactIoctl, context: Context) -> bool:
    if context.before is None or context.facts_before is None:
        return False
    return ioctl.name not in context.facts_before.ioctls


def _direction(field: Field, ioctl: FactIoctl, document: ApiDocument) -> Iterator[Hit]:
    way = _WAY.search(field.value)
    if not way:
        return
    said = re.sub(r"\s*/\s*| and |,\s*", "/", way[1])
    if _NUMBER_OF[said] == ioctl.direction:
        return
    right = next((word for word, direction in _NUMBER_OF.items() if direction == ioctl.direction), "")
    text = f"'({way[1]})', but {ioctl.name} is an {_MACRO[ioctl.direction]} number"
    hint = f"write ({right}), or make it {_MACRO[_NUMBER_OF[said]]} ({ioctl.path}:{ioctl.line})"
    line, column = _find(document, field, way[0].strip())
    yield Hit(line=line, column=column, text=text, hint=hint)


def ioctl_type(context: Context) -> Iterator[Hit]:
    """A :Type: field that names other file descriptors than those whose handlers take the ioctl.

    On another descriptor the ioctl is ENOTTY, whatever the document says.

    Bad:  :Type: vm ioctl, where only kvm_arch_vcpu_ioctl has a case for it
    Good: :Type: vcpu ioctl
    Source: 126 of the 132 sections of api.rst 6.12 that can be compared agree, and the other 6 are wrong
    (aae7527ea91a mended two).
    """
    facts = context.facts
    if facts is None or context.profile is None:
        return
    for section in context.document.sections:
        handlers = _handlers(section, facts)
        fields = _fields(section, "Type")
        said = [level for field in fields for level in _levels(field.value)]
        if handlers and None not in said:
            yield from _wrong_type(context.document, fields, handlers, [one for one in said if one])


def _wrong_type(
    document: ApiDocument, fields: list[Field], handlers: tuple[Handler, ...], said: list[Level]
) -> Iterator[Hit]:
    actual = {handler.level for handler in handlers}
    missing = [level for level in Level if level in actual and level not in said]
    surplus = [level for level in dict.fromkeys(said) if level not in actual]
    if not said or not (missing or surplus):
        return
    names = ", ".join(level.value for level in missing)
    if missing:
        what = f"the code has it as {names}" + ("" if surplus else ", too")
    else:
        what = f"no code has it as {', '.join(level.value for level in surplus)}"
    right = ", ".join(level.value for level in (*dict.fromkeys(said), *missing) if level in actual)
    at = next((one for one in handlers if one.level in missing), handlers[0])
    line, column = _find(document, fields[0], fields[0].value.split(",")[0])
    yield Hit(
        line=line,
        column=column,
        text=f"':Type: {', '.join(field.value for field in fields)}', but {what}",
        hint=f"write :Type: {right} ({at.path}:{at.line})",
    )


def _levels(value: str) -> Iterator[Level | None]:
    # None stands for a word that names no descriptor: then nothing can be said.
    words = {level.value.removesuffix(" ioctl"): level for level in Level}
    for part in re.split(r"[,/]|\band\b", value):
        yield words.get(part.strip().removesuffix("ioctl").strip().casefold())


def architectures_in_code(context: Context) -> Iterator[Hit]:
    """An :Architectures: field that names others than those whose code handles the ioctl.

    It is how a reader learns on which machine an ioctl exists; a port that adds the ioctl forgets it.

    Bad:  :Architectures: x86, arm64, where arch/loongarch/kvm handles the ioctl, too
    Good: :Architectures: x86, arm64, loongarch
    Source: of the 96 sections of api.rst 6.12 whose ioctl is handled below arch/ only, 94 name just those;
    KVM_SET_ONE_REG and KVM_GET_ONE_REG have "all", and x86 has neither. An ioctl with a handler in virt/kvm
    is not compared: that one serves whom the configuration says.
    """
    facts, profile = context.facts, context.profile
    if facts is None or profile is None:
        return
    every = frozenset(one.arch for found in facts.handled.values() for one in found if one.arch)
    for section in context.document.sections:
        handlers = _handlers(section, facts)
        fields = _fields(section, "Architectures")
        if not handlers or len(fields) != 1 or not all(handler.arch for handler in handlers):
            continue
        field = fields[0]
        said = _architectures(field.value, section, profile, every)
        actual = {handler.arch for handler in handlers}
        if said is None or said == actual:
            continue
        yield _wrong_architectures(context.document, field, handlers, (said, every))


def _wrong_architectures(
    document: ApiDocument,
    field: Field,
    handlers: tuple[Handler, ...],
    sets: tuple[frozenset[str], frozenset[str]],
) -> Hit:
    said, every = sets
    actual = {handler.arch for handler in handlers}
    missing, surplus = sorted(actual - said), sorted(said - actual)
    parts = [f"arch/{arch}/kvm handles it" + ("" if surplus else ", too") for arch in missing]
    verb = "does" if missing else "handles it"
    parts += [f"nothing below arch/{arch}/kvm {verb}" for arch in surplus]
    at = next((one for one in handlers if one.arch in missing), handlers[0])
    others = sorted(every - actual)
    short = field.value.startswith("all") and len(others) < len(actual)
    right = f"all except {', '.join(others)}" if short else ", ".join(sorted(actual))
    hint = f"write {right} ({at.path}:{at.line})"
    line, column = _find(document, field, field.value.split(",")[0])
    text = f"':Architectures: {field.value}', but {' and '.join(parts)}"
    return Hit(line=line, column=column, text=text, hint=hint)


def _architectures(
    value: str, section: Section, profile: DocsProfile, every: frozenset[str]
) -> frozenset[str] | None:
    # The folders below arch/; None when a word is no architecture, which docs/field-value reports.
    vocabulary = profile.vocabulary("Architectures", section.title.number[0])
    other = dict(vocabulary.instead) if vocabulary else {}
    negative = bool(vocabulary and vocabulary.all_except and value.startswith(vocabulary.all_except))
    if vocabulary and negative:
        value = value.removeprefix(vocabulary.all_except)
    words = frozenset(other.get(word, word) for word in re.split(r"[,\s]+", value.strip()) if word)
    if words == {"all"}:
        return every
    if not words or not words <= every:
        return None
    return every - words if negative else words


def returns_struct(context: Context) -> Iterator[Hit]:
    """A struct in :Returns: that the ioctl does not take.

    It is left from the section that the text was copied from, and sends the reader to the wrong argument.

    Bad:  :Parameters: struct kvm_b (in), and -EFAULT in :Returns: for a struct kvm_a
    Good: the struct of :Parameters: in both
    Source: both of api.rst 6.12 are wrong (4.102, 4.103; a fix was sent in 2025).
    """
    if context.profile is None:
        return
    for section in context.document.sections:
        taken = {name for field in _fields(section, "Parameters") for name in _STRUCT.findall(field.value)}
        for field in _fields(section, "Returns") if taken else ():
            for name in dict.fromkeys(_STRUCT.findall(field.value)):
                if name not in taken:
                    line, column = _find(context.document, field, name)
                    right = f"struct {min(taken)}" if len(taken) == 1 else "one of those in :Parameters:"
                    text = f"struct {name} in :Returns: is not in :Parameters:"
                    yield Hit(line=line, column=column, text=text, hint=f"write {right}")


def _ioctls(section: Section, facts: KernelFacts) -> tuple[FactIoctl, ...]:
    return tuple(facts.ioctls[name] for name in titled(section) if name in facts.ioctls)


def _handlers(section: Section, facts: KernelFacts) -> tuple[Handler, ...]:
    names = [ioctl.name for ioctl in _ioctls(section, facts)]
    return tuple(handler for name in names for handler in facts.handled.get(name, ()))


def titled(section: Section) -> tuple[str, ...]:
    """The KVM_* names of a title; "KVM_(UN)DO_X" stands for KVM_UNDO_X and KVM_DO_X."""
    found: list[str] = []
    for name in _IOCTL.findall(section.title.name):
        short, whole = _OPTIONAL.sub("", name), _OPTIONAL.sub(r"\1", name)
        found += dict.fromkeys(one.strip("()") for one in (whole, short))
    return tuple(found)


def _fields(section: Section, name: str) -> list[Field]:
    return [field for field in section.fields if field.name == name]


def _find(document: ApiDocument, field: Field, text: str) -> tuple[int, int]:
    # The value may go on over several lines.
    start = len(field.name) + 2
    for line in range(field.line, min(field.line + _LONGEST_FIELD, len(document.lines) + 1)):
        found = document.source(line).find(text, start) if text else -1
        if found >= 0:
            return line, found + 1
        start = 0
    return field.line, 1
