# SPDX-License-Identifier: GPL-2.0-only
"""Use cases: compose the layers below, tell progress, return a report."""
