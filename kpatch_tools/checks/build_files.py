# SPDX-License-Identifier: GPL-2.0-only
"""Rules about what a patch adds to files that run where the kernel is built.

The sandbox is what protects the machine; these rules name, with patch and line, what somebody who reads the
series will want to see first. Whoever hides a command well enough gets past them, and then meets the sandbox.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import PurePosixPath

from kpatch_tools.checks.patch_rule import Hit, PatchContext
from kpatch_tools.parse.patch_lines import DiffLine

_SHOWN = 100
# What is longer is told as such: nobody reads it, and patterns take their time over it.
_LONGEST = 4_000


class Kind(Enum):
    """What reads a line."""

    MAKE = auto()
    KCONFIG = auto()
    SHELL = auto()
    PYTHON = auto()
    PERL = auto()
    HOST_C = auto()
    KERNEL_C = auto()


_COMMANDS = frozenset({Kind.MAKE, Kind.KCONFIG, Kind.SHELL})
_SUFFIXES = {
    ".sh": Kind.SHELL, ".py": Kind.PYTHON, ".pl": Kind.PERL, ".pm": Kind.PERL, ".mk": Kind.MAKE,
    ".c": Kind.KERNEL_C, ".h": Kind.KERNEL_C, ".S": Kind.KERNEL_C,
}  # fmt: skip
_MAKEFILE = re.compile(r"(?:GNUm|[Mm])akefile(?:[._-].*)?|Kbuild(?:\..*)?")
# Of these folders a build runs the programs; other scripts of tools/ and samples/ are run by hand.
_RUN = ("scripts/", "Documentation/conf.py", "Documentation/sphinx/", "tools/build/", "tools/scripts/",
        "tools/docs/", "tools/lib/python/")  # fmt: skip
_APART = ("tools/", "samples/", "Documentation/")
_HASH = re.compile(r"\s*#(?!!)")
_C_COMMENT = re.compile(r"\s*(?:/?\*|//)")

_TAKES_IN = re.compile(r"^\s*#\s*(?:include|embed)\b|\.incbin\b")
_CLIMBS = re.compile(r"(?:(?<![\w.*})/])|(?<=\$\(CURDIR\)/)|(?<=\$\(PWD\)/))(?:\./)*((?:\.\./)+)")
# Where a shell, or make's $(shell ...), begins a command.
_START = r"(?:^\s*[@+-]*\s*|[;&|(`!]\s*|\$\(shell\s+|\b(?:then|do|else|exec|sudo|env|xargs)\s+)"


@dataclass(frozen=True, slots=True)
class _Sign:
    """A pattern, the readers for which it means something, and what it does."""

    pattern: re.Pattern[str]
    kinds: frozenset[Kind]
    says: str


def _sign(pattern: str, says: str, *kinds: Kind) -> _Sign:
    return _Sign(re.compile(pattern), frozenset(kinds) or _COMMANDS, says)


_SCRIPTS = (*_COMMANDS, Kind.PYTHON, Kind.PERL)
_NETWORK = (
    _sign(r"/dev/(?P<what>tcp|udp)/", "opens a connection with the shell's /dev/{what}", *_SCRIPTS),
    _sign(
        _START + r"(?P<what>curl|wget|aria2c|nc|ncat|netcat|socat|telnet|ssh|scp|sftp|ftp|dig|nslookup|"
        r"rsync(?=\s[^;|&]*\w:[\w/~])|"
        r"git\s+(?:clone|fetch|pull|ls-remote|push)|(?:pip3?|cargo|npm|apt-get|apt|dnf)\s+install)(?=\s)",
        "runs {what}, which reaches other machines",
    ),
    _sign(
        r"^\s*(?:import|from)\s+(?P<what>socket|ssl|urllib|requests|http\.client|ftplib|smtp\w+|xmlrpc|asyncio)\b"
        r"|__import__\(\s*['\"](?P<hidden>socket|urllib|requests)",
        "loads {what}, which reaches other machines", Kind.PYTHON,
    ),
    _sign(
        r"\b(?:use|require)\s+(?P<what>IO::Socket|Socket\b|LWP\b|LWP::|Net::|HTTP::Tiny)",
        "loads {what}, which reaches other machines", Kind.PERL,
    ),
    _sign(
        r"\b(?P<what>socket|getaddrinfo|gethostbyname)\s*\(",
        "calls {what}() in a program that the build runs", Kind.HOST_C,
    ),
)  # fmt: skip
_SECRET = (
    _sign(r"\$[({]?(?P<what>HOME)\b", "reads ${what}", Kind.MAKE, Kind.SHELL, Kind.KCONFIG),
    _sign(r"^(?!\s*@?echo\s[^|>`]*$).*?(?:^|[\s\"'=(:<>])(?P<what>~\w*/)", "names {what}, a home folder"),
    _sign(
        r"(?P<what>\bexpanduser\(|\bPath\.home\(|\bgetpwuid\(|\bgetpwnam\(|\benviron\b.{0,6}\bHOME\b|"
        r"\bgetenv\(\s*['\"]HOME\b|\$ENV\{['\"]?HOME\b)",
        "asks for the home folder", Kind.PYTHON, Kind.PERL, Kind.HOST_C,
    ),
    _sign(
        r"(?P<what>(?<![\w.$})-])/(?:root|home/\w+)/|\.ssh/|\bid_(?:rsa|ed25519|ecdsa)\b|\.gnupg\b|\.netrc\b|"
        r"\.aws/|\.git-credentials\b|\bSSH_AUTH_SOCK\b|(?<![\w.])/etc/(?:passwd|shadow|ssh)\b|"
        r"\bdocker\.sock\b)",
        "names {what}, where secrets are kept", *_SCRIPTS, Kind.HOST_C,
    ),
)  # fmt: skip
_OUTSIDE = (
    _sign(
        r"(?<![-=<])>{1,2}\s*[\"']?(?P<what>/(?!dev/(?:null|stdout|stderr|tty|tcp/|udp/|fd/))[\w.][^\s\"';)]*)",
        "writes to {what}, outside of the tree", Kind.MAKE, Kind.SHELL,
    ),
    _sign(
        r"(?P<what>\$[({](?:srctree|objtree|abs_srctree|abs_objtree)[)}]/\.\.(?:/[^\s\"';)]*)?)",
        "names {what}, outside of the tree", Kind.MAKE, Kind.SHELL, Kind.KCONFIG,
    ),
    _sign(
        r"^\s*#\s*(?:include|embed)\s*[\"<](?P<what>/[^\">]*)|\.incbin\s+\\?[\"'](?P<hidden>/[^\"'\\]*)",
        "takes in {what}, a file of the machine that builds", Kind.KERNEL_C, Kind.HOST_C,
    ),
)  # fmt: skip
_STAYS = (
    _sign(
        _START + r"(?P<what>setsid|nohup|disown|daemonize|crontab|systemd-run|systemctl|start-stop-daemon|"
        r"at\s+now)\b",
        "runs {what}: what it starts may outlive the build",
    ),
    _sign(
        r"(?<![&>|<\\'\"$@])(?P<what>&)\s*(?:$|[;)]|\\$|done\b|fi\b)",
        "starts a command in the background", Kind.MAKE, Kind.SHELL,
    ),
    _sign(
        r"(?P<what>\bos\.(?:fork|setsid|daemon)\b|\bstart_new_session\s*=\s*True|\bPOSIX::setsid\b|"
        r"\b(?:daemon|setsid)\s*\()",
        "starts a process that may outlive the build", Kind.PYTHON, Kind.PERL, Kind.HOST_C,
    ),
)  # fmt: skip
_ENDLESS = (
    _sign(
        r"^(?!.*\s-[cN]\s*\d).*?(?P<what>/dev/(?:zero|u?random))(?!.*(?:\bcount=|\bbytes=))",
        "reads {what} without a count", *_SCRIPTS,
    ),
    _sign(_START + r"(?P<what>fallocate\b|yes\b(?=[^|]*$))", "runs {what}, which fills a disk or a pipe"),
    _sign(r"(?P<what>[\w:]{1,40})\s?\(\)\s?\{\s*(?P=what)\s?\|\s?(?P=what)\s?&", "starts itself without end"),
    _sign(r"\bwhile\s+(?P<what>:|true|1|\[\s*1\s*\])\s*(?:;|$)", "loops without end", Kind.MAKE, Kind.SHELL),
)  # fmt: skip
_HIDDEN = (
    _sign(
        r"(?P<what>\bbase64\s+(?:-\w*d|-D|--decode)|\bxxd\s+-r|\bopenssl\s+(?:enc|base64)\b.*\s-d\b)",
        "decodes text with {what}: what it runs cannot be read",
    ),
    _sign(
        r"\|\s*(?P<what>(?:/bin/)?(?:ba|da)?sh|python3?|perl)(?=\s*(?:$|[;)&|\"'`\\]|-(?:\s|$)|-s\b))",
        "runs what another command prints",
    ),
    _sign(
        r"(?P<what>\bb(?:64|32|16|85)decode\(|\bmarshal\.loads\(|\bfromhex\(|\bdecode_base64\b)",
        "decodes text: what it does cannot be read", Kind.PYTHON, Kind.PERL,
    ),
)  # fmt: skip


def network(context: PatchContext) -> Iterator[Hit]:
    """A file of the build that reaches other machines.

    A build takes what is in the tree. kvet builds without a network, so this fails here; on the machine of
    somebody who builds by hand it does not. Only lines that a patch adds to Makefiles, Kconfig, scripts/ and
    Sphinx's configuration are looked at, and programs that hide well what they do get past this rule.

    Bad:  VERSION := $(shell curl -s https://example.org/version)
    Good: a file in the tree that says the version

    Source: kvet's own, see SECURITY.md.
    """
    yield from _found(context, _NETWORK, "a build needs nothing but the tree")


def secret(context: PatchContext) -> Iterator[Hit]:
    """A file of the build that names the user's home folder, or a place where secrets are kept.

    In kvet's sandbox there is no home folder. What stands here runs as whoever builds the kernel.

    Bad:  KEY := $(shell cat $(HOME)/.ssh/id_ed25519)
    Good: a path below $(srctree) or $(objtree)

    Source: kvet's own, see SECURITY.md.
    """
    yield from _found(context, _SECRET, "name files below the tree or the folder of objects only")


def outside(context: PatchContext) -> Iterator[Hit]:
    """A file of the build that leaves the tree: an absolute place that it writes, more .. than folders above.

    Also C that takes in a file of the machine that builds it, which would carry that file away in the object.

    Bad:  $(shell date > /var/tmp/built)
    Good: $(shell date > $(obj)/built)

    Source: kvet's own, see SECURITY.md.
    """
    yield from _found(context, _OUTSIDE, "name files below the tree or the folder of objects only")
    for line, kind in _lines(context):
        # Makefiles are included from a folder beside theirs, and C finds what it includes from there as well.
        deep = len(PurePosixPath(line.path).parts) - 1
        climbs = _CLIMBS.search(line.text[:_LONGEST])
        taken_in = kind is not Kind.KERNEL_C or _TAKES_IN.search(line.text[:_LONGEST])
        if climbs and taken_in and climbs[1].count("../") > deep + 1:
            yield _hit(line, f"leaves the tree: more .. than {line.path} has folders above", "")


def stays(context: PatchContext) -> Iterator[Hit]:
    """A file of the build that starts a process which may outlive it.

    kvet ends every process of a build with the build. Elsewhere it stays, with the rights of who built.

    Bad:  $(shell nohup ./watch &)
    Good: a rule of make for what has to be done

    Source: kvet's own, see SECURITY.md.
    """
    yield from _found(context, _STAYS, "let the build wait for what it starts")


def endless(context: PatchContext) -> Iterator[Hit]:
    """A file of the build that reads, writes or starts without an end that can be seen.

    kvet bounds memory, processes, files and time of a build, and tells which bound it met.

    Bad:  $(shell cat /dev/zero > fill)
    Good: dd if=/dev/zero bs=512 count=8 of=$@

    Source: kvet's own, see SECURITY.md.
    """
    yield from _found(context, _ENDLESS, "give it a count")


def hidden(context: PatchContext) -> Iterator[Hit]:
    """A file of the build that decodes text, or runs what another command prints.

    Nobody can review what it does by reading the patch.

    Bad:  $(shell echo aWQ= | base64 -d | sh)
    Good: $(shell id)

    Source: kvet's own, see SECURITY.md.
    """
    yield from _found(context, _HIDDEN, "write down what is to run")
    for line, kind in _lines(context):
        if len(line.text) > _LONGEST and kind is not Kind.KERNEL_C:
            yield _hit(line, f"a line of {len(line.text)} characters, of which {_LONGEST} were looked at", "")


def kind_of(path: str, first: str = "") -> Kind | None:
    """What reads a file where the kernel is built, None for one that nothing reads there.

    ``first`` is the first line of a new file, which names its interpreter.
    """
    name = PurePosixPath(path)
    if _MAKEFILE.fullmatch(name.name):
        return Kind.MAKE
    if name.name.startswith("Kconfig"):
        return Kind.KCONFIG
    kind = _SUFFIXES.get(name.suffix)
    run = path.startswith(_RUN)
    if kind is Kind.KERNEL_C:
        return Kind.HOST_C if run else kind
    if not run and path.startswith(_APART):
        return Kind.MAKE if kind is Kind.MAKE else None
    if kind is None and run and (not name.suffix or first.startswith("#!")):
        words = {"python": Kind.PYTHON, "perl": Kind.PERL}
        return next((value for word, value in words.items() if word in first), Kind.SHELL)
    return kind


def _lines(context: PatchContext) -> Iterator[tuple[DiffLine, Kind]]:
    """The added lines that something reads, without those that are comments as a whole."""
    first: dict[str, str] = {}
    for line in context.lines:
        if line.mark in {"+", " "} and line.line == 1:
            first[line.path] = line.text
    kinds = {line.path: kind_of(line.path, first.get(line.path, "")) for line in context.lines}
    for line in context.lines:
        kind = kinds[line.path]
        if kind is None or line.mark != "+":
            continue
        comment = _C_COMMENT if kind in {Kind.HOST_C, Kind.KERNEL_C} else _HASH
        # In Kconfig, most lines are text for people.
        if not comment.match(line.text) and (kind is not Kind.KCONFIG or "$(" in line.text):
            yield line, kind


def _found(context: PatchContext, signs: tuple[_Sign, ...], hint: str) -> Iterator[Hit]:
    for line, kind in _lines(context):
        for sign in signs:
            match = sign.pattern.search(line.text[:_LONGEST]) if kind in sign.kinds else None
            if match:
                names = match.groupdict()
                what = names["what"] or names.get("hidden") or ""
                yield _hit(line, sign.says.format(what=" ".join(what.split())), hint)
                break


def _hit(line: DiffLine, says: str, hint: str) -> Hit:
    shown = line.text.strip()
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    return Hit(text=says, path=line.path, line=line.line, hint=hint, detail=shown)
