# SPDX-License-Identifier: GPL-2.0-only
"""`kvet contract check`: contract, header, document and what kernels were seen to do, in one report."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kpatch_tools import __version__
from kpatch_tools.checks import ledger as checks
from kpatch_tools.checks.ledger_matrix import matrix
from kpatch_tools.errors import UserError
from kpatch_tools.flow.abi import check_layout, not_compiled
from kpatch_tools.flow.btf import check_btf
from kpatch_tools.flow.contract import check_behaviour, check_document, check_static, places_of, settled
from kpatch_tools.flow.dialect import Reader, text_of, tree_reader
from kpatch_tools.flow.generate import load_contract, tree_folder
from kpatch_tools.flow.ledger import load_ledger
from kpatch_tools.flow.prepare import prepare
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.ledger import Ledger
from kpatch_tools.model.matrix import Matrix
from kpatch_tools.model.report import CheckResult, Report, SeriesId, TreeId, status_of
from kpatch_tools.parse.contract_places import Places
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.tools.files import read_text
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for
from kpatch_tools.tools.kernels import select
from kpatch_tools.tools.ledger import ledger_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to hold the contract against: a tree (with a series on top), saved results, the ledger.

    ``kernel`` names one whose BTF is looked at, as select() takes it; ``state`` is the folder that holds the
    ledger, None when it was not asked for.
    """

    tree: str | None
    series: str | None = None
    onto: str = "HEAD"
    kernel: str | None = None
    results: Path | None = None
    state: Path | None = None
    fail_on: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """The tree as it is read; without a ``commit`` whose headers can be made, ``plain`` says why."""

    folder: Path
    read: Reader
    commit: str = ""
    plain: str = ""
    tree: TreeId
    series: SeriesId | None = None
    apply: CheckResult | None = None


def audit(contract: str, asked: Asked, *, sink: Sink = silent) -> Report:
    """All of a contract's checks.

    Raises UserError for a contract, a tree, a report or a ledger that is none, and for a tree without the
    contract's header; EnvironmentFault when the compiler or what makes the headers is missing.
    """
    loaded = load_contract(contract)
    tests = None
    ledger = load_ledger(asked.state, loaded) if asked.state else None
    if asked.results:
        saved = parse_report(read_text(asked.results, "report"), name=str(asked.results))
        tests = tuple(test for stage in saved.checks for test in stage.tests)
    source = _source(loaded, asked, sink)
    first = (source.apply,) if source.apply else ()
    if source.apply and not source.commit:
        return _report(source, first)
    if source.read(loaded.header) is None:
        raise UserError(
            f"{source.folder}: {loaded.header} is not there",
            cure="give the top of a kernel source tree with --tree",
        )
    sink(Event("contract", f"{loaded.name} against {source.folder}"))
    places = places_of(contract, loaded)
    static = check_static(loaded, source.read, fail_on=asked.fail_on)
    layout = _layout(loaded, source, asked.fail_on, sink)
    rest: list[CheckResult] = []
    if asked.kernel:
        rest.append(check_btf(loaded, select(asked.kernel, sink=sink), source.read, fail_on=asked.fail_on))
    if tests is not None:
        rest.append(check_behaviour(loaded, source.read, tests, fail_on=asked.fail_on, places=places))
    if ledger is not None:
        rest += _remembered(loaded, ledger, source.read, asked.fail_on, places)
    if tests is None and ledger is None:
        rest.append(check_document(loaded, source.read, fail_on=asked.fail_on))
    return _report(source, (*first, settled(static, layout, asked.fail_on), layout, *rest))


def ledger_matrix(contract: str, state: Path) -> Matrix:
    """The ledger of a contract below ``state`` as a table; UserError where there is none, or no contract."""
    loaded = load_contract(contract)
    return matrix(loaded, load_ledger(state, loaded), path=str(ledger_path(state, loaded.name)))


def _report(source: _Source, stages: tuple[CheckResult, ...]) -> Report:
    return Report(tool=f"kvet {__version__}", tree=source.tree, series=source.series, checks=stages)


def _source(contract: Contract, asked: Asked, sink: Sink) -> _Source:
    if asked.series or asked.onto != "HEAD":
        prepared = prepare(asked.tree, asked.series, onto=asked.onto, sink=sink)
        store = Repository.open(store_for(prepared.tree))
        return _Source(
            folder=prepared.tree,
            read=_of_commit(store, prepared.commit),
            commit=prepared.commit,
            tree=prepared.tree_id,
            series=prepared.series_id,
            apply=prepared.apply,
        )
    folder = tree_folder(asked.tree, sink)
    read = tree_reader(folder)
    try:
        repository = Repository.open(folder)
        commit = repository.head()
    except UserError:
        reason = f"{folder} is no git tree, so its headers cannot be made apart from it"
        return _Source(folder=folder, read=read, plain=reason, tree=TreeId(path=str(folder)))
    tree = TreeId(path=str(folder), base=commit)
    if text_of(_of_commit(repository, commit), contract.header) != text_of(read, contract.header):
        reason = f"{contract.header} is not as committed; commit it to have it compiled"
        return _Source(folder=folder, read=read, plain=reason, tree=tree)
    return _Source(folder=folder, read=read, commit=commit, tree=tree)


def _of_commit(repository: Repository, commit: str) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        return repository.read_blob(commit, path)

    return read


def _layout(contract: Contract, source: _Source, fail_on: Severity, sink: Sink) -> CheckResult:
    if source.plain:
        return not_compiled(source.plain)
    return check_layout(
        contract, source.read, tree=source.folder, commit=source.commit, sink=sink, fail_on=fail_on
    )


def _remembered(
    contract: Contract, ledger: Ledger, read: Reader, fail_on: Severity, places: Places
) -> list[CheckResult]:
    """Document and contract against all that the ledger holds, then the kernels against each other."""
    tests = checks.remembered(contract, ledger)
    behaviour = check_behaviour(contract, read, tests, fail_on=fail_on, places=places)
    findings = checks.ledger_findings(contract, ledger, places=places)
    stale = checks.outdated(contract, ledger)
    kernels = len({entry.kernel for entry in ledger.entries})
    facts = [("kernels", f"{kernels} in {len(ledger.entries)} modes in all, {len(tests)} results")]
    if stale:
        facts.append(("left out", f"{stale} results of cases that have changed since"))
    judged = CheckResult(
        check="ledger",
        status=status_of(findings, fail_on),
        findings=findings,
        facts=tuple(facts),
    )
    if not tests:
        judged = replace(judged, reason="the ledger holds no result of this contract's cases as they are now")
    return [behaviour, judged]
