# SPDX-License-Identifier: GPL-2.0-only
"""What runs observed, remembered: every run of a contract's cases goes into the contract's ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from kpatch_tools.checks.evidence import results_of
from kpatch_tools.errors import ToolkitError, UserError
from kpatch_tools.flow.dialect import Reader, text_of
from kpatch_tools.flow.docs_reading import document
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.ledger import LONGEST_TEXT, MOST_ROWS, Entry, KernelId, Ledger, Row
from kpatch_tools.model.report import CheckResult, SeriesId, TreeId
from kpatch_tools.model.test import TestResult
from kpatch_tools.parse.ledger import added, results_for
from kpatch_tools.tools import ledger as kept
from kpatch_tools.tools.kernels import Kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a kernel was built of, for one that was: full commit ids, and the series between them."""

    base: str
    head: str
    series: str = ""


def made_of(tree: TreeId, series: SeriesId | None) -> Made:
    """What a kernel was built of, as a report names it."""
    named = f"{series.name} v{series.version}" if series else ""
    return Made(base=tree.base, head=tree.head or tree.base, series=named)


def load_ledger(state: Path, contract: Contract) -> Ledger:
    """The ledger of a contract below ``state``; UserError when it is damaged, or when there is none yet."""
    found = kept.load(state, contract.name)
    if found is None:
        raise UserError(
            f"{kept.ledger_path(state, contract.name)}: there is no ledger yet",
            cure=f"run kvet test {contract.name}, or kvet review; or name another folder with --state",
        )
    return found


def check_ledger(state: Path, contract: Contract) -> None:
    """Raise UserError when the ledger that a run will add to is damaged: before the run, not after it."""
    kept.load(state, contract.name)


def remember(  # noqa: PLR0913 - where to, what, of which kernel
    state: Path, contract: Contract, result: CheckResult, kernel: Kernel, *, read: Reader, made: Made | None
) -> CheckResult:
    """Add the tests of ``result`` to the ledger, an entry for each mode; the check, with that as a fact.

    ``read`` reads the tree that was tested; ``made`` is None for a kernel that was not built of it. What
    goes wrong becomes a fact too: a run is not lost because it could not be remembered.
    """
    if not any(results_of(contract, result.tests)):
        return result
    try:
        entries = _entries(contract, result.tests, _identity(kernel, made), _rows(contract, read))
        path = kept.update(state, contract.name, partial(added, new=entries))
    except (ToolkitError, OSError) as error:
        return replace(result, facts=(*result.facts, ("ledger", f"not written: {error}")))
    return replace(result, facts=(*result.facts, ("ledger", str(path))))


def _entries(
    contract: Contract, tests: tuple[TestResult, ...], kernel: KernelId, rows: tuple[Row, ...] | None
) -> tuple[Entry, ...]:
    when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    modes: dict[tuple[tuple[str, str], ...], list[tuple[str, TestResult]]] = {}
    for case, test in results_of(contract, tests):
        modes.setdefault(_mode(test.mode), []).append((case.name, test))
    return tuple(
        Entry(
            kernel=kernel,
            mode=dict(mode),
            when=when,
            results=results_for(contract, results, when),
            document=rows,
        )
        for mode, results in modes.items()
    )


def _mode(mode: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(mode.items()))


def _identity(kernel: Kernel, made: Made | None) -> KernelId:
    image = kept.image_digest(kernel.image)
    if made:
        return KernelId(
            release=kernel.release,
            image=image,
            origin="built",
            base=made.base,
            head=made.head,
            series=made.series,
        )
    origin = kernel.image.name if kernel.origin == str(kernel.image) else kernel.origin
    return KernelId(release=kernel.release, image=image, origin=origin)


def _rows(contract: Contract, read: Reader) -> tuple[Row, ...] | None:
    text = text_of(read, contract.document)
    section = (
        document(text, contract.document).section_named(contract.ioctl.name) if text is not None else None
    )
    if section is None:
        return None
    return tuple(
        Row(errno=row.errno[:LONGEST_TEXT], text=row.text[:LONGEST_TEXT], line=row.line)
        for row in section.errors[:MOST_ROWS]
    )
