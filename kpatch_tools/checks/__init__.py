# SPDX-License-Identifier: GPL-2.0-only
"""Model in, findings out; pure, one rule family a module."""

from collections.abc import Mapping

from kpatch_tools.checks.docs import RULES
from kpatch_tools.checks.docs_rule import Rule

CHECKS: Mapping[str, Rule] = RULES
"""Every rule with a help page, by its name "family/rule"."""
