# SPDX-License-Identifier: GPL-2.0-only
"""Contract and tree in, C selftests out."""

import re
from pathlib import Path, PurePath

from kpatch_tools.errors import UserError
from kpatch_tools.flow.tree import resolve_tree
from kpatch_tools.generate.selftest import file_name, render_selftest
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.dialect import Dialect
from kpatch_tools.model.event import Sink, silent
from kpatch_tools.parse.contract import parse_contract
from kpatch_tools.parse.contract_extends import Text, extended_by
from kpatch_tools.tools.files import data_dir, read_text, write_atomic

_NAME = re.compile(r"[a-z][a-z0-9_]*")


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
    text = read_text(path, "contract")
    contract = parse_contract(text, path=shown, base=base_text(text, path, shown=shown))
    if contract.name != path.stem:
        message = f'{shown}: the contract calls itself "{contract.name}", the file {path.name}'
        raise UserError(message, cure="name and file have to agree: findings and tests refer to both")
    return contract


def base_text(text: str, path: Path, *, shown: str) -> Text | None:
    """The contract that the one at ``path`` extends, None where it stands by itself.

    That is the file beside it. Where there is none, parse_contract() says so with the line.
    """
    name = extended_by(text, path=shown)
    if not _NAME.fullmatch(name):
        return None
    beside = path.with_name(f"{name}.toml")
    if not beside.is_file():
        return None
    return Text(path=str(PurePath(shown).with_name(beside.name)), text=read_text(beside, "contract"))


def tree_folder(spec: str | None, sink: Sink = silent) -> Path:
    """What --tree means here: any folder as it is (no git needed), else what flow.tree makes of the word."""
    if spec is not None and Path(spec).is_dir():
        return Path(spec)
    return resolve_tree(spec, sink)


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


def _current(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None


def _folder(name: str) -> Path:
    return data_dir("selftests-gen") / name
