# SPDX-License-Identifier: GPL-2.0-only
"""The ledger's file: one a contract below the state folder, locked while it changes, written whole."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.ledger import SCHEMA, Ledger
from kpatch_tools.parse.ledger import LARGEST_BYTES, ledger_text, parse_ledger
from kpatch_tools.tools.files import locked, write_atomic

_DIGITS = 16


def ledger_path(state: Path, contract: str) -> Path:
    """Where the ledger of a contract lies: ``state``/ledger/CONTRACT.json."""
    return state / "ledger" / f"{contract}.json"


def load(state: Path, contract: str) -> Ledger | None:
    """The ledger; None when nothing was ever added. UserError with a cure for a file that is none."""
    path = ledger_path(state, contract)
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(
            f"{path}: cannot read the ledger: {error.strerror}",
            cure="make it readable, or name another folder: --state DIR",
        ) from error
    return parse_ledger(raw, name=str(path), contract=contract)


def update(state: Path, contract: str, change: Callable[[Ledger], Ledger]) -> Path:
    """Change the ledger; of two runs at once the second one sees what the first one added. Returns its path.

    Raises UserError for a file that is no ledger, EnvironmentFault where it cannot be written.
    """
    path = ledger_path(state, contract)
    try:
        with locked(path.parent / f".{contract}.lock"):
            before = load(state, contract) or Ledger(schema=SCHEMA, contract=contract)
            return write_atomic(path, ledger_text(change(before)))
    except OSError as error:
        raise EnvironmentFault(f"{path}: {error.strerror}", cure="name another with --state") from error


def image_digest(image: Path) -> str:
    """What tells one kernel image from another."""
    with image.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:_DIGITS]
