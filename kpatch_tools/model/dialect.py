# SPDX-License-Identifier: GPL-2.0-only
"""A dialect: how the KVM selftest library of some trees wants its tests written."""

from typing import Literal

from kpatch_tools.model.terms import Document

Form = Literal["classic", "harness"]


class Probe(Document, kw_only=True, frozen=True):
    """One piece of evidence: some file of ``any_of`` matches ``pattern``; with ``absent``, none does.

    Paths are relative to tools/testing/selftests/kvm. ``why`` says what the templates need it for.
    """

    any_of: tuple[str, ...]
    pattern: str
    why: str
    absent: bool = False


class Dialect(Document, kw_only=True, frozen=True):
    """The facts that the templates use, and the probes by which a tree is recognised.

    ``directory`` is where tests for x86 lie below tools/testing/selftests/kvm; ``makefile`` lists them there
    in ``makefile_variable``. ``static_assert`` is the name of the library's compile-time assertion,
    ``static_assert_text`` whether it must be given a message. ``form`` is how a test is run: by a main() of
    its own, or by the kselftest harness, which ``harness`` looks for. ``private_memory`` looks for VMs with
    private memory; where it is not there, or finds nothing, the cases that need one say so and are skipped.
    """

    schema: int
    name: str
    title: str
    directory: str
    makefile: str
    makefile_variable: str
    includes: tuple[str, ...]
    static_assert: str
    static_assert_text: bool
    probe: tuple[Probe, ...]
    harness: Probe | None = None
    private_memory: Probe | None = None
    form: Form = "classic"
