# SPDX-License-Identifier: GPL-2.0-only
"""The known comments of a series.toml: every fault that its form does not show, with its line."""

import re
from collections.abc import Iterator, Sequence

from kpatch_tools.model.known import (
    CasePasses,
    Claim,
    FindingGone,
    KnownComment,
    LineChanged,
    Proof,
)
from kpatch_tools.parse.diff import unsafe_path
from kpatch_tools.parse.toml import Faults
from kpatch_tools.parse.toml_lines import Path

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_RULE = re.compile(r"[a-z0-9-]+/[A-Za-z0-9_-]+")
_CASE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
MESSAGE_ID = re.compile(r"[^<>@\s]+@[^<>@\s]+")
_TOP = "comment"


def check_comments(comments: Sequence[KnownComment], versions: Sequence[int], faults: Faults) -> None:
    """Add to ``faults`` what is wrong with the comments; ``versions`` are those that the document names."""
    seen: set[str] = set()
    for index, comment in enumerate(comments):
        if comment.id in seen:
            faults.add((_TOP, index, "id"), f"the comment {comment.id!r} is there twice")
        seen.add(comment.id)
        for where, text in _in_comment(comment, versions):
            faults.add((_TOP, index, *where), text)
        for key, text in _in_claim(comment.claim, comment, versions) if comment.claim else ():
            faults.add((_TOP, index, "claim", key), text)
        for at, proof in enumerate(comment.proof):
            for key, text in _in_proof(proof):
                faults.add((_TOP, index, "proof", at, key), text)


def _in_comment(comment: KnownComment, versions: Sequence[int]) -> Iterator[tuple[Path, str]]:
    if not _ID.fullmatch(comment.id):
        yield ("id",), f"{comment.id!r} is no id: lower-case words with hyphens between them"
    if comment.version not in versions:
        yield ("version",), f"there is no version {comment.version}"
    if comment.patch < 0:
        yield ("patch",), f"{comment.patch} is no patch; the cover letter is 0"
    for key in ("by", "asks"):
        if not _is_line(getattr(comment, key)):
            yield (key,), f"{key} has to be one line that says something"
    if comment.file and (reason := unsafe_path(comment.file)):
        yield ("file",), f"{comment.file!r}: {reason}"
    if comment.posted and not MESSAGE_ID.fullmatch(comment.posted):
        yield ("posted",), f"{comment.posted!r} is no Message-ID"


def _in_claim(claim: Claim, comment: KnownComment, versions: Sequence[int]) -> Iterator[tuple[str, str]]:
    if claim.version not in versions:
        yield "version", f"there is no version {claim.version}"
    elif claim.version <= comment.version and comment.version in versions:
        yield "version", f"version {claim.version} cannot answer a comment on version {comment.version}"
    if not _is_line(claim.says):
        yield "says", "says has to be one line that says something"
    if claim.state == "answered" and not claim.patches:
        yield "patches", "a claim that it is answered names the patches that do"
    if claim.state == "withdrawn" and comment.proof:
        yield "state", "what was withdrawn needs no proof: leave one of the two out"
    if any(patch < 1 for patch in claim.patches) or len(set(claim.patches)) < len(claim.patches):
        yield "patches", f"{list(claim.patches)} are no numbers of patches, each once"


def _in_proof(proof: Proof) -> Iterator[tuple[str, str]]:
    if isinstance(proof, FindingGone):
        if not _RULE.fullmatch(proof.rule):
            yield "rule", f"{proof.rule!r} is no rule: family/name"
        return
    if isinstance(proof, CasePasses):
        if not _CASE.fullmatch(proof.case):
            yield "case", f"{proof.case!r} is no name of a test case"
        return
    if not _is_line(proof.text):
        yield "text", "text has to be one line that says something"
    if not isinstance(proof, LineChanged) and proof.file and (reason := unsafe_path(proof.file)):
        yield "file", f"{proof.file!r}: {reason}"


def _is_line(text: str) -> bool:
    return bool(text.strip()) and "\n" not in text
