# SPDX-License-Identifier: GPL-2.0-only
"""What every documentation rule takes and gives.

A rule is a function of a Context whose docstring is its help page: one sentence that says what it finds,
then why, a line with ``Bad:`` and one with ``Good:``, and ``Source:`` with the counts behind it. A new
rule is that function, a line in the table of checks/docs.py and a file in docs-check/corpus/.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kpatch_tools.model.document import ApiDocument
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.kernelfacts import KernelFacts
from kpatch_tools.model.profile import DocsProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One fault in a document, before it has a path.

    ``text`` names the thing and the value, without a line number and without the section: it is half of
    the key that tells an old fault from a new one, unless ``key`` is given because the text names more than
    the thing at fault. ``severity`` overrides the rule's own; ``related`` are further lines; ``place``
    overrides the name of the section that holds the line. ``path`` is given when the line is one of another
    file, such as a header.
    """

    line: int
    text: str
    column: int = 0
    hint: str = ""
    severity: Severity | None = None
    related: tuple[int, ...] = ()
    place: str | None = None
    key: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a rule may look at: the document, its profile, and its older version when there is a change.

    ``facts`` are those of the tree that the document belongs to, ``facts_before`` those of the tree that
    ``before`` belongs to; None where there is no tree, and then rules that need them find nothing.
    """

    document: ApiDocument
    profile: DocsProfile | None = None
    before: ApiDocument | None = None
    facts: KernelFacts | None = None
    facts_before: KernelFacts | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its usual severity.

    ``changes_only`` is for a rule that is right about new text and too strict for what has stood for years:
    it counts where there is an older version, and for what that did not have. ``needs_facts`` is for a rule
    that finds nothing without a kernel tree, so that its silence there means nothing. ``across`` is for a
    rule whose findings in one section depend on others, or stand outside of the section that they are about:
    of a change, the other rules see the touched sections only.
    """

    severity: Severity
    check: Callable[[Context], Iterator[Hit]]
    changes_only: bool = False
    needs_facts: bool = False
    across: bool = False

    @property
    def page(self) -> str:
        """The help page: the docstring without its indentation."""
        return inspect.getdoc(self.check) or ""

    @property
    def summary(self) -> str:
        """The first sentence of the help page, without its full stop."""
        return self.page.split("\n\n", maxsplit=1)[0].replace("\n", " ").rstrip(".")
