# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own make: configuration, kernel image, user-space headers and KVM selftests, all out of tree.

Facts measured for this (Debian 12, gcc 12): fragments must go in by KCONFIG_ALLCONFIG, since merging them
afterwards switches on defaults and builds a third more; without fixed KBUILD_BUILD_* every link differs; a
make that calls us hands its job server down in MAKEFLAGS, where it is of no use.
"""

import hashlib
import posixpath
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.model.sandbox import Sandbox
from kpatch_tools.parse.gcc import is_step
from kpatch_tools.parse.kconfig import Unmet, bad_lines, parse_config, unmet
from kpatch_tools.tools import ccache, outputs, process
from kpatch_tools.tools.exhausted import stop_when_exhausted
from kpatch_tools.tools.files import cache_dir, data_dir, read_text, write_atomic

ARCH = "x86_64"
IMAGE = "arch/x86/boot/bzImage"
REQUIRED_FRAGMENTS = ("base.config", "vng.config")
OPTIONAL_FRAGMENT = "optional.config"
_SHIPPED = re.compile(r"^[a-z][a-z0-9-]*$")
BUILD_TIMEOUT_S = 3600.0
# The linker is silent for as long as objtool takes on a small machine.
BUILD_QUIET_S = 900.0
# A few host programs are compiled and one is run: a configuration that hangs is not waited for that long.
CONFIGURE_QUIET_S = 180.0

# Where the line tables say that the source and the objects lie: the same on every machine.
MAPPED_SOURCE, MAPPED_OBJECTS = "/kvet/source", "/kvet/objects"

_FIXED = ("KBUILD_BUILD_TIMESTAMP=1970-01-01", "KBUILD_BUILD_USER=kvet", "KBUILD_BUILD_HOST=kvet")
# For ccache: with -g an object would depend on the compiler's folder, which the line tables do not name.
# So a new object folder finds what was compiled before (209 of 210 objects with another configuration).
_ANYWHERE = {"CCACHE_NOHASHDIR": "1"}
_NO_JOB_SERVER = {"MAKEFLAGS": "", "MFLAGS": "", "MAKELEVEL": "", "KBUILD_OUTPUT": "", "CROSS_COMPILE": ""}
# Program to Debian package; what a kernel build needs beside the compiler.
PROGRAMS = {
    "make": "make",
    "gcc": "gcc",
    "ld": "binutils",
    "flex": "flex",
    "bison": "bison",
    "bc": "bc",
    "lz4": "lz4",
}
HEADERS_PROGRAMS = {"make": "make", "gcc": "gcc", "rsync": "rsync"}
# "savedcmd_" since 6.3 (scripts/Kbuild.include).
_TARGET = re.compile(r"(?:saved)?cmd_(\S+\.o) :=")
_LINE_BYTES = 4096
_LARGEST_CONFIG = 4 << 20
# A build with all its warnings prints a few MB.
_LARGEST_LOG = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragments:
    """The configuration asked for: text for KCONFIG_ALLCONFIG, lines that must hold, lines that may.

    ``name`` lists the fragments in order: "base+vng+optional".
    """

    text: str
    wanted: Mapping[str, str]
    optional: Mapping[str, str]
    name: str

    @property
    def digest(self) -> str:
        """Identity of the text, for cache keys."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a build happens: the source tree (never written), the object folder, the log of make.

    ``readable`` is what the programs may see beside these. For the code of a stranger ``ccache`` is a folder
    of that owner's, and ``inside`` where ``objects`` lies in the sandbox: where the user's own lie outside.
    """

    source: Path
    objects: Path
    log: Path
    readable: tuple[Path, ...] = ()
    ccache: Path | None = None
    inside: Path | None = None

    @property
    def named(self) -> Path:
        """The object folder as the programs call it."""
        return self.inside or self.objects

    @property
    def roots(self) -> tuple[str, str]:
        """The prefixes to cut from paths in the log."""
        return str(self.source), str(self.named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A finished .config: required lines that it lacks, and optional ones that this kernel does not know."""

    text: str
    unmet: tuple[Unmet, ...]
    left_out: tuple[str, ...]


def fragments(folder: Path | None = None, extra: Sequence[str] = ()) -> Fragments:
    """The fragments of ci/kernel, and those of ``extra``, whose lines must hold and win over all before them.

    Each is a path, or the name of a shipped one ("debug"). Raises UserError for a file that is none.
    """
    folder = folder or data_dir("ci") / "kernel"
    required = "\n".join((folder / name).read_text(encoding="utf-8") for name in REQUIRED_FRAGMENTS)
    optional = (folder / OPTIONAL_FRAGMENT).read_text(encoding="utf-8")
    added = "".join(f"\n{_fragment(name, folder)}" for name in extra)
    asked = parse_config(added)
    return Fragments(
        text=f"{required}\n{optional}{added}",
        wanted={**parse_config(required), **asked},
        optional={name: value for name, value in parse_config(optional).items() if name not in asked},
        name="+".join(Path(name).stem for name in (*REQUIRED_FRAGMENTS, OPTIONAL_FRAGMENT, *extra)),
    )


def _fragment(name: str, folder: Path) -> str:
    shipped = folder / f"{name}.config"
    path = shipped if _SHIPPED.match(name) and shipped.is_file() else Path(name)
    text = read_text(path, "the configuration fragment")
    for number, line in bad_lines(text):
        raise UserError(
            f"{path}:{number}: {line[:80]!r} is no line of a kernel configuration",
            cure="CONFIG_KASAN=y, or # CONFIG_MODULES is not set",
        )
    return text


def need_programs(programs: Mapping[str, str]) -> None:
    """EnvironmentFault that names every missing program at once, with the one command that brings them."""
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        packages = " ".join(sorted({programs[name] for name in missing}))
        verb = "is" if len(missing) == 1 else "are"
        raise EnvironmentFault(
            f"{', '.join(missing)} {verb} not installed", cure=f"apt-get install -y {packages}"
        )


def need_plain_path(path: Path) -> None:
    """EnvironmentFault for a folder that make cannot take: kbuild refuses blanks and colons in paths."""
    if any(character.isspace() or character == ":" for character in str(path)):
        raise EnvironmentFault(
            f"{path}: a kernel cannot be built below a folder with blanks or colons in its name",
            cure="XDG_CACHE_HOME=/var/tmp/cache kvet ...",
        )


def compiler_version() -> str:
    """First line of what the compiler and the linker say of themselves: part of every cache key."""
    lines = []
    for name in ("gcc", "ld"):
        result = process.run(Command(argv=(name, "--version"), timeout=20))
        result.ok_or_raise(f"cannot ask {name} for its version", cure="apt-get install -y gcc binutils")
        lines.append(result.text.partition("\n")[0])
    return "; ".join(lines)


def configure(site: Site, wanted: Fragments) -> Configured:
    """Make the .config from the fragments alone, and say which lines it did not take.

    Raises ToolFailed when the kernel's own configuration program fails.
    """
    site.objects.mkdir(parents=True, exist_ok=True)
    # Not in the object folder: there a build may have left a link in its place.
    given = write_atomic(cache_dir("fragments") / f"{wanted.digest}.config", wanted.text, durable=False)
    seen = replace(site, readable=(*site.readable, given))
    command = make_command(seen, "allnoconfig", f"KCONFIG_ALLCONFIG={given}")
    result = process.run(replace(command, quiet_timeout=CONFIGURE_QUIET_S))
    stop_when_exhausted(result, site.log)
    result.ok_or_raise(
        "the kernel's configuration could not be made", cure="name the top of a kernel's source with --tree"
    )
    text = (outputs.read_bytes(site.objects, ".config", _LARGEST_CONFIG) or b"").decode(errors="replace")
    got = parse_config(text)
    left_out = tuple(item.symbol for item in unmet(wanted.optional, got))
    return Configured(text=text, unmet=unmet(wanted.wanted, got), left_out=left_out)


def build_image(site: Site, *, jobs: int, sink: Sink, expected: int = 0) -> tuple[RunResult, int]:
    """Run make for the image; returns how it ended and how many files it compiled.

    ``expected`` is that number from an earlier build, 0 when none is known.
    """
    steps = _Steps(sink, "build", expected)
    words = (f"-j{jobs}", *compiler_words(), *_image_words(site))
    result = process.run(make_command(site, *words), on_line=steps.on_line)
    stop_when_exhausted(result, site.log)
    return result, steps.done


def recipe() -> str:
    """How an image is made, beside tree, configuration and compiler: part of the key of a kept kernel.

    The same on every machine: no folder, no number of jobs, no ccache stands in it.
    """
    site = Site(source=Path(MAPPED_SOURCE), objects=Path(MAPPED_OBJECTS), log=Path())
    return "\n".join(make_command(site, *_image_words(site)).argv)


def plain(goal: str) -> str:
    """A goal of make without its "..": KVM's Makefile names files of virt/kvm from its own folder."""
    return posixpath.normpath(goal)


def source_of(goal: str) -> str:
    """The C file of an object that make was asked for."""
    return plain(goal).removesuffix(".o") + ".c"


def built_objects(site: Site) -> tuple[str, ...]:
    """The objects of C files as make names them ("arch/x86/kvm/../../../virt/kvm/kvm_main.o"), sorted.

    kbuild leaves a .cmd file beside each object; its first line names the target.
    """
    found = set()
    for name in outputs.files_below(site.objects, ".o.cmd"):
        begins = (outputs.read_bytes(site.objects, name, _LINE_BYTES) or b"").partition(b"\n")[0]
        named = _TARGET.match(begins.decode(errors="replace"))
        if named and outputs.is_plain(site.source, source_of(named[1])):
            found.add(named[1])
    return tuple(sorted(found))


def install_headers(site: Site) -> Path:
    """``make headers``; returns the include folder. Raises ToolFailed when it fails."""
    site.objects.mkdir(parents=True, exist_ok=True)
    result = process.run(make_command(site, "headers"))
    stop_when_exhausted(result, site.log)
    result.ok_or_raise("the kernel's user-space headers could not be made")
    return site.objects / "usr" / "include"


def build_selftest(
    site: Site, generated: Path | None, name: str, *, headers: Path, flags: Sequence[str]
) -> RunResult:
    """Build one KVM selftest from ``generated`` (outside the tree) with the tree's own Makefile.

    ``name`` is its path as the Makefile knows it ("x86_64/foo_test"). VPATH finds the source, and
    TEST_GEN_PROGS_EXTENDED from the command line makes the rules apply to it; nothing in the tree changes.
    Without ``generated`` it is a test of the tree itself, which the Makefile lists.
    CFLAGS and LDFLAGS must not be given: that would silence the Makefile's own.
    """
    target = site.named / name
    site.objects.mkdir(parents=True, exist_ok=True)
    outputs.make_folder(site.objects, posixpath.dirname(name))
    outside = (f"VPATH={generated}", f"TEST_GEN_PROGS_EXTENDED={target}") if generated else ()
    argv = (
        "make",
        "-C",
        str(site.source / "tools/testing/selftests/kvm"),
        f"OUTPUT={site.named}",
        *outside,
        f"KHDR_INCLUDES=-isystem {headers}",
        f"EXTRA_CFLAGS={' '.join(flags)}",
        f"ARCH={ARCH}",
        *compiler_words(),
        str(target),
    )
    seen = replace(site, readable=(*site.readable, headers, *((generated,) if generated else ())))
    result = process.run(_command(argv, seen))
    stop_when_exhausted(result, site.log)
    return result


def _image_words(site: Site) -> tuple[str, ...]:
    return f"KCFLAGS={' '.join(_line_tables(site))}", "bzImage"


def _line_tables(site: Site) -> tuple[str, ...]:
    """Line numbers for the addresses of a stack, at a tenth of what DEBUG_INFO costs.

    The folders are mapped away: the image holds a build id, which is a digest of these tables too.
    """
    places = (f"{site.source}={MAPPED_SOURCE}", f"{site.named}={MAPPED_OBJECTS}")
    return ("-g1", *(f"-fdebug-prefix-map={place}" for place in places))


def compiler_words() -> tuple[str, ...]:
    """What make is told of the compiler; ccache where it is installed."""
    return ("CC=ccache gcc",) if shutil.which("ccache") else ("CC=gcc",)


def make_command(site: Site, *words: str) -> Command:
    """The kernel's make with what all goals share; its output goes to the log of ``site``."""
    argv = ("make", "-C", str(site.source), f"O={site.named}", f"ARCH={ARCH}", "LOCALVERSION=")
    return _command((*argv, "KBUILD_BUILD_VERSION=1", *_FIXED, *words), site, _ANYWHERE)


def _command(argv: tuple[str, ...], site: Site, more: Mapping[str, str] | None = None) -> Command:
    results = ccache.use(site.ccache)
    own = () if site.inside else (site.objects,)
    return Command(
        argv=argv,
        timeout=BUILD_TIMEOUT_S,
        quiet_timeout=BUILD_QUIET_S,
        env={**_NO_JOB_SERVER, **results.env, **(more or {})},
        log=site.log,
        output_limit=_LARGEST_LOG,
        sandbox=Sandbox(
            writable=(*own, *results.writable),
            readable=(site.source, *site.readable, *results.readable),
            moved=((site.objects, site.inside),) if site.inside else (),
        ),
    )


class _Steps:
    """Counts compiled files for the progress display."""

    def __init__(self, sink: Sink, stage: str, expected: int) -> None:
        self._sink, self._stage, self._expected = sink, stage, expected
        self.done = 0

    def on_line(self, line: str) -> None:
        if is_step(line):
            self.done += 1
            total = self._expected if self.done <= self._expected else 0
            self._sink(Event(self._stage, line.strip(), self.done, total))
