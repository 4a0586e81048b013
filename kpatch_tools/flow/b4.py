# SPDX-License-Identifier: GPL-2.0-only
"""Answers to b4's check commands: one mail comes in, what is known of it goes out.

b4 gives a command one patch of a series and a tree where the series is not applied. So a check of a whole
series leaves its findings in the cache under the Message-ID of each of its mails.
"""

import contextlib
import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from kpatch_tools import __version__
from kpatch_tools.errors import EnvironmentFault, ToolkitError, UserError
from kpatch_tools.flow.patches import CHECK, check_patches, check_series
from kpatch_tools.flow.series import load_series, read_series
from kpatch_tools.model.checked import CHECKED_SCHEMA, Checked
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.report import CheckResult, Report, Status, status_of
from kpatch_tools.model.series import Applied, ApplyState, Patch, Series
from kpatch_tools.parse.mail import read_envelope
from kpatch_tools.parse.patch_lines import diff_lines
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render.json_v1 import convert, encoded
from kpatch_tools.tools.files import cache_dir, write_atomic
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.mailbox import RawMail

REVIEW_BRANCHES = "refs/heads/b4/review/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is known of the mail: findings and states of checks, and what could not be looked at, and why."""

    checks: tuple[CheckResult, ...]
    skipped: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the checks."""
        return tuple(finding for check in self.checks for finding in check.findings)


def remember(series: Series, report: Report) -> None:
    """Keep the findings of ``report`` for answer(): for each mail of the series, and for the whole.

    A mail without Message-ID cannot be found again and is passed over. All are kept or, with what was known
    of them before, none: raises EnvironmentFault when the cache cannot be written.
    """
    parts = [(series.message_id, 0, "", report)]
    for patch in series.patches:
        checks = tuple(_only(check, patch.number) for check in report.checks)
        parts.append((patch.message_id, patch.number, _digest(patch), replace(report, checks=checks)))
    documents = {
        _place(message_id, whole=number == 0): encoded(
            Checked(
                schema=CHECKED_SCHEMA,
                message_id=message_id,
                number=number,
                digest=digest,
                report=convert(part),
            )
        )
        for message_id, number, digest, part in parts
        if message_id
    }
    try:
        for path, document in documents.items():
            write_atomic(path, document)
    except OSError as error:
        for path in documents:
            with contextlib.suppress(OSError):
                path.unlink()
        raise EnvironmentFault(
            f"{path}: {error.strerror}", cure="set XDG_CACHE_HOME to a writable folder"
        ) from error


def answer(
    mails: tuple[RawMail, ...], *, tree: Path, whole: bool = False, tracking: Path | None = None
) -> Answer:
    """What kvet knows of the mail that b4 gave: of its series when ``whole``, otherwise of the patch.

    A series that was checked before is found by Message-ID, one that b4 tracks by ``tracking`` (its
    B4_TRACKING_FILE). A single patch is checked here and now; of one of several that was never seen, only
    what it shows by itself is, and the rest is said to be skipped. Raises UserError for what is no mail.
    """
    if len(mails) != 1:
        raise UserError(
            f"expected one mail, got {len(mails)}", cure="leave out --format b4-lines and b4-json"
        )
    envelope = read_envelope(mails[0].raw, mails[0].source)
    series = read_series(mails, "mail")
    patch = series.patches[0] if series.patches else None
    if whole or patch is None:
        found = _recall(envelope.message_id, whole=True)
        if found is None and tracking:
            found = _tracked(tracking, tree, envelope.message_id, whole=True)
        if found:
            return Answer(checks=parse_report(msgspec.json.encode(found.report)).checks)
        if patch is None or patch.total > 1:
            return Answer(checks=(), skipped=_unseen("the series was not checked yet", envelope.message_id))
    if patch is None:
        return Answer(checks=(), skipped="the mail holds no patch")
    found = _recall(patch.message_id, whole=False)
    if found is None and tracking:
        found = _tracked(tracking, tree, patch.message_id, whole=False)
    if found and found.digest == _digest(patch):
        return Answer(checks=parse_report(msgspec.json.encode(found.report)).checks)
    if patch.total <= 1:
        return Answer(checks=check_series(series, tree=tree).checks)
    alone = _alone(series, tree)
    first = next((name for name in (*envelope.references, envelope.in_reply_to) if name), "")
    why = "it needs the other patches"
    if found:
        why = "another diff was checked under this Message-ID"
    elif first and _recall(first, whole=True):
        why = "the series of its thread was checked without it"
    return Answer(checks=(alone,), skipped=_unseen(why, patch.message_id))


def _alone(series: Series, tree: Path) -> CheckResult:
    """What one patch of several shows by itself: message and checkpatch, with the checkpatch of HEAD."""
    store = Repository.open(tree)
    applied = Applied(state=ApplyState.INCOMPLETE, base=store.head(), reason="the other patches are missing")
    result = check_patches(series, applied, store)
    # That the whole cannot be judged is what the answer says anyway.
    whole = [part for part in result.reason.split("; ") if applied.reason not in part]
    status = result.status if result.status is not Status.DID_NOT_RUN or whole else status_of(result.findings)
    return replace(result, reason="; ".join(part for part in whole if part), status=status)


def _unseen(why: str, message_id: str) -> str:
    word = message_id if message_id and not message_id.startswith("-") else "SERIES"
    return f"rules about the whole series: {why}; kvet series check {shlex.quote(word)}"


def _only(check: CheckResult, number: int) -> CheckResult:
    findings = tuple(one for one in check.findings if one.location and one.location.patch == number)
    status = status_of(findings) if check.status in (Status.FAIL, Status.PASS) else check.status
    return CheckResult(check=check.check, status=status, reason=check.reason, findings=findings)


def _digest(patch: Patch) -> str:
    """What a diff changes, without positions and blob ids: git may write these in more than one way."""
    lines = (
        f"{line.path}\0{line.mark}\0{line.text}\0"
        for line in diff_lines(patch.diff, patch.source)
        if line.mark != "@" and not (line.mark == "" and line.text.startswith("index "))
    )
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _place(message_id: str, *, whole: bool) -> Path:
    key = hashlib.sha256(message_id.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return cache_dir("checked") / f"{key}-{'series' if whole else 'patch'}.json"


def _recall(message_id: str, *, whole: bool) -> Checked | None:
    """What was kept by this version of kvet; a file of another one, or a damaged one, counts as none."""
    if not message_id:
        return None
    try:
        kept = msgspec.json.decode(_place(message_id, whole=whole).read_bytes(), type=Checked)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    same = kept.schema == CHECKED_SCHEMA and kept.report.tool == f"kvet {__version__}"
    return kept if same and kept.message_id == message_id else None


def _tracked(tracking: Path, tree: Path, message_id: str, *, whole: bool) -> Checked | None:
    """Check the series that b4 has on its review branch, and keep it; None when the file leads nowhere.

    The branch is b4/review/CHANGE-ID: the patches from first-patch-commit on, and b4's own commit at the tip
    (b4 0.16, review/_review.py, create_review_branch and get_review_branch_patch_ids).
    """
    try:
        data = json.loads(tracking.read_bytes())
        about, patches = data["series"], data["patches"]
        first, name = str(about["first-patch-commit"]), str(about["change-id"])
        ids = [_message_id(item) for item in patches]
        source = Repository.open(tree)
        parent = source.resolve(f"{first}~1")
        last = source.resolve(f"{REVIEW_BRANCHES}{name}~1")
        series = load_series(f"{parent}..{last}", tree=source.path)
    except (OSError, ValueError, KeyError, TypeError, ToolkitError):
        return None
    if len(ids) != len(series.patches):
        return None
    known = tuple(
        replace(patch, message_id=identity) for patch, identity in zip(series.patches, ids, strict=True)
    )
    cover = _message_id(about)
    whole_series = replace(series, patches=known)
    report = check_series(whole_series, tree=source.path, onto=parent)
    remember(whole_series, report)
    if cover:
        _keep_cover(cover, report)
    return _recall(message_id, whole=whole)


def _keep_cover(message_id: str, report: Report) -> None:
    kept = Checked(schema=CHECKED_SCHEMA, message_id=message_id, number=0, digest="", report=convert(report))
    write_atomic(_place(message_id, whole=True), encoded(kept))


def _message_id(item: Mapping[str, Any]) -> str:
    return str(item["header-info"].get("msgid") or "").strip("<> ")


def not_run(reason: str) -> Answer:
    """The answer when nothing could be looked at."""
    return Answer(checks=(CheckResult(check=CHECK, reason=reason),))
