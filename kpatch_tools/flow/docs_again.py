# SPDX-License-Identifier: GPL-2.0-only
"""What was judged before is judged the same: the second run of a hook over one staged text.

The answer is kept under all that it follows from: HEAD, what is staged of documents and of KVM's code, the
files asked for, and the rules themselves. Nothing of the linter is loaded to find it.
"""

import hashlib
import importlib.util
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

import kpatch_tools
from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.event import Sink, silent
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import Report
from kpatch_tools.parse.kernelfacts_paths import ROOTS
from kpatch_tools.tools import digested
from kpatch_tools.tools.files import cache_dir, data_dir
from kpatch_tools.tools.git import Repository

_FOLDER = "Documentation"
_DEFAULT = "Documentation/virt/kvm/api.rst"
_MOST = 64
# The report says that the rules did not run this time.
KEPT = ("answer", "as judged before of the same content, from the cache")


def check_staged(
    paths: tuple[str, ...],
    *,
    tree: Path | None = None,
    fail_on: Severity = Severity.WARNING,
    sink: Sink = silent,
) -> Report:
    """What flow.docs_files.check_files() says of what is staged, from the cache where it said so before."""
    started = time.monotonic()
    place = _place(paths, fail_on) if tree is None else None
    body = digested.load(place) if place else None
    if body is not None:
        try:
            report = msgspec.msgpack.decode(body, type=Report)
        except (msgspec.DecodeError, msgspec.ValidationError):
            pass
        else:
            elapsed = time.monotonic() - started
            checks = (replace(one, elapsed=elapsed, facts=(*one.facts, KEPT)) for one in report.checks)
            return replace(report, checks=tuple(checks))
    from kpatch_tools.flow.docs_files import Against, check_files  # noqa: PLC0415 - see the top

    report = check_files(paths, tree=tree, against=Against.INDEX, fail_on=fail_on, sink=sink)
    if place:
        digested.keep(place, msgspec.msgpack.encode(report), most=_MOST)
    return report


def _place(paths: tuple[str, ...], fail_on: Severity) -> Path | None:
    """Where the answer lies; None where it depends on more than is looked at here."""
    try:
        repository = Repository.discover(Path())
        folder = cache_dir("answers")
    except (UserError, EnvironmentFault):
        return None
    top = repository.top.resolve() if repository.top else None
    files = [Path(path) for path in paths] or ([top / _DEFAULT] if top else [])
    if top is None or not all(path.is_file() and _inside(path, top) for path in files):
        return None
    head = repository.run("rev-parse", "--verify", "--quiet", "HEAD").text.strip()
    index = os.environ.get("GIT_INDEX_FILE")
    env = {"GIT_INDEX_FILE": str(Path(index).absolute())} if index else {}
    question = ("diff-index", "--cached", "--raw", "-z", "--no-renames", "--abbrev=64", head, "--")
    staged = repository.run(*question, *ROOTS, _FOLDER, env=env)
    if not head or not staged.ok:
        return None
    digest = hashlib.sha256(staged.stdout)
    for part in (str(top), str(Path.cwd()), head, fail_on.value, *map(str, files), *_ourselves()):
        digest.update(b"\0" + part.encode("utf-8", "surrogateescape"))
    return folder / f"{digest.hexdigest()}.answer"


def _inside(path: Path, top: Path) -> bool:
    return path.resolve().is_relative_to(top / _FOLDER)


def _ourselves() -> Iterator[str]:
    """What changes when the rules do: the files of this package and of docs-check, and the parser's."""
    spec = importlib.util.find_spec("docutils")
    if spec and spec.origin:
        yield _state(Path(spec.origin))
    for root in (Path(kpatch_tools.__file__).parent, data_dir("docs-check")):
        for name, _folders, files in os.walk(root):
            yield from (_state(Path(name, file)) for file in sorted(files) if file.endswith((".py", ".toml")))


def _state(path: Path) -> str:
    known = path.stat()
    return f"{path} {known.st_size} {known.st_mtime_ns}"
