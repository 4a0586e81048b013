# SPDX-License-Identifier: GPL-2.0-only
"""Contract and tree in, C selftests out."""

import re
from collections.abc import Callable
from pathlib import Path

from kpatch_tools.errors import UserError
from kpatch_tools.flow.tree import resolve_tree
from kpatch_tools.generate.selftest import file_name, render_selftest
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.dialect import Dialect, Probe
from kpatch_tools.model.event import Sink, silent
from kpatch_tools.parse.contract import parse_contract
from kpatch_tools.parse.dialect import parse_dialect
from kpatch_tools.tools.files import data_dir, read_text, write_atomic

SELFTESTS = "tools/testing/selftests/kvm"
Reader = Callable[[str], bytes | str | None]


def contract_names() -> tuple[str, ...]:
    """The contracts that come with kvet."""
    return tuple(sorted(path.stem for path in _folder("contracts").glob("*.toml")))


def load_contract(name_or_path: str) -> Contract:
    """A shipped contract by name, or one by the path of its TOML file.

    Raises UserError for an unknown name, and for a bad contract with every fault of it.
    """
    shipped = _folder("contracts") / f"{name_or_path}.toml"
    path = Path(name_or_path)
    if name_or_path in contract_names():
        shown, path = f"selftests-gen/contracts/{shipped.name}", shipped
    elif path.suffix == ".toml" or path.exists():
        shown = name_or_path
    else:
        raise UserError(
            f"{name_or_path}: no contract of that name and no file",
            cure=f"name one of {', '.join(contract_names())}, or a TOML file",
        )
    contract = parse_contract(read_text(path, "contract"), path=shown)
    if contract.name != path.stem:
        message = f'{shown}: the contract calls itself "{contract.name}", the file {path.name}'
        raise UserError(message, cure="name and file have to agree: findings and tests refer to both")
    return contract


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


def tree_folder(spec: str | None, sink: Sink = silent) -> Path:
    """What --tree means here: any folder as it is (no git needed), else what flow.tree makes of the word."""
    if spec is not None and Path(spec).is_dir():
        return Path(spec)
    return resolve_tree(spec, sink)


def probe_dialect(tree: Path) -> Dialect:
    """The dialect of a work tree's selftest library, found by what its files hold, not by its version.

    Raises UserError that names the probe of each dialect that failed and what was looked for.
    """
    return choose_dialect(tree_reader(tree), str(tree))


def choose_dialect(read: Reader, name: str) -> Dialect:
    """As probe_dialect, through a reader of paths below the tree's top (git objects, for one)."""
    if read(f"{SELFTESTS}/Makefile") is None and read(f"{SELFTESTS}/Makefile.kvm") is None:
        raise UserError(
            f"{name}: no kernel tree with KVM selftests: {SELFTESTS}/Makefile is not there",
            cure="give the top of a kernel source tree with --tree",
        )
    failed = []
    for dialect in dialects():
        probe = next((probe for probe in dialect.probe if not _holds(probe, read)), None)
        if probe is None:
            return dialect
        failed.append(f"{dialect.name}: {_looked_for(probe)}")
    raise UserError(
        "\n  ".join((f"{name}: no known dialect of the KVM selftest library fits", *failed)),
        cure="describe this library in a file under selftests-gen/dialects/",
    )


def dialects() -> tuple[Dialect, ...]:
    """All dialects, in the order of their file names."""
    return tuple(
        parse_dialect(read_text(path, "dialect"), path=f"selftests-gen/dialects/{path.name}")
        for path in sorted(_folder("dialects").glob("*.toml"))
    )


def generate(contract: Contract, dialect: Dialect) -> dict[str, str]:
    """The files of a contract for a dialect: path below tools/testing/selftests/kvm -> C source."""
    folder = _folder("templates")
    templates = {path.name: read_text(path, "template") for path in sorted(folder.glob("*.j2"))}
    return {file_name(contract, dialect): render_selftest(contract, dialect, templates)}


def write_out(files: dict[str, str], folder: Path) -> tuple[Path, ...]:
    """Write what differs below ``folder``; returns all paths. What is unchanged keeps its time for make."""
    paths = []
    for name, text in files.items():
        path = folder / name
        if _current(path) != text:
            write_atomic(path, text)
        paths.append(path)
    return tuple(paths)


def stale(files: dict[str, str], folder: Path) -> tuple[tuple[Path, str], ...]:
    """The files below ``folder`` that are not what would be written, each with "missing" or "differs"."""
    found = []
    for name, text in files.items():
        current = _current(folder / name)
        if current != text:
            found.append((folder / name, "missing" if current is None else "differs"))
    return tuple(found)


def _current(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None


def _holds(probe: Probe, read: Reader) -> bool:
    found = any(
        re.search(probe.pattern, text_of(read, f"{SELFTESTS}/{name}") or "", re.MULTILINE)
        for name in probe.any_of
    )
    return found is not probe.absent


def _looked_for(probe: Probe) -> str:
    where = " or ".join(probe.any_of)
    verb = "must not be" if probe.absent else "is not"
    return f"{verb} in {where} below {SELFTESTS}: {probe.pattern} ({probe.why})"


def _folder(name: str) -> Path:
    return data_dir("selftests-gen") / name
