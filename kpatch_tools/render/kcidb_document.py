# SPDX-License-Identifier: GPL-2.0-only
"""A KCIDB document as it grows, and what the words of a report are in KCIDB's: the one table of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kpatch_tools.model.perpatch import KernelState
from kpatch_tools.model.report import Status
from kpatch_tools.model.test import Verdict

VERSION: Final = {"major": 5, "minor": 3}
# KCIDB's words: FAIL, the code is faulty; ERROR, begun and not decided; MISS, not run for the harness's
# fault; DONE, ended without a judgement. Nothing that was not proven is PASS or DONE.
VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.PASS: "PASS",
    Verdict.XFAIL: "DONE",
    Verdict.SKIP: "SKIP",
    Verdict.KNOWN_BUG: "FAIL",
    Verdict.FAIL: "FAIL",
    Verdict.CRASH: "FAIL",
    Verdict.SPLAT: "FAIL",
    Verdict.HANG: "FAIL",
    Verdict.FLOOD: "FAIL",
    Verdict.PANIC: "FAIL",
    Verdict.NO_VERDICT: "ERROR",
    Verdict.INFRA: "MISS",
}
FLAKY: Final = "ERROR"
STATUSES: Final[Mapping[Status, str]] = {
    Status.PASS: "PASS",
    Status.FAIL: "FAIL",
    Status.SKIP: "SKIP",
    Status.DID_NOT_RUN: "MISS",
}
KERNELS: Final[Mapping[KernelState, str]] = {
    KernelState.BUILT: "PASS",
    KernelState.CACHED: "PASS",
    KernelState.SAME: "PASS",
    KernelState.FAILS: "FAIL",
    KernelState.NOT_RUN: "MISS",
}

Entry = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Document:
    """The lists as they grow; ``run`` keeps the ids of one report apart from those of every other."""

    origin: str
    run: str
    lists: dict[str, list[Entry]] = field(default_factory=dict)

    def add(self, kind: str, name: str, **values: object) -> str:
        """Append an object and return its id; a value that is None is not known and left out."""
        ident = f"{self.origin}:{self.run}{f':{name}' if name else ''}"
        self._append(kind, ident, values)
        return ident

    def issue(self, name: str, **values: object) -> str:
        """An issue has the same id in every run, and stands here once."""
        ident = f"{self.origin}:{name}"
        if all(known["id"] != ident for known in self.lists.get("issues", ())):
            self._append("issues", ident, {"version": 1, **values})
        return ident

    def number(self, kind: str) -> str:
        """A name for the next object of this kind."""
        return f"{kind}{len(self.lists.get(kind, ())) + 1}"

    def whole(self) -> Entry:
        """The document."""
        return {"version": dict(VERSION), **self.lists}

    def _append(self, kind: str, ident: str, values: Mapping[str, object]) -> None:
        known = {key: value for key, value in values.items() if value is not None}
        self.lists.setdefault(kind, []).append({"id": ident, "origin": self.origin, **known})
