# SPDX-License-Identifier: GPL-2.0-only
"""Which dialect of the KVM selftest library a tree speaks, with the evidence."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kpatch_tools.errors import UserError
from kpatch_tools.model.dialect import Dialect, Form, Probe
from kpatch_tools.parse.dialect import parse_dialect
from kpatch_tools.tools.files import data_dir, read_text

SELFTESTS = "tools/testing/selftests/kvm"
Reader = Callable[[str], bytes | str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a probe found: the path below the tree's top and the line from 1, with its text.

    ``path`` is "" when nothing matched; ``holds`` says whether that is what the dialect wants.
    """

    probe: Probe
    holds: bool
    path: str = ""
    line: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """A dialect with the evidence of all its probes, in order; ``beside`` is what a tree may also lack."""

    dialect: Dialect
    evidence: tuple[Evidence, ...]
    beside: tuple[Evidence, ...] = ()

    @property
    def fits(self) -> bool:
        """Every probe found what it looks for."""
        return all(item.holds for item in self.evidence)


def tree_reader(tree: Path) -> Reader:
    """Reads files of a work tree by their path below its top; None for what is not there."""

    def read(path: str) -> bytes | None:
        try:
            return (tree / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    return read


def text_of(read: Reader, path: str) -> str | None:
    """The text of a file behind a reader; bytes that are no UTF-8 become U+FFFD."""
    found = read(path)
    return found.decode(errors="replace") if isinstance(found, bytes) else found


def choose_dialect(read: Reader, name: str) -> Dialect:
    """The dialect of a tree's selftest library, found by what its files hold, not by its version.

    ``read`` gives what a path below the tree's top holds (git objects, or tree_reader()); ``name`` is for
    messages. Raises UserError that names the probe of each dialect that failed and what was looked for.
    """
    probed = probe_all(read, name)
    fitting = [item.dialect for item in probed if item.fits]
    if len(fitting) == 1:
        return _without_what_lacks(fitting[0], read)
    if fitting:
        names = ", ".join(item.name for item in fitting)
        raise UserError(
            f"{name}: more than one dialect fits: {names}",
            cure="give one of them a probe that tells them apart, under selftests-gen/dialects/",
        )
    failed = (f"{item.dialect.name}: {_looked_for(_first_failed(item))}" for item in probed)
    raise UserError(
        "\n  ".join((f"{name}: no known dialect of the KVM selftest library fits", *failed)),
        cure="kvet gen --explain shows what each probe found; a new library is described in a file "
        "under selftests-gen/dialects/",
    )


def in_form(dialect: Dialect, form: Form, read: Reader) -> Dialect:
    """The dialect with tests of that form; UserError where the library has no harness."""
    if form == "classic":
        return dialect
    if dialect.harness is None:
        raise UserError(f"{dialect.title}: it has no harness", cure="leave --form out: a test runs by itself")
    found = _evidence(dialect.harness, read)
    if not found.holds:
        raise UserError(_looked_for(found), cure="leave --form out: a test runs by itself")
    return msgspec.structs.replace(dialect, name=f"{dialect.name}-{form}", form=form)


def probe_all(read: Reader, name: str) -> tuple[Probed, ...]:
    """Every dialect with what its probes found; UserError where there are no KVM selftests at all."""
    if read(f"{SELFTESTS}/Makefile") is None and read(f"{SELFTESTS}/Makefile.kvm") is None:
        raise UserError(
            f"{name}: no kernel tree with KVM selftests: {SELFTESTS}/Makefile is not there",
            cure="give the top of a kernel source tree with --tree",
        )
    return tuple(
        Probed(
            dialect=dialect,
            evidence=tuple(_evidence(probe, read) for probe in dialect.probe),
            beside=tuple(
                _evidence(probe, read) for probe in (dialect.harness, dialect.private_memory) if probe
            ),
        )
        for dialect in dialects()
    )


def _without_what_lacks(dialect: Dialect, read: Reader) -> Dialect:
    probe = dialect.private_memory
    if probe is None or _evidence(probe, read).holds:
        return dialect
    return msgspec.structs.replace(dialect, private_memory=None)


def explained(probed: tuple[Probed, ...]) -> Iterator[str]:
    """What each probe of each dialect found, as lines: "path:line: text", or that nothing is there."""
    for item in probed:
        yield f"{item.dialect.name}: {item.dialect.title}: {'fits' if item.fits else 'does not fit'}"
        for found in (*item.evidence, *item.beside):
            kind = "" if found in item.evidence else " (need not be)"
            yield f"  {'yes' if found.holds else 'no '}  {found.probe.why}{kind}"
            if found.path:
                yield f"       {found.path}:{found.line}: {found.text}"
            else:
                yield f"       {found.probe.pattern} is not in {' or '.join(found.probe.any_of)}"


def dialects() -> tuple[Dialect, ...]:
    """All dialects, in the order of their file names."""
    return tuple(
        parse_dialect(read_text(path, "dialect"), path=f"selftests-gen/dialects/{path.name}")
        for path in sorted((data_dir("selftests-gen") / "dialects").glob("*.toml"))
    )


def _evidence(probe: Probe, read: Reader) -> Evidence:
    for name in probe.any_of:
        path = f"{SELFTESTS}/{name}"
        text = text_of(read, path) or ""
        found = re.search(probe.pattern, text, re.MULTILINE)
        if found:
            line = text.count("\n", 0, found.start()) + 1
            shown = text.split("\n")[line - 1].strip()
            return Evidence(probe=probe, holds=not probe.absent, path=path, line=line, text=shown)
    return Evidence(probe=probe, holds=probe.absent)


def _first_failed(probed: Probed) -> Evidence:
    return next(item for item in probed.evidence if not item.holds)


def _looked_for(found: Evidence) -> str:
    probe = found.probe
    if found.path:
        return f"{probe.pattern} must not be in {found.path}:{found.line} ({probe.why})"
    return f"{probe.pattern} is not in {' or '.join(probe.any_of)} below {SELFTESTS} ({probe.why})"
