# SPDX-License-Identifier: GPL-2.0-only
"""JSON report format, version 1: the document others rely on, kept apart from kvet's own types.

A change that removes or redefines a key raises SCHEMA; a new key with a default does not.
"""

from typing import Any, Final, Literal

import msgspec

SCHEMA: Final = 1


class LocationV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place: path relative to the kernel tree, line and column from 1, 0 when unknown.

    ``own`` marks a contract, which is in no kernel tree: a file of kvet's or of its user's.
    """

    path: str
    line: int = 0
    column: int = 0
    patch: int = 0
    own: bool = False


class ExcerptV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines of a text that is evidence: the first has the number ``line``, it is about the line ``mark``."""

    source: Literal["tree", "message", "contract", "program", "output", "console"]
    path: str
    line: int
    lines: tuple[str, ...]
    mark: int = 0
    case: str = ""
    mode: str = ""


class FindingV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One finding; ``path`` is "" for one without a place, ``cases`` are the test cases that show it.

    ``told`` is the version of the series for which it was told first, 0 for one that is new. ``folded`` are
    findings of other rules that this one says better.
    """

    rule: str
    severity: Literal["error", "warning", "note"]
    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    patch: int = 0
    related: tuple[LocationV1, ...] = ()
    detail: str = ""
    hint: str = ""
    fingerprint: str = ""
    cases: tuple[str, ...] = ()
    excerpts: tuple[ExcerptV1, ...] = ()
    told: int = 0
    folded: "tuple[FindingV1, ...]" = ()


class TestV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One test; ``observed`` is what the test itself printed."""

    __test__ = False

    name: str
    status: str
    reason: str = ""
    mode: dict[str, str] = {}
    observed: dict[str, int | str] = {}
    clause: str = ""


class PatchV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of the series: ``number`` is the patch, 0 the base; ``same_as`` the row whose kernel it has.

    ``docs_new`` is null where no document was checked, ``boot`` where no machine was booted. ``cases`` are
    the results of the test cases by name, ``flaky`` those with several results on this kernel; ``settled`` is
    how many cases come to their last result here. ``not_yet`` is how many are skipped because the capability
    that they are about comes with a later patch; ``reasons`` are the words of cases that did not pass.
    """

    number: int
    subject: str
    commit: str
    kernel: Literal["built", "cached", "same", "fails", "not-run"]
    same_as: int | None = None
    warnings: int = 0
    docs_new: int | None = None
    docs_mended: int = 0
    programs: Literal["", "compile", "fail", "not-run"] = ""
    boot: str | None = None
    cases: dict[str, str] = {}
    flaky: tuple[str, ...] = ()
    settled: int = 0
    not_yet: int = 0
    reasons: dict[str, str] = {}
    elapsed_s: float = 0.0
    reason: str = ""


class ObservedV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one mode did about a condition; ``outcomes`` are errnos and "success"."""

    stand: Literal[
        "agrees",
        "not as documented",
        "not as contracted",
        "neither",
        "known bug",
        "skipped",
        "unsure",
        "not run",
    ]
    outcomes: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    reason: str = ""


class ConditionV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the matrix; ``contract`` is "" where it does not know the document's row.

    ``observed`` has an item for each of the matrix's modes; ``reason`` says why none shows anything.
    """

    errno: str
    clause: str
    condition: str
    contract: str = ""
    documented: tuple[str, ...] = ()
    line: int = 0
    general: bool = False
    common: bool = False
    observed: tuple[ObservedV1, ...] = ()
    reason: str = ""


class ConformanceV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Document, contract and behaviour, condition by condition; ``section``: the document has one.

    ``bugs`` are the known bugs that cells name: identifier and what it is.
    """

    contract: str
    ioctl: str
    document: str
    section: bool
    modes: tuple[str, ...]
    rows: tuple[ConditionV1, ...]
    bugs: tuple[tuple[str, str], ...] = ()


class CheckV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stage of the review; ``facts`` are name and value pairs in the order to show them.

    ``patches`` are the rows of a stage that went through the series patch by patch, the base first.
    ``debts`` are name and count of what was there before the series; ``excerpts`` are those of test cases.
    ``partial``: a part of the check could not look, so that findings may be missing; the reason names it.
    """

    check: str
    status: Literal["PASS", "FAIL", "SKIP", "DID_NOT_RUN"]
    reason: str = ""
    elapsed_s: float = 0.0
    findings: tuple[FindingV1, ...] = ()
    tests: tuple[TestV1, ...] = ()
    logs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    patches: tuple[PatchV1, ...] = ()
    debts: tuple[tuple[str, int], ...] = ()
    conformance: ConformanceV1 | None = None
    excerpts: tuple[ExcerptV1, ...] = ()
    partial: bool = False


class TreeV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tree; ``head`` is null when nothing was applied."""

    path: str
    base: str = ""
    head: str | None = None


class SeriesV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The series; ``patch_sha256`` has one hash a patch mail, in order, as it was read.

    ``content_sha256`` has one for each mail, the cover letter's first: of what it says, wherever it is kept.
    ``author`` is that of the cover letter or first patch; ``subjects`` are number and subject of each mail.
    """

    name: str
    version: int
    message_id: str
    patches: int
    patch_sha256: tuple[str, ...] = ()
    author: str = ""
    change_id: str = ""
    subjects: tuple[tuple[int, str], ...] = ()
    content_sha256: tuple[str, ...] = ()


class GoneV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A finding of an earlier report that is gone; ``reason`` is why that proves nothing, "" if it does."""

    finding: FindingV1
    check: str
    reason: str = ""


class SinceV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of the findings on an earlier version; ``sources`` are the reports they were read from."""

    version: int
    sources: tuple[str, ...] = ()
    answered: tuple[GoneV1, ...] = ()
    unproven: tuple[GoneV1, ...] = ()
    notes: tuple[str, ...] = ()


class ReportV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole document; ``folder`` is where the run left its files, "" when it left none.

    ``started`` is RFC 3339 in UTC; ``since`` is null where no earlier version was looked at. ``unprotected``
    is true where code of the series ran without a sandbox.
    """

    schema: Literal[1]
    tool: str
    verdict: Literal["PASS", "FAIL", "SKIP", "DID_NOT_RUN"]
    tree: TreeV1 | None = None
    series: SeriesV1 | None = None
    checks: tuple[CheckV1, ...] = ()
    folder: str = ""
    started: str = ""
    since: SinceV1 | None = None
    unprotected: bool = False


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a report."""
    return msgspec.json.schema(ReportV1)
