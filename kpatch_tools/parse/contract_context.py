# SPDX-License-Identifier: GPL-2.0-only
"""Whether a contract's modes, signals, concurrency and known bugs agree with its clauses and cases."""

from kpatch_tools.model.case import Case, Need
from kpatch_tools.model.contract import Contract, KnownBug, Mode
from kpatch_tools.parse.contract_clauses import check_names, release
from kpatch_tools.parse.toml import Faults
from kpatch_tools.parse.toml_lines import Path

SUCCESS = "success"
_OFF = ("0", "N", "n")
_PARAMETER_NEEDS = {"npt": Need.NO_TDP, "ept": Need.NO_TDP, "tdp_mmu": Need.NO_TDP_MMU}
_CONTRADICTING = ((Need.TDP, Need.NO_TDP), (Need.TDP_MMU, Need.NO_TDP_MMU), (Need.NO_TDP, Need.TDP_MMU))


def check_context(contract: Contract, faults: Faults) -> None:
    """Add every fault of these tables to ``faults``."""
    for index, mode in enumerate(contract.mode):
        _mode(contract, mode, ("mode", index), faults)
    modes = {mode.name for mode in contract.mode}
    for index, case in enumerate(contract.case):
        if case.mode and case.mode not in modes:
            faults.add(("case", index, "mode"), f'{case.name}: there is no mode "{case.mode}"')
        _needs(contract, case, ("case", index), faults)
    _signals(contract, faults)
    _concurrency(contract, faults)
    for index, bug in enumerate(contract.known_bug):
        _bug(contract, bug, ("known_bug", index), faults)


def _outcomes(contract: Contract) -> dict[str, str]:
    """Clause id -> what a call comes to by it."""
    effects = {effect.id: SUCCESS for effect in contract.effect}
    return {**effects, **{error.id: error.errno for error in contract.error}}


def _mode(contract: Contract, mode: Mode, where: Path, faults: Faults) -> None:
    name = f'mode "{mode.name}"'
    outcome = _outcomes(contract).get(mode.clause)
    if outcome is None:
        faults.add((*where, "clause"), f'{name}: there is no clause "{mode.clause}"')
    elif outcome != mode.result:
        text = f'{name}: its result is {mode.result}, its clause "{mode.clause}" says {outcome}'
        faults.add((*where, "result"), text)
    for parameter, need in _PARAMETER_NEEDS.items():
        if mode.parameters.get(parameter) in _OFF and need not in mode.needs:
            text = f'{name}: {parameter} is off in it, so its cases need "{need}"'
            faults.add((*where, "parameters"), text)
    if mode.name in {entry.mode for entry in contract.unprovoked}:
        return
    inside = [case for case in contract.case if case.mode == mode.name]
    if not inside:
        faults.add(where, f"{name}: no case is in it, and no [[unprovoked]] says why")
    elif all(case.clause != mode.clause for case in inside):
        faults.add(where, f'{name}: no case in it shows its clause "{mode.clause}"')


def _needs(contract: Contract, case: Case, where: Path, faults: Faults) -> None:
    needs = contract.needs(case)
    for one, other in _CONTRADICTING:
        if one in needs and other in needs:
            text = f'{case.name}: needs both "{one}" and "{other}": it would always be skipped'
            cure = " (a [[mode]] says what its cases need instead)" if not case.mode else ""
            faults.add(where, text + cure)


def _signals(contract: Contract, faults: Faults) -> None:
    signals = contract.signals
    outcome = _outcomes(contract).get(signals.clause)
    if outcome is None:
        faults.add(("signals", "clause"), f'signals: there is no clause "{signals.clause}"')
    elif (outcome == SUCCESS) is not (signals.interrupted_by == "none"):
        text = f'signals: interrupted_by is {signals.interrupted_by}, "{signals.clause}" says {outcome}'
        faults.add(("signals", "clause"), text)


def _concurrency(contract: Contract, faults: Faults) -> None:
    outcomes = _outcomes(contract)
    first: dict[str, Path] = {}
    for index, entry in enumerate(contract.concurrency):
        where = ("concurrency", index)
        name = f'concurrency beside "{entry.beside}"'
        outcome = outcomes.get(entry.clause)
        if outcome is None:
            faults.add((*where, "clause"), f'{name}: there is no clause "{entry.clause}"')
        elif (outcome != SUCCESS) is not (entry.outcome == "fails"):
            text = f'{name}: its outcome is "{entry.outcome}", its clause "{entry.clause}" says {outcome}'
            faults.add((*where, "clause"), text)
        if entry.beside in first:
            line = faults.line(first[entry.beside])
            faults.add(where, f"{name} is there twice, first in line {line}")
        first.setdefault(entry.beside, where)


def _bug(contract: Contract, bug: KnownBug, where: Path, faults: Faults) -> None:
    name = f"known_bug {bug.id}"
    check_names(contract, bug.cases, (*where, "cases"), faults)
    if not bug.cases:
        faults.add((*where, "cases"), f"{name}: it names no case that shows it")
    for case in contract.case:
        if case.name in bug.cases and case.call and bug.result == (case.expect.errno or SUCCESS):
            text = f"{name}: its result {bug.result} is what the case {case.name} expects without it"
            faults.add((*where, "result"), text)
    if bug.since and bug.fixed_in and release(bug.since) >= release(bug.fixed_in):
        text = f"{name}: fixed in {bug.fixed_in}, which is not after since {bug.since}"
        faults.add((*where, "fixed_in"), text)
    if bug.fixed_in and not bug.fixed_by:
        faults.add((*where, "fixed_in"), f"{name}: fixed in {bug.fixed_in}, but fixed_by names no commit")
    if bug.fixed_title and not bug.fixed_by:
        faults.add((*where, "fixed_title"), f"{name}: it has a fixed_title, but fixed_by names no commit")
