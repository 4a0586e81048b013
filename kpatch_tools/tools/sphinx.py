# SPDX-License-Identifier: GPL-2.0-only
"""sphinx-build as a program: where it is, what version it is, and one run of it over a folder."""

import contextlib
import json
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, ToolFailed
from kpatch_tools.model.preview import SphinxMessage
from kpatch_tools.model.run import Command
from kpatch_tools.model.sandbox import Sandbox
from kpatch_tools.parse.sphinxlog import read_warnings, why_it_stopped
from kpatch_tools.tools import outputs, process
from kpatch_tools.tools.probe import locate

PROGRAM = "sphinx-build"
CURE = "pip install sphinx"
TIMEOUT_S = 600.0
LOOKUP_S = 60.0
PLAIN_CONF = Path(__file__).parent / "sphinx_conf.py"
_VERSION = re.compile(r"\d+(?:\.\d+)+")
# What alabaster's page would load, in its order; alabaster.css itself imports basic.css.
_STYLES = ("basic.css", "alabaster.css", "pygments.css", "custom.css")
# What of an environment a program of it needs; of ~/.local not what else lies there.
_PARTS = ("bin", "lib", "lib64", "pyvenv.cfg")
_LARGEST = 64 << 20
_IMPORT = re.compile(r"@import [^;]*;")
# A document must not read files of this machine, nor put scripts into the page; and a severe fault is a
# finding, not the end. Source: docutils' configuration file, sections "general" and "parsers".
_DOCUTILS_CONF = "[general]\nhalt_level: 5\nfile_insertion_enabled: false\nraw_enabled: false\n"
DISABLED = ("directive disabled", "File insertion disabled", "File and URL access deactivated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sphinx:
    """A sphinx-build that runs here."""

    path: Path
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What one run made: the HTML body of each document by its name, the style sheet, the messages."""

    bodies: Mapping[str, str]
    style: str
    messages: tuple[SphinxMessage, ...]


def find_sphinx() -> Sphinx:
    """The sphinx-build of our own environment, or else in PATH; EnvironmentFault when there is none."""
    found = locate(PROGRAM)
    if not found:
        raise EnvironmentFault(f"{PROGRAM} is not installed, the preview needs it", cure=CURE)
    asked = process.run(Command(argv=(found, "--version"), timeout=LOOKUP_S))
    version = _VERSION.search(asked.text)
    if not asked.ok or version is None:
        raise ToolFailed(f"{found} does not say its version", tail=asked.tail, cure=CURE)
    return Sphinx(path=Path(found), version=version[0])


def lay_out(sources: Path, documents: Mapping[str, str]) -> None:
    """Write the documents, by their names without ``.rst``, below the folder ``sources``."""
    for name, text in documents.items():
        place = sources / f"{name}.rst"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


def build(sphinx: Sphinx, work: Path, documents: Mapping[str, str], *, conf: Path | None = None) -> Built:
    """Render documents (by name without ``.rst``) in the private folder ``work``, which must be empty.

    ``conf`` is a kernel tree's Documentation folder with its conf.py, which is executed; without it the plain
    configuration is used. Raises ToolFailed with Sphinx's own reason when it makes no pages.
    """
    sources, out, confdir = work / "source", work / "out", conf or work / "conf"
    lay_out(sources, documents)
    confdir.mkdir(exist_ok=True)
    if conf is None:
        shutil.copyfile(PLAIN_CONF, confdir / "conf.py")
    (confdir / "docutils.conf").write_text(_DOCUTILS_CONF, encoding="utf-8")
    (work / "tmp").mkdir()
    log = work / "warnings"
    tree = confdir.parent
    settings = (
        f"master_doc={next(iter(documents))}",
        f"kerneldoc_srctree={tree}",
        "kerneldoc_bin=/bin/false",
    )
    options = [word for setting in settings[: 3 if conf else 1] for word in ("-D", setting)]
    result = process.run(
        Command(
            argv=(
                str(sphinx.path), "-q", "-N", "-b", "json", "-c", str(confdir), "-d", str(work / "doctrees"),
                "-w", str(log), *options, str(sources), str(out),
            ),
            timeout=TIMEOUT_S,
            cwd=work,
            env={
                "DOCS_THEME": "alabaster",
                "srctree": str(tree),
                "TMPDIR": str(work / "tmp"),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            # A conf.py is a program, and a document of a series may name any file.
            sandbox=Sandbox(writable=(work,), readable=(tree, *_installed(sphinx.path))),
        )
    )  # fmt: skip
    result.raise_limit("the preview")
    pages = {name: f"out/{name}.fjson" for name in documents}
    if not result.ok or not all(outputs.is_plain(work, page) for page in pages.values()):
        reason = why_it_stopped(result.error_text) or f"{result.ended.value}, exit code {result.returncode}"
        raise ToolFailed(f"Sphinx {sphinx.version}: {reason}", tail=result.tail)
    return Built(
        bodies={name: _body(work, page) for name, page in pages.items()},
        style=_style(work, "out/_static"),
        messages=read_warnings(_text(work, log.name), str(sources)),
    )


def _installed(program: Path) -> tuple[Path, ...]:
    """What shows a Python program of some environment: its folders, and those of the Python behind it."""
    places = {program.parent.parent, _prefix(program)}
    return (program, *sorted(place / name for place in places for name in _PARTS))


def _prefix(program: Path) -> Path:
    """The prefix of the Python that is beside a program, or of our own."""
    python = program.with_name("python3")
    return (python if python.exists() else Path(sys.executable)).resolve().parent.parent


def _text(folder: Path, name: str) -> str:
    return (outputs.read_bytes(folder, name, _LARGEST) or b"").decode(errors="replace")


def _body(work: Path, page: str) -> str:
    body = None
    # A conf.py can have left anything there.
    with contextlib.suppress(ValueError, RecursionError, AttributeError):
        body = json.loads(_text(work, page)).get("body")
    if not isinstance(body, str):
        raise ToolFailed(f"Sphinx wrote a page without a body: {page.rpartition('/')[2]}")
    return body


def _style(work: Path, folder: str) -> str:
    texts = [_text(work, f"{folder}/{name}") for name in _STYLES]
    # "</" would end the style element that this text goes into.
    return _IMPORT.sub("", "\n".join(texts)).replace("</", "<\\/")
