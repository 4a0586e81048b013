# SPDX-License-Identifier: GPL-2.0-only
"""What became of the known comments on a version: each by its proofs, none by what somebody claims."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from kpatch_tools.checks.answers import answers
from kpatch_tools.checks.likeness import flat
from kpatch_tools.checks.told import told
from kpatch_tools.model.comparison import Anchor, Answer, Comment, PatchPair, Region, ReviewMail
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.known import (
    CasePasses,
    FindingGone,
    KnownAnswer,
    KnownComment,
    LineChanged,
    Outcome,
    Proof,
    Proved,
    State,
    TextGone,
    TextThere,
)
from kpatch_tools.model.report import Report
from kpatch_tools.model.series import Patch, Series
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.difflines import read_lines

_GAP = "\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Both versions, how their patches pair, and the reports on them; None where there is no report."""

    old: Series
    new: Series
    pairs: tuple[PatchPair, ...]
    old_report: Report | None = None
    new_report: Report | None = None


def known_answers(comments: Iterable[KnownComment], seen: Evidence) -> tuple[KnownAnswer, ...]:
    """The state of each comment on the older version, in the order of its patches, then of the document.

    Answered: all of its proofs hold. Still there: one of them fails. Otherwise nothing is proven, whatever
    is claimed, unless the comment was withdrawn in the newer version or one between the two.
    """
    mine = [comment for comment in comments if comment.version == seen.old.version]
    return tuple(_answer(comment, seen) for comment in sorted(mine, key=lambda one: one.patch))


def _answer(comment: KnownComment, seen: Evidence) -> KnownAnswer:
    claim = comment.claim
    if claim and claim.state == "withdrawn" and claim.version <= seen.new.version:
        return KnownAnswer(comment=comment, state=State.WITHDRAWN)
    proofs = (*_nowhere(comment, seen), *(_prove(proof, comment, seen) for proof in comment.proof))
    outcomes = {proof.outcome for proof in proofs}
    if Outcome.FAILS in outcomes:
        state = State.STILL
    elif outcomes == {Outcome.HOLDS}:
        state = State.ANSWERED
    else:
        state = State.UNPROVEN
    return KnownAnswer(comment=comment, state=state, proofs=proofs)


def _nowhere(comment: KnownComment, seen: Evidence) -> Iterator[Proved]:
    """What a claim says of patches that are not there."""
    claim = comment.claim
    if claim and claim.version == seen.new.version:
        absent = set(claim.patches) - {patch.number for patch in seen.new.patches}
        yield from (_unknown(f"v{claim.version} has no patch {number}") for number in sorted(absent))


def _prove(proof: Proof, comment: KnownComment, seen: Evidence) -> Proved:
    match proof:
        case FindingGone():
            return _finding(proof, seen)
        case CasePasses():
            return _case(proof, seen)
        case TextGone() | TextThere():
            return _text(proof, seen)
        case LineChanged():
            return _line(proof, comment, seen)
        case _:
            assert_never(proof)


def _finding(proof: FindingGone, seen: Evidence) -> Proved:
    name = f"{proof.rule}{f' ({proof.words})' if proof.words else ''}"
    if seen.old_report is None or seen.new_report is None:
        return _unknown(f"{name}: there is no report on {_lacking(seen)}")
    division = told(seen.old_report, seen.new_report)
    if not any(_meant(one, proof) for one in seen.old_report.findings):
        return _unknown(f"{name}: the report on v{seen.old.version} has no such finding")
    if any(_meant(one, proof) for one in seen.new_report.findings):
        return _fails(f"{name}: told for v{seen.new.version} too")
    open_now = [gone for gone in division.unproven if _meant(gone.finding, proof)]
    if open_now:
        return _unknown(f"{name}: not told for v{seen.new.version}, but {open_now[0].reason}")
    if any(_meant(gone.finding, proof) for gone in division.answered):
        return _holds(f"{name}: told for v{seen.old.version}, and no more for v{seen.new.version}")
    return _fails(f"{name}: told for v{seen.new.version} in other words")


def _meant(finding: Finding, proof: FindingGone) -> bool:
    said = (finding, *finding.folded)
    return any(one.rule == proof.rule and proof.words in one.message for one in said)


def _lacking(seen: Evidence) -> str:
    sides = ((seen.old, seen.old_report), (seen.new, seen.new_report))
    return " and ".join(f"v{series.version}" for series, report in sides if report is None)


def _case(proof: CasePasses, seen: Evidence) -> Proved:
    wanted = ", ".join(f"{key}={value}" for key, value in proof.observed.items())
    name = f"case {proof.case}{f' with {wanted}' if wanted else ''}"
    if seen.new_report is None:
        return _unknown(f"{name}: there is no report on v{seen.new.version}")
    ran = _ran(proof.case, seen.new_report)
    if not ran:
        return _unknown(f"{name}: did not run for v{seen.new.version}")
    for test in ran:
        if not test.status.settled:
            return _unknown(f"{name}: {test.status.value} for v{seen.new.version}")
        if not _keeps(test, proof):
            shown = ", ".join(f"{key}={test.observed.get(key, 'not seen')}" for key in proof.observed)
            said = test.status.value if not test.status.good else shown
            return _fails(f"{name}: {said} for v{seen.new.version}")
    return _since(f"{name}: passes for v{seen.new.version}", proof, seen)


def _since(passes: str, proof: CasePasses, seen: Evidence) -> Proved:
    """What a pass of the newer version proves: nothing, unless it is known what the older one did."""
    if seen.old_report is None:
        return _unknown(f"{passes}, but there is no report on v{seen.old.version}")
    before = _ran(proof.case, seen.old_report)
    if before and all(_keeps(test, proof) for test in before):
        return _unknown(f"{passes}, but v{seen.old.version} did that already")
    return _holds(f"{passes}, which it did not for v{seen.old.version}" if before else passes)


def _ran(case: str, report: Report) -> list[TestResult]:
    tests = (test for check in report.checks for test in check.tests)
    return [test for test in tests if test.name == case and test.status is not Verdict.SKIP]


def _keeps(test: TestResult, proof: CasePasses) -> bool:
    return test.status.good and all(
        str(test.observed.get(key)) == str(value) for key, value in proof.observed.items()
    )


def _text(proof: TextGone | TextThere, seen: Evidence) -> Proved:
    where = proof.file or "the commit messages"
    quoted = f'"{proof.text}"'
    before, after = (flat(proof.text) in _said(series, proof.file) for series in (seen.old, seen.new))
    old, new = f"v{seen.old.version}", f"v{seen.new.version}"
    if isinstance(proof, TextGone):
        if after:
            return _fails(f"{where}: {new} has {quoted}")
        return _holds(f"{where}: {quoted} is gone") if before else _unknown(f"{where}: {old} has no {quoted}")
    if not after:
        return _fails(f"{where}: {new} has no {quoted}")
    return _unknown(f"{where}: {old} has {quoted} too") if before else _holds(f"{where}: {new} has {quoted}")


def _said(series: Series, path: str) -> str:
    """What a series adds to a file and leaves there, or what its messages say, as flat text."""
    if not path:
        mails = (*((series.cover,) if series.cover else ()), *series.patches)
        return _GAP.join(flat(mail.body) for mail in mails)
    lines: list[str] = []
    for patch in series.patches:
        for item in read_lines(patch.diff, patch.source) if patch.files else ():
            if path not in (item.path, item.old_path):
                continue
            for line in item.lines:
                if line.mark == "+":
                    lines.append(flat(line.text))
                elif line.mark == "-" and flat(line.text) in lines:
                    lines[lines.index(flat(line.text))] = _GAP
                else:
                    lines.append(_GAP)
    return flat(" ".join(lines))


def _line(proof: LineChanged, comment: KnownComment, seen: Evidence) -> Proved:
    patch = next((one for one in seen.old.patches if one.number == comment.patch), None)
    if patch is None:
        return _unknown(f"v{seen.old.version} has no patch {comment.patch}")
    region = Region.DIFF if comment.file else Region.MESSAGE
    anchor = Anchor(
        region=region,
        text=proof.text,
        path=comment.file,
        mark="+" if comment.file else "",
        block=(proof.text,),
    )
    (found,) = answers([_as_mail(patch, anchor)], seen.old, seen.pairs)
    quoted = f'the line "{proof.text}"'
    match found.answer:
        case Answer.CHANGED | Answer.GONE | Answer.PATCH_GONE:
            what = {Answer.CHANGED: "changed", Answer.GONE: "gone"}.get(found.answer, "gone with its patch")
            return _holds(f"{quoted} is {what}{f' ({found.now})' if found.now else ''}")
        case Answer.UNTOUCHED | Answer.MOVED:
            return _fails(f"{quoted} is as it was ({found.now})")
        case _:
            return _unknown(f"{quoted}: {found.reason}")


def _as_mail(patch: Patch, anchor: Anchor) -> ReviewMail:
    """A review mail that says something below one line of a patch."""
    return ReviewMail(
        author="",
        date="",
        subject=patch.subject,
        version=None,
        number=patch.number,
        is_reply=True,
        message_id="",
        parents=(patch.message_id,),
        comments=(Comment(text="", mail_line=0, anchor=anchor),),
        trailers=(),
        source=patch.source,
    )


def _holds(words: str) -> Proved:
    return Proved(outcome=Outcome.HOLDS, words=words)


def _fails(words: str) -> Proved:
    return Proved(outcome=Outcome.FAILS, words=words)


def _unknown(words: str) -> Proved:
    return Proved(outcome=Outcome.UNKNOWN, words=words)
