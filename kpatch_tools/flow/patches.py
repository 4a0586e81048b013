# SPDX-License-Identifier: GPL-2.0-only
"""Checks per patch: the tree's own checkpatch.pl, rules about messages, and a subsystem's written rules."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools import __version__
from kpatch_tools.checks.patch_rule import PatchContext, SeriesContext, matches
from kpatch_tools.checks.patches import check_patch, check_whole, without_doubles
from kpatch_tools.checks.trailers import FIXES
from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.checkpatch import checkpatch_findings
from kpatch_tools.flow.prepare import series_id
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Report, Status, TreeId, status_of
from kpatch_tools.model.rules import Rules
from kpatch_tools.model.series import Applied, ApplyState, Patch, Series
from kpatch_tools.parse.message import Message, read_message
from kpatch_tools.parse.patch_lines import DiffLine, diff_lines
from kpatch_tools.parse.rules import parse_rules
from kpatch_tools.tools import checkpatch
from kpatch_tools.tools.files import data_dir, read_text
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.private import private_folder

CHECK = "patches"
# A tree with fewer commits was imported, and an id that it does not know proves nothing.
HISTORY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """One patch with its message and the lines of its diff."""

    patch: Patch
    message: Message
    lines: tuple[DiffLine, ...]


def profiles() -> tuple[Rules, ...]:
    """All profiles of patches/profiles, by file name. Raises UserError for a bad one."""
    paths = sorted((data_dir("patches") / "profiles").glob("*.toml"))
    return tuple(parse_rules(read_text(path, "profile of rules"), name=str(path)) for path in paths)


def profile_of(series: Series) -> Rules | None:
    """The profile that holds for a series: the first with a path that it touches; None: the general rules."""
    touched = [path for patch in series.patches for change in patch.files for path in change.paths]
    return next((rules for rules in profiles() if any(matches(path, rules.paths) for path in touched)), None)


def check_series(
    series: Series,
    *,
    tree: Path,
    onto: str = "HEAD",
    fail_on: Severity = Severity.WARNING,
    sink: Sink = silent,
) -> Report:
    """Apply ``series`` to ``onto`` of the git tree ``tree``, keep nothing, and check its patches.

    A series that does not apply is checked without the rules that need the resulting tree, and its report
    says so. Raises UserError as apply_series() does.
    """
    source = Repository.open(tree)
    with private_folder("kvet-patches-") as folder:
        store = Repository.create(folder / "store.git", borrow=source)
        applied = apply_series(series, tree=source.path, onto=onto, objects=store.path, sink=sink)
        result = check_patches(series, applied, store, fail_on=fail_on, sink=sink)
    return Report(
        tool=f"kvet {__version__}",
        tree=TreeId(path=str(source.path), base=applied.base, head=applied.head if applied.commits else ""),
        series=series_id(series),
        checks=(result,),
    )


def check_patches(
    series: Series,
    applied: Applied,
    store: Repository,
    *,
    fail_on: Severity = Severity.WARNING,
    sink: Sink = silent,
) -> CheckResult:
    """Check each patch of ``series`` and the series as a whole; ``store`` holds the commits of ``applied``.

    What could not be judged (no checkpatch.pl in the base, no perl, a series that does not apply) makes the
    result DID_NOT_RUN unless there are findings, and is named in the reason. ``elapsed`` is in seconds.
    """
    started = time.monotonic()
    if not series.patches:
        return CheckResult(check=CHECK, reason=applied.reason or "there are no patches to check")
    work = _Work(series=series, applied=applied, store=store, sink=sink)
    findings = work.all()
    status = status_of(findings, fail_on)
    if status is Status.PASS and work.missing:
        status = Status.DID_NOT_RUN
    return CheckResult(
        check=CHECK,
        status=status,
        reason="; ".join(work.missing),
        findings=findings,
        elapsed=time.monotonic() - started,
        facts=tuple(work.facts),
        partial=bool(work.missing),
    )


class _Work:
    """One run over one series; ``missing`` and ``facts`` grow as the parts say what they could not do."""

    def __init__(self, *, series: Series, applied: Applied, store: Repository, sink: Sink) -> None:
        self.series, self.applied, self.store, self.sink = series, applied, store, sink
        self.rules = profile_of(series)
        self.missing: list[str] = []
        self.facts: list[tuple[str, str]] = []

    def all(self) -> tuple[Finding, ...]:
        """Everything there is to find, patch by patch."""
        read = []
        for patch in self.series.patches:
            try:
                lines = diff_lines(patch.diff, patch.source)
                read.append(_Read(patch=patch, message=read_message(patch), lines=lines))
            except UserError as error:
                self.missing.append(f"patch {patch.count} cannot be read: {error.message}")
        findings = [*self._checkpatch(read), *self._messages(read), *self._whole(read)]
        ordered = sorted(findings, key=lambda one: one.location.patch if one.location else 0)
        return without_doubles(tuple(ordered))

    def _checkpatch(self, read: Sequence[_Read]) -> tuple[Finding, ...]:
        base = self.applied.base
        self.sink(Event(CHECK, f"checkpatch.pl of {base[:12]}", 0, len(read)))
        head = self.applied.head if self.applied.commits else base
        try:
            found = checkpatch_findings(
                self.store, base, head, tuple((one.patch, one.lines) for one in read), self.series
            )
        except EnvironmentFault as error:
            self.missing.append(f"checkpatch did not run: {error.line}")
            return ()
        self.facts.append(("checkpatch", f"{checkpatch.SCRIPT} of the base {base[:12]}, --strict"))
        own = [
            patch.count for patch in self.series.patches for c in patch.files if c.path == checkpatch.SCRIPT
        ]
        if own:
            self.facts.append(("checkpatch", f"the one that patch {own[0]} brings is not run"))
        if any("compatible" in patch.diff for patch in self.series.patches):
            self.facts.append(("checkpatch", f"left out: {', '.join(checkpatch.LEFT_OUT)}"))
        return found

    def _messages(self, read: Sequence[_Read]) -> tuple[Finding, ...]:
        commits = self._fixed(read)
        found: list[Finding] = []
        for done, one in enumerate(read):
            self.sink(Event(CHECK, f"message of {one.patch.count}", done, len(read)))
            found += check_patch(
                PatchContext(
                    patch=one.patch,
                    message=one.message,
                    lines=one.lines,
                    profile=self.rules,
                    commits=commits,
                )
            )
        return tuple(found)

    def _fixed(self, read: Sequence[_Read]) -> dict[str, str]:
        """The subject of each commit that a Fixes: tag names, "" for one that history does not have."""
        tags = (tag for one in read for tag in (*one.message.strays, *one.message.trailers))
        wanted = {match["id"] for tag in tags if tag.name == "fixes" and (match := FIXES.match(tag.value))}
        if not wanted:
            return {}
        if not self._history():
            self.facts.append(("Fixes:", "commits not looked up: this tree has no history"))
            return {}
        subjects = {}
        for name in wanted:
            shown = self.store.run("log", "-1", "--format=%s", "--end-of-options", name)
            subjects[name] = shown.text.strip() if shown.ok else ""
        return subjects

    def _history(self) -> bool:
        shallow = self.store.run("rev-parse", "--is-shallow-repository").text.strip() != "false"
        count = self.store.run("rev-list", "--count", f"--max-count={HISTORY}", self.applied.base)
        return not shallow and count.text.strip() == str(HISTORY)

    def _whole(self, read: Sequence[_Read]) -> tuple[Finding, ...]:
        rules = self.rules
        if not self.applied.state.good:
            self.missing.append(f"the series as a whole was not checked: {self.applied.reason}")
            return ()
        if rules is None:
            return ()
        name = rules.title
        if len(read) != len(self.series.patches):
            return ()
        if self.applied.state is ApplyState.ALREADY_APPLIED:
            self.facts.append(("rules", "the series is in the base already"))
        self.facts.append(("rules", f"{name} ({rules.name})"))
        headers = {
            change.path
            for patch in self.series.patches
            for change in patch.files
            if matches(change.path, rules.uapi.headers)
        }
        tests = rules.selftests
        wanted = [
            rules.uapi.document,
            *(tests.folder + name for name in (*tests.makefiles, tests.gitignore)),
            *sorted(headers),
        ]
        blobs = self.store.read_objects(f"{self.applied.head}:{path}" for path in wanted)
        files = {
            path: blob.data.decode("utf-8", "replace")
            for path, blob in zip(wanted, blobs, strict=True)
            if blob and blob.kind == "blob"
        }
        lines = {one.patch.number: one.lines for one in read}
        return check_whole(SeriesContext(series=self.series, lines=lines, profile=rules, files=files))
