# SPDX-License-Identifier: GPL-2.0-only
"""The ledger of a contract: what each kernel was seen to do, case by case and mode by mode.

It holds observations only; what they mean follows from the contract of the day. A result of a case that was
changed since is told apart by its ``definition``.
"""

import hashlib
from typing import Any, Final, Literal

import msgspec

from kpatch_tools.model.case import Case
from kpatch_tools.model.place import Place

SCHEMA: Final = 1
# One entry is a kernel in one mode; the oldest go when there are more.
MOST_ENTRIES: Final = 48
MOST_RESULTS: Final = 256
MOST_ROWS: Final = 64
MOST_OBSERVED: Final = 32
MOST_EARLIER: Final = 4
LONGEST_TEXT: Final = 300
_DIGITS: Final = 16


class KernelId(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kernel. ``image`` is a digest of what was booted: the same image is the same kernel.

    ``origin`` is a package, a file, or "built"; ``base`` and ``head`` are the commits that a built one was
    made of, ``series`` names what was applied in between.
    """

    release: str
    image: str
    origin: str = ""
    base: str = ""
    head: str = ""
    series: str = ""

    @property
    def label(self) -> str:
        """The kernel in a few words: "6.1.192 + kvm-map-memory v2 (head 0123456789ab)"."""
        if not self.head:
            # The name of a package has the release in it.
            told = not self.origin or self.release in self.origin
            return self.release if told else f"{self.release} ({self.origin})"
        what = f" + {self.series}" if self.series else ""
        return f"{self.release}{what} (head {self.head[:12]})"


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An errno row of the document that belonged to the kernel, with its line there."""

    errno: str
    text: str
    line: int


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last result of a case. ``when`` is UTC, as 2026-11-22T15:01:02Z.

    ``earlier`` are other outcomes that the same case had before on the same kernel in the same mode.
    """

    case: str
    clause: str
    status: str
    when: str
    definition: str
    reason: str = ""
    observed: dict[str, int | str] = {}
    earlier: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """What the call came to: "success", an errno, or the verdict where it said nothing."""
        if "ret" not in self.observed or self.observed.get("call") == "none":
            return self.status
        return "success" if str(self.observed["ret"]) == "0" else str(self.observed.get("errno", ""))


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kernel in one mode (module parameters as the guest proved them): the results of all cases.

    ``document`` are the errno rows of the tree that was tested with it, None where it has no such section.
    """

    kernel: KernelId
    mode: dict[str, str]
    when: str
    results: tuple[Result, ...]
    document: tuple[Row, ...] | None = None


class Ledger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; entries in the order in which they were last written to."""

    schema: Literal[1]
    contract: str
    entries: tuple[Entry, ...] = ()


def definition(case: Case) -> str:
    """A digest of what a case does and expects: results of another definition say nothing about it.

    What it is called and said to show may be reworded, and a key that is at its default may be new.
    """
    told = {"name", "number", "clause", "summary"}
    kept = {key: value for key, value in _set(case).items() if key not in told}
    return hashlib.sha256(msgspec.json.encode(kept, order="sorted")).hexdigest()[:_DIGITS]


def _set(table: msgspec.Struct) -> dict[str, Any]:
    # What is set otherwise than by default; the tag tells one kind of step from another.
    found: dict[str, Any] = {"": table.__struct_config__.tag}
    for field in msgspec.structs.fields(table):
        value = getattr(table, field.name)
        factory = field.default_factory
        if value != (field.default if factory is msgspec.NODEFAULT else factory()):
            found[field.name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return _set(value)
    if isinstance(value, Place):
        return value.value
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a ledger."""
    return msgspec.json.schema(Ledger)
