# SPDX-License-Identifier: GPL-2.0-only
"""kvet: take a posted Linux kernel patch series to a verdict with evidence."""

__version__ = "0.1.0"
