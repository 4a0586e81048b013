# SPDX-License-Identifier: GPL-2.0-only
"""The screens of the site: each file in docs/screens/ begins with a command, and the rest is what it printed.

``KVET_WRITE_SCREENS=1 pytest tests/docs`` runs every command anew and writes what has changed. Those below
docs/screens/kernel/ need the kernel of a review and are vm-marked.
"""

import difflib
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from kpatch_tools.model.run import Command
from kpatch_tools.tools import process

CHECKOUT = Path(__file__).resolve().parent.parent
SCREENS = CHECKOUT / "docs" / "screens"
WRITE = "KVET_WRITE_SCREENS"
PROMPT = "$ "
# kvet's own environment, and what else is here.
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
USER = "[user]\n\tname = Your Name\n\temail = you@example.org\n"
# Progress: on a terminal one moving line that is gone at the end.
_PROGRESS = re.compile(
    r"^kvet: (?:apply|patches|docs|contract|layout|build|warnings|tests|conformance|checkout|selftest|"
    r"preview|tree|vm|test|boot|sparse|per-patch)(?: \[[^]]*\])?: .*\n",
    re.MULTILINE,
)
# What differs from run to run: the one place where that is said.
_VARIES = (
    (re.compile(r"\d{8}T\d{6}Z"), "TIME"),
    (re.compile(r" *\d+\.\d s\b"), " N s"),
    (re.compile(r"^(?:Date|Message-ID): .*$", re.MULTILINE), "HEADER"),
    (re.compile(r"^From mboxrd@z .*$", re.MULTILINE), "FROM"),
    (re.compile(r"^On .* wrote:$", re.MULTILINE), "ATTRIBUTION"),
    (re.compile(r"(?<=kvet )[\d.]+|(?<=--cache-key )[\d.]+"), "VERSION"),
    (re.compile(r"gcc \([^)]*\) [\d.]+"), "gcc"),
)


# Debian's source, of which there are new releases, and a case that needs a machine with memory to spare.
_SOURCE = re.compile(r"debian-[\w.]+-[\w.~+]+(?:-[\w.~+]+)?")
_ROOMY = "hugetlb_1g_inside"


def names(folder: Path = SCREENS) -> list[str]:
    """The screens of one folder, by file name without suffix."""
    return sorted(path.stem for path in folder.glob("*.txt"))


def read(name: str) -> tuple[str, str]:
    """The command of a screen, and what it printed."""
    first, _, rest = (SCREENS / f"{name}.txt").read_text().partition("\n")
    assert first.startswith(PROMPT), f"{name}: the first line has to be a command"
    return first.removeprefix(PROMPT), rest


def world(folder: Path) -> Path:
    """A home with nothing but git's identity and the example contracts."""
    (folder / ".gitconfig").write_text(USER)
    for path in (CHECKOUT / "docs" / "examples").glob("*.toml"):
        shutil.copy(path, folder)
    return folder


def take(command: str, home: Path, env: Mapping[str, str] | None = None, *, timeout: float = 100.0) -> str:
    """What the command prints in ``home``, both streams as they come, without progress; home is ~."""
    environment = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "PATH": PATH, **(env or {})}
    done = process.run(
        Command(argv=("bash", "-c", f"exec 2>&1; {command}"), cwd=home, env=environment, timeout=timeout)
    )
    shown = done.text
    # Where things lie on this machine is nobody's concern.
    for place, word in ((f"{Path(sys.executable).parent}/", ""), (str(home), "~"), (str(Path.home()), "~")):
        shown = shown.replace(place, word)
    return _PROGRESS.sub("", shown)


def same(one: str, other: str) -> bool:
    """The two screens differ in nothing but what differs from run to run."""
    return _steady(one) == _steady(other)


def _steady(text: str) -> str:
    for pattern, word in _VARIES:
        text = pattern.sub(word, text)
    return text


def writing() -> bool:
    """Whether the screens are to be made anew."""
    return bool(os.environ.get(WRITE))


def elsewhere(shown: str, printed: str) -> str:
    """Why what a kernel's screen shows cannot be had here; "" where it can."""
    one, other = (_SOURCE.search(text) for text in (shown, printed))
    if one and other and one[0] != other[0]:
        return f"the screen is of {one[0]}, here is {other[0]}"
    if other and _ROOMY in shown and _ROOMY not in printed:
        return "the screen has a page of 1 GiB, for which there is no room here"
    return ""


def held(name: str, printed: str) -> None:
    """The screen shows what was printed; with KVET_WRITE_SCREENS=1 it does from now on."""
    command, shown = read(name)
    if same(shown, printed):
        return
    if writing():
        (SCREENS / f"{name}.txt").write_text(f"{PROMPT}{command}\n{printed}")
        return
    lines = difflib.unified_diff(_steady(shown).splitlines(), _steady(printed).splitlines(), lineterm="", n=0)
    raise AssertionError(
        "\n".join((f"docs/screens/{name}.txt is old: {WRITE}=1 pytest tests/docs", *list(lines)[:40]))
    )
