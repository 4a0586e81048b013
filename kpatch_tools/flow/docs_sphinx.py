# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx over the parts to show: whose configuration, and which of its messages are about the text."""

import posixpath
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import ToolFailed, UserError
from kpatch_tools.flow.docs_select import Subject
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.preview import Conf, Excerpt, SphinxMessage
from kpatch_tools.parse.rst_parts import defined_names, normalised
from kpatch_tools.tools.export import export
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.sphinx import DISABLED, Built, Sphinx, build

RULE = "docs/sphinx"
_MOST_QUOTED = 8
DOCUMENTATION = "Documentation"
CONF = f"{DOCUMENTATION}/conf.py"
# What runs when Sphinx runs with the tree's configuration, and what only is read.
RUNS = (
    CONF,
    f"{DOCUMENTATION}/sphinx",
    "scripts/kernel-doc",
    "scripts/lib",
    "tools/docs",
    "tools/lib/python",
)
READ = (f"{DOCUMENTATION}/sphinx-static", f"{DOCUMENTATION}/images", "Makefile")
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_LABEL = re.compile(r"""(?:undefined label: |Unknown target name: )['"]?(?P<name>[^'"]+)['"]?""")
_DOCUMENT = re.compile(r"""(?:unknown document: |nonexisting document )['"]?(?P<name>[^'"]+)['"]?""")
_IMAGE = re.compile(r"image file not readable: (?P<name>\S+)")
_OURS = ("document isn't included in any toctree", *DISABLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """The commit whose configuration may run: the user's own, never what a series makes of it.

    ``touched`` are paths of the series that would run; ``missing`` says why there is no configuration.
    """

    store: Repository | None
    commit: str
    touched: tuple[str, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Sphinx's work: a body and the findings of each subject in order, the style sheet, the configuration."""

    bodies: tuple[str, ...]
    findings: tuple[tuple[Finding, ...], ...]
    style: str
    conf: str


def trusted(store: Repository | None, commit: str, *, touched: Sequence[str]) -> Trusted:
    """Look whether the commit has a configuration, and which of the paths of a series would run."""
    missing = ""
    if store is None or not commit:
        missing = "the document is not in a git tree with a commit"
    elif store.read_blob(commit, CONF) is None:
        missing = f"{commit[:12]} has no {CONF}"
    runs = tuple(path for path in touched if any(path == one or path.startswith(f"{one}/") for one in RUNS))
    return Trusted(store=store, commit=commit, touched=runs, missing=missing)


def why_plain(wanted: Conf, known: Trusted) -> str:
    """Why the plain configuration is used, "" when the tree's own may be.

    Raises UserError for --conf tree where there is none.
    """
    if wanted is Conf.PLAIN:
        return "asked for"
    if known.missing:
        if wanted is Conf.TREE:
            raise UserError(f"--conf tree: {known.missing}", cure="--conf auto")
        return known.missing
    if known.touched and wanted is Conf.AUTO:
        return f"the change touches {known.touched[0]}, which would run here"
    return ""


def render(sphinx: Sphinx, subjects: Sequence[Subject], known: Trusted, wanted: Conf, work: Path) -> Rendered:
    """Run Sphinx over the subjects, and over their older versions where it has something to say.

    Raises ToolFailed when Sphinx makes no pages, with the tree's configuration only if --conf tree.
    """
    names = _names(subjects)
    texts = {name: subject.excerpt for name, subject in names.items()}
    runner = _Runner(sphinx, known, work)
    plain = why_plain(wanted, known)
    built = None
    if not plain:
        try:
            built = runner.run(texts, use_tree=True)
        except ToolFailed as error:
            if wanted is Conf.TREE:
                raise ToolFailed(error.message, tail=error.tail, cure="--conf plain") from error
            plain = f"the tree's {CONF} does not work with {error.message}"
    if built is None:
        built = runner.run(texts, use_tree=False)
    old = _old_messages(runner, names, built, use_tree=not plain)
    whose = f"plain configuration ({plain})" if plain else f"the tree's own {CONF} at {known.commit[:12]}"
    return Rendered(
        bodies=tuple(built.bodies[name] for name in names),
        findings=tuple(
            _findings(subject, texts[name], _of(name, built.messages), _of(name, old), known)
            for name, subject in names.items()
        ),
        style=built.style,
        conf=f"Sphinx {sphinx.version}, {whose}",
    )


class _Runner:
    """Runs of Sphinx, each in a folder of its own, with the tree's configuration laid out once."""

    def __init__(self, sphinx: Sphinx, known: Trusted, work: Path) -> None:
        self._sphinx = sphinx
        self._known = known
        self._work = work
        self._count = 0

    def run(self, texts: Mapping[str, Excerpt], *, use_tree: bool) -> Built:
        self._count += 1
        folder = self._work / f"run{self._count}"
        folder.mkdir()
        documents = {name: text.text for name, text in texts.items()}
        return build(self._sphinx, folder, documents, conf=self._conf() if use_tree else None)

    def _conf(self) -> Path:
        tree = self._work / "tree"
        if not tree.is_dir() and self._known.store:
            export(self._known.store, self._known.commit, (*RUNS, *READ), tree)
        return tree / DOCUMENTATION


def _names(subjects: Sequence[Subject]) -> dict[str, Subject]:
    """Subjects by the names that Sphinx gets: as in the kernel, or a plain one where that is not safe."""
    names: dict[str, Subject] = {}
    for at, subject in enumerate(subjects):
        name = subject.path.removeprefix(f"{DOCUMENTATION}/").removesuffix(".rst")
        names[name if _SAFE.fullmatch(name) and name not in names else f"document-{at}"] = subject
    return names


def _of(name: str, messages: Sequence[SphinxMessage]) -> list[SphinxMessage]:
    return [one for one in messages if one.path == f"{name}.rst"]


def _old_messages(
    runner: _Runner, names: Mapping[str, Subject], built: Built, *, use_tree: bool
) -> tuple[SphinxMessage, ...]:
    """What Sphinx said before the change: asked only about documents that it says something of now."""
    texts = {
        name: before
        for name, subject in names.items()
        if _of(name, built.messages) and (before := subject.excerpt_before)
    }
    return runner.run(texts, use_tree=use_tree).messages if texts else ()


def _findings(
    subject: Subject,
    text: Excerpt,
    now: Sequence[SphinxMessage],
    before: Sequence[SphinxMessage],
    known: Trusted,
) -> tuple[Finding, ...]:
    names = defined_names(subject.new)
    waiting = Counter((one.level, one.text, one.more) for one in before)
    found = []
    for one in now:
        key = (one.level, one.text, one.more)
        if waiting[key]:
            waiting[key] -= 1
        elif not _of_the_excerpt(one, subject, names, known):
            found.append(_finding(one, subject, text.source_line(one.line)))
    return tuple(dict.fromkeys(found))


def _finding(message: SphinxMessage, subject: Subject, line: int) -> Finding:
    place = subject.new.place(line) if line else ""
    words = message.text.strip().rstrip(".") or message.level
    return Finding(
        rule=RULE,
        severity=Severity.WARNING if message.level == "WARNING" else Severity.ERROR,
        message=f"{place}: {words}" if place else words,
        location=Location(path=subject.path, line=line),
        detail=_shortened(message.more.strip("\n").split("\n")),
    )


def _shortened(lines: Sequence[str]) -> str:
    """What a message quotes: a broken table is quoted whole, and its first lines say enough."""
    if len(lines) <= _MOST_QUOTED:
        return "\n".join(lines)
    return "\n".join((*lines[: _MOST_QUOTED - 1], f"[{len(lines) - _MOST_QUOTED + 1} more lines]"))


def _of_the_excerpt(message: SphinxMessage, subject: Subject, names: frozenset[str], known: Trusted) -> bool:
    """Whether the message is about what the preview leaves out, and not about the text."""
    if any(words in message.text for words in _OURS):
        return True
    if label := _LABEL.search(message.text):
        name = label["name"]
        return normalised(name) in names or _label_elsewhere(name, known)
    if document := _DOCUMENT.search(message.text):
        return _file_there(f"{document['name']}.rst", subject, known)
    image = _IMAGE.search(message.text)
    # Sphinx tells the image's place as seen from its source folder, which stands for Documentation/.
    return image is not None and _file_there(f"/{image['name']}", subject, known)


def _label_elsewhere(name: str, known: Trusted) -> bool:
    if known.store is None or not known.commit or "\n" in name:
        return False
    # A label of sphinx.ext.autosectionlabel is a document's name and a title.
    document, colon, _title = name.partition(":")
    if colon and known.store.read_blob(known.commit, f"{DOCUMENTATION}/{document}.rst") is not None:
        return True
    wanted = f".. _{name}:"
    return known.store.run("grep", "-q", "-i", "-F", "-e", wanted, known.commit, "--", DOCUMENTATION).ok


def _file_there(name: str, subject: Subject, known: Trusted) -> bool:
    if known.store is None or not known.commit or "\n" in name:
        return False
    folder = DOCUMENTATION if name.startswith("/") else posixpath.dirname(subject.path)
    path = posixpath.normpath(posixpath.join(folder, name.lstrip("/")))
    return not path.startswith("..") and known.store.read_blob(known.commit, path) is not None
