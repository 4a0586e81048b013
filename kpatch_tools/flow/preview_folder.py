# SPDX-License-Identifier: GPL-2.0-only
"""Where a preview goes: a new folder, or one that an earlier preview made and nobody else uses."""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow.prepare import run_folder
from kpatch_tools.tools.files import write_atomic

MARK = ".kvet-preview"
_STATE = Path(".kvet")
_OURS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.html")


@dataclass(frozen=True, slots=True)
class PreviewFolder:
    """The folder that the user named, None for a new one below .kvet/preview/."""

    asked: Path | None

    @classmethod
    def choose(cls, asked: Path | None) -> "PreviewFolder":
        """Look at the folder before any work: UserError for one that is neither new, nor empty, nor ours."""
        if asked is not None and (asked.exists() or asked.is_symlink()):
            if not asked.is_dir():
                raise UserError(f"{asked}: not a folder", cure="name a new folder with --out")
            if not (asked / MARK).is_file() and any(asked.iterdir()):
                raise UserError(
                    f"{asked}: holds files that no preview wrote", cure="name a new folder with --out"
                )
        return cls(asked)

    def write(self, files: Mapping[str, str], *, name: str) -> Path:
        """Write the pages, each whole, and take away those of the preview before; the folder."""
        place = self.asked or run_folder(_STATE, name, kind="preview")
        try:
            place.mkdir(parents=True, exist_ok=True)
            for old in _written(place) - set(files):
                (place / old).unlink(missing_ok=True)
            # First the mark: pages without it could never be replaced.
            write_atomic(place / MARK, "".join(f"{file}\n" for file in files))
            for file, text in files.items():
                write_atomic(place / file, text.encode("utf-8", "replace"))
        except OSError as error:
            raise EnvironmentFault(
                f"{place}: {error.strerror}", cure="name another folder with --out"
            ) from error
        return place


def _written(place: Path) -> set[str]:
    """The pages that the mark names; a name that we would not give is not ours to remove."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return {line for line in (place / MARK).read_text().splitlines() if _OURS.fullmatch(line)}
    return set()
