# SPDX-License-Identifier: GPL-2.0-only
"""What a change adds to the interface and the document does not describe."""

import re
from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import ApiDocument, Field, Section
from kpatch_tools.model.kernelfacts import FactIoctl, KernelFacts

_CAP = re.compile(r"(?<!\w)KVM_CAP_\w+")
_EXIT = re.compile(r"KVM_EXIT_\w+")
_ANSWER = "add a case for it to kvm_vm_ioctl_check_extension()"
_OPTIONAL = re.compile(r"\(([A-Z]\w*)\)")


def coverage(context: Context) -> Iterator[Hit]:
    """An ioctl, a capability or an exit reason that the change adds and the document does not describe.

    An ioctl needs a section, and a capability by which a program finds out that it is there: the field
    :Capability: names one that the code answers for in KVM_CHECK_EXTENSION. Capabilities and exit reasons
    must be mentioned. What an older tree lacks is its debt and is not reported.

    Bad:  a series with #define KVM_MAP_MEMORY _IOWR(...) and no section of this name
    Bad:  :Capability: KVM_CAP_X, where no kvm_vm_ioctl_check_extension() has a case for it
    Good: a section with all fields in the patch that adds the number, or one before it
    Source: Documentation/virt/kvm/review-checklist.rst, item 3. Old debts of 6.12: 14 ioctls without a
    section, 37 capabilities and 10 exit reasons without a word.
    """
    facts, before = context.facts, context.facts_before
    if facts is None or before is None or context.profile is None:
        return
    told: set[str] = set()
    for name, ioctl in facts.ioctls.items():
        if name not in before.ioctls and not name.startswith("_"):
            for hit in _ioctl(ioctl, context.document, facts):
                told.add(hit.key)
                yield hit
    text = "\n".join(context.document.lines)
    for name in sorted(facts.uapi - before.uapi):
        is_cap = bool(_CAP.fullmatch(name))
        if not is_cap and not _EXIT.fullmatch(name):
            continue
        if not re.search(rf"(?<!\w){name}(?!\w)", text):
            what = "capability" if is_cap else "exit reason"
            note = f"the added {what} {name} is not in the document"
            yield _in_header(name, note, f"describe it in {context.profile.path}", facts)
        if is_cap and _unanswered(name, facts) and _key(name) not in told:
            yield _in_header(name, _silent(name), _ANSWER, facts, key=_key(name))


def not_enabled(context: Context) -> Iterator[Hit]:
    """A capability in a chapter about those that KVM_ENABLE_CAP enables, and no code enables it.

    A program that follows the chapter gets EINVAL; what is there without being asked for has another chapter.

    Bad:  7.36 KVM_CAP_X86_GUEST_MODE, which KVM_CHECK_EXTENSION knows and KVM_ENABLE_CAP does not
    Good: the section among the other capabilities (chapter 8)
    Source: 32 of the 36 capabilities of chapter 7 of api.rst 6.12 have a case in a function that enables
    them; the numbers of the other 4 are free in 7.1, which has them in chapter 8 (af339282e203).
    """
    facts, profile = context.facts, context.profile
    if facts is None or profile is None or not facts.checked:
        return
    for section in context.document.sections:
        name, chapter = section.title.symbol, section.title.number[0]
        wanted = chapter in profile.enabled_chapters and _CAP.fullmatch(name) and name in facts.uapi
        if wanted and name not in facts.handled:
            yield Hit(
                line=section.title.line,
                column=section.title.text.find(name) + 1,
                text=f"no code enables {name}, which is in a chapter about KVM_ENABLE_CAP",
                hint="move the section to the chapter of other capabilities",
            )


def _ioctl(ioctl: FactIoctl, document: ApiDocument, facts: KernelFacts) -> Iterator[Hit]:
    sections = [section for section in document.sections if _is_about(section, ioctl.name)]
    if not sections:
        text = f"the added ioctl {ioctl.name} has no section"
        yield _in_header(ioctl.name, text, f"add a section of the title {ioctl.name} with its fields", facts)
    for section in sections:
        for field in section.fields:
            if field.name == "Capability":
                yield from _discoverable(field, ioctl, facts)


def _discoverable(field: Field, ioctl: FactIoctl, facts: KernelFacts) -> Iterator[Hit]:
    capabilities = _CAP.findall(field.value)
    if not capabilities:
        yield Hit(
            line=field.line,
            column=1,
            text=f"the added {ioctl.name} has ':Capability: {field.value}', so no program can ask for it",
            hint="add a capability for it; basic is what every KVM has",
            key=f"discoverable {ioctl.name}",
        )
    for name in capabilities:
        if _unanswered(name, facts):
            yield Hit(line=field.line, column=1, text=_silent(name), hint=_ANSWER, key=_key(name))


def _is_about(section: Section, ioctl: str) -> bool:
    # KVM_(UN)REGISTER_X is the title of two.
    title = section.title.text
    both = _OPTIONAL.sub("", title) + " " + _OPTIONAL.sub(r"\1", title)
    return bool(re.search(rf"(?<!\w){ioctl}(?!\w)", both))


def _unanswered(name: str, facts: KernelFacts) -> bool:
    # Without the sources nothing is known of who answers; a name that is in no header has its own rule.
    return bool(facts.checked) and name in facts.uapi and name not in facts.checked


def _silent(name: str) -> str:
    return f"KVM_CHECK_EXTENSION answers for {name} nowhere"


def _key(name: str) -> str:
    return f"answer {name}"


def _in_header(name: str, text: str, hint: str, facts: KernelFacts, key: str = "") -> Hit:
    path, line = facts.defined.get(name, ("", 0))
    return Hit(path=path, line=line, text=text, hint=hint, key=key or f"added {name}", place="")
