# SPDX-License-Identifier: GPL-2.0-only
"""A dialect: how the KVM selftest library of some trees wants its tests written."""

from kpatch_tools.model.contract import Document


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

    ``directory`` is where tests for x86 lie below tools/testing/selftests/kvm; ``static_assert`` is the name
    of the library's compile-time assertion, ``static_assert_text`` whether it must be given a message.
    """

    schema: int
    name: str
    title: str
    directory: str
    includes: tuple[str, ...]
    static_assert: str
    static_assert_text: bool
    probe: tuple[Probe, ...]
