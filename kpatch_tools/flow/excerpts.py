# SPDX-License-Identifier: GPL-2.0-only
"""The evidence behind a report, taken while it can be had: lines of the tree, of messages, cases and logs.

A report is read weeks later and on other machines; what a finding points to is then in the report itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kpatch_tools.errors import ToolkitError
from kpatch_tools.flow.contract import places_of
from kpatch_tools.flow.dialect import Reader, text_of
from kpatch_tools.flow.generate import contract_names
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.excerpt import Excerpt, Source
from kpatch_tools.model.finding import Finding, Location
from kpatch_tools.model.report import CheckResult
from kpatch_tools.model.series import Series
from kpatch_tools.parse.excerpt import around, contract_case, output_case, program_case
from kpatch_tools.tools.files import data_dir, read_text

# More than a person opens, and what keeps a report below a few megabytes.
MOST_FINDINGS = 1_000
MOST_CASES = 64
# In the run's folder: the logs, and below them a folder a boot and the generated programs.
LOGS = "logs"
OUTPUT = "output.log"
_CONTRACT = "selftests-gen/contracts/{}.toml"
_PATCHES = "patches"
_MESSAGE_LINES = 15
_LONGEST_LOG = 4 << 20


@dataclass(slots=True, kw_only=True)
class Sources:
    """Where the texts are: ``read`` reads the tree as the series leaves it, ``folder`` is the run's."""

    read: Reader
    folder: Path
    series: Series | None = None
    contracts: tuple[Contract, ...] = ()
    _texts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def lines(self, path: str) -> tuple[str, ...]:
        """The lines of the file that a finding names, () where there is none."""
        if path not in self._texts:
            text = self._text(path)
            self._texts[path] = tuple(text.split("\n")) if text else ()
        return self._texts[path]

    def message(self, number: int) -> tuple[str, ...]:
        """Subject and text of a patch's message, () where there is no such patch."""
        patches = self.series.patches if self.series else ()
        found = next((patch for patch in patches if patch.number == number), None)
        return (found.subject, "", *found.body.strip("\n").split("\n")) if found else ()

    def _text(self, path: str) -> str:
        try:
            if _is_contract(path):
                return read_text(data_dir("selftests-gen") / "contracts" / Path(path).name, "contract")
            return text_of(self.read, path) or ""
        except ToolkitError:
            # All stages have ended: what they found must not be lost for want of a quotation.
            return ""


def with_excerpts(checks: Sequence[CheckResult], sources: Sources) -> tuple[CheckResult, ...]:
    """The checks with the lines that their findings are about, and the cases that these name.

    The first MOST_FINDINGS findings get theirs, and MOST_CASES cases of a contract. A text that is not there
    any more gives none, which is no fault.
    """
    left = MOST_FINDINGS
    done = []
    for check in checks:
        given = tuple(_with_lines(one, check.check, sources) for one in check.findings[:left])
        left -= len(given)
        check = replace(check, findings=(*given, *check.findings[len(given) :]))  # noqa: PLW2901 - the same check
        done.append(replace(check, excerpts=tuple(_cases(check, sources))))
    return tuple(done)


def _is_contract(path: str) -> bool:
    """The path is the name of a shipped contract; one out of a mail may lead anywhere else."""
    return path.endswith(".toml") and path in map(_CONTRACT.format, contract_names())


def _with_lines(finding: Finding, check: str, sources: Sources) -> Finding:
    place = finding.location
    found: Excerpt | None = None
    if place and place.path and place.line:
        found = around(sources.lines(place.path), place.line, source=Source.TREE, path=place.path)
    elif place and place.patch and not place.path and check == _PATCHES:
        text = sources.message(place.patch)
        name = f"patch {place.patch}"
        found = around(text, 1, source=Source.MESSAGE, path=name, after=_MESSAGE_LINES)
    own = [
        contract_case("\n".join(sources.lines(one.path)), one.line, case="", path=one.path)
        for one in finding.related
        if one.own and _is_contract(one.path)
    ]
    shown = tuple(one for one in (found, *own) if one)
    return replace(finding, excerpts=(*shown, *finding.excerpts)) if shown else finding


def _cases(check: CheckResult, sources: Sources) -> Iterator[Excerpt]:
    """For each case that a finding or a cell of the matrix names: its table, its C, what it printed."""
    matrix = check.conformance
    contract = next((one for one in sources.contracts if matrix and one.name == matrix.contract), None)
    if matrix is None or contract is None:
        return
    named = [case for finding in check.findings for case in finding.cases]
    named += [case for row in matrix.rows for one in row.observed for case in one.bad]
    places = places_of(contract.name, contract)
    programs = {
        name: _read(sources.folder / name) for name in _below(sources.folder, f"*/{contract.name}_gen_test.c")
    }
    outputs = {
        name: _read(sources.folder / name) for name in _below(sources.folder, f"{contract.name}-*/{OUTPUT}")
    }
    for case in tuple(dict.fromkeys(named))[:MOST_CASES]:
        place = places.case(case) or Location(path="")
        text = "\n".join(sources.lines(place.path))
        found = [contract_case(text, place.line, case=case, path=place.path)]
        found += [program_case(program, case=case, path=name) for name, program in programs.items()]
        for name, printed in outputs.items():
            mode = Path(name).parent.name.removeprefix(f"{contract.name}-")
            found.append(output_case(printed, case=case, path=name, mode=mode))
        yield from (one for one in found if one)


def _below(folder: Path, pattern: str) -> list[str]:
    """The files of the run's logs, relative to its folder: what a link beside the report leads to."""
    return sorted(str(path.relative_to(folder)) for path in (folder / LOGS).glob(pattern))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_LONGEST_LOG).decode(errors="replace")
    except OSError:
        return ""
