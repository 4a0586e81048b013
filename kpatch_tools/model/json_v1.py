# SPDX-License-Identifier: GPL-2.0-only
"""JSON report format, version 1: the document others rely on, kept apart from kvet's own types.

A change that removes or redefines a key raises SCHEMA; a new key with a default does not.
"""

from typing import Any, Final, Literal

import msgspec

SCHEMA: Final = 1


class LocationV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place: path relative to the kernel tree, line and column from 1, 0 when unknown."""

    path: str
    line: int = 0
    column: int = 0
    patch: int = 0


class FindingV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One finding; ``path`` is "" for one without a place."""

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
    how many cases come to their last result here.
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
    elapsed_s: float = 0.0
    reason: str = ""


class CheckV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stage of the review; ``facts`` are name and value pairs in the order to show them.

    ``patches`` are the rows of a stage that went through the series patch by patch, the base first.
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


class TreeV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tree; ``head`` is null when nothing was applied."""

    path: str
    base: str = ""
    head: str | None = None


class SeriesV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The series."""

    name: str
    version: int
    message_id: str
    patches: int


class ReportV1(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole document."""

    schema: Literal[1]
    tool: str
    verdict: Literal["PASS", "FAIL", "SKIP", "DID_NOT_RUN"]
    tree: TreeV1 | None = None
    series: SeriesV1 | None = None
    checks: tuple[CheckV1, ...] = ()


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a report."""
    return msgspec.json.schema(ReportV1)
