# SPDX-License-Identifier: GPL-2.0-only
"""Lines of a text that is evidence, kept so that a report can be read without its sources."""

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """What a text is. TREE: a file after the series; MESSAGE: of a patch; PROGRAM: C that kvet generated."""

    TREE = "tree"
    MESSAGE = "message"
    CONTRACT = "contract"
    PROGRAM = "program"
    OUTPUT = "output"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Some lines of ``path``; ``line`` is the number of the first, ``mark`` of the one it is about (0: none).

    ``path`` is as a finding names it, or a file below the run's folder (PROGRAM, OUTPUT, CONSOLE). ``case``
    is the test case that the lines belong to, ``mode`` how the machine ran that wrote them; both may be "".
    What ``lines`` hold is hostile and bounded (parse.excerpt makes it so).
    """

    source: Source
    path: str
    line: int
    lines: tuple[str, ...]
    mark: int = 0
    case: str = ""
    mode: str = ""
