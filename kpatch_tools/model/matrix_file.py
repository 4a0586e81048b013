# SPDX-License-Identifier: GPL-2.0-only
"""The TOML document of `kvet matrix`: tests x modes x kernels, what is left out, and what is expected."""

from typing import Annotated, Literal

import msgspec

from kpatch_tools.model.terms import Document

SCHEMA = 1

Label = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[!-)+-~](?:[ -)+-~]*[!-)+-~])?$(?!\n)",
        max_length=60,
        description="a name: one line of printable ASCII without *",
    ),
]
Selftest = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?!.*\.c$)[A-Za-z0-9_][A-Za-z0-9_-]*(?:/[A-Za-z0-9_][A-Za-z0-9_-]*){0,2}$(?!\n)",
        max_length=100,
        description="a test below tools/testing/selftests/kvm without .c, as in x86_64/svm_vmcall_test",
    ),
]
Argument = Annotated[str, msgspec.Meta(pattern=r"^[ -~]+$(?!\n)", max_length=200)]
Cpus = Annotated[int, msgspec.Meta(ge=1, le=64)]
Pages = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Parameter = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^kvm[a-z0-9_]*\.[a-z][a-z0-9_]*$(?!\n)",
        max_length=80,
        description="a parameter with its module, as in kvm.eager_page_split",
    ),
]
ParameterValue = Annotated[str, msgspec.Meta(pattern=r"^\w+$(?!\n)", max_length=20)]
Reason = Annotated[str, msgspec.Meta(pattern=r"^[ -~]+$(?!\n)", max_length=200)]
# What proves nothing cannot be expected.
Expected = Literal["PASS", "SKIP", "KNOWN-BUG", "FAIL", "CRASH", "SPLAT", "HANG", "FLOOD", "PANIC"]
Words = str | tuple[str, ...]


class Test(Document, kw_only=True, frozen=True):
    """A contract (the name of a shipped one, or a TOML file), or a static selftest of the tree itself.

    ``timeout`` is its deadline in seconds of guest time.
    """

    __test__ = False

    contract: str | None = None
    selftest: Selftest | None = None
    name: Label | None = None
    arguments: tuple[Argument, ...] = ()
    timeout: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 300

    @property
    def label(self) -> str:
        """How tables and selectors name it."""
        return self.name or self.contract or self.selftest or ""


class Mode(Document, kw_only=True, frozen=True):
    """How a machine is made; a list of values stands for one machine each, lists in two keys for all pairs.

    ``npt``, ``ept``, ``tdp_mmu`` and ``nested`` are KVM's module parameters, ``parameters`` any others;
    ``huge_2m`` and ``huge_1g`` are pages that the guest's kernel reserves at boot.
    """

    npt: bool | tuple[bool, ...] | None = None
    ept: bool | tuple[bool, ...] | None = None
    tdp_mmu: bool | tuple[bool, ...] | None = None
    nested: bool | tuple[bool, ...] | None = None
    cpus: Cpus | tuple[Cpus, ...] | None = None
    # No pattern: msgspec 0.22 frees the pattern of a string twice that stands beside a list in a union.
    memory: str | tuple[str, ...] | None = None
    huge_2m: Pages | tuple[Pages, ...] | None = None
    huge_1g: Pages | tuple[Pages, ...] | None = None
    parameters: dict[Parameter, ParameterValue] = msgspec.field(default_factory=dict)


class KernelChoice(Document, kw_only=True, frozen=True):
    """A kernel: ``image`` (a file, or debian:6.12), or built from the commit of ``tree`` with ``series``.

    ``config`` names fragments for one that is built, beside those of ci/kernel. The tests are built from
    that same commit of the tree, whatever kernel is booted.
    """

    name: Label | None = None
    image: str | None = None
    tree: str | None = None
    onto: str = "HEAD"
    series: str | None = None
    config: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How tables and selectors name it."""
        if self.name or self.image:
            return self.name or self.image or ""
        source = f"{self.tree or 'tree'}{'' if self.onto == 'HEAD' else f' at {self.onto}'}"
        return " + ".join((source, *((self.series,) if self.series else ()), *self.config))


class Choice(Document, kw_only=True, frozen=True):
    """Cells, by names of each axis; an axis that is not named means all of it.

    A mode is named by words that it has ("npt=0"), or "default"; * stands for any characters.
    """

    test: Words = ()
    mode: Words = ()
    kernel: Words = ()
    because: Reason = ""


class Expectation(Choice, kw_only=True, frozen=True):
    """What these cells have to come to, instead of PASS."""

    verdict: Expected


class MatrixFile(Document, kw_only=True, frozen=True):
    """The whole document. ``tree`` is that of kernels that name none."""

    schema: int
    title: Reason
    tree: str | None = None
    test: tuple[Test, ...]
    mode: tuple[Mode, ...] = (Mode(),)
    kernel: tuple[KernelChoice, ...]
    exclude: tuple[Choice, ...] = ()
    include: tuple[Choice, ...] = ()
    expect: tuple[Expectation, ...] = ()
