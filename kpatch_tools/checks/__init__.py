# SPDX-License-Identifier: GPL-2.0-only
"""Model in, findings out; pure, one rule family a module.

The tables of rules stand beside their families (``docs.RULES``, ``patches.PATCH_RULES``): importing one
from here would make every command pay for docutils.
"""
