# SPDX-License-Identifier: GPL-2.0-only
"""KVM's written rules about subjects, texts and tests; the values are the profile's."""

import fnmatch
import re
from collections.abc import Iterator

from kpatch_tools.checks.kvm_uapi import new_names
from kpatch_tools.checks.patch_rule import Hit, PatchContext, SeriesContext, matches
from kpatch_tools.model.rules import Rules
from kpatch_tools.parse.subject import read_subject

_IDENTIFIER = re.compile(r"(?<![\w./$@&%>*\"'`\[{-])([a-z]\w*_\w+)(?!\w)(?![./*-]\w)(?P<after>\(|\[)?")
_CALL = re.compile(r"(?<![\w.>])([a-z]\w*_\w+)\s*\(")
_NOT_CALLED = re.compile(r"(?<!\w)([a-z]\w*_\w+)(?!\w)(?!\s*\()")
_BEFORE = re.compile(
    r"\b(?:struct|enum|union|field|member|variable|parameter|param|module|macro|flag|file|test|tracepoint|"
    r"label|config|type|capability|directory|branch|lock|list|array|pointer)\s+$"
)
_AFTER = re.compile(
    r"^\s+(?:structs?|structures?|enum|union|fields?|members?|variables?|param(?:eter)?s?|module|flags?|files?|"
    r"tests?|tracepoints?|labels?|type|lock|list|array|pointer|bit|event|mutex|ops)\b"
)
_MAIN = re.compile(r"^\s*(?:int\s+)?(?:main\s*\(|KVM_ONE_VCPU_TEST_SUITE|TEST_HARNESS_MAIN)")
_FILE_TOPIC = re.compile(r"\.[ch]$|^arch/|^virt/|^include/")


def shortlog(context: PatchContext) -> Iterator[Hit]:
    """A subject that has not the form "KVM: topic: Summary".

    The prefix sorts mail and `git log`; names of topics are case sensitive, the summary begins with a
    capital and ends without a full stop. x86/kvm is for Linux as a guest. Whether a topic that is in no list
    is a good one is left to the reader.

    Bad:  kvm: vmx: fix a crash.
    Good: KVM: VMX: Fix a crash

    Source: Documentation/process/maintainer-kvm-x86.rst, "Shortlog".
    """
    rules, subject = context.profile, context.message.subject
    if rules is None or subject.startswith("Revert ") or not _ours(context, rules):
        return
    head, colon, rest = subject.partition(":")
    if not colon or head != rules.shortlog.prefix:
        yield _prefix(context, rules, head if colon else "")
        return
    topic, summary = _parted(rest.strip())
    if topic:
        yield from _topic(topic, rules)
    first = summary.split(" ", 1)[0]
    if first[:1].islower() and not re.search(r"[_()/.]|[A-Z]", first):
        yield Hit(text=f'the summary begins with a small letter: "{summary[:60]}"')
    if summary.endswith(".") and not summary.endswith("..."):
        yield Hit(text=f'the subject ends in a full stop: "{summary[-40:]}"')


def _parted(text: str) -> tuple[str, str]:
    """The first topic and the summary; between them there may be more topics ("arm64: vgic: ...")."""
    words = text.split(": ")
    count = next((at for at, word in enumerate(words[:-1]) if " " in word), len(words) - 1)
    return words[0] if count else "", ": ".join(words[count:])


def _ours(context: PatchContext, rules: Rules) -> bool:
    """A patch is KVM's when all it touches is; in a mixed one another prefix may be right."""
    paths = [path for change in context.patch.files for path in change.paths]
    inside = [path for path in paths if matches(path, rules.paths)]
    if any(matches(path, rules.shortlog.except_paths) for path in paths):
        return False
    named = context.message.subject.lower().startswith(rules.shortlog.prefix.lower())
    guest = all(matches(path, rules.shortlog.guest_paths) for path in paths)
    return bool(inside) and not guest and (named or len(inside) == len(paths))


def _prefix(context: PatchContext, rules: Rules, head: str) -> Hit:
    want = f'"{rules.shortlog.prefix}: topic: Summary"'
    if head.lower() == rules.shortlog.guest_prefix:
        return Hit(text=f'"{head}:" is the prefix of guest code, this patch changes the host', hint=want)
    shown = head or context.message.subject[:40]
    return Hit(text=f'the subject begins with "{shown}", not with "{rules.shortlog.prefix}:"', hint=want)


def _topic(topic: str, rules: Rules) -> Iterator[Hit]:
    known = {name.lower(): name for name in rules.shortlog.topics}
    if topic in rules.shortlog.topics:
        return
    if topic.lower() in known:
        yield Hit(text=f'the topic "{topic}" is written "{known[topic.lower()]}"')
    elif _FILE_TOPIC.search(topic):
        yield Hit(text=f'the topic "{topic}" is the name of a file', hint=", ".join(rules.shortlog.topics))


def function_name(context: PatchContext) -> Iterator[Hit]:
    """A function that is named in subject or text without its parentheses.

    name() tells a reader at once that a function is meant. Only names that the patch itself uses as
    functions, and as nothing else, are looked at; quoted and indented text is free.

    Bad:  Call kvm_mmu_reload before the fault.
    Good: Call kvm_mmu_reload() before the fault.

    Source: Documentation/process/maintainer-kvm-x86.rst, "Function References".
    """
    if context.profile is None:
        return
    code = "\n".join(line.text for line in context.lines if line.path.endswith((".c", ".h", ".S")))
    functions = set(_CALL.findall(code)) - set(_NOT_CALLED.findall(code))
    told: dict[str, str] = {}
    for number, line in ((0, context.message.subject), *context.message.prose):
        if line.startswith(("  ", "\t", ">")) or "://" in line:
            continue
        for found in _IDENTIFIER.finditer(line):
            named = found[1] in functions and not found["after"]
            if named and not _BEFORE.search(line[: found.start()]) and not _AFTER.match(line[found.end() :]):
                told.setdefault(found[1], f"message line {number}: {line}" if number else f"subject: {line}")
    for name, where in told.items():
        yield Hit(text=f"the function {name} is named without parentheses", hint=f"{name}()", detail=where)


def base_given(context: SeriesContext) -> Iterator[Hit]:
    """A series that does not record the commit it is based on.

    Without it a maintainer and every bot must guess where it applies.

    Bad:  git format-patch origin/next
    Good: git format-patch --base=origin/next origin/next

    Source: Documentation/process/maintainer-kvm-x86.rst, "Git Base".
    """
    if not context.series.base_commit:
        yield Hit(text="no base-commit is recorded", hint="git format-patch --base=COMMIT")


def feature_test(context: SeriesContext) -> Iterator[Hit]:
    """A series that adds an ioctl or a capability and no test that uses it.

    New features must come with tests. A series that is tagged RFC may come without.

    Bad:  a series that adds KVM_CAP_X and touches no selftest
    Good: its last patch adds a selftest that names KVM_CAP_X or the ioctl

    Source: Documentation/process/maintainer-kvm-x86.rst, "New Features".
    """
    new = [item for item in new_names(context) if item.kind != "exit"]
    mails = [mail for mail in (context.series.cover, *context.series.patches) if mail]
    if not new or any(b"RFC" in _subject(mail.raw) for mail in mails):
        return
    folder = context.profile.selftests.folder
    used = "\n".join(line.text for _patch, line in context.added(folder))
    if not any(re.search(rf"\b{re.escape(item.name)}\b", used) for item in new):
        names = ", ".join(item.name for item in new)
        yield Hit(
            text=f"no selftest of the series uses {names}",
            path=new[0].path,
            line=new[0].line,
            patch=new[0].patch,
            hint=f"bring a test below {folder}, or send the series as RFC",
        )


def selftest_registered(context: SeriesContext) -> Iterator[Hit]:
    """A new selftest that no Makefile builds, or whose program .gitignore does not cover.

    A test that is not in the Makefile is never run; a program that is not ignored gets committed.

    Bad:  a new x86_64/foo_test.c and no other change
    Good: TEST_GEN_PROGS_x86_64 += x86_64/foo_test, and /x86_64/foo_test in .gitignore

    Source: Documentation/process/maintainer-kvm-x86.rst, "New Features";
    Documentation/dev-tools/kselftest.rst, "Contributing new tests (details)".
    """
    tests = context.profile.selftests
    built = "\n".join(context.files.get(tests.folder + name, "") for name in tests.makefiles)
    ignored = context.files.get(tests.folder + tests.gitignore, "")
    for patch in context.series.patches:
        for change in patch.files:
            name = change.path.removeprefix(tests.folder)
            if change.status != "A" or name == change.path or not name.endswith(".c"):
                continue
            text = [line.text for line in context.lines[patch.number] if line.path == change.path]
            if matches(name, tests.libraries) or not any(_MAIN.match(line) for line in text):
                continue
            program = name.removesuffix(".c")
            # Since Linux 6.13 the folder of the architecture is a variable in front of the list.
            short = program.rpartition("/")[2]
            if not re.search(rf"(?:^|[\s/]){re.escape(short)}(?:\s|$)", built, re.MULTILINE):
                yield Hit(
                    text=f"{program} is in no Makefile, so nothing builds it",
                    path=change.path,
                    line=1,
                    patch=patch.number,
                    hint=f"TEST_GEN_PROGS_<arch> += {program} in {tests.folder}{tests.makefiles[0]}",
                )
            if not _ignored(program, ignored):
                yield Hit(
                    text=f"the program {program} is not in {tests.gitignore}",
                    path=change.path,
                    line=1,
                    patch=patch.number,
                    hint=f"/{program} in {tests.folder}{tests.gitignore}",
                )


def _ignored(program: str, gitignore: str) -> bool:
    """Whether a file is ignored: the last pattern that fits decides (gitignore(5), without ** inside)."""
    answer = False
    for raw in gitignore.splitlines():
        line = raw.rstrip()
        if not line or line.startswith("#") or line.endswith("/"):
            continue
        keep = line.startswith("!")
        pattern = line.removeprefix("!")
        whole = "/" in pattern
        subject = program if whole else program.rpartition("/")[2]
        if fnmatch.fnmatchcase(subject, pattern.removeprefix("/")):
            answer = not keep
    return answer


def _subject(raw: bytes) -> bytes:
    head = raw.partition(b"\n\n")[0]
    found = re.search(rb"^Subject:((?:.*)(?:\n[ \t].*)*)", head, re.MULTILINE | re.IGNORECASE)
    text = found[1].decode("utf-8", "replace") if found else ""
    tags = " ".join(text.split()).removesuffix(read_subject(text).text)
    return tags.encode()
